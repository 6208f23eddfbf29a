//! Types that are spelled alike in the API and in the rules, member by member, both ways. Not for: types that differ.

use crate::{api, domain};

/// A type of the API that has its like in the rules.
pub(super) trait Mirror {
    type Domain;
    fn to_domain(self) -> Self::Domain;
    fn to_api(domain: Self::Domain) -> Self;
}

/// The like of an API value in the rules.
pub(super) fn to_domain<A: Mirror>(value: A) -> A::Domain {
    value.to_domain()
}

/// The like of a value of the rules in the API.
pub(super) fn to_api<A: Mirror>(value: A::Domain) -> A {
    A::to_api(value)
}

macro_rules! mirror {
    ($($api:path = $domain:path { $($member:ident),+ $(,)? })+) => {$(
        impl Mirror for $api {
            type Domain = $domain;
            fn to_domain(self) -> $domain {
                type A = $api;
                type D = $domain;
                match self { $(A::$member => D::$member),+ }
            }
            fn to_api(domain: $domain) -> Self {
                type A = $api;
                type D = $domain;
                match domain { $(D::$member => A::$member),+ }
            }
        }
    )+};
}

mirror! {
    api::Severity = domain::severity::Severity { Sev1, Sev2, Sev3, Sev4 }
    api::Clock = domain::time::Clock { BusinessHours, AroundTheClock }
    api::TargetUnit = domain::time::Unit { Minutes, Hours, BusinessDays }
    api::Channel = domain::plan::Channel { Web, Email, Phone, Kubernetes }
    api::Category = domain::case::Category {
        Incident, Question, Installation, ProductDefect, Enhancement, Documentation
    }
    api::BlocksLab = domain::severity::BlocksLab { Now, WithinTwoWeeks, No }
    api::EscalationLevel = domain::plan::Level {
        None, SupportEngineer, SupportManager, SupportDirector, ServiceDeliveryManager
    }
    api::Decision = domain::case::DecisionOn { Accepted, Declined, Deferred }
    api::CaseState = domain::lifecycle::State {
        Pending, Rejected, AwaitingResponse, InProgress, AwaitingCustomer, AwaitingDecision, Resolved, Closed, OnHold
    }
    api::CloseReason = domain::lifecycle::CloseReason { Satisfied, ProductDefect, Enhancement, NoResponse }
    api::EntitlementDecision = domain::entitlement::Entitled { Pending, Accepted, AcceptedLimited, Rejected }
    api::CheckResult = domain::entitlement::CheckResult { Passed, Failed, Unknown }
    api::PromiseResult = domain::sla::PromiseResult {
        Pending, AtRisk, Paused, Met, Breached, NotCommitted, Withdrawn
    }
    api::ContractState = domain::contract::ContractState {
        Scheduled, Trial, Active, ExpiringSoon, Continuing, Lapsed
    }
    api::ProductPhase = domain::contract::ProductPhase {
        FullSupport, LimitedSupport, ContinuingSupport, EndOfLife, Unknown
    }
    api::HolidaySet = domain::time::HolidaySet { UnitedStatesFederal }
}

impl Mirror for api::Target {
    type Domain = domain::time::Target;
    fn to_domain(self) -> Self::Domain {
        domain::time::Target { amount: self.amount, unit: self.unit.to_domain() }
    }
    fn to_api(target: Self::Domain) -> Self {
        Self { amount: target.amount, unit: api::TargetUnit::to_api(target.unit) }
    }
}

use api::HistoryKind as Written;
use domain::case::HistoryKind as Known;

/// The kinds of history that are decided from, in both spellings.
const HISTORY_KINDS: [(Written, Known); 10] = [
    (Written::SeverityChanged, Known::SeverityChanged),
    (Written::ResolvedChanged, Known::ResolvedChanged),
    (Written::EscalationRequested, Known::EscalationRequested),
    (Written::EscalationWithdrawn, Known::EscalationWithdrawn),
    (Written::Accepted, Known::Accepted),
    (Written::AcceptedLimited, Known::AcceptedLimited),
    (Written::Rejected, Known::Rejected),
    (Written::OnHold, Known::OnHold),
    (Written::Resumed, Known::Resumed),
    (Written::Closed, Known::Closed),
];

/// A kind of history in the rules' terms; `None` where nothing is decided from it.
pub(super) fn history_kind(kind: Written) -> Option<Known> {
    HISTORY_KINDS.iter().find(|(written, _)| *written == kind).map(|(_, known)| *known)
}

/// A kind of history as the API spells it.
pub(super) fn api_history_kind(kind: Known) -> Written {
    match kind {
        Known::SeverityChanged => Written::SeverityChanged,
        Known::ResolvedChanged => Written::ResolvedChanged,
        Known::EscalationRequested => Written::EscalationRequested,
        Known::EscalationWithdrawn => Written::EscalationWithdrawn,
        Known::Accepted => Written::Accepted,
        Known::AcceptedLimited => Written::AcceptedLimited,
        Known::Rejected => Written::Rejected,
        Known::OnHold => Written::OnHold,
        Known::Resumed => Written::Resumed,
        Known::Closed => Written::Closed,
    }
}
