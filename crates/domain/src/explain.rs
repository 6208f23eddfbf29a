//! Why a deadline of a case is what it is: the ledger of a promise (ruling 9). Not for: showing it, nor for what would be due
//! without a case.

use chrono::{DateTime, Utc};

use super::contract::Contract;
use super::decide::Decision;
use super::sla::{Promise, PromiseKind};
use super::time::{Measure, Pause, Span};

/// A promise with every second that counted for it, or did not.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    pub promise: Promise,
    /// Contiguous, from where the target counts to the deadline; to `now` where the clock stands and there is none.
    pub ledger: Vec<Span>,
    /// The target in counted seconds; while it is due, the counted spans of the ledger add up to it.
    pub target_seconds: Option<i64>,
}

/// The ledger of a promise by a decision at `now` under the contract that it was taken by; `None` where the case has no such
/// promise. A promise that was settled under another calendar is explained by the one of now: the revisions tell.
#[must_use]
pub fn explain(decision: &Decision, contract: &Contract, kind: PromiseKind, now: DateTime<Utc>) -> Option<Explained> {
    let (promise, pauses) = match kind {
        PromiseKind::InitialResponse => (&decision.promises.initial_response, &decision.pauses.0),
        PromiseKind::NextUpdate => (&decision.promises.next_update, &decision.pauses.1),
        PromiseKind::Resolution => (&decision.promises.resolution, &decision.pauses.1),
    };
    let promise = promise.clone()?;
    let measured = promise.target.zip(promise.clock).zip(promise.counts_from.or(promise.started_at));
    let Some(((target, clock), from)) = measured else {
        return Some(Explained { promise, ledger: Vec::new(), target_seconds: None });
    };
    // What stopped the clock after the promise was settled did not move its deadline.
    let settled_at = promise.met_at.or(promise.breached_at);
    let before = |pause: &&Pause| settled_at.is_none_or(|settled| pause.from < settled);
    let pauses: Vec<Pause> = pauses.iter().filter(before).copied().collect();
    let measure = Measure::new(&contract.calendar, clock, target, from, &pauses);
    let closed_at = decision.closed.map(|(at, _)| at);
    let until = promise.due_at.or(settled_at).or(closed_at).unwrap_or(now);
    Some(Explained { ledger: measure.ledger(until), target_seconds: Some(measure.seconds()), promise })
}
