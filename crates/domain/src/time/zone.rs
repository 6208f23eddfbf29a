//! A time zone as a short table of UTC offsets, made once from the zone data that is compiled in, so that a walk
//! over many days need not search it for each. Not for: parsing zone data.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;

use super::DAY;

/// The table covers these days, 1970-01-01 to 2100-12-31. Before and after them the first and the last offset hold.
const FIRST_DAY: i64 = 0;
const LAST_DAY: i64 = 47_847;

/// A stretch of time with one UTC offset. It ends where the next one starts.
#[derive(Debug, Clone, Copy)]
struct OffsetSpan {
    /// Unix seconds.
    start: i64,
    /// Seconds that local time is ahead of UTC.
    offset: i64,
}

/// Where a wall time falls on the line of real instants (Unix seconds).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wall {
    /// Ruling 5: the first of two for an ambiguous time, one gap later for a time in a gap.
    At(i64),
    /// The zone skips the whole date (Samoa, 30 December 2011). Holds the instant of the jump.
    SkippedDate(i64),
}

/// The offset of the wall times from the one asked for up to `to` (exclusive).
#[derive(Debug, Clone, Copy)]
pub(super) struct PlainWalls {
    pub(super) to: i64,
    pub(super) offset: i64,
}

#[derive(Debug)]
pub(super) struct ZoneTable {
    spans: Vec<OffsetSpan>,
}

impl ZoneTable {
    /// The table of `zone`. It is made once a process: sampling 131 years takes about a millisecond.
    pub(super) fn of(zone: Tz) -> Arc<Self> {
        static TABLES: LazyLock<Mutex<HashMap<Tz, Arc<ZoneTable>>>> = LazyLock::new(Mutex::default);
        let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(tables.entry(zone).or_insert_with(|| Arc::new(Self::sample(zone))))
    }

    fn sample(zone: Tz) -> Self {
        let offset_at = |instant| offset_at(zone, instant);
        let mut spans = vec![OffsetSpan { start: i64::MIN, offset: offset_at(FIRST_DAY * DAY) }];
        let mut offset = spans[0].offset;
        for day in FIRST_DAY..LAST_DAY {
            let (mut before, mut after) = (day * DAY, (day + 1) * DAY);
            let next = offset_at(after);
            if next == offset {
                continue;
            }
            while after - before > 1 {
                let middle = before + (after - before) / 2;
                if offset_at(middle) == offset { before = middle } else { after = middle }
            }
            spans.push(OffsetSpan { start: after, offset: next });
            offset = next;
        }
        Self { spans }
    }

    fn end(&self, index: usize) -> i64 {
        self.spans.get(index + 1).map_or(i64::MAX, |next| next.start)
    }

    /// The wall time at an instant, both in seconds since 1970-01-01 00:00.
    pub(super) fn wall_at(&self, instant: i64) -> i64 {
        let index = self.spans.partition_point(|span| span.start <= instant);
        instant + self.spans[index.max(1) - 1].offset
    }

    /// The first span whose end a wall time does not reach.
    fn span_of_wall(&self, wall: i64) -> usize {
        let mut index = self.spans.partition_point(|span| span.start.saturating_add(span.offset) <= wall).max(1) - 1;
        // The wall time may also lie in the end of the span before, which then has it first.
        while index > 0 && wall - self.spans[index - 1].offset < self.spans[index].start {
            index -= 1;
        }
        index
    }

    /// The instant of a wall time by ruling 5.
    pub(super) fn instant_of(&self, wall: i64) -> Wall {
        let index = self.span_of_wall(wall);
        let span = self.spans[index];
        let end = self.end(index);
        let instant = wall - span.offset;
        if instant < end {
            return Wall::At(instant);
        }
        // In the gap between this span and the next: with the offset from before the jump it comes one gap later.
        let gap = self.spans[index + 1].offset - span.offset;
        if gap >= DAY { Wall::SkippedDate(end) } else { Wall::At(instant) }
    }

    /// The offset of a wall time, and how long it stays the only one. Of an ambiguous wall time it is the first.
    pub(super) fn plain_walls(&self, wall: i64) -> PlainWalls {
        let index = self.span_of_wall(wall);
        let offset = self.spans[index].offset;
        PlainWalls { to: self.end(index).saturating_add(offset), offset }
    }
}

fn offset_at(zone: Tz, instant: i64) -> i64 {
    let utc = DateTime::from_timestamp(instant, 0).unwrap_or_default().naive_utc();
    i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> i64 {
        chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap().and_utc().timestamp()
    }

    #[test]
    fn ruling_5_wall_times_in_gap_and_fold_have_one_instant() {
        let denver = ZoneTable::of(chrono_tz::America::Denver);
        let utc = |wall| match denver.instant_of(seconds(wall)) {
            Wall::At(instant) => DateTime::from_timestamp(instant, 0).unwrap().format("%m-%d %H:%M").to_string(),
            Wall::SkippedDate(_) => "skipped".to_owned(),
        };
        assert_eq!(utc("2026-03-08 01:59"), "03-08 08:59");
        assert_eq!(utc("2026-03-08 02:30"), "03-08 09:30", "in the gap: 03:30 summer time");
        assert_eq!(utc("2026-03-08 03:00"), "03-08 09:00");
        assert_eq!(utc("2026-11-01 01:30"), "11-01 07:30", "ambiguous: the first, summer time");
        assert_eq!(utc("2026-11-01 02:00"), "11-01 09:00");
    }

    #[test]
    fn ruling_5_a_date_that_the_zone_skips_has_no_instants() {
        let apia = ZoneTable::of(chrono_tz::Pacific::Apia);
        assert!(matches!(apia.instant_of(seconds("2011-12-30 09:00")), Wall::SkippedDate(_)));
        assert!(matches!(apia.instant_of(seconds("2011-12-31 09:00")), Wall::At(_)));
    }

    #[test]
    fn the_table_agrees_with_the_zone_data_in_every_hour() {
        for zone in [chrono_tz::America::Denver, chrono_tz::Africa::Casablanca, chrono_tz::Australia::Lord_Howe] {
            let table = ZoneTable::of(zone);
            for hour in (seconds("1990-01-01 00:00")..seconds("2040-01-01 00:00")).step_by(3_600) {
                assert_eq!(table.wall_at(hour) - hour, offset_at(zone, hour), "{zone} at {hour}");
            }
        }
    }
}
