//! The ledger of a measure (ruling 9): every second from the start, with the reason why it counted or did not.
//! Not for: showing it.

use chrono::{DateTime, Utc};

use super::intervals::Shown;
use super::measure::{Clock, Measure, Stop};

/// The reason of a closed span of a usual day.
const CLOSED: &str = "outside business hours";

/// Why a stretch of time counted or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpanKind {
    Counted,
    /// Outside of the hours, be they the weekly ones or the special ones of a date.
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
        let mut replaced = self.replaced_hours(until);
        let mut running = self.running(until);
        while let Some((opens, closes)) = running.next() {
            close(&mut ledger, &mut replaced, at, opens);
            self.open(&mut ledger, opens, closes, &running.reason());
            at = closes;
        }
        close(&mut ledger, &mut replaced, at, until);
        ledger.spans
    }

    /// The weekly hours before `until` of days that are holidays or have special hours, the last ones first.
    fn replaced_hours(&self, until: i64) -> Vec<ReplacedHours<'_>> {
        let mut found = Vec::new();
        if self.clock() == Clock::BusinessHours {
            let mut intervals = self.calendar().intervals(Shown::Replaced, self.started(), until);
            while let Some((opens, closes)) = intervals.next() {
                let kind = if intervals.is_holiday() { SpanKind::Holiday } else { SpanKind::Closed };
                found.push(ReplacedHours { opens, closes, kind, name: intervals.day_name().unwrap_or(CLOSED) });
            }
            found.reverse();
        }
        found
    }

    /// Enters a stretch in which the clock runs, pauses apart.
    fn open(&self, ledger: &mut Ledger, from: i64, to: i64, counted: &str) {
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

/// Weekly hours `[opens, closes)` of a day that is not as its weekday.
#[derive(Debug, Clone, Copy)]
struct ReplacedHours<'a> {
    opens: i64,
    closes: i64,
    kind: SpanKind,
    name: &'a str,
}

/// Enters a stretch in which the calendar is closed, with the reason where the weekly hours would open it. Takes off those
/// that are past.
fn close(ledger: &mut Ledger, replaced: &mut Vec<ReplacedHours<'_>>, from: i64, to: i64) {
    let mut at = from;
    while let Some(&ReplacedHours { opens, closes, kind, name }) = replaced.last() {
        if opens >= to {
            break;
        }
        if closes > at {
            ledger.enter(at, opens, SpanKind::Closed, CLOSED);
            ledger.enter(at.max(opens), closes.min(to), kind, name);
            at = closes.min(to);
        }
        if closes > to {
            break;
        }
        replaced.pop();
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
