//! Recognises Istio's proxies in pods and counts them. Pure; pods come one by one and are forgotten. Not for the versions
//! of what was counted.

use serde::Deserialize;

use super::image::Image;
use super::observed::{Proxies, ProxyGroup, Role};
use crate::evidence::views::PodView;

/// Different kinds of proxies that are kept; a tenant who invents images cannot make the count grow without end.
const MAX_GROUPS: usize = 200;
/// The longest image or revision that is kept, in bytes.
const MAX_TEXT: usize = 512;

/// Istio's note of what its webhook did to a pod.
#[derive(Deserialize)]
struct InjectionStatus {
    #[serde(default)]
    revision: String,
}

impl Proxies {
    /// Counts what a pod holds. Only pods that run count; a label without a proxy's container is no proxy.
    pub fn count(&mut self, pod: &PodView) {
        if !pod.is_running() {
            return;
        }
        if pod.annotation("ambient.istio.io/redirection") == Some("enabled") {
            self.ambient_pods += 1;
        }
        let Some(container) = pod.lasting_containers().find(|container| container.name == "istio-proxy") else {
            return;
        };
        let image = Image::parse(&container.image).ok();
        let is_ztunnel =
            image.as_ref().is_some_and(|image| image.name() == "ztunnel") || pod.label("app") == Some("ztunnel");
        let digest = match image {
            Some(image) if image.tag.is_some() => None,
            Some(image) => image.digest.or_else(|| running_digest(pod)),
            None => running_digest(pod),
        };
        let group = ProxyGroup {
            role: if is_ztunnel { Role::Ztunnel } else { Role::Proxy },
            revision: bounded(&revision(pod)),
            image: bounded(&container.image),
            digest,
        };
        if self.groups.len() >= MAX_GROUPS && !self.groups.contains_key(&group) {
            self.uncounted += 1;
        } else {
            *self.groups.entry(group).or_default() += 1;
        }
    }

    /// All proxies of a role.
    pub fn total(&self, role: Role) -> i32 {
        self.groups.iter().filter(|(group, _)| group.role == role).map(|(_, count)| count).sum()
    }
}

/// The digest that the node says it runs.
fn running_digest(pod: &PodView) -> Option<String> {
    pod.container_status("istio-proxy").and_then(|status| Image::digest_of(&status.image_id))
}

/// The revision that a pod's proxy belongs to: what the injector wrote, else the annotation or label; else the default one.
fn revision(pod: &PodView) -> String {
    let injected = pod
        .annotation("sidecar.istio.io/status")
        .and_then(|status| serde_json::from_str::<InjectionStatus>(status).ok())
        .map(|status| status.revision)
        .filter(|revision| !revision.is_empty());
    injected
        .or_else(|| pod.annotation("istio.io/rev").map(str::to_owned))
        .or_else(|| pod.label("istio.io/rev").map(str::to_owned))
        .unwrap_or_else(|| "default".to_owned())
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
            proxies.count(&serde_json::from_value(pod.clone()).unwrap());
        }
        proxies
    }

    fn sidecar(image: &str, revision: &str) -> Value {
        let status = json!({"initContainers": ["istio-init"], "containers": ["istio-proxy"], "revision": revision});
        json!({
            "metadata": {"name": "p", "annotations": {"sidecar.istio.io/status": status.to_string()}},
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
        assert_eq!(proxies.total(Role::Proxy), 1);
    }

    #[test]
    fn an_init_container_that_ends_is_no_sidecar() {
        let proxies = count(&[json!({
            "metadata": {"name": "p"},
            "spec": {"initContainers": [{"name": "istio-proxy", "image": "istio/proxyv2:1.31.0"}], "containers": []},
            "status": {"phase": "Running"},
        })]);
        assert_eq!(proxies.groups.len(), 0);
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
        assert_eq!((proxies.total(Role::Proxy), proxies.total(Role::Ztunnel), proxies.ambient_pods), (0, 1, 1));
    }

    #[test]
    fn case_14_a_label_without_a_proxy_and_a_pod_that_does_not_run_count_nothing() {
        let mut pending = sidecar("istio/proxyv2:1.31.0", "default");
        pending["status"]["phase"] = json!("Succeeded");
        let forged = json!({"metadata": {"name": "p", "labels": {"istio.io/rev": "canary"}},
            "spec": {"containers": [{"name": "app", "image": "app"}]}, "status": {"phase": "Running"}});
        assert_eq!(count(&[pending, forged]).groups.len(), 0);
    }

    #[test]
    fn proxies_are_counted_by_revision_and_image() {
        let proxies = count(&[
            sidecar("istio/proxyv2:1.29.6", "1-29-6"),
            sidecar("istio/proxyv2:1.29.6", "1-29-6"),
            sidecar("istio/proxyv2:1.30.3", "1-30-3"),
        ]);
        assert_eq!(proxies.groups.values().copied().collect::<Vec<_>>(), [2, 1]);
    }

    #[test]
    fn invented_images_do_not_make_the_count_grow_without_end() {
        let pods: Vec<Value> = (0..1000).map(|n| sidecar(&format!("evil/proxyv2:1.0.{n}"), "default")).collect();
        let proxies = count(&pods);
        assert_eq!(proxies.groups.len(), MAX_GROUPS);
        assert_eq!(proxies.uncounted, 800);
    }
}
