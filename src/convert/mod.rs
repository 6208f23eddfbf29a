//! The one bridge between what people write and read (`api`) and the rules (`domain`): parse in, with field paths, and
//! render out. The shell and the plugin's replay decide through it and nothing else. Not for: rules, nor for I/O.

mod activity;
mod at_rest;
mod bounds;
mod calendar_cache;
mod case_conditions;
mod case_events;
mod case_status;
mod condition;
mod contacts;
mod decide_case;
mod decide_contract;
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
use k8s_openapi::api::core::v1::ConfigMap;

use crate::api::{MeshStatus, SupportActivity, SupportCase, SupportContract};
use crate::domain::time::ZoneData;

pub use activity::decide_activity;
pub use at_rest::{decide_case_at_rest, decide_contract_at_rest};
pub use decide_case::{ExplainedPromise, Explanation, decide_case, explain_case};
pub use decide_contract::decide_contract;
pub use product::{named_mesh_namespaces, product_of_case, product_of_contract};
pub use read_case::{belongs_to, edits, facts_due_at};
pub use read_contract::{Fault, contract as read_contract, contract_of, default_contract};
pub use read_redaction::{RuleWithSamples, redaction, redaction_rules};

/// What contracts refer to outside of themselves.
#[derive(Debug, Clone, Default)]
pub struct Feeds {
    /// The texts of the ConfigMaps in the operator's namespace, by ConfigMap and key, or why one is missing.
    pub texts: BTreeMap<(String, String), Result<String, String>>,
    /// The time zone data in use.
    pub zones: ZoneData,
}

impl Feeds {
    /// Adds the texts of a ConfigMap. What a client took for no text stands in `binaryData`.
    pub fn add(&mut self, map: &ConfigMap) {
        let name = map.metadata.name.clone().unwrap_or_default();
        let texts = map.data.iter().flatten().map(|(key, text)| (key, Ok(text.clone())));
        let binary = map.binary_data.iter().flatten().map(|(key, bytes)| (key, text_of(&bytes.0)));
        self.texts.extend(texts.chain(binary).map(|(key, text)| ((name.clone(), key.clone()), text)));
    }

    /// The text under a key, or why there is none, in words.
    pub fn get(&self, name: &str, key: &str) -> Result<&str, String> {
        match self.texts.get(&(name.to_owned(), key.to_owned())) {
            Some(Ok(text)) => Ok(text),
            Some(Err(why)) => Err(why.clone()),
            None => Err("not found in the operator's namespace".to_owned()),
        }
    }
}

fn text_of(bytes: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(bytes).map(str::to_owned);
    text.map_err(|error| format!("is no text in UTF-8, from byte {} on", error.valid_up_to()))
}

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
    /// Those that are bound to it or name it.
    pub cases: &'a [Arc<SupportCase>],
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
