//! Waiting on a condition with a deadline. Not for: sleeping a guessed time.

use std::time::{Duration, Instant};

use crate::{LabError, Result};

/// How often a condition is looked at. Short against what is waited for, long against the cost of one look.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Calls `condition` until it gives a value, and gives that value.
///
/// # Errors
/// After `deadline`: a sentence that names `what` was waited for.
pub async fn wait_for<T>(what: &str, deadline: Duration, mut condition: impl AsyncFnMut() -> Option<T>) -> Result<T> {
    let until = Instant::now() + deadline;
    loop {
        // One look that hangs must not outlive the deadline.
        let left = until.saturating_duration_since(Instant::now());
        if let Ok(Some(value)) = tokio::time::timeout(left.max(LOOK_EVERY), condition()).await {
            return Ok(value);
        }
        if Instant::now() >= until {
            return Err(LabError::new(format!("waited {} s in vain for {what}", deadline.as_secs())));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
