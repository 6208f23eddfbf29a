//! Found stretches of text and how they are merged. Not for: finding them.

use super::family::Family;

/// Who found a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finder {
    /// A row of the rule table, by its place in it.
    Rule(u16),
    /// A rule of the contract's ConfigMaps, by its place in the options.
    User(u16),
    /// An IP address, e-mail address or host name that gets a pseudonym.
    Pseudonym(Family),
    /// A verified token of ours: stays as it is, and nothing that overlaps it is masked.
    OwnToken,
    /// What looks like a token of ours and is none: its opening sign is marked.
    Imitation,
}

/// A stretch of text to be replaced.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) finder: Finder,
    /// Among overlapping stretches the highest names the token.
    pub(super) priority: u8,
    /// Put around the token, where a bare value of a quoting format is replaced (a JSON number).
    pub(super) quote: Option<Quote>,
    /// Characters of the value's kind that follow the window's end belong to it.
    pub(super) tail: Tail,
}

impl Span {
    /// Whether the stretch goes, and a token stands in its place.
    pub(super) fn is_masked(&self) -> bool {
        !matches!(self.finder, Finder::OwnToken | Finder::Imitation)
    }
}

/// A quotation mark with the backslashes of its escape level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quote {
    pub(super) mark: u8,
    pub(super) backslashes: usize,
}

impl Quote {
    pub(super) fn len(self) -> usize {
        self.backslashes + 1
    }

    pub(super) fn write(self, out: &mut Vec<u8>) {
        out.extend(std::iter::repeat_n(b'\\', self.backslashes));
        out.push(self.mark);
    }
}

/// The quotation marks that a token needs where it takes the place of a bare number or word after a quoted name, as in
/// `"pin":1234` or `"pins":[1234]`: there JSON has no bare texts.
pub(super) fn json_quote(text: &[u8], start: usize, end: usize) -> Option<Quote> {
    let mut before = text[..start].trim_ascii_end();
    while let Some(outside) = before.strip_suffix(b"[") {
        before = outside.trim_ascii_end();
    }
    let before = before.strip_suffix(b":")?.trim_ascii_end().strip_suffix(b"\"")?;
    let bare = text[start..end].iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let closed = matches!(text[end..].trim_ascii_start().first(), Some(b',' | b'}' | b']') | None);
    let backslashes = before.iter().rev().take(16).take_while(|byte| **byte == b'\\').count();
    (bare && closed).then_some(Quote { mark: b'"', backslashes })
}

/// How a value that runs past the window goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// Up to the next white space, quotation mark or list separator.
    Token,
    /// Up to the closing quotation mark or the end of the line.
    Quoted(Quote),
    /// Up to the end of the line.
    Line,
}

/// Sorts and merges: overlapping stretches become one, named by the highest priority; what touches a token of ours goes.
pub(super) fn merge(mut spans: Vec<Span>) -> Vec<Span> {
    if spans.len() < 2 {
        return spans;
    }
    spans.sort_by_key(|span| (span.start, span.end));
    let own: Vec<(usize, usize)> =
        spans.iter().filter(|span| span.finder == Finder::OwnToken).map(|span| (span.start, span.end)).collect();
    if !own.is_empty() {
        spans.retain(|span| span.finder == Finder::OwnToken || !overlaps_any(&own, span));
    }
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start < last.end => absorb(last, span),
            _ => merged.push(span),
        }
    }
    merged
}

fn absorb(last: &mut Span, other: Span) {
    if other.end > last.end {
        last.end = other.end;
        last.tail = other.tail;
    }
    if other.priority > last.priority {
        last.finder = other.finder;
        last.priority = other.priority;
    }
    // Equal stretches only: a quote belongs to one bare value.
    if last.quote.is_some() && other.start != last.start {
        last.quote = None;
    }
}

fn overlaps_any(sorted: &[(usize, usize)], span: &Span) -> bool {
    let after = sorted.partition_point(|(_, end)| *end <= span.start);
    sorted.get(after).is_some_and(|(start, _)| *start < span.end)
}
