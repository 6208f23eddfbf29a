//! A running measure of a promise: how much of its target is used up, and when it will be. Rulings 1 to 4, 10, 20.
//! Not for: what a promise is, and whether it was kept.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::DAY;
use super::calendar::Calendar;
use super::intervals::{Intervals, Shown};

/// No deadline is looked for beyond ten years after the start.
const HORIZON: i64 = 3_653 * DAY;

/// Which time counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
pub enum Clock {
    BusinessHours,
    /// Ruling 4: elapsed time; holidays and zones do not touch it.
    AroundTheClock,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
pub enum Unit {
    Minutes,
    Hours,
    /// Ruling 3: always counted on the business calendar.
    BusinessDays,
}

/// What is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
pub struct Target {
    pub amount: i64,
    pub unit: Unit,
}

/// Why a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PauseReason {
    WaitingForCustomer,
    Resolved,
    OnHold,
    NotEntitled,
}

impl PauseReason {
    /// The reason in words, for the ledger.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WaitingForCustomer => "waiting for the customer",
            Self::Resolved => "resolved, waiting for the customer's word",
            Self::OnHold => "on hold",
            Self::NotEntitled => "not entitled",
        }
    }
}

/// A stretch `[from, to)` in which nothing counts; without `to` it lasts until further notice. Pauses may overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    pub from: DateTime<Utc>,
    pub to: Option<DateTime<Utc>>,
    pub reason: PauseReason,
}

/// A pause in Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stop {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) reason: PauseReason,
}

/// A running measure: what counts (business or elapsed time, less the pauses) from a start.
#[derive(Debug, Clone)]
pub struct Measure<'a> {
    calendar: &'a Calendar,
    clock: Clock,
    seconds: i64,
    started: i64,
    /// In order and disjoint.
    stops: Vec<Stop>,
}

impl<'a> Measure<'a> {
    /// A measure of `target` on a clock from `started` on. A target in business days runs on the calendar whatever the
    /// clock is (ruling 3); a negative amount counts as zero.
    #[must_use]
    pub fn new(
        calendar: &'a Calendar,
        clock: Clock,
        target: Target,
        started: DateTime<Utc>,
        pauses: &'a [Pause],
    ) -> Self {
        let unit = match target.unit {
            Unit::Minutes => 60,
            Unit::Hours => 3_600,
            Unit::BusinessDays => calendar.nominal_day_seconds(),
        };
        Self {
            calendar,
            clock: if target.unit == Unit::BusinessDays { Clock::BusinessHours } else { clock },
            seconds: target.amount.max(0).saturating_mul(unit),
            started: started.timestamp(),
            stops: in_order(pauses),
        }
    }

    /// The clock that really counts: business hours for every target in business days.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The target in counted seconds.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.seconds
    }

    /// The first instant at which the whole target is used up (ruling 1: where that is at closing, the closing moment).
    /// `None` if an open pause keeps it from coming, or if it is more than ten years away.
    #[must_use]
    pub fn due_at(&self) -> Option<DateTime<Utc>> {
        self.instant_of(self.seconds)
    }

    /// Ruling 10: the first instant at which 75 % of the target is used up.
    #[must_use]
    pub fn warn_at(&self) -> Option<DateTime<Utc>> {
        self.instant_of_percent(75)
    }

    /// Ruling 1: the first whole second at which more than the target is used up.
    #[must_use]
    pub fn breached_at(&self) -> Option<DateTime<Utc>> {
        self.instant_of(self.seconds.saturating_add(1))
    }

    /// The first instant at which this part of the target is used up, a part of a second rounded up.
    #[must_use]
    pub fn instant_of_percent(&self, percent: i64) -> Option<DateTime<Utc>> {
        let hundredths = i128::from(self.seconds) * i128::from(percent.max(0));
        self.instant_of(i64::try_from((hundredths + 99) / 100).unwrap_or(i64::MAX))
    }

    /// The counted seconds from the start to an instant.
    #[must_use]
    pub fn consumed_by(&self, at: DateTime<Utc>) -> i64 {
        let mut consumed = 0;
        self.visit_counted(at.timestamp(), |from, to| {
            consumed += to - from;
            true
        });
        consumed
    }

    /// What is left of the target at an instant; 0 once it is used up.
    #[must_use]
    pub fn remaining_at(&self, at: DateTime<Utc>) -> i64 {
        (self.seconds - self.consumed_by(at)).max(0)
    }

    fn instant_of(&self, seconds: i64) -> Option<DateTime<Utc>> {
        let mut left = seconds;
        let mut found = (seconds <= 0).then_some(self.started);
        if found.is_none() {
            self.visit_counted(self.started.saturating_add(HORIZON), |from, to| {
                if to - from >= left {
                    found = Some(from + left);
                }
                left -= to - from;
                found.is_none()
            });
        }
        DateTime::from_timestamp(found?, 0)
    }

    /// Calls `visit` with the counted stretches before `until`, in order, as long as it returns true.
    fn visit_counted(&self, until: i64, mut visit: impl FnMut(i64, i64) -> bool) {
        let mut stops = self.stops.iter().peekable();
        for (opens, closes) in self.running(until) {
            let mut at = opens;
            while at < closes {
                while stops.next_if(|stop| stop.to <= at).is_some() {}
                match stops.peek() {
                    Some(stop) if stop.from <= at && stop.to == i64::MAX => return,
                    Some(stop) if stop.from <= at => at = stop.to.min(closes),
                    next => {
                        let end = next.map_or(closes, |stop| stop.from.min(closes));
                        if !visit(at, end) {
                            return;
                        }
                        at = end;
                    }
                }
            }
        }
    }

    /// The stretches from the start to `until` in which the clock runs, pauses apart.
    pub(super) fn running(&self, until: i64) -> Running<'a> {
        match self.clock {
            Clock::BusinessHours => Running::Business(self.calendar.intervals(Shown::Open, self.started, until)),
            Clock::AroundTheClock => Running::Elapsed((self.started < until).then_some((self.started, until))),
        }
    }

    /// The calendar on which business time is counted.
    #[must_use]
    pub fn calendar(&self) -> &'a Calendar {
        self.calendar
    }

    pub(super) fn started(&self) -> i64 {
        self.started
    }

    pub(super) fn stops(&self) -> &[Stop] {
        &self.stops
    }
}

/// The stretches in which a clock runs.
#[derive(Debug)]
pub(super) enum Running<'a> {
    Business(Intervals<'a>),
    Elapsed(Option<(i64, i64)>),
}

impl Running<'_> {
    /// Why the stretch given out last counts, in words.
    pub(super) fn reason(&self) -> Cow<'static, str> {
        match self {
            Self::Business(intervals) => match intervals.day_name() {
                Some(name) => Cow::Owned(format!("special hours, {name}")),
                None => Cow::Borrowed("business hours"),
            },
            Self::Elapsed(_) => Cow::Borrowed("around the clock"),
        }
    }
}

impl Iterator for Running<'_> {
    type Item = (i64, i64);

    fn next(&mut self) -> Option<(i64, i64)> {
        match self {
            Self::Business(intervals) => intervals.next(),
            Self::Elapsed(once) => once.take(),
        }
    }
}

/// The pauses in order and disjoint; where two overlap, the one that began first gives the reason.
fn in_order(pauses: &[Pause]) -> Vec<Stop> {
    let mut stops: Vec<Stop> = pauses
        .iter()
        .map(|pause| Stop {
            from: pause.from.timestamp(),
            to: pause.to.map_or(i64::MAX, |to| to.timestamp()),
            reason: pause.reason,
        })
        .collect();
    stops.sort_unstable();
    let mut covered = i64::MIN;
    stops.retain_mut(|stop| {
        stop.from = stop.from.max(covered);
        covered = covered.max(stop.to);
        stop.from < stop.to
    });
    stops
}
