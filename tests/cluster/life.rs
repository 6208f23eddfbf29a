//! Whole lives of cases on the real API server: each way in which a case can end, a lapse and a renewal, a quota that
//! fills, a severity agreed up and down. Not for: every cell of the life's table; the domain's tests hold those.

use std::time::Duration;

use chrono::{TimeDelta, Timelike, Utc};
use futures::future::join_all;
use meshcase::api::{CaseState, CloseReason, EntitlementDecision, PromiseResult, Severity, SupportCaseStatus};

use meshcase_lab::wait_for;

use crate::story::{SOON, Story, TERM, condition, created};

fn in_state(state: CaseState) -> impl Fn(&SupportCaseStatus) -> bool {
    move |status| status.state == Some(state)
}

fn effective(status: &SupportCaseStatus) -> Option<Severity> {
    status.severity.as_ref().and_then(|severity| severity.effective)
}

fn by_engineer(case: &str, rest: &str) -> String {
    format!("{{caseRef: {{name: {case}}}, actor: {{role: SupportEngineer, name: Kim}}, {rest}}}")
}

/// A story with an open case `ask` under a contract of this plan.
async fn opened(prefix: &str, plan: &str, rest: &str) -> (Story<'static>, String) {
    let story = Story::begin(prefix).await;
    let contract = story.contract("contract", &format!("plan: {plan}\n  {TERM}")).await;
    story.case("ask", &asks(&contract, rest)).await;
    story.until("ask", "is opened", in_state(CaseState::AwaitingResponse)).await;
    (story, contract)
}

fn asks(contract: &str, rest: &str) -> String {
    format!("{{contractRef: {{name: {contract}}}, title: Help, evidence: {{collect: false}}, {rest}}}")
}

#[tokio::test]
async fn a_satisfied_customer_closes_the_case_and_may_open_it_again_ruling_29() {
    let (story, contract) = opened("satisfied", "MesospherePremium", "severity: Sev2").await;
    story.activity("fix", &by_engineer("ask", "type: ResolutionProposed, message: Upgrade")).await;
    let status = story.until("ask", "is resolved", in_state(CaseState::Resolved)).await;
    assert_eq!(condition(&status.conditions, "Resolved").unwrap().0, "True");
    story.case("ask", &asks(&contract, "severity: Sev2, resolved: true")).await;
    let status = story.until("ask", "is closed", in_state(CaseState::Closed)).await;
    assert_eq!(status.close_reason, Some(CloseReason::Satisfied));
    assert!(status.closed_at.is_some());
    assert_eq!(condition(&status.conditions, "Ready").unwrap().0, "True");

    story.case("ask", &asks(&contract, "severity: Sev2, resolved: false")).await;
    let status = story.until("ask", "is open again", |status| status.state != Some(CaseState::Closed)).await;
    assert_eq!(status.close_reason, None);
}

#[tokio::test]
async fn a_customer_who_closes_before_any_response_withdraws_the_promise_ruling_20() {
    let (story, contract) = opened("withdrawn", "MesospherePremium", "severity: Sev2").await;
    story.case("ask", &asks(&contract, "severity: Sev2, resolved: true")).await;
    let status = story.until("ask", "is closed", in_state(CaseState::Closed)).await;
    assert_eq!(status.sla.unwrap().initial_response.unwrap().result, PromiseResult::Withdrawn);
}

#[tokio::test]
async fn a_decided_defect_with_its_bug_closes_the_case_ruling_29() {
    let (story, _) = opened("defect", "MesospherePremium", "severity: Sev2").await;
    story.activity("bug", &by_engineer("ask", "type: BugRecorded, bug: {id: MESH-7}")).await;
    story.until("ask", "awaits the decision", in_state(CaseState::AwaitingDecision)).await;
    story.activity("decided", &by_engineer("ask", "type: BugDecided, decision: Accepted")).await;
    let status = story.until("ask", "is closed", in_state(CaseState::Closed)).await;
    assert_eq!(status.close_reason, Some(CloseReason::ProductDefect));
    assert_eq!(status.defect.unwrap().bug_id.as_deref(), Some("MESH-7"));
}

#[tokio::test]
async fn a_decided_enhancement_closes_the_case_ruling_29() {
    let (story, _) = opened("enhancement", "AspenMeshStandard", "category: Enhancement, severity: Sev4").await;
    story.activity("call", &by_engineer("ask", "type: ContactAttempted")).await;
    story.until("ask", "awaits the decision", in_state(CaseState::AwaitingDecision)).await;
    story.activity("decided", &by_engineer("ask", "type: EnhancementDecided, decision: Deferred")).await;
    let status = story.until("ask", "is closed", in_state(CaseState::Closed)).await;
    assert_eq!(status.close_reason, Some(CloseReason::Enhancement));
}

#[tokio::test]
async fn silence_through_two_attempts_and_the_business_days_closes_the_case_and_a_reply_opens_it_ruling_29() {
    let story = Story::begin("silence").await;
    // A business day of one minute that opens soon; in a zone where it is about noon, for midnight is far then.
    let now = Utc::now();
    let offset = 12 - i64::from(now.hour());
    let zone = if offset >= 0 { format!("Etc/GMT-{offset}") } else { format!("Etc/GMT+{}", -offset) };
    let opens = now + TimeDelta::hours(offset) + TimeDelta::seconds(75);
    let (opens, closes) = (opens.format("%H:%M"), (opens + TimeDelta::minutes(1)).format("%H:%M"));
    let days = "[Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday]";
    let plan = format!(
        "Custom
  customPlan:
    displayName: Short days
    vendor: The laboratory
    timeZone: {zone}
    businessHours: [{{days: {days}, opens: '{opens}', closes: '{closes}'}}]
    severities: [{{severity: Sev1, clock: AroundTheClock, initialResponse: {{amount: 1, unit: Hours}}}}]
    channels: [Kubernetes]
    closeOnSilence: {{contactAttempts: 2, businessDays: 1}}"
    );
    let contract = story.contract("short", &format!("plan: {plan}\n  {TERM}")).await;
    story.case("ask", &asks(&contract, "severity: Sev1")).await;
    story.activity("first", &by_engineer("ask", "type: ContactAttempted")).await;
    story.activity("second", &by_engineer("ask", "type: ContactAttempted")).await;
    let status = story.until("ask", "waits for a reply", |status| {
        status
            .contact_attempts
            .as_ref()
            .is_some_and(|attempts| attempts.consecutive == 2 && attempts.closes_at.is_some())
    });
    let closes_at = status.await.contact_attempts.unwrap().closes_at.unwrap();
    let status = story.until_within(Duration::from_secs(240), "ask", "is closed", in_state(CaseState::Closed)).await;
    assert_eq!(status.close_reason, Some(CloseReason::NoResponse));
    assert_eq!(status.closed_at, Some(closes_at));

    let reply = "{caseRef: {name: ask}, actor: {role: Contact, name: Ann}, type: CustomerReplied}";
    story.activity("reply", reply).await;
    story.until("ask", "is open again", in_state(CaseState::InProgress)).await;
}

#[tokio::test]
async fn a_lapsed_contract_puts_its_cases_on_hold_and_renewal_resumes_them_ruling_28() {
    let (story, contract) = opened("lapse", "MesospherePremium", "severity: Sev1").await;
    let until = |end: chrono::DateTime<Utc>| {
        let end = end.format("%Y-%m-%dT%H:%M:%SZ");
        format!("plan: MesospherePremium\n  term: {{startsAt: 2020-01-01T00:00:00Z, endsAt: {end}}}")
    };
    // It lapses by the clock, not by the edit.
    let end = Utc::now() + TimeDelta::seconds(5);
    assert_eq!(story.contract("contract", &until(end)).await, contract);
    let status = story.until("ask", "is on hold", in_state(CaseState::OnHold)).await;
    assert_eq!(condition(&status.conditions, "Ready"), Some(("False", "ContractLapsed")));
    assert_eq!(condition(&status.conditions, "Stalled").unwrap().0, "True");
    let paused = status.sla.unwrap().initial_response.unwrap();
    assert_eq!((paused.result, paused.due_at), (PromiseResult::Paused, None));

    // Statuses hold whole seconds: a hold within one would move nothing.
    let held = wait_for("two seconds on hold", SOON, async || (Utc::now() > end + TimeDelta::seconds(2)).then_some(()));
    held.await.unwrap();
    story.contract("contract", &until(Utc::now() + TimeDelta::days(365))).await;
    let status = story.until("ask", "is resumed", in_state(CaseState::AwaitingResponse)).await;
    let case = story.cases().get("ask").await.unwrap();
    let due = status.sla.unwrap().initial_response.unwrap().due_at.unwrap();
    assert!(due > created(&case) + TimeDelta::hours(1), "the pause moved the deadline: {due}");
    assert_eq!(condition(&status.conditions, "Ready").unwrap().0, "True");
}

#[tokio::test]
async fn eleven_incidents_at_once_under_a_quota_of_ten_give_exactly_ten_ruling_26() {
    let story = Story::begin("quota").await;
    let contract = story.contract("standard", &format!("plan: MesosphereStandard\n  {TERM}")).await;
    let names: Vec<String> = (0..11).map(|number| format!("down-{number:02}")).collect();
    let spec = asks(&contract, "severity: Sev1");
    join_all(names.iter().map(|name| story.case(name, &spec))).await;
    let decided =
        |status: &SupportCaseStatus| matches!(status.state, Some(CaseState::AwaitingResponse | CaseState::Rejected));
    let statuses = join_all(names.iter().map(|name| story.until(name, "is decided", decided))).await;
    let accepted = statuses.iter().filter(|status| {
        status.entitlement.as_ref().is_some_and(|entitlement| entitlement.decision == EntitlementDecision::Accepted)
    });
    assert_eq!(accepted.count(), 10);
    let rejected = statuses.iter().find(|status| status.state == Some(CaseState::Rejected)).unwrap();
    assert_eq!(condition(&rejected.conditions, "Ready"), Some(("False", "QuotaExhausted")));
    let ledger = story.until_contract(&contract, "counts ten", |contract| {
        let incidents = contract.status.as_ref().and_then(|status| status.incidents.first());
        incidents.is_some_and(|ledger| ledger.used == 10)
    });
    let ledger = ledger.await.status.unwrap().incidents.remove(0);
    assert_eq!((ledger.limit, ledger.remaining, ledger.counted.len()), (10, 0, 10));
}

#[tokio::test]
async fn a_severity_agreed_up_and_down_is_effective_when_both_sides_say_it_ruling_15() {
    let (story, contract) = opened("agreed", "AspenMeshStandard", "severity: Sev4").await;
    let call = story.activity("call", &by_engineer("ask", "type: ContactAttempted")).await;
    story.until("ask", "is in progress", in_state(CaseState::InProgress)).await;
    // An edit of the response's own second counts as made before it.
    let later = wait_for("the next second", SOON, async || {
        (Utc::now() >= created(&call) + TimeDelta::seconds(1)).then_some(())
    });
    later.await.unwrap();
    for (severity, requested) in [(Severity::Sev2, "Sev2"), (Severity::Sev3, "Sev3")] {
        story.case("ask", &asks(&contract, &format!("severity: {requested}"))).await;
        let status = story.until("ask", "knows the request", |status| {
            status.severity.as_ref().is_some_and(|it| it.requested == Some(severity))
        });
        let status = status.await;
        assert_ne!(effective(&status), Some(severity), "one side alone changes nothing");
        let name = format!("assessed-{}", requested.to_lowercase());
        let activity =
            story.activity(&name, &by_engineer("ask", &format!("type: SeverityAssessed, severity: {requested}"))).await;
        let status = story.until("ask", "is agreed", |status| effective(status) == Some(severity)).await;
        assert!(status.severity.unwrap().effective_since.unwrap() >= created(&activity));
    }
}
