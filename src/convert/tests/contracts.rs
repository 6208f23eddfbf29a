//! Tests of decisions on contracts: what makes one unusable is named by its field, and accepted cases keep their promises;
//! contacts, product and defaults. Not for: quotas (`quota.rs` and the domain's tests).

use std::fmt::Write as _;

use super::*;
use crate::convert::writer::CONTRACT;

fn custom(plan: Value) -> Value {
    let mut whole = json!({"displayName": "P", "vendor": "V", "timeZone": "America/Denver",
        "businessHours": [{"days": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"], "opens": "09:00", "closes": "17:00"}],
        "severities": [{"severity": "Sev1", "clock": "BusinessHours", "initialResponse": {"amount": 1, "unit": "Hours"}}]});
    whole.as_object_mut().unwrap().extend(plan.as_object().unwrap().clone());
    json!({"plan": "Custom", "customPlan": whole, "default": true, "term": {"startsAt": "2026-01-01T00:00:00Z"}})
}

fn with_holidays(holidays: Value) -> Value {
    let mut spec = aspen();
    spec["holidays"] = holidays;
    spec
}

fn with_special_hours(hours: Value) -> Value {
    let mut spec = aspen();
    spec["specialHours"] = hours;
    spec
}

fn calendar(events: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
}

fn every_day() -> String {
    let rule =
        "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=DAILY\r\nSUMMARY:Never\r\nEND:VEVENT\r\n";
    calendar(rule)
}

fn many_events(count: usize) -> String {
    let mut events = String::new();
    for number in 0..count {
        write!(events, "BEGIN:VEVENT\r\nUID:{number}\r\nDTSTART;VALUE=DATE:20260704\r\nEND:VEVENT\r\n").unwrap();
    }
    calendar(&events)
}

/// A contract that cannot be used: its spec, the feed `h.ics` of ConfigMap `feed`, reason and the start of the message.
fn unusable() -> Vec<(Value, String, &'static str, &'static str)> {
    let feed = || with_holidays(json!({"iCalendar": [{"name": "feed", "key": "h.ics"}]}));
    let hours = |opens: &str, closes: &str| {
        custom(json!({"businessHours": [{"days": ["Monday"], "opens": opens, "closes": closes}]}))
    };
    let timed = "BEGIN:VEVENT\r\nSUMMARY:Lunch\r\nDTSTART:20261126T120000Z\r\nEND:VEVENT\r\n";
    vec![
        // I24 of the list of bad input: an unknown zone, an empty interval, hours that never open.
        (
            custom(json!({"timeZone": "Mars/Olympus"})),
            String::new(),
            "InvalidCalendar",
            "spec.customPlan.timeZone: \"Mars/Olympus\" is no time zone",
        ),
        (
            hours("09:00", "09:00"),
            String::new(),
            "InvalidCalendar",
            "spec.customPlan.businessHours[0].closes: opens and closes are both 09:00",
        ),
        (
            hours("25:00", "26:00"),
            String::new(),
            "InvalidCalendar",
            "spec.customPlan.businessHours[0].opens: \"25:00\" is no time of day",
        ),
        (
            custom(json!({"businessHours": []})),
            String::new(),
            "InvalidCalendar",
            "spec.customPlan.businessHours: the calendar never opens",
        ),
        (feed(), every_day(), "InvalidCalendar", "spec.holidays: the calendar does not open within two years after"),
        // Feeds that are too much, or no feeds.
        (
            feed(),
            " ".repeat(10 << 20),
            "InvalidCalendar",
            "spec.holidays.iCalendar[0]: key `h.ics` of ConfigMap `feed`: the feed has 10485760 bytes",
        ),
        (
            feed(),
            many_events(10_000),
            "InvalidCalendar",
            "spec.holidays.iCalendar[0]: key `h.ics` of ConfigMap `feed`: the feed has 10000 events",
        ),
        (
            feed(),
            calendar(timed),
            "InvalidCalendar",
            "spec.holidays.iCalendar[0]: key `h.ics` of ConfigMap `feed`: 1 event(s) have a time of day: \"Lunch\"",
        ),
        (feed(), "hello".to_owned(), "InvalidCalendar", "spec.holidays.iCalendar[0]: "),
        (
            with_holidays(json!({"iCalendar": [{"name": "none", "key": "h.ics"}]})),
            String::new(),
            "InvalidCalendar",
            "spec.holidays.iCalendar[0]: key `h.ics` of ConfigMap `none`: not found in the operator's namespace",
        ),
        (
            custom(json!({"specialHours": [{"from": "2026-12-24", "to": "2026-12-23", "name": "Eve"}]})),
            String::new(),
            "InvalidCalendar",
            "spec.customPlan.specialHours[0].to: to is before from",
        ),
        (
            with_special_hours(json!([{"from": "2026-12-24", "to": "2026-12-24", "name": "Eve",
                "intervals": [{"opens": "09:00", "closes": "25:00"}]}])),
            String::new(),
            "InvalidCalendar",
            "spec.specialHours[0].intervals[0].closes: \"25:00\" is no time of day",
        ),
        (
            json!({"plan": "Custom", "default": true, "term": {"startsAt": "2026-01-01T00:00:00Z"}}),
            String::new(),
            "InvalidSpec",
            "spec.customPlan: must be given",
        ),
    ]
}

#[test]
fn what_makes_a_contract_unusable_is_named_by_its_field_and_accepted_cases_keep_their_promises() {
    for (spec, feed, reason_of, message) in unusable() {
        let mut world = World::new(aspen(), json!({"title": "x", "severity": "Sev1"}), "2026-11-20T17:00:00Z");
        let before = world.decide("2026-11-20T17:00:00Z").status;
        world.feeds.extend([(("feed".to_owned(), "h.ics".to_owned()), Ok(feed))]);
        world.edit_contract(|contract| contract.spec = serde_json::from_value(spec.clone()).unwrap());
        let status = world.decide_contract(&[], "2026-11-20T17:10:00Z").status;
        let ready = status.conditions.iter().find(|condition| condition.type_ == "Ready").unwrap();
        assert_eq!((ready.status.as_str(), ready.reason.as_str()), ("False", reason_of), "{message}");
        assert!(ready.message.starts_with(message), "{} | {message}", ready.message);
        let stalled =
            status.conditions.iter().any(|condition| condition.type_ == "Stalled" && condition.status == "True");
        assert!(stalled, "{message}");
        let after = world.decide("2026-11-20T17:10:00Z").status;
        assert_eq!((after.state, &after.sla), (before.state, &before.sla), "{message}");
        // An answer in time is in time all the same.
        world.act("a", "2026-11-20T17:30:00Z", json!({"type": "ContactAttempted"}));
        let answered = world.decide("2026-11-20T17:30:00Z").status;
        assert_eq!(condition(&answered, "ResponseTargetMet"), "True", "{message}");
        // A case of after waits, and says why.
        let mut new = World::new(spec, json!({"title": "x", "severity": "Sev1"}), "2026-11-20T17:20:00Z");
        new.feeds = world.feeds.clone();
        let pending = new.decide("2026-11-20T17:20:00Z").status;
        assert_eq!(
            (pending.state, reason(&pending, "Ready")),
            (Some(CaseState::Pending), "ContractInvalid"),
            "{message}"
        );
    }
}

#[test]
fn an_error_of_a_feed_shows_no_line_of_it_neither_on_the_contract_nor_on_its_cases() {
    let secret = ["ghp", "_", "R4nd0mLetters0fOurOwnMaking012345678"].concat();
    let spec = || with_holidays(json!({"iCalendar": [{"name": "feed", "key": "h.ics"}]}));
    for feed in [
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\ntoken {secret}\r\nEND:VCALENDAR\r\n"),
        format!("{secret}\r\n"),
        calendar(&format!("BEGIN:VEVENT\r\nSUMMARY:a\u{202e}{secret}\r\nDTSTART:20261126T120000Z\r\nEND:VEVENT\r\n")),
        calendar(&format!("BEGIN:VEVENT\r\nSUMMARY:a\r\nDTSTART;VALUE=DATE:{secret}\r\nEND:VEVENT\r\n")),
        calendar(&format!("BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261126\r\nRRULE:FREQ={secret}\r\nEND:VEVENT\r\n")),
    ] {
        let mut world = World::new(spec(), json!({"title": "x"}), "2026-11-20T17:00:00Z");
        world.feeds.extend([(("feed".to_owned(), "h.ics".to_owned()), Ok(feed))]);
        let contract = world.decide_contract(&[], "2026-11-20T17:00:00Z");
        let case = world.decide("2026-11-20T17:00:00Z");
        assert_eq!(contract.status.conditions[0].reason, "InvalidCalendar");
        let told = format!("{contract:?} {case:?}");
        assert!(!told.contains(&secret[4..]) && !told.contains("u{202e}"), "{told}");
        assert!(told.contains("key `h.ics` of ConfigMap `feed`"), "{told}");
    }
}

#[test]
fn a_plan_without_severities_promises_nothing_and_is_no_fault() {
    let mut world = World::new(
        custom(json!({"severities": []})),
        json!({"title": "x", "severity": "Sev1"}),
        "2026-11-20T17:00:00Z",
    );
    let status = world.decide("2026-11-20T17:00:00Z").status;
    assert_eq!(status.state, Some(CaseState::AwaitingResponse));
    let response = status.sla.unwrap().initial_response.unwrap();
    assert_eq!((response.commitment, response.due_at), (crate::api::Commitment::ReasonableEfforts, None));
    assert_eq!(response.started_at, Some(at("2026-11-20T17:00:00Z")));
}

#[test]
fn ruling_7_a_contract_says_where_no_holidays_are_configured() {
    for (spec, says) in [
        (aspen(), true),
        (with_holidays(json!({"sets": ["UnitedStatesFederal"]})), false),
        (with_holidays(json!({"dates": [{"date": "2026-12-24"}]})), false),
    ] {
        let world = World::new(spec.clone(), json!({"title": "x"}), "2026-11-20T17:00:00Z");
        let status = world.decide_contract(&[], "2026-11-20T17:00:00Z").status;
        let ready = status.conditions.iter().find(|condition| condition.type_ == "Ready").unwrap();
        assert_eq!(ready.message.contains("no holidays configured"), says, "{spec}");
    }
}

#[test]
fn ruling_7_special_hours_of_a_contract_count_before_the_plans_and_before_holidays() {
    let special = |opens: &str| {
        json!([{"from": "2026-11-26", "to": "2026-11-26", "name": "Open all the same",
            "intervals": [{"opens": opens, "closes": "12:00"}]}])
    };
    let mut spec = custom(json!({"specialHours": special("08:00")}));
    let due = |spec: &Value| {
        // Thanksgiving at seven in Denver; an hour is promised.
        let mut world = World::new(spec.clone(), json!({"title": "x", "severity": "Sev1"}), "2026-11-26T14:00:00Z");
        world.decide("2026-11-26T14:00:00Z").status.sla.unwrap().initial_response.unwrap().due_at.unwrap()
    };
    assert_eq!(due(&custom(json!({}))), at("2026-11-26T17:00:00Z"), "no holiday is named");
    assert_eq!(due(&spec), at("2026-11-26T16:00:00Z"), "the plan's");
    spec["holidays"] = json!({"sets": ["UnitedStatesFederal"]});
    assert_eq!(due(&spec), at("2026-11-26T16:00:00Z"), "they win over the holiday");
    spec["specialHours"] = special("10:00");
    assert_eq!(due(&spec), at("2026-11-26T18:00:00Z"), "the contract's");
}

#[test]
fn ruling_7_a_feed_may_stand_in_binary_data_and_count_by_its_categories() {
    let events = "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261126\r\nCATEGORIES:Closed\r\nEND:VEVENT\r\n\
                  BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261127\r\nCATEGORIES:Observance\r\nEND:VEVENT\r\n";
    let map = |bytes: Vec<u8>| k8s_openapi::api::core::v1::ConfigMap {
        metadata: serde_json::from_value(json!({"name": "feed"})).unwrap(),
        binary_data: Some([("h.ics".to_owned(), k8s_openapi::ByteString(bytes))].into()),
        ..Default::default()
    };
    let feed = json!({"iCalendar": [{"name": "feed", "key": "h.ics", "categories": ["closed"]}]});
    let mut world = World::new(with_holidays(feed), json!({"title": "x", "severity": "Sev1"}), "2026-11-26T17:00:00Z");
    world.feeds.add(&map(calendar(events).into_bytes()));
    let status = world.decide("2026-11-26T17:00:00Z").status;
    let due = status.sla.unwrap().initial_response.unwrap().due_at;
    assert_eq!(due, Some(at("2026-11-27T17:00:00Z")), "Thursday is closed, Friday is not");
    world.feeds.add(&map(vec![b'B', 0xff]));
    let contract = world.decide_contract(&[], "2026-11-26T17:00:00Z").status;
    let ready = contract.conditions.iter().find(|condition| condition.type_ == "Ready").unwrap();
    assert!(
        ready.message.ends_with("key `h.ics` of ConfigMap `feed`: is no text in UTF-8, from byte 1 on"),
        "{}",
        ready.message
    );
}

#[test]
fn ruling_5_a_contract_tells_the_version_of_the_zone_data_and_counts_by_it() {
    let mut world = World::new(aspen(), json!({"title": "x", "severity": "Sev1"}), "2026-11-26T17:00:00Z");
    let now = "2026-11-26T17:00:00Z";
    let built_in = ZoneData::built_in();
    assert_eq!(world.decide_contract(&[], now).status.time_zone_data.as_deref(), Some(built_in.version()));
    // Another version, in which Denver is at UTC.
    let utc = [&b"TZif2"[..], &[0; 31], &[0, 0, 0, 1, 0, 0, 0, 4], &[0; 6], b"UTC\0"].concat();
    let utc = [&utc[..], &utc[..], b"\nUTC0\n"].concat();
    world.feeds.zones = ZoneData::of("2031a".to_owned(), [("America/Denver".to_owned(), utc)].into()).unwrap();
    let contract = world.decide_contract(&[], now).status;
    assert_eq!(contract.time_zone_data.as_deref(), Some("2031a"));
    let response = world.decide(now).status.sla.unwrap().initial_response.unwrap();
    assert_eq!(
        (response.due_at, response.time_zone_data.as_deref()),
        (Some(at("2026-11-27T10:00:00Z")), Some("2031a"))
    );
}

#[test]
fn ruling_25_hand_overs_of_contacts_are_recorded_and_those_beyond_the_limit_are_named() {
    let contact = |name: &str| json!({"name": name, "email": format!("{name}@x.org")});
    let standard = |names: &[&str]| {
        let contacts: Vec<_> = names.iter().map(|name| contact(name)).collect();
        json!({"plan": "MesosphereStandard", "term": {"startsAt": "2026-01-01T00:00:00Z"}, "contacts": contacts})
    };
    let mut world = World::new(standard(&["ann", "bob", "cid"]), json!({"title": "x"}), "2026-11-20T17:00:00Z");
    let first = world.decide_contract(&[], "2026-11-20T17:00:00Z").status;
    let contacts = first.contacts.clone().unwrap();
    assert_eq!((contacts.registered, contacts.limit, contacts.over_limit), (3, Some(2), vec!["cid@x.org".to_owned()]));
    let within = first.conditions.iter().find(|condition| condition.type_ == "ContactsWithinLimit").unwrap();
    assert_eq!((within.status.as_str(), within.reason.as_str()), ("False", "ContactOverLimit"));
    assert!(within.message.ends_with("cid@x.org"), "{}", within.message);
    world.edit_contract(|contract| {
        contract.status = Some(first.clone());
        contract.spec = serde_json::from_value(standard(&["ann", "dan"])).unwrap();
    });
    let second = world.decide_contract(&[], "2026-11-21T17:00:00Z").status;
    let change = second.contacts.unwrap().changes.pop().unwrap();
    assert_eq!(
        (change.at, change.added, change.removed.len()),
        (at("2026-11-21T17:00:00Z"), vec!["dan@x.org".to_owned()], 2)
    );
    // At most twenty are kept.
    for number in 0..30 {
        let name = format!("n{number}");
        let before = CONTRACT.written(world.decide_contract(&[], "2026-11-22T17:00:00Z").status);
        world.edit_contract(|contract| {
            contract.status = Some(before);
            contract.spec = serde_json::from_value(standard(&["ann", &name])).unwrap();
        });
    }
    let changes = CONTRACT.written(world.decide_contract(&[], "2026-11-23T17:00:00Z").status).contacts.unwrap().changes;
    assert_eq!(changes.len(), 20);
    assert_eq!(changes.last().unwrap().added, ["n29@x.org"]);
}

fn with_contacts(emails: impl Iterator<Item = String>) -> Value {
    let contacts: Vec<_> = emails.map(|email| json!({"name": "A", "email": email})).collect();
    json!({"plan": "MesosphereStandard", "term": {"startsAt": "2026-01-01T00:00:00Z"}, "contacts": contacts})
}

#[test]
fn a_hand_over_of_21_contacts_names_three_counts_them_all_and_is_told_once() {
    let spec = with_contacts((0..21).map(|number| format!("c{number}@x.org")));
    let mut world = World::new(spec, json!({"title": "x"}), "2026-11-20T17:00:00Z");
    let first = world.decide_contract(&[], "2026-11-20T17:00:00Z").status;
    let contacts = first.contacts.clone().unwrap();
    let change = &contacts.changes[0];
    assert_eq!((change.added.len(), change.added_total, change.removed_total), (3, Some(21), None));
    let within = first.conditions.iter().find(|condition| condition.type_ == "ContactsWithinLimit").unwrap();
    assert!(within.message.ends_with("c2@x.org, c3@x.org, c4@x.org and 16 more"), "{}", within.message);
    world.edit_contract(|contract| contract.status = Some(CONTRACT.written(first)));
    assert_eq!(world.decide_contract(&[], "2026-11-20T18:00:00Z").status.contacts.unwrap(), contacts);
}

#[test]
fn contacts_that_all_went_are_told_once() {
    let mut world = World::new(
        with_contacts((0..5).map(|number| format!("c{number}@x.org"))),
        json!({"title": "x"}),
        "2026-11-20T17:00:00Z",
    );
    let before = CONTRACT.written(world.decide_contract(&[], "2026-11-20T17:00:00Z").status);
    world.edit_contract(|contract| {
        contract.status = Some(before);
        contract.spec.contacts.clear();
    });
    let after = CONTRACT.written(world.decide_contract(&[], "2026-11-20T18:00:00Z").status);
    let contacts = after.contacts.clone().unwrap();
    assert_eq!((contacts.changes.len(), contacts.changes[1].removed_total), (2, Some(5)));
    world.edit_contract(|contract| contract.status = Some(after));
    assert_eq!(world.decide_contract(&[], "2026-11-20T19:00:00Z").status.contacts.unwrap(), contacts);
}

#[test]
fn a_status_of_an_earlier_version_tells_no_hand_over_that_did_not_happen() {
    let spec = with_contacts(["a@x.org", "b@x.org"].map(str::to_owned).into_iter());
    let mut world = World::new(spec, json!({"title": "x"}), "2026-11-20T17:00:00Z");
    let mut before = world.decide_contract(&[], "2026-11-20T17:00:00Z").status;
    before.contacts.as_mut().unwrap().observed = None;
    world.edit_contract(|contract| contract.status = Some(before));
    let after = world.decide_contract(&[], "2026-11-20T18:00:00Z").status.contacts.unwrap();
    assert_eq!((after.changes.len(), after.observed.unwrap().len()), (1, 2));
}

#[test]
fn ruling_25_a_contact_that_is_named_twice_counts_once() {
    let spec = with_contacts(["a@x.example", "A@X.example", "b@x.example"].map(str::to_owned).into_iter());
    let world = World::new(spec, json!({"title": "x"}), "2026-11-20T17:00:00Z");
    let contacts = world.decide_contract(&[], "2026-11-20T17:00:00Z").status.contacts.unwrap();
    assert_eq!((contacts.registered, contacts.limit, contacts.over_limit.len()), (2, Some(2), 0));
}

#[test]
fn lists_show_a_plan_by_the_name_that_people_know_also_where_it_cannot_be_used() {
    let custom = |zone: &str| {
        json!({"plan": "Custom", "term": {"startsAt": "2026-01-01T00:00:00Z"}, "customPlan": {
            "displayName": "House rules", "vendor": "House", "timeZone": zone, "severities": [], "severityChange": {"by": "Vendor"},
            "businessHours": [{"days": ["Monday"], "opens": "09:00", "closes": "17:00"}]}})
    };
    for (spec, name) in
        [(aspen(), "AspenMeshStandard"), (custom("Etc/UTC"), "House rules"), (custom("Mars/Olympus"), "House rules")]
    {
        let world = World::new(spec, json!({"title": "x"}), "2026-11-20T17:00:00Z");
        let status = world.decide_contract(&[], "2026-11-20T17:00:00Z").status;
        assert_eq!(status.plan_name.as_deref(), Some(name));
    }
}

#[test]
fn ruling_27_a_second_default_says_which_one_counts() {
    let mut world = World::new(aspen(), json!({"title": "x"}), "2026-11-20T17:00:00Z");
    let mut older = SupportContract::clone(&world.contracts[0]);
    older.metadata.name = Some("older".to_owned());
    older.metadata.uid = Some("c-0".to_owned());
    older.metadata.creation_timestamp = Some(crate::convert::time::to_kube(at("2025-01-01T00:00:00Z")));
    world.contracts.push(Arc::new(older));
    let ready = |world: &World| {
        let status = world.decide_contract(&[], "2026-11-20T17:00:00Z").status;
        status.conditions.into_iter().find(|condition| condition.type_ == "Ready").unwrap()
    };
    let told = ready(&world);
    assert_eq!((told.status.as_str(), told.reason.as_str()), ("True", "NotTheDefault"));
    assert!(told.message.contains("`older` is the default contract"), "{}", told.message);
    // One that is being deleted counts no more.
    let deleted = Some(crate::convert::time::to_kube(at("2026-11-20T16:00:00Z")));
    Arc::make_mut(&mut world.contracts[1]).metadata.deletion_timestamp = deleted;
    assert_eq!(ready(&world).reason, "ContractValid");
}

#[test]
fn ruling_21_a_trial_expires_thirty_days_after_its_registration() {
    let spec = json!({"plan": "AspenMeshTrial", "default": true, "term": {"registeredAt": "2026-11-01T00:00:00Z"}});
    let mut world = World::new(spec, json!({"title": "x", "severity": "Sev1"}), "2026-11-20T17:00:00Z");
    let status = world.decide_contract(&[], "2026-11-20T17:00:00Z").status;
    assert_eq!(status.expires_at, Some(at("2026-12-01T00:00:00Z")));
    assert_eq!(status.state, Some(crate::api::ContractState::Trial));
    assert_eq!(world.decide("2026-11-20T17:00:00Z").status.state, Some(CaseState::AwaitingResponse));
}
