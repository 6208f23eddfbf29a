//! `kubectl meshcase redact`: the operator's redaction on anybody's own logs, folders and archives. Not for: what is secret
//! and how archives are read; see [`meshcase_redact`].

mod output;
mod report;
mod rules;

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use meshcase_redact::archive::{Binary, FileOptions, FileRedactor, needs_output};
use meshcase_redact::{BundleKey, ForeignTokens, Pseudonymize, RedactOptions, Redactor};

use super::{Error, warn};
use output::Output;
use report::Format;

/// The least bytes of a key file: what is shorter can be guessed, and with it every short value behind a token.
const LEAST_KEY: usize = 16;

/// Mask what is secret in files, folders and archives, as the operator does before anything leaves the cluster.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct RedactArgs {
    #[command(subcommand)]
    command: Option<Command>,
    /// Files, folders and archives (tar, zip, gz, xz, zst) to read; none or `-` means standard input.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write to this new file, or to this new folder where there are several inputs; archives and folders need it.
    #[arg(short, long, value_name = "OUT", conflicts_with = "check")]
    output: Option<PathBuf>,
    /// What becomes of members that are no text.
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    binary: BinaryChoice,
    /// Write nothing, tell what would be masked, and end with exit code 1 if anything would.
    #[arg(long)]
    check: bool,
    /// How --check tells it.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", requires = "check")]
    format: Format,
    /// Write what was masked, with member, line and offset of each value, and what was left out, as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Derive the tokens' key from this file of 16 bytes or more, so that equal values get equal tokens in several runs.
    #[arg(long, value_name = "FILE")]
    key_from: Option<PathBuf>,
    /// More rules, as a contract's ConfigMaps have them; may be given again.
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
    /// What is known to be no secret: a list of id, expression, group and reason; may be given again.
    #[arg(long, value_name = "FILE")]
    allow: Vec<PathBuf>,
    /// Give pseudonyms to addresses and names.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    pseudonymize: Vec<PseudonymChoice>,
    /// Follow each token by the id of the rule that found it.
    #[arg(long)]
    explain: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Work on files of rules.
    Rules(rules::RulesArgs),
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum BinaryChoice {
    /// Leave them out, and say so.
    #[default]
    Drop,
    /// Keep them as they are.
    Keep,
    /// Leave them out, and end with exit code 1.
    Fail,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PseudonymChoice {
    IpAddresses,
    IpAddressesKeepSubnets,
    EmailAddresses,
    HostNames,
}

impl RedactArgs {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Error> {
        if let Some(Command::Rules(rules)) = &self.command {
            return rules.run(out);
        }
        let redactor = self.redactor()?;
        let places = self.check || self.report.is_some();
        let options = FileOptions { binary: self.binary.into(), places, ..FileOptions::default() };
        let mut files = FileRedactor::new(&redactor, options);
        let failed = match (&self.output, self.check) {
            (Some(path), _) => self.to_files(&Output::new(path, self.inputs())?, &redactor, &mut files)?,
            (None, true) => self.to_nowhere(&mut files)?,
            (None, false) => self.to_stdout(&mut files, out)?,
        };
        for left in files.left_out() {
            warn(&format!("{}: left out: {}", left.member, left.reason));
        }
        if let Some(path) = &self.report {
            report::write(path, &files)?;
        }
        if self.check {
            report::check(self.format, &files, out)?;
        }
        let failed = failed + files.left_out().iter().filter(|left| left.failed).count();
        match (failed, self.check, files.report().total()) {
            (0, true, found @ 1..) => Err(Error::Failed(format!("{found} values would be masked"))),
            (0, ..) => Ok(()),
            (failed, ..) => Err(Error::Failed(format!("{failed} of the files and members could not be redacted"))),
        }
    }

    fn inputs(&self) -> &[PathBuf] {
        static STANDARD_INPUT: std::sync::LazyLock<[PathBuf; 1]> = std::sync::LazyLock::new(|| [PathBuf::from("-")]);
        if self.files.is_empty() { &*STANDARD_INPUT } else { &self.files }
    }

    fn redactor(&self) -> Result<Redactor, Error> {
        let key = match &self.key_from {
            Some(path) => {
                let material = std::fs::read(path).map_err(|error| unreadable(path.display(), &error))?;
                if material.len() < LEAST_KEY {
                    let told = format!("has {} bytes, and a key needs {LEAST_KEY} or more", material.len());
                    return Err(Error::Input(format!("--key-from {}: the file {told}", path.display())));
                }
                BundleKey::from_bytes(&material)
            }
            None => BundleKey::generate().map_err(|error| Error::Failed(error.to_string()))?,
        };
        let mut options = RedactOptions {
            pseudonymize: self.pseudonymize.iter().copied().map(Pseudonymize::from).collect(),
            foreign_tokens: ForeignTokens::Keep,
            ..RedactOptions::default()
        };
        for path in &self.rules {
            options.user_rules.extend(rules::read(path)?.into_iter().map(|rule| rule.rule));
        }
        for path in &self.allow {
            options.allow.extend(rules::read_allowed(path)?);
        }
        let made = if self.explain { Redactor::explaining(&key, &options) } else { Redactor::new(&key, &options) };
        made.map_err(|error| Error::Failed(error.to_string()))
    }

    /// Texts, one after another. Answers how many could not be redacted.
    fn to_stdout(&self, files: &mut FileRedactor<'_>, out: &mut dyn Write) -> Result<usize, Error> {
        let mut failed = 0;
        for path in self.inputs() {
            if path.is_dir() {
                return Err(Error::Input(format!("{} is a folder: -o OUT says where its copy goes", path.display())));
            }
            let mut input = open(path)?;
            let mut head = Vec::new();
            input.by_ref().take(4096).read_to_end(&mut head).map_err(|error| unreadable(path.display(), &error))?;
            if let Some(what) = needs_output(&head) {
                return Err(Error::Input(format!("{} {what}: -o OUT says where its copy goes", path.display())));
            }
            failed += usize::from(done(path, files.redact(&shown(path), head.as_slice().chain(input), &mut *out))?);
        }
        Ok(failed)
    }

    fn to_nowhere(&self, files: &mut FileRedactor<'_>) -> Result<usize, Error> {
        let mut failed = 0;
        for path in output::walk(self.inputs())? {
            let input = open(&path.file)?;
            failed += usize::from(done(&path.file, files.redact(&shown(&path.file), input, io::sink()))?);
        }
        Ok(failed)
    }

    fn to_files(&self, output: &Output, redactor: &Redactor, files: &mut FileRedactor<'_>) -> Result<usize, Error> {
        let mut failed = 0;
        for path in output::walk(self.inputs())? {
            let input = open(&path.file)?;
            let mut target = output.target(&path, redactor)?;
            let written = files.redact(&shown(&path.file), input, &mut target);
            let kept = matches!(written, Ok(true));
            failed += usize::from(done(&path.file, written)?);
            if kept {
                target.keep()?;
            }
        }
        Ok(failed)
    }
}

/// Whether a file could not be redacted; it is told, and the others go on. Only standard output stops all of them.
fn done(path: &Path, result: Result<bool, meshcase_redact::archive::FileError>) -> Result<bool, Error> {
    use meshcase_redact::archive::FileError;
    match result {
        Ok(_) => Ok(false),
        Err(FileError::Output(error)) => Err(Error::Output(error)),
        Err(error @ FileError::Expands(_)) => {
            warn(&format!("{}: {error}", path.display()));
            Ok(true)
        }
    }
}

fn open(path: &Path) -> Result<Box<dyn Read>, Error> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).map_err(|error| unreadable(path.display(), &error))?;
    Ok(Box::new(file))
}

fn shown(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

fn unreadable(name: impl Display, error: &io::Error) -> Error {
    Error::Input(format!("cannot read {name}: {error}"))
}

impl From<BinaryChoice> for Binary {
    fn from(choice: BinaryChoice) -> Self {
        match choice {
            BinaryChoice::Drop => Self::Drop,
            BinaryChoice::Keep => Self::Keep,
            BinaryChoice::Fail => Self::Fail,
        }
    }
}

impl From<PseudonymChoice> for Pseudonymize {
    fn from(choice: PseudonymChoice) -> Self {
        match choice {
            PseudonymChoice::IpAddresses => Self::IpAddresses,
            PseudonymChoice::IpAddressesKeepSubnets => Self::IpAddressesKeepSubnets,
            PseudonymChoice::EmailAddresses => Self::EmailAddresses,
            PseudonymChoice::HostNames => Self::HostNames,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: RedactArgs,
    }

    /// What the verb answers, and what it wrote to standard output.
    fn run(arguments: &[&str]) -> (Result<(), Error>, String) {
        let line = Line::try_parse_from(std::iter::once("redact").chain(arguments.iter().copied())).unwrap();
        let mut out = Vec::new();
        let result = line.args.run(&mut out);
        (result, String::from_utf8(out).unwrap())
    }

    /// A folder with a log, a picture, and a key.
    fn folder() -> (tempfile::TempDir, impl Fn(&str) -> String) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        let path = move |name: &str| root.join(name).to_str().unwrap().to_owned();
        std::fs::create_dir_all(path("in/pods")).unwrap();
        std::fs::write(path("in/pods/a.log"), "all is well\npassword=swordfish7\n").unwrap();
        std::fs::write(path("in/a.png"), [0u8, 1, 2, 3].repeat(1000)).unwrap();
        std::fs::write(path("key"), "some key material").unwrap();
        (folder, path)
    }

    fn read(path: &str) -> String {
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn files_are_redacted_counted_and_explained_and_a_key_file_makes_tokens_equal() {
        let (_folder, path) = folder();
        let (log, report, key) = (path("in/pods/a.log"), path("report.json"), path("key"));
        let first = run(&[&log, "--report", &report, "--key-from", &key]).1;
        assert!(first.starts_with("all is well\npassword=‹password:") && !first.contains("swordfish7"), "{first}");
        assert_eq!(run(&[&log, "--key-from", &key]).1, first);
        assert!(run(&[&log, "--explain"]).1.contains("⟨name-value⟩"));
        let report: serde_json::Value = serde_json::from_str(&read(&report)).unwrap();
        assert_eq!(report["members"][&log]["name-value"], 1, "{report}");
        assert_eq!(report["places"][&log][0], serde_json::json!({"line": 2, "offset": 21, "rule": "name-value"}));
    }

    #[test]
    fn tokens_of_a_run_under_another_key_stay_as_they_are() {
        let (_folder, path) = folder();
        let once = run(&[&path("in/pods/a.log")]).1;
        std::fs::write(path("once.log"), &once).unwrap();
        assert_eq!(run(&[&path("once.log")]).1, once);
    }

    #[test]
    fn a_missing_file_and_a_short_key_are_input_errors_that_name_them() {
        let (_folder, path) = folder();
        std::fs::write(path("short"), "fifteen bytes..").unwrap();
        for (arguments, told) in [
            (vec!["/no/such/file".to_owned()], "/no/such/file"),
            (vec![path("in/pods/a.log"), "--key-from".to_owned(), path("short")], "has 15 bytes"),
            (vec![path("in")], "is a folder: -o OUT"),
            (vec![path("in/pods/a.log"), "-o".to_owned(), path("key")], "exists"),
            (vec![path("in"), "-o".to_owned(), path("in/out")], "within"),
        ] {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let error = run(&arguments).0.unwrap_err();
            assert!(matches!(&error, Error::Input(text) if text.contains(told)), "{told}: {error}");
        }
    }

    #[test]
    fn a_folder_becomes_a_new_one_without_what_is_no_text() {
        let (_folder, path) = folder();
        let (result, _) = run(&[&path("in"), "-o", &path("out")]);
        assert!(result.is_ok(), "{result:?}");
        assert!(read(&path("out/pods/a.log")).contains("password=‹password:"));
        assert!(!Path::new(&path("out/a.png")).exists());
        let (result, _) = run(&[&path("in"), "-o", &path("kept"), "--binary", "keep"]);
        assert!(result.is_ok() && Path::new(&path("kept/a.png")).exists());
        let (result, _) = run(&[&path("in"), "-o", &path("failed"), "--binary", "fail"]);
        assert!(matches!(result, Err(Error::Failed(_))), "{result:?}");
        assert!(Path::new(&path("failed/pods/a.log")).exists());
    }

    #[test]
    fn an_archive_needs_an_output_and_comes_out_as_one() {
        let (_folder, path) = folder();
        let packed = flate2::write::GzEncoder::new(File::create(path("a.tgz")).unwrap(), flate2::Compression::fast());
        let mut archive = tar::Builder::new(packed);
        archive.append_path_with_name(path("in/pods/a.log"), "pods/a.log").unwrap();
        archive.into_inner().unwrap().finish().unwrap();
        let error = run(&[&path("a.tgz")]).0.unwrap_err();
        assert!(matches!(&error, Error::Input(text) if text.contains("-o OUT")), "{error}");
        let (result, _) = run(&[&path("a.tgz"), "-o", &path("b.tgz")]);
        assert!(result.is_ok(), "{result:?}");
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(File::open(path("b.tgz")).unwrap()));
        let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        assert!(text.contains("password=‹password:"), "{text}");
    }

    #[test]
    fn a_check_writes_nothing_tells_places_and_fails_if_something_would_be_masked() {
        let (_folder, path) = folder();
        let (result, out) = run(&[&path("in"), "--check"]);
        assert_eq!(out, format!("{}:2: name-value\n", path("in/pods/a.log")));
        assert!(matches!(&result, Err(Error::Failed(text)) if text == "1 values would be masked"), "{result:?}");
        let out = run(&[&path("in"), "--check", "--format", "sarif"]).1;
        let told: serde_json::Value = serde_json::from_str(&out).unwrap();
        let place = &told["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(place["region"]["startLine"], 2, "{told}");
        assert!(run(&[&path("key"), "--check"]).0.is_ok());
    }

    #[test]
    fn rules_of_a_file_are_applied_and_their_samples_are_tested() {
        let (_folder, path) = folder();
        let rules =
            "- {id: badge, expression: 'badge (\\d+)', group: 1, mask: ['badge 17'], keep: ['badge of honour']}\n";
        std::fs::write(path("rules.yaml"), rules).unwrap();
        std::fs::write(path("b.log"), "badge 42\n").unwrap();
        let out = run(&[&path("b.log"), "--rules", &path("rules.yaml")]).1;
        assert!(out.starts_with("badge ‹user-rule:"), "{out}");
        let (result, out) = run(&["rules", "test", &path("rules.yaml")]);
        assert!(result.is_ok(), "{out}");
        std::fs::write(path("allow.yaml"), "- {id: known, expression: swordfish7, reason: an example}\n").unwrap();
        assert!(run(&[&path("in/pods/a.log"), "--allow", &path("allow.yaml")]).1.contains("password=swordfish7"));
        std::fs::write(path("allow.yaml"), "- {id: known, expression: swordfish7}\n").unwrap();
        let error = run(&[&path("b.log"), "--allow", &path("allow.yaml")]).0.unwrap_err();
        assert!(matches!(&error, Error::Input(text) if text.contains("reason")), "{error}");
        std::fs::write(path("wrong.yaml"), rules.replace("badge 17", "badge x")).unwrap();
        let (result, out) = run(&["rules", "test", &path("wrong.yaml")]);
        assert!(matches!(result, Err(Error::Failed(_))) && out.contains("badge: should mask: badge x"), "{out}");
    }
}
