//! When the facts of a case that a late check rejected are read again (ruling 24). Not for reading them, nor for the checks
//! themselves (`entitlement.rs`).

use chrono::{DateTime, TimeDelta, Utc};

use super::entitlement::Entitlement;

const FIRST_DAY: TimeDelta = TimeDelta::days(1);
const FIRST_WEEK: TimeDelta = TimeDelta::days(7);
const OFTEN: TimeDelta = TimeDelta::minutes(10);
const SELDOM: TimeDelta = TimeDelta::hours(1);

/// An edit of either is a reason to look again: the generations of the case and of its contract.
pub type Edits = (i64, i64);

/// When facts were read last, and what stood there to be read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    pub at: DateTime<Utc>,
    pub edits: Edits,
}

/// When the facts are due again of a case that was opened at `opened_at`: every ten minutes on its first day, every hour until it is
/// a week old, at once after an edit, and where nobody remembers when they were read. `None`: not by the clock alone, or no late
/// check rejected the case. UTC; an instant that is over is due.
#[must_use]
pub fn due_at(
    entitlement: &Entitlement,
    opened_at: DateTime<Utc>,
    edits: Edits,
    last: Option<Read>,
) -> Option<DateTime<Utc>> {
    if !entitlement.is_rejected_late() {
        return None;
    }
    let Some(last) = last.filter(|last| last.edits == edits) else { return Some(opened_at) };
    let every = if last.at < opened_at + FIRST_DAY { OFTEN } else { SELDOM };
    Some(last.at + every).filter(|next| *next <= opened_at + FIRST_WEEK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entitlement::{Check, CheckResult, Entitled};
    use crate::reason;

    const EDITS: Edits = (1, 3);

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn opened() -> DateTime<Utc> {
        utc("2026-11-23T10:00:00Z")
    }

    fn rejected(name: &str, reason: &str) -> Entitlement {
        let (name, reason) = (name.to_owned(), reason.to_owned());
        let check = Check { name, result: CheckResult::Failed, reason, message: String::new() };
        Entitlement { decision: Entitled::Rejected, checks: vec![check], ..Entitlement::default() }
    }

    fn late() -> Entitlement {
        rejected("VersionSupported", reason::VERSION_END_OF_LIFE)
    }

    fn after(read: &str) -> Option<DateTime<Utc>> {
        due_at(&late(), opened(), EDITS, Some(Read { at: utc(read), edits: EDITS }))
    }

    #[test]
    fn ruling_24_every_ten_minutes_on_the_first_day_every_hour_for_a_week_and_no_longer() {
        for (read, next) in [
            ("2026-11-23T10:00:05Z", Some("2026-11-23T10:10:05Z")),
            ("2026-11-24T09:59:59Z", Some("2026-11-24T10:09:59Z")),
            ("2026-11-24T10:00:00Z", Some("2026-11-24T11:00:00Z")),
            ("2026-11-30T09:00:00Z", Some("2026-11-30T10:00:00Z")),
            ("2026-11-30T09:00:01Z", None),
            ("2027-01-01T00:00:00Z", None),
        ] {
            assert_eq!(after(read), next.map(utc), "{read}");
        }
    }

    #[test]
    fn ruling_24_at_every_edit_of_case_or_contract_however_old_the_case_is() {
        let last = Read { at: utc("2027-01-01T00:00:00Z"), edits: EDITS };
        for edits in [(2, 3), (1, 4)] {
            assert_eq!(due_at(&late(), opened(), edits, Some(last)), Some(opened()), "{edits:?}");
        }
        assert_eq!(due_at(&late(), opened(), EDITS, None), Some(opened()), "nobody remembers");
    }

    #[test]
    fn ruling_24_only_a_case_that_a_late_check_rejected_is_looked_at_again() {
        let mut accepted = late();
        accepted.decision = Entitled::AcceptedLimited;
        for other in [accepted, rejected("NamespaceAllowed", reason::NAMESPACE_NOT_ALLOWED), Entitlement::default()] {
            assert_eq!(due_at(&other, opened(), EDITS, None), None, "{other:?}");
        }
        let release = rejected("ProductionRelease", reason::NOT_A_PRODUCTION_RELEASE);
        assert_eq!(due_at(&release, opened(), EDITS, None), Some(opened()));
    }
}
