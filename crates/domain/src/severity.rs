//! Severities: how they are ordered, who decides on them and from when (rulings 15, 16), and the suggestion (ruling 33).
//! Not for: the deadlines that follow (`sla.rs`).

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::plan::ChangeBy;

/// How bad it is; `Sev1` is the worst and sorts first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum Severity {
    Sev1,
    Sev2,
    Sev3,
    Sev4,
}

impl Severity {
    /// All severities, the worst first.
    pub const ALL: [Self; 4] = [Self::Sev1, Self::Sev2, Self::Sev3, Self::Sev4];

    /// The spelling in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sev1 => "Sev1",
            Self::Sev2 => "Sev2",
            Self::Sev3 => "Sev3",
            Self::Sev4 => "Sev4",
        }
    }

    /// The severity of that spelling.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == name)
    }
}

/// The severity of a case through its life.
#[derive(Debug, Clone)]
pub(super) struct SeverityTrack {
    by: ChangeBy,
    /// What the customer asks for, the plan's default included.
    pub(super) requested: Severity,
    pub(super) assessed: Option<Severity>,
    responded: bool,
    /// The severities that counted, each from its moment on; the last one counts now. Never empty.
    pub(super) changes: Vec<(DateTime<Utc>, Severity)>,
}

impl SeverityTrack {
    pub(super) fn new(by: ChangeBy, requested: Severity, opened_at: DateTime<Utc>) -> Self {
        Self { by, requested, assessed: None, responded: false, changes: vec![(opened_at, requested)] }
    }

    pub(super) fn effective(&self) -> Severity {
        self.changes.last().map_or(self.requested, |(_, severity)| *severity)
    }

    pub(super) fn effective_since(&self) -> Option<DateTime<Utc>> {
        self.changes.last().map(|(at, _)| *at)
    }

    /// From now on the plan's rule of `severityChange.by` decides.
    pub(super) fn respond(&mut self) {
        self.responded = true;
    }

    /// Ruling 15: the severity that ought to count now.
    pub(super) fn settled(&self) -> Severity {
        match (self.responded, self.by, self.assessed) {
            (false, _, _) => self.requested,
            (true, ChangeBy::Vendor, Some(assessed)) => assessed,
            (true, ChangeBy::Agreement, Some(assessed)) if assessed == self.requested => assessed,
            (true, _, _) => self.effective(),
        }
    }

    /// Makes a severity count from a moment on. Two changes in one second are one.
    pub(super) fn change(&mut self, to: Severity, at: DateTime<Utc>) {
        if to == self.effective() {
            return;
        }
        match self.changes.last_mut() {
            Some(last) if last.0 == at => last.1 = to,
            _ => self.changes.push((at, to)),
        }
    }
}

/// What a severity is suggested from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Impact {
    pub lab: bool,
    pub work_stopped: Option<bool>,
    pub workaround_exists: Option<bool>,
    pub revenue_loss: Option<bool>,
    pub blocks_lab: Option<BlocksLab>,
    /// A question, an enhancement or the documentation.
    pub general: bool,
}

/// When a lab's work is blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlocksLab {
    Now,
    WithinTwoWeeks,
    No,
}

/// Ruling 33: advice from the answers on business impact, by the words of the vendor's document. `None` without answers.
#[must_use]
pub fn suggest(vendor: &str, impact: &Impact) -> Option<Severity> {
    let answers = [impact.work_stopped, impact.workaround_exists, impact.revenue_loss];
    if impact.general {
        return Some(Severity::Sev4);
    }
    if impact.blocks_lab.is_none() && answers.iter().all(Option::is_none) {
        return None;
    }
    let yes = |answer: Option<bool>| answer == Some(true);
    let (stopped, workaround) = (yes(impact.work_stopped), impact.workaround_exists);
    Some(match (vendor == "Mesosphere", impact.lab) {
        (false, true) => match impact.blocks_lab {
            Some(BlocksLab::Now) => Severity::Sev2,
            Some(BlocksLab::WithinTwoWeeks) => Severity::Sev3,
            _ => Severity::Sev4,
        },
        (false, false) if stopped => Severity::Sev1,
        (false, false) => match workaround {
            Some(false) => Severity::Sev2,
            Some(true) => Severity::Sev3,
            None => Severity::Sev4,
        },
        // The document's severities 1 and 2 are those of a production environment.
        (true, true) => Severity::Sev4,
        (true, false) if stopped && yes(impact.revenue_loss) && workaround == Some(false) => Severity::Sev1,
        (true, false) if stopped || workaround == Some(false) => Severity::Sev2,
        (true, false) if yes(workaround) => Severity::Sev3,
        (true, false) => Severity::Sev4,
    })
}
