//! The time as the API server tells it in the head of each answer (`Date`), to hold the operator's own clock against
//! (ruling 39). No request is made for it. Not for: what a difference means; that is in the domain.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use http::header::DATE;
use http::{HeaderMap, Request, Response};
use tower::{Layer, Service};

use crate::domain::clock::{agrees, skew};
use crate::metrics::Metrics;

/// What the API server said last; clones share it. Also a layer of a client, which notes it.
#[derive(Clone)]
pub struct ServerClock {
    told: Arc<Mutex<Option<Told>>>,
    /// Whether the log says that the clocks differ.
    warned: Arc<AtomicBool>,
    metrics: Metrics,
}

/// One answer's time. It was made after the request was sent and before the answer was received.
#[derive(Clone, Copy)]
struct Told {
    date: DateTime<Utc>,
    sent: Instant,
    received: Instant,
}

impl ServerClock {
    pub(super) fn new(metrics: Metrics) -> Self {
        Self { told: Arc::default(), warned: Arc::default(), metrics }
    }

    /// Whether the operator's clock can be believed; it is before the first answer.
    pub(super) fn agrees(&self) -> bool {
        self.skew().is_none_or(agrees)
    }

    /// By how much the operator's clock is ahead at this moment (negative: behind). Between two answers the monotonic clock
    /// counts on, so that a clock that is set is noticed at once. Nothing before the first answer.
    fn skew(&self) -> Option<TimeDelta> {
        let told = (*self.told.lock().unwrap_or_else(PoisonError::into_inner))?;
        let since = |instant: Instant| TimeDelta::from_std(instant.elapsed()).unwrap_or_default();
        let whole = TimeDelta::seconds(1);
        Some(skew(Utc::now(), told.date + since(told.received), told.date + whole + since(told.sent)))
    }

    fn note(&self, headers: &HeaderMap, sent: Instant) {
        let Some(date) = headers.get(DATE).and_then(|date| date.to_str().ok()) else { return };
        let Ok(date) = DateTime::parse_from_rfc2822(date) else { return };
        let told = Told { date: date.to_utc(), sent, received: Instant::now() };
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
        let Some(skew) = self.skew() else { return };
        self.metrics.clock_skew(skew);
        let (differ, seconds_ahead) = (!agrees(skew), skew.num_seconds());
        match (differ, self.warned.swap(differ, Ordering::Relaxed)) {
            (true, false) => {
                tracing::warn!(seconds_ahead, "the operator's clock and the API server's differ: nothing is settled");
            }
            (false, true) => tracing::info!("the operator's clock and the API server's agree again"),
            _ => {}
        }
    }
}

impl<S> Layer<S> for ServerClock {
    type Service = Listening<S>;

    fn layer(&self, inner: S) -> Listening<S> {
        Listening { inner, clock: self.clone() }
    }
}

/// A client's service that notes the time of each answer.
pub struct Listening<S> {
    inner: S,
    clock: ServerClock,
}

impl<S, Q, B> Service<Request<Q>> for Listening<S>
where
    S: Service<Request<Q>, Response = Response<B>>,
    S::Future: Send + 'static,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let (sent, clock, call) = (Instant::now(), self.clock.clone(), self.inner.call(request));
        Box::pin(async move {
            let answer = call.await?;
            clock.note(answer.headers(), sent);
            Ok(answer)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use tower::{ServiceBuilder, ServiceExt, service_fn};

    async fn told(ahead: TimeDelta) -> Option<TimeDelta> {
        let clock = ServerClock::new(Metrics::default());
        let service =
            ServiceBuilder::new().layer(clock.clone()).service(service_fn(move |_: Request<()>| async move {
                let date = (Utc::now() - ahead).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
                Ok::<_, Infallible>(Response::builder().header(DATE, date).body(()).unwrap())
            }));
        service.oneshot(Request::new(())).await.unwrap();
        clock.skew()
    }

    #[tokio::test]
    async fn a_clock_is_held_against_the_date_of_an_answer() {
        assert_eq!(told(TimeDelta::zero()).await, Some(TimeDelta::zero()));
        for ahead in [TimeDelta::hours(25), TimeDelta::hours(-25)] {
            let skew = told(ahead).await.unwrap();
            assert!((skew - ahead).abs() < TimeDelta::seconds(10), "{skew}");
        }
    }
}
