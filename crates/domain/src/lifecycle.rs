//! The life of a case: which state follows from what happened. The table of states is the test beside this file.
//! Not for: clocks and deadlines; whoever plays the events (`replay.rs`) also says when the clock closes a case.

use chrono::{DateTime, Utc};

use super::case::{Act, Category, DecisionOn};

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    #[default]
    Pending,
    Rejected,
    AwaitingResponse,
    InProgress,
    AwaitingCustomer,
    AwaitingDecision,
    Resolved,
    Closed,
    OnHold,
}

/// Why a case was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    Satisfied,
    ProductDefect,
    Enhancement,
    NoResponse,
}

impl CloseReason {
    /// The spelling in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Satisfied => "Satisfied",
            Self::ProductDefect => "ProductDefect",
            Self::Enhancement => "Enhancement",
            Self::NoResponse => "NoResponse",
        }
    }
}

/// Consecutive contact attempts without a reply (ruling 29).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attempts {
    pub consecutive: u32,
    pub first_at: Option<DateTime<Utc>>,
    pub last_at: Option<DateTime<Utc>>,
}

/// The defect behind a case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Defect {
    pub bug_id: Option<String>,
    pub url: Option<String>,
    pub decision: Option<DecisionOn>,
}

/// Whether something that happened counted, or stands in the timeline only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Counted,
    Noted,
}

/// What is known of a case at one moment. The state is derived from it, by precedence.
#[derive(Debug, Clone, Default)]
pub(super) struct Life {
    enhancement_case: bool,
    /// The entitlement is decided.
    pub(super) decided: bool,
    pub(super) rejected: bool,
    pub(super) held: bool,
    pub(super) closed: Option<(DateTime<Utc>, CloseReason)>,
    /// A resolution is proposed; the customer has the word.
    pub(super) proposed: bool,
    /// A defect or an enhancement waits for the vendor's decision.
    undecided: bool,
    /// The vendor waits for the customer.
    waiting: bool,
    /// `spec.resolved` as it stands.
    satisfied: bool,
    pub(super) responded_at: Option<DateTime<Utc>>,
    pub(super) attempts: Attempts,
    pub(super) defect: Defect,
    pub(super) enhancement: Option<DecisionOn>,
}

impl Life {
    pub(super) fn new(category: Category) -> Self {
        Self { enhancement_case: category == Category::Enhancement, ..Self::default() }
    }

    /// Closed > Rejected > OnHold > Resolved > AwaitingDecision > AwaitingCustomer > InProgress > AwaitingResponse, and
    /// Pending before the entitlement is decided.
    pub(super) fn state(&self) -> State {
        if self.closed.is_some() {
            State::Closed
        } else if !self.decided {
            State::Pending
        } else if self.rejected {
            State::Rejected
        } else if self.held {
            State::OnHold
        } else {
            self.open_state()
        }
    }

    /// The state as it is underneath a hold, or before the decision.
    pub(super) fn open_state(&self) -> State {
        if self.proposed {
            State::Resolved
        } else if self.undecided {
            State::AwaitingDecision
        } else if self.waiting {
            State::AwaitingCustomer
        } else if self.responded_at.is_some() {
            State::InProgress
        } else {
            State::AwaitingResponse
        }
    }

    /// Whether nothing that happens now counts, but for what re-opens the case.
    pub(super) fn is_over(&self) -> bool {
        self.closed.is_some() || self.rejected
    }

    /// Something that people did.
    pub(super) fn act(&mut self, act: &Act, at: DateTime<Utc>) -> Effect {
        if let (Some((_, CloseReason::NoResponse)), Act::CustomerReplied) = (self.closed, act) {
            self.closed = None;
            self.reply();
            return Effect::Counted;
        }
        if self.is_over() {
            return Effect::Noted;
        }
        if act.responds() && self.responded_at.is_none() {
            self.responded_at = Some(at);
            self.undecided |= self.enhancement_case && self.enhancement.is_none();
        }
        if act.attempts_contact() {
            self.attempts.consecutive += 1;
            self.attempts.first_at.get_or_insert(at);
            self.attempts.last_at = Some(at);
        }
        match act {
            Act::ContactAttempted | Act::WorkaroundProvided => Effect::Counted,
            Act::InformationRequested => {
                (self.waiting, self.proposed) = (true, false);
                Effect::Counted
            }
            Act::CustomerReplied => {
                self.reply();
                Effect::Counted
            }
            Act::ResolutionProposed => {
                self.proposed = true;
                Effect::Counted
            }
            Act::BugRecorded { id, url } => {
                self.defect = Defect { bug_id: Some(id.clone()), url: url.clone(), decision: None };
                (self.undecided, self.proposed) = (true, false);
                Effect::Counted
            }
            Act::BugDecided(_) if self.defect.bug_id.is_none() => Effect::Noted,
            Act::BugDecided(decision) => {
                self.defect.decision = Some(*decision);
                self.close(CloseReason::ProductDefect, at)
            }
            Act::EnhancementDecided(decision) => {
                self.enhancement = Some(*decision);
                self.close(CloseReason::Enhancement, at)
            }
            Act::Updated | Act::SeverityAssessed(_) | Act::ActionPlanProposed(_) | Act::EscalationAcknowledged => {
                if self.held {
                    Effect::Noted
                } else {
                    Effect::Counted
                }
            }
        }
    }

    fn reply(&mut self) {
        (self.waiting, self.proposed) = (false, false);
        self.attempts = Attempts::default();
    }

    fn close(&mut self, reason: CloseReason, at: DateTime<Utc>) -> Effect {
        self.closed = Some((at, reason));
        Effect::Counted
    }

    /// An edit of `spec.resolved`.
    pub(super) fn resolve(&mut self, resolved: bool, at: DateTime<Utc>) -> Effect {
        self.satisfied = resolved;
        self.attempts = Attempts::default();
        match (self.closed, resolved) {
            (None, true) if self.rejected => Effect::Noted,
            (None, true) => self.close(CloseReason::Satisfied, at),
            (Some((_, CloseReason::Satisfied)), false) => {
                self.closed = None;
                self.proposed = false;
                Effect::Counted
            }
            (None, false) if !self.rejected => {
                self.proposed = false;
                Effect::Counted
            }
            _ => Effect::Noted,
        }
    }

    /// The customer was silent for long enough. Says whether that closed the case.
    pub(super) fn fall_silent(&mut self, at: DateTime<Utc>) -> Effect {
        match self.state() {
            State::InProgress | State::AwaitingCustomer | State::Resolved => self.close(CloseReason::NoResponse, at),
            _ => Effect::Noted,
        }
    }

    /// The entitlement was decided, or decided anew.
    pub(super) fn entitle(&mut self, rejected: bool, at: DateTime<Utc>) {
        self.decided = true;
        self.rejected = rejected;
        // The customer said so while the case was rejected; now that it is not, it counts.
        if !rejected && self.satisfied && self.closed.is_none() {
            self.close(CloseReason::Satisfied, at);
        }
    }

    /// Ruling 29: the customer's edit of severity or escalation breaks the silence.
    pub(super) fn hear_customer(&mut self) {
        self.attempts = Attempts::default();
    }
}
