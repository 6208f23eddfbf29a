//! The rule table: one file per group of families. Not for: how a row is run; see [`super::scan`].

mod cloud;
mod code_hosts;
mod services;
mod structure;

use super::family::Family;
use super::rule::{Detector, Expression, Rule};

/// Every rule, in the order of the documentation; among overlapping finds the earlier row names the token.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    [cloud::RULES, code_hosts::RULES, services::RULES, structure::RULES].into_iter().flatten()
}

/// A row that is found by an expression.
const fn row(
    id: &'static str,
    family: Family,
    finds: &'static str,
    expression: Expression,
    positive: &'static [&'static str],
    negative: &'static [&'static str],
) -> Rule {
    Rule { id, family, finds, detector: Detector::Expression(expression), positive, negative }
}
