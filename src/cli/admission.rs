//! Checks a manifest against the schema of its kind, as the API server's admission does, with the same field paths. Not for:
//! rules between fields, which stand in the schema as CEL.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use regex::Regex;
use serde_json::Value;

/// The schema of a kind, ready to check with.
#[derive(Debug)]
pub(crate) struct Schema {
    spec: Node,
}

#[derive(Debug, Default)]
struct Node {
    kind: String,
    format: String,
    allowed: Vec<Value>,
    pattern: Option<Regex>,
    length: Bounds,
    items: Option<Box<Node>>,
    size: Bounds,
    range: Bounds,
    members: BTreeMap<String, Node>,
    required: BTreeSet<String>,
    /// Members with any name.
    others: Option<Box<Node>>,
    keeps_unknown: bool,
}

#[derive(Debug, Default, Clone, Copy)]
struct Bounds {
    least: Option<f64>,
    most: Option<f64>,
}

impl Bounds {
    fn read(schema: &Value, least: &str, most: &str) -> Self {
        Self { least: schema[least].as_f64(), most: schema[most].as_f64() }
    }

    fn fault(self, value: f64, what: &str) -> Option<String> {
        match (self.least, self.most) {
            (Some(least), _) if value < least => Some(format!("Invalid value: {what} must be at least {least}")),
            (_, Some(most)) if value > most => Some(format!("Invalid value: {what} must be at most {most}")),
            _ => None,
        }
    }
}

impl Schema {
    /// The schema of a kind from its definition, as `kube` derives it.
    pub(crate) fn of<K: kube::CustomResourceExt>() -> Self {
        let definition = serde_json::to_value(K::crd()).unwrap_or_default();
        let spec = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
        Self { spec: Node::read(spec) }
    }

    /// What is wrong with the object's `spec`, each with its path.
    pub(crate) fn check(&self, object: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        match object.get("spec") {
            Some(spec) => self.spec.check("spec", spec, &mut faults),
            None => faults.push("spec: Required value".to_owned()),
        }
        faults
    }
}

impl Node {
    fn read(schema: &Value) -> Self {
        let boxed = |value: &Value| value.is_object().then(|| Box::new(Self::read(value)));
        let members = schema["properties"].as_object().into_iter().flatten();
        Self {
            kind: schema["type"].as_str().unwrap_or_default().to_owned(),
            format: schema["format"].as_str().unwrap_or_default().to_owned(),
            allowed: schema["enum"].as_array().cloned().unwrap_or_default(),
            pattern: schema["pattern"].as_str().and_then(|pattern| Regex::new(pattern).ok()),
            length: Bounds::read(schema, "minLength", "maxLength"),
            items: boxed(&schema["items"]),
            size: Bounds::read(schema, "minItems", "maxItems"),
            range: Bounds::read(schema, "minimum", "maximum"),
            members: members.map(|(name, member)| (name.clone(), Self::read(member))).collect(),
            required: schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect(),
            others: boxed(&schema["additionalProperties"]),
            keeps_unknown: schema["x-kubernetes-preserve-unknown-fields"].as_bool().unwrap_or(false),
        }
    }

    fn check(&self, path: &str, value: &Value, faults: &mut Vec<String>) {
        if !self.allowed.is_empty() && !self.allowed.contains(value) {
            let allowed: Vec<_> =
                self.allowed.iter().filter(|value| !value.is_null()).map(ToString::to_string).collect();
            faults.push(format!("{path}: Unsupported value: {value}: supported values: {}", allowed.join(", ")));
            return;
        }
        let fault = match (self.kind.as_str(), value) {
            ("object", Value::Object(members)) => {
                self.check_members(path, members, faults);
                None
            }
            ("array", Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.items.iter().for_each(|node| node.check(&format!("{path}[{index}]"), item, faults));
                }
                #[expect(clippy::cast_precision_loss, reason = "far below 2^52 items")]
                self.size.fault(items.len() as f64, "the number of items")
            }
            ("string", Value::String(text)) => self.text_fault(text),
            ("integer" | "number", Value::Number(number)) if self.kind == "number" || !number.is_f64() => {
                number.as_f64().and_then(|number| self.range.fault(number, "it"))
            }
            ("boolean", Value::Bool(_)) | ("", _) => None,
            (kind, _) => Some(format!("Invalid value: {}: must be of type {kind}", shortened(value))),
        };
        faults.extend(fault.map(|fault| format!("{path}: {fault}")));
    }

    fn check_members(&self, path: &str, members: &serde_json::Map<String, Value>, faults: &mut Vec<String>) {
        for name in &self.required {
            if members.get(name).is_none_or(Value::is_null) {
                faults.push(format!("{path}.{name}: Required value"));
            }
        }
        for (name, value) in members {
            let path = format!("{path}.{name}");
            match (self.members.get(name), &self.others) {
                // The API server drops a null of a member that need not be there.
                (Some(_), _) if value.is_null() => {}
                (Some(node), _) => node.check(&path, value, faults),
                (None, Some(node)) => node.check(&path, value, faults),
                (None, None) if self.keeps_unknown => {}
                (None, None) => {
                    let known: Vec<_> = self.members.keys().map(String::as_str).collect();
                    faults.push(format!("{path}: unknown field; known here are {}", known.join(", ")));
                }
            }
        }
    }

    fn text_fault(&self, text: &str) -> Option<String> {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52 letters")]
        let length = self.length.fault(text.chars().count() as f64, "the length");
        let shown = shortened(&Value::from(text));
        length
            .or_else(|| {
                let pattern = self.pattern.as_ref().filter(|pattern| !pattern.is_match(text))?;
                Some(format!("Invalid value: {shown}: must match '{pattern}'"))
            })
            .or_else(|| match self.format.as_str() {
                "date-time" if DateTime::parse_from_rfc3339(text).is_err() => {
                    Some(format!("Invalid value: {shown}: must be a time, such as 2026-11-20T23:30:00Z"))
                }
                "date" if text.parse::<NaiveDate>().is_err() => {
                    Some(format!("Invalid value: {shown}: must be a date, such as 2026-11-26"))
                }
                _ => None,
            })
    }
}

/// A value for an error, cut where it is long.
fn shortened(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 80 { format!("{}...", text.chars().take(77).collect::<String>()) } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::{SupportActivity, SupportCase, SupportContract};

    #[test]
    fn what_the_schema_refuses_is_named_by_its_path_with_what_is_accepted() {
        let schema = Schema::of::<SupportCase>();
        for (spec, expected) in [
            (json!({"title": "Broken"}), None),
            (json!({"title": "Broken", "severity": null}), None),
            (json!({}), Some("spec.title: Required value")),
            (
                json!({"title": "Broken", "severity": "Sev9"}),
                Some(
                    "spec.severity: Unsupported value: \"Sev9\": supported values: \"Sev1\", \"Sev2\", \"Sev3\", \"Sev4\"",
                ),
            ),
            (json!({"title": "x".repeat(300)}), Some("spec.title: Invalid value: the length must be at most 256")),
            (json!({"title": 7}), Some("spec.title: Invalid value: 7: must be of type string")),
            (
                json!({"title": "Broken", "noticedAt": "yesterday"}),
                Some("spec.noticedAt: Invalid value: \"yesterday\""),
            ),
            (
                json!({"title": "Broken", "sevrity": "Sev1"}),
                Some("spec.sevrity: unknown field; known here are affected, "),
            ),
            (
                json!({"title": "Broken", "contractRef": {"name": "A B"}}),
                Some("spec.contractRef.name: Invalid value: \"A B\""),
            ),
            (
                json!({"title": "Broken", "affected": [{"kind": "Deployment"}]}),
                Some("spec.affected[0].name: Required value"),
            ),
        ] {
            let faults = schema.check(&json!({ "spec": spec }));
            match expected {
                None => assert_eq!(faults, Vec::<String>::new()),
                Some(expected) => {
                    assert!(faults.iter().any(|fault| fault.contains(expected)), "{faults:?} | {expected}")
                }
            }
        }
        assert_eq!(schema.check(&json!({})), ["spec: Required value"]);
    }

    #[test]
    fn every_kind_has_a_schema_that_refuses_an_unknown_field() {
        for schema in [Schema::of::<SupportCase>(), Schema::of::<SupportContract>(), Schema::of::<SupportActivity>()] {
            assert!(
                schema.check(&json!({"spec": {"nonsense": 1}})).iter().any(|fault| fault.contains("spec.nonsense"))
            );
        }
    }
}
