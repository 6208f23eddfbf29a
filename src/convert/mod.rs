//! The one bridge between what people write and read (`api`) and the rules (`domain`): parse in, with field paths, and
//! render out. The shell and the plugin's replay decide through it and nothing else. Not for: rules, nor for I/O.

mod activity;
mod at_rest;
mod bounds;
mod case_conditions;
mod case_events;
mod case_status;
mod caseload;
mod condition;
mod contacts;
mod decide_case;
mod decide_contract;
mod feeds;
mod mirror;
mod product;
mod read_case;
mod read_contract;
mod read_redaction;
pub mod time;
pub mod writer;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::api::{MeshStatus, SupportActivity, SupportCase, SupportContract};

pub use activity::decide_activity;
pub use at_rest::{decide_case_at_rest, decide_contract_at_rest};
pub use caseload::{CaseName, Caseload};
pub use decide_case::{ExplainedPromise, Explanation, decide_case, explain_case};
pub use decide_contract::decide_contract;
pub use feeds::Feeds;
pub use product::{named_mesh_namespaces, product_of_case, product_of_contract};
pub use read_case::{belongs_to, edits, facts_due_at};
pub use read_contract::{Fault, contract as read_contract, contract_of, default_contract};
pub use read_redaction::{RuleWithSamples, redaction, redaction_rules};

/// All that a decision on a case reads.
pub struct CaseInputs<'a> {
    pub case: &'a SupportCase,
    pub namespace_labels: &'a BTreeMap<String, String>,
    pub contracts: &'a [Arc<SupportContract>],
    pub feeds: &'a Feeds,
    pub activities: &'a [Arc<SupportActivity>],
}

/// All that a decision on a contract reads.
pub struct ContractInputs<'a> {
    pub contract: &'a SupportContract,
    pub contracts: &'a [Arc<SupportContract>],
    pub cases: &'a Caseload,
    pub feeds: &'a Feeds,
    /// Nodes of the cluster, if counted.
    pub node_count: Option<i64>,
    /// The control planes of the cluster, as detected.
    pub meshes: &'a [MeshStatus],
}

/// What follows from a decision.
#[derive(Debug, Clone)]
pub struct Outcome<S> {
    pub status: S,
    /// One for each change of state.
    pub events: Vec<EventNote>,
    /// When something changes by the clock alone, UTC.
    pub next_wake: Option<DateTime<Utc>>,
}

/// A Kubernetes event to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventNote {
    pub type_: EventType,
    /// UpperCamel.
    pub reason: String,
    pub action: String,
    pub note: String,
}

/// Whether somebody should look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventType {
    Normal,
    Warning,
}
