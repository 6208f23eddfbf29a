//! The decision on a case: a total, deterministic function of what was asked, what happened, the contract, the cluster's
//! facts, the promises already made, and now. Not for: reading or writing any of it.

use chrono::{DateTime, Utc};

use super::case::{Activity, Case, DecisionOn, Facts, History, HistoryEntry, HistoryKind, Remembered, observe_edits};
use super::contract::{Contract, ProductPhase};
use super::entitlement::{Agreement, Check, CheckResult, Entitled, Entitlement, Entitling, entitle, quota_for_upgrade};
use super::escalation::Escalation;
use super::lifecycle::{Attempts, CloseReason, Defect, State};
use super::reason;
use super::replay::{Replay, replay};
use super::severity::{Severity, suggest};
use super::sla::{Promise, PromiseResult, Promises};
use super::time::{Clock, Pause};
use super::timeline::{self, Line};
use super::tracking::tracking_number;

/// Everything that a decision stands on.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    pub case: &'a Case,
    pub agreement: Agreement<'a>,
    pub facts: &'a Facts,
    pub activities: &'a [Activity],
    pub remembered: &'a Remembered,
}

/// The severity as asked for, as assessed, and as it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeverityView {
    pub requested: Option<Severity>,
    pub assessed: Option<Severity>,
    /// Absent while no plan says what counts for a case that names none.
    pub effective: Option<Severity>,
    pub effective_since: Option<DateTime<Utc>>,
    pub suggested: Option<Severity>,
}

/// The mesh that the contract covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// As detected, else as the customer states it (ruling 23).
    pub version: Option<String>,
    /// The phase of its release at the opening.
    pub phase: ProductPhase,
}

/// What follows.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub state: State,
    pub tracking_number: String,
    pub opened_at: DateTime<Utc>,
    pub responded_at: Option<DateTime<Utc>>,
    pub closed: Option<(DateTime<Utc>, CloseReason)>,
    pub severity: SeverityView,
    pub entitlement: Entitlement,
    /// The product that is supported, where a contract says what is.
    pub product: Option<Product>,
    /// The edit of `contractRef` does not count (ruling 24).
    pub contract_change_ignored: bool,
    pub promises: Promises,
    pub escalation: Escalation,
    pub attempts: Attempts,
    /// When the case closes if the customer stays silent.
    pub closes_at: Option<DateTime<Utc>>,
    pub defect: Defect,
    pub enhancement: Option<DecisionOn>,
    pub history: Vec<HistoryEntry>,
    pub timeline: Vec<Line>,
    /// The stretches in which the initial response's clock, and the others', stood: for explaining a deadline.
    pub pauses: (Vec<Pause>, Vec<Pause>),
    /// Until then nothing differs, unless something happens.
    pub next_wake: Option<DateTime<Utc>>,
}

/// Decisions at one instant come to rest after two or three; more would be two that undo each other.
const MOST_ROUNDS: usize = 8;

/// Decides on a case at `now`, UTC, until deciding again would change nothing: what a decision notes, such as the end of a hold,
/// may lead to another at the same instant. It knows no error: what cannot be decided is told in the decision.
#[must_use]
pub fn decide(inputs: &Inputs<'_>, now: DateTime<Utc>) -> Decision {
    let mut decision = decide_once(inputs, now);
    let mut before = None;
    for _ in 1..MOST_ROUNDS {
        if decision.leaves(before.as_ref().unwrap_or(inputs.remembered)) {
            break;
        }
        let left = decision.remembered();
        decision = decide_once(&Inputs { remembered: &left, ..*inputs }, now);
        before = Some(left);
    }
    decision
}

impl Decision {
    /// What the decision leaves behind for the next one.
    #[must_use]
    pub fn remembered(&self) -> Remembered {
        Remembered {
            seen: true,
            requested: self.severity.requested,
            effective: self.severity.effective,
            responded: self.responded_at.is_some(),
            closed: self.state == State::Closed,
            entitlement: self.entitlement.clone(),
            promises: self.promises.clone(),
            escalation: self.escalation.clone(),
            history: self.history.clone(),
            timeline: self.timeline.clone(),
        }
    }

    /// Whether `before` is what the decision leaves behind, which is most often so; without copying any of it.
    fn leaves(&self, before: &Remembered) -> bool {
        before.seen
            && before.requested == self.severity.requested
            && before.effective == self.severity.effective
            && before.responded == self.responded_at.is_some()
            && before.closed == (self.state == State::Closed)
            && before.history == self.history
            && before.entitlement == self.entitlement
            && before.promises.stand_as(&self.promises)
            && before.escalation == self.escalation
            && before.timeline == self.timeline
    }
}

/// Takes note of edits, decides the entitlement, follows the contract, plays what happened forward, and says how everything
/// stands.
fn decide_once(inputs: &Inputs<'_>, now: DateTime<Utc>) -> Decision {
    let now = now.max(inputs.case.opened_at);
    let mut history = History::of(inputs.remembered);
    observe_edits(inputs.case, inputs.remembered, &mut history, now);
    let mut entitlement = entitled(inputs, &mut history, now);
    let hold = observe_contract(inputs, &entitlement, &mut history, now);
    let entries = history.entries.clone();
    let played = play(inputs, &entitlement, &entries, now);
    ask_for_upgrade(inputs, &played, &mut entitlement, now);
    forget_what_does_not_follow(&played, hold, &mut history);
    conclude(inputs, played, entitlement, history, now)
}

fn entitled(inputs: &Inputs<'_>, history: &mut History, now: DateTime<Utc>) -> Entitlement {
    let Inputs { case, agreement, facts, remembered, .. } = *inputs;
    let default = |contract: &Contract| contract.plan.default_severity(case.channel);
    let severity = case.severity.or(agreement.contract().map(default)).unwrap_or(Severity::Sev4);
    let rejected = remembered.entitlement.decision == Entitled::Rejected;
    let answered = |activity: &&Activity| activity.at <= now && activity.actor.vendor && activity.act.responds();
    let responded = remembered.responded || !rejected && inputs.activities.iter().any(|activity| answered(&activity));
    let held = is_held(history);
    let asked =
        Entitling { case, facts, agreement, severity, responded, late_checks: !held && !remembered.closed, now };
    entitle(&asked, remembered, history)
}

fn is_held(history: &History) -> bool {
    let last = history.last(&[HistoryKind::OnHold, HistoryKind::Resumed]);
    last.is_some_and(|entry| entry.kind == HistoryKind::OnHold)
}

/// Ruling 28: a contract that lapses or goes puts an accepted case on hold, and its return resumes it. Gives the moment
/// of a hold that was noted now.
fn observe_contract(
    inputs: &Inputs<'_>,
    entitlement: &Entitlement,
    history: &mut History,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    if !entitlement.decision.is_accepted() {
        return None;
    }
    let held = is_held(history);
    let steps = [HistoryKind::Accepted, HistoryKind::AcceptedLimited, HistoryKind::OnHold, HistoryKind::Resumed];
    let last = history.last(&steps).map_or(inputs.case.opened_at, |entry| entry.at);
    match inputs.agreement {
        Agreement::Invalid(_) => None,
        Agreement::Missing if held => None,
        Agreement::Missing => {
            history.add(now, HistoryKind::OnHold, None, Some(reason::CONTRACT_DELETED));
            Some(now)
        }
        Agreement::Valid { contract, .. } if contract.is_active(now) => {
            if held {
                // What came by the clock counts from when it came; an edit counts from when it was observed.
                let by_itself = [contract.starts_at(), Some(contract.created_at)].into_iter().flatten();
                let at = by_itself.filter(|at| last < *at && *at <= now).max().unwrap_or(now);
                history.add(at, HistoryKind::Resumed, None, None);
            }
            None
        }
        Agreement::Valid { .. } if held => None,
        Agreement::Valid { contract, .. } => {
            let lapsed = contract.lapses_at().filter(|at| *at <= now);
            let at = lapsed.map_or(now, |at| at.max(last));
            let why = if lapsed.is_some() { reason::CONTRACT_LAPSED } else { reason::CONTRACT_NOT_STARTED };
            history.add(at, HistoryKind::OnHold, None, Some(why));
            Some(at)
        }
    }
}

fn play<'a>(
    inputs: &Inputs<'a>,
    entitlement: &Entitlement,
    history: &'a [HistoryEntry],
    now: DateTime<Utc>,
) -> Replay<'a> {
    let granted_at = entitlement.quota_granted_at;
    let contract = inputs.agreement.contract();
    replay(inputs.case, contract, inputs.activities, history, inputs.remembered, granted_at, now)
}

/// Ruling 26: a later upgrade into a quota's severities asks to be counted; until then it is not effective.
fn ask_for_upgrade(inputs: &Inputs<'_>, played: &Replay<'_>, entitlement: &mut Entitlement, now: DateTime<Utc>) {
    let (Some(contract), true) = (inputs.agreement.contract(), entitlement.decision.is_accepted()) else { return };
    let plain = |check: &Check| check.result == CheckResult::Passed;
    match played.unpaid {
        Some(severity) => {
            entitlement.counted = Some(severity);
            entitlement.set(quota_for_upgrade(inputs.case, contract, severity, now));
        }
        None if !entitlement
            .checks
            .iter()
            .filter(|check| check.name == super::entitlement::INCIDENT_QUOTA)
            .all(plain) =>
        {
            let granted = entitlement.quota_granted_at.is_some();
            entitlement.counted = entitlement.counted.filter(|_| granted);
            entitlement.set(Check {
                name: super::entitlement::INCIDENT_QUOTA.to_owned(),
                result: CheckResult::Passed,
                reason: reason::PASSED.to_owned(),
                message: String::new(),
            });
        }
        None => {}
    }
}

/// Leaves out what does not follow: a closing on silence that a reply came before, and a hold that was noted now of a
/// case that had been closed by then.
fn forget_what_does_not_follow(played: &Replay<'_>, hold: Option<DateTime<Utc>>, history: &mut History) {
    history.entries.retain(|entry| entry.kind != HistoryKind::Closed);
    for at in &played.silences {
        history.add(*at, HistoryKind::Closed, None, Some(CloseReason::NoResponse.as_str()));
    }
    let closed_at = played.life.closed.map(|(at, _)| at);
    if let (Some(hold), Some(closed_at)) = (hold, closed_at)
        && closed_at <= hold
    {
        let index = history.entries.iter().rposition(|entry| entry.kind == HistoryKind::OnHold && entry.at == hold);
        if let Some(index) = index {
            history.entries.remove(index);
        }
    }
    history.bound();
}

fn conclude(
    inputs: &Inputs<'_>,
    played: Replay<'_>,
    entitlement: Entitlement,
    history: History,
    now: DateTime<Utc>,
) -> Decision {
    let Inputs { case, agreement, facts, remembered, .. } = *inputs;
    let contract = agreement.contract();
    let state = played.life.state();
    let closes_at = played.closes_at().filter(|_| !matches!(state, State::OnHold | State::AwaitingDecision));
    let next_due = played.next_due;
    let Replay { life, severity, escalation, promises, pauses, mut lines, .. } = played;
    let known = contract.is_some() || case.severity.is_some();
    let (promises, moved) = match contract {
        Some(contract) => promises.finish(contract, &severity.changes, &pauses, &life, now),
        None => (without_contract(&remembered.promises, life.responded_at, state, &history), Vec::new()),
    };
    lines.extend(moved);
    if !history.entries.iter().any(|entry| entry.kind == HistoryKind::OnHold) {
        lines.retain(|line| line.event != "OnHold");
    }
    let version = facts.mesh_version.as_deref().or(case.stated_mesh_version.as_deref());
    let bound = entitlement.bound.as_ref().filter(|_| entitlement.decision.is_accepted());
    let mut decision = Decision {
        state,
        tracking_number: tracking_number(&case.uid),
        opened_at: case.opened_at,
        responded_at: life.responded_at,
        closed: life.closed,
        severity: SeverityView {
            requested: case.severity,
            assessed: severity.assessed,
            effective: known.then(|| severity.effective()),
            effective_since: severity.effective_since().filter(|_| known),
            suggested: suggest(contract.map_or("", |contract| contract.plan.vendor.as_str()), &case.impact),
        },
        product: contract.map(|contract| Product {
            version: version.map(str::to_owned),
            phase: contract.phase(version, case.opened_at),
        }),
        contract_change_ignored: bound
            .is_some_and(|bound| case.contract_ref.as_ref().is_some_and(|named| *named != bound.name)),
        entitlement,
        promises,
        escalation: escalation.now,
        attempts: life.attempts,
        closes_at,
        defect: life.defect,
        enhancement: life.enhancement,
        history: history.entries,
        timeline: timeline::merge(&remembered.timeline, lines),
        pauses: (pauses.response, pauses.others),
        next_wake: None,
    };
    decision.next_wake = next_wake(&decision, contract, next_due, now);
    decision
}

/// The earliest instant after `now` at which the clock alone makes a difference.
fn next_wake(
    decision: &Decision,
    contract: Option<&Contract>,
    next_due: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let all = [&decision.promises.initial_response, &decision.promises.next_update, &decision.promises.resolution];
    let pending = all.into_iter().flatten().filter(|promise| promise.result == PromiseResult::Pending);
    let warnings = pending.filter_map(|promise| promise.warn_at);
    let open = decision.state != State::Closed;
    let of_contract =
        contract.filter(|_| open).into_iter().flat_map(|contract| [contract.starts_at(), contract.lapses_at()]);
    let instants = next_due.into_iter().chain(warnings).chain(of_contract.flatten());
    instants.filter(|at| *at > now).min()
}

/// How promises stand whose contract cannot be asked: as they were made. Without any contract their clocks stand; with
/// one that has errors they run on, and an answer by the deadline still meets them.
fn without_contract(
    before: &Promises,
    responded_at: Option<DateTime<Utc>>,
    state: State,
    history: &History,
) -> Promises {
    let mut promises = before.clone();
    if let Some(response) = &mut promises.initial_response {
        let in_time = responded_at.filter(|at| response.due_at.is_some_and(|due| *at <= due));
        if let (Some(at), PromiseResult::Pending | PromiseResult::AtRisk) = (in_time, response.result) {
            (response.result, response.met_at) = (PromiseResult::Met, Some(at));
        }
    }
    if state == State::OnHold {
        let held_at = history.last(&[HistoryKind::OnHold]).map(|entry| entry.at);
        let all = [&mut promises.initial_response, &mut promises.next_update, &mut promises.resolution];
        for promise in all.into_iter().flatten() {
            pause(promise, held_at);
        }
    }
    promises
}

fn pause(promise: &mut Promise, held_at: Option<DateTime<Utc>>) {
    if !matches!(promise.result, PromiseResult::Pending | PromiseResult::AtRisk) {
        return;
    }
    // Business time cannot be counted without the contract's calendar; elapsed time can.
    let left = promise.due_at.zip(held_at).map(|(due, held_at)| (due - held_at).num_seconds().max(0));
    promise.remaining_seconds = left.filter(|_| promise.clock == Some(Clock::AroundTheClock));
    (promise.warn_at, promise.due_at, promise.result) = (None, None, PromiseResult::Paused);
}
