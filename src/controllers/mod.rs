//! The shell: watches, reads what a decision needs, asks `convert` to decide, and writes what follows. One controller for
//! each kind. Not for: rules; the shell knows neither a plan nor a deadline.

mod activity;
mod backoff;
mod cache;
mod calm;
mod case;
mod client;
mod clock;
mod context;
mod contract;
mod counts;
mod errors;
mod events;
mod facts;
mod index;
mod leader;
mod leadership;
mod lean;
mod liveness;
mod queue;
mod recorder;
mod status;
mod triggers;
mod turns;
mod unreadable;
mod watch_body;
mod watches;

use std::sync::Arc;
use std::time::Duration;

use kube::{Api, Client};
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

pub use context::Settings;
pub use unreadable::INVALID_SPEC;

use self::calm::Calm;
use self::case::collecting::{self, Collecting};
use self::case::facts as facts_of_cases;
use self::clock::ServerClock;
use self::context::{Context, Known, Queues};
use self::events::{Events, Publisher};
use self::leader::{Candidate, Lost};
use self::leadership::Leadership;
use self::liveness::{Liveness, Reports};
use self::queue::{QueueEnd, queue};
use crate::api::{SupportActivity, SupportCase, SupportContract};
use crate::evidence::store::BundleStore;
use crate::health;
use crate::metrics::Metrics;
use crate::zoneinfo;

/// How many cases are decided at once.
const CASES_AT_ONCE: u16 = 16;
/// One writer for each contract is given by the queue; contracts are few.
const CONTRACTS_AT_ONCE: u16 = 4;
const ACTIVITIES_AT_ONCE: u16 = 8;
/// How long a shutdown may take to end tasks and to publish events that wait; giving the lease back comes after it.
const DRAIN: Duration = Duration::from_secs(2);
/// How long it waits for the writes that are then still under way.
const LAST_WRITES: Duration = Duration::from_millis(500);

/// Why the operator ended by itself.
#[derive(Debug, Error)]
pub enum Ended {
    #[error(transparent)]
    Client(#[from] client::ClientError),
    #[error("--evidence-store: {0}")]
    Store(#[from] crate::evidence::store::StoreError),
    #[error("--work-dir {}: {source}", path.display())]
    WorkDir { path: std::path::PathBuf, source: std::io::Error },
    #[error(transparent)]
    ZoneInfo(#[from] zoneinfo::Error),
    #[error("no signals: {0}")]
    Signals(std::io::Error),
    #[error("no random numbers: {0}")]
    Random(String),
    #[error("the task `{0}` ended, which it never should")]
    Task(&'static str),
    #[error(transparent)]
    Lost(Lost),
}

/// The ends of the queues, for the loops that empty them.
struct Ends {
    events: Arc<Mutex<Publisher>>,
    contracts: QueueEnd<SupportContract>,
    cases: QueueEnd<SupportCase>,
    activities: QueueEnd<SupportActivity>,
}

/// Runs the operator until SIGTERM or Ctrl-C, or until one of its tasks ends: then the process must end, too, for a
/// controller that is missing would go unnoticed.
pub async fn run(settings: Settings) -> Result<(), Ended> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Ended::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Ended::Signals)?;
    let Wired { context, ends, mut candidate } = wire(settings).await?;
    let events = ends.events.clone();
    let mut tasks = start(&context, ends);
    let ended = tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        lost = lead(&context.leadership, &mut candidate) => Err(Ended::Lost(lost)),
        ended = tasks.join_next() => Err(Ended::Task(match ended {
            Some(Ok(name)) => name,
            _ => "unknown",
        })),
    };
    tracing::info!("shutting down");
    tasks.abort_all();
    if matches!(ended, Err(Ended::Lost(_))) {
        // Another may lead: whatever is under way ends with the process.
        return ended;
    }
    let drained = tokio::time::timeout(DRAIN, async {
        while tasks.join_next().await.is_some() {}
        events.lock().await.finish().await;
    });
    let drained = drained.await.is_ok();
    let closed = tokio::time::timeout(LAST_WRITES, context.leadership.close()).await.is_ok();
    if !drained || !closed {
        tracing::warn!("what was under way did not end in time");
    }
    if let Some(candidate) = &mut candidate {
        candidate.release().await;
    }
    ended
}

/// Opens the way for the controllers: at once, or while the Lease is held. When it is lost the process must end.
async fn lead(leadership: &Leadership, candidate: &mut Option<Candidate>) -> Lost {
    match candidate {
        Some(candidate) => candidate.run().await,
        None => {
            leadership.holds_for_ever();
            std::future::pending().await
        }
    }
}

/// What [`wire`] puts together.
struct Wired {
    context: Arc<Context>,
    ends: Ends,
    candidate: Option<Candidate>,
}

async fn wire(settings: Settings) -> Result<Wired, Ended> {
    let zones = zoneinfo::load(settings.zoneinfo.as_deref())?;
    tracing::info!(version = zones.version(), "time zone data");
    let config = client::configuration().await?;
    let metrics = Metrics::default();
    let shared = client::Shared {
        leadership: Leadership::default(),
        clock: ServerClock::new(metrics.clone()),
        liveness: Liveness::default(),
        metrics,
    };
    let collector = client::collector(&config, &settings.namespace, &settings.collector_service_account, &shared)?;
    let instance = std::env::var("POD_NAME").ok();
    let candidate = if settings.leader_elect {
        let identity = instance.clone().map_or_else(process_identity, Ok)?;
        let client = client::election(config.clone(), &shared)?;
        Some(Candidate::new(client, &settings.namespace, identity, shared.clone()))
    } else {
        None
    };
    let client = client::operator(config, &shared)?;
    std::fs::create_dir_all(&settings.work_dir)
        .map_err(|source| Ended::WorkDir { path: settings.work_dir.clone(), source })?;
    let store = BundleStore::from_url(&settings.evidence_store)?;
    let (contracts, contracts_end) = queue();
    let (cases, cases_end) = queue();
    let (activities, activities_end) = queue();
    let (events, publisher) = Events::new(client.clone(), instance);
    let context = Context {
        events,
        zones,
        client,
        collector,
        known: Known::default(),
        feeds: std::sync::Mutex::default(),
        queues: Queues { contracts, cases, activities },
        facts: facts::ClusterFacts::default(),
        collecting: Collecting::new(store),
        calm: Calm::default(),
        counts: counts::Counts::default(),
        metrics: shared.metrics,
        leadership: shared.leadership,
        clock: shared.clock,
        liveness: shared.liveness,
        settings,
    };
    let ends = Ends {
        events: Arc::new(Mutex::new(publisher)),
        contracts: contracts_end,
        cases: cases_end,
        activities: activities_end,
    };
    Ok(Wired { context: Arc::new(context), ends, candidate })
}

/// A name for a process that is no pod: process numbers repeat, between machines and in containers.
fn process_identity() -> Result<String, Ended> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| Ended::Random(error.to_string()))?;
    Ok(format!("process-{:016x}", u64::from_be_bytes(random)))
}

/// Starts every task that must live as long as the process; each answers its name when it ends.
fn start(context: &Arc<Context>, ends: Ends) -> JoinSet<&'static str> {
    let mut tasks = JoinSet::new();
    watch(context, &mut tasks);
    empty_queues(context, ends, &mut tasks);
    let (missing, Reports { metrics, liveness }) = (context.clone(), context.reports());
    let address = context.settings.http_address;
    tasks.spawn(async move {
        let missing = Arc::new(move || missing.known.missing());
        let faults = Arc::new(move || liveness.faults());
        if let Err(error) = health::serve(address, faults, missing, metrics).await {
            tracing::error!(%address, %error, "--http-address cannot be served");
        }
        "health endpoints"
    });
    tasks
}

fn watch(context: &Arc<Context>, tasks: &mut JoinSet<&'static str>) {
    let (client, own) = (context.client.clone(), context.settings.namespace.clone());
    let all = |client: &Client| Api::all(client.clone());
    let (known, reports) = (&context.known, context.reports());

    let (cases, contracts, activities) = (known.cases.clone(), known.contracts.clone(), known.activities.clone());
    let (namespaces, config_maps) = (known.namespaces.clone(), known.config_maps.clone());

    let (api, shared, reported) = (all(&client), context.clone(), reports.clone());
    tasks.spawn(async move {
        watches::follow(api, watches::PAGE, cases, reported, |change| triggers::case(&shared, &change)).await;
        "watch of SupportCases"
    });
    let (api, shared, reported) = (Api::all(client.clone()), context.clone(), reports.clone());
    tasks.spawn(async move {
        watches::follow(api, watches::PAGE, contracts, reported, |change| triggers::contract(&shared, &change)).await;
        "watch of SupportContracts"
    });
    let (api, shared, reported) = (Api::all(client.clone()), context.clone(), reports.clone());
    tasks.spawn(async move {
        watches::follow(api, watches::PAGE, activities, reported, |change| triggers::activity(&shared, &change)).await;
        "watch of SupportActivities"
    });
    let (api, shared, reported) = (Api::all(client.clone()), context.clone(), reports.clone());
    tasks.spawn(async move {
        watches::follow(api, watches::PAGE, namespaces, reported, |change| triggers::namespace(&shared, &change)).await;
        "watch of Namespaces"
    });
    let (api, shared, reported) = (Api::namespaced(client, &own), context.clone(), reports.clone());
    tasks.spawn(async move {
        watches::follow(api, watches::PAGE_OF_LARGE, config_maps, reported, |change| {
            triggers::config_map(&shared, &change)
        })
        .await;
        "watch of ConfigMaps"
    });
}

/// Starts the controllers, and what else takes from a queue.
fn empty_queues(context: &Arc<Context>, ends: Ends, tasks: &mut JoinSet<&'static str>) {
    let (shared, reports) = (context.clone(), context.reports());
    tasks.spawn(async move {
        shared.until_working().await;
        queue::run("supportcontract", CONTRACTS_AT_ONCE, ends.contracts, shared, reports, contract::reconcile).await;
        "controller of SupportContracts"
    });
    let (shared, reports) = (context.clone(), context.reports());
    tasks.spawn(async move {
        shared.until_working().await;
        queue::run("supportcase", CASES_AT_ONCE, ends.cases, shared, reports, case::reconcile).await;
        "controller of SupportCases"
    });
    let (shared, reports) = (context.clone(), context.reports());
    tasks.spawn(async move {
        shared.until_working().await;
        queue::run("supportactivity", ACTIVITIES_AT_ONCE, ends.activities, shared, reports, activity::reconcile).await;
        "controller of SupportActivities"
    });
    let shared = context.clone();
    tasks.spawn(async move {
        shared.until_working().await;
        facts_of_cases::run(shared).await;
        "facts of cases"
    });
    let shared = context.clone();
    tasks.spawn(async move {
        shared.until_working().await;
        collecting::run(shared).await;
        "bundles of cases"
    });
    let shared = context.clone();
    tasks.spawn(async move {
        shared.until_working().await;
        counts::check(shared).await;
        "check of the counts"
    });
    let shared = context.clone();
    tasks.spawn(async move {
        ends.events.lock().await.run(shared).await;
        "events"
    });
}
