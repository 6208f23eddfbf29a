//! Who may name whom as a case's contact. Not for: whether the contract takes the contact (the domain decides that).

use std::time::Duration;

use kube::Client;
use meshcase_lab::{Identity, wait_for};
use serde_json::{Value, json};

use super::{People, case};
use crate::call::{Answer, create, merge};
use crate::quiet::quiet;

/// A namespace with a contract that gives Ann a username and Bob none, and who opens cases in it.
struct Desk {
    people: People,
    contract: String,
    /// Ann as Kubernetes knows her.
    ann: Client,
    /// A pipeline that applies the cases of others.
    pipeline: Client,
}

impl Desk {
    async fn of(prefix: &str) -> Self {
        let lab = quiet().await;
        let people = People::of(lab, prefix).await;
        let namespace = &people.namespace;
        let contract = format!("contract-{namespace}");
        // Names of users of this test only: others bind theirs to other rights.
        let (ann, pipeline) = (format!("ann-{namespace}"), format!("pipeline-{namespace}"));
        lab.apply(&contract_of(&contract, namespace, "", &ann)).await.unwrap();
        lab.apply_in(namespace, &crate::rights::bindings(&[("edit", &ann), ("edit", &pipeline)])).await.unwrap();
        // As the README tells an administrator to.
        let name = format!("--user={pipeline}");
        let role = "--resource=supportcases.meshcase.io/contact";
        for command in [
            &["create", "role", "names-contacts", "--verb=create", role][..],
            &["create", "rolebinding", "names-contacts", "--role=names-contacts", &name],
        ] {
            let command = [command, &["--namespace", namespace]].concat();
            lab.kubectl_as(&Identity::Admin, &command).await.unwrap().successful().unwrap();
        }
        let desk = Self {
            ann: lab.client_for_user(&ann, &[]).await.unwrap(),
            pipeline: lab.client_for_user(&pipeline, &[]).await.unwrap(),
            contract,
            people,
        };
        // Contracts reach the policy, and bindings the authorizer, by watches of their own.
        wait_for("the contract and the rights to be known", Duration::from_secs(60), async || {
            let trial = desk.asks("trial", "ann@x.org", Some(&desk.contract));
            let list = format!("{}?dryRun=All", desk.people.cases());
            let refused = create(&desk.people.newcomer, &list, &trial).await.code == 403;
            let taken = create(&desk.pipeline, &list, &trial).await.code == 200;
            (refused && taken).then_some(())
        })
        .await
        .unwrap();
        desk
    }

    fn asks(&self, name: &str, email: &str, contract: Option<&str>) -> Value {
        let mut case = case(name, json!({"collect": false}));
        case["spec"]["contact"] = json!({"email": email});
        if let Some(contract) = contract {
            case["spec"]["contractRef"] = json!({"name": contract});
        }
        case
    }

    async fn open(&self, who: &Client, name: &str, email: &str, contract: Option<&str>) -> Answer {
        create(who, &self.people.cases(), &self.asks(name, email, contract)).await
    }

    async fn edit(&self, who: &Client, name: &str, spec: Value) -> Answer {
        merge(who, &format!("{}/{name}", self.people.cases()), &json!({"spec": spec})).await
    }
}

fn contract_of(name: &str, namespace: &str, more: &str, username: &str) -> String {
    format!(
        "apiVersion: meshcase.io/v1alpha1\nkind: SupportContract\nmetadata: {{name: {name}}}\nspec:\n\
         \x20 {{plan: MesosphereStandard, term: {{startsAt: '2026-01-01T00:00:00Z'}}, {more}\n\
         \x20 namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}},\n\
         \x20 contacts: [{{name: Ann, email: Ann@x.org, username: {username}}}, {{name: Bob, email: bob@x.org}}]}}\n"
    )
}

#[tokio::test]
async fn a_contact_with_a_username_is_named_by_that_user_or_by_who_may_name_others() {
    let desk = Desk::of("contact").await;
    let (contract, newcomer) = (Some(desk.contract.as_str()), &desk.people.newcomer);
    for (name, email) in [("lower", "ann@x.org"), ("upper", "ANN@X.ORG")] {
        let answer = desk.open(newcomer, name, email, contract).await;
        let who = format!("the contact `{email}` must be named by its own user of contract {}", desk.contract);
        let right = format!("`supportcases/contact` in namespace {}, and newcomer is neither", desk.people.namespace);
        answer.must_be(email, 403, &["spec.contact.email: ", &who, &right]);
        desk.open(&desk.ann, &format!("{name}-by-ann"), email, contract).await.must_be("by Ann", 200, &[]);
        desk.open(&desk.pipeline, &format!("{name}-by-pipeline"), email, contract).await.must_be(
            "a pipeline",
            200,
            &[],
        );
    }
    for (name, email) in [("bob", "bob@x.org"), ("unknown", "zoe@x.org")] {
        desk.open(newcomer, name, email, contract).await.must_be(email, 200, &[]);
    }
}

#[tokio::test]
async fn a_contact_is_judged_anew_only_where_the_contact_or_the_contract_changes() {
    let desk = Desk::of("renamed").await;
    let (contract, newcomer) = (Some(desk.contract.as_str()), &desk.people.newcomer);
    desk.open(&desk.ann, "anns", "ann@x.org", contract).await.must_be("Ann's case", 200, &[]);
    for spec in [json!({"title": "504"}), json!({"severity": "Sev1"}), json!({"resolved": true})] {
        desk.edit(newcomer, "anns", spec.clone()).await.must_be(&spec.to_string(), 200, &[]);
    }
    for contact in [json!({"phone": "555"}), json!({"availability": "never"})] {
        let answer = desk.edit(newcomer, "anns", json!({"contact": contact})).await;
        answer.must_be("how Ann is reached", 403, &["spec.contact.email: the contact `ann@x.org`"]);
    }
    // Without a contract that says otherwise, an address is a text.
    desk.open(newcomer, "free", "ann@x.org", None).await.must_be("no contract", 200, &[]);
    let named = json!({"contractRef": {"name": desk.contract}});
    let answer = desk.edit(newcomer, "free", named.clone()).await;
    answer.must_be("the contract, later", 403, &["spec.contractRef: the contact `ann@x.org`"]);
    desk.edit(&desk.ann, "free", named).await.must_be("by Ann", 200, &[]);
    desk.edit(newcomer, "free", json!({"contact": {"email": "bob@x.org"}})).await.must_be("another", 200, &[]);
}

#[tokio::test]
async fn an_accepted_case_stays_with_its_contract_whatever_it_names_later() {
    let desk = Desk::of("accepted").await;
    let newcomer = &desk.people.newcomer;
    desk.open(newcomer, "bobs", "bob@x.org", Some(&desk.contract)).await.must_be("Bob's case", 200, &[]);
    let status = json!({"status": {"entitlement": {"decision": "Accepted",
        "contract": {"name": desk.contract, "uid": "a"}, "checks": []}}});
    let path = format!("{}/bobs/status", desk.people.cases());
    merge(&desk.people.operator, &path, &status).await.must_be("accepted", 200, &[]);
    let elsewhere = json!({"contractRef": {"name": "none"}, "contact": {"email": "ann@x.org"}});
    desk.edit(newcomer, "bobs", elsewhere).await.must_be("elsewhere", 403, &["spec.contact.email: the contact"]);
}

#[tokio::test]
async fn a_default_contract_judges_the_cases_that_name_none() {
    let desk = Desk::of("default").await;
    let lab = quiet().await;
    let (namespace, newcomer) = (&desk.people.namespace, &desk.people.newcomer);
    let name = format!("default-{namespace}");
    // An address of its own: a default contract judges the cases of every namespace, those of other tests, too.
    let text = contract_of(&name, namespace, "default: true,", "nobody").replace("Ann@x.org", "ada@x.org");
    lab.apply(&text).await.unwrap();
    let trial = desk.asks("trial", "ada@x.org", None);
    let list = format!("{}?dryRun=All", desk.people.cases());
    let judged = wait_for("the default contract to judge", Duration::from_secs(60), async || {
        let answer = create(newcomer, &list, &trial).await;
        (answer.code == 403).then_some(answer)
    });
    judged.await.unwrap().must_be("no contract named", 403, &[&format!("contract {name}")]);
    let other = Some(desk.contract.as_str());
    desk.open(newcomer, "other", "ada@x.org", other).await.must_be("another contract named", 200, &[]);
    lab.kubectl(&["delete", "supcontract", &name]).await.unwrap().successful().unwrap();
}
