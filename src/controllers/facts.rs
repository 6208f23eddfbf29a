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
/// A detection, and a lock for who finds it anew.
type Slot = Arc<Mutex<Option<Found>>>;

/// The newest facts.
#[derive(Default)]
pub struct ClusterFacts {
    latest: RwLock<Option<Arc<Facts>>>,
    /// As anybody sees them: no control plane was asked.
    cluster: Slot,
    /// With what the control planes of these namespaces answered.
    by_namespaces: std::sync::Mutex<HashMap<Vec<String>, Slot>>,
}

impl ClusterFacts {
    /// The facts as last found, for whoever can do without.
    pub fn latest(&self) -> Option<Arc<Facts>> {
        self.latest.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Facts that are at most a minute old. The running versions of the control planes are asked for, as the collector,
    /// in `mesh_namespaces` only (invariant 8). Who asks for the same while they are being found waits for the same answer;
    /// nobody waits for a control plane of another contract.
    pub async fn fresh(
        &self,
        operator: &Client,
        collector: &Client,
        mesh_namespaces: &[String],
    ) -> Result<Arc<Facts>, DetectError> {
        let slot = self.slot(mesh_namespaces);
        let mut slot = slot.lock().await;
        if let Some(facts) = fresh(slot.as_ref()) {
            return Ok(facts);
        }
        let (found_at, facts) = self.cluster(operator).await?;
        let mut facts = facts.as_ref().clone();
        detect::running_versions(collector, &mut facts, mesh_namespaces).await;
        let facts = Arc::new(facts);
        *slot = Some((found_at, facts.clone()));
        *self.latest.write().unwrap_or_else(PoisonError::into_inner) = Some(facts.clone());
        Ok(facts)
    }

    async fn cluster(&self, operator: &Client) -> Result<Found, DetectError> {
        let mut slot = self.cluster.lock().await;
        if let Some(found) = slot.as_ref().filter(|found| fresh(Some(found)).is_some()) {
            return Ok(found.clone());
        }
        let found = (Instant::now(), Arc::new(detect::facts(operator, DetectLimits::default()).await?));
        *slot = Some(found.clone());
        Ok(found)
    }

    /// The slot of these namespaces; those that are stale and that nobody uses are forgotten.
    fn slot(&self, mesh_namespaces: &[String]) -> Slot {
        let mut slots = self.by_namespaces.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|_, slot| slot.try_lock().map_or(true, |found| fresh(found.as_ref()).is_some()));
        slots.entry(mesh_namespaces.to_vec()).or_default().clone()
    }
}

fn fresh(found: Option<&Found>) -> Option<Arc<Facts>> {
    found.filter(|(found_at, _)| found_at.elapsed() < FRESH).map(|(_, facts)| facts.clone())
}
