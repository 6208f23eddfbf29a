//! Special hours: dates whose opening hours replace the weekly ones, such as half days, make-up days and seasons (ruling 7).
//! Not for: zones, and which of a calendar's days are holidays.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, Weekday};

use super::calendar::{CalendarError, day_number};
use super::hours::{WallInterval, merge};

/// An entry covers at most a year, so that an edit of one never costs more than that.
const LONGEST: i64 = 366;

/// The hours of some dates, as a plan or a contract writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecialHours {
    /// The first and the last date, both included.
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// Only these weekdays; empty: all of them.
    pub days: Vec<Weekday>,
    /// What people call them.
    pub name: String,
    /// Opening and closing as `HH:MM` (ruling 6); none: closed.
    pub intervals: Vec<(String, String)>,
    /// How errors name the entry: its path, as in `specialHours[0]`.
    pub place: String,
}

/// The dates with special hours, and the intervals that open on them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct SpecialDays {
    entries: Vec<Entry>,
    /// The entry that counts, by the number of the day from 1970-01-01.
    days: BTreeMap<i64, usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    name: String,
    intervals: Vec<WallInterval>,
}

impl SpecialDays {
    /// Reads all entries. Of several for one date the first counts.
    pub(super) fn read(special: &[SpecialHours]) -> Result<Self, Vec<CalendarError>> {
        let mut read = Self::default();
        let mut errors = Vec::new();
        for (number, hours) in special.iter().enumerate() {
            match Entry::read(hours) {
                Ok(entry) => read.entries.push(entry),
                Err(found) => errors.extend(found),
            }
            if errors.is_empty() {
                let dates = hours.from.iter_days().take_while(|date| *date <= hours.to);
                let dates = dates.filter(|date| hours.days.is_empty() || hours.days.contains(&date.weekday()));
                dates.for_each(|date| {
                    read.days.entry(day_number(date)).or_insert(number);
                });
            }
        }
        if errors.is_empty() { Ok(read) } else { Err(errors) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// All dates in order, as numbers from 1970-01-01, each with its entry.
    pub(super) fn days(&self) -> impl Iterator<Item = (i64, usize)> {
        self.days.iter().map(|(day, entry)| (*day, *entry))
    }

    /// The intervals of an entry, in order, overlapping ones merged.
    pub(super) fn opening(&self, entry: usize) -> &[WallInterval] {
        &self.entries[entry].intervals
    }

    pub(super) fn name(&self, entry: usize) -> &str {
        &self.entries[entry].name
    }

    /// A text that is equal exactly for equal hours on equal dates.
    pub(super) fn canonical(&self) -> String {
        let days: Vec<_> = self.days().map(|(day, entry)| (day, self.opening(entry))).collect();
        format!("{days:?}")
    }
}

impl Entry {
    fn read(hours: &SpecialHours) -> Result<Self, Vec<CalendarError>> {
        let mut errors = Vec::new();
        let place = || hours.place.clone();
        let length = (hours.to - hours.from).num_days() + 1;
        if length < 1 {
            errors.push(CalendarError::BackwardDates { place: place() });
        } else if length > LONGEST {
            errors.push(CalendarError::TooManyDates { place: place(), limit: LONGEST });
        }
        let mut intervals = Vec::new();
        for (number, (opens, closes)) in hours.intervals.iter().enumerate() {
            match WallInterval::read(&format!("{}.intervals[{number}]", hours.place), opens, closes) {
                Ok(interval) => intervals.push(interval),
                Err(found) => errors.extend(found),
            }
        }
        merge(&mut intervals);
        if errors.is_empty() { Ok(Self { name: hours.name.clone(), intervals }) } else { Err(errors) }
    }
}
