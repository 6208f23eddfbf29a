//! Stories played from manifests to their end, without any cluster.

use std::fmt::Write as _;

use clap::Parser;
use serde_json::Value;

use super::*;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    replay: ReplayArgs,
}

const CONTRACT: &str = "\
apiVersion: meshcase.io/v1alpha1
kind: SupportContract
metadata: {name: acme, creationTimestamp: \"2026-01-01T00:00:00Z\"}
spec:
  plan: AspenMeshStandard
  default: true
  term: {startsAt: \"2026-01-01T00:00:00Z\"}
";

fn case(name: &str, created: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: meshcase.io/v1alpha1\nkind: SupportCase\nmetadata: {{name: {name}, creationTimestamp: \"{created}\"}}\n\
         spec: {{title: Broken, {spec}}}\n"
    )
}

fn activity(case: &str, kind: &str, created: &str) -> String {
    format!(
        "---\napiVersion: meshcase.io/v1alpha1\nkind: SupportActivity\nmetadata: {{name: {case}-{}, creationTimestamp: \"{created}\"}}\n\
         spec: {{caseRef: {{name: {case}}}, actor: {{role: SupportEngineer}}, type: {kind}}}\n",
        kind.to_lowercase()
    )
}

fn replay(text: &str, at: &str, more: &[&str]) -> Result<String, String> {
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let path = file.path().to_str().unwrap();
    let line = Line::try_parse_from([&["replay", "-f", path, "--at", at], more].concat()).unwrap();
    let mut out = Vec::new();
    line.replay
        .play(ZoneData::built_in(), &mut out, &mut |_| {})
        .map_err(|error| error.to_string().replace(path, "FILE"))?;
    Ok(String::from_utf8(out).unwrap())
}

/// What is told on standard error.
fn notes(text: &str) -> Vec<String> {
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let path = file.path().to_str().unwrap();
    let line = Line::try_parse_from(["replay", "-f", path, "--at", "2026-12-01T00:00:00Z"]).unwrap();
    let mut told = Vec::new();
    line.replay.play(ZoneData::built_in(), &mut Vec::new(), &mut |note| told.push(note.replace(path, "FILE"))).unwrap();
    told
}

#[test]
fn input_without_effect_is_told() {
    let named = |contract: &str| format!("severity: Sev1, contractRef: {{name: {contract}}}");
    let opened = "2026-11-20T17:00:00Z";
    let plain = || case("c", opened, "severity: Sev1");
    for (text, expected) in [
        ("# nothing\n".to_owned(), "warning: FILE: no object is in it"),
        (
            format!("{CONTRACT}{}", activity("typo", "ContactAttempted", opened)),
            "warning: SupportActivity typo-contactattempted: its case default/typo is not in the input",
        ),
        (
            format!("{CONTRACT}{}", case("c", opened, &named("nope"))),
            "warning: SupportCase default/c: its contract nope is not in the input, so that nothing is promised",
        ),
        (
            format!("{}{}", CONTRACT.replace("default: true", "default: false"), plain()),
            "warning: SupportCase default/c: it names no contract, and none in the input is the default",
        ),
        (
            format!("{CONTRACT}{}{}", plain(), case("c", opened, "severity: Sev2")),
            "warning: SupportCase c: two different ones came at one time, in FILE, document 2 and FILE, document 3; the later in \
             the input counts (the annotation meshcase.io/replay-at says when a version came)",
        ),
    ] {
        assert_eq!(notes(&text), [expected], "{text}");
    }
    assert_eq!(notes(&format!("{CONTRACT}{}", plain())), Vec::<String>::new());
}

#[test]
fn the_table_shows_all_promises_and_why_what_is_not_ready_is_not() {
    let broken = CONTRACT
        .replace("name: acme", "name: broken")
        .replace("default: true", "holidays: {iCalendar: [{name: none, key: h.ics}]}");
    let text = format!(
        "{CONTRACT}---\n{broken}{}{}",
        case("late", "2026-11-20T17:00:00Z", "severity: Sev1"),
        case("waits", "2026-11-20T17:00:00Z", "severity: Sev1, contractRef: {name: broken}")
    );
    let table = replay(&text, "2026-11-23T00:00:00Z", &[]).unwrap();
    let row = |name: &str| {
        let line = table.lines().find(|line| line.contains(name)).unwrap();
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row("broken  ")[..4], ["broken", "AspenMeshStandard", "-", "InvalidCalendar"]);
    let late = ["default", "late", "Sev1", "AwaitingResponse", "Accepted", "Breached 2026-11-20T18:00:00Z", "-", "-"];
    assert_eq!(row("late")[..8], late);
    assert!(row("waits").contains(&"ContractInvalid".to_owned()), "{table}");
    let why = "\nsupportcontract/broken: InvalidCalendar: spec.holidays.iCalendar[0]: key `h.ics`";
    assert!(table.contains(why) && table.contains("\nsupportcase/waits: ContractInvalid: "), "{table}");
    assert!(table.ends_with(&format!("\ntime zone data {}\n", ZoneData::built_in().version())), "{table}");
}

#[test]
fn instead_refuses_what_the_operator_would_and_reads_its_own_feeds() {
    let story = format!("{CONTRACT}{}", case("c", "2026-11-26T17:00:00Z", "severity: Sev1"));
    let instead = |edited: &str| {
        let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
        std::fs::write(file.path(), edited).unwrap();
        replay(&story, "2026-11-26T17:10:00Z", &["--instead", file.path().to_str().unwrap()])
    };
    let feed = format!("{CONTRACT}  holidays: {{iCalendar: [{{name: f, key: h.ics}}]}}\n");
    let error = instead(&feed).unwrap_err();
    let refused = "SupportContract acme: spec.holidays.iCalendar[0]: key `h.ics`";
    assert!(error.starts_with("--instead: ") && error.contains(refused), "{error}");
    let map = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: f}\ndata: {h.ics: \"BEGIN:VCALENDAR\\nBEGIN:VEVENT\\n\
               DTSTART;VALUE=DATE:20261126\\nSUMMARY:T\\nEND:VEVENT\\nEND:VCALENDAR\\n\"}\n";
    let moved = instead(&format!("{feed}{map}")).unwrap();
    assert!(moved.contains("2026-11-26T18:00:00Z  2026-11-27T17:00:00Z"), "{moved}");
}

fn played(text: &str, at: &str) -> Value {
    serde_json::from_str(&replay(text, at, &["-o", "json"]).unwrap()).unwrap()
}

/// The status of the object with a name.
fn status<'a>(list: &'a Value, name: &str) -> &'a Value {
    let named = list["items"].as_array().unwrap().iter().find(|item| item["metadata"]["name"] == name);
    &named.unwrap_or_else(|| panic!("no {name}"))["status"]
}

#[test]
fn a_case_is_met_at_risk_or_breached_as_the_clock_says() {
    let text = CONTRACT.to_owned()
        + &case("answered", "2026-11-20T17:00:00Z", "severity: Sev1")
        + &activity("answered", "ContactAttempted", "2026-11-20T17:59:00Z")
        + &case("open", "2026-11-20T23:30:00Z", "severity: Sev1");
    for (at, open, answered) in [
        ("2026-11-20T23:30:00Z", "Pending", "Met"),
        ("2026-11-21T12:00:00Z", "Pending", "Met"),
        ("2026-11-23T16:15:00Z", "AtRisk", "Met"),
        ("2026-11-23T16:30:00Z", "AtRisk", "Met"),
        ("2026-11-23T16:30:01Z", "Breached", "Met"),
    ] {
        let list = played(&text, at);
        assert_eq!(status(&list, "open")["sla"]["initialResponse"]["result"], open, "{at}");
        assert_eq!(status(&list, "answered")["sla"]["initialResponse"]["result"], answered, "{at}");
    }
    let list = played(&text, "2026-12-01T00:00:00Z");
    assert_eq!(status(&list, "open")["sla"]["initialResponse"]["breachedAt"], "2026-11-23T16:30:01Z");
    assert_eq!(status(&list, "open")["escalation"]["raisedAt"], "2026-11-23T16:30:01Z");
    assert_eq!(status(&list, "answered-contactattempted")["conditions"][0]["reason"], "Recorded");
    assert_eq!(status(&list, "acme")["responses"], serde_json::json!({"met": 1, "breached": 1, "pending": 0}));
}

#[test]
fn equal_input_gives_equal_bytes_whatever_the_order_of_the_documents() {
    let documents = [
        CONTRACT.to_owned() + "\n",
        case("one", "2026-11-20T17:00:00Z", "severity: Sev1"),
        case("two", "2026-11-20T17:00:00Z", "severity: Sev2"),
        activity("one", "ContactAttempted", "2026-11-20T18:00:00Z"),
        activity("one", "ResolutionProposed", "2026-11-20T18:00:00Z"),
    ];
    let at = "2026-12-20T00:00:00Z";
    for output in ["json", "yaml", "table"] {
        let text = documents.concat();
        assert_eq!(replay(&text, at, &["-o", output]), replay(&text, at, &["-o", output]));
    }
    let list = played(&documents.concat(), at);
    let reversed: Vec<_> = documents.iter().rev().map(|document| format!("---\n{document}")).collect();
    let other = played(&reversed.concat(), at);
    for name in ["acme", "one", "two", "one-contactattempted", "one-resolutionproposed"] {
        assert_eq!(status(&list, name), status(&other, name), "{name}");
    }
}

#[test]
fn ruling_32_an_activity_that_came_before_its_case_counts_from_the_cases_creation() {
    let text = CONTRACT.to_owned()
        + &activity("one", "ContactAttempted", "2026-11-20T16:00:00Z")
        + &case("one", "2026-11-20T17:00:00Z", "severity: Sev1");
    let alone = played(&text, "2026-11-20T16:30:00Z");
    assert_eq!(status(&alone, "one-contactattempted")["conditions"][0]["reason"], "CaseNotFound");
    let list = played(&text, "2026-11-20T17:00:00Z");
    assert_eq!(status(&list, "one")["respondedAt"], "2026-11-20T17:00:00Z");
    assert_eq!(status(&list, "one-contactattempted")["conditions"][0]["reason"], "Recorded");
}

#[test]
fn ruling_28_a_lapse_holds_and_a_renewal_that_comes_later_resumes() {
    let until = |end: &str, more: &str| {
        CONTRACT
            .replace(
                "term: {startsAt: \"2026-01-01T00:00:00Z\"}",
                &format!("term: {{startsAt: \"2026-01-01T00:00:00Z\", endsAt: \"{end}\"}}"),
            )
            .replace("creationTimestamp", &format!("{more}creationTimestamp"))
    };
    let text = until("2026-11-20T17:30:00Z", "")
        + "---\n"
        + &until("2027-01-01T00:00:00Z", "annotations: {meshcase.io/replay-at: \"2026-11-20T20:00:00Z\"}, ")
        + &case("one", "2026-11-20T17:00:00Z", "severity: Sev1");
    for (at, state, due, left) in [
        ("2026-11-20T17:29:59Z", "AwaitingResponse", Some("2026-11-20T18:00:00Z"), None),
        ("2026-11-20T17:30:00Z", "OnHold", None, Some(1_800)),
        ("2026-11-20T19:59:59Z", "OnHold", None, Some(1_800)),
        ("2026-11-20T20:00:00Z", "AwaitingResponse", Some("2026-11-20T20:30:00Z"), None),
        ("2026-11-20T20:30:01Z", "AwaitingResponse", Some("2026-11-20T20:30:00Z"), None),
    ] {
        let list = played(&text, at);
        let response = &status(&list, "one")["sla"]["initialResponse"];
        assert_eq!((status(&list, "one")["state"].as_str(), response["dueAt"].as_str()), (Some(state), due), "{at}");
        assert_eq!(response["remainingSeconds"].as_i64(), left, "{at}");
    }
    assert_eq!(status(&played(&text, "2026-11-20T19:00:00Z"), "acme")["state"], "Lapsed");
}

#[test]
fn ruling_14_an_edit_of_the_contract_moves_open_promises_and_no_others() {
    let edited = CONTRACT.replace(
        "creationTimestamp",
        "annotations: {meshcase.io/replay-at: \"2026-11-20T22:00:00Z\"}, creationTimestamp",
    ) + "  holidays: {dates: [{date: 2026-11-23, name: Inventory}]}\n";
    let text = CONTRACT.to_owned()
        + "---\n"
        + &edited
        + &case("open", "2026-11-20T23:30:00Z", "severity: Sev1")
            .replace("2026-11-20T23:30:00Z", "2026-11-20T21:59:00Z")
        + &case("late", "2026-11-20T23:30:00Z", "severity: Sev1")
        + &case("met", "2026-11-20T21:00:00Z", "severity: Sev1")
        + &activity("met", "ContactAttempted", "2026-11-20T21:10:00Z");
    let list = played(&text, "2026-11-20T23:59:00Z");
    let response = |name: &str| status(&list, name)["sla"]["initialResponse"].clone();
    assert_eq!(response("open")["breachedAt"], "2026-11-20T22:59:01Z", "one hour of that day is left");
    assert_eq!(response("late")["dueAt"], "2026-11-24T16:30:00Z", "Monday is a holiday now");
    assert_eq!(response("met")["dueAt"], "2026-11-20T22:00:00Z");
    assert_ne!(response("met")["calendarRevision"], response("late")["calendarRevision"]);
}

#[test]
fn ruling_26_eleven_incidents_at_the_same_moment_give_exactly_ten() {
    let mut text = CONTRACT.replace("AspenMeshStandard", "MesosphereStandard");
    for number in 0..11 {
        text += &case(&format!("case-{number:02}"), "2026-11-20T17:00:00Z", "severity: Sev1");
    }
    let list = played(&text, "2026-11-20T17:00:00Z");
    let decisions: Vec<_> = (0..11)
        .map(|number| {
            status(&list, &format!("case-{number:02}"))["entitlement"]["decision"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(decisions.iter().filter(|decision| *decision == "Accepted").count(), 10, "{decisions:?}");
    assert_eq!(decisions[10], "Rejected");
    assert_eq!(status(&list, "acme")["incidents"][0]["used"], 10);
}

#[test]
fn successive_versions_of_an_object_come_at_their_annotated_times() {
    let edited = case("one", "2026-11-20T17:00:00Z", "severity: Sev1, resolved: true").replace(
        "creationTimestamp",
        "annotations: {meshcase.io/replay-at: \"2026-11-20T17:30:00Z\"}, creationTimestamp",
    );
    let text = CONTRACT.to_owned() + &case("one", "2026-11-20T17:00:00Z", "severity: Sev1") + &edited;
    let before = played(&text, "2026-11-20T17:29:59Z");
    assert_eq!(status(&before, "one")["state"], "AwaitingResponse");
    assert_eq!(before["items"][1]["spec"].get("resolved"), None, "printed as it stood");
    let after = played(&text, "2026-11-20T17:30:00Z");
    assert_eq!(status(&after, "one")["state"], "Closed");
    assert_eq!(status(&after, "one")["closedAt"], "2026-11-20T17:30:00Z");
    assert_eq!(after["items"].as_array().unwrap().len(), 2);
    assert_eq!(after["items"][1]["spec"]["resolved"], true);
}

#[test]
fn what_a_replay_prints_replays_to_the_same() {
    let edited = case("one", "2026-11-20T17:00:00Z", "severity: Sev1, resolved: true").replace(
        "creationTimestamp",
        "annotations: {meshcase.io/replay-at: \"2026-11-20T18:30:00Z\"}, creationTimestamp",
    );
    let text = CONTRACT.to_owned()
        + &case("one", "2026-11-20T17:00:00Z", "severity: Sev1")
        + &activity("one", "ContactAttempted", "2026-11-20T17:20:00Z")
        + &edited;
    let at = "2026-11-21T00:00:00Z";
    let first = replay(&text, at, &["-o", "json"]).unwrap();
    // Without the annotation the edit is known from the history alone.
    let mut list: Value = serde_json::from_str(&first).unwrap();
    list["items"][1]["metadata"].as_object_mut().unwrap().remove("annotations");
    let again = played(&list.to_string(), at);
    assert_eq!(status(&again, "one"), status(&list, "one"));
    assert_eq!(status(&again, "acme"), status(&list, "acme"));
}

#[test]
fn holds_and_rejections_of_before_are_known_from_the_history_where_only_the_contract_of_now_is_given() {
    let edited = |contract: &str| {
        contract.replace(
            "creationTimestamp",
            "annotations: {meshcase.io/replay-at: \"2026-11-20T20:00:00Z\"}, creationTimestamp",
        )
    };
    let term = "startsAt: \"2026-01-01T00:00:00Z\"";
    let lapsing = CONTRACT.replace(term, &format!("{term}, endsAt: \"2026-11-20T17:30:00Z\""));
    let closed_shop = CONTRACT.to_owned() + "  contacts: [{name: Ann, email: ann@x.org}]\n";
    for (then, state) in [(lapsing, "OnHold"), (closed_shop, "Rejected")] {
        let text = then + "---\n" + &edited(CONTRACT) + &case("one", "2026-11-20T17:00:00Z", "severity: Sev1");
        let at = "2026-11-20T20:10:00Z";
        let first = played(&text, at);
        let mut dump = first.clone();
        dump["items"][0]["metadata"].as_object_mut().unwrap().remove("annotations");
        let again = played(&dump.to_string(), at);
        assert_eq!(status(&again, "one"), status(&first, "one"), "{state}");
        let between = played(&dump.to_string(), "2026-11-20T19:00:00Z");
        assert_eq!(status(&between, "one")["state"], state);
        assert_eq!(status(&between, "one")["sla"], status(&played(&text, "2026-11-20T19:00:00Z"), "one")["sla"]);
    }
}

#[test]
fn an_object_younger_than_the_end_is_printed_without_status() {
    let text = CONTRACT.to_owned() + &case("later", "2027-01-01T00:00:00Z", "severity: Sev1");
    let list = played(&text, "2026-12-01T00:00:00Z");
    assert!(status(&list, "later").is_null());
    assert_eq!(status(&list, "acme")["state"], "Active");
}

#[test]
fn namespaces_serve_selectors_and_config_maps_serve_holidays() {
    let contract = CONTRACT.to_owned()
        + "  namespaceSelector: {matchLabels: {support: \"yes\"}}\n  holidays: {iCalendar: [{name: feed, key: h.ics}]}\n";
    let namespace = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {support: \"yes\"}}\n";
    let feed = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: feed}\ndata:\n  h.ics: |\n    BEGIN:VCALENDAR\n    BEGIN:VEVENT\n    \
                DTSTART;VALUE=DATE:20261123\n    END:VEVENT\n    END:VCALENDAR\n";
    let one = case("one", "2026-11-20T23:30:00Z", "severity: Sev1");
    let at = "2026-11-21T00:00:00Z";
    let list = played(&format!("{contract}{namespace}{feed}{one}"), at);
    assert_eq!(status(&list, "one")["sla"]["initialResponse"]["dueAt"], "2026-11-24T16:30:00Z");
    assert_eq!(list["items"].as_array().unwrap().len(), 2, "only our kinds are printed");
    let list = played(&format!("{contract}{feed}{one}"), at);
    assert_eq!(status(&list, "one")["entitlement"]["decision"], "Rejected", "the namespace's label is not known");
}

#[test]
fn a_namespace_is_selected_by_its_name_without_being_given() {
    let by_name = CONTRACT.to_owned() + "  namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: default}}\n";
    let one = case("one", "2026-11-20T23:30:00Z", "severity: Sev1");
    for (contract, decision) in
        [(by_name.clone(), "Accepted"), (by_name.replace("name: default", "name: other"), "Rejected")]
    {
        let list = played(&format!("{contract}{one}"), "2026-11-21T00:00:00Z");
        assert_eq!(status(&list, "one")["entitlement"]["decision"], decision);
    }
}

#[test]
fn instead_says_which_promises_an_edit_would_move_and_which_it_would_breach() {
    let text = CONTRACT.to_owned()
        + &case("answered", "2026-11-20T17:00:00Z", "severity: Sev1")
        + &activity("answered", "ContactAttempted", "2026-11-20T17:59:00Z")
        + &case("open", "2026-11-20T21:00:00Z", "severity: Sev1")
        + &case("fresh", "2026-11-20T21:40:00Z", "severity: Sev1");
    let edit = "apiVersion: meshcase.io/v1alpha1\nkind: SupportContract\nmetadata: {name: acme}\nspec:\n  plan: Custom\n  default: true\n  \
                term: {startsAt: \"2026-01-01T00:00:00Z\"}\n  customPlan:\n    displayName: Short\n    vendor: Us\n    timeZone: America/Denver\n    \
                businessHours: [{days: [Friday], opens: \"09:00\", closes: \"17:00\"}]\n    severities:\n    - severity: Sev1\n      \
                clock: BusinessHours\n      initialResponse: {amount: 30, unit: Minutes}\n    severityChange: {by: Agreement}\n";
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    std::fs::write(file.path(), edit).unwrap();
    let instead = file.path().to_str().unwrap();
    let at = "2026-11-20T21:45:00Z";
    let moves: Value =
        serde_json::from_str(&replay(&text, at, &["--instead", instead, "-o", "json"]).unwrap()).unwrap();
    let moved: Vec<_> = moves["moved"]
        .as_array()
        .unwrap()
        .iter()
        .map(|moved| {
            (
                moved["case"].as_str().unwrap(),
                moved["from"]["dueAt"].as_str(),
                moved["to"]["dueAt"].as_str(),
                moved["newlyBreached"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        moved,
        [
            ("fresh", Some("2026-11-20T22:40:00Z"), Some("2026-11-20T22:10:00Z"), false),
            ("open", Some("2026-11-20T22:00:00Z"), Some("2026-11-20T21:30:00Z"), true),
        ]
    );
    let table = replay(&text, at, &["--instead", instead]).unwrap();
    assert!(table.contains("Breached (new)"), "{table}");

    std::fs::write(file.path(), edit.replace("name: acme", "name: other")).unwrap();
    let error = replay(&text, at, &["--instead", instead]).unwrap_err();
    assert!(error.contains("there is none of that name") && error.contains("there are: acme"), "{error}");
}

#[test]
fn every_error_is_named_by_file_object_and_field_and_none_hides_another() {
    let mut text = CONTRACT.to_owned();
    text += &case("one", "2026-11-20T17:00:00Z", "severity: Sev9");
    text += "---\na: [\n";
    text += &case("two", "2026-11-20T17:00:00Z", "sevrity: Sev1");
    text += &case("three", "yesterday", "severity: Sev1");
    text += "---\napiVersion: meshcase.io/v1alpha1\nkind: SupportCase\nmetadata: {name: four}\nspec: {title: Broken}\n";
    text += "---\napiVersion: v1\nkind: Pod\nmetadata: {name: five}\n";
    text += &activity("one", "CustomerReplied", "2026-11-20T18:00:00Z");
    text += &activity("one", "Updated", "2026-11-20T18:00:00Z");
    text +=
        &activity("one", "Updated", "2026-11-20T18:00:00Z").replace("type: Updated", "type: Updated, message: better");
    let error = replay(&text, "2026-12-01T00:00:00Z", &[]).unwrap_err();
    for expected in [
        "FILE, document 2: SupportCase one: spec.severity: Unsupported value: \"Sev9\"",
        "FILE, document 3: ",
        "FILE, document 4: SupportCase two: spec.sevrity: unknown field; known here are ",
        "FILE, document 5: SupportCase three: metadata.creationTimestamp: \"yesterday\" is no time; accepted is a time such as",
        "FILE, document 6: SupportCase four: metadata.creationTimestamp: Required value",
        "FILE, document 7: Pod five: kind: accepted are SupportContract, ",
        "FILE, document 8: SupportActivity one-customerreplied: spec.actor.role: Invalid value: must be `Contact` exactly",
        "FILE, document 10: SupportActivity one-updated: spec: Invalid value: must not be changed",
    ] {
        assert!(error.lines().any(|line| line.starts_with(expected)), "{expected} | {error}");
    }
}

#[test]
fn a_missing_uid_is_always_the_same_and_a_missing_namespace_is_default() {
    let text = CONTRACT.to_owned() + &case("one", "2026-11-20T17:00:00Z", "severity: Sev1");
    let at = "2026-11-20T17:00:00Z";
    let list = played(&text, at);
    let metadata = &list["items"][1]["metadata"];
    assert_eq!(metadata["namespace"], "default");
    assert_eq!(metadata["uid"].as_str().map(str::len), Some(36));
    assert_eq!(metadata, &played(&text, at)["items"][1]["metadata"]);
    assert!(status(&list, "one")["trackingNumber"].as_str().is_some_and(|number| !number.is_empty()));
}

#[test]
fn a_thousand_cases_are_played_in_seconds_also_without_optimisation() {
    let mut text = String::from("{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[");
    text += r#"{"apiVersion":"meshcase.io/v1alpha1","kind":"SupportContract","metadata":{"name":"acme","creationTimestamp":"2026-01-01T00:00:00Z"},
        "spec":{"plan":"AspenMeshStandard","default":true,"term":{"startsAt":"2026-01-01T00:00:00Z"}}}"#;
    for number in 0..1_000 {
        let (day, minute) = (number % 28 + 1, number % 60);
        write!(
            text,
            ",{{\"apiVersion\":\"meshcase.io/v1alpha1\",\"kind\":\"SupportCase\",\"metadata\":{{\"name\":\"c{number}\",\
             \"creationTimestamp\":\"2026-03-{day:02}T15:{minute:02}:00Z\"}},\"spec\":{{\"title\":\"Broken\",\"severity\":\"Sev1\"}}}}"
        )
        .unwrap();
    }
    text += "]}";
    let started = std::time::Instant::now();
    let list = played(&text, "2026-06-01T00:00:00Z");
    assert_eq!(list["items"].as_array().unwrap().len(), 1_001);
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
}
