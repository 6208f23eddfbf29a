//! One member on its way into the spool: a thread that redacts and compresses what the reader hands it, chunk by chunk.
//! It fails closed: an error, a panic or a time-out in the redactor removes the member. Not for reading from the cluster.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::evidence::archive::name::MemberName;
use crate::evidence::archive::spool::{Member, Spool, SpoolError, Spooled};
use meshcase_redact::{End, Gathered, MemberReport, Redactor};

/// Chunks in flight between reader and redactor: two, so that both have work and memory stays small.
const CHUNKS_IN_FLIGHT: usize = 2;

/// How long redactor and disk may take for a chunk. A chunk takes milliseconds; a disk that is busy takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A member that is complete on disk.
pub(super) struct Written {
    pub(super) spooled: Spooled,
    pub(super) report: MemberReport,
    /// The member's share or the bundle's limit was used up, and the rest was left out.
    pub(super) full: bool,
}

enum Message {
    Chunk(Gathered),
    End(End),
}

/// The reader's end.
pub(super) struct Writer {
    sender: mpsc::Sender<Message>,
    thread: JoinHandle<Result<Option<Written>, String>>,
    spool: Arc<Spool>,
    name: MemberName,
    patience: Duration,
}

/// The writer takes no more: the limit is reached, or it failed. [`Writer::end`] says which.
pub(super) struct Closed;

impl Writer {
    pub(super) fn start(spool: Arc<Spool>, redactor: Redactor, name: MemberName, share_bytes: u64) -> Self {
        let (sender, receiver) = mpsc::channel(CHUNKS_IN_FLIGHT);
        let (to, member) = (spool.clone(), name.clone());
        let thread = tokio::task::spawn_blocking(move || write(&to, &redactor, member, share_bytes, receiver));
        Self { sender, thread, spool, name, patience: PATIENCE }
    }

    pub(super) async fn push(&self, chunk: Vec<u8>) -> Result<(), Closed> {
        let sent = timeout(self.patience, self.sender.send(Message::Chunk(Gathered::from(chunk)))).await;
        sent.map_err(|_| Closed)?.map_err(|_| Closed)
    }

    /// Ends the member and waits until it is on disk.
    ///
    /// # Errors
    /// The redactor or the disk failed, in words without any of the content; the member is gone then.
    pub(super) async fn end(self, end: End) -> Result<Written, String> {
        // The thread may have ended before, when the limit was reached: then nobody listens, and its result says so.
        let _ = timeout(self.patience, self.sender.send(Message::End(end))).await;
        drop(self.sender);
        let result = match timeout(self.patience, self.thread).await {
            Ok(Ok(Ok(Some(written)))) => return Ok(written),
            Ok(Ok(Ok(None))) => Err("the member was given up".to_owned()),
            Ok(Ok(Err(reason))) => Err(reason),
            Ok(Err(_panic)) => Err("the redactor failed; the member was dropped".to_owned()),
            // The thread goes on by itself; nobody takes what it writes.
            Err(_late) => Err("the redactor did not come to an end in time; the member was dropped".to_owned()),
        };
        self.spool.discard(&self.name);
        result
    }
}

/// Runs until the reader ends the member, goes away (then nothing is kept), or the limit is reached.
fn write(
    spool: &Spool,
    redactor: &Redactor,
    name: MemberName,
    share_bytes: u64,
    mut receiver: mpsc::Receiver<Message>,
) -> Result<Option<Written>, String> {
    let disk = |error: SpoolError| error.to_string();
    let mut member = spool.member(name, share_bytes).map_err(|error| disk(error.into()))?;
    let mut stream = redactor.stream();
    while let Some(message) = receiver.blocking_recv() {
        match message {
            Message::Chunk(chunk) => match member.write(&stream.push(chunk)) {
                Ok(()) => {}
                Err(SpoolError::Full) => {
                    let (_, report) = stream.finish(End::Cut);
                    return keep(member, report, true).map(Some).map_err(disk);
                }
                Err(error) => return Err(disk(error)),
            },
            Message::End(end) => {
                let (rest, report) = stream.finish(end);
                let full = match member.write(&rest) {
                    Ok(()) => false,
                    Err(SpoolError::Full) => true,
                    Err(error) => return Err(disk(error)),
                };
                return keep(member, report, full).map(Some).map_err(disk);
            }
        }
    }
    Ok(None)
}

fn keep(member: Member, report: MemberReport, full: bool) -> Result<Written, SpoolError> {
    Ok(Written { spooled: member.finish()?, report, full })
}

#[cfg(test)]
mod tests {
    use super::*;
    use meshcase_redact::{BundleKey, Fault, RedactOptions};

    fn writer(redactor: Redactor) -> (tempfile::TempDir, Writer) {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::create(folder.path().join("spool"), 1 << 20).unwrap();
        (folder, Writer::start(Arc::new(spool), redactor, MemberName::new(&["logs", "a"], ".log", 0), 1 << 20))
    }

    /// What ends the member, and the files that are left of it as long as the spool is held.
    async fn outcome(mut writer: Writer, patience: Duration) -> (Result<Written, String>, usize, Arc<Spool>) {
        writer.patience = patience;
        let spool = writer.spool.clone();
        let _ = writer.push(b"password=swordfish7\n".to_vec()).await;
        let result = writer.end(End::Complete).await;
        let files = std::fs::read_dir(spool.folder()).unwrap().count();
        (result, files, spool)
    }

    #[tokio::test]
    async fn a_member_is_written_redacted_and_counted() {
        let redactor = Redactor::new(&BundleKey::from_bytes(b"k"), &RedactOptions::default()).unwrap();
        let (_folder, writer) = writer(redactor);
        let (written, files, _spool) = outcome(writer, PATIENCE).await;
        let written = written.unwrap_or_else(|reason| panic!("{reason}"));
        assert_eq!((written.report.total(), files), (1, 1));
        let mut content = String::new();
        std::io::Read::read_to_string(&mut written.spooled.open().unwrap(), &mut content).unwrap();
        assert!(content.starts_with("password=‹password:") && !content.contains("swordfish7"), "{content}");
    }

    #[tokio::test]
    async fn a_panic_in_the_redactor_drops_the_member_and_says_so() {
        let (_folder, writer) = writer(Redactor::failing(Fault::Panic).unwrap());
        let (written, files, _spool) = outcome(writer, PATIENCE).await;
        assert_eq!(written.err().as_deref(), Some("the redactor failed; the member was dropped"));
        assert_eq!(files, 0);
    }

    #[tokio::test]
    async fn a_redactor_that_does_not_end_in_time_drops_the_member_and_says_so() {
        let (_folder, writer) = writer(Redactor::failing(Fault::Hang(Duration::from_millis(600))).unwrap());
        let (written, files, _spool) = outcome(writer, Duration::from_millis(20)).await;
        let reason = written.err().unwrap_or_default();
        assert_eq!(reason, "the redactor did not come to an end in time; the member was dropped");
        assert_eq!(files, 0);
    }
}
