//! What the operator says of a real Istio and a real cluster, held against what Istio's own tool says of the same.
//! Not for: installations that cannot be had here; those are fixtures beside the code.

use meshcase::api::{MeshKind, MeshPresence, MeshStatus};
use meshcase_lab::{ASPEN_REVISION, Lab, MESH_NAMESPACE, OperatorOptions};
use serde_json::Value;

use crate::evidence::{Bundle, is_collected};
use crate::mesh::injected_pod;
use crate::story::{OPERATOR, Story};

const SPEC: &str = "plan: AspenMeshStandard
  term: {startsAt: 2020-01-01T00:00:00Z, endsAt: 2090-01-01T00:00:00Z}
  evidence: {meshNamespaces: [istio-system]}";

/// A laboratory of its own, for what is counted here must not change under other tests.
#[tokio::test]
async fn versions_and_their_sources_are_those_that_istioctl_states_and_their_conflict_is_told() {
    let lab = Lab::start().await.unwrap();
    lab.nodes(2).await.unwrap();
    lab.istio().await.unwrap();
    lab.aspen_mesh().await.unwrap();
    let (namespace, pod) = injected_pod(&lab, "detected", "istio-injection=enabled").await;
    let pod = pod.metadata.name.unwrap();
    let story = Story { lab: &lab, client: lab.admin().await.unwrap(), namespace };
    let _sidecar = lab.sidecar(&story.namespace, &pod).await.unwrap();

    lab.operator(&OperatorOptions::new(OPERATOR)).await.unwrap();
    let contract = story.contract("aspen", SPEC).await;
    let affected = "affected: [{kind: Deployment, name: app}]";
    story.case("ask", &format!("{{contractRef: {{name: {contract}}}, title: Help, severity: Sev1, {affected}}}")).await;
    let status = story.until("ask", "has its evidence", is_collected).await;

    let cluster = status.cluster.unwrap();
    assert_eq!(cluster.not_checked, Vec::<String>::new());
    let nodes = cluster.nodes.unwrap();
    assert_eq!((nodes.total, nodes.ready), (2, 2));
    let meshes: Vec<&MeshStatus> = status.meshes.iter().filter(|mesh| mesh.kind == MeshKind::Istio).collect();
    let of = |revision: &str| {
        let found = meshes.iter().find(|mesh| mesh.revision.as_deref() == Some(revision));
        *found.unwrap_or_else(|| panic!("no revision {revision} in {meshes:#?}"))
    };
    for (revision, distribution, version) in
        [("default", "Istio", "1.31.0"), (ASPEN_REVISION, "AspenMesh", "1.24.6-am2")]
    {
        let mesh = of(revision);
        assert_eq!(mesh.presence, MeshPresence::Present);
        assert_eq!(mesh.distribution.as_deref(), Some(distribution));
        assert_eq!(mesh.version.as_deref(), Some(version));
        assert_eq!(mesh.version_source.as_deref(), Some("RunningEndpoint"));
        assert_eq!(mesh.namespace.as_deref(), Some(MESH_NAMESPACE));
    }
    // The objects of this very build are labelled 1.0.0: a true conflict of sources.
    assert!(of("default").conflicts.iter().any(|claim| claim.version.starts_with("1.0.0")), "{:?}", of("default"));
    assert_eq!(of("default").data_plane.len(), 1, "{:?}", of("default"));
    assert_eq!((of("default").data_plane[0].version.as_str(), of("default").data_plane[0].count), ("1.31.0", 1));

    let said = lab.istioctl(&["version", "-o", "json"]).await.unwrap().successful().unwrap().stdout;
    let said: Value = serde_json::from_str(&said).unwrap();
    let texts = |list: &Value, path: &str| -> Vec<String> {
        let items = list.as_array().into_iter().flatten();
        items.map(|item| item.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()).collect()
    };
    let revisions = texts(&said["meshVersion"], "/Revision");
    let versions = texts(&said["meshVersion"], "/Info/version");
    assert!(!revisions.is_empty(), "{said}");
    for (revision, version) in revisions.iter().zip(&versions) {
        assert_eq!(of(revision).version.as_ref(), Some(version), "{said}");
    }
    assert_eq!(
        texts(&said["dataPlaneVersion"], "/IstioVersion"),
        [of("default").data_plane[0].version.clone()],
        "{said}"
    );

    let evidence = status.evidence.unwrap();
    let bundle = Bundle::of(&evidence);
    let log = |container: &str, namespace: &str, pod: &str| {
        bundle.text(&format!("log of container {container} in pod {namespace}/{pod}"))
    };
    assert!(log("istio-proxy", &story.namespace, &pod).contains("Envoy"), "the native sidecar's log");
    let istiod = lab.istio().await.unwrap();
    assert!(log("discovery", MESH_NAMESPACE, istiod.pod()).contains("ADS"), "the control plane's log");
    let items: Vec<&str> = bundle.manifest.items.iter().map(|entry| entry.item.as_str()).collect();
    assert!(items.iter().any(|item| item.starts_with("virtualservices.networking.istio.io in")), "{items:?}");
    assert!(status.findings.iter().any(|finding| finding.id == "VersionConflict"), "{:?}", status.findings);
}
