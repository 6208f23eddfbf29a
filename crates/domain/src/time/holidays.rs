//! Days on which nothing opens: by date, by computed set, from iCalendar feeds. Not for: parsing feeds.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// The years for which a computed set is written out. Outside of them it holds no days.
const COMPUTED_YEARS: std::ops::RangeInclusive<i32> = 1986..=2100;

/// A set of holidays that is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HolidaySet {
    /// The eleven holidays of 5 U.S.C. 6103(a), each with its observed day (ruling 7).
    UnitedStatesFederal,
}

/// Holidays with their names. The first name that is given for a date stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holidays {
    names: BTreeMap<NaiveDate, String>,
}

impl Holidays {
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds one date of the calendar's zone.
    #[must_use]
    pub fn date(mut self, date: NaiveDate, name: impl Into<String>) -> Self {
        self.names.entry(date).or_insert_with(|| name.into());
        self
    }

    /// Adds many dates, for example those of an iCalendar feed.
    #[must_use]
    pub fn dates<N: Into<String>>(self, dates: impl IntoIterator<Item = (NaiveDate, N)>) -> Self {
        dates.into_iter().fold(self, |holidays, (date, name)| holidays.date(date, name))
    }

    /// Adds a computed set: each day itself and its observed day (ruling 7).
    #[must_use]
    pub fn set(self, set: HolidaySet) -> Self {
        match set {
            HolidaySet::UnitedStatesFederal => self.dates(COMPUTED_YEARS.flat_map(federal_holidays)),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The name of the holiday on a date.
    #[must_use]
    pub fn name(&self, date: NaiveDate) -> Option<&str> {
        self.names.get(&date).map(String::as_str)
    }

    /// All dates in order.
    pub fn iter(&self) -> impl Iterator<Item = (NaiveDate, &str)> {
        self.names.iter().map(|(date, name)| (*date, name.as_str()))
    }
}

/// The federal holidays of a year and their observed days, Friday for a Saturday and Monday for a Sunday. New Year
/// observed on 31 December is given with the year of its 1 January, so a calendar needs the next year's list too.
fn federal_holidays(year: i32) -> Vec<(NaiveDate, String)> {
    let fixed = |month, day| NaiveDate::from_ymd_opt(year, month, day);
    let nth = |month, weekday, n| NaiveDate::from_weekday_of_month_opt(year, month, weekday, n);
    let last_monday_of_may = nth(5, Weekday::Mon, 5).or_else(|| nth(5, Weekday::Mon, 4));
    let days = [
        ("New Year's Day", fixed(1, 1)),
        ("Birthday of Martin Luther King, Jr.", nth(1, Weekday::Mon, 3)),
        ("Washington's Birthday", nth(2, Weekday::Mon, 3)),
        ("Memorial Day", last_monday_of_may),
        // Public Law 117-17 made it a holiday on 17 June 2021.
        ("Juneteenth National Independence Day", fixed(6, 19).filter(|_| year >= 2021)),
        ("Independence Day", fixed(7, 4)),
        ("Labor Day", nth(9, Weekday::Mon, 1)),
        ("Columbus Day", nth(10, Weekday::Mon, 2)),
        ("Veterans Day", fixed(11, 11)),
        ("Thanksgiving Day", nth(11, Weekday::Thu, 4)),
        ("Christmas Day", fixed(12, 25)),
    ];
    let mut found = Vec::with_capacity(days.len() + 4);
    for (name, day) in days {
        let Some(day) = day else { continue };
        found.push((day, name.to_owned()));
        let observed = match day.weekday() {
            Weekday::Sat => day.checked_sub_days(Days::new(1)),
            Weekday::Sun => day.checked_add_days(Days::new(1)),
            _ => None,
        };
        found.extend(observed.map(|observed| (observed, format!("{name} (observed)"))));
    }
    found
}
