//! What contracts count of cases, kept up to date by one case at a time, so that no decision on a contract looks at all of them.
//! Not for: what follows from the counts.

use std::collections::{BTreeSet, HashMap};

use kube::ResourceExt;

use super::mirror::to_domain;
use super::time;
use crate::api::{CaseState, CheckResult, EntitlementDecision, PromiseResult, SupportCase, SupportContract};
use crate::domain::entitlement::INCIDENT_QUOTA;
use crate::domain::quota::{Claim, ClaimKind, Claims, QuotaStanding};

/// Namespace and name of a case.
pub type CaseName = (String, String);

/// All cases, as far as contracts count them.
#[derive(Debug, Default)]
pub struct Caseload {
    shares: HashMap<CaseName, Share>,
    /// By the contract's name: one that was created again under it rebuilds its ledger from the cases of the old one.
    claims: HashMap<String, Claims>,
    /// By the contract's UID.
    counts: HashMap<String, Counts>,
    /// Cases by the names of the contracts that they name or are bound to.
    naming: HashMap<String, BTreeSet<CaseName>>,
    /// Cases that name no contract, so that the default one may be theirs.
    naming_none: BTreeSet<CaseName>,
}

/// How many cases of a contract stand how.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub open: usize,
    pub met: usize,
    pub breached: usize,
    pub pending: usize,
}

/// What contracts count of one case.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Share {
    names: Option<String>,
    bound: Option<(String, String)>,
    open: bool,
    response: Option<Response>,
    claim: Option<Claim>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Response {
    Met,
    Breached,
    Pending,
}

/// The names of the contracts that have to look again.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Concerned {
    /// At once: somebody claims a place in a quota, or gave one back.
    pub by_claims: BTreeSet<String>,
    /// Some time: only counts changed.
    pub by_counts: BTreeSet<String>,
}

static NO_CLAIMS: Claims = Claims::none();

impl Caseload {
    /// Notes how `case` stands now, `None` where it is gone. Noting the same again changes nothing.
    pub fn note(&mut self, name: &CaseName, case: Option<&SupportCase>) -> Concerned {
        let new = case.map(Share::of);
        let old = self.shares.get(name).cloned();
        let mut concerned = Concerned::default();
        if old == new {
            return concerned;
        }
        let of = |share: &Option<Share>| share.as_ref().and_then(|share| share.bound.clone());
        let [claimed_before, claims_now] =
            [&old, &new].map(|share| share.as_ref().and_then(|share| share.claim.clone()));
        let counted =
            |share: &Option<Share>| share.as_ref().map(|share| (share.bound.clone(), share.open, share.response));
        let contracts = [of(&old), of(&new)].into_iter().flatten().map(|(name, _)| name);
        if claimed_before != claims_now {
            concerned.by_claims.extend(contracts);
        } else if counted(&old) != counted(&new) {
            concerned.by_counts.extend(contracts);
        }
        if let Some(old) = old {
            self.take_back(name, &old);
        }
        if let Some(new) = new {
            self.add(name, &new);
            self.shares.insert(name.clone(), new);
        } else {
            self.shares.remove(name);
        }
        concerned
    }

    /// The claims on the quotas of a contract.
    pub fn claims(&self, contract: &str) -> &Claims {
        self.claims.get(contract).unwrap_or(&NO_CLAIMS)
    }

    /// The counts of the contract with this UID.
    pub fn counts(&self, uid: &str) -> Counts {
        self.counts.get(uid).copied().unwrap_or_default()
    }

    /// The cases that are bound to `contract`, name it, or may fall to it as the default, in order.
    pub fn of(&self, contract: &SupportContract) -> BTreeSet<CaseName> {
        let mut cases = self.naming.get(&contract.name_any()).cloned().unwrap_or_default();
        if contract.spec.default {
            cases.extend(self.naming_none.iter().cloned());
        }
        cases
    }

    /// Whether `case`, `None` where it is gone, is counted otherwise than it stands.
    pub fn is_wrong_on(&self, name: &CaseName, case: Option<&SupportCase>) -> bool {
        self.shares.get(name) != case.map(Share::of).as_ref()
    }

    /// Every case that is counted.
    pub fn names(&self) -> impl Iterator<Item = &CaseName> {
        self.shares.keys()
    }

    fn add(&mut self, name: &CaseName, share: &Share) {
        for contract in share.contracts() {
            self.naming.entry(contract).or_default().insert(name.clone());
        }
        if share.names.is_none() {
            self.naming_none.insert(name.clone());
        }
        let Some((contract, uid)) = share.bound.clone() else { return };
        share.count(self.counts.entry(uid).or_default(), |count| *count += 1);
        if let Some(claim) = &share.claim {
            self.claims.entry(contract).or_default().insert(claim.clone());
        }
    }

    fn take_back(&mut self, name: &CaseName, share: &Share) {
        for contract in share.contracts() {
            if let Some(naming) = self.naming.get_mut(&contract) {
                naming.remove(name);
                if naming.is_empty() {
                    self.naming.remove(&contract);
                }
            }
        }
        self.naming_none.remove(name);
        let Some((contract, uid)) = &share.bound else { return };
        if let Some(counts) = self.counts.get_mut(uid) {
            share.count(counts, |count| *count = count.saturating_sub(1));
            if *counts == Counts::default() {
                self.counts.remove(uid);
            }
        }
        if let (Some(claims), Some(claim)) = (self.claims.get_mut(contract), &share.claim) {
            claims.remove(claim);
            if claims.is_empty() {
                self.claims.remove(contract);
            }
        }
    }
}

impl<'a> FromIterator<&'a SupportCase> for Caseload {
    fn from_iter<I: IntoIterator<Item = &'a SupportCase>>(cases: I) -> Self {
        let mut caseload = Self::default();
        for case in cases {
            caseload.note(&name_of(case), Some(case));
        }
        caseload
    }
}

fn name_of(case: &SupportCase) -> CaseName {
    (case.namespace().unwrap_or_default(), case.name_any())
}

impl Share {
    fn of(case: &SupportCase) -> Self {
        let status = case.status.as_ref();
        let bound = status.and_then(|status| status.entitlement.as_ref()?.contract.as_ref());
        let state = status.and_then(|status| status.state);
        Self {
            names: case.spec.contract_ref.as_ref().map(|reference| reference.name.clone()),
            bound: bound.map(|bound| (bound.name.clone(), bound.uid.clone())),
            open: !matches!(state, None | Some(CaseState::Closed | CaseState::Rejected | CaseState::Pending)),
            response: response(case),
            claim: claim(case),
        }
    }

    fn contracts(&self) -> BTreeSet<String> {
        let bound = self.bound.iter().map(|(name, _)| name.clone());
        bound.chain(self.names.clone()).collect()
    }

    /// Changes, by `change`, each count to which the case adds.
    fn count(&self, counts: &mut Counts, change: impl Fn(&mut usize)) {
        if self.open {
            change(&mut counts.open);
        }
        match self.response {
            Some(Response::Met) => change(&mut counts.met),
            Some(Response::Breached) => change(&mut counts.breached),
            Some(Response::Pending) => change(&mut counts.pending),
            None => {}
        }
    }
}

fn response(case: &SupportCase) -> Option<Response> {
    match case.status.as_ref()?.sla.as_ref()?.initial_response.as_ref()?.result {
        PromiseResult::Met => Some(Response::Met),
        PromiseResult::Breached => Some(Response::Breached),
        PromiseResult::Pending | PromiseResult::AtRisk | PromiseResult::Paused => Some(Response::Pending),
        PromiseResult::NotCommitted | PromiseResult::Withdrawn => None,
    }
}

/// How a case stands towards the quotas of the contract that it is bound to.
fn claim(case: &SupportCase) -> Option<Claim> {
    let status = case.status.as_ref()?;
    let entitlement = status.entitlement.as_ref()?;
    entitlement.contract.as_ref()?;
    let severity = to_domain(entitlement.counted_severity?);
    let checks = &entitlement.checks;
    let quota = checks.iter().find(|check| check.name == INCIDENT_QUOTA);
    let kind = ClaimKind::of(QuotaStanding {
        granted: entitlement.quota_granted_at.is_some(),
        reason: quota.map_or("", |check| &check.reason),
        accepted: matches!(entitlement.decision, EntitlementDecision::Accepted | EntitlementDecision::AcceptedLimited),
        fails_elsewhere: checks.iter().any(|check| check.name != INCIDENT_QUOTA && check.result == CheckResult::Failed),
        closed: status.state == Some(CaseState::Closed),
    })?;
    let (namespace, name) = name_of(case);
    Some(Claim {
        kind,
        severity,
        opened_at: case.metadata.creation_timestamp.as_ref().map(time::from_kube).unwrap_or_default(),
        namespace,
        name,
        uid: case.uid().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn case(name: &str, contract: &str, state: &str, result: &str) -> SupportCase {
        let checks = json!([{"name": "IncidentQuota", "result": "Unknown", "reason": "QuotaPending", "message": ""}]);
        case_of(json!({
            "metadata": {"name": name, "namespace": "shop", "uid": name, "creationTimestamp": "2026-11-25T10:00:00Z"},
            "spec": {"title": "down", "contractRef": {"name": contract}},
            "status": {
                "state": state,
                "entitlement": {"decision": "Accepted", "contract": {"name": contract, "uid": format!("{contract}-1")},
                    "checks": checks, "countedSeverity": "Sev1"},
                "sla": {"initialResponse": {"commitment": "Committed", "result": result}},
            },
        }))
    }

    fn case_of(mut value: Value) -> SupportCase {
        value["apiVersion"] = json!("meshcase.io/v1alpha1");
        value["kind"] = json!("SupportCase");
        serde_json::from_value(value).unwrap()
    }

    fn name(name: &str) -> CaseName {
        ("shop".to_owned(), name.to_owned())
    }

    fn gold() -> SupportContract {
        serde_json::from_value(json!({
            "apiVersion": "meshcase.io/v1alpha1", "kind": "SupportContract", "metadata": {"name": "gold"},
            "spec": {"plan": "AspenMeshStandard", "term": {}, "default": true},
        }))
        .unwrap()
    }

    #[test]
    fn counts_follow_each_case_and_come_back_to_nothing() {
        let mut caseload = Caseload::default();
        caseload.note(&name("a"), Some(&case("a", "gold", "AwaitingResponse", "Pending")));
        caseload.note(&name("b"), Some(&case("b", "gold", "AwaitingResponse", "AtRisk")));
        assert_eq!(caseload.counts("gold-1"), Counts { open: 2, pending: 2, ..Counts::default() });
        caseload.note(&name("a"), Some(&case("a", "gold", "InProgress", "Met")));
        caseload.note(&name("b"), Some(&case("b", "silver", "Closed", "Breached")));
        assert_eq!(caseload.counts("gold-1"), Counts { open: 1, met: 1, ..Counts::default() });
        assert_eq!(caseload.counts("silver-1"), Counts { breached: 1, ..Counts::default() });
        assert_eq!(caseload.of(&gold()), BTreeSet::from([name("a")]));
        for gone in ["a", "b"] {
            caseload.note(&name(gone), None);
        }
        assert!(caseload.counts.is_empty() && caseload.claims.is_empty() && caseload.naming.is_empty());
    }

    #[test]
    fn a_contract_looks_at_once_for_a_claim_and_some_time_for_a_count() {
        let mut caseload = Caseload::default();
        let gold = || BTreeSet::from(["gold".to_owned()]);
        let claimed = caseload.note(&name("a"), Some(&case("a", "gold", "AwaitingResponse", "Pending")));
        assert_eq!(claimed, Concerned { by_claims: gold(), ..Concerned::default() });
        let same = caseload.note(&name("a"), Some(&case("a", "gold", "AwaitingResponse", "Pending")));
        assert_eq!(same, Concerned::default());
        let counted = caseload.note(&name("a"), Some(&case("a", "gold", "InProgress", "Met")));
        assert_eq!(counted, Concerned { by_counts: gold(), ..Concerned::default() });
        let gone = caseload.note(&name("a"), None);
        assert_eq!(gone, Concerned { by_claims: gold(), ..Concerned::default() });
    }

    #[test]
    fn the_default_contract_has_the_cases_that_name_none() {
        let nameless = case_of(json!({"metadata": {"name": "a", "namespace": "shop"}, "spec": {"title": "down"}}));
        let caseload: Caseload = [&nameless].into_iter().collect();
        assert_eq!(caseload.of(&gold()), BTreeSet::from([name("a")]));
        let mut other = gold();
        other.spec.default = false;
        assert!(caseload.of(&other).is_empty());
    }

    #[test]
    fn a_case_that_stands_otherwise_than_it_was_noted_is_found() {
        let [a, b] = ["a", "b"].map(|name| case(name, "gold", "AwaitingResponse", "Pending"));
        let caseload: Caseload = [&a, &b].into_iter().collect();
        assert!(!caseload.is_wrong_on(&name("a"), Some(&a)));
        assert!(caseload.is_wrong_on(&name("a"), Some(&case("a", "gold", "InProgress", "Met"))));
        assert!(caseload.is_wrong_on(&name("b"), None));
        assert_eq!(caseload.names().count(), 2);
    }
}
