//! Secrets that are longer than a window, and what must not be taken for one. The kinds of shorter ones stand in the corpus.

use crate::tests::redactor;
use crate::{End, Gathered};

/// Bytes that are pushed together.
const CHUNK: usize = 64 * 1024;

/// The text redacted as a stream.
fn streamed(text: &str) -> String {
    let mut stream = redactor().stream();
    let mut out = Vec::new();
    for chunk in text.as_bytes().chunks(CHUNK) {
        out.extend_from_slice(stream.push(Gathered::from(chunk.to_vec())).as_bytes());
    }
    out.extend_from_slice(stream.finish(End::Complete).0.as_bytes());
    String::from_utf8(out).unwrap()
}

/// Base64 of some length that no rule but a Secret's masks: its letters make words.
fn value(number: usize) -> String {
    format!("plainwords{number:06}").repeat(5)
}

fn pairs(count: usize, pair: impl Fn(usize, String) -> String) -> String {
    (0..count).map(|number| pair(number, value(number))).collect()
}

#[test]
fn every_value_of_a_secret_of_a_megabyte_is_masked_wherever_its_kind_stands() {
    let yaml = pairs(14_000, |number, value| format!("  k{number}: {value}\n"));
    let json = pairs(14_000, |number, value| format!("\"k{number}\":\"{value}\",")).trim_end_matches(',').to_owned();
    let pretty = pairs(14_000, |number, value| format!("    \"k{number}\": \"{value}\",\n"));
    for text in [
        format!("apiVersion: v1\nkind: Secret\ndata:\n{yaml}type: Opaque\n"),
        format!("apiVersion: v1\ndata:\n{yaml}kind: Secret\n"),
        format!("{{\"kind\":\"Secret\",\"data\":{{{json}}}}}\n"),
        format!("{{\"data\":{{{json}}},\"kind\":\"Secret\"}}\n"),
        format!("{{\n  \"data\": {{\n{pretty}    \"z\": \"\"\n  }},\n  \"kind\": \"Secret\"\n}}\n"),
    ] {
        let out = streamed(&text);
        assert!(!out.contains("plainwords"), "{:?} of {}", out.find("plainwords"), &text[..40]);
        assert_eq!(out.matches("‹kubernetes:").count(), 14_000, "{}", &text[..40]);
        assert_eq!(out.matches('\n').count(), text.matches('\n').count());
    }
}

#[test]
fn what_follows_a_value_that_is_longer_than_a_window_is_masked_too() {
    let long = value(1).repeat(12_000);
    for text in [
        format!("kind: Secret\ndata:\n  a: {long}\n  b: {}\nother: plain\n", value(2)),
        format!("{{\"kind\":\"Secret\",\"data\":{{\"a\":\"{long}\",\"b\":\"{}\"}},\"other\":\"plain\"}}", value(2)),
    ] {
        let out = streamed(&text);
        assert!(!out.contains("plainwords"), "{}", out.len());
        assert!(out.contains("plain"), "{out}");
    }
}

#[test]
fn a_text_of_many_lines_in_a_secret_is_masked_to_its_end() {
    let lines = pairs(20_000, |_, value| format!("    {value}\n"));
    let out = streamed(&format!("kind: Secret\nstringData:\n  a: |\n{lines}  b: {}\nother: plain\n", value(1)));
    assert!(!out.contains("plainwords") && out.ends_with("other: plain\n"), "{:?}", out.find("plainwords"));
}

#[test]
fn a_config_map_of_a_megabyte_stays_as_it_is() {
    let lines = pairs(20_000, |number, value| format!("  k{number}: {value} and more\n"));
    let text = format!("apiVersion: v1\ndata:\n{lines}kind: ConfigMap\n");
    assert!(streamed(&text) == text);
    let pretty = pairs(20_000, |number, value| format!("    \"k{number}\": \"{value} and more\",\n"));
    let text = format!("{{\n  \"data\": {{\n{pretty}    \"z\": \"\"\n  }},\n  \"kind\": \"ConfigMap\"\n}}\n");
    assert!(streamed(&text) == text);
}
