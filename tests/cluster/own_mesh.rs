//! Only the mesh that a contract covers decides about a case: what stands elsewhere, is stopped or left over does not, and what
//! is mended is seen. Not for which versions are found; see `detection.rs`.

use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;
use meshcase::api::{EntitlementDecision, MeshPresence, SupportCaseStatus};
use meshcase_lab::wait_for;
use serde_json::json;

use crate::story::{SOON, Story};

/// A control plane with its Service, as far as detection looks: kwok runs its pods.
fn istiod(namespace: &str, revision: &str, version: &str, replicas: u8) -> String {
    let labels = json!({"app": "istiod", "istio.io/rev": revision});
    let name = format!("istiod-{revision}");
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "discovery", "image": format!("docker.io/istio/pilot:{version}")}]}}},
    });
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"selector": labels, "ports": [{"name": "https-dns", "port": 15012}]},
    });
    format!("{deployment}\n---\n{service}\n")
}

fn decision(status: &SupportCaseStatus) -> EntitlementDecision {
    status.entitlement.as_ref().map(|entitlement| entitlement.decision).unwrap_or_default()
}

fn version(status: &SupportCaseStatus) -> Option<&str> {
    status.product.as_ref()?.version.as_deref()
}

#[tokio::test]
async fn ruling_22a_and_24_strange_and_stopped_meshes_decide_nothing_and_a_rejected_case_sees_the_upgrade() {
    let story = Story::begin("own-mesh").await;
    let lab = story.lab;
    lab.nodes(1).await.unwrap();
    let mesh = lab.namespace("mesh-of-own").await.unwrap();
    let strange = lab.namespace("a-strange").await.unwrap();
    lab.apply(&istiod(&mesh, "1-20-0", "1.20.0", 1)).await.unwrap();
    lab.wait_for_deployment(&mesh, "istiod-1-20-0").await.unwrap();
    // Before the mesh's namespace in the alphabet, stopped, and of another version; beside it a pod that names a revision that no label holds.
    lab.apply(&istiod(&strange, "dev", "1.31.0", 0)).await.unwrap();
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "odd", "namespace": strange, "annotations": {"istio.io/rev": "r".repeat(64)}},
        "spec": {"containers": [{"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.31.0"}]},
    });
    lab.apply(&format!("{pod}\n")).await.unwrap();

    let contract = |description: &str| {
        format!(
            "plan: MesospherePremium
  term: {{startsAt: 2020-01-01T00:00:00Z, endsAt: 2090-01-01T00:00:00Z}}
  customer: {{name: Acme, projectDescription: {description}}}
  evidence: {{meshNamespaces: [{mesh}]}}
  releases:
  - {{version: '1.20', releasedOn: 2023-11-14, endOfLifeOn: 2024-06-25}}
  - {{version: '1.31', releasedOn: 2026-08-01}}"
        )
    };
    let name = story.contract("own-mesh", &contract("before")).await;
    // What another case found a moment ago may be older than this mesh: the stated version rejects, and a rejected case looks anew.
    let spec = format!(
        "{{contractRef: {{name: {name}}}, title: Help, severity: Sev3, evidence: {{collect: false}},
           environment: {{meshVersion: 1.20.0}}}}"
    );
    story.case("ask", &spec).await;
    story.until("ask", "is rejected", |status| decision(status) == EntitlementDecision::Rejected).await;
    let rejected = story.until("ask", "names the mesh", |status| !status.meshes.is_empty()).await;
    assert_eq!(decision(&rejected), EntitlementDecision::Rejected);
    assert_eq!(version(&rejected), Some("1.20.0"));
    assert_eq!(rejected.meshes.len(), 1, "{:?}", rejected.meshes);

    // The upgrade leaves the old revision behind at 0; an edit of the contract makes the case look.
    lab.apply(&istiod(&mesh, "1-31-0", "1.31.0", 1)).await.unwrap();
    lab.wait_for_deployment(&mesh, "istiod-1-31-0").await.unwrap();
    lab.apply(&istiod(&mesh, "1-20-0", "1.20.0", 0)).await.unwrap();
    let deployments = Api::<Deployment>::namespaced(story.client.clone(), &mesh);
    let gone = wait_for("the old revision to be gone", SOON, async || {
        let status = deployments.get("istiod-1-20-0").await.ok()?.status?;
        (status.ready_replicas.unwrap_or_default() == 0).then_some(())
    });
    gone.await.unwrap();
    story.contract("own-mesh", &contract("after")).await;
    let accepted = story.until("ask", "is accepted", |status| decision(status) == EntitlementDecision::Accepted).await;
    assert_eq!(version(&accepted), Some("1.31.0"));
    let standing: Vec<_> = accepted.meshes.iter().map(|mesh| (mesh.revision.as_deref(), mesh.presence)).collect();
    let expected = [(Some("1-31-0"), MeshPresence::Present), (Some("1-20-0"), MeshPresence::Stopped)];
    assert_eq!(standing, expected);
    let findings: Vec<&str> = accepted.findings.iter().map(|finding| finding.id.as_str()).collect();
    assert_eq!(findings, ["ControlPlaneStopped"]);
}
