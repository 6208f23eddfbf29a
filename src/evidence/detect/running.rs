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

use super::Facts;
use super::istio::{RUNNING_ENDPOINT, settle};
use super::version::{self, Version};
use crate::api::{MeshKind, MeshPresence, MeshStatus};
use crate::evidence::views::PodView;

/// istiod's monitoring port, where its pods name none.
const MONITORING_PORT: u16 = 15014;
/// Replicas of one control plane that are asked.
const MAX_PODS: usize = 5;
/// The whole of one question.
const ANSWER: Duration = Duration::from_secs(5);
/// The largest answer; a version is a line.
const MAX_ANSWER: usize = 4 * 1024;

/// Asks the control planes of `mesh_namespaces` and merges their answers: the running endpoint counts before labels and tags, and
/// what says otherwise is kept as a conflict. What does not answer leaves its mesh as it is.
pub async fn running_versions(collector: &kube::Client, facts: &mut Facts, mesh_namespaces: &[String]) {
    let asked = facts.meshes.iter_mut().filter(|mesh| {
        mesh.kind == MeshKind::Istio
            && mesh.presence != MeshPresence::Residue
            && mesh.namespace.as_ref().is_some_and(|namespace| mesh_namespaces.contains(namespace))
    });
    futures::future::join_all(asked.map(|mesh| async move {
        let versions = versions(collector, mesh).await;
        merge(mesh, &versions);
    }))
    .await;
}

async fn versions(collector: &kube::Client, mesh: &MeshStatus) -> Vec<String> {
    let namespace = mesh.namespace.as_deref().unwrap_or_default();
    let revision = mesh.revision.as_deref().unwrap_or("default");
    let pods: Api<PodView> = Api::namespaced(collector.clone(), namespace);
    let params = ListParams::default().labels("app=istiod").limit(100);
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

/// Puts the replicas' answers before what the mesh said until now. The oldest counts: proxies are measured against it.
pub(super) fn merge(mesh: &mut MeshStatus, running: &[String]) {
    let mut running: Vec<&String> = running.iter().collect();
    running.sort_by(|a, b| match (Version::parse(a), Version::parse(b)) {
        (Some(a), Some(b)) => a.compare(&b),
        _ => a.cmp(b),
    });
    running.dedup();
    if running.is_empty() {
        return;
    }
    let mut claims: Vec<(&str, String)> =
        running.into_iter().map(|version| (RUNNING_ENDPOINT, version.clone())).collect();
    let (version, source) = (mesh.version.take(), mesh.version_source.take());
    let conflicts = std::mem::take(&mut mesh.conflicts);
    if let (Some(version), Some(source)) = (&version, &source) {
        claims.push((source, version.clone()));
    }
    claims.extend(conflicts.iter().map(|conflict| (conflict.source.as_str(), conflict.version.clone())));
    // A pass that repeats an earlier one finds its own answer among the former claims.
    let mut merged: Vec<(&str, String)> = Vec::with_capacity(claims.len());
    for claim in claims {
        if !merged.contains(&claim) {
            merged.push(claim);
        }
    }
    settle(mesh, merged);
}
