//! How the plugin reaches a cluster: kubectl's flags, kubeconfig rules, and errors a kubectl user understands.
//! It knows no kind of ours.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};

use super::Error;

/// How long a connection may take to open, and how long one answer may take: a person is waiting.
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(30);

/// kubectl's own flags for choosing a cluster.
#[derive(Debug, Args)]
pub(crate) struct ClusterArgs {
    /// Namespace; by default the kubeconfig context's.
    #[arg(short, long, global = true, help_heading = "Cluster")]
    pub(crate) namespace: Option<String>,
    /// Kubeconfig context.
    #[arg(long, global = true, help_heading = "Cluster")]
    pub(crate) context: Option<String>,
    /// Kubeconfig file; by default $KUBECONFIG, then ~/.kube/config.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Cluster")]
    pub(crate) kubeconfig: Option<PathBuf>,
}

/// A reached cluster and the namespace that the command means.
pub(crate) struct Cluster {
    pub(crate) client: kube::Client,
    pub(crate) namespace: String,
}

impl ClusterArgs {
    /// Reads the kubeconfig and builds a client; the first request is what opens a connection.
    ///
    /// # Errors
    /// [`Error::Input`] where the kubeconfig or the context cannot be used.
    pub(crate) async fn connect(&self) -> Result<Cluster, Error> {
        let mut config = self.config().await?;
        config.connect_timeout = Some(CONNECT);
        config.read_timeout = Some(ANSWER);
        // kube would repeat a refused request for minutes; a person would rather read why.
        config.default_retry = false;
        let namespace = self.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        let client = kube::Client::try_from(config)
            .map_err(|error| Error::Input(format!("cannot use the kubeconfig: {error}")))?;
        Ok(Cluster { client, namespace })
    }

    async fn config(&self) -> Result<Config, Error> {
        let options = KubeConfigOptions { context: self.context.clone(), ..Default::default() };
        if let Some(path) = &self.kubeconfig {
            let file = Kubeconfig::read_from(path)
                .map_err(|error| Error::Input(format!("--kubeconfig {}: {}", path.display(), chain(&error))))?;
            return Config::from_custom_kubeconfig(file, &options).await.map_err(|error| Error::Input(chain(&error)));
        }
        match Config::from_kubeconfig(&options).await {
            Ok(config) => Ok(config),
            Err(error) if self.context.is_some() => Err(Error::Input(chain(&error))),
            // Inside a pod there is no kubeconfig; elsewhere its error is the one that helps.
            Err(error) => {
                Config::incluster().map_err(|_no_pod| Error::Input(format!("no cluster to talk to: {}", chain(&error))))
            }
        }
    }
}

/// Waits for one request and turns its failure into an error that says what was asked for.
///
/// # Errors
/// [`Error::Failed`] with `what`, and the API server's own words where it gave any.
pub(crate) async fn ask<T>(what: &str, request: impl Future<Output = kube::Result<T>>) -> Result<T, Error> {
    match tokio::time::timeout(ANSWER, request).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(kube::Error::Api(status))) => Err(Error::Failed(format!("{what}: {}", status.message))),
        Ok(Err(error)) => Err(Error::Failed(format!("{what}: cannot reach the cluster: {}", chain(&error)))),
        Err(_elapsed) => {
            Err(Error::Failed(format!("{what}: no answer from the cluster within {} s", ANSWER.as_secs())))
        }
    }
}

/// An error with its causes on one line, each said once.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !said.contains(&words) {
            said = format!("{said}: {words}");
        }
        next = cause.source();
    }
    said
}
