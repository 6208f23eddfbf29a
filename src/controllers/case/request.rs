//! Which evidence a case asks for, and whether it is time: pure, from the case, its contract and the clock.
//! Not for: reading the cluster, nor writing what was found.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use kube::ResourceExt;

use crate::api::{
    CaseEvidence, ContractEvidence, EntitlementDecision, EvidenceApproval, EvidenceState, EvidenceStatus,
    EvidenceWindow, Finding, FindingLevel, SupportCase, SupportCaseStatus, SupportContract,
};
use crate::convert::writer::EVIDENCE;
use crate::convert::{self, Feeds};
use crate::domain::reason;
use crate::evidence::Facts;
use crate::evidence::archive::manifest::CaseName;
use crate::evidence::collect::{Limits, Request};
use crate::evidence::store::bundle_key;
use meshcase_redact::RedactOptions;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    /// The case wants none: say so.
    Skip,
    /// The bundle's time is over.
    Expire,
    /// A bundle under this name; the same one again after a crash.
    Collect {
        started_at: DateTime<Utc>,
    },
}

/// The contract that `case` was accepted under, if it is accepted and the contract is still the same object.
pub(super) fn contract_of<'a>(
    case: &SupportCase,
    contracts: &'a [Arc<SupportContract>],
) -> Option<&'a SupportContract> {
    bound_contract(case, contracts).filter(|_| is_accepted(case))
}

/// The contract that decided on `case`, if it is still the same object.
pub(super) fn bound_contract<'a>(
    case: &SupportCase,
    contracts: &'a [Arc<SupportContract>],
) -> Option<&'a SupportContract> {
    let bound = case.status.as_ref()?.entitlement.as_ref()?.contract.as_ref()?;
    let found = contracts.iter().find(|contract| contract.name_any() == bound.name)?;
    (found.uid().as_deref() == Some(bound.uid.as_str())).then_some(found.as_ref())
}

pub(super) fn is_accepted(case: &SupportCase) -> bool {
    let entitlement = case.status.as_ref().and_then(|status| status.entitlement.as_ref());
    entitlement.is_some_and(|entitlement| {
        matches!(entitlement.decision, EntitlementDecision::Accepted | EntitlementDecision::AcceptedLimited)
    })
}

/// What is due for `case` at `now`.
pub(super) fn due(case: &SupportCase, contract: &SupportContract, now: DateTime<Utc>) -> Due {
    let Some(status) = &case.status else { return Due::Nothing };
    let evidence = status.evidence.as_ref();
    let state = evidence.map(|evidence| evidence.state);
    let started_at = evidence.and_then(|evidence| evidence.started_at);
    let expires_at = evidence.and_then(|evidence| evidence.bundle.as_ref()?.expires_at);
    if !wanted(case) {
        return if matches!(state, None | Some(EvidenceState::Pending)) { Due::Skip } else { Due::Nothing };
    }
    if asked_again(case, now) {
        return Due::Collect { started_at: now };
    }
    match state {
        None | Some(EvidenceState::Pending) => Due::Collect { started_at: now },
        Some(EvidenceState::Collecting) => Due::Collect { started_at: started_at.unwrap_or(now) },
        Some(EvidenceState::AwaitingApproval) if waits_for_approval(case, contract) => Due::Nothing,
        Some(EvidenceState::AwaitingApproval) => Due::Collect { started_at: started_at.unwrap_or(now) },
        Some(EvidenceState::Complete | EvidenceState::Partial) if expires_at.is_some_and(|at| at <= now) => Due::Expire,
        Some(_) => Due::Nothing,
    }
}

/// Whether a case that was decided has no facts yet.
pub(super) fn lacks_facts(case: &SupportCase) -> bool {
    case.status.as_ref().is_some_and(|status| status.cluster.is_none())
}

/// What earlier attempts at the bundle that was begun at a moment left behind.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Begun {
    /// How many there were; one that a crash ended counts.
    pub(super) attempts: i32,
    /// Why the last one failed.
    pub(super) message: Option<String>,
}

/// The earlier attempts at the bundle of `case` that was begun at `started_at`.
pub(super) fn begun(case: &SupportCase, started_at: DateTime<Utc>) -> Begun {
    let evidence = case.status.as_ref().and_then(|status| status.evidence.as_ref());
    let same = evidence.filter(|evidence| evidence.started_at == Some(started_at));
    same.map_or_else(Begun::default, |evidence| Begun {
        attempts: evidence.attempts.unwrap_or_default(),
        message: evidence.message.clone(),
    })
}

/// Whether the case's facts are to be found anew: with another bundle, newer ones.
pub(super) fn wants_new_facts(case: &SupportCase, now: DateTime<Utc>) -> bool {
    wanted(case) && asked_again(case, now)
}

/// When something will be due that is not due at `now`: another bundle that was asked for ahead, or an end of retention.
pub(super) fn next_wake(case: &SupportCase, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let again = wishes(case).collect_again_at;
    let evidence = case.status.as_ref().and_then(|status| status.evidence.as_ref());
    let expires = evidence.and_then(|evidence| evidence.bundle.as_ref()?.expires_at);
    [again, expires].into_iter().flatten().filter(|at| *at > now).min()
}

/// What the case says of its evidence, or the defaults where it says nothing.
fn wishes(case: &SupportCase) -> CaseEvidence {
    case.spec.evidence.clone().unwrap_or_default()
}

fn policy(contract: &SupportContract) -> ContractEvidence {
    contract.spec.evidence.clone().unwrap_or_default()
}

fn wanted(case: &SupportCase) -> bool {
    wishes(case).collect
}

/// Whether `collectAgainAt` has come and is newer than the bundle that was begun last.
fn asked_again(case: &SupportCase, now: DateTime<Utc>) -> bool {
    let again = wishes(case).collect_again_at;
    let begun = case.status.as_ref().and_then(|status| status.evidence.as_ref()?.started_at);
    again.is_some_and(|again| again <= now && begun.is_some_and(|begun| again > begun))
}

/// Whether no log may be read before the case says `approved`.
pub(super) fn waits_for_approval(case: &SupportCase, contract: &SupportContract) -> bool {
    policy(contract).approval == Some(EvidenceApproval::Required) && !wishes(case).approved
}

/// How many days a bundle is kept.
pub(super) fn retention_days(contract: &SupportContract) -> i64 {
    policy(contract).retention_days.into()
}

/// The name of the bundle that was begun at `started_at`: with it a crash makes the same bundle again.
pub(super) fn collection_id(started_at: DateTime<Utc>) -> String {
    started_at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// Where the bundle of `case` that was begun at `started_at` is stored.
pub(super) fn object_key(case: &SupportCase, started_at: DateTime<Utc>) -> String {
    bundle_key(&case.uid().unwrap_or_default(), &collection_id(started_at))
}

/// All that collecting needs to know; `redact` is the answer of [`redaction`].
pub(super) fn request(
    case: &SupportCase,
    contract: &SupportContract,
    facts: &Facts,
    redact: RedactOptions,
    started_at: DateTime<Utc>,
) -> Request {
    let (wishes, policy) = (wishes(case), policy(contract));
    Request {
        case: CaseName {
            namespace: case.namespace().unwrap_or_default(),
            name: case.name_any(),
            uid: case.uid().unwrap_or_default(),
        },
        affected: case.spec.affected.clone(),
        mesh_namespaces: policy.mesh_namespaces.clone(),
        facts: facts.clone(),
        since_minutes: wishes.since_minutes.unsigned_abs(),
        include_logs: policy.include_logs,
        max_bundle_mebibytes: u64::from(policy.max_bundle_mebibytes.unsigned_abs()),
        redact,
        window: EvidenceWindow { from: started_at - TimeDelta::minutes(wishes.since_minutes.into()), to: started_at },
        limits: Limits::default(),
    }
}

/// Why nothing may be collected under a contract until it is mended.
#[derive(Debug, Clone)]
pub(super) struct Blocked {
    /// The id of the finding that says so.
    id: &'static str,
    message: String,
}

/// The ids of findings that say why nothing is collected.
const BLOCKED: [&str; 2] = [reason::INVALID_REDACTOR, reason::ENCRYPTION_UNAVAILABLE];

/// What the contract wants redacted beside the built-in rules.
///
/// # Errors
/// A rule cannot be used, or the contract wants encrypted bundles: what it asked to be kept from others must not be stored
/// in the clear.
pub(super) fn redaction(contract: &SupportContract, feeds: &Feeds) -> Result<RedactOptions, Blocked> {
    let policy = policy(contract);
    if !policy.encrypt_to.is_empty() {
        let message = "the contract's spec.evidence.encryptTo asks for encrypted bundles, which this version cannot make: \
            nothing is collected while it names a key";
        return Err(Blocked { id: reason::ENCRYPTION_UNAVAILABLE, message: message.to_owned() });
    }
    convert::redaction(&policy, feeds).map_err(|message| Blocked { id: reason::INVALID_REDACTOR, message })
}

/// The case's evidence, with the reason why nothing is collected now. A bundle that is there stays.
pub(super) fn blocked(case: &SupportCase, why: Blocked) -> EvidenceStatus {
    let mut evidence = case.status.as_ref().and_then(|status| status.evidence.clone()).unwrap_or_default();
    evidence.findings.retain(|finding| !BLOCKED.contains(&finding.id.as_str()));
    evidence.findings.push(Finding { id: why.id.to_owned(), level: FindingLevel::Error, message: why.message });
    evidence
}

/// Whether the case already says all this: then there is nothing to do until its contract or a ConfigMap changes.
pub(super) fn says(case: &SupportCase, evidence: EvidenceStatus) -> bool {
    let status = case.status.clone().unwrap_or_default();
    let told = SupportCaseStatus { evidence: Some(evidence), ..status.clone() };
    EVIDENCE.difference(Some(&status), &told).is_ok_and(|difference| difference.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: &str = "2026-11-25T10:00:00Z";

    fn now() -> DateTime<Utc> {
        NOW.parse().unwrap()
    }

    fn case(spec: Value, evidence: Value) -> SupportCase {
        let mut case = json!({
            "apiVersion": "meshcase.io/v1alpha1", "kind": "SupportCase",
            "metadata": {"name": "checkout-503", "namespace": "shop", "uid": "u-1"},
            "spec": {"title": "checkout answers 503", "evidence": spec},
            "status": {"entitlement": {"decision": "Accepted", "contract": {"name": "gold", "uid": "c-1"}}},
        });
        if !evidence.is_null() {
            case["status"]["evidence"] = evidence;
        }
        serde_json::from_value(case).unwrap()
    }

    fn contract(evidence: Value) -> SupportContract {
        serde_json::from_value(json!({
            "apiVersion": "meshcase.io/v1alpha1", "kind": "SupportContract",
            "metadata": {"name": "gold", "uid": "c-1"},
            "spec": {"plan": "AspenMeshStandard", "term": {}, "evidence": evidence},
        }))
        .unwrap()
    }

    fn due_for(spec: Value, evidence: Value, policy: Value) -> Due {
        due(&case(spec, evidence), &contract(policy), now())
    }

    #[test]
    fn a_case_that_says_nothing_gets_a_bundle() {
        assert_eq!(due_for(json!({}), Value::Null, json!({})), Due::Collect { started_at: now() });
    }

    #[test]
    fn a_bundle_that_a_crash_left_unfinished_is_made_again_under_the_same_name() {
        let evidence = json!({"state": "Collecting", "startedAt": "2026-11-25T09:00:00Z"});
        let begun = "2026-11-25T09:00:00Z".parse().unwrap();
        assert_eq!(due_for(json!({}), evidence, json!({})), Due::Collect { started_at: begun });
    }

    #[test]
    fn attempts_at_a_bundle_are_counted_in_the_status_and_begin_anew_with_another_bundle() {
        let evidence =
            json!({"state": "Collecting", "startedAt": NOW, "attempts": 2, "message": "attempt 2 of 3: gone"});
        let case = case(json!({}), evidence);
        let begun_before = Begun { attempts: 2, message: Some("attempt 2 of 3: gone".to_owned()) };
        assert_eq!(begun(&case, now()), begun_before);
        assert_eq!(begun(&case, now() + TimeDelta::seconds(1)), Begun::default());
    }

    #[test]
    fn a_case_that_wants_no_evidence_is_told_so_once() {
        assert_eq!(due_for(json!({"collect": false}), Value::Null, json!({})), Due::Skip);
        assert_eq!(due_for(json!({"collect": false}), json!({"state": "Skipped"}), json!({})), Due::Nothing);
    }

    #[test]
    fn no_log_is_read_before_an_approval_that_the_contract_requires() {
        let waiting = json!({"state": "AwaitingApproval", "startedAt": NOW});
        let policy = json!({"approval": "Required"});
        assert_eq!(due_for(json!({}), waiting.clone(), policy.clone()), Due::Nothing);
        assert_eq!(due_for(json!({"approved": true}), waiting, policy), Due::Collect { started_at: now() });
    }

    #[test]
    fn a_newer_bundle_is_asked_for_once_and_not_before_its_time() {
        let done = |begun: &str| json!({"state": "Complete", "startedAt": begun});
        let again = json!({"collectAgainAt": "2026-11-25T09:30:00Z"});
        assert_eq!(due_for(again.clone(), done("2026-11-25T09:00:00Z"), json!({})), Due::Collect { started_at: now() });
        assert_eq!(due_for(again, done(NOW), json!({})), Due::Nothing);
        let later = json!({"collectAgainAt": "2026-11-25T11:00:00Z"});
        assert_eq!(due_for(later.clone(), done("2026-11-25T09:00:00Z"), json!({})), Due::Nothing);
        let wake = next_wake(&case(later, done("2026-11-25T09:00:00Z")), now());
        assert_eq!(wake, Some("2026-11-25T11:00:00Z".parse().unwrap()));
    }

    #[test]
    fn a_bundle_whose_time_is_over_expires() {
        let evidence = json!({"state": "Complete", "startedAt": "2026-10-01T00:00:00Z", "bundle": {
            "uri": "file:///b", "sha256": "0", "sizeBytes": 1, "encrypted": false, "expiresAt": NOW}});
        assert_eq!(due_for(json!({}), evidence, json!({})), Due::Expire);
    }

    #[test]
    fn an_unusable_redaction_rule_is_told_beside_the_bundle_that_is_there() {
        let rules = contract(json!({"redactionRules": [{"name": "rules", "key": "a"}]}));
        let text = Ok("[{id: a, expression: '('}]".to_owned());
        let feeds = [(("rules".to_owned(), "a".to_owned()), text)].into_iter().collect();
        let why = redaction(&rules, &feeds).unwrap_err();
        assert!(why.message.contains("unclosed group at offset 0"), "{why:?}");
        let mut case = case(json!({}), json!({"state": "Complete", "startedAt": NOW}));
        let told = blocked(&case, why.clone());
        assert_eq!((told.state, told.findings.len()), (EvidenceState::Complete, 1));
        assert!(!says(&case, told.clone()));
        case.status.as_mut().unwrap().evidence = Some(told);
        assert!(says(&case, blocked(&case, why.clone())));
        assert!(!says(&case, blocked(&case, Blocked { message: format!("{}, again", why.message), ..why })));
    }

    #[test]
    fn a_reason_that_is_too_long_for_a_status_is_told_once() {
        let mut case = case(json!({}), json!({"state": "Pending"}));
        let why = Blocked { id: reason::INVALID_REDACTOR, message: "long ".repeat(200) };
        let told = SupportCaseStatus { evidence: Some(blocked(&case, why.clone())), ..case.status.clone().unwrap() };
        case.status = Some(EVIDENCE.written(told));
        assert!(says(&case, blocked(&case, why)));
    }

    #[test]
    fn nothing_is_collected_in_the_clear_where_the_contract_asks_for_encryption() {
        let why = redaction(&contract(json!({"encryptTo": ["age1example"]})), &Feeds::default()).unwrap_err();
        assert!(why.message.contains("spec.evidence.encryptTo"), "{why:?}");
        let told = blocked(&case(json!({}), Value::Null), why);
        assert_eq!(told.state, EvidenceState::Pending);
        assert_eq!(told.findings[0].id, "EncryptionUnavailable");
    }

    #[test]
    fn a_contract_created_again_under_the_name_gathers_nothing_for_the_old_one() {
        let other: SupportContract = serde_json::from_value(json!({
            "apiVersion": "meshcase.io/v1alpha1", "kind": "SupportContract",
            "metadata": {"name": "gold", "uid": "c-2"}, "spec": {"plan": "AspenMeshStandard", "term": {}},
        }))
        .unwrap();
        assert!(contract_of(&case(json!({}), Value::Null), &[Arc::new(other)]).is_none());
    }
}
