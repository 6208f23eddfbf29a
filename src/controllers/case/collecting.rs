//! The case's bundle, after its facts. What is about to be made is recorded before it is made, and the record is its name:
//! a crash between makes the same bundle again, never a second (invariant 5). Bundles take turns by namespace (ruling 37).
//! Not for: the facts (`facts.rs`), nor for how anything is read or packed; that is `evidence/`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use kube::ResourceExt;

use super::request::{self, Due};
use super::{facts, known, write_status};
use crate::api::{
    EvidenceBundle, EvidencePlan, EvidenceState, EvidenceStatus, EvidenceWindow, Finding, FindingLevel, SupportCase,
    SupportCaseStatus, SupportContract,
};
use crate::controllers::cache::Key;
use crate::controllers::context::Context;
use crate::controllers::errors::Error;
use crate::controllers::status::Precondition;
use crate::controllers::turns::{Room, Turns};
use crate::convert;
use crate::convert::writer::EVIDENCE;
use crate::domain::recheck::{Edits, Read};
use crate::evidence::collect::{self, Bundle, Plan, Request};
use crate::evidence::store::BundleStore;
use meshcase_redact::shown;

/// Each bundle holds streams, buffers and room in the work folder. One of a namespace: its slow logs hold up its own only.
const ROOM: Room = Room { at_once: 2, of_one_namespace: 1 };
/// A bundle that cannot be made is begun so often before it counts as failed; the status counts, for a restart must not.
const ATTEMPTS: i32 = 3;
/// The characters of a reason that may quote a store, its URLs or the work folder.
const LONGEST_REASON: usize = 512;
/// The wait before a second attempt.
const RETRY: Duration = Duration::from_secs(5);
/// How many planned items a status names to whom must approve them.
const MOST_ITEMS: usize = 50;
/// How many missing items a status names.
const MOST_MISSING: usize = 20;

/// Which cases wait for their facts or their bundle, and where bundles go.
pub struct Collecting {
    pub(super) facts: Turns,
    bundles: Turns,
    /// When the facts of cases were read by this process.
    reads: Mutex<HashMap<Key, Read>>,
    store: BundleStore,
}

impl Collecting {
    /// Bundles go to `store`.
    pub fn new(store: BundleStore) -> Self {
        let bundles = Turns::new("making the bundle of a case", ROOM, RETRY);
        Self { facts: facts::turns(), bundles, reads: Mutex::default(), store }
    }

    /// Asks for what `case` still lacks: its facts, then its bundle. Answers when its facts are due again, if they are to be read again.
    pub(super) fn consider(
        &self,
        context: &Context,
        case: &SupportCase,
        contracts: &[Arc<SupportContract>],
    ) -> Option<DateTime<Utc>> {
        let contract = request::bound_contract(case, contracts)?;
        if !request::is_accepted(case) {
            let due = self.facts_due_at(case, contract)?;
            if due <= context.now() {
                self.facts.ask(Key::of(case));
            }
            return Some(due).filter(|due| *due > context.now());
        }
        if request::lacks_facts(case) {
            self.facts.ask(Key::of(case));
            return None;
        }
        let due = match request::due(case, contract, context.now()) {
            Due::Collect { .. } => match request::redaction(contract, &context.feeds()) {
                Ok(_) => true,
                Err(why) => !request::says(case, request::blocked(case, why)),
            },
            Due::Expire => context.clock.agrees(),
            due => due != Due::Nothing,
        };
        if due {
            self.bundles.ask(Key::of(case));
        }
        None
    }

    /// When the facts of a case that was rejected for them are to be read again (ruling 24).
    pub(super) fn facts_due_at(&self, case: &SupportCase, contract: &SupportContract) -> Option<DateTime<Utc>> {
        convert::facts_due_at(case, contract, self.read(case))
    }

    /// Whether case or contract were edited since the facts were read, or nobody remembers that they were.
    pub(super) fn was_edited(&self, case: &SupportCase, edits: Edits) -> bool {
        self.read(case).is_none_or(|read| read.edits != edits)
    }

    fn read(&self, case: &SupportCase) -> Option<Read> {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).get(&Key::of(case)).copied()
    }

    pub(super) fn facts_were_read(&self, key: &Key, read: Read) {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), read);
    }

    /// Forgets a case that is gone.
    pub(in crate::controllers) fn forget(&self, key: &Key) {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// Makes the bundles of the cases that are asked for, until the process ends.
pub async fn run(context: Arc<Context>) {
    let work = |key: Key, asked_at: Instant| {
        let context = context.clone();
        async move {
            context.calm.wait(asked_at).await;
            collect(&context, &key).await
        }
    };
    // What changed meanwhile is looked at again.
    context.collecting.bundles.run(work, |key| context.queues.cases.request(key)).await;
}

/// One case, from what is due to what it then has.
async fn collect(context: &Context, key: &Key) -> Result<(), Error> {
    let contracts = context.known.contracts.list(|_| true);
    let Some(case) = known(context, key) else { return Ok(()) };
    let Some(contract) = request::contract_of(&case, &contracts) else { return Ok(()) };
    let now = context.now();
    match request::due(&case, contract, now) {
        Due::Nothing => Ok(()),
        Due::Skip => write(context, &case, EvidenceStatus { state: EvidenceState::Skipped, ..Default::default() })
            .await
            .map(drop),
        // A bundle that is deleted does not come back: not by a clock that may be wrong (ruling 39).
        Due::Expire if !context.clock.agrees() => Ok(()),
        Due::Expire => expire(context, &case).await,
        Due::Collect { started_at } => match request::redaction(contract, &context.feeds()) {
            Ok(redact) => {
                let facts = facts::fresh(context, &case, contract, None).await?;
                let case = if request::wants_new_facts(&case, now) {
                    facts::write(context, &case, contract, &facts).await?
                } else {
                    case
                };
                let request = request::request(&case, contract, &facts, redact, started_at);
                bundle(context, &case, contract, request, started_at).await
            }
            Err(why) => write(context, &case, request::blocked(&case, why)).await.map(drop),
        },
    }
}

async fn bundle(
    context: &Context,
    case: &Arc<SupportCase>,
    contract: &SupportContract,
    request: Request,
    started_at: DateTime<Utc>,
) -> Result<(), Error> {
    let begun = request::begun(case, started_at);
    if begun.attempts >= ATTEMPTS {
        // The operator ended within the last attempt: nothing is read again.
        let message = begun.message.unwrap_or_else(|| format!("it was begun {ATTEMPTS} times and never finished"));
        return fail(context, case, started_at, message).await;
    }
    let attempt = begun.attempts + 1;
    let plan = collect::plan(&context.collector, &request).await;
    let waits = request::waits_for_approval(case, contract);
    let planned = EvidenceStatus {
        state: if waits { EvidenceState::AwaitingApproval } else { EvidenceState::Collecting },
        attempts: (!waits).then_some(attempt),
        collection_id: Some(request::collection_id(started_at)),
        started_at: Some(started_at),
        window: Some(EvidenceWindow { from: request.window.from, to: request.window.to }),
        plan: Some(EvidencePlan {
            items: shown_items(case, contract, &plan, &request),
            total: count(plan.items.len()),
            estimated_mebibytes: Some(count(plan.estimated_mebibytes())),
        }),
        message: begun.message,
        ..Default::default()
    };
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
            let result = if evidence.state == EvidenceState::Complete { "complete" } else { "partial" };
            context.metrics.bundle(result, began.elapsed());
            write(context, &case, evidence).await.map(drop)
        }
        Err(why) => {
            let why = format!("attempt {attempt} of {ATTEMPTS}: {}", shown(&why, LONGEST_REASON));
            if attempt == ATTEMPTS {
                context.metrics.bundle("failed", began.elapsed());
                return fail(context, &case, started_at, why).await;
            }
            write(context, &case, EvidenceStatus { message: Some(why.clone()), ..planned }).await?;
            Err(Error::Evidence { doing: "making the bundle", why })
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
    let put = context.leadership.effect(context.collecting.store.put(object_key, &bundle.path)).await;
    let uri = put.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
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
        message: None,
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
        attempts: Some(ATTEMPTS),
        collection_id: Some(request::collection_id(started_at)),
        started_at: Some(started_at),
        finished_at: Some(context.now()),
        findings: vec![Finding { id: "BundleFailed".to_owned(), level: FindingLevel::Error, message: message.clone() }],
        message: Some(message),
        ..Default::default()
    };
    write(context, case, evidence).await.map(drop)
}

async fn expire(context: &Context, case: &Arc<SupportCase>) -> Result<(), Error> {
    let Some(evidence) = case.status.as_ref().and_then(|status| status.evidence.clone()) else { return Ok(()) };
    let Some(object_key) = evidence.started_at.map(|started_at| request::object_key(case, started_at)) else {
        return Ok(());
    };
    let deleting = |why: String| Error::Evidence { doing: "deleting an expired bundle", why };
    let deleted = context.leadership.effect(context.collecting.store.delete(&object_key)).await;
    deleted.map_err(|lost| deleting(lost.to_string()))?.map_err(|error| deleting(error.to_string()))?;
    write(context, case, EvidenceStatus { state: EvidenceState::Expired, bundle: None, ..evidence }).await.map(drop)
}

async fn write(
    context: &Context,
    case: &Arc<SupportCase>,
    evidence: EvidenceStatus,
) -> Result<Arc<SupportCase>, Error> {
    let status = SupportCaseStatus { evidence: Some(evidence), ..case.status.clone().unwrap_or_default() };
    write_status(context, case, EVIDENCE, &status, Precondition::SameObject).await
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
