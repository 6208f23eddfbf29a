//! The page as golden files, from cases as the API server gives them. Look at a difference before accepting it.

use chrono::{DateTime, Utc};

use super::render::render;
use crate::api::SupportCase;
use crate::domain::time::{Zone, ZoneData};

fn case(yaml: &str) -> SupportCase {
    serde_saphyr::from_str(yaml).expect("the fixture is a SupportCase")
}

fn los_angeles() -> Zone {
    ZoneData::built_in().zone("America/Los_Angeles").expect("a zone")
}

fn at(instant: &str) -> DateTime<Utc> {
    instant.parse().expect("an instant")
}

#[test]
fn an_open_case_shows_its_deadline_in_the_plans_zone_and_how_far_away_it_is() {
    let case = case(include_str!("fixtures/open.yaml"));
    insta::assert_snapshot!(render(&case, Some(&los_angeles()), at("2026-11-20T23:45:00Z"), false));
}

#[test]
fn a_breached_case_shows_both_instants_and_whom_it_escalated_to() {
    let case = case(include_str!("fixtures/breached.yaml"));
    insta::assert_snapshot!(render(&case, Some(&los_angeles()), at("2026-11-24T00:00:00Z"), false));
}

#[test]
fn a_rejected_case_says_which_check_failed_and_why() {
    let case = case(include_str!("fixtures/rejected.yaml"));
    insta::assert_snapshot!(render(&case, None, at("2026-11-21T00:00:00Z"), false));
}

#[test]
fn a_case_the_operator_has_not_seen_says_so() {
    let case = case(
        "{apiVersion: meshcase.io/v1alpha1, kind: SupportCase, metadata: {name: new, namespace: shop}, spec: {title: Slow}}",
    );
    insta::assert_snapshot!(render(&case, None, at("2026-11-21T00:00:00Z"), false));
}

#[test]
fn colour_adds_escapes_and_changes_nothing_else() {
    let case = case(include_str!("fixtures/breached.yaml"));
    let page = |colour| render(&case, Some(&los_angeles()), at("2026-11-24T00:00:00Z"), colour);
    let escape = regex::Regex::new("\u{1b}\\[[0-9;]*m").expect("a valid expression");
    assert!(escape.is_match(&page(true)), "nothing is coloured");
    assert_eq!(escape.replace_all(&page(true), ""), page(false));
}
