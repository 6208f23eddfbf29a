//! The two clients of the operator: its own, and the collector's, which impersonates exactly one service account.
//! Not for: what is asked of the API server.

use std::time::Duration;

use kube::client::ClientBuilder;
use kube::{Client, Config};
use thiserror::Error;
use tower::timeout::TimeoutLayer;

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

/// A client with a time-out on each call.
pub fn client(config: Config) -> Result<Client, ClientError> {
    Ok(ClientBuilder::try_from(config)?.with_layer(&TimeoutLayer::new(CALL_TIMEOUT)).build())
}

/// A client that acts as the service account `name` in `namespace` and as nobody else (invariant 7).
pub fn collector(config: &Config, namespace: &str, name: &str) -> Result<Client, ClientError> {
    let mut config = config.clone();
    config.auth_info.impersonate = Some(format!("system:serviceaccount:{namespace}:{name}"));
    config.auth_info.impersonate_groups = None;
    client(config)
}
