//! The business calendar: weekly hours in a time zone, less holidays, with special hours on some dates. Rulings 1 to 8.
//! Not for: its intervals on the line of real instants (`intervals.rs`), targets and pauses (`measure.rs`).

use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::DAY;
use super::holidays::Holidays;
use super::hours::{OpenHours, WeeklyHours};
use super::intervals::{Intervals, Shown};
use super::special::{SpecialDays, SpecialHours};
use super::zone::{Wall, Zone};
use super::zone_data::ZoneData;

/// How far ahead a calendar must open again (ruling 8): two years, in seconds.
const OPENS_WITHIN: i64 = 731 * DAY;

/// 1970-01-01 in days from the year 1.
const EPOCH_DAY: i64 = 719_163;

/// The version of the zone data that calendars were made of before it was told beside their revisions.
const FIRST_ZONE_DATA: &str = "2025b";

/// Why a calendar is not valid. [`CalendarError::field`] names the member of the plan; the text says what is accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    #[error("\"{zone}\" is no time zone; accepted is a name of the IANA database ({version}), such as America/Denver")]
    UnknownZone { zone: String, version: String },
    #[error("\"{value}\" is no time of day; accepted is HH:MM from 00:00 to {}", if *member == "opens" { "23:59" } else { "24:00" })]
    MalformedTime { place: String, member: &'static str, value: String },
    #[error(
        "opens and closes are both {value}; a whole day is opens 00:00, closes 24:00, and a night closes before it opens"
    )]
    EmptyInterval { place: String, value: String },
    #[error("no day is named; accepted are Monday to Sunday, at least one")]
    NoDays { place: String },
    #[error("to is before from; both dates are included, so that one day has the same date twice")]
    BackwardDates { place: String },
    #[error("the dates are more than {limit} days; at most a year is accepted, the next one is another entry")]
    TooManyDates { place: String, limit: i64 },
    #[error("the calendar never opens; at least one interval on one weekday is needed")]
    NeverOpens,
    #[error(
        "the calendar does not open within two years after {after}; holidays and special hours close every day of it"
    )]
    NotWithinTwoYears { after: DateTime<Utc> },
}

impl CalendarError {
    /// The path of the wrong member within a plan: of `specialHours` also within a contract; or `holidays` for the
    /// contract's.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            Self::UnknownZone { .. } => "timeZone".to_owned(),
            Self::MalformedTime { place, member, .. } => format!("{place}.{member}"),
            Self::EmptyInterval { place, .. } => format!("{place}.closes"),
            Self::NoDays { place } => format!("{place}.days"),
            Self::BackwardDates { place } | Self::TooManyDates { place, .. } => format!("{place}.to"),
            Self::NeverOpens => "businessHours".to_owned(),
            Self::NotWithinTwoYears { .. } => "holidays".to_owned(),
        }
    }
}

/// A business calendar: immutable, and cheap to clone and share.
#[derive(Debug, Clone)]
pub struct Calendar {
    inner: Arc<Inner>,
}

/// What a calendar is made of.
#[derive(Debug, Clone, Default)]
pub struct CalendarParts<'a> {
    /// The name of an IANA zone.
    pub zone: &'a str,
    /// Weekly hours, in its wall time.
    pub hours: &'a [OpenHours],
    /// Ruling 7: the hours of some dates; of several entries for one date the first counts.
    pub special: &'a [SpecialHours],
    pub holidays: Holidays,
    pub zones: ZoneData,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) zone: Zone,
    zone_data: String,
    pub(super) week: WeeklyHours,
    pub(super) special: SpecialDays,
    pub(super) holidays: Holidays,
    /// The days that are not as their weekday, in order.
    pub(super) marked: Vec<MarkedDay>,
    /// The first days of those runs of closed days that may keep the calendar closed for as long as ruling 8 forbids.
    long_closures: Vec<i64>,
    revision: String,
}

/// A day that is not as its weekday, as a number from 1970-01-01.
#[derive(Debug, Clone, Copy)]
pub(super) struct MarkedDay {
    pub(super) day: i64,
    pub(super) mark: Mark,
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Holiday,
    /// The number of the entry in the special hours.
    Special(usize),
}

impl Calendar {
    /// Builds a calendar, or says everything that is wrong.
    pub fn new(parts: CalendarParts<'_>) -> Result<Self, Vec<CalendarError>> {
        let unknown = || CalendarError::UnknownZone {
            zone: parts.zone.chars().take(64).collect(),
            version: parts.zones.version().to_owned(),
        };
        let zone = parts.zones.zone(parts.zone).ok_or_else(unknown);
        let week = WeeklyHours::read(parts.hours);
        let special = SpecialDays::read(parts.special);
        let (zone, week, special) = match (zone, week, special) {
            (Ok(zone), Ok(week), Ok(special)) => (zone, week, special),
            (zone, week, special) => {
                let errors = zone.err().into_iter().chain(week.err().into_iter().flatten());
                return Err(errors.chain(special.err().into_iter().flatten()).collect());
            }
        };
        let marked = marked(&parts.holidays, &special);
        let long_closures = long_closures(&marked, &special);
        let zone_data = parts.zones.version().to_owned();
        let mut inner = Inner {
            zone,
            zone_data,
            week,
            special,
            holidays: parts.holidays,
            marked,
            long_closures,
            revision: String::new(),
        };
        inner.revision = inner.revision_under(&inner.zone_data);
        Ok(Self { inner: Arc::new(inner) })
    }

    #[must_use]
    pub fn zone_name(&self) -> &str {
        self.inner.zone.name()
    }

    /// The zone, for showing wall times.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.inner.zone.clone()
    }

    /// The version of the zone data that it is made of, such as `2026f`.
    #[must_use]
    pub fn zone_data(&self) -> &str {
        &self.inner.zone_data
    }

    /// The instant of a wall time in the calendar's zone by ruling 5; of a date that the zone skips, the jump.
    #[must_use]
    pub fn instant_of(&self, wall: NaiveDateTime) -> Option<DateTime<Utc>> {
        let (Wall::At(instant) | Wall::SkippedDate(instant)) = self.inner.zone.instant_of(wall.and_utc().timestamp());
        DateTime::from_timestamp(instant, 0)
    }

    /// The holidays that the calendar was built with.
    #[must_use]
    pub fn holidays(&self) -> &Holidays {
        &self.inner.holidays
    }

    /// The dates with special hours, each with the name of its entry.
    pub fn special_dates(&self) -> impl Iterator<Item = (NaiveDate, &str)> {
        let special = &self.inner.special;
        special.days().filter_map(|(day, entry)| Some((date_of(day)?, special.name(entry))))
    }

    /// A digest of zone, zone data, hours, special hours and holiday dates: 12 hexadecimal digits, equal where all
    /// deadlines are.
    #[must_use]
    pub fn revision(&self) -> String {
        self.inner.revision.clone()
    }

    /// Whether a revision is of a calendar that differs from this one at most in its zone data. `zone_data` is the
    /// version that was told beside it; the first ones were told without.
    #[must_use]
    pub fn differs_only_in_zone_data(&self, revision: &str, zone_data: Option<&str>) -> bool {
        revision == self.inner.revision || revision == self.inner.revision_under(zone_data.unwrap_or(FIRST_ZONE_DATA))
    }

    /// Ruling 3: the seconds of one business day, the open time of the longest weekday and at most 24 hours; special
    /// hours, holidays and clock changes apart.
    #[must_use]
    pub fn nominal_day_seconds(&self) -> i64 {
        self.inner.week.longest_day_seconds()
    }

    /// Whether business time runs at an instant. Opening is included, closing is not (ruling 2).
    #[must_use]
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        let at = at.timestamp();
        self.intervals(Shown::Open, at, at + 1).next().is_some()
    }

    /// The next instant at which business time runs, `at` itself if it does; `None` if that is not within two years.
    #[must_use]
    pub fn next_opening(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let at = at.timestamp();
        let (opens, _) = self.intervals(Shown::Open, at, at.saturating_add(OPENS_WITHIN)).next()?;
        DateTime::from_timestamp(opens, 0)
    }

    /// Ruling 8: refuses a calendar whose holidays leave nothing open in the two years after an instant, or after any later
    /// one.
    pub fn check_opens_after(&self, at: DateTime<Utc>) -> Result<(), CalendarError> {
        let opens = |at| self.next_opening(at).map(|_| ()).ok_or(CalendarError::NotWithinTwoYears { after: at });
        opens(at)?;
        let begins = |day: &i64| self.instant_of(NaiveDateTime::default() + TimeDelta::days(*day));
        self.inner.long_closures.iter().filter_map(begins).filter(|begins| *begins > at).try_for_each(opens)
    }

    /// The open seconds in `[from, to)`; 0 if `to` is not after `from`.
    #[must_use]
    pub fn consumed(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
        self.intervals(Shown::Open, from.timestamp(), to.timestamp()).map(|(opens, closes)| closes - opens).sum()
    }

    /// The dates of the calendar's zone from one instant to another, both included, on which nothing opens, each with its
    /// holiday or special hours, where it has any. Takes time for each day.
    pub fn closed_days(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> impl Iterator<Item = (NaiveDate, Option<&str>)> {
        let zone = &self.inner.zone;
        let [first, last] = [from, to].map(|at| zone.wall_at(at.timestamp()).div_euclid(DAY));
        (first..=last).filter_map(move |day| {
            let [begins, ends] = [day, day + 1].map(|day| {
                let (Wall::At(instant) | Wall::SkippedDate(instant)) = zone.instant_of(day * DAY);
                instant
            });
            let is_open = self.intervals(Shown::Open, begins, ends).next().is_some();
            Some((date_of(day)?, self.inner.day_name(day))).filter(|_| !is_open && begins < ends)
        })
    }

    /// The open intervals, or those that holidays and special hours replace, within `[from, to)` in Unix seconds: in order, disjoint;
    /// touching ones are given apart. Takes time for each day crossed.
    pub(super) fn intervals(&self, shown: Shown, from: i64, to: i64) -> Intervals<'_> {
        Intervals::new(&self.inner, shown, from, to)
    }
}

impl Inner {
    /// How a day is marked, by its number from 1970-01-01.
    pub(super) fn mark(&self, day: i64) -> Option<Mark> {
        let place = self.marked.binary_search_by_key(&day, |marked| marked.day).ok()?;
        Some(self.marked[place].mark)
    }

    /// What a day is called: its holiday or special hours, if it has any.
    pub(super) fn day_name(&self, day: i64) -> Option<&str> {
        match self.mark(day)? {
            Mark::Holiday => self.holidays.name(date_of(day)?),
            Mark::Special(entry) => Some(self.special.name(entry)),
        }
    }

    fn revision_under(&self, zone_data: &str) -> String {
        let holidays: Vec<i64> = self.holidays.iter().map(|(date, _)| day_number(date)).collect();
        let mut text = format!("{}\n{zone_data}\n{}\n{holidays:?}", self.zone.name(), self.week.canonical());
        // A calendar without special hours keeps the revision that it had before there were any.
        if !self.special.is_empty() {
            text += &format!("\n{}", self.special.canonical());
        }
        Sha256::digest(text.as_bytes()).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The days that are not as their weekday. Ruling 7: special hours win over holidays.
fn marked(holidays: &Holidays, special: &SpecialDays) -> Vec<MarkedDay> {
    let holidays = holidays.iter().map(|(date, _)| (day_number(date), Mark::Holiday));
    let special = special.days().map(|(day, entry)| (day, Mark::Special(entry)));
    let marks: std::collections::BTreeMap<i64, Mark> = holidays.chain(special).collect();
    marks.into_iter().map(|(day, mark)| MarkedDay { day, mark }).collect()
}

/// The first days of the runs of closed days, between which no week is free, that last for about two years: only within
/// one can nothing open for so long.
fn long_closures(marked: &[MarkedDay], special: &SpecialDays) -> Vec<i64> {
    let closes = |marked: &&MarkedDay| match marked.mark {
        Mark::Holiday => true,
        Mark::Special(entry) => special.opening(entry).is_empty(),
    };
    let closed: Vec<i64> = marked.iter().filter(closes).map(|marked| marked.day).collect();
    let runs = closed.chunk_by(|one, next| next - one <= 7).filter_map(|run| Some((*run.first()?, *run.last()?)));
    runs.filter(|(first, last)| (last - first) * DAY >= OPENS_WITHIN - 14 * DAY).map(|(first, _)| first).collect()
}

/// A date as a number from 1970-01-01.
pub(super) fn day_number(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce()) - EPOCH_DAY
}

/// The date of such a number.
pub(super) fn date_of(day: i64) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(day + EPOCH_DAY).ok()?)
}
