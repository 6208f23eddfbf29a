//! The `-o` flag and the two machine-readable forms of it. Not for: tables, which belong to the verbs.

use std::io::{BufWriter, Write};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::Error;

/// How much JSON is written at once: an answer may have a hundred megabytes.
const BLOCK: usize = 1 << 16;

/// The form of the output; a verb flattens this into its own arguments.
#[derive(Debug, Args)]
pub(crate) struct OutputArgs {
    /// Output format.
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: Output,
}

/// What `-o` accepts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    #[default]
    Table,
    Json,
    Yaml,
}

impl Output {
    /// Writes `value` as JSON or YAML, and whatever `table` gives where a table is wanted.
    ///
    /// # Errors
    /// [`Error::Output`] where the output is closed.
    pub(crate) fn write(
        self,
        out: &mut dyn Write,
        value: &impl Serialize,
        table: impl FnOnce() -> String,
    ) -> Result<(), Error> {
        match self {
            Self::Table => out.write_all(table().as_bytes())?,
            Self::Json => {
                let mut out = BufWriter::with_capacity(BLOCK, out);
                serde_json::to_writer_pretty(&mut out, value).map_err(unwritten)?;
                out.write_all(b"\n")?;
                out.flush()?;
            }
            Self::Yaml => out.write_all(serde_saphyr::to_string(value).map_err(unwritable)?.as_bytes())?,
        }
        Ok(())
    }
}

/// Rows as columns, the first row their heads; no lines, no trailing blanks.
pub(crate) fn aligned(rows: &[Vec<String>]) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt() + "\n"
}

/// A closed output, or a value that has no JSON.
fn unwritten(error: serde_json::Error) -> Error {
    if error.is_io() { Error::Output(error.into()) } else { unwritable(error) }
}

fn unwritable(error: impl std::fmt::Display) -> Error {
    Error::Failed(format!("cannot print the answer: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(output: Output) -> String {
        let mut out = Vec::new();
        output
            .write(&mut out, &serde_json::json!({"name": "a: b", "at": "2026-11-20T23:30:00Z"}), || "NAME\n".into())
            .expect("a vector takes all");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn yaml_and_json_say_the_same_and_end_their_last_line() {
        let json: serde_json::Value = serde_json::from_str(&written(Output::Json)).expect("JSON");
        let yaml: serde_json::Value = serde_saphyr::from_str(&written(Output::Yaml)).expect("YAML");
        assert_eq!(json, yaml);
        assert!(written(Output::Json).ends_with("}\n") && written(Output::Yaml).ends_with('\n'));
        assert_eq!(written(Output::Table), "NAME\n");
    }
}
