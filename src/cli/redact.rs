//! `kubectl meshcase redact`: the operator's redaction on anybody's own logs, so that it can be tried before it is
//! trusted. Not for: rules; see [`meshcase_redact`].

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::Error;
use meshcase_redact::{BundleKey, End, Gathered, MemberReport, RedactOptions, Redactor, Report};

/// Bytes that are read together.
const CHUNK: usize = 64 * 1024;
/// What compressed files begin with. Nobody would find a secret in one, so that it must not look redacted.
const COMPRESSED: [(&[u8], &str); 5] = [
    (&[0x1F, 0x8B, 0x08], "gzip"),
    (b"PK\x03\x04", "zip"),
    (&[0x28, 0xB5, 0x2F, 0xFD], "zstd"),
    (&[0xFD, b'7', b'z', b'X', b'Z', 0x00], "xz"),
    (b"BZh", "bzip2"),
];
/// The longest of these beginnings, in bytes.
const HEAD: u64 = 6;

/// Mask what is secret in files or standard input, as the operator does before anything leaves the cluster.
#[derive(Debug, Args)]
pub(crate) struct RedactArgs {
    /// Files to read, one after another; none or `-` means standard input.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write what was masked, counted by rule and file, as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Derive the tokens' key from this file, so that equal values get equal tokens in several runs.
    #[arg(long, value_name = "FILE")]
    key_from: Option<PathBuf>,
    /// Follow each token by the id of the rule that found it.
    #[arg(long)]
    explain: bool,
}

impl RedactArgs {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Error> {
        let redactor = self.redactor()?;
        let mut report = Report::default();
        let standard_input = [PathBuf::from("-")];
        let files = if self.files.is_empty() { &standard_input[..] } else { &self.files };
        for file in files {
            let counts = if file.as_os_str() == "-" {
                copy(&redactor, io::stdin().lock(), "standard input", out)?
            } else {
                let opened = File::open(file).map_err(|error| unreadable(file.display(), &error))?;
                copy(&redactor, opened, &file.display().to_string(), out)?
            };
            let name = redactor.text(Gathered::from(file.display().to_string())).to_text();
            report.add(name, &counts);
        }
        match &self.report {
            Some(path) => write_report(path, &report),
            None => Ok(()),
        }
    }

    fn redactor(&self) -> Result<Redactor, Error> {
        let key = match &self.key_from {
            Some(path) => {
                let material = std::fs::read(path).map_err(|error| unreadable(path.display(), &error))?;
                if material.is_empty() {
                    return Err(Error::Input(format!("--key-from {}: the file is empty", path.display())));
                }
                BundleKey::from_bytes(&material)
            }
            None => BundleKey::generate().map_err(|error| Error::Failed(error.to_string()))?,
        };
        let options = RedactOptions::default();
        let made = if self.explain { Redactor::explaining(&key, &options) } else { Redactor::new(&key, &options) };
        made.map_err(|error| Error::Failed(error.to_string()))
    }
}

fn copy(redactor: &Redactor, mut input: impl Read, name: &str, out: &mut dyn Write) -> Result<MemberReport, Error> {
    let mut head = Vec::new();
    input.by_ref().take(HEAD).read_to_end(&mut head).map_err(|error| unreadable(name, &error))?;
    if let Some((_, format)) = COMPRESSED.iter().find(|(begin, _)| head.starts_with(begin)) {
        return Err(Error::Input(format!(
            "{name} is compressed ({format}): unpack it first, what is in it is not seen"
        )));
    }
    let mut stream = redactor.stream();
    out.write_all(stream.push(Gathered::from(head)).as_bytes())?;
    let mut chunk = vec![0; CHUNK];
    loop {
        match input.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => out.write_all(stream.push(Gathered::from(chunk[..read].to_vec())).as_bytes())?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(name, &error)),
        }
    }
    let (rest, report) = stream.finish(End::Complete);
    out.write_all(rest.as_bytes())?;
    Ok(report)
}

fn write_report(path: &Path, report: &Report) -> Result<(), Error> {
    let failed = |error: io::Error| Error::Failed(format!("cannot write {}: {error}", path.display()));
    let text = serde_json::to_string_pretty(report).map_err(|error| failed(error.into()))?;
    std::fs::write(path, text + "\n").map_err(failed)
}

fn unreadable(name: impl Display, error: &io::Error) -> Error {
    Error::Input(format!("cannot read {name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_redacted_counted_and_explained_and_a_key_file_makes_tokens_equal() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("a.log"), "password=swordfish7\n").unwrap();
        std::fs::write(path("key"), "some key material").unwrap();
        let run = |explain| {
            let args = RedactArgs {
                files: vec![path("a.log")],
                report: Some(path("report.json")),
                key_from: Some(path("key")),
                explain,
            };
            let mut out = Vec::new();
            args.run(&mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let first = run(false);
        assert!(first.starts_with("password=‹password:") && !first.contains("swordfish7"), "{first}");
        assert_eq!(run(false), first);
        assert!(run(true).contains("⟨name-value⟩"));
        let report = std::fs::read_to_string(path("report.json")).unwrap();
        assert!(report.contains("\"name-value\": 1"), "{report}");
    }

    #[test]
    fn a_missing_file_is_an_input_error_that_names_it() {
        let args = RedactArgs { files: vec!["/no/such/file".into()], report: None, key_from: None, explain: false };
        let error = args.run(&mut Vec::new()).unwrap_err();
        assert!(matches!(&error, Error::Input(text) if text.contains("/no/such/file")), "{error}");
    }

    #[test]
    fn a_compressed_file_is_refused_before_a_byte_of_it_is_written() {
        let redactor = Redactor::new(&BundleKey::from_bytes(b"test"), &RedactOptions::default()).unwrap();
        for (begin, format) in COMPRESSED {
            let mut out = Vec::new();
            let error = copy(&redactor, &[begin, b"rest"].concat()[..], "a.log", &mut out).unwrap_err();
            assert!(matches!(&error, Error::Input(text) if text.contains(format) && text.contains("a.log")), "{error}");
            assert!(out.is_empty());
        }
    }
}
