//! What happened, played forward from the opening to now: activities, remembered edits and decisions, and what the clock
//! brings in between, each in its order and once (rulings 31, 32). Not for: what each of them means; that is in the files
//! of states, severities, promises and escalation.

use chrono::{DateTime, Utc};

use super::case::{Act, Activity, Case, HistoryEntry, HistoryKind, Remembered};
use super::contract::Contract;
use super::escalation::EscalationTrack;
use super::lifecycle::{CloseReason, Effect, Life, State};
use super::plan::{ChangeBy, Level, default_chain};
use super::promises::PromiseTracks;
use super::reason;
use super::severity::{Severity, SeverityTrack};
use super::sla::PromiseKind;
use super::time::{Clock, Measure, Pause, PauseReason, Target, Unit};
use super::timeline::{CUSTOMER, Line, OPERATOR};

/// Something with a time of its own.
#[derive(Debug, Clone)]
enum Happening<'a> {
    Remembered(&'a HistoryEntry),
    Acted(&'a Activity),
    /// The case saw that its contract counted it.
    Granted,
    /// A level that an earlier decision had already raised to; escalation only rises (ruling 30).
    Escalated,
    /// An earlier decision closed the case on silence. Goes last: a reply of the same second comes before it.
    Silenced(&'a HistoryEntry),
}

impl Happening<'_> {
    fn order(&self) -> u8 {
        match self {
            Self::Remembered(_) => 0,
            Self::Granted => 1,
            // Acts of its second answer it: their acknowledgement or plan is for this level.
            Self::Escalated => 2,
            Self::Acted(_) => 3,
            Self::Silenced(_) => 4,
        }
    }
}

/// What comes due by the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Breached(PromiseKind),
    /// A share of the initial response's target is used up.
    ShareUsed(Level),
    Unacknowledged(Level),
    Silent,
}

/// The stretches in which clocks stand, each list with its open end.
#[derive(Debug, Clone, Default)]
pub(super) struct Pauses {
    /// For the initial response: on hold, not entitled, closed.
    pub(super) response: Vec<Pause>,
    /// For the other promises: also while the customer has the word.
    pub(super) others: Vec<Pause>,
    /// For closing on silence: on hold, and while the vendor has to decide.
    silence: Vec<Pause>,
}

fn follow(pauses: &mut Vec<Pause>, wanted: Option<PauseReason>, at: DateTime<Utc>) {
    if let Some(open) = pauses.last_mut().filter(|pause| pause.to.is_none()) {
        if Some(open.reason) == wanted {
            return;
        }
        open.to = Some(at);
        if open.from >= at {
            pauses.pop();
        }
    }
    if let Some(reason) = wanted {
        pauses.push(Pause { from: at, to: None, reason });
    }
}

impl Pauses {
    fn follow(&mut self, state: State, at: DateTime<Utc>) {
        let hard = match state {
            State::OnHold => Some(PauseReason::OnHold),
            State::Rejected => Some(PauseReason::NotEntitled),
            State::Closed => Some(PauseReason::Resolved),
            _ => None,
        };
        let soft = match state {
            State::AwaitingCustomer => Some(PauseReason::WaitingForCustomer),
            State::Resolved => Some(PauseReason::Resolved),
            _ => hard,
        };
        let undecided = (state == State::AwaitingDecision).then_some(PauseReason::OnHold);
        follow(&mut self.response, hard, at);
        follow(&mut self.others, soft, at);
        follow(&mut self.silence, hard.or(undecided), at);
    }
}

/// A case at one moment of its life, while it is played forward.
pub(super) struct Replay<'a> {
    pub(super) case: &'a Case,
    pub(super) contract: Option<&'a Contract>,
    pub(super) life: Life,
    pub(super) severity: SeverityTrack,
    pub(super) escalation: EscalationTrack<'a>,
    pub(super) promises: PromiseTracks<'a>,
    pub(super) pauses: Pauses,
    pub(super) lines: Vec<Line>,
    /// A severity that a quota keeps from counting (ruling 26).
    pub(super) unpaid: Option<Severity>,
    granted_at: Option<DateTime<Utc>>,
    /// Closings on silence: those of before that still follow, and new ones.
    pub(super) silences: Vec<DateTime<Utc>>,
    remembered: &'a Remembered,
    /// When the clock brings something next.
    pub(super) next_due: Option<DateTime<Utc>>,
    /// The first act that can have been the response.
    answered_at: Option<DateTime<Utc>>,
    /// The last instant at which an escalation can have been handled: what led to it has left no other trace.
    handled_by: Option<DateTime<Utc>>,
    /// The last instant at which something happened or came due.
    played_to: DateTime<Utc>,
    now: DateTime<Utc>,
}

/// Plays a case forward to `now`.
pub(super) fn replay<'a>(
    case: &'a Case,
    contract: Option<&'a Contract>,
    activities: &'a [Activity],
    history: &'a [HistoryEntry],
    remembered: &'a Remembered,
    granted_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Replay<'a> {
    let requested = opened_with(case, history);
    let by = contract.map_or(ChangeBy::default(), |contract| contract.plan.severity_change.by);
    let default = contract.map_or(Severity::Sev4, |contract| contract.plan.default_severity(case.channel));
    let chain = contract.map_or(default_chain(), |contract| contract.plan.chain());
    let mut replay = Replay {
        case,
        contract,
        life: Life::new(case.category),
        severity: SeverityTrack::new(by, requested.unwrap_or(default), case.opened_at),
        escalation: EscalationTrack::new(chain, contract.is_some_and(|contract| contract.service_delivery_manager)),
        promises: PromiseTracks::new(remembered, case.opened_at),
        pauses: Pauses::default(),
        lines: vec![Line::new(case.opened_at, CUSTOMER, "Opened", "")],
        unpaid: None,
        granted_at,
        silences: Vec::new(),
        remembered,
        next_due: None,
        answered_at: activities.iter().filter(|activity| activity.act.responds()).map(|activity| activity.at).min(),
        handled_by: handled_by(activities, history),
        played_to: case.opened_at,
        now,
    };
    replay.play(happenings(case, activities, history, remembered, granted_at));
    replay
}

/// The severity that the case was opened with: what the first remembered edit changed it from.
fn opened_with(case: &Case, history: &[HistoryEntry]) -> Option<Severity> {
    let first = history.iter().find(|entry| entry.kind == HistoryKind::SeverityChanged);
    first.map_or(case.severity, |entry| entry.from.as_deref().and_then(Severity::named))
}

/// Ruling 30: an escalation is handled by a plan and the customer's withdrawal, whichever is the later.
fn handled_by(activities: &[Activity], history: &[HistoryEntry]) -> Option<DateTime<Utc>> {
    let withdrawn = history.iter().filter(|entry| entry.kind == HistoryKind::EscalationWithdrawn).map(|entry| entry.at);
    let planned = activities.iter().filter(|activity| matches!(activity.act, Act::ActionPlanProposed(_)));
    Some(withdrawn.max()?.max(planned.map(|activity| activity.at).max()?))
}

fn happenings<'a>(
    case: &Case,
    activities: &'a [Activity],
    history: &'a [HistoryEntry],
    remembered: &Remembered,
    granted_at: Option<DateTime<Utc>>,
) -> Vec<(DateTime<Utc>, Happening<'a>)> {
    let remember = |entry: &'a HistoryEntry| match entry.kind {
        HistoryKind::Closed => (entry.at, Happening::Silenced(entry)),
        _ => (entry.at, Happening::Remembered(entry)),
    };
    // Ruling 32: an activity that is older than its case counts as of the case's creation.
    let acted = activities.iter().map(|activity| (activity.at.max(case.opened_at), Happening::Acted(activity)));
    let raised = remembered.escalation.raised_at.map(|at| (at, Happening::Escalated));
    let granted = granted_at.map(|at| (at, Happening::Granted));
    let mut all: Vec<_> = history.iter().map(remember).chain(acted).chain(raised).chain(granted).collect();
    let name = |happening: &Happening<'a>| match happening {
        Happening::Acted(activity) => activity.name.as_str(),
        _ => "",
    };
    all.sort_by(|(at, one), (other_at, other)| {
        (at, one.order(), name(one)).cmp(&(other_at, other.order(), name(other)))
    });
    all
}

impl<'a> Replay<'a> {
    fn play(&mut self, happenings: Vec<(DateTime<Utc>, Happening<'a>)>) {
        let mut happenings = happenings.into_iter().peekable();
        loop {
            let due = self.due();
            let next = happenings.peek().map(|(at, _)| *at);
            match (due, next.filter(|at| *at <= self.now)) {
                // Silence gives way to what happens in the same second; a breach does not.
                (Some((at, due)), Some(next)) if at < next || at == next && due != Due::Silent => {
                    self.come_due(at, due)
                }
                (_, Some(_)) => {
                    if let Some((at, happening)) = happenings.next() {
                        self.happen(at, &happening);
                    }
                }
                (Some((at, due)), None) if at <= self.now => self.come_due(at, due),
                (due, None) => {
                    self.next_due = [due.map(|(at, _)| at), next].into_iter().flatten().min();
                    return;
                }
            }
        }
    }

    fn line(&mut self, at: DateTime<Utc>, actor: &str, event: &str, message: impl Into<String>) {
        self.lines.push(Line::new(at, actor, event, message));
    }

    /// A line of what came due by the clock: stamped with when it was noticed, where that is later.
    fn due_line(&mut self, at: DateTime<Utc>, event: &str, message: impl Into<String>) {
        let noticed_at = (at < self.now).then_some(self.now);
        self.lines.push(Line { noticed_at, ..Line::new(at, OPERATOR, event, message) });
    }

    fn happen(&mut self, at: DateTime<Utc>, happening: &Happening<'a>) {
        match happening {
            Happening::Remembered(entry) => self.recall(at, entry),
            Happening::Acted(activity) => self.act(at, activity),
            Happening::Granted => self.settle_severity(at),
            Happening::Escalated => {
                let before = &self.remembered.escalation;
                let cause = before.cause.as_deref().unwrap_or(reason::CUSTOMER_REQUEST);
                if self.life.closed.is_none() && self.escalation.raise(before.level, cause, at) {
                    self.line(at, OPERATOR, "EscalationRaised", before.level.as_str());
                }
            }
            Happening::Silenced(entry) => {
                if self.is_silent() && self.life.fall_silent(entry.at) == Effect::Counted {
                    self.silences.push(entry.at);
                    self.due_line(entry.at, "Closed", CloseReason::NoResponse.as_str());
                }
            }
        }
        self.settle(at);
    }

    /// Brings the promises and their pauses up to the state that now holds.
    fn settle(&mut self, at: DateTime<Utc>) {
        self.played_to = at;
        let state = self.life.state();
        let done = self.life.closed.is_some() || self.life.proposed;
        if let Some(contract) = self.contract {
            self.promises.settle(contract, &self.severity.changes, &self.pauses, done, at);
        }
        self.pauses.follow(state, at);
    }

    fn recall(&mut self, at: DateTime<Utc>, entry: &HistoryEntry) {
        let to = entry.to.as_deref();
        match entry.kind {
            HistoryKind::SeverityChanged => self.request_severity(at, to.and_then(Severity::named)),
            HistoryKind::ResolvedChanged => {
                let closed_before = self.life.closed.is_some();
                self.life.resolve(to == Some("true"), at);
                self.line(at, CUSTOMER, "ResolvedChanged", to.unwrap_or_default());
                self.follow_closing(closed_before, at);
            }
            HistoryKind::EscalationRequested => {
                self.life.hear_customer();
                let Some(level) = to.and_then(Level::named) else { return };
                self.line(at, CUSTOMER, "EscalationRequested", level.as_str());
                if self.life.is_over() {
                    self.escalation.requested = Some(level);
                } else if self.escalation.request(level, at) {
                    self.line(at, OPERATOR, "EscalationRaised", self.escalation.now.level.as_str());
                }
            }
            HistoryKind::EscalationWithdrawn => {
                self.life.hear_customer();
                self.line(at, CUSTOMER, "EscalationWithdrawn", "");
                if self.life.closed.is_none() && self.escalation.withdraw(at) {
                    self.line(at, OPERATOR, "EscalationLowered", "handled");
                }
            }
            HistoryKind::Accepted | HistoryKind::AcceptedLimited | HistoryKind::Rejected => {
                let closed_before = self.life.closed.is_some();
                let was_rejected = self.life.rejected;
                self.life.entitle(entry.kind == HistoryKind::Rejected, at);
                let event = match entry.kind {
                    HistoryKind::Accepted => "Accepted",
                    HistoryKind::Rejected => "Rejected",
                    _ => "AcceptedLimited",
                };
                self.line(at, OPERATOR, event, to.unwrap_or_default());
                self.follow_closing(closed_before, at);
                if was_rejected {
                    self.resume(at);
                }
            }
            HistoryKind::OnHold => {
                self.life.held = true;
                self.line(at, OPERATOR, "OnHold", to.unwrap_or_default());
            }
            HistoryKind::Resumed => {
                self.life.held = false;
                self.line(at, OPERATOR, "Resumed", "");
                self.resume(at);
            }
            HistoryKind::Closed => {}
        }
    }

    /// What waited for a hold or a rejection to end.
    fn resume(&mut self, at: DateTime<Utc>) {
        if self.life.is_over() {
            return;
        }
        self.settle_severity(at);
        if let Some(level) = self.escalation.requested
            && self.escalation.request(level, at)
        {
            self.line(at, OPERATOR, "EscalationRaised", self.escalation.now.level.as_str());
        }
    }

    fn follow_closing(&mut self, closed_before: bool, at: DateTime<Utc>) {
        match (closed_before, self.life.closed) {
            (false, Some((_, reason))) => self.line(at, OPERATOR, "Closed", reason.as_str()),
            (true, None) => {
                self.line(at, OPERATOR, "Reopened", "");
                self.resume(at);
            }
            _ => {}
        }
    }

    /// Ruling 15: the customer asks for another severity.
    fn request_severity(&mut self, at: DateTime<Utc>, requested: Option<Severity>) {
        let default = |contract: &Contract| contract.plan.default_severity(self.case.channel);
        let requested = requested.unwrap_or_else(|| self.contract.map_or(Severity::Sev4, default));
        self.severity.requested = requested;
        self.line(at, CUSTOMER, "SeverityRequested", requested.as_str());
        if self.life.closed.is_none() {
            self.life.hear_customer();
        }
        match self.life.state() {
            // Noted only; on hold it counts when the case is resumed.
            State::Resolved | State::Closed | State::OnHold => {}
            _ => self.settle_severity(at),
        }
    }

    /// Makes the severity count that ought to, unless a quota keeps it from that (ruling 26).
    fn settle_severity(&mut self, at: DateTime<Utc>) {
        if self.life.held || self.life.closed.is_some() {
            return;
        }
        let (wanted, effective) = (self.severity.settled(), self.severity.effective());
        self.unpaid = None;
        if wanted == effective {
            return;
        }
        let quota = |severity| self.contract.and_then(|contract| contract.plan.quota(severity));
        let enters = quota(wanted).is_some() && quota(wanted) != quota(effective);
        let paid = self.granted_at.is_some_and(|granted| granted <= at);
        let opening = !self.life.decided || self.life.rejected;
        if enters && !paid && !opening {
            self.unpaid = Some(wanted);
            return;
        }
        self.severity.change(wanted, at);
        self.line(at, OPERATOR, "SeverityChanged", format!("{} to {}", effective.as_str(), wanted.as_str()));
    }

    fn act(&mut self, at: DateTime<Utc>, activity: &'a Activity) {
        let closed_before = self.life.closed.is_some();
        let unanswered = self.life.responded_at.is_none();
        let effect = self.life.act(&activity.act, at);
        let actor = match &activity.actor.name {
            Some(name) => format!("{} {name}", activity.actor.role),
            None => activity.actor.role.to_owned(),
        };
        self.line(at, &actor, activity.act.as_str(), activity.message.as_deref().unwrap_or_default());
        if let Act::SeverityAssessed(severity) = activity.act
            && !self.life.is_over()
        {
            // Ruling 15: recorded in every open state, also on hold, to count when the case is resumed.
            self.severity.assessed = Some(severity);
        }
        if effect == Effect::Noted {
            return;
        }
        if unanswered && self.life.responded_at.is_some() {
            if let Some(contract) = self.contract {
                let late = self.promises.respond(contract, &self.severity.changes, &self.pauses, at);
                if late {
                    self.come_due(at, Due::Breached(PromiseKind::InitialResponse));
                }
            }
            self.severity.respond();
            self.settle_severity(at);
        }
        if activity.act.reaches_customer() && self.life.responded_at.is_some() {
            self.promises.reach_customer(at);
        }
        match &activity.act {
            Act::SeverityAssessed(_) if !matches!(self.life.state(), State::Resolved) => self.settle_severity(at),
            Act::EscalationAcknowledged => self.escalation.acknowledge(at),
            Act::ActionPlanProposed(plan) if self.escalation.plan(plan, at) => {
                self.line(at, OPERATOR, "EscalationLowered", "handled");
            }
            _ => {}
        }
        self.follow_closing(closed_before, at);
    }

    fn come_due(&mut self, at: DateTime<Utc>, due: Due) {
        match due {
            Due::Breached(kind) => {
                if let Some(contract) = self.contract {
                    self.promises.breach(kind, contract, &self.severity.changes, &self.pauses, at);
                }
                let event = match kind {
                    PromiseKind::InitialResponse => "ResponseBreached",
                    PromiseKind::NextUpdate => "UpdateMissed",
                    PromiseKind::Resolution => "ResolutionBreached",
                };
                self.due_line(at, event, "");
                // What a response came after was told when it was seen, and by then a share of the target may have raised as far.
                if kind == PromiseKind::InitialResponse && self.escalation.breach(at) && !self.remembered.responded {
                    self.due_line(at, "EscalationRaised", self.escalation.now.level.as_str());
                }
            }
            Due::ShareUsed(level) | Due::Unacknowledged(level) => {
                let cause = match due {
                    Due::ShareUsed(_) => reason::TARGET_SHARE_USED,
                    _ => reason::UNACKNOWLEDGED,
                };
                let told = self.remembered.responded && matches!(due, Due::ShareUsed(_));
                if self.escalation.raise(level, cause, at) && !told {
                    self.due_line(at, "EscalationRaised", level.as_str());
                }
            }
            Due::Silent => {
                if self.life.fall_silent(at) == Effect::Counted {
                    self.silences.push(at);
                    self.due_line(at, "Closed", CloseReason::NoResponse.as_str());
                }
            }
        }
        self.settle(at);
    }

    /// What the clock brings next, and when.
    fn due(&self) -> Option<(DateTime<Utc>, Due)> {
        if self.life.is_over() {
            return None;
        }
        let contract = self.contract?;
        let responded = self.life.responded_at.is_some();
        let breaches = self.promises.breaches(contract, &self.severity.changes, &self.pauses, responded);
        let breaches = breaches.into_iter().flatten().map(|(at, kind)| (at, Due::Breached(kind)));
        let all = breaches.chain(self.share_used(contract)).chain(self.unacknowledged(contract)).chain(self.silent());
        // What only a later event lets count (another severity, a rejection's end) comes with that event, not in the past.
        all.map(|(at, due)| (at.max(self.played_to), due)).min_by_key(|(at, _)| *at)
    }

    /// The steps of the chain that a share of the initial response's target raises to.
    fn share_used(&self, contract: &'a Contract) -> Option<(DateTime<Utc>, Due)> {
        if self.life.responded_at.is_some() {
            return None;
        }
        // Of a response that was given before, what followed from the clock is remembered: a share counts as far as it led to
        // that, and an edit of the contract adds no more.
        let last = &self.remembered.escalation;
        let led = |at: DateTime<Utc>, level: Level| {
            let to_last = level < last.level && last.raised_at.is_some_and(|raised| at < raised);
            let to_handled = self.handled_by.is_some_and(|handled| at <= handled);
            (to_last || to_handled) && self.answered_at.is_some_and(|answered| at < answered)
        };
        let steps = self.escalation.chain().iter().filter(|step| step.level > self.escalation.now.level);
        let instants = steps.filter_map(|step| {
            let changes = &self.severity.changes;
            let at = self.promises.response_used_up_at(contract, changes, &self.pauses, step.after_percent?)?;
            let answered = self.escalation.handled_at.is_some_and(|handled| at <= handled);
            let counts = !answered && (!self.remembered.responded || led(at, step.level));
            counts.then_some((at, Due::ShareUsed(step.level)))
        });
        instants.min_by_key(|(at, _)| *at)
    }

    /// The step that an unacknowledged level raises to, each on the clock of the severity that counts.
    fn unacknowledged(&self, contract: &'a Contract) -> Option<(DateTime<Utc>, Due)> {
        let (step, since) = self.escalation.awaits_acknowledgement()?;
        let clock = contract.plan.terms(self.severity.effective()).map_or(Clock::BusinessHours, |terms| terms.clock);
        let measure = Measure::new(&contract.calendar, clock, step.on_unacknowledged?, since, &self.pauses.response);
        Some((measure.breached_at()?, Due::Unacknowledged(step.level)))
    }

    fn is_silent(&self) -> bool {
        let attempts = self.contract.map_or(2, |contract| contract.plan.silence().contact_attempts);
        self.life.attempts.consecutive >= attempts
    }

    fn silent(&self) -> Option<(DateTime<Utc>, Due)> {
        let open = matches!(self.life.state(), State::InProgress | State::AwaitingCustomer | State::Resolved);
        if !open {
            return None;
        }
        self.closes_at().map(|at| (at, Due::Silent))
    }

    /// Ruling 29: so many business days after the first of the attempts, and not before there are enough of them.
    pub(super) fn closes_at(&self) -> Option<DateTime<Utc>> {
        let contract = self.contract.filter(|_| self.is_silent() && self.life.closed.is_none())?;
        let target = Target { amount: contract.plan.silence().business_days, unit: Unit::BusinessDays };
        let (first, last) = (self.life.attempts.first_at?, self.life.attempts.last_at?);
        let measure = Measure::new(&contract.calendar, Clock::BusinessHours, target, first, &self.pauses.silence);
        let at = measure.due_at()?;
        // With more attempts than needed the last one is later than the one that completed them; it cannot matter then,
        // for the case would have closed before it.
        Some(at.max(last))
    }
}
