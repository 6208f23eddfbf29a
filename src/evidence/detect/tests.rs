//! The tricky states of a cluster and the answers they must get. The numbers are those of the list of cases that the
//! detection was designed from.

use std::collections::BTreeMap;

use super::classify;
use super::observed::{Checked, Istiod, IstiodService, Nodes, Observed, Proxies, ProxyGroup, Role, Webhook};
use super::running::merge;
use crate::api::{FindingLevel, MeshPresence, MeshStatus};
use crate::evidence::Facts;

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A cluster without any mesh, of which everything could be read.
pub(super) fn observed() -> Observed {
    Observed {
        git_version: "v1.36.3".to_owned(),
        groups: Checked::Read(Vec::new()),
        nodes: Checked::Read(Nodes::default()),
        istiods: Checked::Read(Vec::new()),
        webhooks: Checked::Read(Vec::new()),
        services: Checked::Read(Vec::new()),
        proxies: Checked::Read(Proxies::default()),
    }
}

fn istiod(namespace: &str, revision: &str, image: &str) -> Istiod {
    let labels = [("app", "istiod"), ("istio.io/rev", revision)];
    Istiod {
        name: format!("istiod-{revision}"),
        namespace: namespace.to_owned(),
        labels: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        containers: vec![("discovery".to_owned(), image.to_owned())],
    }
}

fn labelled(mut istiod: Istiod, key: &str, value: &str) -> Istiod {
    istiod.labels.insert(key.to_owned(), value.to_owned());
    istiod
}

fn with(istiods: &[Istiod]) -> Observed {
    let services = istiods
        .iter()
        .map(|istiod| IstiodService { namespace: istiod.namespace.clone(), ports: vec![15010, 15012, 443, 15014] })
        .collect();
    Observed {
        groups: Checked::Read(vec!["networking.istio.io".to_owned()]),
        istiods: Checked::Read(istiods.to_vec()),
        services: Checked::Read(services),
        ..observed()
    }
}

fn proxies(groups: &[(&str, &str, i32)]) -> Checked<Proxies> {
    let groups: BTreeMap<ProxyGroup, i32> = groups
        .iter()
        .map(|(revision, image, count)| {
            let group = ProxyGroup {
                role: Role::Proxy,
                revision: (*revision).to_owned(),
                image: (*image).to_owned(),
                digest: image.contains('@').then(|| DIGEST.to_owned()),
            };
            (group, *count)
        })
        .collect();
    Checked::Read(Proxies { groups, ..Proxies::default() })
}

fn only(facts: &Facts) -> &MeshStatus {
    assert_eq!(facts.meshes.len(), 1, "{:#?}", facts.meshes);
    &facts.meshes[0]
}

fn ids(facts: &Facts) -> Vec<(String, FindingLevel)> {
    facts.findings().into_iter().map(|finding| (finding.id, finding.level)).collect()
}

fn counts(mesh: &MeshStatus) -> Vec<(&str, i32)> {
    mesh.data_plane.iter().map(|proxies| (proxies.version.as_str(), proxies.count)).collect()
}

#[test]
fn a_cluster_without_a_mesh_has_none() {
    let facts = classify(&observed());
    assert_eq!(facts.meshes, []);
    assert_eq!(ids(&facts), []);
    assert_eq!(facts.cluster.kubernetes.unwrap().version, "v1.36.3");
}

#[test]
fn case_1_two_revisions_are_two_control_planes_with_their_own_proxies_and_a_tag_is_resolved() {
    let mut seen = with(&[
        istiod("istio-system", "1-29-6", "docker.io/istio/pilot:1.29.6"),
        istiod("istio-system", "1-30-3", "docker.io/istio/pilot:1.30.3"),
    ]);
    seen.webhooks = Checked::Read(vec![Webhook {
        name: "istio-revision-tag-prod".to_owned(),
        revision: Some("1-29-6".to_owned()),
        tag: Some("prod".to_owned()),
        ..Webhook::default()
    }]);
    seen.proxies = proxies(&[
        ("1-29-6", "docker.io/istio/proxyv2:1.29.6", 3),
        ("prod", "docker.io/istio/proxyv2:1.29.6", 2),
        ("1-30-3", "docker.io/istio/proxyv2:1.30.3", 1),
    ]);
    let facts = classify(&seen);
    assert_eq!(facts.meshes.len(), 2);
    assert_eq!(facts.meshes[0].revision.as_deref(), Some("1-29-6"));
    assert_eq!(facts.meshes[0].version.as_deref(), Some("1.29.6"));
    assert_eq!(counts(&facts.meshes[0]), [("1.29.6", 5)]);
    assert_eq!(counts(&facts.meshes[1]), [("1.30.3", 1)]);
    assert_eq!(ids(&facts), [("SeveralControlPlanes".to_owned(), FindingLevel::Info)]);
}

#[test]
fn case_2_a_digest_gives_no_version_and_the_label_or_the_running_endpoint_do() {
    let image = format!("harbor.corp:5000/mirror/pilot@{DIGEST}");
    let seen = with(&[istiod("istio-system", "default", &image)]);
    let mut facts = classify(&seen);
    assert_eq!((only(&facts).version.as_deref(), only(&facts).version_source.as_deref()), (None, None));
    assert_eq!(ids(&facts), [("VersionUnknown".to_owned(), FindingLevel::Info)]);
    merge(&mut facts.meshes[0], &["1.30.3".to_owned()]);
    assert_eq!(only(&facts).version.as_deref(), Some("1.30.3"));
    assert_eq!(only(&facts).version_source.as_deref(), Some("RunningEndpoint"));

    let labelled = labelled(istiod("istio-system", "default", &image), "app.kubernetes.io/version", "1.30.3");
    let facts = classify(&with(&[labelled]));
    assert_eq!(only(&facts).version.as_deref(), Some("1.30.3"));
    assert_eq!(only(&facts).version_source.as_deref(), Some("Label"));
}

#[test]
fn case_2_proxies_known_by_digest_alone_are_counted_as_unknown() {
    let mut seen = with(&[istiod("istio-system", "default", "istio/pilot:1.30.3")]);
    seen.proxies = proxies(&[("default", &format!("harbor.corp:5000/mirror/proxyv2@{DIGEST}"), 4)]);
    assert_eq!(counts(only(&classify(&seen))), [(format!("unknown ({DIGEST})").as_str(), 4)]);
}

#[test]
fn case_4_openshift_service_mesh_is_named_by_its_own_version_and_never_as_istios() {
    let image = format!("registry.redhat.io/openshift-service-mesh/pilot-rhel8@{DIGEST}");
    let smcp = labelled(istiod("istio-system", "basic", &image), "maistra-version", "2.5.1");
    let facts = classify(&with(&[smcp]));
    assert_eq!(only(&facts).distribution.as_deref(), Some("OpenShiftServiceMesh"));
    assert_eq!(only(&facts).version.as_deref(), Some("2.5.1"));
    assert_eq!(only(&facts).version_source.as_deref(), Some("Label"));
}

#[test]
fn case_5_a_removed_istio_is_residue_with_its_dangling_webhook_and_orphan_proxies() {
    let mut seen = observed();
    seen.groups = Checked::Read(vec!["networking.istio.io".to_owned()]);
    let facts = classify(&seen);
    assert_eq!(only(&facts).presence, MeshPresence::Residue);
    assert_eq!(only(&facts).version, None);
    assert_eq!(ids(&facts), [("MeshResidue".to_owned(), FindingLevel::Info)]);

    seen.webhooks = Checked::Read(vec![Webhook {
        name: "istio-sidecar-injector".to_owned(),
        revision: Some("default".to_owned()),
        service_namespace: Some("istio-system".to_owned()),
        fails_closed: true,
        ..Webhook::default()
    }]);
    seen.proxies = proxies(&[("default", "istio/proxyv2:1.20.3", 2)]);
    let facts = classify(&seen);
    assert_eq!(only(&facts).presence, MeshPresence::Residue);
    assert_eq!(
        ids(&facts),
        [("OrphanProxies".to_owned(), FindingLevel::Warning), ("DanglingWebhook".to_owned(), FindingLevel::Error)]
    );
}

#[test]
fn case_7_googles_managed_control_plane_is_present_without_a_version_and_azures_is_told_by_its_namespace() {
    let mut seen = observed();
    seen.proxies = proxies(&[("asm-managed", "gcr.io/gke-release/asm/proxyv2:1.31.3-asm.9", 7)]);
    let facts = classify(&seen);
    let mesh = only(&facts);
    assert_eq!((mesh.presence, mesh.distribution.as_deref()), (MeshPresence::Present, Some("CloudServiceMesh")));
    assert_eq!((mesh.version.as_deref(), mesh.version_source.as_deref()), (None, Some("ManagedByProvider")));
    assert_eq!(counts(mesh), [("1.31.3-asm.9", 7)]);
    assert_eq!(ids(&facts), []);

    let azure = istiod("aks-istio-system", "asm-1-25", "mcr.microsoft.com/oss/istio/pilot:1.25.2-distroless");
    let facts = classify(&with(&[azure]));
    assert_eq!(only(&facts).distribution.as_deref(), Some("AzureServiceMesh"));
    assert_eq!(only(&facts).version.as_deref(), Some("1.25.2"));
}

#[test]
fn case_9_a_variant_is_no_skew() {
    let mut seen = with(&[istiod("istio-system", "default", "istio/pilot:1.30.3")]);
    seen.proxies =
        proxies(&[("default", "istio/proxyv2:1.30.3-distroless", 1), ("default", "istio/proxyv2:1.30.3", 2)]);
    let facts = classify(&seen);
    assert_eq!(counts(only(&facts)), [("1.30.3", 3)]);
    assert_eq!(ids(&facts), []);
}

#[test]
fn case_10_aspen_mesh_is_known_by_its_build_wherever_the_image_is_mirrored() {
    for image in ["quay.io/aspenmesh/releases:pilot-1.9.1-am3", "10.1.1.5:443/mesh:pilot-1.9.1-am3"] {
        let mut seen = with(&[istiod("istio-system", "default", image)]);
        seen.proxies = proxies(&[("default", "10.1.1.5:443/mesh:proxyv2-1.9.1-am3", 2)]);
        let facts = classify(&seen);
        assert_eq!(only(&facts).distribution.as_deref(), Some("AspenMesh"), "{image}");
        assert_eq!(only(&facts).version.as_deref(), Some("1.9.1-am3"));
        assert_eq!(counts(only(&facts)), [("1.9.1-am3", 2)]);
        assert_eq!(ids(&facts), []);
    }
}

#[test]
fn case_11_a_proxy_newer_than_its_control_plane_is_a_finding_and_one_two_minors_older_too() {
    let mut seen = with(&[istiod("istio-system", "default", "istio/pilot:1.29.6")]);
    seen.proxies = proxies(&[("default", "istio/proxyv2:1.30.3", 1)]);
    assert_eq!(ids(&classify(&seen)), [("DataPlaneNewer".to_owned(), FindingLevel::Error)]);
    seen.proxies = proxies(&[("default", "istio/proxyv2:1.28.9", 1)]);
    assert_eq!(ids(&classify(&seen)), []);
    seen.proxies = proxies(&[("default", "istio/proxyv2:1.27.1", 1)]);
    assert_eq!(ids(&classify(&seen)), [("DataPlaneTooOld".to_owned(), FindingLevel::Warning)]);
}

#[test]
fn case_12_openshifts_own_gateway_istiod_is_the_platforms() {
    let mut own = istiod("openshift-ingress", "openshift-gateway", "registry.redhat.io/x/istio-pilot-rhel9:1.27.3");
    own.name = "istiod-openshift-gateway".to_owned();
    let facts = classify(&with(&[own]));
    assert_eq!(only(&facts).presence, MeshPresence::Platform);
}

#[test]
fn case_13_replicas_of_two_versions_are_a_rollout_and_the_oldest_counts() {
    let mut facts = classify(&with(&[istiod("istio-system", "default", "istio/pilot:1.30.3")]));
    merge(&mut facts.meshes[0], &["1.30.3".to_owned(), "1.29.6".to_owned(), "1.30.3".to_owned()]);
    assert_eq!(only(&facts).version.as_deref(), Some("1.29.6"));
    assert_eq!(ids(&facts)[0], ("RolloutInProgress".to_owned(), FindingLevel::Info));
}

#[test]
fn case_14_a_label_alone_is_no_control_plane() {
    let mut tenant = istiod("team-a", "default", "evil/pilot:9.9.9");
    let mut seen = with(&[tenant.clone()]);
    seen.services = Checked::Read(Vec::new());
    let facts = classify(&seen);
    assert_eq!(only(&facts).presence, MeshPresence::Residue);
    assert_eq!(facts.observed[0].id, "UnconfirmedControlPlane");

    tenant.containers = vec![("app".to_owned(), "evil/app:1".to_owned())];
    let facts = classify(&with(&[tenant]));
    assert_eq!(only(&facts).presence, MeshPresence::Residue);
}

#[test]
fn the_running_endpoint_counts_before_label_and_tag_and_the_conflict_is_reported() {
    let istiod =
        labelled(istiod("istio-system", "default", "istio/pilot:1.31.0"), "app.kubernetes.io/version", "1.0.0");
    let mut facts = classify(&with(&[istiod]));
    assert_eq!(only(&facts).version.as_deref(), Some("1.0.0"));
    assert_eq!(only(&facts).conflicts.len(), 1);
    for _ in 0..2 {
        merge(&mut facts.meshes[0], &["1.31.0".to_owned()]);
        let mesh = only(&facts);
        assert_eq!(mesh.version.as_deref(), Some("1.31.0"));
        assert_eq!(mesh.version_source.as_deref(), Some("RunningEndpoint"));
        let conflicts: Vec<_> = mesh.conflicts.iter().map(|c| (c.source.as_str(), c.version.as_str())).collect();
        assert_eq!(conflicts, [("Label", "1.0.0")]);
    }
    assert_eq!(ids(&facts), [("VersionConflict".to_owned(), FindingLevel::Warning)]);
}

#[test]
fn what_may_not_be_read_is_not_checked_and_never_absent() {
    let mut seen = observed();
    seen.istiods = Checked::Not("forbidden".to_owned());
    let facts = classify(&seen);
    assert_eq!(only(&facts).presence, MeshPresence::NotChecked);
    assert_eq!(facts.cluster.not_checked, ["Deployments of control planes: forbidden"]);
}

#[test]
fn where_neither_webhooks_nor_services_may_be_read_a_discovery_container_is_believed() {
    let mut seen = with(&[istiod("istio-system", "default", "istio/pilot:1.31.0")]);
    seen.webhooks = Checked::Not("forbidden".to_owned());
    seen.services = Checked::Not("forbidden".to_owned());
    assert_eq!(only(&classify(&seen)).presence, MeshPresence::Present);
}

#[test]
fn hostile_versions_are_unknown_and_short() {
    let long = "1.31.0; rm -rf /".repeat(1000);
    let istiod = labelled(istiod("istio-system", "default", "istio/pilot:latest"), "app.kubernetes.io/version", &long);
    let facts = classify(&with(&[istiod]));
    assert_eq!(only(&facts).version, None);
}
