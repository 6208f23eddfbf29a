//! Entitlement: an ordered list of named checks, the first failure wins (rulings 21 to 26).
//! Not for: finding the contract of a case (`convert`), nor granting a quota (`quota.rs`).

use chrono::{DateTime, Utc};

use super::case::{Case, Category, Facts, History, HistoryKind, Remembered};
use super::contract::{Contract, ProductPhase, is_production_release};
use super::plan::EnhancementScope;
use super::quota::contract_year;
use super::reason;
use super::severity::Severity;

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckResult {
    Passed,
    Failed,
    /// What the check needs is not known (yet).
    Unknown,
}

/// A named check with its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub name: String,
    pub result: CheckResult,
    pub reason: String,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Entitled {
    #[default]
    Pending,
    Accepted,
    /// Known workarounds and fixes, no new code.
    AcceptedLimited,
    Rejected,
}

impl Entitled {
    /// Whether the case is being handled.
    #[must_use]
    pub const fn is_accepted(self) -> bool {
        matches!(self, Self::Accepted | Self::AcceptedLimited)
    }

    /// The spelling in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Accepted => "Accepted",
            Self::AcceptedLimited => "AcceptedLimited",
            Self::Rejected => "Rejected",
        }
    }
}

/// The contract that a case is bound to (ruling 24).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    pub name: String,
    pub uid: String,
}

/// Whether the contract covers the case, and which check said what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entitlement {
    pub decision: Entitled,
    pub bound: Option<Bound>,
    pub plan: Option<String>,
    /// When the case saw that its contract counted it.
    pub quota_granted_at: Option<DateTime<Utc>>,
    /// The severity under which it is counted, or asks to be.
    pub counted: Option<Severity>,
    pub checks: Vec<Check>,
}

impl Entitlement {
    /// The first check that failed; while nothing is decided, the first that is unknown.
    #[must_use]
    pub fn first_open(&self) -> Option<&Check> {
        let first = |result| self.checks.iter().find(|check| check.result == result);
        first(CheckResult::Failed).or_else(|| first(CheckResult::Unknown))
    }

    /// Whether the case is rejected for what was found in the cluster (ruling 23).
    #[must_use]
    pub fn is_rejected_late(&self) -> bool {
        self.decision == Entitled::Rejected && outright(self)
    }

    pub(super) fn set(&mut self, check: Check) {
        match self.checks.iter_mut().find(|before| before.name == check.name) {
            Some(before) => *before = check,
            None => self.checks.push(check),
        }
    }
}

/// The contract of a case as it was found.
#[derive(Debug, Clone, Copy)]
pub enum Agreement<'a> {
    /// None of that name, or no default.
    Missing,
    /// It is there and cannot be used; the text says why.
    Invalid(&'a str),
    /// Its selector takes the case's namespace, or not.
    Valid { contract: &'a Contract, namespace_allowed: bool },
}

impl<'a> Agreement<'a> {
    pub(super) fn contract(self) -> Option<&'a Contract> {
        match self {
            Self::Valid { contract, .. } => Some(contract),
            Self::Missing | Self::Invalid(_) => None,
        }
    }
}

/// What a check looks at.
struct Question<'a> {
    case: &'a Case,
    facts: &'a Facts,
    contract: &'a Contract,
    namespace_allowed: bool,
    severity: Severity,
    granted: bool,
    as_of: DateTime<Utc>,
}

/// A check's answer: the result, the reason, the message.
type Answer = (CheckResult, &'static str, String);
type Ask = fn(&Question<'_>) -> Answer;

pub(super) const CONTRACT_FOUND: &str = "ContractFound";
/// The check that passes once the contract has counted the case.
pub const INCIDENT_QUOTA: &str = "IncidentQuota";

/// Decided once, at the opening (ruling 21); `ContractFound` goes before them.
const OPENING: [(&str, Ask); 6] = [
    ("NamespaceAllowed", namespace_allowed),
    ("ContractActive", contract_active),
    ("ContactAuthorized", contact_authorized),
    ("ChannelOffered", channel_offered),
    ("CategoryInScope", category_in_scope),
    (INCIDENT_QUOTA, incident_quota),
];

/// Decided when the facts arrive (ruling 23).
const LATE: [(&str, Ask); 3] = [
    ("VersionSupported", version_supported),
    ("ProductionRelease", production_release),
    ("NodesWithinLicense", nodes_within_license),
];

fn passed() -> Answer {
    (CheckResult::Passed, reason::PASSED, String::new())
}

fn failed(reason: &'static str, message: String) -> Answer {
    (CheckResult::Failed, reason, message)
}

fn unknown(message: &str) -> Answer {
    (CheckResult::Unknown, reason::UNKNOWN, message.to_owned())
}

fn namespace_allowed(question: &Question<'_>) -> Answer {
    if question.namespace_allowed {
        return passed();
    }
    let name = &question.contract.name;
    failed(
        reason::NAMESPACE_NOT_ALLOWED,
        format!("the namespaceSelector of contract {name} does not take this namespace"),
    )
}

fn contract_active(question: &Question<'_>) -> Answer {
    let contract = question.contract;
    if let Some(starts) = contract.starts_at().filter(|starts| question.as_of < *starts) {
        return failed(reason::CONTRACT_NOT_STARTED, format!("contract {} starts at {}", contract.name, text(starts)));
    }
    match contract.lapses_at().filter(|lapses| *lapses <= question.as_of) {
        None => passed(),
        Some(at) if contract.trial_ends_at() == Some(at) => {
            failed(reason::TRIAL_EXPIRED, format!("the trial of contract {} ended at {}", contract.name, text(at)))
        }
        Some(at) => failed(reason::CONTRACT_LAPSED, format!("contract {} ended at {}", contract.name, text(at))),
    }
}

/// Ruling 25.
fn contact_authorized(question: &Question<'_>) -> Answer {
    let contract = question.contract;
    if contract.contacts.is_empty() {
        return passed();
    }
    let Some(email) = question.case.contact_email.as_deref() else {
        return failed(
            reason::CONTACT_REQUIRED,
            "spec.contact.email must name one of the contract's contacts".to_owned(),
        );
    };
    let same = |contact: &String| contact.to_lowercase() == email.to_lowercase();
    let (within, beyond) = contract.contacts_within_limit(question.facts.nodes);
    if within.iter().any(same) {
        passed()
    } else if beyond.iter().any(same) {
        let message = format!("{email} is beyond the {} contacts that the plan allows", within.len());
        failed(reason::CONTACT_OVER_LIMIT, message)
    } else {
        let message = format!("{email} is no named contact of contract {}", contract.name);
        failed(reason::CONTACT_NOT_AUTHORIZED, message)
    }
}

fn channel_offered(question: &Question<'_>) -> Answer {
    if question.contract.plan.offers(question.case.channel) {
        return passed();
    }
    let (plan, channel) = (&question.contract.plan.display_name, question.case.channel);
    failed(reason::CHANNEL_NOT_OFFERED, format!("{plan} takes no cases by {channel:?}"))
}

fn category_in_scope(question: &Question<'_>) -> Answer {
    let (contract, scope) = (question.contract, question.contract.plan.scope);
    let out = |what: String| failed(reason::ENHANCEMENT_OUT_OF_SCOPE, what);
    match (question.case.category, scope.enhancements) {
        (Category::Installation, _) if scope.installation_assistance == Some(false) => failed(
            reason::INSTALLATION_OUT_OF_SCOPE,
            format!("{} does not walk through installations and upgrades", contract.plan.display_name),
        ),
        (Category::Enhancement, Some(EnhancementScope::None)) => {
            out(format!("{} takes no enhancement requests", contract.plan.display_name))
        }
        (Category::Enhancement, Some(EnhancementScope::CurrentReleaseOnly)) => {
            let current = version(question).map(|version| contract.is_current_release(version, question.as_of));
            match current {
                Some(Some(false)) => out(format!(
                    "{} takes enhancement requests for the current release only",
                    contract.plan.display_name
                )),
                _ => passed(),
            }
        }
        _ => passed(),
    }
}

/// Ruling 26: passes once the contract's ledger holds the case.
fn incident_quota(question: &Question<'_>) -> Answer {
    let contract = question.contract;
    let Some(quota) = contract.plan.quota(question.severity) else { return passed() };
    let ledger = contract.ledgers.iter().find(|ledger| ledger.severities == quota.severities);
    if question.granted || ledger.is_some_and(|ledger| ledger.holds(&question.case.uid)) {
        return passed();
    }
    let (_, year_ends) = contract_year(contract, question.case.opened_at);
    match ledger {
        Some(ledger) if ledger.resets_at == year_ends && ledger.is_exhausted() => failed(
            reason::QUOTA_EXHAUSTED,
            format!("all {} incidents of the contract year are used up until {}", ledger.limit, text(ledger.resets_at)),
        ),
        _ => (
            CheckResult::Unknown,
            reason::QUOTA_PENDING,
            format!("contract {} has not counted the case yet", contract.name),
        ),
    }
}

fn version_supported(question: &Question<'_>) -> Answer {
    let Some(version) = version(question) else { return unknown("the mesh version is not known") };
    match question.contract.phase(Some(version), question.case.opened_at) {
        ProductPhase::FullSupport => passed(),
        ProductPhase::Unknown => unknown(&format!("the contract's releases do not list {version}")),
        ProductPhase::LimitedSupport => failed(reason::LIMITED_SUPPORT, format!("{version} is in limited support")),
        ProductPhase::ContinuingSupport => {
            failed(reason::CONTINUING_SUPPORT, format!("{version} is past its end of life, in continuing support"))
        }
        ProductPhase::EndOfLife => failed(reason::VERSION_END_OF_LIFE, format!("{version} is past its end of life")),
    }
}

fn production_release(question: &Question<'_>) -> Answer {
    if question.contract.plan.scope.pre_releases != Some(false) {
        return passed();
    }
    match version(question) {
        None => unknown("the mesh version is not known"),
        Some(version) if is_production_release(version) => passed(),
        Some(version) => failed(reason::NOT_A_PRODUCTION_RELEASE, format!("{version} is no production release")),
    }
}

fn nodes_within_license(question: &Question<'_>) -> Answer {
    match (question.contract.licensed_nodes, question.facts.nodes) {
        (None, _) => passed(),
        (Some(_), None) => unknown("the number of nodes is not known"),
        (Some(licensed), Some(nodes)) if nodes <= licensed => passed(),
        (Some(licensed), Some(nodes)) => {
            failed(reason::NODES_OVER_LICENSE, format!("the cluster has {nodes} nodes, licensed are {licensed}"))
        }
    }
}

/// Ruling 23: what the customer states counts where nothing is detected.
fn version<'a>(question: &Question<'a>) -> Option<&'a str> {
    question.facts.mesh_version.as_deref().or(question.case.stated_mesh_version.as_deref())
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn check(name: &str, (result, reason, message): Answer) -> Check {
    Check { name: name.to_owned(), result, reason: reason.to_owned(), message }
}

/// Whether a failed late check leaves nothing to help with, so that an unanswered case is rejected.
fn is_outright(check: &Check) -> bool {
    check.reason == reason::VERSION_END_OF_LIFE || check.reason == reason::NOT_A_PRODUCTION_RELEASE
}

/// What the entitlement of a case is decided from.
pub(super) struct Entitling<'a> {
    pub(super) case: &'a Case,
    pub(super) facts: &'a Facts,
    pub(super) agreement: Agreement<'a>,
    /// The severity as asked for, the plan's default included.
    pub(super) severity: Severity,
    /// Whether the vendor has responded.
    pub(super) responded: bool,
    /// Late checks turn no case that is closed or on hold.
    pub(super) late_checks: bool,
    pub(super) now: DateTime<Utc>,
}

/// Decides the entitlement, or leaves it as it was decided; remembers every change of it.
pub(super) fn entitle(asked: &Entitling<'_>, remembered: &Remembered, history: &mut History) -> Entitlement {
    let before = &remembered.entitlement;
    let Agreement::Valid { contract, .. } = asked.agreement else { return without_contract(asked, before) };
    let mut entitlement = before.clone();
    for (as_of, at) in instants(asked, contract, before) {
        if entitlement.decision.is_accepted() && !before.decision.is_accepted() {
            break;
        }
        judge(asked, contract, as_of, &mut entitlement);
        remember(&entitlement, at.max(last_decided_at(history)), history);
    }
    entitlement
}

/// As of when to decide, and from when on the answer counts. Catch-up (ruling 31): as of the opening, then as of the
/// start of a contract that had not started, then as of now.
fn instants(
    asked: &Entitling<'_>,
    contract: &Contract,
    before: &Entitlement,
) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> + use<> {
    let first = asked.case.opened_at.max(contract.created_at).min(asked.now);
    let waits = before.first_open().is_none_or(|check| check.reason == reason::CONTRACT_NOT_STARTED);
    let starts = contract
        .starts_at()
        .filter(|starts| !before.decision.is_accepted() && waits && first < *starts && *starts <= asked.now);
    let opening = (before.decision == Entitled::Pending).then_some(first);
    opening.into_iter().chain(starts).chain([asked.now]).map(|at| (at, at))
}

fn last_decided_at(history: &History) -> DateTime<Utc> {
    let kinds = [HistoryKind::Accepted, HistoryKind::AcceptedLimited, HistoryKind::Rejected];
    history.last(&kinds).map_or(DateTime::<Utc>::MIN_UTC, |entry| entry.at)
}

/// Rulings 22, 24: an undecided case waits for its contract, a decided one stays decided.
fn without_contract(asked: &Entitling<'_>, before: &Entitlement) -> Entitlement {
    if before.decision != Entitled::Pending {
        return before.clone();
    }
    let named = asked.case.contract_ref.as_deref();
    let (reason, message) = match asked.agreement {
        Agreement::Invalid(why) => (reason::CONTRACT_INVALID, format!("the contract cannot be used: {why}")),
        _ => {
            let message = named.map_or_else(
                || "there is no default contract; spec.contractRef names none either".to_owned(),
                |name| format!("there is no contract {name}; the case waits for it, and its clock runs"),
            );
            (reason::CONTRACT_NOT_FOUND, message)
        }
    };
    let found = check(CONTRACT_FOUND, (CheckResult::Unknown, reason, message));
    Entitlement { checks: vec![found], ..Entitlement::default() }
}

/// The checks as of an instant, and what follows from them.
fn judge(asked: &Entitling<'_>, contract: &Contract, as_of: DateTime<Utc>, entitlement: &mut Entitlement) {
    let Agreement::Valid { namespace_allowed, .. } = asked.agreement else { return };
    let granted = entitlement.quota_granted_at.is_some();
    let (case, facts, severity) = (asked.case, asked.facts, asked.severity);
    let question = Question { case, facts, contract, namespace_allowed, severity, granted, as_of };
    let accepted = entitlement.decision.is_accepted();
    if !accepted {
        let asks = OPENING.iter().map(|(name, ask)| check(name, ask(&question)));
        entitlement.checks = std::iter::once(check(CONTRACT_FOUND, passed())).chain(asks).collect();
        if fails_at_opening(entitlement) {
            say_that_none_is_asked(entitlement);
        }
        entitlement.counted = contract.plan.quota(severity).map(|_| severity);
    }
    if asked.late_checks {
        ask_late(&question, accepted, entitlement);
    }
    entitlement.decision = conclude(asked, accepted, entitlement);
    // Ruling 24: bound by name and UID; a contract that was created again under the name is bound again.
    entitlement.bound = Some(Bound { name: contract.name.clone(), uid: contract.uid.clone() });
    entitlement.plan = Some(contract.plan_name.clone());
    if entitlement.decision.is_accepted() {
        note_grant(asked, contract, entitlement);
    } else if entitlement.decision == Entitled::Rejected && !fails_at_opening(entitlement) && outright(entitlement) {
        release(entitlement);
    }
}

/// Ruling 23: asks the late checks that have not passed yet (again).
fn ask_late(question: &Question<'_>, accepted: bool, entitlement: &mut Entitlement) {
    for (name, ask) in LATE {
        let stored = entitlement.checks.iter().find(|check| check.name == name);
        if !(accepted && stored.is_some_and(|check| check.result == CheckResult::Passed)) {
            entitlement.set(check(name, ask(question)));
        }
    }
}

fn is_late(check: &Check) -> bool {
    LATE.iter().any(|(name, _)| *name == check.name)
}

fn fails_at_opening(entitlement: &Entitlement) -> bool {
    entitlement.checks.iter().any(|check| !is_late(check) && check.result == CheckResult::Failed)
}

fn outright(entitlement: &Entitlement) -> bool {
    entitlement.checks.iter().any(|check| is_late(check) && check.result == CheckResult::Failed && is_outright(check))
}

/// What follows from the checks. An accepted case is not judged by its opening again (ruling 24).
fn conclude(asked: &Entitling<'_>, accepted: bool, entitlement: &Entitlement) -> Entitled {
    let counts = |check: &&Check, result| check.result == result;
    let waits = entitlement.checks.iter().any(|check| !is_late(check) && counts(&check, CheckResult::Unknown));
    let limited = entitlement.checks.iter().any(|check| is_late(check) && counts(&check, CheckResult::Failed));
    if !accepted && fails_at_opening(entitlement) || outright(entitlement) && !asked.responded {
        Entitled::Rejected
    } else if !accepted && waits {
        // A rejected case stays so until its contract has counted it.
        if entitlement.decision == Entitled::Rejected { Entitled::Rejected } else { Entitled::Pending }
    } else if limited {
        Entitled::AcceptedLimited
    } else {
        Entitled::Accepted
    }
}

/// The case takes note of a grant, so that a ledger that is lost can be rebuilt from it.
fn note_grant(asked: &Entitling<'_>, contract: &Contract, entitlement: &mut Entitlement) {
    if entitlement.quota_granted_at.is_none() && contract.ledgers.iter().any(|ledger| ledger.holds(&asked.case.uid)) {
        entitlement.quota_granted_at = Some(asked.now);
    }
}

/// Ruling 26: rejected by itself before a response, the case gives its grant back, or asks for none.
fn release(entitlement: &mut Entitlement) {
    if entitlement.counted.is_some() {
        entitlement.quota_granted_at = None;
        let message = "the case was rejected before a response and is not counted".to_owned();
        entitlement.set(check(INCIDENT_QUOTA, (CheckResult::Unknown, reason::QUOTA_RELEASED, message)));
    }
}

/// A case that fails another check asks for no place in its quota, and shall not look as if it waited for one.
fn say_that_none_is_asked(entitlement: &mut Entitlement) {
    let pending = entitlement.checks.iter_mut().filter(|check| check.reason == reason::QUOTA_PENDING);
    pending.for_each(|check| "the case is not counted while another check fails".clone_into(&mut check.message));
}

/// The answer of the quota check for a severity that a case wants to change to (ruling 26).
pub(super) fn quota_for_upgrade(case: &Case, contract: &Contract, severity: Severity, now: DateTime<Utc>) -> Check {
    let facts = Facts::default();
    let question =
        Question { case, facts: &facts, contract, namespace_allowed: true, severity, granted: false, as_of: now };
    check(INCIDENT_QUOTA, incident_quota(&question))
}

/// Remembers the decision, where it is another than the last one.
fn remember(entitlement: &Entitlement, at: DateTime<Utc>, history: &mut History) {
    let kinds = [HistoryKind::Accepted, HistoryKind::AcceptedLimited, HistoryKind::Rejected];
    let kind = match entitlement.decision {
        Entitled::Pending => return,
        Entitled::Accepted => HistoryKind::Accepted,
        Entitled::AcceptedLimited => HistoryKind::AcceptedLimited,
        Entitled::Rejected => HistoryKind::Rejected,
    };
    if history.last(&kinds).is_some_and(|last| last.kind == kind) {
        return;
    }
    let reason = match entitlement.decision {
        Entitled::Accepted => None,
        _ => entitlement
            .checks
            .iter()
            .find(|check| check.result == CheckResult::Failed)
            .map(|check| check.reason.as_str()),
    };
    history.add(at, kind, None, reason);
}
