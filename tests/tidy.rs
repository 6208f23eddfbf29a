//! Gates on the source itself: which room names which, where no clock and no cluster is, what a file says of itself, and
//! that one TLS provider is linked. Not for: what rustfmt, clippy and cargo-deny see.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test file: clippy exempts only the bodies of tests"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;

/// Each room below `src`, and the rooms that it may name.
const ROOMS: [(&str, &[&str]); 12] = [
    ("api", &[]),
    // A crate of its own, so that the compiler holds most of this; see the test of what it links.
    ("domain", &[]),
    ("evidence", &["api", "domain"]),
    ("convert", &["api", "domain"]),
    ("cli", &["api", "domain", "convert", "evidence", "zoneinfo"]),
    ("controllers", &["api", "domain", "convert", "evidence", "health", "metrics", "zoneinfo"]),
    ("zoneinfo", &["domain"]),
    ("metrics", &[]),
    ("health", &["metrics"]),
    ("telemetry", &[]),
    ("main", &["controllers", "telemetry"]),
    ("bin", &["cli"]),
];

/// What a pure room does not name: clocks, clients, runtimes, files, processes.
const IMPURE: &str = r"\b(Utc::now|Local::now|SystemTime|Instant|tokio|std::(fs|net|env|process|thread))\b|\bkube::(\{|Client|Api|runtime|client)";

struct Source {
    /// From the repository's root.
    path: String,
    text: String,
}

impl Source {
    /// The lines of code with their numbers, without comments; a text that holds `//` is cut there, too.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line.split("//").next().unwrap_or_default()))
    }

    /// The line from which on its inline tests stand; they end the file.
    fn tests_from(&self) -> usize {
        self.text.lines().position(|line| line == "mod tests {").unwrap_or(usize::MAX)
    }

    /// Whether the whole file is tests of its neighbours.
    fn is_tests(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }

    /// The first part below `src`, without `.rs`.
    fn room(&self) -> Option<&str> {
        if self.path.starts_with("crates/domain/src/") {
            return Some("domain");
        }
        let below = self.path.strip_prefix("src/")?;
        Some(below.split('/').next()?.trim_end_matches(".rs"))
    }

    /// How many `super`s lead from its top to the root of the crate.
    fn depth(&self) -> usize {
        self.path.trim_start_matches("src/").trim_end_matches("/mod.rs").split('/').count()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Every Rust file of the repository.
fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for folder in ["src", "crates", "tests", "benches", "fuzz", "examples"] {
        walk(&root().join(folder), &mut found);
    }
    assert!(found.len() > 100, "only {} files found", found.len());
    found
}

fn walk(folder: &Path, found: &mut Vec<Source>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            found.push(Source { path, text });
        }
    }
}

/// The parts of the crate that a line names: `crate::api::Plan` names `api`, `crate::{api, domain::plan}` both.
fn named(line: &str, from: &Regex) -> Vec<String> {
    let mut rooms = Vec::new();
    for captures in from.captures_iter(line) {
        match captures.get(1).unwrap().as_str() {
            group if group.starts_with('{') => {
                let parts = group.trim_matches(['{', '}']).split(',');
                let first = |part: &str| part.trim().split("::").next().unwrap_or_default().to_owned();
                rooms.extend(parts.map(first).filter(|part| !part.is_empty()));
            }
            one => rooms.push(one.to_owned()),
        }
    }
    rooms
}

#[test]
fn rooms_name_only_the_rooms_below_them() {
    let crate_path = Regex::new(r"\b(?:crate|meshcase)::(\{[^}]*\}?|\w+)").unwrap();
    let supers = Regex::new(r"(?:super::)+").unwrap();
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for source in sources().iter().filter(|source| source.path.starts_with("src/") && source.path != "src/lib.rs") {
        let room = source.room().unwrap();
        let Some((room, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            faults.push(format!("{}: the room `{room}` is not in the list of this test", source.path));
            continue;
        };
        for (number, line) in source.code() {
            if line.contains("meshcase_domain") {
                faults.push(format!("{}:{number}: write `crate::domain`", source.path));
            }
            for other in named(line, &crate_path).iter().filter(|other| other != room) {
                seen.insert((*room, other.clone()));
                if ROOMS.iter().any(|(name, _)| name == other) && !allowed.contains(&other.as_str()) {
                    faults.push(format!("{}:{number}: `{room}` must not name `{other}`", source.path));
                }
            }
            let inline = usize::from(number > source.tests_from());
            let longest = supers.find_iter(line).map(|found| found.len() / "super::".len()).max().unwrap_or(0);
            if longest >= source.depth() + inline {
                faults.push(format!("{}:{number}: leaves its room by `super`; write `crate::`", source.path));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    // The test reads what it should: these are the spine of the crate.
    for edge in [("controllers", "convert"), ("convert", "domain"), ("evidence", "api"), ("main", "controllers")] {
        assert!(seen.contains(&(edge.0, edge.1.to_owned())), "{edge:?} was not seen");
    }
}

#[test]
fn api_and_domain_name_no_clock_no_client_and_no_file() {
    let impure = Regex::new(IMPURE).unwrap();
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| !source.is_tests()) {
        let room = source.room().unwrap_or_default();
        let product = source.code().take_while(|(number, _)| *number <= source.tests_from());
        for (number, line) in product.filter(|_| ["api", "domain"].contains(&room)) {
            // The API's types are derived by kube.
            if impure.is_match(line) && !line.contains("use kube::{CustomResource") {
                faults.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_opens_by_saying_what_it_is_and_what_it_is_not_for() {
    let limit = Regex::new(r"(?i)\b(not|no|nothing)\b").unwrap();
    let mut faults = Vec::new();
    for source in sources() {
        let opening: Vec<&str> = source.text.lines().take_while(|line| line.starts_with("//!")).collect();
        // What tests stand beside says it for them.
        if opening.is_empty() || !source.is_tests() && !limit.is_match(&opening.join(" ")) {
            faults.push(source.path);
        }
    }
    assert!(faults.is_empty(), "no `//!` that says `Not for: ...` at the top of:\n{}", faults.join("\n"));
}

#[test]
fn nothing_is_called_by_a_name_that_says_nothing() {
    const EMPTY: [&str; 9] = ["util", "utils", "helper", "helpers", "manager", "managers", "misc", "common", "stuff"];
    let module = Regex::new(r"^\s*(?:pub(?:\([^)]*\))? )?mod (\w+)").unwrap();
    let mut faults = Vec::new();
    for source in sources() {
        let parts = source.path.trim_end_matches(".rs").split('/');
        let modules = source.text.lines().filter_map(|line| Some(module.captures(line)?.get(1)?.as_str()));
        faults.extend(
            parts.chain(modules).filter(|name| EMPTY.contains(name)).map(|name| format!("{}: {name}", source.path)),
        );
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The lines of `cargo tree`, whose options end with how a package is shown.
fn tree(options: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--prefix=none", "--no-dedupe"])
        .args(options)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Whoever links the redactor gets redacted bytes from a redactor only; its feature `faults` is for tests.
#[test]
fn nothing_but_tests_asks_for_a_redactor_that_fails() {
    let text = tree(&["--workspace", "--edges=normal,build", "--format={p}|{f}"]);
    let mut seen = text.lines().filter(|line| line.starts_with("meshcase-redact ")).peekable();
    assert!(seen.peek().is_some(), "{text}");
    assert!(seen.all(|line| !line.contains("faults")), "a [dependencies] of the workspace asks for `faults`");
}

#[test]
fn the_rules_link_no_client_no_runtime_and_no_network() {
    let tree = tree(&["--package=meshcase-domain", "--edges=normal,build"]);
    let crates: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(crates.contains("chrono"), "{crates:?}");
    for other in
        ["kube", "kube-client", "k8s-openapi", "schemars", "tokio", "reqwest", "hyper", "rustls", "object_store"]
    {
        assert!(!crates.contains(other), "`cargo tree --package meshcase-domain --invert {other}` says who brings it");
    }
}

/// Two providers in one process panic at the first TLS use.
#[test]
fn the_only_tls_provider_is_aws_lc_rs() {
    let text = tree(&["--workspace", "--edges=normal,build,dev", "--format={p}|{f}"]);
    let crates: BTreeSet<(&str, &str, &str)> = text
        .lines()
        .filter_map(|line| {
            let (package, features) = line.split_once('|')?;
            let mut words = package.split(' ');
            Some((words.next()?, words.next()?, features))
        })
        .collect();
    let versions =
        |name: &str| crates.iter().filter(|found| found.0 == name).map(|found| found.1).collect::<BTreeSet<_>>();
    for other in ["ring", "openssl", "openssl-sys", "native-tls", "boring", "rustls-graviola"] {
        assert_eq!(versions(other), BTreeSet::new(), "`cargo tree --invert {other}` says who brings it");
    }
    for one in ["rustls", "aws-lc-rs", "kube", "kube-client", "k8s-openapi", "chrono"] {
        assert_eq!(versions(one).len(), 1, "{one}: {:?}", versions(one));
    }
    for (_, _, features) in crates.iter().filter(|found| found.0 == "rustls") {
        let features: Vec<&str> = features.split([',', ' ']).collect();
        assert!(features.contains(&"aws_lc_rs") && !features.contains(&"ring"), "{features:?}");
    }
}
