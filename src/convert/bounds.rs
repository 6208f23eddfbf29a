//! Shortens a status to what the schema of its kind takes, and to a number of bytes: no write can be refused for its size.
//! The bounds are read from the generated schema. Not for: what a status says, nor patterns and enums, which builders hold.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::domain::reason::MORE_FINDINGS;
use crate::domain::timeline::shortened;
use meshcase_redact::printable;

/// Never shortened, by the end of their path: the memory that decisions are made from, names and digests. A part of one is
/// worth nothing; their builders hold their own bounds.
const WHOLE: [&str; 10] = [
    "history",
    "trackingNumber",
    "entitlement.contract",
    "defect",
    "collectionId",
    "evidence.bundle",
    "findings[].id",
    "incidents",
    "contacts.observed",
    "calendarRevision",
];

/// Lists of which not the first entries are worth most, by the end of their path.
const WORTH: [(&str, Worth); 3] =
    [("timeline", Worth::Newest), ("contacts.changes", Worth::Newest), ("findings", Worth::Gravest)];

/// What a status that has too many bytes loses, one step after the other until it fits.
const STEPS: [Step; 12] = [
    Step::Entries("timeline"),
    Step::Entries("findings"),
    Step::Texts(512),
    Step::Texts(256),
    Step::Texts(128),
    Step::Texts(64),
    Step::Lists(16),
    Step::Lists(8),
    Step::Lists(4),
    Step::Lists(2),
    Step::Lists(1),
    Step::Lists(0),
];

/// Which entries of a list stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Worth {
    First,
    /// The last ones.
    Newest,
    /// Errors before warnings; what is left out is counted in an entry of its own.
    Gravest,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    /// As few entries as needed of the list of this name.
    Entries(&'static str),
    /// What goes beyond so many characters, of every text.
    Texts(usize),
    /// What goes beyond so many entries, of every list that may lose any.
    Lists(usize),
}

/// The bounds of one status.
#[derive(Debug)]
pub(super) struct Bounds(Node);

/// The bounds of one value.
#[derive(Debug)]
enum Node {
    /// Stays as it is.
    Whole,
    /// At most so many characters, as the API server counts them: Unicode code points.
    Text(usize),
    List(List),
    Members(BTreeMap<String, Node>),
    /// Members of any name, at most so many.
    Named(usize, Box<Node>),
}

#[derive(Debug)]
struct List {
    name: String,
    most: usize,
    worth: Worth,
    /// A list that is keyed by name is one of parts that readers look for.
    keyed: bool,
    entry: Box<Node>,
}

impl Bounds {
    /// Reads the schema of a status.
    pub(super) fn of(schema: &Value) -> Self {
        Self(Node::read(schema, ""))
    }

    /// Shortens `fields`, a status or a part of one, to the schema's bounds and to `room` bytes of JSON. What fits is left
    /// alone, so that shortening again changes nothing.
    pub(super) fn shorten(&self, fields: &mut Map<String, Value>, room: usize) {
        let Node::Members(members) = &self.0 else { return };
        let each = |fields: &mut Map<String, Value>, visit: &mut dyn FnMut(&Node, &mut Value)| {
            for (name, value) in fields.iter_mut() {
                members.get(name).into_iter().for_each(|node| node.visit(value, visit));
            }
        };
        each(fields, &mut |node, value| node.bound(value));
        for step in STEPS {
            let excess = size(fields).saturating_sub(room);
            if excess == 0 {
                return;
            }
            each(fields, &mut |node, value| node.lose(value, step, excess));
        }
    }
}

impl Node {
    fn read(schema: &Value, path: &str) -> Self {
        let ends_with = |end: &str| path == end || path.ends_with(&format!(".{end}"));
        if WHOLE.iter().any(|end| ends_with(end)) {
            return Self::Whole;
        }
        let most = |bound: &str| schema[bound].as_u64().and_then(|most| usize::try_from(most).ok());
        match schema["type"].as_str() {
            Some("string") if ["enum", "pattern", "format"].iter().all(|rule| schema.get(rule).is_none()) => {
                most("maxLength").map_or(Self::Whole, Self::Text)
            }
            Some("array") => {
                let worth = WORTH.iter().find(|(end, _)| ends_with(end)).map_or(Worth::First, |(_, worth)| *worth);
                let mut entry = Self::read(&schema["items"], &format!("{path}[]"));
                let keys = schema["x-kubernetes-list-map-keys"].as_array();
                if let (Self::Members(members), Some(keys)) = (&mut entry, keys) {
                    members.retain(|name, _| !keys.iter().any(|key| key == name));
                }
                Self::List(List {
                    name: path.rsplit('.').next().unwrap_or_default().to_owned(),
                    most: most("maxItems").unwrap_or(usize::MAX),
                    worth,
                    keyed: keys.is_some(),
                    entry: Box::new(entry),
                })
            }
            Some("object") => match schema["properties"].as_object() {
                Some(properties) => {
                    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                    let read = |(name, schema): (&String, &Value)| (name.clone(), Self::read(schema, &below(name)));
                    Self::Members(properties.iter().map(read).collect())
                }
                None => Self::Named(
                    most("maxProperties").unwrap_or(usize::MAX),
                    Box::new(Self::read(&schema["additionalProperties"], &format!("{path}{{}}"))),
                ),
            },
            _ => Self::Whole,
        }
    }

    /// Shows `visit` every value below this one that has a bound, the inner ones after those around them.
    fn visit(&self, value: &mut Value, visit: &mut dyn FnMut(&Self, &mut Value)) {
        visit(self, value);
        match (self, value) {
            (Self::List(list), Value::Array(entries)) => {
                entries.iter_mut().for_each(|entry| list.entry.visit(entry, visit));
            }
            (Self::Members(members), Value::Object(values)) => {
                for (name, value) in values.iter_mut() {
                    members.get(name).into_iter().for_each(|node| node.visit(value, visit));
                }
            }
            (Self::Named(_, node), Value::Object(values)) => {
                values.values_mut().for_each(|value| node.visit(value, visit));
            }
            _ => {}
        }
    }

    /// Brings one value to its own bound.
    fn bound(&self, value: &mut Value) {
        match (self, value) {
            (Self::Text(most), Value::String(text)) => bring(text, *most),
            (Self::List(list), Value::Array(entries)) => list.keep(entries, list.most),
            (Self::Named(most, _), Value::Object(values)) => {
                let surplus: Vec<String> = values.keys().skip(*most).cloned().collect();
                surplus.iter().for_each(|name| {
                    values.remove(name);
                });
            }
            _ => {}
        }
    }

    /// Takes from one value what this step takes.
    fn lose(&self, value: &mut Value, step: Step, excess: usize) {
        match (self, value, step) {
            (Self::Text(_), Value::String(text), Step::Texts(most)) => cut(text, most),
            (Self::List(list), Value::Array(entries), Step::Lists(most)) if !list.keyed => list.keep(entries, most),
            (Self::List(list), Value::Array(entries), Step::Entries(name)) if list.name == name => {
                list.lose(entries, excess);
            }
            _ => {}
        }
    }
}

impl List {
    /// Keeps at most so many entries.
    fn keep(&self, entries: &mut Vec<Value>, most: usize) {
        if entries.len() > most {
            // The entry that counts what is left out needs a place, too.
            self.leave(entries, if self.worth == Worth::Gravest { most.saturating_sub(1) } else { most });
        }
        entries.truncate(most);
    }

    /// Leaves so many entries of those that are worth most.
    fn leave(&self, entries: &mut Vec<Value>, left: usize) {
        match self.worth {
            Worth::First => entries.truncate(left),
            Worth::Newest => {
                entries.drain(..entries.len().saturating_sub(left));
            }
            Worth::Gravest => {
                let counted: usize = entries.iter().filter_map(counted).sum();
                entries.retain(|entry| entry["id"] != MORE_FINDINGS);
                entries.sort_by_key(gravity);
                let lost = entries.split_off(left.min(entries.len())).len();
                entries.push(more_findings(counted + lost));
            }
        }
    }

    /// Takes the entries that are worth least until so many bytes are gone.
    fn lose(&self, entries: &mut Vec<Value>, excess: usize) {
        if entries.is_empty() {
            return;
        }
        let mut order: Vec<&Value> = entries.iter().collect();
        let mut wanted = excess;
        match self.worth {
            Worth::First => {}
            Worth::Newest => order.reverse(),
            Worth::Gravest => {
                order.sort_by_key(|entry| gravity(entry));
                wanted += size(&more_findings(entries.len()));
            }
        }
        let (mut left, mut gone) = (order.len(), 0);
        while let Some(entry) = left.checked_sub(1).filter(|_| gone < wanted).map(|last| order[last]) {
            gone += size(entry) + 1;
            left -= 1;
        }
        self.leave(entries, left);
    }
}

/// The place of a finding among others: errors first.
fn gravity(finding: &Value) -> u8 {
    match finding["level"].as_str() {
        Some("Error") => 0,
        Some("Warning") => 1,
        _ => 2,
    }
}

/// The finding that counts those which found no room.
fn more_findings(count: usize) -> Value {
    json!({"id": MORE_FINDINGS, "level": "Info", "message": format!("{count} more findings have no room here")})
}

/// How many a finding of [`more_findings`] counts; nothing where it is another.
fn counted(finding: &Value) -> Option<usize> {
    (finding["id"] == MORE_FINDINGS).then(|| finding["message"].as_str()?.split(' ').next()?.parse().ok()).flatten()
}

/// Brings a text to its bound, without what steers a terminal or turns and hides what a reader sees.
fn bring(text: &mut String, most: usize) {
    if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        *text = printable(text);
    }
    cut(text, most);
}

fn cut(text: &mut String, most: usize) {
    // Bytes are never fewer than characters: nearly all texts need no counting.
    if text.len() > most {
        *text = shortened(std::mem::take(text), most);
    }
}

/// The bytes of a value as JSON.
pub(super) fn size(value: &impl serde::Serialize) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // A value of JSON is always written.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}
