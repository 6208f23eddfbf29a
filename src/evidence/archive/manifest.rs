//! `manifest.json`: every item that was planned, and what became of it. A reader sees from it alone what a bundle lacks and why.
//! Not for counts of redactions: those are in `redactions.json`.

use serde::{Deserialize, Serialize};

use crate::api::EvidenceWindow;
use meshcase_redact::Redacted;

/// What became of a planned item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// Read to its end.
    Collected,
    /// Read in part: a limit, or a stream that broke off. What was read is in the bundle.
    Truncated,
    /// The collector's service account may not read it (HTTP 403).
    Forbidden,
    /// It does not exist.
    Absent,
    /// Nothing came within the time allowed. What came before is in the bundle.
    TimedOut,
    /// Anything else, in the reason's words. Also an error in the redactor, which drops the member.
    Failed,
}

/// Text that may stand in the manifest: ours, or redacted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(String);

impl Text {
    /// Text of the program itself.
    pub fn fixed(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&Redacted> for Text {
    /// Control characters are replaced: the text ends in a status and on terminals.
    fn from(redacted: &Redacted) -> Self {
        let text = String::from_utf8_lossy(redacted.as_bytes());
        Self(text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect())
    }
}

/// One planned item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// What was asked for, in words: `log of container app in pod team-a/checkout-7d9f`.
    pub item: Text,
    /// The member that holds it, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    pub outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// Size of the member, after redaction.
    pub bytes: u64,
    /// Digest of the member's content, after redaction, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// The case that a bundle belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseName {
    pub namespace: String,
    pub name: String,
    pub uid: String,
}

/// The whole of `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Rises when a reader would misread a newer manifest.
    pub format_version: u32,
    pub case: CaseName,
    /// The span of time that the logs cover.
    pub window: EvidenceWindow,
    /// True where an item is forbidden, truncated, timed out or failed. A log that does not exist makes nothing partial.
    pub partial: bool,
    /// In order of member name, then item.
    pub items: Vec<Entry>,
}

impl Manifest {
    pub fn new(case: CaseName, window: EvidenceWindow, mut items: Vec<Entry>) -> Self {
        items.sort_by(|a, b| (&a.member, &a.item, a.outcome).cmp(&(&b.member, &b.item, b.outcome)));
        let whole = |entry: &Entry| matches!(entry.outcome, Outcome::Collected | Outcome::Absent);
        let partial = !items.iter().all(whole);
        Self { format_version: 1, case, window, partial, items }
    }
}
