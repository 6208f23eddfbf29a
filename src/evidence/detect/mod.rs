//! Detection: which Kubernetes and which meshes a cluster runs. Reading (`gather`, `running`) is kept apart from judging, which
//! is pure. Not for logs, and not for what a version is worth; see the contract's lifecycle table.

mod cluster;
mod findings;
mod gather;
mod image;
mod istio;
mod observed;
mod proxies;
mod running;
#[cfg(test)]
mod tests;
mod version;

use std::time::Duration;

use serde::Serialize;
use thiserror::Error;

use crate::api::{ClusterStatus, Finding, MeshStatus};

pub use istio::RUNNING_ENDPOINT;
pub use running::running_versions;

/// What was detected, in the status' own types.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    pub cluster: ClusterStatus,
    pub meshes: Vec<MeshStatus>,
    /// Findings that only the observed objects show; see [`Facts::findings`] for all.
    pub observed: Vec<Finding>,
}

impl Facts {
    /// Everything worth a look, at most 50.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = findings::of_meshes(&self.meshes);
        findings.extend(self.observed.iter().cloned());
        findings.truncate(50);
        findings
    }
}

/// Bounds of one detection pass.
#[derive(Debug, Clone, Copy)]
pub struct DetectLimits {
    /// How long one answer may take.
    pub request: Duration,
    /// Objects in a page.
    pub page: u32,
}

impl Default for DetectLimits {
    fn default() -> Self {
        Self { request: Duration::from_secs(20), page: 250 }
    }
}

/// Why nothing could be detected.
#[derive(Debug, Error)]
pub enum DetectError {
    #[error("the API server does not tell its version: {0}")]
    ApiServer(#[source] Box<kube::Error>),
    #[error("the API server did not answer within {} s", .0.as_secs())]
    Silent(Duration),
}

/// One pass over the cluster with the operator's own client. A part that may not be read is `not checked`, and never absent.
///
/// # Errors
/// The API server does not answer at all.
pub async fn facts(client: &kube::Client, limits: DetectLimits) -> Result<Facts, DetectError> {
    let observed = gather::observe(client, limits).await?;
    Ok(classify(&observed))
}

/// Judges what was observed. Pure.
fn classify(observed: &observed::Observed) -> Facts {
    let meshes = istio::classify(observed);
    let of_observed = findings::of_observed(observed, &meshes);
    Facts { cluster: cluster::classify(observed), meshes, observed: of_observed }
}
