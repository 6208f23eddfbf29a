//! Records into which a container's runtime puts each line, and the parts into which it splits long ones: docker's JSON file
//! (parts of 16 KiB) and the CRI's (`P` and `F`). Not for: what stands in them.

use super::decode::View;

/// Bytes of a record's time stamp.
const LONGEST_STAMP: usize = 40;

/// What stands before a line's text.
#[derive(Clone, Copy)]
pub(super) struct Prefix {
    /// Bytes before the text.
    pub(super) length: usize,
    partial: bool,
    error_stream: bool,
}

/// The prefix of a CRI record: `2026-11-25T03:04:05.1Z stdout F `.
pub(super) fn prefix(line: &[u8]) -> Option<Prefix> {
    line.first().filter(|byte| byte.is_ascii_digit())?;
    let stamp = line.iter().take(LONGEST_STAMP).position(|byte| *byte == b' ')?;
    let rest = &line[stamp + 1..];
    let (error_stream, rest) = match (rest.strip_prefix(b"stdout "), rest.strip_prefix(b"stderr ")) {
        (Some(rest), _) => (false, rest),
        (_, Some(rest)) => (true, rest),
        _ => return None,
    };
    match rest {
        [flag @ (b'P' | b'F'), b' ', ..] => Some(Prefix { length: stamp + 10, partial: *flag == b'P', error_stream }),
        _ => None,
    }
}

/// What the pre-filter looks for: where none of these stands no record was split.
pub(super) const SPLIT: &[&str] = &["{\"log\":\"", " stdout p ", " stderr p "];

/// The texts of records that were split, joined.
pub(super) fn joined(text: &[u8]) -> Option<View> {
    let mut view = View::in_parts();
    let mut parts: [Vec<(usize, usize)>; 2] = Default::default();
    let mut line = 0;
    while line < text.len() {
        let end = memchr::memchr(b'\n', &text[line..]).map_or(text.len(), |at| line + at);
        if let Some((prefix, stop)) = record(&text[line..end]) {
            let parts = &mut parts[usize::from(prefix.error_stream)];
            if prefix.partial || !parts.is_empty() {
                parts.push((line + prefix.length, line + stop));
            }
            if !prefix.partial {
                join(text, parts, &mut view);
            }
        }
        line = end + 1;
    }
    parts.iter_mut().for_each(|parts| join(text, parts, &mut view));
    view.some()
}

fn join(text: &[u8], parts: &mut Vec<(usize, usize)>, view: &mut View) {
    let last = parts.last().map(|(_, end)| *end);
    for at in parts.drain(..).flat_map(|(start, end)| start..end) {
        view.push(text[at], at, 1);
    }
    if let Some(end) = last {
        view.push(b'\n', end, 1);
    }
}

/// A record of either kind, and where its text ends.
fn record(line: &[u8]) -> Option<(Prefix, usize)> {
    if let Some(prefix) = prefix(line) {
        return Some((prefix, line.len() - usize::from(line.ends_with(b"\r"))));
    }
    const OPEN: &[u8] = b"{\"log\":\"";
    let body = line.strip_prefix(OPEN)?;
    let mut end = 0;
    loop {
        end += memchr::memchr(b'"', &body[end..])?;
        if body[..end].iter().rev().take_while(|byte| **byte == b'\\').count().is_multiple_of(2) {
            break;
        }
        end += 1;
    }
    let error_stream = memchr::memmem::find(&body[end..], b"\"stderr\"").is_some();
    let partial = !body[..end].ends_with(b"\\n");
    Some((Prefix { length: OPEN.len(), partial, error_stream }, OPEN.len() + end))
}
