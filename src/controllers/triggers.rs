//! Who must look again when something changes: a case when its contract, its activities or its namespace's labels do,
//! a contract when the cases do that it counts. Not for: looking.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::ResourceExt;
use kube::core::PartialObjectMeta;

use super::activity::case_of;
use super::cache::{Change, Key, Stored};
use super::context::Context;
use super::contract::concerns;
use crate::api::{SupportActivity, SupportCase, SupportCaseStatus, SupportContract};

/// A case came, changed or went.
pub(super) fn case(context: &Context, change: &Change<SupportCase>) {
    context.queues.cases.observe(change);
    if change.new.is_none() {
        context.collecting.forget(&change.key);
    }
    if change.old.is_none() || change.new.is_none() {
        for activity in context.known.activities_of.of(&change.key) {
            context.queues.activities.request(&activity);
        }
    }
    contracts_of_case(context, change);
}

/// The operator itself wrote a case: answers what is now known of it.
pub(super) fn case_written(context: &Context, written: SupportCase) -> Option<Arc<SupportCase>> {
    let key = Key::of(&written);
    if let Some(change) = context.known.cases.written(written) {
        contracts_of_case(context, &change);
    }
    context.known.cases.get(&key)?.readable().cloned()
}

/// The contracts that count or grant something because of `change`.
fn contracts_of_case(context: &Context, change: &Change<SupportCase>) {
    let [old, new] = [&change.old, &change.new].map(|side| side.as_ref().and_then(Stored::readable));
    if old.map(|case| counted(case)) == new.map(|case| counted(case)) {
        return;
    }
    let concerned = |contract: &SupportContract| [old, new].into_iter().flatten().any(|case| concerns(contract, case));
    for contract in context.known.contracts.list(concerned) {
        context.queues.contracts.request(&Key::of(contract.as_ref()));
    }
}

/// All that a contract reads of a case.
fn counted(case: &SupportCase) -> impl PartialEq + use<'_> {
    let status = case.status.as_ref();
    let part = |read: fn(&SupportCaseStatus) -> Option<serde_json::Value>| status.and_then(read);
    (
        case.uid(),
        case.spec.contract_ref.as_ref(),
        case.metadata.deletion_timestamp.is_some(),
        status.and_then(|status| status.state),
        status.and_then(|status| status.severity.as_ref()),
        status.and_then(|status| status.entitlement.as_ref()),
        part(|status| serde_json::to_value(status.sla.as_ref()?.initial_response.as_ref()?.result).ok()),
    )
}

/// A contract came, changed or went.
pub(super) fn contract(context: &Context, change: &Change<SupportContract>) {
    context.queues.contracts.observe(change);
    if change.new.is_none() {
        context.counts_written.forget(&change.key);
    }
    others_of_contract(context, change);
}

/// The operator itself wrote a contract: the cases must know, for a grant may stand there.
pub(super) fn contract_written(context: &Context, written: SupportContract) {
    if let Some(change) = context.known.contracts.written(written) {
        others_of_contract(context, &change);
    }
}

fn others_of_contract(context: &Context, change: &Change<SupportContract>) {
    let [old, new] = [&change.old, &change.new].map(|side| side.as_ref().and_then(Stored::readable));
    if old.map(|contract| promised(contract)) == new.map(|contract| promised(contract)) {
        return;
    }
    let concerned = |case: &SupportCase| [old, new].into_iter().flatten().any(|contract| concerns(contract, case));
    for case in context.known.cases.list(concerned) {
        context.queues.cases.request(&Key::of(case.as_ref()));
    }
    // Which of several defaults counts depends on all of them.
    if [old, new].into_iter().flatten().any(|contract| contract.spec.default) {
        for other in context.known.contracts.list(|other| other.spec.default) {
            if Key::of(other.as_ref()) != change.key {
                context.queues.contracts.request(&Key::of(other.as_ref()));
            }
        }
    }
}

/// All that a case reads of a contract.
fn promised(contract: &SupportContract) -> impl PartialEq + use<'_> {
    let status = contract.status.as_ref();
    (
        contract.uid(),
        contract.metadata.generation,
        contract.metadata.deletion_timestamp.is_some(),
        status.map(|status| (status.state, &status.incidents, &status.product, &status.calendar_revision)),
        status.map(|status| {
            let conditions = status.conditions.iter();
            conditions.map(|condition| (condition.type_.as_str(), condition.status.as_str())).collect::<Vec<_>>()
        }),
    )
}

/// An activity came, changed or went.
pub(super) fn activity(context: &Context, change: &Change<SupportActivity>) {
    let [old, new] = [&change.old, &change.new].map(|side| side.as_ref().and_then(Stored::readable));
    if let Some(old) = old {
        context.known.activities_of.remove(&case_of(old), &change.key);
        context.queues.cases.request(&case_of(old));
    }
    if let Some(new) = new {
        context.known.activities_of.insert(case_of(new), change.key.clone());
        context.queues.cases.request(&case_of(new));
    }
    context.queues.activities.observe(change);
}

/// A namespace came, changed or went: its labels decide whose contract its cases may use.
pub(super) fn namespace(context: &Context, change: &Change<PartialObjectMeta<Namespace>>) {
    let [old, new] = [&change.old, &change.new].map(|side| side.as_ref().and_then(Stored::readable));
    if old.map(|namespace| namespace.labels()) == new.map(|namespace| namespace.labels()) {
        return;
    }
    for case in context.known.cases.list(|case| case.namespace().as_deref() == Some(change.key.name.as_str())) {
        context.queues.cases.request(&Key::of(case.as_ref()));
    }
}

/// A ConfigMap of the operator's namespace came, changed or went: it may be a calendar of any contract.
pub(super) fn config_map(context: &Context, change: &Change<ConfigMap>) {
    let [old, new] = [&change.old, &change.new].map(|side| side.as_ref().and_then(Stored::readable));
    if old.map(|map| (&map.data, &map.binary_data)) == new.map(|map| (&map.data, &map.binary_data)) {
        return;
    }
    for contract in context.known.contracts.list(|contract| names_config_map(contract, &change.key.name)) {
        context.queues.contracts.request(&Key::of(contract.as_ref()));
        for case in context.known.cases.list(|case| concerns(&contract, case)) {
            context.queues.cases.request(&Key::of(case.as_ref()));
        }
    }
}

/// Whether a ConfigMap of this name gives `contract` holidays or redaction rules.
fn names_config_map(contract: &SupportContract, name: &str) -> bool {
    let calendars = contract.spec.holidays.iter().flat_map(|holidays| &holidays.i_calendar);
    let rules = contract.spec.evidence.iter().flat_map(|evidence| &evidence.redaction_rules);
    calendars.map(|feed| &feed.name).chain(rules.map(|rules| &rules.name)).any(|named| named == name)
}
