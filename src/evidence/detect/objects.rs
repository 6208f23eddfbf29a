//! The objects that a control plane consists of, as far as detection needs them: other fields are skipped while they are parsed.
//! Not for pods and nodes (`evidence::views`), and not for writing back.

use std::collections::BTreeMap;

use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use kube::{Resource, ResourceExt};
use serde::Deserialize;

use super::observed::{Istiod, IstiodService, Target, Webhook};

/// The longest image that is kept, in bytes; see [`super::image::Image::parse`].
const MAX_IMAGE: usize = 512;
/// The labels of a Deployment that say something of an istiod.
const LABELS: [&str; 5] = ["istio.io/rev", "maistra-version", "app.kubernetes.io/version", "helm.sh/chart", "chart"];
/// Labels of a pod template that are kept: a Service selects by a few of them.
const MAX_LABELS: usize = 32;
/// What Istio makes an injector select that an upgrade left behind: a label that nothing carries.
const DEACTIVATED: &str = "istio.io/deactivated";

#[derive(Resource, Debug, Clone, Deserialize)]
#[resource(inherit = Deployment)]
pub struct DeploymentView {
    pub metadata: ObjectMeta,
    #[serde(default)]
    pub spec: DeploymentSpecView,
    #[serde(default)]
    pub status: DeploymentStatusView,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct DeploymentSpecView {
    pub replicas: Option<i32>,
    pub template: TemplateView,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct TemplateView {
    pub metadata: TemplateMetaView,
    pub spec: TemplateSpecView,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct TemplateMetaView {
    pub labels: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct TemplateSpecView {
    pub containers: Vec<ImageView>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ImageView {
    pub name: String,
    pub image: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentStatusView {
    pub ready_replicas: i32,
}

#[derive(Resource, Debug, Clone, Deserialize)]
#[resource(inherit = Service)]
pub struct ServiceView {
    pub metadata: ObjectMeta,
    #[serde(default)]
    pub spec: ServiceSpecView,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ServiceSpecView {
    pub selector: BTreeMap<String, String>,
    pub ports: Vec<PortView>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PortView {
    pub port: i32,
}

#[derive(Resource, Debug, Clone, Deserialize)]
#[resource(inherit = MutatingWebhookConfiguration)]
pub struct WebhooksView {
    pub metadata: ObjectMeta,
    #[serde(default)]
    pub webhooks: Vec<HookView>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HookView {
    pub client_config: ClientConfigView,
    pub failure_policy: Option<String>,
    pub namespace_selector: LabelSelector,
    pub object_selector: LabelSelector,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ClientConfigView {
    pub url: Option<String>,
    pub service: Option<ServiceReferenceView>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ServiceReferenceView {
    pub namespace: String,
    pub name: String,
}

impl From<DeploymentView> for Istiod {
    fn from(deployment: DeploymentView) -> Self {
        let (name, namespace) = (deployment.name_any(), deployment.namespace().unwrap_or_default());
        let DeploymentSpecView { replicas, template } = deployment.spec;
        let labels = deployment.metadata.labels.unwrap_or_default();
        let discovery = template.spec.containers.into_iter().find(|container| container.name == "discovery");
        Self {
            name,
            namespace,
            labels: labels.into_iter().filter(|(key, _)| LABELS.contains(&key.as_str())).collect(),
            pod_labels: template.metadata.labels.into_iter().take(MAX_LABELS).collect(),
            discovery: discovery.map(|container| container.image).filter(|image| image.len() <= MAX_IMAGE),
            // The API server's default is 1.
            replicas: replicas.unwrap_or(1).max(0),
            ready: deployment.status.ready_replicas.max(0),
        }
    }
}

impl From<ServiceView> for IstiodService {
    fn from(service: ServiceView) -> Self {
        Self {
            name: service.name_any(),
            namespace: service.namespace().unwrap_or_default(),
            ports: service.spec.ports.iter().map(|port| port.port).collect(),
            selector: service.spec.selector,
        }
    }
}

impl From<WebhooksView> for Webhook {
    fn from(configuration: WebhooksView) -> Self {
        let label = |key: &str| configuration.labels().get(key).cloned();
        let active = || configuration.webhooks.iter().filter(|hook| !hook.selects_nothing());
        Self {
            name: configuration.name_any(),
            revision: label("istio.io/rev"),
            tag: label("istio.io/tag"),
            target: configuration.webhooks.iter().find_map(|hook| hook.client_config.target()),
            in_use: active().next().is_some(),
            // The API server's default is Fail.
            fails_closed: active().any(|hook| hook.failure_policy.as_deref() != Some("Ignore")),
        }
    }
}

impl HookView {
    fn selects_nothing(&self) -> bool {
        let asks = |selector: &LabelSelector| {
            selector.match_labels.iter().flatten().any(|(key, _)| key == DEACTIVATED)
                || selector
                    .match_expressions
                    .iter()
                    .flatten()
                    .any(|asked| asked.key == DEACTIVATED && matches!(asked.operator.as_str(), "In" | "Exists"))
        };
        asks(&self.namespace_selector) || asks(&self.object_selector)
    }
}

impl ClientConfigView {
    fn target(&self) -> Option<Target> {
        match (&self.service, &self.url) {
            (Some(service), _) => {
                Some(Target::Service { namespace: service.namespace.clone(), name: service.name.clone() })
            }
            (None, Some(url)) => Some(Target::Url(host_of(url).to_owned())),
            (None, None) => None,
        }
    }
}

/// The host of a URL, with no port; of anything else, nothing.
fn host_of(url: &str) -> &str {
    let behind = url.split_once("://").map_or("", |(_, behind)| behind);
    let authority = behind.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once(':').map_or(authority, |(host, _)| host)
}
