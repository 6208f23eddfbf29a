//! Istio and its distributions: which control planes there are, how they stand, and of which version. Pure: a function of what was
//! observed. Not for their proxies; see `data_plane`.

use std::collections::BTreeSet;

use super::cluster::shown;
use super::image::Image;
use super::observed::{Istiod, IstiodService, Observed, Running, Target, Webhook};
use super::version::{self, Vendor, Version};
use crate::api::{MeshKind, MeshPresence, MeshStatus, VersionConflict};

/// Where a version was read, in the order in which they count: what runs, what was to run, what a chart wrote beside it.
pub const RUNNING_ENDPOINT: &str = "RunningEndpoint";
const IMAGE_TAG: &str = "ImageTag";
const LABEL: &str = "Label";
const HELM_CHART: &str = "HelmChart";
/// The provider runs the control plane and tells no version.
const MANAGED: &str = "ManagedByProvider";
/// The control plane runs in another cluster, and nothing here tells its version.
const EXTERNAL: &str = "ExternalControlPlane";

/// The revisions of Google's managed control planes.
const MANAGED_REVISIONS: [&str; 3] = ["asm-managed", "asm-managed-rapid", "asm-managed-stable"];

/// Whose build an image is, by a part of its repository.
const REPOSITORIES: [(&str, &str); 3] =
    [("openshift-service-mesh", "OpenShiftServiceMesh"), ("aspenmesh", "AspenMesh"), ("tetratelabs", "Tetrate")];

/// Every control plane of the Istio family, by namespace and revision, then those that run elsewhere.
pub(super) fn control_planes(observed: &Observed, running: &Running) -> Vec<MeshStatus> {
    let mut planes: Vec<MeshStatus> =
        confirmed(observed).map(|istiod| control_plane(istiod, observed, running)).collect();
    planes.sort_by(|a, b| (&a.namespace, &a.revision).cmp(&(&b.namespace, &b.revision)));
    let elsewhere = elsewhere(observed, &planes);
    planes.extend(elsewhere);
    planes
}

/// The Deployments that really are control planes.
pub(super) fn confirmed(observed: &Observed) -> impl Iterator<Item = &Istiod> {
    observed.istiods.items().filter(|istiod| is_confirmed(istiod, observed))
}

/// A label alone makes no control plane: anybody may label a Deployment. It needs the container `discovery`, and a webhook of
/// its revision or a Service on istiod's ports beside it (unless neither could be read).
pub(super) fn is_confirmed(istiod: &Istiod, observed: &Observed) -> bool {
    let calls = |webhook: &Webhook| {
        let into = matches!(&webhook.target, Some(Target::Service { namespace, .. }) if *namespace == istiod.namespace);
        into && webhook.revision() == istiod.revision()
    };
    let serves = |ports: &[i32]| ports.contains(&15012) || ports.contains(&15017);
    let unread = observed.webhooks.as_read().is_none() && observed.services.as_read().is_none();
    let beside = unread
        || observed.webhooks.items().any(calls)
        || observed.services.items().any(|service| serves(&service.ports) && service.selects(istiod));
    istiod.discovery.is_some() && beside
}

/// A mesh of which nothing is known but that.
pub(super) fn bare(presence: MeshPresence) -> MeshStatus {
    MeshStatus {
        kind: MeshKind::Istio,
        distribution: None,
        version: None,
        version_source: None,
        namespace: None,
        revision: None,
        presence,
        replicas: None,
        ready_replicas: None,
        serves: None,
        phase: None,
        conflicts: Vec::new(),
        data_plane: Vec::new(),
    }
}

fn control_plane(istiod: &Istiod, observed: &Observed, running: &Running) -> MeshStatus {
    let mut mesh = bare(match (istiod.replicas, istiod.ready) {
        // OpenShift's own, for its Gateway API: not the customer's mesh.
        _ if istiod.namespace == "openshift-ingress" && istiod.name == "istiod-openshift-gateway" => {
            MeshPresence::Platform
        }
        (_, 1..) => MeshPresence::Present,
        (0, _) => MeshPresence::Stopped,
        _ => MeshPresence::NotReady,
    });
    mesh.namespace = Some(istiod.namespace.clone());
    mesh.revision = Some(istiod.revision().to_owned());
    (mesh.replicas, mesh.ready_replicas) = (Some(istiod.replicas), Some(istiod.ready));
    let claims = claims(istiod, running);
    mesh.distribution = Some(distribution(istiod, &claims, observed).to_owned());
    settle(&mut mesh, claims);
    mesh
}

/// What each source says about a control plane's version, the one that counts first.
fn claims(istiod: &Istiod, running: &Running) -> Vec<(&'static str, String)> {
    let label = |key: &str| istiod.labels.get(key).map(String::as_str);
    let mut claims: Vec<_> = answers(istiod, running).into_iter().map(|version| (RUNNING_ENDPOINT, version)).collect();
    // Red Hat's product version: it is no version of Istio's, and nothing beside it is comparable.
    if let Some(maistra) = label("maistra-version").and_then(Version::parse) {
        claims.push((LABEL, maistra.to_string()));
        return claims;
    }
    let parsed = |text: Option<&str>| text.and_then(Version::parse).map(|version| version.to_string());
    let tag = image(istiod).and_then(|image| version::of_tag(image.tag.as_deref()?));
    let written = [
        (IMAGE_TAG, tag),
        (LABEL, parsed(label("app.kubernetes.io/version"))),
        (HELM_CHART, parsed(label("helm.sh/chart").or_else(|| label("chart")))),
    ];
    let written = written.into_iter().filter_map(|(source, version)| Some((source, shown(&version?))));
    claims.extend(written);
    claims
}

/// The versions that the replicas answered, the oldest first: proxies are measured against it.
fn answers(istiod: &Istiod, running: &Running) -> Vec<String> {
    let key = (istiod.namespace.clone(), istiod.revision().to_owned());
    let mut versions = running.get(&key).cloned().unwrap_or_default();
    versions.sort_by(|a, b| match (Version::parse(a), Version::parse(b)) {
        (Some(a), Some(b)) => a.compare(&b),
        _ => a.cmp(b),
    });
    versions.dedup();
    versions
}

/// Sets version and source from claims, of which the first counts; the others that differ are conflicts.
fn settle(mesh: &mut MeshStatus, claims: Vec<(&str, String)>) {
    let mut claims = claims.into_iter();
    let Some((source, version)) = claims.next() else { return };
    mesh.conflicts = claims
        .filter(|(_, other)| !is_same(other, &version))
        .map(|(source, version)| VersionConflict { source: source.to_owned(), version })
        .take(8)
        .collect();
    mesh.version = Some(version);
    mesh.version_source = Some(source.to_owned());
}

/// Whether two version texts mean one version; a variant is no difference, a vendor's build is.
pub(super) fn is_same(left: &str, right: &str) -> bool {
    match (Version::parse(left), Version::parse(right)) {
        (Some(left), Some(right)) => left.to_string() == right.to_string(),
        _ => left == right,
    }
}

fn image(istiod: &Istiod) -> Option<Image> {
    istiod.discovery.as_deref().and_then(|image| Image::parse(image).ok())
}

fn distribution(istiod: &Istiod, claims: &[(&str, String)], observed: &Observed) -> &'static str {
    let image = image(istiod);
    let repository = image.as_ref().map_or("", |image| image.repository.as_str());
    let by_repository = REPOSITORIES.into_iter().find(|(part, _)| repository.contains(part)).map(|(_, name)| name);
    if istiod.labels.contains_key("maistra-version") || by_repository == Some("OpenShiftServiceMesh") {
        return "OpenShiftServiceMesh";
    }
    // `asm-` is Azure's mark too: the namespace decides before the version does.
    if istiod.namespace == "aks-istio-system" {
        return "AzureServiceMesh";
    }
    let mut vendors = claims.iter().filter_map(|(_, version)| Version::parse(version)?.vendor);
    match vendors.next().map(|(vendor, _)| vendor) {
        Some(Vendor::AspenMesh) => "AspenMesh",
        Some(Vendor::Google | Vendor::Gke) => "CloudServiceMesh",
        Some(Vendor::Tetrate) => "Tetrate",
        Some(Vendor::Solo) => "Solo",
        Some(Vendor::Alibaba) => "AlibabaServiceMesh",
        None => by_repository.unwrap_or(if serves_aspen_mesh(observed) { "AspenMesh" } else { "Istio" }),
    }
}

fn serves_aspen_mesh(observed: &Observed) -> bool {
    let groups = observed.groups.as_read();
    groups.is_some_and(|groups| groups.iter().any(|group| group.ends_with(".aspenmesh.io")))
}

/// Control planes of which no pod is here: those that a webhook in use leads to, and Google's managed ones, which a cluster shows
/// by its proxies too. One of a revision that `here` runs is that one, called by another way.
fn elsewhere(observed: &Observed, here: &[MeshStatus]) -> Vec<MeshStatus> {
    let is_here = |revision: &str| here.iter().any(|plane| plane.revision.as_deref() == Some(revision));
    let mut found: BTreeSet<(&str, bool)> = BTreeSet::new();
    for webhook in observed.webhooks.items().filter(|webhook| webhook.in_use) {
        let (leads_away, googles) = match &webhook.target {
            Some(Target::Url(host)) => (true, host.ends_with(".googleapis.com")),
            Some(Target::Service { namespace, name }) => {
                let of_name = |service: &&IstiodService| service.namespace == *namespace && service.name == *name;
                (observed.services.items().find(of_name).is_some_and(|service| service.selector.is_empty()), false)
            }
            None => (false, false),
        };
        if leads_away {
            found.insert((webhook.revision(), googles || MANAGED_REVISIONS.contains(&webhook.revision())));
        }
    }
    let proxies = observed.proxies.as_read().into_iter().flat_map(|proxies| proxies.by_namespace.values());
    let revisions = proxies.flat_map(|here| here.groups.keys()).map(|group| group.revision.as_str());
    found.extend(revisions.filter(|revision| MANAGED_REVISIONS.contains(revision)).map(|revision| (revision, true)));
    found
        .into_iter()
        .filter(|(revision, _)| !is_here(revision))
        .map(|(revision, managed)| {
            let mut mesh = bare(MeshPresence::Present);
            mesh.revision = Some(revision.to_owned());
            mesh.distribution = managed.then(|| "CloudServiceMesh".to_owned());
            mesh.version_source = Some(if managed { MANAGED } else { EXTERNAL }.to_owned());
            mesh
        })
        .collect()
}

/// Whether a webhook in use calls something that is there: a Service with a control plane behind it that is to run, or something
/// outside of the cluster, of which nothing can be said.
pub(super) fn is_served(webhook: &Webhook, observed: &Observed) -> bool {
    let Some(Target::Service { namespace, name }) = &webhook.target else { return true };
    let mut wanted = confirmed(observed).filter(|istiod| istiod.namespace == *namespace && istiod.replicas > 0);
    match observed.services.items().find(|service| service.namespace == *namespace && service.name == *name) {
        Some(service) => service.selector.is_empty() || wanted.any(|istiod| service.selects(istiod)),
        // It may lack the label by which Services are listed.
        None => wanted.any(|istiod| istiod.revision() == webhook.revision()),
    }
}

/// Whether anything of an Istio is left where no control plane is.
pub(super) fn has_residue(observed: &Observed) -> bool {
    let groups = observed.groups.as_read();
    let definitions = groups.is_some_and(|groups| groups.iter().any(|group| group.ends_with(".istio.io")));
    definitions || observed.webhooks.items().next().is_some()
}
