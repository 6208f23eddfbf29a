//! Secrets in columns whose header says so: SQL's `INSERT`, tables as Markdown and psql draw them, CSV with commas,
//! semicolons or tabs, and columns of a fixed width.
//! Not for: names and values side by side ([`super::assignment`]).

use std::ops::Range;

use super::{name, value};

/// What the pre-filter looks for: a statement, the line below a table's header, or a column's name among others.
pub(super) const LITERALS: &[&str] = &[
    "insert into",
    "|--",
    "| --",
    "|:-",
    "-+-",
    ",passw",
    ",secret",
    ",token",
    ",api",
    "passwd,",
    "password,",
    "\tpassw",
    "\tsecret",
    "\ttoken",
    "password\t",
    ";passw",
    ";secret",
    ";token",
    "password;",
    ",\"passw",
    "password\",",
    "  password",
    "password  ",
];

/// Bytes of the list of an `INSERT`'s columns, or of a table's header.
const HEADER: usize = 600;
/// Bytes of the rows below.
const ROWS: usize = 32 * 1024;

/// The secret values in the rows that belong to the header at `hit`. Answers where the rows end.
pub(super) fn at(text: &[u8], hit: usize, out: &mut Vec<Range<usize>>) -> usize {
    match text[hit] {
        b'i' | b'I' => insert(text, hit, out),
        b',' | b';' | b'\t' | b' ' | b'p' | b'P' => separated(text, hit, out),
        _ => table(text, hit, out),
    }
}

/// `INSERT INTO users (login, password) VALUES ('eva', 'x'), …`
fn insert(text: &[u8], hit: usize, out: &mut Vec<Range<usize>>) -> usize {
    let head = &text[hit..text.len().min(hit + HEADER)];
    let Some(open) = memchr::memchr(b'(', head) else { return hit + head.len() };
    let Some(close) = memchr::memchr(b')', &head[open..]).map(|at| open + at) else { return hit + head.len() };
    let secret: Vec<bool> = head[open + 1..close].split(|byte| *byte == b',').map(is_secret).collect();
    let mut at = hit + close + 1;
    at += blanks(&text[at..], b"");
    if !secret.contains(&true) || !text[at..].get(..6).is_some_and(|word| word.eq_ignore_ascii_case(b"values")) {
        return at;
    }
    at += 6;
    let limit = text.len().min(hit + ROWS);
    let mut column = 0;
    while at < limit {
        at += blanks(&text[at..limit], b"");
        match text[..limit].get(at) {
            Some(b'(') => column = 0,
            Some(b',') => column += 1,
            Some(b')') => column = secret.len(),
            Some(mark @ (b'\'' | b'"')) => {
                let end = string_end(&text[at + 1..limit], *mark) + at + 1;
                if secret.get(column) == Some(&true) && !value::is_harmless(&text[at + 1..end]) {
                    out.push(at + 1..end);
                }
                at = end;
            }
            Some(b';') | None => break,
            Some(_) => at += text[at..limit].iter().skip(1).take_while(|byte| !b",()'\";".contains(byte)).count(),
        }
        at += 1;
    }
    at
}

/// The lines below the line of dashes, as long as they have bars.
fn table(text: &[u8], hit: usize, out: &mut Vec<Range<usize>>) -> usize {
    let line = line_around(text, hit);
    let rule = text[line.clone()].iter().all(|byte| b"|-+: \t\r".contains(byte));
    if !rule || line.start == 0 || line.len() > HEADER {
        return hit + 1;
    }
    let header = line_around(text, line.start - 1);
    if !text[header.clone()].contains(&b'|') {
        return hit + 1;
    }
    rows(text, header, line.end, Separator::Sign(b'|'), out)
}

/// What stands between two cells of a line.
#[derive(Clone, Copy, PartialEq)]
enum Separator {
    Sign(u8),
    /// Two blanks or more.
    Blanks,
}

impl Separator {
    /// The cells of a line, by their places in it.
    fn cells(self, line: &[u8]) -> Vec<Range<usize>> {
        let mut cells = Vec::new();
        let mut start = 0;
        let mut at = 0;
        while at < line.len() {
            let length = match self {
                Self::Sign(sign) => usize::from(line[at] == sign),
                Self::Blanks => {
                    Some(line[at..].iter().take_while(|byte| **byte == b' ').count()).filter(|n| *n > 1).unwrap_or(0)
                }
            };
            if length > 0 {
                cells.push(start..at);
                start = at + length;
            }
            at += length.max(1);
        }
        cells.push(start..line.len());
        cells
    }
}

/// A first line of names with separators between them, and lines with as many.
fn separated(text: &[u8], hit: usize, out: &mut Vec<Range<usize>>) -> usize {
    let line = line_around(text, hit);
    let names = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b' ' | b',' | b';' | b'\t' | b'"' | b'\r')
    };
    // Before the header may stand what a log writes before a text.
    let start =
        text[line.start..hit].iter().rposition(|byte| !names(byte)).map_or(line.start, |at| line.start + at + 1);
    let header = start..line.end;
    let sign = [b',', b';', b'\t'].into_iter().find(|sign| text[header.clone()].contains(sign));
    let separator = sign.map_or(Separator::Blanks, Separator::Sign);
    // Prose has a blank behind its commas, and one between its words.
    let prose = sign.is_some_and(|sign| memchr::memmem::find(&text[header.clone()], &[sign, b' ']).is_some());
    let words = |cell: Range<usize>| text[header.start + cell.start..header.start + cell.end].trim_ascii().len();
    let columns = separator.cells(&text[header.clone()]).into_iter().filter(|cell| words(cell.clone()) > 0).count();
    if !prose && columns > 1 && text[header.clone()].iter().all(names) {
        rows(text, header.clone(), header.end, separator, out)
    } else {
        hit + 1
    }
}

/// The secret cells of the lines behind `end` that have the header's columns. Answers where they end.
fn rows(text: &[u8], header: Range<usize>, mut end: usize, separator: Separator, out: &mut Vec<Range<usize>>) -> usize {
    let line = &text[header];
    let secret: Vec<bool> = separator.cells(line).into_iter().map(|cell| is_secret(&line[cell])).collect();
    let limit = text.len().min(end + ROWS);
    while secret.contains(&true) && end + 1 < limit {
        let row = line_around(text, end + 1);
        let cells = separator.cells(&text[row.clone()]);
        if cells.len() < 2 || separator != Separator::Sign(b'|') && cells.len() != secret.len() {
            break;
        }
        for (column, cell) in cells.into_iter().enumerate() {
            let cell = row.start + cell.start..row.start + cell.end;
            let from = cell.start + blanks(&text[cell.clone()], b"`\"");
            let to = cell.end - blanks_behind(&text[cell.clone()]);
            if secret.get(column) == Some(&true) && from < to && is_value(&text[from..to]) {
                out.push(from..to);
            }
        }
        end = row.end;
    }
    end
}

/// Whether a column's name says secret.
fn is_secret(column: &[u8]) -> bool {
    let column = column.trim_ascii();
    let column = column.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(column);
    name::strength(column).is_some_and(|strength| strength >= name::Strength::Token)
}

fn is_value(cell: &[u8]) -> bool {
    value::is_chosen(cell) || value::spoken_value(cell) || value::token_or_uuid(cell)
}

fn line_around(text: &[u8], at: usize) -> Range<usize> {
    let from = at.saturating_sub(HEADER);
    let start = memchr::memrchr(b'\n', &text[from..at]).map_or(from, |found| from + found + 1);
    let to = text.len().min(at + HEADER);
    let end = memchr::memchr(b'\n', &text[at..to]).map_or(to, |found| at + found);
    start..end
}

fn blanks(text: &[u8], more: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_whitespace() || more.contains(byte)).count()
}

fn blanks_behind(text: &[u8]) -> usize {
    text.iter().rev().take_while(|byte| byte.is_ascii_whitespace() || matches!(**byte, b'`' | b'"')).count()
}

/// The end of a string in which a doubled mark stands for one.
fn string_end(text: &[u8], mark: u8) -> usize {
    let mut at = 0;
    while let Some(found) = memchr::memchr(mark, &text[at..]).map(|next| at + next) {
        if text.get(found + 1) != Some(&mark) {
            return found;
        }
        at = found + 2;
    }
    text.len()
}
