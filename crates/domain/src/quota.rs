//! The ledger of incidents by contract year (ruling 26): who was counted, and who is granted next.
//! Not for: writing it; the contract's controller does that, under the contract's resourceVersion.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use super::contract::Contract;
use super::reason;
use super::severity::Severity;

/// A case in a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub namespace: String,
    pub name: String,
    pub uid: String,
    /// The case's opening: the contract year is that of this instant.
    pub at: DateTime<Utc>,
}

/// The ledger of one quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    pub severities: Vec<Severity>,
    pub limit: usize,
    pub used: usize,
    /// The start of the next contract year.
    pub resets_at: DateTime<Utc>,
    pub counted: Vec<Counted>,
}

impl Ledger {
    #[must_use]
    pub fn holds(&self, uid: &str) -> bool {
        self.counted.iter().any(|counted| counted.uid == uid)
    }

    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.used >= self.limit
    }
}

/// How a case stands towards its contract's quotas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub namespace: String,
    pub name: String,
    pub uid: String,
    pub opened_at: DateTime<Utc>,
    /// The severity under which it is counted.
    pub severity: Severity,
    pub kind: ClaimKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimKind {
    /// It passed every other check and asks to be counted.
    Wanted,
    /// It says itself that it was granted: a ledger that was lost is rebuilt from this.
    Granted,
    /// It was rejected by itself before a response: its place is free again.
    Released,
}

/// What a case's entitlement says of its quota.
#[derive(Debug, Clone, Copy)]
pub struct QuotaStanding<'a> {
    pub granted: bool,
    /// The reason of its check `IncidentQuota`.
    pub reason: &'a str,
    pub accepted: bool,
    /// Another check failed.
    pub fails_elsewhere: bool,
    pub closed: bool,
}

impl ClaimKind {
    /// How a case stands towards its contract's quotas; `None` where it asks for nothing.
    #[must_use]
    pub fn of(standing: QuotaStanding<'_>) -> Option<Self> {
        // An exhausted quota is asked again: a place may have come free.
        let asks = [reason::QUOTA_PENDING, reason::QUOTA_EXHAUSTED].contains(&standing.reason);
        match standing.reason {
            reason::QUOTA_RELEASED => Some(Self::Released),
            _ if standing.granted => Some(Self::Granted),
            _ if !asks || standing.closed => None,
            _ => (standing.accepted || !standing.fails_elsewhere).then_some(Self::Wanted),
        }
    }
}

/// The contract year of an instant as `[start, end)`: anniversaries of the start of the term in the plan's zone,
/// 29 February as the 28th.
#[must_use]
pub fn contract_year(contract: &Contract, at: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    let zone = contract.calendar.zone();
    let first = contract.starts_at().unwrap_or(contract.created_at).with_timezone(&zone);
    let anniversary = |year: i32| {
        let date = first.date_naive();
        let date = date.with_year(year).or_else(|| NaiveDate::from_ymd_opt(year, 2, 28)).unwrap_or(date);
        contract.calendar.instant_of(date.and_time(first.time())).unwrap_or(at)
    };
    let mut year = at.with_timezone(&zone).year();
    if anniversary(year) > at {
        year -= 1;
    }
    (anniversary(year), anniversary(year + 1))
}

/// Ruling 26: the ledgers at `now`, with every claim granted that there is room for, in the order of opening, then of
/// namespace and name. What was granted stays, but for a release; granting the same claims again changes nothing.
#[must_use]
pub fn grant(contract: &Contract, claims: &[Claim], now: DateTime<Utc>) -> Vec<Ledger> {
    let mut claims: Vec<&Claim> = claims.iter().collect();
    claims.sort_by(|one, other| {
        (one.opened_at, &one.namespace, &one.name).cmp(&(other.opened_at, &other.namespace, &other.name))
    });
    let quotas = contract.plan.incident_quotas.iter();
    quotas
        .map(|quota| {
            let before = contract.ledgers.iter().find(|ledger| ledger.severities == quota.severities);
            let claims = claims.iter().copied().filter(|claim| quota.severities.contains(&claim.severity));
            let claims: Vec<&Claim> = claims.collect();
            fill(contract, quota.severities.clone(), quota.per_contract_year, before, &claims, now)
        })
        .collect()
}

fn fill(
    contract: &Contract,
    severities: Vec<Severity>,
    limit: usize,
    before: Option<&Ledger>,
    claims: &[&Claim],
    now: DateTime<Utc>,
) -> Ledger {
    let (start, end) = contract_year(contract, now);
    let this_year = |at: DateTime<Utc>| start <= at && at < end;
    let is = |uid: &str, kind| claims.iter().any(|claim| claim.uid == uid && claim.kind == kind);
    let kept = before.map(|ledger| ledger.counted.clone()).unwrap_or_default().into_iter();
    // A grant of an earlier year stays only until its case has taken note of it.
    let mut counted: Vec<Counted> = kept
        .filter(|entry| !is(&entry.uid, ClaimKind::Released))
        .filter(|entry| this_year(entry.at) || is(&entry.uid, ClaimKind::Wanted))
        .collect();
    let entry = |claim: &Claim| Counted {
        namespace: claim.namespace.clone(),
        name: claim.name.clone(),
        uid: claim.uid.clone(),
        at: claim.opened_at,
    };
    let missing = |counted: &[Counted], claim: &Claim| !counted.iter().any(|entry| entry.uid == claim.uid);
    for claim in claims.iter().filter(|claim| claim.kind == ClaimKind::Granted && this_year(claim.opened_at)) {
        if missing(&counted, claim) {
            counted.push(entry(claim));
        }
    }
    for claim in claims.iter().filter(|claim| claim.kind == ClaimKind::Wanted && claim.opened_at < end) {
        // The year is that of the case's opening; for an earlier one the cases themselves are the ledger.
        let (from, to) = contract_year(contract, claim.opened_at);
        let in_year = |at: DateTime<Utc>| from <= at && at < to;
        let acknowledged = claims.iter().filter(|other| other.kind == ClaimKind::Granted && in_year(other.opened_at));
        let acknowledged = acknowledged.filter(|other| missing(&counted, other)).count();
        let used = counted.iter().filter(|entry| in_year(entry.at)).count() + acknowledged;
        if used < limit && missing(&counted, claim) {
            counted.push(entry(claim));
        }
    }
    counted.sort_by(|one, other| (one.at, &one.namespace, &one.name).cmp(&(other.at, &other.namespace, &other.name)));
    let used = counted.iter().filter(|entry| this_year(entry.at)).count();
    Ledger { severities, limit, used, resets_at: end, counted }
}
