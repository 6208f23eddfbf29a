//! The first thread through the product: objects applied with kubectl, the operator's real binary as its real service
//! account, and what then stands in `status`. Not for: every rule of time and policy; the domain's tables hold those.

use std::time::Duration;

use chrono::TimeDelta;
use k8s_openapi::api::events::v1::Event;
use kube::Api;
use kube::api::{DeleteParams, ListParams};
use meshcase::api::{CaseState, Commitment, EntitlementDecision, EscalationLevel, PromiseResult, SupportContract};
use meshcase_lab::{Lab, OperatorOptions, wait_for};

use crate::story::{OPERATOR, SOON, Story, TERM, condition, created, flipped};

/// A plan whose first response is due after a minute, around the clock, and which promises nothing for severity 4.
const ONE_MINUTE: &str = "plan: Custom
  term: {startsAt: 2020-01-01T00:00:00Z, endsAt: 2090-01-01T00:00:00Z}
  customPlan:
    displayName: One minute
    vendor: The laboratory
    timeZone: Etc/UTC
    businessHours: [{days: [Monday, Tuesday, Wednesday, Thursday, Friday], opens: '09:00', closes: '17:00'}]
    severities: [{severity: Sev1, clock: AroundTheClock, initialResponse: {amount: 1, unit: Minutes}}]
    defaultSeverity: [{severity: Sev4}]
    channels: [Kubernetes]
    escalation: [{level: SupportManager, onRequest: true, onResponseBreach: true}]";

#[tokio::test]
async fn an_applied_case_is_accepted_and_carries_its_deadline() {
    let story = Story::begin("accepted").await;
    let contract = story.contract("premium", &format!("plan: MesospherePremium\n  {TERM}")).await;
    let case = story
        .case("down", &format!("{{contractRef: {{name: {contract}}}, title: Checkout is down, severity: Sev1}}"))
        .await;
    let status = story.until("down", "is decided", |status| status.state == Some(CaseState::AwaitingResponse)).await;

    assert_eq!(status.observed_generation, case.metadata.generation);
    assert_eq!(status.opened_at, Some(created(&case)));
    assert!(status.tracking_number.is_some());
    let entitlement = status.entitlement.unwrap();
    assert_eq!(entitlement.decision, EntitlementDecision::Accepted);
    assert_eq!(entitlement.contract.unwrap().name, contract);
    let response = status.sla.unwrap().initial_response.unwrap();
    assert_eq!(response.commitment, Commitment::Committed);
    assert_eq!(response.due_at, Some(created(&case) + TimeDelta::hours(1)), "{response:?}");
    assert_eq!(condition(&status.conditions, "Ready"), Some(("True", "Accepted")));
    for absent in ["Reconciling", "Stalled"] {
        assert_ne!(condition(&status.conditions, absent).map(|(status, _)| status), Some("True"), "{absent}");
    }

    let columns =
        story.lab.kubectl(&["get", "supcase", "down", "-n", &story.namespace]).await.unwrap().successful().unwrap();
    let mut lines = columns.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let header = "NAME SEVERITY STATE READY REASON RESPONSE DUE RESULT ESCALATION AGE";
    assert_eq!(lines.next().unwrap().join(" "), header);
    let due = response.due_at.unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let row = ["down", "Sev1", "AwaitingResponse", "True", "Accepted", &due, "Pending", "None"];
    assert_eq!(lines.next().unwrap()[..row.len()], row);
    let columns = story.lab.kubectl(&["get", "supcontract", &contract]).await.unwrap().successful().unwrap();
    let shown: Vec<_> = columns.stdout.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(shown[..4], [&contract, "MesospherePremium", "Active", "True"]);
    let waited = ["wait", "--for=condition=Ready", "supcase/down", "-n", &story.namespace, "--timeout=10s"];
    story.lab.kubectl(&waited).await.unwrap().successful().unwrap();
    until_event(&story, "down", "Accepted").await;
}

#[tokio::test]
async fn a_severity_without_a_promise_gets_a_case_and_no_invented_deadline_ruling_17() {
    let story = Story::begin("efforts").await;
    let contract = story.contract("standard", &format!("plan: MesosphereStandard\n  {TERM}")).await;
    story.case("slow", &format!("{{contractRef: {{name: {contract}}}, title: Slow, severity: Sev4}}")).await;
    let status = story.until("slow", "is decided", |status| status.state == Some(CaseState::AwaitingResponse)).await;
    let response = status.sla.unwrap().initial_response.unwrap();
    assert_eq!((response.commitment, response.result), (Commitment::ReasonableEfforts, PromiseResult::NotCommitted));
    assert_eq!((response.due_at, response.warn_at), (None, None));
    assert!(response.started_at.is_some());
    assert_eq!(condition(&status.conditions, "Ready").unwrap().0, "True");
}

#[tokio::test]
async fn a_rejected_case_names_the_check_that_failed_and_is_decided_anew_when_mended_ruling_24() {
    let story = Story::begin("rejected").await;
    let spec = format!("plan: MesospherePremium\n  {TERM}\n  contacts: [{{name: Ann, email: ann@example.com}}]");
    let contract = story.contract("premium", &spec).await;
    let asks = |who: &str| {
        format!("{{contractRef: {{name: {contract}}}, title: Help, severity: Sev2, contact: {{email: {who}}}}}")
    };
    story.case("ask", &asks("bob@example.com")).await;
    let status = story.until("ask", "is rejected", |status| status.state == Some(CaseState::Rejected)).await;
    assert_eq!(condition(&status.conditions, "Ready"), Some(("False", "ContactNotAuthorized")));
    assert_eq!(condition(&status.conditions, "Stalled").unwrap().0, "True");
    assert_eq!(status.entitlement.unwrap().decision, EntitlementDecision::Rejected);

    story.case("ask", &asks("ANN@example.com")).await;
    let status = story.until("ask", "is accepted", |status| status.state == Some(CaseState::AwaitingResponse)).await;
    assert_eq!(condition(&status.conditions, "Ready"), Some(("True", "Accepted")));
}

#[tokio::test]
async fn a_case_before_its_contract_waits_and_its_clock_runs_from_its_creation_ruling_22() {
    let story = Story::begin("waits").await;
    let name = format!("late-{}", story.namespace);
    let case = story.case("early", &format!("{{contractRef: {{name: {name}}}, title: Early, severity: Sev1}}")).await;
    let status = story.until("early", "waits", |status| condition(&status.conditions, "Reconciling").is_some()).await;
    assert_eq!(status.state, Some(CaseState::Pending));
    assert_eq!(condition(&status.conditions, "Reconciling"), Some(("True", "ContractNotFound")));
    assert_eq!(condition(&status.conditions, "Ready"), Some(("Unknown", "ContractNotFound")));

    assert_eq!(story.contract("late", &format!("plan: MesospherePremium\n  {TERM}")).await, name);
    let status = story.until("early", "is accepted", |status| status.state == Some(CaseState::AwaitingResponse)).await;
    assert_eq!(status.sla.unwrap().initial_response.unwrap().due_at, Some(created(&case) + TimeDelta::hours(1)));

    let contracts = Api::<SupportContract>::all(story.client.clone());
    contracts.delete(&name, &DeleteParams::default()).await.unwrap();
    let status = story.until("early", "is on hold", |status| status.state == Some(CaseState::OnHold)).await;
    assert_eq!(condition(&status.conditions, "Ready"), Some(("False", "ContractDeleted")), "ruling 28");
    let response = status.sla.unwrap().initial_response.unwrap();
    assert_eq!((response.result, response.due_at), (PromiseResult::Paused, None), "ruling 20");
    assert!(response.remaining_seconds.unwrap() <= 3600);
}

#[tokio::test]
async fn an_answer_in_time_meets_the_promise_and_its_activity_belongs_to_the_case_ruling_12() {
    let story = Story::begin("answered").await;
    let contract = story.contract("premium", &format!("plan: MesospherePremium\n  {TERM}")).await;
    let case = story.case("ask", &format!("{{contractRef: {{name: {contract}}}, title: Help, severity: Sev1}}")).await;
    let before = story.until("ask", "is decided", |status| status.state == Some(CaseState::AwaitingResponse)).await;
    let answer =
        "{caseRef: {name: ask}, actor: {role: SupportEngineer, name: Kim}, type: ContactAttempted, message: Called}";
    let activity = story.activity("call", answer).await;
    let status = story.until("ask", "is in progress", |status| status.state == Some(CaseState::InProgress)).await;
    let response = status.sla.unwrap().initial_response.unwrap();
    assert_eq!((response.result, response.met_at), (PromiseResult::Met, Some(created(&activity))));
    assert_eq!(status.responded_at, Some(created(&activity)));
    assert_eq!(condition(&status.conditions, "ResponseTargetMet").unwrap().0, "True");
    assert_eq!(flipped(&before.conditions, "Ready"), flipped(&status.conditions, "Ready"), "Ready did not flip");

    let activities = story.activities();
    let recorded = wait_for("the activity to be recorded", SOON, async || {
        let activity = activities.get("call").await.ok()?;
        let recorded =
            activity.status.as_ref().and_then(|status| condition(&status.conditions, "Recorded"))?.0 == "True";
        (recorded && activity.metadata.owner_references.is_some()).then_some(activity)
    });
    let owners = recorded.await.unwrap().metadata.owner_references.unwrap();
    assert_eq!(Some(&owners[0].uid), case.metadata.uid.as_ref());

    story.cases().delete("ask", &DeleteParams::default()).await.unwrap();
    let gone = wait_for("the activity to go with its case", SOON, async || {
        activities.get_opt("call").await.ok()?.is_none().then_some(())
    });
    gone.await.unwrap();
}

#[tokio::test]
async fn a_promise_that_is_not_kept_is_breached_and_escalates_by_itself_ruling_30() {
    let story = Story::begin("breached").await;
    let contract = story.contract("minute", ONE_MINUTE).await;
    let case =
        story.case("ignored", &format!("{{contractRef: {{name: {contract}}}, title: Help, severity: Sev1}}")).await;
    let breached = |status: &meshcase::api::SupportCaseStatus| {
        let response = status.sla.as_ref().and_then(|sla| sla.initial_response.as_ref());
        response.is_some_and(|response| response.result == PromiseResult::Breached)
    };
    let status = story.until_within(Duration::from_secs(120), "ignored", "breaches", breached).await;
    let response = status.sla.unwrap().initial_response.unwrap();
    assert_eq!(response.due_at, Some(created(&case) + TimeDelta::minutes(1)));
    assert_eq!(response.breached_at, Some(created(&case) + TimeDelta::seconds(61)), "ruling 1");
    let escalation = status.escalation.unwrap();
    assert_eq!(escalation.level, EscalationLevel::SupportManager);
    assert_eq!(escalation.cause.as_deref(), Some("ResponseBreached"));
    assert_eq!(condition(&status.conditions, "ResponseTargetMet").unwrap().0, "False");
    assert_eq!(condition(&status.conditions, "Escalated").unwrap().0, "True");
    assert_eq!(condition(&status.conditions, "Ready").unwrap().0, "True", "a breached case is still being handled");
    until_event(&story, "ignored", "InitialResponseBreached").await;
}

#[tokio::test]
async fn of_two_default_contracts_the_oldest_counts_and_the_other_says_so_ruling_27() {
    // Defaults reach every namespace: a laboratory of its own, so that no other test meets them.
    let lab = Lab::start().await.unwrap();
    lab.operator(&OperatorOptions::new(OPERATOR)).await.unwrap();
    let story = Story::within(&lab, "default").await;
    let first = story.contract("b-first", &format!("default: true\n  plan: MesospherePremium\n  {TERM}")).await;
    let ready = |contract: &SupportContract, wanted: (&str, &str)| {
        contract.status.as_ref().is_some_and(|status| condition(&status.conditions, "Ready") == Some(wanted))
    };
    story.until_contract(&first, "is ready", |contract| ready(contract, ("True", "ContractValid"))).await;
    // Creation times are whole seconds: the second one must be younger.
    let oldest = created(&Api::<SupportContract>::all(story.client.clone()).get(&first).await.unwrap());
    wait_for("another second", SOON, async || {
        (chrono::Utc::now() - oldest > TimeDelta::milliseconds(1100)).then_some(())
    })
    .await
    .unwrap();
    let second = story.contract("a-second", &format!("default: true\n  plan: MesospherePremium\n  {TERM}")).await;
    let says = |contract: &SupportContract| {
        let conditions = contract.status.iter().flat_map(|status| &status.conditions);
        conditions.into_iter().any(|condition| condition.reason == "NotTheDefault")
    };
    story.until_contract(&second, "says that it is not the default", says).await;
    story.case("unnamed", "{title: Which contract, severity: Sev2}").await;
    let status = story.until("unnamed", "is decided", |status| status.state == Some(CaseState::AwaitingResponse)).await;
    assert_eq!(status.entitlement.unwrap().contract.unwrap().name, first);
}

/// Waits until an event with this reason stands on the case.
async fn until_event(story: &Story<'_>, case: &str, reason: &str) {
    let events = story.api::<Event>();
    let waited = format!("the event {reason} on {case}");
    let found = wait_for(&waited, SOON, async || {
        let list = events.list(&ListParams::default()).await.ok()?;
        list.items.into_iter().find(|event| {
            event.reason.as_deref() == Some(reason)
                && event.regarding.as_ref().and_then(|object| object.name.as_deref()) == Some(case)
        })
    });
    found.await.unwrap();
}
