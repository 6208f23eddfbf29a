//! Decoded copies of a text, with the way back: escapes, percent signs, colour codes, wrapped and plain base64.
//! Not for: what is secret in them.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

/// base64 runs shorter than this hide nothing that could be recognised.
const LEAST_RUN: usize = 20;

/// A decoded copy and where each of its bytes came from.
#[derive(Default)]
pub(super) struct View {
    pub(super) text: Vec<u8>,
    origin: Vec<u32>,
    width: Vec<u8>,
}

impl View {
    fn push(&mut self, byte: u8, origin: usize, width: usize) {
        self.text.push(byte);
        self.origin.push(u32::try_from(origin).unwrap_or(u32::MAX));
        self.width.push(u8::try_from(width).unwrap_or(u8::MAX));
    }

    /// The stretch of the original from which this stretch of the copy came.
    pub(super) fn original(&self, start: usize, end: usize) -> (usize, usize) {
        let last = end.max(start + 1) - 1;
        match (self.origin.get(start), self.origin.get(last), self.width.get(last)) {
            (Some(first), Some(at), Some(width)) => (*first as usize, *at as usize + usize::from(*width)),
            _ => (0, 0),
        }
    }

    fn some(self) -> Option<Self> {
        (!self.text.is_empty()).then_some(self)
    }
}

/// Every decoded copy that the text gives rise to.
pub(super) fn views(text: &[u8]) -> impl Iterator<Item = View> {
    [without_colours(text), without_escapes(text), without_percent(text), joined_lines(text)].into_iter().flatten()
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

/// base64 that is wrapped over lines, joined.
fn joined_lines(text: &[u8]) -> Option<View> {
    let mut view = View::default();
    let mut at = 0;
    let mut before: Option<(usize, usize)> = None;
    let mut joining = false;
    // Only lines that are one long base64 word can be joined; the quick look is at their ends.
    while let Some(end) =
        memchr::memchr(b'\n', &text[at..]).map(|next| at + next).or((at < text.len()).then_some(text.len()))
    {
        let start = at + text[at..end].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let stop = if end > start && text[end - 1] == b'\r' { end - 1 } else { end };
        // Only padding ends in `=`: `NAME=value` is no line of an encoded text.
        let padding = text[start..stop].iter().rev().take(2).take_while(|byte| **byte == b'=').count();
        let encoded = stop > start && text[start..stop - padding].iter().all(|byte| is_base64(*byte));
        match before {
            Some((from, to)) if encoded && to - from >= 32 => {
                if !joining {
                    (from..to).for_each(|place| view.push(text[place], place, 1));
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
        before = (encoded && padding == 0).then_some((start, stop));
        at = end + 1;
        if at > text.len() {
            break;
        }
    }
    view.some()
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

/// The decoded run, if its first bytes are text, with few beyond ASCII among them unless they are UTF-8.
fn decode_text(run: &[u8]) -> Option<Vec<u8>> {
    let head = decode_base64(&run[..LEAST_RUN.min(run.len())])?;
    let text = |byte: &&u8| (0x20..0x7F).contains(*byte) || matches!(byte, b'\n' | b'\r' | b'\t' | 0x1B);
    // Letters of other alphabets; the last one may be cut.
    let unicode = std::str::from_utf8(&head).map_or_else(|error| error.error_len().is_none(), |_| true);
    let letters = unicode && head.iter().all(|byte| *byte >= 0x20);
    if !letters && head.iter().filter(text).count() * 5 < head.len() * 4 {
        return None;
    }
    decode_base64(run)
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
