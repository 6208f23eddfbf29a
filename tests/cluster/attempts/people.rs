//! The people of the table of attempts, the objects that they try it on, and where these are. Not for: the attempts.

use std::collections::BTreeMap;
use std::time::Duration;

use kube::Client;
use meshcase_lab::{COLLECTOR_ACCOUNT, Lab, OPERATOR_ACCOUNT, SYSTEM_NAMESPACE, wait_for};
use serde_json::{Value, json};

use crate::call::{create, path};
use crate::rights::bindings;

/// In the order of the table's letters.
pub const PERSONS: [&str; 10] =
    ["viewer", "customer", "neighbour", "owner", "vendor", "reader", "clerk", "collector", "operator", "nobody"];

/// The roles in `ours`; `everything` is a role of the namespace's own.
const OURS: [(&str, &str); 3] =
    [("meshcase-view", "viewer"), ("meshcase-customer", "customer"), ("meshcase-vendor", "vendor")];
/// The roles in `theirs`. Kubernetes' `view` may get `pods/log`.
const THEIRS: [(&str, &str); 2] = [("meshcase-customer", "neighbour"), ("view", "neighbour")];

/// A namespace role that may do everything, and its owner.
pub const OWNER: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: everything}
rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: everything}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: everything}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: owner}]
";

const OBJECTS: &str = "apiVersion: meshcase.io/v1alpha1
kind: SupportCase
metadata: {name: quiet}
spec: {title: quiet, evidence: {collect: false}}
---
apiVersion: meshcase.io/v1alpha1
kind: SupportCase
metadata: {name: loud}
spec: {title: loud, affected: [{kind: Deployment, name: checkout}]}
---
apiVersion: meshcase.io/v1alpha1
kind: SupportCase
metadata: {name: named}
spec: {title: named, evidence: {collect: false}, contractRef: {name: CONTRACT}, contact: {email: ann@x.org}}
---
apiVersion: meshcase.io/v1alpha1
kind: SupportCase
metadata: {name: cold}
spec: {title: cold, evidence: {collect: false}, contact: {email: ann@x.org}}
---
apiVersion: meshcase.io/v1alpha1
kind: SupportActivity
metadata: {name: reply}
spec: {caseRef: {name: quiet}, actor: {role: Contact}, type: CustomerReplied}
---
apiVersion: meshcase.io/v1alpha1
kind: SupportActivity
metadata: {name: answer}
spec: {caseRef: {name: quiet}, actor: {role: SupportEngineer}, type: ContactAttempted}
";

/// Two namespaces of two tenants with their objects and people, and a contract of the first.
pub struct Place {
    pub admin: Client,
    ours: String,
    theirs: String,
    contract: String,
    clients: BTreeMap<&'static str, Client>,
}

impl Place {
    /// Applies all of it, and waits until the server knows the rights and the contract.
    pub async fn prepare(lab: &Lab) -> Self {
        let (ours, theirs) = (lab.namespace("ours").await.unwrap(), lab.namespace("theirs").await.unwrap());
        let contract = format!("contract-{ours}");
        lab.apply(&cluster_wide(&contract, &ours)).await.unwrap();
        let objects = OBJECTS.replace("CONTRACT", &contract);
        lab.apply_in(&theirs, &format!("{}---\n{objects}", bindings(&THEIRS))).await.unwrap();
        lab.apply_in(&ours, &format!("{}---\n{OWNER}---\n{objects}", bindings(&OURS))).await.unwrap();
        let mut clients = BTreeMap::new();
        for person in PERSONS {
            let client = match person {
                "collector" => lab.client_for_service_account(SYSTEM_NAMESPACE, COLLECTOR_ACCOUNT).await,
                "operator" => lab.client_for_service_account(SYSTEM_NAMESPACE, OPERATOR_ACCOUNT).await,
                name => lab.client_for_user(name, &[]).await,
            };
            clients.insert(person, client.unwrap());
        }
        let place = Self { admin: lab.admin().await.unwrap(), ours, theirs, contract, clients };
        place.until_known().await;
        place
    }

    /// The server takes note of bindings, roles and contracts through watches of their own.
    async fn until_known(&self) {
        let case = |spec: Value| self.object("ours/supportcases", json!({"spec": spec}));
        let contract = json!({"name": self.contract});
        let names_ann = case(json!({"title": "a", "contractRef": contract, "contact": {"email": "ann@x.org"},
            "evidence": {"collect": false}}));
        let cases = format!("{}?dryRun=All", self.path("ours/supportcases"));
        let contracts = format!("{}?dryRun=All", self.path("cluster/supportcontracts"));
        let term = json!({"plan": "MesosphereStandard", "term": {"startsAt": "2026-01-01T00:00:00Z"}});
        let any = self.object("cluster/supportcontracts", json!({"spec": term}));
        wait_for("rights and contract to be known", Duration::from_secs(60), async || {
            let by_customer = create(self.client("customer"), &cases, &names_ann).await;
            let by_owner = create(self.client("owner"), &cases, &names_ann).await;
            let by_clerk = create(self.client("clerk"), &contracts, &any).await;
            (by_customer.message.contains("spec.contact.email") && by_owner.code == 200 && by_clerk.code == 200)
                .then_some(())
        })
        .await
        .unwrap();
    }

    /// The client of one of [`PERSONS`].
    pub fn client(&self, person: &str) -> &Client {
        &self.clients[person]
    }

    /// Where a place of the table is.
    pub fn path(&self, at: &str) -> String {
        let at = at.replace("CONTRACT", &self.contract);
        let (place, rest) = at.split_once('/').unwrap();
        let namespace = match place {
            "ours" => Some(self.ours.as_str()),
            "theirs" => Some(self.theirs.as_str()),
            "system" => Some(SYSTEM_NAMESPACE),
            _ => None,
        };
        if rest.starts_with("support") {
            return path(namespace, rest);
        }
        format!("/api/v1/namespaces/{}/{rest}", namespace.unwrap())
    }

    /// A body of the table, with the contract's name in it.
    pub fn fill(&self, body: &Value) -> Value {
        serde_json::from_str(&body.to_string().replace("CONTRACT", &self.contract)).unwrap()
    }

    /// A body as an object to be created at a place.
    pub fn object(&self, at: &str, mut body: Value) -> Value {
        let parts: Vec<&str> = at.split('/').collect();
        let (version, kind) = match parts.as_slice() {
            [_, "supportcases"] => ("meshcase.io/v1alpha1", "SupportCase"),
            [_, "supportactivities"] => ("meshcase.io/v1alpha1", "SupportActivity"),
            [_, "supportcontracts"] => ("meshcase.io/v1alpha1", "SupportContract"),
            [_, "configmaps"] => ("v1", "ConfigMap"),
            [_, "serviceaccounts", ..] => ("authentication.k8s.io/v1", "TokenRequest"),
            _ => ("meshcase.io/v1alpha1", "None"),
        };
        body["apiVersion"] = version.into();
        body["kind"] = kind.into();
        body["metadata"]["name"] = "new".into();
        body
    }
}

/// The contract, and who works on contracts.
fn cluster_wide(contract: &str, namespace: &str) -> String {
    let bound = |role: &str, name: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: attempts-{name}}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}\n\
             subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: {name}}}]\n"
        )
    };
    format!(
        "apiVersion: meshcase.io/v1alpha1\nkind: SupportContract\nmetadata: {{name: {contract}}}\n\
         spec:\n  plan: MesosphereStandard\n  term: {{startsAt: '2026-01-01T00:00:00Z'}}\n\
         \x20 namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}\n\
         \x20 contacts: [{{name: Ann, email: ann@x.org, username: ann}}, {{name: Bob, email: bob@x.org}}]\n---\n{}---\n{}",
        bound("meshcase-contract-viewer", "reader"),
        bound("meshcase-contracts", "clerk")
    )
}
