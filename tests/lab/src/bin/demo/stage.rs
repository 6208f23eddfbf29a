//! What the story is told with: plain words, commands with their output, tables, and expectations that are counted. Not for:
//! what the story says.

use std::path::PathBuf;
use std::time::Duration;

use k8s_openapi::api::core::v1::Event;
use kube::Api;
use kube::api::ListParams;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use meshcase_lab::{Context, Identity, Lab, LabError, Result, Tools, repository, wait_for};
use serde_json::Value;
use tokio::process::Command;

/// The namespace of the examples.
pub const NAMESPACE: &str = "shop";
/// Longer than anything takes that the story waits for: a minute's target, then another minute.
const PATIENCE: Duration = Duration::from_secs(180);
/// Words stop here, so that they read well beside the tables.
const WIDTH: usize = 100;

/// The stage of a demonstration, and what did not come true on it.
pub struct Stage<'lab> {
    pub lab: &'lab Lab,
    pub failed: Vec<String>,
    kubeconfig: PathBuf,
    binaries: PathBuf,
}

impl<'lab> Stage<'lab> {
    /// A stage in a running laboratory; the product's binaries are those beside this one.
    pub fn new(lab: &'lab Lab) -> Result<Self> {
        let own = std::env::current_exe().context("finding this program")?;
        let binaries = own.parent().context("finding this program's folder")?.to_owned();
        Ok(Self { lab, failed: Vec::new(), kubeconfig: lab.kubeconfig_for(&Identity::Admin)?, binaries })
    }

    /// One of the product's binaries, built by `make demo` before.
    pub fn binary(&self, name: &str) -> PathBuf {
        self.binaries.join(name)
    }

    /// A chapter's heading.
    pub fn chapter(&self, title: &str) {
        println!("\n{title}\n{}\n", "-".repeat(title.chars().count()));
    }

    /// A paragraph, wrapped.
    pub fn say(&self, text: &str) {
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
                println!("{line}");
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        println!("{line}\n");
    }

    /// Notes what must hold; it is told at the end, and by the exit code.
    pub fn expect(&mut self, what: &str, holds: bool) {
        if !holds {
            self.failed.push(what.to_owned());
        }
    }

    /// Runs a command line as the user would type it, and shows it with its output.
    pub async fn show(&self, line: &str) -> Result<String> {
        println!("$ {line}");
        let output = self.run(line).await?;
        println!("{}\n", output.trim_end());
        Ok(output)
    }

    /// Runs a command line and answers what it printed.
    pub async fn run(&self, line: &str) -> Result<String> {
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(repository()).kill_on_drop(true);
        command.env("KUBECONFIG", &self.kubeconfig).env("PATH", self.path()?).env("HOME", self.lab.folder());
        let output = command.output().await.context(format!("running {line}"))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(LabError::new(format!("`{line}` failed: {}", String::from_utf8_lossy(&output.stderr).trim())))
    }

    /// The product's binaries and the laboratory's kubectl before what is there.
    fn path(&self) -> Result<String> {
        let kubectl = Tools::ControlPlane.folder()?;
        let before = std::env::var("PATH").unwrap_or_default();
        Ok(format!("{}:{}:{before}", self.binaries.display(), kubectl.display()))
    }

    /// What to type to use the laboratory from another terminal.
    pub fn way_in(&self) -> Result<String> {
        let kubectl = Tools::ControlPlane.folder()?;
        Ok(format!(
            "  export KUBECONFIG={}\n  export PATH={}:{}:$PATH\n  kubectl get support -A\n",
            self.kubeconfig.display(),
            self.binaries.display(),
            kubectl.display()
        ))
    }

    /// A case's status once `wanted` holds of it; after three minutes the status as it is, and the expectation has failed.
    pub async fn until(&mut self, case: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        let client = self.lab.admin().await?;
        let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("meshcase.io", "v1alpha1", "SupportCase"));
        let cases = Api::<DynamicObject>::namespaced_with(client, NAMESPACE, &kind);
        let status = async || Some(cases.get_opt(case).await.ok()??.data["status"].clone());
        let wait = wait_for(what, PATIENCE, async || status().await.filter(&wanted));
        match wait.await {
            Ok(status) => Ok(status),
            Err(_) => {
                self.expect(&format!("{case}: {what}"), false);
                status().await.context(format!("reading the case {case}"))
            }
        }
    }

    /// Waits for an Event of a case; they are published just after the status.
    pub async fn until_event(&mut self, case: &str, reason: &str) -> Result<()> {
        let events = Api::<Event>::namespaced(self.lab.admin().await?, NAMESPACE);
        let told = ListParams::default().fields(&format!("reason={reason},involvedObject.name={case}"));
        let what = format!("the Event {reason} on {case}");
        let come = wait_for(&what, PATIENCE, async || (!events.list(&told).await.ok()?.items.is_empty()).then_some(()));
        let come = come.await.is_ok();
        self.expect(&what, come);
        Ok(())
    }
}

/// A member of an object by its path, as text; empty where there is none.
pub fn text(value: &Value, path: &str) -> String {
    match path.split('.').fold(value, |value, name| &value[name]) {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Rows in aligned columns; the first row is the head.
pub fn table(rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        println!("{}", cells.join("   ").trim_end());
    }
    println!();
}
