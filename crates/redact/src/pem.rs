//! PEM blocks of private keys in all their line shapes. Not for: certificates and public keys, which stay.

use super::cri;

/// The longest block that is looked for: an RSA key of 16,384 bits, with a time stamp before each line.
const LONGEST: usize = 30 * 1024;
/// Letters of the kind that stand between `BEGIN` and `PRIVATE KEY`.
const LABEL: usize = 32;
/// Fewer base64 letters than these are an example, not a key.
const LEAST_BODY: usize = 16;

/// Finds blocks in one text. Remembers where the next end is, so that many begins without an end cost linear time.
pub(super) struct Blocks<'t> {
    text: &'t [u8],
    /// The next `-----END` at or after `.0` is at `.1`.
    next_end: Option<(usize, usize)>,
    /// The end of the last block.
    done: usize,
    pub(super) visited: u64,
}

impl<'t> Blocks<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Self { text, next_end: None, done: 0, visited: 0 }
    }

    /// The block whose words `PRIVATE KEY` stand at `hit`.
    pub(super) fn at(&mut self, hit: usize) -> Option<(usize, usize)> {
        let found = self.begun(hit).or_else(|| self.unbegun(hit))?;
        self.done = self.done.max(found.1);
        Some(found)
    }

    /// A block of which only the end is there, as after a log's rotation: the words stand in its last line.
    fn unbegun(&mut self, hit: usize) -> Option<(usize, usize)> {
        let text = self.text;
        if hit < self.done {
            return None;
        }
        let from = hit.saturating_sub(LABEL).max(self.done);
        let word = from + find_last(&text[from..hit], b"END ")?;
        let dashes = text[..word].iter().rev().take(6).take_while(|byte| matches!(byte, b'-' | b' ')).count();
        let floor = word.saturating_sub(LONGEST).max(self.done);
        let start = first_line(text, floor, word - dashes)?;
        self.visited += (word - start) as u64;
        (dashes >= 4).then(|| (start, closing(text, word - dashes)))
    }

    fn begun(&mut self, hit: usize) -> Option<(usize, usize)> {
        let text = self.text;
        let from = hit.saturating_sub(LABEL);
        let begin = from + find_last(&text[from..hit], b"BEGIN ")?;
        // `-----BEGIN` (RFC 7468), `---- BEGIN` (RFC 4716).
        let signs = text[..begin].iter().rev().take(6).take_while(|byte| matches!(byte, b'-' | b' ')).count();
        // A blank before the dashes indents the line.
        let blank = text[begin - signs..begin].iter().take_while(|byte| **byte == b' ').count();
        let start = begin - signs + if blank == signs { 0 } else { blank };
        let header = &text[hit..(hit + 40).min(text.len())];
        let dashes = memchr::memmem::find(header, b"----").filter(|_| signs >= 4)?;
        let body = hit + dashes + header[dashes..].iter().take_while(|byte| **byte == b'-').count();
        let end = match self.end_after(body) {
            Some(end) if end - body <= LONGEST => closing(text, end),
            _ => {
                let (end, limit) = unfinished(text, body);
                self.visited += (limit - body) as u64;
                end
            }
        };
        let letters = text[body..end].iter().filter(|byte| byte.is_ascii_alphanumeric()).take(LEAST_BODY).count();
        (letters >= LEAST_BODY).then_some((start, end))
    }

    fn end_after(&mut self, body: usize) -> Option<usize> {
        match self.next_end {
            Some((from, end)) if from <= body && body <= end => {}
            _ => {
                let rest = &self.text[body..];
                let [dense, spaced] = [&b"----END"[..], b"---- END"].map(|end| memchr::memmem::find(rest, end));
                let end = dense.into_iter().chain(spaced).min().map_or(usize::MAX, |at| body + at);
                self.visited += (end.min(self.text.len()) - body) as u64;
                self.next_end = Some((body, end));
            }
        }
        self.next_end.map(|(_, end)| end).filter(|end| *end != usize::MAX)
    }
}

/// After the dashes that close the `END` line.
fn closing(text: &[u8], end: usize) -> usize {
    let after = (end + 8).min(text.len());
    let line = &text[after..(end + 64).min(text.len())];
    memchr::memmem::find(line, b"----")
        .map_or(after, |at| after + at + line[at..].iter().take_while(|byte| **byte == b'-').count())
}

/// Where the lines of base64 begin that end before `end`, each perhaps behind a record's prefix or a blank, or with escaped
/// ends of lines.
fn first_line(text: &[u8], floor: usize, end: usize) -> Option<usize> {
    let mut start = end;
    let mut at = end;
    let mut letters = 0;
    while at > floor {
        let line = memchr::memrchr(b'\n', &text[floor..at]).map_or(floor, |found| floor + found + 1);
        let content = text[line..at].trim_ascii();
        let word = content.iter().rev().take_while(|byte| is_key_letter(**byte)).count();
        let word = &content[content.len() - word..];
        // The last line, before the dashes in theirs, may hold nothing but what stands before all of them.
        if line < at && word.len() < LEAST_BODY && at != end {
            break;
        }
        if word.len() >= LEAST_BODY {
            start = at - (text[line..at].len() - text[line..at].trim_ascii_end().len()) - word.len();
            letters += word.len();
        }
        let whole = word.len() == content.len() || cri::prefix(&text[line..at]).is_some();
        if !whole && at != end || line == 0 {
            break;
        }
        at = line.saturating_sub(1);
    }
    (letters >= 2 * LEAST_BODY).then_some(start)
}

/// The end of a block without an `END` line: as long as lines end in base64. Also how far was looked.
fn unfinished(text: &[u8], body: usize) -> (usize, usize) {
    let limit = (body + LONGEST).min(text.len());
    // Another begin ends it: so many begins cost no more than one.
    let limit = memchr::memmem::find(&text[body..limit], b"BEGIN ").map_or(limit, |next| body + next);
    let mut end = body;
    let mut at = body;
    while at < limit {
        let line_end = text[at..limit].iter().position(|byte| *byte == b'\n').map_or(limit, |next| at + next);
        let line = text[at..line_end].trim_ascii();
        let word = line.rsplit(|byte| matches!(byte, b' ' | b'\t')).next().unwrap_or_default();
        // A sign or two that a careless writer left in a line do not end the key.
        let others = word.iter().filter(|byte| !is_key_letter(**byte)).count();
        let encoded = others * 16 <= word.len();
        let header = line.starts_with(b"Proc-Type")
            || line.starts_with(b"DEK-Info")
            || line.starts_with(b"Comment")
            || line.starts_with(b"Version");
        if !(line.is_empty() || header || encoded && (word.len() >= 16 || line_end == limit)) {
            break;
        }
        end = if line.is_empty() { end } else { line_end };
        at = line_end + 1;
    }
    // Within a line the block ends where its letters do.
    if end == body {
        end = text[body..limit]
            .iter()
            .position(|byte| !(is_key_letter(*byte) || *byte == b' ') || matches!(byte, b'-' | b'_'))
            .map_or(limit, |at| body + at);
    }
    (end, limit)
}

fn is_key_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\\' | b'-' | b'_')
}

fn find_last(text: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::rfind(text, needle)
}
