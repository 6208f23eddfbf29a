//! The life of a case: one test for each row of the table of states, with one expectation for each of its cells.

use super::story::*;
use crate::Decision;
use crate::case::{Act, Category, DecisionOn};
use crate::lifecycle::{CloseReason, State};
use crate::plan::Level;
use crate::severity::Severity::{Sev1, Sev2, Sev4};
use crate::sla::PromiseResult;

/// The columns of the table.
const COLUMNS: [State; 8] = [
    State::AwaitingResponse,
    State::InProgress,
    State::AwaitingCustomer,
    State::AwaitingDecision,
    State::Resolved,
    State::Closed,
    State::OnHold,
    State::Rejected,
];

/// When the event of the row happens.
const THEN: &str = "Mon 11:00";

fn bug() -> Act {
    Act::BugRecorded { id: "B-1".to_owned(), url: None }
}

/// A case that is in a state since before `THEN`.
fn in_state(state: State) -> Story {
    brought_to(state, Story::new(Sev2, "Mon 10:00"))
}

fn brought_to(state: State, mut story: Story) -> Story {
    match state {
        State::AwaitingResponse | State::Pending => {}
        State::InProgress => _ = story.happens("Mon 10:10", Act::ContactAttempted),
        State::AwaitingCustomer => _ = story.happens("Mon 10:10", Act::InformationRequested),
        State::AwaitingDecision => {
            story.happens("Mon 10:05", Act::ContactAttempted).happens("Mon 10:10", bug());
        }
        State::Resolved => _ = story.happens("Mon 10:10", Act::ResolutionProposed),
        State::Closed => _ = story.edits("Mon 10:10", |story| story.case.resolved = true),
        State::OnHold => lapses(&mut story, "Mon 10:10"),
        State::Rejected => story.namespace_allowed = false,
    }
    assert_eq!(story.decide("Mon 10:50").state, state);
    story
}

fn lapses(story: &mut Story, when: &str) {
    story.contract.as_mut().unwrap().ends_at = Some(at(when));
}

fn renewed(story: &mut Story) {
    story.contract.as_mut().unwrap().ends_at = None;
}

/// A decision without what is only for people.
fn without_lines(decision: Decision) -> Decision {
    Decision { timeline: Vec::new(), ..decision }
}

/// Checks a row: `=` is no other state, `noted` is nothing but a line of the timeline, else the state with, where it is closed,
/// the reason.
fn row(expected: [&str; 8], event: impl Fn(&mut Story)) {
    for (state, expected) in COLUMNS.into_iter().zip(expected) {
        cell(in_state(state), expected, &event);
    }
}

fn cell(mut story: Story, expected: &str, event: &impl Fn(&mut Story)) -> Decision {
    let before = story.decide("Mon 10:59");
    let nothing = story.clone().decide(THEN);
    event(&mut story);
    let decision = story.decide(THEN);
    let shown = match decision.closed {
        Some((_, reason)) if decision.state == State::Closed => format!("Closed {}", reason.as_str()),
        _ => format!("{:?}", decision.state),
    };
    match expected {
        "=" => assert_eq!((decision.state, decision.closed), (before.state, before.closed), "from {:?}", before.state),
        "noted" => {
            assert!(decision.timeline.len() > nothing.timeline.len(), "a line from {:?}", before.state);
            assert_eq!(without_lines(decision.clone()), without_lines(nothing), "from {:?}", before.state);
        }
        expected => assert_eq!(shown, expected, "from {:?}", before.state),
    }
    decision
}

fn act(act: Act) -> impl Fn(&mut Story) {
    move |story| _ = story.happens(THEN, act.clone())
}

#[test]
fn a_contact_attempt_is_the_response_and_moves_no_other_state() {
    row(["InProgress", "=", "=", "=", "=", "noted", "=", "noted"], act(Act::ContactAttempted));
    let held = cell(in_state(State::OnHold), "=", &act(Act::ContactAttempted));
    assert_eq!(response(&held).result, PromiseResult::Met, "on hold it meets the response");
    assert_eq!(response(&held).met_at, Some(at(THEN)));
}

#[test]
fn a_request_for_information_waits_for_the_customer() {
    row(
        ["AwaitingCustomer", "AwaitingCustomer", "=", "=", "AwaitingCustomer", "noted", "=", "noted"],
        act(Act::InformationRequested),
    );
}

#[test]
fn a_reply_ends_waiting_and_reopens_what_was_closed_on_silence() {
    row(["=", "=", "InProgress", "=", "InProgress", "noted", "=", "noted"], act(Act::CustomerReplied));
    let mut held = in_state(State::InProgress);
    held.happens("Mon 10:55", Act::ContactAttempted);
    assert_eq!(held.decide("Mon 10:55").attempts.consecutive, 2);
    lapses(&mut held, "Mon 10:57");
    let replied = cell(held, "=", &act(Act::CustomerReplied));
    assert_eq!((replied.state, replied.attempts.consecutive), (State::OnHold, 0), "on hold it resets the silence");
    let mut silent = closed_on_silence();
    let reopened = silent.acts("2 Mon 12:00", Act::CustomerReplied);
    assert_eq!((reopened.state, reopened.closed), (State::InProgress, None));
    assert!(timeline(&reopened).contains(&"2 Mon 12:00 Reopened".to_owned()), "{:?}", timeline(&reopened));
}

#[test]
fn a_workaround_is_a_response_and_moves_no_other_state() {
    row(["InProgress", "=", "=", "=", "=", "noted", "=", "noted"], act(Act::WorkaroundProvided));
}

#[test]
fn notes_assessments_plans_and_acknowledgements_move_no_state() {
    for note in [
        Act::Updated,
        Act::SeverityAssessed(Sev2),
        Act::ActionPlanProposed("Replace it".to_owned()),
        Act::EscalationAcknowledged,
    ] {
        row(["=", "=", "=", "=", "=", "noted", "=", "noted"], act(note));
    }
    for note in [Act::Updated, Act::ActionPlanProposed("Replace it".to_owned()), Act::EscalationAcknowledged] {
        cell(in_state(State::OnHold), "noted", &act(note));
    }
}

#[test]
fn a_recorded_bug_waits_for_a_decision_while_the_response_clock_runs_on() {
    let waits = "AwaitingDecision";
    row([waits, waits, waits, "=", waits, "noted", "=", "noted"], act(bug()));
    let unanswered = cell(in_state(State::AwaitingResponse), waits, &act(bug()));
    assert_eq!(stands(response(&unanswered)), "Pending, due Mon 14:00");
}

#[test]
fn a_decided_bug_closes_the_case_where_its_id_is_known() {
    let closed = "Closed ProductDefect";
    let decided = |story: &mut Story| {
        story.happens(THEN, bug()).happens(THEN, Act::BugDecided(DecisionOn::Deferred));
    };
    row([closed, closed, closed, closed, closed, "=", closed, "="], decided);
    let known = cell(in_state(State::AwaitingDecision), closed, &act(Act::BugDecided(DecisionOn::Accepted)));
    assert_eq!((known.defect.bug_id.as_deref(), known.defect.decision), (Some("B-1"), Some(DecisionOn::Accepted)));
    for state in [State::Closed, State::Rejected] {
        cell(in_state(state), "noted", &act(Act::BugDecided(DecisionOn::Declined)));
    }
    for state in [State::AwaitingResponse, State::InProgress, State::AwaitingCustomer, State::Resolved, State::OnHold] {
        cell(in_state(state), "noted", &act(Act::BugDecided(DecisionOn::Declined)));
    }
}

#[test]
fn a_decided_enhancement_closes_the_case() {
    for decision in [DecisionOn::Accepted, DecisionOn::Declined, DecisionOn::Deferred] {
        let closed = "Closed Enhancement";
        row([closed, closed, closed, closed, closed, "noted", closed, "noted"], act(Act::EnhancementDecided(decision)));
    }
}

#[test]
fn a_request_for_an_enhancement_waits_for_a_decision_from_its_first_response_on() {
    let mut story = Story::new(Sev2, "Mon 10:00");
    story.case.category = Category::Enhancement;
    assert_eq!(story.acts("Mon 10:10", Act::Updated).state, State::AwaitingResponse);
    assert_eq!(story.acts("Mon 10:20", Act::ContactAttempted).state, State::AwaitingDecision);
    let decided = story.acts("Mon 10:30", Act::EnhancementDecided(DecisionOn::Declined));
    assert_eq!((decided.state, decided.enhancement), (State::Closed, Some(DecisionOn::Declined)));
}

#[test]
fn a_proposed_resolution_leaves_the_word_to_the_customer() {
    let proposed = "Resolved";
    row([proposed, proposed, proposed, proposed, "=", "noted", "=", "noted"], act(Act::ResolutionProposed));
    let first = cell(in_state(State::AwaitingResponse), proposed, &act(Act::ResolutionProposed));
    assert_eq!(response(&first).result, PromiseResult::Met, "it is a response");
}

#[test]
fn a_satisfied_customer_closes_the_case() {
    let closed = "Closed Satisfied";
    let satisfied = |story: &mut Story| {
        story.decide(THEN);
        story.case.resolved = true;
    };
    row([closed, closed, closed, closed, closed, "=", closed, "="], satisfied);
    let unanswered = cell(in_state(State::AwaitingResponse), closed, &satisfied);
    assert_eq!(response(&unanswered).result, PromiseResult::Withdrawn);
    let mut silent = closed_on_silence();
    let told = silent.edits("2 Mon 12:00", |story| story.case.resolved = true);
    assert_eq!(told.closed.unwrap().1, CloseReason::NoResponse, "it was closed already");
}

#[test]
fn resolved_set_back_reopens_what_the_customer_closed_and_refuses_a_proposal() {
    let set_back = |story: &mut Story| {
        story.decide(THEN);
        story.case.resolved = false;
    };
    // Where the case is open although `resolved` stands: closed on silence, then `resolved`, then a reply that re-opens.
    let standing = |last: &[Act]| {
        let mut story = reopened(in_state(State::InProgress));
        for act in last {
            story.happens("2 Mon 13:30", act.clone());
        }
        story
    };
    for (last, before, after) in [
        (&[][..], State::InProgress, State::InProgress),
        (&[Act::InformationRequested], State::AwaitingCustomer, State::AwaitingCustomer),
        (&[bug()], State::AwaitingDecision, State::AwaitingDecision),
        (&[Act::ResolutionProposed], State::Resolved, State::InProgress),
    ] {
        let mut story = standing(last);
        assert_eq!(story.decide("2 Mon 14:00").state, before);
        assert_eq!(story.edits("2 Mon 14:00", |story| story.case.resolved = false).state, after, "from {before:?}");
    }
    let mut held = standing(&[]);
    lapses(&mut held, "2 Mon 13:40");
    assert_eq!(held.edits("2 Mon 14:00", |story| story.case.resolved = false).state, State::OnHold);
    cell(in_state(State::Closed), "AwaitingResponse", &set_back);
    for (act, derived) in [
        (Act::ContactAttempted, State::InProgress),
        (Act::InformationRequested, State::AwaitingCustomer),
        (bug(), State::AwaitingDecision),
        (Act::ResolutionProposed, State::InProgress),
    ] {
        let mut story = Story::new(Sev2, "Mon 10:00");
        story.happens("Mon 10:05", Act::ContactAttempted).happens("Mon 10:10", act.clone());
        story.edits("Mon 10:20", |story| story.case.resolved = true);
        let again = story.edits("Mon 10:30", |story| story.case.resolved = false);
        assert_eq!((again.state, again.closed), (derived, None), "after {act:?}");
    }
    let mut silent = closed_on_silence();
    silent.edits("2 Mon 12:00", |story| story.case.resolved = true);
    let told = silent.edits("2 Mon 12:10", |story| story.case.resolved = false);
    assert_eq!(told.state, State::Closed, "closed for another reason: noted");
    let mut rejected = in_state(State::Rejected);
    rejected.edits("Mon 11:00", |story| story.case.resolved = true);
    assert_eq!(rejected.edits("Mon 11:10", |story| story.case.resolved = false).state, State::Rejected);
    rejected.namespace_allowed = true;
    assert_eq!(rejected.decide("Mon 11:20").state, State::AwaitingResponse, "it counts no more");
}

/// A case that was closed on silence, on which `resolved` was set then, and which the customer's reply re-opened.
fn reopened(mut story: Story) -> Story {
    story.happens("Mon 11:30", Act::ContactAttempted);
    assert_eq!(story.decide("2 Mon 10:00").closed.map(|(_, reason)| reason), Some(CloseReason::NoResponse));
    story.edits("2 Mon 12:00", |story| story.case.resolved = true);
    assert_eq!(story.acts("2 Mon 13:00", Act::CustomerReplied).state, State::InProgress);
    story
}

fn closed_on_silence() -> Story {
    let mut story = Story::new(Sev2, "Mon 10:00");
    story.happens("Mon 10:10", Act::ContactAttempted).happens("Mon 10:20", Act::ContactAttempted);
    let closed = story.decide("1 Mon 12:00").closed;
    assert_eq!(closed, Some((at("1 Mon 10:10"), CloseReason::NoResponse)));
    story
}

#[test]
fn silence_closes_what_waits_for_the_customer_and_nothing_else() {
    for (state, expected) in [
        (State::InProgress, "Closed"),
        (State::AwaitingCustomer, "Closed"),
        (State::AwaitingDecision, "AwaitingDecision"),
        (State::Resolved, "Closed"),
        (State::Closed, "Closed"),
        (State::OnHold, "OnHold"),
        (State::Rejected, "Rejected"),
        (State::AwaitingResponse, "AwaitingResponse"),
    ] {
        let mut story = in_state(state);
        if matches!(state, State::InProgress | State::AwaitingCustomer | State::AwaitingDecision | State::Resolved) {
            let again = if state == State::Resolved { Act::ResolutionProposed } else { Act::ContactAttempted };
            story.happens("Mon 10:55", again);
        }
        let decision = story.decide("2 Mon 12:00");
        assert_eq!(format!("{:?}", decision.state), expected);
        let silent = decision.closed.is_some_and(|(_, reason)| reason == CloseReason::NoResponse);
        assert_eq!(silent, expected == "Closed" && state != State::Closed, "{state:?}");
    }
}

#[test]
fn on_hold_the_timer_of_silence_stands() {
    let mut story = Story::new(Sev2, "Mon 10:00");
    story.happens("Mon 10:10", Act::ContactAttempted).happens("Mon 10:20", Act::ContactAttempted);
    lapses(&mut story, "Tue 10:10");
    assert_eq!(story.decide("1 Mon 10:10").state, State::OnHold);
    renewed(&mut story);
    let resumed = story.decide("1 Mon 10:10");
    // One of the five business days was over; four are left.
    assert_eq!((resumed.state, told(resumed.closes_at)), (State::InProgress, "1 Fri 10:10".to_owned()));
    assert_eq!(story.decide("1 Fri 10:09:59").state, State::InProgress);
    assert_eq!(story.decide("1 Fri 10:10").state, State::Closed);
}

#[test]
fn a_lapse_or_the_end_of_the_contract_puts_every_open_case_on_hold() {
    let held = "OnHold";
    row([held, held, held, held, held, "=", "=", "="], |story| lapses(story, THEN));
    row([held, held, held, held, held, "=", "=", "="], |story| {
        story.decide(THEN);
        story.contract = None;
    });
}

#[test]
fn a_renewal_derives_a_held_case_anew() {
    row(["=", "=", "=", "=", "=", "=", "AwaitingResponse", "="], renewed);
    for state in [State::InProgress, State::AwaitingCustomer, State::AwaitingDecision, State::Resolved] {
        let mut story = in_state(state);
        lapses(&mut story, "Mon 10:55");
        assert_eq!(story.decide("Mon 10:55").state, State::OnHold);
        renewed(&mut story);
        assert_eq!(story.decide("Mon 11:30").state, state);
    }
    // What it was rejected for is decided anew: a case that was opened under a lapsed contract.
    let mut lapsed = Story::new(Sev2, "Mon 10:00");
    lapses(&mut lapsed, "Mon 09:00");
    assert_eq!(lapsed.decide("Mon 11:00").state, State::Rejected);
    renewed(&mut lapsed);
    assert_eq!(lapsed.decide("Mon 11:00").state, State::AwaitingResponse);
}

#[test]
fn an_edited_severity_counts_where_the_case_is_open_and_later_where_it_is_on_hold() {
    let edit = |story: &mut Story| {
        story.decide(THEN);
        story.case.severity = Some(Sev1);
    };
    row(["=", "=", "=", "=", "=", "=", "=", "="], edit);
    let effective = |state| cell(in_state(state), "=", &edit).severity.effective;
    assert_eq!(effective(State::AwaitingResponse), Some(Sev1), "ruling 15: at once before the response");
    for state in [State::InProgress, State::AwaitingCustomer, State::AwaitingDecision] {
        assert_eq!(effective(state), Some(Sev2), "ruling 15: the vendor decides, after {state:?}");
        let mut story = in_state(state);
        assert_eq!(story.acts(THEN, Act::SeverityAssessed(Sev1)).severity.effective, Some(Sev1));
    }
    for state in [State::Resolved, State::Closed, State::OnHold] {
        assert_eq!(effective(state), Some(Sev2), "noted in {state:?}");
        let mut story = in_state(state);
        assert_eq!(story.acts(THEN, Act::SeverityAssessed(Sev1)).severity.effective, Some(Sev2), "{state:?}");
    }
    let mut held = in_state(State::OnHold);
    held.edits(THEN, |story| story.case.severity = Some(Sev1));
    renewed(&mut held);
    assert_eq!(held.decide("Mon 11:10").severity.effective, Some(Sev1), "when resumed");
    let mut answered = in_state(State::InProgress);
    lapses(&mut answered, "Mon 10:55");
    answered.acts(THEN, Act::SeverityAssessed(Sev1));
    let resumed = answered.edits("Mon 11:10", renewed).severity;
    assert_eq!((resumed.effective, resumed.effective_since), (Some(Sev1), Some(at("Mon 11:10"))));
    let mut rejected = in_state(State::Rejected);
    assert_eq!(rejected.edits(THEN, |story| story.case.severity = Some(Sev1)).severity.effective, Some(Sev1));
}

#[test]
fn a_breached_response_escalates_an_unanswered_case_and_no_other() {
    for (state, expected) in [
        (State::AwaitingResponse, Level::SupportManager),
        (State::InProgress, Level::None),
        (State::AwaitingCustomer, Level::None),
        (State::AwaitingDecision, Level::None),
        (State::Resolved, Level::None),
        (State::Closed, Level::None),
        (State::OnHold, Level::None),
        (State::Rejected, Level::None),
    ] {
        assert_eq!(in_state(state).decide("Tue 12:00").escalation.level, expected, "{state:?}");
    }
    let mut undecided = Story::new(Sev2, "Mon 10:00");
    undecided.happens("Mon 10:10", bug());
    let breached = undecided.decide("Mon 14:00:01");
    assert_eq!((breached.state, breached.escalation.level), (State::AwaitingDecision, Level::SupportManager));
}

#[test]
fn a_late_check_that_fails_outright_rejects_an_unanswered_case_and_limits_an_answered_one() {
    let arrives = |story: &mut Story| {
        story.decide(THEN);
        story.facts.mesh_version = Some("1.0-rc.1".to_owned());
    };
    let plan = PLAN.to_owned() + "scope: {preReleases: false}\n";
    let strict = |state| brought_to(state, Story::under(contract(&plan), Some(Sev2), "Mon 10:00"));
    for (state, expected, decision) in [
        (State::AwaitingResponse, "Rejected", "Rejected"),
        (State::InProgress, "=", "AcceptedLimited"),
        (State::AwaitingCustomer, "=", "AcceptedLimited"),
        (State::AwaitingDecision, "=", "AcceptedLimited"),
        (State::Resolved, "=", "AcceptedLimited"),
        (State::Closed, "=", "Accepted"),
        (State::OnHold, "=", "Accepted"),
        (State::Rejected, "=", "Rejected"),
    ] {
        let found = cell(strict(state), expected, &arrives);
        assert_eq!(found.entitlement.decision.as_str(), decision, "{state:?}");
    }
    let mut held = strict(State::OnHold);
    arrives(&mut held);
    renewed(&mut held);
    assert_eq!(held.decide("Mon 11:10").state, State::Rejected, "when resumed");
}

#[test]
fn a_rejected_case_is_taken_up_when_what_it_was_rejected_for_is_mended() {
    row(["=", "=", "=", "=", "=", "=", "=", "AwaitingResponse"], |story| {
        story.decide(THEN);
        story.namespace_allowed = true;
    });
}

#[test]
fn the_first_of_the_states_that_holds_counts() {
    // Resolved before AwaitingDecision before AwaitingCustomer before InProgress; Closed before all.
    let mut story = Story::new(Sev4, "Mon 10:00");
    let mut state = |when, act| story.acts(when, act).state;
    assert_eq!(state("Mon 10:10", Act::InformationRequested), State::AwaitingCustomer);
    assert_eq!(state("Mon 10:20", bug()), State::AwaitingDecision);
    assert_eq!(state("Mon 10:30", Act::ResolutionProposed), State::Resolved);
    lapses(&mut story, "Mon 10:40");
    assert_eq!(story.decide("Mon 10:40").state, State::OnHold);
    assert_eq!(story.edits("Mon 10:50", |story| story.case.resolved = true).state, State::Closed);
}

#[test]
fn a_case_without_a_contract_is_pending() {
    let mut story = Story::new(Sev4, "Mon 10:00");
    story.contract = None;
    assert_eq!(story.decide("Mon 10:00").state, State::Pending);
    assert_eq!(story.acts("Mon 10:10", Act::ContactAttempted).state, State::Pending);
    assert_eq!(story.edits("Mon 10:20", |story| story.case.resolved = true).state, State::Closed);
}
