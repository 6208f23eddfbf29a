//! Time as support contracts mean it: business calendars, targets, pauses, deadlines and their ledger.
//! Pure: every function takes its instants, all of them UTC in whole seconds; durations are whole seconds.
//! Not for: reading a clock, and which promise a plan makes (that is the rest of the domain).

mod calendar;
mod holidays;
mod hours;
mod icalendar;
mod intervals;
mod ledger;
mod measure;
mod recurrence;
mod special;
mod zone;
mod zone_data;

#[cfg(test)]
mod tests;

pub use calendar::{Calendar, CalendarError, CalendarParts};
pub use holidays::{HolidaySet, Holidays};
pub use hours::OpenHours;
pub use icalendar::{ICalendarError, ICalendarLimits, ICalendarProblem, parse_icalendar};
pub use ledger::{Span, SpanKind};
pub use measure::{Clock, Measure, Pause, PauseReason, Target, Unit};
pub use special::SpecialHours;
pub use zone::Zone;
pub use zone_data::{ZoneData, ZoneDataError};

/// Seconds of a day of 24 hours.
const DAY: i64 = 86_400;
