//! `version`: which plugin this is, which operator the cluster runs, and whether the two fit. It judges nothing else
//! of the cluster.

use std::io::Write;

use clap::Args;
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Api, ListParams};
use serde::Serialize;

use super::cluster::ask;
use super::output::OutputArgs;
use super::{Error, Global, warn};

/// The chart's labels of the operator's Deployment.
const OPERATOR: &str = "app.kubernetes.io/name=meshcase";
const VERSION: &str = "app.kubernetes.io/version";

#[derive(Debug, Args)]
pub(crate) struct VersionArgs {
    /// Only the plugin's own version; asks no cluster.
    #[arg(long)]
    client: bool,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Versions {
    client: &'static str,
    /// The plugin's own, or those of `--zoneinfo`; what the operator computes with stands in each contract's status.
    time_zone_data: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<Operator>,
}

#[derive(Debug, Serialize, PartialEq, Eq)]
struct Operator {
    version: String,
    namespace: String,
    deployment: String,
}

impl VersionArgs {
    pub(crate) async fn run(&self, global: &Global, out: &mut dyn Write) -> Result<(), Error> {
        let client = env!("CARGO_PKG_VERSION");
        let found = if self.client { Ok(None) } else { operator(global).await };
        let (operator, refusal) = match found {
            Ok(operator) => (operator, None),
            Err(error) => (None, Some(error)),
        };
        let versions = Versions { client, time_zone_data: global.zones()?.version().to_owned(), operator };
        self.output.output.write(out, &versions, || table(&versions))?;
        if let Some(refusal) = refusal {
            return Err(refusal);
        }
        match &versions.operator {
            Some(operator) if skewed(client, &operator.version) => warn(&format!(
                "warning: plugin {client} and operator {} differ by more than a patch; take the plugin of the operator's release",
                operator.version
            )),
            None if !self.client => {
                warn(&format!(
                    "warning: no operator found: no Deployment with the label {OPERATOR} in the namespaces asked"
                ));
            }
            _ => {}
        }
        Ok(())
    }
}

/// The operator's Deployment in the namespace of `-n`, or anywhere.
async fn operator(global: &Global) -> Result<Option<Operator>, Error> {
    let cluster = global.cluster.connect().await?;
    let deployments: Api<Deployment> = match &global.cluster.namespace {
        Some(namespace) => Api::namespaced(cluster.client, namespace),
        None => Api::all(cluster.client),
    };
    let listed = ask("operator's version", deployments.list(&ListParams::default().labels(OPERATOR).limit(10))).await?;
    Ok(listed.items.iter().find_map(of_deployment))
}

/// Where the operator runs, if it can be found.
pub(super) async fn operator_namespace(global: &Global) -> Result<Option<String>, Error> {
    let cluster = global.cluster.connect().await?;
    let deployments: Api<Deployment> = Api::all(cluster.client);
    let listed =
        ask("operator's namespace", deployments.list(&ListParams::default().labels(OPERATOR).limit(10))).await?;
    Ok(listed.items.into_iter().find_map(|deployment| deployment.metadata.namespace))
}

/// Reads the version from the chart's label, else from the image's tag.
fn of_deployment(deployment: &Deployment) -> Option<Operator> {
    let meta = &deployment.metadata;
    let label = meta.labels.as_ref().and_then(|labels| labels.get(VERSION)).cloned();
    let version = label.or_else(|| {
        let image = deployment.spec.as_ref()?.template.spec.as_ref()?.containers.first()?.image.as_ref()?;
        let untagged = image.split('@').next()?;
        // A colon before the last slash belongs to a registry's port.
        untagged.rsplit('/').next()?.split_once(':').map(|(_, tag)| tag.to_owned())
    })?;
    Some(Operator {
        version: version.trim_start_matches('v').to_owned(),
        namespace: meta.namespace.clone().unwrap_or_default(),
        deployment: meta.name.clone().unwrap_or_default(),
    })
}

/// Whether two versions differ in more than their patch number.
fn skewed(client: &str, operator: &str) -> bool {
    let minor = |version: &str| version.split(['.', '-', '+']).take(2).map(str::to_owned).collect::<Vec<_>>();
    minor(client) != minor(operator)
}

fn table(versions: &Versions) -> String {
    let mut text = format!("client    {}\nzones     {}\n", versions.client, versions.time_zone_data);
    if let Some(operator) = &versions.operator {
        text +=
            &format!("operator  {}  (Deployment {}/{})\n", operator.version, operator.namespace, operator.deployment);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(label: Option<&str>, image: &str) -> Deployment {
        let mut value = serde_json::json!({
            "metadata": {"name": "meshcase", "namespace": "support", "labels": {}},
            "spec": {"selector": {}, "template": {"spec": {"containers": [{"name": "operator", "image": image}]}}}
        });
        if let Some(label) = label {
            value["metadata"]["labels"][VERSION] = label.into();
        }
        serde_json::from_value(value).expect("a Deployment")
    }

    #[test]
    fn the_label_counts_before_the_image_tag() {
        let version = |label, image| of_deployment(&deployment(label, image)).map(|operator| operator.version);
        assert_eq!(version(Some("0.2.0"), "meshcase:0.1.0").as_deref(), Some("0.2.0"));
        assert_eq!(version(None, "registry:5000/meshcase:v0.1.0@sha256:ab").as_deref(), Some("0.1.0"));
        assert_eq!(version(None, "registry:5000/meshcase"), None);
    }

    #[test]
    fn a_patch_is_no_skew_and_a_minor_is() {
        assert!(!skewed("0.1.0", "0.1.7"));
        assert!(!skewed("0.1.0", "0.1.0-rc.1"));
        assert!(skewed("0.1.0", "0.2.0"));
        assert!(skewed("1.1.0", "0.1.0"));
    }
}
