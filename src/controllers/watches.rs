//! The watches: each has a back-off of its own and its errors are counted and survived, so that one denied watch
//! delays no other. Not for: what a change means to whom; that is in `triggers.rs`.

use std::sync::Arc;

use futures::{Stream, StreamExt, TryStreamExt};
use kube::core::PartialObjectMeta;
use kube::core::error_boundary::DeserializeGuard;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Resource, ResourceExt};
use serde::de::DeserializeOwned;

use super::cache::{Cache, Change, Folder, Stored};
use crate::metrics::Metrics;

/// How many objects a page of a list holds.
const PAGE_SIZE: u32 = 500;

/// Watches objects of `K`, readable or not, and calls `react` with each change, for ever.
pub(super) async fn guarded<K>(
    api: Api<DeserializeGuard<K>>,
    cache: Arc<Cache<K>>,
    metrics: Metrics,
    react: impl FnMut(Change<K>),
) where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned + Send + Sync + 'static,
{
    let events = watcher(api, watcher::Config::default().page_size(PAGE_SIZE)).map_ok(|event| {
        map(event, |DeserializeGuard(mut object)| {
            trim(object.as_mut().map_or_else(|invalid| &mut invalid.metadata, Resource::meta_mut));
            match object {
                Ok(object) => Stored::Readable(Arc::new(object)),
                Err(invalid) => Stored::Unreadable(Arc::new(invalid)),
            }
        })
    });
    fold(events, cache, &K::kind(&()), metrics, react).await;
}

/// Watches plain objects of `K` (all of it or metadata only) and calls `react` with each change, for ever.
pub(super) async fn plain<K>(
    api: Api<K>,
    config: watcher::Config,
    cache: Arc<Cache<K>>,
    metrics: Metrics,
    react: impl FnMut(Change<K>),
) where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned + Send + Sync + 'static,
{
    let events = watcher(api, config.page_size(PAGE_SIZE)).map_ok(|event| {
        map(event, |mut object: K| {
            trim(object.meta_mut());
            Stored::Readable(Arc::new(object))
        })
    });
    fold(events, cache, &K::kind(&()), metrics, react).await;
}

async fn fold<K: Resource>(
    events: impl Stream<Item = watcher::Result<watcher::Event<Stored<K>>>> + Send,
    cache: Arc<Cache<K>>,
    kind: &str,
    metrics: Metrics,
    mut react: impl FnMut(Change<K>),
) {
    let mut folder = Folder::new(cache);
    let mut events = std::pin::pin!(events.default_backoff());
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => folder.fold(event).into_iter().for_each(&mut react),
            Err(error) => {
                metrics.watch_failed(kind);
                tracing::warn!(kind, %error, "a watch failed and is started again");
            }
        }
    }
}

fn map<A, B>(event: watcher::Event<A>, f: impl FnOnce(A) -> B) -> watcher::Event<B> {
    match event {
        watcher::Event::Apply(object) => watcher::Event::Apply(f(object)),
        watcher::Event::Delete(object) => watcher::Event::Delete(f(object)),
        watcher::Event::InitApply(object) => watcher::Event::InitApply(f(object)),
        watcher::Event::Init => watcher::Event::Init,
        watcher::Event::InitDone => watcher::Event::InitDone,
    }
}

/// Drops what no decision reads and what makes up most of an object's size.
fn trim(meta: &mut k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta) {
    meta.managed_fields = None;
    if let Some(annotations) = &mut meta.annotations {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
}

/// The name, namespace, UID and version of `object`: all that the queue of a controller keeps of it.
pub(super) fn reference<K: Resource<DynamicType = ()>>(object: &impl ResourceExt) -> PartialObjectMeta<K> {
    use kube::core::PartialObjectMetaExt;
    k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta {
        name: object.meta().name.clone(),
        namespace: object.meta().namespace.clone(),
        uid: object.uid(),
        resource_version: object.resource_version(),
        ..Default::default()
    }
    .into_response_partial::<K>()
}
