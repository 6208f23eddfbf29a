//! When a contract writes its counts: they change with every case and are written at most once in ten seconds. Also sees, at
//! intervals, that what is counted case by case is what a full count gives. Not for: counting (`convert::Caseload`).

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::cache::{Key, Stored};
use super::context::Context;
use crate::api::SupportCase;
use crate::convert::CaseName;

/// Counts are written at most once in this time.
const INTERVAL: Duration = Duration::from_secs(10);
/// How often all is counted anew.
const CHECK_INTERVAL: Duration = Duration::from_secs(600);
/// A change that was read from the watch has been counted by then.
const SETTLED: Duration = Duration::from_secs(1);

/// Which contracts wait to write their counts.
#[derive(Default)]
pub struct Counts(Mutex<State>);

#[derive(Default)]
struct State {
    written: HashMap<Key, Instant>,
    /// Will look again by themselves, so that nobody need ask them.
    waiting: HashSet<Key>,
}

impl Counts {
    /// Notes that the counts of the contract under `key` changed; answers whether it has to be asked to look again.
    pub(super) fn changed(&self, key: &Key) -> bool {
        self.state(|state| state.waiting.insert(key.clone()))
    }

    /// Notes that the contract under `key` looks now: what changes from here on it must be told.
    pub(super) fn looks(&self, key: &Key) {
        self.state(|state| state.waiting.remove(key));
    }

    /// How long the counts of a contract still have to wait, if at all. It must look again then.
    pub(super) fn wait(&self, key: &Key) -> Option<Duration> {
        self.state(|state| {
            let wait = INTERVAL.checked_sub(state.written.get(key)?.elapsed()).filter(|wait| !wait.is_zero())?;
            state.waiting.insert(key.clone());
            Some(wait)
        })
    }

    /// Notes that the counts of the contract under `key` were written.
    pub(super) fn written(&self, key: &Key) {
        self.state(|state| state.written.insert(key.clone(), Instant::now()));
    }

    /// Forgets a contract that is gone.
    pub(super) fn forget(&self, key: &Key) {
        self.state(|state| {
            state.written.remove(key);
            state.waiting.remove(key);
        });
    }

    fn state<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Counts all cases at intervals, until the process ends. A difference would be a fault of the operator: it is mended and told.
pub(super) async fn check(context: Arc<Context>) {
    loop {
        tokio::time::sleep(CHECK_INTERVAL).await;
        let suspects = suspects(&context);
        if suspects.is_empty() {
            continue;
        }
        tokio::time::sleep(SETTLED).await;
        let wrong = mend(&context, suspects);
        if wrong > 0 {
            tracing::error!(cases = wrong, "the counts of contracts were wrong and have been mended");
            context.known.contracts.keys().iter().for_each(|contract| context.queues.contracts.request(contract));
        }
    }
}

/// A case, `None` where it is gone.
type Suspect = (Key, Option<Arc<SupportCase>>);

/// The cases that are counted otherwise than they stand; one that cannot be read stays as it was known.
fn suspects(context: &Context) -> Vec<Suspect> {
    let caseload = context.known.caseload.read().unwrap_or_else(PoisonError::into_inner);
    let cases = &context.known.cases;
    let there = cases.list(|case| caseload.is_wrong_on(&name_of(&Key::of(case)), Some(case)));
    let there = there.into_iter().map(|case| (Key::of(case.as_ref()), Some(case)));
    let gone = caseload.names().map(|(namespace, name)| Key::new(Some(namespace), name));
    let gone = gone.filter(|key| cases.get(key).is_none()).map(|key| (key, None));
    there.chain(gone).collect()
}

/// Notes those that still stand as they stood: of any other, the change was under way.
fn mend(context: &Context, suspects: Vec<Suspect>) -> usize {
    let mut caseload = context.known.caseload.write().unwrap_or_else(PoisonError::into_inner);
    let stands = |(key, case): &Suspect| match (context.known.cases.get(key), case) {
        (Some(Stored::Readable(now)), Some(case)) => Arc::ptr_eq(&now, case),
        (now, case) => now.is_none() && case.is_none(),
    };
    let wrong = suspects.iter().filter(|suspect| stands(suspect)).filter(|(key, case)| {
        let (name, case) = (name_of(key), case.as_deref());
        let wrong = caseload.is_wrong_on(&name, case);
        caseload.note(&name, case);
        wrong
    });
    wrong.count()
}

fn name_of(key: &Key) -> CaseName {
    (key.namespace.clone(), key.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contract_is_asked_once_until_it_looks() {
        let (counts, key) = (Counts::default(), Key::new(None, "gold"));
        assert!(counts.changed(&key));
        assert!(!counts.changed(&key));
        counts.looks(&key);
        assert!(counts.changed(&key));
    }

    #[test]
    fn counts_just_written_wait_and_nobody_asks_meanwhile() {
        let (counts, key) = (Counts::default(), Key::new(None, "gold"));
        assert_eq!(counts.wait(&key), None);
        counts.written(&key);
        assert!(counts.wait(&key).is_some_and(|wait| wait <= INTERVAL));
        assert!(!counts.changed(&key), "it looks again by itself");
        counts.forget(&key);
        assert_eq!(counts.wait(&key), None);
    }
}
