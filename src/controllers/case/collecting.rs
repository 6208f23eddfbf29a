//! The case's evidence: facts first, then the bundle. What is about to be made is recorded before it is made, and the
//! record is its name: a crash between makes the same bundle again, never a second (invariant 5).
//! Not for: how anything is found, read or packed; that is `evidence/`.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use kube::ResourceExt;
use tokio::sync::Semaphore;

use super::request::{self, Due};
use crate::api::{
    EvidenceBundle, EvidencePlan, EvidenceState, EvidenceStatus, EvidenceWindow, Finding, FindingLevel, SupportCase,
    SupportCaseStatus, SupportContract,
};
use crate::controllers::cache::{Key, Stored};
use crate::controllers::context::Context;
use crate::controllers::errors::Error;
use crate::controllers::status::{Fields, Precondition, Writer, api_of, apply};
use crate::controllers::triggers;
use crate::evidence::Facts;
use crate::evidence::collect::{self, Bundle, Plan, Request};
use crate::evidence::store::BundleStore;

/// The fields of a case's status that this side writes.
pub(super) const FIELDS: &[&str] = &["cluster", "meshes", "evidence"];

const WRITER: Writer = Writer { manager: "meshcase-evidence", fields: Fields::Only(FIELDS) };
/// How many cases are looked after at once; the facts are shared, so that this is cheap.
const CASES_AT_ONCE: usize = 16;
/// How many bundles are made at once: each holds streams, buffers and room in the work folder.
const BUNDLES_AT_ONCE: usize = 2;
/// A bundle that cannot be made is tried so often before it counts as failed.
const ATTEMPTS: u32 = 3;
/// The wait before another attempt.
const RETRY_DELAY: Duration = Duration::from_secs(5);
/// How many planned items a status names to whom must approve them.
const MOST_ITEMS: usize = 50;
/// How many missing items a status names.
const MOST_MISSING: usize = 20;

/// Keys of cases whose evidence is to be looked after, and since when they wait.
pub type Requests = UnboundedReceiver<(Key, Instant)>;

/// Which cases wait for their evidence, and where bundles go.
pub struct Collecting {
    requests: UnboundedSender<(Key, Instant)>,
    in_hand: Mutex<HashSet<Key>>,
    attempts: Mutex<HashMap<Key, u32>>,
    bundles: Semaphore,
    store: BundleStore,
}

impl Collecting {
    /// Bundles go to `store`. The other answer is for [`run`].
    pub fn new(store: BundleStore) -> (Self, Requests) {
        let (requests, end) = unbounded();
        let collecting = Self {
            requests,
            in_hand: Mutex::default(),
            attempts: Mutex::default(),
            bundles: Semaphore::new(BUNDLES_AT_ONCE),
            store,
        };
        (collecting, end)
    }

    /// Asks for what `case` still lacks, unless it is in hand.
    pub(super) fn consider(&self, context: &Context, case: &SupportCase, contracts: &[Arc<SupportContract>]) {
        let Some(contract) = request::contract_of(case, contracts) else { return };
        let lacks_facts = case.status.as_ref().is_some_and(|status| status.cluster.is_none());
        let due = match request::due(case, contract, context.now()) {
            Due::Collect { .. } => match request::redaction(contract, &context.feeds()) {
                Ok(_) => true,
                Err(why) => !request::says(case, &request::blocked(case, why)),
            },
            due => due != Due::Nothing,
        };
        if !lacks_facts && !due {
            return;
        }
        let key = Key::of(case);
        if self.in_hand.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone()) {
            // It fails only when the loop has ended, and then the process does, too.
            let _ = self.requests.unbounded_send((key, Instant::now()));
        }
    }

    /// Forgets a case that is gone.
    pub(in crate::controllers) fn forget(&self, key: &Key) {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    fn attempt(&self, key: &Key) -> u32 {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = attempts.entry(key.clone()).or_insert(0);
        *count += 1;
        *count
    }
}

/// Looks after the evidence of the cases that are asked for, until the process ends.
pub async fn run(context: Arc<Context>, requests: Requests) {
    requests
        .for_each_concurrent(CASES_AT_ONCE, |(key, asked_at)| {
            let context = context.clone();
            async move {
                // A task of its own: a panic in it ends this case's turn, not the loop.
                let turn = tokio::spawn(turn(context.clone(), key.clone(), asked_at));
                if let Err(error) = turn.await {
                    tracing::error!(case = %key, %error, "collecting evidence ended badly");
                }
                context.collecting.in_hand.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
                // What changed meanwhile is looked at again, and the decision sees the facts.
                context.queues.cases.request(&key);
            }
        })
        .await;
}

async fn turn(context: Arc<Context>, key: Key, asked_at: Instant) {
    context.calm.wait(asked_at).await;
    if let Err(error) = collect(&context, &key).await
        && !error.is_gone()
    {
        tracing::warn!(case = %key, %error, "collecting evidence failed and is tried again");
        tokio::time::sleep(RETRY_DELAY).await;
    }
}

/// One case, from what it lacks to what it then has.
async fn collect(context: &Context, key: &Key) -> Result<(), Error> {
    let contracts = context.known.contracts.list(|_| true);
    let Some(case) = known(context, key) else { return Ok(()) };
    let Some(contract) = request::contract_of(&case, &contracts) else { return Ok(()) };
    let mesh_namespaces = request::mesh_namespaces(contract);
    let facts = match context.facts.fresh(&context.client, &context.collector, &mesh_namespaces).await {
        Ok(facts) => facts,
        Err(error) => {
            tracing::warn!(case = %key, %error, "the facts of the cluster were not found; tried again");
            tokio::time::sleep(RETRY_DELAY).await;
            return Ok(());
        }
    };
    let case = write_facts(context, &case, contract, &facts).await?;
    context.queues.cases.request(key);
    let now = context.now();
    match request::due(&case, contract, now) {
        Due::Nothing => Ok(()),
        Due::Skip => write(context, &case, EvidenceStatus { state: EvidenceState::Skipped, ..Default::default() })
            .await
            .map(|_| ()),
        Due::Expire => expire(context, &case).await,
        Due::Collect { started_at } => match request::redaction(contract, &context.feeds()) {
            Ok(redact) => {
                let request = request::request(&case, contract, &facts, redact, started_at);
                bundle(context, key, &case, contract, request, started_at).await
            }
            Err(why) => write(context, &case, request::blocked(&case, why)).await.map(|_| ()),
        },
    }
}

fn known(context: &Context, key: &Key) -> Option<Arc<SupportCase>> {
    context.known.cases.get(key).as_ref().and_then(Stored::readable).cloned()
}

async fn write_facts(
    context: &Context,
    case: &Arc<SupportCase>,
    contract: &SupportContract,
    facts: &Facts,
) -> Result<Arc<SupportCase>, Error> {
    let status = case.status.clone().unwrap_or_default();
    if status.cluster.is_some() && !request::wants_new_facts(case, context.now()) {
        return Ok(case.clone());
    }
    let mut evidence = status.evidence.clone().unwrap_or_default();
    if request::due(case, contract, context.now()) == Due::Skip {
        // One write instead of two, for every case that wants no bundle.
        evidence = EvidenceStatus { state: EvidenceState::Skipped, ..evidence };
    }
    let status = SupportCaseStatus {
        cluster: Some(facts.cluster.clone()),
        meshes: facts.meshes.clone(),
        evidence: Some(evidence),
        ..status
    };
    write_status(context, case, &status).await
}

async fn bundle(
    context: &Context,
    key: &Key,
    case: &Arc<SupportCase>,
    contract: &SupportContract,
    request: Request,
    started_at: DateTime<Utc>,
) -> Result<(), Error> {
    let _room = context.collecting.bundles.acquire().await;
    let plan = collect::plan(&context.collector, &request).await;
    let planned = EvidenceStatus {
        state: if request::waits_for_approval(case, contract) {
            EvidenceState::AwaitingApproval
        } else {
            EvidenceState::Collecting
        },
        collection_id: Some(request::collection_id(started_at)),
        started_at: Some(started_at),
        window: Some(EvidenceWindow { from: request.window.from, to: request.window.to }),
        plan: Some(EvidencePlan {
            items: shown_items(case, contract, &plan, &request),
            total: count(plan.items.len()),
            estimated_mebibytes: Some(count(plan.estimated_mebibytes())),
        }),
        ..Default::default()
    };
    let waits = planned.state == EvidenceState::AwaitingApproval;
    let case = write(context, case, planned.clone()).await?;
    if waits {
        return Ok(());
    }
    let began = Instant::now();
    let made = collect::bundle(&context.collector, &request, &plan, &context.settings.work_dir).await;
    let finished = match made {
        Ok(bundle) => store(context, &case, contract, &planned, bundle, &request::object_key(&case, started_at)).await,
        Err(error) => Err(error.to_string()),
    };
    match finished {
        Ok(evidence) => {
            context.collecting.forget(key);
            let result = if evidence.state == EvidenceState::Complete { "complete" } else { "partial" };
            context.metrics.bundle(result, began.elapsed());
            write(context, &case, evidence).await.map(|_| ())
        }
        Err(message) if context.collecting.attempt(key) < ATTEMPTS => {
            tracing::warn!(case = %key, message, "the bundle was not made and is tried again");
            tokio::time::sleep(RETRY_DELAY).await;
            Ok(())
        }
        Err(message) => {
            context.collecting.forget(key);
            context.metrics.bundle("failed", began.elapsed());
            fail(context, &case, started_at, message).await
        }
    }
}

/// What a person has to approve, or approved for this very bundle; nothing where nobody was asked, for it would only fill
/// statuses.
fn shown_items(case: &SupportCase, contract: &SupportContract, plan: &Plan, request: &Request) -> Vec<String> {
    if !request::waits_for_approval(case, contract) {
        let asked = case.status.as_ref().and_then(|status| status.evidence.as_ref());
        let asked = asked.filter(|evidence| evidence.started_at == Some(request.window.to));
        return asked.and_then(|evidence| evidence.plan.as_ref()).map(|plan| plan.items.clone()).unwrap_or_default();
    }
    plan.described(&request.redact, MOST_ITEMS).unwrap_or_else(|error| {
        tracing::warn!(case = request.case.name, %error, "the plan is shown without its items");
        Vec::new()
    })
}

async fn store(
    context: &Context,
    case: &SupportCase,
    contract: &SupportContract,
    planned: &EvidenceStatus,
    bundle: Bundle,
    object_key: &str,
) -> Result<EvidenceStatus, String> {
    let uri = context.collecting.store.put(object_key, &bundle.path).await.map_err(|error| error.to_string())?;
    let finished_at = context.now();
    tracing::info!(
        namespace = case.namespace(),
        name = case.name_any(),
        uri,
        bytes = bundle.size_bytes,
        "a bundle was stored"
    );
    Ok(EvidenceStatus {
        state: if bundle.partial { EvidenceState::Partial } else { EvidenceState::Complete },
        finished_at: Some(finished_at),
        bundle: Some(EvidenceBundle {
            uri,
            sha256: bundle.sha256.clone(),
            size_bytes: count(bundle.size_bytes),
            encrypted: false,
            expires_at: Some(finished_at + TimeDelta::days(request::retention_days(contract))),
        }),
        collected: Some(count(bundle.collected)),
        missing: bundle.missing.iter().take(MOST_MISSING).cloned().collect(),
        missing_total: Some(count(bundle.missing.len())),
        redactions: Some(count(bundle.redactions)),
        findings: bundle.findings.clone(),
        ..planned.clone()
    })
}

async fn fail(
    context: &Context,
    case: &Arc<SupportCase>,
    started_at: DateTime<Utc>,
    message: String,
) -> Result<(), Error> {
    let evidence = EvidenceStatus {
        state: EvidenceState::Failed,
        collection_id: Some(request::collection_id(started_at)),
        started_at: Some(started_at),
        finished_at: Some(context.now()),
        findings: vec![Finding { id: "BundleFailed".to_owned(), level: FindingLevel::Error, message }],
        ..Default::default()
    };
    write(context, case, evidence).await.map(|_| ())
}

async fn expire(context: &Context, case: &Arc<SupportCase>) -> Result<(), Error> {
    let Some(evidence) = case.status.as_ref().and_then(|status| status.evidence.clone()) else { return Ok(()) };
    let Some(object_key) = evidence.started_at.map(|started_at| request::object_key(case, started_at)) else {
        return Ok(());
    };
    if let Err(error) = context.collecting.store.delete(&object_key).await {
        tracing::warn!(object_key, %error, "an expired bundle was not deleted; tried again");
        tokio::time::sleep(RETRY_DELAY).await;
        return Ok(());
    }
    write(context, case, EvidenceStatus { state: EvidenceState::Expired, bundle: None, ..evidence }).await.map(|_| ())
}

async fn write(
    context: &Context,
    case: &Arc<SupportCase>,
    evidence: EvidenceStatus,
) -> Result<Arc<SupportCase>, Error> {
    let status = SupportCaseStatus { evidence: Some(evidence), ..case.status.clone().unwrap_or_default() };
    write_status(context, case, &status).await
}

async fn write_status(
    context: &Context,
    case: &Arc<SupportCase>,
    status: &SupportCaseStatus,
) -> Result<Arc<SupportCase>, Error> {
    let Some(fields) = WRITER.difference(case.status.as_ref(), status)? else { return Ok(case.clone()) };
    let api = api_of::<SupportCase>(&context.client, case);
    let written: SupportCase = apply(&api, case.as_ref(), WRITER, fields, Precondition::SameObject).await?;
    Ok(triggers::case_written(context, written).unwrap_or_else(|| case.clone()))
}

/// A count as the API holds it; more than fits is the most that fits.
fn count<N, I: TryFrom<N> + Bounded>(number: N) -> I {
    I::try_from(number).unwrap_or(I::MOST)
}

trait Bounded {
    const MOST: Self;
}

impl Bounded for i32 {
    const MOST: Self = Self::MAX;
}

impl Bounded for i64 {
    const MOST: Self = Self::MAX;
}
