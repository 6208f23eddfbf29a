//! The ledger of a measure (ruling 9): every second from the start, with the reason why it counted or did not.
//! Not for: showing it.

use chrono::{DateTime, Utc};

use super::calendar::Shown;
use super::measure::{Clock, Measure, Stop};

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
        let mut closed_by_holiday = match self.clock() {
            Clock::BusinessHours => self.calendar().intervals(Shown::ClosedByHoliday, at, until).collect(),
            Clock::AroundTheClock => Vec::new(),
        };
        closed_by_holiday.reverse();
        for (opens, closes) in self.running(until) {
            self.close(&mut ledger, &mut closed_by_holiday, at, opens);
            self.open(&mut ledger, opens, closes);
            at = closes;
        }
        self.close(&mut ledger, &mut closed_by_holiday, at, until);
        ledger.spans
    }

    /// Enters a stretch in which the calendar is closed, the hours of holidays apart.
    fn close(&self, ledger: &mut Ledger, closed_by_holiday: &mut Vec<(i64, i64)>, from: i64, to: i64) {
        let mut at = from;
        while at < to {
            let Some(&(opens, closes)) = closed_by_holiday.last() else { break };
            if closes <= at {
                closed_by_holiday.pop();
                continue;
            }
            if opens >= to {
                break;
            }
            ledger.enter(at, opens, SpanKind::Closed, "outside business hours");
            let start = at.max(opens);
            ledger.enter(start, closes.min(to), SpanKind::Holiday, self.calendar().holiday_name(start));
            at = closes.min(to);
        }
        ledger.enter(at, to, SpanKind::Closed, "outside business hours");
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
