//! How long an object that failed waits before it is tried again: longer after each failure, at once after a success.
//! Not for: waiting.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::cache::Key;

/// Nothing waits longer.
const LIMIT: Duration = Duration::from_secs(300);

/// The failures in a row of each object.
#[derive(Debug)]
pub(super) struct Backoff {
    start: Duration,
    failures: Mutex<HashMap<Key, u32>>,
}

impl Backoff {
    /// The wait after a first failure; it doubles up to five minutes.
    pub(super) fn starting_with(start: Duration) -> Self {
        Self { start, failures: Mutex::default() }
    }

    /// Notes a failure of `key` and answers how long to wait.
    pub(super) fn failed(&self, key: &Key) -> Duration {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failures.entry(key.clone()).or_insert(0);
        let wait = self.start.saturating_mul(2_u32.saturating_pow(*count)).min(LIMIT);
        *count = count.saturating_add(1);
        wait
    }

    /// Notes that `key` went well, or is gone.
    pub(super) fn succeeded(&self, key: &Key) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_after_a_failure_doubles_up_to_a_limit_and_starts_anew_after_a_success() {
        let backoff = Backoff::starting_with(Duration::from_millis(500));
        let [bad, other] = ["bad", "other"].map(|name| Key::new(Some("shop"), name));
        let waits: Vec<f32> = (0..4).map(|_| backoff.failed(&bad).as_secs_f32()).collect();
        assert_eq!(waits, [0.5, 1.0, 2.0, 4.0]);
        assert_eq!(backoff.failed(&other), Duration::from_millis(500));
        for _ in 0..60 {
            backoff.failed(&bad);
        }
        assert_eq!(backoff.failed(&bad), LIMIT);
        backoff.succeeded(&bad);
        assert_eq!(backoff.failed(&bad), Duration::from_millis(500));
    }
}
