//! Recognises Istio's proxies in pods, and counts them by namespace. Pure; pods come one by one and are forgotten. Not for the versions
//! of what was counted.

use serde::Deserialize;

use super::image::Image;
use super::observed::{Proxies, ProxyGroup, Role};
use crate::evidence::views::{ContainerView, PodView};

/// Different kinds of proxies that are kept of one namespace: whoever invents images makes only his own count short.
const MAX_OF_NAMESPACE: usize = 32;
/// The same of the whole cluster.
const MAX_GROUPS: usize = 20_000;
/// The longest image that is kept, in bytes.
const MAX_TEXT: usize = 512;

/// Istio's note of what its webhook did to a pod.
#[derive(Deserialize)]
struct InjectionStatus {
    #[serde(default)]
    revision: String,
}

/// The part of Istio's `ProxyConfig` that names a control plane.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProxyConfig {
    discovery_address: Option<String>,
}

impl Proxies {
    /// Counts what a pod holds. Only pods that run count; a label without a proxy's container is no proxy.
    pub fn count(&mut self, pod: &PodView) {
        if !pod.is_running() {
            return;
        }
        let enrolled = pod.annotation("ambient.istio.io/redirection") == Some("enabled");
        let proxy = group(pod);
        if !enrolled && proxy.is_none() {
            return;
        }
        let namespace = pod.metadata.namespace.clone().unwrap_or_default();
        let here = self.by_namespace.entry(namespace).or_default();
        here.ambient_pods += i32::from(enrolled);
        let group = match proxy {
            None => return,
            Some(Err(OddRevision)) => {
                here.odd += 1;
                return;
            }
            Some(Ok(group)) => group,
        };
        if let Some(count) = here.groups.get_mut(&group) {
            *count += 1;
        } else if here.groups.len() < MAX_OF_NAMESPACE && self.groups < MAX_GROUPS {
            here.groups.insert(group, 1);
            self.groups += 1;
        } else {
            here.uncounted += 1;
        }
    }
}

/// A revision that no control plane can have: a label could not hold it, and only a stranger's annotation does.
pub struct OddRevision;

/// The proxy of a pod, if it has one.
pub fn group(pod: &PodView) -> Option<Result<ProxyGroup, OddRevision>> {
    let container = pod.lasting_containers().find(|container| container.name == "istio-proxy")?;
    let image = Image::parse(&container.image).ok();
    let is_ztunnel =
        image.as_ref().is_some_and(|image| image.name() == "ztunnel") || pod.label("app") == Some("ztunnel");
    let digest = match image {
        Some(image) if image.tag.is_some() => None,
        Some(image) => image.digest.or_else(|| running_digest(pod)),
        None => running_digest(pod),
    };
    Some(revision(pod).map(|revision| ProxyGroup {
        role: if is_ztunnel { Role::Ztunnel } else { Role::Proxy },
        revision,
        asks: asks(container),
        image: bounded(&container.image),
        digest,
    }))
}

/// The digest that the node says it runs.
fn running_digest(pod: &PodView) -> Option<String> {
    pod.container_status("istio-proxy").and_then(|status| Image::digest_of(&status.image_id))
}

/// The revision that a pod's proxy belongs to: what the injector wrote, else the annotation or label; else the default one.
fn revision(pod: &PodView) -> Result<String, OddRevision> {
    let injected = pod
        .annotation("sidecar.istio.io/status")
        .and_then(|status| serde_json::from_str::<InjectionStatus>(status).ok())
        .map(|status| status.revision)
        .filter(|revision| !revision.is_empty());
    let revision = injected
        .or_else(|| pod.annotation("istio.io/rev").map(str::to_owned))
        .or_else(|| pod.label("istio.io/rev").map(str::to_owned))
        .unwrap_or_else(|| "default".to_owned());
    if is_label_value(&revision) { Ok(revision) } else { Err(OddRevision) }
}

/// Kubernetes' rule for the value of a label, the empty one apart.
fn is_label_value(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.len() <= 63 && edge(text.chars().next()) && edge(text.chars().next_back()) && text.chars().all(inner)
}

/// The namespace of the control plane that a proxy asks: of its discovery address, else of the address of its authority where that
/// is an istiod too (another one may sign certificates).
fn asks(container: &ContainerView) -> Option<String> {
    let environment = &container.environment;
    let config = environment.proxy_config.as_deref();
    let config = config.and_then(|config| serde_json::from_str::<ProxyConfig>(config).ok());
    let discovery = config.and_then(|config| config.discovery_address);
    [discovery.as_deref(), environment.ca_address.as_deref()].into_iter().flatten().find_map(namespace_of_istiod)
}

/// `istio-system` of `istiod-canary.istio-system.svc:15012`; nothing of another address.
fn namespace_of_istiod(address: &str) -> Option<String> {
    let host = address.split(':').next().unwrap_or_default();
    let mut parts = host.split('.');
    let (service, namespace, kind) = (parts.next()?, parts.next()?, parts.next()?);
    (service.starts_with("istiod") && kind == "svc" && is_label_value(namespace)).then(|| namespace.to_owned())
}

fn bounded(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn count(pods: &[Value]) -> Proxies {
        let mut proxies = Proxies::default();
        for pod in pods {
            // As from the API server: by its text.
            proxies.count(&serde_json::from_str(&pod.to_string()).unwrap());
        }
        proxies
    }

    /// Of all namespaces, by role.
    fn total(proxies: &Proxies, role: Role) -> i32 {
        let groups = proxies.by_namespace.values().flat_map(|here| &here.groups);
        groups.filter(|(group, _)| group.role == role).map(|(_, count)| count).sum()
    }

    fn sidecar(image: &str, revision: &str) -> Value {
        let status = json!({"initContainers": ["istio-init"], "containers": ["istio-proxy"], "revision": revision});
        json!({
            "metadata": {"name": "p", "namespace": "shop", "annotations": {"sidecar.istio.io/status": status.to_string()}},
            "spec": {"containers": [{"name": "app", "image": "app:9"}, {"name": "istio-proxy", "image": image}]},
            "status": {"phase": "Running"},
        })
    }

    #[test]
    fn case_3_a_native_sidecar_counts_as_a_proxy() {
        let proxies = count(&[json!({
            "metadata": {"name": "p", "annotations": {"istio.io/rev": "default"}},
            "spec": {
                "initContainers": [
                    {"name": "istio-init", "image": "istio/proxyv2:1.31.0"},
                    {"name": "istio-proxy", "image": "istio/proxyv2:1.31.0", "restartPolicy": "Always"}],
                "containers": [{"name": "app", "image": "app:9"}]},
            "status": {"phase": "Running"},
        })]);
        assert_eq!(total(&proxies, Role::Proxy), 1);
    }

    #[test]
    fn an_init_container_that_ends_is_no_sidecar() {
        let proxies = count(&[json!({
            "metadata": {"name": "p"},
            "spec": {"initContainers": [{"name": "istio-proxy", "image": "istio/proxyv2:1.31.0"}], "containers": []},
            "status": {"phase": "Running"},
        })]);
        assert_eq!(proxies.groups, 0);
    }

    #[test]
    fn case_8_ztunnels_are_no_sidecars_and_enrolled_pods_are_counted() {
        let proxies = count(&[
            json!({"metadata": {"name": "z", "labels": {"app": "ztunnel"}, "annotations": {"istio.io/rev": "default"}},
                "spec": {"containers": [{"name": "istio-proxy", "image": "istio/ztunnel:1.30.3"}]},
                "status": {"phase": "Running"}}),
            json!({"metadata": {"name": "a", "annotations": {"ambient.istio.io/redirection": "enabled"}},
                "spec": {"containers": [{"name": "app", "image": "app:9"}]}, "status": {"phase": "Running"}}),
            json!({"metadata": {"name": "b", "annotations": {"ambient.istio.io/redirection": "pending"}},
                "spec": {"containers": [{"name": "app", "image": "app:9"}]}, "status": {"phase": "Running"}}),
        ]);
        let ambient: i32 = proxies.by_namespace.values().map(|here| here.ambient_pods).sum();
        assert_eq!((total(&proxies, Role::Proxy), total(&proxies, Role::Ztunnel), ambient), (0, 1, 1));
    }

    #[test]
    fn case_14_a_label_without_a_proxy_and_a_pod_that_does_not_run_count_nothing() {
        let mut pending = sidecar("istio/proxyv2:1.31.0", "default");
        pending["status"]["phase"] = json!("Succeeded");
        let forged = json!({"metadata": {"name": "p", "labels": {"istio.io/rev": "canary"}},
            "spec": {"containers": [{"name": "app", "image": "app"}]}, "status": {"phase": "Running"}});
        assert_eq!(count(&[pending, forged]).groups, 0);
    }

    #[test]
    fn proxies_are_counted_by_revision_and_image() {
        let proxies = count(&[
            sidecar("istio/proxyv2:1.29.6", "1-29-6"),
            sidecar("istio/proxyv2:1.29.6", "1-29-6"),
            sidecar("istio/proxyv2:1.30.3", "1-30-3"),
        ]);
        let here = &proxies.by_namespace["shop"];
        assert_eq!(here.groups.values().copied().collect::<Vec<_>>(), [2, 1]);
    }

    #[test]
    fn whoever_invents_images_makes_only_his_own_count_short() {
        let mut pods: Vec<Value> = (0..1000).map(|n| sidecar(&format!("evil/proxyv2:1.0.{n}"), "default")).collect();
        pods.iter_mut().for_each(|pod| pod["metadata"]["namespace"] = json!("a-tenant"));
        pods.push(sidecar("istio/proxyv2:1.30.3", "default"));
        let proxies = count(&pods);
        let strange = &proxies.by_namespace["a-tenant"];
        assert_eq!((strange.groups.len(), strange.uncounted), (MAX_OF_NAMESPACE, 968));
        assert_eq!((proxies.by_namespace["shop"].groups.len(), proxies.by_namespace["shop"].uncounted), (1, 0));
    }

    #[test]
    fn a_revision_that_no_label_could_hold_is_counted_as_odd_and_its_text_is_not_kept() {
        for odd in ["x".repeat(64), "a b".to_owned(), "-".to_owned(), "\u{202e}kcilc".to_owned(), "é".to_owned()] {
            let mut annotated = sidecar("istio/proxyv2:1.30.3", "");
            annotated["metadata"]["annotations"]["istio.io/rev"] = json!(odd);
            let proxies = count(&[sidecar("istio/proxyv2:1.30.3", &odd), annotated]);
            assert_eq!((proxies.by_namespace["shop"].odd, proxies.groups), (2, 0), "{odd}");
        }
        assert_eq!(count(&[sidecar("istio/proxyv2:1.30.3", &"x".repeat(63))]).groups, 1);
    }

    #[test]
    fn a_proxy_says_in_which_namespace_its_control_plane_is() {
        let asks = |environment: Value| {
            let mut pod = sidecar("istio/proxyv2:1.30.3", "default");
            pod["spec"]["containers"][1]["env"] = environment;
            let proxies = count(&[pod]);
            proxies.by_namespace["shop"].groups.keys().next().unwrap().asks.clone()
        };
        let config =
            |address: &str| json!({"name": "PROXY_CONFIG", "value": json!({"discoveryAddress": address}).to_string()});
        let authority = |address: &str| json!({"name": "CA_ADDR", "value": address});
        let table = [
            (json!([config("istiod.istio-system2.svc:15012")]), Some("istio-system2")),
            (json!([authority("istiod-canary.mesh.svc.cluster.local:15012"), config("{}")]), Some("mesh")),
            (json!([authority("istiod.a.svc:15012"), config("istiod.b.svc:15012")]), Some("b")),
            (json!([authority("cert-manager-istio-csr.cert-manager.svc:443")]), None),
            (json!([config("mesh.example.com:15012"), {"name": "CA_ADDR", "valueFrom": {"fieldRef": {}}}]), None),
            (json!([authority("istiod..svc:15012")]), None),
            (json!([]), None),
            (Value::Null, None),
        ];
        for (environment, expected) in table {
            assert_eq!(asks(environment.clone()).as_deref(), expected, "{environment}");
        }
    }
}
