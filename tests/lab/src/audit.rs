//! What the API server was asked, by its own audit log. Not for: bodies (the policy's level is Metadata).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{Context, Result};

/// One answered request.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEvent {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// Path and query.
    #[serde(rename = "requestURI")]
    pub request_uri: String,
    /// Who asked.
    pub user: AuditUser,
    /// Whom the asker impersonated.
    pub impersonated_user: Option<AuditUser>,
    /// What was asked for; absent for `/readyz` and the like.
    pub object_ref: Option<AuditObject>,
    /// The answer's status.
    pub response_status: Option<AuditStatus>,
    /// When the request came (RFC 3339, UTC, microseconds).
    pub request_received_timestamp: String,
    /// When it was answered (RFC 3339, UTC, microseconds).
    pub stage_timestamp: String,
}

/// A user as authenticated.
#[derive(Clone, Debug, Deserialize)]
pub struct AuditUser {
    /// The name, for a service account `system:serviceaccount:NAMESPACE:NAME`.
    pub username: String,
    /// What else the authenticator knows.
    #[serde(default)]
    pub extra: BTreeMap<String, Vec<String>>,
}

/// The object of a request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuditObject {
    /// The plural, such as `supportcases`.
    pub resource: String,
    /// Such as `status` or `log`.
    pub subresource: String,
    /// Empty for what has none.
    pub namespace: String,
    /// Empty for a list.
    pub name: String,
}

/// An HTTP status.
#[derive(Clone, Debug, Deserialize)]
pub struct AuditStatus {
    /// Such as 200 or 403.
    pub code: u16,
}

impl AuditEvent {
    /// Whether the request could change something.
    pub fn is_write(&self) -> bool {
        !matches!(self.verb.as_str(), "get" | "list" | "watch")
    }

    /// The token that came with the request, where it is one of a service account: each operator of a laboratory has its own.
    pub fn credential(&self) -> Option<&str> {
        self.user.extra.get("authentication.kubernetes.io/credential-id")?.first().map(String::as_str)
    }

    /// The plural of the object's kind, or an empty text.
    pub fn resource(&self) -> &str {
        self.object_ref.as_ref().map_or("", |object| &object.resource)
    }
}

/// Reads the log's whole lines; one that is being written is left out.
pub(crate) fn read(log: &str) -> Result<Vec<AuditEvent>> {
    let whole = log.rfind('\n').map_or("", |end| &log[..end]);
    whole.lines().map(|line| serde_json::from_str(line).context("reading the audit log")).collect()
}
