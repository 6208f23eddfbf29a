//! The laboratory's mesh is a real one: its webhook injects, its proxy gets a certificate and its configuration, and Istio's
//! own tool says so. Not for: what the product makes of it.

use std::time::Duration;

use futures::AsyncReadExt;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{ListParams, LogParams};
use meshcase_lab::{ASPEN_REVISION, Lab, MESH_NAMESPACE, wait_for};
use serde_json::Value;

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec: {containers: [{name: app, image: example.com/app:1}]}
";

/// A namespace with this label, and in it the one pod of [`DEPLOYMENT`].
async fn injected_pod(lab: &Lab, prefix: &str, label: &str) -> (String, Pod) {
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

#[tokio::test]
async fn a_pod_gets_a_proxy_whose_certificate_and_configuration_are_istiods_and_istioctl_sees_both() {
    let lab = Lab::shared().await.unwrap();
    let mesh = lab.istio().await.unwrap();
    let (namespace, pod) = injected_pod(lab, "mesh", "istio-injection=enabled").await;
    let name = pod.metadata.name.clone().unwrap();
    assert_eq!(proxy_image(&pod), "docker.io/istio/proxyv2:1.31.0");

    let sidecar = lab.sidecar(&namespace, &name).await.unwrap();
    let id = format!("{name}.{namespace}");
    let acknowledged = wait_for("istiod to have all acknowledged", Duration::from_secs(60), async || {
        let proxies = json(&mesh.get("/debug/syncz").await.ok()?);
        let proxy = proxies.as_array()?.iter().find(|one| one["proxy"] == id.as_str())?.clone();
        let same = |kind: &str| {
            let (sent, acked) = (&proxy[format!("{kind}_sent")], &proxy[format!("{kind}_acked")]);
            sent.is_string() && sent == acked
        };
        (same("cluster") && same("listener")).then_some(proxy)
    });
    let proxy = acknowledged.await.unwrap();
    assert_eq!(proxy["istio_version"], "1.31.0", "{proxy}");

    let clusters = lab.istioctl(&["proxy-config", "secret", &name, "-n", &namespace, "-o", "json"]).await.unwrap();
    let secrets = clusters.successful().unwrap().stdout;
    assert!(secrets.contains("ROOTCA") && secrets.contains("certificateChain"), "{secrets}");

    let version = json(&lab.istioctl(&["version", "-o", "json"]).await.unwrap().successful().unwrap().stdout);
    let control_planes = version["meshVersion"].as_array().unwrap();
    assert!(control_planes.iter().any(|one| one["Info"]["version"] == "1.31.0"), "{version}");
    assert_eq!(version["dataPlaneVersion"][0]["IstioVersion"], "1.31.0", "{version}");
    let status = lab.istioctl(&["proxy-status"]).await.unwrap().successful().unwrap().stdout;
    assert!(status.contains(&id) && status.contains(mesh.pod()), "{status}");

    assert!(log(lab, MESH_NAMESPACE, mesh.pod(), "discovery").await.contains("ADS: new connection"));
    let said = log(lab, &namespace, &name, "istio-proxy").await;
    assert!(said.contains("Envoy proxy is ready") || said.contains("all dependencies initialized"), "{said}");

    let group = sidecar.process().id();
    drop(sidecar);
    assert!(!std::path::Path::new(&format!("/proc/{group}")).exists());
    assert!(std::net::TcpListener::bind(("127.0.0.1", 15000)).is_ok(), "Envoy goes with its agent");
}

#[tokio::test]
async fn the_same_code_stamped_as_aspen_mesh_is_a_control_plane_of_its_own_revision() {
    let lab = Lab::shared().await.unwrap();
    let mesh = lab.aspen_mesh().await.unwrap();
    let (_, pod) = injected_pod(lab, "aspen", &format!("istio.io/rev={ASPEN_REVISION}")).await;
    assert_eq!(proxy_image(&pod), "quay.io/aspenmesh/proxyv2:1.24.6-am2");
    assert_eq!(pod.metadata.annotations.unwrap()["istio.io/rev"], ASPEN_REVISION);
    let version = mesh.get("/version").await.unwrap();
    assert!(version.contains("1.24.6-am2"), "{version}");
}
