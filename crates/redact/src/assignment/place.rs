//! Where the value of a name stands: behind a sign, in the next column, beside the word "value", before its name. Not for:
//! whether it is secret.

use super::notation::{
    ends_bare, ends_path, indent, is_line_start, is_name_byte, is_setter, names_element, names_variable, opens_element,
    quote_at, separator_at, skip_attributes, skip_blank, skip_break, skip_pair, skip_property, skip_shown, skip_stars,
    skip_type, value_line,
};
use super::{Assigned, Assignments, GAP, HOLDERS, JUDGED, NAME_REACH};
use crate::span::{Quote, Tail};
use crate::{name, value};

/// What stands between a name and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    Equals,
    Colon,
    Comma,
    Element,
    Space,
    Pair,
}

/// Where a value begins, and what is known of its surroundings. Places are bytes of the text.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Where the value begins.
    pub(super) at: usize,
    pub(super) end_of_name: usize,
    /// Blanks before the first letter of the name's line.
    pub(super) line_indent: usize,
    /// The mark behind a name in quotation marks.
    pub(super) name_quote: Option<Quote>,
    pub(super) separator: Separator,
    /// The line is nothing but this name and its value.
    pub(super) pure: bool,
    /// The name is a command's flag, as in `--password x`.
    pub(super) flag: bool,
    /// An item of a list, the next of which is seldom its value: `["accessKeyId", "secretAccessKey"]`.
    pub(super) in_list: bool,
}

/// Last words of names behind which a blank and a random word in one case, or a UUID, is enough.
const SAID: &[&[u8]] = &[
    b"token",
    b"secret",
    b"credential",
    b"private_key",
    b"api_key",
    b"apikey",
    b"api-key",
    b"access_key",
    b"auth_key",
];

impl Assignments<'_> {
    /// Where the value begins, by the shape of what stands between.
    pub(super) fn value_place(&mut self, start: usize, end: usize) -> Option<Place> {
        let text = self.text;
        let limit = (end + GAP).min(text.len());
        let flag = start >= 1
            && text[start - 1] == b'-'
            && (start < 2 || !is_name_byte(text[start - 2]) || text[start - 2] == b'-');
        let element = opens_element(&text[start.saturating_sub(NAME_REACH)..start])
            || names_element(&text[start.saturating_sub(NAME_REACH)..start]);
        let mut at = end;
        let name_quote = quote_at(text, at, limit);
        if let Some(quote) = name_quote {
            at += quote.len();
        } else if text[at..limit].starts_with(b"&quot;") {
            at += 6;
        }
        // `${apiToken}` and `secrets["apiToken"]` may be assigned to, and Markdown makes names bold.
        while at < limit && matches!(text[at], b']' | b')' | b'}' | b'*') {
            at += 1;
        }
        let after_name = at;
        // C's arrays, `password[] = "…"`, `password[32] = "…"`.
        if name_quote.is_none() && text.get(at) == Some(&b'[') {
            let length = text[at + 1..limit.max(at + 1)].iter().take_while(|byte| byte.is_ascii_digit()).count();
            at += if text.get(at + 1 + length) == Some(&b']') { length + 2 } else { 0 };
        }
        at = skip_blank(text, at, limit);
        if element {
            at = skip_attributes(text, at);
        }
        // `Secret Access Key [None]: …`, as a prompt shows what it has.
        at = skip_shown(text, at, limit);
        let limit = limit.max((at + 1).min(text.len()));
        if name_quote.is_none() {
            at = skip_type(text, at, limit);
        }
        at = skip_break(text, at, limit);
        let separator = if name_quote.is_none() && is_setter(text, start, end) {
            Some((1, Separator::Equals))
        } else {
            separator_at(&text[at..limit], name_quote.is_some(), element)
        };
        self.visited += (at - end) as u64 + 8;
        let pure = name_quote.is_none() && is_line_start(text, start);
        let mut place = Place {
            at: 0,
            end_of_name: end,
            line_indent: 0,
            name_quote,
            separator: Separator::Equals,
            pure,
            flag,
            in_list: false,
        };
        match separator {
            Some((length, kind)) => {
                at = skip_stars(text, skip_blank(text, at + length, limit), limit);
                place.separator = kind;
            }
            None => at = self.without_sign(&mut place, start, after_name, at, limit)?,
        }
        // `"name": "DB_PASSWORD", "value": "..."`: the comma leads to the word value, not to the value.
        if place.separator == Separator::Comma
            && let Some(pair) = self.separate_value(after_name, limit)
        {
            at = pair;
            place.separator = Separator::Pair;
        }
        let before = &text[..start - name_quote.map_or(0, Quote::len).min(start)];
        place.in_list = place.separator == Separator::Comma
            && name_quote.is_some()
            && matches!(before.trim_ascii_end().last(), Some(b'[' | b','));
        place.at = at;
        place.line_indent = indent(text, start);
        Some(place)
    }

    /// Where a value begins that no sign of assignment leads to, if there is one.
    fn without_sign(
        &self,
        place: &mut Place,
        start: usize,
        after_name: usize,
        at: usize,
        limit: usize,
    ) -> Option<usize> {
        let text = self.text;
        let apart = at > after_name;
        // `token - 'Zx8K…'`, `token |Zx8K…`
        if self.is_random_behind_sign(at) {
            place.separator = Separator::Space;
            return Some(skip_blank(text, at + 1, limit));
        }
        let quoted = matches!(text.get(at), Some(b'\'' | b'"'));
        // `--password value`, `PASSWORD 'value'`; `client_secret Zx8K…`: no sentence goes on like that.
        if apart && (place.flag || quoted || !names_variable(&text[..start]) && self.is_random_word(at)) {
            place.separator = Separator::Space;
            return Some(at);
        }
        // A Dockerfile's old form, `ENV NAME value`, Apache's and the C shell's; `TOKEN      Zx8K…`, a table of two columns.
        if apart && names_variable(&text[..start]) || place.pure && self.is_last_column(after_name, at) {
            place.separator = Separator::Equals;
            return Some(at);
        }
        if let Some(cell) = self.next_cell(at) {
            place.separator = Separator::Equals;
            return Some(cell);
        }
        // A property list: `<key>apiToken</key><string>…`
        if text[at..].starts_with(b"</key>") || text[at..].starts_with(b"</name>") {
            place.separator = Separator::Element;
            return skip_property(text, at);
        }
        // The end of a path is no name of a value that follows.
        if ends_path(text, start) {
            return None;
        }
        let at = self.separate_value(after_name, limit)?;
        *place = match value_line(text, at) {
            Some(end_of_name) => Place { end_of_name, pure: true, separator: Separator::Colon, ..*place },
            None => Place { pure: false, separator: Separator::Pair, ..*place },
        };
        Some(at)
    }

    /// Whether a long word of both cases and digits without a pattern stands at `at`.
    fn is_random_word(&self, at: usize) -> bool {
        let length = self.text[at..].iter().take(JUDGED).take_while(|byte| !ends_bare(**byte)).count();
        let word = &self.text[at..at + length];
        let before = &self.text[..at].trim_ascii_end();
        let said = SAID.iter().any(|said| name::ends_with_word(before, said));
        // `logs-auth-2026.11.26 sl1lx…`: no name of a value ends so.
        let numbered = before.last().is_some_and(u8::is_ascii_digit);
        let mixed = value::has_digit_and_cases(word) || length >= 32 && said;
        let uuid = said && std::str::from_utf8(word).is_ok_and(value::is_uuid);
        uuid || length >= 20 && !numbered && mixed && value::is_random(word, 20) && !word.contains(&b'=')
    }

    /// Whether the last word of the line stands at `at`, some blanks behind its name, and may be a token.
    fn is_last_column(&self, after_name: usize, at: usize) -> bool {
        let rest = &self.text[at..];
        let word = &rest[..rest.iter().take(JUDGED).take_while(|byte| !byte.is_ascii_whitespace()).count()];
        let last = matches!(rest.get(word.len()), None | Some(b'\n' | b'\r'));
        let apart = at >= after_name + 2 || self.text.get(after_name) == Some(&b'\t');
        let setting = self.text[..after_name].iter().rev().take_while(|byte| is_name_byte(**byte)).any(|b| *b == b'_');
        let name = &self.text[..after_name];
        let uuid = SAID.iter().chain(&[&b"secret_id"[..]]).any(|said| name::ends_with_word(name, said))
            && std::str::from_utf8(word).is_ok_and(value::is_uuid);
        last && (apart || setting) && (value::looks_like_token(word) || value::is_chosen(word) || uuid)
    }

    /// Whether a random word, perhaps in quotation marks, stands behind a dash or a bar at `at`.
    fn is_random_behind_sign(&self, at: usize) -> bool {
        let text = self.text;
        let limit = (at + GAP).min(text.len());
        let next = skip_blank(text, at + 1, limit);
        let start = next + quote_at(text, next, limit).map_or(0, Quote::len);
        let rest = text.get(start..).unwrap_or_default();
        let length = rest.iter().take(JUDGED).take_while(|byte| !ends_bare(**byte)).count();
        let sign = match text.get(at) {
            Some(b'-') => next > at + 1,
            Some(b'|') => true,
            _ => false,
        };
        let word = &rest[..length];
        sign && (value::is_random(word, 16) || std::str::from_utf8(word).is_ok_and(value::is_uuid))
    }

    /// Where the value begins behind the bar at `at`, if another one closes its cell: `| password | x |`.
    fn next_cell(&self, at: usize) -> Option<usize> {
        const BARS: &[&[u8]] = &[b"|", "│".as_bytes()];
        let rest = &self.text[at..self.text.len().min(at + GAP)];
        let bar = BARS.iter().find(|bar| rest.starts_with(bar))?;
        let blanks = rest[bar.len()..].iter().take_while(|byte| **byte == b' ').count();
        let cell = &rest[bar.len() + blanks..];
        let word = &cell[..cell.iter().take_while(|byte| byte.is_ascii_graphic()).count()];
        let closed = cell[word.len()..].trim_ascii_start().starts_with(bar);
        (closed && (value::token(word) || value::is_likely_password(word))).then_some(at + bar.len() + blanks)
    }

    /// The value of a name that is itself a value: `name: X_PASSWORD⏎ value: …`, `{Name:X Value:…}`, `name="x" value="…"`.
    fn separate_value(&self, from: usize, limit: usize) -> Option<usize> {
        let text = self.text;
        let mut at = from;
        while at < limit {
            match text[at] {
                b' ' | b'\t' | b'\r' | b'\n' | b',' | b';' | b'"' | b'\'' => at += 1,
                b'\\' => at += if matches!(text.get(at + 1), Some(b'n' | b't' | b'r')) { 2 } else { 1 },
                _ => break,
            }
        }
        for _ in 0..3 {
            at = skip_pair(text, at, limit);
        }
        let word = text.get(at..at + 5)?;
        let apart = at > from || matches!(text[from - 1], b'"' | b'\'');
        if !apart || !word.eq_ignore_ascii_case(b"value") {
            return None;
        }
        at += 5;
        if let Some(quote) = quote_at(text, at, limit) {
            at += quote.len();
        }
        at = skip_blank(text, at, limit);
        matches!(text.get(at), Some(b':' | b'=')).then(|| skip_blank(text, at + 1, limit))
    }

    /// The value that stands before its name: `- value: "…"⏎  name: API_KEY`.
    pub(super) fn value_before(&mut self, start: usize, end: usize, out: &mut Vec<Assigned>) {
        let text = self.text;
        let from = start.saturating_sub(JUDGED);
        let marks = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b':' | b'=' | b',');
        let trimmed = |before: &[u8]| before.len() - before.iter().rev().take_while(|byte| marks(byte)).count();
        self.visited += 8;
        let Some(before) = text[from..from + trimmed(&text[from..start])].strip_suffix(b"name") else { return };
        let before = &before[..trimmed(before)];
        let value_start = before.iter().rposition(marks).map_or(0, |at| at + 1);
        let (key, value) = (&before[..trimmed(&before[..value_start])], &before[value_start..]);
        let apart = key.iter().rev().nth(5).is_none_or(|byte| !is_name_byte(*byte));
        if value.is_empty() || !apart || !key.ends_with(b"value") {
            return;
        }
        let Some(strength) = name::strength(&text[start..end]) else { return };
        self.takes_uuid = name::takes_uuid(&text[start..end]);
        self.name = &text[start..end];
        if self.judge(value, strength, true) {
            let at = from + value_start;
            out.push(Assigned { start: at, end: at + value.len(), quote: None, tail: Tail::Token });
        }
    }

    /// The value that an object holds for a name: `{"value": "…"}`, or `value: …` in a deeper line.
    pub(super) fn held_value(&self, place: &Place) -> Option<Place> {
        let text = self.text;
        let limit = (place.at + GAP).min(text.len());
        let braced = text.get(place.at) == Some(&b'{');
        let from = place.at + usize::from(braced);
        let key = from + text[from..limit].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let deeper = text[from..key].contains(&b'\n') && indent(text, key) > place.line_indent;
        if !(braced || deeper) || !matches!(place.separator, Separator::Colon | Separator::Equals) {
            return None;
        }
        let name_quote = quote_at(text, key, limit);
        let name = key + name_quote.map_or(0, Quote::len);
        let holder = HOLDERS.iter().find(|holder| text[name..].starts_with(holder))?;
        let end_of_name = name + holder.len();
        let at = skip_blank(text, end_of_name + name_quote.map_or(0, Quote::len), limit);
        let separator = matches!(text.get(at), Some(b':' | b'='));
        let line_indent = indent(text, key);
        let at = skip_blank(text, at + 1, limit);
        separator.then_some(Place { at, end_of_name, line_indent, name_quote, pure: !braced, ..*place })
    }
}
