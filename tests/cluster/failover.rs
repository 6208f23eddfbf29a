//! Who leads when a leader ends, is held up or is faced with an older etcd; each in a laboratory of its own. Many such fail-overs
//! are what `make faults` is for. Not for: what the next leader makes of what came due (`downtime.rs`).

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use meshcase::api::{CaseState, SupportCaseStatus};
use meshcase_lab::{AuditEvent, Lab, OPERATOR_ACCOUNT, Operator, OperatorOptions, SYSTEM_NAMESPACE, wait_for};

use crate::story::{OPERATOR, SOON, Story, TERM};

/// After this long another replica may lead.
const LEASE: Duration = Duration::from_secs(10);

fn is_decided(status: &SupportCaseStatus) -> bool {
    status.state == Some(CaseState::AwaitingResponse)
}

/// A case, created and decided on.
async fn decided(story: &Story<'_>, contract: &str, name: &str) {
    let spec =
        format!("{{contractRef: {{name: {contract}}}, title: Help, severity: Sev2, evidence: {{collect: false}}}}");
    story.case(name, &spec).await;
    story.until(name, "is decided", is_decided).await;
}

/// The operators' writes since `since`, oldest first.
fn writes(lab: &Lab, since: usize) -> Vec<AuditEvent> {
    let account = format!("system:serviceaccount:{SYSTEM_NAMESPACE}:{OPERATOR_ACCOUNT}");
    let events = lab.audit().unwrap().into_iter().skip(since);
    events.filter(|event| event.is_write() && event.user.username == account).collect()
}

async fn premium(lab: &Lab) -> (Story<'_>, String) {
    let story = Story::within(lab, "failover").await;
    let contract = story.contract("premium", &format!("plan: MesospherePremium\n  {TERM}")).await;
    (story, contract)
}

async fn until_ended(operator: &Operator) {
    wait_for("the operator to end", SOON, async || operator.ended()).await.unwrap();
}

#[tokio::test]
async fn a_clean_stop_is_followed_at_once_and_a_leader_that_was_held_up_writes_nothing_when_it_wakes() {
    let lab = Lab::start().await.unwrap();
    let options = OperatorOptions::new(OPERATOR);
    let first = lab.operator(&options).await.unwrap();
    let (story, contract) = premium(&lab).await;
    decided(&story, &contract, "first").await;
    let second = lab.operator(&options).await.unwrap();
    assert!(first.stop().await.unwrap().success());
    decided(&story, &contract, "second").await;

    let before = lab.audit().unwrap().len();
    decided(&story, &contract, "before-the-pause").await;
    let held_up: BTreeSet<String> =
        writes(&lab, before).iter().filter_map(|write| write.credential().map(str::to_owned)).collect();
    assert_eq!(held_up.len(), 1, "one leads: {held_up:?}");
    second.pause().unwrap();
    let paused = Instant::now();
    let third = lab.operator(&options).await.unwrap();
    decided(&story, &contract, "meanwhile").await;
    assert!(paused.elapsed() < LEASE + Duration::from_secs(5), "{:?}", paused.elapsed());

    let woken = lab.audit().unwrap().len();
    second.resume().unwrap();
    until_ended(&second).await;
    decided(&story, &contract, "afterwards").await;
    let written: Vec<AuditEvent> = writes(&lab, woken);
    assert!(!written.is_empty());
    let by_the_old: Vec<_> =
        written.iter().filter(|write| write.credential().is_some_and(|id| held_up.contains(id))).collect();
    assert!(by_the_old.is_empty(), "{by_the_old:?}");
    assert!(second.logs().contains("the lease could not be renewed"), "{}", second.logs());
    assert!(third.stop().await.unwrap().success());
}
