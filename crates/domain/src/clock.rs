//! Whether a clock can be believed (ruling 39): the operator's, held against the API server's. Not for: asking either.

use chrono::{DateTime, TimeDelta, Utc};

/// Clocks that differ by less agree.
pub const TOLERANCE: TimeDelta = TimeDelta::minutes(1);

/// How far `local` lies outside of what the server's clock can show at this moment, from `earliest` to `latest`; positive where
/// it is ahead. An answer tells its time in whole seconds and was under way for a while: hence a range.
#[must_use]
pub fn skew(local: DateTime<Utc>, earliest: DateTime<Utc>, latest: DateTime<Utc>) -> TimeDelta {
    if local > latest { local - latest } else { (local - earliest).min(TimeDelta::zero()) }
}

/// Whether what comes by the clock may be settled, with clocks that differ by `skew`.
#[must_use]
pub fn agrees(skew: TimeDelta) -> bool {
    skew.abs() < TOLERANCE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn ruling_39_clocks_agree_while_they_differ_by_less_than_a_minute() {
        let told = |local| skew(at(local), at(1000), at(1003));
        for (local, differs) in [(1000, 0), (1003, 0), (1062, 59), (1063, 60), (941, -59), (940, -60), (90_000, 88_997)]
        {
            assert_eq!(told(local), TimeDelta::seconds(differs), "{local}");
            assert_eq!(agrees(told(local)), differs.abs() < 60, "{local}");
        }
    }
}
