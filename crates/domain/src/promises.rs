//! The promises of one case while it is played forward: when each is met, breached, begun anew or revived, and how it stands
//! in the end (rulings 12 to 14, 17 to 20). Not for: which target binds (`sla.rs`).

use chrono::{DateTime, Utc};

use super::case::Remembered;
use super::contract::Contract;
use super::lifecycle::{Life, State};
use super::reason;
use super::replay::Pauses;
use super::severity::Severity;
use super::sla::{Basis, Binding, Promise, PromiseKind, PromiseResult, Promises};
use super::timeline::{Line, OPERATOR};

type Changes = [(DateTime<Utc>, Severity)];

/// A cycle of the next update.
#[derive(Debug, Clone)]
struct Cycle {
    started_at: DateTime<Utc>,
    missed: Option<Promise>,
}

/// The three promises through the life of a case.
#[derive(Debug, Clone)]
pub(super) struct PromiseTracks<'a> {
    /// What earlier decisions promised. Ruling 13: what was met or breached there is not computed again.
    before: &'a Promises,
    /// The severity that counted when they were given.
    effective_before: Option<Severity>,
    /// Whether the vendor had responded then: how the response stood is history.
    answered_before: bool,
    opened_at: DateTime<Utc>,
    response: Option<Promise>,
    resolution: Option<Promise>,
    cycle: Option<Cycle>,
    missed: u32,
}

impl<'a> PromiseTracks<'a> {
    pub(super) fn new(remembered: &'a Remembered, opened_at: DateTime<Utc>) -> Self {
        Self {
            before: &remembered.promises,
            effective_before: remembered.effective,
            answered_before: remembered.responded,
            opened_at,
            response: None,
            resolution: None,
            cycle: None,
            missed: 0,
        }
    }

    /// Ruling 13: nothing was promised when the vendor answered, and no later edit promises it.
    fn answered_unpromised(&self) -> bool {
        let before = self.before.initial_response.as_ref().map(|promise| promise.result);
        self.answered_before && before == Some(PromiseResult::NotCommitted)
    }

    fn before(&self, kind: PromiseKind) -> Option<&'a Promise> {
        match kind {
            PromiseKind::InitialResponse => self.before.initial_response.as_ref(),
            PromiseKind::NextUpdate => self.before.next_update.as_ref(),
            PromiseKind::Resolution => self.before.resolution.as_ref(),
        }
    }

    fn basis<'b>(
        &self,
        kind: PromiseKind,
        contract: &'b Contract,
        changes: &'b Changes,
        pauses: &'b Pauses,
    ) -> Option<Basis<'b>> {
        let (started_at, pauses) = match kind {
            PromiseKind::InitialResponse => (self.opened_at, &pauses.response),
            PromiseKind::Resolution => (self.opened_at, &pauses.others),
            PromiseKind::NextUpdate => (self.cycle.as_ref()?.started_at, &pauses.others),
        };
        Some(Basis { contract, kind, changes, started_at, pauses })
    }

    fn binding<'b>(
        &self,
        kind: PromiseKind,
        contract: &'b Contract,
        changes: &'b Changes,
        pauses: &'b Pauses,
    ) -> Option<Binding<'b>> {
        self.basis(kind, contract, changes, pauses)?.binding()
    }

    /// A running promise. Ruling 19: that of the next update starts with its cycle, also where a change of severity let its
    /// target count from a later moment; by its start it is known again.
    fn standing(&self, kind: PromiseKind, binding: &Binding<'_>, at: DateTime<Utc>, paused: bool) -> Promise {
        let promise = binding.promise(at, paused);
        match (kind, &self.cycle) {
            (PromiseKind::NextUpdate, Some(cycle)) => Promise { started_at: Some(cycle.started_at), ..promise },
            _ => promise,
        }
    }

    /// What is remembered of the promise that now runs.
    fn remembered(&self, kind: PromiseKind) -> Option<&'a Promise> {
        let before = self.before(kind)?;
        match (kind, &self.cycle) {
            // What is remembered is one cycle; the others are not it.
            (PromiseKind::NextUpdate, Some(cycle)) if before.started_at != Some(cycle.started_at) => None,
            _ => Some(before),
        }
    }

    /// When each running promise is breached, if nothing happens before.
    pub(super) fn breaches(
        &self,
        contract: &Contract,
        changes: &Changes,
        pauses: &Pauses,
        responded: bool,
    ) -> [Option<(DateTime<Utc>, PromiseKind)>; 3] {
        let kinds = [PromiseKind::InitialResponse, PromiseKind::NextUpdate, PromiseKind::Resolution];
        kinds.map(|kind| {
            let settled = match kind {
                PromiseKind::InitialResponse => responded || self.response.is_some() || self.answered_unpromised(),
                PromiseKind::Resolution => self.resolution.is_some(),
                PromiseKind::NextUpdate => self.cycle.as_ref().is_none_or(|cycle| cycle.missed.is_some()),
            };
            if settled {
                return None;
            }
            let remembered = self.remembered(kind);
            match remembered.map(|promise| (promise.result, promise.breached_at)) {
                Some((PromiseResult::Breached, Some(at))) => Some((at, kind)),
                // Met, so it was not breached; also not under a contract that was edited since.
                Some((PromiseResult::Met, _)) if kind == PromiseKind::InitialResponse => None,
                _ if self.is_earlier_cycle(kind) => None,
                _ => self.binding(kind, contract, changes, pauses)?.breached_at().map(|at| (at, kind)),
            }
        })
    }

    /// Whether the running cycle is over in what is remembered: how it went is counted there.
    fn is_earlier_cycle(&self, kind: PromiseKind) -> bool {
        let last = self.before.next_update.as_ref().and_then(|before| before.started_at);
        match (&self.cycle, last) {
            (Some(cycle), Some(last)) => kind == PromiseKind::NextUpdate && cycle.started_at < last,
            _ => false,
        }
    }

    pub(super) fn response_used_up_at(
        &self,
        contract: &Contract,
        changes: &Changes,
        pauses: &Pauses,
        percent: i64,
    ) -> Option<DateTime<Utc>> {
        self.binding(PromiseKind::InitialResponse, contract, changes, pauses)?.used_up_at(percent)
    }

    /// A promise is breached: that is its end, save for what is seen late.
    pub(super) fn breach(
        &mut self,
        kind: PromiseKind,
        contract: &Contract,
        changes: &Changes,
        pauses: &Pauses,
        at: DateTime<Utc>,
    ) {
        let remembered = self.remembered(kind).filter(|promise| promise.result == PromiseResult::Breached).cloned();
        let fresh = || {
            let binding = self.binding(kind, contract, changes, pauses)?;
            let mut promise = self.standing(kind, &binding, at, false);
            if let Some(cause) = self.moved_by(kind, contract, changes, pauses, &binding) {
                promise.cause = Some(cause.to_owned());
            }
            Some(Promise { result: PromiseResult::Breached, breached_at: Some(at), ..promise })
        };
        let Some(promise) = remembered.or_else(fresh) else { return };
        match kind {
            PromiseKind::InitialResponse => self.response = Some(promise),
            PromiseKind::Resolution => self.resolution = Some(promise),
            PromiseKind::NextUpdate => {
                self.missed += 1;
                if let Some(cycle) = &mut self.cycle {
                    cycle.missed = Some(promise);
                }
            }
        }
    }

    /// Why an open promise of before is measured in another way now: because of the contract, or of newer zone data, or as it
    /// was already said. Ruling 14.
    fn moved_by(
        &self,
        kind: PromiseKind,
        contract: &Contract,
        changes: &Changes,
        pauses: &Pauses,
        binding: &Binding<'_>,
    ) -> Option<&'static str> {
        if self.effective_before != changes.last().map(|(_, severity)| *severity) {
            return None;
        }
        let before = self.remembered(kind).filter(|before| before.target.is_some() && !before.result.is_history())?;
        if kind != PromiseKind::NextUpdate && before.started_at != Some(binding.started_at) {
            return None;
        }
        if !self.basis(kind, contract, changes, pauses)?.offers(before) {
            return Some(reason::CONTRACT_EDITED);
        }
        let newer = before.zone_data.as_deref() != Some(contract.calendar.zone_data());
        if newer && before.due_at.is_some() && before.due_at != binding.measure.due_at() {
            return Some(reason::ZONE_DATA_CHANGED);
        }
        let said = [reason::CONTRACT_EDITED, reason::ZONE_DATA_CHANGED];
        said.into_iter().find(|cause| before.cause.as_deref() == Some(cause))
    }

    fn meet(
        &self,
        kind: PromiseKind,
        contract: &Contract,
        changes: &Changes,
        pauses: &Pauses,
        at: DateTime<Utc>,
    ) -> Option<Promise> {
        // Ruling 13: a response that was met is history; a resolution may be revived, and met again.
        let same = |before: &&Promise| kind == PromiseKind::InitialResponse || before.met_at == Some(at);
        let before = self.remembered(kind).filter(|promise| promise.result == PromiseResult::Met);
        if let Some(before) = before.filter(same) {
            return Some(before.clone());
        }
        let binding = self.binding(kind, contract, changes, pauses)?;
        if !binding.is_met_at(at) {
            return None;
        }
        let promise = binding.promise(at, false);
        Some(Promise { result: PromiseResult::Met, met_at: Some(at), remaining_seconds: None, ..promise })
    }

    /// The initial response came. Says whether it came too late and no breach had been noted yet.
    pub(super) fn respond(
        &mut self,
        contract: &Contract,
        changes: &Changes,
        pauses: &Pauses,
        at: DateTime<Utc>,
    ) -> bool {
        if self.response.is_some() {
            return false;
        }
        let promised = self.binding(PromiseKind::InitialResponse, contract, changes, pauses).is_some();
        let met = self.meet(PromiseKind::InitialResponse, contract, changes, pauses, at);
        if self.answered_unpromised() || met.is_none() && !promised {
            self.response = Some(Promise::not_committed(self.opened_at));
            return false;
        }
        self.response = met;
        self.response.is_none()
    }

    /// Ruling 19: the next update is due anew.
    pub(super) fn reach_customer(&mut self, at: DateTime<Utc>) {
        self.cycle = Some(Cycle { started_at: at, missed: None });
        let last = self.before.next_update.as_ref().filter(|before| before.started_at == Some(at));
        if let Some(before) = last {
            let this = u32::from(before.result == PromiseResult::Breached);
            self.missed = before.missed.unwrap_or(0).saturating_sub(this);
        }
    }

    /// Ruling 19: the resolution is met by a proposal or the closing, and revived by what re-opens the case.
    pub(super) fn settle(
        &mut self,
        contract: &Contract,
        changes: &Changes,
        pauses: &Pauses,
        done: bool,
        at: DateTime<Utc>,
    ) {
        let met = self.resolution.as_ref().is_some_and(|promise| promise.result == PromiseResult::Met);
        if done && self.resolution.is_none() {
            self.resolution = self.meet(PromiseKind::Resolution, contract, changes, pauses, at);
        } else if !done && met {
            self.resolution = None;
        }
    }

    /// How the promises stand at `now`, and what to say about deadlines that moved (ruling 14).
    pub(super) fn finish(
        mut self,
        contract: &Contract,
        changes: &Changes,
        pauses: &Pauses,
        life: &Life,
        now: DateTime<Utc>,
    ) -> (Promises, Vec<Line>) {
        let (response, resolution) = (self.response.take(), self.resolution.take());
        let mut lines = Vec::new();
        let mut stand = |kind, settled: Option<Promise>, paused: bool| -> Option<Promise> {
            if let Some(settled) = settled {
                return Some(settled);
            }
            // Ruling 13: what was once met or breached stays, also where the events of now do not say so.
            let history = self.remembered(kind).filter(|promise| promise.result.is_history());
            if let Some(history) = history.filter(|_| kind == PromiseKind::InitialResponse) {
                return Some(history.clone());
            }
            let binding = self.binding(kind, contract, changes, pauses)?;
            let mut promise = self.standing(kind, &binding, now, paused);
            if let Some(cause) = self.moved_by(kind, contract, changes, pauses, &binding) {
                promise.cause = Some(cause.to_owned());
                lines.extend(moved(kind, self.remembered(kind), &promise, now));
            }
            Some(promise)
        };
        let state = life.state();
        let hard = matches!(state, State::OnHold | State::Rejected);
        let soft = hard || matches!(state, State::AwaitingCustomer | State::Resolved);
        let closed = state == State::Closed;
        let initial_response = stand(PromiseKind::InitialResponse, response, hard || closed)
            .map(|promise| if closed { withdrawn(promise) } else { promise })
            .unwrap_or_else(|| Promise::not_committed(self.opened_at));
        let resolution = stand(PromiseKind::Resolution, resolution, soft || closed);
        let missed_now = self.cycle.as_ref().and_then(|cycle| cycle.missed.clone());
        let next_update = stand(PromiseKind::NextUpdate, missed_now, soft || closed)
            .map(|promise| if closed { withdrawn(promise) } else { promise })
            .map(|promise| Promise { missed: Some(self.missed), ..promise });
        (Promises { initial_response: Some(initial_response), next_update, resolution }, lines)
    }
}

/// Ruling 20: the case was closed before the promise was kept or broken; it is owed no more.
fn withdrawn(promise: Promise) -> Promise {
    if promise.result.is_history() || promise.result == PromiseResult::NotCommitted {
        return promise;
    }
    Promise {
        result: PromiseResult::Withdrawn,
        cause: Some(reason::CLOSED_UNANSWERED.to_owned()),
        warn_at: None,
        due_at: None,
        remaining_seconds: None,
        ..promise
    }
}

/// Ruling 14: from when to when an edit of the contract, or newer zone data, moved a deadline.
fn moved(kind: PromiseKind, before: Option<&Promise>, promise: &Promise, now: DateTime<Utc>) -> Option<Line> {
    let (from, to) = (before?.due_at?, promise.due_at?);
    let text = |at: DateTime<Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let why = match (promise.cause.as_deref(), &promise.zone_data) {
        (Some(reason::ZONE_DATA_CHANGED), Some(version)) => format!("the time zone data are those of {version} now"),
        _ => "the contract was edited".to_owned(),
    };
    let message = format!("{kind:?} from {} to {}: {why}", text(from), text(to));
    (from != to).then(|| Line::new(now, OPERATOR, "DeadlineMoved", message))
}
