//! The contract's controller: its state, its contacts, its ledger of incidents, its counts. It is the one writer of the
//! ledger: granting an incident is writing here, under the contract's resourceVersion. Not for: rules of the ledger.

use std::sync::{Arc, PoisonError};

use kube::Api;
use kube::runtime::controller::Action;

use super::cache::{Key, Stored};
use super::context::Context;
use super::errors::Error;
use super::status::{Precondition, apply};
use super::{triggers, unreadable};
use crate::api::{SupportContract, SupportContractStatus};
use crate::convert::writer::{CONTRACT, Part};
use crate::convert::{self, ContractInputs, Outcome};

/// The fields that change with every case and may wait.
const COUNTS: [&str; 2] = ["openCases", "responses"];

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
    context.counts.looks(&key);
    let decision = decide(&context, &contract);
    write(&context, &key, &contract, &decision).await
}

fn decide(context: &Context, contract: &SupportContract) -> Outcome<SupportContractStatus> {
    let seen = context.facts.seen(convert::named_mesh_namespaces(contract));
    let inputs = ContractInputs {
        contract,
        contracts: &context.known.contracts.list(|_| true),
        cases: &context.known.caseload.read().unwrap_or_else(PoisonError::into_inner),
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

async fn write(
    context: &Context,
    key: &Key,
    contract: &SupportContract,
    decision: &Outcome<SupportContractStatus>,
) -> Result<Action, Error> {
    let api = Api::all(context.client.clone());
    if let Some(status) = &contract.status {
        unreadable::withdraw::<SupportContract>(&Api::all(context.client.clone()), contract, &status.conditions)
            .await?;
    }
    let wake = context.wake_at(decision.next_wake);
    let Some(part) = CONTRACT.difference(contract.status.as_ref(), &decision.status)? else { return Ok(wake) };
    if only_counts(contract.status.as_ref(), &part)?
        && let Some(wait) = context.counts.wait(key)
    {
        return Ok(Action::requeue(wait));
    }
    let written: SupportContract = apply(&api, contract, CONTRACT, part, Precondition::SameVersion).await?;
    context.counts.written(key);
    triggers::contract_written(context, written);
    context.events.publish(contract, &decision.events);
    Ok(wake)
}

/// Whether nothing but the counts differs from what stands in `old`.
fn only_counts(old: Option<&SupportContractStatus>, new: &Part) -> Result<bool, Error> {
    let Some(old) = old else { return Ok(false) };
    Ok(CONTRACT.part(old)?.same_but_for(new, &COUNTS))
}
