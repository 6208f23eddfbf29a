//! A time zone as a short table of UTC offsets, made once from zone data, so that a walk over many days need not search
//! them for each; also as a zone of chrono, for showing wall times. Not for: where zone data come from (`zone_data.rs`).

use std::sync::Arc;

use chrono::offset::{FixedOffset, MappedLocalTime, Offset};
use chrono::{NaiveDate, NaiveDateTime, TimeZone, Utc};
use jiff::Timestamp;

use super::DAY;

/// The table covers these instants, 1970-01-01 to 2100-12-31. Before and after them the first and the last offset hold.
const FIRST: i64 = 0;
const LAST: i64 = 47_847 * DAY;

/// A stretch of time with one UTC offset. It ends where the next one starts.
#[derive(Debug, Clone)]
struct OffsetSpan {
    /// Unix seconds.
    start: i64,
    /// Seconds that local time is ahead of UTC.
    offset: i32,
    /// Such as `MST`, or `-03` where the zone has no name of its own.
    abbreviation: Box<str>,
}

impl OffsetSpan {
    fn offset(&self) -> i64 {
        i64::from(self.offset)
    }
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

/// A time zone of the IANA database, in the version that it was read from; cheap to clone.
#[derive(Debug, Clone)]
pub struct Zone {
    table: Arc<Table>,
}

#[derive(Debug)]
struct Table {
    name: Box<str>,
    spans: Vec<OffsetSpan>,
}

impl Zone {
    /// Reads a zone from TZif data (RFC 9636); the error says in words what is wrong with them.
    pub(super) fn read(name: &str, tzif: &[u8]) -> Result<Self, String> {
        let zone = jiff::tz::TimeZone::tzif(name, tzif).map_err(|error| error.to_string())?;
        let first = Timestamp::from_second(FIRST).map_err(|error| error.to_string())?;
        let info = zone.to_offset_info(first);
        let abbreviation = Box::from(info.abbreviation());
        let mut spans = vec![OffsetSpan { start: i64::MIN, offset: info.offset().seconds(), abbreviation }];
        let following = zone.following(first).take_while(|next| next.timestamp().as_second() <= LAST);
        spans.extend(following.map(|next| OffsetSpan {
            start: next.timestamp().as_second(),
            offset: next.offset().seconds(),
            abbreviation: Box::from(next.abbreviation()),
        }));
        Ok(Self { table: Arc::new(Table { name: Box::from(name), spans }) })
    }

    /// The name in the IANA database, such as `America/Denver`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.table.name
    }

    /// The instants at which its offset or its abbreviation changes, in order.
    #[cfg(test)]
    pub(super) fn changes(&self) -> impl Iterator<Item = i64> {
        self.spans().iter().skip(1).map(|span| span.start)
    }

    fn spans(&self) -> &[OffsetSpan] {
        &self.table.spans
    }

    fn end(&self, index: usize) -> i64 {
        self.spans().get(index + 1).map_or(i64::MAX, |next| next.start)
    }

    fn index_at(&self, instant: i64) -> usize {
        self.spans().partition_point(|span| span.start <= instant).max(1) - 1
    }

    /// The wall time at an instant, both in seconds since 1970-01-01 00:00.
    pub(super) fn wall_at(&self, instant: i64) -> i64 {
        instant + self.spans()[self.index_at(instant)].offset()
    }

    /// The first span whose end a wall time does not reach.
    fn span_of_wall(&self, wall: i64) -> usize {
        let spans = self.spans();
        let mut index = spans.partition_point(|span| span.start.saturating_add(span.offset()) <= wall).max(1) - 1;
        // The wall time may also lie in the end of the span before, which then has it first.
        while index > 0 && wall - spans[index - 1].offset() < spans[index].start {
            index -= 1;
        }
        index
    }

    /// The instant of a wall time by ruling 5.
    pub(super) fn instant_of(&self, wall: i64) -> Wall {
        let index = self.span_of_wall(wall);
        let offset = self.spans()[index].offset();
        let jump = self.end(index);
        let instant = wall - offset;
        if instant < jump {
            return Wall::At(instant);
        }
        // In the gap between this span and the next: with the offset from before the jump it comes one gap later.
        let gap = self.spans()[index + 1].offset() - offset;
        if gap >= DAY { Wall::SkippedDate(jump) } else { Wall::At(instant) }
    }

    /// The offset of a wall time, and how long it stays the only one. Of an ambiguous wall time it is the first.
    pub(super) fn plain_walls(&self, wall: i64) -> PlainWalls {
        let index = self.span_of_wall(wall);
        let offset = self.spans()[index].offset();
        PlainWalls { to: self.end(index).saturating_add(offset), offset }
    }

    fn at(&self, index: usize) -> OffsetAt {
        OffsetAt { zone: self.clone(), index }
    }
}

/// The offset of a [`Zone`] in one of its stretches, with its abbreviation.
#[derive(Clone)]
pub struct OffsetAt {
    zone: Zone,
    index: usize,
}

impl OffsetAt {
    fn span(&self) -> &OffsetSpan {
        &self.zone.spans()[self.index]
    }
}

impl Offset for OffsetAt {
    fn fix(&self) -> FixedOffset {
        // Zone data hold offsets below a day (RFC 9636), which chrono accepts.
        FixedOffset::east_opt(self.span().offset).unwrap_or_else(|| Utc.fix())
    }
}

impl std::fmt::Display for OffsetAt {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.span().abbreviation)
    }
}

impl std::fmt::Debug for OffsetAt {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{self} {}", self.fix())
    }
}

impl TimeZone for Zone {
    type Offset = OffsetAt;

    fn from_offset(offset: &OffsetAt) -> Self {
        offset.zone.clone()
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<OffsetAt> {
        self.offset_from_local_datetime(&NaiveDateTime::from(*local))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<OffsetAt> {
        let wall = local.and_utc().timestamp();
        let first = self.span_of_wall(wall);
        let Some(next) = self.spans().get(first + 1) else { return MappedLocalTime::Single(self.at(first)) };
        let is_in_first = wall - self.spans()[first].offset() < next.start;
        let is_in_next = wall - next.offset() >= next.start;
        match (is_in_first, is_in_next) {
            (true, true) => MappedLocalTime::Ambiguous(self.at(first), self.at(first + 1)),
            (true, false) => MappedLocalTime::Single(self.at(first)),
            (false, _) => MappedLocalTime::None,
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> OffsetAt {
        self.offset_from_utc_datetime(&NaiveDateTime::from(*utc))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> OffsetAt {
        self.at(self.index_at(utc.and_utc().timestamp()))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::time::ZoneData;

    fn seconds(text: &str) -> i64 {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap().and_utc().timestamp()
    }

    fn zone(name: &str) -> Zone {
        ZoneData::built_in().zone(name).unwrap()
    }

    #[test]
    fn ruling_5_wall_times_in_gap_and_fold_have_one_instant() {
        let denver = zone("America/Denver");
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
        let apia = zone("Pacific/Apia");
        assert!(matches!(apia.instant_of(seconds("2011-12-30 09:00")), Wall::SkippedDate(_)));
        assert!(matches!(apia.instant_of(seconds("2011-12-31 09:00")), Wall::At(_)));
    }

    #[test]
    fn chrono_sees_gaps_folds_and_abbreviations() {
        let denver = zone("America/Denver");
        let local = |text| denver.from_local_datetime(&DateTime::from_timestamp(seconds(text), 0).unwrap().naive_utc());
        assert_eq!(local("2026-03-08 02:30"), MappedLocalTime::None);
        let MappedLocalTime::Ambiguous(one, other) = local("2026-11-01 01:30") else { panic!("two of them") };
        assert_eq!(one.to_string(), "2026-11-01 01:30:00 MDT");
        assert_eq!(other.format("%F %T %Z %z").to_string(), "2026-11-01 01:30:00 MST -0700");
        assert_eq!(local("2026-11-01 02:00").single().unwrap().to_utc().timestamp(), seconds("2026-11-01 09:00"));
    }
}
