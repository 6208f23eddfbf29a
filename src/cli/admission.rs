//! Checks a manifest against the definition of its kind, as the API server's admission does, with the same field paths: types,
//! bounds, duplicates, then the rules between fields (`rules.rs`). Not for: what an object means.

mod rules;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use regex::Regex;
use serde_json::Value;

use self::rules::Rule;

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
    /// What tells the items of a list apart: these members, or with none of them the whole item; `None`: nothing need.
    keys: Option<Vec<String>>,
    rules: Vec<Rule>,
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
            Some(spec) => {
                self.spec.check("spec", spec, &mut faults);
                // As in the API server, rules are asked where types and bounds are right.
                if faults.is_empty() {
                    self.spec.check_rules("spec", spec, &mut faults);
                }
            }
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
            required: names(&schema["required"]).collect(),
            others: boxed(&schema["additionalProperties"]),
            keeps_unknown: schema["x-kubernetes-preserve-unknown-fields"].as_bool().unwrap_or(false),
            keys: match schema["x-kubernetes-list-type"].as_str() {
                Some("set") => Some(Vec::new()),
                Some("map") => Some(names(&schema["x-kubernetes-list-map-keys"]).collect()),
                _ => None,
            },
            rules: schema["x-kubernetes-validations"].as_array().into_iter().flatten().filter_map(Rule::read).collect(),
        }
    }

    fn check_rules(&self, path: &str, value: &Value, faults: &mut Vec<String>) {
        faults.extend(self.rules.iter().filter_map(|rule| rule.fault(path, value)));
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            self.items.iter().for_each(|node| node.check_rules(&format!("{path}[{index}]"), item, faults));
        }
        for (name, member) in value.as_object().into_iter().flatten().filter(|(_, member)| !member.is_null()) {
            let node = self.members.get(name).or(self.others.as_deref());
            node.into_iter().for_each(|node| node.check_rules(&format!("{path}.{name}"), member, faults));
        }
    }

    fn check_duplicates(&self, path: &str, items: &[Value], faults: &mut Vec<String>) {
        let Some(keys) = &self.keys else { return };
        let key = |item: &Value| match keys.as_slice() {
            [] => item.clone(),
            keys => keys.iter().map(|key| (key.clone(), item[key].clone())).collect(),
        };
        let found: Vec<Value> = items.iter().map(key).collect();
        for (index, item) in found.iter().enumerate() {
            if found[..index].contains(item) {
                faults.push(format!("{path}[{index}]: Duplicate value: {item}"));
            }
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
                self.check_duplicates(path, items, faults);
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

fn names(list: &Value) -> impl Iterator<Item = String> {
    list.as_array().into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned))
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
    fn what_a_rule_between_fields_refuses_is_named_by_the_field_that_is_wrong() {
        let contract = |more: Value| {
            let mut spec = json!({"plan": "AspenMeshStandard", "term": {"startsAt": "2026-01-01T00:00:00Z"}});
            spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            spec
        };
        let plan = |more: Value| {
            let mut plan = json!({"displayName": "P", "vendor": "V", "timeZone": "Etc/UTC", "severities": [],
                "businessHours": [{"days": ["Monday"], "opens": "09:00", "closes": "17:00"}], "severityChange": {"by": "Vendor"}});
            plan.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            contract(json!({"plan": "Custom", "customPlan": plan}))
        };
        let hours = |amount| json!({"amount": amount, "unit": "Hours"});
        for (spec, expected) in [
            (contract(json!({})), None),
            (plan(json!({})), None),
            (
                contract(json!({"plan": "Custom"})),
                Some("spec.customPlan: Required value: must be given when `plan` is `Custom`"),
            ),
            (
                contract(json!({"plan": "AspenMeshTrial"})),
                Some("spec.term.registeredAt: Required value: must be given for a trial"),
            ),
            (
                contract(json!({"term": {}})),
                Some("spec.term.startsAt: Required value: must be given unless the plan is a trial"),
            ),
            (
                contract(json!({"term": {"startsAt": "2026-01-01T00:00:00Z", "endsAt": "2026-01-01T00:30:00+01:00"}})),
                Some("spec.term.endsAt: Invalid value: must end after it starts"),
            ),
            (
                contract(
                    json!({"releases": [{"version": "1.1", "releasedOn": "2026-01-01", "endOfLifeOn": "2025-01-01"}]}),
                ),
                Some("spec.releases[0].endOfLifeOn: Invalid value: must end after the release"),
            ),
            (
                contract(json!({"contacts": [{"name": "a", "email": "\u{e1}@x"}]})),
                Some("spec.contacts[0].email: Invalid value: \"\u{e1}@x\": must match"),
            ),
            (
                contract(json!({"contacts": [{"name": "a", "email": "a@x"}, {"name": "b", "email": "a@x"}]})),
                Some("spec.contacts[1]: Duplicate value: {\"email\":\"a@x\"}"),
            ),
            (
                plan(json!({"businessHours": [{"days": ["Monday"], "opens": "09:00", "closes": "09:00"}]})),
                Some("spec.customPlan.businessHours[0].closes: Invalid value: must not be empty"),
            ),
            // I23: a response of nothing or less, updates before a response, levels that do not rise.
            (
                plan(
                    json!({"severities": [{"severity": "Sev1", "clock": "AroundTheClock", "initialResponse": hours(0)}]}),
                ),
                Some("spec.customPlan.severities[0].initialResponse.amount: Invalid value: it must be at least 1"),
            ),
            (
                plan(json!({"severities": [{"severity": "Sev1", "clock": "AroundTheClock", "nextUpdate": hours(1)}]})),
                Some(
                    "spec.customPlan.severities: Invalid value: must promise `initialResponse` where it promises `nextUpdate`",
                ),
            ),
            (
                plan(
                    json!({"escalation": [{"level": "SupportDirector", "onRequest": true}, {"level": "SupportManager", "onRequest": true}]}),
                ),
                Some("spec.customPlan.escalation: Invalid value: must rise"),
            ),
            (
                plan(json!({"contactLimits": [{"upToNodes": 500, "contacts": 8}, {"upToNodes": 100, "contacts": 4}]})),
                Some("spec.customPlan.contactLimits: Invalid value: must "),
            ),
        ] {
            let faults = Schema::of::<SupportContract>().check(&json!({ "spec": spec }));
            match expected {
                None => assert_eq!(faults, Vec::<String>::new()),
                Some(expected) => {
                    assert!(faults.iter().any(|fault| fault.starts_with(expected)), "{faults:?} | {expected}")
                }
            }
        }
        let activity = |spec: Value| {
            let mut spec = spec;
            spec["caseRef"] = json!({"name": "one"});
            Schema::of::<SupportActivity>().check(&json!({ "spec": spec }))
        };
        let vendor = json!({"role": "SupportEngineer"});
        for (spec, expected) in [
            (json!({"type": "Updated", "actor": vendor}), None),
            (
                json!({"type": "Updated", "actor": {"role": "Contact"}}),
                Some("spec.actor.role: Invalid value: must be `Contact` exactly with"),
            ),
            (
                json!({"type": "CustomerReplied", "actor": vendor}),
                Some("spec.actor.role: Invalid value: must be `Contact`"),
            ),
            (
                json!({"type": "SeverityAssessed", "actor": vendor}),
                Some("spec.severity: Required value: must be given with type"),
            ),
            (
                json!({"type": "Updated", "actor": vendor, "severity": "Sev1"}),
                Some("spec.severity: Forbidden: must be left out"),
            ),
            (json!({"type": "BugDecided", "actor": vendor}), Some("spec.decision: Required value: ")),
        ] {
            let faults = activity(spec);
            match expected {
                None => assert_eq!(faults, Vec::<String>::new()),
                Some(expected) => {
                    assert!(faults.iter().any(|fault| fault.starts_with(expected)), "{faults:?} | {expected}")
                }
            }
        }
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
