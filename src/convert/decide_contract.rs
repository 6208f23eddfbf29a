//! Decides on a contract: its state, its contacts, its ledger of incidents, its counts. Not for: cases, which read what
//! stands here.

use chrono::{DateTime, Utc};
use kube::ResourceExt;

use super::condition::{Condition, merge};
use super::mirror::to_api;
use super::product::product_of_contract;
use super::read_contract::{Fault, contract as read, default_contract};
use super::read_redaction::redaction;
use super::{ContractInputs, EventNote, EventType, Outcome, contacts};
use crate::api::{
    ContractState as ApiState, CountedIncident, IncidentLedger, ProductStatus, ResponseCounts, SupportContractSpec,
    SupportContractStatus,
};
use crate::domain::contract::Contract;
use crate::domain::quota::{Ledger, grant};
use crate::domain::reason;

/// Whether the rules of `evidence.redactionRules` can be used; there where the contract names some.
const REDACTION_RULES_VALID: &str = "RedactionRulesValid";

/// The status of a contract at `now`, UTC. A contract with a fault keeps its ledger: what was granted stays granted.
pub fn decide_contract(inputs: &ContractInputs<'_>, now: DateTime<Utc>) -> Outcome<SupportContractStatus> {
    let before = inputs.contract.status.clone().unwrap_or_default();
    let (status, next_wake) = match read(inputs.contract, inputs.feeds) {
        Ok(contract) => usable(inputs, &contract, &before, now),
        Err(faults) => (faulty(inputs, &faults, &before, now), None),
    };
    let events = events(&before, &status);
    Outcome { status, events, next_wake }
}

fn usable(
    inputs: &ContractInputs<'_>,
    contract: &Contract,
    before: &SupportContractStatus,
    now: DateTime<Utc>,
) -> (SupportContractStatus, Option<DateTime<Utc>>) {
    let version = product_of_contract(inputs.contract, inputs.meshes).and_then(|mesh| mesh.version.as_deref());
    let generation = inputs.contract.metadata.generation;
    let conditions = conditions(inputs, contract, now);
    let next_transition_at = contract.next_transition_at(version, now);
    let ledgers = grant(contract, inputs.cases.claims(&contract.name), now);
    let counts = inputs.cases.counts(&contract.uid);
    let resets_at = ledgers.iter().map(|ledger| ledger.resets_at).min();
    let status = SupportContractStatus {
        observed_generation: generation,
        plan_name: Some(plan_name(&inputs.contract.spec)),
        state: Some(to_api(contract.state(version, now))),
        expires_at: contract.lapses_at(),
        next_transition_at,
        contacts: Some(contacts::status(contract, inputs.node_count, before.contacts.as_ref(), now)),
        incidents: ledgers.iter().map(ledger).collect(),
        open_cases: Some(number(counts.open)),
        responses: Some(ResponseCounts {
            met: number(counts.met),
            breached: number(counts.breached),
            pending: number(counts.pending),
        }),
        product: Some(ProductStatus {
            version: version.map(str::to_owned),
            phase: to_api(contract.phase(version, now)),
        }),
        calendar_revision: Some(contract.calendar.revision()),
        time_zone_data: Some(contract.calendar.zone_data().to_owned()),
        conditions: merge(&before.conditions, conditions, generation, now),
    };
    (status, [next_transition_at, resets_at].into_iter().flatten().filter(|at| *at > now).min())
}

fn plan_name(spec: &SupportContractSpec) -> String {
    match &spec.custom_plan {
        Some(plan) => plan.display_name.clone(),
        None => spec.plan.as_str().to_owned(),
    }
}

fn faulty(
    inputs: &ContractInputs<'_>,
    faults: &[Fault],
    before: &SupportContractStatus,
    now: DateTime<Utc>,
) -> SupportContractStatus {
    let generation = inputs.contract.metadata.generation;
    let calendar = faults.iter().all(|fault| fault.calendar);
    let reason = if calendar { reason::INVALID_CALENDAR } else { reason::INVALID_SPEC };
    let message =
        faults.iter().map(|fault| format!("{}: {}", fault.field, fault.message)).collect::<Vec<_>>().join("; ");
    let conditions = vec![
        Condition { type_: "Ready", status: "False", reason: reason.to_owned(), message: message.clone() },
        Condition { type_: "Stalled", status: "True", reason: reason.to_owned(), message },
    ];
    SupportContractStatus {
        observed_generation: generation,
        plan_name: Some(plan_name(&inputs.contract.spec)),
        conditions: merge(&before.conditions, conditions, generation, now),
        ..before.clone()
    }
}

fn conditions(inputs: &ContractInputs<'_>, contract: &Contract, now: DateTime<Utc>) -> Vec<Condition> {
    let mut conditions = vec![ready(inputs, contract), active(contract, now)];
    conditions.push(contacts::within_limit(contract, inputs.node_count));
    if let Some(licensed) = contract.licensed_nodes {
        let (status, reason, message) = match inputs.node_count {
            None => ("Unknown", reason::UNKNOWN, "the nodes have not been counted yet".to_owned()),
            Some(nodes) if nodes > licensed => {
                ("False", reason::NODES_OVER_LICENSE, format!("the cluster has {nodes} nodes, {licensed} are licensed"))
            }
            Some(nodes) => ("True", "WithinLicense", format!("{nodes} of {licensed} licensed nodes")),
        };
        conditions.push(Condition { type_: "NodesWithinLicense", status, reason: reason.to_owned(), message });
    }
    conditions.extend(redaction_rules(inputs));
    conditions
}

/// A rule that cannot be used holds up the evidence only: deadlines do not wait for it.
fn redaction_rules(inputs: &ContractInputs<'_>) -> Option<Condition> {
    let evidence = inputs.contract.spec.evidence.as_ref().filter(|evidence| !evidence.redaction_rules.is_empty())?;
    let (status, reason, message) = match redaction(evidence, inputs.feeds) {
        Ok(options) => ("True", "RulesValid", format!("{} rules", options.user_rules.len())),
        Err(why) => ("False", reason::INVALID_REDACTOR, format!("nothing is collected until it is mended: {why}")),
    };
    Some(Condition { type_: REDACTION_RULES_VALID, status, reason: reason.to_owned(), message })
}

fn ready(inputs: &ContractInputs<'_>, contract: &Contract) -> Condition {
    let default = default_contract(inputs.contracts);
    let shadowed = inputs.contract.spec.default
        && default.is_some_and(|default| default.metadata.uid != inputs.contract.metadata.uid);
    let holidays = contract.calendar.holidays().is_empty();
    let mut message = format!("plan {}", contract.plan.display_name);
    if holidays {
        message.push_str("; no holidays configured");
    }
    if shadowed {
        let name = default.map(|default| default.name_any()).unwrap_or_default();
        message.push_str(&format!("; `{name}` is the default contract, this one is not: the oldest counts"));
        return Condition { type_: "Ready", status: "True", reason: reason::NOT_THE_DEFAULT.to_owned(), message };
    }
    Condition { type_: "Ready", status: "True", reason: reason::CONTRACT_VALID.to_owned(), message }
}

fn active(contract: &Contract, now: DateTime<Utc>) -> Condition {
    let (status, reason, message) = if contract.is_active(now) {
        ("True", "Active", "the contract is in its term")
    } else if contract.lapses_at().is_some_and(|lapses| lapses <= now) {
        ("False", reason::CONTRACT_LAPSED, "the term is over: open cases are on hold until it is renewed")
    } else {
        ("False", reason::CONTRACT_NOT_STARTED, "the term has not begun")
    };
    Condition { type_: "Active", status, reason: reason.to_owned(), message: message.to_owned() }
}

fn ledger(ledger: &Ledger) -> IncidentLedger {
    IncidentLedger {
        severities: ledger.severities.iter().copied().map(to_api).collect(),
        limit: number(ledger.limit),
        used: number(ledger.used),
        remaining: number(ledger.limit.saturating_sub(ledger.used)),
        resets_at: ledger.resets_at,
        counted: ledger
            .counted
            .iter()
            .map(|entry| CountedIncident {
                namespace: entry.namespace.clone(),
                name: entry.name.clone(),
                uid: entry.uid.clone(),
                at: entry.at,
            })
            .collect(),
    }
}

pub(super) fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn events(before: &SupportContractStatus, after: &SupportContractStatus) -> Vec<EventNote> {
    let mut events = Vec::new();
    if let Some(state) = after.state
        && before.state != after.state
    {
        let lapsed = matches!(state, ApiState::Lapsed | ApiState::ExpiringSoon);
        events.push(EventNote {
            type_: if lapsed { EventType::Warning } else { EventType::Normal },
            reason: state.as_str().to_owned(),
            action: "Decide".to_owned(),
            note: match after.expires_at {
                Some(at) => format!("the contract is {}; its term ends {at}", state.as_str()),
                None => format!("the contract is {}", state.as_str()),
            },
        });
    }
    events.extend(["Ready", REDACTION_RULES_VALID].into_iter().filter_map(|type_| turned_false(type_, before, after)));
    events
}

/// The event of a condition that has turned false, or is false for another reason than before.
fn turned_false(type_: &str, before: &SupportContractStatus, after: &SupportContractStatus) -> Option<EventNote> {
    let find = |status: &SupportContractStatus| status.conditions.iter().find(|one| one.type_ == type_).cloned();
    let now = find(after).filter(|now| now.status == "False")?;
    let known = find(before).is_some_and(|old| old.status == "False" && old.reason == now.reason);
    (!known).then(|| EventNote {
        type_: EventType::Warning,
        reason: now.reason,
        action: "Validate".to_owned(),
        note: now.message,
    })
}
