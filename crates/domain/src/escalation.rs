//! Escalation: which level has a case, why, since when (ruling 30). Not for: when a step comes due; `replay.rs` asks for it.

use chrono::{DateTime, Utc};

use super::plan::{EscalationStep, Level};
use super::reason;

/// Who has a case by escalation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Escalation {
    pub level: Level,
    /// One of the reasons.
    pub cause: Option<String>,
    pub raised_at: Option<DateTime<Utc>>,
    pub acknowledged_at: Option<DateTime<Utc>>,
    pub action_plan: Option<String>,
}

/// The escalation of a case through its life.
#[derive(Debug, Clone)]
pub(super) struct EscalationTrack<'a> {
    chain: &'a [EscalationStep],
    /// One manager takes the requests and breaches of this customer, instead of the chain.
    one_manager: bool,
    pub(super) now: Escalation,
    /// The customer's standing request.
    pub(super) requested: Option<Level>,
    withdrawn: bool,
    /// When it last fell back: what the clock brought by then is answered.
    pub(super) handled_at: Option<DateTime<Utc>>,
}

impl<'a> EscalationTrack<'a> {
    pub(super) fn new(chain: &'a [EscalationStep], one_manager: bool) -> Self {
        Self { chain, one_manager, now: Escalation::default(), requested: None, withdrawn: false, handled_at: None }
    }

    pub(super) fn chain(&self) -> &'a [EscalationStep] {
        self.chain
    }

    /// Raises to a level, never lowers. Says whether it rose.
    pub(super) fn raise(&mut self, to: Level, cause: &str, at: DateTime<Utc>) -> bool {
        if to <= self.now.level {
            return false;
        }
        let (cause, raised_at) = (Some(cause.to_owned()), Some(at));
        self.now = Escalation { level: to, cause, raised_at, ..Escalation::default() };
        true
    }

    /// The level that takes what the chain gives to `level`.
    fn taken_by(&self, level: Level) -> Level {
        if self.one_manager { Level::ServiceDeliveryManager } else { level }
    }

    /// The customer asks for a level. It counts where a step of the chain may be asked for, at that level or the next above.
    pub(super) fn request(&mut self, level: Level, at: DateTime<Utc>) -> bool {
        self.requested = Some(level);
        let step = self.chain.iter().find(|step| step.on_request && step.level >= level);
        let level = step.map(|step| step.level).or(self.one_manager.then_some(level));
        level.is_some_and(|level| self.raise(self.taken_by(level), reason::CUSTOMER_REQUEST, at))
    }

    /// The customer withdraws the request. Says whether the escalation is over with it.
    pub(super) fn withdraw(&mut self, at: DateTime<Utc>) -> bool {
        self.withdrawn = self.requested.take().is_some() || self.withdrawn;
        self.fall_back(at)
    }

    /// The initial response was breached.
    pub(super) fn breach(&mut self, at: DateTime<Utc>) -> bool {
        let step = self.chain.iter().rev().find(|step| step.on_response_breach);
        step.is_some_and(|step| self.raise(self.taken_by(step.level), reason::RESPONSE_BREACHED, at))
    }

    pub(super) fn acknowledge(&mut self, at: DateTime<Utc>) {
        if self.now.level > Level::None {
            self.now.acknowledged_at.get_or_insert(at);
        }
    }

    /// The vendor proposed a plan. Says whether the escalation is over with it.
    pub(super) fn plan(&mut self, plan: &str, at: DateTime<Utc>) -> bool {
        if self.now.level > Level::None {
            self.now.action_plan = Some(plan.to_owned());
        }
        self.fall_back(at)
    }

    /// Ruling 30: handled is a plan proposed and the customer's request withdrawn.
    fn fall_back(&mut self, at: DateTime<Utc>) -> bool {
        let handled = self.now.action_plan.is_some() && self.withdrawn && self.requested.is_none();
        if handled {
            (self.now, self.withdrawn, self.handled_at) = (Escalation::default(), false, Some(at));
        }
        handled
    }

    /// The step that an unacknowledged level is raised to, and since when its time runs.
    pub(super) fn awaits_acknowledgement(&self) -> Option<(&'a EscalationStep, DateTime<Utc>)> {
        let unanswered = self.now.acknowledged_at.is_none() && self.now.action_plan.is_none();
        let raised_at = self.now.raised_at.filter(|_| unanswered)?;
        let next = self.chain.iter().find(|step| step.level > self.now.level)?;
        next.on_unacknowledged.map(|_| (next, raised_at))
    }
}
