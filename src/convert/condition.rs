//! Conditions: merged with what stood there, so that `lastTransitionTime` moves only when a status flips.
//! Not for: which conditions there are.

use chrono::{DateTime, Utc};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition as ApiCondition;

use super::time::to_kube;

/// A condition as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub type_: &'static str,
    /// `True`, `False` or `Unknown`.
    pub status: &'static str,
    /// One of the reasons.
    pub reason: String,
    pub message: String,
}

/// `wanted` as API conditions, each with the transition time of the one `before` of the same type and status, else `now`.
pub fn merge(
    before: &[ApiCondition],
    wanted: Vec<Condition>,
    generation: Option<i64>,
    now: DateTime<Utc>,
) -> Vec<ApiCondition> {
    wanted
        .into_iter()
        .map(|condition| {
            let same = before.iter().find(|old| old.type_ == condition.type_ && old.status == condition.status);
            ApiCondition {
                type_: condition.type_.to_owned(),
                status: condition.status.to_owned(),
                reason: condition.reason,
                message: condition.message,
                last_transition_time: same.map_or_else(|| to_kube(now), |old| old.last_transition_time.clone()),
                observed_generation: generation,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(status: &'static str) -> Condition {
        Condition { type_: "Ready", status, reason: "Accepted".to_owned(), message: String::new() }
    }

    #[test]
    fn a_transition_time_moves_only_when_the_status_flips() {
        let [first, second] = [10, 20].map(|second| DateTime::from_timestamp(second, 0).unwrap());
        let before = merge(&[], vec![ready("True")], Some(1), first);
        let same = merge(&before, vec![ready("True")], Some(2), second);
        assert_eq!(same[0].last_transition_time, to_kube(first));
        assert_eq!(same[0].observed_generation, Some(2));
        let flipped = merge(&same, vec![ready("False")], Some(2), second);
        assert_eq!(flipped[0].last_transition_time, to_kube(second));
    }
}
