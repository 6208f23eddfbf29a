//! Who calls the API server, and the kubeconfigs and clients for it. Not for: rights; RBAC in the cluster gives them.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};

use crate::{Context, Result};

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// May do everything.
    Admin,
    /// Somebody with a name and groups, by impersonation: RBAC and admission see this user.
    User {
        /// The user's name.
        name: String,
        /// The user's groups, apart from `system:authenticated`, which the server adds.
        groups: Vec<String>,
    },
    /// The bearer of this token.
    Token(String),
}

impl Identity {
    /// Somebody with a name and groups.
    pub fn user(name: &str, groups: &[&str]) -> Self {
        Self::User { name: name.to_owned(), groups: groups.iter().map(|&group| group.to_owned()).collect() }
    }
}

/// Where the API server is and how an admin is known to it.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    port: u16,
    authority: String,
    admin_token: String,
}

impl Server {
    pub(crate) fn new(port: u16, authority: &str, admin_token: &str) -> Result<Self> {
        let server = Self { port, authority: authority.to_owned(), admin_token: admin_token.to_owned() };
        // A certificate that is still being written does not parse.
        server.kubeconfig(&Identity::Admin).map(|_| server)
    }

    /// The loopback port on which it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The certificate, in PEM, by which it is known.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// The same server as seen through something that listens on `port` with a certificate of its own.
    pub(crate) fn behind(&self, port: u16, authority: &str) -> Result<Self> {
        Self::new(port, authority, &self.admin_token)
    }

    /// A kubeconfig for `identity`, as JSON, which is YAML too.
    pub(crate) fn kubeconfig(&self, identity: &Identity) -> Result<String> {
        let user = match identity {
            Identity::Admin => json!({"token": self.admin_token}),
            Identity::User { name, groups } => json!({"token": self.admin_token, "as": name, "as-groups": groups}),
            Identity::Token(token) => json!({"token": token}),
        };
        self.kubeconfig_of(user)
    }

    fn kubeconfig_of(&self, user: Value) -> Result<String> {
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "lab",
            "clusters": [{"name": "lab", "cluster": {"server": format!("https://127.0.0.1:{}", self.port), "certificate-authority-data": base64(self.authority.as_bytes())}}],
            "users": [{"name": "lab", "user": user}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}],
        });
        serde_json::to_string_pretty(&config).context("writing a kubeconfig")
    }

    /// Writes `<folder>/<name>.kubeconfig` for the bearer of `token`.
    pub(crate) fn write_kubeconfig(&self, folder: &Path, name: &str, token: &str) -> Result<PathBuf> {
        write_private(&folder.join(format!("{name}.kubeconfig")), &self.kubeconfig(&Identity::Token(token.to_owned()))?)
    }
}

/// Writes a file that only its owner may read, and gives its path.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<PathBuf> {
    let mut file = fs::OpenOptions::new();
    let file = file.write(true).create(true).truncate(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
    written.context(format!("writing {}", path.display()))?;
    Ok(path.to_owned())
}

/// A client of the calling task's runtime.
pub(crate) async fn client_of(kubeconfig: &str) -> Result<Client> {
    let kubeconfig = Kubeconfig::from_yaml(kubeconfig).context("reading a kubeconfig")?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    Client::try_from(config.context("reading a kubeconfig")?).context("making a client")
}

/// Standard base64 (RFC 4648): a dependency would be longer than this.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, &byte| word << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let index = (word >> (18 - 6 * place)) & 63;
            text.push(if place <= chunk.len() { char::from(ALPHABET[index as usize]) } else { '=' });
        }
    }
    text
}
