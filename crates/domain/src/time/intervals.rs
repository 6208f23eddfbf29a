//! A walk over a calendar's intervals on the line of real instants, day by day. Rulings 5 to 7. Not for: what counts.

use super::DAY;
use super::calendar::{Inner, Mark};
use super::hours::WallInterval;
use super::zone::{PlainWalls, Wall, Zone};

/// Which of a calendar's intervals are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Open,
    /// What the weekly hours of a day would open, were it no holiday and without special hours.
    Replaced,
}

/// An interval as instants, with the day on which it opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Opened {
    opens: i64,
    closes: i64,
    day: i64,
}

/// The intervals that are being given out.
#[derive(Debug)]
enum Ready<'a> {
    None,
    /// In wall time, with one offset for all.
    Plain(&'a [WallInterval], i64),
    /// Those of the days near a clock change, last one first: a gap may move what opens late on one day past what opens
    /// early on the next.
    Converted(Vec<Opened>),
}

/// A walk over a calendar's intervals.
#[derive(Debug)]
pub(super) struct Intervals<'a> {
    calendar: &'a Inner,
    shown: Shown,
    /// Everything before this instant is given out already, or not asked for.
    covered: i64,
    to: i64,
    last_day: i64,
    /// The next day to look at, as a number from 1970-01-01.
    day: i64,
    /// The place of the first marked day that is not before `day`.
    next_mark: usize,
    plain: PlainWalls,
    ready: Ready<'a>,
    /// The day on which the interval given out last opened.
    opened_on: i64,
}

impl<'a> Intervals<'a> {
    /// The intervals within `[from, to)` in Unix seconds: in order, disjoint; touching ones are given apart. Takes time for
    /// each day crossed.
    pub(super) fn new(calendar: &'a Inner, shown: Shown, from: i64, to: i64) -> Self {
        // An interval that opened the day before may still be open, and a clock change may move one day's end past
        // the next one's start.
        let day = calendar.zone.wall_at(from).div_euclid(DAY) - 2;
        Self {
            calendar,
            shown,
            covered: from,
            to,
            last_day: calendar.zone.wall_at(to).div_euclid(DAY) + 1,
            day,
            next_mark: calendar.marked.partition_point(|marked| marked.day < day),
            plain: calendar.zone.plain_walls(day * DAY),
            ready: Ready::None,
            opened_on: day,
        }
    }

    /// What the day is called on which the interval given out last opens: its holiday or special hours, if it has any.
    pub(super) fn day_name(&self) -> Option<&'a str> {
        self.calendar.day_name(self.opened_on)
    }

    /// Whether that day is a holiday.
    pub(super) fn is_holiday(&self) -> bool {
        self.calendar.mark(self.opened_on) == Some(Mark::Holiday)
    }

    fn ready_next(&mut self) -> Option<(i64, i64)> {
        match &mut self.ready {
            Ready::None => None,
            Ready::Plain(intervals, midnight) => {
                let (first, rest) = intervals.split_first()?;
                let instants = (*midnight + first.opens, *midnight + first.closes);
                *intervals = rest;
                self.opened_on = self.day - 1;
                Some(instants)
            }
            Ready::Converted(intervals) => {
                let next = intervals.pop()?;
                self.opened_on = next.day;
                Some((next.opens, next.closes))
            }
        }
    }

    /// Takes the next day, or the next ones about a clock change.
    fn prepare(&mut self) {
        if self.is_plain() {
            let midnight = self.day * DAY;
            self.ready = Ready::Plain(self.take_day(), midnight - self.plain.offset);
            return;
        }
        let mut converted = Vec::new();
        let mut is_last = false;
        while !is_last {
            // The first day after the change is one of them.
            is_last = self.is_plain();
            let day = self.day;
            convert(&self.calendar.zone, day, self.take_day(), &mut converted);
        }
        converted.sort_unstable_by(|one, other| other.cmp(one));
        self.ready = Ready::Converted(converted);
    }

    /// Whether one offset holds for all that opens on the next day.
    fn is_plain(&mut self) -> bool {
        let last = (self.day + 2) * DAY;
        if last >= self.plain.to {
            self.plain = self.calendar.zone.plain_walls(self.day * DAY);
        }
        last < self.plain.to
    }

    /// The wall intervals that open on the next day, which is past then.
    fn take_day(&mut self) -> &'a [WallInterval] {
        let day = self.day;
        self.day += 1;
        let marked = &self.calendar.marked;
        while self.next_mark < marked.len() && marked[self.next_mark].day < day {
            self.next_mark += 1;
        }
        let mark = marked.get(self.next_mark).filter(|marked| marked.day == day).map(|marked| marked.mark);
        match (self.shown, mark) {
            (Shown::Open, None) | (Shown::Replaced, Some(_)) => self.calendar.week.opening_on(day),
            (Shown::Open, Some(Mark::Special(entry))) => self.calendar.special.opening(entry),
            (Shown::Open, Some(Mark::Holiday)) | (Shown::Replaced, None) => &[],
        }
    }
}

/// Adds the instants of a day's wall intervals by ruling 5.
fn convert(zone: &Zone, day: i64, intervals: &[WallInterval], converted: &mut Vec<Opened>) {
    let midnight = day * DAY;
    let instants = |interval: &WallInterval| {
        let Wall::At(opens) = zone.instant_of(midnight + interval.opens) else { return None };
        let (Wall::At(closes) | Wall::SkippedDate(closes)) = zone.instant_of(midnight + interval.closes);
        (opens < closes).then_some(Opened { opens, closes, day })
    };
    converted.extend(intervals.iter().filter_map(instants));
}

impl Iterator for Intervals<'_> {
    type Item = (i64, i64);

    fn next(&mut self) -> Option<(i64, i64)> {
        loop {
            while let Some((opens, closes)) = self.ready_next() {
                let (opens, closes) = (opens.max(self.covered), closes.min(self.to));
                if opens < closes {
                    self.covered = closes;
                    return Some((opens, closes));
                }
            }
            if self.day > self.last_day || self.covered >= self.to {
                return None;
            }
            self.prepare();
        }
    }
}
