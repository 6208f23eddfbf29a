//! Tests of whole decisions: objects as people write them in, statuses out. Not for: single rules (those are tested in the domain).

mod at_rest;
mod bounds;
mod contracts;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{CaseInputs, Caseload, ContractInputs, Feeds, Outcome, decide_activity, decide_case, decide_contract};
use crate::api::{CaseState, SupportActivity, SupportCase, SupportCaseStatus, SupportContract, SupportContractStatus};
use crate::domain::time::ZoneData;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A cluster in the small: objects, and the operator's two decisions on them.
struct World {
    contracts: Vec<Arc<SupportContract>>,
    case: SupportCase,
    activities: Vec<Arc<SupportActivity>>,
    feeds: Feeds,
}

impl World {
    fn new(contract_spec: Value, case_spec: Value, opened_at: &str) -> Self {
        let contract = json!({"apiVersion": "meshcase.io/v1alpha1", "kind": "SupportContract",
            "metadata": {"name": "acme", "uid": "c-1", "generation": 1, "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": contract_spec});
        let case = json!({"apiVersion": "meshcase.io/v1alpha1", "kind": "SupportCase",
            "metadata": {"name": "broken", "namespace": "shop", "uid": "u-1", "generation": 1, "creationTimestamp": opened_at},
            "spec": case_spec});
        Self {
            contracts: vec![Arc::new(serde_json::from_value(contract).unwrap())],
            case: serde_json::from_value(case).unwrap(),
            activities: Vec::new(),
            feeds: Feeds::default(),
        }
    }

    fn act(&mut self, name: &str, created: &str, spec: Value) {
        let mut spec = spec;
        spec["caseRef"] = json!({"name": "broken"});
        let role = if spec["type"] == "CustomerReplied" { "Contact" } else { "SupportEngineer" };
        spec["actor"] = json!({"role": role});
        let activity = json!({"apiVersion": "meshcase.io/v1alpha1", "kind": "SupportActivity",
            "metadata": {"name": name, "namespace": "shop", "uid": name, "creationTimestamp": created}, "spec": spec});
        self.activities.push(Arc::new(serde_json::from_value(activity).unwrap()));
    }

    fn decide(&mut self, now: &str) -> Outcome<SupportCaseStatus> {
        let labels = BTreeMap::new();
        let inputs = CaseInputs {
            case: &self.case,
            namespace_labels: &labels,
            contracts: &self.contracts,
            feeds: &self.feeds,
            activities: &self.activities,
        };
        let outcome = decide_case(&inputs, at(now));
        self.case.status = Some(outcome.status.clone());
        let inputs = CaseInputs {
            case: &self.case,
            namespace_labels: &labels,
            contracts: &self.contracts,
            feeds: &self.feeds,
            activities: &self.activities,
        };
        let again = decide_case(&inputs, at(now));
        assert_eq!(again.status, outcome.status, "deciding again at the same instant changes nothing");
        assert_eq!(again.events, []);
        assert_eq!(again.next_wake, outcome.next_wake);
        outcome
    }

    fn decide_contract(&self, cases: &[Arc<SupportCase>], now: &str) -> Outcome<SupportContractStatus> {
        let inputs = ContractInputs {
            contract: &self.contracts[0],
            contracts: &self.contracts,
            cases: &cases.iter().map(AsRef::as_ref).collect(),
            feeds: &self.feeds,
            node_count: None,
            meshes: &[],
        };
        decide_contract(&inputs, at(now))
    }

    fn edit_contract(&mut self, edit: impl FnOnce(&mut SupportContract)) {
        edit(Arc::make_mut(&mut self.contracts[0]));
    }
}

fn aspen() -> Value {
    json!({"plan": "AspenMeshStandard", "default": true,
        "term": {"startsAt": "2026-01-01T00:00:00Z", "endsAt": "2027-01-01T00:00:00Z"}})
}

fn condition<'a>(status: &'a SupportCaseStatus, type_: &str) -> &'a str {
    let found = status.conditions.iter().find(|condition| condition.type_ == type_);
    found.map_or("absent", |condition| condition.status.as_str())
}

fn reason<'a>(status: &'a SupportCaseStatus, type_: &str) -> &'a str {
    let found = status.conditions.iter().find(|condition| condition.type_ == type_);
    found.map_or("absent", |condition| condition.reason.as_str())
}

#[test]
fn a_case_is_accepted_with_its_deadline_answered_and_closed() {
    let mut world = World::new(aspen(), json!({"title": "down", "severity": "Sev1"}), "2026-11-20T23:30:00Z");
    let first = world.decide("2026-11-20T23:30:01Z");
    assert_eq!(first.status.state, Some(CaseState::AwaitingResponse));
    let response = first.status.sla.as_ref().unwrap().initial_response.clone().unwrap();
    // Friday 16:30 in Denver: half an hour is left, the other half is used on Monday.
    assert_eq!(response.due_at, Some(at("2026-11-23T16:30:00Z")));
    assert_eq!(first.next_wake, response.warn_at);
    assert_eq!(condition(&first.status, "Ready"), "True");
    assert_eq!(condition(&first.status, "Reconciling"), "absent");
    assert_eq!(first.events.iter().map(|event| event.reason.as_str()).collect::<Vec<_>>(), ["Accepted"]);
    world.act("a", "2026-11-23T16:30:00Z", json!({"type": "ContactAttempted"}));
    let answered = world.decide("2026-11-23T16:30:02Z");
    assert_eq!(answered.status.state, Some(CaseState::InProgress));
    assert_eq!(condition(&answered.status, "ResponseTargetMet"), "True");
    world.case.spec.resolved = true;
    let closed = world.decide("2026-11-24T00:00:00Z");
    assert_eq!(closed.status.state, Some(CaseState::Closed));
    assert_eq!(closed.status.closed_at, Some(at("2026-11-24T00:00:00Z")));
    assert_eq!(closed.next_wake, None);
}

#[test]
fn a_breach_escalates_and_an_answer_afterwards_does_not_undo_it() {
    let mut world = World::new(aspen(), json!({"title": "down", "severity": "Sev1"}), "2026-11-20T17:00:00Z");
    world.decide("2026-11-20T17:00:01Z");
    let breached = world.decide("2026-11-20T18:00:01Z");
    let response = breached.status.sla.as_ref().unwrap().initial_response.clone().unwrap();
    assert_eq!(response.breached_at, Some(at("2026-11-20T18:00:01Z")));
    assert_eq!(condition(&breached.status, "Escalated"), "True");
    let reasons: Vec<&str> = breached.events.iter().map(|event| event.reason.as_str()).collect();
    assert_eq!(reasons, ["InitialResponseBreached", "Escalated"]);
    world.act("a", "2026-11-20T19:00:00Z", json!({"type": "ContactAttempted"}));
    let answered = world.decide("2026-11-20T19:00:00Z");
    assert_eq!(condition(&answered.status, "ResponseTargetMet"), "False");
    assert_eq!(answered.status.responded_at, Some(at("2026-11-20T19:00:00Z")));
}

#[test]
fn ruling_22_a_missing_contract_is_waited_for_while_the_clock_runs() {
    let mut world = World::new(aspen(), json!({"title": "x", "severity": "Sev1"}), "2026-11-20T17:00:00Z");
    let contract = Arc::unwrap_or_clone(world.contracts.pop().unwrap());
    let waiting = world.decide("2026-11-20T17:00:00Z");
    assert_eq!(waiting.status.state, Some(CaseState::Pending));
    assert_eq!((condition(&waiting.status, "Ready"), condition(&waiting.status, "Reconciling")), ("Unknown", "True"));
    assert_eq!(reason(&waiting.status, "Ready"), "ContractNotFound");
    world.contracts.push(Arc::new(contract));
    let accepted = world.decide("2026-11-20T17:20:00Z");
    let response = accepted.status.sla.unwrap().initial_response.unwrap();
    assert_eq!(response.started_at, Some(at("2026-11-20T17:00:00Z")));
    assert_eq!(response.due_at, Some(at("2026-11-20T18:00:00Z")));
}

#[test]
fn ruling_24_the_default_contract_is_bound_and_a_later_contract_ref_does_not_count() {
    let mut world = World::new(aspen(), json!({"title": "x"}), "2026-11-20T17:00:00Z");
    world.decide("2026-11-20T17:00:00Z");
    world.case.spec.contract_ref = Some(crate::api::LocalObjectRef { name: "other".to_owned() });
    let status = world.decide("2026-11-20T17:01:00Z").status;
    assert_eq!(status.state, Some(CaseState::AwaitingResponse));
    assert_eq!(reason(&status, "Entitled"), "ContractChangeIgnored");
}

#[test]
fn ruling_27_of_two_defaults_the_oldest_counts_and_a_selector_that_excludes_rejects() {
    let mut world = World::new(aspen(), json!({"title": "x"}), "2026-11-20T17:00:00Z");
    let mut younger = SupportContract::clone(&world.contracts[0]);
    younger.metadata.name = Some("aaa".to_owned());
    younger.metadata.uid = Some("c-2".to_owned());
    younger.metadata.creation_timestamp = Some(super::time::to_kube(at("2026-02-01T00:00:00Z")));
    world.contracts.insert(0, Arc::new(younger));
    let status = world.decide("2026-11-20T17:00:00Z").status;
    assert_eq!(status.entitlement.unwrap().contract.unwrap().name, "acme");
    let selector = json!({"plan": "AspenMeshStandard", "default": true, "namespaceSelector": {"matchLabels": {"mesh": "yes"}},
        "term": {"startsAt": "2026-01-01T00:00:00Z"}});
    let mut world = World::new(selector, json!({"title": "x"}), "2026-11-20T17:00:00Z");
    let status = world.decide("2026-11-20T17:00:00Z").status;
    assert_eq!(status.state, Some(CaseState::Rejected));
    assert_eq!((condition(&status, "Ready"), condition(&status, "Stalled")), ("False", "True"));
    assert_eq!(reason(&status, "Ready"), "NamespaceNotAllowed");
}

#[test]
fn a_contract_with_an_unknown_zone_says_so_and_accepted_cases_keep_their_promises() {
    let mut world = World::new(aspen(), json!({"title": "x", "severity": "Sev1"}), "2026-11-20T17:00:00Z");
    let before = world.decide("2026-11-20T17:00:00Z").status;
    world.edit_contract(|contract| {
        let plan = json!({"displayName": "Mars", "vendor": "Mars", "timeZone": "Mars/Olympus",
            "businessHours": [{"days": ["Monday"], "opens": "09:00", "closes": "17:00"}]});
        contract.spec.plan = crate::api::PlanName::Custom;
        contract.spec.custom_plan = Some(serde_json::from_value(plan).unwrap());
    });
    let after = world.decide("2026-11-20T17:10:00Z").status;
    assert_eq!((after.state, &after.sla), (before.state, &before.sla));
    let contract = world.decide_contract(&[], "2026-11-20T17:10:00Z").status;
    let ready = contract.conditions.iter().find(|condition| condition.type_ == "Ready").unwrap();
    assert_eq!((ready.status.as_str(), ready.reason.as_str()), ("False", "InvalidCalendar"));
    assert!(ready.message.starts_with("spec.customPlan.timeZone: \"Mars/Olympus\""), "{}", ready.message);
    world.case.status = None;
    let new = world.decide("2026-11-20T17:10:00Z").status;
    assert_eq!((new.state, reason(&new, "Ready")), (Some(CaseState::Pending), "ContractInvalid"));
}

#[test]
fn a_redaction_rule_that_cannot_be_used_is_told_with_its_offset_and_stops_no_clock() {
    let mut spec = aspen();
    spec["evidence"] = json!({"redactionRules": [{"name": "rules", "key": "a"}]});
    let world = World::new(spec, json!({"title": "down"}), "2026-11-20T17:00:00Z");
    let decide = |rules: &str, before: Option<SupportContractStatus>| {
        let mut contract = SupportContract::clone(&world.contracts[0]);
        contract.status = before;
        let inputs = ContractInputs {
            contract: &contract,
            contracts: &world.contracts,
            cases: &Caseload::default(),
            feeds: &[(("rules".to_owned(), "a".to_owned()), Ok(rules.to_owned()))].into_iter().collect(),
            node_count: None,
            meshes: &[],
        };
        decide_contract(&inputs, at("2026-11-20T17:00:01Z"))
    };
    let find = |status: &SupportContractStatus, type_: &str| {
        let found = status.conditions.iter().find(|condition| condition.type_ == type_).unwrap();
        (found.status.clone(), found.reason.clone(), found.message.clone())
    };
    let bad = decide("[{id: badge, expression: 'badge ('}]", None);
    let (status, reason, message) = find(&bad.status, "RedactionRulesValid");
    assert_eq!((status.as_str(), reason.as_str()), ("False", "InvalidRedactor"));
    assert!(message.contains("\"badge\": unclosed group at offset 6"), "{message}");
    assert_eq!(find(&bad.status, "Ready").0, "True");
    assert!(bad.events.iter().any(|event| event.reason == "InvalidRedactor"), "{:?}", bad.events);
    let still_bad = decide("[{id: badge, expression: 'badge ('}]", Some(bad.status));
    assert_eq!(still_bad.events, []);
    let mended = decide("[{id: badge, expression: 'badge'}]", Some(still_bad.status));
    assert_eq!(find(&mended.status, "RedactionRulesValid").0, "True");
}

#[test]
fn ruling_28_a_lapse_puts_on_hold_and_a_renewal_resumes() {
    let mut world = World::new(aspen(), json!({"title": "x", "severity": "Sev1"}), "2026-12-31T23:30:00Z");
    let open = world.decide("2026-12-31T23:30:00Z");
    assert_eq!(open.next_wake, Some(at("2027-01-01T00:00:00Z")));
    let held = world.decide("2027-01-04T20:00:00Z").status;
    assert_eq!(held.state, Some(CaseState::OnHold));
    assert_eq!((condition(&held, "Ready"), condition(&held, "Stalled")), ("False", "True"));
    let response = held.sla.unwrap().initial_response.unwrap();
    assert_eq!((response.due_at, response.remaining_seconds), (None, Some(1_800)));
    world.edit_contract(|contract| contract.spec.term.ends_at = Some(at("2028-01-01T00:00:00Z")));
    let resumed = world.decide("2027-01-04T20:00:00Z").status;
    assert_eq!(resumed.state, Some(CaseState::AwaitingResponse));
    assert_eq!(resumed.sla.unwrap().initial_response.unwrap().due_at, Some(at("2027-01-04T20:30:00Z")));
}

#[test]
fn ruling_26_eleven_cases_at_once_give_exactly_ten_accepted() {
    let contract = json!({"plan": "MesosphereStandard", "default": true, "term": {"startsAt": "2026-01-01T00:00:00Z"}});
    let mut world = World::new(contract, json!({"title": "x", "severity": "Sev1"}), "2026-11-20T17:00:00Z");
    let mut cases: Vec<SupportCase> = (0..11)
        .map(|index| {
            let mut case = world.case.clone();
            case.metadata.name = Some(format!("case-{index:02}"));
            case.metadata.uid = Some(format!("u-{index}"));
            case
        })
        .collect();
    for _ in 0..3 {
        for case in cases.iter_mut().rev() {
            world.case = case.clone();
            world.decide("2026-11-20T17:00:01Z");
            *case = world.case.clone();
        }
        let shared: Vec<_> = cases.iter().cloned().map(Arc::new).collect();
        let status = world.decide_contract(&shared, "2026-11-20T17:00:01Z").status;
        world.edit_contract(|contract| contract.status = Some(status));
    }
    let states: Vec<_> = cases.iter().map(|case| case.status.as_ref().unwrap().state.unwrap()).collect();
    let accepted = states.iter().filter(|state| **state == CaseState::AwaitingResponse).count();
    assert_eq!((accepted, states[10]), (10, CaseState::Rejected), "{states:?}");
    let ledger = &world.contracts[0].status.as_ref().unwrap().incidents[0];
    assert_eq!((ledger.used, ledger.remaining, ledger.counted.len()), (10, 0, 10));
    assert_eq!(ledger.resets_at, at("2026-12-31T00:00:00Z") + chrono::TimeDelta::days(1));
}

#[test]
fn an_activity_says_whether_it_counts() {
    let mut world = World::new(aspen(), json!({"title": "x"}), "2026-11-20T17:00:00Z");
    world.act("a", "2026-11-20T17:01:00Z", json!({"type": "ContactAttempted"}));
    let reason = |world: &World, case: Option<&SupportCase>| {
        let status = decide_activity(&world.activities[0], case, at("2026-11-20T17:02:00Z"));
        status.conditions[0].reason.clone()
    };
    assert_eq!(reason(&world, None), "CaseNotFound");
    assert_eq!(reason(&world, Some(&world.case)), "Recorded");
    world.case.spec.resolved = true;
    world.decide("2026-11-20T17:00:30Z");
    assert_eq!(reason(&world, Some(&world.case)), "CaseClosed");
}

#[test]
fn ruling_11_no_time_that_a_user_writes_moves_a_clock() {
    let spec = json!({"title": "x", "severity": "Sev1", "noticedAt": "2026-11-20T10:00:00Z"});
    let mut world = World::new(aspen(), spec, "2026-11-20T17:00:00Z");
    world.act("a", "2026-11-20T17:30:00Z", json!({"type": "ContactAttempted", "occurredAt": "2026-11-20T17:01:00Z"}));
    let status = world.decide("2026-11-20T17:40:00Z").status;
    let response = status.sla.unwrap().initial_response.unwrap();
    assert_eq!(
        (response.started_at, response.due_at),
        (Some(at("2026-11-20T17:00:00Z")), Some(at("2026-11-20T18:00:00Z")))
    );
    assert_eq!(response.met_at, Some(at("2026-11-20T17:30:00Z")));
}

#[test]
fn ruling_12_only_the_vendors_role_responds() {
    let mut world = World::new(aspen(), json!({"title": "x", "severity": "Sev1"}), "2026-11-20T17:00:00Z");
    world.act("a", "2026-11-20T17:10:00Z", json!({"type": "ContactAttempted"}));
    // Admission refuses it; an object from before the rule would be passed over all the same.
    Arc::make_mut(&mut world.activities[0]).spec.actor.role = crate::api::ActorRole::Contact;
    assert_eq!(world.decide("2026-11-20T17:20:00Z").status.responded_at, None);
}

#[test]
fn ruling_32_an_activity_that_another_case_of_the_name_owned_does_not_count() {
    let mut world = World::new(aspen(), json!({"title": "x", "severity": "Sev1"}), "2026-11-20T17:00:00Z");
    world.act("a", "2026-11-20T17:10:00Z", json!({"type": "ContactAttempted"}));
    let owned_by = |uid: &str| {
        serde_json::from_value(
            json!([{"apiVersion": "meshcase.io/v1alpha1", "kind": "SupportCase", "name": "broken", "uid": uid}]),
        )
        .unwrap()
    };
    for (uid, responded) in [("u-0", None), ("u-1", Some(at("2026-11-20T17:10:00Z")))] {
        Arc::make_mut(&mut world.activities[0]).metadata.owner_references = owned_by(uid);
        world.case.status = None;
        assert_eq!(world.decide("2026-11-20T17:20:00Z").status.responded_at, responded, "{uid}");
    }
    let now = at("2026-11-20T17:20:00Z");
    Arc::make_mut(&mut world.activities[0]).metadata.owner_references = owned_by("u-0");
    assert_eq!(decide_activity(&world.activities[0], Some(&world.case), now).conditions[0].reason, "OtherCase");
}

#[test]
fn a_status_that_was_written_and_read_again_decides_the_same() {
    // Every member of a promise, of the history and of the escalation goes through the status between two decisions.
    let mut world = World::new(aspen(), json!({"title": "x", "severity": "Sev1"}), "2026-11-20T17:00:00Z");
    for (name, created, spec) in [
        ("a", "2026-11-20T17:30:00Z", json!({"type": "InformationRequested"})),
        ("b", "2026-11-20T19:00:00Z", json!({"type": "CustomerReplied"})),
        (
            "c",
            "2026-11-20T20:00:00Z",
            json!({"type": "BugRecorded", "bug": {"id": "B-1", "url": "https://bugs.example/B-1"}}),
        ),
    ] {
        world.act(name, created, spec);
        world.decide(created);
        world.case.spec.escalation =
            Some(crate::api::EscalationRequest { level: crate::api::ManagerLevel::SupportManager, reason: None });
    }
    let before = world.decide("2026-11-23T17:00:00Z").status;
    let text = serde_json::to_string(&before).unwrap();
    world.case.status = Some(serde_json::from_str(&text).unwrap());
    assert_eq!(world.decide("2026-11-23T17:00:00Z").status, before);
    assert_eq!(before.state, Some(CaseState::AwaitingDecision));
}
