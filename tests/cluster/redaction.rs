//! A contract's own redaction rules: one that cannot be used is told, and holds the evidence up until it is mended.
//! Not for: what the built-in rules find; those have a table with samples beside the code.

use meshcase::api::{EvidenceState, SupportCaseStatus, SupportContract};
use meshcase_lab::SYSTEM_NAMESPACE;

use crate::evidence::is_collected;
use crate::story::{Story, TERM, condition};

const TELLS: &str = "RedactionRulesValid";

/// Writes the contract's rules: one, with this expression.
async fn write_rule(story: &Story<'_>, name: &str, expression: &str) {
    let rules = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n  rules.yaml: |\n    - {{id: badge, expression: '{expression}'}}\n"
    );
    story.lab.apply_in(SYSTEM_NAMESPACE, &rules).await.unwrap();
}

fn rules_are(contract: &SupportContract, wanted: (&str, &str)) -> bool {
    let conditions = contract.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    condition(conditions, TELLS) == Some(wanted)
}

fn is_held_up(status: &SupportCaseStatus) -> bool {
    status.evidence.as_ref().is_some_and(|evidence| evidence.findings.iter().any(|one| one.id == "InvalidRedactor"))
}

#[tokio::test]
async fn a_redaction_rule_that_cannot_be_used_is_told_with_its_offset_and_holds_the_evidence_up_until_it_is_mended() {
    let story = Story::begin("rules").await;
    let rules = format!("rules-{}", story.namespace);
    write_rule(&story, &rules, "badge (").await;
    let evidence = format!("evidence: {{redactionRules: [{{name: {rules}, key: rules.yaml}}]}}");
    let contract = story.contract("premium", &format!("plan: MesospherePremium\n  {TERM}\n  {evidence}")).await;
    let told =
        story.until_contract(&contract, "tells of the rule", |it| rules_are(it, ("False", "InvalidRedactor"))).await;
    let conditions = told.status.unwrap().conditions;
    let message = &conditions.iter().find(|condition| condition.type_ == TELLS).unwrap().message;
    assert!(
        message.ends_with(&format!("ConfigMap `{rules}`: redaction rule \"badge\": unclosed group at offset 6")),
        "{message}"
    );

    story.case("down", &format!("{{contractRef: {{name: {contract}}}, title: Down, severity: Sev1}}")).await;
    let held = story.until("down", "says why nothing is collected", is_held_up).await;
    let evidence = held.evidence.unwrap();
    assert_eq!((evidence.state, evidence.started_at), (EvidenceState::Pending, None), "nothing was begun");
    assert!(held.sla.is_some(), "the clock does not wait for it");

    write_rule(&story, &rules, "badge [0-9]+").await;
    story.until_contract(&contract, "takes the mended rule", |it| rules_are(it, ("True", "RulesValid"))).await;
    let done = story.until("down", "has its evidence by itself", is_collected).await;
    assert!(!is_held_up(&done), "{done:?}");
    assert!(done.evidence.unwrap().bundle.is_some());
}
