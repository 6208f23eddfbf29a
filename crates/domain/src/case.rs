//! A support case as the rules see it: what was asked, what happened, what was found in the cluster, what was decided before.
//! Not for: how any of it is written down in the cluster (`convert`).

use chrono::{DateTime, Utc};

use super::entitlement::Entitlement;
use super::escalation::Escalation;
use super::plan::{Channel, Level};
use super::severity::{Impact, Severity};
use super::sla::Promises;
use super::timeline::Line;

/// What a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Category {
    #[default]
    Incident,
    Question,
    Installation,
    ProductDefect,
    Enhancement,
    Documentation,
}

/// What the customer wants, as it stands now.
#[derive(Debug, Clone)]
pub struct Case {
    pub uid: String,
    /// Ruling 11: the API server's creationTimestamp, where every clock starts.
    pub opened_at: DateTime<Utc>,
    pub category: Category,
    pub channel: Channel,
    pub severity: Option<Severity>,
    pub contact_email: Option<String>,
    pub resolved: bool,
    pub escalation: Option<Level>,
    /// The contract that the case names, if any.
    pub contract_ref: Option<String>,
    /// The mesh version as the customer states it; it counts where nothing is detected.
    pub stated_mesh_version: Option<String>,
    pub impact: Impact,
}

/// Who acted: a role and, for the reader, a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub role: &'static str,
    pub vendor: bool,
    pub name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionOn {
    Accepted,
    Declined,
    Deferred,
}

impl DecisionOn {
    /// The spelling in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Declined => "Declined",
            Self::Deferred => "Deferred",
        }
    }
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    ContactAttempted,
    InformationRequested,
    Updated,
    SeverityAssessed(Severity),
    WorkaroundProvided,
    ActionPlanProposed(String),
    EscalationAcknowledged,
    BugRecorded { id: String, url: Option<String> },
    BugDecided(DecisionOn),
    EnhancementDecided(DecisionOn),
    ResolutionProposed,
    CustomerReplied,
}

impl Act {
    /// The spelling in the API.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::ContactAttempted => "ContactAttempted",
            Self::InformationRequested => "InformationRequested",
            Self::Updated => "Updated",
            Self::SeverityAssessed(_) => "SeverityAssessed",
            Self::WorkaroundProvided => "WorkaroundProvided",
            Self::ActionPlanProposed(_) => "ActionPlanProposed",
            Self::EscalationAcknowledged => "EscalationAcknowledged",
            Self::BugRecorded { .. } => "BugRecorded",
            Self::BugDecided(_) => "BugDecided",
            Self::EnhancementDecided(_) => "EnhancementDecided",
            Self::ResolutionProposed => "ResolutionProposed",
            Self::CustomerReplied => "CustomerReplied",
        }
    }

    /// Ruling 12: whether it is an initial response, if it is the first such.
    #[must_use]
    pub const fn responds(&self) -> bool {
        matches!(
            self,
            Self::ContactAttempted | Self::InformationRequested | Self::WorkaroundProvided | Self::ResolutionProposed
        )
    }

    /// Ruling 29: whether it counts towards closing on silence.
    #[must_use]
    pub const fn attempts_contact(&self) -> bool {
        matches!(self, Self::ContactAttempted | Self::InformationRequested | Self::ResolutionProposed)
    }

    /// Ruling 19: whether it reaches the customer, so that the next update is due anew.
    #[must_use]
    pub const fn reaches_customer(&self) -> bool {
        self.responds() || matches!(self, Self::Updated | Self::ActionPlanProposed(_))
    }
}

/// One thing that people did. Immutable; the API server's creationTimestamp is its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    pub at: DateTime<Utc>,
    pub name: String,
    pub actor: Actor,
    pub act: Act,
    pub message: Option<String>,
}

/// What was found in the cluster; absent is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    pub mesh_version: Option<String>,
    pub nodes: Option<i64>,
}

/// What happened and is no activity (ruling 18).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryKind {
    SeverityChanged,
    ResolvedChanged,
    EscalationRequested,
    EscalationWithdrawn,
    Accepted,
    AcceptedLimited,
    Rejected,
    OnHold,
    Resumed,
    /// Closed by the clock: the customer was silent.
    Closed,
}

/// An entry of the memory, with the second at which it was observed or came due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    pub at: DateTime<Utc>,
    pub kind: HistoryKind,
    pub from: Option<String>,
    pub to: Option<String>,
}

/// What earlier decisions on this case left behind. The default: there was none.
#[derive(Debug, Clone, Default)]
pub struct Remembered {
    /// Whether the case was ever decided on.
    pub seen: bool,
    pub requested: Option<Severity>,
    pub effective: Option<Severity>,
    pub responded: bool,
    pub closed: bool,
    pub entitlement: Entitlement,
    pub promises: Promises,
    pub escalation: Escalation,
    pub history: Vec<HistoryEntry>,
    pub timeline: Vec<Line>,
}

/// At most so many entries are remembered.
const HISTORY_LIMIT: usize = 200;

/// The memory, as it grows during one decision.
#[derive(Debug, Clone)]
pub(super) struct History {
    pub(super) entries: Vec<HistoryEntry>,
}

impl History {
    pub(super) fn of(remembered: &Remembered) -> Self {
        Self { entries: remembered.history.clone() }
    }

    /// Adds an entry in the order of time, after those of the same second.
    pub(super) fn add(&mut self, at: DateTime<Utc>, kind: HistoryKind, from: Option<&str>, to: Option<&str>) {
        let entry = HistoryEntry { at, kind, from: from.map(str::to_owned), to: to.map(str::to_owned) };
        let index = self.entries.partition_point(|earlier| earlier.at <= at);
        self.entries.insert(index, entry);
    }

    /// The last entry of some kinds.
    pub(super) fn last(&self, kinds: &[HistoryKind]) -> Option<&HistoryEntry> {
        self.entries.iter().rev().find(|entry| kinds.contains(&entry.kind))
    }

    /// Keeps the newest entries. Edits go first: what a rejection or a hold did to the clocks must not be forgotten.
    pub(super) fn bound(&mut self) {
        while self.entries.len() > HISTORY_LIMIT {
            let edit = |entry: &HistoryEntry| {
                matches!(
                    entry.kind,
                    HistoryKind::SeverityChanged
                        | HistoryKind::ResolvedChanged
                        | HistoryKind::EscalationRequested
                        | HistoryKind::EscalationWithdrawn
                )
            };
            let index = self.entries.iter().position(edit).unwrap_or(0);
            self.entries.remove(index);
        }
    }
}

/// Remembers what the customer edited since the last decision, with `now` as the second at which it was observed
/// (ruling 18). At the first decision there was no edit: what stands there is what the case was opened with.
pub(super) fn observe_edits(case: &Case, remembered: &Remembered, history: &mut History, now: DateTime<Utc>) {
    let at = if remembered.seen { now } else { case.opened_at };
    if remembered.seen && remembered.requested != case.severity {
        let (from, to) = (remembered.requested.map(Severity::as_str), case.severity.map(Severity::as_str));
        history.add(at, HistoryKind::SeverityChanged, from, to);
    }
    let resolved = history.last(&[HistoryKind::ResolvedChanged]).is_some_and(|last| last.to.as_deref() == Some("true"));
    if resolved != case.resolved {
        let text = |resolved| if resolved { "true" } else { "false" };
        history.add(at, HistoryKind::ResolvedChanged, Some(text(resolved)), Some(text(case.resolved)));
    }
    let asked = history.last(&[HistoryKind::EscalationRequested, HistoryKind::EscalationWithdrawn]);
    let asked = asked.and_then(|last| last.to.as_deref()).and_then(Level::named);
    match (asked, case.escalation) {
        (before, Some(level)) if before != Some(level) => {
            history.add(at, HistoryKind::EscalationRequested, before.map(Level::as_str), Some(level.as_str()));
        }
        (Some(before), None) => history.add(at, HistoryKind::EscalationWithdrawn, Some(before.as_str()), None),
        _ => {}
    }
}
