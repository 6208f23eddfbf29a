//! The ledger of incidents by contract year (ruling 26): who was counted, and who is granted next.
//! Not for: writing it; the contract's controller does that, under the contract's resourceVersion.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

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

/// How a case stands towards its contract's quotas. The order of the fields is that in which claims are looked up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    pub kind: ClaimKind,
    /// The severity under which it is counted.
    pub severity: Severity,
    pub opened_at: DateTime<Utc>,
    pub namespace: String,
    pub name: String,
    pub uid: String,
}

impl Claim {
    /// The order in which claims are granted (ruling 26).
    fn turn(&self) -> (DateTime<Utc>, &str, &str) {
        (self.opened_at, &self.namespace, &self.name)
    }

    /// What is before all claims of a kind and severity that were opened at an instant or later.
    fn first(kind: ClaimKind, severity: Severity, opened_at: DateTime<Utc>) -> Self {
        Self { kind, severity, opened_at, namespace: String::new(), name: String::new(), uid: String::new() }
    }
}

/// The claims on the quotas of one contract. Granting finds those that it needs without looking at the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims(BTreeSet<Claim>);

impl Claims {
    #[must_use]
    pub const fn none() -> Self {
        Self(BTreeSet::new())
    }

    /// Adds a claim; the same one is there once.
    pub fn insert(&mut self, claim: Claim) {
        self.0.insert(claim);
    }

    /// Takes a claim back.
    pub fn remove(&mut self, claim: &Claim) {
        self.0.remove(claim);
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn of(
        &self,
        kind: ClaimKind,
        severity: Severity,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> impl Iterator<Item = &Claim> {
        let within = Claim::first(kind, severity, from)..Claim::first(kind, severity, to.max(from));
        self.0.range(within)
    }

    fn holds(&self, kind: ClaimKind, severity: Severity, entry: &Counted) -> bool {
        let Counted { namespace, name, uid, at } = entry.clone();
        self.0.contains(&Claim { kind, severity, opened_at: at, namespace, name, uid })
    }
}

impl FromIterator<Claim> for Claims {
    fn from_iter<I: IntoIterator<Item = Claim>>(claims: I) -> Self {
        Self(claims.into_iter().collect())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
pub fn contract_year(contract: &Contract, at: DateTime<Utc>) -> Year {
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
/// namespace and name. What was granted stays, but for a release; granting the same claims again changes nothing. Takes
/// time for the places that there are, not for the claims that find none.
#[must_use]
pub fn grant(contract: &Contract, claims: &Claims, now: DateTime<Utc>) -> Vec<Ledger> {
    let quotas = contract.plan.incident_quotas.iter();
    quotas
        .map(|quota| {
            let before = contract.ledgers.iter().find(|ledger| ledger.severities == quota.severities);
            let asking = Asking { contract, claims, severities: quota.severities.iter().copied().collect() };
            let (year, limit) = (contract_year(contract, now), quota.per_contract_year);
            let counted = asking.fill(before.map_or(&[], |ledger| &ledger.counted), year, limit);
            let used = within(&counted, year);
            Ledger { severities: quota.severities.clone(), limit, used, resets_at: year.1, counted }
        })
        .collect()
}

type Year = (DateTime<Utc>, DateTime<Utc>);

/// The claims on one quota.
struct Asking<'a> {
    contract: &'a Contract,
    claims: &'a Claims,
    severities: BTreeSet<Severity>,
}

impl Asking<'_> {
    fn fill(&self, before: &[Counted], this_year: Year, limit: usize) -> Vec<Counted> {
        let is = |entry: &Counted, kind| self.severities.iter().any(|one| self.claims.holds(kind, *one, entry));
        let kept = before.iter().filter(|entry| !is(entry, ClaimKind::Released));
        // A grant of an earlier year stays only until its case has taken note of it.
        let kept = kept.filter(|entry| contains(this_year, entry.at) || is(entry, ClaimKind::Wanted));
        let mut counted: Vec<Counted> = kept.cloned().collect();
        counted.extend(self.missing(ClaimKind::Granted, this_year, &counted, usize::MAX));
        let mut from = DateTime::<Utc>::MIN_UTC;
        while let Some(opened_at) = self.next_wanted((from, this_year.1)) {
            // The year is that of the case's opening; for an earlier one the cases themselves are the ledger.
            let year = contract_year(self.contract, opened_at);
            let acknowledged = self.missing(ClaimKind::Granted, year, &counted, usize::MAX).len();
            let room = limit.saturating_sub(within(&counted, year) + acknowledged);
            let wanted = (year.0.max(from), year.1.min(this_year.1));
            counted.extend(self.missing(ClaimKind::Wanted, wanted, &counted, room));
            from = year.1.max(opened_at + TimeDelta::seconds(1));
        }
        counted
            .sort_by(|one, other| (one.at, &one.namespace, &one.name).cmp(&(other.at, &other.namespace, &other.name)));
        counted
    }

    /// When the first case was opened, within a span, that wants a place.
    fn next_wanted(&self, span: Year) -> Option<DateTime<Utc>> {
        let firsts = self.severities.iter().filter_map(|one| self.claims.of(ClaimKind::Wanted, *one, span).next());
        firsts.map(|claim| claim.opened_at).min()
    }

    /// Entries for the first `most` claims of a kind, opened within a span, that are not counted.
    fn missing(&self, kind: ClaimKind, span: Year, counted: &[Counted], most: usize) -> Vec<Counted> {
        let known: BTreeSet<&str> = counted.iter().map(|entry| entry.uid.as_str()).collect();
        let of = |severity: &Severity| {
            let claims = self.claims.of(kind, *severity, span);
            claims.filter(|claim| !known.contains(claim.uid.as_str())).take(most)
        };
        let mut claims: Vec<&Claim> = self.severities.iter().flat_map(of).collect();
        claims.sort_by(|one, other| one.turn().cmp(&other.turn()));
        claims.truncate(most);
        let entry = |claim: &Claim| Counted {
            namespace: claim.namespace.clone(),
            name: claim.name.clone(),
            uid: claim.uid.clone(),
            at: claim.opened_at,
        };
        claims.into_iter().map(entry).collect()
    }
}

fn contains((start, end): Year, at: DateTime<Utc>) -> bool {
    start <= at && at < end
}

fn within(counted: &[Counted], year: Year) -> usize {
    counted.iter().filter(|entry| contains(year, entry.at)).count()
}
