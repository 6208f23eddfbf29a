//! Logs: JSON for machines or text for people, on standard error. What a line quotes from outside is masked. Not for:
//! metrics (`metrics.rs`) or what a user must know, which stands in a condition.

use std::io::{self, Write};

use clap::ValueEnum;
use meshcase_redact::shown;
use serde_json::{Map, Value};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Json,
    Text,
}

/// The client logs every failed call as an error, also those that are answered by a condition.
const DEFAULT_FILTER: &str = "info,kube_client::client::builder=off,kube_runtime::controller=off";
/// The characters of a line of text, or of one field of JSON.
const LONGEST: usize = 4 * 1024;

/// Starts logging; `RUST_LOG` overrides what is logged. A second call changes nothing.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    // Colours would be taken for what steers a terminal.
    let lines = fmt().with_env_filter(filter).with_ansi(false).with_writer(|| Masking(io::stderr()));
    let started = match format {
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).try_init(),
        LogFormat::Text => lines.try_init(),
    };
    if let Err(error) = started {
        tracing::debug!(%error, "logging had been started before");
    }
}

/// Writes each line as it may be shown: it may quote the API server, a store or an object.
struct Masking<W>(W);

impl<W: Write> Write for Masking<W> {
    /// Takes a whole line, as the subscriber gives it.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write_all((masked(line) + "\n").as_bytes()).map(|()| line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A line as it may be shown. Of JSON each text by itself: what is masked must not reach into the next one.
fn masked(line: &[u8]) -> String {
    let Ok(mut fields) = serde_json::from_slice::<Map<String, Value>>(line) else {
        return shown(&String::from_utf8_lossy(line), LONGEST);
    };
    for value in fields.values_mut() {
        if let Value::String(text) = value {
            *text = shown(text, LONGEST);
        }
    }
    Value::Object(fields).to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_masks_what_it_quotes_and_stays_one_line_of_json() {
        let secret = ["hunter", "2swordfish"].concat();
        let kept = Kept::default();
        let writer = kept.clone();
        let lines = fmt().json().flatten_event(true).with_writer(move || Masking(writer.clone())).finish();
        tracing::subscriber::with_default(lines, || {
            let error = format!("PUT https://ops:{secret}@store.example/b\npassword: {secret}");
            tracing::warn!(case = "shop/checkout-503", error, retry_in_seconds = 5, "the bundle was not made");
        });
        let written = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert!(!written.contains(&secret), "{written}");
        let line: Value = serde_json::from_str(&written).unwrap();
        assert_eq!((line["case"].as_str(), line["level"].as_str()), (Some("shop/checkout-503"), Some("WARN")));
        assert_eq!((line["message"].as_str(), written.lines().count()), (Some("the bundle was not made"), 1));
    }
}
