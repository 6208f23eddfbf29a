//! `SupportActivity`: one thing that people did, written once and never changed. Not for: what follows from it (the domain).

use chrono::{DateTime, Utc};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LocalObjectRef, Severity};

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ActorRole {
    /// The customer.
    Contact,
    SupportEngineer,
    SupportManager,
    SupportDirector,
    ServiceDeliveryManager,
}

impl ActorRole {
    /// Whether the role is one of the vendor's.
    #[must_use]
    pub const fn is_vendor(self) -> bool {
        !matches!(self, Self::Contact)
    }

    /// The spelling in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "Contact",
            Self::SupportEngineer => "SupportEngineer",
            Self::SupportManager => "SupportManager",
            Self::SupportDirector => "SupportDirector",
            Self::ServiceDeliveryManager => "ServiceDeliveryManager",
        }
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ActivityType {
    /// The vendor contacted the customer. The first one is the initial response.
    ContactAttempted,
    /// The vendor asked for something and waits for the customer.
    InformationRequested,
    /// A progress note of the vendor.
    Updated,
    /// The vendor's view of the severity.
    SeverityAssessed,
    /// The vendor gave a workaround.
    WorkaroundProvided,
    /// The vendor proposed a plan for an escalated case.
    ActionPlanProposed,
    /// The vendor took note of an escalation.
    EscalationAcknowledged,
    /// The vendor recorded a defect.
    BugRecorded,
    /// The vendor decided on a defect.
    BugDecided,
    /// The vendor decided on an enhancement request.
    EnhancementDecided,
    /// The vendor holds the case to be resolved.
    ResolutionProposed,
    /// The customer answered.
    CustomerReplied,
}

impl ActivityType {
    /// The spelling in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ContactAttempted => "ContactAttempted",
            Self::InformationRequested => "InformationRequested",
            Self::Updated => "Updated",
            Self::SeverityAssessed => "SeverityAssessed",
            Self::WorkaroundProvided => "WorkaroundProvided",
            Self::ActionPlanProposed => "ActionPlanProposed",
            Self::EscalationAcknowledged => "EscalationAcknowledged",
            Self::BugRecorded => "BugRecorded",
            Self::BugDecided => "BugDecided",
            Self::EnhancementDecided => "EnhancementDecided",
            Self::ResolutionProposed => "ResolutionProposed",
            Self::CustomerReplied => "CustomerReplied",
        }
    }
}

/// How the vendor decided on a defect or an enhancement request. Each closes the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Decision {
    Accepted,
    Declined,
    Deferred,
}

/// The person who acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    /// The role in which the person acted.
    pub role: ActorRole,
    /// The person's name, for the reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), transform = super::schema::one_line)]
    pub name: Option<String>,
}

/// A defect in the vendor's tracker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Bug {
    /// The defect's id in the vendor's tracker.
    #[schemars(length(min = 1, max = 64), transform = super::schema::one_name)]
    pub id: String,
    /// Where to read about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^https?://[^\s]+$"), length(max = 2048))]
    pub url: Option<String>,
}

/// What happened, as people or a help desk's bridge wrote it down. It cannot be changed afterwards.
#[derive(CustomResource, Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "meshcase.io",
    version = "v1alpha1",
    kind = "SupportActivity",
    doc = "Something that people did for a support case, written once.",
    plural = "supportactivities",
    namespaced,
    status = "SupportActivityStatus",
    derive = "PartialEq",
    shortname = "supactivity",
    category = "support",
    printcolumn(name = "Case", type_ = "string", json_path = ".spec.caseRef.name"),
    printcolumn(name = "Type", type_ = "string", json_path = ".spec.type"),
    printcolumn(name = "Role", type_ = "string", json_path = ".spec.actor.role"),
    printcolumn(name = "Recorded", type_ = "string", json_path = ".status.conditions[?(@.type==\"Recorded\")].status"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self == oldSelf").message("must not be changed: an activity is written once"))]
#[x_kube(validation = Rule::new("(self.type == 'CustomerReplied') == (self.actor.role == 'Contact')")
    .message("must be `Contact` exactly with type `CustomerReplied`; every other type needs a role of the vendor")
    .field_path(".actor.role"))]
#[x_kube(validation = Rule::new("!(self.type == 'SeverityAssessed') || has(self.severity)")
    .message("must be given with type `SeverityAssessed`").reason(Reason::FieldValueRequired).field_path(".severity"))]
#[x_kube(validation = Rule::new("self.type == 'SeverityAssessed' || !has(self.severity)")
    .message("must be left out except with type `SeverityAssessed`").reason(Reason::FieldValueForbidden).field_path(".severity"))]
#[x_kube(validation = Rule::new("!(self.type == 'BugRecorded') || has(self.bug)")
    .message("must be given with type `BugRecorded`").reason(Reason::FieldValueRequired).field_path(".bug"))]
#[x_kube(validation = Rule::new("self.type == 'BugRecorded' || !has(self.bug)")
    .message("must be left out except with type `BugRecorded`").reason(Reason::FieldValueForbidden).field_path(".bug"))]
#[x_kube(validation = Rule::new("!(self.type in ['BugDecided', 'EnhancementDecided']) || has(self.decision)")
    .message("must be given with types `BugDecided` and `EnhancementDecided`").reason(Reason::FieldValueRequired).field_path(".decision"))]
#[x_kube(validation = Rule::new("self.type in ['BugDecided', 'EnhancementDecided'] || !has(self.decision)")
    .message("must be left out except with types `BugDecided` and `EnhancementDecided`").reason(Reason::FieldValueForbidden).field_path(".decision"))]
#[x_kube(validation = Rule::new("!(self.type == 'ActionPlanProposed') || has(self.actionPlan)")
    .message("must be given with type `ActionPlanProposed`").reason(Reason::FieldValueRequired).field_path(".actionPlan"))]
#[x_kube(validation = Rule::new("self.type == 'ActionPlanProposed' || !has(self.actionPlan)")
    .message("must be left out except with type `ActionPlanProposed`").reason(Reason::FieldValueForbidden).field_path(".actionPlan"))]
pub struct SupportActivitySpec {
    /// The case in the same namespace.
    pub case_ref: LocalObjectRef,
    /// Who did it.
    pub actor: Actor,
    /// What was done. CustomerReplied exactly with role Contact, every other type with a role of the vendor.
    #[serde(rename = "type")]
    pub type_: ActivityType,
    /// What was said, for the reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096), transform = super::schema::text)]
    pub message: Option<String>,
    /// When it happened, for the reader. The clock that counts is the object's creationTimestamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<DateTime<Utc>>,
    /// Needed by SeverityAssessed: the severity as the vendor sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Needed by BugRecorded: the defect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bug: Option<Bug>,
    /// Needed by BugDecided and EnhancementDecided: the vendor's decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// Needed by ActionPlanProposed: the plan in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096), transform = super::schema::text)]
    pub action_plan: Option<String>,
}

/// Whether the operator counted the activity.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SupportActivityStatus {
    /// The generation that the status describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Recorded: True once it counts; False with reason CaseNotFound, CaseClosed (noted only) or OtherCase.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}
