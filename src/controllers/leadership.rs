//! Whether this replica may change anything at this moment: how long its lease certainly holds, by the monotonic clock, and
//! how many effects are on their way. Every effect asks here: writes to the API server in a layer below kube, and the
//! evidence store. Not for: getting, renewing or releasing the lease; that is `leader.rs`.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use http::{Method, Request};
use kube::client::Body;
use thiserror::Error;
use tokio::sync::watch;
use tower::{BoxError, Layer, Service};

/// The effect was not begun, or was dropped midway: another replica may lead by now.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("this replica does not hold the lease, or not for certain: nothing is written")]
pub struct NotLeading;

/// The leadership of this process; clones share it. At first it does not lead.
#[derive(Clone, Default)]
pub struct Leadership(Arc<Shared>);

#[derive(Default)]
struct Shared {
    term: Mutex<Term>,
    leads: watch::Sender<bool>,
    under_way: watch::Sender<usize>,
}

#[derive(Clone, Copy, Default)]
struct Term {
    ends: Ends,
    /// Effects that are under way may end, and none begins.
    closing: bool,
}

/// When this replica ceases to lead, if the lease is not renewed.
#[derive(Clone, Copy, Default)]
enum Ends {
    #[default]
    NotBegun,
    At(Instant),
    Never,
}

impl Leadership {
    /// Leads until `at`; called again with each renewal of the lease.
    pub(super) fn holds_until(&self, at: Instant) {
        self.begin_term(Ends::At(at));
    }

    /// Leads for ever: there is no election.
    pub(super) fn holds_for_ever(&self) {
        self.begin_term(Ends::Never);
    }

    fn begin_term(&self, ends: Ends) {
        self.0.term.lock().unwrap_or_else(PoisonError::into_inner).ends = ends;
        self.0.leads.send_if_modified(|leads| !std::mem::replace(leads, true));
    }

    /// Waits until this replica leads for the first time.
    pub(super) async fn until_leading(&self) {
        // The sender lives as long as `self`: the wait cannot fail.
        let _ = self.0.leads.subscribe().wait_for(|leads| *leads).await;
    }

    /// Lets no further effect begin, and waits for those that are under way: after that the lease may be given back.
    pub(super) async fn close(&self) {
        self.0.term.lock().unwrap_or_else(PoisonError::into_inner).closing = true;
        let _ = self.0.under_way.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Runs `effect` while this replica leads.
    ///
    /// # Errors
    /// [`NotLeading`], when it does not lead, or ceases to before `effect` is done: then `effect` is dropped.
    pub async fn effect<F: Future>(&self, effect: F) -> Result<F::Output, NotLeading> {
        self.begin()?.run(effect).await
    }

    fn begin(&self) -> Result<Effect, NotLeading> {
        let term = self.term();
        if term.closing || !term.ends.lie_ahead() {
            return Err(NotLeading);
        }
        self.0.under_way.send_modify(|count| *count += 1);
        Ok(Effect(self.clone()))
    }

    fn term(&self) -> Term {
        *self.0.term.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when the lease has run out without a renewal.
    async fn until_lost(&self) {
        loop {
            match self.term().ends {
                Ends::Never => std::future::pending().await,
                Ends::At(at) if Instant::now() < at => tokio::time::sleep_until(at.into()).await,
                Ends::At(_) | Ends::NotBegun => return,
            }
        }
    }
}

impl Ends {
    fn lie_ahead(self) -> bool {
        match self {
            Self::NotBegun => false,
            Self::At(at) => Instant::now() < at,
            Self::Never => true,
        }
    }
}

/// One effect under way, counted until it is dropped.
struct Effect(Leadership);

impl Effect {
    async fn run<F: Future>(self, effect: F) -> Result<F::Output, NotLeading> {
        let mut effect = pin!(effect);
        let mut lost = pin!(self.0.until_lost());
        poll_fn(|context| {
            // The clock is asked each time: in a process that was stopped for a while the timer is late.
            if !self.0.term().ends.lie_ahead() || lost.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(NotLeading));
            }
            effect.as_mut().poll(context).map(Ok)
        })
        .await
    }
}

impl Drop for Effect {
    fn drop(&mut self) {
        self.0.0.under_way.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// A layer of a client: requests that may change something go out only while this replica leads.
pub(super) struct WriteGuard(pub(super) Leadership);

impl<S> Layer<S> for WriteGuard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, leadership: self.0.clone() }
    }
}

/// A client's service behind a [`WriteGuard`].
pub(super) struct Guarded<S> {
    inner: S,
    leadership: Leadership,
}

impl<S> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
            let call = self.inner.call(request);
            return Box::pin(async { call.await.map_err(Into::into) });
        }
        match self.leadership.begin() {
            Err(refused) => Box::pin(async move { Err(refused.into()) }),
            Ok(effect) => {
                let call = self.inner.call(request);
                Box::pin(async { effect.run(call).await?.map_err(Into::into) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Response;
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use tower::{ServiceBuilder, ServiceExt, service_fn};

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(30);

    async fn send(leadership: &Leadership, method: Method) -> (bool, usize) {
        let arrived = Arc::new(AtomicUsize::new(0));
        let server = arrived.clone();
        let service = ServiceBuilder::new().layer(WriteGuard(leadership.clone())).service(service_fn(move |_| {
            server.fetch_add(1, Ordering::SeqCst);
            async { Ok::<_, Infallible>(Response::new(Body::empty())) }
        }));
        let request = Request::builder().method(method).body(Body::empty()).unwrap();
        (service.oneshot(request).await.is_ok(), arrived.load(Ordering::SeqCst))
    }

    #[tokio::test]
    async fn only_a_replica_that_leads_writes_and_every_one_reads() {
        let leadership = Leadership::default();
        assert_eq!(send(&leadership, Method::PATCH).await, (false, 0));
        assert_eq!(send(&leadership, Method::GET).await, (true, 1));
        leadership.holds_until(Instant::now() + LONG);
        assert_eq!(send(&leadership, Method::PATCH).await, (true, 1));
        leadership.holds_until(Instant::now());
        for method in [Method::PATCH, Method::PUT, Method::POST, Method::DELETE] {
            assert_eq!(send(&leadership, method).await, (false, 0));
        }
    }

    #[tokio::test]
    async fn an_effect_that_outlives_the_lease_is_dropped_and_one_under_a_renewed_lease_is_not() {
        let leadership = Leadership::default();
        leadership.holds_until(Instant::now() + SHORT);
        assert_eq!(leadership.effect(std::future::pending::<()>()).await, Err(NotLeading));
        leadership.holds_until(Instant::now() + SHORT);
        let renewed = async {
            leadership.holds_until(Instant::now() + LONG);
            tokio::time::sleep(2 * SHORT).await;
        };
        assert_eq!(leadership.effect(renewed).await, Ok(()));
    }

    #[tokio::test]
    async fn what_is_ready_after_the_lease_ran_out_is_not_taken() {
        let leadership = Leadership::default();
        leadership.holds_until(Instant::now() + SHORT);
        let effect = leadership.begin().unwrap();
        // As in a process that was stopped: no timer had its turn.
        std::thread::sleep(2 * SHORT);
        assert_eq!(effect.run(std::future::ready(())).await, Err(NotLeading));
    }

    #[tokio::test]
    async fn the_lease_is_given_back_only_when_the_effects_under_way_have_ended_and_no_other_begins() {
        let leadership = Leadership::default();
        leadership.holds_for_ever();
        let effect = leadership.begin().unwrap();
        let closing = tokio::spawn({
            let leadership = leadership.clone();
            async move { leadership.close().await }
        });
        while leadership.begin().is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(!closing.is_finished());
        assert_eq!(effect.run(std::future::ready("written")).await, Ok("written"));
        closing.await.unwrap();
    }
}
