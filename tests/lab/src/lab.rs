//! The laboratory's front door: start it, get clients, namespaces and kubectl. Not for: how a part is started.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use tokio::process::Command;
use tokio::sync::{Mutex, OnceCell};

use crate::audit::{self, AuditEvent};
use crate::bad_node::BadNode;
use crate::control_plane::ControlPlane;
use crate::identity::{client_of, write_private};
use crate::kubectl::{self, Applied, Output};
use crate::mesh::Mesh;
use crate::nodes::Kwok;
use crate::parts::random_hex;
use crate::process::{Group, Process};
use crate::{Context, Identity, Result, Tools, wait_for};

static SHARED: OnceCell<Lab> = OnceCell::const_new();

/// How a laboratory's control plane is started.
#[derive(Clone, Copy, Debug)]
pub struct LabOptions {
    /// etcd's `--log-level`: `debug`, `info`, `warn`, `error`, `panic` or `fatal`.
    pub etcd_log_level: &'static str,
    /// `--v` of kube-controller-manager and kube-scheduler.
    pub verbosity: u8,
}

impl Default for LabOptions {
    fn default() -> Self {
        Self { etcd_log_level: "error", verbosity: 0 }
    }
}

/// A running laboratory. Dropping it ends all its parts and removes its folder; so does the end of the process.
#[derive(Debug)]
pub struct Lab {
    pub(crate) folder: PathBuf,
    pub(crate) group: Group,
    pub(crate) control_plane: ControlPlane,
    pub(crate) installed: OnceCell<()>,
    pub(crate) kwok: OnceCell<Kwok>,
    pub(crate) bad_node: OnceCell<BadNode>,
    pub(crate) istio: OnceCell<Mesh>,
    pub(crate) aspen: OnceCell<Mesh>,
    /// Namespace and name of the pod that had a sidecar last.
    pub(crate) last_sidecar: Mutex<Option<(String, String)>>,
    files: AtomicU32,
}

impl Lab {
    /// Starts etcd, kube-apiserver (RBAC and audit log on), kube-controller-manager and kube-scheduler, and waits until
    /// they work: some six seconds.
    ///
    /// # Errors
    /// When the binaries are not built, or a part ends or does not get ready; with the last lines it printed.
    pub async fn start() -> Result<Self> {
        Self::start_with(&LabOptions::default()).await
    }

    /// As [`Lab::start`], with options.
    ///
    /// # Errors
    /// As [`Lab::start`].
    pub async fn start_with(options: &LabOptions) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("meshcase-lab-").tempdir().context("making a temporary folder")?;
        // The reaper removes it from here on.
        let folder = folder.keep();
        let group = Group::new(&folder)?;
        let control_plane = ControlPlane::start(&group, &folder, options).await?;
        Ok(Self {
            folder,
            group,
            control_plane,
            installed: OnceCell::new(),
            kwok: OnceCell::new(),
            bad_node: OnceCell::new(),
            istio: OnceCell::new(),
            aspen: OnceCell::new(),
            last_sidecar: Mutex::new(None),
            files: AtomicU32::new(0),
        })
    }

    /// The one laboratory of this process, started by the first caller. Clients belong to the caller's runtime, the
    /// parts to none, so that tests with a runtime each can share it.
    ///
    /// # Errors
    /// As [`Lab::start`]; the next caller tries again.
    pub async fn shared() -> Result<&'static Self> {
        SHARED.get_or_try_init(Self::start).await
    }

    /// The folder that holds everything of this laboratory.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts a program that ends with the laboratory at the latest; what it prints goes to `<folder>/<name>.log`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(&self, name: &str, command: std::process::Command) -> Result<Process> {
        self.group.spawn(name, command)
    }

    /// The loopback ports on which its parts listen so far.
    pub fn ports(&self) -> Vec<u16> {
        let kwok = self.kwok.get().map(|kwok| kwok.port);
        let bad_node = self.bad_node.get().map(|node| node.port);
        let meshes = [self.istio.get(), self.aspen.get()].into_iter().flatten().flat_map(Mesh::ports);
        self.control_plane.ports.iter().copied().chain(kwok).chain(bad_node).chain(meshes).collect()
    }

    /// A client that may do everything.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub async fn admin(&self) -> Result<Client> {
        self.client_for(&Identity::Admin).await
    }

    /// A client that calls as `identity`.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub async fn client_for(&self, identity: &Identity) -> Result<Client> {
        client_of(&self.control_plane.server.kubeconfig(identity)?).await
    }

    /// A client that calls as somebody with this name and these groups.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub async fn client_for_user(&self, name: &str, groups: &[&str]) -> Result<Client> {
        self.client_for(&Identity::user(name, groups)).await
    }

    /// A client that calls as a service account, with a token of the TokenRequest API, hence with its real rights.
    ///
    /// # Errors
    /// When the account does not exist.
    pub async fn client_for_service_account(&self, namespace: &str, name: &str) -> Result<Client> {
        self.client_for(&self.service_account(namespace, name).await?).await
    }

    /// The identity of a service account, with a token for a day.
    ///
    /// # Errors
    /// When the account does not exist.
    pub async fn service_account(&self, namespace: &str, name: &str) -> Result<Identity> {
        let token = self.service_account_token(namespace, name, &[]).await?;
        Ok(Identity::Token(token))
    }

    /// A token of a service account for these audiences (none: the API server's) for a day.
    pub(crate) async fn service_account_token(
        &self,
        namespace: &str,
        name: &str,
        audiences: &[&str],
    ) -> Result<String> {
        let accounts = Api::<ServiceAccount>::namespaced(self.admin().await?, namespace);
        let spec = TokenRequestSpec {
            audiences: audiences.iter().map(|&audience| audience.to_owned()).collect(),
            expiration_seconds: Some(24 * 60 * 60),
            bound_object_ref: None,
        };
        let request = TokenRequest { spec, ..TokenRequest::default() };
        let answer = accounts.create_token_request(name, &PostParams::default(), &request).await;
        let answer = answer.context(format!("asking for a token of {namespace}/{name}"))?;
        Ok(answer.status.context("reading a token")?.token)
    }

    /// A kubeconfig file with which anybody's program calls as `identity`. It goes with the laboratory.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn kubeconfig_for(&self, identity: &Identity) -> Result<PathBuf> {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("{number}.kubeconfig"));
        write_private(&path, &self.control_plane.server.kubeconfig(identity)?)
    }

    /// A fresh namespace `PREFIX-<random>` whose default service account exists, so that pods can be created in it.
    ///
    /// # Errors
    /// When the API server refuses it.
    pub async fn namespace(&self, prefix: &str) -> Result<String> {
        let name = format!("{prefix}-{}", random_hex::<4>()?);
        let client = self.admin().await?;
        let metadata = ObjectMeta { name: Some(name.clone()), ..ObjectMeta::default() };
        let namespace = Namespace { metadata, ..Namespace::default() };
        let created = Api::all(client.clone()).create(&PostParams::default(), &namespace).await;
        created.context(format!("creating the namespace {name}"))?;
        let accounts = Api::<ServiceAccount>::namespaced(client, &name);
        let what = format!("the default service account of {name}");
        wait_for(&what, Duration::from_secs(60), async || accounts.get_opt("default").await.ok().flatten()).await?;
        Ok(name)
    }

    /// Applies `source` on the server side as an admin, each object to the namespace it names (else `default`): YAML text of one or more documents, or, where it is one line, the
    /// path of a file or folder.
    ///
    /// # Errors
    /// With kubectl's message when the server refuses an object.
    pub async fn apply(&self, source: &str) -> Result<Applied> {
        // No namespace at all: with one, kubectl refuses an object that names another.
        self.apply_with(&Identity::Admin, None, source).await
    }

    /// As [`Lab::apply`], for objects that name no namespace.
    ///
    /// # Errors
    /// As [`Lab::apply`].
    pub async fn apply_in(&self, namespace: &str, source: &str) -> Result<Applied> {
        self.apply_as(&Identity::Admin, namespace, source).await
    }

    /// As [`Lab::apply_in`], as `identity`.
    ///
    /// # Errors
    /// As [`Lab::apply`].
    pub async fn apply_as(&self, identity: &Identity, namespace: &str, source: &str) -> Result<Applied> {
        self.apply_with(identity, Some(namespace), source).await
    }

    async fn apply_with(&self, identity: &Identity, namespace: Option<&str>, source: &str) -> Result<Applied> {
        let (file, input) = if source.contains('\n') { ("-", source) } else { (source, "") };
        let mut arguments = vec!["apply", "--server-side", "--filename", file];
        if let Some(namespace) = namespace {
            arguments.extend(["--namespace", namespace]);
        }
        let output = self.kubectl_with(identity, &arguments, input).await?;
        Ok(output.successful()?.applied())
    }

    /// Runs kubectl as an admin, in the repository's root. A failure of kubectl is an output, not an error.
    ///
    /// # Errors
    /// When kubectl cannot be started or does not end.
    pub async fn kubectl(&self, arguments: &[&str]) -> Result<Output> {
        self.kubectl_with(&Identity::Admin, arguments, "").await
    }

    /// As [`Lab::kubectl`], as `identity`.
    ///
    /// # Errors
    /// As [`Lab::kubectl`].
    pub async fn kubectl_as(&self, identity: &Identity, arguments: &[&str]) -> Result<Output> {
        self.kubectl_with(identity, arguments, "").await
    }

    async fn kubectl_with(&self, identity: &Identity, arguments: &[&str], input: &str) -> Result<Output> {
        let config = self.kubeconfig_for(identity)?;
        let mut kubectl = Command::new(Tools::ControlPlane.folder()?.join("kubectl"));
        kubectl.arg("--kubeconfig").arg(&config).args(arguments).current_dir(crate::repository());
        // kubectl keeps what it discovered below $HOME: not the user's, and not shared between laboratories.
        kubectl.env("HOME", &self.folder).env("KUBECACHEDIR", self.folder.join("kubectl"));
        let output = kubectl::run(kubectl, input).await;
        let _ = std::fs::remove_file(config);
        output
    }

    /// Kills the API server and starts it again; returns when it is ready.
    ///
    /// # Errors
    /// When it does not start or does not get ready.
    pub async fn restart_api_server(&self) -> Result<()> {
        self.control_plane.kill_api_server()?;
        self.control_plane.start_api_server(&self.group).await
    }

    /// Keeps a copy of all that etcd holds; the API server and etcd are started again for it.
    ///
    /// # Errors
    /// When a folder cannot be copied, or a part does not start.
    pub async fn back_up_etcd(&self) -> Result<()> {
        self.control_plane.kill_api_server()?;
        self.control_plane.with_etcd_down(&self.group, copy_folder)?;
        self.control_plane.start_api_server(&self.group).await
    }

    /// Puts the copy of [`Lab::back_up_etcd`] back, without raising its revisions; the control plane is started again. Returns
    /// when the API server is ready.
    ///
    /// # Errors
    /// As [`Lab::back_up_etcd`], and when there is no copy.
    pub async fn restore_etcd(&self) -> Result<()> {
        self.control_plane.kill_api_server()?;
        self.control_plane.with_etcd_down(&self.group, |data, backup| {
            std::fs::remove_dir_all(data).context("removing etcd's data")?;
            copy_folder(backup, data)
        })?;
        self.control_plane.start_api_server(&self.group).await?;
        self.control_plane.restart_controllers(&self.group)
    }

    /// All requests that the API server has answered so far, oldest first.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn audit(&self) -> Result<Vec<AuditEvent>> {
        let log = std::fs::read_to_string(&self.control_plane.audit_log).context("reading the audit log")?;
        audit::read(&log)
    }
}

/// Copies a folder with all that is below it.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    let what = format!("copying {} to {}", from.display(), to.display());
    std::fs::create_dir_all(to).context(&what)?;
    for entry in std::fs::read_dir(from).context(&what)? {
        let entry = entry.context(&what)?;
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), to).context(&what)?;
        }
    }
    Ok(())
}
