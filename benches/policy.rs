//! How fast the policy engine is, in words for a person: one line for each measurement. Plain loops, one core.
//! Run with `cargo bench --bench policy`. Not for: passing or failing.

use std::hint::black_box;
use std::time::{Duration, Instant};

use chrono::{DateTime, Days, TimeDelta, Utc, Weekday};
use meshcase::domain::time::{Calendar, CalendarError, Clock, Holidays, Measure, OpenHours, Target, Unit};

/// Each measurement runs for about this long.
const SPAN: Duration = Duration::from_millis(500);

fn main() {
    let workdays = vec![Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
    let office = [OpenHours { days: workdays, opens: "09:00".to_owned(), closes: "17:00".to_owned() }];
    let first = DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default();
    for holidays in [100_u64, 2_000] {
        // Every eighteenth day, so that a deadline meets some of them.
        let dates = (0..holidays).map(|number| (first.date_naive() + Days::new(number * 18), "holiday"));
        match Calendar::new("America/Denver", &office, Holidays::none().dates(dates)) {
            Ok(calendar) => deadlines(&calendar, first, holidays),
            Err(errors) => report(&errors),
        }
    }
}

fn deadlines(calendar: &Calendar, first: DateTime<Utc>, holidays: u64) {
    for (what, target) in [
        ("8 hours", Target { amount: 8, unit: Unit::Hours }),
        ("10 business days", Target { amount: 10, unit: Unit::BusinessDays }),
        ("100 business days", Target { amount: 100, unit: Unit::BusinessDays }),
    ] {
        let per_second = rate(|number| {
            let started = first + TimeDelta::seconds(number.wrapping_mul(7_919) % (2 * 365 * 86_400));
            Measure::new(calendar, Clock::BusinessHours, target, started, &[]).due_at()
        });
        println!("deadlines per second, 9 to 17, {holidays} holidays, {what}: {per_second:.0}");
    }
}

/// Calls per second of a function of a running number.
fn rate<T>(mut call: impl FnMut(i64) -> T) -> f64 {
    let started = Instant::now();
    let mut calls = 0_i64;
    while started.elapsed() < SPAN {
        for _ in 0..1_000 {
            black_box(call(black_box(calls)));
            calls += 1;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate for a person to read")]
    let calls = calls as f64;
    calls / started.elapsed().as_secs_f64()
}

fn report(errors: &[CalendarError]) {
    for error in errors {
        eprintln!("{}: {error}", error.field());
    }
}
