//! etcd, kube-apiserver, kube-controller-manager and kube-scheduler as child processes. Not for: nodes (kwok plays them).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use kube::Client;
use rcgen::KeyPair;

use crate::identity::{Server, client_of};
use crate::parts::{free_port, random_hex};
use crate::process::{Group, Process};
use crate::{Context, Identity, LabError, LabOptions, Result, Tools, wait_for};

/// Some five seconds on a quiet machine; much more on one that compiles at the same time.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// The audit policy: who called what, without bodies, once per request when it is answered.
const AUDIT_POLICY: &str = "apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules: [{level: Metadata}]
";

/// The running control plane.
#[derive(Debug)]
pub(crate) struct ControlPlane {
    pub(crate) server: Server,
    pub(crate) audit_log: PathBuf,
    pub(crate) ports: Vec<u16>,
    files: Files,
    options: LabOptions,
    parts: Mutex<Parts>,
}

/// The running parts, in the order in which they start.
#[derive(Clone, Debug)]
struct Parts {
    etcd: Process,
    api_server: Process,
    controller_manager: Process,
    scheduler: Process,
}

impl ControlPlane {
    /// Starts all four below `folder` and waits until the API server is ready and the controllers work.
    pub(crate) async fn start(group: &Group, folder: &Path, options: &LabOptions) -> Result<Self> {
        let binaries = Tools::ControlPlane.folder()?;
        let (etcd_port, peer_port, api_port) = (free_port()?, free_port()?, free_port()?);
        let files = Files::write(folder)?;
        let etcd = group.spawn("etcd", etcd(&binaries, folder, etcd_port, peer_port, options))?;
        let api_server = group.spawn("kube-apiserver", api_server(&binaries, &files, etcd_port, api_port))?;
        let server = wait_until_ready(&files, api_port, &[&etcd, &api_server]).await?;
        let manager = controller_manager(&binaries, &files, &server, options)?;
        let controller_manager = group.spawn("kube-controller-manager", manager)?;
        let scheduler = group.spawn("kube-scheduler", scheduler(&binaries, &files, &server, options)?)?;
        let parts = Parts { etcd, api_server, controller_manager, scheduler };
        wait_for_controllers(&server, &parts).await?;
        let (audit_log, ports) = (files.audit_log.clone(), vec![etcd_port, peer_port, api_port]);
        Ok(Self { server, audit_log, ports, files, options: *options, parts: Mutex::new(parts) })
    }

    fn parts(&self) -> Parts {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Kills the API server.
    pub(crate) fn kill_api_server(&self) -> Result<()> {
        self.parts().api_server.kill9()
    }

    /// Starts the API server again, and waits until it is ready.
    pub(crate) async fn start_api_server(&self, group: &Group) -> Result<()> {
        let binaries = Tools::ControlPlane.folder()?;
        let [etcd_port, _, api_port] = self.ports[..] else { return Err(LabError::new("three ports were expected")) };
        let started = group.spawn("kube-apiserver", api_server(&binaries, &self.files, etcd_port, api_port))?;
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).api_server = started.clone();
        wait_until_ready(&self.files, api_port, &[&started]).await.map(drop)
    }

    /// Ends etcd, does something to the folder of its data and the one beside it, and starts it again. The API server must
    /// not run.
    pub(crate) fn with_etcd_down(&self, group: &Group, act: impl FnOnce(&Path, &Path) -> Result<()>) -> Result<()> {
        let binaries = Tools::ControlPlane.folder()?;
        let [etcd_port, peer_port, _] = self.ports[..] else { return Err(LabError::new("three ports were expected")) };
        let folder = &self.files.folder;
        self.parts().etcd.kill9()?;
        act(&folder.join("etcd"), &folder.join("etcd-backup"))?;
        let started = group.spawn("etcd", etcd(&binaries, folder, etcd_port, peer_port, &self.options))?;
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).etcd = started;
        Ok(())
    }

    /// Starts the controllers again: what they know is of before.
    pub(crate) fn restart_controllers(&self, group: &Group) -> Result<()> {
        let binaries = Tools::ControlPlane.folder()?;
        let parts = self.parts();
        parts.controller_manager.kill9()?;
        parts.scheduler.kill9()?;
        let manager = controller_manager(&binaries, &self.files, &self.server, &self.options)?;
        let manager = group.spawn("kube-controller-manager", manager)?;
        let scheduler = scheduler(&binaries, &self.files, &self.server, &self.options)?;
        let scheduler = group.spawn("kube-scheduler", scheduler)?;
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        (parts.controller_manager, parts.scheduler) = (manager, scheduler);
        Ok(())
    }
}

/// The files that the parts are given on their command lines.
#[derive(Debug)]
struct Files {
    folder: PathBuf,
    audit_policy: PathBuf,
    audit_log: PathBuf,
    certificates: PathBuf,
    key: PathBuf,
    public_key: PathBuf,
    tokens: PathBuf,
    admin_token: String,
    controller_manager_token: String,
    scheduler_token: String,
}

impl Files {
    fn write(folder: &Path) -> Result<Self> {
        let files = Self {
            folder: folder.to_owned(),
            audit_policy: folder.join("audit-policy.yaml"),
            audit_log: folder.join("audit.log"),
            certificates: folder.join("certificates"),
            key: folder.join("service-account.key"),
            public_key: folder.join("service-account.pub"),
            tokens: folder.join("tokens.csv"),
            admin_token: random_hex::<16>()?,
            controller_manager_token: random_hex::<16>()?,
            scheduler_token: random_hex::<16>()?,
        };
        let key = KeyPair::generate().context("making the service account key")?;
        let tokens = format!(
            "{},admin,admin,system:masters\n{},system:kube-controller-manager,kcm\n{},system:kube-scheduler,scheduler\n",
            files.admin_token, files.controller_manager_token, files.scheduler_token
        );
        fs::write(&files.audit_policy, AUDIT_POLICY).context("writing the audit policy")?;
        fs::write(&files.key, key.serialize_pem()).context("writing the service account key")?;
        fs::write(&files.public_key, key.public_key_pem()).context("writing the service account key")?;
        fs::write(&files.tokens, tokens).context("writing the token file")?;
        Ok(files)
    }
}

fn etcd(binaries: &Path, folder: &Path, port: u16, peer_port: u16, options: &LabOptions) -> Command {
    let (url, peer) = (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{peer_port}"));
    let mut etcd = Command::new(binaries.join("etcd"));
    etcd.arg("--data-dir").arg(folder.join("etcd"));
    etcd.args(["--listen-client-urls", &url, "--advertise-client-urls", &url]);
    etcd.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
    etcd.arg(format!("--initial-cluster=default={peer}"));
    // Nothing on disk is kept, so nothing needs to reach it.
    etcd.arg("--unsafe-no-fsync").arg(format!("--log-level={}", options.etcd_log_level));
    etcd
}

fn api_server(binaries: &Path, files: &Files, etcd_port: u16, port: u16) -> Command {
    let mut api = Command::new(binaries.join("kube-apiserver"));
    api.arg(format!("--etcd-servers=http://127.0.0.1:{etcd_port}")).arg(format!("--secure-port={port}"));
    api.args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none"]);
    api.arg("--cert-dir").arg(&files.certificates);
    api.args(["--authorization-mode=Node,RBAC", "--allow-privileged=true", "--shutdown-delay-duration=0s"]);
    api.arg("--token-auth-file").arg(&files.tokens);
    api.arg("--service-account-issuer=https://kubernetes.default.svc");
    api.arg("--service-account-key-file").arg(&files.public_key);
    api.arg("--service-account-signing-key-file").arg(&files.key);
    api.args(["--service-cluster-ip-range=10.96.0.0/16", "--kubelet-preferred-address-types=InternalIP"]);
    api.arg("--audit-policy-file").arg(&files.audit_policy);
    api.arg("--audit-log-path").arg(&files.audit_log);
    api
}

fn controller_manager(binaries: &Path, files: &Files, server: &Server, options: &LabOptions) -> Result<Command> {
    let config = server.write_kubeconfig(&files.folder, "controller-manager", &files.controller_manager_token)?;
    let mut manager = Command::new(binaries.join("kube-controller-manager"));
    for flag in ["--kubeconfig", "--authentication-kubeconfig", "--authorization-kubeconfig"] {
        manager.arg(flag).arg(&config);
    }
    manager.arg("--root-ca-file").arg(files.certificates.join("apiserver.crt"));
    manager.arg("--service-account-private-key-file").arg(&files.key);
    manager.args(["--use-service-account-credentials", "--leader-elect=false", "--secure-port=0"]);
    manager.arg(format!("--v={}", options.verbosity));
    Ok(manager)
}

fn scheduler(binaries: &Path, files: &Files, server: &Server, options: &LabOptions) -> Result<Command> {
    let config = server.write_kubeconfig(&files.folder, "scheduler", &files.scheduler_token)?;
    let mut scheduler = Command::new(binaries.join("kube-scheduler"));
    for flag in ["--kubeconfig", "--authentication-kubeconfig", "--authorization-kubeconfig"] {
        scheduler.arg(flag).arg(&config);
    }
    scheduler.args(["--leader-elect=false", "--secure-port=0"]);
    scheduler.arg(format!("--v={}", options.verbosity));
    Ok(scheduler)
}

/// The API server writes its own certificate first, then serves, then is ready.
async fn wait_until_ready(files: &Files, port: u16, parts: &[&Process]) -> Result<Server> {
    let certificate = files.certificates.join("apiserver.crt");
    let until = Instant::now() + READY_WITHIN;
    loop {
        for part in parts {
            part.must_run()?;
        }
        if let Ok(authority) = fs::read_to_string(&certificate)
            && let Ok(server) = Server::new(port, &authority, &files.admin_token)
            && let Ok(client) = client_of(&server.kubeconfig(&Identity::Admin)?).await
            && answers(&client).await
        {
            return Ok(server);
        }
        if Instant::now() > until {
            return Err(LabError::new(format!("kube-apiserver was not ready within {} s", READY_WITHIN.as_secs())));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn answers(client: &Client) -> bool {
    let Ok(request) = hyper::Request::get("/readyz").body(Vec::new()) else { return false };
    let answer = tokio::time::timeout(Duration::from_secs(2), client.request_text(request)).await;
    matches!(answer, Ok(Ok(_)))
}

/// The controllers work once the service account controller has served the first namespace.
async fn wait_for_controllers(server: &Server, parts: &Parts) -> Result<()> {
    let parts = [&parts.etcd, &parts.api_server, &parts.controller_manager, &parts.scheduler];
    let client = client_of(&server.kubeconfig(&Identity::Admin)?).await?;
    let accounts = kube::Api::<k8s_openapi::api::core::v1::ServiceAccount>::namespaced(client, "default");
    let ready = wait_for("the default service account", READY_WITHIN, async || {
        if parts.iter().any(|part| part.ended().is_some()) {
            return Some(());
        }
        accounts.get_opt("default").await.ok().flatten().map(drop)
    });
    ready.await?;
    parts.into_iter().try_for_each(Process::must_run)
}
