//! Holidays out of an iCalendar feed (RFC 5545): all-day events, recurring ones included (ruling 7).
//! Not for: fetching feeds, and appointments with a time of day.

mod event;

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike, Days, NaiveDate};
use icalendar::parser::{Component, read_calendar_simple, unfold};

use super::recurrence::RuleError;
use event::{Event, LONGEST_EVENT_DAYS, label, sequence, value};

/// Components within components; deeper ones would only exhaust the parser's stack.
const DEEPEST_NESTING: usize = 4;
/// Events that an error names.
const NAMED_EVENTS: usize = 5;

/// What a feed may hold at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ICalendarLimits {
    pub bytes: usize,
    pub events: usize,
    /// Rules of recurrence, those of exceptions included.
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
    #[error("the feed says METHOD:CANCEL, which takes its events back; accepted is a calendar that is published")]
    Cancels,
    #[error("line {line} (folded lines joined, empty ones apart) is not iCalendar")]
    Malformed { line: usize },
    #[error(
        "components are nested more than {DEEPEST_NESTING} deep at line {line}; accepted is a VCALENDAR with VEVENTs"
    )]
    TooDeep { line: usize },
    #[error("the feed has {events} events; at most {limit} are accepted")]
    TooManyEvents { events: usize, limit: usize },
    #[error("the feed has more than {limit} rules of recurrence; at most {limit} are accepted")]
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
    #[error("event {event}: {property} \"{rule}\": {error}")]
    Rule { event: String, property: &'static str, rule: String, error: RuleError },
    #[error(
        "event {event}: RECURRENCE-ID with RANGE={range} is not applied; accepted is an event for each day that differs, or a \
         series that ends and another that begins"
    )]
    Range { event: String, range: String },
}

/// The holidays of a feed as dates with names, in order. `source` names the feed in errors; only events of one of the
/// `categories` count, all events where there are none.
///
/// The end of an event is exclusive (RFC 5545, 3.6.1). Of an event the newest SEQUENCE counts, and what is cancelled is left
/// out: a whole event, or one day of a recurring one (RFC 5546, 3.2.5). Whether an event shows as busy (`TRANSP`) plays no
/// part: public holiday feeds mark their days as free time.
pub fn parse_icalendar(
    text: &str,
    source: &str,
    categories: &[String],
    limits: ICalendarLimits,
) -> Result<Vec<(NaiveDate, String)>, ICalendarError> {
    read_feed(text, categories, limits).map_err(|problem| ICalendarError { feed: source.to_owned(), problem })
}

fn read_feed(
    text: &str,
    categories: &[String],
    limits: ICalendarLimits,
) -> Result<Vec<(NaiveDate, String)>, ICalendarProblem> {
    if text.len() > limits.bytes {
        return Err(ICalendarProblem::TooLarge { bytes: text.len(), limit: limits.bytes });
    }
    let lines = content_lines(text, limits)?;
    let components = read_calendar_simple(&lines).map_err(|error| malformed(&lines, error.input))?;
    if !components.iter().any(|component| component.name == "VCALENDAR") {
        return Err(ICalendarProblem::NoCalendar);
    }
    if components.iter().any(|calendar| value(calendar, "METHOD").is_some_and(|it| it.eq_ignore_ascii_case("CANCEL"))) {
        return Err(ICalendarProblem::Cancels);
    }
    let events = components.iter().flat_map(|calendar| &calendar.components);
    let all: Vec<_> = events.filter(|component| component.name == "VEVENT").collect();
    let all = newest(all);
    let counting: Vec<_> = all.iter().copied().filter(|event| is_of(event, &all, categories)).collect();
    refuse_times_of_day(&counting)?;
    let events = counting.into_iter().map(Event::read).collect::<Result<Vec<_>, _>>()?;
    if events.iter().map(Event::rules).sum::<usize>() > limits.rules {
        return Err(ICalendarProblem::TooManyRules { limit: limits.rules });
    }
    days_of(&events, limits)
}

/// What an event, or one day of a recurring one, is known by in all its versions; `None` where it has no UID.
fn identity<'a>(event: &'a Component<'_>) -> Option<(&'a str, Option<&'a str>)> {
    Some((value(event, "UID")?, value(event, "RECURRENCE-ID")))
}

/// Of each event the versions with the newest SEQUENCE. Several with the same one all stay: not every program gives each event
/// a UID of its own.
fn newest<'a>(events: Vec<&'a Component<'a>>) -> Vec<&'a Component<'a>> {
    let mut newest = HashMap::new();
    for event in &events {
        if let Some(identity) = identity(event) {
            let known = newest.entry(identity).or_insert(0);
            *known = sequence(event).max(*known);
        }
    }
    let is_newest = |event: &&Component<'_>| {
        identity(event).is_none_or(|identity| newest.get(&identity).is_none_or(|newest| sequence(event) >= *newest))
    };
    events.into_iter().filter(is_newest).collect()
}

/// Whether an event is of one of the categories. One that stands for a day of a recurring event and names none has that one's.
fn is_of(event: &Component<'_>, all: &[&Component<'_>], categories: &[String]) -> bool {
    let own = event::categories(event);
    let named = |own: Vec<String>| own.iter().any(|own| categories.iter().any(|of| of.eq_ignore_ascii_case(own)));
    if categories.is_empty() || !own.is_empty() || value(event, "RECURRENCE-ID").is_none() {
        return categories.is_empty() || named(own);
    }
    let uid = value(event, "UID");
    let series = all.iter().find(|other| value(other, "UID") == uid && value(other, "RECURRENCE-ID").is_none());
    series.is_some_and(|series| named(event::categories(series)))
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
        // Names are written in either case (RFC 5545, 2), and the parser knows one.
        let name = line.find([':', ';']).unwrap_or(0);
        lines.extend(line[..name].chars().map(|letter| letter.to_ascii_uppercase()));
        let is_frame = upper == "BEGIN:" || upper.starts_with("END:");
        let rest = &line[name..];
        if is_frame {
            lines += &rest.to_ascii_uppercase()
        } else {
            lines += rest
        }
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

fn refuse_times_of_day(events: &[&Component<'_>]) -> Result<(), ICalendarProblem> {
    let timed = |event: &&&Component<'_>| {
        !event::is_cancelled(event)
            && ["DTSTART", "DTEND"].iter().any(|name| value(event, name).is_some_and(|value| value.contains('T')))
    };
    let named: Vec<_> = events.iter().filter(timed).collect();
    if named.is_empty() {
        return Ok(());
    }
    let events = named.iter().take(NAMED_EVENTS).map(|event| label(event)).collect();
    Err(ICalendarProblem::TimeOfDay { count: named.len(), events })
}

fn days_of(events: &[Event<'_>], limits: ICalendarLimits) -> Result<Vec<(NaiveDate, String)>, ICalendarProblem> {
    let mut replaced: HashMap<&str, Vec<&Event<'_>>> = HashMap::new();
    for event in events {
        if let (Some(uid), Some(_)) = (event.uid, event.replaces) {
            replaced.entry(uid).or_default().push(event);
        }
    }
    // Who cancels a series cancels its days, also those that were moved (RFC 5546, 3.2.5).
    let cancelled = events.iter().filter(|event| event.cancelled && event.replaces.is_none());
    let cancelled: std::collections::HashSet<_> = cancelled.filter_map(|event| event.uid).collect();
    let mut found = BTreeMap::new();
    for event in events.iter().filter(|event| !event.cancelled) {
        if event.uid.is_some_and(|uid| cancelled.contains(uid)) {
            continue;
        }
        let mut starts = event.starts(limits.last_year, limits.dates)?;
        let standing_in = event.uid.filter(|_| event.replaces.is_none()).and_then(|uid| replaced.get(uid));
        for stamp in standing_in.into_iter().flatten().filter_map(|other| other.replaces) {
            stamp.take_from(&mut starts);
        }
        for start in starts {
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
