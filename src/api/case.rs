//! `SupportCase`: what a platform team asks for, next to its mesh. Not for: the answer (`case_status.rs`).

use chrono::{DateTime, Utc};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Channel, ManagerLevel, Severity, SupportCaseStatus, is_false, yes};

/// The name of an object; where the object lives is fixed by the field.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalObjectRef {
    /// The object's name.
    #[schemars(regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"), length(min = 1, max = 253))]
    pub name: String,
}

/// What a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub enum Category {
    #[default]
    Incident,
    Question,
    Installation,
    ProductDefect,
    Enhancement,
    Documentation,
}

/// What the environment is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum EnvironmentKind {
    Production,
    Lab,
}

/// Where it happens, as the customer states it. The stated versions count only where nothing is detected.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Environment {
    /// What the environment is used for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<EnvironmentKind>,
    /// The environment in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), transform = super::schema::text)]
    pub description: Option<String>,
    /// The mesh's version as the customer states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), transform = super::schema::one_name)]
    pub mesh_version: Option<String>,
    /// The Kubernetes version as the customer states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), transform = super::schema::one_name)]
    pub kubernetes_version: Option<String>,
}

/// When the lab's work is blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum BlocksLab {
    Now,
    WithinTwoWeeks,
    No,
}

/// What it does to the customer's business. From it the status suggests a severity; it decides nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BusinessImpact {
    /// The impact in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096), transform = super::schema::text)]
    pub description: Option<String>,
    /// Work in production stands still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_stopped: Option<bool>,
    /// The work can go on in another way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workaround_exists: Option<bool>,
    /// Money is lost by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revenue_loss: Option<bool>,
    /// For a lab: whether its work is blocked now, or will be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks_lab: Option<BlocksLab>,
}

/// Whom the vendor talks to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CaseContact {
    /// One of the contract's contacts; ASCII, compared without case. Where the contract gives that contact a `username`, only that
    /// user names it, or who may create `supportcases/contact`.
    #[schemars(regex(pattern = super::schema::EMAIL), length(max = 254))]
    pub email: String,
    /// A telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), transform = super::schema::one_name)]
    pub phone: Option<String>,
    /// Who can be reached when. Needed in severity 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024), transform = super::schema::text)]
    pub availability: Option<String>,
}

/// The kind of an affected workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum WorkloadKind {
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    Pod,
}

/// A workload of the case's own namespace whose logs belong to the case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AffectedWorkload {
    /// The workload's kind.
    pub kind: WorkloadKind,
    /// The workload's name.
    #[schemars(regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"), length(min = 1, max = 253))]
    pub name: String,
}

/// What is gathered for the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CaseEvidence {
    /// Whether logs and configuration are gathered. Absent means true, and so does an absent `evidence`. Who writes a case that
    /// gathers must be allowed to get `pods/log` in its namespace.
    #[serde(default = "yes")]
    pub collect: bool,
    /// How far the logs go back before the opening, in minutes.
    #[serde(default = "default_since_minutes")]
    #[schemars(range(min = 1, max = 10_080))]
    pub since_minutes: i32,
    /// The customer's consent to the plan in `status.evidence.plan`, where the contract requires it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub approved: bool,
    /// A new value asks for another, newer bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collect_again_at: Option<DateTime<Utc>>,
}

fn default_since_minutes() -> i32 {
    60
}

impl Default for CaseEvidence {
    fn default() -> Self {
        Self { collect: true, since_minutes: default_since_minutes(), approved: false, collect_again_at: None }
    }
}

/// The customer's standing request for a manager. Removing it withdraws the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EscalationRequest {
    /// The manager who is asked for.
    pub level: ManagerLevel,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024), transform = super::schema::text)]
    pub reason: Option<String>,
}

/// What the customer wants: one problem, how bad it is, whom to talk to, and what may be gathered.
#[derive(CustomResource, Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "meshcase.io",
    version = "v1alpha1",
    kind = "SupportCase",
    doc = "A support case beside a service mesh: one problem, checked against a contract, with its deadlines and its evidence.",
    namespaced,
    status = "SupportCaseStatus",
    derive = "PartialEq",
    shortname = "supcase",
    category = "support",
    selectable = ".spec.severity",
    selectable = ".spec.contractRef.name",
    printcolumn(name = "Severity", type_ = "string", json_path = ".status.severity.effective"),
    printcolumn(name = "State", type_ = "string", json_path = ".status.state"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "Response Due", type_ = "string", json_path = ".status.sla.initialResponse.dueAt"),
    printcolumn(name = "Result", type_ = "string", json_path = ".status.sla.initialResponse.result"),
    printcolumn(name = "Escalation", type_ = "string", json_path = ".status.escalation.level"),
    printcolumn(name = "Title", type_ = "string", json_path = ".spec.title", priority = 1),
    printcolumn(name = "Tracking", type_ = "string", json_path = ".status.trackingNumber", priority = 1),
    printcolumn(name = "Contract", type_ = "string", json_path = ".status.entitlement.contract.name", priority = 1),
    printcolumn(name = "Mesh", type_ = "string", json_path = ".status.product.version", priority = 1),
    printcolumn(name = "Kubernetes", type_ = "string", json_path = ".status.cluster.kubernetes.version", priority = 1),
    printcolumn(name = "Evidence", type_ = "string", json_path = ".status.evidence.state", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct SupportCaseSpec {
    /// The contract to use. Absent: the default contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_ref: Option<LocalObjectRef>,
    /// One line that names the problem.
    #[schemars(length(min = 1, max = 256), transform = super::schema::one_line)]
    pub title: String,
    /// One problem a case: what is seen, and what was expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16_384), transform = super::schema::text)]
    pub description: Option<String>,
    /// What the case is about.
    #[serde(default)]
    pub category: Category,
    /// How bad it is. Absent: the plan's default for the channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// How the case came in; e-mail and web may have their own default severity.
    #[serde(default)]
    pub channel: Channel,
    /// Where it happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// When the problem was first seen, for the reader. It moves no deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noticed_at: Option<DateTime<Utc>>,
    /// What was changed lately.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096), transform = super::schema::text)]
    pub recent_changes: Option<String>,
    /// How to bring the problem about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8192), transform = super::schema::text)]
    pub steps_to_reproduce: Option<String>,
    /// What it does to the customer's business.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_impact: Option<BusinessImpact>,
    /// Whom the vendor talks to. Needed where the contract names its contacts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<CaseContact>,
    /// The workloads of this namespace whose logs belong to the case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["kind", "name"]))]
    pub affected: Vec<AffectedWorkload>,
    /// What is gathered for the case. Absent means `collect: true` with the defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<CaseEvidence>,
    /// The customer's standing request for a manager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<EscalationRequest>,
    /// True: the customer is satisfied, and the case closes.
    #[serde(default, skip_serializing_if = "is_false")]
    pub resolved: bool,
}
