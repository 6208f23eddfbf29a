//! The ledger of a measure (ruling 9): every second from the start, with the reason why it counted or did not.
//! Not for: showing it.

use chrono::{DateTime, Utc};

use super::calendar::Shown;
use super::measure::{Clock, Measure, Stop};

/// The reason of every closed span.
const CLOSED: &str = "outside business hours";

/// Why a stretch of time counted or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpanKind {
    Counted,
    /// Outside of the hours.
    Closed,
    /// Would be open if the day were no holiday.
    Holiday,
    /// Would count if the clock did not stand.
    Paused,
}

/// A stretch `[from, to)` of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub kind: SpanKind,
    pub reason: String,
    /// Elapsed seconds of the stretch. Those of the counted spans add up to what is consumed.
    pub seconds: i64,
}

impl Measure<'_> {
    /// The spans from the start to an instant: contiguous, neighbours differ in kind or reason. Empty if `until` is not
    /// after the start.
    #[must_use]
    pub fn ledger(&self, until: DateTime<Utc>) -> Vec<Span> {
        let until = until.timestamp();
        let mut ledger = Ledger::default();
        let mut at = self.started();
        let mut holidays = self.holiday_hours(until);
        for (opens, closes) in self.running(until) {
            close(&mut ledger, &mut holidays, at, opens);
            self.open(&mut ledger, opens, closes);
            at = closes;
        }
        close(&mut ledger, &mut holidays, at, until);
        ledger.spans
    }

    /// The hours that holidays close before `until`, the last ones first.
    fn holiday_hours(&self, until: i64) -> Vec<HolidayHours<'_>> {
        let mut found = Vec::new();
        if self.clock() == Clock::BusinessHours {
            let mut intervals = self.calendar().intervals(Shown::ClosedByHoliday, self.started(), until);
            while let Some((opens, closes)) = intervals.next() {
                found.push(HolidayHours { opens, closes, name: intervals.holiday_name() });
            }
            found.reverse();
        }
        found
    }

    /// Enters a stretch in which the clock runs, pauses apart.
    fn open(&self, ledger: &mut Ledger, from: i64, to: i64) {
        let counted = match self.clock() {
            Clock::BusinessHours => "business hours",
            Clock::AroundTheClock => "around the clock",
        };
        let mut at = from;
        let first = self.stops().partition_point(|stop| stop.to <= from);
        for Stop { from: stops, to: resumes, reason } in &self.stops()[first..] {
            if *stops >= to {
                break;
            }
            ledger.enter(at, *stops, SpanKind::Counted, counted);
            at = at.max(*stops);
            ledger.enter(at, (*resumes).min(to), SpanKind::Paused, reason.as_str());
            at = (*resumes).min(to);
        }
        ledger.enter(at, to, SpanKind::Counted, counted);
    }
}

/// Hours `[opens, closes)` that would be open if their day were no holiday.
#[derive(Debug, Clone, Copy)]
struct HolidayHours<'a> {
    opens: i64,
    closes: i64,
    name: &'a str,
}

/// Enters a stretch in which the calendar is closed, the hours of holidays apart. Takes off those that are past.
fn close(ledger: &mut Ledger, holidays: &mut Vec<HolidayHours<'_>>, from: i64, to: i64) {
    let mut at = from;
    while let Some(&HolidayHours { opens, closes, name }) = holidays.last() {
        if opens >= to {
            break;
        }
        if closes > at {
            ledger.enter(at, opens, SpanKind::Closed, CLOSED);
            ledger.enter(at.max(opens), closes.min(to), SpanKind::Holiday, name);
            at = closes.min(to);
        }
        if closes > to {
            break;
        }
        holidays.pop();
    }
    ledger.enter(at, to, SpanKind::Closed, CLOSED);
}

#[derive(Debug, Default)]
struct Ledger {
    spans: Vec<Span>,
}

impl Ledger {
    /// Adds a stretch, or lengthens the last one if it is of the same kind and reason.
    fn enter(&mut self, from: i64, to: i64, kind: SpanKind, reason: &str) {
        let (Some(start), Some(end)) = (DateTime::from_timestamp(from, 0), DateTime::from_timestamp(to, 0)) else {
            return;
        };
        if from >= to {
            return;
        }
        match self.spans.last_mut() {
            Some(last) if last.kind == kind && last.reason == reason => {
                last.to = end;
                last.seconds += to - from;
            }
            _ => self.spans.push(Span { from: start, to: end, kind, reason: reason.to_owned(), seconds: to - from }),
        }
    }
}
