//! Ordinary nodes, played by kwok: pods become Running; logs, exec and port-forward go through the API server to files,
//! programs and ports of this machine. Not for: nodes that misbehave (`bad_node.rs`).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::Api;
use kube::api::{DynamicObject, ListParams, LogParams, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};

use crate::parts::{free_port, self_signed};
use crate::process::Process;
use crate::{Context, Lab, Result, Tools, cri, wait_for};

const READY_WITHIN: Duration = Duration::from_secs(120);

/// What any container that kwok runs has logged, unless [`Lab::container_log`] says otherwise.
pub const CURRENT_LOG: &[&str] = &["container started", "listening on port 8080", "served request 1"];
/// What the instance before it logged.
pub const PREVIOUS_LOG: &[&str] = &["container started", "fatal: connection refused", "exiting with code 1"];

/// The kinds by which kwok is told about single pods at run time.
const POD_KINDS: [(&str, &str); 3] = [("Logs", "logs"), ("PortForward", "portforwards"), ("Exec", "execs")];

/// The running kwok.
#[derive(Debug)]
pub(crate) struct Kwok {
    process: Process,
    pub(crate) port: u16,
}

impl Lab {
    /// Sees to `count` nodes at least, called `node-0` and so on, all ready. The first caller starts kwok.
    ///
    /// # Errors
    /// When the binaries are not built, or kwok ends or does not make the nodes ready.
    pub async fn nodes(&self, count: usize) -> Result<()> {
        let kwok = self.kwok.get_or_try_init(|| self.start_kwok()).await?;
        let client = self.admin().await?;
        let nodes = Api::<Node>::all(client.clone());
        let version = client.apiserver_version().await.context("reading the server's version")?.git_version;
        for number in 0..count {
            let name = format!("node-{number}");
            let node: Node = serde_json::from_value(node(&name, &version)).context("describing a node")?;
            match nodes.create(&Default::default(), &node).await {
                // An earlier caller's, or that of one who asks at the same time.
                Err(kube::Error::Api(status)) if status.is_already_exists() => {}
                other => drop(other.context(format!("creating the node {name}"))?),
            }
        }
        let selector = ListParams::default().labels("lab=kwok");
        let ready = wait_for("the nodes to be ready", READY_WITHIN, async || {
            if kwok.process.ended().is_some() {
                return Some(());
            }
            let listed = nodes.list(&selector).await.ok()?.items;
            (listed.iter().filter(|node| schedulable(node)).count() >= count).then_some(())
        });
        ready.await?;
        kwok.process.must_run()
    }

    /// Waits until all wanted pods of a Deployment run and are ready.
    ///
    /// # Errors
    /// When they are not within two minutes.
    pub async fn wait_for_deployment(&self, namespace: &str, name: &str) -> Result<()> {
        let deployments = Api::<Deployment>::namespaced(self.admin().await?, namespace);
        let what = format!("the pods of the Deployment {namespace}/{name}");
        wait_for(&what, READY_WITHIN, async || {
            let deployment = deployments.get_opt(name).await.ok().flatten()?;
            let wanted = deployment.spec.as_ref()?.replicas.unwrap_or(1);
            let status = deployment.status.as_ref()?;
            let seen = status.observed_generation >= deployment.metadata.generation;
            let all = status.replicas.unwrap_or(0) == wanted && status.updated_replicas.unwrap_or(0) == wanted;
            (seen && all && status.available_replicas.unwrap_or(0) == wanted).then_some(())
        })
        .await
    }

    /// Gives one container of a running kwok pod a log of its own, and the instance before it another, and waits until
    /// they are served.
    ///
    /// # Errors
    /// When the files cannot be written or the API server refuses the object that tells kwok.
    pub async fn container_log(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        current: &[&str],
        previous: &[&str],
    ) -> Result<()> {
        let file = |instance: &str| self.folder.join(format!("{namespace}.{pod}.{container}.{instance}"));
        let (now, before) = (file("current"), file("previous"));
        fs::write(&now, cri::log(current)).context("writing a container's log")?;
        fs::write(&before, cri::log(previous)).context("writing a container's log")?;
        let log = json!({"containers": [container], "logsFile": now, "previousLogsFile": before, "follow": false});
        self.serve_log(namespace, pod, container, log).await?;
        // kwok hears of it by a watch.
        let pods = Api::<Pod>::namespaced(self.admin().await?, namespace);
        let asked = LogParams { container: Some(container.to_owned()), ..LogParams::default() };
        let what = format!("kwok to serve the log of {namespace}/{pod}");
        wait_for(&what, READY_WITHIN, async || {
            let served = pods.logs(pod, &asked).await.ok()?;
            served.lines().eq(current.iter().copied()).then_some(())
        })
        .await
    }

    /// Adds kwok's entry for one container's log to those of its pod.
    pub(crate) async fn serve_log(&self, namespace: &str, pod: &str, container: &str, entry: Value) -> Result<()> {
        let objects = self.pod_kind("Logs", namespace).await?;
        let present = objects.get_opt(pod).await.context("reading a pod's Logs")?;
        let mut logs = present.map_or(json!([]), |object| object.data["spec"]["logs"].clone());
        let entries = logs.as_array_mut().context("reading a pod's Logs")?;
        entries.retain(|one| !one["containers"].is_null() && one["containers"] != json!([container]));
        entries.extend([entry, self.default_log()]);
        self.tell_kwok("Logs", namespace, pod, json!({"logs": logs})).await
    }

    /// Lets port-forwards to a kwok pod end at loopback ports of this machine: pairs of the pod's port and ours.
    ///
    /// # Errors
    /// When the API server refuses the object that tells kwok.
    pub async fn forward(&self, namespace: &str, pod: &str, ports: &[(u16, u16)]) -> Result<()> {
        let forward =
            |&(from, to): &(u16, u16)| json!({"ports": [from], "target": {"address": "127.0.0.1", "port": to}});
        let forwards: Vec<Value> = ports.iter().map(forward).collect();
        self.tell_kwok("PortForward", namespace, pod, json!({"forwards": forwards})).await
    }

    /// Creates or replaces kwok's object of this kind for one pod.
    pub(crate) async fn tell_kwok(&self, kind: &str, namespace: &str, pod: &str, spec: Value) -> Result<()> {
        let objects = self.pod_kind(kind, namespace).await?;
        let object =
            json!({"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": kind, "metadata": {"name": pod}, "spec": spec});
        let applied = objects.patch(pod, &PatchParams::apply("meshcase-lab").force(), &Patch::Apply(object)).await;
        applied.context(format!("telling kwok the {kind} of {namespace}/{pod}")).map(drop)
    }

    pub(crate) async fn pod_kind(&self, kind: &str, namespace: &str) -> Result<Api<DynamicObject>> {
        let plural = POD_KINDS.iter().find(|(name, _)| *name == kind).context(format!("knowing kwok's kind {kind}"))?.1;
        let gvk = GroupVersionKind::gvk("kwok.x-k8s.io", "v1alpha1", kind);
        let resource = ApiResource::from_gvk_with_plural(&gvk, plural);
        Ok(Api::namespaced_with(self.admin().await?, namespace, &resource))
    }

    /// The entry of kwok's that serves the log of any container.
    pub(crate) fn default_log(&self) -> Value {
        let (current, previous) = (self.folder.join("current.log"), self.folder.join("previous.log"));
        json!({"logsFile": current, "previousLogsFile": previous, "follow": false})
    }

    /// The folder of the programs that an exec into a kwok pod finds, before the system's.
    pub(crate) fn programs(&self) -> PathBuf {
        self.folder.join("programs")
    }

    async fn start_kwok(&self) -> Result<Kwok> {
        let binaries = Tools::Cluster.folder()?;
        self.apply(&pod_kinds()).await?;
        for (_, plural) in POD_KINDS {
            let crd = format!("crd/{plural}.kwok.x-k8s.io");
            self.kubectl(&["wait", "--for=condition=Established", &crd, "--timeout=60s"]).await?.successful()?;
        }
        fs::write(self.folder.join("current.log"), cri::log(CURRENT_LOG)).context("writing a container's log")?;
        fs::write(self.folder.join("previous.log"), cri::log(PREVIOUS_LOG)).context("writing a container's log")?;
        fs::create_dir_all(self.programs()).context("making the folder of an exec's programs")?;
        let streams = self.folder.join("streams.yaml");
        fs::write(&streams, self.streams()).context("writing kwok's configuration")?;
        let config = self.kubeconfig_for(&crate::Identity::Admin)?;
        let port = free_port()?;
        let mut command = kwok(&binaries, &config, &streams, port);
        let (certificate, key) = self_signed(&self.folder, "kwok")?;
        command.arg("--tls-cert-file").arg(certificate).arg("--tls-private-key-file").arg(key);
        // Commands of an exec are looked up in kwok's own path; what kwok keeps below $HOME is not the user's.
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.programs().display());
        command.env("PATH", path).env("HOME", &self.folder);
        Ok(Kwok { process: self.group.spawn("kwok", command)?, port })
    }

    /// What kwok does where no object of one pod's says otherwise. A port that nobody forwarded is refused.
    fn streams(&self) -> String {
        let cluster = |kind: &str, spec: Value| json!({"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": kind, "metadata": {"name": "all"}, "spec": spec});
        let logs = cluster("ClusterLogs", json!({"logs": [self.default_log()]}));
        // Nothing runs in a proxy's container until it is given a sidecar: the programs there would ask another pod's.
        let proxy = json!({"containers": ["istio-proxy"]});
        let exec = cluster("ClusterExec", json!({"execs": [{"local": {"workDir": self.folder}}, proxy]}));
        format!("{logs}\n---\n{exec}\n")
    }
}

fn kwok(binaries: &Path, config: &Path, streams: &Path, port: u16) -> Command {
    let mut kwok = Command::new(binaries.join("kwok"));
    kwok.arg("--kubeconfig").arg(config);
    kwok.args(["--manage-nodes-with-label-selector=lab=kwok", "--cidr=127.0.0.1/32", "--node-ip=127.0.0.1"]);
    kwok.arg(format!("--node-port={port}")).arg(format!("--server-address=127.0.0.1:{port}"));
    kwok.arg("--node-lease-duration-seconds=40");
    kwok.arg(format!("--enable-crds={}", POD_KINDS.map(|(kind, _)| kind).join(",")));
    for stage in ["node-initialize", "node-heartbeat-with-lease", "pod-ready", "pod-complete", "pod-delete"] {
        kwok.arg("--config").arg(binaries.join("stages").join(format!("{stage}.yaml")));
    }
    kwok.arg("--config").arg(streams);
    kwok
}

/// The definitions of [`POD_KINDS`]; kwok itself checks what they hold.
fn pod_kinds() -> String {
    let definition = |(kind, plural): (&str, &str)| {
        let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
        let version = json!({"name": "v1alpha1", "served": true, "storage": true, "schema": schema});
        let names =
            json!({"kind": kind, "listKind": format!("{kind}List"), "plural": plural, "singular": kind.to_lowercase()});
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{plural}.kwok.x-k8s.io")},
            "spec": {"group": "kwok.x-k8s.io", "scope": "Namespaced", "names": names, "versions": [version]},
        })
    };
    POD_KINDS.map(|kind| definition(kind).to_string()).join("\n---\n")
}

/// A node as its kubelet would register it; kwok fills in the rest.
fn node(name: &str, version: &str) -> Value {
    let labels = json!({
        "lab": "kwok", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
    });
    json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels},
        "status": {"nodeInfo": node_info(version)},
    })
}

/// What a kubelet of this version says about its machine.
pub(crate) fn node_info(version: &str) -> Value {
    json!({
        "kubeletVersion": version, "kubeProxyVersion": version, "architecture": "amd64", "operatingSystem": "linux",
        "bootID": "", "machineID": "", "systemUUID": "", "kernelVersion": "6.12.0", "osImage": "Laboratory",
        "containerRuntimeVersion": "containerd://2.2.0",
    })
}

/// Ready, and without the taint that every node has until a controller has seen it ready.
fn schedulable(node: &Node) -> bool {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref());
    let ready = conditions.is_some_and(|all| all.iter().any(|one| one.type_ == "Ready" && one.status == "True"));
    let tainted = node.spec.as_ref().and_then(|spec| spec.taints.as_ref()).is_some_and(|taints| !taints.is_empty());
    ready && !tainted
}
