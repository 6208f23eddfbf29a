//! The rulings counted both ways: a number that the code cites or a test carries has its section, and each section has its
//! test. Not for: what a ruling says.

use std::collections::BTreeSet;
use std::path::Path;

use regex::Regex;

use crate::{path, read};

const PAGE: &str = "docs/rulings.md";

/// The text of every Rust file below a folder.
fn sources(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            *text += &std::fs::read_to_string(path).unwrap();
        }
    }
}

fn numbers(text: &str, expression: &str) -> BTreeSet<String> {
    Regex::new(expression).unwrap().captures_iter(text).map(|found| found[1].to_owned()).collect()
}

/// `ruling 7`, `Rulings 1 to 8`, `rulings 12 to 14, 17 and 20`: all that are named, ends of ranges for the range.
fn cited(text: &str) -> BTreeSet<String> {
    let lists = Regex::new(r"(?i)\brulings? ((?:\d+[a-z]?(?:, | and | to )?)+)").unwrap();
    let number = Regex::new(r"\d+[a-z]?").unwrap();
    let lists = lists.captures_iter(text).map(|list| list[1].to_owned()).collect::<Vec<_>>();
    lists.iter().flat_map(|list| number.find_iter(list).map(|found| found.as_str().to_owned())).collect()
}

#[test]
fn every_ruling_has_a_section_and_a_test_and_no_other_is_cited() {
    let page = read(PAGE);
    let sections = numbers(&page, r"(?m)^### (\d+[a-z]?)\. ");
    let mut text = String::new();
    for folder in ["crates", "src", "tests"] {
        sources(&path(folder), &mut text);
    }
    let tested = numbers(&text, r"\bfn ruling_(\d+[a-z]?)_");
    let cited = cited(&text.replace("/// ", "").replace("//! ", "").replace('\n', " "));
    assert!(cited.len() > 20 && tested.len() > 20, "{} cited, {} tested", cited.len(), tested.len());
    let missing: Vec<_> = cited.union(&tested).filter(|number| !sections.contains(*number)).collect();
    assert!(missing.is_empty(), "no section `### N. Title` in {PAGE} for {missing:?}");
    let untested: Vec<_> = sections.difference(&tested).collect();
    assert!(untested.is_empty(), "no test `ruling_N_...` for {untested:?}");
    for section in page.split("\n### ").skip(1) {
        let title = section.lines().next().unwrap();
        for part in ["*Source:*", "*Example:*"] {
            assert!(section.replace('\n', " ").contains(part), "{title}: no {part}");
        }
    }
}
