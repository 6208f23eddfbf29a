//! `make demo`: the laboratory with a story. It starts a real control plane, nodes and a real Istio, runs the operator's real
//! binary, applies `examples/`, and shows in plain words what a user would look at. Ends with 1 if something expected did not
//! come true. With `KEEP=1` all of it stays until Ctrl-C. Not for: tests; those are in `tests/cluster`.

mod stage;
mod story;

use std::process::ExitCode;

use meshcase_lab::{Lab, Result};
use tokio::signal::unix::{SignalKind, signal};

use stage::Stage;

#[tokio::main]
async fn main() -> ExitCode {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        eprintln!("demo: cannot listen for signals");
        return ExitCode::FAILURE;
    };
    // Whichever comes first: the other future is dropped, and with it the laboratory and all its processes.
    let told = tokio::select! {
        told = demonstrate() => told,
        _ = interrupt.recv() => return stopped(),
        _ = terminate.recv() => return stopped(),
    };
    match told {
        Ok(failed) if failed.is_empty() => {
            println!("\nEverything came true as expected.");
            ExitCode::SUCCESS
        }
        Ok(failed) => {
            eprintln!("\nThis did not come true as expected:");
            failed.iter().for_each(|what| eprintln!("  - {what}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("\ndemo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn stopped() -> ExitCode {
    println!("\nStopped; every process is ended.");
    // As a shell reports a program that was ended by SIGINT.
    ExitCode::from(130)
}

/// The whole demonstration. Answers what did not come true.
async fn demonstrate() -> Result<Vec<String>> {
    let lab = Lab::start().await?;
    let mut stage = Stage::new(&lab)?;
    story::tell(&mut stage).await?;
    if std::env::var_os("KEEP").is_some_and(|keep| !keep.is_empty() && keep != "0") {
        stage.say("Everything stays as it is until you press Ctrl-C here. In another terminal:");
        println!("{}", stage.way_in()?);
        for what in &stage.failed {
            eprintln!("did not come true: {what}");
        }
        std::future::pending::<()>().await;
    }
    Ok(stage.failed)
}
