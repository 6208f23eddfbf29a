//! A ledger of time as the plugin shows it: in JSON, as a table, and as a line for each day. Not for: making one.

use std::fmt::Write;

use chrono::{DateTime, NaiveDate, SecondsFormat, Timelike, Utc};
use serde::Serialize;

use super::output::aligned;
use crate::domain::time::{Calendar, Span, SpanKind};

/// Days that the timeline draws; more are left out with a count.
const MOST_DAYS: usize = 60;

/// A span in the form of `-o json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct LedgerSpan {
    pub(crate) from: DateTime<Utc>,
    pub(crate) to: DateTime<Utc>,
    pub(crate) kind: &'static str,
    pub(crate) reason: String,
    pub(crate) seconds: i64,
}

impl From<&Span> for LedgerSpan {
    fn from(span: &Span) -> Self {
        let kind = match span.kind {
            SpanKind::Counted => "Counted",
            SpanKind::Closed => "Closed",
            SpanKind::Holiday => "Holiday",
            SpanKind::Paused => "Paused",
        };
        Self { from: span.from, to: span.to, kind, reason: span.reason.clone(), seconds: span.seconds }
    }
}

/// A time of the calendar's zone, with the zone's abbreviation.
pub(crate) fn local_time(calendar: &Calendar, instant: DateTime<Utc>) -> String {
    instant.with_timezone(&calendar.zone()).format("%a %Y-%m-%d %H:%M:%S %Z").to_string()
}

/// The spans with what is counted so far.
pub(crate) fn table(ledger: &[LedgerSpan], calendar: &Calendar) -> String {
    let mut rows = vec![["FROM", "TO", "KIND", "LASTS", "COUNTED", "REASON"].map(str::to_owned).to_vec()];
    let mut counted = 0;
    for span in ledger {
        if span.kind == "Counted" {
            counted += span.seconds;
        }
        rows.push(vec![
            local_time(calendar, span.from),
            local_time(calendar, span.to),
            span.kind.to_owned(),
            length(span.seconds),
            length(counted),
            span.reason.clone(),
        ]);
    }
    aligned(&rows)
}

/// A line for each day crossed: 24 hours in half-hour cells, `#` counted, `=` paused, `h` holiday, `.` closed.
pub(crate) fn days(ledger: &[LedgerSpan], calendar: &Calendar) -> String {
    let mut lines: Vec<(NaiveDate, [char; 48])> = Vec::new();
    for span in ledger {
        let mark = match span.kind {
            "Counted" => '#',
            "Paused" => '=',
            "Holiday" => 'h',
            _ => '.',
        };
        let mut at = span.from;
        while at < span.to && lines.len() <= MOST_DAYS {
            let wall = at.with_timezone(&calendar.zone());
            if lines.last().is_none_or(|(date, _)| *date != wall.date_naive()) {
                lines.push((wall.date_naive(), [' '; 48]));
            }
            if let Some((_, cells)) = lines.last_mut() {
                let cell = (wall.hour() * 2 + wall.minute() / 30) as usize;
                // What counted is never hidden by what shares its half hour.
                if cells[cell] != '#' {
                    cells[cell] = mark;
                }
            }
            at += chrono::TimeDelta::minutes(i64::from(30 - wall.minute() % 30))
                - chrono::TimeDelta::seconds(i64::from(wall.second()));
        }
    }
    let mut text = String::from("                0     3     6     9     12    15    18    21   24\n");
    for (date, cells) in lines.iter().take(MOST_DAYS) {
        let _infallible =
            writeln!(text, "{}  {}", date.format("%a %Y-%m-%d"), cells.iter().collect::<String>().trim_end());
    }
    if lines.len() > MOST_DAYS {
        text += "... and more days\n";
    }
    text + "# counted   = paused   h holiday   . closed\n"
}

/// A length in hours, minutes and seconds.
pub(crate) fn length(seconds: i64) -> String {
    let (hours, minutes, rest) = (seconds / 3_600, seconds % 3_600 / 60, seconds % 60);
    match (hours, minutes, rest) {
        (0, 0, rest) => format!("{rest}s"),
        (0, minutes, 0) => format!("{minutes}m"),
        (0, minutes, rest) => format!("{minutes}m{rest}s"),
        (hours, 0, 0) => format!("{hours}h"),
        (hours, minutes, 0) => format!("{hours}h{minutes}m"),
        (hours, minutes, rest) => format!("{hours}h{minutes}m{rest}s"),
    }
}

/// An instant in UTC, as JSON has it.
pub(crate) fn utc(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}
