//! The facts of the cluster (versions, nodes, meshes), found once for many cases: a detection is shared by all who ask
//! within a minute. Not for: how they are found; that is `evidence::detect`.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use kube::Client;
use tokio::sync::Mutex;

use crate::evidence::Facts;
use crate::evidence::detect::{self, DetectError, DetectLimits};

/// How long a detection serves new cases.
const FRESH: Duration = Duration::from_secs(60);

type Found = (Instant, Arc<Facts>);

/// The newest facts, and a lock for who finds them anew.
#[derive(Default)]
pub struct ClusterFacts {
    latest: RwLock<Option<Arc<Facts>>>,
    by_namespaces: Mutex<HashMap<Vec<String>, Found>>,
}

impl ClusterFacts {
    /// The facts as last found, for whoever can do without.
    pub fn latest(&self) -> Option<Arc<Facts>> {
        self.latest.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Facts that are at most a minute old. The running versions of the control planes are asked for, as the collector,
    /// in `mesh_namespaces` only (invariant 8). Who asks while they are being found waits for the same answer.
    pub async fn fresh(
        &self,
        operator: &Client,
        collector: &Client,
        mesh_namespaces: &[String],
    ) -> Result<Arc<Facts>, DetectError> {
        let mut by_namespaces = self.by_namespaces.lock().await;
        by_namespaces.retain(|_, (found, _)| found.elapsed() < FRESH);
        if let Some((_, facts)) = by_namespaces.get(mesh_namespaces) {
            return Ok(facts.clone());
        }
        let mut facts = detect::facts(operator, DetectLimits::default()).await?;
        detect::running_versions(collector, &mut facts, mesh_namespaces).await;
        let facts = Arc::new(facts);
        by_namespaces.insert(mesh_namespaces.to_vec(), (Instant::now(), facts.clone()));
        *self.latest.write().unwrap_or_else(PoisonError::into_inner) = Some(facts.clone());
        Ok(facts)
    }
}
