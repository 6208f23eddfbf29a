//! Kubernetes Secrets and lists of them, read as documents: YAML and its diffs, JSON at any level of escapes, and what Go and
//! Java print. An object is known by what its own `kind` says, wherever that stands, or by what holds it. Not for:
//! dockerconfigjson and other shapes that are secret wherever they stand.
//!
//! A document may be longer than a window. What is open where one ends is told as [`Open`], and read on in the next.

mod dump;
mod json;
mod yaml;

#[cfg(test)]
mod tests;

use super::span::Tail;
use super::value;

pub(super) use json::Json;
pub(super) use yaml::Yaml;

/// What the pre-filter looks for: words that a text with a Secret's values holds, in whatever notation.
pub(super) const LITERALS: &[&str] = &[
    "kind: secret",
    "kind: \"secret",
    "kind\":\"secret",
    "kind\": \"secret",
    "kind\\\":\\\"secret",
    "kind\\\": \\\"secret",
    "kind\\\\\\\":\\\\\\\"secret",
    "kind:secret",
    "stringdata",
    "resource\":\"secrets",
    "resource\": \"secrets",
    "secrets\":{",
    "data:map[",
    "secret(",
    "secret{",
];

/// Objects within objects that are followed.
const DEEPEST: usize = 64;

/// A value of a Secret.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) tail: Tail,
}

/// What is known of an object's kind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Owner {
    #[default]
    Unknown,
    Secret,
    Other,
}

/// What the value behind a key is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Key {
    #[default]
    Plain,
    Kind,
    Data,
    StringData,
    Resource,
    /// The Secrets that a storage driver is handed (CSI): names and values.
    Secrets,
    /// A word of such a request.
    Volume,
}

impl Key {
    fn of(name: &[u8]) -> Self {
        match name {
            b"kind" | b"Kind" => Self::Kind,
            b"data" => Self::Data,
            b"stringData" => Self::StringData,
            b"resource" => Self::Resource,
            b"secrets" => Self::Secrets,
            b"volume_id" | b"volume_capability" | b"volume_capabilities" | b"staging_target_path" | b"node_id" => {
                Self::Volume
            }
            _ => Self::Plain,
        }
    }

    fn holds_values(self) -> bool {
        matches!(self, Self::Data | Self::StringData | Self::Secrets)
    }
}

/// An object that is open.
#[derive(Clone, Debug, Default)]
struct Frame {
    owner: Owner,
    /// Whether it is the map of names and values itself.
    data: bool,
    key: Key,
    /// It refers to Secrets, and so says what the object is about that holds it.
    refers: bool,
    /// Where its values begin among those that wait.
    values: usize,
    /// Columns before its keys; only lines have them.
    indent: usize,
}

/// The objects that are open, and the values that wait for somebody to say what they are.
#[derive(Clone, Debug, Default)]
struct Objects {
    stack: Vec<Frame>,
    waiting: Vec<(usize, usize, Tail)>,
    /// Objects beyond [`DEEPEST`].
    deeper: usize,
}

impl Objects {
    fn top(&mut self) -> Option<&mut Frame> {
        self.stack.last_mut()
    }

    fn in_data(&self) -> bool {
        self.deeper == 0 && self.stack.last().is_some_and(|frame| frame.data)
    }

    fn open(&mut self, indent: usize) {
        if self.stack.len() >= DEEPEST {
            self.deeper += 1;
            return;
        }
        let data = self.stack.last().is_some_and(|frame| !frame.data && frame.key.holds_values());
        self.stack.push(Frame { data, indent, values: self.waiting.len(), ..Frame::default() });
    }

    /// Notes a key; one that only Secrets have says what the object is.
    fn key(&mut self, name: &[u8]) {
        if let Some(frame) = self.stack.last_mut().filter(|frame| !frame.data) {
            frame.key = Key::of(name);
            match frame.key {
                Key::StringData => frame.owner = Owner::Secret,
                Key::Volume if frame.owner == Owner::Unknown => frame.owner = Owner::Secret,
                _ => {}
            }
        }
    }

    /// A text that stands for the last key.
    fn text(&mut self, text: &[u8], start: usize, end: usize, tail: Tail) {
        if self.in_data() {
            return self.waiting.push((start, end, tail));
        }
        let Some(frame) = self.top() else { return };
        let said = &text[start..end];
        match frame.key {
            Key::Kind if said.eq_ignore_ascii_case(b"secret") || said.eq_ignore_ascii_case(b"secretlist") => {
                frame.owner = Owner::Secret;
            }
            Key::Kind if frame.owner == Owner::Unknown => frame.owner = Owner::Other,
            Key::Resource if said == b"secrets" => frame.refers = true,
            _ => {}
        }
        frame.key = Key::Plain;
    }

    /// Ends the innermost object. Its values are secret, or are not, or wait for what the object around it says.
    fn close(&mut self, text: &[u8], out: &mut Vec<Value>) {
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        let Some(frame) = self.stack.pop() else { return };
        match frame.owner {
            Owner::Secret => give(text, self.waiting.drain(frame.values..), out),
            Owner::Other => self.waiting.truncate(frame.values),
            Owner::Unknown => {}
        }
        match self.stack.last_mut() {
            Some(around) => {
                around.key = Key::Plain;
                // `objectRef` of an audit event: what was sent and answered is a Secret, though its kind may be missing.
                if frame.refers {
                    around.owner = Owner::Secret;
                }
            }
            None => self.waiting.clear(),
        }
    }

    fn close_all(&mut self, text: &[u8], out: &mut Vec<Value>) {
        self.deeper = 0;
        while !self.stack.is_empty() {
            self.close(text, out);
        }
    }

    /// What the window's end leaves open: values of an object whose kind may still come are taken for a Secret's, if all of
    /// them may be.
    fn settle(&mut self, text: &[u8], out: &mut Vec<Value>) {
        let assumed =
            !self.waiting.is_empty() && self.waiting.iter().all(|(start, end, _)| is_data(&text[*start..*end]));
        for index in (0..self.stack.len()).rev() {
            let frame = &self.stack[index];
            let unknown =
                frame.owner == Owner::Unknown && self.stack[..index].iter().all(|f| f.owner == Owner::Unknown);
            match frame.owner {
                Owner::Secret => give(text, self.waiting.drain(frame.values..), out),
                Owner::Unknown if unknown && assumed => give(text, self.waiting.drain(frame.values..), out),
                Owner::Unknown => {}
                Owner::Other => self.waiting.truncate(frame.values),
            }
        }
        self.waiting.clear();
    }

    /// The same objects for the next window.
    fn carried(&self) -> Self {
        let stack = self.stack.iter().map(|frame| Frame { values: 0, ..frame.clone() }).collect();
        Self { stack, waiting: Vec::new(), deeper: self.deeper }
    }
}

/// Values that hide something.
fn give(text: &[u8], values: impl Iterator<Item = (usize, usize, Tail)>, out: &mut Vec<Value>) {
    // `{{ .Values.user | b64enc }}`; a text within a template is one.
    let template = |value: &[u8]| {
        value.starts_with(b"{{")
            && value.ends_with(b"}}")
            && !value.iter().any(|byte| matches!(byte, b'"' | b'\'' | b'`'))
    };
    let hides = |value: &[u8]| !value.is_empty() && !value::is_masked_value(value) && !template(value);
    let values = values.filter(|(start, end, _)| hides(&text[*start..*end]));
    out.extend(values.map(|(start, end, tail)| Value { start, end, tail }));
}

/// Whether a text may be a value of a Secret's `data`: base64.
fn is_data(value: &[u8]) -> bool {
    value.len() >= 4 && value.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
}

/// What is open at a place of a text: read on from there.
#[derive(Clone, Debug, Default)]
pub(super) struct Open {
    json: Json,
    yaml: Yaml,
}

/// The values of all Secrets from `from` on, where `open` is open. `dumps` has the places of words that begin what Go and
/// Java print.
pub(super) fn find(text: &[u8], from: usize, open: &Open, dumps: &[usize], out: &mut Vec<Value>) {
    let (mut json, mut yaml) = (open.json.clone(), open.yaml.clone());
    json.walk(text, from, text.len(), out);
    json.settle(text, out);
    yaml.walk(text, from, text.len(), out);
    yaml.settle(text, out);
    dump::go_maps(text, out);
    dump::structs(text, dumps, out);
}

/// What is open at `to`, if anything is.
pub(super) fn open_at(text: &[u8], from: usize, to: usize, open: &Open) -> Option<Open> {
    let (mut json, mut yaml) = (open.json.clone(), open.yaml.clone());
    let mut unused = Vec::new();
    json.walk(text, from, to, &mut unused);
    yaml.walk(text, from, to, &mut unused);
    let open = Open { json: json.carried(), yaml: yaml.carried() };
    (!open.json.is_idle() || !open.yaml.is_idle()).then_some(open)
}

/// What the pre-filter looks for as the begin of a map of values, of which nothing says that it is a Secret's.
pub(super) const MAPS: &[&str] = &["data:\n", "data\": {", "data\":{"];

/// Whether the map that one of [`MAPS`] begins at `at`, the last of a text, may still be open at the text's end.
pub(super) fn may_be_open(text: &[u8], at: usize) -> bool {
    let line = memchr::memrchr(b'\n', &text[..at]).map_or(0, |line| line + 1);
    let alone = text[line..at].iter().all(|byte| matches!(byte, b' ' | b'\t' | b'"'));
    alone || memchr::memchr(b'\n', &text[at..]).is_none()
}
