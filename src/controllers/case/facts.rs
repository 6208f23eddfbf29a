//! The facts of a case: the cluster and its meshes, as they were when it came. They are found before its bundle and beside the
//! bundles of others, and wait for none (ruling 37). Not for: how they are found; that is `evidence::detect`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kube::ResourceExt;

use super::request::{self, Due};
use super::{known, write_status};
use crate::api::{EvidenceState, EvidenceStatus, SupportCase, SupportCaseStatus, SupportContract};
use crate::controllers::cache::Key;
use crate::controllers::context::Context;
use crate::controllers::errors::Error;
use crate::controllers::status::Precondition;
use crate::controllers::turns::{Room, Turns};
use crate::convert;
use crate::convert::writer::{FACTS, FACTS_OF_SKIPPED};
use crate::domain::recheck::Read;
use crate::evidence::Facts;
use crate::evidence::detect::{self, DetectLimits, Scope};

/// The detection is shared, so that this is cheap; a control plane that does not answer holds up its own contract's cases.
const ROOM: Room = Room { at_once: 16, of_one_namespace: 8 };
const RETRY: Duration = Duration::from_secs(1);

/// Which cases wait for their facts.
pub(super) fn turns() -> Turns {
    Turns::new("finding the facts of a case", ROOM, RETRY)
}

/// Finds the facts of the cases that are asked for, until the process ends.
pub(in crate::controllers) async fn run(context: Arc<Context>) {
    let work = |key: Key, asked_at: Instant| {
        let context = context.clone();
        async move {
            context.calm.wait(asked_at).await;
            find(&context, &key, asked_at).await
        }
    };
    // The decision sees the facts, and what changed meanwhile is looked at again.
    context.collecting.facts.run(work, |key| context.queues.cases.request(key)).await;
}

async fn find(context: &Context, key: &Key, asked_at: Instant) -> Result<(), Error> {
    let contracts = context.known.contracts.list(|_| true);
    let Some(case) = known(context, key) else { return Ok(()) };
    let Some(contract) = request::bound_contract(&case, &contracts) else { return Ok(()) };
    let (now, edits) = (context.now(), convert::edits(&case, contract));
    let again = context.collecting.facts_due_at(&case, contract).is_some_and(|due| due <= now);
    let first = request::is_accepted(&case) && request::lacks_facts(&case);
    if !first && !again {
        return Ok(());
    }
    // Whoever was rejected for what the cluster runs asks for what is there now, not for what was there a minute ago: at first,
    // and after an edit.
    let wanted = (again && context.collecting.was_edited(&case, edits)).then_some(asked_at);
    let facts = fresh(context, &case, contract, wanted).await?;
    write(context, &case, contract, &facts).await?;
    context.collecting.facts_were_read(key, Read { at: now, edits });
    Ok(())
}

/// Facts of `case` that are at most a minute old, and not found before `wanted`.
pub(super) async fn fresh(
    context: &Context,
    case: &SupportCase,
    contract: &SupportContract,
    wanted: Option<Instant>,
) -> Result<Facts, Error> {
    let named = convert::named_mesh_namespaces(contract);
    let found = context.facts.fresh(&context.client, &context.collector, named, wanted).await;
    let detected =
        found.map_err(|error| Error::Evidence { doing: "finding the facts of the cluster", why: error.to_string() })?;
    let namespace = case.namespace().unwrap_or_default();
    let scope = Scope::new(&namespace, named, &case.spec.affected);
    Ok(detect::facts_of_case(&context.client, &detected, &scope, DetectLimits::default()).await)
}

/// Writes the facts of `case`; answers the case as it then stands.
pub(super) async fn write(
    context: &Context,
    case: &Arc<SupportCase>,
    contract: &SupportContract,
    facts: &Facts,
) -> Result<Arc<SupportCase>, Error> {
    let mut status = SupportCaseStatus {
        cluster: Some(facts.cluster.clone()),
        meshes: facts.meshes.clone(),
        findings: facts.findings.clone(),
        ..case.status.clone().unwrap_or_default()
    };
    if !request::is_accepted(case) || request::due(case, contract, context.now()) != Due::Skip {
        return write_status(context, case, FACTS, &status, Precondition::SameObject).await;
    }
    status.evidence = Some(EvidenceStatus { state: EvidenceState::Skipped, ..status.evidence.unwrap_or_default() });
    write_status(context, case, FACTS_OF_SKIPPED, &status, Precondition::SameObject).await
}
