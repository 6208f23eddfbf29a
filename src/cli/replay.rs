//! `replay`: what the operator would have written, played forward over manifests without any cluster. `--instead`: what an edit of
//! a contract would do. Not for: rules; every decision is `convert`'s, the same that the operator takes.

mod compare;
mod effect;
mod outage;
mod play;
mod show;
mod world;

use std::io::Write;
use std::path::PathBuf;

use chrono::{DateTime, SubsecRound, Utc};
use clap::Args;

use self::compare::{Edits, Moves};
use self::play::Play;
use self::world::World;
use super::manifests::{Faults, read};
use super::output::OutputArgs;
use super::{Error, warn};
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
    /// Plays, and tells on standard error what of the input had no effect.
    pub(crate) fn run(&self, zones: ZoneData, out: &mut dyn Write) -> Result<(), Error> {
        self.play(zones, out, &mut |note| warn(note))
    }

    fn play(&self, zones: ZoneData, out: &mut dyn Write, tell: &mut dyn FnMut(&str)) -> Result<(), Error> {
        let at = self.at.unwrap_or_else(Utc::now).trunc_subsecs(0);
        let mut faults = Faults::default();
        let mut notes = Vec::new();
        let mut manifests = Vec::new();
        for file in &self.files {
            let found = read(std::slice::from_ref(file), &mut faults);
            if found.is_empty() {
                notes.push(format!("{}: no object is in it", file.display()));
            }
            manifests.extend(found);
        }
        let world = World::read(manifests, &zones, &mut faults);
        let edits = match &self.instead {
            Some(path) => {
                let manifests = read(std::slice::from_ref(path), &mut faults);
                Some(Edits::read(&manifests, &world.feeds, &mut faults))
            }
            None => None,
        };
        faults.into_result()?;
        notes.extend(effect::without(&world));
        notes.iter().for_each(|note| tell(&format!("warning: {note}")));
        let mut play = Play::new(&world, at);
        play.run();
        if let Some(edits) = edits {
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
