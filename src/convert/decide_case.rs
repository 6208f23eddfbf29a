//! Decides on a case: reads what the decision stands on, lets the rules decide, and renders what follows as a status,
//! conditions and events. Not for: rules.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use kube::ResourceExt;

use super::case_conditions::conditions;
use super::case_events::events;
use super::case_status::{remembered, render, render_promise};
use super::condition::merge;
use super::{CaseInputs, Outcome, read_case, read_contract};
use crate::api::{PromiseStatus, SupportCaseStatus};
use crate::domain::entitlement::Agreement;
use crate::domain::explain::explain;
use crate::domain::sla::PromiseKind;
use crate::domain::time::{Calendar, Span};
use crate::domain::{Inputs, decide};

/// The status of a case at `now`, UTC, in whole seconds, or at its newest creation that was read, if that is later (ruling 39).
/// What the evidence side wrote (`cluster`, `meshes`, `findings`, `evidence`) stays as found.
pub fn decide_case(inputs: &CaseInputs<'_>, now: DateTime<Utc>) -> Outcome<SupportCaseStatus> {
    let acts = read_case::activities(inputs.case, inputs.activities);
    decide_case_at(inputs, acts.iter().map(|act| act.at).fold(now, DateTime::max))
}

/// The status of a case at `now`, whatever was created later.
pub(super) fn decide_case_at(inputs: &CaseInputs<'_>, now: DateTime<Utc>) -> Outcome<SupportCaseStatus> {
    let now = DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now);
    let none = SupportCaseStatus::default();
    let before = inputs.case.status.as_ref().unwrap_or(&none);
    let decision = with_rules(inputs, before, |inputs| decide(inputs, now));
    let mut status = render(&decision, before, inputs.case.metadata.generation);
    let conditions = conditions(&decision, status.evidence.as_ref());
    status.conditions = merge(&before.conditions, conditions, inputs.case.metadata.generation, now);
    let events = events(before, &status);
    Outcome { status, events, next_wake: decision.next_wake }
}

/// What stands behind the promises of a case.
#[derive(Debug, Clone)]
pub struct Explanation {
    pub plan: String,
    pub calendar: Calendar,
    pub status: SupportCaseStatus,
    pub promises: Vec<ExplainedPromise>,
}

/// One promise of a case with its ledger; see [`crate::domain::explain`].
#[derive(Debug, Clone)]
pub struct ExplainedPromise {
    pub kind: PromiseKind,
    pub promise: PromiseStatus,
    /// From when on the target counts, where something does.
    pub counts_from: Option<DateTime<Utc>>,
    pub target_seconds: Option<i64>,
    pub ledger: Vec<Span>,
}

/// Why the promises of a case stand as they do at `now`, UTC, by the same decision that the operator takes.
///
/// # Errors
/// In words, where there is no contract that could be asked.
pub fn explain_case(inputs: &CaseInputs<'_>, now: DateTime<Utc>) -> Result<Explanation, String> {
    let now = DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now);
    let before = inputs.case.status.clone().unwrap_or_default();
    with_rules(inputs, &before, |rules| {
        let contract = match rules.agreement {
            Agreement::Valid { contract, .. } => contract,
            Agreement::Missing => {
                return Err("there is no contract for the case, so that nothing is promised".to_owned());
            }
            Agreement::Invalid(why) => return Err(format!("its contract cannot be used: {why}")),
        };
        let decision = decide(rules, now);
        let kinds = [PromiseKind::InitialResponse, PromiseKind::NextUpdate, PromiseKind::Resolution];
        let promises = kinds.into_iter().filter_map(|kind| {
            let explained = explain(&decision, contract, kind, now)?;
            let counts_from = explained.promise.counts_from.or(explained.promise.started_at);
            Some(ExplainedPromise {
                kind,
                promise: render_promise(&explained.promise),
                counts_from: counts_from.filter(|_| explained.target_seconds.is_some()),
                target_seconds: explained.target_seconds,
                ledger: explained.ledger,
            })
        });
        Ok(Explanation {
            plan: contract.plan_name.clone(),
            calendar: contract.calendar.clone(),
            promises: promises.collect(),
            status: render(&decision, &before, inputs.case.metadata.generation),
        })
    })
}

/// Reads all that a decision stands on, and asks.
fn with_rules<T>(inputs: &CaseInputs<'_>, before: &SupportCaseStatus, ask: impl FnOnce(&Inputs<'_>) -> T) -> T {
    let case = read_case::case(inputs.case);
    let activities = read_case::activities(inputs.case, inputs.activities);
    let remembered = remembered(before);
    let found = read_contract::contract_of(inputs.case, inputs.contracts);
    let facts = read_case::facts(inputs.case, found.map(Arc::as_ref));
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
    ask(&Inputs { case: &case, agreement, facts: &facts, activities: &activities, remembered: &remembered })
}
