//! What the operator counts, under controller-runtime's names where there are any, so that existing dashboards work.
//! Not for: logs, nor for the state of single objects (labels stay a finite set).

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

/// Upper bounds in seconds; a decision takes a millisecond, a slow API server tens of seconds.
const RECONCILE_BUCKETS: [f64; 10] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 20.0, 60.0];
/// Upper bounds in seconds of making a bundle.
const COLLECTION_BUCKETS: [f64; 8] = [0.5, 1.0, 5.0, 15.0, 60.0, 180.0, 600.0, 1800.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ControllerLabels {
    controller: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ResultLabels {
    controller: String,
    result: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ErrorLabels {
    controller: String,
    error: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct KindLabels {
    kind: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct BundleLabels {
    result: &'static str,
}

/// All metrics of the process; clones share them.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    reconciles: Family<ResultLabels, Counter>,
    reconcile_errors: Family<ErrorLabels, Counter>,
    panics: Family<ControllerLabels, Counter>,
    reconcile_seconds: Family<ControllerLabels, Histogram, fn() -> Histogram>,
    active: Family<ControllerLabels, Gauge>,
    concurrency: Family<ControllerLabels, Gauge>,
    watch_errors: Family<KindLabels, Counter>,
    bundles: Family<BundleLabels, Counter<u64, AtomicU64>>,
    collection_seconds: Histogram,
    breaches: Counter,
    clock_skew: Gauge<f64, AtomicU64>,
    leads: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("meshcase_build", "The version of the running operator", build);
        let reconciles = Family::<ResultLabels, Counter>::default();
        registry.register("controller_runtime_reconcile", "Reconciles by controller and result", reconciles.clone());
        let reconcile_errors = Family::<ErrorLabels, Counter>::default();
        registry.register("controller_runtime_reconcile_errors", "Failed reconciles", reconcile_errors.clone());
        let panics = Family::<ControllerLabels, Counter>::default();
        registry.register("controller_runtime_reconcile_panics", "Reconciles that panicked", panics.clone());
        let reconcile_seconds = Family::<ControllerLabels, Histogram, fn() -> Histogram>::new_with_constructor(|| {
            Histogram::new(RECONCILE_BUCKETS)
        });
        registry.register(
            "controller_runtime_reconcile_time_seconds",
            "How long reconciles took",
            reconcile_seconds.clone(),
        );
        let active = Family::<ControllerLabels, Gauge>::default();
        registry.register("controller_runtime_active_workers", "Reconciles that run now", active.clone());
        let concurrency = Family::<ControllerLabels, Gauge>::default();
        registry.register(
            "controller_runtime_max_concurrent_reconciles",
            "How many reconciles may run at once",
            concurrency.clone(),
        );
        let watch_errors = Family::<KindLabels, Counter>::default();
        registry.register("meshcase_watch_errors", "Watches that failed and were started again", watch_errors.clone());
        let bundles = Family::<BundleLabels, Counter<u64, AtomicU64>>::default();
        registry.register("meshcase_bundles", "Evidence bundles by result", bundles.clone());
        let collection_seconds = Histogram::new(COLLECTION_BUCKETS);
        registry.register(
            "meshcase_collection_duration_seconds",
            "How long it took to make a bundle",
            collection_seconds.clone(),
        );
        let breaches = Counter::default();
        registry.register("meshcase_response_breaches", "Initial responses that came due unanswered", breaches.clone());
        let clock_skew = Gauge::<f64, AtomicU64>::default();
        registry.register(
            "meshcase_clock_skew_seconds",
            "By how much the operator's clock is ahead of the API server's",
            clock_skew.clone(),
        );
        let leads = Gauge::default();
        registry.register("leader_election_master_status", "Whether this replica leads: 1 or 0", leads.clone());
        Self {
            registry: Arc::new(registry),
            reconciles,
            reconcile_errors,
            panics,
            reconcile_seconds,
            active,
            concurrency,
            watch_errors,
            bundles,
            collection_seconds,
            breaches,
            clock_skew,
            leads,
        }
    }
}

/// The label of a reconcile that panicked.
pub const PANIC: &str = "panic";

/// Whether a reconcile that ended well asked to be called again at a time.
#[derive(Clone, Copy, Debug)]
pub struct RequeueAfter(pub bool);

/// Counts one running reconcile for as long as it lives.
pub struct Active(Gauge);

impl Drop for Active {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// Notes that this replica leads.
    pub fn leads(&self) {
        self.leads.set(1);
    }

    /// Notes by how much the operator's clock is ahead of the API server's.
    pub fn clock_skew(&self, skew: chrono::TimeDelta) {
        self.clock_skew.set(skew.as_seconds_f64());
    }

    /// Notes the end of one reconcile: `requeue_after` says that it asked to be called again, an error is one of a few words.
    pub fn reconciled(&self, controller: &'static str, result: Result<RequeueAfter, &'static str>, took: Duration) {
        let label = match result {
            Ok(RequeueAfter(false)) => "success",
            Ok(RequeueAfter(true)) => "requeue_after",
            Err(_) => "error",
        };
        self.reconciles.get_or_create(&ResultLabels { controller: controller.to_owned(), result: label }).inc();
        if let Err(error) = result {
            self.reconcile_errors.get_or_create(&ErrorLabels { controller: controller.to_owned(), error }).inc();
            if error == PANIC {
                self.panics.get_or_create(&labels_of(controller)).inc();
            }
        }
        self.reconcile_seconds.get_or_create(&labels_of(controller)).observe(took.as_secs_f64());
    }

    /// Counts a running reconcile until the answer is dropped.
    pub fn active(&self, controller: &'static str) -> Active {
        let gauge = self.active.get_or_create(&labels_of(controller)).clone();
        gauge.inc();
        Active(gauge)
    }

    /// States how many reconciles a controller may run at once.
    pub fn concurrency(&self, controller: &'static str, most: u16) {
        self.concurrency.get_or_create(&labels_of(controller)).set(i64::from(most));
    }

    /// Notes that the watch of `kind` failed.
    pub fn watch_failed(&self, kind: &str) {
        self.watch_errors.get_or_create(&KindLabels { kind: kind.to_owned() }).inc();
    }

    /// Notes that a bundle was made, or not.
    pub fn bundle(&self, result: &'static str, took: Duration) {
        self.bundles.get_or_create(&BundleLabels { result }).inc();
        self.collection_seconds.observe(took.as_secs_f64());
    }

    /// Notes that an initial response came due unanswered.
    pub fn breached(&self) {
        self.breaches.inc();
    }

    /// All metrics as OpenMetrics text.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

fn labels_of(controller: &'static str) -> ControllerLabels {
    ControllerLabels { controller: controller.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reconciles_are_counted_under_the_names_of_controller_runtime() {
        let metrics = Metrics::default();
        metrics.reconciled("supportcase", Ok(RequeueAfter(false)), Duration::from_millis(2));
        metrics.reconciled("supportcase", Err(PANIC), Duration::from_millis(2));
        let text = metrics.text().unwrap();
        for line in [
            "controller_runtime_reconcile_total{controller=\"supportcase\",result=\"success\"} 1",
            "controller_runtime_reconcile_errors_total{controller=\"supportcase\",error=\"panic\"} 1",
            "controller_runtime_reconcile_panics_total{controller=\"supportcase\"} 1",
            "controller_runtime_reconcile_time_seconds_count{controller=\"supportcase\"} 2",
            "meshcase_build_info{version=",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
