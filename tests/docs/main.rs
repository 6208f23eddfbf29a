//! Holds the documentation equal to the product: reasons and runbook, plans and their page, the reference and the types,
//! rulings and their tests, commands and flags that a page names, roles and policies, output that it shows. With `MESHCASE_UPDATE=1` (`make generate`) the generated
//! parts are written instead. Not for: how a page reads.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests and what they share")]

mod access;
mod commands;
mod console;
mod links;
mod plans;
mod reasons;
mod redaction;
mod reference;
mod rulings;

use std::path::{Path, PathBuf};

/// A file of the repository.
fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The Markdown pages of the repository, by their names from its root.
fn pages() -> Vec<String> {
    let mut pages = Vec::new();
    for folder in ["", "docs", "examples"] {
        for entry in std::fs::read_dir(path(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".md") {
                pages.push(Path::new(folder).join(name).to_str().unwrap().to_owned());
            }
        }
    }
    pages.sort();
    pages
}

fn is_update() -> bool {
    std::env::var_os("MESHCASE_UPDATE").is_some_and(|value| value == "1")
}

/// Holds a generated page, or writes it.
fn hold(name: &str, wanted: &str) {
    if is_update() {
        return std::fs::write(path(name), wanted).unwrap();
    }
    assert!(read(name) == wanted, "{name} is not what its source says: run `make generate`");
}

/// Runs one of the binaries in the repository's root. Answers its standard output; a failure is its standard error.
fn run(program: &str, arguments: &[&str]) -> Result<String, String> {
    let program = match program {
        "meshcase" => env!("CARGO_BIN_EXE_meshcase"),
        _ => env!("CARGO_BIN_EXE_kubectl-meshcase"),
    };
    let output = std::process::Command::new(program).args(arguments).current_dir(path("")).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}
