//! Commands and flags that the pages name. Not for: what they print (`console.rs`).

use std::collections::BTreeSet;

use regex::Regex;

use crate::{pages, read, run};

fn named(text: &str, expression: &str) -> BTreeSet<String> {
    Regex::new(expression).unwrap().captures_iter(text).map(|found| found[1].to_owned()).collect()
}

#[test]
fn every_make_target_that_is_named_exists() {
    let targets = named(&read("Makefile"), r"(?m)^([a-z][a-z-]*):");
    let named: BTreeSet<String> =
        pages().iter().flat_map(|page| named(&read(page), r"[`$] ?make ([a-z][a-z-]*)")).collect();
    assert_eq!(named.difference(&targets).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn the_readme_names_exactly_the_plugins_verbs() {
    let help = run("kubectl-meshcase", &["--help"]).unwrap();
    let commands = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let verbs = named(commands, r"(?m)^  ([a-z]+)");
    assert_eq!(named(&read("README.md"), r"kubectl[ -]meshcase ([a-z]+)"), verbs);
}

#[test]
fn the_readme_names_exactly_the_operators_flags() {
    let help = run("meshcase", &["run", "--help"]).unwrap();
    let mut flags = named(&help, r"(?m)^\s+(?:-\w, )?(--[a-z-]+)");
    flags.remove("--help");
    assert_eq!(named(readme().1, r"(?m)^\| `(--[a-z-]+)"), flags);
}

#[test]
fn the_flags_of_redact_that_the_readme_lists_exist() {
    let help = run("kubectl-meshcase", &["redact", "--help"]).unwrap();
    let flags = named(&help, r"(?m)^\s+(?:-\w, )?(--[a-z-]+)");
    let listed = named(readme().0, r"(?m)^\| `(--[a-z-]+)");
    assert!(!listed.is_empty() && listed.is_subset(&flags), "{listed:?} of {flags:?}");
}

/// The README: what stands before the chapter about the operator, and that chapter with what follows.
fn readme() -> (&'static str, &'static str) {
    static README: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| read("README.md"));
    README.split_once("\n## Running the operator\n").unwrap()
}
