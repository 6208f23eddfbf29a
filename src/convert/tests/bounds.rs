//! Tests that no status breaks the schema of its kind, whatever stands in it: every field of every kind, driven to its bound
//! and one beyond, and all of them together.

use std::collections::BTreeSet;

use meshcase_lab::overfull::{all_fields, each_field, faults};

use super::*;
use crate::convert::bounds::{Bounds, size};
use crate::convert::writer::{ACTIVITY, CASE, CONTRACT, EVIDENCE, FACTS, UNREADABLE, Writer};

/// What is never shortened, as it is found in the schemas.
const WHOLE: [&str; 23] = [
    ".calendarRevision",
    ".conditions[].type",
    ".contacts.observed",
    ".contacts.observed[]",
    ".defect.bugId",
    ".defect.url",
    ".entitlement.checks[].name",
    ".entitlement.contract.name",
    ".entitlement.contract.uid",
    ".evidence.bundle.uri",
    ".evidence.collectionId",
    ".evidence.findings[].id",
    ".findings[].id",
    ".history",
    ".history[].from",
    ".history[].to",
    ".incidents",
    ".incidents[].counted",
    ".incidents[].counted[].name",
    ".incidents[].counted[].namespace",
    ".incidents[].counted[].uid",
    ".incidents[].severities",
    ".trackingNumber",
];

fn schemas() -> Vec<(String, Value)> {
    let schema = |definition: Value| {
        let kind = definition["spec"]["names"]["kind"].as_str().unwrap().to_owned();
        let root = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        (kind, root["properties"]["status"].clone())
    };
    crate::api::definitions().unwrap().into_iter().map(schema).collect()
}

fn schema(kind: &str) -> Value {
    schemas().into_iter().find(|(name, _)| name == kind).unwrap().1
}

fn written(writer: Writer, mut status: Value) -> Value {
    let part = serde_json::to_value(writer.part(&status).unwrap()).unwrap();
    for (name, value) in part.as_object().unwrap() {
        status[name] = value.clone();
    }
    status
}

#[test]
fn every_field_of_every_status_is_taken_at_its_bound_and_shortened_one_beyond() {
    let mut whole = BTreeSet::new();
    let mut fields = 0;
    for (kind, schema) in schemas() {
        let bounds = Bounds::of(&schema);
        let shortened = |value: &Value| {
            let mut fields = value.as_object().unwrap().clone();
            bounds.shorten(&mut fields, usize::MAX);
            Value::Object(fields)
        };
        for (path, value) in each_field(&schema, 0) {
            assert_eq!(faults(&schema, &value), Vec::<String>::new(), "{kind}{path}");
            assert!(shortened(&value) == value, "{kind}{path}");
            fields += 1;
        }
        for (path, value) in each_field(&schema, 1) {
            let short = shortened(&value);
            if short == value {
                whole.insert(path.strip_prefix(".sla").map_or(path.clone(), |_| ".calendarRevision".to_owned()));
            } else {
                assert_eq!(faults(&schema, &short), Vec::<String>::new(), "{kind}{path}");
                assert!(shortened(&short) == short, "{kind}{path}: shortened again");
            }
        }
    }
    assert!(fields > 80, "only {fields} fields are bounded");
    assert_eq!(whole.iter().map(String::as_str).collect::<Vec<_>>(), WHOLE);
}

/// A status of a case that is as full as its builders let it become, and everything else beyond its bound.
fn overfull_case() -> Value {
    let mut status = all_fields(&schema("SupportCase"), 1, &[]);
    let entry = json!({"at": "2026-11-20T17:00:00Z", "kind": "EscalationRequested", "from": "SupportManager", "to": "SupportDirector"});
    // 12 KiB, and as many conditions and checks as there are.
    status["history"] = json!(vec![entry; 112]);
    status["conditions"].as_array_mut().unwrap().truncate(8);
    status["entitlement"]["checks"].as_array_mut().unwrap().truncate(10);
    status["trackingNumber"] = json!("MC-7F3K-9QXD");
    status["entitlement"]["contract"] = json!({"name": "c".repeat(253), "uid": "u".repeat(36)});
    status["defect"] = json!({"bugId": "ä".repeat(64), "url": format!("https://bugs.example/{}", "b".repeat(1000))});
    status["evidence"]["bundle"]["uri"] = json!(format!("s3://bundles/{}", "b".repeat(300)));
    status["evidence"]["collectionId"] = json!("20261120T170000Z");
    for findings in ["/findings", "/evidence/findings"] {
        for finding in status.pointer_mut(findings).unwrap().as_array_mut().unwrap() {
            finding["id"] = json!("DataPlaneNewer");
        }
    }
    for promise in ["initialResponse", "nextUpdate", "resolution"] {
        status["sla"][promise]["calendarRevision"] = json!("a".repeat(16));
    }
    status
}

#[test]
fn a_case_stays_under_32_kib_whatever_stands_in_it_and_whoever_writes_last() {
    let schema = schema("SupportCase");
    let overfull = overfull_case();
    let (cluster, evidence) = (["cluster", "meshes", "findings"], ["evidence"]);
    let rest: Vec<&str> = overfull.as_object().unwrap().keys().map(String::as_str).collect();
    let rest: Vec<&str> = rest.into_iter().filter(|f| !cluster.contains(f) && !evidence.contains(f)).collect();
    let writes: [(Writer, &[&str]); 3] = [(CASE, &rest), (FACTS, &cluster), (EVIDENCE, &evidence)];
    for order in [[0, 1, 2, 0], [2, 1, 0, 2], [1, 2, 0, 1], [0, 2, 1, 0]] {
        let mut status = json!({});
        for (writer, fields) in order.map(|place| writes[place]) {
            for field in fields {
                status[*field] = overfull[*field].clone();
            }
            status = written(writer, status);
            let bytes = size(&status);
            assert!(bytes < 32 * 1024, "{bytes} bytes after {}, {order:?}", writer.manager);
            assert_eq!(faults(&schema, &status), Vec::<String>::new());
        }
        assert!(status["history"] == overfull["history"]);
        let again = writes.into_iter().fold(status.clone(), |status, (writer, _)| written(writer, status));
        assert!(again == status, "writing again changes nothing");
    }
}

#[test]
fn a_case_with_the_longest_history_loses_none_of_it_and_stays_under_48_kib() {
    let mut status = overfull_case();
    let entry = status["history"][0].clone();
    status["history"] = json!(vec![entry; 200]);
    let short = [CASE, FACTS, EVIDENCE].into_iter().fold(status.clone(), |status, writer| written(writer, status));
    assert!(size(&short) < 48 * 1024, "{} bytes", size(&short));
    assert_eq!(faults(&schema("SupportCase"), &short), Vec::<String>::new());
    assert!(short["history"] == status["history"]);
}

#[test]
fn a_contract_stays_under_160_kib_and_loses_nothing_that_it_grants_by() {
    let schema = schema("SupportContract");
    let mut overfull = all_fields(&schema, 1, &[]);
    let email = |number: usize| format!("{number:0>60}@{}.example", "d".repeat(180));
    let counted = json!({"namespace": "n".repeat(63), "name": "c".repeat(253), "uid": "u".repeat(36), "at": "2026-11-20T17:00:00Z"});
    overfull["incidents"] = json!([{"severities": ["Sev1", "Sev2"], "limit": 200, "used": 200, "remaining": 0,
        "resetsAt": "2027-01-01T00:00:00Z", "counted": vec![counted; 200]}]);
    overfull["contacts"]["observed"] = json!((0..100).map(email).collect::<Vec<_>>());
    overfull["calendarRevision"] = json!("a".repeat(16));
    let status = written(CONTRACT, overfull.clone());
    assert!(size(&status) < 160 * 1024, "{} bytes", size(&status));
    assert_eq!(faults(&schema, &status), Vec::<String>::new());
    assert_eq!(status["incidents"], overfull["incidents"]);
    assert_eq!(status["contacts"]["observed"], overfull["contacts"]["observed"]);
}

#[test]
fn what_an_activity_or_an_unreadable_object_says_fits_beside_the_rest() {
    let overfull = all_fields(&schema("SupportActivity"), 1, &[]);
    for (writer, most) in [(ACTIVITY, 4096), (UNREADABLE, 1024)] {
        let conditions = &overfull["conditions"].as_array().unwrap()[..2];
        let short = written(writer, json!({ "conditions": conditions }));
        assert!(size(&short) <= most, "{} bytes", size(&short));
        assert_eq!(faults(&schema("SupportActivity"), &short), Vec::<String>::new());
    }
}

#[test]
fn texts_are_cut_by_characters_and_end_with_an_ellipsis() {
    let status = json!({"evidence": {"state": "Failed", "message": "😀".repeat(1025)}});
    let short = written(EVIDENCE, status);
    assert_eq!(short["evidence"]["message"], json!(format!("{}…", "😀".repeat(1023))));
}

#[test]
fn what_turns_or_hides_text_reaches_no_status_and_joiners_do() {
    let said = |version: &str| {
        let short = written(FACTS, json!({"meshes": [{"kind": "Istio", "presence": "Present", "version": version}]}));
        short["meshes"][0]["version"].as_str().unwrap().to_owned()
    };
    assert_eq!(said("1.2\u{1b}[2J\u{202e}3\u{200b}"), "1.2[2J3");
    assert_eq!(said("نمی\u{200c}شود"), "نمی\u{200c}شود");
}

#[test]
fn of_51_findings_the_errors_stay_and_the_last_one_counts_the_others() {
    let finding = |level: &str, number: usize| json!({"id": "VersionConflict", "level": level, "message": format!("no. {number}")});
    let mut findings: Vec<_> = (0..51).map(|number| finding("Info", number)).collect();
    findings[50] = finding("Error", 50);
    let short = written(EVIDENCE, json!({"evidence": {"state": "Complete", "findings": findings}}));
    let short = short["evidence"]["findings"].as_array().unwrap();
    assert_eq!(short.len(), 50);
    assert_eq!(short[0], finding("Error", 50));
    assert_eq!(
        short[49],
        json!({"id": "MoreFindings", "level": "Info", "message": "2 more findings have no room here"})
    );
}

#[test]
fn findings_that_have_no_room_give_way_before_any_text_is_cut_and_are_counted() {
    let finding = |number: usize| json!({"id": "VersionConflict", "level": "Info", "message": format!("{number} {}", "m".repeat(250))});
    let findings: Vec<_> = (0..40).map(finding).collect();
    let evidence = json!({"evidence": {"state": "Complete", "findings": findings, "message": "m".repeat(1000)}});
    let short = written(EVIDENCE, evidence.clone());
    let left = short["evidence"]["findings"].as_array().unwrap();
    assert!((5..30).contains(&left.len()), "{}", left.len());
    assert_eq!(left[0], finding(0));
    let counted = format!("{} more findings have no room here", 41 - left.len());
    assert_eq!(left.last().unwrap()["message"], json!(counted));
    assert_eq!(short["evidence"]["message"], evidence["evidence"]["message"]);
    assert_eq!(
        written(EVIDENCE, json!({"evidence": {"state": "Complete", "findings": []}}))["evidence"]["findings"],
        json!([])
    );
}

#[test]
fn a_timeline_that_has_no_room_keeps_its_newest_lines_and_all_of_them_when_it_has() {
    let line = |number: usize| json!({"at": "2026-11-20T17:00:00Z", "actor": "Meshcase", "event": "Updated", "message": format!("{number} {}", "m".repeat(500))});
    let status = |lines: std::ops::Range<usize>| json!({"timeline": lines.map(line).collect::<Vec<_>>()});
    assert!(written(CASE, status(0..35)) == status(0..35), "20 KiB have room");
    let history = vec![json!({"at": "2026-11-20T17:00:00Z", "kind": "SeverityChanged"}); 150];
    let mut full = status(0..50);
    full["history"] = json!(history);
    let short = written(CASE, full.clone());
    let left = short["timeline"].as_array().unwrap();
    assert!((5..35).contains(&left.len()), "{}", left.len());
    assert_eq!(left.last(), full["timeline"].as_array().unwrap().last());
    assert_eq!(short["history"], full["history"]);
}
