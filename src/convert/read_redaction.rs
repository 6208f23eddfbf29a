//! Reads what a contract wants redacted beside the built-in rules: pseudonyms, and the rules of its ConfigMaps.
//! Not for: redacting; see [`meshcase_redact`].

use serde::Deserialize;

use super::Feeds;
use super::feeds::Memory;
use crate::api::{ConfigMapKeyRef, ContractEvidence, Pseudonymize};
use meshcase_redact::{RedactOptions, UserRule, shown};

/// A rule as a ConfigMap writes it: a list of these, in YAML.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    id: String,
    expression: String,
    #[serde(default)]
    group: usize,
    #[serde(default)]
    mask: Vec<String>,
    #[serde(default)]
    keep: Vec<String>,
}

/// A rule with the samples that it carries.
pub struct RuleWithSamples {
    pub rule: UserRule,
    /// Texts in which it must find something.
    pub mask: Vec<String>,
    /// Texts in which it must find nothing.
    pub keep: Vec<String>,
}

/// The redaction that `evidence` asks for, with every rule checked.
///
/// # Errors
/// The first ConfigMap, key or rule that cannot be used, in words, with the offset in the rule's expression. Nothing may
/// be collected then.
pub fn redaction(evidence: &ContractEvidence, feeds: &Feeds) -> Result<RedactOptions, String> {
    let mut user_rules = Vec::new();
    for source in &evidence.redaction_rules {
        user_rules.extend(rules(source, feeds)?);
    }
    let pseudonymize = evidence.pseudonymize.iter().copied().map(pseudonym).collect();
    Ok(RedactOptions { pseudonymize, user_rules, ..RedactOptions::default() })
}

/// The rules of one key, each compiled once to see whether it can be used.
fn rules(source: &ConfigMapKeyRef, feeds: &Feeds) -> Result<Vec<UserRule>, String> {
    static RULES: Memory<Result<Vec<UserRule>, String>> = Memory::new();
    let place = format!("key `{}` of ConfigMap `{}`", source.key, source.name);
    let key = format!("{place}: {}", feeds.digest(&source.name, &source.key));
    RULES.recall(key, || read(&place, source, feeds))
}

fn read(place: &str, source: &ConfigMapKeyRef, feeds: &Feeds) -> Result<Vec<UserRule>, String> {
    let text = feeds.get(&source.name, &source.key).map_err(|why| format!("{place}: {why}"))?;
    let rules = redaction_rules(text).map_err(|error| format!("{place}: {error}"))?;
    if rules.is_empty() {
        return Err(format!(
            "{place}: holds no rule; write at least one, or remove it from spec.evidence.redactionRules"
        ));
    }
    Ok(rules.into_iter().map(|rule| rule.rule).collect())
}

/// The rules that a text lists, each checked.
///
/// # Errors
/// The first rule that cannot be used, in words, with the offset in its expression; short, for it may quote the text.
pub fn redaction_rules(text: &str) -> Result<Vec<RuleWithSamples>, String> {
    // Without a snippet: who reads a condition may not read the ConfigMap.
    let options = serde_saphyr::options! { with_snippet: false };
    let written: Vec<WrittenRule> = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| format!("expected a list of id, expression and group: {}", quoted(error)))?;
    let rule = |WrittenRule { id, expression, group, mask, keep }| {
        let rule = UserRule { id, expression, group };
        rule.check().map_err(quoted)?;
        Ok(RuleWithSamples { rule, mask, keep })
    };
    written.into_iter().map(rule).collect()
}

/// An error that may quote the ConfigMap.
fn quoted(error: impl ToString) -> String {
    shown(&error.to_string(), 256)
}

fn pseudonym(wanted: Pseudonymize) -> meshcase_redact::Pseudonymize {
    match wanted {
        Pseudonymize::IpAddresses => meshcase_redact::Pseudonymize::IpAddresses,
        Pseudonymize::IpAddressesKeepSubnets => meshcase_redact::Pseudonymize::IpAddressesKeepSubnets,
        Pseudonymize::EmailAddresses => meshcase_redact::Pseudonymize::EmailAddresses,
        Pseudonymize::HostNames => meshcase_redact::Pseudonymize::HostNames,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: Result<&str, &str>) -> Result<RedactOptions, String> {
        let evidence = serde_json::from_value(serde_json::json!({"redactionRules": [{"name": "rules", "key": "a"}]}));
        let text = text.map(str::to_owned).map_err(str::to_owned);
        redaction(&evidence.unwrap(), &[(("rules".to_owned(), "a".to_owned()), text)].into_iter().collect())
    }

    #[test]
    fn rules_are_read_with_their_group() {
        let options = read(Ok("- {id: badge, expression: 'badge (\\d+)', group: 1}\n")).unwrap();
        assert_eq!(options.user_rules[0].id, "badge");
        assert_eq!(options.user_rules[0].group, 1);
    }

    #[test]
    fn a_rule_that_cannot_be_used_is_named_with_its_place_and_offset() {
        let error = read(Ok("- {id: badge, expression: 'user(?=x)'}\n")).unwrap_err();
        assert!(error.starts_with("key `a` of ConfigMap `rules`: redaction rule \"badge\": look-around"), "{error}");
        assert!(error.ends_with("at offset 4"), "{error}");
    }

    #[test]
    fn an_emptied_config_map_is_an_error_for_rules_were_asked_for() {
        for text in ["", "[]", "# none\n"] {
            let error = read(Ok(text)).unwrap_err();
            assert!(error.starts_with("key `a` of ConfigMap `rules`: holds no rule"), "{error}");
        }
    }

    #[test]
    fn an_error_shows_nothing_of_what_the_config_map_holds() {
        let secret = ["hunter", "2swordfish"].concat();
        for text in [
            format!("id: badge\npassword: {secret}\n"),
            format!("[{{id: a, pattern: \"{secret}\"}}]"),
            format!("- {{id: a, expression: b}}\n{secret}: [\n"),
        ] {
            let error = read(Ok(&text)).unwrap_err();
            assert!(!error.contains(&secret) && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn a_config_map_that_is_missing_or_holds_something_else_is_named() {
        assert_eq!(read(Err("not found")).unwrap_err(), "key `a` of ConfigMap `rules`: not found");
        assert!(read(Ok("id: badge")).unwrap_err().contains("expected a list of id, expression and group"));
    }
}
