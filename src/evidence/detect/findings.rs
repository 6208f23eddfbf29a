//! What is worth a look in one case's mesh and namespace, and a support engineer would ask about first. Pure. Not for checks that
//! need a running process, and never about what other tenants run.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::Detected;
use super::data_plane::{self, Link, Space};
use super::istio::{self, RUNNING_ENDPOINT};
use super::observed::{Istiod, Observed, Target, Webhook};
use super::of_case::Scope;
use super::version::Version;
use crate::api::{DataPlaneVersion, Finding, FindingLevel, MeshPresence, MeshStatus};

/// Longest message, in characters.
const MAX_MESSAGE: usize = 256;
/// Most findings of a case.
const MAX_FINDINGS: usize = 50;
/// Names that one message gives as examples.
const MAX_NAMES: usize = 3;

/// What the objects of the case's namespaces show.
fn of_objects(observed: &Observed, namespaces: &[&str]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut unconfirmed: BTreeMap<&str, Vec<&Istiod>> = BTreeMap::new();
    let own = |namespace: &str| namespaces.contains(&namespace);
    let strange = |istiod: &&Istiod| own(&istiod.namespace) && !istio::is_confirmed(istiod, observed);
    for istiod in observed.istiods.items().filter(strange) {
        unconfirmed.entry(&istiod.namespace).or_default().push(istiod);
    }
    for (namespace, istiods) in unconfirmed {
        let names: Vec<&str> = istiods.iter().take(MAX_NAMES).map(|istiod| istiod.name.as_str()).collect();
        let more = if istiods.len() > names.len() { ", ..." } else { "" };
        let message = format!(
            "{} Deployments in {namespace} are labelled app=istiod and are no control planes, for lack of a container discovery, or of a webhook or Service: {}{more}",
            istiods.len(),
            names.join(", ")
        );
        findings.push(finding("UnconfirmedControlPlane", FindingLevel::Info, message));
    }
    // Half a list of control planes says of none that it is missing.
    let all_read = observed.istiods.as_read().is_some_and(|listed| listed.cut.is_none());
    let dangling = |webhook: &&Webhook| webhook.in_use && !istio::is_served(webhook, observed);
    for webhook in observed.webhooks.items().filter(|_| all_read).filter(dangling) {
        let Some(Target::Service { namespace, name }) =
            webhook.target.as_ref().filter(|target| target.is_in(namespaces))
        else {
            continue;
        };
        let (level, effect) = match webhook.fails_closed {
            true => (FindingLevel::Error, "pods that it selects cannot be created"),
            false => (FindingLevel::Warning, "pods that it selects get no proxy"),
        };
        let (hook, revision) = (&webhook.name, webhook.revision());
        let message = format!(
            "webhook {hook} of revision {revision} calls Service {namespace}/{name}, behind which no control plane is to run: {effect}"
        );
        findings.push(finding("DanglingWebhook", level, message));
    }
    findings
}

/// All findings of a case, the control planes' first. `own` are the places of its control planes in the list of all.
pub(super) fn of_case(detected: &Detected, scope: &Scope<'_>, own: &[usize]) -> Vec<Finding> {
    let namespaces: Vec<&str> = scope.namespaces().collect();
    let spaces: Vec<Space> = namespaces.iter().map(|namespace| detected.space(namespace)).collect();
    let mut findings = of_standing(detected, scope, own);
    for at in own {
        let plane = &detected.planes[*at];
        findings.extend(of_plane(plane));
        findings.extend(skews(plane, &data_plane::versions(&spaces, Link::Plane(*at))));
    }
    findings.extend(of_leftovers(detected, &spaces));
    findings.extend(of_objects(&detected.observed, &namespaces));
    findings.extend(of_spaces(&spaces));
    findings.truncate(MAX_FINDINGS);
    findings
}

/// Which control planes there are for the case, and which only seem to be.
fn of_standing(detected: &Detected, scope: &Scope<'_>, own: &[usize]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let runs = |plane: &MeshStatus| plane.presence == MeshPresence::Present;
    let count = own.iter().filter(|at| runs(&detected.planes[**at])).count();
    if count > 1 {
        let message =
            format!("{count} control planes run side by side: a canary upgrade in progress, or several meshes");
        findings.push(finding("SeveralControlPlanes", FindingLevel::Info, message));
    }
    let named = scope.mesh_namespaces.join(", ");
    let strange = detected.planes.iter().enumerate().filter(|(at, plane)| runs(plane) && !own.contains(at));
    let strange: Vec<(usize, &MeshStatus)> = strange.collect();
    let connected = detected.connected(scope.namespace);
    for (at, plane) in &strange {
        if connected.contains(at) {
            let message = format!(
                "proxies of this namespace are connected to {}, and the contract covers the control planes of {named}: it decides nothing",
                name_of(plane)
            );
            findings.push(finding("ControlPlaneNotCovered", FindingLevel::Warning, message));
        }
    }
    if count == 0 && !strange.is_empty() && findings.is_empty() {
        let message = format!(
            "no control plane runs in {named}, which the contract covers; {} run in other namespaces and decide nothing",
            strange.len()
        );
        findings.push(finding("ControlPlaneNotCovered", FindingLevel::Info, message));
    }
    findings
}

fn name_of(plane: &MeshStatus) -> String {
    let revision = format!("revision {}", plane.revision.as_deref().unwrap_or("unknown"));
    match &plane.namespace {
        Some(namespace) => format!("{revision} in {namespace}"),
        None => revision,
    }
}

/// What one control plane shows by itself.
fn of_plane(plane: &MeshStatus) -> Vec<Finding> {
    let mut findings: Vec<Finding> = readiness(plane).into_iter().collect();
    let name = name_of(plane);
    for conflict in &plane.conflicts {
        let source = plane.version_source.as_deref().unwrap_or("unknown");
        let shown = plane.version.as_deref().unwrap_or("unknown");
        let (id, level, message) = if conflict.source == RUNNING_ENDPOINT && source == RUNNING_ENDPOINT {
            let message = format!("{name}: replicas run {shown} and {}: a rollout is in progress", conflict.version);
            ("RolloutInProgress", FindingLevel::Info, message)
        } else {
            let message = format!("{name}: {source} says {shown}, {} says {}", conflict.source, conflict.version);
            ("VersionConflict", FindingLevel::Warning, message)
        };
        findings.push(finding(id, level, message));
    }
    if plane.version.is_none() && plane.presence == MeshPresence::Present && plane.version_source.is_none() {
        let message = format!("{name}: neither label nor image tag tells the control plane's version");
        findings.push(finding("VersionUnknown", FindingLevel::Info, message));
    }
    findings
}

/// A control plane that does not run, or not wholly. Its proxies go on with what they last heard.
fn readiness(plane: &MeshStatus) -> Option<Finding> {
    let (name, (ready, wanted)) = (name_of(plane), plane.ready_replicas.zip(plane.replicas)?);
    let proxies: i32 = plane.data_plane.iter().map(|proxies| proxies.count).sum();
    Some(match plane.presence {
        MeshPresence::NotReady => {
            let message = format!("{name}: none of {wanted} pods is ready, {proxies} proxies are connected to it");
            finding("ControlPlaneNotReady", FindingLevel::Error, message)
        }
        MeshPresence::Stopped if proxies > 0 => {
            let message = format!("{name} is scaled to 0, and {proxies} proxies are connected to it");
            finding("ControlPlaneStopped", FindingLevel::Error, message)
        }
        MeshPresence::Stopped => {
            let message = format!("{name} is scaled to 0, and no proxy is connected to it");
            finding("ControlPlaneStopped", FindingLevel::Info, message)
        }
        MeshPresence::Present if ready < wanted => {
            let message = format!("{name}: {ready} of {wanted} pods are ready");
            finding("ControlPlaneNotReady", FindingLevel::Warning, message)
        }
        _ => return None,
    })
}

/// Istio supports a control plane that is one minor ahead of its proxies, and no proxy that is newer. During a rollout the
/// oldest replica is the measure; the status' version is that one.
fn skews(plane: &MeshStatus, data_plane: &[DataPlaneVersion]) -> Vec<Finding> {
    let Some(running) = plane.version.as_deref().and_then(Version::parse) else { return Vec::new() };
    let name = name_of(plane);
    let mut findings = Vec::new();
    for proxies in data_plane {
        let Some(version) = Version::parse(&proxies.version) else { continue };
        let (count, shown) = (proxies.count, &proxies.version);
        if version.compare(&running) == Ordering::Greater {
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

/// Proxies that are connected to nothing that is known, and what is left of a mesh that is gone.
fn of_leftovers(detected: &Detected, spaces: &[Space]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut counts: BTreeMap<(Link, String), i32> = BTreeMap::new();
    for link in [Link::Orphan, Link::Unclear] {
        for found in data_plane::versions(spaces, link) {
            *counts.entry((link, found.revision.unwrap_or_default())).or_default() += found.count;
        }
    }
    for ((link, revision), count) in &counts {
        findings.push(match link {
            Link::Unclear => {
                let message =
                    format!("revision {revision}: {count} proxies may belong to any of several control planes");
                finding("ProxiesUnclear", FindingLevel::Info, message)
            }
            // What could not be read may be there.
            _ if detected.is_unread() => continue,
            _ => {
                let message =
                    format!("revision {revision}: {count} proxies run without a control plane in this cluster");
                finding("OrphanProxies", FindingLevel::Warning, message)
            }
        });
    }
    if detected.is_residue() && counts.is_empty() {
        let message = "Istio's definitions or webhooks remain, no control plane runs".to_owned();
        findings.push(finding("MeshResidue", FindingLevel::Info, message));
    }
    findings
}

/// What the counts of the case's namespaces say.
fn of_spaces(spaces: &[Space]) -> Vec<Finding> {
    let sum = |of: fn(&Space) -> i32| spaces.iter().map(of).sum::<i32>();
    let (ztunnels, ambient) = (sum(|space| space.ztunnels), sum(|space| space.ambient_pods));
    let (uncounted, odd) = (sum(|space| space.uncounted), sum(|space| space.odd));
    let mut findings = Vec::new();
    if ztunnels > 0 || ambient > 0 {
        let message = format!("ambient mode: {ztunnels} ztunnels, {ambient} pods enrolled");
        findings.push(finding("AmbientMode", FindingLevel::Info, message));
    }
    if uncounted > 0 {
        let message = format!("{uncounted} proxies of further images are not in the counts");
        findings.push(finding("ProxiesNotCounted", FindingLevel::Warning, message));
    }
    if odd > 0 {
        let message = format!(
            "{odd} proxies name a revision that cannot exist, longer than 63 characters or of others than a label's; they are not in the counts"
        );
        findings.push(finding("RevisionInvalid", FindingLevel::Warning, message));
    }
    findings
}

fn finding(id: &str, level: FindingLevel, message: String) -> Finding {
    let message = message.chars().filter(|c| !c.is_control()).take(MAX_MESSAGE).collect();
    Finding { id: id.to_owned(), level, message }
}
