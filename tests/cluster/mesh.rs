//! The laboratory's mesh is a real one: its webhook injects, its proxy gets a certificate and its configuration, and Istio's
//! own tool works on it. Not for: what the product makes of it (`detection.rs`).

use std::time::Duration;

use futures::AsyncReadExt;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{ListParams, LogParams};
use meshcase_lab::{ASPEN_REVISION, Lab, MESH_NAMESPACE, Mesh, leftovers, wait_for};
use serde_json::Value;
use tokio::sync::OnceCell;

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec: {containers: [{name: app, image: example.com/app:1}]}
";

static MESH: OnceCell<Lab> = OnceCell::const_new();

/// One laboratory for all tests of a mesh: what they inject must not change what others detect.
pub async fn mesh_lab() -> &'static Lab {
    MESH.get_or_try_init(Lab::start).await.unwrap()
}

/// A namespace with this label, and in it the one pod of [`DEPLOYMENT`].
pub async fn injected_pod(lab: &Lab, prefix: &str, label: &str) -> (String, Pod) {
    let namespace = lab.namespace(prefix).await.unwrap();
    lab.kubectl(&["label", "namespace", &namespace, label]).await.unwrap().successful().unwrap();
    lab.apply_in(&namespace, DEPLOYMENT).await.unwrap();
    lab.wait_for_deployment(&namespace, "app").await.unwrap();
    let pods = Api::<Pod>::namespaced(lab.admin().await.unwrap(), &namespace);
    let pod = pods.list(&ListParams::default()).await.unwrap().items.remove(0);
    (namespace, pod)
}

fn proxy_image(pod: &Pod) -> String {
    let containers = pod.spec.as_ref().unwrap().init_containers.iter().flatten();
    let proxy = containers.clone().find(|container| container.name == "istio-proxy");
    assert!(containers.clone().any(|container| container.name == "istio-init"));
    proxy.expect("the proxy is injected").image.clone().unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

async fn log(lab: &Lab, namespace: &str, pod: &str, container: &str) -> String {
    let pods = Api::<Pod>::namespaced(lab.admin().await.unwrap(), namespace);
    let asked = LogParams { container: Some(container.to_owned()), since_seconds: Some(3600), ..LogParams::default() };
    let mut bytes = Vec::new();
    std::pin::pin!(pods.log_stream(pod, &asked).await.unwrap()).read_to_end(&mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Until istiod has an acknowledgement of all that it sent to this pod's proxy: what it says about that proxy.
async fn acknowledged(mesh: &Mesh, namespace: &str, pod: &str) -> Value {
    let id = format!("{pod}.{namespace}");
    let acknowledged = wait_for("istiod to have all acknowledged", Duration::from_secs(60), async || {
        let proxies = json(&mesh.get("/debug/syncz").await.ok()?);
        let proxy = proxies.as_array()?.iter().find(|one| one["proxy"] == id.as_str())?.clone();
        let same = |kind: &str| {
            let (sent, acked) = (&proxy[format!("{kind}_sent")], &proxy[format!("{kind}_acked")]);
            sent.is_string() && sent == acked
        };
        (same("cluster") && same("listener")).then_some(proxy)
    });
    acknowledged.await.unwrap()
}

#[tokio::test]
async fn a_pod_gets_a_proxy_whose_certificate_and_configuration_are_istiods() {
    let lab = mesh_lab().await;
    let mesh = lab.istio().await.unwrap();
    let (namespace, pod) = injected_pod(lab, "mesh", "istio-injection=enabled").await;
    let name = pod.metadata.name.clone().unwrap();
    assert_eq!(proxy_image(&pod), "docker.io/istio/proxyv2:1.31.0");
    let secrets =
        async || lab.istioctl(&["proxy-config", "secret", &name, "-n", &namespace, "-o", "json"]).await.unwrap();
    let refused = secrets().await;
    assert!(!refused.success, "nothing runs in the proxy's container yet: {refused:?}");

    let sidecar = lab.sidecar(&namespace, &name).await.unwrap();
    let proxy = acknowledged(mesh, &namespace, &name).await;
    assert_eq!(proxy["istio_version"], "1.31.0", "{proxy}");
    let shown = wait_for("an exec into the proxy", Duration::from_secs(20), async || secrets().await.successful().ok());
    let secrets = shown.await.unwrap().stdout;
    assert!(secrets.contains("ROOTCA") && secrets.contains("certificateChain"), "{secrets}");
    let said = log(lab, MESH_NAMESPACE, mesh.pod(), "discovery").await;
    assert!(said.contains(&format!("connection for node:{name}.{namespace}")), "{said}");
    let said = log(lab, &namespace, &name, "istio-proxy").await;
    assert!(said.contains("Envoy proxy is ready"), "{said}");

    let folder = sidecar.folder().to_owned();
    // The agent, Envoy, the reaper and the folder.
    assert!(leftovers(&folder).len() >= 4, "{:?}", leftovers(&folder));
    drop(sidecar);
    assert_eq!(leftovers(&folder), Vec::<String>::new());
}

#[tokio::test]
async fn the_same_code_stamped_as_aspen_mesh_is_a_control_plane_of_its_own_revision() {
    let lab = mesh_lab().await;
    let mesh = lab.aspen_mesh().await.unwrap();
    let (_, pod) = injected_pod(lab, "aspen", &format!("istio.io/rev={ASPEN_REVISION}")).await;
    assert_eq!(proxy_image(&pod), "quay.io/aspenmesh/proxyv2:1.24.6-am2");
    assert_eq!(pod.metadata.annotations.unwrap()["istio.io/rev"], ASPEN_REVISION);
    let version = mesh.get("/version").await.unwrap();
    assert!(version.contains("1.24.6-am2"), "{version}");
}

#[tokio::test]
async fn istioctl_shows_the_proxy_and_makes_its_bug_report_as_on_any_cluster() {
    let lab = mesh_lab().await;
    let mesh = lab.istio().await.unwrap();
    let (namespace, pod) = injected_pod(lab, "report", "istio-injection=enabled").await;
    let name = pod.metadata.name.unwrap();
    let _sidecar = lab.sidecar(&namespace, &name).await.unwrap();
    acknowledged(mesh, &namespace, &name).await;
    // Not `bug-report`: there it gathers what it then packs.
    let folder = lab.folder().join("report");
    std::fs::create_dir(&folder).unwrap();
    let to = folder.to_str().unwrap();
    let arguments = ["bug-report", "--include", &namespace, "--include", MESH_NAMESPACE, "--output-dir", to];
    let status = lab.istioctl(&["proxy-status"]).await.unwrap().successful().unwrap().stdout;
    assert!(status.contains(&format!("{name}.{namespace}")) && status.contains(mesh.pod()), "{status}");
    let report = lab.istioctl(&arguments).await.unwrap().successful().unwrap();
    let archive =
        std::fs::File::open(folder.join("bug-report.tar.gz")).unwrap_or_else(|error| panic!("{error}: {report:?}"));
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    let members: Vec<String> =
        archive.entries().unwrap().map(|member| member.unwrap().path().unwrap().display().to_string()).collect();
    for part in [&format!("{}/discovery.log", mesh.pod()), "debug/syncz", &format!("{name}/config_dump")] {
        assert!(members.iter().any(|member| member.contains(part)), "{part} of {members:?}");
    }
}
