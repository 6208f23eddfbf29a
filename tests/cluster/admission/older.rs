//! Objects that are older than the policies and break each of them: everybody can still label and delete them, finalizers
//! included. Not for: what the policies refuse.

use std::time::Duration;

use kube::Client;
use meshcase_lab::{Lab, Result, wait_for};
use serde_json::{Value, json};

use super::role;
use crate::call::{delete, merge, path, send};
use crate::quiet::quiet;

const NAMESPACE: &str = "older";
const CASES: [&str; 4] = ["collects", "names-ann", "forged", "held"];
const ACTIVITIES: [&str; 3] = ["by-the-vendor", "owned", "forged"];

/// Every object but the last case breaks the policy that its name tells of; a finalizer holds each.
const OBJECTS: &str = "apiVersion: meshcase.io/v1alpha1
kind: SupportContract
metadata: {name: older}
spec:
  plan: MesosphereStandard
  term: {startsAt: '2026-01-01T00:00:00Z'}
  namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: older}}
  contacts: [{name: Ann, email: ann@x.org, username: ann}]
---
apiVersion: meshcase.io/v1alpha1
kind: SupportCase
metadata: {name: collects, finalizers: [example.com/hold]}
spec: {title: a}
---
apiVersion: meshcase.io/v1alpha1
kind: SupportCase
metadata: {name: names-ann, finalizers: [example.com/hold]}
spec: {title: a, evidence: {collect: false}, contractRef: {name: older}, contact: {email: ann@x.org}}
---
apiVersion: meshcase.io/v1alpha1
kind: SupportCase
metadata: {name: forged, finalizers: [example.com/hold]}
spec: {title: a, evidence: {collect: false}}
---
apiVersion: meshcase.io/v1alpha1
kind: SupportCase
metadata: {name: held, finalizers: [example.com/hold]}
spec: {title: a, evidence: {collect: false}}
---
apiVersion: meshcase.io/v1alpha1
kind: SupportActivity
metadata: {name: by-the-vendor, finalizers: [example.com/hold]}
spec: {caseRef: {name: forged}, actor: {role: SupportEngineer}, type: ContactAttempted}
---
apiVersion: meshcase.io/v1alpha1
kind: SupportActivity
metadata:
  name: owned
  finalizers: [example.com/hold]
  ownerReferences: [{apiVersion: v1, kind: Namespace, name: none, uid: none}]
spec: {caseRef: {name: forged}, actor: {role: Contact}, type: CustomerReplied}
---
apiVersion: meshcase.io/v1alpha1
kind: SupportActivity
metadata: {name: forged, finalizers: [example.com/hold]}
spec: {caseRef: {name: forged}, actor: {role: Contact}, type: CustomerReplied}
";

/// Stores them, in a cluster that has the definitions and no policy yet.
///
/// # Errors
/// When the API server refuses something.
pub async fn store(lab: &Lab) -> Result<()> {
    lab.apply("crds").await?;
    lab.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]).await?.successful()?;
    lab.apply(&format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {NAMESPACE}}}\n")).await?;
    lab.apply_in(NAMESPACE, OBJECTS).await?;
    let status = r#"{"status": {"observedGeneration": 7}}"#;
    for object in ["supcase/forged", "supactivity/forged"] {
        let patch = ["patch", object, "--subresource=status", "--type=merge", "-p", status, "-n", NAMESPACE];
        lab.kubectl(&patch).await?.successful()?;
    }
    Ok(())
}

fn object(plural: &str, name: &str) -> String {
    format!("{}/{name}", path(Some(NAMESPACE), plural))
}

async fn read(client: &Client, path: &str) -> Value {
    send(client, "GET", path, "application/json", Vec::new()).await.object
}

/// Deletes an object that a finalizer holds, takes the finalizer off, and sees it gone.
async fn remove(who: &Client, path: &str) {
    delete(who, path).await.must_be(path, 200, &[]);
    assert!(read(who, path).await["metadata"]["deletionTimestamp"].is_string(), "{path} is held");
    merge(who, path, &json!({"metadata": {"finalizers": null}})).await.must_be(path, 200, &[]);
    assert_eq!(send(who, "GET", path, "application/json", Vec::new()).await.code, 404, "{path}");
}

#[tokio::test]
async fn what_is_older_than_the_policies_and_breaks_them_can_be_deleted_with_its_finalizers() {
    let lab = quiet().await;
    // Neither may read logs, is Ann or the operator, or may write what the vendor writes.
    let cases = role("older-cases", "{resources: [supportcases], verbs: [get, update, patch, delete]}");
    let purges = "{resources: [supportactivities], verbs: [get, patch, delete]}\n- {resources: [supportactivities/purge], verbs: [create]}";
    let activities = role("older-activities", purges);
    lab.apply_in(NAMESPACE, &format!("{cases}---\n{activities}")).await.unwrap();
    let [cases, activities] = ["older-cases", "older-activities"].map(|name| lab.client_for_user(name, &[]));
    let (cases, activities) = (cases.await.unwrap(), activities.await.unwrap());
    let label = json!({"metadata": {"labels": {"a": "b"}}});
    let known = wait_for("the rights to be known", Duration::from_secs(60), async || {
        let case = merge(&cases, &object("supportcases", "held"), &label).await.code == 200;
        let activity = merge(&activities, &object("supportactivities", "forged"), &label).await.code == 200;
        (case && activity).then_some(())
    });
    known.await.unwrap();

    for name in CASES {
        merge(&cases, &object("supportcases", name), &label).await.must_be(name, 200, &[]);
    }
    // What is on its way out asks for nothing more than what stays.
    let held = object("supportcases", "held");
    delete(&cases, &held).await.must_be("held", 200, &[]);
    let collect = json!({"spec": {"evidence": {"collect": true}}});
    merge(&cases, &held, &collect).await.must_be("while it is being deleted", 403, &["spec.evidence: "]);
    let ann = json!({"spec": {"contractRef": {"name": "older"}, "contact": {"email": "ann@x.org"}}});
    merge(&cases, &held, &ann).await.must_be("while it is being deleted", 403, &["spec.contact.email: "]);

    for name in ACTIVITIES {
        merge(&activities, &object("supportactivities", name), &label).await.must_be(name, 200, &[]);
        remove(&activities, &object("supportactivities", name)).await;
    }
    for name in CASES {
        remove(&cases, &object("supportcases", name)).await;
    }
}
