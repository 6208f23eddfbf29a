//! A support plan: what a vendor promises. Built-in plans are data files of this very shape, a custom plan is one inline in
//! a contract. Not for: what a promise means for a case (the domain).

use chrono::NaiveDate;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_false;

/// How bad it is: `Sev1` is the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Severity {
    Sev1,
    Sev2,
    Sev3,
    Sev4,
}

impl Severity {
    /// All severities, the worst first.
    pub const ALL: [Self; 4] = [Self::Sev1, Self::Sev2, Self::Sev3, Self::Sev4];

    /// The spelling in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sev1 => "Sev1",
            Self::Sev2 => "Sev2",
            Self::Sev3 => "Sev3",
            Self::Sev4 => "Sev4",
        }
    }
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// Which time counts towards a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Clock {
    /// Only the plan's business hours, holidays apart.
    BusinessHours,
    /// Elapsed time; holidays and zones do not touch it.
    AroundTheClock,
}

/// The unit of a target. A business day is always counted on the business calendar, whatever the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum TargetUnit {
    Minutes,
    Hours,
    BusinessDays,
}

/// A length of time that is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// How many units, at least 1.
    #[schemars(range(min = 1, max = 100_000))]
    pub amount: i64,
    /// The unit. BusinessDays are counted in open time: one is the open time of the plan's longest weekday.
    pub unit: TargetUnit,
}

/// A way in which a case comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub enum Channel {
    Web,
    Email,
    Phone,
    /// The case was applied to the cluster.
    #[default]
    Kubernetes,
}

/// A level of the escalation chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub enum EscalationLevel {
    #[default]
    None,
    SupportEngineer,
    SupportManager,
    SupportDirector,
    /// The one manager who owns a customer's escalations, where the contract names one.
    ServiceDeliveryManager,
}

/// A level that a plan or a customer may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ManagerLevel {
    SupportManager,
    SupportDirector,
}

/// Opening hours on some weekdays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.opens != self.closes")
    .message("must not be empty: `opens` and `closes` must differ (all day is `opens: \"00:00\"`, `closes: \"24:00\"`)")
    .field_path(".closes"))]
pub struct BusinessHours {
    /// The days on which the interval opens.
    #[schemars(length(min = 1, max = 7), extend("x-kubernetes-list-type" = "set"))]
    pub days: Vec<Weekday>,
    /// Wall time in the plan's zone, `HH:MM`.
    #[schemars(regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"), length(max = 5))]
    pub opens: String,
    /// Wall time in the plan's zone, `HH:MM` or `24:00`. Before `opens` it means the next day: the interval belongs to the day on
    /// which it opens.
    #[schemars(regex(pattern = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"), length(max = 5))]
    pub closes: String,
}

/// An opening and a closing time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.opens != self.closes")
    .message("must not be empty: `opens` and `closes` must differ (all day is `opens: \"00:00\"`, `closes: \"24:00\"`)")
    .field_path(".closes"))]
pub struct OpeningInterval {
    /// Wall time in the plan's zone, `HH:MM`.
    #[schemars(regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"), length(max = 5))]
    pub opens: String,
    /// Wall time in the plan's zone, `HH:MM` or `24:00`. Before `opens` it means the next day: the interval belongs to the date on
    /// which it opens.
    #[schemars(regex(pattern = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"), length(max = 5))]
    pub closes: String,
}

/// Opening hours of some dates instead of the weekly ones: a half day, a make-up day, a season.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.to >= self.from")
    .message("must not be before `from`; both dates are included, so that one day has the same date twice")
    .field_path(".to"))]
pub struct SpecialHours {
    /// The first date in the plan's zone, `YYYY-MM-DD`.
    pub from: NaiveDate,
    /// The last date, included; at most a year after the first.
    pub to: NaiveDate,
    /// Only these days of the week. Absent: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 7), extend("x-kubernetes-list-type" = "set"))]
    pub days: Vec<Weekday>,
    /// What people call it, for explanations.
    #[schemars(length(min = 1, max = 128), transform = super::schema::one_line)]
    pub name: String,
    /// When it is open on these dates. Absent: not at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "atomic"))]
    pub intervals: Vec<OpeningInterval>,
}

/// What is promised for one severity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeverityTerms {
    /// The severity that the terms are for.
    pub severity: Severity,
    /// Which time counts.
    pub clock: Clock,
    /// The time to the vendor's first response. Absent: reasonable efforts, no promise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_response: Option<Target>,
    /// The time between two updates from the vendor after the first response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_update: Option<Target>,
    /// The time to a proposed resolution. It pauses while the case waits for the customer or is on hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Target>,
}

/// The severity of a case that names none. The first entry that matches counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DefaultSeverity {
    /// Absent: every channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// The severity that counts.
    pub severity: Severity,
}

/// Who changes the severity after the first response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum SeverityChangeBy {
    /// Effective once the vendor's assessment and the customer's `spec.severity` are equal.
    Agreement,
    /// Effective at the vendor's assessment.
    Vendor,
}

/// Where the new target starts after a change of severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub enum SeverityChangeDeadline {
    #[default]
    FromChange,
    FromOpening,
}

/// What happens when a severity changes while the clock runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeverityChange {
    /// Whose word changes it.
    pub by: SeverityChangeBy,
    /// Absent means FromChange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<SeverityChangeDeadline>,
}

/// A number of incidents that a contract year includes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncidentQuota {
    /// The severities that share the quota.
    #[schemars(length(min = 1, max = 4), extend("x-kubernetes-list-type" = "set"))]
    pub severities: Vec<Severity>,
    /// How many cases of these severities a contract year includes.
    #[schemars(range(min = 1, max = 200))]
    pub per_contract_year: i32,
}

/// How many named contacts a contract may have, by the size of the installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactLimit {
    /// The largest node count of the tier. Absent (only in the last tier): no upper end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub up_to_nodes: Option<i32>,
    /// The number of named contacts.
    #[schemars(range(min = 1, max = 100))]
    pub contacts: i32,
}

/// When a case is closed because the customer does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CloseOnSilence {
    /// How many consecutive contact attempts at least.
    #[schemars(range(min = 1, max = 20))]
    pub contact_attempts: i32,
    /// How many business days since the first of them.
    #[schemars(range(min = 1, max = 250))]
    pub business_days: i32,
}

/// A step of the escalation chain and what raises a case to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
        "has(self.onRequest) && self.onRequest || has(self.onResponseBreach) && self.onResponseBreach \
         || has(self.onUnacknowledged) || has(self.afterPercent)")
    .message("must name what raises it: at least one of `onRequest`, `onResponseBreach`, `afterPercent`, `onUnacknowledged`"))]
pub struct EscalationStep {
    /// The level that is reached.
    pub level: ManagerLevel,
    /// The customer may ask for it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub on_request: bool,
    /// A breached initial response raises to it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub on_response_breach: bool,
    /// Raised when this share of the initial response's target is used up without a response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub after_percent: Option<i32>,
    /// Raised when the level below was not acknowledged within this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_unacknowledged: Option<Target>,
}

/// Which enhancement requests a plan takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum EnhancementScope {
    None,
    CurrentReleaseOnly,
    All,
}

/// What the plan helps with.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    /// Walk-throughs of installations and upgrades.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installation_assistance: Option<bool>,
    /// Absent: every enhancement request is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enhancements: Option<EnhancementScope>,
    /// Releases that are not production releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_releases: Option<bool>,
    /// Software of third parties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub third_party: Option<bool>,
}

/// What a vendor promises: hours, targets by severity, quotas, contacts, escalation and scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
        "!has(self.contactLimits) || [0, 1, 2, 3, 4, 5, 6].all(i, i + 1 >= size(self.contactLimits) \
         || has(self.contactLimits[i].upToNodes) && (!has(self.contactLimits[i + 1].upToNodes) \
         || self.contactLimits[i].upToNodes < self.contactLimits[i + 1].upToNodes))")
    .message("must list the contact tiers in rising order of `upToNodes`, which only the last may leave out")
    .field_path(".contactLimits"))]
#[x_kube(validation = Rule::new(
        "!has(self.escalation) || size(self.escalation) < 2 \
         || self.escalation[0].level == 'SupportManager' && self.escalation[1].level == 'SupportDirector'")
    .message("must rise: the step to `SupportManager` comes before the step to `SupportDirector`, each once")
    .field_path(".escalation"))]
#[x_kube(validation = Rule::new(
        "!has(self.severities) || self.severities.all(s, !has(s.nextUpdate) || has(s.initialResponse))")
    .message("must promise `initialResponse` where it promises `nextUpdate`: updates count from the response")
    .field_path(".severities"))]
#[x_kube(validation = Rule::new(
        "!has(self.incidentQuotas) || self.incidentQuotas.all(a, a.severities.all(s, \
         self.incidentQuotas.exists_one(b, s in b.severities)))")
    .message("must name each severity in at most one quota").field_path(".incidentQuotas"))]
pub struct Plan {
    /// The plan's name for people.
    #[schemars(length(min = 1, max = 128), transform = super::schema::one_line)]
    pub display_name: String,
    /// Who gives the promise.
    #[schemars(length(min = 1, max = 128), transform = super::schema::one_line)]
    pub vendor: String,
    /// The IANA time zone of the business hours, such as America/Los_Angeles. An unknown zone shows as condition Ready=False.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}$"), length(min = 1, max = 64))]
    pub time_zone: String,
    /// The hours in which business time runs; overlapping intervals are merged.
    #[schemars(length(min = 1, max = 28), extend("x-kubernetes-list-type" = "atomic"))]
    pub business_hours: Vec<BusinessHours>,
    /// Dates with other hours, which win over the weekly ones and over holidays. Of several entries for one date the first counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub special_hours: Vec<SpecialHours>,
    /// What is promised, by severity. A severity that is not listed promises nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["severity"]))]
    pub severities: Vec<SeverityTerms>,
    /// The severity of cases that name none: the first entry that matches, else Sev4.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "atomic"))]
    pub default_severity: Vec<DefaultSeverity>,
    /// Who changes a severity, and from when the new target counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity_change: Option<SeverityChange>,
    /// The channels on which a case may come in. Absent: every channel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4), extend("x-kubernetes-list-type" = "set"))]
    pub channels: Vec<Channel>,
    /// How many incidents a contract year includes. Absent: unlimited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4), extend("x-kubernetes-list-type" = "atomic"))]
    pub incident_quotas: Vec<IncidentQuota>,
    /// How many named contacts, by node count, the smallest tier first. Absent: unlimited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "atomic"))]
    pub contact_limits: Vec<ContactLimit>,
    /// Whether emergency patches are included.
    #[serde(default, skip_serializing_if = "is_false")]
    pub emergency_patches: bool,
    /// How many releases are in full support: 2 means the current one and one prior. Absent: not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 20))]
    pub full_support_releases: Option<i32>,
    /// The length of a trial, in days from the registration. Present makes the plan a trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 366))]
    pub trial_days: Option<i32>,
    /// When a case is closed because the customer does not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_on_silence: Option<CloseOnSilence>,
    /// The escalation chain in rising order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2), extend("x-kubernetes-list-type" = "atomic"))]
    pub escalation: Vec<EscalationStep>,
    /// What the plan helps with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}
