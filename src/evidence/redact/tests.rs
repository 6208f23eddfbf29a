//! The engine's rules, each as a sentence. The samples stand in the rule table.

use super::samples::expand;
use super::*;

pub(super) fn redactor() -> Redactor {
    Redactor::new(&BundleKey::from_bytes(b"test"), &RedactOptions::default()).unwrap()
}

pub(super) fn redact(text: &str) -> String {
    redactor().text(text.to_owned().into()).to_text()
}

#[test]
fn every_positive_sample_is_masked_in_full() {
    let mut failures = Vec::new();
    for rule in rules() {
        for template in rule.positive {
            let sample = expand(template);
            let out = redact(&sample.text);
            if sample.secrets.iter().any(|secret| out.contains(secret.as_str())) || !out.contains('‹') {
                failures.push(format!("{}: {} -> {out}", rule.id, sample.text));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_negative_sample_stays_as_it_is() {
    let mut failures = Vec::new();
    for rule in rules() {
        for template in rule.negative {
            let text = expand(template).text;
            let out = redact(&text);
            if out != text {
                failures.push(format!("{}: {text} -> {out}", rule.id));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn redacting_twice_under_one_key_changes_nothing_more() {
    for rule in rules() {
        for template in rule.positive {
            let once = redact(&expand(template).text);
            assert_eq!(redact(&once), once, "{}", rule.id);
        }
    }
}
