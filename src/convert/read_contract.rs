//! Reads a SupportContract into the rules' terms; what cannot be used is named by its field. Also: which contract a case
//! falls to. Not for: writing a status.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::ResourceExt;

use super::feeds::Memory;
use super::mirror::to_domain;
use super::{Feeds, time};
use crate::api::{self, SupportCase, SupportContract};
use crate::domain::contract::{Contract, Release};
use crate::domain::plan::{Plan, SpecialHoursEntry};
use crate::domain::quota::{Counted, Ledger};
use crate::domain::time::{Calendar, Holidays, ICalendarLimits, SpecialHours, parse_icalendar};
use meshcase_redact::shown;

/// The characters of an error that may quote what somebody wrote.
const QUOTED: usize = 512;

/// A field of a contract that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The path from `spec`, as in `spec.customPlan.timeZone`.
    pub field: String,
    /// What is wrong and what is accepted.
    pub message: String,
    /// Whether it is about hours, zone or holidays.
    pub calendar: bool,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.field, self.message)
    }
}

/// The contract in the rules' terms, or every fault that it has.
pub fn contract(contract: &SupportContract, feeds: &Feeds) -> Result<Contract, Vec<Fault>> {
    let spec = &contract.spec;
    let plan = plan(spec)?;
    let calendar = calendar(spec, &plan, feeds)?;
    let created = contract.metadata.creation_timestamp.as_ref().map(time::from_kube).unwrap_or_default();
    calendar.check_opens_after(created).map_err(|error| vec![calendar_fault(spec, &error)])?;
    Ok(Contract {
        name: contract.name_any(),
        uid: contract.uid().unwrap_or_default(),
        created_at: created,
        plan_name: spec.plan.as_str().to_owned(),
        plan,
        calendar,
        starts_at: spec.term.starts_at,
        ends_at: spec.term.ends_at,
        registered_at: spec.term.registered_at,
        continuing_until: spec.continuing_support.as_ref().map(|continuing| continuing.until),
        licensed_nodes: spec.licensed_nodes.map(i64::from),
        contacts: contacts(spec),
        service_delivery_manager: spec.service_delivery_manager.is_some(),
        releases: spec.releases.iter().map(release).collect(),
        ledgers: contract.status.iter().flat_map(|status| &status.incidents).map(ledger).collect(),
    })
}

/// The contract of a case. An accepted case stays with the one it is bound to, by its name (ruling 24). Else the one that
/// it names, or the default one (ruling 27). Whether it takes the case's namespace is another question: there is no
/// fall-back.
pub fn contract_of<'a>(case: &SupportCase, contracts: &'a [Arc<SupportContract>]) -> Option<&'a Arc<SupportContract>> {
    let named = |name: &str| contracts.iter().find(|contract| contract.metadata.name.as_deref() == Some(name));
    let entitlement = case.status.as_ref().and_then(|status| status.entitlement.as_ref());
    let accepted = entitlement.filter(|entitlement| {
        matches!(entitlement.decision, api::EntitlementDecision::Accepted | api::EntitlementDecision::AcceptedLimited)
    });
    match (accepted.and_then(|entitlement| entitlement.contract.as_ref()), &case.spec.contract_ref) {
        (Some(bound), _) => named(&bound.name),
        // One that is being deleted takes no new cases.
        (None, Some(reference)) => {
            named(&reference.name).filter(|contract| contract.metadata.deletion_timestamp.is_none())
        }
        (None, None) => default_contract(contracts),
    }
}

/// The one default contract that counts (ruling 27).
pub fn default_contract(contracts: &[Arc<SupportContract>]) -> Option<&Arc<SupportContract>> {
    let age = |contract: &Arc<SupportContract>| contract.metadata.creation_timestamp.as_ref().map(time::from_kube);
    contracts
        .iter()
        .filter(|contract| contract.spec.default && contract.metadata.deletion_timestamp.is_none())
        .min_by(|one, other| (age(one), one.name_any()).cmp(&(age(other), other.name_any())))
}

/// Whether a label selector takes these labels; an empty one takes all (the rules of `metav1.LabelSelector`).
pub fn selects(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    let equal = selector.match_labels.iter().flatten().all(|(name, value)| labels.get(name) == Some(value));
    let matches = selector.match_expressions.iter().flatten().all(|expression| {
        let value = labels.get(&expression.key);
        let listed = value.is_some_and(|value| expression.values.iter().flatten().any(|wanted| wanted == value));
        match expression.operator.as_str() {
            "In" => listed,
            "NotIn" => !listed,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            // An operator that nobody knows takes nothing: support must not be given by mistake.
            _ => false,
        }
    });
    equal && matches
}

fn plan(spec: &api::SupportContractSpec) -> Result<Arc<Plan>, Vec<Fault>> {
    let fault = |field: &str, message: String| vec![Fault { field: field.to_owned(), message, calendar: false }];
    if spec.plan != api::PlanName::Custom {
        let missing = || fault("spec.plan", "this version of the operator does not know the plan".to_owned());
        return Plan::built_in(spec.plan.as_str()).ok_or_else(missing);
    }
    let Some(custom) = &spec.custom_plan else {
        return Err(fault("spec.customPlan", "must be given when plan is Custom".to_owned()));
    };
    // Both sides are the same shape by design: what does not fit is a fault of the one field that it names.
    serde_json::to_value(custom)
        .and_then(serde_json::from_value::<Plan>)
        .map(Arc::new)
        .map_err(|error| fault("spec.customPlan", shown(&error.to_string(), QUOTED)))
}

/// One decision on a case would else parse a feed and write out a century of holidays again.
fn calendar(spec: &api::SupportContractSpec, plan: &Plan, feeds: &Feeds) -> Result<Calendar, Vec<Fault>> {
    static CALENDARS: Memory<Result<Calendar, Vec<Fault>>> = Memory::new();
    let make = || {
        let holidays = holidays(spec, feeds)?;
        let special = special_hours(&spec.special_hours)?;
        plan.calendar(holidays, special, &feeds.zones)
            .map_err(|errors| errors.iter().map(|error| calendar_fault(spec, error)).collect())
    };
    match calendar_key(spec, feeds) {
        Some(key) => CALENDARS.recall(key, make),
        None => make(),
    }
}

/// All that a calendar is made from: plan, holidays, special hours, the version of the zone data, and the feeds by their digests.
fn calendar_key(spec: &api::SupportContractSpec, feeds: &Feeds) -> Option<String> {
    let sources = spec.holidays.iter().flat_map(|holidays| &holidays.i_calendar);
    let digests: Vec<String> = sources.map(|source| feeds.digest(&source.name, &source.key)).collect();
    let own = (spec.plan, &spec.custom_plan, &spec.holidays, &spec.special_hours);
    serde_json::to_string(&(own, feeds.zones.version(), digests)).ok()
}

/// The contract's special hours; the plan reads its own.
fn special_hours(given: &[api::SpecialHours]) -> Result<Vec<SpecialHours>, Vec<Fault>> {
    let read = |(index, entry)| {
        let field = format!("spec.specialHours[{index}]");
        let value: Result<SpecialHoursEntry, _> = serde_json::to_value(entry).and_then(serde_json::from_value);
        match value {
            Ok(entry) => Ok(entry.read(field)),
            Err(error) => Err(vec![Fault { field, message: error.to_string(), calendar: true }]),
        }
    };
    given.iter().enumerate().map(read).collect()
}

fn calendar_fault(spec: &api::SupportContractSpec, error: &crate::domain::time::CalendarError) -> Fault {
    let field = match error.field().as_str() {
        "holidays" => "spec.holidays".to_owned(),
        of_contract if of_contract.starts_with("spec.") => of_contract.to_owned(),
        member if spec.custom_plan.is_some() => format!("spec.customPlan.{member}"),
        member => format!("spec.plan ({member})"),
    };
    Fault { field, message: error.to_string(), calendar: true }
}

fn holidays(spec: &api::SupportContractSpec, feeds: &Feeds) -> Result<Holidays, Vec<Fault>> {
    let Some(given) = &spec.holidays else { return Ok(Holidays::none()) };
    let named = |name: &Option<String>| name.clone().unwrap_or_else(|| "holiday".to_owned());
    let mut holidays = Holidays::none().dates(given.dates.iter().map(|holiday| (holiday.date, named(&holiday.name))));
    for set in &given.sets {
        holidays = holidays.set(to_domain(*set));
    }
    let mut faults = Vec::new();
    for (index, source) in given.i_calendar.iter().enumerate() {
        let fault = |message| Fault { field: format!("spec.holidays.iCalendar[{index}]"), message, calendar: true };
        let feed = format!("key `{}` of ConfigMap `{}`", source.key, source.name);
        let text = match feeds.get(&source.name, &source.key) {
            Ok(text) => text,
            Err(why) => {
                faults.push(fault(format!("{feed}: {why}")));
                continue;
            }
        };
        match parse_icalendar(text, &feed, &source.categories, ICalendarLimits::default()) {
            Ok(dates) => holidays = holidays.dates(dates),
            Err(error) => faults.push(fault(shown(&error.to_string(), QUOTED))),
        }
    }
    if faults.is_empty() { Ok(holidays) } else { Err(faults) }
}

/// The contacts' addresses in their order. One that stands there twice, in whatever letters, is one contact (ruling 25).
fn contacts(spec: &api::SupportContractSpec) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let emails = spec.contacts.iter().map(|contact| &contact.email);
    emails.filter(|email| seen.insert(email.to_lowercase())).cloned().collect()
}

fn release(release: &api::Release) -> Release {
    Release {
        version: release.version.clone(),
        released_on: release.released_on,
        end_of_life_on: release.end_of_life_on,
    }
}

fn ledger(ledger: &api::IncidentLedger) -> Ledger {
    let counted = |entry: &api::CountedIncident| Counted {
        namespace: entry.namespace.clone(),
        name: entry.name.clone(),
        uid: entry.uid.clone(),
        at: entry.at,
    };
    Ledger {
        severities: ledger.severities.iter().copied().map(to_domain).collect(),
        limit: usize::try_from(ledger.limit).unwrap_or(0),
        used: usize::try_from(ledger.used).unwrap_or(0),
        resets_at: ledger.resets_at,
        counted: ledger.counted.iter().map(counted).collect(),
    }
}
