//! What belongs to a case and what does not: control planes elsewhere, stopped ones, external ones, and what strangers make.

use serde_json::{Value, json};

use super::*;
use crate::api::MeshServes;
use crate::evidence::views::PodView;

/// Of a control plane with this standing.
fn standing(istiod: Istiod, replicas: i32, ready: i32) -> Istiod {
    Istiod { replicas, ready, ..istiod }
}

fn injector(revision: &str, client: Value, selects: Value) -> Webhook {
    let configuration = json!({
        "metadata": {"name": format!("istio-sidecar-injector-{revision}"),
            "labels": {"app": "sidecar-injector", "istio.io/rev": revision}},
        "webhooks": [{"name": "rev.namespace.sidecar-injector.istio.io", "failurePolicy": "Fail",
            "clientConfig": client, "namespaceSelector": selects}],
    });
    serde_json::from_value::<super::super::objects::WebhooksView>(configuration).unwrap().into()
}

fn serves_of(facts: &Facts) -> Vec<(&str, Option<MeshServes>)> {
    facts.meshes.iter().map(|mesh| (mesh.revision.as_deref().unwrap(), mesh.serves)).collect()
}

fn messages<'a>(facts: &'a Facts, id: &str) -> Vec<&'a str> {
    facts.findings.iter().filter(|finding| finding.id == id).map(|finding| finding.message.as_str()).collect()
}

#[test]
fn a_control_plane_that_is_not_ready_or_scaled_to_0_is_told_and_not_counted_as_running() {
    let down = standing(istiod("istio-system", "down", "istio/pilot:1.30.2"), 2, 0);
    let zero = standing(istiod("istio-system", "zero", "istio/pilot:1.29.0"), 0, 0);
    let half = standing(istiod("istio-system", "half", "istio/pilot:1.31.0"), 3, 1);
    let mut seen = with(&[down, zero, half]);
    let standings = |seen: &Observed| {
        let facts = seen_by_case(seen);
        let mut presence: Vec<_> =
            facts.meshes.iter().map(|mesh| (mesh.presence, mesh.ready_replicas.unwrap())).collect();
        presence.sort_by_key(|(presence, _)| format!("{presence:?}"));
        assert_eq!(presence, [(MeshPresence::NotReady, 0), (MeshPresence::Present, 1), (MeshPresence::Stopped, 0)]);
        facts.findings.iter().map(|finding| (finding.id.clone(), finding.level)).collect::<Vec<_>>()
    };
    let id = |id: &str, level| (id.to_owned(), level);
    let expected = [
        id("ControlPlaneNotReady", FindingLevel::Error),
        id("ControlPlaneNotReady", FindingLevel::Warning),
        id("ControlPlaneStopped", FindingLevel::Info),
    ];
    assert_eq!(standings(&seen), expected);
    seen.proxies = proxies(&[("zero", "istio/proxyv2:1.29.0", 4)]);
    let expected = [expected[0].clone(), expected[1].clone(), id("ControlPlaneStopped", FindingLevel::Error)];
    assert_eq!(standings(&seen), expected, "its proxies are without it");
}

#[test]
fn webhooks_that_lead_out_of_the_cluster_or_select_nothing_are_not_dangling() {
    let nobody = json!({"matchLabels": {"nobody-has-this": "label"}});
    let service = json!({"service": {"namespace": "istio-system", "name": "istiod", "path": "/inject"}});
    let mut seen = observed();
    seen.groups = Checked::Read(vec!["networking.istio.io".to_owned()]);
    seen.webhooks = listed(vec![
        injector("ext", json!({"url": "https://192.0.2.10:15017/inject/cluster/c1/net/n1"}), nobody.clone()),
        injector("asm-managed-stable", json!({"url": "https://meshconfig.googleapis.com/v1internal/x"}), nobody),
        injector("old", service.clone(), json!({"matchLabels": {"istio.io/deactivated": "never-match"}})),
    ]);
    seen.proxies = proxies(&[("ext", "istio/proxyv2:1.23.3", 2)]);
    let facts = seen_by_case(&seen);
    let meshes: Vec<_> = facts
        .meshes
        .iter()
        .map(|mesh| (mesh.presence, mesh.revision.as_deref().unwrap(), mesh.version_source.as_deref().unwrap()))
        .collect();
    assert_eq!(
        meshes,
        [
            (MeshPresence::Present, "ext", "ExternalControlPlane"),
            (MeshPresence::Present, "asm-managed-stable", "ManagedByProvider")
        ]
    );
    assert_eq!(counts(&facts.meshes[0]), [("1.23.3", 2)]);
    assert_eq!(facts.meshes[0].serves, Some(MeshServes::Namespace));
    assert_eq!(ids(&facts), [("SeveralControlPlanes", FindingLevel::Info)]);

    seen.webhooks = listed(vec![injector("old", service, json!({"matchLabels": {"istio.io/rev": "old"}}))]);
    assert!(
        ids(&super::seen_by_case(&seen)).contains(&("DanglingWebhook", FindingLevel::Error)),
        "in use, and nothing there"
    );
}

#[test]
fn a_webhook_is_served_by_the_control_plane_behind_its_service() {
    let istiod = istiod("istio-system", "default", "istio/pilot:1.31.0");
    let hook = |name: &str| {
        let client = json!({"service": {"namespace": "istio-system", "name": name}});
        injector("canary", client, json!({"matchLabels": {"istio.io/rev": "canary"}}))
    };
    let dangles = |name: &str, istiod: &Istiod, services: Vec<IstiodService>| {
        let seen = Observed {
            webhooks: listed(vec![hook(name)]),
            services: listed(services),
            ..with(std::slice::from_ref(istiod))
        };
        messages(&seen_by_case(&seen), "DanglingWebhook").len()
    };
    let beside = service(&istiod);
    assert_eq!(dangles("istiod-default", &istiod, vec![beside.clone()]), 0, "whatever its revision is called");
    assert_eq!(dangles("istiod-canary", &istiod, vec![beside.clone()]), 1);
    let by_hand = IstiodService { name: "istiod-canary".to_owned(), selector: BTreeMap::new(), ..beside.clone() };
    assert_eq!(dangles("istiod-canary", &istiod, vec![beside.clone(), by_hand]), 0, "its endpoints are set by hand");
    assert_eq!(dangles("istiod-default", &standing(istiod, 0, 0), vec![beside]), 1, "scaled to 0");
}

#[test]
fn a_url_of_a_revision_that_runs_here_is_another_way_to_it() {
    let mut seen = with(&[istiod("istio-system", "default", "istio/pilot:1.31.0")]);
    seen.webhooks = listed(vec![injector("default", json!({"url": "https://localhost:4711/inject"}), json!({}))]);
    assert_eq!(only(&seen_by_case(&seen)).namespace.as_deref(), Some("istio-system"));
}

#[test]
fn proxies_belong_to_the_control_plane_that_they_ask_else_to_the_one_of_their_version() {
    let mut seen = with(&[
        istiod("istio-system1", "default", "istio/pilot:1.22.0"),
        istiod("istio-system2", "default", "istio/pilot:1.18.0"),
    ]);
    seen.proxies = proxies_in(&[
        ("tenant1", "default", "istio/proxyv2:1.22.0", 3),
        ("tenant2", "default", "istio/proxyv2:1.18.0", 4),
    ]);
    let named = ["istio-system1", "istio-system2"];
    for (namespace, connected, found) in
        [("tenant1", "istio-system1", ("1.22.0", 3)), ("tenant2", "istio-system2", ("1.18.0", 4))]
    {
        let facts = facts_in(&detected(&seen), namespace, &named);
        let serves: Vec<_> = facts.meshes.iter().map(|mesh| mesh.serves).collect();
        assert_eq!(serves, [Some(MeshServes::Namespace), None], "{namespace}");
        assert_eq!(facts.meshes[0].namespace.as_deref(), Some(connected));
        assert_eq!(counts(&facts.meshes[0]), [found]);
        assert_eq!(ids(&facts), [("SeveralControlPlanes", FindingLevel::Info)], "{namespace}");
    }
    // Of one version, only the address that a proxy asks tells them apart.
    let mut twins = with(&[
        istiod("istio-system1", "default", "istio/pilot:1.22.0"),
        istiod("istio-system2", "default", "istio/pilot:1.22.0"),
    ]);
    twins.proxies = proxies_in(&[("tenant2", "default", "istio/proxyv2:1.22.0", 4)]);
    let facts = facts_in(&detected(&twins), "tenant2", &named);
    assert_eq!(facts.meshes.iter().map(|mesh| mesh.serves).collect::<Vec<_>>(), [None, None]);
    assert_eq!(messages(&facts, "ProxiesUnclear").len(), 1);
    let Checked::Read(proxies) = &mut twins.proxies else { panic!() };
    let here = proxies.by_namespace.get_mut("tenant2").unwrap();
    here.groups = here.groups.iter().map(|(group, count)| (asking(group, "istio-system2"), *count)).collect();
    let facts = facts_in(&detected(&twins), "tenant2", &named);
    let first = &facts.meshes[0];
    assert_eq!((first.namespace.as_deref(), first.serves), (Some("istio-system2"), Some(MeshServes::Namespace)));
}

fn asking(group: &ProxyGroup, namespace: &str) -> ProxyGroup {
    ProxyGroup { asks: Some(namespace.to_owned()), ..group.clone() }
}

#[test]
fn of_a_namespace_with_two_revisions_the_affected_workloads_are_told_apart() {
    let mut seen = with(&[
        istiod("istio-system", "1-29-6", "istio/pilot:1.29.6"),
        istiod("istio-system", "1-30-3", "istio/pilot:1.30.3"),
    ]);
    seen.proxies = proxies(&[("1-29-6", "istio/proxyv2:1.29.6", 3), ("1-30-3", "istio/proxyv2:1.30.3", 1)]);
    let detected = detected(&seen);
    let pod: PodView = serde_json::from_value(json!({
        "metadata": {"name": "checkout-1", "namespace": "shop", "annotations": {"istio.io/rev": "1-30-3"}},
        "spec": {"containers": [{"name": "istio-proxy", "image": "istio/proxyv2:1.30.3"}]},
        "status": {"phase": "Running"},
    }))
    .unwrap();
    let affected = detected.plane_of(&pod).into_iter().collect();
    let facts = detected.facts(&Scope::new("shop", &[], &[]), &affected);
    let expected = [("1-30-3", Some(MeshServes::AffectedWorkloads)), ("1-29-6", Some(MeshServes::Namespace))];
    assert_eq!(serves_of(&facts), expected);
}

#[test]
fn what_other_tenants_run_is_neither_shown_nor_a_finding() {
    let mut seen = with(&[
        istiod("istio-system", "default", "istio/pilot:1.31.0"),
        standing(istiod("a-sandbox", "dev", "istio/pilot:1.9.9"), 0, 0),
        istiod("mesh-of-b", "b", "istio/pilot:1.20.0"),
    ]);
    seen.proxies = proxies_in(&[
        ("shop", "default", "istio/proxyv2:1.31.0", 2),
        ("a-sandbox", "default", "istio/proxyv2:9.9.9", 50),
        ("a-sandbox", "gone", "istio/proxyv2:1.9.9", 50),
        ("b", "b", "istio/proxyv2:1.10.0", 5),
    ]);
    let Checked::Read(services) = &mut seen.services else { panic!() };
    services.items.retain(|service| service.namespace != "a-sandbox");
    let shop = seen_by_case(&seen);
    assert_eq!(serves_of(&shop), [("default", Some(MeshServes::Namespace))]);
    assert_eq!(ids(&shop), []);
    let sandbox: Vec<_> = facts_in(&detected(&seen), "a-sandbox", &["istio-system"])
        .findings
        .into_iter()
        .map(|finding| finding.id)
        .collect();
    assert_eq!(sandbox, ["DataPlaneNewer", "OrphanProxies", "UnconfirmedControlPlane"]);
}

#[test]
fn proxies_under_a_control_plane_that_the_contract_does_not_cover_are_told() {
    let mut seen = with(&[istiod("mesh", "default", "istio/pilot:1.31.0")]);
    let uncovered = seen_by_case(&seen);
    assert_eq!((uncovered.meshes.len(), ids(&uncovered)), (0, vec![("ControlPlaneNotCovered", FindingLevel::Info)]));
    seen.proxies = proxies(&[("default", "istio/proxyv2:1.31.0", 2)]);
    let uncovered = seen_by_case(&seen);
    assert_eq!(only(&uncovered).namespace.as_deref(), Some("mesh"));
    assert_eq!(ids(&uncovered), [("ControlPlaneNotCovered", FindingLevel::Warning)]);
    assert_eq!(ids(&facts_in(&detected(&seen), "shop", &["mesh"])), []);
}

#[test]
fn a_hundred_labelled_deployments_are_one_finding_of_their_own_namespace_and_hide_nothing() {
    let bare = |number: usize| {
        let name = format!("x{number:03}");
        Istiod { discovery: None, name, ..istiod("a-sandbox", "default", "") }
    };
    let mut istiods: Vec<Istiod> = (0..100).map(bare).collect();
    istiods.push(istiod("istio-system", "default", "istio/pilot:1.31.0"));
    let seen = with(&istiods);
    assert_eq!(ids(&seen_by_case(&seen)), []);
    let sandbox = facts_in(&detected(&seen), "a-sandbox", &["istio-system"]);
    assert_eq!(only(&sandbox).version.as_deref(), Some("1.31.0"));
    assert_eq!(
        messages(&sandbox, "UnconfirmedControlPlane"),
        [
            "100 Deployments in a-sandbox are labelled app=istiod and are no control planes, for lack of a container discovery, or of a webhook or Service: x000, x001, x002, ..."
        ]
    );
}

#[test]
fn a_list_that_a_bound_cut_is_not_checked_and_calls_no_webhook_dangling() {
    let cut = Some("there are more than 2000; the rest was not read".to_owned());
    let mut seen = observed();
    seen.istiods = Checked::Read(Listed { items: Vec::new(), cut });
    let client = json!({"service": {"namespace": "istio-system", "name": "istiod"}});
    seen.webhooks = listed(vec![injector("default", client, json!({}))]);
    let facts = seen_by_case(&seen);
    let expected = "Deployments of control planes: there are more than 2000; the rest was not read";
    assert_eq!(facts.cluster.not_checked, [expected]);
    assert_eq!(messages(&facts, "DanglingWebhook"), Vec::<&str>::new());
}

#[test]
fn tetrates_builds_are_tetrates() {
    let image = "containers.istio.tetratelabs.com/pilot:1.16.0-tetratefips-v0";
    let mut seen = with(&[istiod("istio-system", "t", image)]);
    seen.proxies = proxies(&[("t", "containers.istio.tetratelabs.com/proxyv2:1.16.0-tetratefips-v0", 2)]);
    let facts = seen_by_case(&seen);
    let mesh = only(&facts);
    let told = (mesh.distribution.as_deref(), mesh.version.as_deref(), counts(mesh));
    assert_eq!(told, (Some("Tetrate"), Some("1.16.0-tetratefips-v0"), vec![("1.16.0-tetratefips-v0", 2)]));
    assert_eq!(ids(&facts), []);
}

#[test]
fn proxies_of_a_revision_that_cannot_exist_are_told_to_their_own_namespace_only() {
    let mut seen = with(&[istiod("istio-system", "default", "istio/pilot:1.31.0")]);
    let strange = NamespaceProxies { odd: 3, ..NamespaceProxies::default() };
    let by_namespace = [("a-tenant".to_owned(), strange)].into();
    seen.proxies = Checked::Read(Proxies { by_namespace, groups: 0 });
    assert_eq!(ids(&seen_by_case(&seen)), []);
    let own = facts_in(&detected(&seen), "a-tenant", &["istio-system"]);
    assert_eq!(ids(&own), [("RevisionInvalid", FindingLevel::Warning)]);
}

#[test]
fn every_text_of_the_facts_fits_the_schema_whatever_strangers_write() {
    let long = "x".repeat(63);
    let tag = format!("istio/pilot:1.31.0-{}", "y".repeat(400));
    let istiods: Vec<Istiod> =
        (0..40).map(|n| istiod("istio-system", &format!("{n:02}{}", &long[2..]), &tag)).collect();
    let mut seen = with(&istiods);
    let groups: Vec<(String, String)> =
        (0..40).map(|n| (format!("{n:02}-gone"), format!("istio/proxyv2:1.9.{n}-{}", "z".repeat(90)))).collect();
    seen.proxies = proxies(&groups.iter().map(|(rev, image)| (rev.as_str(), image.as_str(), 1)).collect::<Vec<_>>());
    let facts = seen_by_case(&seen);
    assert_eq!(facts.meshes.len(), 16);
    assert!(facts.findings.len() <= 50);
    assert!(facts.findings.iter().all(|finding| finding.message.chars().count() <= 256));
    let short = |text: &Option<String>, most: usize| text.as_ref().is_none_or(|text| text.chars().count() <= most);
    for mesh in &facts.meshes {
        assert!(short(&mesh.revision, 63) && short(&mesh.namespace, 63) && short(&mesh.version, 128));
        assert!(mesh.data_plane.iter().all(|proxies| proxies.version.chars().count() <= 128));
    }
}
