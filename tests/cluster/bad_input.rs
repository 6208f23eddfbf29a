//! What the API server answers to bad input of our kinds: the code, the field's path and what must be. Not for: input that
//! only the operator can judge (zones, calendars), which gets a condition.

use kube::Client;
use meshcase_lab::Lab;
use serde_json::{Value, json};

use crate::call::{Answer, create, merge, path, send};

/// A change of a good object: the path of a member, and what stands there instead.
type Change = (&'static str, Value);

/// One row: what is tried, the kind, the change, the code, and parts of the message.
type Row = (&'static str, Kind, Change, u16, &'static [&'static str]);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Contract,
    Case,
    Activity,
}
use Kind::{Activity, Case, Contract};

impl Kind {
    /// An object of which every member is good.
    fn good(self) -> Value {
        let (kind, spec) = match self {
            Contract => ("SupportContract", contract_spec()),
            Case => ("SupportCase", case_spec()),
            Activity => ("SupportActivity", activity_spec()),
        };
        json!({"apiVersion": "meshcase.io/v1alpha1", "kind": kind, "metadata": {"name": "good"}, "spec": spec})
    }

    /// Where an object is created on trial, refusing unknown members.
    fn path(self, namespace: &str) -> String {
        let list = match self {
            Contract => path(None, "supportcontracts"),
            Case => path(Some(namespace), "supportcases"),
            Activity => path(Some(namespace), "supportactivities"),
        };
        format!("{list}?dryRun=All&fieldValidation=Strict")
    }
}

fn contract_spec() -> Value {
    json!({
        "plan": "Custom",
        "term": {"startsAt": "2026-01-01T00:00:00Z", "endsAt": "2027-01-01T00:00:00Z"},
        "contacts": [{"name": "Ada", "email": "ada@example.com"}],
        "namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "In", "values": ["shop"]}]},
        "holidays": {"dates": [{"date": "2026-11-26", "name": "Thanksgiving"}], "sets": ["UnitedStatesFederal"]},
        "releases": [{"version": "1.30", "releasedOn": "2026-02-01", "endOfLifeOn": "2027-02-01"}],
        "evidence": {"meshNamespaces": ["istio-system"], "maxBundleMebibytes": 256},
        "customPlan": {
            "displayName": "House", "vendor": "House", "timeZone": "America/Los_Angeles",
            "businessHours": [{"days": ["Monday"], "opens": "22:00", "closes": "06:00"}],
            "severities": [{"severity": "Sev1", "clock": "AroundTheClock",
                "initialResponse": {"amount": 1, "unit": "Hours"}, "nextUpdate": {"amount": 2, "unit": "Hours"}}],
            "incidentQuotas": [{"severities": ["Sev1", "Sev2"], "perContractYear": 10}],
            "contactLimits": [{"upToNodes": 100, "contacts": 4}, {"contacts": 12}],
            "escalation": [
                {"level": "SupportManager", "onRequest": true},
                {"level": "SupportDirector", "onUnacknowledged": {"amount": 1, "unit": "Hours"}},
            ],
        },
    })
}

fn case_spec() -> Value {
    json!({
        "title": "503 between checkout and payments",
        "description": "two\nlines\tand a tab",
        "severity": "Sev2",
        "affected": [{"kind": "Deployment", "name": "checkout"}],
        "evidence": {"collect": false, "sinceMinutes": 60},
    })
}

fn activity_spec() -> Value {
    json!({"caseRef": {"name": "good"}, "actor": {"role": "SupportEngineer", "name": "Eve"}, "type": "Updated", "message": "on it"})
}

/// The good object with `change`; a path that ends in `-` takes the member out.
fn changed(kind: Kind, (place, value): &Change) -> Value {
    let mut object = kind.good();
    let (parent, member) = place.rsplit_once('/').unwrap();
    let parent = object.pointer_mut(parent).unwrap_or_else(|| panic!("{kind:?} has no {parent}"));
    match parent {
        Value::Object(members) => {
            members.insert(member.to_owned(), value.clone());
        }
        list => list[member.parse::<usize>().unwrap()] = value.clone(),
    }
    object
}

async fn client(lab: &Lab) -> Client {
    lab.install_meshcase().await.unwrap();
    lab.admin().await.unwrap()
}

async fn judge(rows: Vec<Row>, namespace: &str) {
    let lab = Lab::shared().await.unwrap();
    let client = client(lab).await;
    let namespace = lab.namespace(namespace).await.unwrap();
    for kind in [Contract, Case, Activity] {
        create(&client, &kind.path(&namespace), &kind.good()).await.must_be("the good object", 200, &[]);
    }
    for (what, kind, change, code, parts) in rows {
        let answer = create(&client, &kind.path(&namespace), &changed(kind, &change)).await;
        answer.must_be(what, code, parts);
    }
}

#[tokio::test]
async fn i1_to_i3_what_is_missing_unknown_or_of_another_type_is_named_by_its_field() {
    const SEVERITIES: &[&str] =
        &["spec.severity: Unsupported value: \"Sev5\": supported values: \"Sev1\", \"Sev2\", \"Sev3\", \"Sev4\""];
    let rows: Vec<Row> = vec![
        ("I1 no spec", Case, ("/spec", Value::Null), 422, &["spec: Required value"]),
        ("I1 a list", Case, ("/spec", json!([])), 422, &["spec: Invalid value: \"array\"", "must be of type object"]),
        ("I1 no title", Case, ("/spec/title", Value::Null), 422, &["spec.title: Required value"]),
        ("I1 a number", Case, ("/spec/title", json!(5)), 422, &["spec.title: Invalid value", "must be of type string"]),
        ("I1 no term", Contract, ("/spec/term", Value::Null), 422, &["spec.term: Required value"]),
        ("I1 no case", Activity, ("/spec/caseRef", json!({})), 422, &["spec.caseRef.name: Required value"]),
        ("I2 unknown", Case, ("/spec/tittle", json!("x")), 400, &["unknown field \"spec.tittle\""]),
        (
            "I2 unknown, deep",
            Contract,
            ("/spec/evidence/meshNamespace", json!("x")),
            400,
            &["unknown field \"spec.evidence.meshNamespace\""],
        ),
        ("I3 severity", Case, ("/spec/severity", json!("Sev5")), 422, SEVERITIES),
        ("I3 another case", Case, ("/spec/severity", json!("sev1")), 422, &["spec.severity: Unsupported value"]),
        (
            "I3 plan",
            Contract,
            ("/spec/plan", json!("Gold")),
            422,
            &["spec.plan: Unsupported value", "\"MesosphereStandard\""],
        ),
        (
            "I3 type",
            Activity,
            ("/spec/type", json!("Closed")),
            422,
            &["spec.type: Unsupported value", "\"ResolutionProposed\""],
        ),
    ];
    judge(rows, "i1").await;
}

#[tokio::test]
async fn i4_to_i7_texts_are_bounded_and_hold_nothing_that_hides_or_turns_them() {
    const CONTROL: &[&str] = &["spec.title: Invalid value", "control characters are not allowed"];
    const TOO_LONG: &[&str] = &["spec.description: Too long: may not be more than 16384 bytes"];
    let title = |text: &str| ("/spec/title", json!(text));
    let rows: Vec<Row> = vec![
        (
            "I4 257 characters",
            Case,
            ("/spec/title", json!("x".repeat(257))),
            422,
            &["spec.title: Too long: may not be more than 256"],
        ),
        ("I4 empty", Case, title(""), 422, &["spec.title: Invalid value: \"\"", "at least 1 chars long"]),
        ("I4 spaces", Case, title("   "), 422, &["spec.title: Invalid value", "must not be blank"]),
        ("I4 other spaces", Case, title("\u{a0}\u{3000}"), 422, &["spec.title: Invalid value", "must not be blank"]),
        ("I5 ESC", Case, title("a\u{1b}[2Jb"), 422, CONTROL),
        ("I5 CR LF", Case, title("a\r\nBcc: b"), 422, CONTROL),
        ("I5 NUL", Case, title("a\0b"), 422, CONTROL),
        ("I5 direction override", Case, title("a\u{202e}b"), 422, CONTROL),
        ("I5 isolate", Case, title("a\u{2066}b"), 422, CONTROL),
        ("I5 zero width", Case, title("a\u{200b}b"), 422, CONTROL),
        ("I5 line separator", Case, title("a\u{2028}b"), 422, CONTROL),
        (
            "I5 in a text",
            Case,
            ("/spec/description", json!("a\u{1b}]8;;b")),
            422,
            &["spec.description", "control characters are not allowed"],
        ),
        (
            "I5 in a message",
            Activity,
            ("/spec/message", json!("a\u{202e}b")),
            422,
            &["spec.message", "control characters are not allowed"],
        ),
        (
            "I5 in a name",
            Activity,
            ("/spec/actor/name", json!("a\nb")),
            422,
            &["spec.actor.name", "control characters are not allowed"],
        ),
        ("I6 1.6 MiB", Case, ("/spec/description", json!("x".repeat(1_677_722))), 422, TOO_LONG),
        ("I6 4 MiB", Case, ("/spec/description", json!("x".repeat(4 << 20))), 413, &["limit is 3145728"]),
        (
            "I7 annotations",
            Case,
            ("/metadata/annotations", json!({"a": "x".repeat(262_145)})),
            422,
            &["metadata.annotations: Too long"],
        ),
    ];
    judge(rows, "i4").await;
}

#[tokio::test]
async fn i8_to_i12_lists_names_and_selectors_are_bounded_and_well_formed() {
    let many: Vec<String> = (0..10_000).map(|number| format!("n{number}")).collect();
    let namespaces = |names: &[&str]| ("/spec/evidence/meshNamespaces", json!(names));
    let selector = |operator: &str, values: Value| {
        let expression = json!([{"key": "team", "operator": operator, "values": values}]);
        ("/spec/namespaceSelector/matchExpressions", expression)
    };
    const NAME: &[&str] = &["spec.evidence.meshNamespaces[0]: Invalid value", "should match"];
    const VALUES: &[&str] = &[
        "spec.namespaceSelector.matchExpressions[0].values: Invalid value",
        "must have values exactly with the operators `In` and `NotIn`",
    ];
    let rows: Vec<Row> = vec![
        (
            "I8 10 000",
            Contract,
            ("/spec/evidence/meshNamespaces", json!(many)),
            422,
            &["spec.evidence.meshNamespaces: Too many: 10000: must have at most 32 items"],
        ),
        (
            "I8 twice",
            Contract,
            namespaces(&["a", "a"]),
            422,
            &["spec.evidence.meshNamespaces[1]: Duplicate value: \"a\""],
        ),
        (
            "I8 a workload twice",
            Case,
            ("/spec/affected", json!([{"kind": "Pod", "name": "a"}, {"kind": "Pod", "name": "a"}])),
            422,
            &["spec.affected[1]: Duplicate value"],
        ),
        ("I9 a path", Contract, namespaces(&["../x"]), 422, NAME),
        ("I9 a capital", Contract, namespaces(&["A"]), 422, NAME),
        ("I9 a star", Contract, namespaces(&["*"]), 422, NAME),
        (
            "I9 64 characters",
            Contract,
            ("/spec/evidence/meshNamespaces", json!(["x".repeat(64)])),
            422,
            &["spec.evidence.meshNamespaces[0]: Too long: may not be more than 63"],
        ),
        (
            "I9 a workload's path",
            Case,
            ("/spec/affected", json!([{"kind": "Pod", "name": "../x"}])),
            422,
            &["spec.affected[0].name: Invalid value"],
        ),
        (
            "I9 a contract's path",
            Case,
            ("/spec/contractRef", json!({"name": "../x"})),
            422,
            &["spec.contractRef.name: Invalid value"],
        ),
        ("I12 In without values", Contract, selector("In", json!([])), 422, VALUES),
        ("I12 Exists with values", Contract, selector("Exists", json!(["a"])), 422, VALUES),
        (
            "I12 an unknown operator",
            Contract,
            selector("Near", json!(["a"])),
            422,
            &["spec.namespaceSelector.matchExpressions[0].operator: Unsupported value"],
        ),
    ];
    judge(rows, "i8").await;
}

#[tokio::test]
async fn i13_to_i16_numbers_and_times_are_in_their_range() {
    let since = |number: Value| ("/spec/evidence/sinceMinutes", number);
    let noticed = |text: &str| ("/spec/noticedAt", json!(text));
    const RANGE: &[&str] = &["spec.evidence.sinceMinutes: Invalid value", "should be greater than or equal to 1"];
    const TIME: &[&str] = &["spec.noticedAt: Invalid value"];
    let rows: Vec<Row> = vec![
        (
            "I13 a duration",
            Case,
            since(json!("-1h")),
            422,
            &["spec.evidence.sinceMinutes: Invalid value", "must be of type integer"],
        ),
        (
            "I13 9999 hours",
            Case,
            since(json!(599_940)),
            422,
            &["spec.evidence.sinceMinutes: Invalid value", "should be less than or equal to 10080"],
        ),
        ("I15 a far offset", Case, noticed("2026-11-25T12:00:00+99:99"), 422, TIME),
        ("I15 no offset", Case, noticed("2026-11-25T12:00:00"), 422, TIME),
        ("I15 a date", Case, noticed("2026-11-25"), 422, TIME),
        ("I15 the 30th of February", Case, noticed("2026-02-30T12:00:00Z"), 422, TIME),
        ("I16 0", Case, since(json!(0)), 422, RANGE),
        ("I16 -1", Case, since(json!(-1)), 422, RANGE),
        (
            "I16 a fraction",
            Case,
            since(json!(1.5)),
            422,
            &["spec.evidence.sinceMinutes: Invalid value", "must be of type integer"],
        ),
        (
            "I16 2^63",
            Case,
            since(json!(9_223_372_036_854_775_808_u64)),
            422,
            &["spec.evidence.sinceMinutes: Invalid value"],
        ),
        (
            "I16 a bundle of nothing",
            Contract,
            ("/spec/evidence/maxBundleMebibytes", json!(0)),
            422,
            &["spec.evidence.maxBundleMebibytes: Invalid value", "greater than or equal to 1"],
        ),
        (
            "I16 a quota of none",
            Contract,
            ("/spec/customPlan/incidentQuotas/0/perContractYear", json!(0)),
            422,
            &["spec.customPlan.incidentQuotas[0].perContractYear: Invalid value"],
        ),
        (
            "I17 a script",
            Activity,
            ("/spec/bug", json!({"id": "1", "url": "javascript:alert(1)"})),
            422,
            &["spec.bug.url: Invalid value"],
        ),
        (
            "I17 a file",
            Activity,
            ("/spec/bug", json!({"id": "1", "url": "file:///etc/passwd"})),
            422,
            &["spec.bug.url: Invalid value"],
        ),
    ];
    judge(rows, "i13").await;
}

#[tokio::test]
async fn i23_and_i24_promises_and_calendars_that_cannot_be_are_refused() {
    const ESCALATION: &[&str] =
        &["spec.customPlan.escalation: Invalid value", "must rise: the step to `SupportManager` comes before"];
    let step = |level: &str| json!({"level": level, "onRequest": true});
    let hours = |opens: &str, closes: &str| {
        ("/spec/customPlan/businessHours", json!([{"days": ["Monday"], "opens": opens, "closes": closes}]))
    };
    let response = |amount: i64| ("/spec/customPlan/severities/0/initialResponse/amount", json!(amount));
    const AMOUNT: &[&str] =
        &["spec.customPlan.severities[0].initialResponse.amount: Invalid value", "greater than or equal to 1"];
    let rows: Vec<Row> = vec![
        ("I23 response 0", Contract, response(0), 422, AMOUNT),
        ("I23 response -1", Contract, response(-1), 422, AMOUNT),
        (
            "I23 falling levels",
            Contract,
            ("/spec/customPlan/escalation", json!([step("SupportDirector"), step("SupportManager")])),
            422,
            ESCALATION,
        ),
        (
            "I23 a level twice",
            Contract,
            ("/spec/customPlan/escalation", json!([step("SupportManager"), step("SupportManager")])),
            422,
            ESCALATION,
        ),
        (
            "I23 nothing raises it",
            Contract,
            ("/spec/customPlan/escalation/0", json!({"level": "SupportManager"})),
            422,
            &["spec.customPlan.escalation[0]: Invalid value", "must name what raises it"],
        ),
        (
            "I23 updates without a response",
            Contract,
            ("/spec/customPlan/severities/0/initialResponse", Value::Null),
            422,
            &[
                "spec.customPlan.severities: Invalid value",
                "must promise `initialResponse` where it promises `nextUpdate`",
            ],
        ),
        (
            "I23 falling tiers",
            Contract,
            (
                "/spec/customPlan/contactLimits",
                json!([{"upToNodes": 500, "contacts": 8}, {"upToNodes": 100, "contacts": 4}]),
            ),
            422,
            &["spec.customPlan.contactLimits: Invalid value", "must list the contact tiers in rising order"],
        ),
        (
            "I23 a severity in two quotas",
            Contract,
            (
                "/spec/customPlan/incidentQuotas",
                json!([{"severities": ["Sev1"], "perContractYear": 1}, {"severities": ["Sev1"], "perContractYear": 2}]),
            ),
            422,
            &["spec.customPlan.incidentQuotas: Invalid value", "must name each severity in at most one quota"],
        ),
        (
            "I24 no such day",
            Contract,
            ("/spec/holidays/dates/0/date", json!("2026-02-30")),
            422,
            &["spec.holidays.dates[0].date: Invalid value"],
        ),
        (
            "I24 a zone that is none",
            Contract,
            ("/spec/customPlan/timeZone", json!("Mars/../Olympus")),
            422,
            &["spec.customPlan.timeZone: Invalid value"],
        ),
        (
            "I24 it ends before it starts",
            Contract,
            ("/spec/term/endsAt", json!("2025-01-01T00:00:00Z")),
            422,
            &["spec.term.endsAt: Invalid value", "`endsAt` must be later than `startsAt`"],
        ),
        // Texts of two offsets do not compare as the instants that they name.
        (
            "I24 it ends before it starts, by the offset",
            Contract,
            ("/spec/term/endsAt", json!("2026-01-01T03:00:00+05:00")),
            422,
            &["spec.term.endsAt: Invalid value", "`endsAt` must be later than `startsAt`"],
        ),
        (
            "I24 a release ends before it starts",
            Contract,
            ("/spec/releases/0/endOfLifeOn", json!("2025-01-01")),
            422,
            &["spec.releases[0].endOfLifeOn: Invalid value", "`endOfLifeOn` must be later than `releasedOn`"],
        ),
        (
            "I24 no hour at all",
            Contract,
            ("/spec/customPlan/businessHours", json!([])),
            422,
            &["spec.customPlan.businessHours: Invalid value", "at least 1 item"],
        ),
        (
            "I24 no day at all",
            Contract,
            ("/spec/customPlan/businessHours/0/days", json!([])),
            422,
            &["spec.customPlan.businessHours[0].days: Invalid value", "at least 1 item"],
        ),
        (
            "I24 empty hours",
            Contract,
            hours("09:00", "09:00"),
            422,
            &[
                "spec.customPlan.businessHours[0].closes: Invalid value",
                "must not be empty: `opens` and `closes` must differ",
            ],
        ),
        (
            "I24 the 25th hour",
            Contract,
            hours("09:00", "25:00"),
            422,
            &["spec.customPlan.businessHours[0].closes: Invalid value"],
        ),
        (
            "a custom plan that is none",
            Contract,
            ("/spec/customPlan", Value::Null),
            422,
            &["spec.customPlan: Required value", "must be given when `plan` is `Custom`"],
        ),
        (
            "a plan too many",
            Contract,
            ("/spec/plan", json!("MesosphereStandard")),
            422,
            &["spec.customPlan: Forbidden", "must be left out unless `plan` is `Custom`"],
        ),
        (
            "a contract without a start",
            Contract,
            ("/spec/term", json!({})),
            422,
            &["spec.term.startsAt: Required value"],
        ),
        (
            "a trial that nobody registered",
            Contract,
            ("/spec/customPlan/trialDays", json!(30)),
            422,
            &["spec.term.registeredAt: Required value", "must be given for a trial"],
        ),
    ];
    judge(rows, "i23").await;
}

#[tokio::test]
async fn an_activity_holds_the_member_that_its_type_needs_and_no_other() {
    const ROLE: &[&str] = &["spec.actor.role: Invalid value", "must be `Contact` exactly with type `CustomerReplied`"];
    let type_ = |name: &str| ("/spec/type", json!(name));
    let rows: Vec<Row> = vec![
        ("a reply by an engineer", Activity, type_("CustomerReplied"), 422, ROLE),
        ("an update by a contact", Activity, ("/spec/actor/role", json!("Contact")), 422, ROLE),
        (
            "no severity",
            Activity,
            type_("SeverityAssessed"),
            422,
            &["spec.severity: Required value", "must be given with type `SeverityAssessed`"],
        ),
        (
            "a severity",
            Activity,
            ("/spec/severity", json!("Sev1")),
            422,
            &["spec.severity: Forbidden", "must be left out except with type"],
        ),
        ("no bug", Activity, type_("BugRecorded"), 422, &["spec.bug: Required value"]),
        ("a bug", Activity, ("/spec/bug", json!({"id": "1"})), 422, &["spec.bug: Forbidden"]),
        ("no decision on a bug", Activity, type_("BugDecided"), 422, &["spec.decision: Required value"]),
        (
            "no decision on an enhancement",
            Activity,
            type_("EnhancementDecided"),
            422,
            &["spec.decision: Required value"],
        ),
        ("a decision", Activity, ("/spec/decision", json!("Accepted")), 422, &["spec.decision: Forbidden"]),
        ("no plan", Activity, type_("ActionPlanProposed"), 422, &["spec.actionPlan: Required value"]),
        ("a plan", Activity, ("/spec/actionPlan", json!("x")), 422, &["spec.actionPlan: Forbidden"]),
    ];
    judge(rows, "member").await;
}

#[tokio::test]
async fn what_is_unusual_but_right_is_taken() {
    let lab = Lab::shared().await.unwrap();
    let client = client(lab).await;
    let namespace = lab.namespace("right").await.unwrap();
    let changes = [
        (Case, ("/spec/title", json!("Straße 北京 — “503” 🚀"))),
        (Case, ("/spec/description", json!("a\tb\r\nc\n\n"))),
        (Case, ("/spec/noticedAt", json!("2026-11-25T12:00:00.123+05:30"))),
        // Whether the zone exists is the operator's to say: its data is newer than any schema.
        (Contract, ("/spec/customPlan/timeZone", json!("Mars/Olympus"))),
        (Contract, ("/spec/namespaceSelector", json!({}))),
        (
            Contract,
            ("/spec/customPlan/businessHours/0", json!({"days": ["Sunday"], "opens": "00:00", "closes": "24:00"})),
        ),
    ];
    for (kind, change) in changes {
        let answer = create(&client, &kind.path(&namespace), &changed(kind, &change)).await;
        answer.must_be(&change.1.to_string(), 200, &[]);
    }
}

#[tokio::test]
async fn i26_a_status_in_the_main_request_is_ignored() {
    let lab = Lab::shared().await.unwrap();
    let client = client(lab).await;
    let namespace = lab.namespace("i26").await.unwrap();
    let mut case = Case.good();
    case["status"] = json!({"state": "Closed", "trackingNumber": "forged"});
    let list = path(Some(&namespace), "supportcases");
    let created = create(&client, &list, &case).await;
    created.must_be("a case with a status", 200, &[]);
    // What is there is the default of a new object.
    assert_eq!(created.object["status"], json!({"observedGeneration": -1}));
    let merged = merge(&client, &format!("{list}/good"), &json!({"status": {"state": "Closed"}})).await;
    assert_eq!((merged.code, &merged.object["status"]), (200, &json!({"observedGeneration": -1})));
}

#[tokio::test]
async fn i27_an_activity_is_written_once() {
    let lab = Lab::shared().await.unwrap();
    let client = client(lab).await;
    let namespace = lab.namespace("i27").await.unwrap();
    let list = path(Some(&namespace), "supportactivities");
    create(&client, &list, &Activity.good()).await.must_be("an activity", 200, &[]);
    for spec in [json!({"message": "another"}), json!({"occurredAt": "2026-11-25T12:00:00Z"}), json!({"message": null})]
    {
        let answer = merge(&client, &format!("{list}/good"), &json!({"spec": spec})).await;
        answer.must_be("an edit", 422, &["spec: Invalid value", "must not be changed: an activity is written once"]);
    }
    merge(&client, &format!("{list}/good"), &json!({"metadata": {"labels": {"a": "b"}}})).await.must_be(
        "a label",
        200,
        &[],
    );
}

/// A stored object that a stricter definition would refuse does not lose its status nor its other fields. (What the
/// operator then says on it is shown where the operator runs.) The definition is one of another group: the others are in use.
#[tokio::test]
async fn i30_an_object_stored_before_a_rule_was_made_can_still_be_written_beside_it() {
    let lab = Lab::shared().await.unwrap();
    let client = client(lab).await;
    let namespace = lab.namespace("i30").await.unwrap();
    let crds = meshcase::api::definitions().unwrap();
    let mut crd = crds.into_iter().find(|crd| crd["spec"]["names"]["kind"] == "SupportCase").unwrap();
    crd["metadata"]["name"] = json!("supportcases.older.meshcase.test");
    crd["spec"]["group"] = json!("older.meshcase.test");
    crd["spec"]["names"]["shortNames"] = json!(["oldcase"]);
    crd["spec"]["names"]["categories"] = json!([]);
    let schema = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/severity/enum";
    let strict = crd.clone();
    crd.pointer_mut(schema).unwrap().as_array_mut().unwrap().push(json!("Sev0"));
    lab.apply(&format!("{}\n", serde_json::to_string_pretty(&crd).unwrap())).await.unwrap();
    let established = ["wait", "--for=condition=Established", "crd/supportcases.older.meshcase.test", "--timeout=60s"];
    lab.kubectl(&established).await.unwrap().successful().unwrap();

    let mut case = Case.good();
    case["apiVersion"] = json!("older.meshcase.test/v1alpha1");
    case["spec"]["severity"] = json!("Sev0");
    let list = format!("/apis/older.meshcase.test/v1alpha1/namespaces/{namespace}/supportcases");
    create(&client, &list, &case).await.must_be("under the older definition", 200, &[]);
    lab.apply(&format!("{}\n", serde_json::to_string_pretty(&strict).unwrap())).await.unwrap();
    case["metadata"]["name"] = json!("newer");
    meshcase_lab::wait_for("the stricter definition", std::time::Duration::from_secs(60), async || {
        let answer = create(&client, &format!("{list}?dryRun=All"), &case).await;
        (answer.code == 422 && answer.message.contains("spec.severity: Unsupported value")).then_some(())
    })
    .await
    .unwrap();

    let one = format!("{list}/good");
    merge(&client, &format!("{one}/status"), &json!({"status": {"state": "Pending"}})).await.must_be(
        "its status",
        200,
        &[],
    );
    merge(&client, &one, &json!({"spec": {"title": "504"}})).await.must_be("another field", 200, &[]);
    merge(&client, &one, &json!({"spec": {"severity": "Sev9"}})).await.must_be("the field", 422, &["spec.severity"]);
}

#[tokio::test]
async fn i2_i16_i31_bytes_that_are_no_clean_json_are_refused() {
    let lab = Lab::shared().await.unwrap();
    let client = client(lab).await;
    let namespace = lab.namespace("i31").await.unwrap();
    let good = Case.good().to_string();
    let post = async |body: Vec<u8>| -> Answer {
        send(&client, "POST", &Case.path(&namespace), "application/json", body).await
    };
    let title = r#""title":"503 between checkout and payments""#;
    assert!(good.contains(title));
    let twice = good.replace(title, &format!(r#"{title},"title":"b""#));
    post(twice.into_bytes()).await.must_be("I31 twice", 400, &["duplicate field \"spec.title\""]);
    let deep = good.replace(title, &format!(r#"{title},"deep":{}{}"#, "[".repeat(10_001), "]".repeat(10_001)));
    post(deep.into_bytes()).await.must_be("I31 depth", 400, &["exceeded max depth"]);
    post([&[0xef, 0xbb, 0xbf], good.as_bytes()].concat()).await.must_be("I31 BOM", 400, &["invalid character"]);
    let huge = good.replace(":60", ":1e400");
    assert!(huge.contains("1e400"));
    post(huge.into_bytes()).await.must_be("I16 1e400", 400, &["1e400"]);
    let mut torn = good.clone().into_bytes();
    let place = good.find("503 between").unwrap();
    torn[place] = 0xff;
    // The server reads such a byte as U+FFFD; the rule on the text refuses that.
    let parts = ["spec.title: Invalid value", "must be UTF-8"];
    post(torn).await.must_be("I31 invalid UTF-8", 422, &parts);
    post(good.as_bytes()[..good.len() - 1].to_vec()).await.must_be("cut short", 400, &[]);
    post(Vec::new()).await.must_be("nothing", 400, &[]);
}
