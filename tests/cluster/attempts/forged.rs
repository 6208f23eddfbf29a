//! What a tenant writes to get what the contract does not give, with the operator running. Not for: who may write what
//! (`table.yaml`).

use meshcase::api::CaseState;
use serde_json::json;

use super::people::OWNER;
use crate::call::{merge, path};
use crate::story::{Story, TERM, condition};

#[tokio::test]
async fn a_rejected_case_stays_rejected_whatever_the_owner_of_its_namespace_writes() {
    let story = Story::begin("forged").await;
    let others = Story::begin("others").await;
    let contract = others.contract("premium", &format!("plan: MesospherePremium\n  {TERM}")).await;
    story.lab.apply_in(&story.namespace, OWNER).await.unwrap();
    story.case("ask", &format!("{{contractRef: {{name: {contract}}}, title: Help, severity: Sev1}}")).await;
    let rejected = story.until("ask", "is rejected", |status| status.state == Some(CaseState::Rejected)).await;
    assert_eq!(condition(&rejected.conditions, "Ready"), Some(("False", "NamespaceNotAllowed")));

    let owner = story.lab.client_for_user("owner", &[]).await.unwrap();
    let case = format!("{}/ask", path(Some(&story.namespace), "supportcases"));
    let forged = json!({"status": {"state": "AwaitingResponse",
        "entitlement": {"decision": "Accepted", "contract": {"name": contract, "uid": "a"}, "checks": []}}});
    let answer = merge(&owner, &format!("{case}/status"), &forged).await;
    answer.must_be("a forged status", 403, &["status: must be written by the operator", "owner is not it"]);
    // What is no status is the owner's to write, and changes nothing about the contract.
    merge(&owner, &case, &json!({"spec": {"title": "Help!"}, "status": forged["status"]})).await.must_be(
        "a title",
        200,
        &[],
    );
    let seen = story.cases().get("ask").await.unwrap().metadata.generation;
    let status = story.until("ask", "was looked at again", |status| status.observed_generation == seen).await;
    assert_eq!(status.state, Some(CaseState::Rejected));
    assert_eq!(condition(&status.conditions, "Ready"), Some(("False", "NamespaceNotAllowed")));
}
