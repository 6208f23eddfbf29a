//! Why reading an item stopped, and what that makes of the item. Not for words about content: a reason may quote the API
//! server, so it passes through the redactor before it is shown.

use std::io;
use std::time::Duration;

use tokio::time::Instant;

use crate::evidence::archive::manifest::Outcome;
use meshcase_redact::End;

/// How a read came to its end.
pub(super) struct Reading {
    /// What the redactor is told: whether the last bytes are whole.
    pub(super) end: End,
    /// None: read to its end, or stopped by the writer.
    pub(super) stop: Option<Stop>,
}

/// What stopped a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    Forbidden,
    Absent(String),
    /// Nothing came for so long.
    Silent(Duration),
    /// The time for the whole bundle is used up.
    Late,
    /// The byte limit of one item.
    Limit(u64),
    /// Parts were too large.
    LeftOut(String),
    /// It broke off in the middle.
    Broken(String),
    Failed(String),
}

impl Reading {
    pub(super) fn complete() -> Self {
        Self { end: End::Complete, stop: None }
    }

    pub(super) fn stopped(stop: Stop) -> Self {
        Self { end: End::Cut, stop: Some(stop) }
    }
}

impl Stop {
    /// Reads an error of the API server, or of the way to it.
    pub(super) fn of_error(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::of_status(status.code, &status.message),
            kube::Error::Service(error) if error.is::<tower::timeout::error::Elapsed>() => {
                Self::Failed("the API server did not answer in time".to_owned())
            }
            other => Self::Failed(other.to_string()),
        }
    }

    fn of_status(code: u16, message: &str) -> Self {
        // The kubelet's own words for a log that is not there, sent as a plain 400.
        let no_log = ["previous terminated container", "is waiting to start", "is not valid for pod", "not available"];
        match code {
            403 => Self::Forbidden,
            404 => Self::Absent("not found".to_owned()),
            400 if no_log.iter().any(|words| message.contains(words)) => Self::Absent(message.to_owned()),
            408 | 504 => Self::Failed("the API server timed out".to_owned()),
            429 => Self::Failed("the API server is overloaded (429)".to_owned()),
            _ if message.is_empty() => Self::Failed(format!("the API server answered {code}")),
            _ => Self::Failed(format!("the API server answered {code}: {message}")),
        }
    }

    /// A wait of `silence` ended without an answer, perhaps because the bundle's deadline came first.
    pub(super) fn of_wait(silence: Duration, deadline: Instant) -> Self {
        if Instant::now() >= deadline { Self::Late } else { Self::Silent(silence) }
    }

    pub(super) fn of_broken(error: &io::Error) -> Self {
        Self::Broken(format!("the stream broke off: {error}"))
    }

    /// The item's outcome, once `bytes` of it are in the spool.
    pub(super) fn outcome(&self, bytes: u64) -> Outcome {
        match self {
            Self::Forbidden => Outcome::Forbidden,
            Self::Absent(_) => Outcome::Absent,
            Self::Silent(_) | Self::Late => Outcome::TimedOut,
            Self::Limit(_) | Self::LeftOut(_) => Outcome::Truncated,
            Self::Broken(_) if bytes > 0 => Outcome::Truncated,
            Self::Broken(_) | Self::Failed(_) => Outcome::Failed,
        }
    }

    /// The reason in words.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Forbidden => "the collector's service account may not read it".to_owned(),
            Self::Silent(after) => format!("nothing came for {} s", after.as_secs()),
            Self::Late => "the time for the bundle was used up".to_owned(),
            Self::Limit(bytes) => format!("longer than {bytes} bytes"),
            Self::Absent(reason) | Self::LeftOut(reason) | Self::Broken(reason) | Self::Failed(reason) => {
                reason.clone()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_403_is_forbidden_a_404_absent_and_the_rest_says_what_was_answered() {
        assert_eq!(Stop::of_status(403, "x").outcome(0), Outcome::Forbidden);
        assert_eq!(Stop::of_status(404, "x").outcome(0), Outcome::Absent);
        let none = Stop::of_status(400, "previous terminated container \"app\" in pod \"x\" not found");
        assert_eq!(none.outcome(0), Outcome::Absent);
        let failed = Stop::of_status(500, "kubelet is unhappy");
        assert_eq!(failed.outcome(0), Outcome::Failed);
        assert_eq!(failed.reason(), "the API server answered 500: kubelet is unhappy");
    }

    #[test]
    fn a_stream_that_broke_off_is_truncated_where_something_came_and_failed_where_nothing_did() {
        let broken = Stop::of_broken(&io::Error::other("unexpected EOF"));
        assert_eq!(broken.outcome(10), Outcome::Truncated);
        assert_eq!(broken.outcome(0), Outcome::Failed);
        assert_eq!(Stop::Silent(Duration::from_secs(15)).outcome(10), Outcome::TimedOut);
    }
}
