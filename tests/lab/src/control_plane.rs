//! etcd, kube-apiserver, kube-controller-manager and kube-scheduler as child processes. Not for: nodes (kwok plays them).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
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
}

impl ControlPlane {
    /// Starts all four below `folder` and waits until the API server is ready and the controllers work.
    pub(crate) async fn start(group: &Group, folder: &Path, options: &LabOptions) -> Result<Self> {
        let binaries = Tools::ControlPlane.folder()?;
        let (etcd_port, peer_port, api_port) = (free_port()?, free_port()?, free_port()?);
        let files = Files::write(folder)?;
        let etcd = group.spawn("etcd", etcd(&binaries, folder, etcd_port, peer_port, options))?;
        let api = group.spawn("kube-apiserver", api_server(&binaries, &files, etcd_port, api_port))?;
        let server = wait_until_ready(&files, api_port, &[&etcd, &api]).await?;
        let mut parts = vec![etcd, api];
        parts.push(group.spawn("kube-controller-manager", controller_manager(&binaries, &files, &server, options)?)?);
        parts.push(group.spawn("kube-scheduler", scheduler(&binaries, &files, &server, options)?)?);
        wait_for_controllers(&server, &parts).await?;
        Ok(Self { server, audit_log: files.audit_log, ports: vec![etcd_port, peer_port, api_port] })
    }
}

/// The files that the parts are given on their command lines.
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
async fn wait_for_controllers(server: &Server, parts: &[Process]) -> Result<()> {
    let client = client_of(&server.kubeconfig(&Identity::Admin)?).await?;
    let accounts = kube::Api::<k8s_openapi::api::core::v1::ServiceAccount>::namespaced(client, "default");
    let ready = wait_for("the default service account", READY_WITHIN, async || {
        if parts.iter().any(|part| part.ended().is_some()) {
            return Some(());
        }
        accounts.get_opt("default").await.ok().flatten().map(drop)
    });
    ready.await?;
    parts.iter().try_for_each(Process::must_run)
}
