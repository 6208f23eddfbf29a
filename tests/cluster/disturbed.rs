//! The operator killed, ended, and faced with what it cannot read; each in a laboratory of its own, for what happens here
//! would disturb others. Not for: bad input that admission refuses (`bad_input.rs`).

use std::time::Duration;

use meshcase::api::{CaseState, EvidenceState};
use meshcase_lab::{Lab, LogBehaviour, OperatorOptions, files_below, wait_for};

use crate::story::{OPERATOR, SOON, Story, TERM, condition};

/// Long enough to be met in the middle, and far above the memory that the operator may take.
const LONG: u64 = 256 << 20;
/// What an unoptimised operator on a busy machine may take for it.
const PATIENCE: Duration = Duration::from_secs(300);
/// Of the operator, whatever a log's size, in KiB.
const MEMORY: u64 = 128 << 10;

#[tokio::test]
async fn a_stored_case_of_a_newer_version_says_so_and_stops_nobody() {
    let lab = Lab::start().await.unwrap();
    lab.install_meshcase().await.unwrap();
    let story = Story::within(&lab, "newer").await;
    let contract = story.contract("premium", &format!("plan: MesospherePremium\n  {TERM}")).await;
    let asks = |severity: &str| format!("{{contractRef: {{name: {contract}}}, title: Help, severity: {severity}}}");
    let patch = |operation: &str, value: &str| {
        let path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/severity/enum/-";
        let path = if operation == "remove" { path.replace("/-", "/4") } else { path.to_owned() };
        format!(r#"[{{"op": "{operation}", "path": "{path}"{value}}}]"#)
    };
    let widened = ["patch", "crd", "supportcases.meshcase.io", "--type=json", "-p"];
    let run = async |patch: String| {
        lab.kubectl(&[&widened[..], &[&patch]].concat()).await.unwrap().successful().unwrap();
    };
    run(patch("add", r#", "value": "Sev0""#)).await;
    let text = format!(
        "apiVersion: meshcase.io/v1alpha1\nkind: SupportCase\nmetadata: {{name: newer}}\nspec: {}\n",
        asks("Sev0")
    );
    // The server takes a moment until it serves the new schema.
    let stored =
        wait_for("the newer case to be stored", SOON, async || lab.apply_in(&story.namespace, &text).await.ok());
    stored.await.unwrap();
    run(patch("remove", "")).await;

    let operator = lab.operator(&OperatorOptions::new(OPERATOR)).await.unwrap();
    story.case("current", &asks("Sev1")).await;
    story.until("current", "is decided", |status| status.state == Some(CaseState::AwaitingResponse)).await;
    let shown = wait_for("the newer case to say so", SOON, async || {
        let path = "jsonpath={.status.conditions[?(@.type==\"Ready\")]}";
        let shown = lab.kubectl(&["get", "supcase", "newer", "-n", &story.namespace, "-o", path]).await.ok()?;
        (!shown.stdout.is_empty()).then_some(shown.stdout)
    });
    let shown = shown.await.unwrap();
    assert!(shown.contains(r#""reason":"InvalidSpec""#) && shown.contains(r#""status":"False""#), "{shown}");
    assert!(shown.contains("Sev0"), "the message names the value: {shown}");

    let ended = operator.stop().await.unwrap();
    assert!(ended.success(), "SIGTERM ends it cleanly: {ended:?}\n{}", operator.logs());
}

#[tokio::test]
async fn a_kill_while_a_bundle_is_made_leaves_exactly_one_bundle_and_a_true_status() {
    let lab = Lab::start().await.unwrap();
    let operator = lab.operator(&OperatorOptions::new(OPERATOR)).await.unwrap();
    let story = Story::within(&lab, "killed").await;
    lab.bad_pod(&story.namespace, "chatty", &[("long", LogBehaviour::Made { bytes: LONG })]).await.unwrap();
    let contract = story.contract("premium", &format!("plan: MesospherePremium\n  {TERM}")).await;
    let spec = format!(
        "{{contractRef: {{name: {contract}}}, title: Help, severity: Sev1, affected: [{{kind: Pod, name: chatty}}]}}"
    );
    story.case("killed", &spec).await;
    let state = |status: &meshcase::api::SupportCaseStatus| status.evidence.as_ref().map(|evidence| evidence.state);
    story.until("killed", "collects", |status| state(status) == Some(EvidenceState::Collecting)).await;
    wait_for("the long log to flow", SOON, async || {
        let spooled = files_below(&operator.work_dir()).unwrap();
        spooled.iter().any(|file| file.metadata().is_ok_and(|file| file.len() > 0)).then_some(())
    })
    .await
    .unwrap();
    operator.kill9().unwrap();
    let stored = files_below(&operator.evidence_store()).unwrap();
    assert!(stored.is_empty(), "the kill came in the middle: {stored:?}");

    let again = lab.restart(&operator).await.unwrap();
    let done = |status: &meshcase::api::SupportCaseStatus| {
        matches!(state(status), Some(EvidenceState::Complete | EvidenceState::Partial))
    };
    let status = story.until_within(PATIENCE, "killed", "has its bundle", done).await;
    let evidence = status.evidence.unwrap();
    assert_eq!(evidence.state, EvidenceState::Complete, "{evidence:?}");
    let bundle = evidence.bundle.unwrap();
    let stored = files_below(&again.evidence_store()).unwrap();
    assert_eq!(stored.len(), 1, "{stored:?}");
    assert_eq!(bundle.uri, format!("file://{}", stored[0].display()));
    assert_eq!(bundle.size_bytes, i64::try_from(stored[0].metadata().unwrap().len()).unwrap());
    let left = files_below(&again.work_dir()).unwrap();
    assert!(left.is_empty(), "the work folder is empty again: {left:?}");
    let peak = again.rss_peak_kib().unwrap();
    assert!(peak < MEMORY, "a log of {LONG} bytes went through {peak} KiB of memory");
    assert_eq!(condition(&status.conditions, "Ready").unwrap().0, "True");
}
