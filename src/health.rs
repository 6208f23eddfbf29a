//! The endpoints `/livez`, `/readyz` and `/metrics`. The first two name what is wrong or missing. Not for: the API of the product,
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

/// Answers what is wrong, or still missing, in words for a person; empty when all is well.
pub type Said = Arc<dyn Fn() -> Vec<String> + Send + Sync>;

#[derive(Clone)]
struct Endpoints {
    faults: Said,
    missing: Said,
    metrics: Metrics,
}

/// Serves the endpoints on `address` until the process ends: `/livez` is green while `faults` answers nothing, `/readyz` while
/// `missing` does. An address that cannot be bound is an error.
pub async fn serve(address: SocketAddr, faults: Said, missing: Said, metrics: Metrics) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    tracing::info!(address = %listener.local_addr()?, "serving /livez, /readyz and /metrics");
    let endpoints = Endpoints { faults, missing, metrics };
    let routes =
        Router::new().route("/livez", get(live)).route("/readyz", get(ready)).route("/metrics", get(metrics_text));
    axum::serve(listener, routes.with_state(endpoints)).await
}

async fn live(State(endpoints): State<Endpoints>) -> (StatusCode, String) {
    green_without(&(endpoints.faults)(), "")
}

async fn ready(State(endpoints): State<Endpoints>) -> (StatusCode, String) {
    green_without(&(endpoints.missing)(), "waiting for ")
}

fn green_without(said: &[String], prefix: &str) -> (StatusCode, String) {
    if said.is_empty() {
        return (StatusCode::OK, "ok\n".to_owned());
    }
    (StatusCode::SERVICE_UNAVAILABLE, said.iter().map(|part| format!("{prefix}{part}\n")).collect())
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

    fn endpoints(faults: &[&str], missing: &[&str]) -> State<Endpoints> {
        let said = |texts: &[&str]| -> Said {
            let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
            Arc::new(move || texts.clone())
        };
        State(Endpoints { faults: said(faults), missing: said(missing), metrics: Metrics::default() })
    }

    #[tokio::test]
    async fn readiness_and_liveness_name_what_is_missing_or_wrong() {
        let endpoints = endpoints(&["events: stuck for 301 seconds"], &["the list of SupportCases"]);
        let (code, text) = ready(endpoints.clone()).await;
        assert_eq!((code, text.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "waiting for the list of SupportCases\n"));
        let (code, text) = live(endpoints).await;
        assert_eq!((code, text.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "events: stuck for 301 seconds\n"));
    }

    #[tokio::test]
    async fn nothing_missing_is_ready_and_nothing_wrong_is_live() {
        assert_eq!(ready(endpoints(&[], &[])).await.0, StatusCode::OK);
        assert_eq!(live(endpoints(&[], &["a list"])).await.0, StatusCode::OK);
    }
}
