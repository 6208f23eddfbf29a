//! Values that fill a definition's schema to its bounds, or go beyond them, and what a value breaks: a status must survive
//! all of them. Not for: rules between fields.

use serde_json::{Map, Value, json};

/// For each bounded field below `schema`: its path, and a value of the whole in which this field has `beyond` characters,
/// entries or members more than it may. Beside it stands what is required and nothing else.
pub fn each_field(schema: &Value, beyond: usize) -> Vec<(String, Value)> {
    match schema["type"].as_str() {
        Some("string") if is_free(schema) => {
            vec![(String::new(), json!("ä".repeat(most(schema, "maxLength") + beyond)))]
        }
        Some("array") => {
            let entry = &schema["items"];
            let full = keyed(schema, (0..most(schema, "maxItems") + beyond).map(|_| minimal(entry)).collect());
            let mut fields = vec![(String::new(), full)];
            let below = each_field(entry, beyond).into_iter();
            fields.extend(below.map(|(path, value)| (format!("[]{path}"), json!([value]))));
            fields
        }
        Some("object") if schema.get("properties").is_some() => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            let below = properties.flat_map(|(name, property)| {
                each_field(property, beyond).into_iter().map(move |(path, value)| (name, path, value))
            });
            below
                .map(|(name, path, value)| {
                    let mut whole = minimal(schema);
                    whole[name] = value;
                    (format!(".{name}{path}"), whole)
                })
                .collect()
        }
        Some("object") => {
            let names = 0..most(schema, "maxProperties") + beyond;
            let named: Map<_, _> =
                names.map(|number| (format!("n{number}"), minimal(&schema["additionalProperties"]))).collect();
            vec![(String::new(), Value::Object(named))]
        }
        _ => Vec::new(),
    }
}

/// A value in which every field has `beyond` more than it may; those whose path ends with one of `whole`, and all below them,
/// have as much as they may.
pub fn all_fields(schema: &Value, beyond: usize, whole: &[&str]) -> Value {
    fill(schema, beyond, whole, "")
}

fn fill(schema: &Value, beyond: usize, whole: &[&str], path: &str) -> Value {
    let is_whole = whole.iter().any(|end| path == format!(".{end}") || path.ends_with(&format!(".{end}")));
    let beyond = if is_whole { 0 } else { beyond };
    match schema["type"].as_str() {
        Some("string") if is_free(schema) => json!("ä".repeat(most(schema, "maxLength") + beyond)),
        Some("array") => {
            let entries = 0..most(schema, "maxItems") + beyond;
            let entry = fill(&schema["items"], beyond, whole, &format!("{path}[]"));
            keyed(schema, entries.map(|_| entry.clone()).collect())
        }
        Some("object") => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            let below = |(name, below): (&String, &Value)| {
                (name.clone(), fill(below, beyond, whole, &format!("{path}.{name}")))
            };
            properties.map(below).collect()
        }
        _ => minimal(schema),
    }
}

/// What `value` breaks in `schema`, each with its path.
pub fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    look(schema, value, "", &mut faults);
    faults
}

fn look(schema: &Value, value: &Value, path: &str, faults: &mut Vec<String>) {
    let size = match value {
        Value::String(text) => Some(("maxLength", text.chars().count())),
        Value::Array(entries) => Some(("maxItems", entries.len())),
        Value::Object(members) => Some(("maxProperties", members.len())),
        _ => None,
    };
    if let Some((bound, size)) = size.filter(|(bound, size)| *size > most(schema, bound)) {
        faults.push(format!("{path}: {size}, {bound} is {}", most(schema, bound)));
    }
    if schema["enum"].as_array().is_some_and(|allowed| !allowed.contains(value)) {
        faults.push(format!("{path}: {value} is not among {}", schema["enum"]));
    }
    value
        .as_array()
        .into_iter()
        .flatten()
        .for_each(|entry| look(&schema["items"], entry, &format!("{path}[]"), faults));
    for (name, member) in value.as_object().into_iter().flatten() {
        let below = schema["properties"].get(name).unwrap_or(&schema["additionalProperties"]);
        look(below, member, &format!("{path}.{name}"), faults);
    }
}

/// The smallest value: of an object what is required.
fn minimal(schema: &Value) -> Value {
    match schema["type"].as_str() {
        Some("string") => match (&schema["enum"][0], schema["format"].as_str(), schema.get("pattern")) {
            (Value::String(first), ..) => json!(first),
            (_, Some("date"), _) => json!("2026-01-01"),
            (_, Some(_), _) => json!("2026-01-01T00:00:00Z"),
            // The one pattern of a status is that of a digest.
            (_, _, Some(_)) => json!("a".repeat(64)),
            _ => json!("x"),
        },
        Some("integer") => schema.get("minimum").cloned().unwrap_or(json!(0)),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        _ => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            required.map(|name| (name.to_owned(), minimal(&schema["properties"][name]))).collect()
        }
    }
}

/// The entries of a list, each with a key of its own where the list is keyed.
fn keyed(schema: &Value, mut entries: Vec<Value>) -> Value {
    for key in schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        entries.iter_mut().enumerate().for_each(|(number, entry)| entry[key] = json!(format!("N{number}")));
    }
    Value::Array(entries)
}

fn is_free(schema: &Value) -> bool {
    ["enum", "pattern", "format"].iter().all(|rule| schema.get(rule).is_none())
}

fn most(schema: &Value, bound: &str) -> usize {
    schema[bound].as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX)
}
