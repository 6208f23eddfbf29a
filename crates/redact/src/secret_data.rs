//! The values of Kubernetes Secrets in YAML, JSON and escaped JSON, before or after the word `kind`.
//! Not for: dockerconfigjson and other shapes that are secret wherever they stand.

use super::{token, value};

/// Bytes around `kind: Secret` in which its data is looked for.
const REACH: usize = 24 * 1024;

/// What the pre-filter looks for.
pub(super) const LITERALS: &[&str] = &[
    "kind: secret",
    "kind\":\"secret\"",
    "kind\": \"secret\"",
    "kind\\\":\\\"secret\\\"",
    "kind:secret",
    "kind\\\\\\\":\\\\\\\"secret",
];

/// The values of the Secret whose kind stands at `hit`. What stands before `floor` belongs to another object. The answer
/// is how many bytes were walked over.
pub(super) fn at(text: &[u8], hit: usize, floor: usize, out: &mut Vec<(usize, usize)>) -> usize {
    let from = hit.saturating_sub(REACH).max(floor.min(hit));
    let to = (hit + REACH).min(text.len());
    // `kind: SecretList` and `kind: SecretStore` are others.
    let word = memchr::memchr2(b'S', b's', &text[hit + 4..to]).map_or(to, |at| hit + 4 + at);
    if text.get(word + 6).is_some_and(u8::is_ascii_alphabetic) {
        return word - hit;
    }
    let object_start = last_border(&text[from..hit]).map_or(from, |at| from + at);
    let object_end = word + first_border(&text[word..to]);
    for key in [&b"data"[..], b"stringData"] {
        let mut at = object_start;
        while let Some(found) = memchr::memmem::find(&text[at..object_end], key).map(|next| at + next) {
            at = found + key.len();
            let whole_word = found == 0 || !text[found - 1].is_ascii_alphanumeric();
            if whole_word {
                map(text, at, object_end, line_indent(text, found), out);
            }
        }
    }
    object_end - from
}

/// Where the object before ends: at another one's kind, a document's begin, or an item of a list.
fn last_border(text: &[u8]) -> Option<usize> {
    let borders = [&b"kind\""[..], b"kind\\", b"kind: ", b"\n---", b"\n- "];
    borders.iter().filter_map(|border| memchr::memmem::rfind(text, border)).max()
}

/// Where the next object begins, or the text's end. The kinds are looked for first, so that the walk is short where many
/// objects follow each other.
fn first_border(text: &[u8]) -> usize {
    let kind = |at: &usize| matches!(text.get(at + 4), Some(b'"' | b'\\' | b':'));
    let end = memchr::memmem::find_iter(text, b"kind").find(kind).unwrap_or(text.len());
    let end = memchr::memmem::find(&text[..end], b"\n---").unwrap_or(end);
    memchr::memmem::find(&text[..end], b"\n- ").unwrap_or(end)
}

/// The values of the map that follows a key.
fn map(text: &[u8], after_key: usize, limit: usize, indent: usize, out: &mut Vec<(usize, usize)>) {
    let mut at = after_key;
    while at < limit && matches!(text[at], b'\\' | b'"' | b' ' | b':') {
        at += 1;
    }
    match text.get(at) {
        Some(b'{') => json(text, at + 1, limit, out),
        Some(b'\n' | b'\r') => yaml(text, at, limit, indent, out),
        Some(b'm') if text[at..].starts_with(b"map[") => go_map(text, at + 4, limit, out),
        _ => {}
    }
}

/// `"name":"value"` pairs up to the closing brace, at any level of escapes.
fn json(text: &[u8], start: usize, limit: usize, out: &mut Vec<(usize, usize)>) {
    let mut at = start;
    let mut is_value = false;
    while at < limit {
        // A token's colon is none of the document's, or a text redacted again would read otherwise.
        if let Some((_, _, length)) = token::token_shape(&text[at..limit]) {
            at += length;
            continue;
        }
        match text[at] {
            b'}' => return,
            b':' => is_value = true,
            b',' => is_value = false,
            b'"' => {
                let level = text[..at].iter().rev().take(16).take_while(|byte| **byte == b'\\').count();
                let begin = at + 1;
                let mut end = begin;
                while end < limit {
                    let Some(next) = memchr::memchr(b'"', &text[end..limit]) else { return };
                    end += next;
                    let backslashes = text[begin..end].iter().rev().take_while(|byte| **byte == b'\\').count();
                    if backslashes <= level {
                        end -= backslashes;
                        break;
                    }
                    end += 1;
                }
                if is_value {
                    push(text, begin, end, out);
                }
                at = memchr::memchr(b'"', &text[end..limit]).map_or(limit, |next| end + next);
            }
            _ => {}
        }
        at += 1;
    }
}

/// `name: value` lines that are deeper than the key, block scalars included.
fn yaml(text: &[u8], start: usize, limit: usize, indent: usize, out: &mut Vec<(usize, usize)>) {
    let mut line = memchr::memchr(b'\n', &text[start..limit]).map_or(limit, |at| start + at + 1);
    let mut block: Option<(usize, Option<(usize, usize)>)> = None;
    while line < limit {
        let end = memchr::memchr(b'\n', &text[line..limit]).map_or(limit, |at| line + at);
        let depth = depth_of(&text[line..end]);
        let content = text[line..end].trim_ascii();
        let content_start = line + depth;
        let content_end = content_start + content.len();
        if !content.is_empty() && depth <= indent {
            break;
        }
        if let Some((key_depth, lines)) = &mut block {
            if content.is_empty() || depth > *key_depth {
                if !content.is_empty() {
                    let from = lines.map_or(content_start, |(from, _)| from);
                    *lines = Some((from, content_end));
                }
                line = end + 1;
                continue;
            }
            if let Some((from, to)) = *lines {
                push(text, from, to, out);
            }
            block = None;
        }
        if let Some(colon) = content.windows(2).position(|pair| pair == b": ") {
            let mut from = content_start + colon + 2;
            let mut to = content_end;
            if matches!(text[from], b'|' | b'>') {
                block = Some((depth, None));
            } else {
                if to - from >= 2 && matches!(text[from], b'"' | b'\'') {
                    from += 1;
                    to -= 1;
                }
                push(text, from, to, out);
            }
        }
        line = end + 1;
    }
    if let Some((_, Some((from, to)))) = block {
        push(text, from, to, out);
    }
}

/// `map[name:value name:value]` of a Go dump.
fn go_map(text: &[u8], start: usize, limit: usize, out: &mut Vec<(usize, usize)>) {
    let end = memchr::memchr(b']', &text[start..limit]).map_or(limit, |at| start + at);
    let mut at = start;
    for word in text[start..end].split(|byte| *byte == b' ') {
        if let Some(colon) = word.iter().position(|byte| *byte == b':') {
            push(text, at + colon + 1, at + word.len(), out);
        }
        at += word.len() + 1;
    }
}

fn push(text: &[u8], start: usize, end: usize, out: &mut Vec<(usize, usize)>) {
    let harmless = text[start..end].is_empty() || value::is_masked_value(&text[start..end]);
    if start < end && !harmless {
        out.push((start, end));
    }
}

fn line_indent(text: &[u8], at: usize) -> usize {
    let line = memchr::memrchr(b'\n', &text[..at]).map_or(0, |line| line + 1);
    depth_of(&text[line..at])
}

/// YAML indents by spaces; what was pasted somewhere may have tabs.
fn depth_of(line: &[u8]) -> usize {
    line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}
