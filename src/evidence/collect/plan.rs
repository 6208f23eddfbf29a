//! What a bundle will hold, settled before any log is read: which logs, objects and events, where, and how large they may
//! be. An item that cannot be had is planned too, with its outcome. Not for reading contents.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Event;
use kube::Api;
use kube::api::{ApiResource, ListParams};
use kube::discovery::{self, Scope};
use tokio::time::{Instant, timeout_at};

use super::logs::LogSource;
use super::outcome::Stop;
use super::{CollectError, Limits, Request};
use crate::api::{AffectedWorkload, WorkloadKind};
use crate::evidence::archive::manifest::{Outcome, Text};
use crate::evidence::views::PodView;
use meshcase_redact::{BundleKey, Gathered, RedactOptions, Redactor};

/// Pods in a page.
const PAGE: u32 = 50;
/// The API groups whose objects configure an Istio or an Aspen Mesh.
const GROUPS: [&str; 8] = [
    "networking.istio.io",
    "security.istio.io",
    "telemetry.istio.io",
    "extensions.istio.io",
    "install.istio.io",
    "gateway.networking.k8s.io",
    "networking.aspenmesh.io",
    "policy.aspenmesh.io",
];
/// A kubelet keeps about so much of a log before it rotates (`containerLogMaxSize`, 10 MiB by default); compressed, a tenth.
const LOG_ESTIMATE: u64 = 1024 * 1024;
const OBJECTS_ESTIMATE: u64 = 16 * 1024;

/// Everything that is planned, most useful first: facts, objects, events, logs.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub items: Vec<Item>,
}

/// One planned item.
#[derive(Debug, Clone)]
pub struct Item {
    pub what: What,
    /// Where planning found out already that there is nothing to read: the outcome and its reason.
    pub settled: Option<(Outcome, String)>,
}

/// What an item is.
#[derive(Debug, Clone)]
pub enum What {
    /// The facts of cluster and meshes.
    Facts,
    /// All objects of one kind in a namespace.
    Objects { namespace: String, resource: ApiResource },
    /// One container's log.
    Log(LogSource),
    /// The logs of a workload whose pods could not be listed or do not exist.
    Workload { namespace: String, kind: WorkloadKind, name: String },
    /// The logs of the mesh's control plane in a namespace, of which the same is true.
    ControlPlane { namespace: String },
    /// The mesh's kinds, of which the API server gave no list.
    MeshKinds,
}

impl Plan {
    /// An upper guess of the bundle's size in MiB, at least 1. Nobody knows a log's size before it is read.
    pub fn estimated_mebibytes(&self) -> u64 {
        let open = self.items.iter().filter(|item| item.settled.is_none());
        let bytes: u64 =
            open.map(|item| if matches!(item.what, What::Log(_)) { LOG_ESTIMATE } else { OBJECTS_ESTIMATE }).sum();
        bytes.div_ceil(1024 * 1024).max(1)
    }

    /// What will be read, in words that may stand in a status: the first `most` items, in the plan's order. They quote the
    /// cluster's names, so they pass a redactor with the options of the bundle.
    ///
    /// # Errors
    /// The redactor cannot be made.
    pub fn described(&self, redact: &RedactOptions, most: usize) -> Result<Vec<String>, CollectError> {
        let fault = |error: &dyn std::fmt::Display| CollectError::Redactor(error.to_string());
        let key = BundleKey::generate().map_err(|error| fault(&error))?;
        let redactor = Redactor::new(&key, redact).map_err(|error| fault(&error))?;
        let open = self.items.iter().filter(|item| item.settled.is_none()).take(most);
        let text = |item: &Item| Text::from(&redactor.text(Gathered::from(item.what.describe())));
        Ok(open.map(|item| text(item).as_str().to_owned()).collect())
    }

    /// Logs that will be read.
    pub(super) fn open_logs(&self) -> usize {
        self.items.iter().filter(|item| item.settled.is_none() && matches!(item.what, What::Log(_))).count()
    }

    fn add(&mut self, what: What) {
        self.items.push(Item { what, settled: None });
    }

    fn settle(&mut self, what: What, outcome: Outcome, reason: String) {
        self.items.push(Item { what, settled: Some((outcome, reason)) });
    }

    fn stopped(&mut self, what: What, stop: &Stop) {
        self.settle(what, stop.outcome(0), stop.reason());
    }
}

impl What {
    /// The item in words, for manifest and status. It quotes names, so it goes through the redactor before it is shown.
    pub fn describe(&self) -> String {
        match self {
            Self::Facts => "facts of the cluster and its meshes".to_owned(),
            Self::Objects { namespace, resource } if resource.group.is_empty() => {
                format!("{} in namespace {namespace}", resource.plural)
            }
            Self::Objects { namespace, resource } => {
                format!("{}.{} in namespace {namespace}", resource.plural, resource.group)
            }
            Self::Log(log) => {
                let which = if log.previous { "previous log" } else { "log" };
                format!("{which} of container {} in pod {}/{}", log.container, log.namespace, log.pod)
            }
            Self::Workload { namespace, kind, name } => format!("logs of {kind:?} {namespace}/{name}"),
            Self::ControlPlane { namespace } => format!("logs of the mesh's control plane in namespace {namespace}"),
            Self::MeshKinds => "objects of the mesh".to_owned(),
        }
    }
}

/// Settles what will be read. Reads lists of pods and of API groups only. Never fails: what cannot be listed is an item
/// with its outcome.
pub async fn plan(collector: &kube::Client, request: &Request) -> Plan {
    let mut plan = Plan::default();
    plan.add(What::Facts);
    let deadline = Instant::now() + request.limits.planning;
    objects(collector, request, deadline, &mut plan).await;
    plan.add(What::Objects { namespace: request.case.namespace.clone(), resource: ApiResource::erase::<Event>(&()) });
    if request.include_logs {
        workload_logs(collector, request, deadline, &mut plan).await;
        for namespace in &request.mesh_namespaces {
            control_plane_logs(collector, namespace, request, deadline, &mut plan).await;
        }
    }
    plan
}

async fn objects(collector: &kube::Client, request: &Request, deadline: Instant, plan: &mut Plan) {
    let kinds = match timeout_at(deadline, mesh_kinds(collector)).await {
        Ok(Ok(kinds)) => kinds,
        Ok(Err(error)) => return plan.stopped(What::MeshKinds, &Stop::of_error(error)),
        Err(_) => return plan.stopped(What::MeshKinds, &Stop::Late),
    };
    let mut namespaces = BTreeSet::from([&request.case.namespace]);
    namespaces.extend(&request.mesh_namespaces);
    for resource in kinds {
        for namespace in &namespaces {
            plan.add(What::Objects { namespace: (*namespace).clone(), resource: resource.clone() });
        }
    }
}

/// The namespaced kinds of the mesh's API groups, in the version that the server prefers.
async fn mesh_kinds(collector: &kube::Client) -> Result<Vec<ApiResource>, kube::Error> {
    let served = collector.list_api_groups().await?;
    let mut kinds = Vec::new();
    for name in GROUPS.into_iter().filter(|name| served.groups.iter().any(|group| group.name == *name)) {
        let group = discovery::group(collector, name).await?;
        let listable = group.recommended_resources().into_iter().filter(|(_, capabilities)| {
            capabilities.scope == Scope::Namespaced && capabilities.supports_operation(discovery::verbs::LIST)
        });
        kinds.extend(listable.map(|(resource, _)| resource));
    }
    kinds.sort_by(|a, b| (&a.group, &a.plural).cmp(&(&b.group, &b.plural)));
    Ok(kinds)
}

async fn workload_logs(collector: &kube::Client, request: &Request, deadline: Instant, plan: &mut Plan) {
    let namespace = &request.case.namespace;
    if request.affected.is_empty() {
        return;
    }
    let what = |workload: &AffectedWorkload| What::Workload {
        namespace: namespace.clone(),
        kind: workload.kind,
        name: workload.name.clone(),
    };
    let affected = |pod: &PodView| request.affected.iter().any(|workload| pod.runs_in(workload));
    let pods = match pods(collector, namespace, None, &request.limits, deadline, affected).await {
        Ok(pods) => pods,
        Err(stop) => {
            for workload in &request.affected {
                plan.stopped(what(workload), &stop);
            }
            return;
        }
    };
    for workload in &request.affected {
        if !pods.kept.iter().any(|pod| pod.runs_in(workload)) {
            plan.settle(what(workload), Outcome::Absent, "it has no pods".to_owned());
        } else if pods.left_out > 0 {
            let reason = format!("the logs of {} more pods are left out", pods.left_out);
            plan.settle(what(workload), Outcome::Truncated, reason);
        }
    }
    for pod in &pods.kept {
        pod_logs(namespace, pod, plan);
    }
}

async fn control_plane_logs(
    collector: &kube::Client,
    namespace: &str,
    request: &Request,
    deadline: Instant,
    plan: &mut Plan,
) {
    let what = || What::ControlPlane { namespace: namespace.to_owned() };
    match pods(collector, namespace, Some("app=istiod"), &request.limits, deadline, |_| true).await {
        Err(stop) => plan.stopped(what(), &stop),
        Ok(pods) if pods.kept.is_empty() => {
            plan.settle(what(), Outcome::Absent, "no istiod runs there".to_owned());
        }
        Ok(pods) => {
            for pod in &pods.kept {
                // The case's own pods are planned already where both namespaces are one.
                let planned = |item: &Item| matches!(&item.what, What::Log(log) if log.namespace == namespace && log.pod == pod.name());
                if !plan.items.iter().any(planned) {
                    pod_logs(namespace, pod, plan);
                }
            }
            if pods.left_out > 0 {
                let reason = format!("the logs of {} more pods are left out", pods.left_out);
                plan.settle(what(), Outcome::Truncated, reason);
            }
        }
    }
}

struct Pods {
    kept: Vec<PodView>,
    left_out: usize,
}

/// The pods of a namespace that `wanted` takes, read in pages; the most telling ones where there are more than the limit.
async fn pods(
    collector: &kube::Client,
    namespace: &str,
    labels: Option<&str>,
    limits: &Limits,
    deadline: Instant,
    wanted: impl Fn(&PodView) -> bool,
) -> Result<Pods, Stop> {
    let api: Api<PodView> = Api::namespaced(collector.clone(), namespace);
    let mut params = ListParams::default().limit(PAGE);
    params.label_selector = labels.map(str::to_owned);
    let mut kept: Vec<PodView> = Vec::new();
    let mut left_out = 0;
    loop {
        let page = match timeout_at(deadline, api.list(&params)).await {
            Ok(Ok(page)) => page,
            Ok(Err(error)) => return Err(Stop::of_error(error)),
            Err(_) => return Err(Stop::Late),
        };
        kept.extend(page.items.into_iter().filter(&wanted));
        // Troubled pods first: not ready, then restarted, then by name.
        kept.sort_by_cached_key(|pod| (pod.is_ready(), !has_restarted(pod), pod.name().to_owned()));
        left_out += kept.len().saturating_sub(limits.pods);
        kept.truncate(limits.pods);
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(Pods { kept, left_out }),
        }
    }
}

fn has_restarted(pod: &PodView) -> bool {
    let status = &pod.status;
    status.container_statuses.iter().chain(&status.init_container_statuses).any(|c| c.restart_count > 0)
}

/// Plans the logs of all containers of a pod: init containers and native sidecars first, then the others. A container that
/// never started has no log; one without an earlier instance has no previous log.
fn pod_logs(namespace: &str, pod: &PodView, plan: &mut Plan) {
    let spec = &pod.spec;
    for container in spec.init_containers.iter().chain(&spec.containers).chain(&spec.ephemeral_containers) {
        let log = |previous| {
            What::Log(LogSource {
                namespace: namespace.to_owned(),
                pod: pod.name().to_owned(),
                container: container.name.clone(),
                previous,
            })
        };
        let status = pod.container_status(&container.name).cloned().unwrap_or_default();
        let had_instance = status.restart_count > 0 || status.last_state.terminated.is_some();
        if status.state.running.is_some() || status.state.terminated.is_some() || had_instance {
            plan.add(log(false));
        } else {
            plan.settle(log(false), Outcome::Absent, "the container has not started".to_owned());
        }
        if had_instance {
            plan.add(log(true));
        } else {
            plan.settle(log(true), Outcome::Absent, "the container has not restarted".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(value: serde_json::Value) -> PodView {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn logs_of_init_containers_and_native_sidecars_are_planned_and_previous_ones_only_where_an_instance_ended() {
        let pod = pod(json!({
            "metadata": {"name": "checkout"},
            "spec": {
                "initContainers": [{"name": "istio-init"}, {"name": "istio-proxy", "restartPolicy": "Always"}],
                "containers": [{"name": "app"}, {"name": "waiting"}],
            },
            "status": {
                "initContainerStatuses": [
                    {"name": "istio-init", "state": {"terminated": {"exitCode": 0}}},
                    {"name": "istio-proxy", "state": {"running": {}}, "restartCount": 2,
                     "lastState": {"terminated": {"exitCode": 1}}}],
                "containerStatuses": [
                    {"name": "app", "state": {"running": {}}},
                    {"name": "waiting", "state": {"waiting": {"reason": "ImagePullBackOff"}}}],
            },
        }));
        let mut plan = Plan::default();
        pod_logs("team-a", &pod, &mut plan);
        let read: Vec<String> =
            plan.items.iter().filter(|item| item.settled.is_none()).map(|item| item.what.describe()).collect();
        assert_eq!(
            read,
            [
                "log of container istio-init in pod team-a/checkout",
                "log of container istio-proxy in pod team-a/checkout",
                "previous log of container istio-proxy in pod team-a/checkout",
                "log of container app in pod team-a/checkout",
            ]
        );
        let settled = plan.items.iter().filter_map(|item| item.settled.as_ref());
        assert!(settled.clone().all(|(outcome, _)| *outcome == Outcome::Absent));
        assert_eq!(settled.count(), 4);
    }
}
