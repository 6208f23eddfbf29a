//! `make faults`: the operator's real binary under faults of its surroundings, again and again, with what it took to recover: leaders
//! that are killed, ended and held up; the API server started again; watches cut and silent; etcd restored to an older state;
//! clocks that differ. Ends with 1 if something took too long or was lost. `FAULTS="killed cut"` takes some of them.
//! Not for: what a single decision says; those tests are in `tests/cluster`.

mod failovers;
mod scene;
mod surroundings;

use std::process::ExitCode;
use std::time::Duration;

use meshcase_lab::{LabError, Result};
use scene::Scene;
use tokio::signal::unix::{SignalKind, signal};

/// What came of one kind of fault.
pub struct Outcome {
    fault: &'static str,
    /// How long each time took until the product had recovered.
    took: Vec<Duration>,
    limit: Duration,
    /// What is wrong beside times.
    wrong: Vec<String>,
}

/// The names that `FAULTS` takes, in the order in which they are tried.
const FAULTS: [&str; 8] = ["killed", "stopped", "paused", "restarted", "cut", "restored", "skewed", "silent"];

#[tokio::main]
async fn main() -> ExitCode {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        eprintln!("faults: cannot listen for signals");
        return ExitCode::FAILURE;
    };
    // Whichever comes first: the other future is dropped, and with it the laboratory and all its processes.
    let outcomes = tokio::select! {
        outcomes = try_all() => outcomes,
        _ = interrupt.recv() => return ExitCode::from(130),
        _ = terminate.recv() => return ExitCode::from(130),
    };
    match outcomes {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("faults: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Tries the faults that were asked for; answers whether all went well.
async fn try_all() -> Result<bool> {
    let asked = std::env::var("FAULTS").unwrap_or_default();
    let asked: Vec<&str> = asked.split_whitespace().collect();
    if let Some(unknown) = asked.iter().find(|name| !FAULTS.contains(name)) {
        return Err(LabError::new(format!("FAULTS: `{unknown}` is none of {}", FAULTS.join(", "))));
    }
    let mut well = true;
    println!("{:<48} {:>5} {:>8} {:>8} {:>8}", "fault", "times", "median", "longest", "limit");
    for name in FAULTS.into_iter().filter(|name| asked.is_empty() || asked.contains(name)) {
        let outcome = match name {
            "killed" => failovers::killed().await?,
            "stopped" => failovers::stopped().await?,
            "paused" => failovers::paused().await?,
            "restarted" => surroundings::api_server_restarted().await?,
            "cut" => surroundings::watches_cut().await?,
            "restored" => surroundings::etcd_restored().await?,
            "skewed" => surroundings::clocks_differ().await?,
            _ => surroundings::watches_silent().await?,
        };
        well &= outcome.show();
    }
    Ok(well)
}

impl Outcome {
    /// With what is left undecided in `scene` as wrong, too.
    async fn of(
        fault: &'static str,
        took: Vec<Duration>,
        limit: Duration,
        mut wrong: Vec<String>,
        scene: &Scene,
    ) -> Result<Self> {
        let undecided = scene.undecided().await?;
        if !undecided.is_empty() {
            wrong.push(format!("not decided on: {}", undecided.join(", ")));
        }
        Ok(Self { fault, took, limit, wrong })
    }

    /// Prints a line of the table, and lines of what is wrong; answers whether nothing is.
    fn show(mut self) -> bool {
        self.took.sort();
        let longest = self.took.last().copied().unwrap_or_default();
        let median = self.took.get(self.took.len() / 2).copied().unwrap_or_default();
        println!(
            "{:<48} {:>5} {:>6.1} s {:>6.1} s {:>6.1} s",
            self.fault,
            self.took.len(),
            median.as_secs_f64(),
            longest.as_secs_f64(),
            self.limit.as_secs_f64()
        );
        if longest > self.limit {
            self.wrong.push("took too long".to_owned());
        }
        self.wrong.iter().for_each(|wrong| println!("  WRONG: {wrong}"));
        self.wrong.is_empty()
    }
}
