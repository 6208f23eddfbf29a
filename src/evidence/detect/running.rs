//! Asks running control planes for their version, through the API server's port-forward and with the collector's
//! identity, in the namespaces that the contract names and in no other. Not for metrics or debug pages.

use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;
use tokio::time::timeout;

use super::istio;
use super::observed::{Istiod, Observed, Running};
use super::version;
use crate::evidence::views::PodView;

/// istiod's monitoring port, where its pods name none.
const MONITORING_PORT: u16 = 15014;
/// Control planes that are asked.
const MAX_CONTROL_PLANES: usize = 16;
/// Pods of control planes in a namespace among which the replicas are looked for.
const MOST_PODS: u32 = 50;
/// Replicas of one control plane that are asked.
const MAX_PODS: usize = 5;
/// The whole of one question.
const ANSWER: Duration = Duration::from_secs(5);
/// The largest answer; a version is a line.
const MAX_ANSWER: usize = 4 * 1024;

/// Asks the ready control planes of `mesh_namespaces`; gives what the replicas of each namespace and revision answered.
pub(super) async fn versions(collector: &kube::Client, observed: &Observed, mesh_namespaces: &[String]) -> Running {
    let asked =
        istio::confirmed(observed).filter(|istiod| istiod.ready > 0 && mesh_namespaces.contains(&istiod.namespace));
    let answers = asked.take(MAX_CONTROL_PLANES).map(|istiod| async move {
        ((istiod.namespace.clone(), istiod.revision().to_owned()), versions_of(collector, istiod).await)
    });
    futures::future::join_all(answers).await.into_iter().collect()
}

async fn versions_of(collector: &kube::Client, istiod: &Istiod) -> Vec<String> {
    let (namespace, revision) = (istiod.namespace.as_str(), istiod.revision());
    let pods: Api<PodView> = Api::namespaced(collector.clone(), namespace);
    let params = ListParams::default().labels("app=istiod").limit(MOST_PODS);
    let pods = match timeout(ANSWER, pods.list(&params)).await {
        Ok(Ok(pods)) => pods.items,
        Ok(Err(error)) => {
            tracing::debug!(namespace, %error, "the control plane's pods cannot be listed");
            return Vec::new();
        }
        Err(_) => return Vec::new(),
    };
    let of_revision = |pod: &PodView| pod.label("istio.io/rev").unwrap_or("default") == revision;
    let ready = pods.iter().filter(|pod| of_revision(pod) && pod.is_running() && pod.is_ready()).take(MAX_PODS);
    futures::future::join_all(ready.map(|pod| async move {
        let port = pod.annotation("prometheus.io/port").and_then(|port| port.parse().ok()).unwrap_or(MONITORING_PORT);
        let answer = timeout(ANSWER, ask(collector, namespace, pod.name(), port)).await;
        match answer {
            Ok(Ok(text)) => version::of_endpoint(&text),
            Ok(Err(error)) => {
                tracing::debug!(namespace, pod = pod.name(), %error, "the control plane did not tell its version");
                None
            }
            Err(_) => None,
        }
    }))
    .await
    .into_iter()
    .flatten()
    .collect()
}

/// `GET /version` over a forwarded port. hyper reads by length or chunks: over a WebSocket the stream never ends by itself, so
/// nobody may wait for its end.
async fn ask(
    collector: &kube::Client,
    namespace: &str,
    pod: &str,
    port: u16,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let pods: Api<Pod> = Api::namespaced(collector.clone(), namespace);
    let mut forwarder = pods.portforward(pod, &[port]).await?;
    let stream = forwarder.take_stream(port).ok_or("the port was not forwarded")?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let answer = async {
        let request = hyper::Request::get("/version").header("host", "localhost").body(Empty::<Bytes>::new())?;
        let response = sender.send_request(request).await?;
        if response.status() != hyper::StatusCode::OK {
            return Err(format!("it answered {}", response.status()).into());
        }
        let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await?.to_bytes();
        Ok(String::from_utf8_lossy(&body).into_owned())
    }
    .await;
    connection.abort();
    forwarder.abort();
    answer
}
