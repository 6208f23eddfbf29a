//! What can be decided while the operator's clock cannot be believed (ruling 39): nothing that comes by the clock, hence only what
//! was not decided before. Each case and contract says so. Not for: whether it can be believed.

use chrono::{DateTime, TimeDelta, Utc};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition as ApiCondition;
use kube::Resource;

use super::condition::{Condition, merge};
use super::decide_case::decide_case_at;
use super::decide_contract::decide_contract;
use super::time::from_kube;
use super::{CaseInputs, ContractInputs, Outcome};
use crate::api::condition::RECONCILING;
use crate::api::{CaseState, SupportCaseStatus, SupportContractStatus};
use crate::domain::reason;

/// The status of a case as long as no clock can be believed. One that waits to be accepted is decided as of the newest instant
/// that is known of it, so that new cases get through; any other stays as it is. What happens meanwhile counts afterwards, by
/// its own time.
pub fn decide_case_at_rest(inputs: &CaseInputs<'_>) -> Outcome<SupportCaseStatus> {
    let before = inputs.case.status.clone().unwrap_or_default();
    let at = newest(&before, created(inputs.case));
    let mut outcome = match before.state {
        None | Some(CaseState::Pending) => decide_case_at(inputs, at),
        Some(_) => Outcome { status: before, events: Vec::new(), next_wake: None },
    };
    if outcome.status.state != Some(CaseState::Closed) {
        say_skewed(&mut outcome.status.conditions, inputs.case.metadata.generation, at);
    }
    outcome
}

/// The status of a contract as long as no clock can be believed: `now`, UTC, counts within the state that the contract was seen
/// in last.
pub fn decide_contract_at_rest(inputs: &ContractInputs<'_>, now: DateTime<Utc>) -> Outcome<SupportContractStatus> {
    let created = created(inputs.contract);
    let at = inputs.contract.status.as_ref().map_or(created, |before| within(before, created, now));
    let mut outcome = decide_contract(inputs, at);
    say_skewed(&mut outcome.status.conditions, inputs.contract.metadata.generation, at);
    outcome
}

/// `now`, moved to where neither the contract's state nor the year of its ledgers has changed since `before` was written.
fn within(before: &SupportContractStatus, created: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    let resets = before.incidents.iter().map(|ledger| ledger.resets_at);
    let changes = resets.chain(before.next_transition_at).min();
    let active = before.conditions.iter().find(|condition| condition.type_ == "Active");
    let since = active.map_or(created, |active| from_kube(&active.last_transition_time));
    changes.map_or(now, |at| now.min(at - TimeDelta::seconds(1))).max(since)
}

/// The newest instant that stands in the memory of a case.
fn newest(status: &SupportCaseStatus, created: DateTime<Utc>) -> DateTime<Utc> {
    let lines = status.timeline.iter().flat_map(|line| [Some(line.at), line.noticed_at]).flatten();
    lines.chain(status.history.iter().map(|entry| entry.at)).fold(created, DateTime::max)
}

fn created(object: &impl Resource) -> DateTime<Utc> {
    object.meta().creation_timestamp.as_ref().map(from_kube).unwrap_or_default()
}

fn say_skewed(conditions: &mut Vec<ApiCondition>, generation: Option<i64>, at: DateTime<Utc>) {
    let skewed = Condition {
        type_: RECONCILING,
        status: "True",
        reason: reason::CLOCK_SKEWED.to_owned(),
        message:
            "the operator's clock and the API server's differ by a minute or more: nothing that comes by the clock is \
            settled until they agree"
                .to_owned(),
    };
    let merged = merge(conditions, vec![skewed], generation, at);
    conditions.retain(|condition| condition.type_ != RECONCILING);
    conditions.extend(merged);
}
