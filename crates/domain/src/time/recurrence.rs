//! The dates of an all-day recurrence rule (RFC 5545, 3.3.10), bounded. Not for: rules finer than a day.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime};
use rrule::{Frequency, RRule, RRuleSet, Tz, Unvalidated};

/// Why a rule is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    #[error("it is no rule of RFC 5545 (3.3.10), such as FREQ=YEARLY;BYMONTH=11;BYDAY=4TH")]
    Malformed,
    #[error("UNTIL \"{0}\" is no date; accepted is YYYYMMDD")]
    MalformedUntil(String),
    #[error("accepted are the frequencies YEARLY, MONTHLY, WEEKLY and DAILY")]
    TooFrequent,
    #[error("it starts before the year {EARLIEST_START}")]
    StartsTooEarly,
    #[error("it gives no date at all, or none for very long")]
    Fruitless,
    #[error("it gives more than {0} dates")]
    TooManyDates(usize),
}

/// A rule is followed from its start, so an early start costs time.
const EARLIEST_START: i32 = 1900;

/// The dates of a rule from `start` to the end of `last_year`, at most `limit`. A rule without an end is followed to
/// there.
pub(super) fn dates(rule: &str, start: NaiveDate, last_year: i32, limit: usize) -> Result<Vec<NaiveDate>, RuleError> {
    if start.year() < EARLIEST_START {
        return Err(RuleError::StartsTooEarly);
    }
    let Some(end) = NaiveDate::from_ymd_opt(last_year, 12, 31) else { return Ok(Vec::new()) };
    let (rule, until) = split_until(rule)?;
    let until = until.map_or(end, |until| until.min(end));
    if until < start {
        return Ok(Vec::new());
    }
    // Not the library's words: they name its own terms, and repeat what the caller shows anyhow.
    let malformed = |_: rrule::RRuleError| RuleError::Malformed;
    let parsed: RRule<Unvalidated> = rule.parse().map_err(malformed)?;
    if !matches!(parsed.get_freq(), Frequency::Yearly | Frequency::Monthly | Frequency::Weekly | Frequency::Daily) {
        return Err(RuleError::TooFrequent);
    }
    let set: RRuleSet = parsed.until(midnight(until)).build(midnight(start)).map_err(malformed)?;
    let mut found = Vec::new();
    for date in &set.limit() {
        if found.len() >= limit {
            return Err(RuleError::TooManyDates(limit));
        }
        found.push(date.date_naive());
    }
    if found.is_empty() { Err(RuleError::Fruitless) } else { Ok(found) }
}

/// Splits a rule into what stands in it beside `UNTIL`, and the date of that: of an all-day event only the date
/// counts, while programs write it in several ways.
fn split_until(rule: &str) -> Result<(String, Option<NaiveDate>), RuleError> {
    let mut until = None;
    let mut rest = Vec::new();
    for part in rule.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        if name.eq_ignore_ascii_case("UNTIL") {
            let date = value.get(..8).and_then(|digits| NaiveDate::parse_from_str(digits, "%Y%m%d").ok());
            until = Some(date.ok_or_else(|| RuleError::MalformedUntil(value.chars().take(40).collect()))?);
        } else {
            // Names and values are written in either case (RFC 5545, 2).
            rest.push(part.to_ascii_uppercase());
        }
    }
    Ok((rest.join(";"), until))
}

fn midnight(date: NaiveDate) -> DateTime<Tz> {
    date.and_time(NaiveTime::MIN).and_utc().with_timezone(&Tz::UTC)
}
