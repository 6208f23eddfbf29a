//! Reads from the API server what detection needs, with the operator's own identity: no logs, no Secrets, pods and nodes in
//! pages of which only counts are kept. Each part fails for itself. Not for judging what was read.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::future::Future;

use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use kube::api::ListParams;
use kube::{Api, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::observed::{Checked, Istiod, IstiodService, Nodes, Observed, Proxies, Webhook};
use super::{DetectError, DetectLimits};
use crate::evidence::views::{NodeView, PodView};

/// Reads all parts side by side.
///
/// # Errors
/// Only where the API server does not tell its version: then nothing else would answer either.
pub(super) async fn observe(client: &kube::Client, limits: DetectLimits) -> Result<Observed, DetectError> {
    let version = timeout(limits.request, client.apiserver_version())
        .await
        .map_err(|_| DetectError::Silent(limits.request))?
        .map_err(|error| DetectError::ApiServer(Box::new(error)))?;
    let (groups, nodes, istiods, webhooks, services, proxies) = tokio::join!(
        checked(limits, groups(client)),
        nodes(client, limits),
        checked(limits, istiods(client)),
        checked(limits, webhooks(client)),
        checked(limits, services(client)),
        proxies(client, limits),
    );
    Ok(Observed { git_version: version.git_version, groups, nodes, istiods, webhooks, services, proxies })
}

async fn checked<T>(limits: DetectLimits, read: impl Future<Output = Result<T, kube::Error>>) -> Checked<T> {
    match timeout(limits.request, read).await {
        Ok(Ok(value)) => Checked::Read(value),
        Ok(Err(error)) => Checked::Not(reason(&error)),
        Err(_) => Checked::Not(format!("no answer within {} s", limits.request.as_secs())),
    }
}

fn reason(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if status.is_forbidden() => "forbidden".to_owned(),
        kube::Error::Api(status) => format!("the API server answered {}", status.code),
        _ => "the API server could not be reached".to_owned(),
    }
}

async fn groups(client: &kube::Client) -> Result<Vec<String>, kube::Error> {
    let list = client.list_api_groups().await?;
    Ok(list.groups.into_iter().map(|group| group.name).collect())
}

async fn nodes(client: &kube::Client, limits: DetectLimits) -> Checked<Nodes> {
    let mut nodes = Nodes::default();
    in_pages(Api::<NodeView>::all(client.clone()), limits, |node| nodes.count(&node))
        .await
        .map_or_else(Checked::Not, |()| Checked::Read(nodes))
}

async fn proxies(client: &kube::Client, limits: DetectLimits) -> Checked<Proxies> {
    let mut proxies = Proxies::default();
    in_pages(Api::<PodView>::all(client.clone()), limits, |pod| proxies.count(&pod))
        .await
        .map_or_else(Checked::Not, |()| Checked::Read(proxies))
}

/// Shows every object of a list to `see`, page by page. A list that breaks off is an error: half a count would be a wrong one.
async fn in_pages<K>(api: Api<K>, limits: DetectLimits, mut see: impl FnMut(K)) -> Result<(), String>
where
    K: Resource + Clone + Debug + DeserializeOwned,
{
    let mut params = ListParams::default().limit(limits.page);
    loop {
        let page = match timeout(limits.request, api.list(&params)).await {
            Ok(Ok(page)) => page,
            Ok(Err(error)) => return Err(reason(&error)),
            Err(_) => return Err(format!("no answer within {} s", limits.request.as_secs())),
        };
        page.items.into_iter().for_each(&mut see);
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(()),
        }
    }
}

async fn istiods(client: &kube::Client) -> Result<Vec<Istiod>, kube::Error> {
    let deployments = Api::<Deployment>::all(client.clone()).list(&few("app=istiod")).await?;
    Ok(deployments
        .items
        .into_iter()
        .map(|deployment| Istiod {
            name: deployment.name_any(),
            namespace: deployment.namespace().unwrap_or_default(),
            labels: deployment.metadata.labels.clone().unwrap_or_default(),
            containers: containers(deployment),
        })
        .collect())
}

fn containers(deployment: Deployment) -> Vec<(String, String)> {
    let spec = deployment.spec.and_then(|spec| spec.template.spec);
    let containers = spec.map(|spec| spec.containers).unwrap_or_default();
    containers.into_iter().map(|container| (container.name, container.image.unwrap_or_default())).collect()
}

async fn webhooks(client: &kube::Client) -> Result<Vec<Webhook>, kube::Error> {
    let list = Api::<MutatingWebhookConfiguration>::all(client.clone()).list(&few("app=sidecar-injector")).await?;
    Ok(list.items.into_iter().map(webhook).collect())
}

fn webhook(configuration: MutatingWebhookConfiguration) -> Webhook {
    let labels: BTreeMap<String, String> = configuration.metadata.labels.clone().unwrap_or_default();
    let hooks = configuration.webhooks.as_deref().unwrap_or_default();
    Webhook {
        name: configuration.name_any(),
        revision: labels.get("istio.io/rev").cloned(),
        tag: labels.get("istio.io/tag").cloned(),
        service_namespace: hooks
            .iter()
            .find_map(|hook| hook.client_config.service.as_ref())
            .map(|s| s.namespace.clone()),
        // The API server's default is Fail.
        fails_closed: hooks.iter().any(|hook| hook.failure_policy.as_deref() != Some("Ignore")),
    }
}

async fn services(client: &kube::Client) -> Result<Vec<IstiodService>, kube::Error> {
    let list = Api::<Service>::all(client.clone()).list(&few("app=istiod")).await?;
    Ok(list
        .items
        .into_iter()
        .map(|service| IstiodService {
            namespace: service.namespace().unwrap_or_default(),
            ports: service.spec.and_then(|spec| spec.ports).unwrap_or_default().iter().map(|port| port.port).collect(),
        })
        .collect())
}

/// Objects of which a cluster has a handful; a tenant who makes thousands is cut off, not read.
fn few(labels: &str) -> ListParams {
    ListParams::default().labels(labels).limit(100)
}
