//! The Kubernetes events of a case: one for each change of state, from the status before and after. Not for: publishing.

use super::{EventNote, EventType};
use crate::api::{
    CaseState, EntitlementDecision, EscalationLevel, PromiseResult, PromiseStatus, SlaStatus, SupportCaseStatus,
};

/// What changed from one status to the next, worth an event.
pub(super) fn events(before: &SupportCaseStatus, after: &SupportCaseStatus) -> Vec<EventNote> {
    let mut events = Vec::new();
    entitlement(before, after, &mut events);
    state(before, after, &mut events);
    severity(before, after, &mut events);
    type Of = fn(&SlaStatus) -> Option<&PromiseStatus>;
    let kinds: [(&str, Of); 3] = [
        ("InitialResponse", |sla| sla.initial_response.as_ref()),
        ("NextUpdate", |sla| sla.next_update.as_ref()),
        ("Resolution", |sla| sla.resolution.as_ref()),
    ];
    for (name, of) in kinds {
        events.extend(promise(name, before.sla.as_ref().and_then(of), after.sla.as_ref().and_then(of)));
    }
    escalation(before, after, &mut events);
    events
}

fn note(type_: EventType, reason: impl Into<String>, action: &str, note: impl Into<String>) -> EventNote {
    EventNote { type_, reason: reason.into(), action: action.to_owned(), note: note.into() }
}

fn entitlement(before: &SupportCaseStatus, after: &SupportCaseStatus, events: &mut Vec<EventNote>) {
    let decision = |status: &SupportCaseStatus| status.entitlement.as_ref().map(|entitlement| entitlement.decision);
    let (was, is) = (decision(before).unwrap_or_default(), decision(after).unwrap_or_default());
    let ready = after.conditions.iter().find(|condition| condition.type_ == crate::api::condition::READY);
    let message = ready.map(|ready| format!("{}: {}", ready.reason, ready.message)).unwrap_or_default();
    match is {
        _ if was == is => {}
        EntitlementDecision::Accepted => events.push(note(EventType::Normal, "Accepted", "Entitle", message)),
        EntitlementDecision::AcceptedLimited => {
            events.push(note(EventType::Warning, "AcceptedLimited", "Entitle", message));
        }
        EntitlementDecision::Rejected => events.push(note(EventType::Warning, "Rejected", "Entitle", message)),
        EntitlementDecision::Pending => {}
    }
}

fn state(before: &SupportCaseStatus, after: &SupportCaseStatus, events: &mut Vec<EventNote>) {
    let (was, is) = (before.state.unwrap_or_default(), after.state.unwrap_or_default());
    // Accepted and Rejected are told by the entitlement.
    if was == is || matches!(is, CaseState::Rejected | CaseState::Pending | CaseState::AwaitingResponse) {
        return;
    }
    let (type_, text) = match is {
        CaseState::OnHold => (EventType::Warning, "the contract lapsed or is gone; no clock runs".to_owned()),
        _ => (EventType::Normal, format!("from {was:?} to {is:?}")),
    };
    let text = match after.close_reason {
        Some(reason) if is == CaseState::Closed => format!("closed: {reason:?}"),
        _ => text,
    };
    events.push(note(type_, format!("{is:?}"), "FollowLifecycle", text));
}

fn severity(before: &SupportCaseStatus, after: &SupportCaseStatus, events: &mut Vec<EventNote>) {
    let effective = |status: &SupportCaseStatus| status.severity.as_ref().and_then(|severity| severity.effective);
    if let (Some(was), Some(is)) = (effective(before), effective(after))
        && was != is
    {
        let text = format!("from {} to {}", was.as_str(), is.as_str());
        let action = format!("ChangeSeverityTo{}", is.as_str());
        events.push(note(EventType::Normal, "SeverityChanged", &action, text));
    }
}

fn promise(name: &str, before: Option<&PromiseStatus>, after: Option<&PromiseStatus>) -> Option<EventNote> {
    let after = after?;
    if before.map(|promise| promise.result) == Some(after.result) {
        return None;
    }
    let due = after.due_at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)).unwrap_or_default();
    match after.result {
        PromiseResult::Met => {
            Some(note(EventType::Normal, format!("{name}Met"), "KeepPromise", format!("met; it was due at {due}")))
        }
        PromiseResult::Breached => {
            Some(note(EventType::Warning, format!("{name}Breached"), "KeepPromise", format!("it was due at {due}")))
        }
        PromiseResult::AtRisk => {
            Some(note(EventType::Warning, format!("{name}AtRisk"), "KeepPromise", format!("it is due at {due}")))
        }
        _ => None,
    }
}

fn escalation(before: &SupportCaseStatus, after: &SupportCaseStatus, events: &mut Vec<EventNote>) {
    let level =
        |status: &SupportCaseStatus| status.escalation.as_ref().map(|escalation| escalation.level).unwrap_or_default();
    let (was, is) = (level(before), level(after));
    let cause = after.escalation.as_ref().and_then(|escalation| escalation.cause.clone()).unwrap_or_default();
    if is > was {
        // The level is part of the action: events that differ in their note alone are folded into one.
        events.push(note(EventType::Warning, "Escalated", &format!("EscalateTo{is:?}"), format!("to {is:?}: {cause}")));
    } else if is == EscalationLevel::None && was > is {
        events.push(note(EventType::Normal, "EscalationHandled", "Escalate", "the escalation is handled"));
    }
}
