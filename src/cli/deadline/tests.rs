//! What `deadline` prints, for the built-in plans and for contracts in a file.

use clap::Parser;
use serde_json::{Value, json};

use super::*;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    deadline: DeadlineArgs,
}

fn run(arguments: &[&str]) -> Result<String, String> {
    let line = Line::try_parse_from([&["deadline"], arguments].concat()).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    line.deadline.run(ZoneData::built_in(), &mut out).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(out).unwrap())
}

fn answer(plan: &str, severity: &str, opened_at: &str) -> Value {
    let text = run(&["--plan", plan, "--severity", severity, "--opened-at", opened_at, "-o", "json"]).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn contract_file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn of_file(text: &str) -> Result<Value, String> {
    let file = contract_file(text);
    let path = file.path().to_str().unwrap().to_owned();
    let opened = ["--severity", "Sev1", "--opened-at", "2026-11-25T19:00:00Z", "-o", "json"];
    let text = run(&[&["--contract", &path], &opened[..]].concat()).map_err(|error| error.replace(&path, "FILE"))?;
    Ok(serde_json::from_str(&text).unwrap())
}

#[test]
fn the_json_has_every_member_of_a_committed_promise() {
    // A Friday, 15:30 in Los Angeles: one business day is used up on Monday at 15:30.
    let mut answer = answer("MesosphereStandard", "Sev1", "2026-11-20T23:30:00Z");
    let revision = answer["calendarRevision"].take();
    assert_eq!(revision.as_str().map(str::len), Some(12));
    assert_eq!(
        answer,
        json!({
            "plan": "MesosphereStandard", "severity": "Sev1", "promise": "InitialResponse", "commitment": "Committed",
            "clock": "BusinessHours", "target": {"amount": 1, "unit": "BusinessDays"},
            "openedAt": "2026-11-20T23:30:00Z", "startsAt": "2026-11-20T23:30:00Z",
            "warnAt": "2026-11-23T21:30:00Z", "dueAt": "2026-11-23T23:30:00Z",
            "timeZone": "America/Los_Angeles", "timeZoneData": ZoneData::built_in().version(), "calendarRevision": null,
            "closedDays": [
                {"date": "2026-11-21", "reason": "outside business hours"},
                {"date": "2026-11-22", "reason": "outside business hours"},
            ],
            "ledger": [
                {"from": "2026-11-20T23:30:00Z", "to": "2026-11-21T01:00:00Z", "kind": "Counted", "reason": "business hours", "seconds": 5_400},
                {"from": "2026-11-21T01:00:00Z", "to": "2026-11-23T17:00:00Z", "kind": "Closed", "reason": "outside business hours", "seconds": 230_400},
                {"from": "2026-11-23T17:00:00Z", "to": "2026-11-23T23:30:00Z", "kind": "Counted", "reason": "business hours", "seconds": 23_400},
            ],
        })
    );
}

#[test]
fn every_built_in_plan_gives_the_deadlines_of_its_document() {
    // Saturday 21 November 2026, noon in Denver. None: nothing is promised.
    let opened = "2026-11-21T19:00:00Z";
    for (plan, severity, clock, due) in [
        ("AspenMeshStandard", "Sev1", "BusinessHours", Some("2026-11-23T17:00:00Z")),
        ("AspenMeshStandard", "Sev2", "BusinessHours", None),
        ("AspenMeshTrial", "Sev1", "BusinessHours", Some("2026-11-23T17:00:00Z")),
        ("MesosphereSignature", "Sev1", "AroundTheClock", Some("2026-11-21T19:15:00Z")),
        ("MesosphereSignature", "Sev2", "AroundTheClock", Some("2026-11-21T20:00:00Z")),
        ("MesosphereSignature", "Sev3", "AroundTheClock", Some("2026-11-21T21:00:00Z")),
        ("MesosphereSignature", "Sev4", "AroundTheClock", Some("2026-11-21T21:00:00Z")),
        ("MesospherePremium", "Sev1", "AroundTheClock", Some("2026-11-21T20:00:00Z")),
        ("MesospherePremium", "Sev2", "AroundTheClock", Some("2026-11-21T23:00:00Z")),
        ("MesospherePremium", "Sev3", "BusinessHours", Some("2026-11-24T01:00:00Z")),
        ("MesospherePremium", "Sev4", "", None),
        ("MesosphereStandard", "Sev1", "BusinessHours", Some("2026-11-24T01:00:00Z")),
        ("MesosphereStandard", "Sev2", "BusinessHours", Some("2026-11-25T01:00:00Z")),
        ("MesosphereStandard", "Sev3", "", None),
    ] {
        let answer = answer(plan, severity, opened);
        assert_eq!(answer["dueAt"].as_str(), due, "{plan} {severity}");
        let commitment = if due.is_some() { "Committed" } else { "ReasonableEfforts" };
        assert_eq!(answer["commitment"], commitment, "{plan} {severity}");
        match due {
            Some(_) => {
                assert_eq!(answer["clock"], clock, "{plan} {severity}");
                let counted: i64 = answer["ledger"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|span| span["kind"] == "Counted")
                    .map(|span| span["seconds"].as_i64().unwrap())
                    .sum();
                let unit = match answer["target"]["unit"].as_str().unwrap() {
                    "Minutes" => 60,
                    "Hours" => 3_600,
                    _ => 8 * 3_600,
                };
                assert_eq!(counted, answer["target"]["amount"].as_i64().unwrap() * unit, "{plan} {severity}");
                assert_eq!(answer["ledger"][0]["from"], opened);
            }
            None => {
                // Ruling 17: it starts, and is due at no time.
                let starts = if plan.starts_with("Aspen") { "2026-11-23T16:00:00Z" } else { "2026-11-23T17:00:00Z" };
                let starts = if plan == "MesospherePremium" { opened } else { starts };
                assert_eq!(answer["startsAt"], starts, "{plan} {severity}");
                assert!(answer.get("dueAt").is_none() && answer.get("warnAt").is_none(), "{answer}");
                assert_eq!(answer["ledger"], json!([]));
            }
        }
    }
}

#[test]
fn the_table_shows_the_deadline_in_the_plans_zone_and_explains_it_when_asked() {
    let line = ["--plan", "AspenMeshStandard", "--severity", "sev1", "--opened-at", "2026-11-20T23:30:00Z"];
    let short = run(&line).unwrap();
    assert!(short.contains("due at      Mon 2026-11-23 09:30:00 MST  2026-11-23T16:30:00Z\n"), "{short}");
    assert!(short.contains("holidays    no holidays configured\n"), "{short}");
    assert!(!short.contains("Counted"), "{short}");
    let long = run(&[&line[..], &["--explain"]].concat()).unwrap();
    assert!(long.starts_with(&short), "{long}");
    assert!(
        long.contains(
            "Fri 2026-11-20 16:30:00 MST  Fri 2026-11-20 17:00:00 MST  Counted  30m    30m      business hours"
        ),
        "{long}"
    );
}

#[test]
fn list_plans_says_what_each_built_in_plan_promises() {
    let table = run(&["--list-plans"]).unwrap();
    let row = |plan: &str| {
        let line = table.lines().find(|line| line.starts_with(plan)).unwrap();
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let none = "reasonable efforts";
    for (plan, expected) in [
        ("AspenMeshStandard", ["America/Denver", "1 business hour", none, none, none, "unlimited", "no limit"]),
        ("AspenMeshTrial", ["America/Denver", "1 business hour", none, none, none, "unlimited", "no limit"]),
        (
            "MesosphereSignature",
            [
                "America/Los_Angeles",
                "15 minutes, around the clock",
                "1 hour, around the clock",
                "2 hours, around the clock",
                "2 hours, around the clock",
                "unlimited",
                "no limit",
            ],
        ),
        (
            "MesospherePremium",
            [
                "America/Los_Angeles",
                "1 hour, around the clock",
                "4 hours, around the clock",
                "1 business day",
                none,
                "unlimited",
                "4 to 100 nodes, 8 to 500 nodes, 12 above",
            ],
        ),
        (
            "MesosphereStandard",
            ["America/Los_Angeles", "1 business day", "2 business days", none, none, "10 of Sev1 and Sev2", "2"],
        ),
    ] {
        assert_eq!(row(plan)[1..], expected, "{plan}");
    }
    assert_eq!(table.lines().count(), 6);
}

#[test]
fn a_contract_file_gives_plan_holidays_and_feeds() {
    let contract = |holidays: &str| {
        format!(
            "apiVersion: meshcase.io/v1alpha1\nkind: SupportContract\nmetadata: {{name: acme}}\nspec:\n  plan: AspenMeshStandard\n  \
             term: {{startsAt: \"2026-01-01T00:00:00Z\"}}\n{holidays}"
        )
    };
    let feed = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: feed}\ndata:\n  h.ics: |\n    BEGIN:VCALENDAR\n    BEGIN:VEVENT\n    \
                DTSTART;VALUE=DATE:20261126\n    SUMMARY:Thanksgiving\n    END:VEVENT\n    END:VCALENDAR\n";
    // Wednesday 25 November, 12:00 in Denver, plus one hour: no holiday is in the way. Sev1 there is one business hour.
    let eve = of_file(&contract("")).unwrap();
    assert_eq!(eve["dueAt"], "2026-11-25T20:00:00Z");
    for holidays in [
        "  holidays: {dates: [{date: 2026-11-25, name: Eve}]}\n".to_owned(),
        "  holidays: {dates: [{date: 2026-11-25}], sets: [UnitedStatesFederal]}\n".to_owned(),
        format!("  holidays: {{dates: [{{date: 2026-11-25}}], iCalendar: [{{name: feed, key: h.ics}}]}}\n{feed}"),
    ] {
        let answer = of_file(&contract(&holidays)).unwrap();
        let due = if holidays.contains("Eve") { "2026-11-26T17:00:00Z" } else { "2026-11-27T17:00:00Z" };
        assert_eq!(answer["dueAt"], due, "{holidays}");
        assert_ne!(answer["calendarRevision"], eve["calendarRevision"], "{holidays}");
    }
    for (text, expected) in [
        (contract("  holidays: {iCalendar: [{name: feed, key: h.ics}]}\n"), "spec.holidays.iCalendar[0]: "),
        (
            contract("  holidays: {dates: [{date: 2026-02-30}]}\n"),
            "spec.holidays.dates[0].date: Invalid value: \"2026-02-30\"",
        ),
        (
            contract("").replace("AspenMeshStandard", "Gold"),
            "FILE: SupportContract acme: spec.plan: Unsupported value: \"Gold\"",
        ),
        ("a: 1\n".to_owned(), "FILE: 0 objects of kind SupportContract; exactly one is needed"),
    ] {
        let error = of_file(&text).unwrap_err();
        assert!(error.contains(expected), "{error} | {expected}");
    }
}

const OFFICE: &str = "
apiVersion: meshcase.io/v1alpha1
kind: SupportContract
metadata: {name: acme, creationTimestamp: '2026-01-01T00:00:00Z'}
spec:
  plan: Custom
  term: {startsAt: '2026-01-01T00:00:00Z', endsAt: '2026-12-01T00:00:00Z'}
  holidays: {dates: [{date: 2026-11-26, name: Thanksgiving}]}
  customPlan:
    displayName: P
    vendor: V
    timeZone: America/Vancouver
    businessHours: [{days: [Monday, Tuesday, Wednesday, Thursday, Friday], opens: '09:00', closes: '17:00'}]
    severities: [{severity: Sev1, clock: BusinessHours, initialResponse: {amount: 12, unit: Hours}}]
";

fn office(opened_at: &str, more: &[&str]) -> Result<String, String> {
    let file = contract_file(OFFICE);
    let path = file.path().to_str().unwrap();
    run(&[&["--contract", path, "--severity", "Sev1", "--opened-at", opened_at], more].concat())
}

#[test]
fn a_time_without_an_offset_is_one_of_the_plans_zone() {
    // Vancouver stays at -07:00 since 2026-03-08 (IANA 2026b).
    for opened in ["2026-11-24 15:00", "2026-11-24T15:00:00", "2026-11-24T22:00:00Z", "2026-11-24T15:00:00-07:00"] {
        let answer: Value = serde_json::from_str(&office(opened, &["-o", "json"]).unwrap()).unwrap();
        assert_eq!(answer["openedAt"], "2026-11-24T22:00:00Z", "{opened}");
        assert_eq!(answer["dueAt"], "2026-11-27T18:00:00Z", "{opened}");
    }
    let error = office("yesterday", &[]).unwrap_err();
    assert!(
        error.contains("accepted is an instant such as 2026-11-20T23:30:00Z, or a wall time of the plan's zone"),
        "{error}"
    );
}

#[test]
fn the_closed_days_that_a_deadline_crosses_are_listed() {
    let table = office("2026-11-25 16:00", &[]).unwrap();
    assert!(table.contains("due at      Mon 2026-11-30 12:00:00 MST"), "{table}");
    assert!(
        table.contains(
            "closed      Thu 2026-11-26 (Thanksgiving), Sat 2026-11-28 to Sun 2026-11-29 (outside business hours)\n"
        ),
        "{table}"
    );
    assert!(
        table.contains(&format!("time zone   America/Vancouver ({})\n", ZoneData::built_in().version())),
        "{table}"
    );
}

#[test]
fn ruling_28_a_deadline_keeps_to_the_contracts_term() {
    let before = office("2025-12-24 10:00", &[]).unwrap_err();
    assert!(before.starts_with("--opened-at: the contract starts only at Wed 2025-12-31 16:00:00"), "{before}");
    let after = office("2026-11-30 17:00", &[]).unwrap_err();
    assert!(
        after.contains("the contract has lapsed at Mon 2026-11-30 17:00:00") && after.contains("is rejected"),
        "{after}"
    );
    let held = office("2026-11-30 15:00", &[]).unwrap();
    assert!(!held.contains("due at"), "{held}");
    assert!(
        held.contains("on hold     Mon 2026-11-30 17:00:00 MST  2026-12-01T00:00:00Z  the term ends, with 10h left\n"),
        "{held}"
    );
    let held: Value = serde_json::from_str(&office("2026-11-30 15:00", &["-o", "json"]).unwrap()).unwrap();
    assert_eq!((&held["onHoldFrom"], &held["remainingSeconds"]), (&json!("2026-12-01T00:00:00Z"), &json!(36_000)));
}

#[test]
fn what_is_missing_or_unknown_is_said_with_what_is_accepted() {
    let time = ["--severity", "Sev1", "--opened-at", "2026-11-20T23:30:00Z"];
    for (arguments, expected) in [
        (vec!["--plan", "Gold"], "there is no plan \"Gold\"; accepted are AspenMeshStandard, AspenMeshTrial, "),
        (vec![], "--plan or --contract is needed"),
        (vec!["--contract", "/no/such/file"], "/no/such/file: "),
    ] {
        let error = run(&[&arguments[..], &time[..]].concat()).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let error =
        run(&["--plan", "AspenMeshTrial", "--severity", "Sev5", "--opened-at", "2026-11-20T23:30:00Z"]).unwrap_err();
    assert!(error.contains("[possible values: Sev1, Sev2, Sev3, Sev4]"), "{error}");
    assert!(run(&["--plan", "AspenMeshTrial", "--severity", "Sev1", "--opened-at", "friday"]).is_err());
    assert!(run(&["--plan", "AspenMeshTrial"]).unwrap_err().contains("--opened-at"));
}
