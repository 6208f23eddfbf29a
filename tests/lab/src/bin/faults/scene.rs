//! Operators in a laboratory, started again when they end, as a kubelet does, and cases by which one sees whether they work.
//! Not for: faults.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use kube::api::{Api, ApiResource, DynamicObject, ListParams};
use kube::core::GroupVersionKind;
use meshcase_lab::{
    AuditEvent, Context, Lab, OPERATOR_ACCOUNT, Operator, OperatorOptions, Result, SYSTEM_NAMESPACE, wait_for,
};

/// What is waited for comes far earlier, or not at all.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A contract whose Sev1 is due after a minute.
const CONTRACT: &str = "apiVersion: meshcase.io/v1alpha1
kind: SupportContract
metadata: {name: faults}
spec:
  plan: Custom
  customPlan:
    displayName: Faults
    vendor: The laboratory
    timeZone: Etc/UTC
    businessHours: [{days: [Monday], opens: '09:00', closes: '17:00'}]
    severities:
    - {severity: Sev1, clock: AroundTheClock, initialResponse: {amount: 1, unit: Minutes}}
    - {severity: Sev2, clock: AroundTheClock, initialResponse: {amount: 4, unit: Hours}}
    channels: [Kubernetes]
  term: {startsAt: 2020-01-01T00:00:00Z, endsAt: 2090-01-01T00:00:00Z}
";

pub struct Scene {
    pub lab: Lab,
    pub namespace: String,
    options: OperatorOptions,
    cases: Api<DynamicObject>,
    count: u32,
}

impl Scene {
    /// A laboratory with a contract; the product's binary is the one beside this program.
    pub async fn new() -> Result<Self> {
        let own = std::env::current_exe().context("finding this program")?;
        let binary = own.parent().context("finding this program's folder")?.join("meshcase");
        let lab = Lab::start().await?;
        lab.install_meshcase().await?;
        lab.apply(CONTRACT).await?;
        let namespace = lab.namespace("faults").await?;
        let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("meshcase.io", "v1alpha1", "SupportCase"));
        let cases = Api::namespaced_with(lab.admin().await?, &namespace, &kind);
        Ok(Self { lab, namespace, options: OperatorOptions::new(binary), cases, count: 0 })
    }

    /// Operators of this scene call the API server through what this kubeconfig names.
    pub fn through(&mut self, kubeconfig: PathBuf) {
        self.options = self.options.clone().kubeconfig(kubeconfig);
    }

    pub async fn operator(&self) -> Result<Operator> {
        self.lab.operator(&self.options).await
    }

    /// Applies a case and answers its name.
    pub async fn case(&mut self, severity: &str) -> Result<String> {
        self.count += 1;
        let name = format!("case-{}", self.count);
        let text = format!(
            "apiVersion: meshcase.io/v1alpha1\nkind: SupportCase\nmetadata: {{name: {name}}}\nspec:\n  \
             {{contractRef: {{name: faults}}, title: Help, severity: {severity}, evidence: {{collect: false}}}}\n"
        );
        self.apply(&text).await?;
        Ok(name)
    }

    /// Applies an object of this scene's namespace. An API server that has just started refuses it for up to half a minute: so
    /// long may it take until it finds what its own admission policies refer to.
    pub async fn apply(&self, text: &str) -> Result<()> {
        let mut refused = None;
        let taken = wait_for("an object to be taken", PATIENCE, async || {
            self.lab.apply_in(&self.namespace, text).await.map_err(|error| refused = Some(error)).ok()
        });
        let taken = taken.await;
        taken.map(drop).map_err(|error| refused.unwrap_or(error))
    }

    /// How long it takes, once the API server takes a case again, until that case is decided on.
    pub async fn recovered_once_taken(&mut self, operators: &mut [Operator]) -> Result<Duration> {
        let name = self.case("Sev2").await?;
        self.decided(&name, Instant::now(), operators).await
    }

    /// How long it takes from `since` until a case that is applied now is decided on. `operators` are started again when they
    /// end.
    pub async fn recovered(&mut self, since: Instant, operators: &mut [Operator]) -> Result<Duration> {
        let name = self.case("Sev2").await?;
        self.decided(&name, since, operators).await
    }

    async fn decided(&self, case: &str, since: Instant, operators: &mut [Operator]) -> Result<Duration> {
        let state = |case: &DynamicObject| case.data["status"]["state"] == "AwaitingResponse";
        self.until(case, "is decided on", state, operators).await?;
        Ok(since.elapsed())
    }

    /// Waits until `wanted` holds of a case.
    pub async fn until(
        &self,
        case: &str,
        what: &str,
        wanted: impl Fn(&DynamicObject) -> bool,
        operators: &mut [Operator],
    ) -> Result<DynamicObject> {
        wait_for(&format!("{case} {what}"), PATIENCE, async || {
            for operator in operators.iter_mut() {
                if operator.ended().is_some() {
                    *operator = self.lab.restart(operator).await.ok()?;
                }
            }
            self.cases.get_opt(case).await.ok().flatten().filter(&wanted)
        })
        .await
    }

    /// The cases that no operator has decided on.
    pub async fn undecided(&self) -> Result<Vec<String>> {
        let cases = self.cases.list(&ListParams::default()).await.context("listing the cases")?;
        let undecided = cases.into_iter().filter(|case| case.data["status"]["state"].is_null());
        Ok(undecided.filter_map(|case| case.metadata.name).collect())
    }

    /// How many requests the API server has answered.
    pub fn requests(&self) -> Result<usize> {
        Ok(self.lab.audit()?.len())
    }

    /// The operators' writes after the first `skipped` requests.
    pub fn writes(&self, skipped: usize) -> Result<Vec<AuditEvent>> {
        let account = format!("system:serviceaccount:{SYSTEM_NAMESPACE}:{OPERATOR_ACCOUNT}");
        let events = self.lab.audit()?.into_iter().skip(skipped);
        Ok(events.filter(|event| event.is_write() && event.user.username == account).collect())
    }
}

/// Whose tokens came with `writes`.
pub fn credentials(writes: &[AuditEvent]) -> BTreeSet<String> {
    writes.iter().filter_map(|write| write.credential().map(str::to_owned)).collect()
}
