//! First decisions go first: when cases come in a crowd, what can wait (events, evidence) waits until the crowd has passed, for
//! the API server has only so many hands. Not for: the order of the decisions among themselves.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The crowd has passed when no case got its first decision for so long.
const CALM: Duration = Duration::from_millis(250);
/// Nothing waits longer, whatever comes.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// When a case got its first decision last.
#[derive(Default)]
pub struct Calm(Mutex<Option<Instant>>);

impl Calm {
    /// Notes that a case got its first decision just now.
    pub(super) fn decided_first(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Waits while cases get first decisions, for something that was asked for at `asked_at`.
    pub(super) async fn wait(&self, asked_at: Instant) {
        loop {
            let left = self.left(asked_at, Instant::now());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left).await;
        }
    }

    /// How long there is to wait at `now`, as far as is known now.
    fn left(&self, asked_at: Instant, now: Instant) -> Duration {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let calm_at = last.map_or(now, |last| last + CALM);
        calm_at.min(asked_at + LONGEST_WAIT).saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_waits_where_no_case_got_its_first_decision_lately() {
        let (calm, now) = (Calm::default(), Instant::now());
        assert!(calm.left(now, now).is_zero());
        calm.decided_first();
        assert!(calm.left(now, Instant::now() + CALM).is_zero());
    }

    #[test]
    fn what_can_wait_waits_while_cases_get_first_decisions_but_not_for_ever() {
        let (calm, asked_at) = (Calm::default(), Instant::now());
        calm.decided_first();
        assert!(!calm.left(asked_at, Instant::now()).is_zero());
        *calm.0.lock().unwrap() = Some(asked_at + LONGEST_WAIT);
        assert!(calm.left(asked_at, asked_at + LONGEST_WAIT).is_zero());
    }
}
