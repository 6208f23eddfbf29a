//! The contract's controller: its state, its contacts, its ledger of incidents, its counts. It is the one writer of the
//! ledger: granting an incident is writing here, under the contract's resourceVersion. Not for: rules of the ledger.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kube::runtime::controller::Action;
use kube::{Api, ResourceExt};

use super::cache::{Key, Stored};
use super::context::Context;
use super::errors::Error;
use super::status::{Precondition, apply};
use super::{triggers, unreadable};
use crate::api::{SupportCase, SupportContract, SupportContractStatus};
use crate::convert::writer::{CONTRACT, Part};
use crate::convert::{self, ContractInputs, Outcome};

/// Counts change with every case: they are written at most once in this time.
const COUNTS_INTERVAL: Duration = Duration::from_secs(10);
/// The fields that may wait for [`COUNTS_INTERVAL`].
const COUNTS: [&str; 2] = ["openCases", "responses"];

/// When the counts of each contract were last written.
#[derive(Default)]
pub struct CountsWritten(Mutex<HashMap<Key, Instant>>);

/// Brings the status of the contract under `key` up to now.
pub(super) async fn reconcile(context: Arc<Context>, key: Key) -> Result<Action, Error> {
    let contract = match context.known.contracts.get(&key) {
        None => return Ok(Action::await_change()),
        Some(Stored::Unreadable(invalid)) => {
            let api = Api::all(context.client.clone());
            unreadable::report::<SupportContract>(&api, &invalid, convert::time::to_kube(context.now())).await?;
            return Ok(Action::await_change());
        }
        Some(Stored::Readable(contract)) => contract,
    };
    let decision = decide(&context, &contract);
    write(&context, &key, &contract, &decision).await
}

fn decide(context: &Context, contract: &SupportContract) -> Outcome<SupportContractStatus> {
    let seen = context.facts.seen(convert::named_mesh_namespaces(contract));
    let inputs = ContractInputs {
        contract,
        contracts: &context.known.contracts.list(|_| true),
        cases: &context.known.cases.list(|case| concerns(contract, case)),
        feeds: &context.feeds(),
        node_count: seen.as_ref().and_then(|seen| Some(seen.cluster.nodes.as_ref()?.total.into())),
        meshes: seen.as_ref().map_or(&[], |seen| &seen.meshes),
    };
    if context.clock.agrees() {
        convert::decide_contract(&inputs, context.now())
    } else {
        convert::decide_contract_at_rest(&inputs, context.now())
    }
}

/// Whether `case` is bound to `contract`, names it, or may fall to it as the default.
pub(super) fn concerns(contract: &SupportContract, case: &SupportCase) -> bool {
    let bound = case.status.as_ref().and_then(|status| status.entitlement.as_ref()?.contract.as_ref());
    if bound.is_some_and(|bound| bound.name == contract.name_any()) {
        return true;
    }
    match &case.spec.contract_ref {
        Some(reference) => reference.name == contract.name_any(),
        None => contract.spec.default,
    }
}

async fn write(
    context: &Context,
    key: &Key,
    contract: &SupportContract,
    decision: &Outcome<SupportContractStatus>,
) -> Result<Action, Error> {
    let api = Api::<SupportContract>::all(context.client.clone());
    if let Some(status) = &contract.status {
        unreadable::withdraw::<SupportContract>(&Api::all(context.client.clone()), contract, &status.conditions)
            .await?;
    }
    let wake = context.wake_at(decision.next_wake);
    let Some(part) = CONTRACT.difference(contract.status.as_ref(), &decision.status)? else { return Ok(wake) };
    if only_counts(contract.status.as_ref(), &part)?
        && let Some(wait) = context.counts_written.wait(key)
    {
        return Ok(Action::requeue(wait));
    }
    let written: SupportContract = apply(&api, contract, CONTRACT, part, Precondition::SameVersion).await?;
    context.counts_written.note(key);
    triggers::contract_written(context, written);
    context.events.publish(contract, &decision.events);
    Ok(wake)
}

/// Whether nothing but the counts differs from what stands in `old`.
fn only_counts(old: Option<&SupportContractStatus>, new: &Part) -> Result<bool, Error> {
    let Some(old) = old else { return Ok(false) };
    Ok(CONTRACT.part(old)?.same_but_for(new, &COUNTS))
}

impl CountsWritten {
    /// How long the counts of a contract still have to wait, if at all.
    fn wait(&self, key: &Key) -> Option<Duration> {
        let written = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied()?;
        COUNTS_INTERVAL.checked_sub(written.elapsed()).filter(|wait| !wait.is_zero())
    }

    fn note(&self, key: &Key) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), Instant::now());
    }

    /// Forgets a contract that is gone.
    pub(super) fn forget(&self, key: &Key) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}
