//! Closing on silence, escalation, and what comes due while nobody ran: rulings 29 to 32.

use super::story::*;
use crate::Decision;
use crate::case::Act;
use crate::lifecycle::{CloseReason, State};
use crate::plan::Level;
use crate::severity::Severity::{Sev1, Sev2, Sev4};
use crate::sla::PromiseResult;

fn silent(decision: &Decision) -> Option<String> {
    decision.closed.filter(|(_, reason)| *reason == CloseReason::NoResponse).map(|(at, _)| told(Some(at)))
}

#[test]
fn ruling_29_two_attempts_and_five_business_days_since_the_first_close_the_case() {
    for (attempts, closes) in [
        (vec![("Mon 10:10", Act::ContactAttempted), ("Mon 11:00", Act::ContactAttempted)], "1 Mon 10:10"),
        (vec![("Mon 10:10", Act::ContactAttempted), ("Thu 11:00", Act::InformationRequested)], "1 Mon 10:10"),
        (vec![("Mon 10:10", Act::InformationRequested), ("Tue 10:00", Act::ResolutionProposed)], "1 Mon 10:10"),
        // From outside the hours, the five days begin at the next opening and end at a closing moment.
        (vec![("Sat 12:00", Act::ContactAttempted), ("Sat 13:00", Act::ContactAttempted)], "1 Fri 17:00"),
        // The second attempt may come after the five days.
        (vec![("Mon 10:10", Act::ContactAttempted), ("1 Wed 10:00", Act::ContactAttempted)], "1 Wed 10:00"),
        // What is no attempt stands not between them: consecutive means without a reply.
        (
            vec![
                ("Mon 10:10", Act::ContactAttempted),
                ("Mon 11:00", Act::Updated),
                ("Mon 12:00", Act::ContactAttempted),
            ],
            "1 Mon 10:10",
        ),
        (vec![("Mon 10:10", Act::ContactAttempted), ("Mon 11:00", Act::WorkaroundProvided)], "none"),
        (vec![("Mon 10:10", Act::ContactAttempted)], "none"),
    ] {
        let mut story = Story::new(Sev4, "Mon 10:00");
        for (when, act) in attempts.clone() {
            story.happens(when, act);
        }
        let decision = story.decide("2 Mon 12:00");
        assert_eq!(silent(&decision).unwrap_or_else(|| "none".to_owned()), closes, "{attempts:?}");
    }
}

#[test]
fn ruling_29_the_status_says_when_silence_would_close_the_case() {
    let mut story = Story::new(Sev4, "Mon 10:00");
    let one = story.acts("Mon 10:10", Act::ContactAttempted);
    assert_eq!((one.attempts.consecutive, one.closes_at), (1, None));
    let two = story.acts("Mon 10:20", Act::ContactAttempted);
    assert_eq!((two.attempts.consecutive, told(two.closes_at)), (2, "1 Mon 10:10".to_owned()));
    assert_eq!(
        (told(two.attempts.first_at), told(two.attempts.last_at)),
        ("Mon 10:10".to_owned(), "Mon 10:20".to_owned())
    );
    assert_eq!(two.next_wake, two.closes_at);
}

#[test]
fn ruling_29_a_reply_or_an_edit_of_the_customer_resets_the_count() {
    let edits: [(&str, Edit); 3] = [
        ("a reply", |story| _ = story.happens("Wed 10:00", Act::CustomerReplied)),
        ("severity", |story| story.case.severity = Some(Sev2)),
        ("escalation", |story| story.case.escalation = Some(Level::SupportManager)),
    ];
    for (what, edit) in edits {
        let mut story = Story::new(Sev4, "Mon 10:00");
        story.happens("Mon 10:10", Act::ContactAttempted).happens("Tue 10:00", Act::ContactAttempted);
        let heard = story.edits("Wed 10:00", edit);
        assert_eq!((heard.attempts.consecutive, heard.closes_at), (0, None), "{what}");
        story.acts("Thu 10:00", Act::ContactAttempted);
        assert_eq!(story.decide("1 Wed 12:00").state, State::InProgress, "{what}: one attempt is not enough");
        story.acts("1 Wed 13:00", Act::ContactAttempted);
        assert_eq!(silent(&story.decide("2 Mon 12:00")).as_deref(), Some("1 Thu 10:00"), "{what}");
    }
    // `resolved`, set while the case was closed for another reason, and set back after it was opened again.
    let mut story = Story::new(Sev4, "Mon 10:00");
    story.happens("Mon 10:10", Act::ContactAttempted).happens("Mon 10:20", Act::ContactAttempted);
    story.edits("2 Mon 10:00", |story| story.case.resolved = true);
    story.happens("2 Mon 11:00", Act::CustomerReplied).happens("2 Mon 12:00", Act::ContactAttempted);
    assert_eq!(story.acts("2 Mon 13:00", Act::ContactAttempted).attempts.consecutive, 2);
    let heard = story.edits("2 Mon 14:00", |story| story.case.resolved = false);
    assert_eq!((heard.state, heard.attempts.consecutive), (State::InProgress, 0));
}

#[test]
fn ruling_29_a_reply_of_the_very_second_comes_before_the_closing() {
    let mut story = Story::new(Sev4, "Mon 10:00");
    story.happens("Mon 10:10", Act::ContactAttempted).happens("Mon 10:20", Act::ContactAttempted);
    story.happens("1 Mon 10:10", Act::CustomerReplied);
    assert_eq!(story.decide("2 Mon 10:00").state, State::InProgress);
}

#[test]
fn ruling_29_a_plan_may_ask_for_more_attempts_or_more_days() {
    let plan = PLAN.to_owned() + "closeOnSilence: {contactAttempts: 3, businessDays: 1}\n";
    let mut story = Story::under(contract(&plan), Some(Sev4), "Mon 10:00");
    story.happens("Mon 10:10", Act::ContactAttempted).happens("Mon 10:20", Act::ContactAttempted);
    assert_eq!(story.decide("Wed 10:00").state, State::InProgress);
    assert_eq!(silent(&story.acts("Wed 10:30", Act::ContactAttempted)).as_deref(), Some("Wed 10:30"));
}

#[test]
fn ruling_29_otherwise_a_case_stays_open() {
    let mut story = Story::new(Sev4, "Mon 10:00");
    story.happens("Mon 10:10", Act::ContactAttempted).happens("Mon 10:20", Act::CustomerReplied);
    let later = at("Mon 10:00") + chrono::TimeDelta::days(3_000);
    assert_eq!(story.decide_at(later).state, State::InProgress);
}

const CHAIN: &str = "
escalation:
- {level: SupportManager, onRequest: true, onResponseBreach: true, afterPercent: 50}
- {level: SupportDirector, onRequest: true, onUnacknowledged: {amount: 2, unit: Hours}}
";

fn raised(decision: &Decision) -> (Level, Option<&str>, String) {
    let escalation = &decision.escalation;
    (escalation.level, escalation.cause.as_deref(), told(escalation.raised_at))
}

#[test]
fn ruling_30_a_request_counts_at_once_and_a_breach_raises_by_itself() {
    let mut story = Story::new(Sev2, "Mon 10:00");
    assert_eq!(raised(&story.decide("Mon 10:00")), (Level::None, None, "none".to_owned()));
    let asked = story.edits("Mon 10:30", |story| story.case.escalation = Some(Level::SupportManager));
    assert_eq!(raised(&asked), (Level::SupportManager, Some("CustomerRequest"), "Mon 10:30".to_owned()));
    let higher = story.edits("Mon 10:40", |story| story.case.escalation = Some(Level::SupportDirector));
    assert_eq!(raised(&higher), (Level::SupportDirector, Some("CustomerRequest"), "Mon 10:40".to_owned()));
    let breached = story.decide("Mon 15:00");
    assert_eq!(raised(&breached), raised(&higher), "it only rises");
    let lower = story.edits("Mon 15:10", |story| story.case.escalation = Some(Level::SupportManager));
    assert_eq!(raised(&lower), raised(&higher), "it only rises");

    let mut story = Story::new(Sev2, "Mon 10:00");
    let breached = story.decide("Mon 15:00");
    assert_eq!(raised(&breached), (Level::SupportManager, Some("ResponseBreached"), "Mon 14:00:01".to_owned()));
}

#[test]
fn ruling_30_a_handled_escalation_falls_back() {
    let plan = || Act::ActionPlanProposed("Roll back".to_owned());
    for plan_first in [true, false] {
        let mut story = Story::new(Sev4, "Mon 10:00");
        story.edits("Mon 10:30", |story| story.case.escalation = Some(Level::SupportManager));
        if plan_first {
            let planned = story.acts("Mon 11:00", plan());
            assert_eq!(
                (planned.escalation.level, planned.escalation.action_plan.as_deref()),
                (Level::SupportManager, Some("Roll back"))
            );
            assert_eq!(story.edits("Mon 11:30", |story| story.case.escalation = None).escalation.level, Level::None);
        } else {
            let withdrawn = story.edits("Mon 11:00", |story| story.case.escalation = None);
            assert_eq!(withdrawn.escalation.level, Level::SupportManager, "not handled yet");
            assert_eq!(story.acts("Mon 11:30", plan()).escalation.level, Level::None);
        }
        let again = story.edits("Mon 12:00", |story| story.case.escalation = Some(Level::SupportManager));
        assert_eq!(raised(&again), (Level::SupportManager, Some("CustomerRequest"), "Mon 12:00".to_owned()));
    }
}

#[test]
fn ruling_30_an_unacknowledged_level_raises_to_the_next_where_the_plan_gives_a_time() {
    let plan = PLAN.to_owned() + CHAIN;
    let asked = || {
        let mut story = Story::under(contract(&plan), Some(Sev4), "Mon 16:00");
        story.edits("Mon 16:00", |story| story.case.escalation = Some(Level::SupportManager));
        story
    };
    // Two hours on the clock of the case's severity: one on Monday, one on Tuesday.
    let mut ignored = asked();
    assert_eq!(ignored.decide("Tue 10:00").escalation.level, Level::SupportManager);
    let raised_on = ignored.decide("Tue 10:00:01");
    assert_eq!(raised(&raised_on), (Level::SupportDirector, Some("Unacknowledged"), "Tue 10:00:01".to_owned()));
    for act in [Act::EscalationAcknowledged, Act::ActionPlanProposed("plan".to_owned())] {
        let mut heeded = asked();
        heeded.happens("Tue 09:30", act.clone());
        assert_eq!(heeded.decide("Fri 10:00").escalation.level, Level::SupportManager, "{act:?}");
    }
    let mut round_the_clock = Story::under(contract(&plan), Some(Sev1), "Sat 12:00");
    round_the_clock.happens("Sat 12:10", Act::ContactAttempted);
    round_the_clock.edits("Sat 13:00", |story| story.case.escalation = Some(Level::SupportManager));
    assert_eq!(raised(&round_the_clock.decide("Sun 10:00")).2, "Sat 15:00:01");
    // A change of the clock raises when it is made, not in the past.
    let mut changed = asked();
    let to_sev1 = changed.edits("Mon 20:00", |story| story.case.severity = Some(Sev1));
    assert_eq!(raised(&to_sev1), (Level::SupportDirector, Some("Unacknowledged"), "Mon 20:00".to_owned()));
    // The built-in plans give no time.
    for name in ["AspenMeshStandard", "MesospherePremium"] {
        let mut story = Story::under(built_in(name), Some(Sev4), "Mon 16:00");
        story.edits("Mon 16:00", |story| story.case.escalation = Some(Level::SupportManager));
        assert_eq!(story.decide("1 Fri 16:00").escalation.level, Level::SupportManager, "{name}");
    }
}

#[test]
fn ruling_30_a_share_of_the_target_raises_where_the_plan_says_so() {
    let mut story = Story::under(contract(&(PLAN.to_owned() + CHAIN)), Some(Sev2), "Mon 10:00");
    assert_eq!(story.decide("Mon 11:59:59").escalation.level, Level::None);
    let half = story.decide("Mon 12:00");
    assert_eq!(raised(&half), (Level::SupportManager, Some("TargetShareUsed"), "Mon 12:00".to_owned()));
    let mut answered = Story::under(contract(&(PLAN.to_owned() + CHAIN)), Some(Sev2), "Mon 10:00");
    answered.happens("Mon 11:00", Act::ContactAttempted);
    assert_eq!(answered.decide("Tue 12:00").escalation.level, Level::None);
}

#[test]
fn ruling_30_a_share_of_the_target_raises_once_also_when_that_was_handled() {
    let mut story = Story::under(contract(&(PLAN.to_owned() + CHAIN)), Some(Sev2), "Mon 10:00");
    story.edits("Mon 10:30", |story| story.case.escalation = Some(Level::SupportManager));
    story.happens("Mon 12:30", Act::ActionPlanProposed("Roll back".to_owned()));
    assert_eq!(story.edits("Mon 13:00", |story| story.case.escalation = None).escalation.level, Level::None);
    assert_eq!(story.decide("Mon 14:00").escalation.level, Level::None, "half of the target was used up at noon");
    let breached = story.decide("Mon 15:00");
    assert_eq!(raised(&breached).1, Some("ResponseBreached"), "another cause");
    // A share that came with a change of severity, in the second in which the escalation was handled.
    let changing = PLAN.replace("{by: Vendor}", "{by: Vendor, deadline: FromOpening}") + CHAIN;
    let mut story = Story::under(contract(&changing), Some(Sev4), "Mon 10:00");
    story.edits("Mon 10:00", |story| story.case.escalation = Some(Level::SupportDirector));
    story.happens("Mon 16:00", Act::ActionPlanProposed("Roll back".to_owned()));
    story.edits("Mon 16:00", |story| story.case.severity = Some(Sev1));
    assert_eq!(story.edits("Mon 16:00", |story| story.case.escalation = None).escalation.level, Level::None);
}

#[test]
fn ruling_30_what_was_raised_and_handled_is_still_known_when_an_answer_comes_late() {
    let mut story = Story::under(contract(&(PLAN.to_owned() + CHAIN)), Some(Sev2), "Mon 10:00");
    story.happens("Mon 12:30", Act::ActionPlanProposed("Roll back".to_owned()));
    story.edits("Mon 14:30", |story| story.case.escalation = Some(Level::SupportManager));
    let handled = story.edits("Tue 10:00", |story| story.case.escalation = None);
    assert_eq!(handled.escalation.level, Level::None, "raised at noon, planned for at half past twelve");
    assert_eq!(story.acts("Tue 11:00", Act::ContactAttempted).escalation, handled.escalation);
}

#[test]
fn ruling_30_a_plan_of_the_second_in_which_a_level_was_reached_stays_its_plan_when_the_chain_is_edited() {
    let mut story = Story::under(contract(&(PLAN.to_owned() + CHAIN)), Some(Sev2), "Mon 10:00");
    let planned = story.acts("Mon 12:00", Act::ActionPlanProposed("Roll back".to_owned()));
    assert_eq!(planned.escalation.action_plan.as_deref(), Some("Roll back"));
    let edited = PLAN.to_owned() + &CHAIN.replace("afterPercent: 50", "afterPercent: 90");
    let edited = story.edits("Mon 13:00", |story| story.contract = Some(contract(&edited)));
    assert_eq!(edited.escalation, planned.escalation);
    assert_eq!(story.decide("Tue 12:00").escalation.level, Level::SupportManager);
}

#[test]
fn ruling_30_a_service_delivery_manager_takes_requests_and_breaches_instead() {
    let story = || {
        let mut story = Story::under(built_in("AspenMeshStandard"), Some(Sev1), "Mon 17:00");
        story.contract.as_mut().unwrap().service_delivery_manager = true;
        story
    };
    for level in [Level::SupportManager, Level::SupportDirector] {
        let asked = story().edits("Mon 17:10", |story| story.case.escalation = Some(level));
        assert_eq!(asked.escalation.level, Level::ServiceDeliveryManager);
    }
    let breached = story().decide("Tue 12:00");
    assert_eq!(
        (breached.escalation.level, breached.escalation.cause.as_deref()),
        (Level::ServiceDeliveryManager, Some("ResponseBreached"))
    );
}

#[test]
fn ruling_30_closing_freezes_it() {
    let mut story = Story::new(Sev4, "Mon 10:00");
    story.edits("Mon 10:30", |story| story.case.escalation = Some(Level::SupportManager));
    let closed = story.edits("Mon 11:00", |story| story.case.resolved = true);
    assert_eq!(closed.escalation.level, Level::SupportManager);
    let asked = story.edits("Mon 12:00", |story| story.case.escalation = Some(Level::SupportDirector));
    assert_eq!(asked.escalation.level, Level::SupportManager);
    assert_eq!(story.edits("Mon 13:00", |story| story.case.escalation = None).escalation.level, Level::SupportManager);
}

#[test]
fn ruling_31_what_came_due_while_nobody_ran_is_caught_up_once_in_order_and_stamped() {
    let plan = PLAN.to_owned() + CHAIN;
    let mut story = Story::under(contract(&plan), Some(Sev2), "Mon 10:00");
    story.decide("Mon 10:00");
    let caught_up = story.wakes_up("Wed 09:00");
    let lines: Vec<_> = caught_up
        .timeline
        .iter()
        .filter_map(|line| {
            Some(format!("{} {} noticed {}", told(Some(line.at)), line.event, told(Some(line.noticed_at?))))
        })
        .collect();
    assert_eq!(
        lines,
        [
            "Mon 12:00 EscalationRaised noticed Wed 09:00",
            "Mon 14:00:01 EscalationRaised noticed Wed 09:00",
            "Mon 14:00:01 ResponseBreached noticed Wed 09:00",
        ]
    );
    assert_eq!(raised(&caught_up), (Level::SupportDirector, Some("Unacknowledged"), "Mon 14:00:01".to_owned()));
    let again = story.wakes_up("Wed 10:00");
    assert_eq!(again.timeline, caught_up.timeline, "once");
    // But for when it was noticed, nothing differs from an operator that ran all the time.
    let mut awake = Story::under(contract(&plan), Some(Sev2), "Mon 10:00");
    let mut all_along = awake.decide("Wed 10:00");
    let mut asleep = again;
    for decision in [&mut all_along, &mut asleep] {
        decision.timeline.iter_mut().for_each(|line| line.noticed_at = None);
    }
    assert_eq!(all_along, asleep);
}

#[test]
fn ruling_31_a_response_adds_no_escalation_to_what_came_before_it() {
    let plan = PLAN.to_owned() + CHAIN;
    for asked in [None, Some(Level::SupportManager)] {
        let mut story = Story::under(contract(&plan), Some(Sev2), "Mon 10:00");
        // By half of the target; by request and by the breach at 14:00:01 no further; unacknowledged to the director.
        story.edits("Mon 12:30", |story| story.case.escalation = asked);
        story.decide("Tue 09:00");
        for answered in [story.acts("Tue 09:00", Act::ContactAttempted), story.acts("Tue 10:00", Act::Updated)] {
            let mut lines = timeline(&answered);
            lines.retain(|line| line.ends_with("EscalationRaised"));
            assert_eq!(lines, ["Mon 12:00 EscalationRaised", "Mon 14:00:01 EscalationRaised"], "{asked:?}");
            assert!(answered.timeline.iter().all(|line| line.noticed_at.is_none()), "{:?}", answered.timeline);
        }
    }
}

#[test]
fn ruling_31_a_lapse_and_a_closing_that_nobody_saw_are_dated_when_they_came() {
    let mut story = Story::new(Sev2, "Mon 10:00");
    story.contract.as_mut().unwrap().ends_at = Some(at("Mon 12:00"));
    story.decide("Mon 10:00");
    let held = story.wakes_up("Wed 10:00");
    assert_eq!((held.state, stands(response(&held))), (State::OnHold, "Paused, 7200 s left".to_owned()));
    let mut silence = Story::new(Sev4, "Mon 10:00");
    silence.happens("Mon 10:10", Act::ContactAttempted).happens("Mon 10:20", Act::ContactAttempted);
    assert_eq!(silent(&silence.wakes_up("3 Wed 10:00")).as_deref(), Some("1 Mon 10:10"));
}

#[test]
fn ruling_32_activities_count_in_the_order_of_creation_then_name() {
    for (first, then, state) in [
        (Act::InformationRequested, Act::CustomerReplied, State::InProgress),
        (Act::CustomerReplied, Act::InformationRequested, State::AwaitingCustomer),
    ] {
        let mut story = Story::new(Sev4, "Mon 10:00");
        story.happens("Mon 10:10", first).happens("Mon 10:10", then);
        assert_eq!(story.decide("Mon 10:10").state, state);
        // The order in which they are listed plays no part.
        story.activities.reverse();
        assert_eq!(story.once(at("Mon 10:10")).state, state);
    }
}

#[test]
fn ruling_32_an_activity_that_is_older_than_its_case_counts_as_of_the_cases_creation() {
    let mut story = Story::new(Sev1, "Mon 10:00");
    story.happens("Mon 09:00", Act::ContactAttempted);
    let decision = story.decide("Mon 10:00");
    assert_eq!((decision.responded_at, response(&decision).result), (Some(at("Mon 10:00")), PromiseResult::Met));
}
