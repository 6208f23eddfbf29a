//! A contract as the rules see it: plan, term, calendar, contacts, releases; where it stands in its life (ruling 28).
//! Not for: who may open a case (`entitlement.rs`), nor quotas (`quota.rs`).

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::plan::Plan;
use super::quota::Ledger;
use super::time::Calendar;

/// A release of the product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    pub version: String,
    pub released_on: NaiveDate,
    pub end_of_life_on: Option<NaiveDate>,
}

/// What a customer bought.
#[derive(Debug, Clone)]
pub struct Contract {
    pub name: String,
    pub uid: String,
    pub created_at: DateTime<Utc>,
    pub plan_name: String,
    pub plan: Arc<Plan>,
    pub calendar: Calendar,
    pub starts_at: Option<DateTime<Utc>>,
    pub ends_at: Option<DateTime<Utc>>,
    /// When a trial was registered.
    pub registered_at: Option<DateTime<Utc>>,
    pub continuing_until: Option<DateTime<Utc>>,
    pub licensed_nodes: Option<i64>,
    /// The e-mail addresses of the named contacts, in their order.
    pub contacts: Vec<String>,
    /// Whether one manager owns the customer's escalations.
    pub service_delivery_manager: bool,
    pub releases: Vec<Release>,
    /// The quotas' ledgers as the contract's own status holds them.
    pub ledgers: Vec<Ledger>,
}

/// Where a contract stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContractState {
    Scheduled,
    Trial,
    Active,
    ExpiringSoon,
    Continuing,
    Lapsed,
}

/// The phase of a release's support.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProductPhase {
    FullSupport,
    LimitedSupport,
    ContinuingSupport,
    EndOfLife,
    #[default]
    Unknown,
}

/// Ruling 28: how long before the end `ExpiringSoon` begins.
const EXPIRES_SOON: TimeDelta = TimeDelta::days(30);
const TRIAL_EXPIRES_SOON: TimeDelta = TimeDelta::days(7);

impl Contract {
    /// The first moment of the contract; without one, there is no such limit.
    #[must_use]
    pub fn starts_at(&self) -> Option<DateTime<Utc>> {
        self.starts_at.or(self.registered_at)
    }

    /// The moment from which on the contract has lapsed: the end of the term, or of a trial's days of 24 hours.
    #[must_use]
    pub fn lapses_at(&self) -> Option<DateTime<Utc>> {
        [self.ends_at, self.trial_ends_at()].into_iter().flatten().min()
    }

    /// Ruling 21: a trial lasts so many times 24 hours from its registration.
    #[must_use]
    pub fn trial_ends_at(&self) -> Option<DateTime<Utc>> {
        self.registered_at?.checked_add_signed(TimeDelta::try_days(self.plan.trial_days?)?)
    }

    /// Started and not lapsed.
    #[must_use]
    pub fn is_active(&self, at: DateTime<Utc>) -> bool {
        self.starts_at().is_none_or(|starts| starts <= at) && self.lapses_at().is_none_or(|lapses| at < lapses)
    }

    fn expires_soon_at(&self) -> Option<DateTime<Utc>> {
        let ahead = if self.plan.trial_days.is_some() { TRIAL_EXPIRES_SOON } else { EXPIRES_SOON };
        self.lapses_at()?.checked_sub_signed(ahead)
    }

    /// Ruling 28: the state at an instant, with the product's version as detected.
    #[must_use]
    pub fn state(&self, version: Option<&str>, at: DateTime<Utc>) -> ContractState {
        let past = |instant: Option<DateTime<Utc>>| instant.is_some_and(|instant| instant <= at);
        if past(self.lapses_at()) {
            ContractState::Lapsed
        } else if self.starts_at().is_some_and(|starts| at < starts) {
            ContractState::Scheduled
        } else if past(self.expires_soon_at()) {
            ContractState::ExpiringSoon
        } else if self.plan.trial_days.is_some() {
            ContractState::Trial
        } else if self.phase(version, at) == ProductPhase::ContinuingSupport {
            ContractState::Continuing
        } else {
            ContractState::Active
        }
    }

    /// When the state changes next by the clock alone.
    #[must_use]
    pub fn next_transition_at(&self, version: Option<&str>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let release = version.and_then(|version| self.release(version));
        let end_of_life = release.and_then(|release| self.end_of_life(release));
        let continuing = release.and_then(|release| self.continuing_ends_at(release));
        let instants = [self.starts_at(), self.expires_soon_at(), self.lapses_at(), end_of_life, continuing];
        let state = self.state(version, now);
        let changes = |at: &DateTime<Utc>| *at > now && self.state(version, *at) != state;
        instants.into_iter().flatten().filter(changes).min()
    }

    /// Ruling 25: the contacts that count at a node count, and those beyond the limit.
    #[must_use]
    pub fn contacts_within_limit(&self, nodes: Option<i64>) -> (&[String], &[String]) {
        let limit = self.contact_limit(nodes).unwrap_or(self.contacts.len());
        self.contacts.split_at(limit.min(self.contacts.len()))
    }

    /// Ruling 25: the limit at a node count; unknown is the licensed nodes' tier, else the largest.
    #[must_use]
    pub fn contact_limit(&self, nodes: Option<i64>) -> Option<usize> {
        self.plan.contact_limit(nodes.or(self.licensed_nodes))
    }

    /// The phase of a version's support at an instant, by the contract's table of releases.
    #[must_use]
    pub fn phase(&self, version: Option<&str>, at: DateTime<Utc>) -> ProductPhase {
        let Some(release) = version.and_then(|version| self.release(version)) else { return ProductPhase::Unknown };
        if self.end_of_life(release).is_some_and(|end| end <= at) {
            let continues = self.continuing_ends_at(release).is_some_and(|end| at < end);
            return if continues { ProductPhase::ContinuingSupport } else { ProductPhase::EndOfLife };
        }
        let Some(full) = self.plan.full_support_releases else { return ProductPhase::FullSupport };
        if self.newer_releases(release, at) < full { ProductPhase::FullSupport } else { ProductPhase::LimitedSupport }
    }

    /// Whether a version is the newest release at an instant; `None` if that is unknown.
    #[must_use]
    pub fn is_current_release(&self, version: &str, at: DateTime<Utc>) -> Option<bool> {
        self.release(version).map(|release| self.newer_releases(release, at) == 0)
    }

    fn newer_releases(&self, release: &Release, at: DateTime<Utc>) -> usize {
        let today = at.with_timezone(&self.calendar.zone()).date_naive();
        let out = self.releases.iter().filter(|other| other.released_on <= today);
        out.filter(|other| numbers(&other.version) > numbers(&release.version)).count()
    }

    /// The release that a version belongs to: the entry with the most leading numbers in common, all of its own.
    fn release(&self, version: &str) -> Option<&Release> {
        let version = numbers(version);
        let matching = self.releases.iter().filter(|release| version.starts_with(&numbers(&release.version)));
        matching.max_by_key(|release| numbers(&release.version).len())
    }

    /// The end of a release's life: the start of that day in the plan's zone.
    fn end_of_life(&self, release: &Release) -> Option<DateTime<Utc>> {
        self.start_of_day(release.end_of_life_on?)
    }

    /// Ruling 28: the earlier of the bought time and one year past the end of life.
    fn continuing_ends_at(&self, release: &Release) -> Option<DateTime<Utc>> {
        let year_later = release.end_of_life_on?.checked_add_months(chrono::Months::new(12))?;
        Some(self.continuing_until?.min(self.start_of_day(year_later)?))
    }

    /// The first instant of a date in the plan's zone.
    fn start_of_day(&self, date: NaiveDate) -> Option<DateTime<Utc>> {
        self.calendar.instant_of(date.and_time(NaiveTime::MIN))
    }
}

/// The leading numbers of a version: `v1.24.6-am2` is 1, 24, 6.
pub(super) fn numbers(version: &str) -> Vec<u64> {
    let plain = version.trim_start_matches(['v', 'V']);
    let plain = plain.split(['-', '+', '_']).next().unwrap_or_default();
    plain.split('.').map_while(|part| part.parse().ok()).collect()
}

/// Whether a version is a production release: no pre-release such as `-rc.1`, `-alpha`, `-dev`. A vendor's own suffix
/// (`-am2`, `-tetrate0`) is none.
#[must_use]
pub fn is_production_release(version: &str) -> bool {
    const MARKS: [&str; 10] =
        ["alpha", "beta", "rc", "dev", "pre", "preview", "snapshot", "nightly", "edge", "milestone"];
    let Some((_, suffix)) = version.split_once('-') else { return !version.to_ascii_lowercase().starts_with("edge") };
    let suffix = suffix.to_ascii_lowercase();
    !suffix.split(['-', '.', '+', '_']).any(|part| MARKS.contains(&part.trim_end_matches(|c: char| c.is_ascii_digit())))
}
