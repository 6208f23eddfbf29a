//! Says on an activity whether it counts. Not for: what it does to its case.

use chrono::{DateTime, Utc};

use super::condition::{Condition, merge};
use super::read_case::belongs_to;
use crate::api::{CaseState, SupportActivity, SupportActivityStatus, SupportCase};

/// The status of `activity`, with the case that it names as far as there is one. An activity is judged once: what it
/// found then stays, for later activities do not change what this one did.
pub fn decide_activity(
    activity: &SupportActivity,
    case: Option<&SupportCase>,
    now: DateTime<Utc>,
) -> SupportActivityStatus {
    let before = activity.status.clone().unwrap_or_default();
    if before.conditions.iter().any(|condition| condition.type_ == "Recorded" && condition.status == "True") {
        return before;
    }
    let closed = |case: &SupportCase| case.status.as_ref().and_then(|status| status.state) == Some(CaseState::Closed);
    let (status, reason, message) = match case {
        None => {
            ("False", "CaseNotFound", format!("there is no case `{}` in this namespace", activity.spec.case_ref.name))
        }
        Some(case) if !belongs_to(activity, case) => {
            ("False", "OtherCase", "it belongs to an earlier case of the same name and does not count".to_owned())
        }
        Some(case) if closed(case) => ("False", "CaseClosed", "the case is closed: noted only".to_owned()),
        Some(_) => ("True", "Recorded", "it counts for the case".to_owned()),
    };
    let recorded = Condition { type_: "Recorded", status, reason: reason.to_owned(), message };
    SupportActivityStatus {
        observed_generation: activity.metadata.generation,
        conditions: merge(&before.conditions, vec![recorded], activity.metadata.generation, now),
    }
}
