//! What detection noticed and a support engineer would ask about first. Pure. Not for checks that need a running process.

use std::cmp::Ordering;

use super::istio::{self, RUNNING_ENDPOINT};
use super::observed::{Observed, Role};
use super::version::Version;
use crate::api::{Finding, FindingLevel, MeshPresence, MeshStatus};

/// Longest message, in characters.
const MAX_MESSAGE: usize = 256;
/// Most findings.
const MAX_FINDINGS: usize = 50;

/// Findings that only the observed objects show.
pub(super) fn of_observed(observed: &Observed, meshes: &[MeshStatus]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for istiod in observed.istiods.as_read().into_iter().flatten() {
        if !istio::is_confirmed(istiod, observed) {
            let message = format!(
                "Deployment {}/{} is labelled app=istiod but is no control plane: it lacks the container discovery, or a webhook or Service beside it",
                istiod.namespace, istiod.name
            );
            findings.push(finding("UnconfirmedControlPlane", FindingLevel::Info, message));
        }
    }
    if observed.istiods.as_read().is_some() {
        for webhook in observed.webhooks.as_read().into_iter().flatten() {
            let revision = webhook.revision.as_deref().unwrap_or("default");
            let served = meshes
                .iter()
                .any(|mesh| mesh.presence != MeshPresence::Residue && mesh.revision.as_deref() == Some(revision));
            if !served {
                let (level, effect) = match webhook.fails_closed {
                    true => (FindingLevel::Error, "pods that it selects cannot be created"),
                    false => (FindingLevel::Warning, "pods that it selects get no proxy"),
                };
                let message =
                    format!("webhook {} calls revision {revision}, which has no control plane: {effect}", webhook.name);
                findings.push(finding("DanglingWebhook", level, message));
            }
        }
    }
    if let Some(proxies) = observed.proxies.as_read() {
        let ztunnels = proxies.total(Role::Ztunnel);
        if ztunnels > 0 || proxies.ambient_pods > 0 {
            let message = format!("ambient mode: {ztunnels} ztunnels, {} pods enrolled", proxies.ambient_pods);
            findings.push(finding("AmbientMode", FindingLevel::Info, message));
        }
        if proxies.uncounted > 0 {
            let message = format!("{} proxies of further images are not in the counts", proxies.uncounted);
            findings.push(finding("ProxiesNotCounted", FindingLevel::Warning, message));
        }
    }
    findings
}

/// Findings that follow from the meshes as they stand in the status.
pub(super) fn of_meshes(meshes: &[MeshStatus]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let present = meshes.iter().filter(|mesh| mesh.presence == MeshPresence::Present).count();
    if present > 1 {
        let message =
            format!("{present} control planes run side by side: a canary upgrade in progress, or several meshes");
        findings.push(finding("SeveralControlPlanes", FindingLevel::Info, message));
    }
    for mesh in meshes {
        findings.extend(of_mesh(mesh));
    }
    findings.truncate(MAX_FINDINGS);
    findings
}

fn of_mesh(mesh: &MeshStatus) -> Vec<Finding> {
    let mut findings = Vec::new();
    let name = format!("revision {}", mesh.revision.as_deref().unwrap_or("unknown"));
    let version = mesh.version.as_deref();
    for conflict in &mesh.conflicts {
        let source = mesh.version_source.as_deref().unwrap_or("unknown");
        let shown = version.unwrap_or("unknown");
        let (id, level, message) = if conflict.source == RUNNING_ENDPOINT && source == RUNNING_ENDPOINT {
            let message = format!("{name}: replicas run {shown} and {}: a rollout is in progress", conflict.version);
            ("RolloutInProgress", FindingLevel::Info, message)
        } else {
            let message = format!("{name}: {source} says {shown}, {} says {}", conflict.source, conflict.version);
            ("VersionConflict", FindingLevel::Warning, message)
        };
        findings.push(finding(id, level, message));
    }
    if mesh.presence == MeshPresence::Residue {
        let proxies: i32 = mesh.data_plane.iter().map(|proxies| proxies.count).sum();
        findings.push(if proxies > 0 {
            let message = format!("{name}: {proxies} proxies run without a control plane in this cluster");
            finding("OrphanProxies", FindingLevel::Warning, message)
        } else {
            let message = "Istio's definitions or webhooks remain, no control plane runs".to_owned();
            finding("MeshResidue", FindingLevel::Info, message)
        });
    }
    if version.is_none() && mesh.presence == MeshPresence::Present && mesh.version_source.is_none() {
        let message = format!("{name}: neither label nor image tag tells the control plane's version");
        findings.push(finding("VersionUnknown", FindingLevel::Info, message));
    }
    findings.extend(version.and_then(Version::parse).map(|running| skews(&name, &running, mesh)).unwrap_or_default());
    findings
}

/// Istio supports a control plane that is one minor ahead of its proxies, and no proxy that is newer. During a rollout the
/// oldest replica is the measure; the status' version is that one.
fn skews(name: &str, running: &Version, mesh: &MeshStatus) -> Vec<Finding> {
    let mut findings = Vec::new();
    for proxies in &mesh.data_plane {
        let Some(version) = Version::parse(&proxies.version) else { continue };
        let (count, shown) = (proxies.count, &proxies.version);
        if version.compare(running) == Ordering::Greater {
            let message =
                format!("{name}: {count} proxies of {shown} are newer than the control plane {running}: unsupported");
            findings.push(finding("DataPlaneNewer", FindingLevel::Error, message));
        } else if running.minors_ahead_of(&version).is_some_and(|minors| minors > 1) {
            let message = format!(
                "{name}: {count} proxies of {shown} are more than one minor behind the control plane {running}"
            );
            findings.push(finding("DataPlaneTooOld", FindingLevel::Warning, message));
        }
    }
    findings
}

fn finding(id: &str, level: FindingLevel, message: String) -> Finding {
    let message = message.chars().filter(|c| !c.is_control()).take(MAX_MESSAGE).collect();
    Finding { id: id.to_owned(), level, message }
}
