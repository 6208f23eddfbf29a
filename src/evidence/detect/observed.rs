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

/// A list of objects, and whether a bound cut it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    pub items: Vec<T>,
    /// What was left out, in words.
    pub cut: Option<String>,
}

impl<T> Checked<Listed<T>> {
    /// What was read; nothing where nothing could be.
    pub fn items(&self) -> impl Iterator<Item = &T> {
        self.as_read().into_iter().flat_map(|listed| &listed.items)
    }

    /// Why the part was not read to its end.
    pub fn gap(&self) -> Option<&str> {
        match self {
            Self::Read(listed) => listed.cut.as_deref(),
            Self::Not(reason) => Some(reason),
        }
    }
}

/// Everything that one pass saw of the whole cluster.
#[derive(Debug, Clone)]
pub struct Observed {
    /// `gitVersion` of the API server.
    pub git_version: String,
    /// Names of the API groups that are served.
    pub groups: Checked<Vec<String>>,
    pub nodes: Checked<Nodes>,
    /// Deployments labelled `app=istiod`.
    pub istiods: Checked<Listed<Istiod>>,
    /// Injecting webhooks of Istio.
    pub webhooks: Checked<Listed<Webhook>>,
    /// Services labelled `app=istiod`.
    pub services: Checked<Listed<IstiodService>>,
    pub proxies: Checked<Proxies>,
}

/// What the running control planes answered, by namespace and revision: each ready replica that was asked for itself.
pub type Running = BTreeMap<(String, String), Vec<String>>;

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
    /// Of its pod template.
    pub pod_labels: BTreeMap<String, String>,
    /// The image of the container `discovery`, where there is such a container.
    pub discovery: Option<String>,
    /// How many pods it wants, and how many of them are ready.
    pub replicas: i32,
    pub ready: i32,
}

impl Istiod {
    /// Its revision; without one it is called `default`.
    pub fn revision(&self) -> &str {
        self.labels.get("istio.io/rev").map_or("default", String::as_str)
    }
}

/// A webhook that injects proxies, or a revision tag.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Webhook {
    pub name: String,
    pub revision: Option<String>,
    /// Name of a revision tag, where it is one.
    pub tag: Option<String>,
    pub target: Option<Target>,
    /// Whether it can select a pod at all: one that an upgrade deactivated cannot.
    pub in_use: bool,
    /// Whether a pod that it selects cannot be created while it does not answer.
    pub fails_closed: bool,
}

impl Webhook {
    /// The revision that it injects.
    pub fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or("default")
    }
}

/// Where a webhook leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Service {
        namespace: String,
        name: String,
    },
    /// The host of a URL: a provider's control plane, or one in another cluster.
    Url(String),
}

impl Target {
    /// Whether it is a Service of one of these namespaces.
    pub fn is_in(&self, namespaces: &[&str]) -> bool {
        matches!(self, Self::Service { namespace, .. } if namespaces.contains(&namespace.as_str()))
    }
}

/// A Service of a control plane.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IstiodService {
    pub name: String,
    pub namespace: String,
    pub ports: Vec<i32>,
    /// Empty: its endpoints are set by hand, most often to a control plane in another cluster.
    pub selector: BTreeMap<String, String>,
}

/// What a proxy is in its pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A sidecar, or a gateway's Envoy.
    Proxy,
    /// The node's proxy of ambient mode. Its container is called `istio-proxy` too.
    Ztunnel,
}

/// Proxies of one namespace that cannot be told apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProxyGroup {
    pub role: Role,
    pub revision: String,
    /// The namespace of the control plane that they are told to ask, where they are told one of this cluster.
    pub asks: Option<String>,
    pub image: String,
    /// The digest that runs, where the image names no tag.
    pub digest: Option<String>,
}

/// The data plane, counted while the pods went by, by their namespaces; no pod is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    pub by_namespace: BTreeMap<String, NamespaceProxies>,
    /// How many groups are kept in all.
    pub groups: usize,
}

/// The proxies of one namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamespaceProxies {
    pub groups: BTreeMap<ProxyGroup, i32>,
    /// Pods that ambient mode redirects.
    pub ambient_pods: i32,
    /// Proxies beyond the number of groups that is kept.
    pub uncounted: i32,
    /// Proxies of a revision that cannot exist: its name is no label's value.
    pub odd: i32,
}

impl IstiodService {
    /// Whether the pods of `istiod` are behind it.
    pub fn selects(&self, istiod: &Istiod) -> bool {
        let carries = |(key, value): (&String, &String)| istiod.pod_labels.get(key) == Some(value);
        self.namespace == istiod.namespace && !self.selector.is_empty() && self.selector.iter().all(carries)
    }
}
