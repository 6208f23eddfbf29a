//! The reasons of conditions, checks, Events and findings, as the source gives them, against the runbook. Not for: whether a
//! reason is given at the right time.

use std::collections::BTreeSet;

use regex::Regex;

use crate::{path, read};

/// What else is written in UpperCamel where reasons are: types of conditions, names of promises, actions of Events.
const NO_REASONS: [&str; 16] = [
    "Ready",
    "Stalled",
    "ContactsWithinLimit",
    "NodesWithinLicense",
    "RedactionRulesValid",
    "InitialResponse",
    "NextUpdate",
    "Resolution",
    "Entitle",
    "FollowLifecycle",
    "KeepPromise",
    "Escalate",
    "Decide",
    "Validate",
    "True",
    "False",
];

/// Where conditions and Events are made.
const SOURCES: [&str; 7] = [
    "src/convert/activity.rs",
    "src/convert/case_conditions.rs",
    "src/convert/case_events.rs",
    "src/convert/contacts.rs",
    "src/convert/decide_contract.rs",
    "src/controllers/unreadable.rs",
    "crates/domain/src/reason.rs",
];

fn source(name: &str) -> String {
    let text = read(name);
    let text = text.split("#[cfg(test)]").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn all(text: &str, expression: &str) -> Vec<String> {
    Regex::new(expression).unwrap().captures_iter(text).map(|found| found[1].to_owned()).collect()
}

/// The values that a field of a status can have.
fn values(kind: usize, pointer: &str) -> Vec<String> {
    let definition = &meshcase::api::definitions().unwrap()[kind];
    let schema = definition
        .pointer(&format!("/spec/versions/0/schema/openAPIV3Schema/properties/status/properties{pointer}/enum"));
    let values = schema.unwrap_or_else(|| panic!("{kind}: no values at {pointer}")).as_array().unwrap();
    values.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

fn kind(name: &str) -> usize {
    let definitions = meshcase::api::definitions().unwrap();
    definitions.iter().position(|definition| definition["spec"]["names"]["kind"] == name).unwrap()
}

fn rust_files(folder: &str) -> Vec<String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path(folder)).unwrap() {
        let name = format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap());
        if path(&name).is_dir() {
            files.extend(rust_files(&name));
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            files.push(name);
        }
    }
    files
}

/// The ids of findings.
fn findings() -> Vec<String> {
    let made = r#"(?s)finding\(\s*"([A-Z]\w+)""#;
    let named = r#"(?s)(?:Finding \{\s*id:|\()\s*"([A-Z]\w+)"(?:\.to_owned\(\))?,\s*(?:level: )?FindingLevel"#;
    let files = rust_files("src/evidence").into_iter().chain(rust_files("src/controllers"));
    files
        .flat_map(|file| {
            let text = source(&file);
            all(&text, made).into_iter().chain(all(&text, named)).collect::<Vec<_>>()
        })
        .collect()
}

fn in_code() -> BTreeSet<String> {
    let mut reasons: BTreeSet<String> =
        SOURCES.iter().flat_map(|file| all(&source(file), r#""([A-Z][a-z]\w+)""#)).collect();
    reasons.retain(|reason| !NO_REASONS.contains(&reason.as_str()));
    let results = all(&source("src/convert/case_events.rs"), r#"format!\("\{name\}(\w+)"\)"#);
    assert_eq!(results.len(), 3, "the Events of a promise: {results:?}");
    for promise in ["InitialResponse", "NextUpdate", "Resolution"] {
        reasons.extend(results.iter().map(|result| format!("{promise}{result}")));
    }
    // An Event for each state that a case or a contract comes into; the first three of a case are told by the entitlement.
    let told = ["Pending", "Rejected", "AwaitingResponse"];
    reasons.extend(values(kind("SupportCase"), "/state").into_iter().filter(|state| !told.contains(&state.as_str())));
    reasons.extend(values(kind("SupportContract"), "/state"));
    reasons.extend(values(kind("SupportCase"), "/closeReason"));
    reasons.extend(findings());
    reasons
}

#[test]
fn every_reason_in_the_code_is_in_the_runbook_and_the_reverse() {
    let runbook: Vec<String> = all(&read("docs/runbook.md"), r"(?m)^### (\w+)$");
    let documented: BTreeSet<String> = runbook.iter().cloned().collect();
    assert_eq!(documented.len(), runbook.len(), "a reason has two sections in docs/runbook.md");
    let code = in_code();
    let missing: Vec<_> = code.difference(&documented).collect();
    let unknown: Vec<_> = documented.difference(&code).collect();
    assert!(missing.is_empty(), "docs/runbook.md lacks {missing:?}");
    assert!(unknown.is_empty(), "docs/runbook.md explains what the code does not give: {unknown:?}");
}
