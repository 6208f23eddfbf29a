//! The five admission policies, as the people whom they keep apart. Not for: rules on a single object; the definitions hold
//! those. The whole of who may do what is `attempts/table.yaml`.

mod contact;
pub mod older;

use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};
use meshcase_lab::{Lab, OPERATOR_ACCOUNT, SYSTEM_NAMESPACE, wait_for};
use serde_json::{Value, json};

use crate::call::{Answer, create, delete, merge, path};
use crate::quiet::quiet;
use crate::rights::bindings;

/// Everything that a vendor writes, with the member that the type needs.
const VENDOR_TYPES: [(&str, &str); 11] = [
    ("ContactAttempted", "{}"),
    ("InformationRequested", "{}"),
    ("Updated", "{}"),
    ("SeverityAssessed", r#"{"severity": "Sev2"}"#),
    ("WorkaroundProvided", "{}"),
    ("ActionPlanProposed", r#"{"actionPlan": "a fix on Monday"}"#),
    ("EscalationAcknowledged", "{}"),
    ("BugRecorded", r#"{"bug": {"id": "AM-1"}}"#),
    ("BugDecided", r#"{"decision": "Accepted"}"#),
    ("EnhancementDecided", r#"{"decision": "Declined"}"#),
    ("ResolutionProposed", "{}"),
];

/// The people of one namespace. All but the administrator have their rights from roles that are bound in it.
struct People {
    namespace: String,
    admin: Client,
    /// Opens cases and may read logs.
    customer: Client,
    /// Opens cases, but may not read logs.
    newcomer: Client,
    vendor: Client,
    /// May delete activities, but not purge them.
    cleaner: Client,
    /// The operator's own account, by a token of it.
    operator: Client,
}

impl People {
    async fn of(lab: &Lab, prefix: &str) -> Self {
        let namespace = lab.namespace(prefix).await.unwrap();
        let roles = [
            ("meshcase-customer", "customer"),
            // Kubernetes' own role: it may get pods/log.
            ("view", "customer"),
            ("meshcase-customer", "newcomer"),
            ("meshcase-vendor", "vendor"),
        ];
        let cleaner = role("cleaner", "{resources: [supportactivities], verbs: [get, delete]}");
        lab.apply_in(&namespace, &format!("{}---\n{cleaner}", bindings(&roles))).await.unwrap();
        Self {
            namespace,
            admin: lab.admin().await.unwrap(),
            customer: lab.client_for_user("customer", &[]).await.unwrap(),
            newcomer: lab.client_for_user("newcomer", &[]).await.unwrap(),
            vendor: lab.client_for_user("vendor", &[]).await.unwrap(),
            cleaner: lab.client_for_user("cleaner", &[]).await.unwrap(),
            operator: lab.client_for_service_account(SYSTEM_NAMESPACE, OPERATOR_ACCOUNT).await.unwrap(),
        }
    }

    fn cases(&self) -> String {
        path(Some(&self.namespace), "supportcases")
    }

    fn activities(&self) -> String {
        path(Some(&self.namespace), "supportactivities")
    }

    fn activity(&self, name: &str) -> String {
        format!("{}/{name}", self.activities())
    }

    async fn open(&self, who: &Client, name: &str, evidence: Value) -> Answer {
        create(who, &self.cases(), &case(name, evidence)).await
    }

    /// The customer writes a reply; the policies let it.
    async fn reply(&self, name: &str, case: &str) {
        let answer = create(&self.customer, &self.activities(), &activity(name, case, "CustomerReplied", "{}")).await;
        answer.must_be("a reply", 200, &[]);
    }
}

/// A role of the namespace with rules on our kinds, bound to the user of its name, as YAML.
fn role(name: &str, rules: &str) -> String {
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: {name}}}\n\
         rules:\n- {}\n---\n\
         apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: {name}}}\n\
         roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {name}}}\n\
         subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: {name}}}]\n",
        rules.replace("{resources", "{apiGroups: [meshcase.io], resources")
    )
}

fn case(name: &str, evidence: Value) -> Value {
    let mut case = json!({
        "apiVersion": "meshcase.io/v1alpha1", "kind": "SupportCase", "metadata": {"name": name},
        "spec": {"title": "503 between checkout and payments", "affected": [{"kind": "Deployment", "name": "checkout"}]},
    });
    if !evidence.is_null() {
        case["spec"]["evidence"] = evidence;
    }
    case
}

fn activity(name: &str, case: &str, type_: &str, members: &str) -> Value {
    let mut members: Value = serde_json::from_str(members).unwrap();
    let role = if type_ == "CustomerReplied" { "Contact" } else { "SupportEngineer" };
    members["caseRef"] = json!({"name": case});
    members["actor"] = json!({"role": role});
    members["type"] = json!(type_);
    json!({
        "apiVersion": "meshcase.io/v1alpha1", "kind": "SupportActivity", "metadata": {"name": name}, "spec": members,
    })
}

#[tokio::test]
async fn a_customer_writes_none_of_the_vendors_activities_and_the_vendor_writes_all_of_them() {
    let people = People::of(quiet().await, "vendor").await;
    for (type_, members) in VENDOR_TYPES {
        let object = activity(&type_.to_lowercase(), "checkout", type_, members);
        for customer in [&people.customer, &people.newcomer] {
            let answer = create(customer, &people.activities(), &object).await;
            let right = "must be written by who may create `supportactivities/vendor` in namespace";
            answer.must_be(type_, 403, &[&format!("spec.type: `{type_}`"), right, &people.namespace, "may not"]);
        }
        create(&people.vendor, &people.activities(), &object).await.must_be(type_, 200, &[]);
    }
}

#[tokio::test]
async fn the_vendor_does_not_write_the_customers_reply() {
    let people = People::of(quiet().await, "reply").await;
    let reply = activity("reply", "checkout", "CustomerReplied", "{}");
    let answer = create(&people.vendor, &people.activities(), &reply).await;
    let parts = ["spec.type: `CustomerReplied`", "`supportactivities/contact`", "which vendor may not"];
    answer.must_be("a reply by the vendor", 403, &parts);
    create(&people.customer, &people.activities(), &reply).await.must_be("a reply by the customer", 200, &[]);
}

#[tokio::test]
async fn the_operator_writes_no_activity_and_no_spec_but_every_status() {
    let people = People::of(quiet().await, "operator").await;
    people.open(&people.customer, "checkout", Value::Null).await.must_be("a case", 200, &[]);
    people.reply("reply", "checkout").await;

    let reply = activity("own", "checkout", "Updated", "{}");
    create(&people.operator, &people.activities(), &reply).await.must_be("an activity", 403, &["cannot create"]);
    let case = format!("{}/checkout", people.cases());
    let patch = json!({"spec": {"title": "another"}});
    merge(&people.operator, &case, &patch).await.must_be("a spec", 403, &["cannot patch resource \"supportcases\""]);
    let patch = json!({"spec": {"message": "another"}});
    let answer = merge(&people.operator, &people.activity("reply"), &patch).await;
    answer.must_be("an activity's spec", 422, &["spec: Invalid value", "must not be changed"]);

    let patch = json!({"status": {"observedGeneration": 1}});
    for object in [case, people.activity("reply")] {
        merge(&people.operator, &format!("{object}/status"), &patch).await.must_be(&object, 200, &[]);
        merge(&people.customer, &format!("{object}/status"), &patch).await.must_be(&object, 403, &["cannot patch"]);
        let answer = merge(&people.admin, &format!("{object}/status"), &patch).await;
        answer.must_be(&object, 403, &["status: must be written by the operator", "admin is not it"]);
    }
}

#[tokio::test]
async fn a_case_collects_only_for_who_may_read_the_logs_of_its_namespace() {
    let people = People::of(quiet().await, "collect").await;
    for (name, evidence) in [("absent", Value::Null), ("empty", json!({})), ("yes", json!({"collect": true}))] {
        let answer = people.open(&people.newcomer, name, evidence.clone()).await;
        let place = format!("who may get `pods/log` in namespace {}, which newcomer may not", people.namespace);
        answer.must_be(name, 403, &["spec.evidence: ", &place, "set `spec.evidence.collect: false`"]);
        people.open(&people.customer, name, evidence).await.must_be(name, 200, &[]);
    }
    people.open(&people.newcomer, "no", json!({"collect": false})).await.must_be("no", 200, &[]);

    // docs/access.md shows this refusal, to ana in the namespace shop.
    let page = include_str!("../../docs/access.md");
    let shown = page.split("\n```\n").find(|block| block.starts_with("spec.evidence: ")).unwrap();
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = shown.replace("namespace shop", &format!("namespace {}", people.namespace)).replace("ana", "newcomer");
    let answer = people.open(&people.newcomer, "shown", Value::Null).await;
    assert!(answer.message.ends_with(&shown), "{}\n{shown}", answer.message);
}

/// As Flux and Argo CD do it: a service account of the namespace, server-side apply.
#[tokio::test]
async fn a_gitops_account_is_asked_as_a_person_is() {
    let lab = quiet().await;
    let people = People::of(lab, "gitops").await;
    let account = lab.service_account(&people.namespace, "default").await.unwrap();
    let bound = |role: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: {role}}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}\n\
             subjects: [{{kind: ServiceAccount, name: default, namespace: {}}}]\n",
            people.namespace
        )
    };
    let apply = async |name: &str, evidence: Value| {
        let text = serde_json::to_string_pretty(&case(name, evidence)).unwrap();
        lab.apply_as(&account, &people.namespace, &format!("{text}\n")).await.map_err(|error| error.to_string())
    };
    lab.apply_in(&people.namespace, &bound("meshcase-customer")).await.unwrap();
    let off = wait_for("the customer's role", Duration::from_secs(60), async || {
        apply("off", json!({"collect": false})).await.ok()
    });
    off.await.unwrap();
    let refused = apply("absent", Value::Null).await.unwrap_err();
    let name = format!("system:serviceaccount:{}:default may not", people.namespace);
    for part in ["`pods/log`", &name, "set `spec.evidence.collect: false` (absent means true)"] {
        assert!(refused.contains(part), "{refused}");
    }
    lab.apply_in(&people.namespace, &bound("edit")).await.unwrap();
    let on = wait_for("Kubernetes' edit", Duration::from_secs(60), async || apply("absent", Value::Null).await.ok());
    on.await.unwrap();
}

#[tokio::test]
async fn an_edit_that_changes_what_is_collected_asks_again_and_no_other_does() {
    let people = People::of(quiet().await, "edit").await;
    people.open(&people.newcomer, "quiet", json!({"collect": false})).await.must_be("quiet", 200, &[]);
    people.open(&people.customer, "loud", json!({"collect": true})).await.must_be("loud", 200, &[]);
    let edit = async |who: &Client, case: &str, spec: Value| {
        merge(who, &format!("{}/{case}", people.cases()), &json!({"spec": spec})).await
    };
    let asking = [
        json!({"evidence": {"sinceMinutes": 10_080}}),
        json!({"evidence": {"approved": true}}),
        json!({"evidence": {"collectAgainAt": "2026-11-25T12:00:00Z"}}),
        json!({"affected": [{"kind": "Deployment", "name": "payments"}]}),
        json!({"contractRef": {"name": "another"}}),
    ];
    for spec in asking {
        let what = spec.to_string();
        let touched = spec.as_object().unwrap().keys().next().unwrap();
        let answer = edit(&people.newcomer, "loud", spec.clone()).await;
        answer.must_be(&what, 403, &[&format!("spec.{touched}: "), "spec.evidence.collect"]);
        edit(&people.customer, "loud", spec).await.must_be(&what, 200, &[]);
    }
    let on = json!({"evidence": {"collect": true}});
    edit(&people.newcomer, "quiet", on).await.must_be("switching it on", 403, &["spec.evidence.collect"]);
    edit(&people.newcomer, "quiet", json!({"evidence": null})).await.must_be("taking it out", 403, &[]);
    for spec in [json!({"title": "504"}), json!({"severity": "Sev1"}), json!({"resolved": true})] {
        edit(&people.newcomer, "loud", spec.clone()).await.must_be(&spec.to_string(), 200, &[]);
    }
    let off = json!({"evidence": {"collect": false}});
    edit(&people.newcomer, "loud", off).await.must_be("switching it off", 200, &[]);
}

#[tokio::test]
async fn an_activity_of_a_case_is_deleted_by_nobody_but_who_may_purge() {
    let people = People::of(quiet().await, "record").await;
    people.reply("reply", "checkout").await;
    let kept = "spec.caseRef: an activity must not be deleted while its case `checkout` exists";
    let right = "`supportactivities/purge` in namespace";
    delete(&people.cleaner, &people.activity("reply")).await.must_be("one", 403, &[kept, right, "cleaner may not"]);
    delete(&people.customer, &people.activity("reply")).await.must_be("the customer", 403, &["cannot delete"]);
    delete(&people.admin, &people.activity("reply")).await.must_be("who may do everything", 200, &[]);
}

#[tokio::test]
async fn an_activity_of_which_the_operator_says_that_there_is_no_such_case_may_be_deleted() {
    let people = People::of(quiet().await, "stray").await;
    people.reply("stray", "cheqout").await;
    let status = format!("{}/status", people.activity("stray"));
    let recorded = |status: &str, reason: &str| {
        let condition = json!({"type": "Recorded", "status": status, "reason": reason, "message": "",
            "lastTransitionTime": "2026-11-25T12:00:00Z"});
        json!({"status": {"conditions": [condition]}})
    };
    for (value, reason) in [("True", "Recorded"), ("False", "CaseClosed")] {
        merge(&people.operator, &status, &recorded(value, reason)).await.must_be(reason, 200, &[]);
        delete(&people.cleaner, &people.activity("stray")).await.must_be(reason, 403, &[]);
    }
    merge(&people.operator, &status, &recorded("False", "CaseNotFound")).await.must_be("status", 200, &[]);
    delete(&people.cleaner, &people.activity("stray")).await.must_be("a stray activity", 200, &[]);
}

#[tokio::test]
async fn only_the_operator_ties_an_activity_to_its_case_and_then_it_goes_with_the_case() {
    let people = People::of(quiet().await, "owner").await;
    let opened = people.open(&people.customer, "checkout", Value::Null).await;
    people.reply("reply", "checkout").await;
    let owner = |uid: &Value| {
        json!({"metadata": {"ownerReferences": [
            {"apiVersion": "meshcase.io/v1alpha1", "kind": "SupportCase", "name": "checkout", "uid": uid}
        ]}})
    };
    let left = "metadata.ownerReferences: must be left to the operator";
    // An owner that never was: the garbage collector would delete what refers to it.
    let mut born = activity("born", "checkout", "CustomerReplied", "{}");
    born["metadata"]["ownerReferences"] = owner(&json!("never"))["metadata"]["ownerReferences"].clone();
    create(&people.customer, &people.activities(), &born).await.must_be("born with an owner", 403, &[left]);
    merge(&people.admin, &people.activity("reply"), &owner(&json!("never"))).await.must_be("by an admin", 403, &[left]);

    let uid = &opened.object["metadata"]["uid"];
    merge(&people.operator, &people.activity("reply"), &owner(uid)).await.must_be("by the operator", 200, &[]);
    merge(&people.admin, &people.activity("reply"), &json!({"metadata": {"ownerReferences": null}})).await.must_be(
        "untied by an admin",
        403,
        &[left],
    );
    delete(&people.customer, &format!("{}/checkout", people.cases())).await.must_be("the case", 200, &[]);
    wait_for("the activity to go with its case", Duration::from_secs(60), async || {
        let request = http::Request::get(people.activity("reply")).body(Vec::new()).unwrap();
        people.admin.request::<Value>(request).await.is_err().then_some(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_namespace_with_activities_can_be_deleted() {
    let people = People::of(quiet().await, "gone").await;
    people.reply("reply", "checkout").await;
    let namespaces = Api::<Namespace>::all(people.admin.clone());
    namespaces.delete(&people.namespace, &Default::default()).await.unwrap();
    wait_for("the namespace to go", Duration::from_secs(60), async || {
        namespaces.get_opt(&people.namespace).await.unwrap().is_none().then_some(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn the_policies_are_sound_to_the_servers_type_checker() {
    let lab = quiet().await;
    for name in ["activity-roles", "case-evidence", "case-contact", "activity-record", "status"] {
        let name = format!("meshcase-{name}");
        let status = wait_for("a type check", Duration::from_secs(60), async || {
            let path = format!("/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/{name}");
            let request = http::Request::get(path).body(Vec::new()).unwrap();
            let policy = lab.admin().await.unwrap().request::<Value>(request).await.unwrap();
            policy["status"].get("typeChecking").cloned()
        });
        assert_eq!(status.await.unwrap(), json!({}), "{name}");
    }
}
