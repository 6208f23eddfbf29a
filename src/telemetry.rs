//! Logs: JSON for machines or text for people, on standard error. Not for: metrics (`metrics.rs`) or what a user must
//! know, which stands in a condition.

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Json,
    Text,
}

/// The client logs every failed call as an error, also those that are answered by a condition.
const DEFAULT_FILTER: &str = "info,kube_client::client::builder=off,kube_runtime::controller=off";

/// Starts logging; `RUST_LOG` overrides what is logged. A second call changes nothing.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).try_init(),
        LogFormat::Text => lines.try_init(),
    };
    if let Err(error) = started {
        tracing::debug!(%error, "logging had been started before");
    }
}
