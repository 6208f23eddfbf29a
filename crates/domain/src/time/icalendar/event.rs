//! One all-day event of an iCalendar feed: its dates, with rules, additions and exceptions. Not for: other events that change
//! it, and what a feed may hold.

use chrono::{Datelike, NaiveDate};
use icalendar::parser::{Component, Property};

use super::ICalendarProblem;
use crate::time::recurrence::{self, RuleError};

/// A single event may last this many days.
pub(super) const LONGEST_EVENT_DAYS: i64 = 366;
/// Letters of an event's name.
const LONGEST_NAME: usize = 128;

fn property<'a>(event: &'a Component<'_>, name: &'a str) -> impl Iterator<Item = &'a Property<'a>> {
    event.properties.iter().filter(move |property| property.name.as_str() == name)
}

/// The first value of a property.
pub(super) fn value<'a>(event: &'a Component<'_>, name: &'a str) -> Option<&'a str> {
    property(event, name).next().map(|property| property.val.as_str().trim())
}

/// The number of an event's version (RFC 5545, 3.8.7.4); without one it is the first.
pub(super) fn sequence(event: &Component<'_>) -> u64 {
    value(event, "SEQUENCE").and_then(|number| number.parse().ok()).unwrap_or(0)
}

pub(super) fn is_cancelled(event: &Component<'_>) -> bool {
    value(event, "STATUS").is_some_and(|status| status.eq_ignore_ascii_case("CANCELLED"))
}

/// All its categories.
pub(super) fn categories(event: &Component<'_>) -> Vec<String> {
    let lists = property(event, "CATEGORIES").flat_map(|property| property.val.as_str().split(','));
    lists.map(|category| category.trim().to_owned()).filter(|category| !category.is_empty()).collect()
}

/// An event as errors name it.
pub(super) fn label(event: &Component<'_>) -> String {
    let name = value(event, "SUMMARY").or_else(|| value(event, "UID")).unwrap_or("without a name");
    let day = value(event, "DTSTART").map(|start| format!(" ({start})")).unwrap_or_default();
    format!("\"{}\"{}", name.chars().take(60).collect::<String>(), day.chars().take(24).collect::<String>())
}

/// A day of a series as another program names it: by its date, or by the instant of its midnight in some zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DayStamp {
    date: NaiveDate,
    /// Written as an instant in the afternoon or evening of UTC: the midnight that begins the next day east of Greenwich.
    is_evening: bool,
}

impl DayStamp {
    /// Removes the day that is meant.
    pub(super) fn take_from(self, days: &mut Vec<NaiveDate>) {
        let next = self.date.succ_opt().filter(|_| self.is_evening && !days.contains(&self.date));
        let meant = next.unwrap_or(self.date);
        days.retain(|day| *day != meant);
    }
}

/// An all-day event.
#[derive(Debug)]
pub(super) struct Event<'a> {
    label: String,
    pub(super) name: String,
    pub(super) uid: Option<&'a str>,
    pub(super) cancelled: bool,
    start: NaiveDate,
    pub(super) days: i64,
    rules: Vec<&'a str>,
    exceptions: Vec<&'a str>,
    added: Vec<NaiveDate>,
    removed: Vec<DayStamp>,
    /// The day of a recurring event which this event stands for.
    pub(super) replaces: Option<DayStamp>,
}

impl<'a> Event<'a> {
    pub(super) fn read(event: &'a Component<'a>) -> Result<Self, ICalendarProblem> {
        let label = label(event);
        let stamp = |name, text: &str| stamp(&label, name, text);
        let list = |name: &'static str| {
            let texts = property(event, name).flat_map(|property| property.val.as_str().split(','));
            // Of a period only the start.
            texts.map(|text| stamp(name, text.split('/').next().unwrap_or_default())).collect::<Result<Vec<_>, _>>()
        };
        let texts = |name| property(event, name).map(|property| property.val.as_str().trim()).collect::<Vec<_>>();
        let cancelled = is_cancelled(event);
        let replaces = replaced(event, &label)?;
        let start = match (value(event, "DTSTART"), replaces) {
            (Some(text), _) => stamp("DTSTART", text)?.date,
            // Who cancels a day need not say when it was.
            (None, Some(day)) if cancelled => day.date,
            (None, _) => return Err(ICalendarProblem::NoStart { event: label }),
        };
        let days = match (value(event, "DTEND"), value(event, "DURATION")) {
            _ if cancelled => 1,
            (Some(end), _) => (stamp("DTEND", end)?.date - start).num_days(),
            (None, Some(text)) => days_of_duration(text).ok_or_else(|| ICalendarProblem::MalformedDuration {
                event: label.clone(),
                value: text.chars().take(40).collect(),
            })?,
            (None, None) => 1,
        };
        match days {
            ..0 => return Err(ICalendarProblem::EndsBeforeStart { event: label }),
            0..=LONGEST_EVENT_DAYS => {}
            _ => return Err(ICalendarProblem::TooLong { event: label }),
        }
        Ok(Self {
            name: value(event, "SUMMARY").unwrap_or("holiday").chars().take(LONGEST_NAME).collect(),
            uid: value(event, "UID"),
            cancelled,
            start,
            // Some programs write an end that equals the start.
            days: days.max(1),
            rules: texts("RRULE"),
            exceptions: texts("EXRULE"),
            added: list("RDATE")?.into_iter().map(|stamp| stamp.date).collect(),
            removed: list("EXDATE")?,
            replaces,
            label,
        })
    }

    /// How many rules are to be followed.
    pub(super) fn rules(&self) -> usize {
        if self.cancelled { 0 } else { self.rules.len() + self.exceptions.len() }
    }

    /// The first days of all its occurrences up to a year.
    pub(super) fn starts(&self, last_year: i32, budget: usize) -> Result<Vec<NaiveDate>, ICalendarProblem> {
        let follow = |property, rule: &str| {
            recurrence::dates(rule, self.start, last_year, budget).map_err(|error| ICalendarProblem::Rule {
                event: self.label.clone(),
                property,
                rule: rule.chars().take(200).collect(),
                error,
            })
        };
        let mut starts = vec![self.start];
        for rule in &self.rules {
            starts.extend(follow("RRULE", rule)?);
        }
        starts.extend(&self.added);
        for stamp in &self.removed {
            stamp.take_from(&mut starts);
        }
        for rule in &self.exceptions {
            let excepted: std::collections::HashSet<_> = match follow("EXRULE", rule) {
                // No exception is one way to be a rule of exceptions.
                Err(ICalendarProblem::Rule { error: RuleError::Fruitless, .. }) => continue,
                found => found?.into_iter().collect(),
            };
            starts.retain(|start| !excepted.contains(start));
        }
        Ok(starts)
    }
}

/// The day of a series for which an event stands.
fn replaced(event: &Component<'_>, label: &str) -> Result<Option<DayStamp>, ICalendarProblem> {
    let Some(id) = property(event, "RECURRENCE-ID").next() else { return Ok(None) };
    let range = id.params.iter().find(|param| param.key.as_str().eq_ignore_ascii_case("RANGE"));
    if let Some(range) = range {
        let range = range.val.as_ref().map_or("", |range| range.as_str()).chars().take(40).collect();
        return Err(ICalendarProblem::Range { event: label.to_owned(), range });
    }
    stamp(label, "RECURRENCE-ID", id.val.as_str()).map(Some)
}

/// A day by its date, or by an instant: another program's way to write the date of an all-day event.
fn stamp(label: &str, property: &'static str, text: &str) -> Result<DayStamp, ICalendarProblem> {
    let (digits, time) = text.trim().split_once(['T', 't']).unwrap_or((text.trim(), ""));
    let date = (digits.len() == 8).then(|| NaiveDate::parse_from_str(digits, "%Y%m%d").ok()).flatten();
    let date = date.filter(|date| date.year() > 0).ok_or_else(|| ICalendarProblem::MalformedDate {
        event: label.to_owned(),
        property,
        value: text.chars().take(40).collect(),
    })?;
    Ok(DayStamp { date, is_evening: time.ends_with(['Z', 'z']) && time >= "12" })
}

/// `P3D` or `P1W` in days.
fn days_of_duration(text: &str) -> Option<i64> {
    let text = text.trim().trim_start_matches('+').strip_prefix('P')?;
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number = i64::from(number.parse::<u16>().ok()?);
    match unit {
        "D" => Some(number),
        "W" => Some(number * 7),
        _ => None,
    }
}
