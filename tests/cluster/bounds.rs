//! What people and other programs write breaks no status: the API server takes what is shortened, and what once was refused
//! for ever is told. Not for: each field's bound; that is tested beside the code.

use k8s_openapi::api::events::v1::Event;
use kube::api::ListParams;
use meshcase::api::{EvidenceState, SupportCaseStatus};
use meshcase::convert::writer::{ACTIVITY, CASE, CONTRACT, EVIDENCE, FACTS, Writer};
use meshcase_lab::overfull::all_fields;
use meshcase_lab::{Lab, LogBehaviour, OPERATOR_ACCOUNT, OperatorOptions, SYSTEM_NAMESPACE, wait_for};
use serde_json::{Value, json};

use crate::bad_input::good;
use crate::call::{create, path, send};
use crate::evidence::{is_collected, log_reads};
use crate::quiet::quiet;
use crate::story::{OPERATOR, SOON, Story, TERM};

/// What builders hold within its bounds; it is never shortened.
const WHOLE: [&str; 10] = [
    "history",
    "trackingNumber",
    "entitlement.contract",
    "defect",
    "collectionId",
    "evidence.bundle",
    "findings[].id",
    "incidents",
    "contacts.observed",
    "calendarRevision",
];

#[tokio::test]
async fn the_api_server_takes_every_status_however_much_is_in_it() {
    let lab = quiet().await;
    let namespace = lab.namespace("overfull").await.unwrap();
    let admin = lab.admin().await.unwrap();
    let operator = lab.client_for_service_account(SYSTEM_NAMESPACE, OPERATOR_ACCOUNT).await.unwrap();
    let definitions = meshcase::api::definitions().unwrap();
    let writers: [(&str, &str, &[Writer]); 3] = [
        ("SupportContract", "supportcontracts", &[CONTRACT]),
        ("SupportCase", "supportcases", &[CASE, FACTS, EVIDENCE]),
        ("SupportActivity", "supportactivities", &[ACTIVITY]),
    ];
    for (kind, plural, writers) in writers {
        let mut object = good(kind);
        object["metadata"]["name"] = json!(format!("overfull-{namespace}"));
        let place = path((kind != "SupportContract").then_some(namespace.as_str()), plural);
        create(&admin, &place, &object).await.must_be(kind, 200, &[]);
        let definition = definitions.iter().find(|definition| definition["spec"]["names"]["kind"] == kind).unwrap();
        let root = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        let status = all_fields(&root["properties"]["status"], 1, &WHOLE);
        for writer in writers {
            let body = json!({"apiVersion": object["apiVersion"], "kind": kind,
                "metadata": {"name": object["metadata"]["name"]}, "status": writer.part(&status).unwrap()});
            let name = object["metadata"]["name"].as_str().unwrap();
            let place =
                format!("{place}/{name}/status?fieldManager=overfull&force=true&fieldValidation=Strict&dryRun=All");
            let answer =
                send(&operator, "PATCH", &place, "application/apply-patch+yaml", body.to_string().into_bytes());
            answer.await.must_be(&format!("{kind}, {}", writer.manager), 200, &[]);
        }
        // It is the shortening that makes it so.
        let name = object["metadata"]["name"].as_str().unwrap();
        let body =
            json!({"apiVersion": object["apiVersion"], "kind": kind, "metadata": {"name": name}, "status": status});
        let place = format!("{place}/{name}/status?fieldManager=overfull&force=true&dryRun=All");
        let answer = send(&operator, "PATCH", &place, "application/apply-patch+yaml", body.to_string().into_bytes());
        assert_eq!(answer.await.code, 422, "{kind}");
    }
}

#[tokio::test]
async fn a_contract_of_21_contacts_has_a_status_and_grants_incidents() {
    let story = Story::begin("contacts").await;
    let contacts: Vec<Value> = (0..21).map(|n| json!({"name": "A", "email": format!("c{n}@x.example")})).collect();
    let spec = format!("plan: MesosphereStandard\n  {TERM}\n  contacts: {}", json!(contacts));
    let contract = story.contract("many", &spec).await;
    let asks = format!(
        "{{contractRef: {{name: {contract}}}, title: Down, severity: Sev1, contact: {{email: c1@x.example}}, evidence: {{collect: false}}}}"
    );
    story.case("down", &asks).await;
    let accepted = |status: &SupportCaseStatus| {
        status.entitlement.as_ref().is_some_and(|entitlement| entitlement.quota_granted_at.is_some())
    };
    story.until("down", "is granted", accepted).await;
    let status = story.until_contract(&contract, "counts", |contract| contract.status.is_some()).await.status.unwrap();
    let contacts = status.contacts.unwrap();
    assert_eq!(
        (contacts.registered, contacts.changes[0].added.len(), contacts.changes[0].added_total),
        (21, 3, Some(21))
    );
    assert_eq!(status.incidents[0].used, 1);
}

#[tokio::test]
async fn rules_that_cannot_be_used_or_were_emptied_are_told_however_long_the_message_and_nothing_is_collected() {
    let story = Story::begin("rules").await;
    let key = "k".repeat(250);
    for (number, text) in ["[{id: a, pattern: x}]", ""].into_iter().enumerate() {
        let rules = format!("rules-{number}-{}", story.namespace);
        let map = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {rules}}}\ndata: {{{key}: '{text}'}}\n");
        story.lab.apply_in(SYSTEM_NAMESPACE, &map).await.unwrap();
        let evidence = format!("evidence: {{redactionRules: [{{name: {rules}, key: {key}}}]}}");
        let spec = format!("plan: MesospherePremium\n  {TERM}\n  {evidence}");
        let contract = story.contract(&format!("rules-{number}"), &spec).await;
        let name = format!("case-{number}");
        story.case(&name, &format!("{{contractRef: {{name: {contract}}}, title: Down, severity: Sev3}}")).await;
        let told =
            |status: &SupportCaseStatus| status.evidence.as_ref().is_some_and(|evidence| !evidence.findings.is_empty());
        let evidence = story.until(&name, "is told", told).await.evidence.unwrap();
        assert_eq!((evidence.state, evidence.findings[0].id.as_str()), (EvidenceState::Pending, "InvalidRedactor"));
        assert_eq!(evidence.findings[0].message.chars().count(), 256, "{evidence:?}");
    }
}

#[tokio::test]
async fn a_case_of_the_longest_name_has_its_events() {
    let story = Story::begin("long-name").await;
    let contract = story.contract("premium", &format!("plan: MesospherePremium\n  {TERM}")).await;
    let name = "x".repeat(253);
    let asks =
        format!("{{contractRef: {{name: {contract}}}, title: Down, severity: Sev3, evidence: {{collect: false}}}}");
    story.case(&name, &asks).await;
    let events = story.api::<Event>();
    wait_for("the case's event", SOON, async || {
        let events = events.list(&ListParams::default()).await.unwrap().items;
        let of_case = |event: &Event| event.regarding.as_ref().and_then(|object| object.name.as_ref()) == Some(&name);
        events.iter().any(|event| of_case(event) && event.reason.as_deref() == Some("Accepted")).then_some(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_store_at_a_closed_port_fails_a_bundle_after_three_attempts_across_a_restart_and_tells_no_password() {
    let lab = Lab::start().await.unwrap();
    let password = ["hunter", "2swordfish"].concat();
    let endpoint = format!("http://ops:{password}@127.0.0.1:1");
    let variables = [
        ("AWS_ENDPOINT", endpoint.as_str()),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "nowhere"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "key"),
    ];
    let operator = lab.operator(&OperatorOptions::new(OPERATOR).store("s3://bundles", &variables)).await.unwrap();
    let story = Story::within(&lab, "closed").await;
    lab.bad_pod(&story.namespace, "app", &[("app", LogBehaviour::Text("served\n".to_owned()))]).await.unwrap();
    let contract = story.contract("premium", &format!("plan: MesospherePremium\n  {TERM}")).await;
    let asks = |title: &str| {
        let affected = "affected: [{kind: Pod, name: app}]";
        format!("{{contractRef: {{name: {contract}}}, title: {title}, severity: Sev3, {affected}}}")
    };
    story.case("lost", &asks("Help")).await;
    let tried =
        |status: &SupportCaseStatus| status.evidence.as_ref().is_some_and(|evidence| evidence.message.is_some());
    story.until("lost", "has failed once", tried).await;
    operator.kill9().unwrap();
    let operator = lab.restart(&operator).await.unwrap();

    let evidence = story.until("lost", "has its end", is_collected).await.evidence.unwrap();
    assert_eq!((evidence.state, evidence.attempts), (EvidenceState::Failed, Some(3)), "{evidence:?}");
    assert!(evidence.message.as_ref().unwrap().starts_with("attempt 3 of 3: the "), "{evidence:?}");
    let case = story.case("lost", &asks("Again")).await;
    let seen = |status: &SupportCaseStatus| status.observed_generation == case.metadata.generation;
    let status = story.until("lost", "was looked at again", seen).await;
    assert!(log_reads(&story).len() <= 3, "{:?}", log_reads(&story));
    let told = serde_json::to_string(&status).unwrap() + &operator.logs();
    assert!(!told.contains(&password), "{told}");
}
