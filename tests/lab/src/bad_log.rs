//! What a misbehaving node answers when it is asked for a container's log. Not for: serving it (`bad_node.rs`).

use std::io;
use std::pin::Pin;

use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt};
use k8s_openapi::jiff::Timestamp;

/// How the log of one container behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogBehaviour {
    /// This text, and well behaved.
    Text(String),
    /// Whole lines of [`MADE_LINE`] bytes each, numbered from 0, made while they are sent: `bytes` in all, rounded down.
    Made {
        /// Its size, timestamps not counted.
        bytes: u64,
    },
    /// [`BEGINNING`] bytes of whole lines, and then nothing, for as long as anybody listens.
    Stalls,
    /// [`BEGINNING`] bytes of lines, the last one broken off, and then the connection is cut.
    Cut,
    /// Lines with NUL bytes and with bytes that are no UTF-8, between two plain ones.
    Binary,
    /// The secret in `token: SECRET` lines for [`BEGINNING`] bytes, each line sent as two chunks that part within the secret.
    /// So many, because buffers on the way join chunks and part them elsewhere: some reads of a client end within a copy.
    SplitSecret(String),
    /// An answer 500.
    Error,
}

/// The length of a line of [`LogBehaviour::Made`], its end included.
pub const MADE_LINE: usize = 128;

/// What goes out before a stream stalls or is cut. The API server passes on only what its buffers do not hold back, so
/// that a few bytes would never arrive.
pub const BEGINNING: usize = 64 * 1024;

/// Lines that are made at once: a chunk of 64 KiB.
const LINES_AT_ONCE: u64 = 512;

/// What a caller asked for, as the kubelet understands it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogRequest {
    /// Only the last so many lines.
    pub(crate) tail_lines: Option<u64>,
    /// Only so many bytes, the timestamps counted.
    pub(crate) limit_bytes: Option<u64>,
    /// Each line begins with its time.
    pub(crate) timestamps: bool,
    /// The log of the instance before: these containers have none.
    pub(crate) previous: bool,
}

impl LogRequest {
    /// Reads a query such as `tailLines=5&timestamps=true`. `sinceTime` and `sinceSeconds` change nothing, as every line is
    /// of this moment.
    pub(crate) fn of_query(query: &str) -> Self {
        let mut request = Self::default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "tailLines" => request.tail_lines = value.parse().ok(),
                "limitBytes" => request.limit_bytes = value.parse().ok(),
                "timestamps" => request.timestamps = value == "true",
                "previous" => request.previous = value == "true",
                _ => {}
            }
        }
        request
    }
}

/// The chunks of an answer; an error cuts the connection.
pub(crate) type Chunks = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

impl LogBehaviour {
    /// The answer's body, or nothing where the answer is 500.
    pub(crate) fn answer(&self, request: LogRequest) -> Option<Chunks> {
        let chunks = match self {
            Self::Error => return None,
            Self::Text(text) => once(tail(text.as_bytes(), request)),
            Self::Binary => once(tail(BINARY, request)),
            Self::Made { bytes } => made(*bytes / MADE_LINE as u64, request),
            Self::Stalls => made(BEGINNING_LINES, request).chain(stream::pending()).boxed(),
            Self::Cut => {
                let broken_off = once(b"this line is bro".to_vec());
                // One turn of the loop, in which the server sends what it holds: else it would cut before it began.
                let cut = stream::once(async {
                    tokio::task::yield_now().await;
                    Err(io::Error::other("cut"))
                });
                made(BEGINNING_LINES, request).chain(broken_off).chain(cut).boxed()
            }
            Self::SplitSecret(secret) => split(secret),
        };
        Some(limited(chunks, request.limit_bytes))
    }
}

const BEGINNING_LINES: u64 = (BEGINNING / MADE_LINE) as u64;
const BINARY: &[u8] = b"before\n\0\0NUL\0\nnot UTF-8: \xff\xfe\xc3\x28\x80\nafter\n";

fn once(bytes: Vec<u8>) -> Chunks {
    stream::iter([Ok(Bytes::from(bytes))]).boxed()
}

/// The last lines of a text that is at hand.
fn tail(text: &[u8], request: LogRequest) -> Vec<u8> {
    let lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    let wanted = request.tail_lines.and_then(|wanted| usize::try_from(wanted).ok()).unwrap_or(lines.len());
    let stamp = stamp(request);
    lines[lines.len().saturating_sub(wanted)..].iter().flat_map(|line| [stamp.as_bytes(), line].concat()).collect()
}

fn stamp(request: LogRequest) -> String {
    if request.timestamps { format!("{:.9} ", Timestamp::now()) } else { String::new() }
}

/// `count` numbered lines, or the last of them.
fn made(count: u64, request: LogRequest) -> Chunks {
    let first = count.saturating_sub(request.tail_lines.unwrap_or(count));
    let blocks = stream::unfold(first, move |next| async move {
        let until = count.min(next.saturating_add(LINES_AT_ONCE));
        (next < until).then(|| (Ok(block(next, until, request)), until))
    });
    blocks.boxed()
}

fn block(from: u64, until: u64, request: LogRequest) -> Bytes {
    let stamp = stamp(request);
    let mut lines = Vec::with_capacity(LINES_AT_ONCE as usize * (stamp.len() + MADE_LINE));
    for number in from..until {
        lines.extend_from_slice(stamp.as_bytes());
        lines.extend_from_slice(&made_line(number));
    }
    Bytes::from(lines)
}

/// Line `number` of [`LogBehaviour::Made`].
pub(crate) fn made_line(number: u64) -> [u8; MADE_LINE] {
    let mut line = [b'.'; MADE_LINE];
    let text = format!("line {number:012} of a log that is made while it is sent ");
    line[..text.len()].copy_from_slice(text.as_bytes());
    line[MADE_LINE - 1] = b'\n';
    line
}

fn split(secret: &str) -> Chunks {
    let line = format!("token: {secret}\n");
    let copies = BEGINNING / line.len();
    let middle = "token: ".len() + secret.len() / 2;
    let (first, second) = line.as_bytes().split_at(middle);
    let (first, second) = (Bytes::copy_from_slice(first), Bytes::copy_from_slice(second));
    stream::iter(0..copies).flat_map(move |_| stream::iter([Ok(first.clone()), Ok(second.clone())])).boxed()
}

/// No more than `limit` bytes; the stream then ends in good order, as the kubelet's does.
fn limited(chunks: Chunks, limit: Option<u64>) -> Chunks {
    let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) else { return chunks };
    let state = (chunks, limit);
    let cut = stream::unfold(state, |(mut chunks, left)| async move {
        if left == 0 {
            return None;
        }
        let chunk = match chunks.next().await? {
            Ok(mut chunk) => {
                chunk.truncate(left);
                chunk
            }
            Err(error) => return Some((Err(error), (chunks, 0))),
        };
        let left = left - chunk.len();
        Some((Ok(chunk), (chunks, left)))
    });
    cut.boxed()
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt, TryStreamExt};

    use super::*;

    async fn all(behaviour: &LogBehaviour, query: &str) -> io::Result<Vec<u8>> {
        let chunks = behaviour.answer(LogRequest::of_query(query)).unwrap();
        chunks.try_fold(Vec::new(), async |all, chunk| Ok([all, chunk.to_vec()].concat())).await
    }

    #[tokio::test]
    async fn a_made_log_has_its_size_and_its_last_lines_and_bytes_are_had_as_from_a_kubelet() {
        let made = LogBehaviour::Made { bytes: 1_000_000 };
        let whole = all(&made, "").await.unwrap();
        assert_eq!(whole.len(), 1_000_000 / MADE_LINE * MADE_LINE);
        assert_eq!(all(&made, "tailLines=3").await.unwrap(), whole[whole.len() - 3 * MADE_LINE..]);
        assert_eq!(
            all(&made, "tailLines=3&limitBytes=200").await.unwrap(),
            whole[whole.len() - 3 * MADE_LINE..][..200]
        );
        let stamped = String::from_utf8(all(&made, "tailLines=1&timestamps=true").await.unwrap()).unwrap();
        assert!(stamped.starts_with("20") && stamped.contains("Z line 000000007811 "), "{stamped}");
    }

    #[tokio::test]
    async fn a_gibibyte_is_made_without_being_held() {
        let chunks = LogBehaviour::Made { bytes: 1 << 30 }.answer(LogRequest::default()).unwrap();
        let sizes = chunks.map(|chunk| chunk.unwrap().len());
        let (total, largest) =
            sizes.fold((0, 0), async |(total, largest), size| (total + size, size.max(largest))).await;
        assert_eq!((total, largest), (1 << 30, LINES_AT_ONCE as usize * MADE_LINE));
    }

    #[tokio::test]
    async fn a_cut_log_ends_in_an_error_within_a_line() {
        let chunks = LogBehaviour::Cut.answer(LogRequest::default()).unwrap();
        let all: Vec<_> = chunks.collect().await;
        let (last, before) = all.split_last().unwrap();
        assert!(last.is_err() && before.iter().all(Result::is_ok));
        assert_ne!(before.last().unwrap().as_ref().unwrap().last(), Some(&b'\n'));
    }

    #[tokio::test]
    async fn every_line_of_a_split_secret_parts_within_it() {
        let chunks = LogBehaviour::SplitSecret("hunter2-hunter2".to_owned()).answer(LogRequest::default()).unwrap();
        let all: Vec<Bytes> = chunks.try_collect().await.unwrap();
        assert!(all.len() > 1000);
        assert!(all.iter().all(|chunk| !String::from_utf8_lossy(chunk).contains("hunter2-hunter2")));
        assert!(all.concat().starts_with(b"token: hunter2-hunter2\n"));
    }
}
