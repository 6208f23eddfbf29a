//! Severities: who decides, from when on, and which deadline follows: rulings 15, 16 and 33.

use super::story::*;
use crate::case::Act;
use crate::lifecycle::State;
use crate::plan::Channel;
use crate::severity::Severity::{Sev1, Sev2, Sev3, Sev4};
use crate::severity::{BlocksLab, Impact, Severity, suggest};
use crate::sla::PromiseResult;
use crate::time::Clock;

const FROM_OPENING: &str = "{by: Vendor, deadline: FromOpening}";
const AGREEMENT: &str = "{by: Agreement}";

fn wants(severity: Severity) -> impl Fn(&mut Story) {
    move |story| story.case.severity = Some(severity)
}

#[test]
fn ruling_15_before_the_response_the_customers_severity_counts_at_once_and_the_new_target_starts_at_the_change() {
    // Sev1 is one hour around the clock, Sev2 four business hours, Sev3 one business day of eight.
    for (opened, first, changed, then, due, clock) in [
        ("Mon 10:00", Sev2, "Mon 11:00", Sev1, "Mon 12:00", Clock::AroundTheClock),
        ("Mon 10:00", Sev3, "Mon 11:00", Sev2, "Mon 15:00", Clock::BusinessHours),
        // Up in the night: the clock around the clock does not wait for the opening.
        ("Mon 16:00", Sev2, "Mon 22:00", Sev1, "Mon 23:00", Clock::AroundTheClock),
        ("Fri 16:00", Sev3, "Sat 12:00", Sev1, "Sat 13:00", Clock::AroundTheClock),
        ("Fri 16:00", Sev3, "Sat 12:00", Sev2, "1 Mon 13:00", Clock::BusinessHours),
    ] {
        let decision = Story::new(first, opened).edits(changed, wants(then));
        let promise = response(&decision);
        assert_eq!((told(promise.due_at), promise.clock), (due.to_owned(), Some(clock)), "{first:?} to {then:?}");
        assert_eq!(promise.started_at, Some(at(changed)));
        assert_eq!(promise.cause.as_deref(), Some("SeverityChanged"));
        assert_eq!((decision.severity.effective, decision.severity.effective_since), (Some(then), Some(at(changed))));
    }
}

#[test]
fn ruling_15_from_the_opening_the_new_target_counts_from_there_on_the_new_severitys_clock() {
    for (opened, first, changed, then, expected) in [
        ("Mon 10:00", Sev2, "Mon 10:30", Sev1, "Pending, due Mon 11:00"),
        ("Mon 10:00", Sev3, "Mon 11:00", Sev2, "Pending, due Mon 14:00"),
        ("Fri 16:00", Sev3, "1 Mon 10:00", Sev2, "Pending, due 1 Mon 12:00"),
        // May be breached at once: the hour around the clock was over in the night.
        ("Mon 16:00", Sev2, "Mon 22:00", Sev1, "Breached Mon 22:00, due Mon 17:00"),
    ] {
        let decision = Story::changing(FROM_OPENING, first, opened).edits(changed, wants(then));
        assert_eq!(stands(response(&decision)), expected, "{first:?} to {then:?}");
        assert_eq!(response(&decision).started_at, Some(at(opened)));
    }
}

#[test]
fn ruling_15_a_deadline_is_never_later_than_one_of_the_same_or_a_higher_severity_before() {
    for rule in ["{by: Vendor}", FROM_OPENING] {
        // Down and up again does not reset the clock.
        let mut story = Story::changing(rule, Sev1, "Mon 10:00");
        let down = story.edits("Mon 10:20", wants(Sev3));
        assert_eq!(told(response(&down).due_at), "Mon 11:00", "{rule}: the higher one's deadline stays");
        let up = story.edits("Mon 10:50", wants(Sev1));
        assert_eq!(told(response(&up).due_at), "Mon 11:00", "{rule}");
        assert_eq!(stands(response(&story.decide("Mon 11:00:01"))), "Breached Mon 11:00:01, due Mon 11:00", "{rule}");
        // By way of one that promises nothing.
        let mut story = Story::changing(rule, Sev2, "Mon 10:00");
        assert_eq!(response(&story.edits("Mon 11:00", wants(Sev4))).result, PromiseResult::NotCommitted);
        let up = story.edits("Mon 12:00", wants(Sev2));
        assert_eq!(told(response(&up).due_at), "Mon 14:00", "{rule}");
    }
}

#[test]
fn ruling_15_a_raise_never_moves_a_deadline_later() {
    for (rule, raised, due, what) in [
        ("{by: Vendor}", "Mon 10:30", "Mon 14:30", "a raise in time leaves less"),
        ("{by: Vendor}", "Tue 09:59", "Tue 10:00", "a raise a minute before the deadline gives no more"),
        (FROM_OPENING, "Mon 10:30", "Mon 14:00", "counted from the opening"),
    ] {
        let mut story = Story::changing(rule, Sev3, "Mon 10:00");
        assert_eq!(told(response(&story.decide("Mon 10:00")).due_at), "Tue 10:00");
        assert_eq!(told(response(&story.edits(raised, wants(Sev2))).due_at), due, "{what}");
    }
}

#[test]
fn ruling_15_an_assessment_before_the_response_is_recorded_and_takes_effect_at_the_response() {
    for (rule, after) in [("{by: Vendor}", Sev1), (AGREEMENT, Sev2)] {
        let mut story = Story::changing(rule, Sev2, "Mon 10:00");
        let assessed = story.acts("Mon 10:30", Act::SeverityAssessed(Sev1));
        assert_eq!((assessed.severity.assessed, assessed.severity.effective), (Some(Sev1), Some(Sev2)));
        assert_eq!(told(response(&assessed).due_at), "Mon 14:00", "{rule}");
        let answered = story.acts("Mon 11:30", Act::ContactAttempted);
        assert_eq!(stands(response(&answered)), "Met Mon 11:30, due Mon 14:00", "by the severity of then");
        assert_eq!(answered.severity.effective, Some(after), "{rule}");
    }
    // Agreed already: it stays.
    let mut agreed = Story::changing(AGREEMENT, Sev1, "Mon 10:00");
    agreed.acts("Mon 10:30", Act::SeverityAssessed(Sev1));
    assert_eq!(agreed.acts("Mon 10:40", Act::ContactAttempted).severity.effective, Some(Sev1));
}

#[test]
fn ruling_15_by_agreement_a_severity_counts_once_assessment_and_request_are_equal() {
    let mut story = Story::changing(AGREEMENT, Sev2, "Mon 10:00");
    story.acts("Mon 10:10", Act::ContactAttempted);
    let effective = |decision: crate::Decision| (decision.severity.effective, told(decision.severity.effective_since));
    let (two, since) = (Some(Sev2), "Mon 10:00".to_owned());
    assert_eq!(effective(story.edits("Mon 10:20", wants(Sev1))), (two, since.clone()), "asked for only");
    assert_eq!(effective(story.acts("Mon 10:30", Act::SeverityAssessed(Sev3))), (two, since), "assessed otherwise");
    assert_eq!(effective(story.acts("Mon 10:40", Act::SeverityAssessed(Sev1))), (Some(Sev1), "Mon 10:40".to_owned()));
    // The other way round, and down: the vendor first, then the customer agrees.
    story.acts("Mon 10:50", Act::SeverityAssessed(Sev3));
    assert_eq!(effective(story.edits("Mon 11:00", wants(Sev3))), (Some(Sev3), "Mon 11:00".to_owned()));
}

#[test]
fn ruling_15_the_vendor_changes_it_by_an_assessment_alone() {
    let mut story = Story::new(Sev2, "Mon 10:00");
    story.acts("Mon 10:10", Act::ContactAttempted);
    assert_eq!(story.acts("Mon 10:30", Act::SeverityAssessed(Sev1)).severity.effective, Some(Sev1));
    assert_eq!(story.edits("Mon 10:40", wants(Sev3)).severity.effective, Some(Sev1), "the customer only asks");
    let down = story.acts("Mon 11:00", Act::SeverityAssessed(Sev4));
    assert_eq!((down.severity.effective, down.severity.requested), (Some(Sev4), Some(Sev3)));
}

#[test]
fn ruling_15_the_resolution_moves_between_a_business_clock_and_one_around_the_clock() {
    // Sev2 resolves in three business days, Sev1 in ten hours around the clock.
    let mut up = Story::new(Sev2, "Mon 10:00");
    up.acts("Mon 10:10", Act::ContactAttempted);
    let raised = up.acts("Mon 20:00", Act::SeverityAssessed(Sev1));
    assert_eq!(
        (stands(resolution(&raised)), resolution(&raised).clock),
        ("Pending, due Tue 06:00".to_owned(), Some(Clock::AroundTheClock))
    );
    let lowered = up.acts("Mon 21:00", Act::SeverityAssessed(Sev2));
    assert_eq!(stands(resolution(&lowered)), "Pending, due Tue 06:00", "the higher one's deadline stays");
    let mut down = Story::changing(FROM_OPENING, Sev1, "Mon 10:00");
    down.acts("Mon 10:10", Act::ContactAttempted);
    let lowered = down.acts("Mon 12:00", Act::SeverityAssessed(Sev2));
    assert_eq!(stands(resolution(&lowered)), "Pending, due Mon 20:00");
}

#[test]
fn ruling_15_a_change_while_a_clock_stands_starts_the_new_target_and_waits_too() {
    let mut story = Story::new(Sev2, "Mon 10:00");
    story.acts("Mon 10:10", Act::InformationRequested);
    let raised = story.acts("Mon 11:00", Act::SeverityAssessed(Sev1));
    assert_eq!(
        (raised.state, stands(resolution(&raised))),
        (State::AwaitingCustomer, "Paused, 36000 s left".to_owned())
    );
    let replied = story.acts("Mon 15:00", Act::CustomerReplied);
    // Sev1's ten hours from now on would be Tue 01:00, and they are the only ones of Sev1 or higher.
    assert_eq!(stands(resolution(&replied)), "Pending, due Tue 01:00");
}

#[test]
fn ruling_16_a_case_without_a_severity_gets_the_plans_default_for_its_channel() {
    use Channel::{Email, Kubernetes, Phone, Web};
    for (plan, channel, severity) in [
        ("AspenMeshStandard", Email, Sev4),
        ("AspenMeshStandard", Web, Sev4),
        ("AspenMeshStandard", Phone, Sev4),
        ("AspenMeshStandard", Kubernetes, Sev4),
        ("AspenMeshTrial", Web, Sev4),
        ("MesosphereSignature", Email, Sev4),
        ("MesosphereSignature", Web, Sev3),
        ("MesosphereSignature", Kubernetes, Sev4),
        ("MesospherePremium", Email, Sev4),
        ("MesospherePremium", Web, Sev3),
        ("MesospherePremium", Kubernetes, Sev4),
        ("MesosphereStandard", Email, Sev4),
        ("MesosphereStandard", Web, Sev3),
        ("MesosphereStandard", Kubernetes, Sev4),
    ] {
        let mut story = Story::under(built_in(plan), None, "Mon 10:00");
        story.case.channel = channel;
        let severity_of = story.decide("Mon 10:00").severity;
        assert_eq!((severity_of.requested, severity_of.effective), (None, Some(severity)), "{plan} by {channel:?}");
        story.case.severity = Some(Sev2);
        assert_eq!(story.decide("Mon 10:00").severity.effective, Some(Sev2), "what the customer names goes before");
    }
    // Without a contract nobody can say.
    let mut story = Story::under(built_in("MesosphereSignature"), None, "Mon 10:00");
    story.contract = None;
    assert_eq!(story.decide("Mon 10:00").severity.effective, None);
}

#[test]
fn ruling_33_a_severity_is_suggested_from_the_answers_by_the_words_of_the_vendor() {
    let none = Impact::default();
    let yes = Some(true);
    let no = Some(false);
    let lab = Impact { lab: true, ..none };
    let stopped = Impact { work_stopped: yes, workaround_exists: no, revenue_loss: yes, ..none };
    let general = Impact { general: true, ..none };
    for (vendor, impact, suggested) in [
        ("Aspen Mesh", stopped, Some(Sev1)),
        ("Aspen Mesh", Impact { work_stopped: yes, ..none }, Some(Sev1)),
        ("Aspen Mesh", Impact { work_stopped: no, workaround_exists: no, ..none }, Some(Sev2)),
        ("Aspen Mesh", Impact { work_stopped: no, workaround_exists: yes, ..none }, Some(Sev3)),
        ("Aspen Mesh", Impact { blocks_lab: Some(BlocksLab::Now), ..lab }, Some(Sev2)),
        ("Aspen Mesh", Impact { blocks_lab: Some(BlocksLab::WithinTwoWeeks), ..lab }, Some(Sev3)),
        ("Aspen Mesh", Impact { blocks_lab: Some(BlocksLab::No), ..lab }, Some(Sev4)),
        ("Aspen Mesh", general, Some(Sev4)),
        ("Aspen Mesh", none, None),
        ("Mesosphere", stopped, Some(Sev1)),
        ("Mesosphere", Impact { revenue_loss: no, ..stopped }, Some(Sev2)),
        ("Mesosphere", Impact { workaround_exists: yes, ..stopped }, Some(Sev2)),
        ("Mesosphere", Impact { work_stopped: no, ..stopped }, Some(Sev2)),
        ("Mesosphere", Impact { work_stopped: no, workaround_exists: yes, revenue_loss: no, ..none }, Some(Sev3)),
        ("Mesosphere", Impact { work_stopped: no, ..none }, Some(Sev4)),
        ("Mesosphere", general, Some(Sev4)),
        ("Mesosphere", none, None),
    ] {
        assert_eq!(suggest(vendor, &impact), suggested, "{vendor}: {impact:?}");
    }
}

#[test]
fn ruling_33_the_suggestion_is_advice_and_changes_nothing() {
    let mut story = Story::new(Sev4, "Mon 10:00");
    story.case.impact = Impact { work_stopped: Some(true), ..Impact::default() };
    let severity = story.decide("Mon 10:00").severity;
    assert_eq!((severity.suggested, severity.effective), (Some(Sev1), Some(Sev4)));
}
