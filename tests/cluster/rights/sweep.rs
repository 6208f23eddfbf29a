//! Every right of the operator's and of the collector's account, asked of the server one by one and held against a checked-in
//! list: what is granted beyond it, or no more, is seen. Not for: why a right is needed; the chart's roles say that.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt};
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use kube::api::PostParams;
use kube::{Api, Client};
use meshcase_lab::{COLLECTOR_ACCOUNT, Helm, OPERATOR_ACCOUNT, SYSTEM_NAMESPACE};
use serde_json::Value;

use crate::call::send;
use crate::quiet::quiet;

const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
/// Verbs that lead to more rights, on what nobody need serve: group, resource, verb.
const LADDERS: [(&str, &str, &str); 14] = [
    ("", "users", "impersonate"),
    ("", "groups", "impersonate"),
    ("", "serviceaccounts", "impersonate"),
    ("authentication.k8s.io", "uids", "impersonate"),
    ("authentication.k8s.io", "userextras/scopes", "impersonate"),
    ("rbac.authorization.k8s.io", "roles", "escalate"),
    ("rbac.authorization.k8s.io", "clusterroles", "escalate"),
    ("rbac.authorization.k8s.io", "roles", "bind"),
    ("rbac.authorization.k8s.io", "clusterroles", "bind"),
    ("certificates.k8s.io", "signers", "approve"),
    ("meshcase.io", "supportactivities/vendor", "create"),
    ("meshcase.io", "supportactivities/contact", "create"),
    ("meshcase.io", "supportactivities/purge", "create"),
    ("meshcase.io", "supportcases/contact", "create"),
];
/// Single objects that a rule may name: group, resource, name.
const NAMED: [(&str, &str, &str); 2] =
    [("", "serviceaccounts", COLLECTOR_ACCOUNT), ("coordination.k8s.io", "leases", "meshcase-operator")];
/// Neither the operator's namespace nor one that the chart knows.
const ELSEWHERE: &str = "default";
const AT_ONCE: usize = 32;

/// One question; no namespace asks for all of them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    account: &'static str,
    namespace: &'static str,
    group: String,
    resource: String,
    name: &'static str,
    verb: &'static str,
}

async fn get(client: &Client, path: &str) -> Value {
    send(client, "GET", path, "application/json", Vec::new()).await.object
}

/// Group and name of everything that the server serves, subresources included.
async fn served(client: &Client) -> BTreeSet<(String, String)> {
    let groups = get(client, "/apis").await;
    let versions = groups["groups"].as_array().unwrap().iter().map(|group| {
        let (name, version) = (&group["name"], &group["preferredVersion"]["groupVersion"]);
        (name.as_str().unwrap().to_owned(), format!("/apis/{}", version.as_str().unwrap()))
    });
    let versions: Vec<_> = std::iter::once((String::new(), "/api/v1".to_owned())).chain(versions).collect();
    let mut found = BTreeSet::new();
    for (group, path) in versions {
        let list = get(client, &path).await;
        let names = list["resources"].as_array().unwrap().iter();
        found.extend(names.map(|resource| (group.clone(), resource["name"].as_str().unwrap().to_owned())));
    }
    found
}

/// Group and name of everything that a role of the chart names: kinds of a mesh that is not installed, too.
async fn named_by_the_chart() -> BTreeSet<(String, String)> {
    let rendered = quiet().await.render_chart(Helm::Four, &[]).await.unwrap();
    let objects = rendered.split("\n---").map(|text| serde_saphyr::from_str::<Value>(text.trim_start_matches("---")));
    let rules: Vec<Value> = objects.flat_map(|object| object.unwrap()["rules"].as_array().cloned()).flatten().collect();
    let texts = |rule: &Value, part: &str| -> Vec<String> {
        rule[part].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let pairs = |rule: &Value| -> Vec<(String, String)> {
        let (groups, resources) = (texts(rule, "apiGroups"), texts(rule, "resources"));
        let pairs = groups.iter().flat_map(|group| resources.iter().map(|resource| (group.clone(), resource.clone())));
        pairs.collect()
    };
    rules.iter().filter(|rule| rule["apiGroups"].is_array() && rule["resources"].is_array()).flat_map(pairs).collect()
}

fn questions(resources: &BTreeSet<(String, String)>) -> BTreeSet<Question> {
    let mut questions = BTreeSet::new();
    let mut ask = |group: &str, resource: &str, name: &'static str, verb: &'static str| {
        for (account, namespace) in [OPERATOR_ACCOUNT, COLLECTOR_ACCOUNT]
            .into_iter()
            .flat_map(|account| ["", ELSEWHERE, SYSTEM_NAMESPACE].map(|namespace| (account, namespace)))
        {
            let (group, resource) = (group.to_owned(), resource.to_owned());
            questions.insert(Question { account, namespace, group, resource, name, verb });
        }
    };
    for (group, resource) in resources {
        VERBS.iter().for_each(|verb| ask(group, resource, "", verb));
    }
    LADDERS.iter().for_each(|(group, resource, verb)| ask(group, resource, "", verb));
    for (group, resource, name) in NAMED {
        VERBS.iter().chain(&["impersonate"]).for_each(|verb| ask(group, resource, name, verb));
    }
    questions
}

async fn allowed(client: &Client, question: &Question) -> bool {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let (resource, subresource) = question.resource.split_once('/').unwrap_or((&question.resource, ""));
    let attributes = ResourceAttributes {
        namespace: some(question.namespace),
        group: some(&question.group),
        resource: some(resource),
        subresource: some(subresource),
        name: some(question.name),
        verb: some(question.verb),
        ..ResourceAttributes::default()
    };
    let groups = ["system:serviceaccounts", "system:serviceaccounts:meshcase-system", "system:authenticated"];
    let review = SubjectAccessReview {
        spec: SubjectAccessReviewSpec {
            user: Some(format!("system:serviceaccount:{SYSTEM_NAMESPACE}:{}", question.account)),
            groups: Some(groups.map(str::to_owned).to_vec()),
            resource_attributes: Some(attributes),
            ..SubjectAccessReviewSpec::default()
        },
        ..SubjectAccessReview::default()
    };
    let answer = Api::<SubjectAccessReview>::all(client.clone()).create(&PostParams::default(), &review).await.unwrap();
    answer.status.unwrap().allowed
}

/// The granted rights, a line each resource: who, where, what, how. What holds everywhere is not told again of each namespace.
fn list(granted: &BTreeSet<Question>) -> String {
    let everywhere = |question: &Question| {
        let wide = Question { namespace: "", ..question.clone() };
        !question.namespace.is_empty() && granted.contains(&wide)
    };
    let mut lines: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for question in granted.iter().filter(|question| !everywhere(question)) {
        let place = if question.namespace.is_empty() { "everywhere" } else { question.namespace };
        let group = if question.group.is_empty() { String::new() } else { format!(".{}", question.group) };
        let name = if question.name.is_empty() { String::new() } else { format!(" {}", question.name) };
        let line = format!("{} {place}: {}{group}{name}", question.account, question.resource);
        lines.entry(line).or_default().push(question.verb);
    }
    lines.into_iter().map(|(line, verbs)| format!("{line}: {}\n", verbs.join(" "))).collect()
}

#[tokio::test]
async fn the_two_accounts_have_the_rights_of_the_list_and_no_other() {
    let client = quiet().await.admin().await.unwrap();
    let mut resources = served(&client).await;
    resources.extend(named_by_the_chart().await);
    let questions = questions(&resources);
    assert!(questions.len() > 3_000, "only {} questions", questions.len());
    let asked = stream::iter(questions).map(|question| {
        let client = &client;
        async move { allowed(client, &question).await.then_some(question) }
    });
    let granted: BTreeSet<Question> = asked.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await;
    insta::assert_snapshot!(list(&granted));
}
