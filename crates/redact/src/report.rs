//! What was masked, counted by rule and member: the bundle's `redactions.json`. Not for: values, nor their lengths.

use std::collections::BTreeMap;

use serde::Serialize;

/// Places that are kept of one member; further ones are counted only.
const MOST_PLACES: usize = 100_000;

/// Where something was masked. Never what, nor how long it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The line, from 1.
    pub line: u64,
    /// Bytes from the member's begin to the value's; of a UTF-16 log, bytes of its text in UTF-8.
    pub offset: u64,
    /// The id of the rule that found it.
    pub rule: String,
}

/// The counts of one member. Serialises to rule ids and counts alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct MemberReport {
    masked: BTreeMap<String, u64>,
    #[serde(skip)]
    places: Vec<Place>,
    #[serde(skip)]
    bytes: u64,
    #[serde(skip)]
    bytes_by_user_rule: BTreeMap<String, u64>,
}

impl MemberReport {
    /// How many values each rule masked, by rule id.
    pub fn masked(&self) -> &BTreeMap<String, u64> {
        &self.masked
    }

    /// All masked values.
    pub fn total(&self) -> u64 {
        self.masked.values().sum()
    }

    /// Where the values stood, in order, the first hundred thousand of them.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    pub(super) fn place(&mut self, place: impl FnOnce() -> Place) {
        if self.places.len() < MOST_PLACES {
            self.places.push(place());
        }
    }

    pub(super) fn count(&mut self, rule: &str) {
        match self.masked.get_mut(rule) {
            Some(count) => *count += 1,
            None => {
                self.masked.insert(rule.to_owned(), 1);
            }
        }
    }

    pub(super) fn saw(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    pub(super) fn user_rule_masked(&mut self, rule: &str, bytes: usize) {
        *self.bytes_by_user_rule.entry(rule.to_owned()).or_default() += bytes as u64;
    }

    /// Adds another part of the same member.
    pub fn add(&mut self, other: &Self) {
        for (rule, count) in &other.masked {
            *self.masked.entry(rule.clone()).or_default() += count;
        }
        for (rule, bytes) in &other.bytes_by_user_rule {
            *self.bytes_by_user_rule.entry(rule.clone()).or_default() += bytes;
        }
        self.bytes += other.bytes;
        self.places.extend(other.places.iter().take(MOST_PLACES - self.places.len().min(MOST_PLACES)).cloned());
    }
}

/// The counts of a whole bundle, by member name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    members: BTreeMap<String, MemberReport>,
}

impl Report {
    /// Adds a member's counts. The name is the redacted one, as it stands in the archive.
    pub fn add(&mut self, member: impl Into<String>, counts: &MemberReport) {
        self.members.entry(member.into()).or_default().add(counts);
    }

    /// The counts by member.
    pub fn members(&self) -> &BTreeMap<String, MemberReport> {
        &self.members
    }

    /// All masked values of the bundle.
    pub fn total(&self) -> u64 {
        self.members.values().map(MemberReport::total).sum()
    }

    /// Ids of user rules that masked more than half of all bytes: applied, but worth a warning.
    pub fn overreaching_user_rules(&self) -> Vec<String> {
        let mut all = MemberReport::default();
        self.members.values().for_each(|member| all.add(member));
        let half = all.bytes / 2;
        all.bytes_by_user_rule.into_iter().filter(|(_, bytes)| *bytes > half).map(|(rule, _)| rule).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BundleKey, RedactOptions, Redactor, UserRule};
    use super::*;

    fn counted(rule: &str, text: &str) -> (String, Report) {
        let user_rules = vec![UserRule { id: "badges".to_owned(), expression: rule.to_owned(), group: 0 }];
        let options = RedactOptions { user_rules, ..RedactOptions::default() };
        let redactor = Redactor::new(&BundleKey::from_bytes(b"test"), &options).unwrap();
        let (redacted, counts) = redactor.member(text.to_owned().into());
        let mut report = Report::default();
        report.add("a.log", &counts);
        (redacted.to_text(), report)
    }

    #[test]
    fn a_report_tells_rules_and_counts_and_nothing_of_the_values() {
        let (out, report) = counted("badge-[0-9]+", "badge-17 password=swordfish7 badge-17\n");
        assert!(!out.contains("badge-17") && out.contains("‹user-rule:"), "{out}");
        let told = serde_json::to_value(&report).unwrap();
        assert_eq!(told, serde_json::json!({"members": {"a.log": {"badges": 2, "name-value": 1}}}));
        assert_eq!(report.total(), 3);
    }

    #[test]
    fn a_user_rule_that_masks_more_than_half_of_all_bytes_is_applied_and_told() {
        let (out, report) = counted(".+", "one line\nanother\n");
        assert!(!out.contains("line"), "{out}");
        assert_eq!(report.overreaching_user_rules(), ["badges"]);
        assert_eq!(counted("another", "one line\nanother\n").1.overreaching_user_rules(), [""; 0]);
    }
}
