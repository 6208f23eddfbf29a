//! The operator: arguments, telemetry, wiring; no rule of the domain.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use meshcase::controllers::{self, Settings};
use meshcase::telemetry::{self, LogFormat};

/// Keeps support cases beside a service mesh: entitlement, deadlines, escalation and evidence.
#[derive(Parser)]
#[command(name = "meshcase", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Watches the cluster of the kubeconfig, or the one it runs in, until SIGTERM or Ctrl-C
    Run {
        #[command(flatten)]
        settings: Settings,
        /// How log lines look
        #[arg(long, value_enum, default_value = "json", env = "MESHCASE_LOG_FORMAT")]
        log_format: LogFormat,
    },
}

fn main() -> ExitCode {
    let Command::Run { settings, log_format } = Arguments::parse().command;
    telemetry::start(log_format);
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider had been installed before");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "no threads to run on");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(controllers::run(settings));
    // Work that is on its way is given up: it is recorded as intended, and the next start repeats it.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the operator ends");
            ExitCode::FAILURE
        }
    }
}
