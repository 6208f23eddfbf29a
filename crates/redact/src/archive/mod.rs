//! Whole files of any vendor: archives and compressed files, member by member, in bounded memory. What comes out has the
//! formats of what went in. Not for: where files come from and go to, and what is secret in their texts.
//!
//! A member that is no text, cannot be read, or lies too deep is left out, and told; it never stops the others. Only two
//! things stop a file: one that expands beyond all measure, and an output that cannot be written.

mod bounds;
mod format;
mod members;

#[cfg(test)]
mod tests;

use std::io::{self, Read, Seek, Write};
use std::rc::Rc;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use lzma_rust2::{XzOptions, XzReader, XzWriter};
use ruzstd::decoding::StreamingDecoder;
use ruzstd::encoding::CompressionLevel;
use tempfile::SpooledTempFile;

use super::{End, Gathered, Redactor, Report};
use bounds::{Bounded, Meter};
use format::{Format, HEAD};

/// Archives within archives that are opened.
pub const DEPTH: usize = 3;
/// Compressions of one file, one around the other.
const LAYERS: usize = 8;
/// Bytes that are read together.
const CHUNK: usize = 64 * 1024;
/// Bytes of a member that wait in memory; longer ones wait in a temporary file without a name.
const SPOOL: usize = 8 << 20;
/// Memory for the dictionary of xz, in KiB.
const XZ_MEMORY: u32 = 128 << 10;

/// What becomes of members that are no text: nobody would find a secret in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Binary {
    /// They are left out, and told.
    #[default]
    Drop,
    /// They stay as they are.
    Keep,
    /// They are left out, and count as failed.
    Fail,
}

/// How files are redacted.
#[derive(Clone, Copy, Debug)]
pub struct FileOptions {
    pub binary: Binary,
    /// Whether the report tells where each value stood.
    pub places: bool,
    /// Bytes to which a file may expand whatever its size; a larger one may expand to 300 times its size.
    pub expand_to: u64,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self { binary: Binary::Drop, places: false, expand_to: 1 << 30 }
    }
}

/// A member that is not in the output.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LeftOut {
    /// Its redacted name, with those of the archives around it.
    pub member: String,
    pub reason: String,
    /// Whether it should have been redacted and could not be.
    pub failed: bool,
}

/// Why a whole file has no output.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("it expands to more than {0} bytes, over {ratio} times of what was read: not unpacked any further", ratio = bounds::RATIO)]
    Expands(u64),
    #[error("cannot write its output: {0}")]
    Output(io::Error),
}

/// Why a member is left out, or the whole file stops.
enum Refusal {
    Member { reason: String, failed: bool },
    File(FileError),
}

impl Refusal {
    fn failed(reason: impl Into<String>) -> Self {
        Self::Member { reason: reason.into(), failed: true }
    }

    fn output(error: io::Error) -> Self {
        Self::File(FileError::Output(error))
    }
}

/// What a file is that has to have an output of its own, by its first bytes: it is no text that a terminal could show.
pub fn needs_output(head: &[u8]) -> Option<&'static str> {
    match Format::of(head) {
        Format::Tar | Format::Zip => Some("is an archive"),
        Format::Gzip | Format::Xz | Format::Zstd => Some("is compressed"),
        Format::Text | Format::Binary(_) => None,
    }
}

/// Redacts files, one after another, and keeps account.
pub struct FileRedactor<'r> {
    redactor: &'r Redactor,
    options: FileOptions,
    report: Report,
    left_out: Vec<LeftOut>,
    meter: Rc<Meter>,
}

impl<'r> FileRedactor<'r> {
    pub fn new(redactor: &'r Redactor, options: FileOptions) -> Self {
        let meter = Rc::new(Meter::new(options.expand_to));
        Self { redactor, options, report: Report::default(), left_out: Vec::new(), meter }
    }

    /// What was masked so far, by member.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What was left out so far.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Redacts one file. The answer is whether anything of it was written: a file that is itself no text is left out.
    ///
    /// # Errors
    /// Why the whole file stops; what was written of it until then is not to be used.
    pub fn redact(&mut self, name: &str, input: impl Read, mut out: impl Write) -> Result<bool, FileError> {
        self.meter = Rc::new(Meter::new(self.options.expand_to));
        let mut input = Bounded::counting(input, Rc::clone(&self.meter));
        let name = self.name(name);
        match self.any(&name, &mut input, &mut out, 0, 0) {
            Ok(()) => Ok(true),
            Err(Refusal::Member { reason, failed }) => {
                self.left_out.push(LeftOut { member: name, reason, failed });
                Ok(false)
            }
            Err(Refusal::File(error)) => Err(error),
        }
    }

    /// A name as it may stand in an output.
    fn name(&self, name: &str) -> String {
        self.redactor.text(Gathered::from(name.to_owned())).to_text()
    }

    fn any(
        &mut self,
        name: &str,
        input: &mut dyn Read,
        out: &mut dyn Write,
        depth: usize,
        layers: usize,
    ) -> Result<(), Refusal> {
        let mut head = Vec::new();
        let mut input = input;
        (&mut input).take(HEAD as u64).read_to_end(&mut head).map_err(|error| self.unreadable(&error))?;
        let format = Format::of(&head);
        if format.is_archive() && depth == DEPTH {
            return Err(Refusal::failed(format!("archives within archives are opened to a depth of {DEPTH}")));
        }
        if format.is_compressed() && layers == LAYERS {
            return Err(Refusal::failed(format!("it is compressed more than {LAYERS} times")));
        }
        let mut input = head.as_slice().chain(input);
        match format {
            Format::Text => self.text(name, &mut input, out),
            Format::Binary(what) => self.binary(what, &mut input, out),
            Format::Tar => self.tar(name, &mut input, out, depth + 1),
            Format::Zip => self.zip(name, &mut input, out, depth + 1),
            Format::Gzip => {
                let mut packed = GzEncoder::new(out, Compression::new(6));
                let mut plain = Bounded::expanding(MultiGzDecoder::new(input), Rc::clone(&self.meter));
                self.any(name, &mut plain, &mut packed, depth, layers + 1)?;
                packed.finish().map(drop).map_err(Refusal::output)
            }
            Format::Xz => {
                let mut packed = XzWriter::new(out, XzOptions::with_preset(6)).map_err(Refusal::output)?;
                let plain = XzReader::new_mem_limit(input, true, XZ_MEMORY);
                let mut plain = Bounded::expanding(plain, Rc::clone(&self.meter));
                self.any(name, &mut plain, &mut packed, depth, layers + 1)?;
                packed.finish().map(drop).map_err(Refusal::output)
            }
            Format::Zstd => {
                let plain =
                    StreamingDecoder::new(input).map_err(|error| Refusal::failed(format!("cannot read: {error}")))?;
                let mut plain = Bounded::expanding(plain, Rc::clone(&self.meter));
                let mut spool = SpooledTempFile::new(SPOOL);
                self.any(name, &mut plain, &mut spool, depth, layers + 1)?;
                zstd(spool, out).map_err(Refusal::output)
            }
        }
    }

    fn text(&mut self, name: &str, input: &mut dyn Read, out: &mut dyn Write) -> Result<(), Refusal> {
        let stream = self.redactor.stream();
        let mut stream = if self.options.places { stream.with_places() } else { stream };
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = match input.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.unreadable(&error)),
            };
            let redacted = stream.push(Gathered::from(chunk[..read].to_vec()));
            out.write_all(redacted.as_bytes()).map_err(Refusal::output)?;
        }
        let (rest, counts) = stream.finish(End::Complete);
        out.write_all(rest.as_bytes()).map_err(Refusal::output)?;
        self.report.add(name, &counts);
        Ok(())
    }

    fn binary(&self, what: &str, input: &mut dyn Read, out: &mut dyn Write) -> Result<(), Refusal> {
        match self.options.binary {
            Binary::Keep => self.copy(input, out),
            Binary::Drop => Err(Refusal::Member { reason: what.to_owned(), failed: false }),
            Binary::Fail => Err(Refusal::failed(what)),
        }
    }

    fn copy(&self, input: &mut dyn Read, out: &mut dyn Write) -> Result<(), Refusal> {
        let mut chunk = vec![0; CHUNK];
        loop {
            match input.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(read) => out.write_all(&chunk[..read]).map_err(Refusal::output)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.unreadable(&error)),
            }
        }
    }

    /// Why reading ended: a file that expands too far stops as a whole.
    fn unreadable(&self, error: &io::Error) -> Refusal {
        match self.meter.exceeded() {
            Some(limit) => Refusal::File(FileError::Expands(limit)),
            None => Refusal::failed(format!("cannot read: {error}")),
        }
    }
}

/// Compresses what a spool holds.
fn zstd(mut spool: SpooledTempFile, out: &mut dyn Write) -> io::Result<()> {
    spool.rewind()?;
    let mut source = Quiet { inner: spool, error: None };
    let mut drain = Quiet { inner: out, error: None };
    ruzstd::encoding::compress(&mut source, &mut drain, CompressionLevel::Fastest);
    source.error.or(drain.error).map_or(Ok(()), Err)
}

/// Keeps an error to itself: the encoder panics at one.
struct Quiet<T> {
    inner: T,
    error: Option<io::Error>,
}

impl<R: Read> Read for Quiet<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.error.is_some() {
            return Ok(0);
        }
        Ok(self.inner.read(buffer).unwrap_or_else(|error| {
            self.error = Some(error);
            0
        }))
    }
}

impl<W: Write> Write for Quiet<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.error.is_none() {
            self.error = self.inner.write_all(bytes).err();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
