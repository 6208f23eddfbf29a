//! Pods and nodes as far as evidence needs them. Lists of whole pods are the largest thing a cluster can send; these views
//! skip all other fields while they are parsed (environment variables among them). Not for writing back.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::Deserialize;

/// A pod: its containers, and how they run.
#[derive(Resource, Debug, Clone, Deserialize)]
#[resource(inherit = Pod)]
pub struct PodView {
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
