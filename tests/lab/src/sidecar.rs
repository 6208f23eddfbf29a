//! The inside of one injected pod: Istio's real agent and a real Envoy, with a certificate of istiod's. Not for: injecting
//! (istiod does), nor for the control plane (`mesh.rs`).

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Container, Pod};
use kube::Api;
use serde_json::json;

use crate::lock::MachineLock;
use crate::parts::http_get;
use crate::process::{Group, Process};
use crate::{Context, Lab, LabError, Result, Tools, wait_for};

const READY_WITHIN: Duration = Duration::from_secs(120);
/// Another laboratory may hold the ports for as long as its whole run takes.
const PORTS_WITHIN: Duration = Duration::from_secs(600);

/// Ports that the agent, Envoy's bootstrap and istiod's listeners name, and no flag changes: admin, outbound, debug tap,
/// inbound, agent, readiness, Envoy's metrics.
const PORTS: [u16; 7] = [15000, 15001, 15004, 15006, 15020, 15021, 15090];

const PROXY: &str = "istio-proxy";

/// The running agent and Envoy of one pod. Dropping it ends both and lets the next one have their ports.
#[derive(Debug)]
#[must_use = "the sidecar ends when it is dropped"]
pub struct Sidecar {
    // In this order: the processes go before the lock does.
    process: Process,
    folder: PathBuf,
    _group: Group,
    _lock: MachineLock,
}

impl Sidecar {
    /// The agent, whose child is Envoy.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// The folder in which both work. It goes with them.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Lab {
    /// Gives an injected pod its real agent and Envoy, and waits until they are ready. One at a time on this machine, as
    /// their ports are fixed: a second one, of any laboratory, waits until the first is dropped or its process ends.
    ///
    /// # Errors
    /// When the pod was not injected by a control plane of this laboratory, when something else listens on the ports, or
    /// when the agent ends or does not get ready.
    pub async fn sidecar(&self, namespace: &str, pod: &str) -> Result<Sidecar> {
        let object = Api::<Pod>::namespaced(self.admin().await?, namespace).get(pod).await;
        let object = object.context(format!("reading the pod {namespace}/{pod}"))?;
        let proxy = proxy_of(&object).context(format!("finding the container {PROXY} of {namespace}/{pod}"))?;
        let lock = MachineLock::take("sidecar", PORTS_WITHIN).await?;
        wait_for_ports().await?;

        let folder =
            tempfile::Builder::new().prefix("sidecar-").tempdir_in(&self.folder).context("making a folder")?.keep();
        let group = Group::new(&folder)?;
        let account = object.spec.as_ref().and_then(|spec| spec.service_account_name.as_deref()).unwrap_or("default");
        self.write_credentials(&folder, namespace, account).await?;
        let agent = self.agent(&folder, &object, proxy, account)?;
        let log = self.folder.join(format!("{namespace}.{pod}.{PROXY}"));
        let process = group.spawn_logging("pilot-agent", agent, &log)?;
        self.tell_kwok_of_sidecar(namespace, pod, &folder, &log).await?;
        let ready = wait_for("the sidecar to be ready", READY_WITHIN, async || {
            (process.ended().is_some() || http_get(15020, "/healthz/ready").await.is_ok()).then_some(())
        });
        ready.await.map_err(|error| LabError::new(format!("{error}\n{}", process.last_lines())))?;
        process.must_run()?;
        Ok(Sidecar { process, folder, _group: group, _lock: lock })
    }

    /// What is mounted into the container: istiod's root, a token for it, and what the image holds.
    async fn write_credentials(&self, folder: &Path, namespace: &str, account: &str) -> Result<()> {
        let maps = Api::<ConfigMap>::namespaced(self.admin().await?, namespace);
        let what = format!("istiod's root certificate in {namespace}");
        let root = wait_for(&what, READY_WITHIN, async || {
            let map = maps.get_opt("istio-ca-root-cert").await.ok().flatten()?;
            map.data?.remove("root-cert.pem")
        });
        let (root, token) = (root.await?, self.service_account_token(namespace, account, &["istio-ca"]).await?);
        let template = Tools::Cluster.folder()?.join("envoy_bootstrap.json");
        let template = fs::read_to_string(template).context("reading Envoy's bootstrap")?;
        for (path, text) in [
            ("var/run/secrets/istio/root-cert.pem", root),
            ("var/run/secrets/tokens/istio-token", token),
            ("var/lib/istio/envoy/envoy_bootstrap_tmpl.json", template),
        ] {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap_or(folder)).context("making a folder of the sidecar")?;
            fs::write(path, text).context("writing a file of the sidecar")?;
        }
        Ok(())
    }

    /// The agent as the container would start it: with what the injector wrote into the pod, save what names a place.
    fn agent(&self, folder: &Path, pod: &Pod, proxy: &Container, account: &str) -> Result<Command> {
        let (name, namespace) = (pod.metadata.name.clone(), pod.metadata.namespace.clone());
        let (name, namespace) = (name.unwrap_or_default(), namespace.unwrap_or_default());
        let annotations = pod.metadata.annotations.as_ref();
        let revision = annotations.and_then(|all| all.get("istio.io/rev")).map_or("default", String::as_str);
        let discovery = self.mesh_of(revision)?.discovery_address();
        let binaries = Tools::Cluster.folder()?;
        let config = json!({
            "discoveryAddress": discovery, "binaryPath": binaries.join("envoy"), "configPath": "./etc/istio/proxy",
            "proxyAdminPort": 15000,
        });
        let mut agent = Command::new(binaries.join("pilot-agent"));
        agent.args(["proxy", "sidecar", "--domain", &format!("{namespace}.svc.cluster.local")]);
        for variable in proxy.env.iter().flatten() {
            if let Some(value) = &variable.value {
                agent.env(&variable.name, value);
            }
        }
        agent.env("POD_NAME", name).env("POD_NAMESPACE", namespace).env("SERVICE_ACCOUNT", account);
        agent.env("INSTANCE_IP", "127.0.0.1").env("HOST_IP", "127.0.0.1");
        agent.env("CA_ADDR", discovery).env("PROXY_CONFIG", config.to_string());
        agent.env("HOME", folder).current_dir(folder);
        Ok(agent)
    }

    async fn tell_kwok_of_sidecar(&self, namespace: &str, pod: &str, folder: &Path, log: &Path) -> Result<()> {
        let agent = self.programs().join("pilot-agent");
        if !agent.exists() {
            std::os::unix::fs::symlink(Tools::Cluster.folder()?.join("pilot-agent"), agent)
                .context("linking the agent")?;
        }
        self.forget_last_sidecar(namespace, pod).await?;
        let entry = json!({"containers": [PROXY], "logsFile": log, "follow": true});
        self.serve_log(namespace, pod, PROXY, entry).await?;
        self.tell_kwok("Exec", namespace, pod, json!({"execs": [{"local": {"workDir": folder}}]})).await?;
        self.forward(namespace, pod, &PORTS.map(|port| (port, port))).await
    }

    /// The ports now belong to this pod: none other must lead to them.
    async fn forget_last_sidecar(&self, namespace: &str, pod: &str) -> Result<()> {
        let this = (namespace.to_owned(), pod.to_owned());
        let mut last = self.last_sidecar.lock().await;
        if let Some((namespace, pod)) = last.take().filter(|last| *last != this) {
            for kind in ["Exec", "PortForward"] {
                let gone = self.pod_kind(kind, &namespace).await?.delete(&pod, &Default::default()).await;
                match gone {
                    Err(kube::Error::Api(status)) if status.is_not_found() => {}
                    other => drop(other.context("forgetting the last sidecar")?),
                }
            }
        }
        *last = Some(this);
        Ok(())
    }
}

/// The proxy's container: a native sidecar, or an ordinary container.
fn proxy_of(pod: &Pod) -> Option<&Container> {
    let spec = pod.spec.as_ref()?;
    spec.init_containers.iter().flatten().chain(&spec.containers).find(|container| container.name == PROXY)
}

/// The lock is had, but the last holder's processes may be ending still, and a stranger may know no lock.
async fn wait_for_ports() -> Result<()> {
    let taken = || PORTS.iter().filter(|&&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err()).copied();
    let free = wait_for("a sidecar's ports to be free", Duration::from_secs(30), async || {
        taken().next().is_none().then_some(())
    });
    let free = free.await;
    free.map_err(|error| LabError::new(format!("{error}: {:?} are taken", taken().collect::<Vec<_>>())))
}
