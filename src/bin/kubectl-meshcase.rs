//! The kubectl plugin's entry: installs the TLS provider and hands over to `cli`. No rule and no verb lives here.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Without this the first TLS handshake panics: no default is compiled into rustls.
    let installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    debug_assert!(installed.is_ok(), "this is the only place that installs a provider");
    meshcase::cli::main(std::env::args_os())
}
