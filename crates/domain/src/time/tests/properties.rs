//! Properties of deadlines over random zones, hours, holidays and pauses; starts from 1990 to 2040, half of them near a
//! clock change.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;

/// 1990-01-01 and 2040-01-01.
const YEARS: std::ops::Range<i64> = 631_152_000..2_208_988_800;

fn instant(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn near_clock_change(zone: &str, start: i64) -> i64 {
    let zone = reference(zone);
    let change = (1..400).find(|day| offset(&zone, start + day * 86_400) != offset(&zone, start));
    start + (change.unwrap_or(1) - 1) * 86_400
}

prop_compose! {
    fn any_hours()(
        days in proptest::sample::subsequence(ALL_DAYS.to_vec(), 1..=7),
        opens in 0..1_440_u32,
        length in 1..1_440_u32,
    ) -> OpenHours {
        let closes = (opens + length) % 1_440;
        let time = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        // A whole day is the one interval that may end at 24:00 without being a night.
        if opens == 0 && length > 1_380 { hours(&days, "00:00", "24:00") } else { hours(&days, &time(opens), &time(closes)) }
    }
}

#[derive(Debug, Clone)]
struct World {
    calendar: Calendar,
    start: DateTime<Utc>,
    pauses: Vec<Pause>,
}

prop_compose! {
    fn any_world()(
        zone in proptest::sample::select(all_zones()),
        hours in proptest::collection::vec(any_hours(), 1..4),
        start in YEARS,
        near_change in any::<bool>(),
        holidays in proptest::collection::vec(0..40_u64, 0..8),
        pauses in proptest::collection::vec((-86_400..10 * 86_400_i64, 0..4 * 86_400_i64), 0..5),
    ) -> World {
        let start = if near_change { near_clock_change(zone, start) } else { start };
        let first = instant(start).date_naive();
        let holidays = Holidays::none().dates(holidays.into_iter().map(|days| (first + chrono::Days::new(days), "day off")));
        World {
            calendar: calendar(zone, &hours, holidays),
            start: instant(start),
            pauses: pauses
                .into_iter()
                .map(|(from, length)| pause(instant(start + from), Some(instant(start + from + length))))
                .collect(),
        }
    }
}

fn any_target() -> impl Strategy<Value = Target> {
    prop_oneof![(1..5_000_i64).prop_map(minutes), (1..120_i64).prop_map(of_hours), (1..12_i64).prop_map(business_days)]
}

fn any_clock() -> impl Strategy<Value = Clock> {
    prop_oneof![3 => Just(Clock::BusinessHours), 1 => Just(Clock::AroundTheClock)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn at_the_deadline_exactly_the_target_is_used_up_and_at_no_earlier_instant(
        world in any_world(), target in any_target(), clock in any_clock(),
    ) {
        let measure = Measure::new(&world.calendar, clock, target, world.start, &world.pauses);
        let second = TimeDelta::seconds(1);
        let Some(due) = measure.due_at() else { return Ok(()) };
        prop_assert_eq!(measure.consumed_by(due), measure.seconds());
        prop_assert_eq!(measure.consumed_by(due - second), measure.seconds() - 1);
        prop_assert_eq!(measure.remaining_at(due), 0);
        if let Some(breached) = measure.breached_at() {
            prop_assert_eq!(measure.consumed_by(breached), measure.seconds() + 1);
            prop_assert_eq!(measure.consumed_by(breached - second), measure.seconds());
            prop_assert!(due < breached);
        }
        let warn = measure.warn_at().unwrap();
        prop_assert!(warn <= due);
        prop_assert!(measure.consumed_by(warn) * 100 >= measure.seconds() * 75);
        prop_assert!(measure.consumed_by(warn - second) * 100 < measure.seconds() * 75);
    }

    #[test]
    fn a_deadline_never_moves_back_when_start_or_target_move_on(
        world in any_world(), one in any_target(), other in any_target(), clock in any_clock(), later in 0..5 * 86_400_i64,
    ) {
        let measure = |target, start| Measure::new(&world.calendar, clock, target, start, &world.pauses);
        let (first, second) = (measure(one, world.start), measure(one, world.start + TimeDelta::seconds(later)));
        if let (Some(first), Some(second)) = (first.due_at(), second.due_at()) {
            prop_assert!(first <= second, "a later start gives an earlier deadline");
        }
        let other = measure(other, world.start);
        if let (Some(due), Some(other_due)) = (first.due_at(), other.due_at())
            && first.clock() == other.clock()
        {
            prop_assert_eq!(first.seconds().cmp(&other.seconds()), due.cmp(&other_due));
        }
    }

    #[test]
    fn splitting_a_wait_in_two_changes_nothing(
        world in any_world(), first in 0..40 * 86_400_i64, second in 0..40 * 86_400_i64, target in any_target(),
    ) {
        let (middle, end) = (world.start + TimeDelta::seconds(first), world.start + TimeDelta::seconds(first + second));
        let calendar = &world.calendar;
        prop_assert_eq!(
            calendar.consumed(world.start, middle) + calendar.consumed(middle, end),
            calendar.consumed(world.start, end)
        );
        let measure = |start| Measure::new(calendar, Clock::BusinessHours, target, start, &world.pauses);
        prop_assert_eq!(
            measure(world.start).consumed_by(middle) + measure(middle).consumed_by(end),
            measure(world.start).consumed_by(end)
        );
    }

    #[test]
    fn the_ledger_is_without_gaps_and_adds_up(
        world in any_world(), target in any_target(), clock in any_clock(), length in 1..60 * 86_400_i64,
    ) {
        let measure = Measure::new(&world.calendar, clock, target, world.start, &world.pauses);
        let until = measure.due_at().unwrap_or(world.start + TimeDelta::seconds(length));
        let ledger = measure.ledger(until);
        let total = |kind| ledger.iter().filter(|span| span.kind == kind).map(|span| span.seconds).sum::<i64>();
        prop_assert_eq!(ledger.first().map(|span| span.from), Some(world.start));
        prop_assert_eq!(ledger.last().map(|span| span.to), Some(until));
        for span in &ledger {
            prop_assert_eq!(span.seconds, (span.to - span.from).num_seconds());
            prop_assert!(span.seconds > 0);
        }
        for pair in ledger.windows(2) {
            prop_assert_eq!(pair[0].to, pair[1].from);
            prop_assert!((pair[0].kind, &pair[0].reason) != (pair[1].kind, &pair[1].reason));
        }
        prop_assert_eq!(total(SpanKind::Counted), measure.consumed_by(until));
        if measure.due_at().is_some() {
            prop_assert_eq!(total(SpanKind::Counted), measure.seconds());
        }
        if measure.clock() == Clock::BusinessHours {
            let open = world.calendar.consumed(world.start, until);
            prop_assert_eq!(total(SpanKind::Counted) + total(SpanKind::Paused), open);
        } else {
            prop_assert_eq!(total(SpanKind::Closed) + total(SpanKind::Holiday), 0);
        }
    }

    #[test]
    fn the_next_opening_is_the_first_open_instant(world in any_world()) {
        let calendar = &world.calendar;
        let Some(opening) = calendar.next_opening(world.start) else { return Ok(()) };
        prop_assert!(calendar.is_open(opening));
        prop_assert_eq!(calendar.consumed(world.start, opening), 0);
        prop_assert_eq!(calendar.consumed(opening, opening + TimeDelta::seconds(1)), 1);
        prop_assert_eq!(calendar.is_open(world.start), opening == world.start);
    }
}
