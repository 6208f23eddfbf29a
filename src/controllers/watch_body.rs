//! A layer below kube that sees the bytes of watches: one on which nothing comes is cut, so that it is opened again, and what
//! becomes of opening them is noted. The API server sends a bookmark each minute, which kube does not show. Not for: what a
//! watch says.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use hyper::body::{Body, Frame, SizeHint};
use thiserror::Error;
use tokio::time::{Instant, Sleep, sleep};
use tower::{BoxError, Layer, Service};

use super::liveness::Liveness;

/// Three bookmarks that did not come.
const SILENCE: Duration = Duration::from_secs(180);

/// No byte came for too long.
#[derive(Debug, Error)]
#[error("nothing came on the watch for {} seconds", .0.as_secs())]
struct Silent(Duration);

/// The layer; see above.
pub(super) struct WatchBodies {
    liveness: Liveness,
    silence: Duration,
}

impl WatchBodies {
    pub(super) fn new(liveness: Liveness) -> Self {
        Self { liveness, silence: SILENCE }
    }
}

impl<S> Layer<S> for WatchBodies {
    type Service = Listened<S>;

    fn layer(&self, inner: S) -> Listened<S> {
        Listened { inner, liveness: self.liveness.clone(), silence: self.silence }
    }
}

/// A client's service behind [`WatchBodies`].
pub(super) struct Listened<S> {
    inner: S,
    liveness: Liveness,
    silence: Duration,
}

impl<S, Q, B> Service<Request<Q>> for Listened<S>
where
    S: Service<Request<Q>, Response = Response<B>>,
    S::Future: Send + 'static,
{
    type Response = Response<WatchBody<B>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let path = (request.method() == Method::GET).then(|| request.uri().path().to_owned());
        let query = request.uri().query().unwrap_or_default();
        let watch = path.is_some() && query.split('&').any(|part| part == "watch=true");
        let (liveness, silence, call) = (self.liveness.clone(), self.silence, self.inner.call(request));
        Box::pin(async move {
            let answer = call.await;
            let success = answer.as_ref().is_ok_and(|answer| answer.status().is_success());
            if let Some(path) = path {
                liveness.answered(&path, watch, success);
            }
            Ok(answer?.map(|body| WatchBody {
                body,
                silence: (watch && success).then(|| (silence, Box::pin(sleep(silence)))),
            }))
        })
    }
}

/// The body of an answer; that of a watch breaks off when nothing comes for too long.
pub(super) struct WatchBody<B> {
    body: B,
    silence: Option<(Duration, Pin<Box<Sleep>>)>,
}

impl<B> Body for WatchBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        let Some((limit, timer)) = &mut self.silence else {
            return frame.map_err(Into::into);
        };
        if frame.is_ready() {
            timer.as_mut().reset(Instant::now() + *limit);
            return frame.map_err(Into::into);
        }
        timer.as_mut().poll(context).map(|()| Some(Err(Silent(*limit).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;
    use http_body_util::{BodyExt, StreamBody};
    use std::convert::Infallible;
    use tower::{ServiceBuilder, ServiceExt, service_fn};

    const SHORT: Duration = Duration::from_millis(50);
    const WATCH: &str = "/api/v1/namespaces?watch=true";

    /// What comes of a body that sends a line each `pause`, three times, and then nothing for ever.
    async fn read(uri: &str, pause: Duration) -> (Liveness, usize, Option<String>) {
        let liveness = Liveness::default();
        liveness.watches("/api/v1/namespaces");
        let layer = WatchBodies { liveness: liveness.clone(), silence: SHORT };
        let service = ServiceBuilder::new().layer(layer).service(service_fn(move |_: Request<()>| async move {
            let lines = stream::unfold(0, move |count| async move {
                if count == 3 {
                    std::future::pending::<()>().await;
                }
                tokio::time::sleep(pause).await;
                Some((Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"{}\n"))), count + 1))
            });
            Ok::<_, Infallible>(Response::new(StreamBody::new(Box::pin(lines))))
        }));
        let request = Request::builder().uri(uri).body(()).unwrap();
        let mut body = service.oneshot(request).await.unwrap().into_body();
        let mut count = 0;
        loop {
            match tokio::time::timeout(20 * SHORT, body.frame()).await {
                Ok(Some(Ok(_))) => count += 1,
                Ok(Some(Err(error))) => return (liveness, count, Some(error.to_string())),
                _ => return (liveness, count, None),
            }
        }
    }

    #[tokio::test]
    async fn a_watch_on_which_nothing_comes_is_cut_and_one_on_which_bytes_come_is_not() {
        let (liveness, lines, error) = read(WATCH, SHORT / 2).await;
        assert_eq!((lines, error.as_deref()), (3, Some("nothing came on the watch for 0 seconds")));
        assert!(liveness.opened("/api/v1/namespaces").is_some());
        assert_eq!(read(WATCH, 2 * SHORT).await.1, 0);
    }

    #[tokio::test]
    async fn a_log_that_is_followed_may_be_silent() {
        let (_, lines, error) = read("/api/v1/namespaces/shop/pods/a/log?follow=true", 2 * SHORT).await;
        assert_eq!((lines, error), (3, None));
    }
}
