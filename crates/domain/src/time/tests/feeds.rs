//! iCalendar feeds, good and bad (ruling 7).

use std::fmt::Write;

use super::*;

fn feed(events: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test\r\n{events}END:VCALENDAR\r\n")
}

fn event(lines: &str) -> String {
    format!("BEGIN:VEVENT\r\n{}\r\nEND:VEVENT\r\n", lines.replace('\n', "\r\n"))
}

fn read(text: &str) -> Result<Vec<(NaiveDate, String)>, String> {
    parse_icalendar(text, "holidays.ics", &[], ICalendarLimits::default()).map_err(|error| error.to_string())
}

fn dates(lines: &str) -> Vec<String> {
    read(&feed(&event(lines))).unwrap().into_iter().map(|(date, _)| date.to_string()).collect()
}

#[test]
fn ruling_7_all_day_events_are_holidays_and_their_end_is_exclusive() {
    for (lines, expected) in [
        ("DTSTART;VALUE=DATE:20261126\nSUMMARY:Thanksgiving", vec!["2026-11-26"]),
        ("DTSTART;VALUE=DATE:20261126\nDTEND;VALUE=DATE:20261127", vec!["2026-11-26"]),
        ("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227", vec!["2026-12-24", "2026-12-25", "2026-12-26"]),
        ("DTSTART;VALUE=DATE:20261224\nDURATION:P2D", vec!["2026-12-24", "2026-12-25"]),
        ("DTSTART:20261224\nDTEND:20261224", vec!["2026-12-24"]),
        ("DTSTART;VALUE=DATE:20261224\nSTATUS:CANCELLED", vec![]),
        ("DTSTART;VALUE=DATE:20261224\nTRANSP:TRANSPARENT", vec!["2026-12-24"]),
    ] {
        assert_eq!(dates(lines), expected, "{lines}");
    }
}

#[test]
fn ruling_7_recurring_events_are_followed() {
    for (lines, expected) in [
        (
            "DTSTART;VALUE=DATE:20251127\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=3",
            vec!["2025-11-27", "2026-11-26", "2027-11-25"],
        ),
        (
            "DTSTART;VALUE=DATE:20251225\nRRULE:FREQ=YEARLY;UNTIL=20271225",
            vec!["2025-12-25", "2026-12-25", "2027-12-25"],
        ),
        ("DTSTART;VALUE=DATE:20251225\nRRULE:FREQ=YEARLY;UNTIL=20261225T000000Z", vec!["2025-12-25", "2026-12-25"]),
        (
            "DTSTART;VALUE=DATE:20251225\nRRULE:FREQ=YEARLY;COUNT=3\nEXDATE;VALUE=DATE:20261225",
            vec!["2025-12-25", "2027-12-25"],
        ),
        (
            "DTSTART;VALUE=DATE:20251225\nRDATE;VALUE=DATE:20260106,20260107",
            vec!["2025-12-25", "2026-01-06", "2026-01-07"],
        ),
        (
            "DTSTART;VALUE=DATE:20251231\nDTEND;VALUE=DATE:20260102\nRRULE:FREQ=YEARLY;COUNT=2",
            vec!["2025-12-31", "2026-01-01", "2026-12-31", "2027-01-01"],
        ),
        ("DTSTART;VALUE=DATE:20251225\nRRULE:FREQ=YEARLY;UNTIL=20241225", vec!["2025-12-25"]),
    ] {
        assert_eq!(dates(lines), expected, "{lines}");
    }
}

#[test]
fn ruling_7_an_event_that_stands_for_one_day_of_a_recurring_one_takes_its_place() {
    let master = event("UID:a\nDTSTART;VALUE=DATE:20250501\nRRULE:FREQ=YEARLY;COUNT=2\nSUMMARY:May Day");
    let moved = event("UID:a\nDTSTART;VALUE=DATE:20260504\nRECURRENCE-ID;VALUE=DATE:20260501\nSUMMARY:May Day, moved");
    let found = read(&feed(&(master + &moved))).unwrap();
    assert_eq!(found, [(day("2025-05-01"), "May Day".to_owned()), (day("2026-05-04"), "May Day, moved".to_owned())]);
}

/// A series of the fourth Friday of November and what changes it.
fn bridge_days(changes: &str) -> Result<Vec<String>, String> {
    let series = event("UID:a\nDTSTART;VALUE=DATE:20251128\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4FR;COUNT=3");
    let found = read(&feed(&(series + changes)))?;
    Ok(found.into_iter().map(|(date, _)| date.to_string()).collect())
}

#[test]
fn ruling_7_one_day_of_a_series_is_cancelled_or_moved_by_a_date_or_a_time() {
    for (changes, expected) in [
        ("", vec!["2025-11-28", "2026-11-27", "2027-11-26"]),
        (
            "UID:a\nRECURRENCE-ID;VALUE=DATE:20261127\nDTSTART;VALUE=DATE:20261127\nSTATUS:CANCELLED",
            vec!["2025-11-28", "2027-11-26"],
        ),
        ("UID:a\nRECURRENCE-ID:20261127T000000\nSTATUS:cancelled", vec!["2025-11-28", "2027-11-26"]),
        // Midnight in Berlin.
        ("UID:a\nRECURRENCE-ID:20261126T230000Z\nSTATUS:CANCELLED", vec!["2025-11-28", "2027-11-26"]),
        (
            "UID:a\nRECURRENCE-ID;TZID=Europe/Berlin:20261127T000000\nDTSTART;VALUE=DATE:20261130",
            vec!["2025-11-28", "2026-11-30", "2027-11-26"],
        ),
        // Of another series.
        ("UID:b\nRECURRENCE-ID;VALUE=DATE:20261127\nSTATUS:CANCELLED", vec!["2025-11-28", "2026-11-27", "2027-11-26"]),
    ] {
        let changes = if changes.is_empty() { String::new() } else { event(changes) };
        assert_eq!(bridge_days(&changes).unwrap(), expected, "{changes}");
    }
    let cancelled = event("UID:a\nSEQUENCE:1\nDTSTART;VALUE=DATE:20251128\nSTATUS:CANCELLED");
    let moved = event("UID:a\nRECURRENCE-ID;VALUE=DATE:20261127\nDTSTART;VALUE=DATE:20261130");
    assert_eq!(
        bridge_days(&(cancelled + &moved)).unwrap(),
        Vec::<String>::new(),
        "who cancels a series cancels its days"
    );
}

#[test]
fn ruling_7_several_rules_and_exceptions_by_rule_are_followed() {
    for (lines, expected) in [
        (
            "DTSTART;VALUE=DATE:20270104\nRRULE:FREQ=YEARLY;BYMONTH=1;BYDAY=1MO;COUNT=1\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=1MO;COUNT=1",
            vec!["2027-01-04", "2027-05-03"],
        ),
        (
            "DTSTART;VALUE=DATE:20261106\nRRULE:FREQ=WEEKLY;BYDAY=FR;UNTIL=20261127\nEXRULE:FREQ=MONTHLY;BYMONTHDAY=13",
            vec!["2026-11-06", "2026-11-20", "2026-11-27"],
        ),
        (
            "DTSTART;VALUE=DATE:20261106\nRRULE:FREQ=WEEKLY;COUNT=2\nEXRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            vec!["2026-11-06", "2026-11-13"],
        ),
        ("DTSTART;VALUE=DATE:20251225\nRRULE:FREQ=YEARLY;COUNT=2\nEXDATE:20261224T230000Z", vec!["2025-12-25"]),
    ] {
        assert_eq!(dates(lines), expected, "{lines}");
    }
}

#[test]
fn ruling_7_of_an_event_the_newest_sequence_counts_wherever_it_stands() {
    let first = event("UID:a\nSEQUENCE:0\nDTSTART;VALUE=DATE:20260601");
    let second = event("UID:a\nSEQUENCE:2\nDTSTART;VALUE=DATE:20260608");
    let found =
        |events: &str| read(&feed(events)).unwrap().into_iter().map(|(date, _)| date.to_string()).collect::<Vec<_>>();
    assert_eq!(found(&format!("{first}{second}")), ["2026-06-08"]);
    assert_eq!(found(&format!("{second}{first}")), ["2026-06-08"]);
    // Some programs give all their events one UID.
    let same = event("UID:a\nDTSTART;VALUE=DATE:20260601") + &event("UID:a\nDTSTART;VALUE=DATE:20260602");
    assert_eq!(found(&same), ["2026-06-01", "2026-06-02"]);
}

#[test]
fn ruling_7_what_changes_the_days_and_is_not_applied_is_refused_by_name() {
    let future = event(
        "UID:a\nRECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20261127\nDTSTART;VALUE=DATE:20261130\nSUMMARY:Bridge day",
    );
    assert_eq!(
        bridge_days(&future).unwrap_err(),
        "holidays.ics: event \"Bridge day\" (20261130): RECURRENCE-ID with RANGE=THISANDFUTURE is not applied; accepted is an \
         event for each day that differs, or a series that ends and another that begins"
    );
    for (lines, expected) in [
        ("DTSTART;VALUE=DATE:20260216\nRRULE:RSCALE=CHINESE;FREQ=YEARLY", "RRULE \"RSCALE=CHINESE;FREQ=YEARLY\": "),
        ("DTSTART;VALUE=DATE:20260216\nEXRULE:FREQ=HOURLY", "EXRULE \"FREQ=HOURLY\": accepted are the frequencies"),
    ] {
        let error = read(&feed(&event(lines))).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let cancels = feed(&event("DTSTART;VALUE=DATE:20261224")).replace("VERSION", "METHOD:CANCEL\r\nVERSION");
    assert!(read(&cancels).unwrap_err().contains("METHOD:CANCEL"));
}

#[test]
fn ruling_7_names_are_read_in_either_case() {
    let lower = "begin:vcalendar\r\nbegin:vevent\r\ndtstart;value=date:20251225\r\nrrule:freq=yearly;count=2\r\nsummary:Christmas\r\n\
                 end:vevent\r\nend:vcalendar\r\n";
    let christmas = || "Christmas".to_owned();
    assert_eq!(read(lower).unwrap(), [(day("2025-12-25"), christmas()), (day("2026-12-25"), christmas())]);
}

#[test]
fn ruling_7_a_contract_may_name_the_categories_that_count() {
    let text = feed(
        &(event("UID:a\nDTSTART;VALUE=DATE:20251225\nRRULE:FREQ=YEARLY;COUNT=2\nCATEGORIES:Religious,Public holiday")
            + &event("UID:a\nRECURRENCE-ID;VALUE=DATE:20261225\nDTSTART;VALUE=DATE:20261228")
            + &event("DTSTART;VALUE=DATE:20260214\nCATEGORIES:Observance")
            + &event("DTSTART:20261231T140000Z\nCATEGORIES:Observance\nSUMMARY:New Year's Eve")
            + &event("DTSTART;VALUE=DATE:20260501")),
    );
    let of = |categories: &[&str]| {
        let categories: Vec<String> = categories.iter().map(|of| (*of).to_owned()).collect();
        parse_icalendar(&text, "f", &categories, ICalendarLimits::default())
            .map(|found| found.into_iter().map(|(date, _)| date.to_string()).collect::<Vec<_>>())
    };
    assert_eq!(of(&["public HOLIDAY"]).unwrap(), ["2025-12-25", "2026-12-28"]);
    assert_eq!(of(&["Nothing"]).unwrap(), Vec::<String>::new());
    assert!(of(&["Observance"]).unwrap_err().to_string().contains("have a time of day"));
    assert!(of(&[]).is_err());
}

#[test]
fn ruling_7_a_rule_without_an_end_is_followed_to_the_last_year_of_the_bound() {
    let found = dates("DTSTART;VALUE=DATE:19900101\nRRULE:FREQ=YEARLY");
    assert_eq!(found.first().map(String::as_str), Some("2000-01-01"));
    assert_eq!(found.last().map(String::as_str), Some("2075-01-01"));
    assert_eq!(found.len(), 76);
}

#[test]
fn ruling_7_events_with_a_time_of_day_are_refused_by_name() {
    let events = event("DTSTART:20261224T120000Z\nSUMMARY:Half holiday")
        + &event("DTSTART;VALUE=DATE:20261225\nSUMMARY:Christmas")
        + &event("DTSTART;TZID=Europe/Berlin:20261231T140000\nSUMMARY:New Year's Eve");
    assert_eq!(
        read(&feed(&events)).unwrap_err(),
        "holidays.ics: 2 event(s) have a time of day: \"Half holiday\" (20261224T120000Z), \"New Year's Eve\" \
         (20261231T140000); only all-day events (DTSTART;VALUE=DATE) can be holidays"
    );
}

#[test]
fn folded_lines_bare_line_feeds_and_escapes_are_read() {
    let text = feed(&event("DTSTART;VALUE=DATE:20261126\nSUMMARY:Thanks\n giving\\, the day"));
    let expected = vec![(day("2026-11-26"), "Thanksgiving, the day".to_owned())];
    assert_eq!(read(&text).unwrap(), expected);
    assert_eq!(read(&text.replace("\r\n", "\n")).unwrap(), expected);
    assert_eq!(
        read(&format!("\u{feff}{}", text.replace("\r\n", "\n\n").replace("\n\n giving", "\n giving"))).unwrap(),
        expected
    );
}

#[test]
fn what_is_wrong_with_a_feed_is_said_with_the_event_and_what_is_accepted() {
    for (text, expected) in [
        (String::new(), "the feed is no iCalendar text"),
        ("<html>".to_owned(), "line 1"),
        (feed(&event("SUMMARY:Nothing")), "event \"Nothing\" has no DTSTART"),
        (
            feed(&event("DTSTART;VALUE=DATE:20260230\nSUMMARY:Odd")),
            "event \"Odd\" (20260230): DTSTART \"20260230\" is no date",
        ),
        (feed(&event("DTSTART;VALUE=DATE:2026123\nSUMMARY:Odd")), "accepted is YYYYMMDD"),
        (feed(&event("DTSTART;VALUE=DATE:20261126\nDTEND;VALUE=DATE:20261125")), "ends before it starts"),
        (feed(&event("DTSTART;VALUE=DATE:20261126\nDTEND;VALUE=DATE:20361125")), "lasts more than 366 days"),
        (feed(&event("DTSTART;VALUE=DATE:20261126\nDURATION:PT2H")), "accepted is P1D or P1W"),
        (feed(&event("DTSTART;VALUE=DATE:20261126\nRRULE:FREQ=HOURLY")), "accepted are the frequencies"),
        (feed(&event("DTSTART;VALUE=DATE:20261126\nRRULE:FREQ=SOMETIMES")), "RRULE \"FREQ=SOMETIMES\""),
        (feed(&event("DTSTART;VALUE=DATE:20261126\nRRULE:FREQ=YEARLY;UNTIL=never")), "UNTIL \"never\" is no date"),
        (feed("BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261126\r\n"), "line 6"),
        (feed(&event("BEGIN:A\nBEGIN:B\nBEGIN:C\nEND:C\nEND:B\nEND:A")), "nested more than 4 deep at line 7"),
    ] {
        let error = read(&text).unwrap_err();
        assert!(error.starts_with("holidays.ics: ") && error.contains(expected), "{error} | {expected}");
    }
}

#[test]
fn a_feed_of_10_mb_one_of_100_000_events_and_rules_that_never_end_are_answered_at_once() {
    let started = std::time::Instant::now();
    let one = event("DTSTART;VALUE=DATE:20261126\nSUMMARY:Day");
    let huge = feed(&one.repeat(10 * 1024 * 1024 / one.len()));
    assert!(read(&huge).unwrap_err().contains("at most 1048576 are accepted"));

    let roomy = ICalendarLimits { bytes: 16 << 20, ..ICalendarLimits::default() };
    let many = parse_icalendar(&feed(&one.repeat(100_000)), "holidays.ics", &[], roomy).unwrap_err();
    assert_eq!(many.problem, ICalendarProblem::TooManyEvents { events: 100_000, limit: 5_000 });

    let daily = event("DTSTART;VALUE=DATE:20000101\nSUMMARY:Every day\nRRULE:FREQ=DAILY");
    assert!(read(&feed(&daily)).unwrap_err().contains("more than 20000 dates"));

    let rules = event("DTSTART;VALUE=DATE:20000101\nRRULE:FREQ=YEARLY").repeat(201);
    assert!(read(&feed(&rules)).unwrap_err().contains("more than 200 rules of recurrence"));

    let fruitless = event("DTSTART;VALUE=DATE:20260228\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30");
    assert!(read(&feed(&fruitless)).unwrap_err().contains("gives no date at all"));

    let deep = "BEGIN:VEVENT\r\n".repeat(70_000);
    assert!(read(&feed(&deep)).unwrap_err().contains("nested more than 4 deep"));
    assert!(started.elapsed() < std::time::Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn the_largest_feeds_that_are_accepted_are_read_quickly() {
    let started = std::time::Instant::now();
    let mut events = String::new();
    for number in 0..4_800_u64 {
        let date = (day("2010-01-01") + chrono::Days::new(number * 5)).format("%Y%m%d");
        write!(events, "{}", event(&format!("DTSTART;VALUE=DATE:{date}\nUID:{number}\nSUMMARY:A holiday with a name")))
            .unwrap();
    }
    for number in 0..200 {
        write!(events, "{}", event(&format!("DTSTART;VALUE=DATE:20000101\nUID:r{number}\nRRULE:FREQ=YEARLY"))).unwrap();
    }
    assert!(read(&feed(&events)).unwrap().len() > 4_800);
    assert!(read(&feed(&events).replace("\r\n", "\n")).unwrap().len() > 4_800);
    assert!(started.elapsed() < std::time::Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn an_unfinished_or_scrambled_feed_never_panics() {
    let text = feed(&event("DTSTART;VALUE=DATE:20261126\nRRULE:FREQ=YEARLY;BYDAY=4TH\nSUMMARY:Grüße"));
    for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
        let _ = read(&text[..cut]);
        let _ = read(&text[cut..]);
        let _ = read(&format!("{}\u{0}é;:={}", &text[..cut], &text[cut..]));
    }
}
