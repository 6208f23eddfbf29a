//! Meshcase, a Kubernetes operator for support cases beside a service mesh. The modules in reading order:
//! what people write and read ([`api`]), the rules ([`domain`]), the bridge between the two ([`convert`]),
//! what is gathered from the cluster ([`evidence`]), the shell that watches and writes ([`controllers`]),
//! and the kubectl plugin's verbs ([`cli`]). Not for: a stable library interface; the product is its two binaries.

pub mod api;
pub use meshcase_domain as domain;

pub mod convert;
pub mod evidence;

pub mod cli;
pub mod controllers;
pub mod health;
pub mod metrics;
pub mod telemetry;
pub mod zoneinfo;
