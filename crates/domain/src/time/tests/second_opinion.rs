//! A second opinion that shares no code with ours: it walks over the real instants of a zone minute by minute, asks
//! the zone data for each one's wall time, and counts. Slow and simple.
//!
//! `MESHCASE_SECOND_OPINION_CASES` sets how many random cases are compared (2,000 without it).

use std::collections::HashMap;

use chrono::Datelike;

use super::*;

const MINUTE: i64 = 60;
const HALF_DAY: i64 = 43_200;
/// Days after the start that the walk looks at.
const WINDOW: i64 = 12;

/// A small generator of random numbers (SplitMix64), so that a case can be named by its number.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to `bound`, exclusive.
    fn below(&mut self, bound: i64) -> i64 {
        i64::try_from(self.next() % bound.unsigned_abs()).unwrap()
    }

    fn chance(&mut self, percent: i64) -> bool {
        self.below(100) < percent
    }
}

#[derive(Debug)]
struct Case {
    name: &'static str,
    zone: jiff::tz::TimeZone,
    /// Weekdays (0 is Monday), opening and closing minute as written.
    hours: Vec<(Vec<u32>, i64, i64)>,
    holidays: Vec<NaiveDate>,
    /// Dates with other hours, in minutes; none: closed.
    special: Vec<(NaiveDate, Vec<(i64, i64)>)>,
    start: i64,
    pauses: Vec<(i64, i64)>,
    minutes: i64,
}

fn random_case(random: &mut Random) -> Case {
    let names = all_zones();
    let name = names[usize::try_from(random.below(names.len() as i64)).unwrap()];
    let zone = reference(name);
    let mut start = 631_152_000 + random.below(50 * 365) * 86_400 + random.below(86_400);
    if random.chance(60) {
        // Shortly before the next clock change, if there is one within a year.
        let change = (0..365).find(|day| offset(&zone, start + day * 86_400) != offset(&zone, start));
        start += change.unwrap_or(0) * 86_400 - random.below(3 * 86_400);
    }
    let hours = (0..1 + random.below(3))
        .map(|_| {
            let days = (0..7).filter(|_| random.chance(60)).collect::<Vec<u32>>();
            let days = if days.is_empty() { vec![6] } else { days };
            let (opens, closes) = random_interval(random);
            (days, opens, closes)
        })
        .collect();
    let first = DateTime::from_timestamp(start, 0).unwrap().date_naive();
    let holidays = (0..random.below(4)).map(|_| first + chrono::Days::new(random.below(8).unsigned_abs())).collect();
    let special = if random.chance(70) { 0 } else { random.below(4) };
    let special = (0..special)
        .map(|number| {
            let date = first + chrono::Days::new(number.unsigned_abs() * 2 + random.below(2).unsigned_abs());
            (date, (0..random.below(3)).map(|_| random_interval(random)).collect())
        })
        .collect();
    let pauses = (0..random.below(3))
        .map(|_| {
            let from = start + random.below(5 * 86_400) - 86_400;
            (from, from + random.below(2 * 86_400))
        })
        .collect();
    Case { name, zone, hours, holidays, special, start, pauses, minutes: 1 + random.below(30 * 60) }
}

/// Opening and closing minute.
fn random_interval(random: &mut Random) -> (i64, i64) {
    let grid = if random.chance(50) { 60 } else { 5 };
    let (opens, closes) = (random.below(1_440 / grid) * grid, random.below(1_440 / grid + 1) * grid);
    match opens == closes {
        _ if random.chance(10) => (0, 1_440),
        true => (540, 1_020),
        false => (opens, closes),
    }
}

/// What the walk finds out about a case.
struct Walk<'c> {
    zone: &'c jiff::tz::TimeZone,
    first: i64,
    /// The first instant of each wall minute that some hours name, by wall seconds.
    instants: HashMap<i64, i64>,
    /// Jumps of the wall clock: instant, wall time before, wall time after.
    jumps: Vec<(i64, i64, i64)>,
    end: i64,
}

impl<'c> Walk<'c> {
    fn new(case: &'c Case) -> Self {
        let mut wanted = [false; 1_440];
        let weekly = case.hours.iter().map(|(_, opens, closes)| (opens, closes));
        let special = case.special.iter().flat_map(|(_, hours)| hours).map(|(opens, closes)| (opens, closes));
        for (opens, closes) in weekly.chain(special) {
            wanted[usize::try_from(opens % 1_440).unwrap()] = true;
            wanted[usize::try_from(closes % 1_440).unwrap()] = true;
        }
        let first = (case.start - 4 * 86_400) / MINUTE * MINUTE;
        let end = first + (WINDOW + 6) * 86_400;
        let mut walk = Self { zone: &case.zone, first, instants: HashMap::new(), jumps: Vec::new(), end };
        let mut before = first + offset(&case.zone, first) - MINUTE;
        let mut changing = i64::MIN;
        let mut ahead = offset(&case.zone, first);
        for instant in (first..end).step_by(60) {
            // The zone data are asked twice a day, and for each minute of half a day in which their answer changes.
            let into = (instant - first) % HALF_DAY;
            if into == 0 && offset(&case.zone, instant + HALF_DAY) != ahead {
                changing = instant + HALF_DAY;
            }
            if instant <= changing {
                ahead = offset(&case.zone, instant);
            }
            let wall = instant + ahead;
            if wall != before + MINUTE {
                walk.jumps.push((instant, before + MINUTE, wall));
            }
            if wanted[usize::try_from(wall.rem_euclid(86_400) / MINUTE).unwrap()] {
                walk.instants.entry(wall).or_insert(instant);
            }
            before = wall;
        }
        walk
    }

    /// Ruling 5. `None` for a date that the zone skips.
    fn instant(&self, wall: i64) -> Option<Result<i64, i64>> {
        if let Some(instant) = self.instants.get(&wall) {
            return Some(Ok(*instant));
        }
        let (instant, before, after) =
            self.jumps.iter().find(|(_, before, after)| (*before..*after).contains(&wall))?;
        if after - before >= 86_400 {
            return Some(Err(*instant));
        }
        // One gap later on the wall clock is as long after the jump as the wall time is after its beginning.
        let later = instant + (wall - before);
        assert_eq!(later + offset(self.zone, later), wall + (after - before), "one gap later");
        Some(Ok(later))
    }

    /// For each minute of the walk whether the calendar is open in it.
    fn open_minutes(&self, case: &Case) -> Vec<bool> {
        let mut open = vec![false; usize::try_from((self.end - self.first) / MINUTE).unwrap()];
        let first_date = DateTime::from_timestamp(self.first, 0).unwrap().date_naive();
        for day in 0..WINDOW + 6 {
            let date = first_date + chrono::Days::new(day.unsigned_abs());
            let midnight = date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
            let special = case.special.iter().find(|(special, _)| *special == date);
            let hours = match special {
                Some((_, hours)) => hours.clone(),
                None if case.holidays.contains(&date) => continue,
                None => weekly(case, date.weekday().num_days_from_monday()),
            };
            for (opens, closes) in wall_runs(&hours) {
                let (Some(Ok(from)), Some(Ok(to) | Err(to))) =
                    (self.instant(midnight + opens * MINUTE), self.instant(midnight + closes * MINUTE))
                else {
                    continue;
                };
                for minute in (from..to).step_by(60) {
                    if let Some(open) = open.get_mut(usize::try_from((minute - self.first) / MINUTE).unwrap()) {
                        *open = true;
                    }
                }
            }
        }
        open
    }
}

fn weekly(case: &Case, weekday: u32) -> Vec<(i64, i64)> {
    let hours = case.hours.iter().filter(|(days, _, _)| days.contains(&weekday));
    hours.map(|(_, opens, closes)| (*opens, *closes)).collect()
}

/// Ruling 6: the runs of open minutes of the hours of a day, found by marking every minute of two days.
fn wall_runs(hours: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut marked = [false; 2 * 1_440 + 1];
    for (opens, closes) in hours {
        let closes = if closes <= opens { closes + 1_440 } else { *closes };
        (*opens..closes).for_each(|minute| marked[usize::try_from(minute).unwrap()] = true);
    }
    let (mut runs, mut began) = (Vec::new(), None);
    for (minute, is_open) in (0..).zip(marked) {
        match (began, is_open) {
            (None, true) => began = Some(minute),
            (Some(from), false) => {
                runs.push((from, minute));
                began = None;
            }
            _ => {}
        }
    }
    runs
}

fn compare(case: &Case, random: &mut Random) {
    let list: Vec<_> = case
        .hours
        .iter()
        .map(|(days, opens, closes)| OpenHours {
            days: days.iter().map(|day| ALL_DAYS[*day as usize]).collect(),
            opens: format!("{:02}:{:02}", opens / 60, opens % 60),
            closes: format!("{:02}:{:02}", closes / 60, closes % 60),
        })
        .collect();
    let holidays = Holidays::none().dates(case.holidays.iter().map(|date| (*date, "holiday")));
    let time = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    let special = |(date, hours): &(NaiveDate, Vec<(i64, i64)>)| SpecialHours {
        from: *date,
        to: *date,
        days: Vec::new(),
        name: "special".to_owned(),
        intervals: hours.iter().map(|(opens, closes)| (time(*opens), time(*closes))).collect(),
        place: "specialHours".to_owned(),
    };
    let special: Vec<_> = case.special.iter().map(special).collect();
    let parts =
        CalendarParts { zone: case.name, hours: &list, special: &special, holidays, ..CalendarParts::default() };
    let calendar = Calendar::new(parts).unwrap();
    let instant = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
    let pauses: Vec<_> = case.pauses.iter().map(|(from, to)| pause(instant(*from), Some(instant(*to)))).collect();
    let measure = Measure::new(&calendar, Clock::BusinessHours, minutes(case.minutes), instant(case.start), &pauses);

    let walk = Walk::new(case);
    let open = walk.open_minutes(case);
    let last = case.start + WINDOW * 86_400;
    let sample = case.start + random.below(WINDOW * 86_400);
    let target = case.minutes * MINUTE;
    let (mut consumed, mut due, mut breached, mut at_sample, mut next_open) = (0, None, None, 0, None);
    let mut count = |from: i64, seconds: i64| {
        for (amount, found) in [(target, &mut due), (target + 1, &mut breached)] {
            if (consumed + 1..=consumed + seconds).contains(&amount) {
                *found = Some(from + amount - consumed);
            }
        }
        consumed += seconds;
        at_sample += (sample - from).clamp(0, seconds);
    };
    for (index, _) in open.iter().enumerate().filter(|(_, open)| **open) {
        let minute = walk.first + i64::try_from(index).unwrap() * MINUTE;
        if minute + MINUTE <= case.start || minute >= last {
            continue;
        }
        next_open = next_open.or(Some(minute.max(case.start)));
        let is_plain =
            minute >= case.start && case.pauses.iter().all(|(from, to)| *to <= minute || minute + MINUTE <= *from);
        if is_plain {
            count(minute, MINUTE);
            continue;
        }
        for second in minute.max(case.start)..minute + MINUTE {
            if !case.pauses.iter().any(|(from, to)| (*from..*to).contains(&second)) {
                count(second, 1);
            }
        }
    }
    if let Some(due) = due {
        assert_eq!(measure.due_at(), Some(instant(due)), "due of {case:?}");
    }
    if let Some(breached) = breached {
        assert_eq!(measure.breached_at(), Some(instant(breached)), "breach of {case:?}");
    }
    if let Some(next) = next_open {
        assert_eq!(calendar.next_opening(instant(case.start)), Some(instant(next)), "opening of {case:?}");
    }
    assert_eq!(measure.consumed_by(instant(sample)), at_sample, "consumed until {sample} by {case:?}");
    let sampled = usize::try_from((sample - walk.first) / MINUTE).unwrap();
    assert_eq!(calendar.is_open(instant(sample)), open[sampled], "open at {sample} in {case:?}");
}

#[test]
fn a_walk_minute_by_minute_finds_the_same_deadlines() {
    let cases = std::env::var("MESHCASE_SECOND_OPINION_CASES").ok().and_then(|count| count.parse().ok());
    for number in 0..cases.unwrap_or(2_000_u64) {
        let mut random = Random(number);
        let case = random_case(&mut random);
        compare(&case, &mut random);
    }
}
