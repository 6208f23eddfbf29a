//! Tests of decisions while the operator's clock cannot be believed. Not for: when that is (`domain/clock.rs`).

use super::*;
use crate::api::PromiseResult;
use crate::convert::{decide_case_at_rest, decide_contract_at_rest};

/// Friday 15:30 in Denver.
const OPENED: &str = "2026-11-20T22:30:00Z";

impl World {
    fn rest(&mut self) -> SupportCaseStatus {
        let labels = BTreeMap::new();
        let inputs = CaseInputs {
            case: &self.case,
            namespace_labels: &labels,
            contracts: &self.contracts,
            feeds: &self.feeds,
            activities: &self.activities,
        };
        let outcome = decide_case_at_rest(&inputs);
        self.case.status = Some(outcome.status.clone());
        outcome.status
    }
}

fn severe() -> World {
    World::new(aspen(), json!({"title": "down", "severity": "Sev1"}), OPENED)
}

#[test]
fn ruling_39_a_new_case_is_accepted_under_a_wrong_clock_and_nothing_is_settled_however_late_it_is() {
    let mut world = severe();
    let status = world.rest();
    assert_eq!(status.state, Some(CaseState::AwaitingResponse));
    assert_eq!(reason(&status, "Reconciling"), "ClockSkewed");
    let response = status.sla.as_ref().unwrap().initial_response.clone().unwrap();
    assert_eq!((response.due_at, response.result), (Some(at("2026-11-20T23:30:00Z")), PromiseResult::Pending));
    // Deciding again changes nothing, whatever the clock shows.
    assert_eq!(world.rest(), status);
    let caught_up = world.decide("2026-11-24T00:00:00Z").status;
    let response = caught_up.sla.as_ref().unwrap().initial_response.clone().unwrap();
    assert_eq!(response.breached_at, Some(at("2026-11-20T23:30:01Z")));
    assert_eq!(condition(&caught_up, "Reconciling"), "absent");
}

#[test]
fn ruling_39_an_answer_under_a_wrong_clock_counts_by_its_own_time_once_the_clocks_agree() {
    let mut world = severe();
    world.decide("2026-11-20T23:10:00Z");
    world.act("answer", "2026-11-20T23:20:00Z", json!({"type": "ContactAttempted"}));
    let status = world.rest();
    assert_eq!((status.responded_at, reason(&status, "Reconciling")), (None, "ClockSkewed"));
    let status = world.decide("2026-11-24T00:00:00Z").status;
    assert_eq!(status.responded_at, Some(at("2026-11-20T23:20:00Z")));
    assert_eq!(status.sla.unwrap().initial_response.unwrap().result, PromiseResult::Met);
}

#[test]
fn ruling_39_a_decision_is_never_before_the_newest_creation_that_was_read() {
    let mut world = severe();
    world.decide("2026-11-20T23:10:00Z");
    world.act("answer", "2026-11-20T23:20:40Z", json!({"type": "ContactAttempted"}));
    // The operator's clock is behind the API server's by less than a minute.
    let status = world.decide("2026-11-20T23:20:10Z").status;
    assert_eq!(status.responded_at, Some(at("2026-11-20T23:20:40Z")));
}

#[test]
fn ruling_39_a_contract_does_not_lapse_under_a_wrong_clock() {
    let mut world = severe();
    let rest = |world: &World, now: &str| {
        let inputs = ContractInputs {
            contract: &world.contracts[0],
            contracts: &world.contracts,
            cases: &Caseload::default(),
            feeds: &world.feeds,
            node_count: None,
            meshes: &[],
        };
        decide_contract_at_rest(&inputs, at(now)).status
    };
    let active = world.decide_contract(&[], OPENED).status;
    world.edit_contract(|contract| contract.status = Some(active.clone()));
    for wrong in ["2030-01-01T00:00:00Z", "2020-01-01T00:00:00Z", OPENED] {
        let status = rest(&world, wrong);
        assert_eq!(status.state, active.state, "{wrong}");
        let skewed = status.conditions.iter().find(|condition| condition.type_ == "Reconciling").unwrap();
        assert_eq!(skewed.reason, "ClockSkewed");
    }
    let lapsed = world.decide_contract(&[], "2030-01-01T00:00:00Z").status;
    world.edit_contract(|contract| contract.status = Some(lapsed.clone()));
    assert_eq!(rest(&world, OPENED).state, lapsed.state);
}
