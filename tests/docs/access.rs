//! `docs/access.md` and the README against the chart: every role for people, every policy. Not for: what they allow; the tests
//! on a cluster hold that.

use std::collections::BTreeSet;

use regex::Regex;

use crate::read;

fn named(text: &str, expression: &str) -> BTreeSet<String> {
    Regex::new(expression).unwrap().captures_iter(text).map(|found| found[1].to_owned()).collect()
}

#[test]
fn the_pages_name_exactly_the_roles_that_the_chart_has_for_people() {
    let roles = named(&read("charts/meshcase/templates/people-rbac.yaml"), r"(?m)^  name: (\S+)$");
    assert!(roles.len() >= 5, "{roles:?}");
    assert_eq!(named(&read("docs/access.md"), r"(?m)^\| `(meshcase-[a-z-]+)`"), roles);
    // The two accounts apart.
    let mut told = named(&read("README.md"), r"`(meshcase-[a-z-]+)`");
    told.retain(|name| !["meshcase-system", "meshcase-collector"].contains(&name.as_str()));
    assert_eq!(told, roles);
}

#[test]
fn the_page_names_exactly_the_policies_of_the_chart() {
    let template = read("charts/meshcase/templates/admission.yaml");
    let policies = named(&template, r"(?m)^  name: \{\{ \.Release\.Name \}\}-([a-z-]+)$");
    let rows = read("docs/access.md");
    let (_, rows) = rows.split_once("## Policies").unwrap();
    assert_eq!(named(rows, r"(?m)^\| `([a-z-]+)`"), policies);
    assert_eq!(policies.len(), 5);
}
