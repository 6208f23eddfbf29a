//! Properties of whole decisions over random plans, events and moments: total and deterministic, history stays, the clock's
//! wake-ups are enough, and one decision at the end says what all the ones in between said.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::story::*;
use crate::Decision;
use crate::case::{Act, Category, DecisionOn};
use crate::contract::Contract;
use crate::explain::explain;
use crate::lifecycle::State;
use crate::plan::Level;
use crate::severity::Severity;
use crate::sla::{Promise, PromiseKind, PromiseResult};
use crate::time::{Span, SpanKind};

/// Something that happens to a case.
#[derive(Debug, Clone)]
enum Event {
    Acts(Act),
    Severity(Option<Severity>),
    Resolved(bool),
    Escalation(Option<Level>),
    Ends(Option<i64>),
    Nodes(i64),
    Version(&'static str),
}

fn any_severity() -> impl Strategy<Value = Severity> {
    proptest::sample::select(Severity::ALL.to_vec())
}

fn any_act() -> impl Strategy<Value = Act> {
    let simple = proptest::sample::select(vec![
        Act::ContactAttempted,
        Act::InformationRequested,
        Act::Updated,
        Act::WorkaroundProvided,
        Act::ActionPlanProposed("plan".to_owned()),
        Act::EscalationAcknowledged,
        Act::BugRecorded { id: "B-1".to_owned(), url: None },
        Act::BugDecided(DecisionOn::Accepted),
        Act::EnhancementDecided(DecisionOn::Declined),
        Act::ResolutionProposed,
        Act::CustomerReplied,
        Act::CustomerReplied,
    ]);
    prop_oneof![6 => simple, 1 => any_severity().prop_map(Act::SeverityAssessed)]
}

/// What people do alone: neither edit nor contract.
fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => any_act().prop_map(Event::Acts),
        1 => proptest::option::of(any_severity()).prop_map(Event::Severity),
        1 => any::<bool>().prop_map(Event::Resolved),
        1 => proptest::sample::select(vec![None, Some(Level::SupportManager), Some(Level::SupportDirector)]).prop_map(Event::Escalation),
        1 => proptest::option::of(-86_400..5 * 86_400_i64).prop_map(Event::Ends),
        1 => (1..20_i64).prop_map(Event::Nodes),
        1 => proptest::sample::select(vec!["1.20.0", "1.20.0-rc.1"]).prop_map(Event::Version),
    ]
}

const STEPS: &str = "
escalation:
- {level: SupportManager, onRequest: true, onResponseBreach: true, afterPercent: 60}
- {level: SupportDirector, onRequest: true, onUnacknowledged: {amount: 3, unit: Hours}}
scope: {preReleases: false}
incidentQuotas: [{severities: [Sev1], perContractYear: 1}]
closeOnSilence: {contactAttempts: 2, businessDays: 2}
";

prop_compose! {
    fn any_story()(
        severity in proptest::option::of(any_severity()),
        opened in 0..7 * 86_400_i64,
        rule in proptest::sample::select(vec![
            "{by: Vendor}", "{by: Agreement}", "{by: Vendor, deadline: FromOpening}", "{by: Agreement, deadline: FromOpening}",
        ]),
        steps in any::<bool>(),
        enhancement in proptest::bool::weighted(0.1),
    ) -> Story {
        let plan = PLAN.replace("{by: Vendor}", rule) + if steps { STEPS } else { "" };
        let mut story = Story::under(contract(&plan), severity, "Mon 00:00");
        story.opens(at("Mon 00:00") + TimeDelta::seconds(opened));
        story.contract.as_mut().unwrap().licensed_nodes = Some(10);
        if enhancement {
            story.case.category = Category::Enhancement;
        }
        story
    }
}

/// Events with the seconds between them: some in the same second, some after days.
fn any_events(events: impl Strategy<Value = Event>) -> impl Strategy<Value = Vec<(i64, Event)>> {
    let gap = prop_oneof![1 => Just(0_i64), 3 => 1..7_200_i64, 2 => 7_200..3 * 86_400_i64];
    proptest::collection::vec((gap, events), 0..14)
}

fn apply(story: &mut Story, when: DateTime<Utc>, event: &Event) {
    match event {
        Event::Acts(act) => story.happens_at(when, act.clone()),
        Event::Severity(severity) => story.case.severity = *severity,
        Event::Resolved(resolved) => story.case.resolved = *resolved,
        Event::Escalation(level) => story.case.escalation = *level,
        Event::Ends(ends) => {
            story.contract.as_mut().unwrap().ends_at = ends.map(|seconds| when + TimeDelta::seconds(seconds));
        }
        Event::Nodes(nodes) => story.facts.nodes = Some(*nodes),
        Event::Version(version) => story.facts.mesh_version = Some((*version).to_owned()),
    }
}

fn promises(decision: &Decision) -> [Option<&Promise>; 3] {
    let promises = &decision.promises;
    [promises.initial_response.as_ref(), promises.next_update.as_ref(), promises.resolution.as_ref()]
}

/// A decision but for when things were noticed, and for when to look again.
fn but_noticed(mut decision: Decision) -> Decision {
    decision.timeline.iter_mut().for_each(|line| line.noticed_at = None);
    decision
}

/// What is seen of the case: all but the lines for people, which keep what was once said.
fn seen(mut decision: Decision) -> Decision {
    decision.timeline.clear();
    decision.next_wake = None;
    decision
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn decide_is_total_and_deterministic_and_what_was_met_or_breached_stays(
        story in any_story(), events in any_events(any_event()), rest in 0..20 * 86_400_i64,
    ) {
        let mut story = story;
        let mut when = story.case.opened_at;
        let mut before: Option<Decision> = None;
        let (mut looked, mut raised) = (when, Vec::new());
        let last = (rest, Event::Acts(Act::Updated));
        for (gap, event) in events.iter().chain([&last]) {
            when += TimeDelta::seconds(*gap);
            story.decide_at(when);
            apply(&mut story, when, event);
            // Deciding again at the same instant changes nothing: the story asserts it.
            let decision = story.decide_at(when);
            prop_assert_eq!(story.once(when), story.once(when));
            prop_assert!(decision.next_wake.is_none_or(|wake| wake > when), "a wake-up lies ahead");
            prop_assert!(decision.history.len() <= 200 && decision.timeline.len() <= 50);
            if let Some(before) = &before {
                // The initial response that was met or breached is history (ruling 13).
                let (was, is) = (response(before), response(&decision));
                if was.result.is_history() {
                    prop_assert_eq!(was, is);
                }
                let (was, is) = (promises(before)[2], promises(&decision)[2]);
                if let Some(was) = was.filter(|was| was.result == PromiseResult::Breached) {
                    prop_assert_eq!(Some(was), is);
                }
                if decision.state != State::Closed && decision.escalation.level < before.escalation.level {
                    prop_assert_eq!(decision.escalation.level, Level::None, "it rises, or it is handled");
                }
            }
            if let Some(raised_at) = decision.escalation.raised_at.filter(|raised_at| !raised.contains(raised_at)) {
                prop_assert!(raised_at >= looked, "it rises when its cause comes, not in the past");
                raised.push(raised_at);
            }
            for promise in promises(&decision).into_iter().flatten() {
                check(promise)?;
            }
            adds_up(&decision, story.contract.as_ref().unwrap(), when)?;
            (before, looked) = (Some(decision), when);
        }
    }

    #[test]
    fn nothing_differs_between_two_wake_ups(
        story in any_story(), events in any_events(any_event()), share in 0..1_000_i64,
    ) {
        let mut story = story;
        let mut when = story.case.opened_at;
        for (gap, event) in &events {
            when += TimeDelta::seconds(*gap);
            story.decide_at(when);
            apply(&mut story, when, event);
            let decision = story.decide_at(when);
            let until = decision.next_wake.unwrap_or(when + TimeDelta::days(400));
            // The very instant before the wake-up, and any between.
            for between in [until - TimeDelta::seconds(1), when + (until - when) * i32::try_from(share).unwrap() / 1_000] {
                if between > when {
                    let later = story.clone().once(between);
                    prop_assert_eq!(seen(later), seen(decision.clone()), "at {}, decided at {}", between, when);
                }
            }
        }
    }

    #[test]
    fn playing_everything_in_one_go_gives_what_playing_it_one_by_one_gives(
        story in any_story(), acts in any_events(any_act().prop_map(Event::Acts)), rest in 0..20 * 86_400_i64,
    ) {
        let mut awake = story;
        // A place in a quota is given when it is seen that it is asked for, so that here it matters when one looks.
        std::sync::Arc::make_mut(&mut awake.contract.as_mut().unwrap().plan).incident_quotas.clear();
        let mut asleep = awake.clone();
        let mut when = awake.case.opened_at;
        awake.decide_at(when);
        asleep.decide_at(when);
        for (gap, event) in &acts {
            when += TimeDelta::seconds(*gap);
            apply(&mut awake, when, event);
            awake.decide_at(when);
            apply(&mut asleep, when, event);
        }
        when += TimeDelta::seconds(rest);
        let (mut one_by_one, mut in_one_go) = (awake.decide_at(when), asleep.wakes_up_at(when));
        // A promise that was met keeps how it was told first, also when more happened in that second.
        let met = |decision: &mut Decision| {
            let resolution = decision.promises.resolution.take_if(|promise| promise.result == PromiseResult::Met);
            resolution.map(|promise| promise.met_at)
        };
        prop_assert_eq!(met(&mut one_by_one), met(&mut in_one_go));
        prop_assert_eq!(seen(but_noticed(one_by_one)), seen(but_noticed(in_one_go)));
    }
}

/// Ruling 9: the ledger of a running promise adds up to its target, that of a standing one to what is used up.
fn adds_up(decision: &Decision, contract: &Contract, now: DateTime<Utc>) -> Result<(), TestCaseError> {
    for kind in [PromiseKind::InitialResponse, PromiseKind::NextUpdate, PromiseKind::Resolution] {
        let Some(explained) = explain(decision, contract, kind, now) else { continue };
        let counted = |span: &&Span| span.kind == SpanKind::Counted;
        let used: i64 = explained.ledger.iter().filter(counted).map(|span| span.seconds).sum();
        let expected = match explained.promise.result {
            PromiseResult::Pending | PromiseResult::AtRisk => explained.target_seconds.unwrap_or(-1),
            PromiseResult::Paused => {
                let left = explained.promise.remaining_seconds.unwrap_or(-1);
                // A target may have been used up by a change of severity while the clock stood: that shows when it runs again.
                let overdrawn = left == 0 && Some(used) > explained.target_seconds;
                if overdrawn { used } else { explained.target_seconds.unwrap_or(-1) - left }
            }
            PromiseResult::NotCommitted => 0,
            PromiseResult::Met | PromiseResult::Breached | PromiseResult::Withdrawn => continue,
        };
        prop_assert_eq!(used, expected, "{:?} {:?}", kind, explained.promise.result);
    }
    Ok(())
}

fn check(promise: &Promise) -> Result<(), TestCaseError> {
    let Promise { warn_at, due_at, breached_at, met_at, remaining_seconds, .. } = *promise;
    if let (Some(warn), Some(due)) = (warn_at, due_at) {
        prop_assert!(warn <= due);
    }
    if let (Some(due), Some(breached)) = (due_at, breached_at) {
        prop_assert!(due < breached);
    }
    match promise.result {
        PromiseResult::Pending | PromiseResult::AtRisk => prop_assert!(due_at.is_some() && remaining_seconds.is_none()),
        PromiseResult::Paused => prop_assert!(due_at.is_none() && warn_at.is_none() && remaining_seconds.is_some()),
        PromiseResult::Met => prop_assert!(met_at.is_some()),
        PromiseResult::Breached => prop_assert!(breached_at.is_some()),
        PromiseResult::NotCommitted | PromiseResult::Withdrawn => prop_assert!(due_at.is_none() && met_at.is_none()),
    }
    prop_assert_eq!(promise.target.is_none(), promise.result == PromiseResult::NotCommitted);
    Ok(())
}
