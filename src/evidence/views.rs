//! Pods and nodes as far as evidence needs them. Lists of whole pods are the largest thing a cluster can send; these views
//! skip all other fields while they are parsed (long annotations and all but two environment variables among them). Not for writing
//! back.

use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::api::{AffectedWorkload, WorkloadKind};

/// A pod: its containers, and how they run.
#[derive(Resource, Debug, Clone, Deserialize)]
#[resource(inherit = Pod)]
pub struct PodView {
    #[serde(deserialize_with = "super::metadata::lean")]
    pub metadata: ObjectMeta,
    #[serde(default)]
    pub spec: PodSpecView,
    #[serde(default)]
    pub status: PodStatusView,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpecView {
    pub containers: Vec<ContainerView>,
    pub init_containers: Vec<ContainerView>,
    pub ephemeral_containers: Vec<ContainerView>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerView {
    pub name: String,
    pub image: String,
    /// `Always` on an init container makes it a native sidecar.
    pub restart_policy: Option<String>,
    #[serde(rename = "env")]
    pub environment: ProxyEnvironment,
}

/// What an Istio proxy is told of its control plane; of the rest of the environment nothing is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProxyEnvironment {
    /// `CA_ADDR`: who signs its certificates.
    pub ca_address: Option<String>,
    /// `PROXY_CONFIG`: what differs from the mesh's own configuration, as JSON.
    pub proxy_config: Option<String>,
}

/// Longer values are not kept, in bytes.
const MAX_VALUE: usize = 4096;

impl<'de> Deserialize<'de> for ProxyEnvironment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ProxyVariables)
    }
}

struct ProxyVariables;

impl<'de> Visitor<'de> for ProxyVariables {
    type Value = ProxyEnvironment;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of environment variables")
    }

    fn visit_unit<E>(self) -> Result<ProxyEnvironment, E> {
        Ok(ProxyEnvironment::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut variables: A) -> Result<ProxyEnvironment, A::Error> {
        let mut environment = ProxyEnvironment::default();
        while let Some(variable) = variables.next_element::<Variable>()? {
            let value = variable.value.filter(|value| value.len() <= MAX_VALUE);
            match variable.name.as_str() {
                "CA_ADDR" => environment.ca_address = value,
                "PROXY_CONFIG" => environment.proxy_config = value,
                _ => {}
            }
        }
        Ok(environment)
    }
}

/// One variable, forgotten as soon as its name is known to say nothing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Variable {
    name: String,
    value: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatusView {
    pub phase: String,
    pub conditions: Vec<ConditionView>,
    pub container_statuses: Vec<ContainerStatusView>,
    pub init_container_statuses: Vec<ContainerStatusView>,
    pub ephemeral_container_statuses: Vec<ContainerStatusView>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ConditionView {
    #[serde(rename = "type")]
    pub kind: String,
    pub status: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatusView {
    pub name: String,
    #[serde(rename = "imageID")]
    pub image_id: String,
    pub restart_count: i64,
    pub state: ContainerStateView,
    pub last_state: ContainerStateView,
}

/// Which of the three states is set; what it holds is not read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ContainerStateView {
    pub running: Option<serde::de::IgnoredAny>,
    pub terminated: Option<serde::de::IgnoredAny>,
}

impl PodView {
    pub fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    pub fn label(&self, key: &str) -> Option<&str> {
        value(self.metadata.labels.as_ref(), key)
    }

    pub fn annotation(&self, key: &str) -> Option<&str> {
        value(self.metadata.annotations.as_ref(), key)
    }

    pub fn is_running(&self) -> bool {
        self.status.phase == "Running"
    }

    /// The pod's own condition `Ready`.
    pub fn is_ready(&self) -> bool {
        self.status.conditions.iter().any(|c| c.kind == "Ready" && c.status == "True")
    }

    /// Containers that stay: the ordinary ones, and init containers that are native sidecars (restart policy `Always`).
    pub fn lasting_containers(&self) -> impl Iterator<Item = &ContainerView> {
        let sidecars = self.spec.init_containers.iter().filter(|c| c.restart_policy.as_deref() == Some("Always"));
        self.spec.containers.iter().chain(sidecars)
    }

    /// The status of a container of any kind.
    pub fn container_status(&self, name: &str) -> Option<&ContainerStatusView> {
        let status = &self.status;
        [&status.container_statuses, &status.init_container_statuses, &status.ephemeral_container_statuses]
            .into_iter()
            .flatten()
            .find(|status| status.name == name)
    }

    /// Whether the pod belongs to a workload of its namespace, by its controlling owner. A Deployment's ReplicaSet is called after it
    /// and the pod's template hash.
    pub fn runs_in(&self, workload: &AffectedWorkload) -> bool {
        let name = workload.name.as_str();
        let owner_kind = match workload.kind {
            WorkloadKind::Pod => return self.name() == name,
            WorkloadKind::Deployment | WorkloadKind::ReplicaSet => "ReplicaSet",
            WorkloadKind::StatefulSet => "StatefulSet",
            WorkloadKind::DaemonSet => "DaemonSet",
        };
        let Some((kind, owner)) = self.controller() else { return false };
        let is_owner = match workload.kind {
            WorkloadKind::Deployment => {
                let hash = owner.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
                hash.is_some() && hash == self.label("pod-template-hash")
            }
            _ => owner == name,
        };
        kind == owner_kind && is_owner
    }

    /// Kind and name of the controlling owner.
    pub fn controller(&self) -> Option<(&str, &str)> {
        let owners = self.metadata.owner_references.as_deref().unwrap_or_default();
        owners.iter().find(|o| o.controller == Some(true)).map(|o| (o.kind.as_str(), o.name.as_str()))
    }
}

/// A node: what it is and what runs it.
#[derive(Resource, Debug, Clone, Deserialize)]
#[resource(inherit = Node)]
pub struct NodeView {
    #[serde(deserialize_with = "super::metadata::lean")]
    pub metadata: ObjectMeta,
    #[serde(default)]
    pub spec: NodeSpecView,
    #[serde(default)]
    pub status: NodeStatusView,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSpecView {
    #[serde(rename = "providerID")]
    pub provider_id: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeStatusView {
    pub conditions: Vec<ConditionView>,
    pub node_info: NodeInfoView,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeInfoView {
    pub kubelet_version: String,
    pub os_image: String,
    pub architecture: String,
    pub container_runtime_version: String,
}

impl NodeView {
    pub fn has_label(&self, key: &str) -> bool {
        self.metadata.labels.as_ref().is_some_and(|labels| labels.contains_key(key))
    }

    pub fn label(&self, key: &str) -> Option<&str> {
        value(self.metadata.labels.as_ref(), key)
    }

    pub fn has_annotation(&self, key: &str) -> bool {
        self.metadata.annotations.as_ref().is_some_and(|annotations| annotations.contains_key(key))
    }

    pub fn is_ready(&self) -> bool {
        self.status.conditions.iter().any(|c| c.kind == "Ready" && c.status == "True")
    }
}

fn value<'a>(map: Option<&'a BTreeMap<String, String>>, key: &str) -> Option<&'a str> {
    map.and_then(|map| map.get(key)).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(value: serde_json::Value) -> PodView {
        serde_json::from_value(value).unwrap()
    }

    fn owned(kind: &str, owner: &str, hash: &str) -> PodView {
        pod(json!({"metadata": {"name": "p", "labels": {"pod-template-hash": hash}, "ownerReferences": [
            {"apiVersion": "v1", "kind": kind, "name": owner, "uid": "u", "controller": true}]}}))
    }

    #[test]
    fn a_pod_belongs_to_the_workload_that_owns_it_and_to_no_namesake() {
        let named = |kind, name: &str| AffectedWorkload { kind, name: name.to_owned() };
        let canary = owned("ReplicaSet", "checkout-canary-7d9f", "7d9f");
        assert!(owned("ReplicaSet", "checkout-7d9f", "7d9f").runs_in(&named(WorkloadKind::Deployment, "checkout")));
        assert!(!canary.runs_in(&named(WorkloadKind::Deployment, "checkout")));
        assert!(canary.runs_in(&named(WorkloadKind::Deployment, "checkout-canary")));
        assert!(canary.runs_in(&named(WorkloadKind::ReplicaSet, "checkout-canary-7d9f")));
        assert!(owned("StatefulSet", "db", "").runs_in(&named(WorkloadKind::StatefulSet, "db")));
        assert!(!owned("StatefulSet", "db", "").runs_in(&named(WorkloadKind::DaemonSet, "db")));
        assert!(pod(json!({"metadata": {"name": "bare"}})).runs_in(&named(WorkloadKind::Pod, "bare")));
    }
}
