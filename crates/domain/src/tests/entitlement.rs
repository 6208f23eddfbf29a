//! Who gets support: the ten checks, contacts, quotas, the life of a contract: rulings 21 to 28.

use chrono::{DateTime, Utc};

use super::story::*;
use crate::Decision;
use crate::case::{Act, Category};
use crate::contract::{Contract, ContractState, ProductPhase, Release};
use crate::entitlement::{Check, CheckResult, Entitled};
use crate::lifecycle::State;
use crate::plan::Channel;
use crate::quota::{Claim, ClaimKind, Claims, Ledger, contract_year, grant};
use crate::severity::Severity::{self, Sev1, Sev2, Sev3, Sev4};
use crate::sla::PromiseResult;

const CHECKS: [&str; 10] = [
    "ContractFound",
    "NamespaceAllowed",
    "ContractActive",
    "ContactAuthorized",
    "ChannelOffered",
    "CategoryInScope",
    "IncidentQuota",
    "VersionSupported",
    "ProductionRelease",
    "NodesWithinLicense",
];

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn check<'d>(decision: &'d Decision, name: &str) -> &'d Check {
    decision.entitlement.checks.iter().find(|check| check.name == name).unwrap()
}

/// Decision, first failed check, its reason.
fn entitled(decision: &Decision) -> (&'static str, Option<(&str, &str)>) {
    let failed = decision.entitlement.checks.iter().find(|check| check.result == CheckResult::Failed);
    (decision.entitlement.decision.as_str(), failed.map(|check| (check.name.as_str(), check.reason.as_str())))
}

fn releases(table: &[(&str, &str, Option<&str>)]) -> Vec<Release> {
    let release = |(version, released, end): &(&str, &str, Option<&str>)| Release {
        version: (*version).to_owned(),
        released_on: released.parse().unwrap(),
        end_of_life_on: end.map(|end| end.parse().unwrap()),
    };
    table.iter().map(release).collect()
}

fn aspen() -> Story {
    Story::under(built_in("AspenMeshStandard"), Some(Sev1), "Mon 18:00")
}

fn premium() -> Story {
    Story::under(built_in("MesospherePremium"), Some(Sev1), "Mon 18:00")
}

#[test]
fn ruling_21_ten_checks_in_one_order() {
    let decision = aspen().decide("Mon 18:00");
    let names: Vec<_> = decision.entitlement.checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(names, CHECKS);
    assert_eq!(decision.entitlement.decision, Entitled::Accepted);
    assert_eq!(
        decision.entitlement.bound.as_ref().map(|bound| (bound.name.as_str(), bound.uid.as_str())),
        Some(("acme", "c-1"))
    );
    assert_eq!(decision.entitlement.plan.as_deref(), Some("AspenMeshStandard"));
}

/// What makes each check fail, with the reason and the decision.
type Breaks = (&'static str, Edit, &'static str, &'static str);

const BREAKS: [Breaks; 16] = [
    ("NamespaceAllowed", |story| story.namespace_allowed = false, "NamespaceNotAllowed", "Rejected"),
    ("ContractActive", |story| bought(story).ends_at = Some(at("Mon 18:00")), "ContractLapsed", "Rejected"),
    ("ContractActive", |story| bought(story).starts_at = Some(at("Mon 18:00:01")), "ContractNotStarted", "Rejected"),
    ("ContractActive", |story| trial(story, "2026-10-24T18:00:00Z"), "TrialExpired", "Rejected"),
    ("ContactAuthorized", |story| bought(story).contacts = vec!["a@x.org".to_owned()], "ContactRequired", "Rejected"),
    (
        "ContactAuthorized",
        |story| {
            bought(story).contacts = vec!["a@x.org".to_owned()];
            story.case.contact_email = Some("b@x.org".to_owned());
        },
        "ContactNotAuthorized",
        "Rejected",
    ),
    (
        "ContactAuthorized",
        |story| {
            bought(story).plan = built_in("MesosphereStandard").plan;
            bought(story).contacts = ["a@x.org", "b@x.org", "c@x.org"].map(str::to_owned).to_vec();
            story.case.contact_email = Some("c@x.org".to_owned());
        },
        "ContactOverLimit",
        "Rejected",
    ),
    (
        "ChannelOffered",
        |story| {
            bought(story).plan = built_in("MesospherePremium").plan;
            story.case.channel = Channel::Phone;
        },
        "ChannelNotOffered",
        "Rejected",
    ),
    ("CategoryInScope", |story| story.case.category = Category::Installation, "InstallationOutOfScope", "Rejected"),
    (
        "CategoryInScope",
        |story| {
            story.case.category = Category::Enhancement;
            bought(story).releases = releases(&[("1.20", "2025-01-01", None), ("1.21", "2025-06-01", None)]);
            story.facts.mesh_version = Some("1.20.3".to_owned());
        },
        "EnhancementOutOfScope",
        "Rejected",
    ),
    (
        "IncidentQuota",
        |story| {
            let contract = bought(story);
            contract.plan = built_in("MesosphereStandard").plan;
            contract.ledgers = grant(contract, &of(&incidents(10)), at("Mon 17:00"));
        },
        "QuotaExhausted",
        "Rejected",
    ),
    ("VersionSupported", |story| on_version(story, "1.17.2"), "VersionEndOfLife", "Rejected"),
    ("VersionSupported", |story| on_version(story, "1.18"), "LimitedSupport", "AcceptedLimited"),
    (
        "VersionSupported",
        |story| {
            on_version(story, "1.17.2");
            bought(story).continuing_until = Some(utc("2027-01-01T00:00:00Z"));
        },
        "ContinuingSupport",
        "AcceptedLimited",
    ),
    (
        "ProductionRelease",
        |story| {
            bought(story).plan = built_in("MesospherePremium").plan;
            story.facts.mesh_version = Some("1.20.0-rc.1".to_owned());
        },
        "NotAProductionRelease",
        "Rejected",
    ),
    (
        "NodesWithinLicense",
        |story| {
            bought(story).licensed_nodes = Some(10);
            story.facts.nodes = Some(11);
        },
        "NodesOverLicense",
        "AcceptedLimited",
    ),
];

fn bought(story: &mut Story) -> &mut Contract {
    story.contract.as_mut().unwrap()
}

fn trial(story: &mut Story, registered_at: &str) {
    let contract = bought(story);
    contract.plan = built_in("AspenMeshTrial").plan;
    (contract.starts_at, contract.registered_at) = (None, Some(utc(registered_at)));
}

fn on_version(story: &mut Story, version: &str) {
    bought(story).releases = releases(&[
        ("1.17", "2024-01-01", Some("2026-06-01")),
        ("1.18", "2025-01-01", None),
        ("1.19", "2025-06-01", None),
        ("1.20", "2026-01-01", None),
    ]);
    story.facts.mesh_version = Some(version.to_owned());
}

/// Claims of the contract year, each a granted case.
fn incidents(count: usize) -> Vec<Claim> {
    let claim = |number| Claim {
        namespace: "shop".to_owned(),
        name: format!("case-{number:02}"),
        uid: format!("u-old-{number}"),
        opened_at: at("Mon 08:00"),
        severity: Sev1,
        kind: ClaimKind::Wanted,
    };
    (0..count).map(claim).collect()
}

#[test]
fn ruling_21_each_check_fails_for_its_own_reasons() {
    for (name, breaks, reason, decision) in BREAKS {
        let mut story = aspen();
        breaks(&mut story);
        let found = story.decide("Mon 18:00");
        assert_eq!(entitled(&found), (decision, Some((name, reason))), "{name}");
        assert!(!check(&found, name).message.is_empty(), "{name}: a reader is told");
    }
    let broken: std::collections::BTreeSet<_> = BREAKS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(broken.len(), CHECKS.len() - 1, "all but ContractFound, which is waited for");
}

#[test]
fn ruling_21_the_first_failure_wins() {
    let mut story = aspen();
    for (_, breaks, ..) in BREAKS.iter().rev() {
        breaks(&mut story);
    }
    // Mended one by one from the front, the next one is told.
    let mends: [(&str, Edit); 4] = [
        ("NamespaceNotAllowed", |story| story.namespace_allowed = true),
        ("ContractNotStarted", |story| {
            (bought(story).ends_at, bought(story).starts_at) = (None, Some(at("Mon 00:00")))
        }),
        ("ContactNotAuthorized", |story| bought(story).contacts.clear()),
        ("ChannelNotOffered", |story| story.case.channel = Channel::Web),
    ];
    bought(&mut story).plan = built_in("MesospherePremium").plan;
    (bought(&mut story).registered_at, story.case.contact_email) = (None, Some("z@x.org".to_owned()));
    for (reason, mend) in mends {
        let found = story.decide("Mon 18:00");
        assert_eq!(entitled(&found).1.map(|(_, reason)| reason), Some(reason));
        mend(&mut story);
    }
}

#[test]
fn ruling_21_a_check_that_the_document_does_not_make_passes() {
    // Mesosphere walks through installations and takes enhancements; Aspen Mesh says nothing of pre-releases.
    for category in [Category::Installation, Category::Enhancement, Category::Question, Category::Documentation] {
        let mut story = premium();
        story.case.category = category;
        assert_eq!(story.decide("Mon 18:00").entitlement.decision, Entitled::Accepted, "{category:?}");
    }
    let mut story = aspen();
    story.facts.mesh_version = Some("1.20.0-rc.1".to_owned());
    assert_eq!(check(&story.decide("Mon 18:00"), "ProductionRelease").result, CheckResult::Passed);
    assert_eq!(check(&story.decide("Mon 18:00"), "NodesWithinLicense").result, CheckResult::Passed);
}

#[test]
fn ruling_21_a_trial_lasts_thirty_days_of_twenty_four_hours_from_its_registration() {
    // Over the clock change of 1 November in Denver: 24 hours each, whatever the wall clock says.
    let mut story = aspen();
    trial(&mut story, "2026-10-25T18:00:00Z");
    assert_eq!(bought(&mut story).trial_ends_at(), Some(utc("2026-11-24T18:00:00Z")));
    assert_eq!(story.decide("Mon 18:00").entitlement.decision, Entitled::Accepted);
    let mut late = Story::under(story.contract.clone().unwrap(), Some(Sev1), "Tue 17:59:59");
    assert_eq!(late.decide("Tue 17:59:59").entitlement.decision, Entitled::Accepted);
    let mut later = Story::under(story.contract.unwrap(), Some(Sev1), "Tue 18:00");
    assert_eq!(entitled(&later.decide("Tue 18:00")).1, Some(("ContractActive", "TrialExpired")));
}

#[test]
fn ruling_22_a_missing_contract_is_waited_for_and_the_clock_runs() {
    let mut story = Story::new(Sev1, "Mon 10:00");
    let contract = story.contract.take();
    let waiting = story.decide("Mon 10:40");
    assert_eq!((waiting.state, waiting.entitlement.decision), (State::Pending, Entitled::Pending));
    assert_eq!(
        (check(&waiting, "ContractFound").result, check(&waiting, "ContractFound").reason.as_str()),
        (CheckResult::Unknown, "ContractNotFound")
    );
    story.contract = contract.clone();
    assert_eq!(stands(response(&story.decide("Mon 10:40"))), "Pending, due Mon 11:00");
    let mut late = Story::new(Sev1, "Mon 10:00");
    late.contract = None;
    late.decide("Mon 12:00");
    late.contract = contract;
    assert_eq!(stands(response(&late.decide("Mon 12:00"))), "Breached Mon 11:00:01, due Mon 11:00");
}

#[test]
fn ruling_23_what_the_cluster_has_not_answered_never_delays_the_clock() {
    let mut story = premium();
    bought(&mut story).licensed_nodes = Some(10);
    let accepted = story.decide("Mon 18:00");
    assert_eq!(
        (accepted.entitlement.decision, told(response(&accepted).due_at)),
        (Entitled::Accepted, "Mon 19:00".to_owned())
    );
    for name in ["VersionSupported", "ProductionRelease", "NodesWithinLicense"] {
        assert_eq!(check(&accepted, name).result, CheckResult::Unknown, "{name}");
    }
    // The facts arrive, and turn it.
    let limited = story.edits("Mon 18:10", |story| story.facts.nodes = Some(11));
    assert_eq!(entitled(&limited), ("AcceptedLimited", Some(("NodesWithinLicense", "NodesOverLicense"))));
    let rejected = story.edits("Mon 18:20", |story| story.facts.mesh_version = Some("1.20.0-alpha.2".to_owned()));
    assert_eq!((rejected.state, entitled(&rejected).0), (State::Rejected, "Rejected"));
    assert_eq!(stands(response(&rejected)), "Paused, 2400 s left");
    let mut answered = premium();
    answered.acts("Mon 18:05", Act::ContactAttempted);
    let limited = answered.edits("Mon 18:20", |story| story.facts.mesh_version = Some("1.20.0-alpha.2".to_owned()));
    assert_eq!((limited.state, entitled(&limited).0), (State::InProgress, "AcceptedLimited"));
}

#[test]
fn ruling_23_over_the_licensed_nodes_is_never_rejected() {
    for nodes in [10, 11, 100_000] {
        let mut story = premium();
        bought(&mut story).licensed_nodes = Some(10);
        story.facts.nodes = Some(nodes);
        let decision = story.decide("Mon 18:00").entitlement.decision;
        assert_eq!(decision, if nodes > 10 { Entitled::AcceptedLimited } else { Entitled::Accepted }, "{nodes}");
    }
}

#[test]
fn ruling_23_what_the_customer_states_counts_where_nothing_is_detected() {
    let mut story = premium();
    story.case.stated_mesh_version = Some("1.20.0-beta".to_owned());
    assert_eq!(story.decide("Mon 18:00").entitlement.decision, Entitled::Rejected);
    story.facts.mesh_version = Some("1.20.0".to_owned());
    assert_eq!(story.decide("Mon 18:01").entitlement.decision, Entitled::Accepted, "detected goes before");
}

#[test]
fn ruling_24_an_accepted_case_follows_no_later_edit_of_what_the_opening_was_judged_by() {
    let edits: [fn(&mut Story); 6] = [
        |story| story.namespace_allowed = false,
        |story| bought(story).contacts = vec!["z@x.org".to_owned()],
        |story| story.case.contact_email = Some("nobody@x.org".to_owned()),
        |story| story.case.channel = Channel::Phone,
        |story| story.case.category = Category::Installation,
        |story| story.case.contract_ref = Some("other".to_owned()),
    ];
    for edit in edits {
        let mut story = aspen();
        let before = story.decide("Mon 18:00");
        let after = story.edits("Mon 18:10", edit);
        assert_eq!(after.entitlement, before.entitlement);
        assert_eq!(after.promises, before.promises);
    }
    let mut story = aspen();
    assert!(!story.decide("Mon 18:00").contract_change_ignored);
    assert!(
        story.edits("Mon 18:10", |story| story.case.contract_ref = Some("other".to_owned())).contract_change_ignored
    );
    // A contract that was created again under the name is bound again.
    let again = story.edits("Mon 18:20", |story| bought(story).uid = "c-2".to_owned());
    assert_eq!(again.entitlement.bound.unwrap().uid, "c-2");
}

#[test]
fn ruling_24_a_rejected_case_is_decided_anew_and_the_span_of_rejection_is_a_pause() {
    let mut story = Story::new(Sev1, "Mon 10:00");
    story.namespace_allowed = false;
    let rejected = story.decide("Mon 10:30");
    assert_eq!((rejected.state, stands(response(&rejected))), (State::Rejected, "Paused, 3600 s left".to_owned()));
    let accepted = story.edits("Mon 11:00", |story| story.namespace_allowed = true);
    assert_eq!(
        (accepted.state, stands(response(&accepted))),
        (State::AwaitingResponse, "Pending, due Mon 12:00".to_owned())
    );
    let spans: Vec<_> =
        accepted.pauses.0.iter().map(|pause| (told(Some(pause.from)), told(pause.to), pause.reason.as_str())).collect();
    assert_eq!(spans, [("Mon 10:00".to_owned(), "Mon 11:00".to_owned(), "not entitled")]);
    assert_eq!(history(&accepted), ["Mon 10:00 Rejected - to NamespaceNotAllowed", "Mon 11:00 Accepted - to -"]);
}

#[test]
fn ruling_24_what_a_late_check_rejected_is_taken_up_when_the_facts_pass_and_the_span_is_a_pause() {
    let mut story = Story::new(Sev1, "Mon 10:00");
    assert_eq!(story.decide("Mon 10:00").entitlement.decision, Entitled::Accepted);
    let rejected = story.edits("Mon 10:10", |story| on_version(story, "1.17.2"));
    assert_eq!(entitled(&rejected), ("Rejected", Some(("VersionSupported", "VersionEndOfLife"))));
    assert!(rejected.entitlement.is_rejected_late());
    assert_eq!((rejected.state, stands(response(&rejected))), (State::Rejected, "Paused, 3000 s left".to_owned()));
    let accepted = story.edits("Mon 10:40", |story| on_version(story, "1.20.1"));
    let stood = (accepted.state, stands(response(&accepted)));
    assert_eq!(stood, (State::AwaitingResponse, "Pending, due Mon 11:30".to_owned()));
    assert!(!accepted.entitlement.is_rejected_late());
    let spans: Vec<_> =
        accepted.pauses.0.iter().map(|pause| (told(Some(pause.from)), told(pause.to), pause.reason.as_str())).collect();
    assert_eq!(spans, [("Mon 10:10".to_owned(), "Mon 10:40".to_owned(), "not entitled")]);
}

#[test]
fn ruling_25_addresses_compare_without_case_and_a_contract_without_contacts_authorises_everybody() {
    for (contacts, named, expected) in [
        (&[][..], None, "Accepted"),
        (&[], Some("anybody@x.org"), "Accepted"),
        (&["Ann@X.org"], Some("aNN@x.ORG"), "Accepted"),
        (&["ann@x.org"], Some("bob@x.org"), "Rejected"),
        (&["ann@x.org"], None, "Rejected"),
    ] {
        let mut story = aspen();
        bought(&mut story).contacts = contacts.iter().map(|email| (*email).to_owned()).collect();
        story.case.contact_email = named.map(str::to_owned);
        assert_eq!(story.decide("Mon 18:00").entitlement.decision.as_str(), expected, "{contacts:?} {named:?}");
    }
}

#[test]
fn ruling_25_the_first_contacts_of_the_tier_count() {
    let emails: Vec<String> = (0..20).map(|number| format!("c{number}@x.org")).collect();
    // Nodes of the cluster, licensed nodes, how many contacts count.
    for (nodes, licensed, limit) in [
        (Some(100), None, 4),
        (Some(101), None, 8),
        (Some(500), Some(50), 8),
        (Some(501), None, 12),
        (None, Some(50), 4),
        (None, Some(300), 8),
        (None, None, 12),
    ] {
        let mut contract = built_in("MesospherePremium");
        (contract.contacts, contract.licensed_nodes) = (emails.clone(), licensed);
        let (within, beyond) = contract.contacts_within_limit(nodes);
        assert_eq!((within, beyond), (&emails[..limit], &emails[limit..]), "{nodes:?} of {licensed:?}");
        for (index, expected) in [(limit - 1, None), (limit, Some(("ContactAuthorized", "ContactOverLimit")))] {
            let mut story = Story::under(contract.clone(), Some(Sev3), "Mon 18:00");
            (story.case.contact_email, story.facts.nodes) = (Some(emails[index].clone()), nodes);
            // More nodes than licensed limit the case, and that is another check.
            let failed = story
                .decide("Mon 18:00")
                .entitlement
                .checks
                .into_iter()
                .find(|check| check.result == CheckResult::Failed);
            let failed = failed.filter(|check| check.name == "ContactAuthorized");
            assert_eq!(
                failed.as_ref().map(|check| (check.name.as_str(), check.reason.as_str())),
                expected,
                "{nodes:?} {index}"
            );
        }
    }
}

fn standard() -> Contract {
    built_in("MesosphereStandard")
}

fn claim(name: &str, opened_at: &str, kind: ClaimKind) -> Claim {
    Claim {
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        uid: format!("u-{name}"),
        opened_at: utc(opened_at),
        severity: Sev2,
        kind,
    }
}

fn of(claims: &[Claim]) -> Claims {
    claims.iter().cloned().collect()
}

fn counted(ledgers: &[Ledger]) -> Vec<&str> {
    ledgers[0].counted.iter().map(|entry| entry.name.as_str()).collect()
}

#[test]
fn ruling_26_contract_years_are_anniversaries_of_the_start_in_the_plans_zone() {
    let mut contract = standard();
    for (starts, moment, begins, ends) in [
        // Midnight in Los Angeles: 08:00 UTC in winter, 07:00 in summer.
        ("2026-01-15T08:00:00Z", "2026-06-01T00:00:00Z", "2026-01-15T08:00:00Z", "2027-01-15T08:00:00Z"),
        ("2026-01-15T08:00:00Z", "2027-01-15T07:59:59Z", "2026-01-15T08:00:00Z", "2027-01-15T08:00:00Z"),
        ("2026-01-15T08:00:00Z", "2027-01-15T08:00:00Z", "2027-01-15T08:00:00Z", "2028-01-15T08:00:00Z"),
        // 29 February counts as the 28th in other years.
        ("2024-02-29T08:00:00Z", "2025-06-01T00:00:00Z", "2025-02-28T08:00:00Z", "2026-02-28T08:00:00Z"),
        ("2024-02-29T08:00:00Z", "2027-12-01T00:00:00Z", "2027-02-28T08:00:00Z", "2028-02-29T08:00:00Z"),
        // A start on 31 December UTC is still the 30th there or already; the wall clock counts.
        ("2026-01-01T00:00:00Z", "2026-12-31T12:00:00Z", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        // The second Sunday of March, 02:30, which the clock skips in 2027.
        ("2026-03-14T09:30:00Z", "2027-03-14T12:00:00Z", "2027-03-14T10:30:00Z", "2028-03-14T09:30:00Z"),
    ] {
        contract.starts_at = Some(utc(starts));
        assert_eq!(contract_year(&contract, utc(moment)), (utc(begins), utc(ends)), "{starts} at {moment}");
    }
}

#[test]
fn ruling_26_ten_of_eleven_are_granted_by_opening_then_namespace_and_name_whatever_the_order() {
    let contract = standard();
    let mut claims: Vec<_> =
        (0..11).map(|number| claim(&format!("c{number:02}"), "2026-11-20T17:00:00Z", ClaimKind::Wanted)).collect();
    claims[10].opened_at = utc("2026-11-20T16:59:59Z");
    let now = utc("2026-11-20T17:00:01Z");
    let expected = ["c10", "c00", "c01", "c02", "c03", "c04", "c05", "c06", "c07", "c08"];
    for rotation in 0..11 {
        claims.rotate_left(rotation);
        let ledgers = grant(&contract, &of(&claims), now);
        assert_eq!(counted(&ledgers), expected, "{rotation}");
        assert_eq!((ledgers[0].used, ledgers[0].limit, ledgers[0].resets_at), (10, 10, utc("2027-01-01T00:00:00Z")));
        // Granting again changes nothing, nor does a crash between two grants.
        let mut again = contract.clone();
        again.ledgers = grant(&contract, &of(&claims[..3]), now);
        let first: Vec<_> = counted(&again.ledgers).into_iter().map(str::to_owned).collect();
        again.ledgers = grant(&again, &of(&claims), now);
        assert!(first.iter().all(|name| counted(&again.ledgers).contains(&name.as_str())), "what was granted stays");
        assert_eq!(again.ledgers[0].used, 10);
        assert_eq!(grant(&again, &of(&claims), now), again.ledgers);
    }
}

#[test]
fn ruling_26_only_the_severities_of_the_quota_count() {
    let contract = standard();
    let mut claims: Vec<_> =
        (0..20).map(|number| claim(&format!("c{number:02}"), "2026-11-20T17:00:00Z", ClaimKind::Wanted)).collect();
    claims.iter_mut().for_each(|claim| claim.severity = Sev3);
    assert_eq!(grant(&contract, &of(&claims), utc("2026-11-20T17:00:01Z"))[0].used, 0);
    let mut story = Story::under(contract, Some(Sev4), "Mon 18:00");
    story.grants = false;
    assert_eq!(story.decide("Mon 18:00").entitlement.decision, Entitled::Accepted);
}

#[test]
fn ruling_26_until_it_is_counted_a_case_is_pending_and_its_clock_runs() {
    let mut story = Story::under(standard(), Some(Sev1), "Mon 18:00");
    story.grants = false;
    let waiting = story.decide("Mon 18:00");
    assert_eq!((waiting.state, check(&waiting, "IncidentQuota").reason.as_str()), (State::Pending, "QuotaPending"));
    let granted = story.edits("Mon 18:01", |story| story.grants = true);
    assert_eq!((granted.state, granted.entitlement.quota_granted_at), (State::AwaitingResponse, Some(at("Mon 18:01"))));
    assert_eq!(granted.entitlement.counted, Some(Sev1));
    assert_eq!(response(&granted).started_at, Some(at("Mon 18:00")));
}

#[test]
fn ruling_26_a_case_that_fails_another_check_does_not_look_as_if_it_waited_to_be_counted() {
    let mut story = Story::under(standard(), Some(Sev1), "Mon 18:00");
    story.grants = false;
    story.case.channel = Channel::Phone;
    let rejected = story.decide("Mon 18:00");
    let quota = check(&rejected, "IncidentQuota");
    assert_eq!(
        (quota.result, quota.message.as_str()),
        (CheckResult::Unknown, "the case is not counted while another check fails")
    );
    assert_eq!(entitled(&rejected), ("Rejected", Some(("ChannelOffered", "ChannelNotOffered"))));
}

fn full(severity: Severity) -> Story {
    let mut story = Story::under(standard(), Some(severity), "Mon 18:00");
    let contract = bought(&mut story);
    contract.ledgers = grant(contract, &of(&incidents(10)), at("Mon 17:00"));
    story
}

#[test]
fn ruling_26_an_exhausted_quota_rejects_at_the_opening_and_stops_a_later_upgrade() {
    assert_eq!(entitled(&full(Sev2).decide("Mon 18:00")), ("Rejected", Some(("IncidentQuota", "QuotaExhausted"))));
    let mut story = full(Sev3);
    assert_eq!(story.decide("Mon 18:00").entitlement.decision, Entitled::Accepted);
    let upgraded = story.edits("Mon 18:30", |story| story.case.severity = Some(Sev1));
    assert_eq!((upgraded.severity.requested, upgraded.severity.effective), (Some(Sev1), Some(Sev3)));
    assert_eq!(check(&upgraded, "IncidentQuota").reason, "QuotaExhausted");
    assert_eq!(
        (upgraded.state, stands(response(&upgraded))),
        (State::AwaitingResponse, "NotCommitted, due none".to_owned())
    );
    // A place comes free: then it counts, from that moment on.
    let freed = story.edits("Mon 19:00", |story| {
        let contract = bought(story);
        contract.ledgers[0].counted.pop();
        contract.ledgers[0].used -= 1;
    });
    assert_eq!((freed.severity.effective, freed.severity.effective_since), (Some(Sev1), Some(at("Mon 19:00"))));
    assert_eq!(freed.entitlement.quota_granted_at, Some(at("Mon 19:00")));
}

#[test]
fn ruling_26_an_upgrade_counts_at_the_first_moment_at_which_it_is_effective_and_once() {
    let mut story = Story::under(standard(), Some(Sev3), "Mon 18:00");
    assert_eq!(story.decide("Mon 18:00").entitlement.counted, None);
    assert_eq!(bought(&mut story).ledgers[0].used, 0);
    let up = story.edits("Mon 18:30", |story| story.case.severity = Some(Sev2));
    assert_eq!((up.severity.effective, bought(&mut story).ledgers[0].used), (Some(Sev2), 1));
    story.edits("Mon 18:40", |story| story.case.severity = Some(Sev4));
    assert_eq!(bought(&mut story).ledgers[0].used, 1, "not revoked by a downgrade");
    let again = story.edits("Mon 18:50", |story| story.case.severity = Some(Sev1));
    assert_eq!((again.severity.effective, bought(&mut story).ledgers[0].used), (Some(Sev1), 1), "nor counted twice");
    story.edits("Mon 18:55", |story| story.case.resolved = true);
    assert_eq!(bought(&mut story).ledgers[0].used, 1, "not revoked by closing");
}

#[test]
fn ruling_26_a_case_that_turns_rejected_by_itself_before_a_response_gives_its_place_back() {
    let mut story = Story::under(standard(), Some(Sev1), "Mon 18:00");
    assert_eq!(story.decide("Mon 18:00").entitlement.quota_granted_at, Some(at("Mon 18:00")));
    let rejected = story.edits("Mon 18:10", |story| story.facts.mesh_version = Some("1.20.0-rc.1".to_owned()));
    assert_eq!((rejected.state, rejected.entitlement.quota_granted_at), (State::Rejected, None));
    assert_eq!(check(&rejected, "IncidentQuota").reason, "QuotaReleased");
    let mut released = claim("broken", "2026-11-23T18:00:00Z", ClaimKind::Released);
    released.uid = "u-1".to_owned();
    let contract = bought(&mut story);
    assert_eq!(grant(contract, &of(&[released]), at("Mon 18:11"))[0].used, 0);
}

#[test]
fn ruling_26_the_year_is_that_of_the_creation_and_a_new_year_starts_empty() {
    let mut contract = standard();
    let old: Vec<_> =
        (0..10).map(|number| claim(&format!("c{number:02}"), "2026-11-20T17:00:00Z", ClaimKind::Wanted)).collect();
    contract.ledgers = grant(&contract, &of(&old), utc("2026-12-31T23:00:00Z"));
    assert_eq!(contract.ledgers[0].used, 10);
    let acknowledged: Vec<_> = old.iter().map(|claim| Claim { kind: ClaimKind::Granted, ..claim.clone() }).collect();
    let mut claims = acknowledged;
    claims.push(claim("late", "2026-12-31T23:59:59Z", ClaimKind::Wanted));
    claims.push(claim("new", "2027-01-01T00:00:00Z", ClaimKind::Wanted));
    let ledgers = grant(&contract, &of(&claims), utc("2027-01-01T00:00:01Z"));
    assert_eq!(
        (counted(&ledgers), ledgers[0].used, ledgers[0].resets_at),
        (vec!["new"], 1, utc("2028-01-01T00:00:00Z"))
    );
}

#[test]
fn ruling_26_a_ledger_that_was_lost_is_rebuilt_from_the_cases_before_it_grants() {
    let contract = standard();
    let mut claims: Vec<_> =
        (0..10).map(|number| claim(&format!("z{number:02}"), "2026-11-20T18:00:00Z", ClaimKind::Granted)).collect();
    // Older than all, and wanting: there is no place left for it.
    claims.push(claim("a", "2026-11-20T17:00:00Z", ClaimKind::Wanted));
    let ledgers = grant(&contract, &of(&claims), utc("2026-11-20T19:00:00Z"));
    assert_eq!((ledgers[0].used, counted(&ledgers).contains(&"a")), (10, false));
}

#[test]
fn ruling_27_a_selector_that_excludes_the_namespace_rejects_without_any_fall_back() {
    let mut story = aspen();
    story.namespace_allowed = false;
    assert_eq!(entitled(&story.decide("Mon 18:00")), ("Rejected", Some(("NamespaceAllowed", "NamespaceNotAllowed"))));
}

#[test]
fn ruling_28_a_contract_goes_through_its_states() {
    let mut contract = built_in("AspenMeshStandard");
    (contract.starts_at, contract.ends_at) = (Some(utc("2026-02-01T00:00:00Z")), Some(utc("2027-02-01T00:00:00Z")));
    let mut of_trial = built_in("AspenMeshTrial");
    (of_trial.starts_at, of_trial.registered_at) = (None, Some(utc("2026-11-01T00:00:00Z")));
    use ContractState::{Active, ExpiringSoon, Lapsed, Scheduled, Trial};
    for (contract, moment, state, next) in [
        (&contract, "2026-01-31T23:59:59Z", Scheduled, Some("2026-02-01T00:00:00Z")),
        (&contract, "2026-02-01T00:00:00Z", Active, Some("2027-01-02T00:00:00Z")),
        (&contract, "2027-01-01T23:59:59Z", Active, Some("2027-01-02T00:00:00Z")),
        (&contract, "2027-01-02T00:00:00Z", ExpiringSoon, Some("2027-02-01T00:00:00Z")),
        (&contract, "2027-02-01T00:00:00Z", Lapsed, None),
        (&of_trial, "2026-10-31T23:59:59Z", Scheduled, Some("2026-11-01T00:00:00Z")),
        (&of_trial, "2026-11-01T00:00:00Z", Trial, Some("2026-11-24T00:00:00Z")),
        (&of_trial, "2026-11-24T00:00:00Z", ExpiringSoon, Some("2026-12-01T00:00:00Z")),
        (&of_trial, "2026-12-01T00:00:00Z", Lapsed, None),
    ] {
        assert_eq!(contract.state(None, utc(moment)), state, "{moment}");
        assert_eq!(contract.next_transition_at(None, utc(moment)), next.map(utc), "{moment}");
    }
    contract.ends_at = None;
    assert_eq!(contract.state(None, utc("2099-01-01T00:00:00Z")), Active, "open-ended");
}

#[test]
fn ruling_28_continuing_support_lasts_until_what_was_bought_and_a_year_past_the_end_of_life_at_most() {
    let mut contract = built_in("AspenMeshStandard");
    // The end of life is the start of that day in Denver.
    contract.releases = releases(&[("1.17", "2024-01-01", Some("2026-06-01")), ("1.18", "2025-01-01", None)]);
    for (until, moment, state, phase) in [
        (None, "2026-06-01T05:59:59Z", ContractState::Active, ProductPhase::FullSupport),
        (None, "2026-06-01T06:00:00Z", ContractState::Active, ProductPhase::EndOfLife),
        (Some("2026-12-01T00:00:00Z"), "2026-06-01T05:59:59Z", ContractState::Active, ProductPhase::FullSupport),
        (
            Some("2026-12-01T00:00:00Z"),
            "2026-06-01T06:00:00Z",
            ContractState::Continuing,
            ProductPhase::ContinuingSupport,
        ),
        (Some("2026-12-01T00:00:00Z"), "2026-12-01T00:00:00Z", ContractState::Active, ProductPhase::EndOfLife),
        (
            Some("2030-01-01T00:00:00Z"),
            "2027-06-01T05:59:59Z",
            ContractState::Continuing,
            ProductPhase::ContinuingSupport,
        ),
        (Some("2030-01-01T00:00:00Z"), "2027-06-01T06:00:00Z", ContractState::Active, ProductPhase::EndOfLife),
    ] {
        contract.continuing_until = until.map(utc);
        let version = Some("1.17.4-am2");
        assert_eq!(
            (contract.state(version, utc(moment)), contract.phase(version, utc(moment))),
            (state, phase),
            "{until:?} {moment}"
        );
        assert_eq!(contract.phase(None, utc(moment)), ProductPhase::Unknown);
        assert_eq!(contract.phase(Some("9.9"), utc(moment)), ProductPhase::Unknown);
    }
}

#[test]
fn the_current_release_and_one_prior_are_in_full_support_and_releases_to_come_do_not_count() {
    let mut contract = built_in("AspenMeshStandard");
    contract.releases = releases(&[
        ("1.9", "2024-01-01", None),
        ("1.10", "2025-01-01", None),
        ("1.11", "2026-01-01", None),
        ("1.12", "2027-01-01", None),
    ]);
    let phase = |version, moment| contract.phase(Some(version), utc(moment));
    for (version, now, later) in [
        ("1.9.5", ProductPhase::LimitedSupport, ProductPhase::LimitedSupport),
        ("v1.10.2-am1", ProductPhase::FullSupport, ProductPhase::LimitedSupport),
        ("1.11", ProductPhase::FullSupport, ProductPhase::FullSupport),
    ] {
        // 1 January begins at 07:00 UTC in Denver.
        assert_eq!(phase(version, "2027-01-01T06:59:59Z"), now, "{version}");
        assert_eq!(phase(version, "2027-01-01T07:00:00Z"), later, "{version}");
    }
    contract.plan = built_in("MesospherePremium").plan;
    assert_eq!(contract.phase(Some("1.9"), utc("2028-01-01T00:00:00Z")), ProductPhase::FullSupport, "no phases there");
}

#[test]
fn ruling_28_a_deleted_contract_holds_its_cases_and_one_of_the_same_name_resumes_them() {
    let mut story = Story::new(Sev1, "Mon 10:00");
    story.decide("Mon 10:20");
    let contract = story.contract.take();
    let held = story.decide("Mon 10:20");
    assert_eq!(
        (held.state, response(&held).result, response(&held).remaining_seconds),
        (State::OnHold, PromiseResult::Paused, Some(2_400))
    );
    let resumed = story.edits("Mon 12:00", |story| story.contract = contract);
    assert_eq!(
        (resumed.state, stands(response(&resumed))),
        (State::AwaitingResponse, "Pending, due Mon 12:40".to_owned())
    );
}

#[test]
fn ruling_28_a_case_that_waits_for_the_start_of_its_contract_is_taken_up_then() {
    let mut story = Story::new(Sev1, "Mon 10:00");
    bought(&mut story).starts_at = Some(at("Tue 09:00"));
    let rejected = story.decide("Mon 10:00");
    assert_eq!((rejected.state, rejected.next_wake), (State::Rejected, Some(at("Tue 09:00"))));
    let accepted = story.decide("Tue 09:30");
    assert_eq!(
        (accepted.state, stands(response(&accepted))),
        (State::AwaitingResponse, "Pending, due Tue 10:00".to_owned())
    );
    assert_eq!(accepted.severity.effective, Some(Sev1));
    assert_eq!(bought(&mut story).state(None, at("Mon 10:00")), ContractState::Scheduled);
    assert!(story.decide("Tue 09:30").severity.requested != Some(Sev4));
}
