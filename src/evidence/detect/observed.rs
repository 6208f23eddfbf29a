//! What detection saw of a cluster: plain values, gathered by `gather` and judged by the classifiers. Not for reading and
//! not for judging.

use std::collections::BTreeMap;

/// A part of the cluster that was read, or that was not, with the reason. What may not be read is `not checked`, never absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked<T> {
    Read(T),
    Not(String),
}

impl<T> Checked<T> {
    pub fn as_read(&self) -> Option<&T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Not(_) => None,
        }
    }

    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Read(_) => None,
            Self::Not(reason) => Some(reason),
        }
    }
}

/// Everything that one pass saw.
#[derive(Debug, Clone)]
pub struct Observed {
    /// `gitVersion` of the API server.
    pub git_version: String,
    /// Names of the API groups that are served.
    pub groups: Checked<Vec<String>>,
    pub nodes: Checked<Nodes>,
    /// Deployments labelled `app=istiod`.
    pub istiods: Checked<Vec<Istiod>>,
    /// Injecting webhooks of Istio.
    pub webhooks: Checked<Vec<Webhook>>,
    /// Services labelled `app=istiod`.
    pub services: Checked<Vec<IstiodService>>,
    pub proxies: Checked<Proxies>,
}

/// The nodes, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nodes {
    pub total: i32,
    pub ready: i32,
    pub kubelet_versions: BTreeMap<String, i32>,
    /// Schemes of the providers' ids, such as `aws`.
    pub providers: BTreeMap<String, i32>,
    /// `linux/amd64`.
    pub platforms: BTreeMap<String, i32>,
    /// Marks of distributions that labels, annotations and the system's name give.
    pub marks: BTreeMap<&'static str, i32>,
}

/// A Deployment that calls itself istiod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Istiod {
    pub name: String,
    pub namespace: String,
    pub labels: BTreeMap<String, String>,
    /// Container name and image, in the pod template's order.
    pub containers: Vec<(String, String)>,
}

/// A webhook that injects proxies, or a revision tag.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Webhook {
    pub name: String,
    pub revision: Option<String>,
    /// Name of a revision tag, where it is one.
    pub tag: Option<String>,
    /// Namespace of the Service that it calls; None where it calls a URL.
    pub service_namespace: Option<String>,
    /// Whether some pod cannot be created while it does not answer.
    pub fails_closed: bool,
}

/// A Service of a control plane.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IstiodService {
    pub namespace: String,
    pub ports: Vec<i32>,
}

/// What a proxy is in its pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A sidecar, or a gateway's Envoy.
    Proxy,
    /// The node's proxy of ambient mode. Its container is called `istio-proxy` too.
    Ztunnel,
}

/// Proxies of one kind that cannot be told apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProxyGroup {
    pub role: Role,
    pub revision: String,
    pub image: String,
    /// The digest that runs, where the image names no tag.
    pub digest: Option<String>,
}

/// The data plane, counted while the pods went by; no pod is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    pub groups: BTreeMap<ProxyGroup, i32>,
    /// Pods that ambient mode redirects.
    pub ambient_pods: i32,
    /// Proxies beyond the number of groups that is kept.
    pub uncounted: i32,
}
