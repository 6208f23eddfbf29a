//! Name and value: JSON, escaped JSON, YAML, env, flags, ini, XML, logfmt, Go struct dumps, query strings.
//! Not for: which names are secret ([`super::name`]) and which values are harmless ([`super::value`]).

mod block;
mod notation;
mod place;

use super::marked;
use super::name::{self, Strength};
use super::placeholder;
use super::span::{Quote, Tail};
use super::value;
use notation::{
    block_header, ends_bare, heredoc, is_in_arn, is_name_byte, is_struct_field, is_yaml_line, quote_at, skip_blank,
    skip_value_prefix,
};
use place::{Place, Separator};

/// Letters of a name that are looked at, on either side of the literal.
const NAME_REACH: usize = 96;
/// Bytes between a name and its value.
const GAP: usize = 96;
/// Bytes of a value that are judged; the rest is masked with it.
const JUDGED: usize = 512;

/// Bytes of a text of several lines.
const LONGEST_BLOCK: usize = 16 * 1024;

/// Figures of a number that is a secret.
const LEAST_NUMBER: usize = 6;
/// Letters of base64 whose padding ends it.
const LEAST_PADDED: usize = 24;

/// Letters of a word; what is longer is none.
const LONGEST_WORD: usize = 18;

/// Names under which an object holds nothing but the value of its own name: a habit of settings, and Envoy's data sources.
const HOLDERS: &[&[u8]] = &[b"value", b"$value", b"inline_string", b"inlineString", b"inline_bytes", b"inlineBytes"];

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
    /// The present name.
    name: &'t [u8],
    /// Whether code compares it with what follows.
    compared: bool,
    pub(super) visited: u64,
}

impl<'t> Assignments<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Self {
            text,
            done: 0,
            bare: (0, 0),
            quoted: (0, 0, 0),
            takes_uuid: false,
            name: b"",
            compared: false,
            visited: 0,
        }
    }

    /// The values of the name in which a literal was found at `hit`; found ones are pushed to `out`.
    pub(super) fn at(&mut self, hit: usize, out: &mut Vec<Assigned>) {
        if hit < self.done {
            return;
        }
        let (start, end) = self.name_around(hit);
        self.done = end.max(hit + 1);
        self.value_before(start, end, out);
        let Some(place) = self.value_place(start, end) else { return };
        // Helm's charts tell a change of a Secret by its digest, in `checksum/secret`; an ARN ends with a Secret's name.
        // Terraform's kinds of resources are named in quotation marks, as is what is made of them.
        let ahead = &self.text[..start];
        let kind =
            (ahead.ends_with(b"resource \"") || ahead.ends_with(b"data \"")) && self.text[end..].starts_with(b"\" \"");
        if ahead.ends_with(b"checksum/") || kind || is_in_arn(self.text, start) {
            return;
        }
        // `${PASSWORD:?must be set}`: what a shell says where there is none.
        let asked = matches!(self.text.get(end..end + 2), Some(b":?" | b":+"));
        if asked && self.text[..start].ends_with(b"${") {
            return;
        }
        let Some(strength) = name::strength(&self.text[start..end]) else { return };
        if strength == Strength::Key && name::ends_with_word(&self.text[..start], b"public ") {
            return;
        }
        self.takes_uuid = name::takes_uuid(&self.text[start..end]);
        self.name = &self.text[start..end];
        let before = self.text[..place.at].trim_ascii_end();
        self.compared = before.ends_with(b"!=") || before.ends_with(b"==");
        let first = out.len();
        self.value(place, strength, out);
        // A token is no base64: with the value goes YAML's tag that says it is.
        for value in &mut out[first..] {
            if self.text[..value.start].ends_with(b"!!binary ") {
                value.start -= b"!!binary ".len();
            }
        }
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

    fn value(&mut self, place: Place, strength: Strength, out: &mut Vec<Assigned>) {
        let text = self.text;
        let place = self.held_value(&place).unwrap_or(place);
        let mut at = place.at;
        let limit = text.len();
        if at >= limit {
            return;
        }
        // PHP's dump of a variable writes the value's type and length before it, in the next line.
        let next = at + text[at..].iter().take(GAP).take_while(|byte| byte.is_ascii_whitespace()).count();
        if text[next..].starts_with(b"string(") && text[at..next].contains(&b'\n') {
            at = next;
        }
        // In code a text may, also in parentheses.
        let opened = at + usize::from(text[at] == b'(');
        if place.separator == Separator::Equals && matches!(text.get(opened), Some(b'\n' | b'\r')) {
            let next = opened + text[opened..].iter().take(GAP).take_while(|byte| byte.is_ascii_whitespace()).count();
            if quote_at(text, next, limit).is_none() {
                return;
            }
            at = next;
        }
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
                // Prose and code end lines with a word and a colon, too.
                if !place.pure && place.name_quote.is_none() {
                    return;
                }
                return self.block(place, at, strength, out);
            }
            at = next;
        }
        if at >= limit {
            return;
        }
        if let Some(list) = [&b"[]string"[..], b"[]*string"].into_iter().find(|list| text[at..].starts_with(list)) {
            return self.list(at + list.len(), strength, out);
        }
        if text[at] == b'[' && !text[at..].starts_with(b"[]byte(\"") {
            return self.list(at, strength, out);
        }
        if let Some((start, end)) = heredoc(text, at, at + LONGEST_BLOCK) {
            if self.judge(&text[start..end], strength, true) {
                out.push(Assigned { start, end, quote: None, tail: Tail::Token });
                self.done = self.done.max(end);
            }
            return;
        }
        // `<password>@host`: a mask in a URL.
        if place.separator == Separator::Element && text[at] == b'@' {
            return;
        }
        let may_be_block = matches!(place.separator, Separator::Colon | Separator::Pair);
        if may_be_block && matches!(text[at], b'|' | b'>') && block_header(&text[at..]).is_some() {
            let header = at + block_header(&text[at..]).unwrap_or(0);
            return self.block(place, header, strength, out);
        }
        at = skip_value_prefix(text, at);
        if text.get(at) == Some(&b'(') && quote_at(text, at + 1, limit).is_some() {
            at += 1;
        }
        let strength = if place.in_list { Strength::Key } else { strength };
        match quote_at(text, at, limit) {
            // `read -p "Password: " PASSWORD`: the mark closes what began before the name.
            Some(quote) if self.is_prompt(at, quote, &place) => {}
            Some(quote) => self.quoted_value(at + quote.len(), quote, strength, out),
            None if text[at..].starts_with(b"&quot;") => self.bare_value(at + 6, &place, strength, out),
            None => self.bare_value(at, &place, strength, out),
        }
    }

    /// Whether a name right behind a mark, with a colon, stands before the same mark again, and no word behind that.
    fn is_prompt(&self, at: usize, quote: Quote, place: &Place) -> bool {
        let before = &self.text[..place.end_of_name];
        let name = before.iter().rev().take_while(|byte| is_name_byte(**byte)).count();
        let opened = before[..before.len() - name]
            .strip_suffix(&[quote.mark])
            .is_some_and(|rest| rest.iter().rev().take_while(|byte| **byte == b'\\').count() == quote.backslashes);
        let word = self.text.get(at + quote.len()).is_some_and(u8::is_ascii_alphanumeric);
        opened && place.name_quote.is_none() && self.text[..at].ends_with(b": ") && !word
    }

    fn quoted_value(&mut self, start: usize, quote: Quote, strength: Strength, out: &mut Vec<Assigned>) {
        let end = self.quoted_end(start, quote);
        let value = &self.text[start..end];
        // A shell's command between its marks.
        if quote.mark == b'`' && value.contains(&b' ') {
            return;
        }
        if self.judge(value, strength, true) && !self.is_key(end + quote.len()) {
            out.push(Assigned { start, end, quote: None, tail: Tail::Quoted(quote) });
            self.done = self.done.max(end);
            self.alternative(end + quote.len(), quote, strength, out);
        } else if quote_at(self.text, end, self.text.len()).is_none() {
            // The mark is never closed: the value may end before the line does.
            let end = self.bare_end(start).min(end);
            if self.judge(&self.text[start..end], strength, true) {
                out.push(Assigned { start, end, quote: None, tail: Tail::Token });
            }
        }
    }

    /// A second value behind a bar, a slash or a comma: `token = 'a' | 'b'`.
    fn alternative(&mut self, from: usize, quote: Quote, strength: Strength, out: &mut Vec<Assigned>) {
        let limit = (from + GAP).min(self.text.len());
        let sign = skip_blank(self.text, from, limit);
        let at = skip_blank(self.text, sign + 1, limit);
        // The change that a plan tells: `"old" -> "new"`.
        let change = self.text.get(sign..limit).is_some_and(|rest| rest.starts_with(b"->"));
        let at = if change { skip_blank(self.text, sign + 2, limit) } else { at };
        if !change && !matches!(self.text.get(sign), Some(b'|' | b'/' | b','))
            || quote.mark == b'`'
            || quote_at(self.text, at, limit) != Some(quote)
        {
            return;
        }
        let start = at + quote.len();
        let end = self.quoted_end(start, quote);
        let strength = if change { strength } else { strength.min(Strength::Service) };
        if self.judge(&self.text[start..end], strength, true) && !self.is_key(end + quote.len()) {
            out.push(Assigned { start, end, quote: None, tail: Tail::Quoted(quote) });
            self.done = self.done.max(end);
        }
    }

    /// Whether what ends at `end` is the key of a value of its own: `"name":"x-token","kind":"v1"`.
    fn is_key(&self, end: usize) -> bool {
        let mut after = self.text.get(end..).unwrap_or_default().iter().skip_while(|byte| matches!(byte, b' ' | b'\t'));
        // `if password == "…":`
        after.next() == Some(&b':') && !(self.compared && after.next().is_none_or(u8::is_ascii_whitespace))
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
            // YAML's `''` in a text is one mark of it.
            let doubled = quote.mark == b'\'' && mark > start && self.text.get(mark + 1) == Some(&b'\'');
            if doubled && quote.backslashes == 0 {
                at = mark + 2;
                continue;
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
        if start >= text.len() {
            return;
        }
        // An object, not a value; a template is one.
        let braced = is_braced_value(&text[start..], place);
        let start = start + usize::from(braced);
        if text[start] == b'{' && place.name_quote.is_some() && name::is_plural_of_secrets(self.name) {
            return self.map(start, strength, out);
        }
        let object = matches!(text[start], b'{' | b'\n' | b'\r')
            || text[start..].starts_with(b"map[")
            || text[start..].starts_with(b"&{");
        if object && !text[start..].starts_with(b"{{") {
            return;
        }
        let whole_line = place.pure && matches!(place.separator, Separator::Colon | Separator::Equals);
        let end = if whole_line {
            self.line_end(start, place.separator, strength)
        } else if place.separator == Separator::Element {
            // `&amp;` is a sign of the text.
            self.element_end(start)
        } else if strength >= Strength::Token && is_struct_field(text, start) {
            // Go's dump writes any sign of a string, and a blank or a brace behind it.
            self.field_end(start)
        } else {
            self.bare_end(start)
        };
        let end = start + within_notation(&text[start..end]);
        let end = end - usize::from(braced && text[start..end].ends_with(b"}"));
        let value = &text[start..end];
        // `<your-password>` may be a filler, below which other lines follow; an element's text ends with its own end.
        let below = place.separator == Separator::Element && text[start - 1] == b'\n' && text.get(end) == Some(&b'<');
        if value.is_empty() || below && !matches!(text.get(end + 1), None | Some(b'/' | b'!')) {
            return;
        }
        let prose = !whole_line
            && place.separator == Separator::Colon
            && place.name_quote.is_none()
            && !(strength == Strength::Password && is_struct_field(text, start));
        let csv = matches!(place.separator, Separator::Comma | Separator::Space) && !place.flag;
        let strength = if csv { Strength::Key } else { strength };
        if whole_line
            && value.contains(&b' ')
            && !is_passphrase(value, strength)
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
    fn line_end(&mut self, start: usize, separator: Separator, strength: Strength) -> usize {
        let text = self.text;
        let mut end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |at| start + at);
        if let Some(comment) = text[start..end].windows(2).position(|pair| pair == b" #" || pair == b"\t#") {
            end = start + comment;
        }
        if separator == Separator::Equals
            && !is_passphrase(text[start..end].trim_ascii_end(), strength)
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

    /// The end of an element's text on its line.
    fn element_end(&mut self, start: usize) -> usize {
        self.end_before(start, |rest| rest[0].is_ascii_whitespace() || matches!(rest[0], b'<' | b'"' | b'\'' | b'\\'))
    }

    /// The end of a field in Go's dump: a blank, a brace, or the comma before the next field.
    fn field_end(&mut self, start: usize) -> usize {
        self.end_before(start, |rest| match rest[0] {
            b',' => rest.get(1).is_some_and(u8::is_ascii_uppercase),
            byte => byte.is_ascii_whitespace() || matches!(byte, b'}' | b'"' | b'\\'),
        })
    }

    fn end_before(&mut self, start: usize, ends: impl Fn(&[u8]) -> bool) -> usize {
        let limit = self.text.len().min(start + JUDGED);
        let end = (start..limit).find(|at| ends(&self.text[*at..]));
        self.visited += (end.unwrap_or(limit) - start) as u64;
        // What is longer is no word that somebody typed: it ends where a token does.
        end.unwrap_or_else(|| self.bare_end(limit))
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

    /// Whether the value beside the present name, of this strength, is secret.
    fn judge(&self, whole: &[u8], strength: Strength, quoted: bool) -> bool {
        let value = without_quotes(&whole[..whole.len().min(JUDGED)]);
        if value::is_harmless(value) {
            return false;
        }
        let key_name = name::ends_with_word(self.name, b"key");
        let secret = match strength {
            _ if self.takes_uuid && std::str::from_utf8(value).is_ok_and(value::is_uuid) => true,
            _ if key_name && names_a_key(value) => false,
            Strength::Password => value::may_be_password(value, quoted) && !(self.compared && is_identifier(value)),
            Strength::Token => {
                value::looks_like_token(value) && !self.is_session_number(value) || self.is_chosen(value)
            }
            Strength::Key => value::is_random(value, 16) && !placeholder::is_alphabet(value),
            // `STRIPE_PRICE=price_1TXf…`: the maker's identifier of a thing.
            Strength::Service => {
                let thing =
                    value.iter().position(|byte| *byte == b'_').is_some_and(|at| marked::is_thing(&value[..at]));
                value::is_random(value, 14) && !placeholder::is_alphabet(value) && !thing
            }
        };
        secret && !self.repeats_name(value) && (quoted || !self.names_a_secret(value))
    }

    /// `sessionid: 0x34ed9ac1c1e0030`: ZooKeeper counts its sessions so.
    fn is_session_number(&self, value: &[u8]) -> bool {
        value.starts_with(b"0x") && memchr::memmem::find(&self.name.to_ascii_lowercase(), b"session").is_some()
    }

    /// Whether a person may have chosen the value for a token: words and a number, or beside the lone word a number.
    fn is_chosen(&self, value: &[u8]) -> bool {
        value::is_phrase_with_number(value)
            || self.name.eq_ignore_ascii_case(b"secret")
                && value.len() >= LEAST_NUMBER
                && value.iter().all(u8::is_ascii_digit)
    }

    /// `passwordSecret: db-credentials`: what names a Secret, in a name of several words.
    fn names_a_secret(&self, value: &[u8]) -> bool {
        let kebab = value.contains(&b'-') && value.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'-');
        kebab && name::refers_to_a_secret(self.name)
    }

    /// `this.addPassword = "#add-password"`: the value says what the name says.
    fn repeats_name(&self, value: &[u8]) -> bool {
        let plain = |text: &[u8]| -> Vec<u8> {
            text.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
        };
        let value_letters = plain(value);
        value_letters.len() >= 6
            && memchr::memmem::find(&plain(self.name), &value_letters).is_some()
            && name::strength(value).is_some()
    }
}

/// `PWD={x}`: the braces that ODBC wants around a password with signs, and Jenkins around an encrypted one.
fn is_braced_value(text: &[u8], place: &Place) -> bool {
    let length = text.iter().skip(1).take(JUDGED).take_while(|byte| !ends_bare(**byte) && **byte != b':').count();
    let braced = matches!(place.separator, Separator::Equals | Separator::Element);
    braced && length >= 4 && text[0] == b'{' && text.get(1 + length) == Some(&b'}') && text[1] != b'{'
}

/// Up to what ends a value in its notation: CDATA's brackets, or the colon behind base64's padding.
fn within_notation(value: &[u8]) -> usize {
    let base64 = value.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')).count();
    let padding = value[base64..].iter().take_while(|byte| **byte == b'=').count();
    match value.strip_suffix(b"]]>") {
        Some(text) => text.len(),
        None if base64 >= LEAST_PADDED && padding > 0 && value.get(base64 + padding) == Some(&b':') => base64 + padding,
        None => value.len(),
    }
}

/// Some words of letters and figures behind a password's name: `DB_PASSWORD=correct horse battery`.
fn is_passphrase(value: &[u8], strength: Strength) -> bool {
    let words = value.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    strength == Strength::Password
        && (2..=8).contains(&words.clone().count())
        && words.clone().all(|word| word.iter().all(u8::is_ascii_alphanumeric))
        && words.filter(|word| word.len() >= 4).count() >= 2
        && !value::is_sentence(value)
}

/// A name in code: letters alone.
fn is_identifier(value: &[u8]) -> bool {
    value.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
}

/// `'"x"'`: the value of a value that is code.
fn without_quotes(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
        _ => value,
    }
}

/// A short word, or a few with dashes between them, as the names of keys in other places are.
fn names_a_key(value: &[u8]) -> bool {
    let mut words = value.split(|byte| matches!(byte, b'-' | b'_' | b'.'));
    let plain = words.all(|word| !word.is_empty() && word.iter().all(u8::is_ascii_alphabetic));
    let dashes = value.iter().filter(|byte| !byte.is_ascii_alphabetic()).count();
    // `exports/2026/11/part-7.parquet`
    let folder = value.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
    // `Linux-node-4bf92f…`: words and a digest, as the keys of caches are.
    let digest = value.iter().rev().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let before = &value[..value.len() - digest];
    let words = before.len() >= 4 && before.ends_with(b"-") && before.iter().all(|byte| !byte.is_ascii_digit());
    let object = digest >= 32 && words
        || folder >= 4 && value.get(folder) == Some(&b'/') && value.iter().filter(|byte| **byte == b'/').count() >= 2;
    let short = value.split(|byte| matches!(byte, b'-' | b'_' | b'.')).all(|word| word.len() <= LONGEST_WORD);
    object
        || plain && short && (value.len() < 8 || (1..=2).contains(&dashes) && !value.iter().any(u8::is_ascii_uppercase))
}
