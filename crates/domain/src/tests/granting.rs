//! Ruling 26 in its plainest words, one claim after another, against the grant that finds what it needs without looking at
//! all of them.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::story::built_in;
use crate::contract::Contract;
use crate::quota::{Claim, ClaimKind, Counted, contract_year, grant};
use crate::severity::Severity;

/// What the ledger of the first quota holds, claim by claim.
fn one_by_one(contract: &Contract, claims: &[Claim], now: DateTime<Utc>) -> Vec<Counted> {
    let quota = &contract.plan.incident_quotas[0];
    let mut claims: Vec<&Claim> = claims.iter().filter(|claim| quota.severities.contains(&claim.severity)).collect();
    claims.sort_by_key(|claim| (claim.opened_at, claim.namespace.clone(), claim.name.clone()));
    let (start, end) = contract_year(contract, now);
    let this_year = |at: DateTime<Utc>| start <= at && at < end;
    let is = |uid: &str, kind| claims.iter().any(|claim| claim.uid == uid && claim.kind == kind);
    let mut counted = contract.ledgers.first().map(|ledger| ledger.counted.clone()).unwrap_or_default();
    counted.retain(|entry| !is(&entry.uid, ClaimKind::Released));
    counted.retain(|entry| this_year(entry.at) || is(&entry.uid, ClaimKind::Wanted));
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
        let (from, to) = contract_year(contract, claim.opened_at);
        let in_year = |at: DateTime<Utc>| from <= at && at < to;
        let acknowledged = claims.iter().filter(|other| other.kind == ClaimKind::Granted && in_year(other.opened_at));
        let acknowledged = acknowledged.filter(|other| missing(&counted, other)).count();
        let used = counted.iter().filter(|entry| in_year(entry.at)).count() + acknowledged;
        if used < quota.per_contract_year && missing(&counted, claim) {
            counted.push(entry(claim));
        }
    }
    counted.sort_by_key(|entry| (entry.at, entry.namespace.clone(), entry.name.clone()));
    counted
}

/// Around two new years of the contract, and in between; several openings are the same second.
const OPENED: [&str; 7] = [
    "2025-12-31T23:59:59Z",
    "2026-01-01T00:00:00Z",
    "2026-07-01T00:00:00Z",
    "2026-07-01T00:00:01Z",
    "2026-12-31T23:59:59Z",
    "2027-01-01T00:00:00Z",
    "2027-07-01T00:00:00Z",
];

fn any_claim() -> impl Strategy<Value = Claim> {
    let kinds = [ClaimKind::Wanted, ClaimKind::Wanted, ClaimKind::Granted, ClaimKind::Released];
    let parts =
        (proptest::sample::select(kinds.to_vec()), proptest::sample::select(Severity::ALL.to_vec()), 0..40_usize);
    // How a case stands changes; what it is does not.
    parts.prop_map(|(kind, severity, number)| Claim {
        kind,
        severity,
        opened_at: OPENED[number % OPENED.len()].parse().unwrap(),
        namespace: format!("team-{}", number % 3),
        name: format!("case-{number}"),
        uid: format!("uid-{number}"),
    })
}

proptest! {
    #[test]
    fn ruling_26_granting_without_looking_at_all_claims_is_granting_them_one_by_one(
        rounds in proptest::collection::vec((proptest::collection::vec(any_claim(), 0..40), 0_i64..3), 1..4),
    ) {
        let mut contract = built_in("MesosphereStandard");
        for (mut claims, half_years) in rounds {
            // A case has one claim.
            claims.sort_by(|one, other| one.uid.cmp(&other.uid));
            claims.dedup_by(|one, other| one.uid == other.uid);
            let now = "2026-06-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::days(183 * half_years);
            let expected = one_by_one(&contract, &claims, now);
            let ledgers = grant(&contract, &claims.iter().cloned().collect(), now);
            prop_assert_eq!(&ledgers[0].counted, &expected);
            contract.ledgers = ledgers;
        }
    }
}
