//! Meshcase's own objects in the cluster: CRDs, accounts, RBAC and admission, from the rendered chart. Not for: the
//! operator's process.

use std::fs;
use std::time::Duration;

use kube::Api;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, PostParams};
use serde_json::json;
use tokio::process::Command;

use crate::kubectl::run;
use crate::{Context, Lab, Result, Tools, repository, wait_for};

/// The namespace of the operator and its two service accounts.
pub const SYSTEM_NAMESPACE: &str = "meshcase-system";
/// The operator's service account, and the one as which it collects.
pub const OPERATOR_ACCOUNT: &str = "meshcase";
pub const COLLECTOR_ACCOUNT: &str = "meshcase-collector";

/// Both majors of Helm that people have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Helm {
    Three,
    Four,
}

impl Lab {
    /// Applies what the chart renders, less its Deployment, whose process is the laboratory's to start, and waits until
    /// the server serves the kinds and enforces the admission policies. Once per laboratory; later callers find it done.
    ///
    /// # Errors
    /// When Helm or the API server refuses something, or it does not come into force.
    pub async fn install_meshcase(&self) -> Result<()> {
        self.installed.get_or_try_init(|| self.install_once()).await.copied()
    }

    async fn install_once(&self) -> Result<()> {
        self.apply(&format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {SYSTEM_NAMESPACE}}}\n")).await?;
        let rendered = self.render_chart(Helm::Four, &[]).await?;
        let parts: Vec<&str> = rendered.split("\n---").filter(|document| !is_workload(document)).collect();
        let file = self.folder.join("chart.yaml");
        fs::write(&file, parts.join("\n---")).context("writing the rendered chart")?;
        self.apply_in(SYSTEM_NAMESPACE, &file.to_string_lossy()).await?;
        let selector = "--selector=app.kubernetes.io/name=meshcase";
        let established = ["wait", "--for=condition=Established", "crd", selector, "--timeout=60s"];
        self.kubectl(&established).await?.successful()?;
        self.until_admission_holds().await
    }

    /// The server takes note of policies and of their bindings through a watch of each, in the order in which they were
    /// written: once the last policy refuses something, so do the others.
    async fn until_admission_holds(&self) -> Result<()> {
        let kind = GroupVersionKind::gvk("meshcase.io", "v1alpha1", "SupportActivity");
        let resource = ApiResource::from_gvk_with_plural(&kind, "supportactivities");
        let api = Api::<DynamicObject>::namespaced_with(self.admin().await?, SYSTEM_NAMESPACE, &resource);
        let probe: DynamicObject = serde_json::from_value(json!({
            "apiVersion": "meshcase.io/v1alpha1",
            "kind": "SupportActivity",
            "metadata": {"name": "probe", "ownerReferences": [
                {"apiVersion": "v1", "kind": "ConfigMap", "name": "none", "uid": "none"}
            ]},
            "spec": {"caseRef": {"name": "none"}, "actor": {"role": "Contact"}, "type": "CustomerReplied"},
        }))
        .context("reading an activity")?;
        let dry_run = PostParams { dry_run: true, ..PostParams::default() };
        wait_for("the admission policies", Duration::from_secs(60), async || match api.create(&dry_run, &probe).await {
            Err(kube::Error::Api(status)) if status.message.contains("ownerReferences") => Some(()),
            _ => None,
        })
        .await
    }

    /// What `helm template` makes of `charts/meshcase` with these further arguments.
    ///
    /// # Errors
    /// With Helm's message.
    pub async fn render_chart(&self, helm: Helm, arguments: &[&str]) -> Result<String> {
        let binary = match helm {
            Helm::Three => "helm3",
            Helm::Four => "helm4",
        };
        let mut helm = Command::new(Tools::Chart.folder()?.join(binary));
        helm.args(["template", "meshcase", "charts/meshcase", "--namespace", SYSTEM_NAMESPACE]);
        // Without it Helm assumes an old cluster and leaves out what that one would not know.
        helm.args(["--kube-version", "1.36.3"]).args(arguments).current_dir(repository()).env("HOME", &self.folder);
        Ok(run(helm, "").await?.successful()?.stdout)
    }
}

fn is_workload(document: &str) -> bool {
    document.lines().any(|line| matches!(line.trim_end(), "kind: Deployment" | "kind: PodDisruptionBudget"))
}
