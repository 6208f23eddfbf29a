//! Promises and their deadlines: which target binds a case, under which clock, and how it stands (rulings 11 to 20).
//! Not for: arithmetic of time (`time/`), nor what happened (`replay.rs`).

use chrono::{DateTime, Utc};

use super::contract::Contract;
use super::plan::ChangeDeadline;
use super::severity::Severity;
use super::time::{Clock, Measure, Pause, Target};

/// The three promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromiseKind {
    InitialResponse,
    NextUpdate,
    Resolution,
}

/// How a promise stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromiseResult {
    Pending,
    AtRisk,
    Paused,
    Met,
    Breached,
    NotCommitted,
    Withdrawn,
}

impl PromiseResult {
    /// Ruling 13: met or breached is history.
    #[must_use]
    pub const fn is_history(self) -> bool {
        matches!(self, Self::Met | Self::Breached)
    }
}

/// A promise with its instants, all UTC in whole seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// Without a target: reasonable efforts, and no deadline (ruling 17).
    pub target: Option<Target>,
    pub clock: Option<Clock>,
    pub started_at: Option<DateTime<Utc>>,
    /// From when on the target counts, where that is known: the start, or a later change of severity (ruling 15).
    pub counts_from: Option<DateTime<Utc>>,
    pub warn_at: Option<DateTime<Utc>>,
    pub due_at: Option<DateTime<Utc>>,
    pub met_at: Option<DateTime<Utc>>,
    pub breached_at: Option<DateTime<Utc>>,
    pub cause: Option<String>,
    pub remaining_seconds: Option<i64>,
    pub result: PromiseResult,
    pub calendar_revision: Option<String>,
    /// The version of the zone data under which it was computed; absent where that was not told yet.
    pub zone_data: Option<String>,
    /// How many cycles were missed; of the next update only.
    pub missed: Option<u32>,
}

impl Promise {
    /// Ruling 17: no target, so nothing is promised.
    pub(super) fn not_committed(started_at: DateTime<Utc>) -> Self {
        Self {
            target: None,
            clock: None,
            started_at: Some(started_at),
            counts_from: None,
            warn_at: None,
            due_at: None,
            met_at: None,
            breached_at: None,
            cause: None,
            remaining_seconds: None,
            result: PromiseResult::NotCommitted,
            calendar_revision: None,
            zone_data: None,
            missed: None,
        }
    }
}

/// The promises of a case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Promises {
    pub initial_response: Option<Promise>,
    pub next_update: Option<Promise>,
    pub resolution: Option<Promise>,
}

impl Promises {
    /// Whether these say the same as `others` do, but for from when on a target counts: that is computed and not remembered.
    pub(super) fn stand_as(&self, others: &Self) -> bool {
        let [own, others] = [self, others].map(|all| [&all.initial_response, &all.next_update, &all.resolution]);
        own.into_iter().zip(others).all(|(one, other)| match (one, other) {
            (Some(one), Some(other)) => *one == Promise { counts_from: one.counts_from, ..other.clone() },
            (one, other) => one.is_none() && other.is_none(),
        })
    }
}

/// What a deadline is computed from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Basis<'a> {
    pub(super) contract: &'a Contract,
    pub(super) kind: PromiseKind,
    /// The severities that counted, in order.
    pub(super) changes: &'a [(DateTime<Utc>, Severity)],
    pub(super) started_at: DateTime<Utc>,
    pub(super) pauses: &'a [Pause],
}

/// The target that binds, measured.
#[derive(Debug)]
pub(super) struct Binding<'a> {
    pub(super) measure: Measure<'a>,
    pub(super) target: Target,
    pub(super) started_at: DateTime<Utc>,
    /// The promise stands in this form since; it cannot have been breached before.
    since: DateTime<Utc>,
    changed: bool,
}

impl<'a> Basis<'a> {
    /// Ruling 15: of the deadlines that the severities counted so far gave, each from its own start, the earliest. `None` where
    /// nothing is promised for the severity that counts now.
    pub(super) fn binding(self) -> Option<Binding<'a>> {
        let started = self.changes.partition_point(|(at, _)| *at <= self.started_at).max(1) - 1;
        let changes = self.changes.get(started..)?;
        let (since, current) = changes.last().map(|(at, severity)| ((*at).max(self.started_at), *severity))?;
        self.target(current)?;
        // A later start of the same severity gives no earlier deadline.
        let first = Severity::ALL.map(|severity| changes.iter().find(|(_, counted)| *counted == severity));
        let mut own = first.into_iter().flatten().filter_map(|(at, severity)| {
            let (clock, target) = self.target(*severity)?;
            let from = match self.contract.plan.severity_change.deadline {
                ChangeDeadline::FromChange => (*at).max(self.started_at),
                ChangeDeadline::FromOpening => self.started_at,
            };
            Some((clock, target, from))
        });
        // One severity needs no comparison. Else the running pause is left out of it, so that the choice does not move.
        let chosen = match changes {
            [_] => own.next()?,
            _ => {
                let over: Vec<Pause> = self.pauses.iter().filter(|pause| pause.to.is_some()).copied().collect();
                let due = |&(clock, target, from): &(Clock, Target, DateTime<Utc>)| {
                    let measure = Measure::new(&self.contract.calendar, clock, target, from, &over);
                    measure.due_at().unwrap_or(DateTime::<Utc>::MAX_UTC)
                };
                own.min_by_key(due)?
            }
        };
        let (clock, target, started_at) = chosen;
        Some(Binding {
            measure: Measure::new(&self.contract.calendar, clock, target, started_at, self.pauses),
            target,
            started_at,
            since,
            changed: changes.len() > 1,
        })
    }

    /// Whether the contract of now, zone data apart, would give an earlier promise by one of the severities that the case had;
    /// else the contract was edited since.
    pub(super) fn offers(self, earlier: &Promise) -> bool {
        let calendar = &self.contract.calendar;
        let same = |(clock, target)| {
            let counted_on = Measure::new(calendar, clock, target, self.started_at, &[]).clock();
            earlier.target == Some(target) && earlier.clock == Some(counted_on)
        };
        let revision = earlier.calendar_revision.as_deref();
        revision.is_some_and(|revision| calendar.differs_only_in_zone_data(revision, earlier.zone_data.as_deref()))
            && self.changes.iter().filter_map(|(_, severity)| self.target(*severity)).any(same)
    }

    fn target(&self, severity: Severity) -> Option<(Clock, Target)> {
        let terms = self.contract.plan.terms(severity)?;
        let target = match self.kind {
            PromiseKind::InitialResponse => terms.initial_response,
            PromiseKind::NextUpdate => terms.next_update,
            PromiseKind::Resolution => terms.resolution,
        };
        target.map(|target| (terms.clock, target))
    }
}

impl Binding<'_> {
    /// Ruling 1, but not before the promise stood in this form.
    pub(super) fn breached_at(&self) -> Option<DateTime<Utc>> {
        self.measure.breached_at().map(|at| at.max(self.since))
    }

    /// Ruling 1: met means that no more than the target is consumed.
    pub(super) fn is_met_at(&self, at: DateTime<Utc>) -> bool {
        self.measure.consumed_by(at) <= self.measure.seconds()
    }

    /// When a share of the target is used up, but not before the promise stood in this form.
    pub(super) fn used_up_at(&self, percent: i64) -> Option<DateTime<Utc>> {
        self.measure.instant_of_percent(percent).map(|at| at.max(self.since))
    }

    /// The promise as it stands at an instant, without its outcome. Ruling 20: no deadline while the clock is paused.
    pub(super) fn promise(&self, at: DateTime<Utc>, paused: bool) -> Promise {
        let warn_at = self.measure.warn_at();
        let at_risk = warn_at.is_some_and(|warn| warn <= at);
        Promise {
            target: Some(self.target),
            clock: Some(self.measure.clock()),
            started_at: Some(self.started_at),
            counts_from: Some(self.started_at),
            warn_at: warn_at.filter(|_| !paused),
            due_at: self.measure.due_at().filter(|_| !paused),
            met_at: None,
            breached_at: None,
            cause: self.changed.then(|| super::reason::SEVERITY_CHANGED.to_owned()),
            remaining_seconds: paused.then(|| self.measure.remaining_at(at)),
            result: match (paused, at_risk) {
                (true, _) => PromiseResult::Paused,
                (false, true) => PromiseResult::AtRisk,
                (false, false) => PromiseResult::Pending,
            },
            calendar_revision: Some(self.measure.calendar().revision()),
            zone_data: Some(self.measure.calendar().zone_data().to_owned()),
            missed: None,
        }
    }
}
