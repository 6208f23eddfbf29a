//! Decides on a case: reads what the decision stands on, lets the rules decide, and renders what follows as a status,
//! conditions and events. Not for: rules.

use chrono::{DateTime, Utc};
use kube::ResourceExt;

use super::case_conditions::conditions;
use super::case_events::events;
use super::case_status::{remembered, render};
use super::condition::merge;
use super::{CaseInputs, Outcome, read_case, read_contract};
use crate::api::SupportCaseStatus;
use crate::domain::entitlement::Agreement;
use crate::domain::{Decision, Inputs, decide};

/// No status grows beyond this; the timeline gives way first.
const STATUS_LIMIT: usize = 32 * 1024;
/// Below this many entries of history and timeline together nothing needs to be measured.
const CERTAINLY_SMALL: usize = 60;

/// The status of a case at `now`, UTC, in whole seconds. What the evidence side wrote (`cluster`, `meshes`, `evidence`)
/// stays as found.
pub fn decide_case(inputs: &CaseInputs<'_>, now: DateTime<Utc>) -> Outcome<SupportCaseStatus> {
    let now = DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now);
    let before = inputs.case.status.clone().unwrap_or_default();
    let decision = domain_decision(inputs, &before, now);
    let mut status = render(&decision, &before, inputs.case.metadata.generation);
    let conditions = conditions(&decision, status.evidence.as_ref());
    status.conditions = merge(&before.conditions, conditions, inputs.case.metadata.generation, now);
    bound(&mut status);
    let events = events(&before, &status);
    Outcome { status, events, next_wake: decision.next_wake }
}

fn domain_decision(inputs: &CaseInputs<'_>, before: &SupportCaseStatus, now: DateTime<Utc>) -> Decision {
    let case = read_case::case(inputs.case);
    let activities = read_case::activities(inputs.case, inputs.activities);
    let facts = read_case::facts(inputs.case);
    let remembered = remembered(before);
    let found = read_contract::contract_of(inputs.case, inputs.contracts);
    let read = found.map(|contract| (contract, read_contract::contract(contract, inputs.feeds)));
    let why: String;
    let agreement = match &read {
        None => Agreement::Missing,
        Some((contract, Err(faults))) => {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            why = format!("{}: {}", contract.name_any(), faults.join("; "));
            Agreement::Invalid(&why)
        }
        Some((found, Ok(contract))) => {
            let selector = found.spec.namespace_selector.as_ref();
            let namespace_allowed =
                selector.is_none_or(|selector| read_contract::selects(selector, inputs.namespace_labels));
            Agreement::Valid { contract, namespace_allowed }
        }
    };
    let inputs = Inputs { case: &case, agreement, facts: &facts, activities: &activities, remembered: &remembered };
    decide(&inputs, now)
}

/// Drops the oldest lines of the timeline until the status is small enough; nothing is decided from them.
fn bound(status: &mut SupportCaseStatus) {
    if status.history.len() + status.timeline.len() < CERTAINLY_SMALL && status.evidence.is_none() {
        return;
    }
    while serde_json::to_vec(status).map_or(0, |bytes| bytes.len()) > STATUS_LIMIT && !status.timeline.is_empty() {
        let surplus = status.timeline.len().div_ceil(4);
        status.timeline.drain(..surplus);
    }
}
