//! The laboratory's one error: a sentence for the person who reads a failed test. Not for: matching on kinds.

use std::fmt::{self, Display};

/// What went wrong while the laboratory was doing something, outermost action first.
pub struct LabError(String);

/// A result of the laboratory.
pub type Result<T, E = LabError> = std::result::Result<T, E>;

impl LabError {
    /// An error of this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl Display for LabError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// `unwrap` in a test prints Debug: it shows the sentence, not a quoted struct.
impl fmt::Debug for LabError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LabError {}

/// Says what was being done when something failed.
pub trait Context<T> {
    /// Puts `doing` before the error's own text.
    fn context(self, doing: impl Display) -> Result<T>;
}

impl<T, E: Display> Context<T> for std::result::Result<T, E> {
    fn context(self, doing: impl Display) -> Result<T> {
        self.map_err(|error| LabError(format!("{doing}: {error}")))
    }
}

impl<T> Context<T> for Option<T> {
    fn context(self, doing: impl Display) -> Result<T> {
        self.ok_or_else(|| LabError(format!("{doing}: nothing there")))
    }
}
