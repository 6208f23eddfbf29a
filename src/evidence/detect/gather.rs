//! Reads from the API server what detection needs, with the operator's own identity: no logs, no Secrets, all lists in pages of
//! which only counts or a few fields are kept. Each part fails for itself. Not for judging what was read.

use std::fmt::Debug;
use std::future::Future;

use kube::api::ListParams;
use kube::{Api, Resource};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::objects::{DeploymentView, ServiceView, WebhooksView};
use super::observed::{Checked, Istiod, IstiodService, Listed, Nodes, Observed, Proxies, Webhook};
use super::{DetectError, DetectLimits};
use crate::evidence::views::{NodeView, PodView};

/// The label of a control plane's objects.
const ISTIOD: &str = "app=istiod";
/// Objects of a mesh in a page: a tenant may have labelled large ones.
const MESH_PAGE: u32 = 20;
/// Objects of a mesh that are read of one list. No cluster has as many.
const MOST_READ: usize = 2_000;

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
        listed::<DeploymentView, Istiod>(Api::all(client.clone()), ISTIOD, limits),
        listed::<WebhooksView, Webhook>(Api::all(client.clone()), "app=sidecar-injector", limits),
        listed::<ServiceView, IstiodService>(Api::all(client.clone()), ISTIOD, limits),
        proxies(client, limits),
    );
    Ok(Observed { git_version: version.git_version, groups, nodes, istiods, webhooks, services, proxies })
}

/// Whether a bound cut a list of which `complete` reads more.
pub(super) fn is_cut(observed: &Observed) -> bool {
    observed.istiods.gap().is_some() || observed.services.gap().is_some()
}

/// Where a bound cut the lists of the whole cluster, reads those of some namespaces by themselves: whoever makes thousands of labelled
/// objects hides no control plane there.
pub(super) async fn complete(
    client: &kube::Client,
    observed: &mut Observed,
    namespaces: &[&str],
    limits: DetectLimits,
) {
    for namespace in namespaces {
        let (deployments, services) =
            (Api::namespaced(client.clone(), namespace), Api::namespaced(client.clone(), namespace));
        add(&mut observed.istiods, namespace, listed::<DeploymentView, Istiod>(deployments, ISTIOD, limits)).await;
        add(&mut observed.services, namespace, listed::<ServiceView, IstiodService>(services, ISTIOD, limits)).await;
    }
}

/// Puts what one namespace holds in the place of what a list that was cut has of it.
async fn add<T: Named>(
    known: &mut Checked<Listed<T>>,
    namespace: &str,
    more: impl Future<Output = Checked<Listed<T>>>,
) {
    let Checked::Read(known) = known else { return };
    if known.cut.is_some()
        && let Checked::Read(more) = more.await
    {
        known.items.retain(|item| item.namespace() != namespace);
        known.items.extend(more.items);
    }
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
    let params = ListParams::default().limit(limits.page);
    in_pages(Api::<NodeView>::all(client.clone()), params, usize::MAX, limits, |node| nodes.count(&node))
        .await
        .map_or_else(Checked::Not, |_| Checked::Read(nodes))
}

async fn proxies(client: &kube::Client, limits: DetectLimits) -> Checked<Proxies> {
    let mut proxies = Proxies::default();
    let params = ListParams::default().limit(limits.page);
    in_pages(Api::<PodView>::all(client.clone()), params, usize::MAX, limits, |pod| proxies.count(&pod))
        .await
        .map_or_else(Checked::Not, |_| Checked::Read(proxies))
}

/// The labelled objects that `api` lists, until there are too many.
async fn listed<K, T>(api: Api<K>, labels: &str, limits: DetectLimits) -> Checked<Listed<T>>
where
    K: Resource + Clone + Debug + DeserializeOwned,
    T: From<K>,
{
    let mut items: Vec<T> = Vec::new();
    let params = ListParams::default().labels(labels).limit(MESH_PAGE);
    match in_pages(api, params, MOST_READ, limits, |object| items.push(object.into())).await {
        Ok(to_the_end) => {
            let cut = (!to_the_end).then(|| format!("there are more than {MOST_READ}; the rest was not read"));
            Checked::Read(Listed { items, cut })
        }
        Err(reason) => Checked::Not(reason),
    }
}

/// An object of a namespace.
trait Named {
    fn namespace(&self) -> &str;
}

impl Named for Istiod {
    fn namespace(&self) -> &str {
        &self.namespace
    }
}

impl Named for IstiodService {
    fn namespace(&self) -> &str {
        &self.namespace
    }
}

/// Shows every object of a list to `see`, page by page, until `most` were seen; tells whether that was all. A list that breaks off
/// is an error: half a count would be a wrong one.
pub(super) async fn in_pages<K>(
    api: Api<K>,
    mut params: ListParams,
    most: usize,
    limits: DetectLimits,
    mut see: impl FnMut(K),
) -> Result<bool, String>
where
    K: Resource + Clone + Debug + DeserializeOwned,
{
    let mut seen = 0;
    loop {
        let page = match timeout(limits.request, api.list(&params)).await {
            Ok(Ok(page)) => page,
            Ok(Err(error)) => return Err(reason(&error)),
            Err(_) => return Err(format!("no answer within {} s", limits.request.as_secs())),
        };
        seen += page.items.len();
        page.items.into_iter().for_each(&mut see);
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(_) if seen >= most => return Ok(false),
            Some(token) => params = params.continue_token(&token),
            None => return Ok(true),
        }
    }
}
