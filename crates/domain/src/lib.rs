//! The rules: time, plans, promises, entitlement, the life of a case, escalation. Pure: no cluster, no clock, no I/O;
//! every function of time takes its instants. Not for: what people write and read (`api`), and the bridge to it.

pub mod clock;
pub mod time;

pub mod contract;
pub mod plan;
pub mod product;
pub mod quota;
pub mod severity;

pub mod case;
pub mod decide;
pub mod entitlement;
pub mod escalation;
pub mod explain;
pub mod lifecycle;
mod promises;
pub mod recheck;
mod replay;
pub mod sla;

pub mod reason;
pub mod timeline;
pub mod tracking;

pub use decide::{Decision, Inputs, decide};

#[cfg(test)]
mod tests;
