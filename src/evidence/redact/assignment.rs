//! Name and value: JSON, escaped JSON, YAML, env, flags, ini, XML, logfmt, Go struct dumps, query strings.
//! Not for: which names are secret ([`super::name`]) and which values are harmless ([`super::value`]).

use super::name::{self, Strength};
use super::span::{Quote, Tail};
use super::value;

/// Letters of a name that are looked at, on either side of the literal.
const NAME_REACH: usize = 96;
/// Bytes between a name and its value.
const GAP: usize = 96;
/// Bytes of a value that are judged; the rest is masked with it.
const JUDGED: usize = 512;

/// A value that stands beside a secret-looking name.
#[derive(Debug)]
pub(super) struct Assigned {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) quote: Option<Quote>,
    pub(super) tail: Tail,
}

/// Finds assignments in one text. Keeps what it already walked over, so that a hostile text costs linear time.
pub(super) struct Assignments<'t> {
    text: &'t [u8],
    /// Names before this place are done.
    done: usize,
    /// The end of the last bare value that was walked over, and where it began.
    bare: (usize, usize),
    /// The same of the last quoted value.
    quoted: (usize, usize, u8),
    /// Whether a UUID beside the present name is a secret.
    takes_uuid: bool,
    /// Whether the present name ends in "key": no short word is one.
    is_key_name: bool,
    pub(super) visited: u64,
}

impl<'t> Assignments<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Self { text, done: 0, bare: (0, 0), quoted: (0, 0, 0), takes_uuid: false, is_key_name: false, visited: 0 }
    }

    /// The values of the name in which a literal was found at `hit`; found ones are pushed to `out`.
    pub(super) fn at(&mut self, hit: usize, out: &mut Vec<Assigned>) {
        if hit < self.done {
            return;
        }
        let (start, end) = self.name_around(hit);
        self.done = end.max(hit + 1);
        let Some(place) = self.value_place(start, end) else { return };
        // Helm's charts tell a change of a Secret by its digest, in `checksum/secret`; an ARN ends with a Secret's name.
        if self.text[..start].ends_with(b"checksum/") || is_in_arn(self.text, start) {
            return;
        }
        let Some(strength) = name::strength(&self.text[start..end]) else { return };
        self.takes_uuid = name::takes_uuid(&self.text[start..end]);
        self.is_key_name = self.text[start..end].to_ascii_lowercase().ends_with(b"key");
        self.value(place, strength, out);
    }

    fn name_around(&mut self, hit: usize) -> (usize, usize) {
        let text = self.text;
        let mut start = hit;
        while start > 0 && hit - start < NAME_REACH && is_name_byte(text[start - 1]) {
            start -= 1;
        }
        let mut end = hit;
        while end < text.len() && end - hit < NAME_REACH && is_name_byte(text[end]) {
            end += 1;
        }
        self.visited += (end - start) as u64;
        // `\npassword`: the letter belongs to the escape.
        if start > 0 && start < hit && text[start - 1] == b'\\' && matches!(text[start], b'n' | b'r' | b't') {
            start += 1;
        }
        while start < end && matches!(text[start], b'-' | b'.') {
            start += 1;
        }
        while end > hit.max(start) && matches!(text[end - 1], b'-' | b'.' | b'$') {
            end -= 1;
        }
        (start, end)
    }

    /// Where the value begins, by the shape of what stands between.
    fn value_place(&mut self, start: usize, end: usize) -> Option<Place> {
        let text = self.text;
        let limit = (end + GAP).min(text.len());
        let flag = start >= 1
            && text[start - 1] == b'-'
            && (start < 2 || !is_name_byte(text[start - 2]) || text[start - 2] == b'-');
        let element = start >= 1 && text[start - 1] == b'<';
        let mut at = end;
        let name_quote = quote_at(text, at, limit);
        if let Some(quote) = name_quote {
            at += quote.len();
        } else if text[at..limit].starts_with(b"&quot;") {
            at += 6;
        }
        while at < limit && matches!(text[at], b']' | b')') {
            at += 1;
        }
        let after_name = at;
        at = skip_blank(text, at, limit);
        if name_quote.is_none() {
            at = skip_type(text, at, limit);
        }
        let separator = separator_at(&text[at..limit], name_quote.is_some(), element);
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
                at = skip_blank(text, at + length, limit);
                place.separator = kind;
            }
            // `--password value`, `PASSWORD 'value'`.
            None if flag && at > after_name => place.separator = Separator::Space,
            None if at > after_name && matches!(text.get(at), Some(b'\'' | b'"')) => place.separator = Separator::Space,
            // A Dockerfile's old form: `ENV NAME value`.
            None if at > after_name && text[..start].ends_with(b"ENV ") => place.separator = Separator::Equals,
            // `client_secret Zx8K…`: no sentence goes on like that.
            None if at > after_name && self.is_random_word(at) => place.separator = Separator::Space,
            // The end of a path is no name of a value that follows.
            None if ends_path(text, start) => return None,
            None => {
                at = self.separate_value(after_name, limit)?;
                place.separator = Separator::Pair;
                place.pure = false;
            }
        }
        // `"name": "DB_PASSWORD", "value": "..."`: the comma leads to the word value, not to the value.
        if place.separator == Separator::Comma
            && let Some(pair) = self.separate_value(after_name, limit)
        {
            at = pair;
            place.separator = Separator::Pair;
        }
        let before = &text[..start - name_quote.map_or(0, Quote::len).min(start)];
        place.in_list =
            place.separator == Separator::Comma && matches!(before.trim_ascii_end().last(), Some(b'[' | b','));
        place.at = at;
        place.line_indent = indent(text, start);
        Some(place)
    }

    /// Whether a long word of both cases and digits without a pattern stands at `at`.
    fn is_random_word(&self, at: usize) -> bool {
        let length = self.text[at..].iter().take(JUDGED).take_while(|byte| !ends_bare(**byte)).count();
        let word = &self.text[at..at + length];
        length >= 20 && value::has_digit_and_cases(word) && value::is_random(word, 20)
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

    fn value(&mut self, place: Place, strength: Strength, out: &mut Vec<Assigned>) {
        let text = self.text;
        let mut at = place.at;
        let limit = text.len();
        // A pretty-printed value may stand on the next line.
        if matches!(place.separator, Separator::Colon | Separator::Element)
            && matches!(text.get(at), Some(b'\n' | b'\r'))
        {
            let mut next = at;
            while next < limit && next - at < GAP && text[next].is_ascii_whitespace() {
                next += 1;
            }
            let quoted = quote_at(text, next, limit).is_some();
            if !(quoted && place.name_quote.is_some() || place.separator == Separator::Element) {
                return self.block(place, at, strength, out);
            }
            at = next;
        }
        if at >= limit {
            return;
        }
        if text[at] == b'[' {
            return self.list(at, strength, out);
        }
        if place.separator == Separator::Colon && matches!(text[at], b'|' | b'>') && block_header(&text[at..]).is_some()
        {
            let header = at + block_header(&text[at..]).unwrap_or(0);
            return self.block(place, header, strength, out);
        }
        at = skip_value_prefix(text, at);
        let strength = if place.in_list { Strength::Key } else { strength };
        match quote_at(text, at, limit) {
            Some(quote) => self.quoted_value(at + quote.len(), quote, strength, out),
            None if text[at..].starts_with(b"&quot;") => self.bare_value(at + 6, &place, strength, out),
            None => self.bare_value(at, &place, strength, out),
        }
    }

    fn quoted_value(&mut self, start: usize, quote: Quote, strength: Strength, out: &mut Vec<Assigned>) {
        let end = self.quoted_end(start, quote);
        let value = &self.text[start..end];
        if self.judge(value, strength, true) && !self.is_key(end + quote.len()) {
            out.push(Assigned { start, end, quote: None, tail: Tail::Quoted(quote) });
            self.done = self.done.max(end);
        }
    }

    /// Whether what ends at `end` is the key of a value of its own: `"name":"x-token","kind":"v1"`.
    fn is_key(&self, end: usize) -> bool {
        let after = self.text.get(end..).unwrap_or_default();
        matches!(after.trim_ascii_start().first(), Some(b':'))
    }

    fn quoted_end(&mut self, start: usize, quote: Quote) -> usize {
        let (from, to, mark) = self.quoted;
        if mark == quote.mark && quote.backslashes == 0 && from <= start && start < to {
            return to;
        }
        let mut at = start;
        let end = loop {
            let Some(next) = memchr::memchr2(quote.mark, b'\n', &self.text[at..]) else { break self.text.len() };
            let mark = at + next;
            if self.text[mark] == b'\n' {
                break mark;
            }
            let backslashes = self.text[start..mark].iter().rev().take_while(|byte| **byte == b'\\').count();
            if backslashes <= quote.backslashes && (quote.backslashes > 0 || backslashes == 0) {
                break mark - backslashes;
            }
            if quote.backslashes == 0 && backslashes % 2 == 0 {
                break mark;
            }
            at = mark + 1;
        };
        self.visited += (end - start) as u64;
        if quote.backslashes == 0 {
            self.quoted = (start, end, quote.mark);
        }
        end
    }

    fn bare_value(&mut self, start: usize, place: &Place, strength: Strength, out: &mut Vec<Assigned>) {
        let text = self.text;
        // An object, not a value; a template is one.
        let object = matches!(text[start], b'{' | b'\n' | b'\r')
            || text[start..].starts_with(b"map[")
            || text[start..].starts_with(b"&{");
        if object && !text[start..].starts_with(b"{{") {
            return;
        }
        let whole_line = place.pure && matches!(place.separator, Separator::Colon | Separator::Equals);
        let end = if whole_line { self.line_end(start, place.separator) } else { self.bare_end(start) };
        let value = &text[start..end];
        if value.is_empty() {
            return;
        }
        let prose = !whole_line
            && place.separator == Separator::Colon
            && place.name_quote.is_none()
            && !(strength == Strength::Password && is_struct_field(text, start));
        let csv = place.separator == Separator::Comma || place.separator == Separator::Space && !place.flag;
        let strength = if csv { Strength::Key } else { strength };
        if whole_line
            && value.contains(&b' ')
            && !(place.separator == Separator::Colon
                && strength == Strength::Password
                && is_yaml_line(text, place.end_of_name))
        {
            // A sentence that begins with the name: judge its first word alone.
            let word = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
            return self.push_bare(start, start + word, place, strength, true, out);
        }
        self.push_bare(start, end, place, strength, prose, out);
    }

    fn push_bare(
        &mut self,
        start: usize,
        end: usize,
        place: &Place,
        strength: Strength,
        prose: bool,
        out: &mut Vec<Assigned>,
    ) {
        let value = &self.text[start..end];
        let plain_word =
            prose && value.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_' | b'.' | b'/'));
        if plain_word && !value::is_random(value, 12) || !self.judge(value, strength, false) {
            return;
        }
        let json = place.name_quote.filter(|_| place.separator == Separator::Colon);
        let tail = if place.pure { Tail::Line } else { Tail::Token };
        out.push(Assigned { start, end, quote: json, tail });
        self.done = self.done.max(end);
    }

    /// The end of a value in a line that is nothing but name and value.
    fn line_end(&mut self, start: usize, separator: Separator) -> usize {
        let text = self.text;
        let mut end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |at| start + at);
        if let Some(comment) = text[start..end].windows(2).position(|pair| pair == b" #" || pair == b"\t#") {
            end = start + comment;
        }
        if separator == Separator::Equals
            && let Some(space) = text[start..end].iter().position(u8::is_ascii_whitespace)
        {
            end = start + space;
        }
        while end > start && (text[end - 1].is_ascii_whitespace() || matches!(text[end - 1], b',' | b';')) {
            end -= 1;
        }
        self.visited += (end - start) as u64;
        end
    }

    fn bare_end(&mut self, start: usize) -> usize {
        if self.bare.0 <= start && start < self.bare.1 {
            return self.bare.1;
        }
        let end = self.text[start..].iter().position(|byte| ends_bare(*byte)).map_or(self.text.len(), |at| start + at);
        self.visited += (end - start) as u64;
        self.bare = (start, end);
        end
    }

    /// `["a", "b"]` on one line.
    fn list(&mut self, start: usize, strength: Strength, out: &mut Vec<Assigned>) {
        let text = self.text;
        let limit = (start + 4096).min(text.len());
        let mut at = start + 1;
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
    fn block(&mut self, place: Place, header_end: usize, strength: Strength, out: &mut Vec<Assigned>) {
        let text = self.text;
        let limit = (header_end + 16 * 1024).min(text.len());
        let Some(first_line) = memchr::memchr(b'\n', &text[header_end..limit]).map(|at| header_end + at + 1) else {
            return;
        };
        if text[first_line..limit].trim_ascii_start().starts_with(b"- ") {
            return self.block_list(place, first_line, limit, strength, out);
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

    /// Whether the value beside a name of this strength is secret.
    fn judge(&self, whole: &[u8], strength: Strength, quoted: bool) -> bool {
        let value = &whole[..whole.len().min(JUDGED)];
        if value::is_harmless(value) {
            return false;
        }
        if self.takes_uuid && std::str::from_utf8(value).is_ok_and(value::is_uuid) {
            return true;
        }
        if self.is_key_name && value.len() < 8 && value.iter().all(u8::is_ascii_alphabetic) {
            return false;
        }
        match strength {
            Strength::Password => value::may_be_password(value, quoted),
            Strength::Token => value::looks_like_token(value),
            Strength::Key => value::is_random(value, 16),
            Strength::Service => value::is_random(value, 14),
        }
    }
}

/// What stands between a name and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Separator {
    Equals,
    Colon,
    Comma,
    Element,
    Space,
    Pair,
}

struct Place {
    at: usize,
    end_of_name: usize,
    line_indent: usize,
    name_quote: Option<Quote>,
    separator: Separator,
    /// The line is nothing but this name and its value.
    pure: bool,
    flag: bool,
    /// An item of a list, the next of which is seldom its value: `["accessKeyId", "secretAccessKey"]`.
    in_list: bool,
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$')
}

fn ends_bare(byte: u8) -> bool {
    byte.is_ascii_whitespace()
        || matches!(byte, b',' | b';' | b'&' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'|' | b')' | b'}' | b']' | b'\\')
}

fn quote_at(text: &[u8], at: usize, limit: usize) -> Option<Quote> {
    let backslashes = text.get(at..limit)?.iter().take(16).take_while(|byte| **byte == b'\\').count();
    let mark = *text.get(at + backslashes)?;
    (matches!(mark, b'"' | b'\'' | b'`') && at + backslashes < limit).then_some(Quote { mark, backslashes })
}

fn skip_blank(text: &[u8], mut at: usize, limit: usize) -> usize {
    while at < limit && matches!(text[at], b' ' | b'\t') {
        at += 1;
    }
    at
}

/// `: string = "…"`, ` string = "…"`: a type between name and value.
fn skip_type(text: &[u8], at: usize, limit: usize) -> usize {
    let mut next = at;
    if text.get(next) == Some(&b':') {
        next = skip_blank(text, next + 1, limit);
    }
    let word = next;
    while next < limit && (text[next].is_ascii_alphabetic() || matches!(text[next], b'*' | b'?' | b'&')) {
        next += 1;
    }
    let after = skip_blank(text, next, limit);
    let assigned = text.get(after) == Some(&b'=') && text.get(after + 1) != Some(&b'=');
    if next > word
        && next - word <= 16
        && assigned
        && quote_at(text, skip_blank(text, after + 1, limit), limit).is_some()
    {
        after
    } else {
        at
    }
}

/// Length and kind of the separator that `text` begins with.
fn separator_at(text: &[u8], quoted_name: bool, element: bool) -> Option<(usize, Separator)> {
    const ASSIGN: &[&[u8]] = &[
        b"===", b"!==", b"::=", b"==", b"!=", b":=", b"?=", b"+=", b".=", b"=>", b"->", b"<-", b"||=", b"=", b"%3D",
        b"%3d",
    ];
    if let Some(sign) = ASSIGN.iter().find(|sign| text.starts_with(sign)) {
        return Some((sign.len(), Separator::Equals));
    }
    match text.first()? {
        b':' => Some((1, Separator::Colon)),
        b'>' if element => Some((1, Separator::Element)),
        b',' => Some((1, Separator::Comma)),
        b'|' if quoted_name => Some((1, Separator::Comma)),
        _ => None,
    }
}

/// Whether the value from `start` on is a field's in Go's dump of a struct, as in `{RootPassword:abc Other:1}`: a capital
/// begins the name, and no blank follows the colon.
fn is_struct_field(text: &[u8], start: usize) -> bool {
    let Some(before) = text[..start].strip_suffix(b":") else { return false };
    let length = before.iter().rev().take(NAME_REACH).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let (before, name) = before.split_at(before.len() - length);
    name.first().is_some_and(u8::is_ascii_uppercase) && matches!(before.last(), Some(b'{' | b' '))
}

/// Whether a name from `start` on is a part of an Amazon resource name, such as `arn:aws:secretsmanager:…:secret:db-x`.
fn is_in_arn(text: &[u8], start: usize) -> bool {
    let before = &text[start.saturating_sub(NAME_REACH)..start];
    before.ends_with(b":") && {
        let length = before.iter().rev().take_while(|byte| is_name_byte(**byte) || **byte == b':').count();
        before[before.len() - length..].starts_with(b"arn:")
    }
}

/// Whether a name from `start` on is the last part of a path, such as `/registry/roles/system:controller:token-cleaner`.
fn ends_path(text: &[u8], start: usize) -> bool {
    let before = text[start.saturating_sub(NAME_REACH)..start].iter().rev();
    before.take_while(|byte| is_name_byte(**byte) || matches!(byte, b':' | b'/')).any(|byte| *byte == b'/')
}

/// Whether nothing but indentation, a list dash or a declaration word stands before the name in its line.
fn is_line_start(text: &[u8], start: usize) -> bool {
    let from = start.saturating_sub(NAME_REACH);
    let line = memchr::memrchr(b'\n', &text[from..start]).map_or(from, |at| from + at + 1);
    if line == from && from > 0 {
        return false;
    }
    let before = text[line..start].trim_ascii();
    matches!(
        before,
        b"" | b"-"
            | b"export"
            | b"set"
            | b"ENV"
            | b"#"
            | b";"
            | b"//"
            | b"$"
            | b"$env:"
            | b"declare"
            | b"local"
            | b"--"
            | b"Environment="
    )
}

/// `name: value` with a space after the colon, as YAML wants it.
fn is_yaml_line(text: &[u8], end_of_name: usize) -> bool {
    text.get(end_of_name) == Some(&b':') && text.get(end_of_name + 1) == Some(&b' ')
}

fn indent(text: &[u8], start: usize) -> usize {
    let from = start.saturating_sub(NAME_REACH);
    let line = memchr::memrchr(b'\n', &text[from..start]).map_or(from, |at| from + at + 1);
    text[line..start].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// `r"`, `b'`, `u"`, `f"`, `@"`, `N'`: letters that belong to the quotation mark.
fn skip_value_prefix(text: &[u8], at: usize) -> usize {
    // Rust's `Some("…")`.
    // And Go's `(*string)("…")`.
    for wrapper in [&b"Some("[..], b"(*string)("] {
        let inside = at + wrapper.len();
        if text[at..].starts_with(wrapper) && matches!(text.get(inside), Some(b'"' | b'\\')) {
            return inside;
        }
    }
    let prefixed = matches!(text.get(at), Some(b'r' | b'b' | b'u' | b'f' | b'@' | b'N' | b'L'))
        && matches!(text.get(at + 1), Some(b'"' | b'\''));
    at + usize::from(prefixed)
}

/// The length of `|`, `>-`, `|2+` with nothing but blanks behind it.
fn block_header(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    while matches!(text.get(at), Some(b'+' | b'-' | b'0'..=b'9')) {
        at += 1;
    }
    let end = skip_blank(text, at, text.len().min(at + 8));
    matches!(text.get(end), Some(b'\n' | b'\r')).then_some(at)
}

fn mapping_or_list(content: &[u8]) -> bool {
    content.starts_with(b"- ")
        || content.starts_with(b"-----")
        || content.windows(2).any(|pair| pair == b": ")
        || content.ends_with(b":")
}
