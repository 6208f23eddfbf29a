//! The operator's real binary as a child process, with a token of its real service account, so that a right that the
//! chart forgets fails a test. Not for: its Deployment, which needs an image.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::identity::write_private;
use crate::parts::{free_port, http_get, random_hex};
use crate::process::Process;
use crate::{Context, Front, Identity, Lab, LabError, OPERATOR_ACCOUNT, Result, SYSTEM_NAMESPACE, wait_for};

/// It lists a handful of objects; a machine that compiles at the same time takes longer.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// The product promises five seconds.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

static SHARED: OnceCell<Operator> = OnceCell::const_new();

/// How an operator is started.
#[derive(Clone, Debug)]
pub struct OperatorOptions {
    binary: PathBuf,
    arguments: Vec<String>,
    store: Option<String>,
    environment: Vec<(String, String)>,
    kubeconfig: Option<PathBuf>,
}

impl OperatorOptions {
    /// The operator built as `binary`, which a test knows as `env!("CARGO_BIN_EXE_meshcase")`.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        Self { binary: binary.into(), arguments: Vec::new(), store: None, environment: Vec::new(), kubeconfig: None }
    }

    /// With a kubeconfig other than one of its own.
    #[must_use]
    pub fn kubeconfig(mut self, kubeconfig: PathBuf) -> Self {
        self.kubeconfig = Some(kubeconfig);
        self
    }

    /// With another place for its bundles than a folder of its own, and the variables that the place needs.
    #[must_use]
    pub fn store(mut self, url: &str, environment: &[(&str, &str)]) -> Self {
        self.store = Some(url.to_owned());
        self.environment.extend(environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self
    }

    /// With further arguments of `meshcase run`.
    #[must_use]
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }
}

/// A running operator. It ends with the laboratory at the latest.
#[derive(Clone, Debug)]
pub struct Operator {
    options: OperatorOptions,
    folder: PathBuf,
    port: u16,
    process: Process,
}

impl Lab {
    /// Installs what the chart installs, starts an operator, and waits until it is ready.
    ///
    /// # Errors
    /// When the chart is refused, or the operator ends or does not get ready; with the last lines it printed.
    pub async fn operator(&self, options: &OperatorOptions) -> Result<Operator> {
        self.install_meshcase().await?;
        let folder = self.folder().join(format!("operator-{}", random_hex::<4>()?));
        for part in ["bundles", "work"] {
            std::fs::create_dir_all(folder.join(part)).context("making the operator's folder")?;
        }
        self.start_operator(options.clone(), folder).await
    }

    /// The one operator of this process and of its shared laboratory, started by the first caller.
    ///
    /// # Errors
    /// As [`Lab::operator`].
    pub async fn shared_operator(&self, binary: &str) -> Result<&'static Operator> {
        SHARED.get_or_try_init(|| async { self.operator(&OperatorOptions::new(binary)).await }).await
    }

    /// Starts an operator again that was ended or killed, on the same folders.
    ///
    /// # Errors
    /// As [`Lab::operator`].
    pub async fn restart(&self, ended: &Operator) -> Result<Operator> {
        self.start_operator(ended.options.clone(), ended.folder.clone()).await
    }

    /// A kubeconfig with which an operator calls through `front`; for [`OperatorOptions::kubeconfig`].
    ///
    /// # Errors
    /// When the chart is refused or the file cannot be written.
    pub async fn operator_kubeconfig_through(&self, front: &Front) -> Result<PathBuf> {
        self.install_meshcase().await?;
        let path = self.folder().join(format!("front-{}.kubeconfig", random_hex::<4>()?));
        write_private(&path, &front.kubeconfig(&self.operator_account().await?)?)
    }

    async fn operator_account(&self) -> Result<Identity> {
        self.service_account(SYSTEM_NAMESPACE, OPERATOR_ACCOUNT).await
    }

    async fn start_operator(&self, options: OperatorOptions, folder: PathBuf) -> Result<Operator> {
        let kubeconfig = match &options.kubeconfig {
            Some(kubeconfig) => kubeconfig.clone(),
            None => self.kubeconfig_for(&self.operator_account().await?)?,
        };
        let port = free_port()?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut command = Command::new(&options.binary);
        command.args(["run", "--log-format", "text", "--namespace", SYSTEM_NAMESPACE]);
        command.arg("--http-address").arg(format!("127.0.0.1:{port}"));
        let own = || format!("file://{}", folder.join("bundles").display());
        command.arg("--evidence-store").arg(options.store.clone().unwrap_or_else(own));
        command.envs(options.environment.clone());
        command.arg("--work-dir").arg(folder.join("work")).args(&options.arguments);
        // A restart is that of the container: the pod keeps its name.
        command.env("KUBECONFIG", kubeconfig).env("NO_COLOR", "1").env("POD_NAME", &name);
        let process = self.spawn(&name, command)?;
        let operator = Operator { options, folder, port, process };
        operator.until_ready().await?;
        Ok(operator)
    }
}

impl Operator {
    /// The folder under which it stores bundles.
    pub fn evidence_store(&self) -> PathBuf {
        self.folder.join("bundles")
    }

    /// The folder in which it spools what is not packed yet.
    pub fn work_dir(&self) -> PathBuf {
        self.folder.join("work")
    }

    /// All it logged so far, earlier starts on the same folders included.
    pub fn logs(&self) -> String {
        self.process.log()
    }

    /// What `/metrics` answers.
    ///
    /// # Errors
    /// When it does not answer with 200.
    pub async fn metrics(&self) -> Result<String> {
        self.get("/metrics").await
    }

    /// The peak of its resident memory in KiB.
    ///
    /// # Errors
    /// When it is gone.
    pub fn rss_peak_kib(&self) -> Result<u64> {
        self.process.rss_peak_kib()
    }

    /// What `/livez` answers with 200.
    ///
    /// # Errors
    /// When it answers otherwise.
    pub async fn livez(&self) -> Result<String> {
        self.get("/livez").await
    }

    /// Stops it where it is (SIGSTOP), until [`Operator::resume`].
    ///
    /// # Errors
    /// When it is gone.
    pub fn pause(&self) -> Result<()> {
        self.process.pause()
    }

    /// Lets it go on (SIGCONT).
    ///
    /// # Errors
    /// When it is gone.
    pub fn resume(&self) -> Result<()> {
        self.process.resume()
    }

    /// How it ended, or nothing while it runs.
    pub fn ended(&self) -> Option<ExitStatus> {
        self.process.ended()
    }

    /// The processor time it has used.
    ///
    /// # Errors
    /// When it is gone.
    pub fn cpu_time(&self) -> Result<Duration> {
        self.process.cpu_time()
    }

    /// Kills it at once.
    ///
    /// # Errors
    /// When it is gone already.
    pub fn kill9(&self) -> Result<()> {
        self.process.kill9()
    }

    /// Ends it with SIGTERM, as a node does, and gives how it ended.
    ///
    /// # Errors
    /// When it still runs five seconds later, or had ended before.
    pub async fn stop(&self) -> Result<ExitStatus> {
        self.process.terminate()?;
        wait_for("the operator to end after SIGTERM", ENDS_WITHIN, async || self.process.ended()).await
    }

    async fn until_ready(&self) -> Result<()> {
        let ready = wait_for("the operator to be ready", READY_WITHIN, async || {
            let ended = self.process.must_run().is_err();
            (ended || self.get("/readyz").await.is_ok()).then_some(())
        });
        let waited = ready.await;
        self.process.must_run()?;
        waited.map_err(|error| LabError::new(format!("{error}; it logged:\n{}", self.logs())))
    }

    /// The body that the operator answers for `path` with 200.
    async fn get(&self, path: &str) -> Result<String> {
        http_get(self.port, path).await
    }
}

/// The files below `folder`, at any depth, sorted: bundles of a store, leftovers of a work folder.
///
/// # Errors
/// When a folder cannot be read.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).context(format!("reading {}", folder.display()))?.flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}
