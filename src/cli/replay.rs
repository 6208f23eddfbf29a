//! `replay`: what the operator would have written, played forward over manifests without any cluster. `--instead`: what an edit of
//! a contract would do. Not for: rules; every decision is `convert`'s, the same that the operator takes.

mod compare;
mod outage;
mod play;
mod show;
mod world;

use std::io::Write;
use std::path::PathBuf;

use chrono::{DateTime, SubsecRound, Utc};
use clap::Args;

use self::compare::Moves;
use self::play::Play;
use self::world::World;
use super::Error;
use super::manifests::{Faults, read};
use super::output::OutputArgs;
use crate::domain::time::ZoneData;

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// Files or folders with SupportContracts, SupportCases and SupportActivities, YAML or JSON; `-` is standard input.
    /// Namespaces and ConfigMaps among them serve selectors and holidays.
    #[arg(short = 'f', long = "filename", required = true, num_args = 1.., value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Play to this time, such as 2026-11-30T23:59:59Z; by default now.
    #[arg(long, value_name = "TIME")]
    at: Option<DateTime<Utc>>,
    /// Apply these contracts at the end instead of those of the same names, and print which promises would move.
    #[arg(long, value_name = "FILE")]
    instead: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

impl ReplayArgs {
    pub(crate) fn run(&self, zones: ZoneData, out: &mut dyn Write) -> Result<(), Error> {
        let at = self.at.unwrap_or_else(Utc::now).trunc_subsecs(0);
        let mut faults = Faults::default();
        let world = World::read(read(&self.files, &mut faults), &zones, &mut faults);
        let edits = match &self.instead {
            Some(path) => world::contracts(&read(std::slice::from_ref(path), &mut faults), &mut faults),
            None => Vec::new(),
        };
        faults.into_result()?;
        let mut play = Play::new(&world, at);
        play.run();
        if self.instead.is_some() {
            let moves = Moves::of(&mut play, edits, at)?;
            return self.output.output.write(out, &moves, || moves.table());
        }
        self.output.output.write(out, &show::list(&world, &play), || show::table(&world, &play))?;
        // The process ends with this: to give thousands of objects back piece by piece takes a sixth of all the time.
        std::mem::forget(play);
        std::mem::forget(world);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
