//! Why a reconcile did not end well, in words for the reader of a log, and in a finite set of labels for metrics.
//! Not for: faults of what a user wrote; those are conditions on the object.

use std::time::Duration;

use thiserror::Error;

use meshcase_redact::shown;

/// A reconcile that is tried again.
#[derive(Debug, Error)]
pub enum Error {
    /// A call to the API server failed; `doing` says which.
    #[error("{doing}: {}", shown(&source.to_string(), 512))]
    Api {
        doing: &'static str,
        #[source]
        source: Box<kube::Error>,
    },
    /// A status could not be written as JSON.
    #[error("writing the status as JSON: {0}")]
    Serialize(#[from] serde_json::Error),
    /// What evidence is made of could not be had; `doing` says for what.
    #[error("{doing}: {}", shown(why, 512))]
    Evidence { doing: &'static str, why: String },
    /// What the API server answered cannot be read by this version.
    #[error("{doing}: the answer cannot be read: {}", shown(why, 512))]
    Unreadable { doing: &'static str, why: String },
    /// The reconcile did not end in time and was dropped.
    #[error("not done within {} seconds", .0.as_secs())]
    TimedOut(Duration),
    /// The reconcile panicked; the others go on.
    #[error("panicked: {0}")]
    Panicked(String),
}

impl Error {
    /// Wraps an error of the API server for `map_err`.
    pub fn api(doing: &'static str) -> impl FnOnce(kube::Error) -> Self {
        move |source| Self::Api { doing, source: Box::new(source) }
    }

    /// One of a few words, for metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Api { source, .. } => match source.as_ref() {
                kube::Error::Api(status) if status.is_conflict() => "conflict",
                kube::Error::Api(status) if status.is_forbidden() => "forbidden",
                kube::Error::Api(_) => "api",
                _ => "connection",
            },
            Self::Serialize(_) => "serialize",
            Self::Evidence { .. } => "evidence",
            Self::Unreadable { .. } => "unreadable",
            Self::TimedOut(_) => "timeout",
            Self::Panicked(_) => crate::metrics::PANIC,
        }
    }

    /// Whether somebody else wrote at the same moment: read again soon, no fault.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Api { source, .. } if matches!(source.as_ref(), kube::Error::Api(status) if status.is_conflict()))
    }

    /// Whether the object is gone, which is an end and no fault.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Api { source, .. } if matches!(source.as_ref(), kube::Error::Api(status) if status.is_not_found()))
    }
}
