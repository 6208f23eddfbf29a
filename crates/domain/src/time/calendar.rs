//! The business calendar: weekly hours in a time zone, less holidays, as intervals on the line of real instants.
//! Rulings 1 to 8. Not for: targets and pauses (`measure.rs`).

use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use super::DAY;
use super::holidays::Holidays;
use super::hours::{OpenHours, WallInterval, WeeklyHours};
use super::zone::{PlainWalls, Wall, ZoneTable};

/// How far ahead a calendar must open again (ruling 8): two years, in seconds.
const OPENS_WITHIN: i64 = 731 * DAY;

/// 1970-01-01 in days from the year 1.
const EPOCH_DAY: i64 = 719_163;

/// Why a calendar is not valid. [`CalendarError::field`] names the member of the plan; the text says what is accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    #[error(
        "\"{zone}\" is no time zone; accepted is a name of the IANA database ({}), such as America/Denver",
        chrono_tz::IANA_TZDB_VERSION
    )]
    UnknownZone { zone: String },
    #[error("\"{value}\" is no time of day; accepted is HH:MM from 00:00 to {}", if *member == "opens" { "23:59" } else { "24:00" })]
    MalformedTime { index: usize, member: &'static str, value: String },
    #[error(
        "opens and closes are both {value}; a whole day is opens 00:00, closes 24:00, and a night closes before it opens"
    )]
    EmptyInterval { index: usize, value: String },
    #[error("no day is named; accepted are Monday to Sunday, at least one")]
    NoDays { index: usize },
    #[error("the calendar never opens; at least one interval on one weekday is needed")]
    NeverOpens,
    #[error("the calendar does not open within two years after {after}; holidays close every day of it")]
    NotWithinTwoYears { after: DateTime<Utc> },
}

impl CalendarError {
    /// The path of the wrong member within a plan, or `holidays` for the contract's.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            Self::UnknownZone { .. } => "timeZone".to_owned(),
            Self::MalformedTime { index, member, .. } => format!("businessHours[{index}].{member}"),
            Self::EmptyInterval { index, .. } => format!("businessHours[{index}].closes"),
            Self::NoDays { index } => format!("businessHours[{index}].days"),
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

#[derive(Debug)]
struct Inner {
    zone: Tz,
    table: Arc<ZoneTable>,
    week: WeeklyHours,
    holidays: Holidays,
    /// The holidays as day numbers from 1970-01-01, in order.
    holiday_days: Vec<i64>,
    /// The first days of those runs of holidays that may keep the calendar closed for as long as ruling 8 forbids.
    long_closures: Vec<i64>,
    revision: String,
}

impl Calendar {
    /// Builds a calendar of an IANA zone, weekly hours in its wall time, and holidays; or says everything that is wrong.
    pub fn new(zone: &str, hours: &[OpenHours], holidays: Holidays) -> Result<Self, Vec<CalendarError>> {
        let unknown = || vec![CalendarError::UnknownZone { zone: zone.chars().take(64).collect() }];
        let (zone, week) = match (zone.parse::<Tz>(), WeeklyHours::read(hours)) {
            (Ok(zone), Ok(week)) => (zone, week),
            (Ok(_), Err(errors)) => return Err(errors),
            (Err(_), Ok(_)) => return Err(unknown()),
            (Err(_), Err(errors)) => return Err(unknown().into_iter().chain(errors).collect()),
        };
        let holiday_days = holidays.iter().map(|(date, _)| day_number(date)).collect::<Vec<_>>();
        let long_closures = long_closures(&holiday_days);
        let revision = revision(zone, &week, &holiday_days);
        let table = ZoneTable::of(zone);
        Ok(Self { inner: Arc::new(Inner { zone, table, week, holidays, holiday_days, long_closures, revision }) })
    }

    #[must_use]
    pub fn zone_name(&self) -> &str {
        self.inner.zone.name()
    }

    /// The zone, for showing wall times.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.inner.zone
    }

    /// The instant of a wall time in the calendar's zone by ruling 5; of a date that the zone skips, the jump.
    #[must_use]
    pub fn instant_of(&self, wall: NaiveDateTime) -> Option<DateTime<Utc>> {
        let (Wall::At(instant) | Wall::SkippedDate(instant)) = self.inner.table.instant_of(wall.and_utc().timestamp());
        DateTime::from_timestamp(instant, 0)
    }

    /// The holidays that the calendar was built with.
    #[must_use]
    pub fn holidays(&self) -> &Holidays {
        &self.inner.holidays
    }

    /// A digest of zone, zone data, hours and holiday dates: 12 hexadecimal digits, equal where all deadlines are.
    #[must_use]
    pub fn revision(&self) -> String {
        self.inner.revision.clone()
    }

    /// Ruling 3: the seconds of one business day, the open time of the longest weekday, holidays and clock changes apart.
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

    /// The open intervals, or those that a holiday closes, within `[from, to)` in Unix seconds: in order, disjoint;
    /// touching ones are given apart. Takes time for each day crossed.
    pub(super) fn intervals(&self, shown: Shown, from: i64, to: i64) -> Intervals<'_> {
        let calendar = &*self.inner;
        let wall = calendar.table.wall_at(from);
        // An interval that opened the day before may still be open, and a clock change may move one day's end past
        // the next one's start.
        let day = wall.div_euclid(DAY) - 2;
        Intervals {
            calendar,
            shown,
            covered: from,
            to,
            last_day: calendar.table.wall_at(to).div_euclid(DAY) + 1,
            day,
            next_holiday: calendar.holiday_days.partition_point(|holiday| *holiday < day),
            plain: calendar.table.plain_walls(day * DAY),
            ready: Ready::None,
        }
    }
}

/// Which of a calendar's intervals are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Open,
    ClosedByHoliday,
}

/// The intervals of the day that is being given out.
#[derive(Debug)]
enum Ready<'a> {
    None,
    /// In wall time, with one offset for all.
    Plain(&'a [WallInterval], i64),
    /// As instants, last one first, on a day near a clock change.
    Converted(Vec<(i64, i64)>),
}

/// A walk over a calendar's intervals, day by day.
#[derive(Debug)]
pub(super) struct Intervals<'a> {
    calendar: &'a Inner,
    shown: Shown,
    /// Everything before this instant is given out already, or not asked for.
    covered: i64,
    to: i64,
    last_day: i64,
    /// The next day to look at, as a number from 1970-01-01.
    day: i64,
    next_holiday: usize,
    plain: PlainWalls,
    ready: Ready<'a>,
}

impl<'a> Intervals<'a> {
    /// The name of the holiday on the day on which the interval given out last opens.
    pub(super) fn holiday_name(&self) -> &'a str {
        let date = NaiveDate::from_num_days_from_ce_opt(i32::try_from(self.day - 1 + EPOCH_DAY).unwrap_or_default());
        date.and_then(|date| self.calendar.holidays.name(date)).unwrap_or("holiday")
    }

    fn ready_next(&mut self) -> Option<(i64, i64)> {
        match &mut self.ready {
            Ready::None => None,
            Ready::Plain(intervals, midnight) => {
                let (first, rest) = intervals.split_first()?;
                let instants = (*midnight + first.opens, *midnight + first.closes);
                *intervals = rest;
                Some(instants)
            }
            Ready::Converted(intervals) => intervals.pop(),
        }
    }

    fn prepare_day(&mut self) {
        let day = self.day;
        self.day += 1;
        let holidays = &self.calendar.holiday_days;
        while self.next_holiday < holidays.len() && holidays[self.next_holiday] < day {
            self.next_holiday += 1;
        }
        let is_holiday = holidays.get(self.next_holiday) == Some(&day);
        let intervals = self.calendar.week.opening_on(day);
        if intervals.is_empty() || is_holiday != (self.shown == Shown::ClosedByHoliday) {
            self.ready = Ready::None;
            return;
        }
        let midnight = day * DAY;
        if midnight + 2 * DAY >= self.plain.to {
            self.plain = self.calendar.table.plain_walls(midnight);
        }
        self.ready = if midnight + 2 * DAY < self.plain.to {
            Ready::Plain(intervals, midnight - self.plain.offset)
        } else {
            Ready::Converted(convert(&self.calendar.table, midnight, intervals))
        };
    }
}

/// The instants of wall intervals by ruling 5, the last one first.
fn convert(table: &ZoneTable, midnight: i64, intervals: &[WallInterval]) -> Vec<(i64, i64)> {
    let instants = |interval: &WallInterval| {
        let Wall::At(opens) = table.instant_of(midnight + interval.opens) else { return None };
        let (Wall::At(closes) | Wall::SkippedDate(closes)) = table.instant_of(midnight + interval.closes);
        (opens < closes).then_some((opens, closes))
    };
    let mut converted: Vec<_> = intervals.iter().filter_map(instants).collect();
    converted.sort_unstable_by(|one, other| other.cmp(one));
    converted
}

impl Iterator for Intervals<'_> {
    type Item = (i64, i64);

    fn next(&mut self) -> Option<(i64, i64)> {
        loop {
            while let Some((opens, closes)) = self.ready_next() {
                let (opens, closes) = (opens.max(self.covered), closes.min(self.to));
                if opens < closes {
                    self.covered = closes;
                    return Some((opens, closes));
                }
            }
            if self.day > self.last_day || self.covered >= self.to {
                return None;
            }
            self.prepare_day();
        }
    }
}

/// The first days of the runs of holidays, between which no week is free, that last for about two years: only within one
/// can nothing open for so long.
fn long_closures(holidays: &[i64]) -> Vec<i64> {
    let runs = holidays.chunk_by(|one, next| next - one <= 7).filter_map(|run| Some((*run.first()?, *run.last()?)));
    runs.filter(|(first, last)| (last - first) * DAY >= OPENS_WITHIN - 14 * DAY).map(|(first, _)| first).collect()
}

fn day_number(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce()) - EPOCH_DAY
}

fn revision(zone: Tz, week: &WeeklyHours, holidays: &[i64]) -> String {
    let version = chrono_tz::IANA_TZDB_VERSION;
    let text = format!("{}\n{version}\n{}\n{holidays:?}", zone.name(), week.canonical());
    Sha256::digest(text.as_bytes()).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
