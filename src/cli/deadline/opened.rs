//! When a case is opened, as `--opened-at` takes it: an instant, or a wall time of the plan's zone. Not for: zones.

use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};

use crate::domain::time::Calendar;

/// How a wall time is written.
const WALL: [&str; 4] = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OpenedAt {
    At(DateTime<Utc>),
    Wall(NaiveDateTime),
}

impl OpenedAt {
    /// The instant in whole seconds; ruling 5 says which one a wall time means about a clock change. `None` far outside of
    /// the years that a calendar knows.
    pub(super) fn instant(self, calendar: &Calendar) -> Option<DateTime<Utc>> {
        match self {
            Self::At(instant) => Some(instant.trunc_subsecs(0)),
            Self::Wall(wall) => calendar.instant_of(wall),
        }
    }
}

impl FromStr for OpenedAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(instant) = text.parse() {
            return Ok(Self::At(instant));
        }
        let wall = WALL.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
        wall.map(Self::Wall).ok_or_else(|| {
            "accepted is an instant such as 2026-11-20T23:30:00Z, or a wall time of the plan's zone such as \
             \"2026-11-20 16:30\""
                .to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_an_offset_and_a_wall_time_has_none() {
        let instant = |text: &str| OpenedAt::At(text.parse().unwrap());
        let wall = |text: &str| OpenedAt::Wall(text.parse().unwrap());
        for (text, expected) in [
            ("2026-11-20T23:30:00Z", Some(instant("2026-11-20T23:30:00Z"))),
            ("2026-11-20T16:30:00-07:00", Some(instant("2026-11-20T23:30:00Z"))),
            ("2026-11-20 16:30", Some(wall("2026-11-20T16:30:00"))),
            ("2026-11-20T16:30:15", Some(wall("2026-11-20T16:30:15"))),
            ("2026-11-20", None),
            ("16:30", None),
            ("2026-02-30 10:00", None),
        ] {
            assert_eq!(text.parse::<OpenedAt>().ok(), expected, "{text}");
        }
    }
}
