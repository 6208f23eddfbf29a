//! The cluster beneath the mesh: Kubernetes' version, whose distribution it is, and the nodes. Pure. Not for meshes, and not
//! for support dates.

use std::collections::BTreeMap;

use super::observed::{Nodes, Observed};
use crate::api::{ClusterStatus, KubernetesStatus, NodesStatus, VersionCount};
use crate::evidence::views::NodeView;

/// Most versions that are shown.
const MAX_VERSIONS: usize = 16;
/// Different values of one thing that are kept: nodes' texts come from whoever registers a node.
const MAX_KEPT: usize = 64;

impl Nodes {
    /// Counts a node; nothing of it is kept.
    pub fn count(&mut self, node: &NodeView) {
        self.total += 1;
        self.ready += i32::from(node.is_ready());
        let info = &node.status.node_info;
        add(&mut self.kubelet_versions, &info.kubelet_version);
        if let Some((scheme, _)) = node.spec.provider_id.split_once(':') {
            add(&mut self.providers, scheme);
        }
        if let Some(os) = node.label("kubernetes.io/os") {
            add(&mut self.platforms, &format!("{os}/{}", info.architecture));
        }
        for mark in marks(node) {
            *self.marks.entry(mark).or_default() += 1;
        }
    }
}

fn add(counts: &mut BTreeMap<String, i32>, value: &str) {
    if value.is_empty() || (counts.len() >= MAX_KEPT && !counts.contains_key(value)) {
        return;
    }
    *counts.entry(shown(value)).or_default() += 1;
}

/// Distributions by what a node carries; the version's own text is read elsewhere.
fn marks(node: &NodeView) -> impl Iterator<Item = &'static str> {
    let os = node.status.node_info.os_image.as_str();
    let signs = [
        ("AKS", node.has_label("kubernetes.azure.com/role") || node.has_label("kubernetes.azure.com/cluster")),
        ("RKE2", node.has_annotation("rke2.io/node-args")),
        ("k3s", node.label("node.kubernetes.io/instance-type") == Some("k3s")),
        ("kind", node.spec.provider_id.starts_with("kind:")),
        ("minikube", node.has_label("minikube.k8s.io/version")),
        ("MicroK8s", node.has_label("microk8s.io/cluster")),
        ("k0s", node.has_label("node.k0sproject.io/role")),
        ("Docker Desktop", os == "Docker Desktop"),
        ("Talos", os.starts_with("Talos")),
        ("Oracle OKE", node.has_label("oci.oraclecloud.com/fault-domain")),
        ("Tanzu", node.has_label("run.tanzu.vmware.com/kubernetesDistributionVersion")),
    ];
    signs.into_iter().filter(|(_, found)| *found).map(|(name, _)| name)
}

/// The cluster as the status shows it.
pub fn classify(observed: &Observed) -> ClusterStatus {
    let nodes = observed.nodes.as_read();
    ClusterStatus {
        kubernetes: Some(KubernetesStatus {
            version: shown(&observed.git_version),
            distribution: distribution(observed).map(str::to_owned),
            supported: None,
        }),
        nodes: nodes.map(|nodes| NodesStatus {
            total: nodes.total,
            ready: nodes.ready,
            kubelet_versions: by_count(&nodes.kubelet_versions),
        }),
        provider: nodes.and_then(|nodes| most(&nodes.providers)),
        platform: nodes.and_then(|nodes| most(&nodes.platforms)),
        not_checked: not_checked(observed),
    }
}

/// Whose Kubernetes it is: what the version itself says first, then the API groups, then the marks of the nodes.
fn distribution(observed: &Observed) -> Option<&'static str> {
    let version = observed.git_version.as_str();
    // RKE2 before k3s: both may show the signs of k3s.
    let by_version = [("-eks-", "EKS"), ("-gke.", "GKE"), ("+rke2", "RKE2"), ("+k3s", "k3s"), ("+vmware", "Tanzu")];
    let groups = observed.groups.as_read();
    let serves = |name: &str| groups.is_some_and(|groups| groups.iter().any(|group| group == name));
    let by_version = by_version.into_iter().find(|(mark, _)| version.contains(mark)).map(|(_, name)| name);
    by_version.or_else(|| serves("config.openshift.io").then_some("OpenShift")).or_else(|| {
        let marks = observed.nodes.as_read().map(|nodes| &nodes.marks);
        marks.and_then(|marks| marks.iter().max_by_key(|(_, count)| **count)).map(|(name, _)| *name)
    })
}

fn not_checked(observed: &Observed) -> Vec<String> {
    let parts = [
        ("API groups", observed.groups.reason()),
        ("nodes", observed.nodes.reason()),
        ("Deployments of control planes", observed.istiods.gap()),
        ("webhooks", observed.webhooks.gap()),
        ("Services of control planes", observed.services.gap()),
        ("proxies", observed.proxies.reason()),
    ];
    parts.into_iter().filter_map(|(part, reason)| reason.map(|reason| shown(&format!("{part}: {reason}")))).collect()
}

/// The counts, the most frequent first.
fn by_count(counts: &BTreeMap<String, i32>) -> Vec<VersionCount> {
    let mut versions: Vec<VersionCount> =
        counts.iter().map(|(version, count)| VersionCount { version: version.clone(), count: *count }).collect();
    versions.sort_by_key(|version| std::cmp::Reverse(version.count));
    versions.truncate(MAX_VERSIONS);
    versions
}

fn most(counts: &BTreeMap<String, i32>) -> Option<String> {
    by_count(counts).into_iter().next().map(|most| most.version.chars().take(64).collect())
}

/// A text of the cluster's as it may stand in a status: anybody may have written it into a label or a tag.
pub(super) fn shown(text: &str) -> String {
    meshcase_redact::shown(text, 128)
}

#[cfg(test)]
mod tests {
    use super::super::tests::observed;
    use super::*;
    use crate::evidence::detect::observed::Checked;
    use serde_json::json;

    fn nodes(values: &[serde_json::Value]) -> Nodes {
        let mut nodes = Nodes::default();
        for value in values {
            nodes.count(&serde_json::from_value(value.clone()).unwrap());
        }
        nodes
    }

    fn node(version: &str, ready: &str, provider: &str) -> serde_json::Value {
        json!({"metadata": {"name": "n", "labels": {"kubernetes.io/os": "linux"}}, "spec": {"providerID": provider},
            "status": {"conditions": [{"type": "Ready", "status": ready}],
                "nodeInfo": {"kubeletVersion": version, "architecture": "amd64", "osImage": "Debian"}}})
    }

    #[test]
    fn what_the_cluster_calls_a_version_is_shown_masked_and_on_one_line_and_real_ones_as_they_are() {
        let secret = ["ghp", "_", "R4nd0mLetters0fOurOwnMaking012345678"].concat();
        let told = shown(&format!("1.2\u{1b}[2J\u{202e} {secret}\nx"));
        assert!(!told.contains(&secret) && told.starts_with("1.2[2J ‹") && told.ends_with("› x"), "{told}");
        for version in [
            "v1.34.2-gke.1234567",
            "v1.28.5+rke2r1",
            "v1.31.2-eks-7f9249a",
            "1.24.6-am2",
            "1.20.3-tetratefips-v0",
            "1.27-alpha.ca1c9f2bb7d8e2e9a9ee97edf6fe40aa1a0c46b2",
            "unknown (sha256:4a5573037f358b6cdfa2f3e8a9c33a5cf11bcd1675ca72ca76fbe5bd77d0d682)",
        ] {
            assert_eq!(shown(version), version);
        }
    }

    #[test]
    fn nodes_are_counted_by_readiness_and_kubelet_version_the_most_frequent_first() {
        let seen = nodes(&[
            node("v1.35.1", "True", "aws:///eu-1/i-1"),
            node("v1.36.3", "True", "aws:///eu-1/i-2"),
            node("v1.36.3", "Unknown", "aws:///eu-1/i-3"),
        ]);
        let status =
            classify(&crate::evidence::detect::observed::Observed { nodes: Checked::Read(seen), ..observed() });
        let shown = status.nodes.unwrap();
        assert_eq!((shown.total, shown.ready), (3, 2));
        assert_eq!(
            shown.kubelet_versions,
            [
                VersionCount { version: "v1.36.3".into(), count: 2 },
                VersionCount { version: "v1.35.1".into(), count: 1 }
            ]
        );
        assert_eq!(status.provider.as_deref(), Some("aws"));
        assert_eq!(status.platform.as_deref(), Some("linux/amd64"));
    }

    #[test]
    fn the_distribution_is_read_from_the_version_then_the_groups_then_the_nodes() {
        let version = |version: &str| Observed { git_version: version.to_owned(), ..observed() };
        assert_eq!(distribution(&version("v1.35.1-eks-abc")), Some("EKS"));
        assert_eq!(distribution(&version("v1.35.1-gke.100")), Some("GKE"));
        assert_eq!(distribution(&version("v1.35.1+rke2r1")), Some("RKE2"));
        assert_eq!(distribution(&version("v1.36.3")), None);
        let groups = Checked::Read(vec!["config.openshift.io".to_owned()]);
        assert_eq!(distribution(&Observed { groups, ..observed() }), Some("OpenShift"));
        let kind = Checked::Read(nodes(&[node("v1.36.3", "True", "kind://docker/k/n")]));
        assert_eq!(distribution(&Observed { nodes: kind, ..observed() }), Some("kind"));
    }

    #[test]
    fn what_may_not_be_read_is_not_checked_and_never_zero() {
        let status = classify(&Observed { nodes: Checked::Not("forbidden".into()), ..observed() });
        assert_eq!(status.nodes, None);
        assert_eq!(status.not_checked, ["nodes: forbidden"]);
    }
}
