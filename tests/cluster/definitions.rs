//! The three definitions on a real API server: sound, without warnings, and what kubectl makes of them. Not for: which
//! input they refuse (`bad_input.rs`).

use serde_json::{Value, json};

use crate::call::{create, path};
use crate::quiet::quiet;

const NAMES: [&str; 3] = ["supportcontracts.meshcase.io", "supportcases.meshcase.io", "supportactivities.meshcase.io"];

async fn kubectl(arguments: &[&str]) -> String {
    quiet().await.kubectl(arguments).await.unwrap().successful().unwrap().stdout
}

/// A case, an activity and a contract, all in or named after a namespace of their own.
async fn one_of_each(prefix: &str) -> String {
    let lab = quiet().await;
    let namespace = lab.namespace(prefix).await.unwrap();
    let objects = format!(
        "apiVersion: meshcase.io/v1alpha1\nkind: SupportContract\nmetadata: {{name: {namespace}}}\n\
         spec: {{plan: MesosphereStandard, term: {{startsAt: '2026-01-01T00:00:00Z'}}, namespaceSelector: {{matchLabels: {{none: none}}}}}}\n---\n\
         apiVersion: meshcase.io/v1alpha1\nkind: SupportCase\nmetadata: {{name: checkout}}\n\
         spec: {{title: checkout fails, severity: Sev1, contractRef: {{name: {namespace}}}, evidence: {{collect: false}}}}\n---\n\
         apiVersion: meshcase.io/v1alpha1\nkind: SupportCase\nmetadata: {{name: basket}}\n\
         spec: {{title: basket is slow, severity: Sev3, evidence: {{collect: false}}}}\n---\n\
         apiVersion: meshcase.io/v1alpha1\nkind: SupportActivity\nmetadata: {{name: reply}}\n\
         spec: {{caseRef: {{name: checkout}}, actor: {{role: Contact}}, type: CustomerReplied}}\n"
    );
    let applied = lab.apply_in(&namespace, &objects).await.unwrap();
    assert_eq!((applied.objects.len(), applied.warnings), (4, vec![]));
    namespace
}

fn header(table: &str) -> Vec<String> {
    // A column's own name may hold one space; columns are at least three apart.
    table
        .lines()
        .next()
        .unwrap_or_default()
        .split("   ")
        .map(|cell| cell.trim().to_owned())
        .filter(|cell| !cell.is_empty())
        .collect()
}

#[tokio::test]
async fn the_server_takes_the_definitions_without_a_warning_and_finds_nothing_amiss() {
    let lab = quiet().await;
    let output =
        lab.kubectl(&["apply", "--server-side", "--force-conflicts", "--dry-run=server", "--filename", "crds"]).await;
    let output = output.unwrap().successful().unwrap();
    assert_eq!((output.stdout.lines().count(), output.stderr.as_str()), (3, ""));
    for name in NAMES {
        let crd: Value = serde_json::from_str(&kubectl(&["get", "crd", name, "-o", "json"]).await).unwrap();
        let conditions = crd["status"]["conditions"].as_array().unwrap();
        let status = |kind: &str| conditions.iter().find(|c| c["type"] == kind).map(|c| c["status"].clone());
        assert_eq!(status("Established"), Some(json!("True")), "{name}");
        assert_eq!(status("NamesAccepted"), Some(json!("True")), "{name}");
        assert_eq!(status("NonStructuralSchema"), None, "{name}: {conditions:?}");
        assert_eq!(crd["status"]["storedVersions"], json!(["v1alpha1"]), "{name}");
    }
}

/// The cost of a rule is judged when a definition is taken: one that is too dear is refused by name. This shows that the
/// server judges ours.
#[tokio::test]
async fn a_rule_that_costs_too_much_would_be_refused() {
    let mut crd = meshcase::api::definitions().unwrap().remove(1);
    crd["metadata"]["name"] = json!("supportcases.dear.meshcase.test");
    crd["spec"]["group"] = json!("dear.meshcase.test");
    let affected = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/affected";
    let affected = crd.pointer_mut(affected).unwrap();
    affected["maxItems"] = json!(100_000);
    affected["x-kubernetes-validations"] =
        json!([{"rule": "self.all(a, self.exists(b, a.name == b.name))", "message": "must be"}]);
    let answer = create(
        &quiet().await.admin().await.unwrap(),
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All",
        &crd,
    )
    .await;
    answer.must_be("a dear rule", 422, &["properties[affected].x-kubernetes-validations[0].rule", "exceeds budget"]);
}

#[tokio::test]
async fn get_support_lists_all_three_kinds() {
    let namespace = one_of_each("category").await;
    let names = kubectl(&["get", "support", "-n", &namespace, "-o", "name"]).await;
    for name in [
        "supportcase.meshcase.io/checkout",
        "supportactivity.meshcase.io/reply",
        &format!("supportcontract.meshcase.io/{namespace}"),
    ] {
        assert!(names.lines().any(|line| line == name), "{names}");
    }
}

#[tokio::test]
async fn each_kind_has_its_short_name_and_the_columns_of_the_design() {
    let namespace = one_of_each("columns").await;
    let columns =
        async |short: &str, more: &[&str]| header(&kubectl(&[&["get", short, "-n", &namespace], more].concat()).await);
    assert_eq!(columns("supcontract", &[]).await, ["NAME", "PLAN", "STATE", "READY", "EXPIRES", "OPEN CASES", "AGE"]);
    let case = ["NAME", "SEVERITY", "STATE", "READY", "REASON", "RESPONSE DUE", "RESULT", "ESCALATION"];
    assert_eq!(columns("supcase", &[]).await, [&case[..], &["AGE"]].concat());
    let wide = ["TITLE", "TRACKING", "CONTRACT", "MESH", "KUBERNETES", "EVIDENCE", "AGE"];
    assert_eq!(columns("supcase", &["-o", "wide"]).await, [&case[..], &wide].concat());
    assert_eq!(columns("supactivity", &[]).await, ["NAME", "CASE", "TYPE", "ROLE", "RECORDED", "AGE"]);
}

#[tokio::test]
async fn cases_can_be_selected_by_severity_and_by_contract() {
    let namespace = one_of_each("fields").await;
    let select = async |field: &str| {
        kubectl(&["get", "supcase", "-n", &namespace, "-o", "name", "--field-selector", field]).await
    };
    assert_eq!(select("spec.severity=Sev1").await, "supportcase.meshcase.io/checkout\n");
    assert_eq!(select("spec.severity!=Sev1").await, "supportcase.meshcase.io/basket\n");
    assert_eq!(select(&format!("spec.contractRef.name={namespace}")).await, "supportcase.meshcase.io/checkout\n");
}

#[tokio::test]
async fn explain_tells_what_a_field_is_for() {
    for (field, part) in [
        ("supportcase.spec.evidence.collect", "pods/log"),
        ("supportcontract.spec.customPlan.timeZone", "IANA"),
        ("supportactivity.spec.occurredAt", "creationTimestamp"),
    ] {
        let text = kubectl(&["explain", field]).await;
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn what_a_case_leaves_out_stays_out_but_for_the_documented_defaults() {
    let lab = quiet().await;
    let namespace = lab.namespace("defaults").await.unwrap();
    let case = json!({"apiVersion": "meshcase.io/v1alpha1", "kind": "SupportCase", "metadata": {"name": "a"},
        "spec": {"title": "a", "evidence": {}}});
    let list = format!("{}?dryRun=All", path(Some(&namespace), "supportcases"));
    let created = create(&lab.admin().await.unwrap(), &list, &case).await;
    let expected = json!({"title": "a", "category": "Incident", "channel": "Kubernetes",
        "evidence": {"collect": true, "sinceMinutes": 60}});
    assert_eq!((created.code, &created.object["spec"]), (200, &expected));
}
