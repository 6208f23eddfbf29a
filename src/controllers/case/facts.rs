//! The facts of a case: the cluster and its meshes, as they were when it came. They are found before its bundle and beside the
//! bundles of others, and wait for none (ruling 37). Not for: how they are found; that is `evidence::detect`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::request::{self, Due};
use super::{known, write_status};
use crate::api::{EvidenceState, EvidenceStatus, SupportCase, SupportCaseStatus, SupportContract};
use crate::controllers::cache::Key;
use crate::controllers::context::Context;
use crate::controllers::errors::Error;
use crate::controllers::status::Precondition;
use crate::controllers::turns::{Room, Turns};
use crate::convert::writer::{FACTS, FACTS_OF_SKIPPED};
use crate::evidence::Facts;

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
            find(&context, &key).await
        }
    };
    // The decision sees the facts, and what changed meanwhile is looked at again.
    context.collecting.facts.run(work, |key| context.queues.cases.request(key)).await;
}

async fn find(context: &Context, key: &Key) -> Result<(), Error> {
    let contracts = context.known.contracts.list(|_| true);
    let Some(case) = known(context, key) else { return Ok(()) };
    let Some(contract) = request::contract_of(&case, &contracts) else { return Ok(()) };
    if !request::lacks_facts(&case) {
        return Ok(());
    }
    let facts = fresh(context, contract).await?;
    write(context, &case, contract, &facts).await.map(drop)
}

/// Facts that are at most a minute old, for cases under `contract`.
pub(super) async fn fresh(context: &Context, contract: &SupportContract) -> Result<Arc<Facts>, Error> {
    let mesh_namespaces = request::mesh_namespaces(contract);
    let found = context.facts.fresh(&context.client, &context.collector, &mesh_namespaces).await;
    found.map_err(|error| Error::Evidence { doing: "finding the facts of the cluster", why: error.to_string() })
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
        ..case.status.clone().unwrap_or_default()
    };
    if request::due(case, contract, context.now()) != Due::Skip {
        return write_status(context, case, FACTS, &status, Precondition::SameObject).await;
    }
    status.evidence = Some(EvidenceStatus { state: EvidenceState::Skipped, ..status.evidence.unwrap_or_default() });
    write_status(context, case, FACTS_OF_SKIPPED, &status, Precondition::SameObject).await
}
