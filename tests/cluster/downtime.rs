//! The operator killed, and nobody there for a while: what the next one makes of what came due and of what it finds half
//! done. In a laboratory of its own. Not for: evidence (`disturbed.rs`).

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use k8s_openapi::api::events::v1::Event;
use kube::api::ListParams;
use meshcase::api::{CaseState, EntitlementDecision, EscalationLevel, PromiseResult, SupportCaseStatus};
use meshcase_lab::{Lab, OperatorOptions, wait_for};

use crate::story::{OPERATOR, SOON, Story, TERM, condition};

/// How long a silent leader is believed in.
const LEASE: TimeDelta = TimeDelta::seconds(10);
const QUOTA: usize = 3;

/// Two steps of escalation within the shortest target there is, and a quota.
const PLAN: &str = "plan: Custom
  customPlan:
    displayName: Short
    vendor: The laboratory
    timeZone: Etc/UTC
    businessHours: [{days: [Monday], opens: '09:00', closes: '17:00'}]
    severities:
    - {severity: Sev1, clock: AroundTheClock, initialResponse: {amount: 1, unit: Hours}}
    - {severity: Sev2, clock: AroundTheClock, initialResponse: {amount: 1, unit: Minutes}}
    channels: [Kubernetes]
    incidentQuotas: [{severities: [Sev1], perContractYear: 3}]
    escalation:
    - {level: SupportManager, onRequest: true, afterPercent: 90}
    - {level: SupportDirector, onRequest: true, onResponseBreach: true}";

fn is_decided(status: &SupportCaseStatus) -> bool {
    matches!(status.state, Some(CaseState::AwaitingResponse | CaseState::Rejected))
}

/// What came due by the clock: when, what, and when it was noticed.
fn came_due(status: &SupportCaseStatus) -> Vec<(DateTime<Utc>, &str, DateTime<Utc>)> {
    let lines = status.timeline.iter();
    lines.filter_map(|line| Some((line.at, line.event.as_str(), line.noticed_at?))).collect()
}

#[tokio::test]
async fn a_second_operator_catches_up_once_and_in_order_ruling_31_and_grants_no_more_than_the_quota_ruling_26() {
    let lab = Lab::start().await.unwrap();
    let options = OperatorOptions::new(OPERATOR);
    let first = lab.operator(&options).await.unwrap();
    let story = Story::within(&lab, "downtime").await;
    let contract = story.contract("short", &format!("{PLAN}\n  {TERM}")).await;
    let asks = |severity: &str| {
        format!(
            "{{contractRef: {{name: {contract}}}, title: Help, severity: {severity}, evidence: {{collect: false}}}}"
        )
    };
    story.case("late", &asks("Sev2")).await;
    let status = story.until("late", "is decided", is_decided).await;
    let due = status.sla.unwrap().initial_response.unwrap().due_at.unwrap();

    let names: Vec<String> = (0..2 * QUOTA).map(|number| format!("down-{number}")).collect();
    let spec = asks("Sev1");
    join_all(names.iter().map(|name| story.case(name, &spec))).await;
    story
        .until_contract(&contract, "has counted one", |contract| {
            contract.status.as_ref().and_then(|status| status.incidents.first()).is_some_and(|ledger| ledger.used > 0)
        })
        .await;
    first.kill9().unwrap();
    let raised = due - TimeDelta::seconds(6);
    assert!(Utc::now() < raised, "this machine is too slow for the story: nothing may come due before the kill");

    // The second one waits for the first one's lease to run out, so that it leads after the breach.
    let come = wait_for("the deadline to come near", SOON * 2, async || {
        (Utc::now() > due + TimeDelta::seconds(2) - LEASE).then_some(())
    });
    come.await.unwrap();
    let second = lab.operator(&options).await.unwrap();
    let breached = |status: &SupportCaseStatus| {
        status.sla.as_ref().and_then(|sla| sla.initial_response.as_ref()).map(|response| response.result)
            == Some(PromiseResult::Breached)
    };
    let status = story.until("late", "is breached", breached).await;
    let late = TimeDelta::seconds(1);
    let noticed: Vec<_> = came_due(&status);
    let expected = [(raised, "EscalationRaised"), (due + late, "EscalationRaised"), (due + late, "ResponseBreached")];
    assert_eq!(noticed.iter().map(|(at, event, _)| (*at, *event)).collect::<Vec<_>>(), expected);
    assert!(noticed.iter().all(|(_, _, noticed)| *noticed > due + late), "{noticed:?}");
    assert_eq!(status.escalation.as_ref().unwrap().level, EscalationLevel::SupportDirector);
    assert_eq!(status.escalation.as_ref().unwrap().raised_at, Some(due + late));

    let statuses = join_all(names.iter().map(|name| story.until(name, "is decided", is_decided))).await;
    let accepted = |status: &&SupportCaseStatus| {
        status.entitlement.as_ref().is_some_and(|entitlement| entitlement.decision == EntitlementDecision::Accepted)
    };
    assert_eq!(statuses.iter().filter(accepted).count(), QUOTA);
    for rejected in statuses.iter().filter(|status| !accepted(status)) {
        assert_eq!(condition(&rejected.conditions, "Ready"), Some(("False", "QuotaExhausted")));
    }
    let contract = story.until_contract(&contract, "is seen", |_| true).await;
    let ledger = contract.status.unwrap().incidents.remove(0);
    assert_eq!((ledger.used, ledger.counted.len()), (3, QUOTA));

    // Once: a third start, by a node's own way of ending the second, says nothing anew.
    assert!(second.stop().await.unwrap().success());
    let third = lab.restart(&second).await.unwrap();
    story.activity("seen", "{caseRef: {name: late}, actor: {role: SupportEngineer}, type: ContactAttempted}").await;
    let status = story.until("late", "is answered", |status| status.responded_at.is_some()).await;
    assert_eq!(came_due(&status), noticed);
    assert!(third.stop().await.unwrap().success());
}

#[tokio::test]
async fn what_was_decided_before_the_operator_is_told_to_stop_has_its_event() {
    let lab = Lab::start().await.unwrap();
    let operator = lab.operator(&OperatorOptions::new(OPERATOR)).await.unwrap();
    let story = Story::within(&lab, "stopped").await;
    let contract = story.contract("short", &format!("{PLAN}\n  {TERM}")).await;
    let spec =
        format!("{{contractRef: {{name: {contract}}}, title: Help, severity: Sev2, evidence: {{collect: false}}}}");
    let names: Vec<String> = (0..20).map(|number| format!("stopped-{number}")).collect();
    join_all(names.iter().map(|name| story.case(name, &spec))).await;
    join_all(names.iter().map(|name| story.until(name, "is decided", is_decided))).await;
    // At once: events wait until the crowd of first decisions has passed.
    assert!(operator.stop().await.unwrap().success());
    let events = story.api::<Event>().list(&ListParams::default()).await.unwrap();
    let accepted = |name: &&String| {
        let of = |event: &&Event| event.regarding.as_ref().and_then(|it| it.name.as_ref()) == Some(name);
        events.iter().filter(of).any(|event| event.reason.as_deref() == Some("Accepted"))
    };
    let silent: Vec<_> = names.iter().filter(|name| !accepted(name)).collect();
    assert!(silent.is_empty(), "without an event: {silent:?}");
}
