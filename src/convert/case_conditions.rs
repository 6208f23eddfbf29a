//! The conditions of a case (lifecycle of kstatus included). They observe a decision, they decide nothing.
//! Not for: their transition times (`condition.rs`).

use super::condition::Condition;
use crate::api::condition as types;
use crate::api::{EvidenceState, EvidenceStatus};
use crate::domain::Decision;
use crate::domain::case::HistoryKind;
use crate::domain::entitlement::Entitled;
use crate::domain::lifecycle::{CloseReason, State};
use crate::domain::plan::Level;
use crate::domain::reason;
use crate::domain::sla::PromiseResult;

/// All conditions of a decision. `Pending`: Ready=Unknown, Reconciling=True. Accepted and open, or closed: Ready=True.
/// Rejected and on hold: Ready=False, Stalled=True.
pub(super) fn conditions(decision: &Decision, evidence: Option<&EvidenceStatus>) -> Vec<Condition> {
    let ready = ready(decision);
    let mut conditions = Vec::with_capacity(8);
    match ready.status {
        "Unknown" => conditions.push(Condition { type_: types::RECONCILING, status: "True", ..ready.clone() }),
        "False" => conditions.push(Condition { type_: types::STALLED, status: "True", ..ready.clone() }),
        _ => {}
    }
    let always = [
        ready,
        entitled(decision),
        response_target_met(decision),
        escalated(decision),
        evidence_collected(evidence),
        resolved(decision),
    ];
    conditions.splice(..0, always);
    conditions
}

fn condition(type_: &'static str, status: &'static str, reason: &str, message: impl Into<String>) -> Condition {
    Condition { type_, status, reason: reason.to_owned(), message: message.into() }
}

/// The reason and message of the first check that failed, or that is still open.
fn first_open(decision: &Decision) -> (String, String) {
    let open = decision.entitlement.first_open();
    open.map_or_else(
        || (reason::UNKNOWN.to_owned(), String::new()),
        |check| (check.reason.clone(), check.message.clone()),
    )
}

fn ready(decision: &Decision) -> Condition {
    let (why, message) = first_open(decision);
    match decision.state {
        State::Pending => condition(types::READY, "Unknown", &why, message),
        State::Rejected => condition(types::READY, "False", &why, message),
        State::OnHold => {
            let hold = decision.history.iter().rev().find(|entry| entry.kind == HistoryKind::OnHold);
            let why = hold.and_then(|entry| entry.to.as_deref()).unwrap_or(reason::CONTRACT_LAPSED);
            condition(types::READY, "False", why, "no clock runs until the contract is renewed")
        }
        State::Closed => {
            let why = decision.closed.map_or("Closed", |(_, reason)| reason.as_str());
            condition(types::READY, "True", why, "the case is closed")
        }
        _ => {
            let mut accepted = accepted(types::READY, decision);
            if decision.contract_change_ignored {
                accepted.message = format!("{}: {}", reason::CONTRACT_CHANGE_IGNORED, change_ignored(decision));
            }
            accepted
        }
    }
}

fn change_ignored(decision: &Decision) -> String {
    let bound = decision.entitlement.bound.as_ref().map_or("", |bound| bound.name.as_str());
    format!("the case stays bound to contract {bound}; the edit of spec.contractRef does not count")
}

fn accepted(type_: &'static str, decision: &Decision) -> Condition {
    match decision.entitlement.decision {
        Entitled::AcceptedLimited => {
            let (why, message) = first_open(decision);
            condition(
                type_,
                "True",
                reason::ACCEPTED_LIMITED,
                format!("known workarounds and fixes only ({why}): {message}"),
            )
        }
        _ => condition(type_, "True", reason::ACCEPTED, "the contract covers the case and it is being handled"),
    }
}

fn entitled(decision: &Decision) -> Condition {
    let (why, message) = first_open(decision);
    match decision.entitlement.decision {
        Entitled::Pending => condition(types::ENTITLED, "Unknown", &why, message),
        Entitled::Rejected => condition(types::ENTITLED, "False", &why, message),
        _ if decision.contract_change_ignored => {
            condition(types::ENTITLED, "True", reason::CONTRACT_CHANGE_IGNORED, change_ignored(decision))
        }
        _ => accepted(types::ENTITLED, decision),
    }
}

fn response_target_met(decision: &Decision) -> Condition {
    let result = decision.promises.initial_response.as_ref().map(|promise| promise.result);
    let (status, why, message) = match result {
        Some(PromiseResult::Met) => ("True", "Met", "the vendor answered in time"),
        Some(PromiseResult::Breached) => ("False", "Breached", "the vendor did not answer in time"),
        Some(PromiseResult::NotCommitted) => ("Unknown", "NotCommitted", "nothing is promised for this severity"),
        Some(PromiseResult::Withdrawn) => ("Unknown", "Withdrawn", "the case was closed before any answer"),
        Some(PromiseResult::Paused) => ("Unknown", "Paused", "the clock is paused"),
        Some(PromiseResult::AtRisk) => ("Unknown", "AtRisk", "three quarters of the target are used up"),
        Some(PromiseResult::Pending) => ("Unknown", "Pending", "the clock runs"),
        None => ("Unknown", reason::UNKNOWN, "no contract says yet what is promised"),
    };
    condition(types::RESPONSE_TARGET_MET, status, why, message)
}

fn escalated(decision: &Decision) -> Condition {
    let escalation = &decision.escalation;
    if escalation.level == Level::None {
        return condition(types::ESCALATED, "False", "NotEscalated", "nobody above the support engineer has the case");
    }
    let cause = escalation.cause.as_deref().unwrap_or(reason::CUSTOMER_REQUEST);
    condition(types::ESCALATED, "True", cause, format!("with the {}", escalation.level.as_str()))
}

fn evidence_collected(evidence: Option<&EvidenceStatus>) -> Condition {
    let state = evidence.map(|evidence| evidence.state).unwrap_or_default();
    let (status, why, message) = match state {
        EvidenceState::Complete => ("True", "Complete", "the bundle is stored"),
        EvidenceState::Partial => {
            ("True", "Partial", "the bundle is stored; status.evidence.missing says what is not in it")
        }
        EvidenceState::Failed => ("False", "Failed", "no bundle could be made"),
        EvidenceState::Skipped => ("False", "Skipped", "nothing is to be gathered"),
        EvidenceState::Expired => ("False", "Expired", "the bundle's retention is over"),
        EvidenceState::AwaitingApproval => ("Unknown", "AwaitingApproval", "waits for spec.evidence.approved"),
        EvidenceState::Collecting => ("Unknown", "Collecting", "the bundle is being made"),
        EvidenceState::Pending => ("Unknown", "Pending", "not begun"),
    };
    let said = evidence.and_then(|evidence| evidence.message.clone());
    condition(types::EVIDENCE_COLLECTED, status, why, said.unwrap_or_else(|| message.to_owned()))
}

fn resolved(decision: &Decision) -> Condition {
    match (decision.state, decision.closed) {
        (_, Some((_, reason))) => condition(types::RESOLVED, "True", reason.as_str(), closed_because(reason)),
        (State::Resolved, None) => condition(
            types::RESOLVED,
            "True",
            "ResolutionProposed",
            "waits for the customer to set spec.resolved, or to reply",
        ),
        _ => condition(types::RESOLVED, "False", "Open", "the case is open"),
    }
}

fn closed_because(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Satisfied => "the customer is satisfied",
        CloseReason::ProductDefect => "the defect has an id and a decision",
        CloseReason::Enhancement => "the enhancement request is decided",
        CloseReason::NoResponse => "the customer did not answer",
    }
}
