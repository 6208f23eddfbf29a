//! Leader election on a Lease, modelled on client-go: of several replicas one works. The deadline is measured from before the
//! request, on the monotonic clock. Not for: keeping a leader that was held up from writing; that is `leadership.rs`.

use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use thiserror::Error;

use super::cache::version;
use super::client::Shared;
use crate::convert::time::now_micro;

/// The name of the Lease in the operator's namespace.
const LEASE: &str = "meshcase-operator";
/// How long a silent leader is believed in.
const LEASE_SECONDS: i32 = 10;
const LEASE_DURATION: Duration = Duration::from_secs(LEASE_SECONDS.unsigned_abs() as u64);
/// How long a leader goes on without a renewal that succeeded. What is left of the lease then is for what a server still does
/// with requests that were under way.
const RENEW_DEADLINE: Duration = Duration::from_secs(6);
/// The pause of a leader between two renewals.
const RETRY: Duration = Duration::from_secs(2);
/// The pause of a leader after a renewal that failed: an API server that starts anew leaves time for few tries.
const RETRY_AFTER_FAILURE: Duration = Duration::from_millis(500);
/// The pause of a replica that waits: a leader that ends cleanly is replaced within it.
const FOLLOW: Duration = Duration::from_secs(1);
/// How long one call may take.
const CALL: Duration = Duration::from_secs(2);

/// Why a replica no longer leads, or no longer waits to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Lost {
    /// No renewal succeeded in time.
    #[error("the lease could not be renewed within {} seconds", RENEW_DEADLINE.as_secs())]
    Deadline,
    /// Another replica holds the lease.
    #[error("another replica holds the lease")]
    Other,
    /// The API server's data are older than what was read before: all that is known must be read anew.
    #[error("the Lease went back to an older version: etcd was restored, and everything is read anew")]
    Restored,
}

/// One replica that stands for election.
pub struct Candidate {
    leases: Api<Lease>,
    identity: String,
    shared: Shared,
    /// What another's Lease last said, and since when this replica knows: clocks of two machines are never compared.
    seen: Option<(Option<String>, Option<MicroTime>, Instant)>,
    /// The Lease as this replica wrote it last: a renewal need not read it first.
    held: Option<Lease>,
    /// The newest version of the Lease that was read or written.
    newest: u64,
}

/// What one try brought.
enum Tried {
    Leading,
    Following,
    Restored,
    /// The API server gave no answer, or another wrote between reading and writing.
    Nothing,
}

impl Candidate {
    /// `identity` is unique among the replicas (the pod's name); `client` should serve nothing else, so that a renewal
    /// waits behind no other call, and must not ask `shared.leadership`, which is told here.
    pub fn new(client: Client, namespace: &str, identity: String, shared: Shared) -> Self {
        let leases = Api::namespaced(client, namespace);
        Self { leases, identity, shared, seen: None, held: None, newest: 0 }
    }

    /// Waits until this replica leads, and renews the lease until it is lost; then the process must end.
    pub async fn run(&mut self) -> Lost {
        tracing::info!(identity = self.identity, "waiting to lead");
        let renewed = loop {
            let asked = Instant::now();
            match self.attempt(asked + CALL).await {
                Tried::Leading => break asked,
                Tried::Restored => return Lost::Restored,
                Tried::Following | Tried::Nothing => tokio::time::sleep(self.pause()).await,
            }
        };
        tracing::info!(identity = self.identity, "leading");
        self.shared.metrics.leads();
        self.renew(renewed).await
    }

    /// Renews the lease, which was got by a request of `renewed`, until it is lost.
    async fn renew(&mut self, mut renewed: Instant) -> Lost {
        let mut pause = RETRY;
        loop {
            // Measured from before the request: an answer that took long has used up the time it grants.
            let deadline = renewed + RENEW_DEADLINE;
            self.shared.leadership.holds_until(deadline);
            tokio::time::sleep_until((Instant::now() + pause).min(deadline).into()).await;
            let asked = Instant::now();
            if asked >= deadline {
                return Lost::Deadline;
            }
            pause = RETRY_AFTER_FAILURE;
            match self.attempt(deadline.min(asked + CALL)).await {
                Tried::Leading => (renewed, pause) = (asked, RETRY),
                Tried::Following => return Lost::Other,
                Tried::Restored => return Lost::Restored,
                Tried::Nothing => {}
            }
        }
    }

    /// Gives the lease back, so that the next leader need not wait for it to run out.
    pub async fn release(&mut self) {
        let Ok(Ok(Some(mut lease))) = tokio::time::timeout(CALL, self.leases.get_opt(LEASE)).await else { return };
        if holder(&lease) != Some(self.identity.as_str()) {
            return;
        }
        lease.spec.get_or_insert_default().holder_identity = Some(String::new());
        let _ = tokio::time::timeout(CALL, self.leases.replace(LEASE, &PostParams::default(), &lease)).await;
    }

    /// How long a replica that waits sleeps: no longer than until the lease of the other has run out.
    fn pause(&self) -> Duration {
        let left = self.seen.as_ref().map(|(_, _, since)| LEASE_DURATION.saturating_sub(since.elapsed()));
        left.filter(|left| !left.is_zero()).map_or(FOLLOW, |left| left.min(FOLLOW))
    }

    /// One try to get or renew the lease, until `deadline`.
    async fn attempt(&mut self, deadline: Instant) -> Tried {
        let _step = self.shared.liveness.step("leader election");
        match tokio::time::timeout_at(deadline.into(), self.try_once()).await {
            Ok(Ok(tried)) => tried,
            Ok(Err(kube::Error::Api(status))) if status.is_conflict() || status.is_already_exists() => Tried::Nothing,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the lease was not read or written");
                Tried::Nothing
            }
            Err(_) => {
                tracing::warn!("the lease was not read or written in time");
                Tried::Nothing
            }
        }
    }

    async fn try_once(&mut self) -> Result<Tried, kube::Error> {
        let known = match self.held.take() {
            Some(lease) => Some(lease),
            None => self.leases.get_opt(LEASE).await?,
        };
        let Some(mut lease) = known else {
            let lease = Lease {
                metadata: ObjectMeta { name: Some(LEASE.to_owned()), ..Default::default() },
                spec: Some(self.spec(None)),
            };
            let written = self.leases.create(&PostParams::default(), &lease).await?;
            return Ok(self.wrote(written));
        };
        if self.went_back(&lease) {
            return Ok(Tried::Restored);
        }
        if holder(&lease) != Some(self.identity.as_str()) && !self.has_run_out(&lease) {
            return Ok(Tried::Following);
        }
        lease.spec = Some(self.spec(lease.spec.as_ref()));
        // The resourceVersion of what was read goes with it: of two that try, one gets a conflict.
        let written = self.leases.replace(LEASE, &PostParams::default(), &lease).await?;
        Ok(self.wrote(written))
    }

    fn wrote(&mut self, lease: Lease) -> Tried {
        if self.went_back(&lease) {
            return Tried::Restored;
        }
        self.held = Some(lease);
        Tried::Leading
    }

    /// Whether `lease` is older than one that was seen before. Versions of one Lease only grow, and grow with each renewal: an
    /// older one is that of an older etcd. A watch would not tell: it waits for a version that is long past.
    fn went_back(&mut self, lease: &Lease) -> bool {
        let version = version(lease.metadata.resource_version.as_deref());
        let known = std::mem::replace(&mut self.newest, version);
        version < known
    }

    /// Whether nobody holds the lease, or its holder was silent for a whole lease by this replica's own clock.
    fn has_run_out(&mut self, lease: &Lease) -> bool {
        let Some(holder) = holder(lease) else { return true };
        let renewed = lease.spec.as_ref().and_then(|spec| spec.renew_time.clone());
        match &self.seen {
            Some((known, at, since)) if known.as_deref() == Some(holder) && *at == renewed => {
                since.elapsed() >= LEASE_DURATION
            }
            _ => {
                self.seen = Some((Some(holder.to_owned()), renewed, Instant::now()));
                false
            }
        }
    }

    fn spec(&self, before: Option<&LeaseSpec>) -> LeaseSpec {
        let now = now_micro();
        let own = before.filter(|before| before.holder_identity.as_deref() == Some(self.identity.as_str()));
        let transitions = before.and_then(|before| before.lease_transitions).unwrap_or(0);
        LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: Some(LEASE_SECONDS),
            acquire_time: own.and_then(|own| own.acquire_time.clone()).or_else(|| Some(now.clone())),
            renew_time: Some(now),
            lease_transitions: Some(if own.is_some() { transitions } else { transitions.saturating_add(1) }),
            ..Default::default()
        }
    }
}

/// Who holds the lease, if anybody does.
fn holder(lease: &Lease) -> Option<&str> {
    lease.spec.as_ref()?.holder_identity.as_deref().filter(|holder| !holder.is_empty())
}
