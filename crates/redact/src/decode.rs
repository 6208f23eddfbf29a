//! Decoded copies of a text, with the way back: escapes, percent signs, colour codes, wrapped and plain base64.
//! Not for: what is secret in them.

use super::cri;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

/// Letters of a word that a line's end may have cut.
const LEAST_WRAPPED: usize = 32;
/// Letters of a line that was cut at its columns.
const LEAST_COLUMNS: usize = 56;
/// Bytes of a name before a word that was cut.
const LONGEST_NAME: usize = 160;
/// Blanks before a line that goes on from the one before.
const CONTINUED: usize = 96;

/// base64 runs shorter than this hide nothing that could be recognised.
const LEAST_RUN: usize = 20;

/// A decoded copy and where each of its bytes came from.
#[derive(Default)]
pub(super) struct View {
    pub(super) text: Vec<u8>,
    origin: Vec<u32>,
    width: Vec<u8>,
    /// Its neighbours come from several places of the text, and what stands between those is none of it.
    in_parts: bool,
}

impl View {
    pub(super) fn in_parts() -> Self {
        Self { in_parts: true, ..Self::default() }
    }

    pub(super) fn push(&mut self, byte: u8, origin: usize, width: usize) {
        self.text.push(byte);
        self.origin.push(u32::try_from(origin).unwrap_or(u32::MAX));
        self.width.push(u8::try_from(width).unwrap_or(u8::MAX));
    }

    /// The stretches of the original from which this stretch of the copy came.
    pub(super) fn originals(&self, start: usize, end: usize) -> Vec<(usize, usize)> {
        if !self.in_parts {
            return vec![self.original(start, end)];
        }
        let follows =
            |at: usize| self.origin[at] as usize == self.origin[at - 1] as usize + usize::from(self.width[at - 1]);
        let mut parts = Vec::new();
        let mut from = start;
        for at in start + 1..end {
            if !follows(at) {
                parts.push(self.original(from, at));
                from = at;
            }
        }
        parts.push(self.original(from, end));
        parts
    }

    fn original(&self, start: usize, end: usize) -> (usize, usize) {
        let last = end.max(start + 1) - 1;
        match (self.origin.get(start), self.origin.get(last), self.width.get(last)) {
            (Some(first), Some(at), Some(width)) => (*first as usize, *at as usize + usize::from(*width)),
            _ => (0, 0),
        }
    }

    pub(super) fn some(self) -> Option<Self> {
        (!self.text.is_empty()).then_some(self)
    }
}

/// Which copies of a text are worth their making, as far as the walk over its literals saw.
#[derive(Clone, Copy, Default)]
pub(super) struct Wanted {
    pub(super) unseen: bool,
    pub(super) split_records: bool,
}

/// Every decoded copy that the text gives rise to.
pub(super) fn views(text: &[u8], wanted: Wanted) -> impl Iterator<Item = View> {
    let unseen = wanted.unseen || memchr::memchr2(0, 0x08, text).is_some();
    [
        without_colours(text),
        without_escapes(text),
        without_percent(text),
        joined_lines(text),
        continued_lines(text),
        wanted.split_records.then(|| cri::joined(text)).flatten(),
        plain_letters(text),
        unseen.then(|| without_unseen(text)).flatten(),
    ]
    .into_iter()
    .flatten()
}

/// Without ANSI control sequences, also where their escape byte is itself escaped.
fn without_colours(text: &[u8]) -> Option<View> {
    memchr::memchr(0x1B, text)?;
    let mut view = View::default();
    let mut at = 0;
    while at < text.len() {
        if text[at] == 0x1B {
            at = end_of_sequence(text, at);
        } else {
            view.push(text[at], at, 1);
            at += 1;
        }
    }
    view.some()
}

fn end_of_sequence(text: &[u8], escape: usize) -> usize {
    let body = escape + 2;
    match text.get(escape + 1) {
        // CSI: parameters, then one final byte (ECMA-48).
        Some(b'[') => {
            let limit = (body + 64).min(text.len());
            text[body.min(limit)..limit]
                .iter()
                .position(|byte| (0x40..=0x7E).contains(byte))
                .map_or(limit, |at| body + at + 1)
        }
        // OSC: up to BEL or ESC.
        Some(b']') => {
            let limit = (body + 256).min(text.len());
            text[body.min(limit)..limit]
                .iter()
                .position(|byte| matches!(byte, 0x07 | 0x1B))
                .map_or(limit, |at| body + at + 1)
        }
        // A character set is named by one byte more.
        Some(b'(' | b')' | b'#' | b'%') => (body + 1).min(text.len()),
        Some(byte) if byte.is_ascii_alphanumeric() || b"\\=<>@^_|~".contains(byte) => body,
        // No sequence: a quotation mark behind the escape byte is the text's own.
        _ => escape + 1,
    }
}

/// The lines with `\u00..`, `\/`, `\x..`, `\n` or an escaped quotation mark, one level of escapes resolved.
fn without_escapes(text: &[u8]) -> Option<View> {
    lines_with(
        text,
        b'\\',
        |line| {
            memchr::memchr_iter(b'\\', line)
                .any(|at| matches!(line.get(at + 1), Some(b'u' | b'/' | b'x' | b'n' | b'r' | b't' | b'\\')))
        },
        unescape,
    )
}

fn unescape(line: &[u8], offset: usize, view: &mut View) {
    let mut at = 0;
    while at < line.len() {
        let (byte, width) = match (line[at], line.get(at + 1)) {
            (b'\\', Some(b'n')) => (b'\n', 2),
            (b'\\', Some(b'r')) => (b'\r', 2),
            (b'\\', Some(b't')) => (b'\t', 2),
            (b'\\', Some(letter @ (b'"' | b'\'' | b'/' | b'\\'))) => (*letter, 2),
            (b'\\', Some(b'x')) => hexadecimal(line, at + 2, 2).map_or((b'\\', 1), |code| (code as u8, 4)),
            (b'\\', Some(b'u')) => match hexadecimal(line, at + 2, 4) {
                Some(code) if code < 0x80 => (code as u8, 6),
                Some(code) => match char::from_u32(code) {
                    Some(letter) => {
                        // Each byte of the letter comes from the whole escape.
                        let mut bytes = [0; 4];
                        letter.encode_utf8(&mut bytes).bytes().for_each(|byte| view.push(byte, offset + at, 6));
                        at += 6;
                        continue;
                    }
                    None => (b'\\', 1),
                },
                _ => (b'\\', 1),
            },
            (byte, _) => (byte, 1),
        };
        view.push(byte, offset + at, width);
        at += width;
    }
}

/// The lines with percent-encoded bytes, decoded.
fn without_percent(text: &[u8]) -> Option<View> {
    lines_with(
        text,
        b'%',
        |line| memchr::memchr_iter(b'%', line).any(|at| hexadecimal(line, at + 1, 2).is_some()),
        |line, offset, view| {
            let mut at = 0;
            while at < line.len() {
                match (line[at] == b'%').then(|| hexadecimal(line, at + 1, 2)).flatten() {
                    Some(code) => {
                        view.push(code as u8, offset + at, 3);
                        at += 3;
                    }
                    None => {
                        view.push(line[at], offset + at, 1);
                        at += 1;
                    }
                }
            }
        },
    )
}

/// Without what nobody sees: zero-width letters, letters that a backspace takes back, colours in caret notation (`^[[1m`), and
/// the zeros of UTF-16 within a text of bytes.
fn without_unseen(text: &[u8]) -> Option<View> {
    let mut view = View::default();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let letters = UNSEEN.iter().filter(|_| !rest[0].is_ascii()).find(|letter| rest.starts_with(letter.as_bytes()));
        let unseen = letters.map(|letter| letter.len());
        if let Some(length) = unseen {
            at += length;
        } else if rest[0] == 0 {
            at += 1;
        } else if rest[0] != b'\n' && rest.get(1) == Some(&0x08) {
            at += 2;
        } else if rest.starts_with(b"^[[") {
            let parameters = rest[3..].iter().take(16).take_while(|b| b.is_ascii_digit() || **b == b';').count();
            let ends = rest.get(3 + parameters).is_some_and(u8::is_ascii_alphabetic);
            at += if ends { 4 + parameters } else { 3 };
        } else {
            view.push(rest[0], at, 1);
            at += 1;
        }
    }
    view.some()
}

/// What the pre-filter looks for: zero-width blanks and joiners, the soft hyphen, the byte order mark, and caret notation.
pub(super) const UNSEEN: &[&str] = &["\u{200B}", "\u{200C}", "\u{200D}", "\u{2060}", "\u{AD}", "\u{FEFF}", "^[["];

/// The lines in which letters of another alphabet stand among Latin ones that they look like, and full-width ones, in Latin
/// letters.
fn plain_letters(text: &[u8]) -> Option<View> {
    if text.is_ascii() || memchr::memchr3(0xD0, 0xD1, 0xEF, text).is_none() {
        return None;
    }
    let mut view = View::default();
    let mut line = 0;
    while line < text.len() {
        let end = memchr::memchr(b'\n', &text[line..]).map_or(text.len(), |at| line + at + 1);
        if let Some(letters) = latin_line(&text[line..end]) {
            letters.into_iter().for_each(|(letter, at, width)| view.push(letter, line + at, width));
        }
        line = end;
    }
    view.some()
}

/// Each letter of a line with its place and width, if some were put in Latin ones.
fn latin_line(line: &[u8]) -> Option<Vec<(u8, usize, usize)>> {
    if line.is_ascii() {
        return None;
    }
    let line = std::str::from_utf8(line).ok()?;
    let mut latin = 0;
    let mut letters = Vec::with_capacity(line.len());
    let mut before = ' ';
    for (at, letter) in line.char_indices() {
        let width = letter.len_utf8();
        let next = line[at + width..].chars().next().unwrap_or(' ');
        let mixed = before.is_ascii_alphabetic() || next.is_ascii_alphabetic();
        match look_alike(letter).filter(|_| mixed || letter >= '\u{FF01}') {
            Some(plain) => {
                latin += 1;
                letters.push((plain, at, width));
            }
            None => letters.extend((at..at + width).map(|at| (line.as_bytes()[at], at, 1))),
        }
        before = letter;
    }
    (latin > 0).then_some(letters)
}

/// The Latin letter that a Cyrillic one looks like (Unicode TR39), or of which a full-width one is the wide form.
fn look_alike(letter: char) -> Option<u8> {
    Some(match letter {
        'а' => b'a',
        'е' => b'e',
        'о' => b'o',
        'р' => b'p',
        'с' => b'c',
        'у' => b'y',
        'х' => b'x',
        'і' => b'i',
        'ѕ' => b's',
        'к' => b'k',
        '\u{FF01}'..='\u{FF5E}' => u8::try_from(u32::from(letter) - 0xFEE0).ok()?,
        _ => return None,
    })
}

/// Texts that their writer went on with in the next line, joined: behind a backslash, or as a text in the same quotation
/// marks.
fn continued_lines(text: &[u8]) -> Option<View> {
    let mut view = View::in_parts();
    // Where the text goes on that the line before left open.
    let mut open = None;
    let mut line = 0;
    for end in memchr::memchr_iter(b'\n', text).chain([text.len()]) {
        match continuation(text, end) {
            Some((stop, next)) => {
                (open.replace(next).unwrap_or(line)..stop).for_each(|at| view.push(text[at], at, 1));
            }
            None => {
                if let Some(from) = open.take() {
                    (from..end).for_each(|at| view.push(text[at], at, 1));
                    view.push(b'\n', end, 1);
                }
            }
        }
        line = end + 1;
    }
    view.some()
}

/// Where the line that ends at `end` stops and the next goes on, if it does.
fn continuation(text: &[u8], end: usize) -> Option<(usize, usize)> {
    let rest = text.get(end + 1..)?;
    let line = text[..end].strip_suffix(b"\r").unwrap_or(&text[..end]);
    let last = *line.last()?;
    let blanks = rest.iter().take(CONTINUED).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let next = end + 1 + blanks;
    match last {
        b'\\' => Some((line.len() - 1, next)),
        b'"' | b'\'' | b'+' | b'.' => {
            let text_end = if matches!(last, b'+' | b'.') { line[..line.len() - 1].trim_ascii_end() } else { line };
            let mark = *text_end.last().filter(|byte| matches!(byte, b'"' | b'\''))?;
            if blanks == 0 || text.get(next) != Some(&mark) {
                return None;
            }
            // `'user': 'x'⏎ 'other': 'y'`: the next line begins with a name.
            let rest = &text[next + 1..text.len().min(next + 1 + LONGEST_NAME)];
            let close = memchr::memchr2(mark, b'\n', rest)?;
            let named = rest[close + 1..].trim_ascii_start().first() == Some(&b':');
            (!named).then(|| (text_end.len() - 1, next + 1))
        }
        _ => None,
    }
}

/// Words that are wrapped over lines, joined: lines of base64, and the end of a long line with the lines of base64 below it.
fn joined_lines(text: &[u8]) -> Option<View> {
    let mut view = View::in_parts();
    let mut at = 0;
    let mut before: Option<(usize, usize)> = None;
    let mut joining = false;
    while let Some(end) =
        memchr::memchr(b'\n', &text[at..]).map(|next| at + next).or((at < text.len()).then_some(text.len()))
    {
        let start = at + text[at..end].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let stop = if end > start && text[end - 1] == b'\r' { end - 1 } else { end };
        // Only padding ends in `=`: `NAME=value` is no line of an encoded text.
        let padding = text[start..stop].iter().rev().take(2).take_while(|byte| **byte == b'=').count();
        let dots = before.is_some_and(|(from, _)| text[from..].starts_with(b"eyJ"));
        let encoded = |byte: &u8| is_base64(*byte) || dots && *byte == b'.';
        let whole = stop > start && text[start..stop - padding].iter().all(encoded);
        match before {
            Some((from, to)) if whole && to - from >= LEAST_WRAPPED => {
                if !joining {
                    // With the name before it.
                    let line = memchr::memrchr(b'\n', &text[..from]).map_or(0, |at| at + 1);
                    (line.max(from.saturating_sub(LONGEST_NAME))..to)
                        .for_each(|place| view.push(text[place], place, 1));
                    joining = true;
                }
                (start..stop).for_each(|place| view.push(text[place], place, 1));
            }
            _ => {
                if joining {
                    view.push(b'\n', at.saturating_sub(1), 1);
                }
                joining = false;
            }
        }
        before = match whole || padding > 0 {
            // A token goes on as it began.
            true if joining && dots => before.filter(|_| padding == 0),
            true => (padding == 0).then_some((start, stop)),
            false => (stop - at >= LEAST_COLUMNS).then(|| last_word(text, at, stop)).flatten(),
        };
        at = end + 1;
        if at > text.len() {
            break;
        }
    }
    view.some()
}

/// The word of base64, or the dotted token, that ends a line.
fn last_word(text: &[u8], line: usize, end: usize) -> Option<(usize, usize)> {
    let word = |dot: bool| text[line..end].iter().rev().take_while(|b| is_base64(**b) || dot && **b == b'.').count();
    let (plain, dotted) = (word(false), word(true));
    let start = if text[end - dotted..].starts_with(b"eyJ") { end - dotted } else { end - plain };
    (end - start >= LEAST_WRAPPED).then_some((start, end))
}

fn lines_with(
    text: &[u8],
    sign: u8,
    wanted: impl Fn(&[u8]) -> bool,
    decode: impl Fn(&[u8], usize, &mut View),
) -> Option<View> {
    let mut view = View::default();
    let mut at = 0;
    while let Some(found) = memchr::memchr(sign, &text[at..]).map(|next| at + next) {
        let start = memchr::memrchr(b'\n', &text[at..found]).map_or(at, |line| at + line + 1);
        let end = memchr::memchr(b'\n', &text[found..]).map_or(text.len(), |line| found + line + 1);
        if wanted(&text[start..end]) {
            decode(&text[start..end], start, &mut view);
        }
        at = end;
    }
    view.some()
}

fn hexadecimal(text: &[u8], at: usize, digits: usize) -> Option<u32> {
    let text = std::str::from_utf8(text.get(at..at + digits)?).ok()?;
    text.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(text, 16).ok()).flatten()
}

/// The base64 runs of a text: `seen` is told where each stands, `found` what those say that decode to text.
pub(super) fn base64_runs(
    text: &[u8],
    mut seen: impl FnMut(usize, usize),
    mut found: impl FnMut(usize, usize, Vec<u8>),
) {
    runs(text, LEAST_RUN, &BASE64, |start, end| {
        seen(start, end);
        if let Some(decoded) = decode_text(&text[start..end]) {
            let padding = text[end..].iter().take(2).take_while(|byte| **byte == b'=').count();
            found(start, end + padding, decoded);
        }
    });
}

/// A set of bytes, asked by index: the walk over runs asks for most bytes of a text.
pub(super) type Kind = [bool; 256];

/// Letters and digits, and some signs.
pub(super) const fn alphanumeric_and(signs: &[u8]) -> Kind {
    let mut kind = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        kind[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let mut at = 0;
    while at < signs.len() {
        kind[signs[at] as usize] = true;
        at += 1;
    }
    kind
}

/// The runs of at least `least` bytes of a kind.
pub(super) fn runs(text: &[u8], least: usize, kind: &Kind, mut found: impl FnMut(usize, usize)) {
    let mut at = 0;
    // A long run covers every `least`-th byte: others need not be looked at.
    while at + least <= text.len() {
        let probe = at + least - 1;
        if let Some(back) = text[at..=probe].iter().rposition(|byte| !kind[usize::from(*byte)]) {
            at += back + 1;
            continue;
        }
        let end =
            text[probe..].iter().position(|byte| !kind[usize::from(*byte)]).map_or(text.len(), |next| probe + next);
        found(at, end);
        at = end;
    }
}

static BASE64: Kind = alphanumeric_and(b"+/-_");
/// The alphabet of RFC 4648, section 4.
pub(super) static STANDARD_BASE64: Kind = alphanumeric_and(b"+/");

fn is_base64(byte: u8) -> bool {
    BASE64[usize::from(byte)]
}

/// The decoded run, if its first bytes are text in base64, in hexadecimal digits, or in base32.
fn decode_text(run: &[u8]) -> Option<Vec<u8>> {
    if decode_base64(&run[..LEAST_RUN.min(run.len())]).is_some_and(|head| is_text(&head)) {
        return decode_base64(run);
    }
    decode_hexadecimal(run).or_else(|| decode_base32(run))
}

/// Bytes of a text in hexadecimal digits.
fn decode_hexadecimal(run: &[u8]) -> Option<Vec<u8>> {
    // Letters of a text have 2 to 7 before their second digit; most digests are told apart so.
    if !run.iter().step_by(2).take(8).all(|byte| matches!(byte, b'0' | b'2'..=b'7')) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let decode = |run: &[u8]| -> Option<Vec<u8>> {
        run.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
    };
    decode(&run[..LEAST_RUN.min(run.len())]).filter(|head| is_plain_text(head))?;
    decode(&run[..run.len() - run.len() % 2])
}

/// Bytes of a text in base32 (RFC 4648, section 6).
fn decode_base32(run: &[u8]) -> Option<Vec<u8>> {
    if !run.iter().take(LEAST_RUN).all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7')) {
        return None;
    }
    let decode = |run: &[u8]| -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(run.len() * 5 / 8);
        let (mut bits, mut count) = (0u32, 0);
        for byte in run {
            let value = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'2'..=b'7' => byte - b'2' + 26,
                _ => return None,
            };
            bits = bits << 5 & 0xFFFF | u32::from(value);
            count += 5;
            if count >= 8 {
                count -= 8;
                bytes.push((bits >> count & 0xFF) as u8);
            }
        }
        Some(bytes)
    };
    decode(&run[..LEAST_RUN.min(run.len())]).filter(|head| is_plain_text(head))?;
    decode(run)
}

/// Whether all bytes are those of an English text.
fn is_plain_text(bytes: &[u8]) -> bool {
    bytes.len() >= 8 && bytes.iter().all(|byte| (0x20..0x7F).contains(byte) || matches!(byte, b'\n' | b'\r' | b'\t'))
}

/// Whether bytes are the begin of a text, with few beyond ASCII among them unless they are UTF-8.
fn is_text(head: &[u8]) -> bool {
    let text = |byte: &&u8| (0x20..0x7F).contains(*byte) || matches!(byte, b'\n' | b'\r' | b'\t' | 0x1B);
    // Letters of other alphabets; the last one may be cut.
    let unicode = std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true);
    let letters = unicode && head.iter().all(|byte| *byte >= 0x20);
    letters || head.iter().filter(text).count() * 5 >= head.len() * 4
}

/// Decodes the whole quanta of a run in either alphabet.
pub(super) fn decode_base64(run: &[u8]) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
    let whole = if run.len() % 4 == 1 { &run[..run.len() - 1] } else { run };
    let url_safe = run.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let engine = if url_safe { &URL_SAFE } else { &STANDARD };
    engine.decode(whole).ok()
}
