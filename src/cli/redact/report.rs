//! What was masked, for people and programs: counts, places, what was left out. Not for: values, nor their lengths.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use clap::ValueEnum;
use meshcase_redact::archive::{FileRedactor, LeftOut};
use meshcase_redact::{Place, Report};
use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::Error;

/// How `--check` tells what it found.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum Format {
    /// A line for each value: file, line, rule.
    #[default]
    Text,
    /// As `--report` writes it.
    Json,
    /// SARIF 2.1.0, as code hosts show it.
    Sarif,
}

/// All that is known of a run.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'f> {
    #[serde(flatten)]
    report: &'f Report,
    places: BTreeMap<&'f str, &'f [Place]>,
    left_out: &'f [LeftOut],
}

impl<'f> Told<'f> {
    fn of(files: &'f FileRedactor<'_>) -> Self {
        let members = files.report().members().iter();
        let places =
            members.filter(|(_, counts)| counts.total() > 0).map(|(name, counts)| (name.as_str(), counts.places()));
        Self { report: files.report(), places: places.collect(), left_out: files.left_out() }
    }
}

/// Writes the report, also where members failed.
pub(super) fn write(path: &Path, files: &FileRedactor<'_>) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::Failed(format!("cannot write {}: {error}", path.display()));
    let text = serde_json::to_string_pretty(&Told::of(files)).map_err(|error| failed(error.into()))?;
    std::fs::write(path, text + "\n").map_err(failed)
}

/// Tells what would be masked.
pub(super) fn check(format: Format, files: &FileRedactor<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let told = Told::of(files);
    match format {
        Format::Text => {
            for (name, places) in &told.places {
                for place in *places {
                    writeln!(out, "{name}:{}: {}", place.line, place.rule)?;
                }
            }
        }
        Format::Json => serde_json::to_writer_pretty(&mut *out, &told).map_err(std::io::Error::from)?,
        Format::Sarif => serde_json::to_writer_pretty(&mut *out, &sarif(&told)).map_err(std::io::Error::from)?,
    }
    Ok(())
}

/// The places as results of SARIF 2.1.0.
fn sarif(told: &Told<'_>) -> Value {
    let result = |name: &str, place: &Place| {
        json!({
            "ruleId": place.rule,
            "message": {"text": format!("a value that the rule {} masks", place.rule)},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": name},
                "region": {"startLine": place.line, "byteOffset": place.offset},
            }}],
        })
    };
    let results = told.places.iter().flat_map(|(name, places)| places.iter().map(|place| result(name, place)));
    json!({
        "version": "2.1.0",
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "runs": [{
            "tool": {"driver": {"name": "kubectl meshcase redact", "version": env!("CARGO_PKG_VERSION")}},
            "results": results.collect::<Vec<_>>(),
        }],
    })
}
