//! The case's controller. A reconcile reads everything the decision needs, decides, and acts on the decision.
//! Not for: rules; those are in `domain/`.

pub mod collecting;
pub(super) mod facts;
mod request;

use std::sync::Arc;

use kube::runtime::controller::Action;
use kube::{Api, ResourceExt};

use super::cache::{Key, Stored};
use super::context::Context;
use super::errors::Error;
use super::status::{Precondition, api_of, apply};
use super::{triggers, unreadable};
use crate::api::{PromiseResult, SupportActivity, SupportCase, SupportCaseStatus, SupportContract};
use crate::convert::writer::{CASE, Writer};
use crate::convert::{self, CaseInputs, Outcome};

/// Everything that one decision on one case stands on, read from the caches.
struct Gathered {
    case: Arc<SupportCase>,
    namespace_labels: std::collections::BTreeMap<String, String>,
    contracts: Vec<Arc<SupportContract>>,
    activities: Vec<Arc<SupportActivity>>,
}

/// Brings the status of the case under `key` up to now, and sees to its evidence.
pub(super) async fn reconcile(context: Arc<Context>, key: Key) -> Result<Action, Error> {
    let case = match context.known.cases.get(&key) {
        None => return Ok(Action::await_change()),
        Some(Stored::Unreadable(invalid)) => {
            let api = Api::namespaced(context.client.clone(), &key.namespace);
            unreadable::report::<SupportCase>(&api, &invalid, convert::time::to_kube(context.now())).await?;
            return Ok(Action::await_change());
        }
        Some(Stored::Readable(case)) => case,
    };
    let gathered = gather(&context, &key, case);
    let decision = decide(&context, &gathered);
    let case = write(&context, &gathered.case, &decision).await?;
    if gathered.case.status.as_ref().and_then(|status| status.state).is_none() {
        context.calm.decided_first();
    }
    announce(&context, &gathered.case, &decision);
    let facts_due = context.collecting.consider(&context, &case, &gathered.contracts);
    let wake = [decision.next_wake, request::next_wake(&case, context.now()), facts_due];
    Ok(context.wake_at(wake.into_iter().flatten().min()))
}

fn gather(context: &Context, key: &Key, case: Arc<SupportCase>) -> Gathered {
    let namespace = context.known.namespaces.get(&Key::new(None, &key.namespace));
    let namespace_labels =
        namespace.as_ref().and_then(Stored::readable).map(|namespace| namespace.labels().clone()).unwrap_or_default();
    let activities = context.known.activities_of.of(key).into_iter();
    let activities = activities.filter_map(|key| context.known.activities.get(&key));
    Gathered {
        namespace_labels,
        contracts: context.known.contracts.list(|_| true),
        activities: activities.filter_map(|activity| activity.readable().cloned()).collect(),
        case,
    }
}

fn decide(context: &Context, gathered: &Gathered) -> Outcome<SupportCaseStatus> {
    let inputs = CaseInputs {
        case: &gathered.case,
        namespace_labels: &gathered.namespace_labels,
        contracts: &gathered.contracts,
        feeds: &context.feeds(),
        activities: &gathered.activities,
    };
    if context.clock.agrees() {
        convert::decide_case(&inputs, context.now())
    } else {
        convert::decide_case_at_rest(&inputs)
    }
}

/// Writes the status if it says anything new; answers the case as it then stands.
async fn write(
    context: &Context,
    case: &Arc<SupportCase>,
    decision: &Outcome<SupportCaseStatus>,
) -> Result<Arc<SupportCase>, Error> {
    if let Some(status) = &case.status {
        let api = Api::namespaced(context.client.clone(), &case.namespace().unwrap_or_default());
        unreadable::withdraw::<SupportCase>(&api, case, &status.conditions).await?;
    }
    // What was settled must not overwrite what another decision settled meanwhile: a conflict means to decide again.
    write_status(context, case, CASE, &decision.status, Precondition::SameVersion).await
}

fn known(context: &Context, key: &Key) -> Option<Arc<SupportCase>> {
    context.known.cases.get(key).as_ref().and_then(Stored::readable).cloned()
}

/// Writes what is `writer`'s of `status` if it says anything new; answers the case as it then stands.
async fn write_status(
    context: &Context,
    case: &Arc<SupportCase>,
    writer: Writer,
    status: &SupportCaseStatus,
    precondition: Precondition,
) -> Result<Arc<SupportCase>, Error> {
    let Some(part) = writer.difference(case.status.as_ref(), status)? else { return Ok(case.clone()) };
    let api = api_of::<SupportCase>(&context.client, case);
    let written: SupportCase = apply(&api, case.as_ref(), writer, part, precondition).await?;
    Ok(triggers::case_written(context, written).unwrap_or_else(|| case.clone()))
}

fn announce(context: &Context, before: &SupportCase, decision: &Outcome<SupportCaseStatus>) {
    if response(&decision.status) == Some(PromiseResult::Breached)
        && before.status.as_ref().and_then(response) != Some(PromiseResult::Breached)
    {
        context.metrics.breached();
    }
    context.events.publish(before, &decision.events);
}

fn response(status: &SupportCaseStatus) -> Option<PromiseResult> {
    Some(status.sla.as_ref()?.initial_response.as_ref()?.result)
}
