//! Links from one file of the repository to another. Not for: the web.

use std::path::Path;

use regex::Regex;

use crate::{is_update, pages, path, read};

/// The anchors that a page offers, as GitHub makes them from headings.
fn anchors(page: &str) -> Vec<String> {
    let headings = page
        .lines()
        .filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')));
    headings
        .map(|heading| {
            let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.collect::<String>().to_lowercase().replace(' ', "-")
        })
        .collect()
}

#[test]
fn links_lead_to_files_and_headings_that_exist() {
    if is_update() {
        return;
    }
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let mut broken = Vec::new();
    for page in pages() {
        let text = read(&page);
        for found in link.captures_iter(&text) {
            let target = &found[1];
            if target.contains("://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let name = match file {
                "" => page.clone(),
                _ => Path::new(&page).with_file_name("").join(file).to_str().unwrap().to_owned(),
            };
            let leads = path(&name).exists()
                && (anchor.is_empty() || anchors(&read(&name)).iter().any(|offered| offered == anchor));
            if !leads {
                broken.push(format!("{page}: {target}"));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}
