//! Secrets in YAML, also within a diff, a quotation or the records of a container's log. Not for: the whole of YAML; a line
//! that is no key, no item and no part of a value ends the document.

use super::{Objects, Value};
use crate::cri;
use crate::span::Tail;

/// Documents within the texts of documents.
const DEPTH: usize = 2;

/// A walk over lines. Stops at an end of line and goes on there.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Yaml {
    objects: Objects,
    block: Option<Block>,
    /// Blocks around it.
    depth: usize,
}

/// A block scalar that is open.
#[derive(Clone, Debug)]
struct Block {
    /// Columns before its key.
    indent: usize,
    /// Whether it is a Secret's value.
    data: bool,
    /// From its first letter to its last so far.
    found: Option<(usize, usize)>,
    /// What is read of its lines, as a ConfigMap may hold a manifest.
    inner: Option<Box<Yaml>>,
}

impl Yaml {
    /// Whether nothing is open.
    pub(super) fn is_idle(&self) -> bool {
        self.objects.stack.is_empty()
    }

    pub(super) fn carried(&self) -> Self {
        let inner = |block: &Block| block.inner.as_ref().map(|inner| Box::new(inner.carried()));
        let block = self.block.clone().map(|block| Block { found: None, inner: inner(&block), ..block });
        Self { objects: self.objects.carried(), block, depth: self.depth }
    }

    pub(super) fn settle(&mut self, text: &[u8], out: &mut Vec<Value>) {
        if let Some(mut inner) = self.block.as_mut().and_then(|block| block.inner.take()) {
            inner.settle(text, out);
        }
        self.end_block(text, out);
        self.objects.settle(text, out);
    }

    /// Reads the lines from `from` to `to`. Values of Secrets that end there are pushed to `out`.
    pub(super) fn walk(&mut self, text: &[u8], from: usize, to: usize, out: &mut Vec<Value>) {
        let mut line = from;
        while line < to {
            let end = memchr::memchr(b'\n', &text[line..to]).map_or(to, |at| line + at);
            self.line(text, line, end, out);
            line = end + 1;
        }
    }

    fn line(&mut self, text: &[u8], start: usize, end: usize, out: &mut Vec<Value>) {
        let prefix = cri::prefix(&text[start..end]).map_or(0, |record| record.length);
        let (mut at, mut indent) = indentation(&text[start + prefix..end]);
        at += start + prefix;
        let content = text[at..end].trim_ascii_end();
        if let Some(block) = &mut self.block {
            if content.is_empty() || indent > block.indent {
                if !content.is_empty() {
                    let from = block.found.map_or(at, |(from, _)| from);
                    block.found = Some((from, at + content.len()));
                }
                if let Some(inner) = &mut block.inner {
                    inner.line(text, start, end, out);
                }
                return;
            }
            self.end_block(text, out);
        }
        if content.is_empty() || content.starts_with(b"#") || content.starts_with(b"@@ ") {
            return;
        }
        // A template's instruction; what it makes stands around it.
        if content.starts_with(b"{{") {
            return;
        }
        if content.starts_with(b"---") || content.starts_with(b"+++") {
            return self.objects.close_all(text, out);
        }
        let mut content = content;
        let mut item = false;
        while let Some(rest) = content.strip_prefix(b"- ") {
            let blanks = rest.len() - rest.trim_ascii_start().len();
            self.leave(indent + usize::from(item), text, out);
            item = true;
            indent += 2 + blanks;
            at += 2 + blanks;
            content = &rest[blanks..];
        }
        let Some(key) = key(content) else {
            // A text goes on in deeper lines; anything else is no YAML.
            return if item {
                self.leave(indent, text, out)
            } else {
                self.stray(indent, at + content.len(), text, out)
            };
        };
        if !item {
            self.leave(indent, text, out);
        }
        if self.objects.stack.last().is_none_or(|frame| frame.indent < indent) {
            self.objects.open(indent);
        }
        self.objects.key(key.name);
        self.value(text, at + key.length, at + content.len(), indent);
    }

    /// Ends the objects that stand deeper than `indent`.
    fn leave(&mut self, indent: usize, text: &[u8], out: &mut Vec<Value>) {
        while self.objects.stack.last().is_some_and(|frame| frame.indent > indent) {
            self.objects.close(text, out);
        }
    }

    fn stray(&mut self, indent: usize, text_end: usize, text: &[u8], out: &mut Vec<Value>) {
        let deeper = self.objects.stack.first().is_some_and(|frame| indent > frame.indent);
        if !deeper {
            self.objects.close_all(text, out);
        } else if self.objects.in_data()
            && self.objects.top().is_some_and(|frame| indent > frame.indent)
            && let Some((_, end, _)) = self.objects.waiting.last_mut()
        {
            *end = (*end).max(text_end);
        }
    }

    /// The value behind a key on its line.
    fn value(&mut self, text: &[u8], start: usize, end: usize, indent: usize) {
        // A token is no base64: with the value goes the tag that says it is.
        let tag = start;
        let start = skip_properties(text, start, end);
        let binary = text[tag..start].ends_with(b"!!binary ").then(|| start - b"!!binary ".len());
        let mut value = &text[start..end];
        // JSON's lines look much the same, and are read as JSON.
        if value.ends_with(b",") || matches!(value, b"{" | b"[") {
            if let Some(frame) = self.objects.top() {
                frame.key = super::Key::Plain;
            }
            return;
        }
        if matches!(value.first(), Some(b'|' | b'>')) {
            let data = self.objects.in_data();
            let found = binary.filter(|_| data).map(|tag| (tag, tag));
            let inner = (self.depth < DEPTH).then(|| Box::new(Self { depth: self.depth + 1, ..Self::default() }));
            self.block = Some(Block { indent, data, found, inner });
            return;
        }
        if let Some(comment) = value.windows(2).position(|pair| pair == b" #") {
            value = value[..comment].trim_ascii_end();
        }
        if value.is_empty() {
            return;
        }
        let quoted = value.len() >= 2 && matches!(value[0], b'"' | b'\'') && value.last() == value.first();
        let (from, to) = if quoted { (start + 1, start + value.len() - 1) } else { (start, start + value.len()) };
        let from = binary.filter(|_| self.objects.in_data()).unwrap_or(from);
        let to = if from < start { start + value.len() } else { to };
        self.objects.text(text, from, to, Tail::Line);
    }

    fn end_block(&mut self, text: &[u8], out: &mut Vec<Value>) {
        let Some(block) = self.block.take() else { return };
        if let Some(mut inner) = block.inner {
            inner.end_block(text, out);
            inner.objects.close_all(text, out);
        }
        if let Some((from, to)) = block.found.filter(|_| block.data && self.objects.in_data()) {
            self.objects.waiting.push((from, to, Tail::Line));
        }
    }
}

/// The bytes before a line's first letter, and how many columns they are. The sign of a diff counts as a blank: `+  zone: x`,
/// `-zone: x`; of a dash and one blank YAML makes an item.
fn indentation(line: &[u8]) -> (usize, usize) {
    let blank = |line: &[u8]| line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let before = blank(line);
    let removed = before == 0
        && line.first() == Some(&b'-')
        && (line.starts_with(b"-  ") || line.get(1).is_some_and(u8::is_ascii_alphanumeric));
    let added = before == 0 && line.first() == Some(&b'+') && !line.starts_with(b"++");
    let sign = usize::from(removed || added);
    let length = before + sign + if sign == 1 { blank(&line[sign..]) } else { 0 };
    (length, length)
}

struct KeyOfLine<'t> {
    name: &'t [u8],
    /// Bytes up to the value.
    length: usize,
}

/// `name: `, `name:` at the line's end, also in quotation marks.
fn key(content: &[u8]) -> Option<KeyOfLine<'_>> {
    let quoted = content.first().filter(|byte| matches!(byte, b'"' | b'\''));
    let (name, after) = match quoted {
        Some(mark) => {
            let end = memchr::memchr(*mark, &content[1..])? + 1;
            (&content[1..end], end + 1)
        }
        None => {
            let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
            let end = content.iter().take_while(|byte| plain(byte)).count();
            (&content[..end], end)
        }
    };
    let rest = content.get(after..)?.strip_prefix(b":")?;
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    (!name.is_empty() && (rest.is_empty() || blanks > 0)).then_some(KeyOfLine { name, length: after + 1 + blanks })
}

/// Past an anchor and a tag: `&pw`, `!!binary`.
fn skip_properties(text: &[u8], start: usize, end: usize) -> usize {
    let mut at = start;
    while at < end && matches!(text[at], b'&' | b'!') {
        at += text[at..end].iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
        at += text[at..end].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    }
    at
}
