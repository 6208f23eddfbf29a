//! The rule table: one file per group of families. Not for: how a row is run; see [`super::scan`].

mod structure;

use super::rule::Rule;

/// Every rule, in the order of the documentation; among overlapping finds the earlier row names the token.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    structure::RULES.iter()
}
