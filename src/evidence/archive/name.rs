//! Names of the members of a bundle: built from checked parts only, so that no pod, container or resource name can
//! leave the folder, overwrite another member or need escaping. Not for the texts that people read; see the manifest.

use std::fmt;

/// The name of one member, e.g. `logs/team-a/checkout-7d9f/app.log`: lower case letters, digits, `-`, `.` and `/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberName(String);

impl MemberName {
    /// Joins parts to a name. A part that is no DNS subdomain (RFC 1123) is replaced by `item-` and the counter, which the
    /// caller keeps unique in the bundle.
    pub fn new(parts: &[&str], suffix: &'static str, counter: usize) -> Self {
        let parts: Vec<String> = parts
            .iter()
            .map(|part| if is_dns_name(part) { (*part).to_owned() } else { format!("item-{counter:04}") })
            .collect();
        Self(format!("{}{suffix}", parts.join("/")))
    }

    /// A name of ours, known at compile time.
    pub const fn fixed(name: FixedName) -> &'static str {
        match name {
            FixedName::Manifest => "manifest.json",
            FixedName::Redactions => "redactions.json",
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The two members that the packer writes itself.
#[derive(Debug, Clone, Copy)]
pub enum FixedName {
    Manifest,
    Redactions,
}

impl fmt::Display for MemberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// RFC 1123 subdomain: dot-separated labels of lower case letters, digits and inner dashes, at most 253 bytes.
fn is_dns_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        let inner = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
        !bytes.is_empty() && bytes.iter().all(inner) && bytes[0] != b'-' && bytes[bytes.len() - 1] != b'-'
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_built_from_dns_names_and_counters_only() {
        let name = MemberName::new(&["logs", "team-a", "checkout-7d9f.1", "app"], ".log", 7);
        assert_eq!(name.as_str(), "logs/team-a/checkout-7d9f.1/app.log");
        for hostile in ["..", "", ".", "../etc", "a/b", "A", "x\0", "‹host:ab12cd›", "-a", "a-", "a..b", "con:"] {
            let name = MemberName::new(&["logs", hostile], ".log", 7);
            assert_eq!(name.as_str(), "logs/item-0007.log", "{hostile:?}");
        }
        assert_eq!(MemberName::new(&[&"a".repeat(254)], "", 1).as_str(), "item-0001");
    }

    proptest! {
        #[test]
        fn any_name_gives_a_path_under_the_root(parts in prop::collection::vec(any::<String>(), 1..5)) {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            let name = MemberName::new(&parts, ".log", 3);
            prop_assert!(!name.as_str().starts_with('/'));
            prop_assert!(name.as_str().split('/').all(|part| !part.is_empty() && part != "." && part != ".."));
            prop_assert!(name.as_str().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-./".contains(&b)));
        }
    }
}
