//! `SupportContract`: what a customer bought, kept by an administrator. Not for: the promises of a plan (`plan.rs`).

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, LabelSelector};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Plan, Severity, SpecialHours, is_false, yes};

/// The name of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum PlanName {
    AspenMeshStandard,
    AspenMeshTrial,
    MesosphereSignature,
    MesospherePremium,
    MesosphereStandard,
    /// The plan stands in `customPlan`.
    Custom,
}

impl PlanName {
    /// The spelling in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AspenMeshStandard => "AspenMeshStandard",
            Self::AspenMeshTrial => "AspenMeshTrial",
            Self::MesosphereSignature => "MesosphereSignature",
            Self::MesospherePremium => "MesospherePremium",
            Self::MesosphereStandard => "MesosphereStandard",
            Self::Custom => "Custom",
        }
    }
}

/// Who bought the contract.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Customer {
    /// The customer's name.
    #[schemars(length(min = 1, max = 128), transform = super::schema::one_line)]
    pub name: String,
    /// What the mesh is used for, for the vendor's people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024), transform = super::schema::text)]
    pub project_description: Option<String>,
}

/// From when to when the contract holds. Instants; a zone offset may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!has(self.startsAt) || !has(self.endsAt) || self.startsAt < self.endsAt")
    .message("must end after it starts: `endsAt` must be later than `startsAt`").field_path(".endsAt"))]
pub struct Term {
    /// The first moment of the contract, and the anniversary of its contract years. Required except for a trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<DateTime<Utc>>,
    /// The end; the contract has lapsed from this moment on. Absent: open-ended (a trial ends by its days).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<DateTime<Utc>>,
    /// When a trial was registered; its days count from here. Required for a trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_at: Option<DateTime<Utc>>,
}

/// Bought support beyond a release's end of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContinuingSupport {
    /// The end of the bought time; never more than one year past the release's end of life counts.
    pub until: DateTime<Utc>,
}

/// A person who may open cases.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// The person's name.
    #[schemars(length(min = 1, max = 128), transform = super::schema::one_line)]
    pub name: String,
    /// The address that a case's `contact.email` names; ASCII, compared without case.
    #[schemars(regex(pattern = super::schema::EMAIL), length(max = 254))]
    pub email: String,
    /// The person's Kubernetes user name, `system:serviceaccount:NAMESPACE:NAME` for a service account. With it only this user
    /// names the contact in a case, or who may create `supportcases/contact` there. Judged when a case names the contact or the
    /// contract: cases that were opened before stay as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), transform = super::schema::one_name)]
    pub username: Option<String>,
}

/// The manager who owns the customer's escalations.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceDeliveryManager {
    /// The manager's name.
    #[schemars(length(min = 1, max = 128), transform = super::schema::one_line)]
    pub name: String,
    /// The manager's e-mail address.
    #[schemars(regex(pattern = super::schema::EMAIL), length(max = 254))]
    pub email: String,
}

/// A day on which no business time runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HolidayDate {
    /// The date in the plan's zone, `YYYY-MM-DD`.
    pub date: NaiveDate,
    /// The holiday's name, for explanations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), transform = super::schema::one_line)]
    pub name: Option<String>,
}

/// Holidays that are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum HolidaySet {
    /// The federal holidays of the United States, each with its observed day.
    UnitedStatesFederal,
}

/// A key of a ConfigMap in the operator's namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigMapKeyRef {
    /// The ConfigMap's name.
    #[schemars(regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"), length(max = 253))]
    pub name: String,
    /// The key in its data.
    #[schemars(regex(pattern = r"^[-._a-zA-Z0-9]+$"), length(max = 253))]
    pub key: String,
}

/// An iCalendar text in a ConfigMap of the operator's namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HolidayFeed {
    /// The ConfigMap's name.
    #[schemars(regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"), length(max = 253))]
    pub name: String,
    /// The key in its `data` or `binaryData`.
    #[schemars(regex(pattern = r"^[-._a-zA-Z0-9]+$"), length(max = 253))]
    pub key: String,
    /// Only events of one of these categories count, whatever their case. Absent: all events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 64)), extend("x-kubernetes-list-type" = "atomic"))]
    pub categories: Vec<String>,
}

/// The days on which no business time runs. Nothing here means no holidays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Holidays {
    /// Single days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200), extend("x-kubernetes-list-type" = "atomic"))]
    pub dates: Vec<HolidayDate>,
    /// Computed holidays, each with its observed day.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "set"))]
    pub sets: BTreeSet<HolidaySet>,
    /// All-day events of iCalendar texts in ConfigMaps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "atomic"))]
    pub i_calendar: Vec<HolidayFeed>,
}

/// A release of the product and its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!has(self.endOfLifeOn) || self.releasedOn < self.endOfLifeOn")
    .message("must end after the release: `endOfLifeOn` must be later than `releasedOn`").field_path(".endOfLifeOn"))]
pub struct Release {
    /// The version, such as 1.30.
    #[schemars(regex(pattern = r"^[0-9]+(\.[0-9]+){0,2}([-+.][0-9A-Za-z.-]+)?$"), length(min = 1, max = 64))]
    pub version: String,
    /// `YYYY-MM-DD`.
    pub released_on: NaiveDate,
    /// `YYYY-MM-DD`; absent: not announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_of_life_on: Option<NaiveDate>,
}

/// What is read from a mesh's running processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub enum RuntimeDumps {
    #[default]
    None,
    PortForward,
    /// Also commands from fixed argument lists.
    PortForwardAndExec,
}

/// A kind of value that is replaced by a token: within a bundle the same value gets the same token in every file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Pseudonymize {
    #[serde(rename = "IPAddresses")]
    IpAddresses,
    #[serde(rename = "IPAddressesKeepSubnets")]
    IpAddressesKeepSubnets,
    EmailAddresses,
    HostNames,
}

/// Whether the customer must agree before anything is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub enum EvidenceApproval {
    #[default]
    None,
    /// No log is read before the case says `approved` to the plan in its status.
    Required,
}

/// What may be gathered for a case under this contract, and how it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContractEvidence {
    /// The only namespaces beside its own that a case may reach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-kubernetes-list-type" = "set"))]
    #[schemars(inner(regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"), length(min = 1, max = 63)))]
    pub mesh_namespaces: Vec<String>,
    /// Whether container logs are read. Absent means true.
    #[serde(default = "yes")]
    pub include_logs: bool,
    /// What is read from running processes. Absent means None.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_dumps: Option<RuntimeDumps>,
    /// Which values are replaced by tokens, keyed per bundle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4), extend("x-kubernetes-list-type" = "set"))]
    pub pseudonymize: Vec<Pseudonymize>,
    /// More redaction rules, in ConfigMaps of the operator's namespace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "atomic"))]
    pub redaction_rules: Vec<ConfigMapKeyRef>,
    /// Whether the customer must agree before a log is read. Absent means None.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<EvidenceApproval>,
    /// age public keys of who may read the bundle. This version cannot encrypt: while there is any, nothing is collected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "set"))]
    #[schemars(inner(regex(pattern = r"^age1[a-z0-9]+$"), length(min = 1, max = 2048)))]
    pub encrypt_to: Vec<String>,
    /// How many days a bundle is kept.
    #[serde(default = "default_retention_days")]
    #[schemars(range(min = 1, max = 3650))]
    pub retention_days: i32,
    /// The largest bundle, in MiB.
    #[serde(default = "default_max_bundle_mebibytes")]
    #[schemars(range(min = 1, max = 4096))]
    pub max_bundle_mebibytes: i32,
}

fn default_retention_days() -> i32 {
    30
}

fn default_max_bundle_mebibytes() -> i32 {
    256
}

impl Default for ContractEvidence {
    fn default() -> Self {
        Self {
            mesh_namespaces: Vec::new(),
            include_logs: true,
            runtime_dumps: None,
            pseudonymize: Vec::new(),
            redaction_rules: Vec::new(),
            approval: None,
            encrypt_to: Vec::new(),
            retention_days: default_retention_days(),
            max_bundle_mebibytes: default_max_bundle_mebibytes(),
        }
    }
}

/// What a customer bought: the plan, its term, who may ask, whose cases it covers, and what may be gathered for them.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "meshcase.io",
    version = "v1alpha1",
    kind = "SupportContract",
    doc = "A support contract: who may ask for what, until when, and what the vendor promises.",
    status = "SupportContractStatus",
    derive = "PartialEq",
    shortname = "supcontract",
    category = "support",
    printcolumn(name = "Plan", type_ = "string", json_path = ".status.planName"),
    printcolumn(name = "State", type_ = "string", json_path = ".status.state"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Expires", type_ = "string", json_path = ".status.expiresAt"),
    printcolumn(name = "Open Cases", type_ = "integer", json_path = ".status.openCases"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.plan != 'Custom' || has(self.customPlan)")
    .message("must be given when `plan` is `Custom`").reason(Reason::FieldValueRequired).field_path(".customPlan"))]
#[x_kube(validation = Rule::new("self.plan == 'Custom' || !has(self.customPlan)")
    .message("must be left out unless `plan` is `Custom`").reason(Reason::FieldValueForbidden).field_path(".customPlan"))]
#[x_kube(validation = Rule::new(
        "!(self.plan == 'AspenMeshTrial' || has(self.customPlan) && has(self.customPlan.trialDays)) \
         || has(self.term.registeredAt)")
    .message("must be given for a trial: its days count from the registration")
    .reason(Reason::FieldValueRequired).field_path(".term.registeredAt"))]
#[x_kube(validation = Rule::new(
        "self.plan == 'AspenMeshTrial' || has(self.customPlan) && has(self.customPlan.trialDays) || has(self.term.startsAt)")
    .message("must be given unless the plan is a trial").reason(Reason::FieldValueRequired).field_path(".term.startsAt"))]
pub struct SupportContractSpec {
    /// The plan. Custom takes its promises from `customPlan`.
    pub plan: PlanName,
    /// The plan's promises, exactly when `plan` is Custom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_plan: Option<Plan>,
    /// Makes it the contract of cases that name none. At most one counts: the oldest, then by name.
    #[serde(default, skip_serializing_if = "is_false")]
    pub default: bool,
    /// Who bought the contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// From when to when the contract holds.
    pub term: Term,
    /// Bought support beyond a release's end of life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continuing_support: Option<ContinuingSupport>,
    /// How many nodes the licence covers. Absent: not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub licensed_nodes: Option<i32>,
    /// The named support contacts. None at all authorises everybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["email"]))]
    pub contacts: Vec<Contact>,
    /// Set for customers whose escalations one manager owns: requests and breaches go there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_delivery_manager: Option<ServiceDeliveryManager>,
    /// The namespaces whose cases may use the contract, by their labels. Absent or empty: every namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelSelector>,
    /// The days on which no business time runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holidays: Option<Holidays>,
    /// Dates with other hours, which win over the plan's hours, also its special ones, and over holidays. Of several entries for
    /// one date the first counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub special_hours: Vec<SpecialHours>,
    /// The product's lifecycle table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["version"]))]
    pub releases: Vec<Release>,
    /// What may be gathered for a case, and how it is kept. Absent: the case's own namespace only, with the defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<ContractEvidence>,
}

/// Where a contract stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ContractState {
    Scheduled,
    Trial,
    Active,
    ExpiringSoon,
    Continuing,
    Lapsed,
}

impl ContractState {
    /// The spelling in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "Scheduled",
            Self::Trial => "Trial",
            Self::Active => "Active",
            Self::ExpiringSoon => "ExpiringSoon",
            Self::Continuing => "Continuing",
            Self::Lapsed => "Lapsed",
        }
    }
}

/// A hand-over of named contacts, as it was observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactChange {
    /// When the change was observed.
    pub at: DateTime<Utc>,
    /// E-mail addresses that came, the first three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3), extend("x-kubernetes-list-type" = "atomic"))]
    #[schemars(inner(length(max = 254)))]
    pub added: Vec<String>,
    /// How many came, where it is more than are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added_total: Option<i32>,
    /// E-mail addresses that went, the first three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3), extend("x-kubernetes-list-type" = "atomic"))]
    #[schemars(inner(length(max = 254)))]
    pub removed: Vec<String>,
    /// How many went, where it is more than are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_total: Option<i32>,
}

/// The named contacts against the plan's limit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactsStatus {
    /// How many contacts the contract names; an address that stands there twice counts once.
    #[schemars(range(min = 0))]
    pub registered: i32,
    /// The limit of the node tier; absent: unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i32>,
    /// The node count that chose the tier; absent: unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<i32>,
    /// The e-mail addresses beyond the limit; they do not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "atomic"))]
    #[schemars(inner(length(max = 254)))]
    pub over_limit: Vec<String>,
    /// The last 20 hand-overs, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub changes: Vec<ContactChange>,
    /// The addresses as last observed, in lower case: against them the next hand-over is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "atomic"))]
    #[schemars(inner(length(max = 254)))]
    pub observed: Option<Vec<String>>,
}

/// One case in a quota's ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CountedIncident {
    /// The case's namespace.
    #[schemars(length(max = 63))]
    pub namespace: String,
    /// The case's name.
    #[schemars(length(max = 253))]
    pub name: String,
    /// The case's UID; a case that is re-created under the same name is another.
    #[schemars(length(max = 64))]
    pub uid: String,
    /// When the grant was decided for: the moment at which the case entered the quota's severities.
    pub at: DateTime<Utc>,
}

/// The ledger of one quota in the current contract year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncidentLedger {
    /// The severities that share the quota.
    #[schemars(length(max = 4), extend("x-kubernetes-list-type" = "atomic"))]
    pub severities: Vec<Severity>,
    /// How many incidents the contract year includes.
    pub limit: i32,
    /// How many are used up.
    pub used: i32,
    /// How many are left.
    pub remaining: i32,
    /// The start of the next contract year.
    pub resets_at: DateTime<Utc>,
    /// The cases that were granted, at most `limit`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200), extend("x-kubernetes-list-type" = "atomic"))]
    pub counted: Vec<CountedIncident>,
}

/// How the initial responses of this contract's cases went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResponseCounts {
    /// Answered in time.
    pub met: i32,
    /// Not answered in time.
    pub breached: i32,
    /// Not answered yet, and still in time.
    pub pending: i32,
}

/// The phase of a release's support.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub enum ProductPhase {
    FullSupport,
    LimitedSupport,
    ContinuingSupport,
    EndOfLife,
    #[default]
    Unknown,
}

/// The detected product and its phase.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductStatus {
    /// The detected version; absent: unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub version: Option<String>,
    /// The phase by the lifecycle table.
    pub phase: ProductPhase,
}

/// What follows from the contract, its cases and the clock. Only the operator writes it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SupportContractStatus {
    /// The generation that the status describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The plan as lists show it: a built-in one by its name in `spec.plan`, a custom one by its `displayName`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub plan_name: Option<String>,
    /// Where the contract stands in its life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ContractState>,
    /// When the contract lapses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// When `state` changes next by the clock alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_transition_at: Option<DateTime<Utc>>,
    /// The named contacts against the plan's limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contacts: Option<ContactsStatus>,
    /// The quotas' ledgers of the current contract year.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4), extend("x-kubernetes-list-type" = "atomic"))]
    pub incidents: Vec<IncidentLedger>,
    /// How many cases of the contract are open; written at most every ten seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub open_cases: Option<i32>,
    /// How the initial responses went; written at most every ten seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responses: Option<ResponseCounts>,
    /// The detected product and its phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductStatus>,
    /// A digest of hours, special hours, zone, holidays and zone data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub calendar_revision: Option<String>,
    /// The version of the time zone data in use, such as 2026f.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub time_zone_data: Option<String>,
    /// Ready, Active, ContactsWithinLimit, NodesWithinLicense (and Reconciling, Stalled).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}
