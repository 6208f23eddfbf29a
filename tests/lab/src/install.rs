//! Meshcase's own objects in the cluster: CRDs, accounts, RBAC and admission, from the rendered chart. Not for: the
//! operator's process.

use std::fs;

use tokio::process::Command;

use crate::kubectl::run;
use crate::{Context, Lab, Result, Tools, repository};

/// The namespace of the operator and its two service accounts.
pub const SYSTEM_NAMESPACE: &str = "meshcase-system";

impl Lab {
    /// Applies what the chart renders, less its Deployment, whose process is the laboratory's to start; the CRDs of
    /// `crds/` where there is no chart. Once per laboratory; later callers find it done.
    ///
    /// # Errors
    /// When Helm or the API server refuses something, or a CRD does not get established.
    pub async fn install_meshcase(&self) -> Result<()> {
        self.installed.get_or_try_init(|| self.install_once()).await.copied()
    }

    async fn install_once(&self) -> Result<()> {
        let root = repository();
        if root.join("crds").is_dir() {
            self.apply("crds").await?;
            let established = ["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"];
            self.kubectl(&established).await?.successful()?;
        }
        if !root.join("charts/meshcase/Chart.yaml").is_file() {
            return Ok(());
        }
        self.apply(&format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {SYSTEM_NAMESPACE}}}\n")).await?;
        let rendered = self.render_chart(&[]).await?;
        let parts: Vec<&str> = rendered.split("\n---").filter(|document| !is_workload(document)).collect();
        let file = self.folder.join("chart.yaml");
        fs::write(&file, parts.join("\n---")).context("writing the rendered chart")?;
        self.apply_in(SYSTEM_NAMESPACE, &file.to_string_lossy()).await?;
        Ok(())
    }

    /// What `helm template` makes of `charts/meshcase` with these further arguments.
    ///
    /// # Errors
    /// With Helm's message.
    pub async fn render_chart(&self, arguments: &[&str]) -> Result<String> {
        let mut helm = Command::new(Tools::Chart.folder()?.join("helm4"));
        helm.args(["template", "meshcase", "charts/meshcase", "--include-crds", "--namespace", SYSTEM_NAMESPACE]);
        // Without it Helm assumes an old cluster and leaves out what that one would not know.
        helm.args(["--kube-version", "1.36.3"]).args(arguments).current_dir(repository()).env("HOME", &self.folder);
        Ok(run(helm, "").await?.successful()?.stdout)
    }
}

fn is_workload(document: &str) -> bool {
    document.lines().any(|line| matches!(line.trim_end(), "kind: Deployment" | "kind: PodDisruptionBudget"))
}
