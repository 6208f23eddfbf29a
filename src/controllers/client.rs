//! The clients of the operator: its own, the collector's, which impersonates exactly one service account, and the election's.
//! Not for: what is asked of the API server.

use std::time::Duration;

use kube::client::ClientBuilder;
use kube::{Client, Config};
use thiserror::Error;
use tower::timeout::TimeoutLayer;

use super::clock::ServerClock;
use super::leadership::{Leadership, WriteGuard};
use super::liveness::Liveness;
use super::watch_body::WatchBodies;
use crate::metrics::Metrics;

/// How long the API server may take until the head of its answer; a watch or a log may last longer after that.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Why there is no client.
#[derive(Debug, Error)]
pub enum ClientError {
    /// Neither a kubeconfig nor a service account was found, or it cannot be read.
    #[error("no access to a cluster: {0}")]
    Config(#[from] kube::config::InferConfigError),
    /// The TLS or HTTP client could not be built.
    #[error("no client for the API server: {0}")]
    Build(#[from] kube::Error),
}

/// Reads the kubeconfig, or the pod's own service account where there is none.
pub async fn configuration() -> Result<Config, ClientError> {
    let mut config = Config::infer().await?;
    // A repeated POST that had arrived makes a second object: the reconcile repeats, and it knows what it wants.
    config.default_retry = false;
    Ok(config)
}

/// What all clients of the process share.
#[derive(Clone)]
pub struct Shared {
    pub leadership: Leadership,
    pub clock: ServerClock,
    pub liveness: Liveness,
    pub metrics: Metrics,
}

/// A client with a time-out on each call that writes only while this replica leads.
pub fn operator(config: Config, shared: &Shared) -> Result<Client, ClientError> {
    let builder = ClientBuilder::try_from(config)?.with_layer(&shared.clock);
    let builder = builder.with_layer(&WatchBodies::new(shared.liveness.clone()));
    let builder = builder.with_layer(&TimeoutLayer::new(CALL_TIMEOUT));
    Ok(builder.with_layer(&WriteGuard(shared.leadership.clone())).build())
}

/// A client that acts as the service account `name` in `namespace` and as nobody else (invariant 7).
pub fn collector(config: &Config, namespace: &str, name: &str, shared: &Shared) -> Result<Client, ClientError> {
    let mut config = config.clone();
    config.auth_info.impersonate = Some(format!("system:serviceaccount:{namespace}:{name}"));
    config.auth_info.impersonate_groups = None;
    operator(config, shared)
}

/// A client for the Lease alone, which waits behind no other call.
pub fn election(config: Config, shared: &Shared) -> Result<Client, ClientError> {
    let builder = ClientBuilder::try_from(config)?.with_layer(&shared.clock);
    Ok(builder.with_layer(&WatchBodies::new(shared.liveness.clone())).build())
}
