//! Detection: which Kubernetes and which meshes a cluster runs. Reading (`gather`, `running`) is kept apart from judging, which
//! is pure; what is detected once for the cluster is then told to each case as far as it concerns it (`of_case`). Not for logs,
//! and not for what a version is worth; see the contract's lifecycle table.

mod cluster;
mod data_plane;
mod findings;
mod gather;
mod image;
mod istio;
mod objects;
mod observed;
mod of_case;
mod proxies;
mod running;
#[cfg(test)]
mod tests;
mod version;

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use self::data_plane::{Space, Tags};
use self::observed::{Observed, Running};
use crate::api::{ClusterStatus, MeshStatus};
use crate::domain::product::mesh_namespaces;

pub use of_case::{Facts, Scope, facts_of_case};

/// What one pass saw of the whole cluster, not judged yet.
#[derive(Debug, Clone)]
pub struct Sight(Arc<Observed>);

/// What is known of a whole cluster, with the answers of some control planes.
#[derive(Debug, Clone)]
pub struct Detected {
    observed: Arc<Observed>,
    /// Every control plane, whoever's it is.
    planes: Vec<MeshStatus>,
    tags: Tags,
}

impl Detected {
    /// Every control plane of the cluster, whoever's it is; which serve a case is not said.
    pub fn control_planes(&self) -> &[MeshStatus] {
        &self.planes
    }

    /// The cluster beneath.
    pub fn cluster(&self) -> ClusterStatus {
        cluster::classify(&self.observed)
    }

    /// The proxies of a namespace, by what they are connected to.
    fn space(&self, namespace: &str) -> Space {
        let here = self.observed.proxies.as_read().and_then(|proxies| proxies.by_namespace.get(namespace));
        here.map(|here| data_plane::space(here, &self.planes, &self.tags)).unwrap_or_default()
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
        Self { request: Duration::from_secs(20), page: 50 }
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
pub async fn look(operator: &kube::Client, limits: DetectLimits) -> Result<Sight, DetectError> {
    gather::observe(operator, limits).await.map(|observed| Sight(Arc::new(observed)))
}

/// Judges what was seen, with the versions that the running control planes in the `named` mesh namespaces answer to the collector; no
/// others are asked.
pub async fn detect(
    operator: &kube::Client,
    collector: &kube::Client,
    Sight(observed): &Sight,
    named: &[String],
    limits: DetectLimits,
) -> Detected {
    let mut observed = observed.clone();
    if gather::is_cut(&observed) {
        gather::complete(operator, Arc::make_mut(&mut observed), &mesh_namespaces(named), limits).await;
    }
    let running = running::versions(collector, &observed, named).await;
    classify(observed, &running)
}

/// Judges what was observed. Pure.
fn classify(observed: Arc<Observed>, running: &Running) -> Detected {
    let mut planes = istio::control_planes(&observed, running);
    let tags = data_plane::tags(&observed);
    if let Some(proxies) = observed.proxies.as_read() {
        data_plane::attach(&mut planes, proxies, &tags);
    }
    Detected { observed, planes, tags }
}
