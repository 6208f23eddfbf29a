//! The facts of the cluster (versions, nodes, meshes), found once for many cases: a detection is shared by all who ask
//! within a minute. Not for: how they are found; that is `evidence::detect`.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use kube::Client;
use tokio::sync::Mutex;

use crate::api::{ClusterStatus, MeshStatus};
use crate::domain::product::mesh_namespaces;
use crate::evidence::detect::{self, DetectError, DetectLimits, Detected, Sight};

/// How long a detection serves new cases.
const FRESH: Duration = Duration::from_secs(60);
/// Edits may ask for newer facts than there are; the cluster is looked at no more often.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);
/// Contracts' lists of mesh namespaces that are remembered; beyond it all are forgotten, and found again.
const MOST_LISTS: usize = 1_000;

/// Something found and when, and a lock for who finds it anew.
struct Slot<T> {
    found: RwLock<Option<(Instant, T)>>,
    finding: Mutex<()>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { found: RwLock::new(None), finding: Mutex::new(()) }
    }
}

impl<T: Clone> Slot<T> {
    /// What was found, unless that was before `wanted`.
    fn get(&self, wanted: Option<Instant>) -> Option<(Instant, T)> {
        let found = self.found.read().unwrap_or_else(PoisonError::into_inner);
        found.as_ref().filter(|(found_at, _)| wanted.is_none_or(|wanted| *found_at >= wanted)).cloned()
    }

    fn put(&self, found_at: Instant, found: T) {
        *self.found.write().unwrap_or_else(PoisonError::into_inner) = Some((found_at, found));
    }
}

/// What a contract reads of the cluster.
#[derive(Debug)]
pub struct Seen {
    pub cluster: ClusterStatus,
    pub meshes: Vec<MeshStatus>,
}

/// What was last found, by the mesh namespaces that were asked, and by anybody.
#[derive(Default)]
struct LastSeen {
    by_namespaces: HashMap<Vec<String>, Arc<Seen>>,
    newest: Option<Arc<Seen>>,
}

type DetectedSlot = Arc<Slot<Arc<Detected>>>;

/// The newest facts.
#[derive(Default)]
pub struct ClusterFacts {
    seen: RwLock<LastSeen>,
    /// As anybody sees them: no control plane was asked.
    sight: Slot<Sight>,
    /// With what the control planes of these namespaces answered.
    by_namespaces: std::sync::Mutex<HashMap<Vec<String>, DetectedSlot>>,
}

impl ClusterFacts {
    /// What was last found, for whoever can do without; with the answers of the control planes in `named`, if they were asked.
    pub fn seen(&self, named: &[String]) -> Option<Arc<Seen>> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        seen.by_namespaces.get(named).or(seen.newest.as_ref()).cloned()
    }

    /// What is known of the cluster, no older than a minute, and not found before `wanted`. The running versions of the control planes
    /// are asked for, as the collector, in the `named` mesh namespaces only (invariant 8). Who asks for the same while it is being found
    /// waits for the same answer; nobody waits for a control plane of another contract.
    pub async fn fresh(
        &self,
        operator: &Client,
        collector: &Client,
        named: &[String],
        wanted: Option<Instant>,
    ) -> Result<Arc<Detected>, DetectError> {
        let wanted = wanted.max(oldest());
        let slot = self.slot(named);
        if let Some((_, detected)) = slot.get(wanted) {
            return Ok(detected);
        }
        let _finding = slot.finding.lock().await;
        if let Some((_, detected)) = slot.get(wanted) {
            return Ok(detected);
        }
        let (found_at, sight) = self.sight(operator, wanted).await?;
        let limits = DetectLimits::default();
        let detected = Arc::new(detect::detect(operator, collector, &sight, named, limits).await);
        slot.put(found_at, detected.clone());
        self.remember(named, &detected);
        Ok(detected)
    }

    async fn sight(&self, operator: &Client, wanted: Option<Instant>) -> Result<(Instant, Sight), DetectError> {
        let _finding = self.sight.finding.lock().await;
        if let Some(found) = self.sight.get(wanted) {
            return Ok(found);
        }
        let last = self.sight.found.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(at, _)| at.elapsed());
        if let Some(wait) = last.and_then(|ago| BETWEEN_LOOKS.checked_sub(ago)) {
            tokio::time::sleep(wait).await;
        }
        let found_at = Instant::now();
        let sight = detect::look(operator, DetectLimits::default()).await?;
        self.sight.put(found_at, sight.clone());
        Ok((found_at, sight))
    }

    fn remember(&self, named: &[String], detected: &Detected) {
        let covered = mesh_namespaces(named);
        let own = |plane: &&MeshStatus| plane.namespace.as_deref().is_none_or(|namespace| covered.contains(&namespace));
        let meshes = detected.control_planes().iter().filter(own).cloned().collect();
        let seen = Arc::new(Seen { cluster: detected.cluster(), meshes });
        let mut last = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if last.by_namespaces.len() >= MOST_LISTS {
            last.by_namespaces.clear();
        }
        last.by_namespaces.insert(named.to_vec(), seen.clone());
        last.newest = Some(seen);
    }

    /// The slot of these namespaces; those that are stale and that nobody uses are forgotten.
    fn slot(&self, named: &[String]) -> DetectedSlot {
        let mut slots = self.by_namespaces.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|_, slot| Arc::strong_count(slot) > 1 || slot.get(oldest()).is_some());
        slots.entry(named.to_vec()).or_default().clone()
    }
}

/// What was found earlier is stale; `None` in the first minute of a machine.
fn oldest() -> Option<Instant> {
    Instant::now().checked_sub(FRESH)
}
