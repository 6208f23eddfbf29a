//! Whether the process still does its work, for `/livez`: no step is stuck, and watches open where the API server answers at all.
//! Not for: whether it is ready; nor for an API server that is away, which a restart would not mend.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::metrics::Metrics;

/// A step that takes longer is stuck: each has a limit of its own far below.
const STUCK: Duration = Duration::from_secs(300);
/// How long opening a watch may fail.
const FAILING: Duration = Duration::from_secs(600);
/// The API server answers if it answered anything within this time.
const ANSWERS: Duration = Duration::from_secs(300);

/// Where a loop reports how it fares.
#[derive(Clone, Default)]
pub struct Reports {
    pub metrics: Metrics,
    pub liveness: Liveness,
}

/// What the tasks of the process report of themselves; clones share it.
#[derive(Clone, Default)]
pub struct Liveness(Arc<Mutex<Reported>>);

#[derive(Default)]
struct Reported {
    /// Steps under way, by a number of their own.
    steps: HashMap<u64, (&'static str, Instant)>,
    begun: u64,
    /// By the path of the watched collection.
    watches: HashMap<String, Watch>,
    answered: Option<Instant>,
}

#[derive(Clone, Copy, Default)]
struct Watch {
    opened: Option<Instant>,
    failing_since: Option<Instant>,
}

impl Liveness {
    /// Notes that a step of `name` is under way, until what is returned is dropped.
    pub(super) fn step(&self, name: &'static str) -> Step {
        let mut reported = self.lock();
        reported.begun += 1;
        let number = reported.begun;
        reported.steps.insert(number, (name, Instant::now()));
        Step { of: self.clone(), number }
    }

    /// Notes that the collection under `path` is to be watched from now on.
    pub(super) fn watches(&self, path: &str) {
        self.lock().watches.entry(path.to_owned()).or_default();
    }

    /// When the watch of the collection under `path` was opened last.
    pub(super) fn opened(&self, path: &str) -> Option<Instant> {
        self.lock().watches.get(path)?.opened
    }

    /// Notes the answer to a request to read `path`, for a list or, with `watch`, for a watch.
    pub(super) fn answered(&self, path: &str, watch: bool, success: bool) {
        let mut reported = self.lock();
        let now = Instant::now();
        if success {
            reported.answered = Some(now);
        }
        let Some(watched) = reported.watches.get_mut(path) else { return };
        match (success, watch) {
            (true, true) => *watched = Watch { opened: Some(now), failing_since: None },
            (true, false) => {}
            (false, _) => {
                watched.failing_since.get_or_insert(now);
            }
        }
    }

    /// What is wrong, in words; nothing is what `/livez` wants.
    pub fn faults(&self) -> Vec<String> {
        self.lock().faults(Instant::now())
    }

    fn lock(&self) -> MutexGuard<'_, Reported> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reported {
    fn faults(&self, now: Instant) -> Vec<String> {
        let since = |at: Instant| now.saturating_duration_since(at);
        let stuck = self.steps.values().filter(|(_, begun)| since(*begun) > STUCK);
        let stuck = stuck.map(|(name, begun)| format!("{name}: stuck for {} seconds", since(*begun).as_secs()));
        let answers = self.answered.is_some_and(|answered| since(answered) < ANSWERS);
        let failing = self.watches.iter().filter_map(|(path, watch)| Some((path, since(watch.failing_since?))));
        let failing = failing.filter(|(_, time)| answers && *time > FAILING);
        let failing =
            failing.map(|(path, time)| format!("watch of {path}: does not open since {} seconds", time.as_secs()));
        let mut faults: Vec<String> = stuck.chain(failing).collect();
        faults.sort();
        faults
    }
}

/// A step under way.
pub(super) struct Step {
    of: Liveness,
    number: u64,
}

impl Drop for Step {
    fn drop(&mut self) {
        self.of.lock().steps.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const CASES: &str = "/apis/meshcase.io/v1alpha1/supportcases";

    fn faults(liveness: &Liveness, later: Duration) -> Vec<String> {
        liveness.lock().faults(Instant::now() + later)
    }

    #[test]
    fn a_step_that_does_not_end_is_stuck() {
        let liveness = Liveness::default();
        let step = liveness.step("controller of SupportCases");
        assert!(faults(&liveness, STUCK - SECOND).is_empty());
        assert!(faults(&liveness, STUCK + SECOND)[0].starts_with("controller of SupportCases: stuck for 30"));
        drop(step);
        assert!(faults(&liveness, STUCK + SECOND).is_empty());
    }

    #[test]
    fn a_watch_that_does_not_open_for_ten_minutes_counts_only_while_other_calls_succeed() {
        let liveness = Liveness::default();
        liveness.watches(CASES);
        liveness.answered(CASES, true, false);
        assert!(faults(&liveness, FAILING + SECOND).is_empty(), "the API server is away");
        let answer = |later| {
            liveness.answered("/apis/coordination.k8s.io/v1/leases", false, true);
            liveness.lock().answered = Some(Instant::now() + later);
        };
        answer(FAILING);
        assert!(faults(&liveness, FAILING - SECOND).is_empty());
        assert_eq!(faults(&liveness, FAILING + SECOND).len(), 1);
        // A list alone is no watch.
        liveness.answered(CASES, false, true);
        answer(FAILING);
        assert_eq!(faults(&liveness, FAILING + SECOND).len(), 1);
        liveness.answered(CASES, true, true);
        assert!(faults(&liveness, FAILING + SECOND).is_empty());
    }
}
