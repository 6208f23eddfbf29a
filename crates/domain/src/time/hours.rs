//! Weekly opening hours: reading them, and their wall-clock intervals by weekday. Not for: zones and holidays.

use chrono::Weekday;

use super::calendar::CalendarError;

/// Opening hours of some weekdays, as a contract writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenHours {
    pub days: Vec<Weekday>,
    /// `HH:MM`, 00:00 to 23:59.
    pub opens: String,
    /// `HH:MM`, or `24:00` for the end of the day. At or before `opens` it is on the next day (ruling 6).
    pub closes: String,
}

/// An interval in seconds from the midnight of the day on which it opens; `closes` may lie in the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WallInterval {
    pub(super) opens: i64,
    pub(super) closes: i64,
}

/// The intervals that open on each weekday (Monday first), in order, overlapping ones merged (ruling 6).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct WeeklyHours {
    days: [Vec<WallInterval>; 7],
}

impl WeeklyHours {
    /// Reads all hours; the errors name the index of the entry and the member that is wrong.
    pub(super) fn read(hours: &[OpenHours]) -> Result<Self, Vec<CalendarError>> {
        let mut week = Self::default();
        let mut errors = Vec::new();
        for (index, entry) in hours.iter().enumerate() {
            let place = format!("businessHours[{index}]");
            if entry.days.is_empty() {
                errors.push(CalendarError::NoDays { place: place.clone() });
            }
            match WallInterval::read(&place, &entry.opens, &entry.closes) {
                Ok(interval) => {
                    for day in &entry.days {
                        week.days[day.num_days_from_monday() as usize].push(interval);
                    }
                }
                Err(found) => errors.extend(found),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        week.days.iter_mut().for_each(merge);
        if week.days.iter().all(Vec::is_empty) { Err(vec![CalendarError::NeverOpens]) } else { Ok(week) }
    }

    /// The intervals that open on the day with this number, counted from 1970-01-01.
    pub(super) fn opening_on(&self, day: i64) -> &[WallInterval] {
        // 1970-01-01 was a Thursday.
        &self.days[(day + 3).rem_euclid(7) as usize]
    }

    /// Ruling 3: the open time of the longest weekday, at most 24 hours. What two days have in common, because the one runs
    /// into the other, counts for the one that opens first.
    pub(super) fn longest_day_seconds(&self) -> i64 {
        let mut covered = i64::MIN;
        let mut longest = 0;
        // The first week only shows what the last day of a week leaves of the first.
        for day in 0..14 {
            let mut open = 0;
            for interval in &self.days[day % 7] {
                let midnight = day as i64 * super::DAY;
                let (opens, closes) = ((midnight + interval.opens).max(covered), midnight + interval.closes);
                open += (closes - opens).max(0);
                covered = covered.max(closes);
            }
            if day >= 7 {
                longest = longest.max(open);
            }
        }
        longest.min(super::DAY)
    }

    /// A text that is equal exactly for equal hours.
    pub(super) fn canonical(&self) -> String {
        format!("{:?}", self.days)
    }
}

impl WallInterval {
    /// Reads an opening and a closing time; the errors name the place and the member that is wrong.
    pub(super) fn read(place: &str, opens: &str, closes: &str) -> Result<Self, Vec<CalendarError>> {
        let mut errors = Vec::new();
        let mut read = |member: &'static str, text: &str, latest: i64| match seconds_of_day(text, latest) {
            Some(seconds) => seconds,
            None => {
                let value = text.chars().take(32).collect();
                errors.push(CalendarError::MalformedTime { place: place.to_owned(), member, value });
                0
            }
        };
        let opened = read("opens", opens, super::DAY - 60);
        let mut closed = read("closes", closes, super::DAY);
        if errors.is_empty() && opened == closed {
            errors.push(CalendarError::EmptyInterval { place: place.to_owned(), value: opens.to_owned() });
        }
        if closed <= opened {
            closed += super::DAY;
        }
        if errors.is_empty() { Ok(Self { opens: opened, closes: closed }) } else { Err(errors) }
    }
}

/// Seconds after midnight of `HH:MM`, at most `latest`.
fn seconds_of_day(text: &str, latest: i64) -> Option<i64> {
    let [h1, h2, b':', m1, m2] = text.as_bytes() else { return None };
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    let (hours, minutes) = (digit(h1)? * 10 + digit(h2)?, digit(m1)? * 10 + digit(m2)?);
    let seconds = hours * 3_600 + minutes * 60;
    (minutes < 60 && seconds <= latest).then_some(seconds)
}

/// Sorts intervals and merges those that overlap or touch.
pub(super) fn merge(day: &mut Vec<WallInterval>) {
    day.sort_unstable();
    let mut merged: Vec<WallInterval> = Vec::with_capacity(day.len());
    for interval in day.drain(..) {
        match merged.last_mut() {
            Some(last) if interval.opens <= last.closes => last.closes = last.closes.max(interval.closes),
            _ => merged.push(interval),
        }
    }
    *day = merged;
}
