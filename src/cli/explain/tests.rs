//! What `explain` prints for cases as the operator left them.

use serde_json::{Value, json};

use super::*;
use crate::convert::decide_case;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

struct World {
    contract: Arc<SupportContract>,
    case: SupportCase,
    activities: Vec<Arc<SupportActivity>>,
}

const PLAN: &str = r#"{"displayName": "P", "vendor": "V", "timeZone": "America/Denver",
    "businessHours": [{"days": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"], "opens": "09:00", "closes": "17:00"}],
    "severities": [
        {"severity": "Sev1", "clock": "BusinessHours", "initialResponse": {"amount": 1, "unit": "Hours"},
         "nextUpdate": {"amount": 2, "unit": "Hours"}, "resolution": {"amount": 2, "unit": "BusinessDays"}},
        {"severity": "Sev2", "clock": "BusinessHours"}],
    "severityChange": {"by": "Vendor"}}"#;

impl World {
    /// Opened on the eve of Thanksgiving, a Wednesday, at 16:30 in Denver.
    fn new(severity: &str) -> Self {
        let contract = json!({"apiVersion": "meshcase.io/v1alpha1", "kind": "SupportContract",
            "metadata": {"name": "acme", "uid": "c-1", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"plan": "Custom", "customPlan": serde_json::from_str::<Value>(PLAN).unwrap(), "default": true,
                "term": {"startsAt": "2026-01-01T00:00:00Z"}, "holidays": {"sets": ["UnitedStatesFederal"]}}});
        let case = json!({"apiVersion": "meshcase.io/v1alpha1", "kind": "SupportCase",
            "metadata": {"name": "broken", "namespace": "shop", "uid": "u-1", "creationTimestamp": "2026-11-25T23:30:00Z"},
            "spec": {"title": "Broken", "severity": severity}});
        Self {
            contract: Arc::new(serde_json::from_value(contract).unwrap()),
            case: serde_json::from_value(case).unwrap(),
            activities: Vec::new(),
        }
    }

    fn act(&mut self, created: &str, kind: &str) {
        let role = if kind == "CustomerReplied" { "Contact" } else { "SupportEngineer" };
        let activity = json!({"apiVersion": "meshcase.io/v1alpha1", "kind": "SupportActivity",
            "metadata": {"name": format!("a{}", self.activities.len()), "namespace": "shop", "creationTimestamp": created},
            "spec": {"caseRef": {"name": "broken"}, "type": kind, "actor": {"role": role}}});
        self.activities.push(Arc::new(serde_json::from_value(activity).unwrap()));
        self.operator(created);
    }

    fn ask<T>(&self, ask: impl FnOnce(&CaseInputs<'_>) -> T) -> T {
        ask(&CaseInputs {
            case: &self.case,
            namespace_labels: &BTreeMap::new(),
            contracts: std::slice::from_ref(&self.contract),
            feeds: &Feeds::default(),
            activities: &self.activities,
        })
    }

    /// What the operator writes at a time.
    fn operator(&mut self, when: &str) {
        self.case.status = Some(self.ask(|inputs| decide_case(inputs, at(when)).status));
    }

    fn page(&self, promise: Option<Promise>, when: &str) -> Page {
        self.ask(|inputs| Page::of(inputs, promise, at(when))).unwrap()
    }
}

fn counted(promise: &Explained) -> i64 {
    promise.ledger.iter().filter(|span| span.kind == "Counted").map(|span| span.seconds).sum()
}

#[test]
fn ruling_9_the_ledger_of_a_live_case_adds_up_to_the_target_to_the_second() {
    let mut world = World::new("Sev1");
    world.operator("2026-11-25T23:30:00Z");
    let page = world.page(Some(Promise::InitialResponse), "2026-11-26T12:00:00Z");
    let [response] = &page.promises[..] else { panic!("one promise") };
    assert_eq!((counted(response), response.target_seconds), (3_600, Some(3_600)));
    assert_eq!(response.standing.due_at, Some(at("2026-11-27T16:30:00Z")));
    let spans: Vec<_> = response.ledger.iter().map(|span| (span.kind, span.reason.as_str(), span.seconds)).collect();
    assert_eq!(
        spans,
        [
            ("Counted", "business hours", 1_800),
            ("Closed", "outside business hours", 16 * 3_600),
            ("Holiday", "Thanksgiving Day", 8 * 3_600),
            ("Closed", "outside business hours", 16 * 3_600),
            ("Counted", "business hours", 1_800),
        ]
    );
    let table = page.table();
    for line in [
        "InitialResponse: Pending",
        "due at       Fri 2026-11-27 09:30:00 MST  2026-11-27T16:30:00Z",
        "counted      1h of 1h",
        "Thu 2026-11-26  ..................hhhhhhhhhhhhhhhh..............",
        "Fri 2026-11-27  ..................#",
    ] {
        assert!(table.lines().any(|found| found == line), "{line}\n{table}");
    }
}

#[test]
fn pauses_stand_in_the_ledger_with_their_reasons_and_what_is_left_is_said() {
    let mut world = World::new("Sev1");
    world.act("2026-11-25T23:40:00Z", "InformationRequested");
    let waiting = world.page(Some(Promise::Resolution), "2026-11-27T17:00:00Z");
    let resolution = &waiting.promises[0];
    assert_eq!((resolution.standing.remaining_seconds, counted(resolution)), (Some(57_000), 600));
    assert!(waiting.table().contains("counted      10m of 16h, 15h50m left"), "{}", waiting.table());
    assert!(waiting.table().contains("waiting for the customer"), "{}", waiting.table());
    world.act("2026-11-27T18:00:00Z", "CustomerReplied");
    let running = world.page(None, "2026-11-27T18:00:00Z");
    let names: Vec<_> = running.promises.iter().map(|promise| promise.promise).collect();
    assert_eq!(names, ["InitialResponse", "NextUpdate", "Resolution"]);
    for promise in &running.promises {
        assert_eq!(Some(counted(promise)), promise.target_seconds, "{}", promise.promise);
    }
}

#[test]
fn a_settled_promise_is_explained_to_its_deadline_also_after_the_calendar_was_edited() {
    let mut world = World::new("Sev1");
    world.act("2026-11-25T23:40:00Z", "ContactAttempted");
    let met = world.page(Some(Promise::InitialResponse), "2026-12-01T12:00:00Z");
    assert_eq!(Some(counted(&met.promises[0])), met.promises[0].target_seconds);
    let contract = Arc::make_mut(&mut world.contract);
    contract.spec.holidays = None;
    let edited = world.page(Some(Promise::InitialResponse), "2026-12-01T12:00:00Z");
    assert_eq!(edited.promises[0].standing, met.promises[0].standing, "history");
    assert!(edited.table().contains("the calendar was edited since"), "{}", edited.table());
}

#[test]
fn what_is_not_promised_is_said_and_so_is_a_case_without_a_contract() {
    let mut world = World::new("Sev2");
    world.operator("2026-11-25T23:30:00Z");
    let page = world.page(None, "2026-11-26T12:00:00Z");
    assert!(page.table().contains("nothing is promised for this severity"), "{}", page.table());
    let none = world.ask(|inputs| Page::of(inputs, Some(Promise::Resolution), at("2026-11-26T12:00:00Z")));
    assert!(none.unwrap_err().contains("no such promise"));
    let inputs = |world: &World| {
        let inputs = CaseInputs {
            case: &world.case,
            namespace_labels: &BTreeMap::new(),
            contracts: &[],
            feeds: &Feeds::default(),
            activities: &[],
        };
        Page::of(&inputs, None, at("2026-11-26T12:00:00Z")).unwrap_err()
    };
    assert!(inputs(&world).contains("there is no contract for the case"));
}

#[test]
fn json_and_yaml_hold_the_promise_and_its_ledger() {
    let mut world = World::new("Sev1");
    world.operator("2026-11-25T23:30:00Z");
    let page = serde_json::to_value(world.page(None, "2026-11-26T12:00:00Z")).unwrap();
    assert_eq!(page["case"], "broken");
    assert_eq!(page["promises"][0]["promise"], "InitialResponse");
    assert_eq!(page["promises"][0]["result"], "Pending");
    assert_eq!(page["promises"][0]["ledger"][0]["kind"], "Counted");
    assert_eq!(page["promises"][0]["ledger"][0]["from"], "2026-11-25T23:30:00Z");
}
