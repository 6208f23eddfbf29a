//! Bad input to objects that are stored already: forged statuses, edits of what is fixed, rules that came later. Not for:
//! what the operator then says on them.

use std::time::Duration;

use meshcase_lab::wait_for;
use serde_json::json;

use super::{good, place};
use crate::call::{create, merge, path};
use crate::quiet::quiet;

#[tokio::test]
async fn i26_a_status_in_the_main_request_is_ignored() {
    let (client, namespace) = place("i26").await;
    let mut case = good("SupportCase");
    case["status"] = json!({"state": "Closed", "trackingNumber": "forged"});
    let list = path(Some(&namespace), "supportcases");
    let created = create(&client, &list, &case).await;
    created.must_be("a case with a status", 200, &[]);
    // What is there is the default of a new object.
    assert_eq!(created.object["status"], json!({"observedGeneration": -1}));
    let merged = merge(&client, &format!("{list}/good"), &json!({"status": {"state": "Closed"}})).await;
    assert_eq!((merged.code, &merged.object["status"]), (200, &json!({"observedGeneration": -1})));
}

#[tokio::test]
async fn i27_an_activity_is_written_once() {
    let (client, namespace) = place("i27").await;
    let list = path(Some(&namespace), "supportactivities");
    create(&client, &list, &good("SupportActivity")).await.must_be("an activity", 200, &[]);
    for spec in [json!({"message": "another"}), json!({"occurredAt": "2026-11-25T12:00:00Z"}), json!({"message": null})]
    {
        let answer = merge(&client, &format!("{list}/good"), &json!({"spec": spec})).await;
        answer.must_be("an edit", 422, &["spec: Invalid value", "must not be changed: an activity is written once"]);
    }
    merge(&client, &format!("{list}/good"), &json!({"metadata": {"labels": {"a": "b"}}})).await.must_be(
        "a label",
        200,
        &[],
    );
}

/// A stored object that a stricter definition would refuse does not lose its status nor its other fields. (What the
/// operator then says on it is shown where the operator runs.) The definition is one of another group: the others are in use.
#[tokio::test]
async fn i30_an_object_stored_before_a_rule_was_made_can_still_be_written_beside_it() {
    let (client, namespace) = place("i30").await;
    let lab = quiet().await;
    let crds = meshcase::api::definitions().unwrap();
    let mut crd = crds.into_iter().find(|crd| crd["spec"]["names"]["kind"] == "SupportCase").unwrap();
    crd["metadata"]["name"] = json!("oldcases.older.meshcase.test");
    crd["spec"]["group"] = json!("older.meshcase.test");
    crd["spec"]["names"] = json!({"kind": "OldCase", "plural": "oldcases", "singular": "oldcase"});
    let schema = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/severity/enum";
    let strict = crd.clone();
    crd.pointer_mut(schema).unwrap().as_array_mut().unwrap().push(json!("Sev0"));
    lab.apply(&format!("{}\n", serde_json::to_string_pretty(&crd).unwrap())).await.unwrap();
    let established = ["wait", "--for=condition=Established", "crd/oldcases.older.meshcase.test", "--timeout=60s"];
    lab.kubectl(&established).await.unwrap().successful().unwrap();

    let mut case = good("SupportCase");
    case["apiVersion"] = json!("older.meshcase.test/v1alpha1");
    case["kind"] = json!("OldCase");
    case["spec"]["severity"] = json!("Sev0");
    let list = format!("/apis/older.meshcase.test/v1alpha1/namespaces/{namespace}/oldcases");
    create(&client, &list, &case).await.must_be("under the older definition", 200, &[]);
    lab.apply(&format!("{}\n", serde_json::to_string_pretty(&strict).unwrap())).await.unwrap();
    case["metadata"]["name"] = json!("newer");
    wait_for("the stricter definition", Duration::from_secs(60), async || {
        let answer = create(&client, &format!("{list}?dryRun=All"), &case).await;
        (answer.code == 422 && answer.message.contains("spec.severity: Unsupported value")).then_some(())
    })
    .await
    .unwrap();

    let one = format!("{list}/good");
    merge(&client, &format!("{one}/status"), &json!({"status": {"state": "Pending"}})).await.must_be(
        "its status",
        200,
        &[],
    );
    merge(&client, &one, &json!({"spec": {"title": "504"}})).await.must_be("another field", 200, &[]);
    merge(&client, &one, &json!({"spec": {"severity": "Sev9"}})).await.must_be("the field", 422, &["spec.severity"]);
}
