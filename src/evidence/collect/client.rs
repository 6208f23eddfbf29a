//! The collector's client: the operator's connection, acting as one service account and as nobody else, so that what
//! may be read is decided by that account's RBAC. Not for the operator's own reads and writes.

use std::time::Duration;

use kube::client::ClientBuilder;
use tower::timeout::TimeoutLayer;

/// How long the API server may take until the first byte of an answer.
const ANSWER: Duration = Duration::from_secs(30);
/// The longest silence within an answer. The readers have shorter deadlines of their own; this one is the net below them.
const SILENCE: Duration = Duration::from_secs(90);

/// A client that impersonates `system:serviceaccount:<namespace>:<service_account>`. The API server adds the groups of a
/// service account itself (as for a token of its own), so none is named here and the operator needs no right to
/// impersonate groups. Nothing is retried blindly: a refused or late item is noted in the manifest.
///
/// # Errors
/// The configuration's TLS or credentials cannot be used.
pub fn collector_client(
    mut config: kube::Config,
    namespace: &str,
    service_account: &str,
) -> Result<kube::Client, kube::Error> {
    config.auth_info.impersonate = Some(format!("system:serviceaccount:{namespace}:{service_account}"));
    config.auth_info.impersonate_groups = None;
    config.connect_timeout = Some(Duration::from_secs(10));
    config.read_timeout = Some(SILENCE);
    config.default_retry = false;
    Ok(ClientBuilder::try_from(config)?.with_layer(&TimeoutLayer::new(ANSWER)).build())
}
