//! Where the binaries of the laboratory's foreign parts are. Not for: building them (`build.sh`, by `make`).

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Context, LabError, Result};

/// A family of binaries that one Go module builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tools {
    /// etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubectl.
    ControlPlane,
    /// kwok, pilot-discovery (plain and stamped as Aspen Mesh), pilot-agent, istioctl, envoy.
    Cluster,
    /// helm4, helm3, kubeconform.
    Chart,
}

impl Tools {
    fn name(self) -> &'static str {
        match self {
            Self::ControlPlane => "control-plane",
            Self::Cluster => "cluster-tools",
            Self::Chart => "chart-tools",
        }
    }

    /// The folder of these binaries: `$KUBEBUILDER_ASSETS` where it has the whole control plane, else the user's cache.
    ///
    /// # Errors
    /// When the folder is not there yet, with the `make` line that builds it.
    pub fn folder(self) -> Result<PathBuf> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("build.sh");
        let output = Command::new(&script).args(["path", self.name()]).output();
        let output = output.context(format!("running {}", script.display()))?;
        if !output.status.success() {
            return Err(LabError::new(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        if folder.is_dir() {
            return Ok(folder);
        }
        Err(LabError::new(format!("{} is not built: run `make {}`", folder.display(), self.name())))
    }
}

/// The root of this repository's working tree.
pub fn repository() -> PathBuf {
    // tests/lab -> tests -> root; the manifest folder always has both parents.
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(".")).to_path_buf()
}
