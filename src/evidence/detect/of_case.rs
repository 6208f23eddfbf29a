//! The facts of one case, out of what was detected in the whole cluster: its own mesh and namespace, and no other tenant's. Not for
//! which mesh is the product; that is the rule of `domain::product`.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use kube::Api;
use kube::api::ListParams;
use serde::Serialize;

use super::data_plane::{self, Link};
use super::gather::in_pages;
use super::version::Version;
use super::{DetectLimits, Detected, findings, istio, proxies};
use crate::api::{AffectedWorkload, ClusterStatus, Finding, MeshPresence, MeshServes, MeshStatus};
use crate::domain::product::mesh_namespaces;
use crate::evidence::views::PodView;

/// Most control planes that a status shows.
const MAX_SHOWN: usize = 16;
/// Pods of a case's namespace that are looked at for its affected workloads.
const MOST_PODS: usize = 2_000;
const PAGE: u32 = 50;

/// Whom the facts are for.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    /// The case's namespace.
    pub(super) namespace: &'a str,
    /// Those whose control planes the contract covers.
    pub(super) mesh_namespaces: Vec<&'a str>,
    pub(super) affected: &'a [AffectedWorkload],
}

impl<'a> Scope<'a> {
    /// For a case in `namespace` under a contract that names these mesh namespaces.
    #[must_use]
    pub fn new(namespace: &'a str, named: &'a [String], affected: &'a [AffectedWorkload]) -> Self {
        Self { namespace, mesh_namespaces: mesh_namespaces(named), affected }
    }

    /// Every namespace that concerns the case, each once.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &'a str> {
        let own = (!self.mesh_namespaces.contains(&self.namespace)).then_some(self.namespace);
        self.mesh_namespaces.iter().copied().chain(own).collect::<BTreeSet<_>>().into_iter()
    }
}

/// The facts of one case, in the status' own types.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    pub cluster: ClusterStatus,
    pub meshes: Vec<MeshStatus>,
    pub findings: Vec<Finding>,
}

/// The facts for `scope`. Where the proxies of the case's namespace are connected to several control planes, its pods are listed to
/// find those of the affected workloads; where that fails, the namespace counts for all of them.
pub async fn facts_of_case(
    client: &kube::Client,
    detected: &Detected,
    scope: &Scope<'_>,
    limits: DetectLimits,
) -> Facts {
    let affected = match scope.affected {
        [_, ..] if detected.connected(scope.namespace).len() > 1 => affected(client, detected, scope, limits).await,
        _ => BTreeSet::new(),
    };
    detected.facts(scope, &affected)
}

/// The places of the control planes that the affected workloads' proxies are connected to.
async fn affected(
    client: &kube::Client,
    detected: &Detected,
    scope: &Scope<'_>,
    limits: DetectLimits,
) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let pods = Api::<PodView>::namespaced(client.clone(), scope.namespace);
    let read = in_pages(pods, ListParams::default().limit(PAGE), MOST_PODS, limits, |pod| {
        if scope.affected.iter().any(|workload| pod.runs_in(workload)) {
            found.extend(detected.plane_of(&pod));
        }
    });
    if let Err(reason) = read.await {
        tracing::debug!(namespace = scope.namespace, reason, "the affected workloads' pods were not read");
    }
    found
}

/// Covered control planes that run before others, and those that serve the affected workloads, then the namespace, before the rest.
fn rank(mesh: &MeshStatus, scope: &Scope<'_>) -> (bool, bool, u8) {
    let covered = mesh.namespace.as_deref().is_none_or(|namespace| scope.mesh_namespaces.contains(&namespace));
    let serves = match mesh.serves {
        Some(MeshServes::AffectedWorkloads) => 0,
        Some(MeshServes::Namespace) => 1,
        None => 2,
    };
    (!covered, mesh.presence != MeshPresence::Present, serves)
}

/// By version, an unknown one last.
fn newest_first(a: &MeshStatus, b: &MeshStatus) -> Ordering {
    let version = |mesh: &MeshStatus| mesh.version.as_deref().and_then(Version::parse);
    match (version(a), version(b)) {
        (Some(a), Some(b)) => b.compare(&a),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

impl Detected {
    /// The place of the control plane that a pod's proxy is connected to.
    pub(super) fn plane_of(&self, pod: &PodView) -> Option<usize> {
        let group = proxies::group(pod).filter(|_| pod.is_running())?.ok()?;
        match data_plane::link(&group, &self.planes, &self.tags) {
            Link::Plane(at) => Some(at),
            Link::Orphan | Link::Unclear => None,
        }
    }

    /// The places of the control planes that proxies of a namespace are connected to.
    pub(super) fn connected(&self, namespace: &str) -> BTreeSet<usize> {
        let links = self.space(namespace).links.into_keys();
        let plane = |(link, ..): (Link, String, String)| match link {
            Link::Plane(at) => Some(at),
            Link::Orphan | Link::Unclear => None,
        };
        links.filter_map(plane).collect()
    }

    /// Whether no control plane is there and something of one is.
    pub(super) fn is_residue(&self) -> bool {
        self.planes.is_empty() && !self.is_unread() && istio::has_residue(&self.observed)
    }

    /// Whether the control planes could not be read, so that none is known to be absent.
    pub(super) fn is_unread(&self) -> bool {
        self.observed.istiods.as_read().is_none()
    }

    /// The facts for `scope`; `affected` are the control planes of its workloads. Pure.
    pub(super) fn facts(&self, scope: &Scope<'_>, affected: &BTreeSet<usize>) -> Facts {
        let connected = self.connected(scope.namespace);
        let concerns = |plane: &MeshStatus| match plane.namespace.as_deref() {
            None => true,
            Some(namespace) => {
                scope.namespaces().any(|own| own == namespace) || plane.presence == MeshPresence::Platform
            }
        };
        let own: Vec<usize> = (0..self.planes.len()).filter(|at| concerns(&self.planes[*at])).collect();
        let shown = (0..self.planes.len()).filter(|at| own.contains(at) || connected.contains(at));
        let serves = |at: usize| match (affected.contains(&at), connected.contains(&at)) {
            (true, _) => Some(MeshServes::AffectedWorkloads),
            (false, true) => Some(MeshServes::Namespace),
            (false, false) => None,
        };
        let mut meshes: Vec<MeshStatus> =
            shown.map(|at| MeshStatus { serves: serves(at), ..self.planes[at].clone() }).collect();
        // What may be the product comes first: the end of the list gives way where there is no room for all of it.
        meshes.sort_by(|a, b| rank(a, scope).cmp(&rank(b, scope)).then_with(|| newest_first(a, b)));
        meshes.truncate(MAX_SHOWN);
        meshes.extend(self.left_over(scope));
        meshes.truncate(MAX_SHOWN);
        Facts { cluster: self.cluster(), meshes, findings: findings::of_case(self, scope, &own) }
    }

    /// What is there of a mesh without a control plane.
    fn left_over(&self, scope: &Scope<'_>) -> Vec<MeshStatus> {
        let absent = if self.is_unread() { MeshPresence::NotChecked } else { MeshPresence::Residue };
        let spaces: Vec<_> = scope.namespaces().map(|namespace| self.space(namespace)).collect();
        let mut meshes: Vec<MeshStatus> = Vec::new();
        for proxies in data_plane::versions(&spaces, Link::Orphan) {
            match meshes.iter_mut().find(|mesh| mesh.revision == proxies.revision) {
                Some(mesh) => mesh.data_plane.push(proxies),
                None => {
                    let revision = proxies.revision.clone();
                    meshes.push(MeshStatus { revision, data_plane: vec![proxies], ..istio::bare(absent) });
                }
            }
        }
        if meshes.is_empty() && (self.is_unread() || self.is_residue()) {
            meshes.push(istio::bare(absent));
        }
        meshes.iter_mut().for_each(|mesh| mesh.data_plane.truncate(MAX_SHOWN));
        meshes
    }
}
