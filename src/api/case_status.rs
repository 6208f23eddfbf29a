//! The status of a `SupportCase`: what follows from spec, activities, contract, cluster and clock. Only the operator writes it.
//! Not for: how it is decided (the domain).

use chrono::{DateTime, Utc};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Clock, Decision, EscalationLevel, ProductPhase, ProductStatus, Severity, Target, is_false};

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub enum CaseState {
    /// The entitlement is not decided yet.
    #[default]
    Pending,
    Rejected,
    AwaitingResponse,
    InProgress,
    AwaitingCustomer,
    /// A defect or an enhancement request waits for the vendor's decision.
    AwaitingDecision,
    /// The vendor proposed a resolution; the customer has the word.
    Resolved,
    Closed,
    /// The contract lapsed or is gone.
    OnHold,
}

/// Why a case was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum CloseReason {
    Satisfied,
    ProductDefect,
    Enhancement,
    NoResponse,
}

/// The severity as asked for, as assessed, and as it counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeverityStatus {
    /// `spec.severity`, as observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested: Option<Severity>,
    /// The vendor's latest assessment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assessed: Option<Severity>,
    /// The severity that counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<Severity>,
    /// From when on it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_since: Option<DateTime<Utc>>,
    /// Advice from the answers on business impact; it decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggested: Option<Severity>,
}

/// Whether the contract covers the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub enum EntitlementDecision {
    #[default]
    Pending,
    Accepted,
    /// Known workarounds and fixes, no new code.
    AcceptedLimited,
    Rejected,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum CheckResult {
    Passed,
    Failed,
    /// What the check needs is not known (yet).
    Unknown,
}

/// One named check of the entitlement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EntitlementCheck {
    /// The check, such as ContractActive.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// How it went.
    pub result: CheckResult,
    /// UpperCamel, one of the documented reasons.
    #[schemars(length(max = 128))]
    pub reason: String,
    /// The reason in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub message: Option<String>,
}

/// The contract that a case is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BoundContract {
    /// The contract's name.
    #[schemars(length(max = 253))]
    pub name: String,
    /// The contract's UID.
    #[schemars(length(max = 64))]
    pub uid: String,
}

/// Whether the contract covers the case, and which check said what.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EntitlementStatus {
    /// Whether the contract covers the case.
    pub decision: EntitlementDecision,
    /// The contract that the case is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<BoundContract>,
    /// The plan's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub plan: Option<String>,
    /// When the contract's quota was granted to the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_granted_at: Option<DateTime<Utc>>,
    /// The severity under which the grant was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_severity: Option<Severity>,
    /// In their order; the first that failed is the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub checks: Vec<EntitlementCheck>,
}

/// The detected Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KubernetesStatus {
    /// The API server's version, such as v1.34.2.
    #[schemars(length(max = 128))]
    pub version: String,
    /// Such as EKS, GKE, OpenShift, k3s; absent: nothing known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub distribution: Option<String>,
    /// Whether its minor is still maintained upstream; absent: unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supported: Option<bool>,
}

/// A version and how often it was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionCount {
    /// The version.
    #[schemars(length(max = 128))]
    pub version: String,
    /// How many run it.
    pub count: i32,
}

/// The cluster's nodes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodesStatus {
    /// How many nodes there are.
    pub total: i32,
    /// How many of them are ready.
    pub ready: i32,
    /// The most frequent first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "atomic"))]
    pub kubelet_versions: Vec<VersionCount>,
}

/// The cluster as detected.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterStatus {
    /// The detected Kubernetes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<KubernetesStatus>,
    /// The cluster's nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<NodesStatus>,
    /// The cloud, from the nodes' providerID, such as aws, gce, azure, kwok.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub provider: Option<String>,
    /// Operating system and architecture of most nodes, such as linux/amd64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub platform: Option<String>,
    /// What could not be read, with the reason, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "atomic"))]
    #[schemars(inner(length(max = 256)))]
    pub not_checked: Vec<String>,
}

/// The product family of a mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum MeshKind {
    Istio,
    Linkerd,
    Consul,
    Kuma,
    Cilium,
    #[serde(rename = "OpenServiceMesh")]
    Osm,
    TraefikMesh,
    NginxServiceMesh,
    NetworkServiceMesh,
    AppMesh,
    Other,
}

/// Whether a mesh is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum MeshPresence {
    /// A control plane runs here with at least one ready pod, or elsewhere and a webhook leads to it.
    Present,
    /// The control plane's Deployment wants pods, and none is ready.
    NotReady,
    /// The control plane's Deployment is scaled to 0.
    Stopped,
    /// Only definitions, webhooks or injected pods remain.
    Residue,
    /// A control plane that the platform brings for itself.
    Platform,
    /// What is needed to tell could not be read.
    NotChecked,
}

/// Which of a case's proxies are connected to a control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum MeshServes {
    /// Some of the affected workloads.
    AffectedWorkloads,
    /// Some of the case's namespace.
    Namespace,
}

/// A source that gives another version than the one that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionConflict {
    /// Where it was read.
    #[schemars(length(max = 128))]
    pub source: String,
    /// What it says.
    #[schemars(length(max = 128))]
    pub version: String,
}

/// The proxies of one version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataPlaneVersion {
    /// The proxies' version.
    #[schemars(length(max = 128))]
    pub version: String,
    /// How many proxies run it.
    pub count: i32,
    /// The control plane's revision that injected them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub revision: Option<String>,
}

/// A control plane of a mesh, as detected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeshStatus {
    /// The product family.
    pub kind: MeshKind,
    /// Whose build it is, such as Istio, AspenMesh, OpenShiftServiceMesh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub distribution: Option<String>,
    /// Absent: unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub version: Option<String>,
    /// Where the version was read, such as RunningEndpoint, ImageTag, Label, HelmChart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub version_source: Option<String>,
    /// The control plane's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub namespace: Option<String>,
    /// The control plane's revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub revision: Option<String>,
    /// Whether the mesh is there.
    pub presence: MeshPresence,
    /// How many pods the control plane's Deployment wants; absent where it runs elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// How many of them are ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready_replicas: Option<i32>,
    /// Which of the case's proxies are connected to it; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serves: Option<MeshServes>,
    /// The release's phase by the contract's lifecycle table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<ProductPhase>,
    /// Sources that say something else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "atomic"))]
    pub conflicts: Vec<VersionConflict>,
    /// The proxies' versions, the most frequent first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "atomic"))]
    pub data_plane: Vec<DataPlaneVersion>,
}

/// Whether a promise was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Commitment {
    Committed,
    /// No target: the vendor does what it reasonably can.
    ReasonableEfforts,
}

/// How a promise stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum PromiseResult {
    Pending,
    /// Three quarters of the target are used up.
    AtRisk,
    Paused,
    Met,
    Breached,
    NotCommitted,
    /// The customer closed the case before any response; it counts nowhere.
    Withdrawn,
}

/// A promise and its deadline. Instants in UTC, whole seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromiseStatus {
    /// Whether a promise was given.
    pub commitment: Commitment,
    /// What is promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// Which time counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Clock>,
    /// From when on the clock runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When three quarters of the target are used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn_at: Option<DateTime<Utc>>,
    /// The deadline; absent while the clock is paused and where nothing is promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// When the promise was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met_at: Option<DateTime<Utc>>,
    /// The first second at which more than the target was used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breached_at: Option<DateTime<Utc>>,
    /// What moved or broke the promise, such as ContractEdited or ZoneDataChanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub cause: Option<String>,
    /// What is left of the target while the clock is paused, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining_seconds: Option<i64>,
    /// How the promise stands.
    pub result: PromiseResult,
    /// The calendar under which the deadline was computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub calendar_revision: Option<String>,
    /// The version of the time zone data that the instants follow from, such as 2026f.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub time_zone_data: Option<String>,
    /// How many cycles were missed; only of `nextUpdate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<i32>,
}

/// The promises of the plan for this case.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SlaStatus {
    /// The time to the vendor's first response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_response: Option<PromiseStatus>,
    /// The time to the vendor's next update: the current cycle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_update: Option<PromiseStatus>,
    /// The time to a proposed resolution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<PromiseStatus>,
}

/// Who has the case by escalation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EscalationStatus {
    /// Who has the case.
    pub level: EscalationLevel,
    /// What raised it, such as CustomerRequest, ResponseBreached, Unacknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub cause: Option<String>,
    /// When the level was reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raised_at: Option<DateTime<Utc>>,
    /// When the vendor took note of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// The latest action plan, shortened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub action_plan: Option<String>,
}

/// Consecutive contact attempts without a reply.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactAttempts {
    /// How many since the customer's last word.
    pub consecutive: i32,
    /// The first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_at: Option<DateTime<Utc>>,
    /// The latest of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_at: Option<DateTime<Utc>>,
    /// When the case closes if the customer stays silent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<DateTime<Utc>>,
}

/// The defect behind the case.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DefectStatus {
    /// The defect's id in the vendor's tracker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub bug_id: Option<String>,
    /// Where to read about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub url: Option<String>,
    /// How the vendor decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// The enhancement request behind the case.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnhancementStatus {
    /// How the vendor decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// How gathering stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub enum EvidenceState {
    #[default]
    Pending,
    /// The customer must say `approved` to `plan` first.
    AwaitingApproval,
    Collecting,
    Complete,
    /// Something is missing; see `missing`.
    Partial,
    Failed,
    /// The case or the contract wants nothing gathered.
    Skipped,
    /// The bundle's retention is over.
    Expired,
}

/// The span of time that the logs cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceWindow {
    /// The first moment.
    pub from: DateTime<Utc>,
    /// The last moment.
    pub to: DateTime<Utc>,
}

/// What will be read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvidencePlan {
    /// What will be read, in words; at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    #[schemars(inner(length(max = 256)))]
    pub items: Vec<String>,
    /// How many items there are in all.
    #[serde(default)]
    pub total: i32,
    /// The estimated size, in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_mebibytes: Option<i32>,
}

/// The stored bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceBundle {
    /// Where the bundle lies.
    #[schemars(length(max = 2048))]
    pub uri: String,
    /// Lower-case hexadecimal.
    #[schemars(regex(pattern = r"^[0-9a-f]{64}$"), length(max = 64))]
    pub sha256: String,
    /// The bundle's size.
    #[schemars(range(min = 0))]
    pub size_bytes: i64,
    /// Whether it is stored encrypted.
    #[serde(default, skip_serializing_if = "is_false")]
    pub encrypted: bool,
    /// When it will be deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// Something that was planned and is not in the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MissingItem {
    /// What is missing.
    #[schemars(length(max = 512))]
    pub item: String,
    /// Why.
    #[schemars(length(max = 256))]
    pub reason: String,
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum FindingLevel {
    Info,
    Warning,
    Error,
}

/// Something that the operator noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The finding's name, stable between versions.
    #[schemars(length(min = 1, max = 64))]
    pub id: String,
    /// How grave it is.
    pub level: FindingLevel,
    /// The finding in words.
    #[schemars(length(max = 256))]
    pub message: String,
}

/// What was gathered, where it lies, and what is missing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceStatus {
    /// How gathering stands.
    pub state: EvidenceState,
    /// The stable id of this gathering; a repeat after a crash has the same one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub collection_id: Option<String>,
    /// The `spec.evidence.collectAgainAt` that this gathering answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collect_again_at: Option<DateTime<Utc>>,
    /// How often this gathering was begun; after three attempts it counts as failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub attempts: Option<i32>,
    /// When gathering began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When gathering ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// The span of time that the logs cover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<EvidenceWindow>,
    /// What will be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<EvidencePlan>,
    /// The stored bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<EvidenceBundle>,
    /// How many items are in the bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collected: Option<i32>,
    /// The newest 20 items that are missing, with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub missing: Vec<MissingItem>,
    /// How many items are missing in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_total: Option<i32>,
    /// How many values were replaced before anything was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redactions: Option<i64>,
    /// What the operator noticed while it made the bundle; what it noticed of mesh and namespace stands in `status.findings`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub findings: Vec<Finding>,
    /// Why it failed, or why its last attempt did, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub message: Option<String>,
}

/// What happened and is no activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum HistoryKind {
    /// `spec.severity` was edited.
    SeverityChanged,
    /// The severity that counts changed.
    SeverityEffective,
    /// `spec.resolved` was edited.
    ResolvedChanged,
    EscalationRequested,
    EscalationWithdrawn,
    EscalationRaised,
    EscalationLowered,
    Accepted,
    AcceptedLimited,
    Rejected,
    OnHold,
    Resumed,
    ContractBound,
    ContractEdited,
    /// An edit of `spec.contractRef` that does not count any more.
    ContractChangeIgnored,
    DeadlineRecomputed,
    ResponseBreached,
    UpdateMissed,
    ResolutionBreached,
    QuotaGranted,
    QuotaReleased,
    QuotaExhausted,
    Closed,
    Reopened,
}

/// An entry of the memory that decisions are made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// The second at which it was observed, or came due.
    pub at: DateTime<Utc>,
    /// What happened.
    pub kind: HistoryKind,
    /// The value before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub from: Option<String>,
    /// The value after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub to: Option<String>,
}

/// A line for people. Nothing is decided from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TimelineEntry {
    /// When it happened or was due.
    pub at: DateTime<Utc>,
    /// When the operator saw it, where that was later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noticed_at: Option<DateTime<Utc>>,
    /// Who did it: a role and a name, or the operator.
    #[schemars(length(max = 160))]
    pub actor: String,
    /// What happened, in UpperCamel.
    #[schemars(length(max = 64))]
    pub event: String,
    /// It in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub message: Option<String>,
}

/// What follows from the case, its activities, its contract, the cluster and the clock.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SupportCaseStatus {
    /// The generation that the status describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Where the case stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<CaseState>,
    /// Why the case was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_reason: Option<CloseReason>,
    /// Unique and stable, easy to read out on the phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub tracking_number: Option<String>,
    /// The object's creationTimestamp: from here the clocks run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<DateTime<Utc>>,
    /// The vendor's first response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responded_at: Option<DateTime<Utc>>,
    /// When the case was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<DateTime<Utc>>,
    /// The severity as asked for, as assessed, and as it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<SeverityStatus>,
    /// Whether the contract covers the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entitlement: Option<EntitlementStatus>,
    /// The cluster as detected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterStatus>,
    /// One entry per control plane that the contract's mesh namespaces or the case's own hold, or that its proxies are connected to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "atomic"))]
    pub meshes: Vec<MeshStatus>,
    /// The mesh that the contract covers, of those in `meshes`: it alone decides. Where none is found, the version that the case states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductStatus>,
    /// What is worth a look in the case's own mesh and namespace, with or without a bundle. Findings decide nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub findings: Vec<Finding>,
    /// The promises of the plan for this case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sla: Option<SlaStatus>,
    /// Who has the case by escalation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<EscalationStatus>,
    /// Consecutive contact attempts without a reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_attempts: Option<ContactAttempts>,
    /// The defect behind the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defect: Option<DefectStatus>,
    /// The enhancement request behind the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enhancement: Option<EnhancementStatus>,
    /// What was gathered, where it lies, and what is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceStatus>,
    /// What happened and is no activity, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200), extend("x-kubernetes-list-type" = "atomic"))]
    pub history: Vec<HistoryEntry>,
    /// The newest 50 lines for people, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub timeline: Vec<TimelineEntry>,
    /// Ready, Entitled, ResponseTargetMet, Escalated, EvidenceCollected, Resolved (and Reconciling, Stalled).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}
