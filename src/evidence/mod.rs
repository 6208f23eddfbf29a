//! What is gathered from the cluster, and how it becomes a bundle. Not for: deciding when.

pub mod redact;
