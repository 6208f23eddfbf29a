//! The status of a case: what earlier decisions left in it, and how a decision is written into it. Not for: conditions.

use super::mirror::{to_api, to_domain};
use crate::api::{self, SupportCaseStatus};
use crate::domain::Decision;
use crate::domain::case::{HistoryEntry, Remembered};
use crate::domain::decide::{Product, SeverityView};
use crate::domain::entitlement::{Bound, Check, Entitlement};
use crate::domain::escalation::Escalation;
use crate::domain::sla::{Promise, Promises};
use crate::domain::timeline::Line;

/// What earlier decisions left behind in a status.
pub(super) fn remembered(status: &SupportCaseStatus) -> Remembered {
    let severity = status.severity.clone().unwrap_or_default();
    let sla = status.sla.clone().unwrap_or_default();
    Remembered {
        seen: status.opened_at.is_some(),
        requested: severity.requested.map(to_domain),
        effective: severity.effective.map(to_domain),
        responded: status.responded_at.is_some(),
        closed: status.state == Some(api::CaseState::Closed),
        entitlement: status.entitlement.as_ref().map(entitlement).unwrap_or_default(),
        promises: Promises {
            initial_response: sla.initial_response.as_ref().map(promise),
            next_update: sla.next_update.as_ref().map(promise),
            resolution: sla.resolution.as_ref().map(promise),
        },
        escalation: status.escalation.as_ref().map(escalation).unwrap_or_default(),
        history: status.history.iter().filter_map(history_entry).collect(),
        timeline: status.timeline.iter().map(line).collect(),
    }
}

pub(super) fn entitlement(status: &api::EntitlementStatus) -> Entitlement {
    Entitlement {
        decision: to_domain(status.decision),
        bound: status.contract.as_ref().map(|bound| Bound { name: bound.name.clone(), uid: bound.uid.clone() }),
        plan: status.plan.clone(),
        quota_granted_at: status.quota_granted_at,
        counted: status.counted_severity.map(to_domain),
        checks: status
            .checks
            .iter()
            .map(|check| Check {
                name: check.name.clone(),
                result: to_domain(check.result),
                reason: check.reason.clone(),
                message: check.message.clone().unwrap_or_default(),
            })
            .collect(),
    }
}

fn promise(status: &api::PromiseStatus) -> Promise {
    Promise {
        target: status.target.map(to_domain),
        clock: status.clock.map(to_domain),
        started_at: status.started_at,
        counts_from: None,
        warn_at: status.warn_at,
        due_at: status.due_at,
        met_at: status.met_at,
        breached_at: status.breached_at,
        cause: status.cause.clone(),
        remaining_seconds: status.remaining_seconds,
        result: to_domain(status.result),
        calendar_revision: status.calendar_revision.clone(),
        zone_data: status.time_zone_data.clone(),
        missed: status.missed.map(|missed| u32::try_from(missed).unwrap_or(0)),
    }
}

fn escalation(status: &api::EscalationStatus) -> Escalation {
    Escalation {
        level: to_domain(status.level),
        cause: status.cause.clone(),
        raised_at: status.raised_at,
        acknowledged_at: status.acknowledged_at,
        action_plan: status.action_plan.clone(),
    }
}

/// An entry of a kind that the rules do not remember is none of ours.
fn history_entry(entry: &api::HistoryEntry) -> Option<HistoryEntry> {
    let kind = super::mirror::history_kind(entry.kind)?;
    Some(HistoryEntry { at: entry.at, kind, from: entry.from.clone(), to: entry.to.clone() })
}

fn line(entry: &api::TimelineEntry) -> Line {
    Line {
        at: entry.at,
        noticed_at: entry.noticed_at,
        actor: entry.actor.clone(),
        event: entry.event.clone(),
        message: entry.message.clone(),
    }
}

/// A decision as a status, on top of the parts that others write. Conditions are left as they were.
pub(super) fn render(decision: &Decision, before: &SupportCaseStatus, generation: Option<i64>) -> SupportCaseStatus {
    let attempts = &decision.attempts;
    let defect = &decision.defect;
    SupportCaseStatus {
        observed_generation: generation,
        state: Some(to_api(decision.state)),
        close_reason: decision.closed.map(|(_, reason)| to_api(reason)),
        tracking_number: Some(decision.tracking_number.clone()),
        opened_at: Some(decision.opened_at),
        responded_at: decision.responded_at,
        closed_at: decision.closed.map(|(at, _)| at),
        severity: Some(render_severity(&decision.severity)),
        entitlement: Some(render_entitlement(&decision.entitlement)),
        cluster: before.cluster.clone(),
        meshes: before.meshes.clone(),
        // Nobody says what is supported while there is no contract: what stood there stays.
        product: match &decision.product {
            Some(product) => render_product(product),
            None => before.product.clone(),
        },
        findings: before.findings.clone(),
        sla: Some(api::SlaStatus {
            initial_response: decision.promises.initial_response.as_ref().map(render_promise),
            next_update: decision.promises.next_update.as_ref().map(render_promise),
            resolution: decision.promises.resolution.as_ref().map(render_promise),
        })
        .filter(|sla| *sla != api::SlaStatus::default()),
        escalation: Some(render_escalation(&decision.escalation)),
        contact_attempts: (attempts.consecutive > 0).then(|| api::ContactAttempts {
            consecutive: number(attempts.consecutive),
            first_at: attempts.first_at,
            last_at: attempts.last_at,
            closes_at: decision.closes_at,
        }),
        defect: defect.bug_id.is_some().then(|| api::DefectStatus {
            bug_id: defect.bug_id.clone(),
            url: defect.url.clone(),
            decision: defect.decision.map(to_api),
        }),
        enhancement: decision.enhancement.map(|decision| api::EnhancementStatus { decision: Some(to_api(decision)) }),
        evidence: before.evidence.clone(),
        history: decision.history.iter().map(render_history_entry).collect(),
        timeline: decision.timeline.iter().map(render_line).collect(),
        conditions: before.conditions.clone(),
    }
}

fn render_product(product: &Product) -> Option<api::ProductStatus> {
    let version = product.version.clone()?;
    Some(api::ProductStatus { version: Some(version), phase: to_api(product.phase) })
}

fn render_severity(severity: &SeverityView) -> api::SeverityStatus {
    api::SeverityStatus {
        requested: severity.requested.map(to_api),
        assessed: severity.assessed.map(to_api),
        effective: severity.effective.map(to_api),
        effective_since: severity.effective_since,
        suggested: severity.suggested.map(to_api),
    }
}

fn render_entitlement(entitlement: &Entitlement) -> api::EntitlementStatus {
    let bound = entitlement.bound.as_ref();
    let check = |check: &Check| api::EntitlementCheck {
        name: check.name.clone(),
        result: to_api(check.result),
        reason: check.reason.clone(),
        message: Some(check.message.clone()).filter(|text| !text.is_empty()),
    };
    api::EntitlementStatus {
        decision: to_api(entitlement.decision),
        contract: bound.map(|bound| api::BoundContract { name: bound.name.clone(), uid: bound.uid.clone() }),
        plan: entitlement.plan.clone(),
        quota_granted_at: entitlement.quota_granted_at,
        counted_severity: entitlement.counted.map(to_api),
        checks: entitlement.checks.iter().map(check).collect(),
    }
}

/// A promise as the API spells it.
pub(super) fn render_promise(promise: &Promise) -> api::PromiseStatus {
    let committed = promise.target.is_some();
    api::PromiseStatus {
        commitment: if committed { api::Commitment::Committed } else { api::Commitment::ReasonableEfforts },
        target: promise.target.map(to_api),
        clock: promise.clock.map(to_api),
        started_at: promise.started_at,
        warn_at: promise.warn_at,
        due_at: promise.due_at,
        met_at: promise.met_at,
        breached_at: promise.breached_at,
        cause: promise.cause.clone(),
        remaining_seconds: promise.remaining_seconds,
        result: to_api(promise.result),
        calendar_revision: promise.calendar_revision.clone(),
        time_zone_data: promise.zone_data.clone(),
        missed: promise.missed.map(number),
    }
}

fn render_escalation(escalation: &Escalation) -> api::EscalationStatus {
    api::EscalationStatus {
        level: to_api(escalation.level),
        cause: escalation.cause.clone(),
        raised_at: escalation.raised_at,
        acknowledged_at: escalation.acknowledged_at,
        action_plan: escalation.action_plan.clone(),
    }
}

fn render_history_entry(entry: &HistoryEntry) -> api::HistoryEntry {
    let kind = super::mirror::api_history_kind(entry.kind);
    api::HistoryEntry { at: entry.at, kind, from: entry.from.clone(), to: entry.to.clone() }
}

fn render_line(line: &Line) -> api::TimelineEntry {
    api::TimelineEntry {
        at: line.at,
        noticed_at: line.noticed_at,
        actor: line.actor.clone(),
        event: line.event.clone(),
        message: line.message.clone(),
    }
}

fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
