//! Redaction: from gathered bytes to bytes that may leave. Not for: gathering, packing, storing; it knows nothing of
//! Kubernetes' clients.
//!
//! ```
//! use meshcase_redact::{BundleKey, Gathered, RedactOptions, Redactor};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let redactor = Redactor::new(&BundleKey::generate()?, &RedactOptions::default())?;
//! let log = Gathered::from("level=info user=app password=swordfish7".to_owned());
//! let redacted = redactor.text(log).to_text();
//! assert!(redacted.starts_with("level=info user=app password=‹password:"));
//! # Ok(())
//! # }
//! ```
//!
//! A [`Redactor`] belongs to one bundle: its key makes the tokens that stand where secrets stood. [`Redactor::stream`] takes
//! a member in chunks, in bounded memory, and gives the same bytes however it was cut. Only a redactor makes [`Redacted`],
//! so that a function that takes one cannot be given anything else. Every error is the caller's cue to drop the member.
//!
//! Rules are rows of one table (`rules/`); `docs/redaction.md` is generated from it. [`second_look`] judges a finished
//! archive by code that shares nothing with the rules. [`archive`] redacts whole files of any vendor, member by member.

pub mod archive;
mod assignment;
mod columns;
mod cri;
mod decode;
pub mod document;
mod engine;
mod family;
#[cfg(test)]
mod linear;
mod literals;
mod marked;
mod masked;
mod name;
#[cfg(test)]
mod notations;
mod pem;
mod placeholder;
#[cfg(test)]
mod properties;
mod pseudonym;
mod report;
mod rule;
mod rules;
#[cfg(test)]
mod samples;
mod scan;
pub mod second_look;
mod secret_object;
mod shown;
mod span;
mod stream;
mod token;
mod unnamed;
mod user_rule;
mod utf16;
mod value;
mod vendor;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

pub use family::Family;
pub use pseudonym::Pseudonymize;
pub use report::{MemberReport, Place, Report};
pub use rule::{Detector, Expression, Rule};
pub use shown::{printable, shown};
pub use stream::RedactStream;
pub use token::{BundleKey, KeyUnavailable};
pub use user_rule::{InvalidRule, UserRule};

use engine::Engine;

/// Bytes as the cluster gave them. Can be redacted, and nothing else: there is no way to look at them from outside.
pub struct Gathered(Bytes);

/// Bytes that may leave. Made by a [`Redactor`] only.
#[derive(Clone, PartialEq, Eq)]
pub struct Redacted(Bytes);

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All there was.
    Complete,
    /// At a byte limit, perhaps within a secret: the last token is left out.
    Cut,
}

/// What a bundle's redaction does beside the built-in rules.
#[derive(Clone, Debug, Default)]
pub struct RedactOptions {
    pub pseudonymize: Vec<Pseudonymize>,
    pub user_rules: Vec<UserRule>,
    /// What is known to be no secret: a find that lies within what one of these expressions finds stays.
    pub allow: Vec<UserRule>,
    pub foreign_tokens: ForeignTokens,
}

/// What becomes of a text that looks like a token of ours and was not made under this key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForeignTokens {
    /// It is marked as `‹!…›`: what a workload writes must not pass for a value that was masked.
    #[default]
    Mark,
    /// It stays, if its family and length are those of a token: another run made it.
    Keep,
}

/// How a redactor fails in tests.
#[cfg(feature = "faults")]
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    Panic,
    /// It takes so long for a chunk.
    Hang(std::time::Duration),
}

/// One bundle's redactor. Cheap to clone, and the same for all clones.
#[derive(Clone)]
pub struct Redactor(Arc<Engine>);

impl Redactor {
    /// A redactor under the bundle's key.
    ///
    /// # Errors
    /// The first user rule that cannot be applied: then nothing may be collected.
    pub fn new(key: &BundleKey, options: &RedactOptions) -> Result<Self, InvalidRule> {
        Ok(Self(Arc::new(Engine::new(key, options, false)?)))
    }

    /// The same, but each token is followed by `⟨rule id⟩`, for people who try the rules.
    ///
    /// # Errors
    /// As [`Redactor::new`].
    pub fn explaining(key: &BundleKey, options: &RedactOptions) -> Result<Self, InvalidRule> {
        Ok(Self(Arc::new(Engine::new(key, options, true)?)))
    }

    /// Redacts a whole text: a member name, a note, an error message.
    pub fn text(&self, gathered: Gathered) -> Redacted {
        self.member(gathered).0
    }

    /// Redacts a whole member and counts.
    pub fn member(&self, gathered: Gathered) -> (Redacted, MemberReport) {
        let mut stream = self.stream();
        let mut all = stream.push(gathered).0.to_vec();
        let (rest, report) = stream.finish(End::Complete);
        all.extend_from_slice(rest.as_bytes());
        (Redacted(all.into()), report)
    }

    /// A redactor that fails at its first chunk, to show what becomes of the member.
    ///
    /// # Errors
    /// As [`Redactor::new`].
    #[cfg(feature = "faults")]
    pub fn failing(fault: Fault) -> Result<Self, InvalidRule> {
        let mut engine = Engine::new(&BundleKey::from_bytes(b"test"), &RedactOptions::default(), false)?;
        engine.fault = Some(fault);
        Ok(Self(Arc::new(engine)))
    }

    /// Begins a member that comes in chunks.
    pub fn stream(&self) -> RedactStream {
        RedactStream::new(Arc::clone(&self.0))
    }
}

impl Redacted {
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As text, for a status or an event; bytes that are not UTF-8 become replacement characters.
    pub fn to_text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

#[cfg(feature = "faults")]
impl Redacted {
    /// What a redactor that missed something would give, to show that the second look catches it.
    pub fn leaked(bytes: &'static [u8]) -> Self {
        Self(Bytes::from_static(bytes))
    }
}

impl From<Bytes> for Gathered {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl From<Vec<u8>> for Gathered {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl From<String> for Gathered {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Gathered {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Gathered({} bytes)", self.0.len())
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Redacted({})", String::from_utf8_lossy(&self.0))
    }
}

/// The rule table, in the order of the documentation.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    rules::all()
}
