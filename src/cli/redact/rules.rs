//! `kubectl meshcase redact rules test`: the samples that a file of rules carries. Not for: the built-in rules.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use meshcase_redact::{BundleKey, Gathered, RedactOptions, Redactor, UserRule};
use serde::Deserialize;

use super::unreadable;
use crate::cli::Error;
use crate::convert::{RuleWithSamples, redaction_rules};

#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the samples that rules carry: each rule must find something in its `mask` texts, and nothing in its `keep` texts.
    Test {
        /// Files of rules, as a contract's ConfigMaps have them.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

impl RulesArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<(), Error> {
        let Command::Test { files } = &self.command;
        let (mut samples, mut wrong) = (0, 0);
        for path in files {
            for rule in read(path)? {
                for (text, should) in
                    rule.mask.iter().map(|text| (text, true)).chain(rule.keep.iter().map(|text| (text, false)))
                {
                    samples += 1;
                    if finds(&rule.rule, text)? != should {
                        wrong += 1;
                        let should = if should { "mask" } else { "keep" };
                        writeln!(out, "{}: should {should}: {text}", rule.rule.id)?;
                    }
                }
            }
        }
        writeln!(out, "{samples} samples, {wrong} of them wrong")?;
        if wrong > 0 { Err(Error::Failed(format!("{wrong} of {samples} samples are wrong"))) } else { Ok(()) }
    }
}

/// Whether a rule masks something in a text.
fn finds(rule: &UserRule, text: &str) -> Result<bool, Error> {
    let options = RedactOptions { user_rules: vec![rule.clone()], ..RedactOptions::default() };
    let key = BundleKey::generate().map_err(|error| Error::Failed(error.to_string()))?;
    let redactor = Redactor::new(&key, &options).map_err(|error| Error::Input(error.to_string()))?;
    Ok(redactor.member(Gathered::from(text.to_owned())).1.masked().contains_key(&rule.id))
}

/// What is known to be no secret, as a file lists it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    id: String,
    expression: String,
    #[serde(default)]
    group: usize,
    /// Why, for the next reader of the file.
    reason: String,
}

/// What a file allows, each entry checked.
pub(super) fn read_allowed(path: &Path) -> Result<Vec<UserRule>, Error> {
    let wrong = |error: String| Error::Input(format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path.display(), &error))?;
    let listed: Vec<Allowed> = serde_saphyr::from_str(&text)
        .map_err(|error| wrong(format!("expected a list of id, expression, group and reason: {error}")))?;
    let rule = |Allowed { id, expression, group, reason }| {
        if reason.trim().is_empty() {
            return Err(wrong(format!("{id:?}: expected a reason")));
        }
        let rule = UserRule { id, expression, group };
        rule.check().map_err(|error| wrong(error.to_string()))?;
        Ok(rule)
    };
    listed.into_iter().map(rule).collect()
}

/// The rules of a file, each checked.
pub(super) fn read(path: &Path) -> Result<Vec<RuleWithSamples>, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path.display(), &error))?;
    redaction_rules(&text).map_err(|error| Error::Input(format!("{}: {error}", path.display())))
}
