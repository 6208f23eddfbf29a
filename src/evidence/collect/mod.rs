//! Collecting: plans what a case's bundle holds, reads it with the collector's client, redacts it on the way, and packs it.
//! Bounded in bytes, time and memory; what cannot be had is noted and stops nothing. Not for deciding when to collect, and
//! not for storing the bundle.

mod bundle;
mod client;
mod logs;
mod objects;
mod outcome;
mod plan;
mod writer;

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use crate::api::{AffectedWorkload, EvidenceWindow, Finding, MissingItem};
use crate::evidence::Facts;
use crate::evidence::archive::manifest::CaseName;
use crate::evidence::archive::spool::Spool;
use meshcase_redact::{RedactOptions, second_look};

pub use bundle::bundle;
pub use client::collector_client;
pub use logs::LogSource;
pub use plan::{Item, Plan, What, plan};

/// What to collect for one case. Only the case's own namespace and the contract's mesh namespaces can be named.
#[derive(Debug, Clone)]
pub struct Request {
    pub case: CaseName,
    /// The affected workloads of the case's namespace.
    pub affected: Vec<AffectedWorkload>,
    /// The namespaces beside the case's own that the contract allows.
    pub mesh_namespaces: Vec<String>,
    pub facts: Facts,
    /// How far back logs are read.
    pub since_minutes: u32,
    pub include_logs: bool,
    /// The largest bundle.
    pub max_bundle_mebibytes: u64,
    /// Pseudonyms and the contract's own rules.
    pub redact: RedactOptions,
    /// The span of time that the logs cover, for the reader.
    pub window: EvidenceWindow,
    pub limits: Limits,
}

/// Bounds that no case and no contract sets.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Pods whose logs are read, of the affected workloads together and of each control plane.
    pub pods: usize,
    /// Bytes of one log before redaction.
    pub log_bytes: u64,
    /// The longest silence within one answer.
    pub silence: Duration,
    /// One item, from the request to its last byte.
    pub item: Duration,
    /// Planning as a whole.
    pub planning: Duration,
    /// Reading as a whole.
    pub total: Duration,
    /// Items that are read at once.
    pub parallel: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pods: 20,
            log_bytes: 2 * 1024 * 1024 * 1024,
            silence: Duration::from_secs(15),
            item: Duration::from_secs(5 * 60),
            planning: Duration::from_secs(60),
            total: Duration::from_secs(15 * 60),
            parallel: 4,
        }
    }
}

/// A finished bundle in the work folder. Dropping it removes the folder.
#[derive(Debug)]
pub struct Bundle {
    /// The archive.
    pub path: PathBuf,
    /// Digest of the archive, in hexadecimal.
    pub sha256: String,
    pub size_bytes: u64,
    /// Items that were read to their end.
    pub collected: usize,
    /// Items that were not, with the reason; logs that do not exist apart.
    pub missing: Vec<MissingItem>,
    /// Values that were masked.
    pub redactions: u64,
    pub findings: Vec<Finding>,
    pub window: EvidenceWindow,
    /// True where something is missing that exists or may exist.
    pub partial: bool,
    _spool: std::sync::Arc<Spool>,
}

/// Why there is no bundle at all. A single item never causes this.
#[derive(Debug, Error)]
pub enum CollectError {
    #[error("the work folder cannot be used: {0}")]
    WorkFolder(#[source] std::io::Error),
    #[error("the archive cannot be written: {0}")]
    Archive(#[source] std::io::Error),
    #[error("the contract's redaction rules cannot be used, so nothing is collected: {0}")]
    Redactor(String),
    #[error("packing was interrupted")]
    Interrupted,
    /// Names member and offset, never the value.
    #[error("the second look at the finished archive found {0}; it is not stored")]
    SecondLook(#[from] second_look::Finding),
}
