//! One member on its way into the spool: a thread that redacts and compresses what the reader hands it, chunk by chunk.
//! It fails closed: an error or a panic in the redactor removes the member. Not for reading from the cluster.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::evidence::archive::name::MemberName;
use crate::evidence::archive::spool::{Member, Spool, SpoolError, Spooled};
use crate::evidence::redact::{End, Gathered, MemberReport, Redactor};

/// Chunks in flight between reader and redactor: two, so that both have work and memory stays small.
const CHUNKS_IN_FLIGHT: usize = 2;

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
}

/// The writer takes no more: the limit is reached, or it failed. [`Writer::end`] says which.
pub(super) struct Closed;

impl Writer {
    pub(super) fn start(spool: Arc<Spool>, redactor: Redactor, name: MemberName, share_bytes: u64) -> Self {
        let (sender, receiver) = mpsc::channel(CHUNKS_IN_FLIGHT);
        let (to, member) = (spool.clone(), name.clone());
        let thread = tokio::task::spawn_blocking(move || write(&to, &redactor, member, share_bytes, receiver));
        Self { sender, thread, spool, name }
    }

    pub(super) async fn push(&self, chunk: Vec<u8>) -> Result<(), Closed> {
        self.sender.send(Message::Chunk(Gathered::from(chunk))).await.map_err(|_| Closed)
    }

    /// Ends the member and waits until it is on disk.
    ///
    /// # Errors
    /// The redactor or the disk failed, in words without any of the content; the member is gone then.
    pub(super) async fn end(self, end: End) -> Result<Written, String> {
        // The thread may have ended before, when the limit was reached: then nobody listens, and its result says so.
        let _ = self.sender.send(Message::End(end)).await;
        drop(self.sender);
        let result = match self.thread.await {
            Ok(Ok(Some(written))) => return Ok(written),
            Ok(Ok(None)) => Err("the member was given up".to_owned()),
            Ok(Err(reason)) => Err(reason),
            Err(_panic) => Err("the redactor failed; the member was dropped".to_owned()),
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
