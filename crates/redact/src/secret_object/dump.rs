//! Secrets as Go's `%v` and `%#v` and Java's `toString` print them. Not for: documents; a dump that does not end within its
//! line is read to the line's end.

use super::{Objects, Value};
use crate::span::Tail;

/// What the maps of values begin with; a Go field's name may go on before it: `StringData`.
const FIELDS: [&str; 6] = [
    "data={",
    "stringData={",
    "Data:map[string][]uint8{",
    "Data:map[string][]byte{",
    "StringData:map[string]string{",
    "stringData:map[string]string{",
];
/// Bytes of a struct's dump.
const REACH: usize = 64 * 1024;

/// `map[data:map[zone:x] kind:Secret]`, anywhere in a text.
pub(super) fn go_maps(text: &[u8], out: &mut Vec<Value>) {
    let mut objects = Objects::default();
    let mut at = 0;
    while at < text.len() {
        if objects.stack.is_empty() {
            let Some(next) = memchr::memmem::find(&text[at..], b"map[") else { return };
            objects.open(0);
            at += next + 4;
        }
        match text[at..].first() {
            Some(b']') => objects.close(text, out),
            Some(b'\n') | None => objects.close_all(text, out),
            Some(b' ') => {}
            Some(_) => {
                at = go_pair(text, at, &mut objects);
                continue;
            }
        }
        at += 1;
    }
    objects.close_all(text, out);
}

/// `name:value`, or `name:map[`, of which the map's values follow. Answers where to go on.
fn go_pair(text: &[u8], start: usize, objects: &mut Objects) -> usize {
    let name = start + text[start..].iter().take_while(|byte| is_name(**byte)).count();
    if text.get(name) != Some(&b':') || name == start {
        return (name + usize::from(name == start)).min(text.len());
    }
    objects.key(&text[start..name]);
    let value = name + 1;
    if text[value..].starts_with(b"map[") {
        objects.open(0);
        return value + 4;
    }
    let end = go_value(text, value);
    objects.text(text, value, end, Tail::Token);
    end
}

/// A value ends at the bracket of its map, or before the blank behind which the next name stands.
fn go_value(text: &[u8], start: usize) -> usize {
    let (mut at, mut open) = (start, 0);
    while let Some(byte) = text.get(at) {
        match byte {
            b'\n' => break,
            b'[' => open += 1,
            b']' if open == 0 => break,
            b']' => open -= 1,
            b' ' if open == 0 => {
                let name = text[at + 1..].iter().take(256).take_while(|byte| is_name(**byte)).count();
                if name > 0 && text.get(at + 1 + name) == Some(&b':') {
                    break;
                }
            }
            _ => {}
        }
        at += 1;
    }
    at
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/')
}

/// `Secret(kind=Secret, data={…})` of Java, `v1.Secret{Data:map[string][]uint8{…}}` and `&Secret{Data:map[string][]byte{…}}`
/// of Go. `begins` has the places of `Secret(` and `Secret{`, in order.
pub(super) fn structs(text: &[u8], begins: &[usize], out: &mut Vec<Value>) {
    let mut done = 0;
    for begin in begins.iter().copied().filter(|begin| text[*begin..].starts_with(b"Secret")) {
        if begin < done {
            continue;
        }
        let limit = text.len().min(begin + REACH);
        let end = memchr::memchr(b'\n', &text[begin..limit]).map_or(limit, |at| begin + at);
        done = end;
        for field in FIELDS {
            for at in memchr::memmem::find_iter(&text[begin..end], field.as_bytes()).map(|at| begin + at) {
                // `metadata={` is another.
                if !text[at - 1].is_ascii_lowercase() || field.starts_with('s') {
                    pairs(text, at + field.len(), end, out);
                }
            }
        }
    }
}

/// `a=x, b=y}`, `"a":[]uint8{…}, "b":"y"}`, `a: [1 2],b: y,}`.
fn pairs(text: &[u8], start: usize, limit: usize, out: &mut Vec<Value>) {
    let mut at = start;
    while at < limit && text[at] != b'}' {
        let name = text[at..limit].iter().take_while(|byte| !matches!(byte, b'=' | b':' | b'}')).count();
        if matches!(text.get(at + name), None | Some(b'}')) {
            return;
        }
        let mut from = at + name + 1;
        from += usize::from(text.get(from) == Some(&b' '));
        if from >= limit {
            return;
        }
        let bytes = text[from..limit].strip_prefix(b"[]uint8{").is_some();
        let quoted = text.get(from) == Some(&b'"');
        let (value, close): (usize, &[u8]) = match (bytes, quoted) {
            (true, _) => (from + 8, b"}"),
            (_, true) => (from + 1, b"\""),
            _ => (from, b",}"),
        };
        let value = value.min(limit);
        let end = value + text[value..limit].iter().take_while(|byte| !close.contains(byte)).count();
        super::give(text, std::iter::once((value, end, Tail::Token)), out);
        at = end + usize::from(bytes || quoted);
        at += text[at.min(limit)..limit].iter().take_while(|byte| matches!(byte, b',' | b' ')).count();
    }
}
