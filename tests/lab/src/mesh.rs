//! Istio's control plane as it is: its own manifests in the cluster, its real istiod beside it; once more with the stamp of
//! Aspen Mesh. Not for: proxies (`sidecar.rs`).

use std::fs;
use std::path::Path;
use std::process::Command as Program;
use std::time::Duration;

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;
use serde_json::json;
use tokio::process::Command;

use crate::kubectl::{Output, run};
use crate::parts::{free_port, http_get};
use crate::process::Process;
use crate::{Context, Identity, Lab, LabError, Result, Tools, wait_for};

/// The namespace of the mesh's control planes.
pub const MESH_NAMESPACE: &str = "istio-system";
/// The revision of the control plane that is stamped as Aspen Mesh: a namespace labelled `istio.io/rev` with it is injected.
pub const ASPEN_REVISION: &str = "1-24-6-am2";

const READY_WITHIN: Duration = Duration::from_secs(180);

/// Answers what `pilot-discovery request GET PATH` in the istiod container would: that one asks port 15014 of its own pod,
/// which is another port on this machine.
const REQUEST: &str = r#"#!/usr/bin/env bash
exec 3<>"/dev/tcp/127.0.0.1/$LAB_MONITORING_PORT"
printf 'GET /%s HTTP/1.0\r\n\r\n' "${3#/}" >&3
sed '1,/^\r$/d' <&3
"#;

/// Which of the two stamps of one source.
#[derive(Clone, Copy, Debug)]
struct Stamp {
    binary: &'static str,
    version: &'static str,
    hub: &'static str,
    /// Empty is what Istio calls `default`.
    revision: &'static str,
}

// The versions and hubs are those of build.sh.
const ISTIO: Stamp = Stamp { binary: "pilot-discovery", version: "1.31.0", hub: "docker.io/istio", revision: "" };
const ASPEN: Stamp = Stamp {
    binary: "pilot-discovery-aspen",
    version: "1.24.6-am2",
    hub: "quay.io/aspenmesh",
    revision: ASPEN_REVISION,
};

/// A running control plane.
#[derive(Debug)]
pub struct Mesh {
    stamp: Stamp,
    pod: String,
    ports: Ports,
    process: Process,
}

/// The loopback ports of one istiod.
#[derive(Clone, Copy, Debug)]
struct Ports {
    http: u16,
    grpc: u16,
    secure_grpc: u16,
    webhooks: u16,
    monitoring: u16,
    introspection: u16,
}

impl Mesh {
    /// The version it was stamped with.
    pub fn version(&self) -> &'static str {
        self.stamp.version
    }

    /// Its revision: `default` or [`ASPEN_REVISION`].
    pub fn revision(&self) -> &'static str {
        if self.stamp.revision.is_empty() { "default" } else { self.stamp.revision }
    }

    /// The name of its pod in [`MESH_NAMESPACE`].
    pub fn pod(&self) -> &str {
        &self.pod
    }

    /// The process behind that pod.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// What it answers on its monitoring port (15014 of its pod), such as `/debug/syncz`.
    ///
    /// # Errors
    /// When it does not answer 200.
    pub async fn get(&self, path: &str) -> Result<String> {
        http_get(self.ports.monitoring, path).await
    }

    pub(crate) fn discovery_address(&self) -> String {
        format!("localhost:{}", self.ports.secure_grpc)
    }

    pub(crate) fn ports(&self) -> [u16; 6] {
        let ports = &self.ports;
        [ports.http, ports.grpc, ports.secure_grpc, ports.webhooks, ports.monitoring, ports.introspection]
    }
}

impl Lab {
    /// Sees to a real Istio, with a node where there is none: pods in namespaces labelled `istio-injection: enabled` are
    /// injected by its webhook. Some ten seconds, once per laboratory; later callers find it done.
    ///
    /// # Errors
    /// When the binaries are not built, the API server refuses a manifest, or istiod ends or does not get ready.
    pub async fn istio(&self) -> Result<&Mesh> {
        self.istio.get_or_try_init(|| self.start_mesh(ISTIO)).await
    }

    /// Sees to the same code stamped as Aspen Mesh, as the revision [`ASPEN_REVISION`]. A laboratory may have both, as a
    /// cluster does that moves from one to the other.
    ///
    /// # Errors
    /// As [`Lab::istio`].
    pub async fn aspen_mesh(&self) -> Result<&Mesh> {
        self.aspen.get_or_try_init(|| self.start_mesh(ASPEN)).await
    }

    /// Runs Istio's own tool as an admin. A failure of it is an output, not an error.
    ///
    /// # Errors
    /// When it cannot be started or does not end.
    pub async fn istioctl(&self, arguments: &[&str]) -> Result<Output> {
        let config = self.kubeconfig_for(&Identity::Admin)?;
        let mut istioctl = Command::new(Tools::Cluster.folder()?.join("istioctl"));
        istioctl.arg("--kubeconfig").arg(&config).args(arguments).current_dir(&self.folder);
        // Its bug-report reads the flag in one half and the variable in the other.
        istioctl.env("KUBECONFIG", &config);
        // What it keeps goes below $HOME and $TMPDIR: not the user's.
        istioctl.env("HOME", &self.folder).env("TMPDIR", &self.folder);
        let output = run(istioctl, "").await;
        let _ = fs::remove_file(config);
        output
    }

    /// The control plane of a revision, where it was started.
    pub(crate) fn mesh_of(&self, revision: &str) -> Result<&Mesh> {
        let meshes = [self.istio.get(), self.aspen.get()];
        let found = meshes.into_iter().flatten().find(|mesh| mesh.revision() == revision);
        found.context(format!("finding a running control plane of the revision '{revision}'"))
    }

    async fn start_mesh(&self, stamp: Stamp) -> Result<Mesh> {
        let binaries = Tools::Cluster.folder()?;
        self.nodes(1).await?;
        let ports = Ports {
            http: free_port()?,
            grpc: free_port()?,
            secure_grpc: free_port()?,
            webhooks: free_port()?,
            monitoring: free_port()?,
            introspection: free_port()?,
        };
        self.apply_manifests(stamp, ports).await?;
        let revision = if stamp.revision.is_empty() { "default" } else { stamp.revision };
        let pod = self.istiod_pod(revision).await?;
        let log = self.folder.join(format!("{}.discovery", stamp.binary));
        let istiod = self.istiod(stamp, ports, &binaries, &pod, revision)?;
        let process = self.group.spawn_logging(stamp.binary, istiod, &log)?;
        self.tell_kwok_of_istiod(&pod, ports, &log).await?;
        let mesh = Mesh { stamp, pod, ports, process };
        self.wait_for_mesh(&mesh).await?;
        Ok(mesh)
    }

    async fn apply_manifests(&self, stamp: Stamp, ports: Ports) -> Result<()> {
        let mut settings = vec![
            "profile=minimal".to_owned(),
            // The stock Envoy lacks Istio's own filters and would reject every listener that has them.
            "values.telemetry.enabled=false".to_owned(),
            format!("values.base.validationURL=https://localhost:{}/validate", ports.webhooks),
            format!("values.istiodRemote.injectionURL=https://localhost:{}/inject", ports.webhooks),
            format!("hub={}", stamp.hub),
            format!("tag={}", stamp.version),
        ];
        if !stamp.revision.is_empty() {
            settings.push(format!("revision={}", stamp.revision));
        }
        let mut arguments = vec!["manifest", "generate"];
        arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
        let generated = self.istioctl(&arguments).await?.successful()?.stdout;
        self.apply(&format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {MESH_NAMESPACE}}}\n")).await?;
        self.apply(&generated).await.context("applying the mesh's manifests").map(drop)
    }

    /// The pod of istiod's Deployment, which kwok runs.
    async fn istiod_pod(&self, revision: &str) -> Result<String> {
        let pods = Api::<Pod>::namespaced(self.admin().await?, MESH_NAMESPACE);
        let selector = ListParams::default().labels(&format!("app=istiod,istio.io/rev={revision}"));
        wait_for("istiod's pod", READY_WITHIN, async || {
            let pods = pods.list(&selector).await.ok()?.items;
            let running =
                |pod: &Pod| pod.status.as_ref().is_some_and(|status| status.phase.as_deref() == Some("Running"));
            pods.into_iter().find(running)?.metadata.name
        })
        .await
    }

    fn istiod(&self, stamp: Stamp, ports: Ports, binaries: &Path, pod: &str, revision: &str) -> Result<Program> {
        // Its own folder: istiod looks for files below where it works.
        let folder = self.folder.join(format!("{}.folder", stamp.binary));
        fs::create_dir(&folder).context("making istiod's folder")?;
        let mut istiod = Program::new(binaries.join(stamp.binary));
        istiod.arg("discovery").arg("--kubeconfig").arg(self.kubeconfig_for(&Identity::Admin)?);
        istiod.args(["--clusterID", "Kubernetes"]);
        for (flag, port) in [
            ("--httpAddr", ports.http),
            ("--grpcAddr", ports.grpc),
            ("--secureGRPCAddr", ports.secure_grpc),
            ("--httpsAddr", ports.webhooks),
            ("--monitoringAddr", ports.monitoring),
        ] {
            istiod.arg(flag).arg(format!("127.0.0.1:{port}"));
        }
        istiod.arg("--ctrlz_port").arg(ports.introspection.to_string());
        istiod.envs([("POD_NAME", pod), ("POD_NAMESPACE", MESH_NAMESPACE), ("REVISION", revision)]);
        istiod.envs([
            ("CLUSTER_ID", "Kubernetes"),
            ("PILOT_CERT_PROVIDER", "istiod"),
            ("ISTIOD_CUSTOM_HOST", "localhost"),
        ]);
        istiod.env("PILOT_ENABLE_ANALYSIS", "true");
        // Filters that the stock Envoy lacks, as above.
        istiod.envs([("PILOT_ENABLE_METADATA_EXCHANGE", "false"), ("PILOT_ENABLE_ALPN_FILTER", "false")]);
        istiod.env("HOME", &folder).current_dir(folder);
        Ok(istiod)
    }

    async fn tell_kwok_of_istiod(&self, pod: &str, ports: Ports, log: &Path) -> Result<()> {
        let request = self.programs().join("pilot-discovery");
        crate::parts::write_program(&request, REQUEST)?;
        let entry = json!({"containers": ["discovery"], "logsFile": log, "follow": true});
        self.serve_log(MESH_NAMESPACE, pod, "discovery", entry).await?;
        let envs = json!([{"name": "LAB_MONITORING_PORT", "value": ports.monitoring.to_string()}]);
        let exec = json!({"execs": [{"local": {"workDir": self.folder, "envs": envs}}]});
        self.tell_kwok("Exec", MESH_NAMESPACE, pod, exec).await?;
        let forwards = [
            (8080, ports.http),
            (9876, ports.introspection),
            (15010, ports.grpc),
            (15012, ports.secure_grpc),
            (15014, ports.monitoring),
            (15017, ports.webhooks),
        ];
        self.forward(MESH_NAMESPACE, pod, &forwards).await
    }

    /// Until istiod serves, and has written its CA into the webhooks of its revision.
    async fn wait_for_mesh(&self, mesh: &Mesh) -> Result<()> {
        let client = self.admin().await?;
        let injectors = Api::<MutatingWebhookConfiguration>::all(client.clone());
        let validators = Api::<ValidatingWebhookConfiguration>::all(client);
        let selector = ListParams::default().labels(&format!("istio.io/rev={}", mesh.revision()));
        let ready = wait_for("istiod to be ready and its webhooks to carry its CA", READY_WITHIN, async || {
            if mesh.process.ended().is_some() {
                return Some(());
            }
            http_get(mesh.ports.http, "/ready").await.ok()?;
            let injectors = injectors.list(&selector).await.ok()?.items;
            let validators = validators.list(&selector).await.ok()?.items;
            let injectors: Vec<_> = injectors.into_iter().flat_map(|one| one.webhooks.unwrap_or_default()).collect();
            let validators: Vec<_> = validators.into_iter().flat_map(|one| one.webhooks.unwrap_or_default()).collect();
            let some = !injectors.is_empty() && !validators.is_empty();
            let all = injectors.iter().all(|one| one.client_config.ca_bundle.is_some())
                && validators.iter().all(|one| one.client_config.ca_bundle.is_some());
            (some && all).then_some(())
        });
        ready.await.map_err(|error| LabError::new(format!("{error}\n{}", mesh.process.last_lines())))?;
        mesh.process.must_run()
    }
}
