//! The one place where the project's times (chrono) and Kubernetes' (jiff) meet. Not for: arithmetic on times.

use chrono::{DateTime, SubsecRound, Utc};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};
use k8s_openapi::jiff::Timestamp;

/// `at` in whole seconds, as Kubernetes stores it: a finer time would differ from its own round trip.
pub fn to_kube(at: DateTime<Utc>) -> Time {
    Time(Timestamp::from_second(at.timestamp()).unwrap_or_default())
}

/// A Kubernetes time in whole seconds, UTC.
pub fn from_kube(at: &Time) -> DateTime<Utc> {
    DateTime::from_timestamp(at.0.as_second(), 0).unwrap_or_default()
}

/// Now in microseconds, for a Lease.
pub fn now_micro() -> MicroTime {
    let now = Utc::now().trunc_subsecs(6);
    MicroTime(Timestamp::from_microsecond(now.timestamp_micros()).unwrap_or_default())
}
