//! Values of several items or lines: lists on one line, YAML's blocks and lists. Not for: values on the line of their name.

use super::notation::{block_header, ends_bare, quote_at};
use super::place::Place;
use super::{Assigned, Assignments, LONGEST_BLOCK};
use crate::name::{self, Strength};
use crate::span::Tail;
use crate::value;

/// Bytes of a dump that may be a secret; fewer are as well some numbers.
const LEAST_BYTES: usize = 4;

impl Assignments<'_> {
    /// `["a", "b"]` on one line, or Go's dump of bytes, `[104 117 110]`.
    pub(super) fn list(&mut self, start: usize, strength: Strength, out: &mut Vec<Assigned>) {
        let text = self.text;
        let limit = (start + 4096).min(text.len());
        let mut at = start + 1;
        let bytes = text[at..limit].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b' ').count();
        let numbers = text[at..at + bytes].split(|byte| *byte == b' ');
        if text.get(at + bytes) == Some(&b']') && numbers.clone().count() >= LEAST_BYTES && numbers.clone().all(is_byte)
        {
            return out.push(Assigned { start: at, end: at + bytes, quote: None, tail: Tail::Token });
        }
        // Go's dump of headers: `map[X-Api-Key:[x]]`.
        let word = text[at..limit].iter().take_while(|byte| !ends_bare(**byte)).count();
        if quote_at(text, at, limit).is_none() && text.get(at + word) == Some(&b']') {
            let value = &text[at..at + word];
            let typed = strength == Strength::Password && value.iter().any(u8::is_ascii_digit);
            if self.judge(value, strength, false) && (typed || value::token_or_uuid(value) || value::is_chosen(value)) {
                out.push(Assigned { start: at, end: at + word, quote: None, tail: Tail::Token });
            }
            return;
        }
        loop {
            while at < limit && (text[at].is_ascii_whitespace() || text[at] == b',') {
                at += 1;
            }
            let Some(quote) = quote_at(text, at, limit) else { return };
            let value_start = at + quote.len();
            let end = self.quoted_end(value_start, quote);
            if end >= limit {
                return;
            }
            if self.judge(&text[value_start..end], strength, true) {
                out.push(Assigned { start: value_start, end, quote: None, tail: Tail::Quoted(quote) });
            }
            at = end + quote.len();
            self.done = self.done.max(at);
        }
    }

    /// A YAML block scalar or list on the following, deeper lines.
    pub(super) fn block(&mut self, place: Place, header_end: usize, strength: Strength, out: &mut Vec<Assigned>) {
        let text = self.text;
        let limit = (header_end + LONGEST_BLOCK).min(text.len());
        let Some(first_line) = memchr::memchr(b'\n', &text[header_end..limit]).map(|at| header_end + at + 1) else {
            return;
        };
        if text[first_line..limit].trim_ascii_start().starts_with(b"- ") {
            return self.block_list(place, first_line, limit, strength, out);
        }
        if name::is_plural_of_secrets(self.name) {
            return self.block_map(place, first_line, limit, strength, out);
        }
        let mut start = None;
        let mut end = first_line;
        let mut line = first_line;
        while line < limit {
            let line_end = memchr::memchr(b'\n', &text[line..limit]).map_or(limit, |at| line + at);
            let content = text[line..line_end].trim_ascii();
            let depth = text[line..line_end].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            if !content.is_empty() && (depth <= place.line_indent || mapping_or_list(content)) {
                break;
            }
            if !content.is_empty() {
                start.get_or_insert(line + depth);
                end = line_end - usize::from(text[..line_end].ends_with(b"\r"));
            }
            line = line_end + 1;
        }
        self.visited += (end - header_end) as u64;
        if let Some(start) = start
            && self.judge(&text[start..end], strength.max(Strength::Key), true)
        {
            out.push(Assigned { start, end, quote: None, tail: Tail::Token });
            self.done = self.done.max(end);
        }
    }

    /// The texts of an object that holds a secret for each of several: `"passwords": {"root": "x", "app": "y"}`.
    pub(super) fn map(&mut self, start: usize, strength: Strength, out: &mut Vec<Assigned>) {
        let text = self.text;
        let limit = (start + LONGEST_BLOCK).min(text.len());
        let mut at = start + 1;
        loop {
            let blank = |byte: &&u8| byte.is_ascii_whitespace() || **byte == b',';
            at += text[at..limit].iter().take_while(blank).count();
            let Some(mark) = quote_at(text, at, limit) else { return };
            let colon = self.quoted_end(at + mark.len(), mark) + mark.len();
            let value =
                colon + text.get(colon..limit).unwrap_or_default().iter().take_while(|b| b": ".contains(b)).count();
            let Some(quote) = quote_at(text, value, limit).filter(|_| value > colon) else { return };
            self.quoted_value(value + quote.len(), quote, strength, out);
            at = self.quoted_end(value + quote.len(), quote) + quote.len();
            self.done = self.done.max(at.min(limit));
            if at >= limit {
                return;
            }
        }
    }

    /// The same in YAML's deeper lines.
    fn block_map(
        &mut self,
        place: Place,
        first_line: usize,
        limit: usize,
        strength: Strength,
        out: &mut Vec<Assigned>,
    ) {
        let text = self.text;
        let mut line = first_line;
        let mut indent = None;
        while line < limit {
            let line_end = memchr::memchr(b'\n', &text[line..limit]).map_or(limit, |at| line + at);
            let depth = text[line..line_end].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            let content = text[line..line_end].trim_ascii();
            let same = depth > place.line_indent && *indent.get_or_insert(depth) == depth;
            let Some(colon) = memchr::memmem::find(content, b": ").filter(|_| same) else { break };
            let value = content[colon + 2..].trim_ascii_start();
            let start = line + depth + content.len() - value.len();
            match quote_at(text, start, line_end) {
                Some(quote) => self.quoted_value(start + quote.len(), quote, strength, out),
                None if self.judge(value, strength, false) && block_header(&text[start..]).is_none() => {
                    out.push(Assigned { start, end: start + value.len(), quote: None, tail: Tail::Line });
                }
                None => {}
            }
            self.visited += (line_end - line) as u64;
            self.done = self.done.max(line_end);
            line = line_end + 1;
        }
    }

    /// Items of a YAML list, each a text of its own line, as in `passwords:⏎- one⏎- two`. Their dashes may stand below the name.
    fn block_list(
        &mut self,
        place: Place,
        first_line: usize,
        limit: usize,
        strength: Strength,
        out: &mut Vec<Assigned>,
    ) {
        let text = self.text;
        let mut line = first_line;
        while line < limit {
            let line_end = memchr::memchr(b'\n', &text[line..limit]).map_or(limit, |at| line + at);
            let depth = text[line..line_end].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            let content = text[line..line_end].trim_ascii();
            let Some(item) = content.strip_prefix(b"- ").map(<[u8]>::trim_ascii_start) else { break };
            if depth < place.line_indent || mapping_or_list(item) {
                break;
            }
            let start = line + depth + content.len() - item.len();
            match quote_at(text, start, line_end) {
                Some(quote) => self.quoted_value(start + quote.len(), quote, strength, out),
                None if self.judge(item, strength, false) => {
                    out.push(Assigned { start, end: start + item.len(), quote: None, tail: Tail::Line });
                }
                None => {}
            }
            self.visited += (line_end - line) as u64;
            self.done = self.done.max(line_end);
            line = line_end + 1;
        }
    }
}

fn is_byte(number: &[u8]) -> bool {
    std::str::from_utf8(number).is_ok_and(|number| number.parse::<u8>().is_ok())
}

fn mapping_or_list(content: &[u8]) -> bool {
    content.starts_with(b"- ")
        || content.starts_with(b"-----")
        || content.windows(2).any(|pair| pair == b": ")
        || content.ends_with(b":")
}
