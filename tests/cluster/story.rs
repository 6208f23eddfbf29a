//! What the tests of the operator share: a namespace of their own beside the shared operator, objects as YAML, and waiting
//! for a status. Not for: assertions; those stand in the tests.

use std::fmt::Debug;
use std::time::Duration;

use chrono::{DateTime, Utc};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::core::NamespaceResourceScope;
use kube::{Api, Client, Resource};
use meshcase::api::{SupportActivity, SupportCase, SupportCaseStatus, SupportContract};
use meshcase_lab::{Lab, wait_for};
use serde::de::DeserializeOwned;

/// How long a status may take on a machine that does other things too. What is promised is measured by `make bench`.
pub const SOON: Duration = Duration::from_secs(60);

/// The term of contracts that shall be active whenever the tests run.
pub const TERM: &str = "term: {startsAt: 2020-01-01T00:00:00Z, endsAt: 2090-01-01T00:00:00Z}";

/// The operator under test, as cargo built it.
pub const OPERATOR: &str = env!("CARGO_BIN_EXE_meshcase");

/// One test's part of a laboratory in which an operator runs.
pub struct Story<'lab> {
    pub lab: &'lab Lab,
    pub client: Client,
    pub namespace: String,
}

impl Story<'static> {
    /// A namespace of its own beside the shared operator.
    pub async fn begin(prefix: &str) -> Self {
        let lab = Lab::shared().await.unwrap();
        lab.shared_operator(OPERATOR).await.unwrap();
        Self::within(lab, prefix).await
    }
}

impl<'lab> Story<'lab> {
    /// A namespace of its own in a laboratory whose operator is the caller's.
    pub async fn within(lab: &'lab Lab, prefix: &str) -> Self {
        Self { lab, client: lab.admin().await.unwrap(), namespace: lab.namespace(prefix).await.unwrap() }
    }

    /// Applies a contract of this name for this namespace only; `spec` is the inside of its spec, in flow or block style,
    /// indented by two.
    pub async fn contract(&self, name: &str, spec: &str) -> String {
        let namespace = &self.namespace;
        let name = format!("{name}-{namespace}");
        let selector = format!("namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}");
        let text = format!(
            "apiVersion: meshcase.io/v1alpha1\nkind: SupportContract\nmetadata: {{name: {name}}}\nspec:\n  {selector}\n  {}\n",
            spec.trim()
        );
        self.lab.apply(&text).await.unwrap();
        name
    }

    /// Applies a case; `spec` as for a contract.
    pub async fn case(&self, name: &str, spec: &str) -> SupportCase {
        self.apply("SupportCase", name, spec).await;
        self.cases().get(name).await.unwrap()
    }

    /// Applies an activity; `spec` as for a contract.
    pub async fn activity(&self, name: &str, spec: &str) -> SupportActivity {
        self.apply("SupportActivity", name, spec).await;
        self.activities().get(name).await.unwrap()
    }

    async fn apply(&self, kind: &str, name: &str, spec: &str) {
        let text = format!(
            "apiVersion: meshcase.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n  {}\n",
            spec.trim()
        );
        self.lab.apply_in(&self.namespace, &text).await.unwrap();
    }

    pub fn cases(&self) -> Api<SupportCase> {
        self.api()
    }

    pub fn activities(&self) -> Api<SupportActivity> {
        self.api()
    }

    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// The status of a case once `wanted` holds of it; else a panic that shows the status as it is.
    pub async fn until(
        &self,
        case: &str,
        what: &str,
        wanted: impl Fn(&SupportCaseStatus) -> bool,
    ) -> SupportCaseStatus {
        self.until_within(SOON, case, what, wanted).await
    }

    /// As [`Story::until`], with another patience.
    pub async fn until_within(
        &self,
        patience: Duration,
        case: &str,
        what: &str,
        wanted: impl Fn(&SupportCaseStatus) -> bool,
    ) -> SupportCaseStatus {
        let cases = self.cases();
        let waited = format!("{case} {what}");
        let status =
            wait_for(&waited, patience, async || cases.get_opt(case).await.ok().flatten()?.status.filter(&wanted));
        match status.await {
            Ok(status) => status,
            Err(error) => {
                let is = cases.get_opt(case).await.unwrap().and_then(|case| case.status);
                panic!("{error}; it is {}", serde_json::to_string_pretty(&is).unwrap())
            }
        }
    }

    /// A contract once `wanted` holds of it.
    pub async fn until_contract(
        &self,
        name: &str,
        what: &str,
        wanted: impl Fn(&SupportContract) -> bool,
    ) -> SupportContract {
        let contracts = Api::<SupportContract>::all(self.client.clone());
        let waited = format!("{name} {what}");
        let contract = wait_for(&waited, SOON, async || contracts.get_opt(name).await.ok().flatten().filter(&wanted));
        match contract.await {
            Ok(contract) => contract,
            Err(error) => {
                panic!("{error}; it is {:?}", contracts.get_opt(name).await.unwrap().and_then(|it| it.status))
            }
        }
    }
}

/// `True`, `False` or `Unknown` and the reason of a condition, or nothing.
pub fn condition<'a>(conditions: &'a [Condition], type_: &str) -> Option<(&'a str, &'a str)> {
    let found = conditions.iter().find(|condition| condition.type_ == type_)?;
    Some((found.status.as_str(), found.reason.as_str()))
}

/// When the API server created an object, UTC.
pub fn created<K: Resource>(object: &K) -> DateTime<Utc> {
    let created = object.meta().creation_timestamp.as_ref().expect("a stored object has a creation time");
    DateTime::from_timestamp(created.0.as_second(), 0).expect("a time of this century")
}

/// When the named condition flipped last.
pub fn flipped(conditions: &[Condition], type_: &str) -> i64 {
    conditions.iter().find(|condition| condition.type_ == type_).expect(type_).last_transition_time.0.as_second()
}
