//! Secrets in JSON, at any level of escapes, on one line or many. Not for: JSON's validity; broken text is given up and
//! begun anew at the next brace.

use super::{Objects, Owner, Value};
use crate::span::{Quote, Tail};

/// Texts within texts that are looked into.
const DEPTH: usize = 3;
/// Backslashes that are counted before a quotation mark.
const MOST_BACKSLASHES: usize = 64;

/// A walk over JSON. Stops anywhere and goes on there.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Json {
    objects: Objects,
    /// Backslashes before each quotation mark of the document.
    level: usize,
    /// Within a text.
    in_text: bool,
}

impl Json {
    /// Whether nothing is open.
    pub(super) fn is_idle(&self) -> bool {
        self.objects.stack.is_empty()
    }

    pub(super) fn carried(&self) -> Self {
        Self { objects: self.objects.carried(), ..*self }
    }

    pub(super) fn settle(&mut self, text: &[u8], out: &mut Vec<Value>) {
        self.objects.settle(text, out);
    }

    /// Reads on from `from` to `to`. Values of Secrets that end there are pushed to `out`.
    pub(super) fn walk(&mut self, text: &[u8], from: usize, to: usize, out: &mut Vec<Value>) {
        self.walk_to_depth(text, from, to, DEPTH, out);
    }

    fn walk_to_depth(&mut self, text: &[u8], from: usize, to: usize, depth: usize, out: &mut Vec<Value>) {
        let mut at = from;
        if self.in_text {
            at = self.string(text, at, to, depth, out);
        }
        while at < to {
            if self.objects.stack.is_empty() {
                let Some(brace) = memchr::memchr(b'{', &text[at..to]).map(|next| at + next) else { return };
                self.begin(text, brace, to);
                at = brace + 1;
                continue;
            }
            match text[at] {
                b'{' | b'[' => self.objects.open(0),
                b'}' | b']' => self.objects.close(text, out),
                b'"' => {
                    let backslashes = backslashes(text, at);
                    if backslashes < self.level {
                        // The text in which this document stands ends.
                        self.objects.close_all(text, out);
                    } else if backslashes == self.level {
                        at = self.string(text, at + 1, to, depth, out);
                        continue;
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Begins a document at a brace, if the first key or the brace's end stands behind it.
    fn begin(&mut self, text: &[u8], brace: usize, to: usize) {
        let rest = &text[brace + 1..to.min(brace + 256)];
        let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        // `\n` between the brace and its first key, as a pretty-printed document in a text has.
        let escaped = escaped_blank(&rest[blank..]);
        let level = rest[blank + escaped..].iter().take_while(|byte| **byte == b'\\').count();
        if rest.get(blank + escaped + level) != Some(&b'"') {
            return;
        }
        self.level = level;
        self.in_text = false;
        // A document of which the begin is missing: `"data":{` is the first that is seen of it.
        let mark = &[&b"\\".repeat(level)[..], b"\""].concat();
        let before = text[..brace].trim_ascii_end().strip_suffix(b":").and_then(|key| key.strip_suffix(&mark[..]));
        let key = [&b"data"[..], b"stringData"].into_iter().find(|key| before.is_some_and(|name| name.ends_with(key)));
        if let Some(key) = key {
            self.objects.open(0);
            self.objects.key(key);
        }
        self.objects.open(0);
    }

    /// Reads the text that begins at `start`. Answers where to go on.
    fn string(&mut self, text: &[u8], start: usize, to: usize, depth: usize, out: &mut Vec<Value>) -> usize {
        let tail = Tail::Quoted(Quote { mark: b'"', backslashes: self.level });
        let Some(end) = self.end_of_string(text, start, to) else {
            self.in_text = true;
            if self.objects.in_data() {
                self.objects.text(text, start, to, tail);
            } else {
                self.inner(text, start, to, depth, out);
            }
            return to;
        };
        self.in_text = false;
        let mark = end + self.level;
        if mark >= to || text[mark] != b'"' {
            // No text of JSON has an end of line in it.
            self.objects.close_all(text, out);
            return end.max(start);
        }
        let after = mark + 1;
        let rest = &text[after..to.min(after + 64)];
        let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if rest.get(blank + escaped_blank(&rest[blank..])) == Some(&b':') {
            self.objects.key(&text[start..end]);
        } else {
            if !self.objects.in_data() {
                self.inner(text, start, end, depth, out);
            }
            self.objects.text(text, start, end, tail);
        }
        after
    }

    /// Where the text that begins at `start` ends: at its mark, or at an end of line, which no text of the first level has.
    fn end_of_string(&self, text: &[u8], start: usize, to: usize) -> Option<usize> {
        let mut at = start;
        while let Some(found) = memchr::memchr2(b'"', b'\n', &text[at..to]).map(|next| at + next) {
            if text[found] == b'\n' {
                return Some(found);
            }
            let backslashes = backslashes(&text[..found], found).min(found - start);
            if backslashes < self.level {
                return Some(found);
            }
            if (backslashes - self.level).is_multiple_of(2 * (self.level + 1)) {
                return Some((found - self.level).max(start));
            }
            at = found + 1;
        }
        None
    }

    /// Documents within a text.
    fn inner(&self, text: &[u8], start: usize, end: usize, depth: usize, out: &mut Vec<Value>) {
        if depth > 0 && end - start > 16 && memchr::memchr(b'{', &text[start..end]).is_some() {
            let mut inner = Self::default();
            inner.walk_to_depth(text, start, end, depth - 1, out);
            inner.objects.stack.retain(|frame| frame.owner != Owner::Unknown);
            inner.settle(text, out);
        }
    }
}

fn backslashes(text: &[u8], at: usize) -> usize {
    text[..at].iter().rev().take(MOST_BACKSLASHES).take_while(|byte| **byte == b'\\').count()
}

/// The length of escaped blanks: `\n`, `\\t`, and plain ones between them.
fn escaped_blank(text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        let slashes = text[at..].iter().take(8).take_while(|byte| **byte == b'\\').count();
        match text.get(at + slashes) {
            Some(b'n' | b't' | b'r') if slashes > 0 => at += slashes + 1,
            Some(b' ' | b'\n' | b'\t' | b'\r') if slashes == 0 => at += 1,
            _ => return at,
        }
    }
}
