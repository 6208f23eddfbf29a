//! Reads one container's log as bytes: bounded in size, in silence and in time. Not for lines and not for text: a log may
//! hold NUL, any encoding and a line of a GiB.

use std::time::Duration;

use futures::AsyncReadExt;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::LogParams;
use tokio::time::{Instant, timeout_at};

use super::outcome::{Reading, Stop};
use super::writer::Writer;
use meshcase_redact::End;

/// Bytes read at once.
const CHUNK: usize = 64 * 1024;

/// One container's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSource {
    pub namespace: String,
    pub pod: String,
    pub container: String,
    /// The log of the instance before the present one.
    pub previous: bool,
}

/// Bounds of one log.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogBounds {
    pub(super) since_seconds: i64,
    /// Bytes before redaction.
    pub(super) bytes: u64,
    /// The longest wait for the next chunk.
    pub(super) silence: Duration,
    /// The whole log's deadline.
    pub(super) deadline: Instant,
}

/// Reads the log into the writer. The end of the stream is [`End::Complete`] only where the last line is whole: the API server
/// ends its answer in good order also when the node's connection broke off in the middle of a line.
pub(super) async fn read(client: &kube::Client, source: &LogSource, bounds: LogBounds, writer: &Writer) -> Reading {
    let pods: Api<Pod> = Api::namespaced(client.clone(), &source.namespace);
    let params = LogParams {
        container: Some(source.container.clone()),
        previous: source.previous,
        since_seconds: Some(bounds.since_seconds),
        limit_bytes: i64::try_from(bounds.bytes).ok(),
        timestamps: true,
        ..LogParams::default()
    };
    let next = || bounds.deadline.min(Instant::now() + bounds.silence);
    let stream = match timeout_at(next(), pods.log_stream(&source.pod, &params)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Reading::stopped(Stop::of_error(error)),
        Err(_) => return Reading::stopped(Stop::of_wait(bounds.silence, bounds.deadline)),
    };
    let mut stream = std::pin::pin!(stream);
    let mut read: u64 = 0;
    let mut ends_line = true;
    loop {
        // A node that ignores `limitBytes` is held to it here.
        let room = usize::try_from(bounds.bytes.saturating_sub(read)).unwrap_or(usize::MAX).min(CHUNK);
        if room == 0 {
            return Reading { end: End::Cut, stop: Some(Stop::Limit(bounds.bytes)) };
        }
        let mut chunk = vec![0; room];
        let stop = match timeout_at(next(), stream.read(&mut chunk)).await {
            Ok(Ok(0)) if ends_line => return Reading { end: End::Complete, stop: None },
            Ok(Ok(0)) if read >= bounds.bytes => Stop::Limit(bounds.bytes),
            Ok(Ok(0)) => Stop::Broken("the log ends within a line".to_owned()),
            Ok(Ok(count)) => {
                chunk.truncate(count);
                ends_line = chunk.last() == Some(&b'\n');
                read += count as u64;
                if writer.push(chunk).await.is_err() {
                    // The writer's own result says why.
                    return Reading { end: End::Cut, stop: None };
                }
                continue;
            }
            Ok(Err(error)) => Stop::of_broken(&error),
            Err(_) => Stop::of_wait(bounds.silence, bounds.deadline),
        };
        return Reading { end: End::Cut, stop: Some(stop) };
    }
}
