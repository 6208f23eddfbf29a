//! Who must look again when something changes: a case when its contract, its activities or its namespace's labels do,
//! a contract when the cases do that it counts. Not for: looking.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::ResourceExt;
use kube::core::PartialObjectMeta;

use super::activity::case_of;
use super::cache::{Change, Key, Stored};
use super::context::Context;
use crate::api::{IncidentLedger, SupportActivity, SupportCase, SupportContract};

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

/// The contracts that count or grant something because of `change`. A case that cannot be read is as it was known.
fn contracts_of_case(context: &Context, change: &Change<SupportCase>) {
    if matches!(change.new, Some(Stored::Unreadable(_))) {
        return;
    }
    let name = (change.key.namespace.clone(), change.key.name.clone());
    let case = change.new.as_ref().and_then(Stored::readable);
    let concerned = {
        let mut caseload = context.known.caseload.write().unwrap_or_else(PoisonError::into_inner);
        caseload.note(&name, case.map(AsRef::as_ref))
    };
    let key = |name: &String| Key::new(None, name);
    concerned.by_claims.iter().for_each(|name| context.queues.contracts.request(&key(name)));
    for key in concerned.by_counts.iter().map(key).filter(|key| context.counts.changed(key)) {
        context.queues.contracts.request(&key);
    }
}

/// A contract came, changed or went.
pub(super) fn contract(context: &Context, change: &Change<SupportContract>) {
    context.queues.contracts.observe(change);
    if change.new.is_none() {
        context.counts.forget(&change.key);
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
        let [before, now] = [old, new].map(|contract| contract.into_iter().flat_map(|it| granted(it)).collect());
        let changed: BTreeSet<_> = BTreeSet::symmetric_difference(&before, &now).collect();
        changed
            .into_iter()
            .for_each(|(namespace, name, _)| context.queues.cases.request(&Key::new(Some(namespace), name)));
        return;
    }
    for contract in [old, new].into_iter().flatten() {
        request_cases_of(context, contract);
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

fn request_cases_of(context: &Context, contract: &SupportContract) {
    let cases = context.known.caseload.read().unwrap_or_else(PoisonError::into_inner).of(contract);
    cases.iter().for_each(|(namespace, name)| context.queues.cases.request(&Key::new(Some(namespace), name)));
}

/// All that a case reads of a contract, but for its own grant.
fn promised(contract: &SupportContract) -> impl PartialEq + use<'_> {
    let status = contract.status.as_ref();
    let quota = |ledger: &'_ IncidentLedger| {
        (ledger.severities.clone(), ledger.limit, ledger.resets_at, ledger.used >= ledger.limit)
    };
    (
        contract.uid(),
        contract.metadata.generation,
        contract.metadata.deletion_timestamp.is_some(),
        status.map(|status| (status.state, &status.product, &status.calendar_revision)),
        status.map(|status| status.incidents.iter().map(quota).collect::<Vec<_>>()),
        status.map(|status| {
            let conditions = status.conditions.iter();
            conditions.map(|condition| (condition.type_.as_str(), condition.status.as_str())).collect::<Vec<_>>()
        }),
    )
}

/// The cases that were granted a place, by namespace, name and UID.
fn granted(contract: &SupportContract) -> impl Iterator<Item = (&str, &str, &str)> {
    let ledgers = contract.status.iter().flat_map(|status| &status.incidents);
    let entries = ledgers.flat_map(|ledger| &ledger.counted);
    entries.map(|entry| (entry.namespace.as_str(), entry.name.as_str(), entry.uid.as_str()))
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
    context.feeds_changed();
    for contract in context.known.contracts.list(|contract| names_config_map(contract, &change.key.name)) {
        context.queues.contracts.request(&Key::of(contract.as_ref()));
        request_cases_of(context, &contract);
    }
}

/// Whether a ConfigMap of this name gives `contract` holidays or redaction rules.
fn names_config_map(contract: &SupportContract, name: &str) -> bool {
    let calendars = contract.spec.holidays.iter().flat_map(|holidays| &holidays.i_calendar);
    let rules = contract.spec.evidence.iter().flat_map(|evidence| &evidence.redaction_rules);
    calendars.map(|feed| &feed.name).chain(rules.map(|rules| &rules.name)).any(|named| named == name)
}
