//! The endpoints `/livez`, `/readyz` and `/metrics`. `/readyz` names what is missing. Not for: the API of the product,
//! which is Kubernetes objects.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::metrics::Metrics;

/// Answers what is still missing (empty when ready), in words for a person.
pub type Missing = Arc<dyn Fn() -> Vec<String> + Send + Sync>;

#[derive(Clone)]
struct Endpoints {
    missing: Missing,
    metrics: Metrics,
}

/// Serves the endpoints on `address` until the process ends; an address that cannot be bound is an error.
pub async fn serve(address: SocketAddr, missing: Missing, metrics: Metrics) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    tracing::info!(address = %listener.local_addr()?, "serving /livez, /readyz and /metrics");
    axum::serve(listener, routes(missing, metrics)).await
}

fn routes(missing: Missing, metrics: Metrics) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics_text))
        .with_state(Endpoints { missing, metrics })
}

async fn ready(State(endpoints): State<Endpoints>) -> (StatusCode, String) {
    let missing = (endpoints.missing)();
    if missing.is_empty() {
        return (StatusCode::OK, "ok\n".to_owned());
    }
    (StatusCode::SERVICE_UNAVAILABLE, missing.iter().map(|part| format!("waiting for {part}\n")).collect())
}

async fn metrics_text(State(endpoints): State<Endpoints>) -> axum::response::Response {
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match endpoints.metrics.text() {
        Ok(text) => ([(axum::http::header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => {
            (StatusCode::INTERNAL_SERVER_ERROR, format!("metrics cannot be written: {error}\n")).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn readiness_names_what_is_missing() {
        let endpoints =
            Endpoints { missing: Arc::new(|| vec!["the list of SupportCases".into()]), metrics: Metrics::default() };
        let (code, text) = ready(State(endpoints)).await;
        assert_eq!(code, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(text, "waiting for the list of SupportCases\n");
    }

    #[tokio::test]
    async fn nothing_missing_is_ready() {
        let endpoints = Endpoints { missing: Arc::new(Vec::new), metrics: Metrics::default() };
        assert_eq!(ready(State(endpoints)).await.0, StatusCode::OK);
    }
}
