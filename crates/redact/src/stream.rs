//! Redaction of a stream in a bounded window. Not for: what is secret (scan), nor where the bytes go.
//!
//! The window is a function of the bytes alone, never of how they were cut into chunks: it is scanned when exactly
//! [`WINDOW`] bytes wait, and what lies before the look-ahead is committed, at an end of line where there is one. A value
//! that reaches the window's end is masked, and what follows of it is swallowed without being kept.

use std::sync::Arc;

use super::engine::Engine;
use super::report::{MemberReport, Place};
use super::scan::Begin;
use super::secret_object::Open;
use super::span::{Span, Tail};
use super::utf16::Decoder;
use super::{End, Gathered, Redacted};

/// Bytes that are scanned together.
pub(super) const WINDOW: usize = 512 * 1024;
/// Bytes at the window's end that are scanned again with what follows: the room of a whole key or Secret.
const LOOK_AHEAD: usize = 32 * 1024;
/// Bytes before the window that are seen again, for the name before a value.
const LOOK_BEHIND: usize = 1024;
/// How far back from the look-ahead an end of line is preferred over an end of word.
const LINE_SEARCH: usize = WINDOW / 2;

/// One member's redaction. Push chunks of any size, then finish.
pub struct RedactStream {
    engine: Arc<Engine>,
    decoder: Decoder,
    /// Look-behind, then what waits.
    buffer: Vec<u8>,
    /// Length of the look-behind: bytes already written out.
    seen: usize,
    swallowing: Option<Tail>,
    /// What is open of a Secret behind the look-behind.
    open: Option<Open>,
    report: MemberReport,
    /// Where the buffer begins, if places are wanted.
    position: Option<Position>,
}

/// A place in the member's text.
#[derive(Clone, Copy)]
struct Position {
    offset: u64,
    /// Ends of lines before it.
    lines: u64,
}

impl Position {
    fn advance(&mut self, text: &[u8]) {
        self.offset += text.len() as u64;
        self.lines += memchr::memchr_iter(b'\n', text).count() as u64;
    }
}

impl RedactStream {
    pub(super) fn new(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            decoder: Decoder::default(),
            buffer: Vec::new(),
            seen: 0,
            swallowing: None,
            open: None,
            report: MemberReport::default(),
            position: None,
        }
    }

    /// Has the report tell where each value stood.
    #[must_use]
    pub fn with_places(mut self) -> Self {
        self.position = Some(Position { offset: 0, lines: 0 });
        self
    }

    /// Takes the next chunk and gives what is certain by now. The concatenation of all outputs does not depend on how
    /// the input was cut.
    pub fn push(&mut self, chunk: Gathered) -> Redacted {
        #[cfg(feature = "faults")]
        self.engine.fail();
        let mut out = Vec::new();
        let chunk = chunk.0;
        self.report.saw(chunk.len());
        // In pieces, so that a chunk of any size does not make the buffer grow with it.
        for piece in chunk.chunks(WINDOW) {
            self.decoder.push(piece, &mut self.buffer);
            self.advance(&mut out);
        }
        Redacted(out.into())
    }

    /// The rest of the member and its counts. After [`End::Cut`] the last, perhaps partial token is left out.
    pub fn finish(mut self, end: End) -> (Redacted, MemberReport) {
        let mut out = Vec::new();
        self.decoder.finish(&mut self.buffer);
        self.advance(&mut out);
        self.swallow();
        let begin = Begin { at: self.seen, open: self.open.as_ref(), more: false };
        let (spans, _) = self.engine.scan(&self.buffer, begin);
        let commit = match end {
            End::Complete => self.buffer.len(),
            End::Cut if self.swallowing.is_some() => self.seen,
            End::Cut => last_token(&self.buffer, self.seen, &spans),
        };
        self.write(&spans, commit, &mut out);
        (Redacted(out.into()), self.report)
    }

    /// Commits windows as long as a whole one waits.
    fn advance(&mut self, out: &mut Vec<u8>) {
        loop {
            self.swallow();
            let end = self.seen + WINDOW;
            if self.buffer.len() < end {
                return;
            }
            let begin = Begin { at: self.seen, open: self.open.as_ref(), more: true };
            let (spans, objects) = self.engine.scan(&self.buffer[..end], begin);
            let (commit, swallowing) = commit_point(&self.buffer[..end], self.seen, &spans);
            self.open = objects.then(|| Engine::open_at(&self.buffer, commit, begin)).flatten();
            self.write(&spans, commit, out);
            self.swallowing = swallowing;
            let keep_from = if swallowing.is_some() { commit } else { look_behind(&self.buffer, commit) };
            self.drop_front(keep_from);
            self.seen = commit - keep_from;
        }
    }

    /// Drops what still belongs to a value that was masked at a window's end.
    fn swallow(&mut self) {
        let Some(tail) = self.swallowing else { return };
        match value_end(&self.buffer[self.seen..], tail) {
            Some(length) => {
                self.drop_front(self.seen + length);
                self.swallowing = None;
            }
            None => self.drop_front(self.buffer.len()),
        }
        self.seen = 0;
    }

    fn drop_front(&mut self, length: usize) {
        if let Some(position) = &mut self.position {
            position.advance(&self.buffer[..length]);
        }
        self.buffer.drain(..length);
    }

    /// Writes the bytes from the look-behind up to `commit`, each found stretch replaced.
    fn write(&mut self, spans: &[Span], commit: usize, out: &mut Vec<u8>) {
        let mut at = self.seen;
        let mut position = self.position;
        let mut walked = 0;
        for span in spans.iter().filter(|span| span.end > at && span.start < commit).cloned().collect::<Vec<_>>() {
            // Spans are disjoint and sorted; one that began in the look-behind is masked from where it is seen.
            let start = span.start.max(at);
            out.extend_from_slice(&self.buffer[at..start]);
            let value = &self.buffer[start..span.end];
            if let Some(position) = position.as_mut().filter(|_| span.is_masked()) {
                position.advance(&self.buffer[walked..start]);
                walked = start;
                let rule = || self.engine.id(span.finder).to_owned();
                self.report.place(|| Place { line: position.lines + 1, offset: position.offset, rule: rule() });
            }
            self.engine.replace(&span, value, &mut self.report, out);
            at = span.end;
        }
        if at < commit {
            out.extend_from_slice(&self.buffer[at..commit]);
        }
    }
}

/// Where the window is cut, and how a value that is cut goes on.
fn commit_point(window: &[u8], seen: usize, spans: &[Span]) -> (usize, Option<Tail>) {
    let target = window.len() - LOOK_AHEAD;
    let line = memchr::memrchr(b'\n', &window[target - LINE_SEARCH.min(target - seen)..target])
        .map(|at| target - LINE_SEARCH.min(target - seen) + at + 1);
    let word = || {
        window[target - LOOK_AHEAD..target]
            .iter()
            .rposition(|byte| ends_token(*byte))
            .map(|at| target - LOOK_AHEAD + at + 1)
    };
    let wanted = line.or_else(word).unwrap_or(target);
    match spans.iter().find(|span| span.start < wanted && wanted < span.end) {
        None => (wanted, None),
        Some(span) if span.end < window.len() => (span.end, None),
        Some(span) => (window.len(), Some(span.tail)),
    }
}

/// The look-behind's start: the begin of the line, if it is near enough.
fn look_behind(buffer: &[u8], commit: usize) -> usize {
    let earliest = commit.saturating_sub(LOOK_BEHIND);
    memchr::memchr(b'\n', &buffer[earliest..commit]).map_or(earliest, |at| earliest + at + 1)
}

/// Where the last token begins, which a byte limit may have cut.
fn last_token(text: &[u8], seen: usize, spans: &[Span]) -> usize {
    let word = text[seen..].iter().rposition(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\''));
    let word = word.map_or(seen, |at| seen + at + 1);
    match spans.iter().find(|span| span.start < word && (span.end > word || span.end == text.len())) {
        Some(span) => span.start.max(seen),
        None => word,
    }
}

/// The length of the rest of a value, if it ends within `text`.
fn value_end(text: &[u8], tail: Tail) -> Option<usize> {
    match tail {
        Tail::Token => text.iter().position(|byte| ends_token(*byte)),
        Tail::Quoted(quote) => text.iter().position(|byte| *byte == quote.mark || *byte == b'\n'),
        Tail::Line => memchr::memchr(b'\n', text),
    }
}

fn ends_token(byte: u8) -> bool {
    byte.is_ascii_whitespace()
        || matches!(byte, b'"' | b'\'' | b'`' | b',' | b';' | b'&' | b'<' | b'>' | b'{' | b'}' | b'(' | b')')
}
