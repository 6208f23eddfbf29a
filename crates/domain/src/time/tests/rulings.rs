//! A table for each of the rulings 1 to 10. Wall times are of America/Denver unless a row names a zone.
//! November 2026: Friday is the 20th, Thanksgiving the 26th. Clock changes: 8 March and 1 November 2026.

use super::*;

fn denver() -> Calendar {
    office("America/Denver", Holidays::none())
}

fn due(calendar: &Calendar, target: Target, started: &str) -> String {
    let measure = Measure::new(calendar, Clock::BusinessHours, target, at(calendar, started), &[]);
    wall(calendar, measure.due_at())
}

#[test]
fn ruling_1_a_target_used_up_at_closing_is_due_at_closing_and_breached_one_second_into_the_next_opening() {
    let calendar = denver();
    let table = [
        ("2026-11-20 09:00", of_hours(8), "2026-11-20 17:00:00", "2026-11-23 09:00:01"),
        ("2026-11-20 16:00", of_hours(1), "2026-11-20 17:00:00", "2026-11-23 09:00:01"),
        ("2026-11-20 15:00", of_hours(1), "2026-11-20 16:00:00", "2026-11-20 16:00:01"),
        ("2026-11-20 16:59:59", minutes(1), "2026-11-23 09:00:59", "2026-11-23 09:01:00"),
    ];
    for (started, target, due, breached) in table {
        let measure = Measure::new(&calendar, Clock::BusinessHours, target, at(&calendar, started), &[]);
        assert_eq!(wall(&calendar, measure.due_at()), due, "due, started {started}");
        assert_eq!(wall(&calendar, measure.breached_at()), breached, "breached, started {started}");
    }
}

#[test]
fn ruling_1_an_answer_before_the_next_opening_consumes_nothing_more() {
    let calendar = denver();
    let measure = Measure::new(&calendar, Clock::BusinessHours, of_hours(1), at(&calendar, "2026-11-20 16:00"), &[]);
    for (answered, consumed, remaining) in [
        ("2026-11-20 16:30", 1_800, 1_800),
        ("2026-11-20 17:00", 3_600, 0),
        ("2026-11-21 12:00", 3_600, 0),
        ("2026-11-23 09:00", 3_600, 0),
        ("2026-11-23 09:00:01", 3_601, 0),
    ] {
        assert_eq!(measure.consumed_by(at(&calendar, answered)), consumed, "{answered}");
        assert_eq!(measure.remaining_at(at(&calendar, answered)), remaining, "{answered}");
    }
}

#[test]
fn ruling_2_opening_is_included_and_closing_is_not() {
    let calendar = denver();
    for (time, open, next) in [
        ("2026-11-20 08:59:59", false, "2026-11-20 09:00:00"),
        ("2026-11-20 09:00", true, "2026-11-20 09:00:00"),
        ("2026-11-20 16:59:59", true, "2026-11-20 16:59:59"),
        ("2026-11-20 17:00", false, "2026-11-23 09:00:00"),
        ("2026-11-21 12:00", false, "2026-11-23 09:00:00"),
    ] {
        assert_eq!(calendar.is_open(at(&calendar, time)), open, "{time}");
        assert_eq!(wall(&calendar, calendar.next_opening(at(&calendar, time))), next, "{time}");
    }
}

#[test]
fn ruling_2_a_clock_that_starts_outside_of_the_hours_starts_at_the_next_opening() {
    let calendar = denver();
    for started in
        ["2026-11-20 17:00", "2026-11-21 03:00", "2026-11-22 23:59", "2026-11-23 08:59:59", "2026-11-23 09:00"]
    {
        assert_eq!(due(&calendar, of_hours(1), started), "2026-11-23 10:00:00", "{started}");
    }
}

#[test]
fn ruling_3_a_business_day_is_the_nominal_day_consumed_in_open_time() {
    let calendar = denver();
    assert_eq!(calendar.nominal_day_seconds(), 8 * 3_600);
    for (started, days, expected) in [
        ("2026-11-16 10:00", 1, "2026-11-17 10:00:00"),
        ("2026-11-21 12:00", 1, "2026-11-23 17:00:00"),
        ("2026-11-20 17:30", 1, "2026-11-23 17:00:00"),
        ("2026-11-20 12:00", 1, "2026-11-23 12:00:00"),
        ("2026-11-16 08:00", 1, "2026-11-16 17:00:00"),
        ("2026-11-16 10:00", 2, "2026-11-18 10:00:00"),
        ("2026-11-16 10:00", 10, "2026-11-30 10:00:00"),
    ] {
        assert_eq!(due(&calendar, business_days(days), started), expected, "{started} + {days}");
    }
}

#[test]
fn ruling_3_business_days_are_counted_on_the_calendar_also_for_an_around_the_clock_plan() {
    let calendar = office("America/Los_Angeles", Holidays::none());
    let started = at(&calendar, "2026-11-21 12:00");
    let measure = Measure::new(&calendar, Clock::AroundTheClock, business_days(1), started, &[]);
    assert_eq!(measure.clock(), Clock::BusinessHours);
    assert_eq!(wall(&calendar, measure.due_at()), "2026-11-23 17:00:00");
}

#[test]
fn ruling_3_the_nominal_day_is_the_longest_weekday_holidays_and_overlaps_apart() {
    let short_friday = [
        hours(&WORKDAYS[..4], "08:00", "12:00"),
        hours(&WORKDAYS[..4], "11:00", "18:30"),
        hours(&[Weekday::Fri], "09:00", "12:00"),
    ];
    for (hours, expected) in [
        (short_friday.to_vec(), 10 * 3_600 + 1_800),
        (vec![hours(&ALL_DAYS, "00:00", "24:00")], 86_400),
        (vec![hours(&[Weekday::Sat], "22:00", "06:00")], 8 * 3_600),
    ] {
        assert_eq!(calendar("America/Denver", &hours, Holidays::none()).nominal_day_seconds(), expected, "{hours:?}");
    }
}

#[test]
fn ruling_3_a_business_day_is_never_longer_than_24_hours_and_counts_no_hour_twice() {
    let shifts = [("06:00", "14:30"), ("14:00", "22:30"), ("22:00", "06:30")];
    let three: Vec<_> = shifts.iter().map(|(opens, closes)| hours(&ALL_DAYS, opens, closes)).collect();
    for (hours, expected, what) in [
        (three.clone(), 24 * 3_600, "three shifts with a hand-over: always open"),
        (
            vec![hours(&[Weekday::Mon], "22:00", "06:00"), hours(&[Weekday::Tue], "04:00", "13:00")],
            8 * 3_600,
            "what Tuesday has in common with Monday's night is Monday's",
        ),
        (
            vec![hours(&[Weekday::Sun], "20:00", "06:00"), hours(&[Weekday::Mon], "02:00", "12:00")],
            10 * 3_600,
            "also from one week to the next",
        ),
        (
            vec![hours(&[Weekday::Mon], "06:00", "20:00"), hours(&[Weekday::Mon], "19:00", "07:00")],
            24 * 3_600,
            "25 hours of one day",
        ),
    ] {
        assert_eq!(calendar("UTC", &hours, Holidays::none()).nominal_day_seconds(), expected, "{what}");
    }
    let always = calendar("UTC", &three, Holidays::none());
    assert_eq!(due(&always, business_days(1), "2026-06-01 10:00"), "2026-06-02 10:00:00");
}

#[test]
fn ruling_4_around_the_clock_is_elapsed_time_whatever_zone_and_holidays_say() {
    let holidays = Holidays::none().set(HolidaySet::UnitedStatesFederal);
    for (zone, started, expected) in [
        ("America/Los_Angeles", "2026-11-20T23:30:00Z", "2026-11-21T00:30:00Z"),
        ("America/Denver", "2026-12-25T06:59:30Z", "2026-12-25T07:59:30Z"),
        ("Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"),
    ] {
        let calendar = office(zone, holidays.clone());
        let measure = Measure::new(&calendar, Clock::AroundTheClock, of_hours(1), utc(started), &[]);
        assert_eq!(measure.due_at(), Some(utc(expected)), "{zone}");
        assert_eq!(measure.breached_at(), Some(utc(expected) + chrono::TimeDelta::seconds(1)), "{zone}");
    }
}

#[test]
fn ruling_5_durations_over_clock_changes_are_elapsed_seconds() {
    let nights = |zone| calendar(zone, &[hours(&[Weekday::Sun], "00:30", "03:00")], Holidays::none());
    let seconds = |zone, from, to| {
        let calendar = nights(zone);
        calendar.consumed(at(&calendar, from), at(&calendar, to))
    };
    for (zone, from, to, expected, what) in [
        ("America/Denver", "2026-03-07 12:00", "2026-03-08 12:00", 90 * 60, "spring"),
        ("America/Denver", "2026-10-31 12:00", "2026-11-01 12:00", 210 * 60, "autumn"),
        ("America/Denver", "2026-11-07 12:00", "2026-11-08 12:00", 150 * 60, "plain"),
        ("Australia/Lord_Howe", "2026-10-03 12:00", "2026-10-04 12:00", 120 * 60, "half an hour, spring"),
        ("Australia/Lord_Howe", "2026-04-04 12:00", "2026-04-05 12:00", 180 * 60, "half an hour, autumn"),
    ] {
        assert_eq!(seconds(zone, from, to), expected, "{zone} {what}");
    }
}

#[test]
fn ruling_5_wall_times_in_the_gap_come_one_gap_later_and_ambiguous_ones_are_the_first() {
    for (opens, closes, date, expected, what) in [
        ("02:30", "04:00", "2026-03-08", Some(("09:30", "10:00")), "opens in the gap: 03:30 to 04:00 summer time"),
        ("01:00", "02:30", "2026-03-08", Some(("08:00", "09:30")), "closes in the gap"),
        ("02:00", "03:00", "2026-03-08", None, "emptied by the gap"),
        ("02:15", "02:45", "2026-03-08", Some(("09:15", "09:45")), "wholly in the gap"),
        ("01:15", "01:45", "2026-11-01", Some(("07:15", "07:45")), "ambiguous: summer time"),
        ("00:00", "24:00", "2026-11-01", Some(("06:00", "07:00")), "25 hours"),
    ] {
        let calendar = calendar("America/Denver", &[hours(&[Weekday::Sun], opens, closes)], Holidays::none());
        let opened = calendar.next_opening(at(&calendar, &format!("{date} 00:00")));
        let ledger =
            Measure::new(&calendar, Clock::BusinessHours, of_hours(1), at(&calendar, &format!("{date} 00:00")), &[])
                .ledger(at(&calendar, &format!("{date} 00:00")) + chrono::TimeDelta::hours(26));
        let open = ledger.iter().find(|span| span.kind == SpanKind::Counted);
        let found = open.map(|span| (span.from.format("%H:%M").to_string(), span.to.format("%H:%M").to_string()));
        assert_eq!(found, expected.map(|(from, to)| (from.to_owned(), to.to_owned())), "{what}");
        if let Some(open) = open {
            assert_eq!(opened, Some(open.from), "{what}");
        }
    }
}

#[test]
fn ruling_5_an_interval_that_a_gap_moves_or_empties_takes_nothing_from_another_day() {
    // In Nuuk the clocks go from Saturday 23:00 to Sunday 00:00 on 29 March 2026, at 01:00 UTC.
    for (saturday, expected, what) in [
        (("23:15", "23:45"), "2026-03-29T02:00:00Z", "moved into Sunday, which is open anyway"),
        (("23:00", "24:00"), "2026-03-29T02:00:00Z", "emptied"),
        (("21:00", "23:30"), "2026-03-29T01:00:00Z", "its end is moved into Sunday"),
    ] {
        let list = [hours(&[Weekday::Sat], saturday.0, saturday.1), hours(&[Weekday::Sun], "00:00", "08:00")];
        let nuuk = calendar("America/Nuuk", &list, Holidays::none());
        let opened = utc("2026-03-29T00:00:00Z");
        let measure = Measure::new(&nuuk, Clock::BusinessHours, of_hours(1), opened, &[]);
        assert_eq!(measure.due_at(), Some(utc(expected)), "{what}");
        assert_eq!(nuuk.consumed(utc("2026-03-29T01:00:00Z"), utc("2026-03-29T12:00:00Z")), 8 * 3_600, "{what}");
    }
    // What is moved past an early opening is not lost behind it.
    let list = [hours(&[Weekday::Sat], "23:30", "23:59"), hours(&[Weekday::Sun], "00:00", "00:15")];
    let nuuk = calendar("America/Nuuk", &list, Holidays::none());
    assert_eq!(nuuk.consumed(utc("2026-03-29T01:00:00Z"), utc("2026-03-29T12:00:00Z")), (15 + 29) * 60);
}

#[test]
fn ruling_5_zones_with_odd_offsets_keep_their_wall_hours() {
    for (zone, opening) in [
        ("Asia/Kolkata", "2026-11-20T03:30:00Z"),
        ("Asia/Kathmandu", "2026-11-20T03:15:00Z"),
        ("Pacific/Chatham", "2026-11-19T19:15:00Z"),
        ("America/St_Johns", "2026-11-20T12:30:00Z"),
        ("Pacific/Kiritimati", "2026-11-19T19:00:00Z"),
    ] {
        let calendar = office(zone, Holidays::none());
        let before = utc(opening) - chrono::TimeDelta::hours(5);
        assert_eq!(calendar.next_opening(before), Some(utc(opening)), "{zone}");
    }
}

#[test]
fn ruling_5_a_date_that_a_zone_skips_has_no_hours() {
    let apia = office("Pacific/Apia", Holidays::none());
    // Thursday 29 December 2011 was followed by Saturday the 31st.
    assert_eq!(due(&apia, of_hours(9), "2011-12-29 09:00"), "2012-01-02 10:00:00");
}

#[test]
fn ruling_6_an_interval_over_midnight_belongs_to_the_day_on_which_it_opens() {
    let nights = calendar("America/Denver", &[hours(&WORKDAYS, "22:00", "06:00")], Holidays::none());
    for (time, open) in [
        ("2026-11-20 23:00", true),
        ("2026-11-21 05:59:59", true),
        ("2026-11-21 06:00", false),
        ("2026-11-21 23:00", false),
        ("2026-11-23 03:00", false),
        ("2026-11-24 03:00", true),
    ] {
        assert_eq!(nights.is_open(at(&nights, time)), open, "{time}");
    }
}

#[test]
fn ruling_6_a_holiday_closes_the_intervals_that_open_on_it_and_no_others() {
    let holidays = Holidays::none().date(day("2026-11-26"), "Thanksgiving");
    let nights = calendar("America/Denver", &[hours(&WORKDAYS, "22:00", "06:00")], holidays);
    for (time, open) in [
        ("2026-11-26 05:00", true),
        ("2026-11-26 23:00", false),
        ("2026-11-27 05:00", false),
        ("2026-11-27 23:00", true),
    ] {
        assert_eq!(nights.is_open(at(&nights, time)), open, "{time}");
    }
}

#[test]
fn ruling_6_overlapping_intervals_are_merged_and_touching_ones_join() {
    let monday = [Weekday::Mon];
    for (intervals, expected) in [
        (vec![("09:00", "13:00"), ("12:00", "17:00")], 8),
        (vec![("09:00", "13:00"), ("13:00", "17:00")], 8),
        (vec![("09:00", "17:00"), ("10:00", "11:00")], 8),
        (vec![("09:00", "12:00"), ("13:00", "18:00")], 8),
        (vec![("20:00", "04:00"), ("22:00", "02:00")], 8),
    ] {
        let list: Vec<_> = intervals.iter().map(|(opens, closes)| hours(&monday, opens, closes)).collect();
        let calendar = calendar("America/Denver", &list, Holidays::none());
        let consumed = calendar.consumed(at(&calendar, "2026-11-23 00:00"), at(&calendar, "2026-11-25 00:00"));
        assert_eq!(consumed, expected * 3_600, "{intervals:?}");
    }
    // Monday's night runs into Tuesday's early shift: the common hours count once.
    let list = [hours(&monday, "22:00", "06:00"), hours(&[Weekday::Tue], "04:00", "12:00")];
    let calendar = calendar("America/Denver", &list, Holidays::none());
    let consumed = calendar.consumed(at(&calendar, "2026-11-23 00:00"), at(&calendar, "2026-11-25 00:00"));
    assert_eq!(consumed, 14 * 3_600);
}

#[test]
fn ruling_6_an_end_at_24_00_joins_the_next_day() {
    let always = calendar("Europe/Berlin", &[hours(&ALL_DAYS, "00:00", "24:00")], Holidays::none());
    let (from, to) = (utc("2026-03-01T00:00:00Z"), utc("2026-04-01T00:00:00Z"));
    assert_eq!(always.consumed(from, to), 31 * 86_400);
    let measure = Measure::new(&always, Clock::BusinessHours, of_hours(100), from, &[]);
    assert_eq!(measure.ledger(to).len(), 1);
}

#[test]
fn ruling_7_the_federal_set_holds_each_day_and_its_observed_day() {
    let holidays = Holidays::none().set(HolidaySet::UnitedStatesFederal);
    for (date, name) in [
        ("2026-07-04", Some("Independence Day")),
        ("2026-07-03", Some("Independence Day (observed)")),
        ("2026-07-02", None),
        ("2021-12-31", Some("New Year's Day (observed)")),
        ("2022-01-01", Some("New Year's Day")),
        ("2023-01-02", Some("New Year's Day (observed)")),
        ("2026-01-19", Some("Birthday of Martin Luther King, Jr.")),
        ("2026-02-16", Some("Washington's Birthday")),
        ("2026-05-25", Some("Memorial Day")),
        ("2027-05-31", Some("Memorial Day")),
        ("2026-06-19", Some("Juneteenth National Independence Day")),
        ("2020-06-19", None),
        ("2026-09-07", Some("Labor Day")),
        ("2026-10-12", Some("Columbus Day")),
        ("2026-11-11", Some("Veterans Day")),
        ("2023-11-10", Some("Veterans Day (observed)")),
        ("2026-11-26", Some("Thanksgiving Day")),
        ("2026-12-25", Some("Christmas Day")),
        ("2022-12-26", Some("Christmas Day (observed)")),
    ] {
        assert_eq!(holidays.name(day(date)), name, "{date}");
    }
}

#[test]
fn ruling_7_new_year_observed_on_31_december_closes_the_old_year() {
    let calendar = office("America/Denver", Holidays::none().set(HolidaySet::UnitedStatesFederal));
    assert_eq!(due(&calendar, of_hours(8), "2021-12-30 12:00"), "2022-01-03 12:00:00");
    assert_eq!(due(&calendar, of_hours(8), "2026-11-25 12:00"), "2026-11-27 12:00:00");
}

fn special(from: &str, to: &str, days: &[Weekday], name: &str, intervals: &[(&str, &str)]) -> SpecialHours {
    SpecialHours {
        from: day(from),
        to: day(to),
        days: days.to_vec(),
        name: name.to_owned(),
        intervals: intervals.iter().map(|(opens, closes)| ((*opens).to_owned(), (*closes).to_owned())).collect(),
        place: "specialHours[0]".to_owned(),
    }
}

/// Monday to Friday, 9 to 17 in Denver, with special hours.
fn seasonal(special: &[SpecialHours], holidays: Holidays) -> Calendar {
    let office = [hours(&WORKDAYS, "09:00", "17:00")];
    let parts = CalendarParts { zone: "America/Denver", hours: &office, special, holidays, ..CalendarParts::default() };
    Calendar::new(parts).unwrap()
}

#[test]
fn ruling_7_special_hours_replace_the_hours_of_their_dates_and_win_over_holidays() {
    let special = [
        special("2026-12-24", "2026-12-24", &[], "Christmas Eve", &[("09:00", "12:00")]),
        special("2026-12-19", "2026-12-20", &[Weekday::Sat], "Make-up day", &[("10:00", "14:00")]),
        special("2026-12-31", "2026-12-31", &[], "Night of the year", &[("22:00", "06:00")]),
        special("2026-12-28", "2026-12-30", &[], "Closed between the years", &[]),
        // The first entry for a date counts.
        special("2026-12-21", "2026-12-31", &[], "Season", &[("09:00", "16:00")]),
    ];
    let holidays = Holidays::none().date(day("2026-12-24"), "Christmas Eve").date(day("2026-12-25"), "Christmas Day");
    let calendar = seasonal(&special, holidays);
    for (date, open) in [
        ("2026-12-18", vec![("09:00", "17:00")]),
        ("2026-12-19", vec![("10:00", "14:00")]),
        ("2026-12-20", vec![]),
        ("2026-12-21", vec![("09:00", "16:00")]),
        ("2026-12-24", vec![("09:00", "12:00")]),
        ("2026-12-25", vec![("09:00", "16:00")]),
        ("2026-12-28", vec![]),
        ("2026-12-31", vec![("22:00", "24:00")]),
        ("2027-01-01", vec![("00:00", "06:00"), ("09:00", "17:00")]),
    ] {
        let minutes = |text: &str| text[..2].parse::<i64>().unwrap() * 60 + text[3..].parse::<i64>().unwrap();
        let midnight = at(&calendar, &format!("{date} 00:00"));
        let expected = |minute: i64| open.iter().any(|(from, to)| (minutes(from)..minutes(to)).contains(&minute));
        for minute in 0..1_440 {
            let instant = midnight + chrono::TimeDelta::minutes(minute);
            assert_eq!(calendar.is_open(instant), expected(minute), "{date}, minute {minute}");
        }
    }
}

#[test]
fn ruling_7_a_season_that_begins_on_wednesday_does_not_recount_monday() {
    let ramadan = special("2026-02-18", "2026-03-19", &WORKDAYS, "Ramadan", &[("10:00", "15:00")]);
    let calendar = seasonal(&[ramadan], Holidays::none());
    assert_eq!(due(&calendar, of_hours(16), "2026-02-16 09:00"), "2026-02-17 17:00:00");
    assert_eq!(due(&calendar, of_hours(17), "2026-02-16 09:00"), "2026-02-18 11:00:00");
    assert_eq!(calendar.nominal_day_seconds(), 8 * 3_600, "a business day is as long as ever (ruling 3)");
    assert_eq!(due(&calendar, business_days(1), "2026-02-18 10:00"), "2026-02-19 13:00:00");
}

#[test]
fn ruling_7_special_hours_change_the_revision_by_their_dates_and_hours_alone() {
    let none = seasonal(&[], Holidays::none()).revision();
    let revision = |name: &str, opens: &str| {
        seasonal(&[special("2026-12-24", "2026-12-24", &[], name, &[(opens, "12:00")])], Holidays::none()).revision()
    };
    assert_ne!(revision("Christmas Eve", "09:00"), none);
    assert_ne!(revision("Christmas Eve", "09:00"), revision("Christmas Eve", "10:00"));
    assert_eq!(revision("Christmas Eve", "09:00"), revision("A half day", "09:00"));
}

#[test]
fn ruling_7_the_closed_days_of_a_stretch_are_named() {
    let closed = [special("2026-12-24", "2026-12-24", &[], "Closed for stock-taking", &[])];
    let calendar = seasonal(&closed, Holidays::none().date(day("2026-12-25"), "Christmas Day"));
    let found = calendar.closed_days(at(&calendar, "2026-12-23 18:00"), at(&calendar, "2026-12-28 08:00"));
    let found: Vec<_> = found.map(|(date, name)| (date.to_string(), name.unwrap_or("-").to_owned())).collect();
    let expected = [
        ("2026-12-24", "Closed for stock-taking"),
        ("2026-12-25", "Christmas Day"),
        ("2026-12-26", "-"),
        ("2026-12-27", "-"),
    ];
    assert_eq!(found, expected.map(|(date, name)| (date.to_owned(), name.to_owned())));
}

#[test]
fn ruling_8_special_hours_that_cannot_be_used_are_named_and_closing_by_them_counts_too() {
    let refused = |special: SpecialHours| {
        let office = [hours(&WORKDAYS, "09:00", "17:00")];
        let special = [special];
        let parts =
            CalendarParts { zone: "America/Denver", hours: &office, special: &special, ..CalendarParts::default() };
        let errors = Calendar::new(parts).unwrap_err();
        errors.iter().map(|error| format!("{}: {error}", error.field())).collect::<Vec<_>>().join("; ")
    };
    for (entry, expected) in [
        (special("2026-12-24", "2026-12-23", &[], "x", &[]), "specialHours[0].to: to is before from"),
        (special("2026-01-01", "2027-06-01", &[], "x", &[]), "specialHours[0].to: the dates are more than 366 days"),
        (
            special("2026-12-24", "2026-12-24", &[], "x", &[("09:00", "12:00"), ("9:00", "9:00")]),
            "specialHours[0].intervals[1].opens: \"9:00\" is no time of day",
        ),
        (
            special("2026-12-24", "2026-12-24", &[], "x", &[("09:00", "09:00")]),
            "specialHours[0].intervals[0].closes: opens and",
        ),
    ] {
        let error = refused(entry);
        assert!(error.starts_with(expected), "{error}");
    }
    let years = [
        special("2027-01-01", "2027-12-31", &[], "closed", &[]),
        special("2028-01-01", "2028-12-31", &[], "closed", &[]),
        special("2029-01-01", "2029-01-31", &[], "closed", &[]),
    ];
    assert!(seasonal(&years, Holidays::none()).check_opens_after(utc("2026-11-20T00:00:00Z")).is_err());
}

#[test]
fn ruling_8_a_calendar_that_never_opens_is_refused() {
    let no_hours = Calendar::new(CalendarParts { zone: "America/Denver", ..CalendarParts::default() }).unwrap_err();
    assert_eq!(no_hours, [CalendarError::NeverOpens]);
    assert_eq!(no_hours[0].field(), "businessHours");

    let from = day("2026-01-01");
    let closed = |days: u64| (0..days).map(move |n| (from + chrono::Days::new(n), "closed"));
    let calendar = office("America/Denver", Holidays::none().dates(closed(3 * 365)));
    let start = at(&calendar, "2026-01-01 00:00");
    assert_eq!(calendar.next_opening(start), None);
    assert_eq!(calendar.check_opens_after(start).unwrap_err().field(), "holidays");
    let calendar = office("America/Denver", Holidays::none().dates(closed(700)));
    assert_eq!(calendar.check_opens_after(start), Ok(()));
}

#[test]
fn ruling_8_a_calendar_that_closes_for_two_years_later_on_is_refused_too() {
    let closed = |first: &str, days: u64| {
        let first = day(first);
        office(
            "America/Denver",
            Holidays::none().dates((0..days).map(|number| (first + chrono::Days::new(number), "closed"))),
        )
    };
    let opened = utc("2026-11-20T00:00:00Z");
    for (first, days, valid) in [
        ("2026-11-21", 300, true),
        // Two years and a weekend, from next week on, and from ten years ahead.
        ("2026-11-30", 740, false),
        ("2037-01-05", 740, false),
        ("2037-01-05", 700, true),
        // Over before the contract begins.
        ("2020-01-06", 740, true),
    ] {
        assert_eq!(closed(first, days).check_opens_after(opened).is_ok(), valid, "{first} {days}");
    }
}

#[test]
fn ruling_8_a_deadline_beyond_ten_years_is_none() {
    let calendar = calendar("America/Denver", &[hours(&[Weekday::Mon], "09:00", "09:01")], Holidays::none());
    assert_eq!(due(&calendar, of_hours(9), "2026-11-20 09:00"), "none");
    assert_eq!(due(&calendar, Target { amount: i64::MAX, unit: Unit::BusinessDays }, "2026-11-20 09:00"), "none");
}

#[test]
fn ruling_8_what_is_wrong_with_a_calendar_is_said_at_once_with_field_and_what_is_accepted() {
    let bad = [
        hours(&[Weekday::Mon], "9:00", "25:00"),
        hours(&[], "09:00", "17:00"),
        hours(&ALL_DAYS, "09:00", "09:00"),
        hours(&ALL_DAYS, "24:00", "12:00"),
    ];
    let errors =
        Calendar::new(CalendarParts { zone: "Mars/Olympus", hours: &bad, ..CalendarParts::default() }).unwrap_err();
    let fields: Vec<_> = errors.iter().map(CalendarError::field).collect();
    assert_eq!(
        fields,
        [
            "timeZone",
            "businessHours[0].opens",
            "businessHours[0].closes",
            "businessHours[1].days",
            "businessHours[2].closes",
            "businessHours[3].opens",
        ]
    );
    assert_eq!(
        errors[0].to_string(),
        format!(
            "\"Mars/Olympus\" is no time zone; accepted is a name of the IANA database ({}), such as America/Denver",
            ZoneData::built_in().version()
        )
    );
    assert_eq!(errors[1].to_string(), "\"9:00\" is no time of day; accepted is HH:MM from 00:00 to 23:59");
    assert_eq!(errors[2].to_string(), "\"25:00\" is no time of day; accepted is HH:MM from 00:00 to 24:00");
}

#[test]
fn ruling_9_the_ledger_names_every_stretch_and_its_counted_spans_add_up_to_the_target() {
    let calendar = office("America/Denver", Holidays::none().date(day("2026-11-26"), "Thanksgiving"));
    let pauses = [pause(at(&calendar, "2026-11-25 11:00"), Some(at(&calendar, "2026-11-25 12:00")))];
    let measure =
        Measure::new(&calendar, Clock::BusinessHours, of_hours(8), at(&calendar, "2026-11-25 08:00"), &pauses);
    let ledger = measure.ledger(measure.due_at().unwrap());
    assert_eq!(
        lines(&calendar, &ledger),
        [
            "Wed 25 08:00 - Wed 25 09:00 Closed outside business hours (3600 s)",
            "Wed 25 09:00 - Wed 25 11:00 Counted business hours (7200 s)",
            "Wed 25 11:00 - Wed 25 12:00 Paused waiting for the customer (3600 s)",
            "Wed 25 12:00 - Wed 25 17:00 Counted business hours (18000 s)",
            "Wed 25 17:00 - Thu 26 09:00 Closed outside business hours (57600 s)",
            "Thu 26 09:00 - Thu 26 17:00 Holiday Thanksgiving (28800 s)",
            "Thu 26 17:00 - Fri 27 09:00 Closed outside business hours (57600 s)",
            "Fri 27 09:00 - Fri 27 10:00 Counted business hours (3600 s)",
        ]
    );
}

#[test]
fn ruling_9_the_ledger_says_where_special_hours_open_and_where_they_close() {
    let eve = special("2026-12-24", "2026-12-24", &[], "Christmas Eve", &[("08:00", "12:00")]);
    let calendar = seasonal(&[eve], Holidays::none().date(day("2026-12-25"), "Christmas Day"));
    let measure = Measure::new(&calendar, Clock::BusinessHours, of_hours(5), at(&calendar, "2026-12-24 08:00"), &[]);
    assert_eq!(
        lines(&calendar, &measure.ledger(measure.due_at().unwrap())),
        [
            "Thu 24 08:00 - Thu 24 12:00 Counted special hours, Christmas Eve (14400 s)",
            "Thu 24 12:00 - Thu 24 17:00 Closed Christmas Eve (18000 s)",
            "Thu 24 17:00 - Fri 25 09:00 Closed outside business hours (57600 s)",
            "Fri 25 09:00 - Fri 25 17:00 Holiday Christmas Day (28800 s)",
            "Fri 25 17:00 - Mon 28 09:00 Closed outside business hours (230400 s)",
            "Mon 28 09:00 - Mon 28 10:00 Counted business hours (3600 s)",
        ]
    );
}

#[test]
fn ruling_9_hours_that_a_holiday_would_close_but_another_day_keeps_open_are_counted() {
    let shifts = [hours(&[Weekday::Wed], "18:00", "10:00"), hours(&[Weekday::Thu], "08:00", "12:00")];
    let calendar = calendar("America/Denver", &shifts, Holidays::none().date(day("2026-11-26"), "Thanksgiving"));
    let measure = Measure::new(&calendar, Clock::BusinessHours, of_hours(99), at(&calendar, "2026-11-26 07:00"), &[]);
    assert_eq!(
        lines(&calendar, &measure.ledger(at(&calendar, "2026-11-26 13:00"))),
        [
            "Thu 26 07:00 - Thu 26 10:00 Counted business hours (10800 s)",
            "Thu 26 10:00 - Thu 26 12:00 Holiday Thanksgiving (7200 s)",
            "Thu 26 12:00 - Thu 26 13:00 Closed outside business hours (3600 s)",
        ]
    );
}

#[test]
fn ruling_9_a_holiday_that_another_shift_interrupts_goes_on_after_it() {
    let shifts = [hours(&[Weekday::Thu], "18:00", "09:00"), hours(&[Weekday::Fri], "04:00", "08:00")];
    let calendar = calendar("America/Denver", &shifts, Holidays::none().date(day("2026-11-26"), "Thanksgiving"));
    let measure = Measure::new(&calendar, Clock::BusinessHours, of_hours(99), at(&calendar, "2026-11-26 18:00"), &[]);
    assert_eq!(
        lines(&calendar, &measure.ledger(at(&calendar, "2026-11-27 10:00"))),
        [
            "Thu 26 18:00 - Fri 27 04:00 Holiday Thanksgiving (36000 s)",
            "Fri 27 04:00 - Fri 27 08:00 Counted business hours (14400 s)",
            "Fri 27 08:00 - Fri 27 09:00 Holiday Thanksgiving (3600 s)",
            "Fri 27 09:00 - Fri 27 10:00 Closed outside business hours (3600 s)",
        ]
    );
}

#[test]
fn ruling_10_any_percentage_stands_at_the_first_second_that_has_it() {
    let calendar = denver();
    let measure = Measure::new(&calendar, Clock::BusinessHours, minutes(1), at(&calendar, "2026-11-20 09:00"), &[]);
    for (percent, expected) in
        [(0, "09:00:00"), (33, "09:00:20"), (75, "09:00:45"), (99, "09:01:00"), (100, "09:01:00"), (150, "09:01:30")]
    {
        assert_eq!(wall(&calendar, measure.instant_of_percent(percent)), format!("2026-11-20 {expected}"), "{percent}");
    }
}

#[test]
fn ruling_10_the_warning_stands_where_three_quarters_are_used_up() {
    let calendar = denver();
    for (started, target, warning) in [
        ("2026-11-20 09:00", of_hours(8), "2026-11-20 15:00:00"),
        ("2026-11-20 16:00", of_hours(1), "2026-11-20 16:45:00"),
        ("2026-11-20 11:00", of_hours(8), "2026-11-20 17:00:00"),
        ("2026-11-20 16:30", of_hours(1), "2026-11-23 09:15:00"),
        ("2026-11-21 12:00", business_days(1), "2026-11-23 15:00:00"),
    ] {
        let measure = Measure::new(&calendar, Clock::BusinessHours, target, at(&calendar, started), &[]);
        assert_eq!(wall(&calendar, measure.warn_at()), warning, "{started}");
        assert!(measure.warn_at() <= measure.due_at(), "{started}");
    }
}

#[test]
fn ruling_20_while_a_clock_stands_it_has_no_deadline_but_says_what_is_left() {
    let calendar = denver();
    let started = at(&calendar, "2026-11-20 09:00");
    let open = [pause(at(&calendar, "2026-11-20 10:00"), None)];
    let measure = Measure::new(&calendar, Clock::BusinessHours, of_hours(8), started, &open);
    assert_eq!(measure.due_at(), None);
    assert_eq!(measure.breached_at(), None);
    assert_eq!(measure.remaining_at(at(&calendar, "2026-12-24 10:00")), 7 * 3_600);
    let short = Measure::new(&calendar, Clock::BusinessHours, of_hours(1), started, &open);
    assert_eq!(wall(&calendar, short.due_at()), "2026-11-20 10:00:00", "used up as the pause begins");
    assert_eq!(short.breached_at(), None);
}

#[test]
fn ruling_18_overlapping_pauses_stand_once_and_only_their_open_time_counts() {
    let calendar = denver();
    let minute = |time| at(&calendar, time);
    let weekend = [
        pause(minute("2026-11-20 16:00"), Some(minute("2026-11-23 10:00"))),
        pause(minute("2026-11-21 12:00"), Some(minute("2026-11-23 09:30"))),
        pause(minute("2026-11-23 12:00"), Some(minute("2026-11-23 12:00"))),
    ];
    let measure = Measure::new(&calendar, Clock::BusinessHours, of_hours(4), minute("2026-11-20 15:00"), &weekend);
    assert_eq!(wall(&calendar, measure.due_at()), "2026-11-23 13:00:00");
    assert_eq!(
        lines(&calendar, &measure.ledger(minute("2026-11-23 13:00"))),
        [
            "Fri 20 15:00 - Fri 20 16:00 Counted business hours (3600 s)",
            "Fri 20 16:00 - Fri 20 17:00 Paused waiting for the customer (3600 s)",
            "Fri 20 17:00 - Mon 23 09:00 Closed outside business hours (230400 s)",
            "Mon 23 09:00 - Mon 23 10:00 Paused waiting for the customer (3600 s)",
            "Mon 23 10:00 - Mon 23 13:00 Counted business hours (10800 s)",
        ]
    );
}

#[test]
fn the_revision_changes_with_zone_hours_and_holidays_and_with_nothing_else() {
    let base = denver();
    assert_eq!(base.revision().len(), 12);
    assert_eq!(base.revision(), denver().revision());
    let same = calendar(
        "America/Denver",
        &[hours(&WORKDAYS, "12:00", "17:00"), hours(&WORKDAYS, "09:00", "12:00")],
        Holidays::none(),
    );
    assert_eq!(base.revision(), same.revision());
    for other in [
        office("America/Chicago", Holidays::none()),
        office("America/Denver", Holidays::none().date(day("2026-11-26"), "Thanksgiving")),
        calendar("America/Denver", &[hours(&WORKDAYS, "09:00", "17:30")], Holidays::none()),
    ] {
        assert_ne!(base.revision(), other.revision());
    }
}

#[test]
fn ruling_6_hours_are_merged_on_the_wall_clock_before_a_clock_change_moves_their_ends() {
    // On 28 March 2026 the wall clock of Scoresbysund goes from 23:00 to 24:00. Taken alone, 23:45 would be 00:45.
    let saturday = [Weekday::Sat];
    let list = [hours(&saturday, "00:00", "24:00"), hours(&saturday, "23:45", "02:00")];
    let calendar = calendar("America/Scoresbysund", &list, Holidays::none());
    let consumed = calendar.consumed(at(&calendar, "2026-03-28 22:00"), at(&calendar, "2026-03-29 12:00"));
    assert_eq!(consumed, 3 * 3_600);
}
