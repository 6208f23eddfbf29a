//! Evidence: what a support engineer asks for first, gathered by the operator itself. Facts are detected, then logs and objects are
//! collected as a weaker service account, redacted on the way, packed and stored. Not for: deciding when, nor for whom.

pub mod archive;
pub mod collect;
pub mod detect;
pub mod metadata;
pub mod store;
mod views;

pub use detect::Facts;
