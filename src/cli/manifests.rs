//! Reads manifests from files, folders and standard input: YAML documents, JSON, lists of either. Finds every error, each with
//! its file and object. Not for: what the objects mean.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Error;
use super::admission::Schema;

/// A file of more bytes is refused: nobody writes it by hand, and it would be held in memory several times.
const LARGEST_FILE: u64 = 1 << 30;
/// Errors beyond these are only counted.
const MOST_ERRORS: usize = 100;

/// One object as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    /// The file and, where it holds several documents, which one.
    pub(crate) origin: String,
    pub(crate) value: Value,
}

/// Everything that is wrong with the input, so that one bad document hides no other.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<String>);

impl Faults {
    pub(crate) fn add(&mut self, fault: String) {
        self.0.push(fault);
    }

    /// Nothing, or one error with a line for each fault.
    ///
    /// # Errors
    /// [`Error::Input`] where there is any fault.
    pub(crate) fn into_result(self) -> Result<(), Error> {
        let count = self.0.len();
        if count == 0 {
            return Ok(());
        }
        let mut lines: Vec<String> = self.0.into_iter().take(MOST_ERRORS).collect();
        if count > MOST_ERRORS {
            lines.push(format!("and {} more", count - MOST_ERRORS));
        }
        Err(Error::Input(lines.join("\n")))
    }
}

impl Manifest {
    pub(crate) fn kind(&self) -> &str {
        self.value["kind"].as_str().unwrap_or_default()
    }

    pub(crate) fn name(&self) -> &str {
        self.value["metadata"]["name"].as_str().unwrap_or_default()
    }

    pub(crate) fn namespace(&self) -> &str {
        self.value["metadata"]["namespace"].as_str().unwrap_or("default")
    }

    /// Whether it is of our group and this kind.
    pub(crate) fn is_ours(&self, kind: &str) -> bool {
        let version = self.value["apiVersion"].as_str();
        self.kind() == kind && version.is_some_and(|version| version.starts_with("meshcase.io/"))
    }

    /// How errors name it.
    pub(crate) fn label(&self) -> String {
        format!(
            "{}: {} {}",
            self.origin,
            self.kind(),
            if self.name().is_empty() { "without a name" } else { self.name() }
        )
    }

    /// The object in its type, checked as admission would. Faults carry the field's path.
    pub(crate) fn typed<T: DeserializeOwned>(&self, schema: &Schema, faults: &mut Faults) -> Option<T> {
        let found = schema.check(&self.value);
        if !found.is_empty() {
            found.into_iter().for_each(|fault| faults.add(format!("{}: {fault}", self.label())));
            return None;
        }
        match T::deserialize(&self.value) {
            Ok(object) => Some(object),
            Err(error) => {
                faults.add(format!("{}: {error}", self.label()));
                None
            }
        }
    }
}

/// Reads all paths in their order; a folder gives its `.yaml`, `.yml` and `.json` files by name, `-` is standard input.
pub(crate) fn read(paths: &[PathBuf], faults: &mut Faults) -> Vec<Manifest> {
    let mut manifests = Vec::new();
    for path in paths {
        read_path(path, &mut manifests, faults);
    }
    manifests
}

fn read_path(path: &Path, manifests: &mut Vec<Manifest>, faults: &mut Faults) {
    let shown = path.display();
    if path.as_os_str() == "-" {
        let mut text = String::new();
        match std::io::stdin().lock().take(LARGEST_FILE).read_to_string(&mut text) {
            Ok(_) => read_text("standard input", &text, manifests, faults),
            Err(error) => faults.add(format!("standard input: {error}")),
        }
    } else if path.is_dir() {
        let entries =
            fs::read_dir(path).map(|entries| entries.filter_map(Result::ok).map(|entry| entry.path()).collect());
        let mut entries: Vec<PathBuf> = entries.unwrap_or_else(|error| {
            faults.add(format!("{shown}: {error}"));
            Vec::new()
        });
        entries.retain(|entry| entry.extension().is_some_and(|kind| kind == "yaml" || kind == "yml" || kind == "json"));
        entries.sort();
        entries.iter().for_each(|entry| read_path(entry, manifests, faults));
    } else {
        let size = fs::metadata(path).map_or(0, |metadata| metadata.len());
        if size > LARGEST_FILE {
            return faults.add(format!("{shown}: {size} bytes; at most {LARGEST_FILE} are read"));
        }
        match fs::read(path).map_err(|error| error.to_string()).and_then(text_of) {
            Ok(text) => read_text(&shown.to_string(), &text, manifests, faults),
            Err(error) => faults.add(format!("{shown}: {error}")),
        }
    }
}

fn read_text(origin: &str, text: &str, manifests: &mut Vec<Manifest>, faults: &mut Faults) {
    if text.trim_start().starts_with(['{', '[']) {
        for (index, value) in serde_json::Deserializer::from_str(text).into_iter().enumerate() {
            match value {
                Ok(value) => add(origin, index, value, manifests, faults),
                Err(error) => faults.add(format!("{origin}: {error}")),
            }
        }
        return;
    }
    for (index, document) in documents(text).enumerate() {
        let is_empty = document.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
        if is_empty {
            continue;
        }
        match serde_saphyr::from_str::<Value>(document) {
            Ok(value) => add(origin, index, value, manifests, faults),
            Err(error) => faults.add(format!("{origin}, document {}: {}", index + 1, plain(&error.to_string()))),
        }
    }
}

/// An error of the reader without its advice to programmers.
fn plain(error: &str) -> String {
    error.replace(", set DuplicateKeyPolicy in Options if acceptable", "; accepted is one of them")
}

/// The text of a file; what is not UTF-8 is said, also what it is where it says so itself.
fn text_of(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("is UTF-16; accepted is UTF-8".to_owned());
    }
    String::from_utf8(bytes).map_err(|error| {
        format!("is no text in UTF-8, from byte {} on; accepted is UTF-8", error.utf8_error().valid_up_to())
    })
}

/// The documents of a YAML stream. They are parsed apart, so that a bad one does not take the rest with it.
fn documents(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.match_indices("---").filter(|(at, _)| {
        let (before, after) = (&text[..*at], &text[at + 3..]);
        (before.is_empty() || before.ends_with('\n')) && (after.is_empty() || after.starts_with(char::is_whitespace))
    });
    let ends: Vec<usize> = starts.map(|(at, _)| at).chain([text.len()]).collect();
    let mut from = 0;
    ends.into_iter().map(move |end| {
        let document = &text[from..end];
        from = (end + 3).min(text.len());
        document
    })
}

fn add(origin: &str, index: usize, value: Value, manifests: &mut Vec<Manifest>, faults: &mut Faults) {
    let items = match value {
        Value::Array(items) => items,
        Value::Object(mut list)
            if list.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List")) =>
        {
            match list.remove("items") {
                Some(Value::Array(items)) => items,
                _ => return faults.add(format!("{origin}, document {}: items: must be a list of objects", index + 1)),
            }
        }
        object => {
            let origin = if index == 0 { origin.to_owned() } else { format!("{origin}, document {}", index + 1) };
            return manifests.push(Manifest { origin, value: object });
        }
    };
    for (number, value) in items.into_iter().enumerate() {
        manifests.push(Manifest { origin: format!("{origin}, item {}", number + 1), value });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> (Vec<String>, Vec<String>) {
        let (mut manifests, mut faults) = (Vec::new(), Faults::default());
        read_text("cases.yaml", text, &mut manifests, &mut faults);
        (manifests.iter().map(Manifest::label).collect(), faults.0)
    }

    #[test]
    fn documents_lists_and_json_are_read_in_their_order() {
        let one = |name| format!("kind: A\nmetadata: {{name: {name}}}\n");
        for (text, expected) in [
            (one("a"), vec!["cases.yaml: A a"]),
            (
                format!("---\n# first\n{}---\n{}", one("a"), one("b")),
                vec!["cases.yaml, document 2: A a", "cases.yaml, document 3: A b"],
            ),
            (
                "kind: List\nitems:\n- kind: A\n  metadata: {name: a}\n- kind: A\n  metadata: {name: b}\n".to_owned(),
                vec!["cases.yaml, item 1: A a", "cases.yaml, item 2: A b"],
            ),
            (
                r#"{"kind":"A","metadata":{"name":"a"}} {"kind":"A"}"#.to_owned(),
                vec!["cases.yaml: A a", "cases.yaml, document 2: A without a name"],
            ),
            (r#"[{"kind":"A","metadata":{"name":"a"}}]"#.to_owned(), vec!["cases.yaml, item 1: A a"]),
        ] {
            assert_eq!(names(&text), (expected.into_iter().map(str::to_owned).collect(), vec![]), "{text}");
        }
    }

    #[test]
    fn a_key_that_stands_twice_and_a_file_that_is_no_utf_8_are_said_in_the_readers_words() {
        let (_, faults) = names("kind: A\nmetadata: {name: a, name: b}\n");
        assert!(faults[0].contains("duplicate mapping key: name; accepted is one of them"), "{}", faults[0]);
        assert!(!faults[0].contains("Policy"), "{}", faults[0]);
        for (bytes, expected) in [
            (vec![0xff, 0xfe, b'k', 0], "is UTF-16; accepted is UTF-8"),
            (b"kind: \xe9".to_vec(), "is no text in UTF-8, from byte 6 on; accepted is UTF-8"),
        ] {
            assert_eq!(text_of(bytes).unwrap_err(), expected);
        }
        assert_eq!(text_of("kind: é".into()).unwrap(), "kind: é");
    }

    #[test]
    fn a_bad_document_hides_neither_the_others_nor_their_errors() {
        let (read, faults) =
            names("kind: A\nmetadata: {name: a}\n---\na: [\n---\nb: }\n---\nkind: B\nmetadata: {name: b}\n");
        assert_eq!(read, ["cases.yaml: A a", "cases.yaml, document 4: B b"]);
        assert_eq!(faults.len(), 2);
        assert!(faults[0].starts_with("cases.yaml, document 2: "), "{}", faults[0]);
    }
}
