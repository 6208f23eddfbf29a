//! The queue of one controller: who asks for a reconcile, and the loop that runs them, each under a time-out and a
//! panic guard, with a back-off of its own for each object. Not for: what a reconcile does.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::{FutureExt, StreamExt, stream};
use kube::Resource;
use kube::core::PartialObjectMeta;
use kube::runtime::Controller;
use kube::runtime::controller::{self, Action};
use kube::runtime::reflector::{ObjectRef, Store, store::Writer};
use kube::runtime::watcher;
use serde::de::DeserializeOwned;

use super::backoff::Backoff;
use super::cache::{Change, Key, Stored};
use super::errors::Error;
use super::liveness::Reports;
use super::watches::reference;
use crate::metrics::RequeueAfter;

/// A reconcile that takes longer is dropped and tried again.
const RECONCILE_TIMEOUT: Duration = Duration::from_secs(60);
/// The wait after the first failure of an object.
const BACKOFF_START: Duration = Duration::from_millis(500);
/// The wait after a write that met somebody else's; it doubles up to [`CONFLICT_LIMIT`]. The watch brings the other's, and with
/// it the next try, most often before.
const CONFLICT_START: Duration = Duration::from_millis(50);
const CONFLICT_LIMIT: Duration = Duration::from_secs(5);

type Reference<K> = PartialObjectMeta<K>;

/// Where reconciles of objects of `K` are asked for. It keeps of each object only its name and version. Before its loop runs
/// (a replica that does not lead may wait for weeks) it keeps no requests: the loop begins with all objects.
pub struct Queue<K: Resource<DynamicType = ()> + Clone + 'static> {
    requests: UnboundedSender<ObjectRef<Reference<K>>>,
    known: Mutex<Writer<Reference<K>>>,
    runs: Arc<AtomicBool>,
}

/// The other end of a [`Queue`], for the one loop that empties it.
pub struct QueueEnd<K: Resource<DynamicType = ()> + Clone + 'static> {
    requests: UnboundedReceiver<ObjectRef<Reference<K>>>,
    known: Store<Reference<K>>,
    runs: Arc<AtomicBool>,
}

/// A new queue and its end.
pub fn queue<K: Resource<DynamicType = ()> + Clone + 'static>() -> (Queue<K>, QueueEnd<K>) {
    let (sender, receiver) = unbounded();
    let mut writer = Writer::<Reference<K>>::default();
    let known = writer.as_reader();
    // The loop starts only when the caches are listed: its own store counts as complete from the start.
    writer.apply_watcher_event(&watcher::Event::Init);
    writer.apply_watcher_event(&watcher::Event::InitDone);
    let runs = Arc::new(AtomicBool::new(false));
    let queue = Queue { requests: sender, known: Mutex::new(writer), runs: runs.clone() };
    (queue, QueueEnd { requests: receiver, known, runs })
}

impl<K: Resource<DynamicType = ()> + Clone + 'static> Queue<K> {
    /// Notes that an object came, changed or went, and asks for a reconcile if it is there.
    pub(super) fn observe(&self, change: &Change<K>) {
        let event = match (&change.new, &change.old) {
            (Some(new), _) => watcher::Event::Apply(stored_reference(new)),
            (None, Some(old)) => watcher::Event::Delete(stored_reference(old)),
            (None, None) => return,
        };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).apply_watcher_event(&event);
        if change.new.is_some() {
            self.request(&change.key);
        }
    }

    /// Asks for a reconcile of the object under `key`; several requests that wait become one.
    pub fn request(&self, key: &Key) {
        if !self.runs.load(Ordering::SeqCst) {
            return;
        }
        let mut object = ObjectRef::new(&key.name);
        if !key.namespace.is_empty() {
            object = object.within(&key.namespace);
        }
        // It fails only when the loop has ended, and then the process does, too.
        let _ = self.requests.unbounded_send(object);
    }
}

fn stored_reference<K: Resource<DynamicType = ()>>(stored: &Stored<K>) -> Reference<K> {
    match stored {
        Stored::Readable(object) => reference(object.as_ref()),
        Stored::Unreadable(invalid) => reference(&PartialObjectMeta::<K> {
            types: None,
            metadata: invalid.metadata.clone(),
            _phantom: std::marker::PhantomData,
        }),
    }
}

/// What the loop needs beside the reconcile itself.
struct Loop<C, F> {
    name: &'static str,
    context: Arc<C>,
    reports: Reports,
    backoff: Backoff,
    conflicts: Backoff,
    reconcile: F,
}

/// Runs the reconciles that `end` is asked for, at most `concurrency` at a time and never two of one object, until the
/// queue is dropped. `reconcile` returns when it wants to be called again at the latest.
pub async fn run<K, C, F, Fut>(
    name: &'static str,
    concurrency: u16,
    end: QueueEnd<K>,
    context: Arc<C>,
    reports: Reports,
    reconcile: F,
) where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned + Send + Sync + 'static,
    C: Send + Sync + 'static,
    F: Fn(Arc<C>, Key) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Action, Error>> + Send + 'static,
{
    reports.metrics.concurrency(name, concurrency);
    let [backoff, conflicts] = [BACKOFF_START, CONFLICT_START].map(Backoff::starting_with);
    let looped = Arc::new(Loop { name, context, reports, backoff, conflicts, reconcile });
    // In this order: what is not among all of them is asked for from here on.
    end.runs.store(true, Ordering::SeqCst);
    let all = end.known.state().into_iter().map(|object| ObjectRef::from_obj(object.as_ref()));
    Controller::<Reference<K>>::for_stream(stream::pending(), end.known)
        .with_config(controller::Config::default().concurrency(concurrency))
        .reconcile_on(stream::iter(all).chain(end.requests))
        .run(
            |object, looped: Arc<Loop<C, F>>| async move { looped.once(Key::of(object.as_ref())).await },
            |object, error, looped| looped.after_failure(&Key::of(object.as_ref()), error),
            looped,
        )
        .for_each(|_| std::future::ready(()))
        .await;
}

impl<C, F, Fut> Loop<C, F>
where
    F: Fn(Arc<C>, Key) -> Fut,
    Fut: Future<Output = Result<Action, Error>>,
{
    async fn once(&self, key: Key) -> Result<Action, Error> {
        let started = Instant::now();
        let active = self.reports.metrics.active(self.name);
        let _step = self.reports.liveness.step(self.name);
        let guarded = AssertUnwindSafe((self.reconcile)(self.context.clone(), key.clone())).catch_unwind();
        let result = match tokio::time::timeout(RECONCILE_TIMEOUT, guarded).await {
            Err(_) => Err(Error::TimedOut(RECONCILE_TIMEOUT)),
            Ok(Err(panic)) => Err(Error::Panicked(panic_text(panic.as_ref()))),
            Ok(Ok(Err(error))) if error.is_gone() => Ok(Action::await_change()),
            Ok(Ok(result)) => result,
        };
        drop(active);
        let outcome = match &result {
            Ok(action) => Ok(RequeueAfter(*action != Action::await_change())),
            Err(error) => Err(error.label()),
        };
        self.reports.metrics.reconciled(self.name, outcome, started.elapsed());
        if result.is_ok() {
            self.backoff.succeeded(&key);
            self.conflicts.succeeded(&key);
        }
        result
    }
}

impl<C, F> Loop<C, F> {
    fn after_failure(&self, key: &Key, error: &Error) -> Action {
        if error.is_conflict() {
            return Action::requeue(self.conflicts.failed(key).min(CONFLICT_LIMIT));
        }
        let delay = self.backoff.failed(key);
        tracing::warn!(controller = self.name, object = %key, %error, retry_in_seconds = delay.as_secs_f32(), "a reconcile failed");
        Action::requeue(delay)
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::ConfigMap;
    use std::sync::atomic::AtomicU32;

    #[tokio::test]
    async fn a_queue_whose_loop_does_not_run_keeps_no_requests_and_begins_with_all_objects() {
        let (queue, mut end) = queue::<ConfigMap>();
        let object: ConfigMap =
            serde_json::from_value(serde_json::json!({"metadata": {"name": "a", "namespace": "shop"}})).unwrap();
        let key = Key::of(&object);
        queue.observe(&Change { key: key.clone(), old: None, new: Some(Stored::Readable(Arc::new(object))) });
        (0..1000).for_each(|_| queue.request(&key));
        assert!(end.requests.try_recv().is_err(), "nothing waits");
        let reconciled = Arc::new(AtomicU32::new(0));
        let reconcile = |reconciled: Arc<AtomicU32>, _| async move {
            reconciled.fetch_add(1, Ordering::SeqCst);
            Ok(Action::await_change())
        };
        let looped = tokio::spawn(run("test", 1, end, reconciled.clone(), Reports::default(), reconcile));
        let deadline = Instant::now() + Duration::from_secs(10);
        while reconciled.load(Ordering::SeqCst) == 0 && Instant::now() < deadline {
            tokio::task::yield_now().await;
        }
        assert_eq!(reconciled.load(Ordering::SeqCst), 1);
        looped.abort();
    }

    #[tokio::test]
    async fn a_panic_in_one_reconcile_does_not_stop_the_next_object() {
        let (queue, end) = queue::<ConfigMap>();
        for name in ["bad", "good"] {
            let object: ConfigMap =
                serde_json::from_value(serde_json::json!({"metadata": {"name": name, "namespace": "shop"}})).unwrap();
            let key = Key::of(&object);
            queue.observe(&Change { key, old: None, new: Some(Stored::Readable(Arc::new(object))) });
        }
        let good = Arc::new(AtomicU32::new(0));
        let reconcile = |good: Arc<AtomicU32>, key: Key| async move {
            assert_ne!(key.name, "bad", "this object is bad");
            good.fetch_add(1, Ordering::SeqCst);
            Ok(Action::await_change())
        };
        let looped = tokio::spawn(run("test", 1, end, good.clone(), Reports::default(), reconcile));
        let deadline = Instant::now() + Duration::from_secs(10);
        while good.load(Ordering::SeqCst) == 0 && Instant::now() < deadline {
            tokio::task::yield_now().await;
        }
        assert_eq!(good.load(Ordering::SeqCst), 1);
        assert!(!looped.is_finished());
        looped.abort();
    }
}
