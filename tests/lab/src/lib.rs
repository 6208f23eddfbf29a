//! The laboratory: a real control plane, nodes, a mesh and the operator's real binary as child processes on loopback
//! ports in a temporary folder, for tests, the demo and benchmarks. Nothing it starts outlives the process that holds it.
//! Not for: production code, and not for a mock of anything that can be had for real.
//!
//! A test takes what it needs; each part is started by the first who asks for it, once per laboratory:
//!
//! | call | what is there then |
//! |---|---|
//! | [`Lab::shared`], [`Lab::start`] | etcd, API server with RBAC and audit, controllers, scheduler |
//! | [`Lab::namespace`], [`Lab::apply_in`], [`Lab::kubectl`] | a namespace of one's own and what stands in it |
//! | [`Lab::client_for_user`], [`Lab::client_for_service_account`] | a caller with real rights |
//! | [`Lab::nodes`], [`Lab::wait_for_deployment`] | kwok's nodes: pods run, with logs, exec and port-forward |
//! | [`Lab::container_log`], [`Lab::forward`] | a log, or what listens, for one of those pods |
//! | [`Lab::bad_pod`] | a pod whose logs are huge, stall, break off or are no text ([`LogBehaviour`]) |
//! | [`Lab::istio`], [`Lab::aspen_mesh`] | a real istiod that injects, and the same stamped as Aspen Mesh |
//! | [`Lab::sidecar`] | the real agent and Envoy inside one injected pod, one at a time on a machine |
//! | [`Lab::istioctl`] | Istio's own tool, for a second opinion |
//! | [`Lab::operator`] | the operator's real binary as its service account |
//! | [`Lab::front`] | a front before the API server that cuts watches and shows another time |
//! | [`Lab::restart_api_server`], [`Lab::back_up_etcd`], [`Lab::restore_etcd`] | faults of the control plane |
//!
//! ```no_run
//! # async fn example() -> meshcase_lab::Result<()> {
//! let lab = meshcase_lab::Lab::shared().await?;
//! let namespace = lab.namespace("payments").await?;
//! lab.apply_in(&namespace, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n").await?;
//! # Ok(()) }
//! ```

mod audit;
mod bad_log;
mod bad_node;
mod control_plane;
mod cri;
mod error;
mod front;
mod identity;
mod install;
mod kubectl;
mod lab;
mod lock;
mod mesh;
mod nodes;
mod operator;
pub mod overfull;
mod parts;
mod process;
mod sidecar;
mod tools;
mod wait;

pub use audit::AuditEvent;
pub use bad_log::{BEGINNING, LogBehaviour, MADE_LINE};
pub use bad_node::BAD_NODE;
pub use error::{Context, LabError, Result};
pub use front::Front;
pub use identity::Identity;
pub use install::{COLLECTOR_ACCOUNT, Helm, OPERATOR_ACCOUNT, SYSTEM_NAMESPACE};
pub use kubectl::{Applied, Output};
pub use lab::{Lab, LabOptions};
pub use mesh::{ASPEN_REVISION, MESH_NAMESPACE, Mesh};
pub use nodes::{CURRENT_LOG, PREVIOUS_LOG};
pub use operator::{Operator, OperatorOptions, files_below};
pub use process::{Process, leftovers};
pub use sidecar::Sidecar;
pub use tools::{Tools, repository};
pub use wait::wait_for;
