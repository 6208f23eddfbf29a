//! The shell: watches, reads what a decision needs, asks `convert` to decide, and writes what follows. One controller for
//! each kind. Not for: rules; the shell knows neither a plan nor a deadline.

mod activity;
mod backoff;
mod cache;
mod calm;
mod case;
mod client;
mod context;
mod contract;
mod errors;
mod events;
mod facts;
mod index;
mod leader;
mod queue;
mod recorder;
mod status;
mod triggers;
mod turns;
mod unreadable;
mod watches;

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::core::PartialObjectMeta;
use kube::runtime::watcher;
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
use self::context::{Context, Known, Queues};
use self::events::{Events, Publisher};
use self::leader::Candidate;
use self::queue::{QueueEnd, queue};
use crate::api::{SupportActivity, SupportCase, SupportContract};
use crate::evidence::store::BundleStore;
use crate::health;
use crate::metrics::Metrics;

/// How many cases are decided at once.
const CASES_AT_ONCE: u16 = 16;
/// One writer for each contract is given by the queue; contracts are few.
const CONTRACTS_AT_ONCE: u16 = 4;
const ACTIVITIES_AT_ONCE: u16 = 8;
/// How long a shutdown may take.
const SHUTDOWN: Duration = Duration::from_secs(4);

/// Why the operator ended by itself.
#[derive(Debug, Error)]
pub enum Ended {
    #[error(transparent)]
    Client(#[from] client::ClientError),
    #[error("--evidence-store: {0}")]
    Store(#[from] crate::evidence::store::StoreError),
    #[error("--work-dir {}: {source}", path.display())]
    WorkDir { path: std::path::PathBuf, source: std::io::Error },
    #[error("no signals: {0}")]
    Signals(std::io::Error),
    #[error("the task `{0}` ended, which it never should")]
    Task(&'static str),
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
    let Wired { context, ends, candidate } = wire(settings).await?;
    let candidate = Arc::new(Mutex::new(candidate));
    let events = ends.events.clone();
    let mut tasks = start(&context, ends);
    lead(&context, &candidate, &mut tasks);
    let ended = tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        ended = tasks.join_next() => Err(Ended::Task(match ended {
            Some(Ok(name)) => name,
            _ => "unknown",
        })),
    };
    tracing::info!("shutting down");
    tasks.abort_all();
    let _ = tokio::time::timeout(SHUTDOWN, async {
        while tasks.join_next().await.is_some() {}
        if let Some(candidate) = candidate.lock().await.as_mut() {
            candidate.release().await;
        }
        events.lock().await.finish().await;
    })
    .await;
    ended
}

/// Opens the way for the controllers: at once, or when the Lease is held. Losing it ends the process.
fn lead(context: &Arc<Context>, candidate: &Arc<Mutex<Option<Candidate>>>, tasks: &mut JoinSet<&'static str>) {
    if !context.settings.leader_elect {
        context.leading.send_replace(true);
        return;
    }
    let (context, candidate) = (context.clone(), candidate.clone());
    tasks.spawn(async move {
        if let Some(candidate) = candidate.lock().await.as_mut() {
            candidate.until_leading().await;
            context.leading.send_replace(true);
            candidate.until_lost().await;
        }
        "leader election"
    });
}

/// What [`wire`] puts together.
struct Wired {
    context: Arc<Context>,
    ends: Ends,
    candidate: Option<Candidate>,
}

async fn wire(settings: Settings) -> Result<Wired, Ended> {
    let config = client::configuration().await?;
    let collector = client::collector(&config, &settings.namespace, &settings.collector_service_account)?;
    let instance = std::env::var("POD_NAME").ok();
    let candidate = if settings.leader_elect {
        let identity = instance.clone().unwrap_or_else(|| format!("process-{}", std::process::id()));
        Some(Candidate::new(client::client(config.clone())?, &settings.namespace, identity))
    } else {
        None
    };
    let client = client::client(config)?;
    std::fs::create_dir_all(&settings.work_dir)
        .map_err(|source| Ended::WorkDir { path: settings.work_dir.clone(), source })?;
    let store = BundleStore::from_url(&settings.evidence_store)?;
    let (contracts, contracts_end) = queue();
    let (cases, cases_end) = queue();
    let (activities, activities_end) = queue();
    let (events, publisher) = Events::new(client.clone(), instance);
    let context = Context {
        events,
        client,
        collector,
        known: Known::default(),
        queues: Queues { contracts, cases, activities },
        facts: facts::ClusterFacts::default(),
        collecting: Collecting::new(store),
        calm: Calm::default(),
        counts_written: contract::CountsWritten::default(),
        metrics: Metrics::default(),
        leading: tokio::sync::watch::Sender::new(false),
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

/// Starts every task that must live as long as the process; each answers its name when it ends.
fn start(context: &Arc<Context>, ends: Ends) -> JoinSet<&'static str> {
    let mut tasks = JoinSet::new();
    watch(context, &mut tasks);
    empty_queues(context, ends, &mut tasks);
    let (missing, metrics, address) = (context.clone(), context.metrics.clone(), context.settings.http_address);
    tasks.spawn(async move {
        let missing = Arc::new(move || missing.known.missing());
        if let Err(error) = health::serve(address, missing, metrics).await {
            tracing::error!(%address, %error, "--http-address cannot be served");
        }
        "health endpoints"
    });
    tasks
}

fn watch(context: &Arc<Context>, tasks: &mut JoinSet<&'static str>) {
    let (client, own) = (context.client.clone(), context.settings.namespace.clone());
    let all = |client: &Client| Api::all(client.clone());
    let (known, metrics) = (&context.known, &context.metrics);

    let (cases, contracts, activities) = (known.cases.clone(), known.contracts.clone(), known.activities.clone());
    let (namespaces, config_maps) = (known.namespaces.clone(), known.config_maps.clone());

    let (api, shared, metric) = (all(&client), context.clone(), metrics.clone());
    tasks.spawn(async move {
        watches::guarded(api, cases, metric, |change| triggers::case(&shared, &change)).await;
        "watch of SupportCases"
    });
    let (api, shared, metric) = (Api::all(client.clone()), context.clone(), metrics.clone());
    tasks.spawn(async move {
        watches::guarded(api, contracts, metric, |change| triggers::contract(&shared, &change)).await;
        "watch of SupportContracts"
    });
    let (api, shared, metric) = (Api::all(client.clone()), context.clone(), metrics.clone());
    tasks.spawn(async move {
        watches::guarded(api, activities, metric, |change| triggers::activity(&shared, &change)).await;
        "watch of SupportActivities"
    });
    let (api, shared, metric) =
        (Api::<PartialObjectMeta<Namespace>>::all(client.clone()), context.clone(), metrics.clone());
    tasks.spawn(async move {
        let config = watcher::Config::default();
        watches::plain(api, config, namespaces, metric, |change| triggers::namespace(&shared, &change)).await;
        "watch of Namespaces"
    });
    let (api, shared, metric) = (Api::namespaced(client, &own), context.clone(), metrics.clone());
    tasks.spawn(async move {
        let config = watcher::Config::default();
        watches::plain(api, config, config_maps, metric, |change| triggers::config_map(&shared, &change)).await;
        "watch of ConfigMaps"
    });
}

/// Starts the controllers, and what else takes from a queue.
fn empty_queues(context: &Arc<Context>, ends: Ends, tasks: &mut JoinSet<&'static str>) {
    let (shared, metrics) = (context.clone(), context.metrics.clone());
    tasks.spawn(async move {
        shared.until_working().await;
        queue::run("supportcontract", CONTRACTS_AT_ONCE, ends.contracts, shared, metrics, contract::reconcile).await;
        "controller of SupportContracts"
    });
    let (shared, metrics) = (context.clone(), context.metrics.clone());
    tasks.spawn(async move {
        shared.until_working().await;
        queue::run("supportcase", CASES_AT_ONCE, ends.cases, shared, metrics, case::reconcile).await;
        "controller of SupportCases"
    });
    let (shared, metrics) = (context.clone(), context.metrics.clone());
    tasks.spawn(async move {
        shared.until_working().await;
        queue::run("supportactivity", ACTIVITIES_AT_ONCE, ends.activities, shared, metrics, activity::reconcile).await;
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
        ends.events.lock().await.run(shared).await;
        "events"
    });
}
