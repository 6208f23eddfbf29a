//! `deadline --list-plans`: what each built-in plan promises. Not for: custom plans.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::output::aligned;
use crate::domain::plan::Plan;
use crate::domain::severity::Severity;
use crate::domain::time::{Clock, Target, Unit};

/// What a built-in plan promises, in the form of `-o json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlanSummary {
    name: &'static str,
    display_name: String,
    time_zone: String,
    initial_response: BTreeMap<&'static str, String>,
    incidents_per_contract_year: String,
    contacts: String,
}

pub(super) fn built_in_plans() -> Vec<PlanSummary> {
    Plan::built_in_names().filter_map(|name| Some(summary(name, Plan::built_in(name)?.as_ref()))).collect()
}

fn summary(name: &'static str, plan: &Plan) -> PlanSummary {
    let response = |severity: &Severity| {
        let terms = plan.terms(*severity);
        let target = terms.and_then(|terms| Some(words(terms.clock, terms.initial_response?)));
        (severity.as_str(), target.unwrap_or_else(|| "reasonable efforts".to_owned()))
    };
    let quotas = plan.incident_quotas.iter().map(|quota| {
        let severities: Vec<_> = quota.severities.iter().map(|severity| severity.as_str()).collect();
        format!("{} of {}", quota.per_contract_year, severities.join(" and "))
    });
    let contacts = plan.contact_limits.iter().map(|tier| match tier.up_to_nodes {
        Some(nodes) => format!("{} to {nodes} nodes", tier.contacts),
        None if plan.contact_limits.len() == 1 => tier.contacts.to_string(),
        None => format!("{} above", tier.contacts),
    });
    let or = |list: Vec<String>, none: &str| if list.is_empty() { none.to_owned() } else { list.join(", ") };
    PlanSummary {
        name,
        display_name: plan.display_name.clone(),
        time_zone: plan.time_zone.clone(),
        initial_response: Severity::ALL.iter().map(response).collect(),
        incidents_per_contract_year: or(quotas.collect(), "unlimited"),
        contacts: or(contacts.collect(), "no limit"),
    }
}

pub(super) fn plans_table(plans: &[PlanSummary]) -> String {
    let mut rows = vec![
        ["PLAN", "TIME ZONE", "SEV1", "SEV2", "SEV3", "SEV4", "INCIDENTS A YEAR", "CONTACTS"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for plan in plans {
        let responses = plan.initial_response.values().cloned();
        let mut row = vec![plan.name.to_owned(), plan.time_zone.clone()];
        row.extend(responses);
        row.extend([plan.incidents_per_contract_year.clone(), plan.contacts.clone()]);
        rows.push(row);
    }
    aligned(&rows)
}

/// A target as people say it: `4 business hours`, `15 minutes, around the clock`.
fn words(clock: Clock, target: Target) -> String {
    let (one, many) = match (target.unit, clock) {
        (Unit::BusinessDays, _) => ("business day", "business days"),
        (Unit::Hours, Clock::BusinessHours) => ("business hour", "business hours"),
        (Unit::Minutes, Clock::BusinessHours) => ("business minute", "business minutes"),
        (Unit::Hours, Clock::AroundTheClock) => ("hour, around the clock", "hours, around the clock"),
        (Unit::Minutes, Clock::AroundTheClock) => ("minute, around the clock", "minutes, around the clock"),
    };
    format!("{} {}", target.amount, if target.amount == 1 { one } else { many })
}
