//! The kubectl plugin's binary against a real API server, beside the running operator. Not for: what its tables look like in
//! every case; golden files beside the code hold that.

use std::process::Output;

use chrono::{Days, TimeDelta, Utc};
use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;
use kube::api::PostParams;
use meshcase::api::CaseState;
use meshcase_lab::{Identity, SYSTEM_NAMESPACE};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::story::{Story, TERM};

/// What the plugin did, as `identity`.
async fn plugin_as(story: &Story<'_>, identity: &Identity, arguments: &[&str]) -> Output {
    let config = story.lab.kubeconfig_for(identity).unwrap();
    let mut plugin = Command::new(env!("CARGO_BIN_EXE_kubectl-meshcase"));
    plugin.args(arguments).args(["--namespace", &story.namespace]).arg("--kubeconfig").arg(config);
    plugin.env_remove("KUBECONFIG").kill_on_drop(true).output().await.unwrap()
}

/// What the plugin printed as an admin; it must succeed.
async fn plugin(story: &Story<'_>, arguments: &[&str]) -> String {
    let output = plugin_as(story, &Identity::Admin, arguments).await;
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn line<'a>(page: &'a str, begins: &str) -> &'a str {
    let found = page.lines().map(str::trim).find(|line| line.starts_with(begins));
    found.unwrap_or_else(|| panic!("no line begins with {begins:?} in\n{page}"))
}

/// A severity 1 case under Mesosphere Premium, once it is decided.
async fn decided(story: &Story<'_>) -> String {
    let contract = story.contract("premium", &format!("plan: MesospherePremium\n  {TERM}")).await;
    let spec = format!(
        "{{contractRef: {{name: {contract}}}, title: Checkout is down, severity: Sev1, evidence: {{collect: false}}}}"
    );
    story.case("down", &spec).await;
    let status = story.until("down", "is decided", |status| status.state == Some(CaseState::AwaitingResponse)).await;
    let due = status.sla.unwrap().initial_response.unwrap().due_at.unwrap();
    due.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[tokio::test]
async fn version_names_the_plugin_and_the_operator_whose_deployment_it_finds() {
    let story = Story::begin("plugin-version").await;
    let none = plugin_as(&story, &Identity::Admin, &["version"]).await;
    assert!(none.status.success() && text(&none.stderr).contains("no operator found"), "{none:?}");
    // The laboratory runs the operator as a process: this stands for the Deployment that the chart would make.
    let labels = json!({"app.kubernetes.io/name": "meshcase", "app.kubernetes.io/version": "0.9.1"});
    let deployment: Deployment = serde_json::from_value(json!({
        "metadata": {"name": "other", "labels": labels},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels}, "spec": {"containers": [{"name": "operator", "image": "meshcase"}]}}},
    }))
    .unwrap();
    let deployments = Api::namespaced(story.client.clone(), &story.namespace);
    deployments.create(&PostParams::default(), &deployment).await.unwrap();

    let found = plugin_as(&story, &Identity::Admin, &["version"]).await;
    let page = text(&found.stdout);
    assert_eq!(line(&page, "client"), format!("client    {}", env!("CARGO_PKG_VERSION")));
    assert_eq!(line(&page, "zones"), format!("zones     {}", meshcase::domain::time::ZoneData::built_in().version()));
    assert_eq!(line(&page, "operator"), format!("operator  0.9.1  (Deployment {}/other)", story.namespace));
    assert!(text(&found.stderr).contains("differ by more than a patch"), "{found:?}");

    let stranger = plugin_as(&story, &Identity::user("stranger", &[]), &["version"]).await;
    assert_eq!(stranger.status.code(), Some(1));
    assert!(text(&stranger.stderr).contains("cannot list resource \"deployments\""), "{stranger:?}");
}

#[tokio::test]
async fn status_shows_the_decision_and_the_deadline_in_the_plans_zone() {
    let story = Story::begin("plugin-status").await;
    let due = decided(&story).await;
    let page = plugin(&story, &["status", "down"]).await;
    assert_eq!(line(&page, "State"), "State             AwaitingResponse");
    assert!(page.contains("times in America/Los_Angeles and in UTC"), "{page}");
    assert!(line(&page, "due").ends_with(&due), "{due}\n{page}");
    assert!(line(&page, "ENTITLEMENT").ends_with("Accepted"), "{page}");

    let case: Value = serde_json::from_str(&plugin(&story, &["status", "down", "-o", "json"]).await).unwrap();
    assert_eq!(case["status"]["sla"]["initialResponse"]["dueAt"], due.as_str());

    let missing = plugin_as(&story, &Identity::Admin, &["status", "nowhere"]).await;
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("\"nowhere\" not found"), "{missing:?}");
}

#[tokio::test]
async fn explain_takes_the_operators_own_deadline_apart() {
    let story = Story::begin("plugin-explain").await;
    let due = decided(&story).await;
    let page = plugin(&story, &["explain", "down"]).await;
    assert!(line(&page, "due at").ends_with(&due), "{due}\n{page}");
    let explained = plugin(&story, &["explain", "down", "--promise", "initialResponse", "-o", "json"]).await;
    let explained: Value = serde_json::from_str(&explained).unwrap();
    let response = &explained["promises"][0];
    assert_eq!((&response["promise"], &response["dueAt"]), (&json!("InitialResponse"), &json!(due)));
    let ledger = response["ledger"].as_array().unwrap();
    let counted: i64 =
        ledger.iter().filter(|span| span["kind"] == "Counted").filter_map(|span| span["seconds"].as_i64()).sum();
    assert_eq!(counted, 3600, "an hour around the clock: {explained}");
}

#[tokio::test]
async fn explain_names_the_holiday_of_a_calendar_in_a_config_map() {
    let story = Story::begin("plugin-holiday").await;
    let map = format!("feed-{}", story.namespace);
    // Three days, so that the case is opened on a holiday also where the test meets midnight.
    let today = Utc::now().date_naive();
    let (first, end) = (today.format("%Y%m%d"), (today + Days::new(3)).format("%Y%m%d"));
    let feed = format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//laboratory//EN\nBEGIN:VEVENT\nUID:founders\nDTSTAMP:20200101T000000Z\n\
         DTSTART;VALUE=DATE:{first}\nDTEND;VALUE=DATE:{end}\nSUMMARY:Founders' Days\nEND:VEVENT\nEND:VCALENDAR\n"
    );
    let data = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": map},
        "data": {"company.ics": feed}});
    story.lab.apply_in(SYSTEM_NAMESPACE, &format!("{data:#}")).await.unwrap();
    let days = "[Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday]";
    let plan = format!(
        "plan: Custom
  customPlan:
    displayName: All day but on holidays
    vendor: The laboratory
    timeZone: Etc/UTC
    businessHours: [{{days: {days}, opens: '00:00', closes: '24:00'}}]
    severities: [{{severity: Sev1, clock: BusinessHours, initialResponse: {{amount: 2, unit: Hours}}}}]
    channels: [Kubernetes]
  holidays: {{iCalendar: [{{name: {map}, key: company.ics}}]}}
  {TERM}"
    );
    let contract = story.contract("holiday", &plan).await;
    let spec =
        format!("{{contractRef: {{name: {contract}}}, title: Down, severity: Sev1, evidence: {{collect: false}}}}");
    story.case("down", &spec).await;
    let status = story.until("down", "is decided", |status| status.state == Some(CaseState::AwaitingResponse)).await;
    let due = status.sla.unwrap().initial_response.unwrap().due_at.unwrap();
    let opens = (today + Days::new(3)).and_hms_opt(0, 0, 0).unwrap().and_utc();
    assert_eq!(due, opens + TimeDelta::hours(2));

    let explain = ["explain", "down", "--operator-namespace", SYSTEM_NAMESPACE];
    let page = plugin(&story, &explain).await;
    assert!(page.contains("Founders' Days"), "{page}");
    let explained = plugin(&story, &[&explain[..], &["-o", "json"]].concat()).await;
    let explained: Value = serde_json::from_str(&explained).unwrap();
    let ledger = explained["promises"][0]["ledger"].as_array().unwrap();
    let spans: Vec<_> = ledger.iter().map(|span| (span["kind"].as_str().unwrap(), &span["reason"])).collect();
    assert_eq!(spans.first(), Some(&("Holiday", &json!("Founders' Days"))), "{explained}");
    assert_eq!(ledger.last().unwrap()["seconds"], 7200, "{explained}");
}
