//! The watches: each has a back-off of its own, with jitter, and its errors are counted and survived, so that one denied watch
//! delays no other. Not for: what a change means to whom; that is in `triggers.rs`.

use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt, TryStreamExt};
use kube::core::PartialObjectMeta;
use kube::runtime::watcher;
use kube::{Api, Resource, ResourceExt};
use serde::de::DeserializeOwned;

use super::cache::{Cache, Change, Folder, Stored};
use super::lean::Lean;
use super::liveness::Reports;

/// How many objects a page of a list holds: each may bring 250 KiB of annotations, and an answer is in memory as a whole.
pub(super) const PAGE: u32 = 50;
/// The same for objects of up to a MiB each.
pub(super) const PAGE_OF_LARGE: u32 = 10;
/// The wait after the first failure of a watch; it doubles up to [`RETRY_LIMIT`].
const RETRY_START: Duration = Duration::from_millis(200);
const RETRY_LIMIT: Duration = Duration::from_secs(10);
/// A watch that was open for longer had not failed.
const LASTED: Duration = Duration::from_secs(1);

/// Watches objects of `K`, readable or not, and calls `react` with each change, for ever.
pub(super) async fn follow<K>(
    api: Api<Lean<K>>,
    page: u32,
    cache: Arc<Cache<K>>,
    reports: Reports,
    react: impl FnMut(Change<K>),
) where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned + Send + Sync + 'static,
{
    let watch = Watch::of(&api, reports);
    let events = watcher(api, watcher::Config::default().page_size(page)).map_ok(|event| {
        map(event, |Lean(object)| match object {
            Ok(object) => Stored::Readable(Arc::new(object)),
            Err(invalid) => Stored::Unreadable(Arc::new(invalid)),
        })
    });
    fold(events, cache, watch, react).await;
}

/// What one watch reports, and where.
struct Watch {
    kind: String,
    /// Of the watched collection.
    path: String,
    reports: Reports,
}

impl Watch {
    fn of<K: Resource<DynamicType = ()>>(api: &Api<K>, reports: Reports) -> Self {
        let path = api.resource_url().to_owned();
        reports.liveness.watches(&path);
        Self { kind: K::kind(&()).into_owned(), path, reports }
    }
}

async fn fold<K: Resource>(
    events: impl Stream<Item = watcher::Result<watcher::Event<Stored<K>>>> + Send,
    cache: Arc<Cache<K>>,
    watch: Watch,
    mut react: impl FnMut(Change<K>),
) {
    let mut folder = Folder::new(cache);
    let mut events = std::pin::pin!(events);
    let mut failures = 0;
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                failures = 0;
                let _step = watch.reports.liveness.step("a watch");
                folder.fold(event).into_iter().for_each(&mut react);
            }
            Err(error) => {
                watch.reports.metrics.watch_failed(&watch.kind);
                tracing::warn!(kind = watch.kind, %error, "a watch failed and is started again");
                if watch.reports.liveness.opened(&watch.path).is_some_and(|opened| opened.elapsed() > LASTED) {
                    failures = 0;
                }
                tokio::time::sleep(pause(failures, jitter())).await;
                failures = failures.saturating_add(1);
            }
        }
    }
}

/// The wait before a watch is opened again after `failures` failures before this one, between half of it and the whole by
/// `jitter`: what is cut at the same moment does not come back at the same moment.
fn pause(failures: u32, jitter: u8) -> Duration {
    let whole = RETRY_START.saturating_mul(2_u32.saturating_pow(failures)).min(RETRY_LIMIT);
    whole / 2 + whole / 2 * u32::from(jitter) / u32::from(u8::MAX)
}

fn jitter() -> u8 {
    let mut random = [u8::MAX];
    // Without random numbers each waits as long as it may.
    let _ = getrandom::fill(&mut random);
    random[0]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_that_fails_is_opened_again_soon_then_later_and_never_at_a_fixed_moment() {
        assert_eq!(pause(0, u8::MAX), RETRY_START);
        assert_eq!(pause(0, 0), RETRY_START / 2);
        assert_eq!(pause(3, u8::MAX), 8 * RETRY_START);
        for failures in [6, 60, u32::MAX] {
            assert_eq!(pause(failures, u8::MAX), RETRY_LIMIT);
        }
    }
}
