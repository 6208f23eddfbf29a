//! What every reconcile shares: the clients, what is known of the cluster, the queues, and the clock.
//! Not for: steps of a reconcile.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::{DateTime, SubsecRound, Utc};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::Client;
use kube::core::PartialObjectMeta;
use kube::runtime::controller::Action;

use super::cache::Cache;
use super::calm::Calm;
use super::case::collecting::Collecting;
use super::clock::ServerClock;
use super::counts::Counts;
use super::events::Events;
use super::facts::ClusterFacts;
use super::index::ActivityIndex;
use super::leadership::Leadership;
use super::liveness::{Liveness, Reports};
use super::queue::Queue;
use crate::api::{SupportActivity, SupportCase, SupportContract};
use crate::convert::{Caseload, Feeds};
use crate::domain::time::ZoneData;
use crate::metrics::Metrics;

/// Until clocks that differ are held against each other again.
const UNTIL_CLOCKS_AGREE: std::time::Duration = std::time::Duration::from_secs(30);
/// A timer is monotonic and a deadline is not: no wait is longer (invariant 4).
const LONGEST_WAIT: std::time::Duration = std::time::Duration::from_secs(3600);

/// How the operator is started.
#[derive(Clone, Debug, clap::Args)]
pub struct Settings {
    /// The operator's own namespace: of the collector's service account, of calendars and of redaction rules
    #[arg(long, env = "POD_NAMESPACE", default_value = "meshcase-system")]
    pub namespace: String,
    /// The service account in that namespace that reads logs; the operator's own reads none
    #[arg(long, default_value = "meshcase-collector")]
    pub collector_service_account: String,
    /// Where bundles are stored: file:///folder, s3://bucket/prefix, gs://..., az://...
    #[arg(long, env = "MESHCASE_EVIDENCE_STORE", default_value = "file:///var/lib/meshcase/bundles")]
    pub evidence_store: String,
    /// A folder for what is collected and already redacted, until it is packed
    #[arg(long, env = "MESHCASE_WORK_DIR", default_value = "/var/lib/meshcase/work")]
    pub work_dir: PathBuf,
    /// Where /livez, /readyz and /metrics are served
    #[arg(long, default_value = "0.0.0.0:8080")]
    pub http_address: SocketAddr,
    /// A zoneinfo folder with time zone data that are newer than those compiled in, such as /usr/share/zoneinfo
    #[arg(long, env = "MESHCASE_ZONEINFO", value_name = "DIR")]
    pub zoneinfo: Option<PathBuf>,
    /// Work only while holding a Lease in that namespace; false only where nothing ever starts a second operator
    #[arg(long, value_name = "true|false", action = clap::ArgAction::Set, default_value_t = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub leader_elect: bool,
}

/// The newest known objects of the watched kinds.
#[derive(Default)]
pub struct Known {
    pub contracts: Arc<Cache<SupportContract>>,
    pub cases: Arc<Cache<SupportCase>>,
    /// What contracts count of the cases.
    pub caseload: RwLock<Caseload>,
    pub activities: Arc<Cache<SupportActivity>>,
    pub activities_of: ActivityIndex,
    pub namespaces: Arc<Cache<PartialObjectMeta<Namespace>>>,
    pub config_maps: Arc<Cache<ConfigMap>>,
}

impl Known {
    /// What is not listed yet, for `/readyz`.
    pub fn missing(&self) -> Vec<String> {
        [
            ("SupportContracts", self.contracts.is_listed()),
            ("SupportCases", self.cases.is_listed()),
            ("SupportActivities", self.activities.is_listed()),
            ("Namespaces", self.namespaces.is_listed()),
            ("ConfigMaps of the operator's namespace", self.config_maps.is_listed()),
        ]
        .into_iter()
        .filter(|(_, listed)| !listed)
        .map(|(kind, _)| format!("the list of {kind}"))
        .collect()
    }

    /// Waits until nothing is missing.
    async fn until_listed(&self) {
        self.contracts.until_listed().await;
        self.cases.until_listed().await;
        self.activities.until_listed().await;
        self.namespaces.until_listed().await;
        self.config_maps.until_listed().await;
    }
}

/// Where reconciles are asked for, a queue for each controller.
pub struct Queues {
    pub contracts: Queue<SupportContract>,
    pub cases: Queue<SupportCase>,
    pub activities: Queue<SupportActivity>,
}

/// Shared by all controllers of the process.
pub struct Context {
    pub settings: Settings,
    pub zones: ZoneData,
    pub client: Client,
    pub collector: Client,
    pub known: Known,
    /// As last taken from [`Known::config_maps`].
    pub feeds: Mutex<Option<Arc<Feeds>>>,
    pub queues: Queues,
    pub facts: ClusterFacts,
    pub collecting: Collecting,
    pub calm: Calm,
    pub counts: Counts,
    pub events: Events,
    pub metrics: Metrics,
    pub leadership: Leadership,
    pub clock: ServerClock,
    pub liveness: Liveness,
}

impl Context {
    /// Waits until this replica leads and knows the cluster: a decision on half a list would be wrong.
    pub async fn until_working(&self) {
        self.leadership.until_leading().await;
        self.known.until_listed().await;
    }

    /// Where a loop reports how it fares.
    pub fn reports(&self) -> Reports {
        Reports { metrics: self.metrics.clone(), liveness: self.liveness.clone() }
    }

    /// The current second, UTC: statuses hold whole seconds.
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(0)
    }

    /// The time zone data, and the texts of the ConfigMaps in the operator's namespace: calendars and redaction rules. Taken once
    /// for each change.
    pub fn feeds(&self) -> Arc<Feeds> {
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || {
            let mut feeds = Feeds::with_zones(self.zones.clone());
            self.known.config_maps.list(|_| true).iter().for_each(|map| feeds.add(map));
            Arc::new(feeds)
        };
        feeds.get_or_insert_with(read).clone()
    }

    /// Notes that a ConfigMap of the operator's namespace came, changed or went.
    pub(super) fn feeds_changed(&self) {
        *self.feeds.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The one wake-up of an object: at `next`, or in an hour to heal a clock that was set; none without `next`. While the clocks
    /// differ (ruling 39) nobody knows when `next` is.
    pub fn wake_at(&self, next: Option<DateTime<Utc>>) -> Action {
        if !self.clock.agrees() {
            return Action::requeue(UNTIL_CLOCKS_AGREE);
        }
        match next {
            None => Action::await_change(),
            Some(next) => {
                let wait = (next - Utc::now()).to_std().unwrap_or_default();
                Action::requeue(wait.min(LONGEST_WAIT))
            }
        }
    }
}
