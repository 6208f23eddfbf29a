//! Istio and its distributions: which control planes there are, of which version, and which proxies belong to them. Pure: a
//! function of what was observed. Not for versions that only the running process knows; see `running`.

use std::collections::BTreeMap;

use super::cluster::shown;
use super::image::Image;
use super::observed::{Istiod, Observed, Proxies, ProxyGroup, Role, Webhook};
use super::version::{self, Vendor, Version};
use crate::api::{DataPlaneVersion, MeshKind, MeshPresence, MeshStatus, VersionConflict};

/// Most control planes that are shown, and most versions of proxies of each.
const MAX_SHOWN: usize = 16;

/// Where a version was read, in the order in which they count. The running endpoint comes later and before all of these.
pub const RUNNING_ENDPOINT: &str = "RunningEndpoint";
const LABEL: &str = "Label";
const HELM_CHART: &str = "HelmChart";
const IMAGE_TAG: &str = "ImageTag";
/// The provider runs the control plane and tells no version.
const MANAGED: &str = "ManagedByProvider";

/// Every control plane of the Istio family, and what remains of removed ones.
pub fn classify(observed: &Observed) -> Vec<MeshStatus> {
    let mut meshes: Vec<MeshStatus> = control_planes(observed).map(|istiod| control_plane(istiod, observed)).collect();
    meshes.sort_by(|a, b| (&a.namespace, &a.revision).cmp(&(&b.namespace, &b.revision)));
    if observed.istiods.as_read().is_none() {
        meshes.push(bare(MeshPresence::NotChecked));
    }
    if let Some(proxies) = observed.proxies.as_read() {
        attach(&mut meshes, proxies, observed);
    }
    if meshes.is_empty() && has_residue(observed) {
        meshes.push(bare(MeshPresence::Residue));
    }
    meshes.truncate(MAX_SHOWN);
    meshes
}

/// The Deployments that really are control planes.
pub(super) fn control_planes(observed: &Observed) -> impl Iterator<Item = &Istiod> {
    observed.istiods.as_read().into_iter().flatten().filter(|istiod| is_confirmed(istiod, observed))
}

/// A label alone makes no control plane: anybody may label a Deployment. It needs the container `discovery`, and a webhook of
/// its revision or a Service on istiod's ports beside it (unless neither could be read).
pub(super) fn is_confirmed(istiod: &Istiod, observed: &Observed) -> bool {
    let calls = |webhook: &&Webhook| {
        webhook.revision.as_deref() == Some(revision_of(istiod))
            && webhook.service_namespace.as_ref().is_some_and(|namespace| *namespace == istiod.namespace)
    };
    let webhook = observed.webhooks.as_read().map(|webhooks| webhooks.iter().any(|webhook| calls(&webhook)));
    let service = observed.services.as_read().map(|services| {
        let ports = |ports: &[i32]| ports.contains(&15012) || ports.contains(&15017);
        services.iter().any(|service| service.namespace == istiod.namespace && ports(&service.ports))
    });
    let beside = match (webhook, service) {
        (None, None) => true,
        (webhook, service) => webhook == Some(true) || service == Some(true),
    };
    discovery_image(istiod).is_some() && beside
}

pub(super) fn revision_of(istiod: &Istiod) -> &str {
    istiod.labels.get("istio.io/rev").map_or("default", String::as_str)
}

fn discovery_image(istiod: &Istiod) -> Option<&str> {
    istiod.containers.iter().find(|(name, _)| name == "discovery").map(|(_, image)| image.as_str())
}

fn bare(presence: MeshPresence) -> MeshStatus {
    MeshStatus {
        kind: MeshKind::Istio,
        distribution: None,
        version: None,
        version_source: None,
        namespace: None,
        revision: None,
        presence,
        phase: None,
        conflicts: Vec::new(),
        data_plane: Vec::new(),
    }
}

fn control_plane(istiod: &Istiod, observed: &Observed) -> MeshStatus {
    let mut mesh = bare(MeshPresence::Present);
    mesh.namespace = Some(istiod.namespace.clone());
    mesh.revision = Some(revision_of(istiod).to_owned());
    // OpenShift's own, for its Gateway API: not the customer's mesh.
    if istiod.namespace == "openshift-ingress" && istiod.name == "istiod-openshift-gateway" {
        mesh.presence = MeshPresence::Platform;
    }
    let claims = claims(istiod);
    mesh.distribution = Some(distribution(istiod, &claims, observed).to_owned());
    settle(&mut mesh, claims);
    mesh
}

/// What each source says about a control plane's version, the one that counts first.
fn claims(istiod: &Istiod) -> Vec<(&'static str, String)> {
    let label = |key: &str| istiod.labels.get(key).map(String::as_str);
    // Red Hat's product version: it is no version of Istio's, and nothing beside it is comparable.
    if let Some(maistra) = label("maistra-version").and_then(Version::parse) {
        return vec![(LABEL, maistra.to_string())];
    }
    let parsed = |text: Option<&str>| text.and_then(Version::parse).map(|version| version.to_string());
    let chart = label("helm.sh/chart").or_else(|| label("chart"));
    let tag = discovery_image(istiod).and_then(|image| Image::parse(image).ok()).and_then(|image| image.tag);
    [
        (LABEL, parsed(label("app.kubernetes.io/version"))),
        (HELM_CHART, parsed(chart)),
        (IMAGE_TAG, tag.as_deref().and_then(version::of_tag)),
    ]
    .into_iter()
    .filter_map(|(source, version)| version.map(|version| (source, shown(&version))))
    .collect()
}

/// Sets version and source from claims, of which the first counts; the others that differ are conflicts.
pub(super) fn settle(mesh: &mut MeshStatus, claims: Vec<(&str, String)>) {
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
fn is_same(left: &str, right: &str) -> bool {
    match (Version::parse(left), Version::parse(right)) {
        (Some(left), Some(right)) => left.to_string() == right.to_string(),
        _ => left == right,
    }
}

fn distribution(istiod: &Istiod, claims: &[(&str, String)], observed: &Observed) -> &'static str {
    let image = discovery_image(istiod).and_then(|image| Image::parse(image).ok());
    let repository = image.as_ref().map_or("", |image| image.repository.as_str());
    if istiod.labels.contains_key("maistra-version") || repository.contains("openshift-service-mesh") {
        return "OpenShiftServiceMesh";
    }
    // `asm-` is Azure's mark too: the namespace decides before the version does.
    if istiod.namespace == "aks-istio-system" {
        return "AzureServiceMesh";
    }
    let vendors = claims.iter().filter_map(|(_, version)| Version::parse(version)?.vendor);
    let vendor = vendors.map(|(vendor, _)| vendor).next();
    match vendor {
        Some(Vendor::AspenMesh) => "AspenMesh",
        Some(Vendor::Google | Vendor::Gke) => "CloudServiceMesh",
        Some(Vendor::Tetrate) => "Tetrate",
        Some(Vendor::Solo) => "Solo",
        Some(Vendor::Alibaba) => "AlibabaServiceMesh",
        None if repository.contains("aspenmesh") || serves_aspen_mesh(observed) => "AspenMesh",
        None => "Istio",
    }
}

fn serves_aspen_mesh(observed: &Observed) -> bool {
    let groups = observed.groups.as_read();
    groups.is_some_and(|groups| groups.iter().any(|group| group.ends_with(".aspenmesh.io")))
}

/// Gives every group of proxies to the control plane of its revision; what finds none stands alone.
fn attach(meshes: &mut Vec<MeshStatus>, proxies: &Proxies, observed: &Observed) {
    let tags: BTreeMap<&str, &str> = observed
        .webhooks
        .as_read()
        .into_iter()
        .flatten()
        .filter_map(|webhook| Some((webhook.tag.as_deref()?, webhook.revision.as_deref()?)))
        .collect();
    let mut counts: BTreeMap<(String, String), i32> = BTreeMap::new();
    for (group, count) in proxies.groups.iter().filter(|(group, _)| group.role == Role::Proxy) {
        let known = meshes.iter().any(|mesh| mesh.revision.as_deref() == Some(group.revision.as_str()));
        let revision = match tags.get(group.revision.as_str()) {
            Some(revision) if !known => (*revision).to_owned(),
            _ => group.revision.clone(),
        };
        *counts.entry((revision, proxy_version(group))).or_default() += count;
    }
    for ((revision, version), count) in counts {
        let at = meshes.iter().position(|mesh| mesh.revision.as_ref() == Some(&revision)).unwrap_or_else(|| {
            meshes.push(without_control_plane(&revision, observed));
            meshes.len() - 1
        });
        meshes[at].data_plane.push(DataPlaneVersion { version, count, revision: Some(shown_revision(&revision)) });
    }
    for mesh in meshes {
        mesh.data_plane.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.version.cmp(&b.version)));
        mesh.data_plane.truncate(MAX_SHOWN);
    }
}

/// Proxies of a revision that has no control plane here: managed by the provider, or left behind.
fn without_control_plane(revision: &str, observed: &Observed) -> MeshStatus {
    let is_managed = ["asm-managed", "asm-managed-rapid", "asm-managed-stable"].contains(&revision);
    let mut mesh = bare(match (is_managed, observed.istiods.as_read()) {
        (true, _) => MeshPresence::Present,
        (false, None) => MeshPresence::NotChecked,
        (false, Some(_)) => MeshPresence::Residue,
    });
    mesh.revision = Some(revision.to_owned());
    if is_managed {
        mesh.distribution = Some("CloudServiceMesh".to_owned());
        mesh.version_source = Some(MANAGED.to_owned());
    }
    mesh
}

/// The version of proxies: of the image's tag, else that there is none. An injected proxy bears its mesh's version in
/// the tag; labels on an application's pod are the application's own.
fn proxy_version(group: &ProxyGroup) -> String {
    let tag = Image::parse(&group.image).ok().and_then(|image| image.tag);
    match (tag.as_deref().and_then(version::of_tag), &group.digest) {
        (Some(version), _) => shown(&version),
        (None, Some(digest)) => shown(&format!("unknown ({digest})")),
        (None, None) => "unknown".to_owned(),
    }
}

fn shown_revision(revision: &str) -> String {
    revision.chars().take(63).collect()
}

/// Whether anything of an Istio is left where neither control plane nor proxies are.
fn has_residue(observed: &Observed) -> bool {
    let groups = observed.groups.as_read();
    let definitions = groups.is_some_and(|groups| groups.iter().any(|group| group.ends_with(".istio.io")));
    definitions || observed.webhooks.as_read().is_some_and(|webhooks| !webhooks.is_empty())
}
