//! Stretches of a case's history in which it was on hold or rejected: the input seldom holds the contract as it was then, so the
//! history is believed. Not for: edits of the case, which `world.rs` works out of the same history.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

use super::world::NAMESPACE_NAME;
use crate::api::{CaseState, EntitlementDecision, HistoryEntry, HistoryKind, SupportCaseStatus, SupportContract};
use crate::domain::reason;

/// A stretch `[from, to)` in which a case was on hold or rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outage {
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
    kind: HistoryKind,
    reason: Option<String>,
}

/// The stretches that a history tells of; what lasts to its end needs no telling, for the contract of now shows it.
pub(super) fn outages(history: &[HistoryEntry]) -> Vec<Outage> {
    let ends = |began: HistoryKind, kind: HistoryKind| match began {
        HistoryKind::OnHold => kind == HistoryKind::Resumed,
        _ => matches!(kind, HistoryKind::Accepted | HistoryKind::AcceptedLimited),
    };
    let began = history.iter().enumerate();
    let began = began.filter(|(_, entry)| matches!(entry.kind, HistoryKind::OnHold | HistoryKind::Rejected));
    let outage = |(index, entry): (usize, &HistoryEntry)| {
        let end = history[index..].iter().find(|later| ends(entry.kind, later.kind))?;
        Some(Outage { from: entry.at, to: end.at, kind: entry.kind, reason: entry.to.clone() })
    };
    began.filter_map(outage).filter(|outage| outage.from < outage.to).collect()
}

impl Outage {
    pub(super) fn covers(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && at < self.to
    }

    /// Whether a decision says so by itself; then the input holds the contract of then.
    pub(super) fn shows_in(&self, status: &SupportCaseStatus) -> bool {
        let decision = status.entitlement.as_ref().map(|entitlement| entitlement.decision);
        let stands = status.state == Some(CaseState::Closed) || decision == Some(EntitlementDecision::Rejected);
        stands || self.kind == HistoryKind::OnHold && status.state == Some(CaseState::OnHold)
    }

    /// Contracts under which the case is on hold, or rejected.
    pub(super) fn contracts(&self, known: &[Arc<SupportContract>]) -> Vec<Arc<SupportContract>> {
        if self.reason.as_deref() == Some(reason::CONTRACT_DELETED) {
            return Vec::new();
        }
        let of_then = |contract: &Arc<SupportContract>| {
            let mut contract = SupportContract::clone(contract);
            match self.kind {
                HistoryKind::OnHold => contract.spec.term.ends_at = Some(self.from),
                _ => contract.spec.namespace_selector = Some(nothing()),
            }
            Arc::new(contract)
        };
        known.iter().map(of_then).collect()
    }

    /// Writes the reason of the history over the one that was found in its place.
    pub(super) fn tell(&self, status: &mut SupportCaseStatus) {
        for entry in &mut status.history {
            if (entry.at, entry.kind) == (self.from, self.kind) {
                entry.to.clone_from(&self.reason);
            }
        }
        let event = if self.kind == HistoryKind::OnHold { "OnHold" } else { "Rejected" };
        for line in &mut status.timeline {
            if line.at == self.from && line.event == event {
                line.message.clone_from(&self.reason);
            }
        }
    }
}

/// A selector that takes no namespace: each has its name as a label.
fn nothing() -> LabelSelector {
    let key = NAMESPACE_NAME.to_owned();
    let nameless = LabelSelectorRequirement { key, operator: "DoesNotExist".to_owned(), values: None };
    LabelSelector { match_expressions: Some(vec![nameless]), match_labels: None }
}
