//! Leader election on a Lease, modelled on client-go: of several replicas one works. Not for: fencing. A leader that was
//! held up may write after another took over; what it writes is a function of what it read, and grants carry a version.

use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};

use crate::convert::time::now_micro;

/// The name of the Lease in the operator's namespace.
const LEASE: &str = "meshcase-operator";
/// How long a silent leader is believed in.
const LEASE_SECONDS: i32 = 15;
/// How long a leader goes on without a renewal that succeeded; shorter than the lease, so that it stops first.
const RENEW_DEADLINE: Duration = Duration::from_secs(10);
/// The pause between two tries.
const RETRY: Duration = Duration::from_secs(2);
/// How long one call may take.
const CALL: Duration = Duration::from_secs(5);

/// One replica that stands for election.
pub struct Candidate {
    leases: Api<Lease>,
    identity: String,
    /// What the Lease last said, and since when this replica knows: clocks of two machines are never compared.
    seen: Option<(Option<String>, Option<MicroTime>, Instant)>,
}

/// What one try brought.
enum Tried {
    Leading,
    Following,
}

impl Candidate {
    /// `identity` is unique among the replicas (the pod's name); `client` should serve nothing else, so that a renewal
    /// waits behind no other call.
    pub fn new(client: Client, namespace: &str, identity: String) -> Self {
        Self { leases: Api::namespaced(client, namespace), identity, seen: None }
    }

    /// Waits until this replica leads.
    pub async fn until_leading(&mut self) {
        tracing::info!(identity = self.identity, "waiting to lead");
        while !matches!(self.attempt().await, Some(Tried::Leading)) {
            tokio::time::sleep(RETRY).await;
        }
        tracing::info!(identity = self.identity, "leading");
    }

    /// Renews the lease until it is lost; then the process must end.
    pub async fn until_lost(&mut self) {
        // Measured from before the request: an answer that took long has used up the time it grants.
        let mut renewed = Instant::now();
        while renewed.elapsed() < RENEW_DEADLINE {
            tokio::time::sleep(RETRY).await;
            let asked = Instant::now();
            match self.attempt().await {
                Some(Tried::Leading) => renewed = asked,
                Some(Tried::Following) => return,
                None => {}
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

    /// One try to get or renew the lease; nothing where the API server gave no answer.
    async fn attempt(&mut self) -> Option<Tried> {
        match tokio::time::timeout(CALL, self.try_once()).await {
            Ok(Ok(tried)) => Some(tried),
            // Another wrote between reading and writing: it leads, or the next try tells.
            Ok(Err(kube::Error::Api(status))) if status.is_conflict() || status.is_already_exists() => None,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the lease was not read or written");
                None
            }
            Err(_) => None,
        }
    }

    async fn try_once(&mut self) -> Result<Tried, kube::Error> {
        let Some(mut lease) = self.leases.get_opt(LEASE).await? else {
            let lease = Lease {
                metadata: ObjectMeta { name: Some(LEASE.to_owned()), ..Default::default() },
                spec: Some(self.spec(None)),
            };
            self.leases.create(&PostParams::default(), &lease).await?;
            return Ok(Tried::Leading);
        };
        if holder(&lease) != Some(self.identity.as_str()) && !self.has_run_out(&lease) {
            return Ok(Tried::Following);
        }
        lease.spec = Some(self.spec(lease.spec.as_ref()));
        // The resourceVersion of what was read goes with it: of two that try, one gets a conflict.
        self.leases.replace(LEASE, &PostParams::default(), &lease).await?;
        Ok(Tried::Leading)
    }

    /// Whether nobody holds the lease, or its holder was silent for a whole lease by this replica's own clock.
    fn has_run_out(&mut self, lease: &Lease) -> bool {
        let Some(holder) = holder(lease) else { return true };
        let renewed = lease.spec.as_ref().and_then(|spec| spec.renew_time.clone());
        match &self.seen {
            Some((known, at, since)) if known.as_deref() == Some(holder) && *at == renewed => {
                since.elapsed() >= Duration::from_secs(LEASE_SECONDS.unsigned_abs().into())
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
