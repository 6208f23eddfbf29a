//! Holidays out of an iCalendar feed (RFC 5545): all-day events, recurring ones included (ruling 7).
//! Not for: fetching feeds, and appointments with a time of day.

use std::collections::{BTreeMap, HashSet};

use chrono::{Datelike, Days, NaiveDate};
use icalendar::parser::{Component, Property, read_calendar_simple, unfold};

use super::recurrence::{self, RuleError};

/// A single event may last this many days.
const LONGEST_EVENT_DAYS: i64 = 366;
/// Components within components; deeper ones would only exhaust the parser's stack.
const DEEPEST_NESTING: usize = 4;
/// Events that an error names.
const NAMED_EVENTS: usize = 5;
/// Letters of an event's name.
const LONGEST_NAME: usize = 128;

/// What a feed may hold at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ICalendarLimits {
    pub bytes: usize,
    pub events: usize,
    /// Events with a recurrence rule.
    pub rules: usize,
    /// Holidays outside of these years (inclusive) are left out; recurrences are followed to the last one.
    pub first_year: i32,
    pub last_year: i32,
    /// Single dates, after recurrences are followed and long events are split into days.
    pub dates: usize,
}

impl Default for ICalendarLimits {
    /// A ConfigMap holds at most 1 MiB. The years do not depend on today, so that the same feed is always the same
    /// calendar.
    fn default() -> Self {
        Self { bytes: 1 << 20, events: 5_000, rules: 200, first_year: 2000, last_year: 2075, dates: 20_000 }
    }
}

/// Why a feed is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{feed}: {problem}")]
pub struct ICalendarError {
    /// What the caller calls the feed.
    pub feed: String,
    pub problem: ICalendarProblem,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ICalendarProblem {
    #[error("the feed has {bytes} bytes; at most {limit} are accepted")]
    TooLarge { bytes: usize, limit: usize },
    #[error("the feed is no iCalendar text; accepted is a VCALENDAR with VEVENTs")]
    NoCalendar,
    #[error("line {line} (folded lines joined, empty ones apart) is not iCalendar")]
    Malformed { line: usize },
    #[error(
        "components are nested more than {DEEPEST_NESTING} deep at line {line}; accepted is a VCALENDAR with VEVENTs"
    )]
    TooDeep { line: usize },
    #[error("the feed has {events} events; at most {limit} are accepted")]
    TooManyEvents { events: usize, limit: usize },
    #[error("the feed has more than {limit} recurring events; at most {limit} are accepted")]
    TooManyRules { limit: usize },
    #[error("the feed gives more than {limit} days between {first_year} and {last_year}; at most {limit} are accepted")]
    TooManyDates { limit: usize, first_year: i32, last_year: i32 },
    #[error("{count} event(s) have a time of day: {}; only all-day events (DTSTART;VALUE=DATE) can be holidays", events.join(", "))]
    TimeOfDay { count: usize, events: Vec<String> },
    #[error("event {event} has no DTSTART; accepted is a date, such as DTSTART;VALUE=DATE:20261126")]
    NoStart { event: String },
    #[error("event {event}: {property} \"{value}\" is no date; accepted is YYYYMMDD")]
    MalformedDate { event: String, property: &'static str, value: String },
    #[error("event {event}: DURATION \"{value}\" is no number of days; accepted is P1D or P1W")]
    MalformedDuration { event: String, value: String },
    #[error("event {event} ends before it starts; DTEND is the day after the last one")]
    EndsBeforeStart { event: String },
    #[error("event {event} lasts more than {LONGEST_EVENT_DAYS} days")]
    TooLong { event: String },
    #[error("event {event}: RRULE \"{rule}\": {error}")]
    Rule { event: String, rule: String, error: RuleError },
}

/// The holidays of a feed as dates with names, in order. `source` names the feed in errors.
///
/// The end of an event is exclusive (RFC 5545, 3.6.1). Cancelled events are left out. Whether an event shows as busy
/// (`TRANSP`) plays no part: public holiday feeds mark their days as free time.
pub fn parse_icalendar(
    text: &str,
    source: &str,
    limits: ICalendarLimits,
) -> Result<Vec<(NaiveDate, String)>, ICalendarError> {
    read_feed(text, limits).map_err(|problem| ICalendarError { feed: source.to_owned(), problem })
}

fn read_feed(text: &str, limits: ICalendarLimits) -> Result<Vec<(NaiveDate, String)>, ICalendarProblem> {
    if text.len() > limits.bytes {
        return Err(ICalendarProblem::TooLarge { bytes: text.len(), limit: limits.bytes });
    }
    let lines = content_lines(text, limits)?;
    let components = read_calendar_simple(&lines).map_err(|error| malformed(&lines, error.input))?;
    if !components.iter().any(|component| component.name == "VCALENDAR") {
        return Err(ICalendarProblem::NoCalendar);
    }
    let events: Vec<_> = components
        .iter()
        .flat_map(|calendar| &calendar.components)
        .filter(|component| component.name == "VEVENT")
        .filter(|event| !value(event, "STATUS").is_some_and(|status| status.eq_ignore_ascii_case("CANCELLED")))
        .collect();
    refuse_times_of_day(&events)?;
    let events = events.into_iter().map(Event::read).collect::<Result<Vec<_>, _>>()?;
    if events.iter().filter(|event| event.rule.is_some()).count() > limits.rules {
        return Err(ICalendarProblem::TooManyRules { limit: limits.rules });
    }
    days_of(&events, limits)
}

/// The lines unfolded and with one kind of end: the parser looks for the next CRLF first, and would read a feed with
/// bare line feeds in quadratic time. What could exhaust the parser is refused here.
fn content_lines(text: &str, limits: ICalendarLimits) -> Result<String, ICalendarProblem> {
    let text = unfold(text.trim_start_matches('\u{feff}'));
    let (mut lines, mut depth, mut events) = (String::with_capacity(text.len() + text.len() / 16), 0_usize, 0);
    for (index, line) in text.lines().filter(|line| !line.trim().is_empty()).enumerate() {
        let upper = line.get(..6).unwrap_or_default().to_ascii_uppercase();
        if upper == "BEGIN:" {
            depth += 1;
            events += usize::from(line[6..].trim().eq_ignore_ascii_case("VEVENT"));
        } else if upper.starts_with("END:") {
            depth = depth.saturating_sub(1);
        }
        if depth > DEEPEST_NESTING {
            return Err(ICalendarProblem::TooDeep { line: index + 1 });
        }
        lines.push_str(line);
        lines.push_str("\r\n");
    }
    match events {
        _ if events > limits.events => Err(ICalendarProblem::TooManyEvents { events, limit: limits.events }),
        _ if lines.is_empty() => Err(ICalendarProblem::NoCalendar),
        _ => Ok(lines),
    }
}

fn malformed(lines: &str, rest: &str) -> ICalendarProblem {
    let read = lines.len().saturating_sub(rest.len());
    let line = lines.as_bytes()[..read].iter().filter(|byte| **byte == b'\n').count() + 1;
    // Not the line itself: who reads the error may not read the feed.
    ICalendarProblem::Malformed { line }
}

fn property<'a>(event: &'a Component<'_>, name: &'a str) -> impl Iterator<Item = &'a Property<'a>> {
    event.properties.iter().filter(move |property| property.name.as_str().eq_ignore_ascii_case(name))
}

fn value<'a>(event: &'a Component<'_>, name: &'a str) -> Option<&'a str> {
    property(event, name).next().map(|property| property.val.as_str().trim())
}

/// An event as errors name it.
fn label(event: &Component<'_>) -> String {
    let name = value(event, "SUMMARY").or_else(|| value(event, "UID")).unwrap_or("without a name");
    let day = value(event, "DTSTART").map(|start| format!(" ({start})")).unwrap_or_default();
    format!("\"{}\"{}", name.chars().take(60).collect::<String>(), day.chars().take(24).collect::<String>())
}

fn refuse_times_of_day(events: &[&Component<'_>]) -> Result<(), ICalendarProblem> {
    let timed = |event: &&&Component<'_>| {
        ["DTSTART", "DTEND"].iter().any(|name| value(event, name).is_some_and(|value| value.contains('T')))
    };
    let named: Vec<_> = events.iter().filter(timed).collect();
    if named.is_empty() {
        return Ok(());
    }
    let events = named.iter().take(NAMED_EVENTS).map(|event| label(event)).collect();
    Err(ICalendarProblem::TimeOfDay { count: named.len(), events })
}

/// An all-day event.
#[derive(Debug)]
struct Event<'a> {
    label: String,
    name: String,
    uid: Option<&'a str>,
    start: NaiveDate,
    days: i64,
    rule: Option<&'a str>,
    added: Vec<NaiveDate>,
    removed: Vec<NaiveDate>,
    /// The day of a recurring event which this event stands for.
    replaces: Option<NaiveDate>,
}

impl<'a> Event<'a> {
    fn read(event: &'a Component<'a>) -> Result<Self, ICalendarProblem> {
        let label = label(event);
        let date = |name: &'static str, text: &str| {
            // A date-time here is another program's way to write the date of an all-day event.
            let digits = text.trim().split('T').next().unwrap_or_default();
            (digits.len() == 8)
                .then(|| NaiveDate::parse_from_str(digits, "%Y%m%d").ok())
                .flatten()
                .filter(|date| date.year() > 0)
                .ok_or_else(|| ICalendarProblem::MalformedDate {
                    event: label.clone(),
                    property: name,
                    value: text.chars().take(40).collect(),
                })
        };
        let list = |name: &'static str| {
            property(event, name)
                .flat_map(|property| property.val.as_str().split(','))
                .map(|text| date(name, text.split('/').next().unwrap_or_default()))
                .collect::<Result<Vec<_>, _>>()
        };
        let start = match value(event, "DTSTART") {
            Some(text) => date("DTSTART", text)?,
            None => return Err(ICalendarProblem::NoStart { event: label }),
        };
        let days = match (value(event, "DTEND"), value(event, "DURATION")) {
            (Some(end), _) => (date("DTEND", end)? - start).num_days(),
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
            start,
            // Some programs write an end that equals the start.
            days: days.max(1),
            rule: value(event, "RRULE"),
            added: list("RDATE")?,
            removed: list("EXDATE")?,
            replaces: value(event, "RECURRENCE-ID").map(|text| date("RECURRENCE-ID", text)).transpose()?,
            label,
        })
    }

    /// The first days of all its occurrences up to a year.
    fn starts(&self, last_year: i32, budget: usize) -> Result<Vec<NaiveDate>, ICalendarProblem> {
        let mut starts = vec![self.start];
        if let Some(rule) = self.rule {
            let found = recurrence::dates(rule, self.start, last_year, budget).map_err(|error| {
                ICalendarProblem::Rule { event: self.label.clone(), rule: rule.chars().take(200).collect(), error }
            })?;
            starts.extend(found);
        }
        starts.extend(&self.added);
        starts.retain(|start| !self.removed.contains(start));
        Ok(starts)
    }
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

fn days_of(events: &[Event<'_>], limits: ICalendarLimits) -> Result<Vec<(NaiveDate, String)>, ICalendarProblem> {
    let replaced: HashSet<_> = events.iter().filter_map(|event| Some((event.uid?, event.replaces?))).collect();
    let mut found = BTreeMap::new();
    for event in events {
        for start in event.starts(limits.last_year, limits.dates)? {
            let is_replaced = event.uid.is_some_and(|uid| replaced.contains(&(uid, start)));
            if is_replaced && event.replaces.is_none() {
                continue;
            }
            for day in 0..event.days.unsigned_abs() {
                let Some(date) = start.checked_add_days(Days::new(day)) else { break };
                if (limits.first_year..=limits.last_year).contains(&date.year()) {
                    found.entry(date).or_insert_with(|| event.name.clone());
                }
            }
            if found.len() > limits.dates {
                let ICalendarLimits { dates: limit, first_year, last_year, .. } = limits;
                return Err(ICalendarProblem::TooManyDates { limit, first_year, last_year });
            }
        }
    }
    Ok(found.into_iter().collect())
}
