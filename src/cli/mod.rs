//! The kubectl plugin: arguments, one file per verb, exit codes. It shows what `domain` and `api` say and holds no
//! rule of its own.
//!
//! To add a verb: a file here with a `clap::Args` type and its `run`, then one variant of [`Verb`] and one arm of
//! [`dispatch`].

mod admission;
mod cluster;
mod deadline;
mod explain;
mod feeds;
mod ledger;
mod manifests;
mod output;
mod redact;
mod replay;
mod status;
mod version;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::domain::time::ZoneData;
use crate::zoneinfo;

/// Support cases beside a service mesh: their decisions, deadlines and evidence.
#[derive(Debug, Parser)]
#[command(name = "meshcase", version, arg_required_else_help = true, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

/// What every verb accepts; a verb that needs no cluster ignores the cluster's flags, as kubectl does.
#[derive(Debug, Args)]
pub(crate) struct Global {
    #[command(flatten)]
    cluster: cluster::ClusterArgs,
    /// When to colour the output; `auto` means on a terminal, unless NO_COLOR is set.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: ColorChoice,
    /// A zoneinfo folder with time zone data that are newer than those compiled in, such as /usr/share/zoneinfo.
    #[arg(long, global = true, value_name = "DIR", env = "MESHCASE_ZONEINFO")]
    zoneinfo: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

impl Global {
    /// The time zone data to compute with.
    ///
    /// # Errors
    /// [`Error::Input`] where the folder of `--zoneinfo` cannot be used.
    pub(crate) fn zones(&self) -> Result<ZoneData, Error> {
        zoneinfo::load(self.zoneinfo.as_deref()).map_err(|error| Error::Input(error.to_string()))
    }

    /// Whether standard output is to be coloured (<https://no-color.org>).
    pub(crate) fn colour(&self) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
                    || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
                !forbidden && io::stdout().is_terminal()
            }
        }
    }
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Mask what is secret in files or standard input, as the operator does before anything leaves the cluster.
    Redact(redact::RedactArgs),
    /// Compute when a promise of a plan would be due, and why; asks no cluster.
    Deadline(Box<deadline::DeadlineArgs>),
    /// Show why the deadlines of a case are what they are: every stretch of time with its reason.
    Explain(explain::ExplainArgs),
    /// Play cases forward from manifests, and print the status that the operator would have written; asks no cluster.
    Replay(Box<replay::ReplayArgs>),
    /// Show one case as a person reads it: decision, deadlines, versions, evidence, timeline.
    Status(status::StatusArgs),
    /// Print the version of this plugin and of the operator on the cluster.
    Version(version::VersionArgs),
}

async fn dispatch(cli: &Cli, out: &mut dyn Write) -> Result<(), Error> {
    match &cli.verb {
        Verb::Redact(args) => args.run(out),
        Verb::Deadline(args) => args.run(cli.global.zones()?, out),
        Verb::Explain(args) => args.run(&cli.global, out).await,
        Verb::Replay(args) => args.run(cli.global.zones()?, out),
        Verb::Status(args) => args.run(&cli.global, out).await,
        Verb::Version(args) => args.run(&cli.global, out).await,
    }
}

/// Why a verb did not do its work. Its text goes to standard error.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// What the user gave cannot be used: exit code 2, as for a wrong flag.
    #[error("{0}")]
    Input(String),
    /// The cluster or the machine did not give what was asked: exit code 1.
    #[error("{0}")]
    Failed(String),
    /// Standard output could not be written.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
}

impl Error {
    /// The process's exit code: 2 for usage and input, 0 for a reader that went away, else 1.
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Input(_) => ExitCode::from(2),
            Self::Failed(_) => ExitCode::FAILURE,
            // `| head` closes the pipe when it has seen enough: no failure of ours.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Self::Output(_) => ExitCode::FAILURE,
        }
    }

    fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// Runs the plugin with the process's arguments, the program's name first, and returns its exit code.
///
/// 0: done. 1: the cluster or the machine refused. 2: wrong usage or wrong input.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match parse(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            // Help goes to standard output, a usage error to standard error; a closed pipe loses nothing of use.
            let _closed_pipe = error.print();
            return ExitCode::from(code);
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(&Error::Failed(format!("cannot start: {error}"))),
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    let done = runtime.block_on(dispatch(&cli, &mut out)).and_then(|()| Ok(out.flush()?));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

fn report(error: &Error) -> ExitCode {
    if !error.is_closed_pipe() {
        warn(&format!("error: {error}"));
    }
    error.exit_code()
}

/// One line on standard error, for what is worth knowing beside the output.
pub(crate) fn warn(line: &str) {
    // Nobody is left to tell when standard error is closed.
    let _closed = writeln!(io::stderr(), "{line}");
}

/// Reads the arguments. Called by kubectl the program's name starts with `kubectl-`, and usage shows what the user
/// typed: `kubectl meshcase`.
fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let name = arguments
        .first()
        .map(|program| std::path::Path::new(program).file_stem().unwrap_or_default().to_string_lossy().into_owned())
        .unwrap_or_default();
    let shown = match name.strip_prefix("kubectl-") {
        Some(plugin) => format!("kubectl {}", plugin.replace('_', "-")),
        None if name.is_empty() => "meshcase".to_owned(),
        None => name,
    };
    let command = Cli::command().bin_name(shown);
    Cli::from_arg_matches(&command.try_get_matches_from(arguments)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Cli, clap::Error> {
        parse(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn usage_shows_what_a_kubectl_user_typed() {
        let help = |line| parsed(line).expect_err("help is asked for").to_string();
        assert!(help("/usr/local/bin/kubectl-meshcase version --help").contains("Usage: kubectl meshcase version"));
        assert!(help("./meshcase-plugin version --help").contains("Usage: meshcase-plugin version"));
    }

    #[test]
    fn a_wrong_flag_is_a_usage_error() {
        assert_eq!(parsed("kubectl-meshcase version --nope").expect_err("no such flag").exit_code(), 2);
        assert_eq!(parsed("kubectl-meshcase refund").expect_err("no such verb").exit_code(), 2);
    }

    #[test]
    fn cluster_flags_may_stand_before_or_after_the_verb() {
        for line in ["kubectl-meshcase -n shop version", "kubectl-meshcase version -n shop"] {
            let cli = parsed(line).expect("both orders are usual");
            assert_eq!(cli.global.cluster.namespace.as_deref(), Some("shop"), "{line}");
        }
    }

    #[test]
    fn wrong_input_exits_with_2_and_a_refusal_with_1() {
        assert_eq!(Error::Input("bad".into()).exit_code(), ExitCode::from(2));
        assert_eq!(Error::Failed("no".into()).exit_code(), ExitCode::from(1));
        assert_eq!(Error::Output(io::ErrorKind::BrokenPipe.into()).exit_code(), ExitCode::SUCCESS);
    }
}
