//! The tricky states of a cluster and the answers they must get. The numbers are those of the list of cases that the
//! detection was designed from. All are seen by a case in the namespace `shop`, under a contract that names `istio-system`.

mod own_mesh;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::observed::{
    Checked, Istiod, IstiodService, Listed, NamespaceProxies, Nodes, Observed, Proxies, ProxyGroup, Role, Running,
    Target, Webhook,
};
use super::{Detected, Facts, Scope, classify};
use crate::api::{FindingLevel, MeshPresence, MeshStatus};

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn listed<T>(items: Vec<T>) -> Checked<Listed<T>> {
    Checked::Read(Listed { items, cut: None })
}

/// A cluster without any mesh, of which everything could be read.
pub(super) fn observed() -> Observed {
    Observed {
        git_version: "v1.36.3".to_owned(),
        groups: Checked::Read(Vec::new()),
        nodes: Checked::Read(Nodes::default()),
        istiods: listed(Vec::new()),
        webhooks: listed(Vec::new()),
        services: listed(Vec::new()),
        proxies: Checked::Read(Proxies::default()),
    }
}

fn labels<const N: usize>(labels: [(&str, &str); N]) -> BTreeMap<String, String> {
    labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// One whose only pod is ready.
fn istiod(namespace: &str, revision: &str, image: &str) -> Istiod {
    Istiod {
        name: format!("istiod-{revision}"),
        namespace: namespace.to_owned(),
        labels: labels([("istio.io/rev", revision)]),
        pod_labels: labels([("app", "istiod"), ("istio.io/rev", revision)]),
        discovery: Some(image.to_owned()),
        replicas: 1,
        ready: 1,
    }
}

fn labelled(mut istiod: Istiod, key: &str, value: &str) -> Istiod {
    istiod.labels.insert(key.to_owned(), value.to_owned());
    istiod
}

/// The Service beside an istiod.
fn service(istiod: &Istiod) -> IstiodService {
    IstiodService {
        name: istiod.name.clone(),
        namespace: istiod.namespace.clone(),
        ports: vec![15010, 15012, 443, 15014],
        selector: labels([("app", "istiod"), ("istio.io/rev", istiod.revision())]),
    }
}

fn with(istiods: &[Istiod]) -> Observed {
    Observed {
        groups: Checked::Read(vec!["networking.istio.io".to_owned()]),
        services: listed(istiods.iter().map(service).collect()),
        istiods: listed(istiods.to_vec()),
        ..observed()
    }
}

/// Proxies of a revision and image, so many, in the namespace `shop`.
fn proxies(groups: &[(&str, &str, i32)]) -> Checked<Proxies> {
    proxies_in(&groups.iter().map(|(revision, image, count)| ("shop", *revision, *image, *count)).collect::<Vec<_>>())
}

fn proxies_in(groups: &[(&str, &str, &str, i32)]) -> Checked<Proxies> {
    let mut by_namespace: BTreeMap<String, NamespaceProxies> = BTreeMap::new();
    for (namespace, revision, image, count) in groups {
        let group = ProxyGroup {
            role: Role::Proxy,
            revision: (*revision).to_owned(),
            asks: None,
            image: (*image).to_owned(),
            digest: image.contains('@').then(|| DIGEST.to_owned()),
        };
        by_namespace.entry((*namespace).to_owned()).or_default().groups.insert(group, *count);
    }
    Checked::Read(Proxies { by_namespace, groups: groups.len() })
}

fn running(namespace: &str, revision: &str, answers: &[&str]) -> Running {
    let answers = answers.iter().map(|answer| (*answer).to_owned()).collect();
    [((namespace.to_owned(), revision.to_owned()), answers)].into()
}

fn detected(seen: &Observed) -> Detected {
    classify(Arc::new(seen.clone()), &Running::default())
}

/// As a case in `namespace` sees it, under a contract that names `named`.
fn facts_in(detected: &Detected, namespace: &str, named: &[&str]) -> Facts {
    let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
    detected.facts(&Scope::new(namespace, &named, &[]), &BTreeSet::new())
}

fn seen_by_case(seen: &Observed) -> Facts {
    facts_in(&detected(seen), "shop", &["istio-system"])
}

fn only(facts: &Facts) -> &MeshStatus {
    assert_eq!(facts.meshes.len(), 1, "{:#?}", facts.meshes);
    &facts.meshes[0]
}

fn ids(facts: &Facts) -> Vec<(&str, FindingLevel)> {
    facts.findings.iter().map(|finding| (finding.id.as_str(), finding.level)).collect()
}

fn counts(mesh: &MeshStatus) -> Vec<(&str, i32)> {
    mesh.data_plane.iter().map(|proxies| (proxies.version.as_str(), proxies.count)).collect()
}

#[test]
fn a_cluster_without_a_mesh_has_none() {
    let facts = seen_by_case(&observed());
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
    seen.webhooks = listed(vec![Webhook {
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
    let facts = seen_by_case(&seen);
    assert_eq!(facts.meshes.len(), 2);
    assert_eq!(facts.meshes[1].revision.as_deref(), Some("1-29-6"));
    assert_eq!(facts.meshes[1].version.as_deref(), Some("1.29.6"));
    assert_eq!(counts(&facts.meshes[1]), [("1.29.6", 5)]);
    assert_eq!(counts(&facts.meshes[0]), [("1.30.3", 1)]);
    assert_eq!(ids(&facts), [("SeveralControlPlanes", FindingLevel::Info)]);
}

#[test]
fn case_2_a_digest_gives_no_version_and_the_label_or_the_running_endpoint_do() {
    let image = format!("harbor.corp:5000/mirror/pilot@{DIGEST}");
    let seen = with(&[istiod("istio-system", "default", &image)]);
    let unknown = seen_by_case(&seen);
    assert_eq!((only(&unknown).version.as_deref(), only(&unknown).version_source.as_deref()), (None, None));
    assert_eq!(ids(&unknown), [("VersionUnknown", FindingLevel::Info)]);
    let answered = classify(Arc::new(seen), &running("istio-system", "default", &["1.30.3"]));
    let facts = facts_in(&answered, "shop", &["istio-system"]);
    assert_eq!(only(&facts).version.as_deref(), Some("1.30.3"));
    assert_eq!(only(&facts).version_source.as_deref(), Some("RunningEndpoint"));

    let labelled = labelled(istiod("istio-system", "default", &image), "app.kubernetes.io/version", "1.30.3");
    let facts = seen_by_case(&with(&[labelled]));
    assert_eq!(only(&facts).version.as_deref(), Some("1.30.3"));
    assert_eq!(only(&facts).version_source.as_deref(), Some("Label"));
}

#[test]
fn case_2_proxies_known_by_digest_alone_are_counted_as_unknown() {
    let mut seen = with(&[istiod("istio-system", "default", "istio/pilot:1.30.3")]);
    seen.proxies = proxies(&[("default", &format!("harbor.corp:5000/mirror/proxyv2@{DIGEST}"), 4)]);
    assert_eq!(counts(only(&seen_by_case(&seen))), [(format!("unknown ({DIGEST})").as_str(), 4)]);
}

#[test]
fn case_4_openshift_service_mesh_is_named_by_its_own_version_and_never_as_istios() {
    let image = format!("registry.redhat.io/openshift-service-mesh/pilot-rhel8@{DIGEST}");
    let smcp = labelled(istiod("istio-system", "basic", &image), "maistra-version", "2.5.1");
    let facts = seen_by_case(&with(&[smcp]));
    assert_eq!(only(&facts).distribution.as_deref(), Some("OpenShiftServiceMesh"));
    assert_eq!(only(&facts).version.as_deref(), Some("2.5.1"));
    assert_eq!(only(&facts).version_source.as_deref(), Some("Label"));
}

#[test]
fn case_5_a_removed_istio_is_residue_with_its_dangling_webhook_and_orphan_proxies() {
    let mut seen = observed();
    seen.groups = Checked::Read(vec!["networking.istio.io".to_owned()]);
    let facts = seen_by_case(&seen);
    assert_eq!(only(&facts).presence, MeshPresence::Residue);
    assert_eq!(only(&facts).version, None);
    assert_eq!(ids(&facts), [("MeshResidue", FindingLevel::Info)]);

    seen.webhooks = listed(vec![Webhook {
        name: "istio-sidecar-injector".to_owned(),
        revision: Some("default".to_owned()),
        target: Some(Target::Service { namespace: "istio-system".to_owned(), name: "istiod".to_owned() }),
        in_use: true,
        fails_closed: true,
        ..Webhook::default()
    }]);
    seen.proxies = proxies(&[("default", "istio/proxyv2:1.20.3", 2)]);
    let facts = seen_by_case(&seen);
    assert_eq!(only(&facts).presence, MeshPresence::Residue);
    assert_eq!(ids(&facts), [("OrphanProxies", FindingLevel::Warning), ("DanglingWebhook", FindingLevel::Error)]);
}

#[test]
fn case_7_googles_managed_control_plane_is_present_without_a_version_and_azures_is_told_by_its_namespace() {
    let mut seen = observed();
    seen.proxies = proxies(&[("asm-managed", "gcr.io/gke-release/asm/proxyv2:1.31.3-asm.9", 7)]);
    let facts = seen_by_case(&seen);
    let mesh = only(&facts);
    assert_eq!((mesh.presence, mesh.distribution.as_deref()), (MeshPresence::Present, Some("CloudServiceMesh")));
    assert_eq!((mesh.version.as_deref(), mesh.version_source.as_deref()), (None, Some("ManagedByProvider")));
    assert_eq!(counts(mesh), [("1.31.3-asm.9", 7)]);
    assert_eq!(ids(&facts), []);

    let azure = istiod("aks-istio-system", "asm-1-25", "mcr.microsoft.com/oss/istio/pilot:1.25.2-distroless");
    let facts = facts_in(&detected(&with(&[azure])), "shop", &["aks-istio-system"]);
    assert_eq!(only(&facts).distribution.as_deref(), Some("AzureServiceMesh"));
    assert_eq!(only(&facts).version.as_deref(), Some("1.25.2"));
}

#[test]
fn case_9_a_variant_is_no_skew() {
    let mut seen = with(&[istiod("istio-system", "default", "istio/pilot:1.30.3")]);
    seen.proxies =
        proxies(&[("default", "istio/proxyv2:1.30.3-distroless", 1), ("default", "istio/proxyv2:1.30.3", 2)]);
    let facts = seen_by_case(&seen);
    assert_eq!(counts(only(&facts)), [("1.30.3", 3)]);
    assert_eq!(ids(&facts), []);
}

#[test]
fn case_10_aspen_mesh_is_known_by_its_build_wherever_the_image_is_mirrored() {
    for image in ["quay.io/aspenmesh/releases:pilot-1.9.1-am3", "10.1.1.5:443/mesh:pilot-1.9.1-am3"] {
        let mut seen = with(&[istiod("istio-system", "default", image)]);
        seen.proxies = proxies(&[("default", "10.1.1.5:443/mesh:proxyv2-1.9.1-am3", 2)]);
        let facts = seen_by_case(&seen);
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
    assert_eq!(ids(&seen_by_case(&seen)), [("DataPlaneNewer", FindingLevel::Error)]);
    seen.proxies = proxies(&[("default", "istio/proxyv2:1.28.9", 1)]);
    assert_eq!(ids(&seen_by_case(&seen)), []);
    seen.proxies = proxies(&[("default", "istio/proxyv2:1.27.1", 1)]);
    assert_eq!(ids(&seen_by_case(&seen)), [("DataPlaneTooOld", FindingLevel::Warning)]);
}

#[test]
fn case_12_openshifts_own_gateway_istiod_is_the_platforms() {
    let mut own = istiod("openshift-ingress", "openshift-gateway", "registry.redhat.io/x/istio-pilot-rhel9:1.27.3");
    own.name = "istiod-openshift-gateway".to_owned();
    let facts = seen_by_case(&with(&[own]));
    assert_eq!(only(&facts).presence, MeshPresence::Platform);
}

#[test]
fn case_13_replicas_of_two_versions_are_a_rollout_and_the_oldest_counts() {
    let seen = with(&[istiod("istio-system", "default", "istio/pilot:1.30.3")]);
    let answers = running("istio-system", "default", &["1.30.3", "1.29.6", "1.30.3"]);
    let facts = facts_in(&classify(Arc::new(seen), &answers), "shop", &["istio-system"]);
    assert_eq!(only(&facts).version.as_deref(), Some("1.29.6"));
    assert_eq!(ids(&facts)[0], ("RolloutInProgress", FindingLevel::Info));
}

#[test]
fn case_14_a_label_alone_is_no_control_plane() {
    let mut tenant = istiod("shop", "default", "evil/pilot:9.9.9");
    let mut seen = with(&[tenant.clone()]);
    seen.services = listed(Vec::new());
    assert_eq!(only(&seen_by_case(&seen)).presence, MeshPresence::Residue);
    assert!(ids(&seen_by_case(&seen)).contains(&("UnconfirmedControlPlane", FindingLevel::Info)));

    let mut beside = with(&[tenant.clone()]);
    let strange = IstiodService { selector: labels([("app", "other")]), ..service(&tenant) };
    beside.services = listed(vec![strange]);
    assert_eq!(only(&seen_by_case(&beside)).presence, MeshPresence::Residue, "a Service of other pods");

    tenant.discovery = None;
    assert_eq!(only(&seen_by_case(&with(&[tenant]))).presence, MeshPresence::Residue);
}

#[test]
fn the_running_endpoint_counts_before_the_image_tag_before_the_label_and_the_conflict_is_told() {
    let istiod =
        labelled(istiod("istio-system", "default", "istio/pilot:1.24.3"), "app.kubernetes.io/version", "1.24.0");
    let istiod = labelled(istiod, "helm.sh/chart", "istiod-1.23.0");
    let seen = with(&[istiod]);
    let told = |facts: &Facts| {
        let mesh = only(facts).clone();
        let conflicts: Vec<_> = mesh.conflicts.into_iter().map(|claim| (claim.source, claim.version)).collect();
        (mesh.version.unwrap(), mesh.version_source.unwrap(), conflicts)
    };
    let claim = |source: &str, version: &str| (source.to_owned(), version.to_owned());
    let by_tag = seen_by_case(&seen);
    let (version, source, conflicts) = told(&by_tag);
    assert_eq!((version.as_str(), source.as_str()), ("1.24.3", "ImageTag"));
    assert_eq!(conflicts, [claim("Label", "1.24.0"), claim("HelmChart", "1.23.0")]);
    assert_eq!(ids(&by_tag), [("VersionConflict", FindingLevel::Warning); 2]);
    let answered = classify(Arc::new(seen), &running("istio-system", "default", &["1.24.4"]));
    let (version, source, conflicts) = told(&facts_in(&answered, "shop", &["istio-system"]));
    assert_eq!((version.as_str(), source.as_str()), ("1.24.4", "RunningEndpoint"));
    assert_eq!(conflicts, [claim("ImageTag", "1.24.3"), claim("Label", "1.24.0"), claim("HelmChart", "1.23.0")]);
}

#[test]
fn what_may_not_be_read_is_not_checked_and_never_absent() {
    let mut seen = observed();
    seen.istiods = Checked::Not("forbidden".to_owned());
    let facts = seen_by_case(&seen);
    assert_eq!(only(&facts).presence, MeshPresence::NotChecked);
    assert_eq!(facts.cluster.not_checked, ["Deployments of control planes: forbidden"]);
}

#[test]
fn where_neither_webhooks_nor_services_may_be_read_a_discovery_container_is_believed() {
    let mut seen = with(&[istiod("istio-system", "default", "istio/pilot:1.31.0")]);
    seen.webhooks = Checked::Not("forbidden".to_owned());
    seen.services = Checked::Not("forbidden".to_owned());
    assert_eq!(only(&seen_by_case(&seen)).presence, MeshPresence::Present);
}

#[test]
fn hostile_versions_are_unknown_and_short() {
    let long = "1.31.0; rm -rf /".repeat(1000);
    let istiod = labelled(istiod("istio-system", "default", "istio/pilot:latest"), "app.kubernetes.io/version", &long);
    let facts = seen_by_case(&with(&[istiod]));
    assert_eq!(only(&facts).version, None);
}
