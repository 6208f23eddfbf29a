//! The rule table: one file per group of families. Not for: how a row is run; see [`super::scan`].

/// For expressions: the begin of the next line, also behind the prefix that container runtimes write before each and
/// behind YAML's indentation.
macro_rules! next_line {
    () => {
        r"\r?\n(?:\S+ std(?:out|err) [FP] )?[ \t]*"
    };
}

mod cloud;
mod code_hosts;
mod commands;
mod services;
mod structure;
mod tools;

use super::family::Family;
use super::rule::{Detector, Expression, Rule};
use super::value;

/// Every rule, in the order of the documentation; among overlapping finds the earlier row names the token.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    [cloud::RULES, code_hosts::RULES, services::RULES, commands::RULES, tools::RULES, structure::RULES]
        .into_iter()
        .flatten()
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

fn has_digit(found: &[u8]) -> bool {
    found.iter().any(u8::is_ascii_digit)
}

/// For expressions: neither a mask nor a reference nor a constant word.
fn not_harmless(found: &[u8]) -> bool {
    !value::is_harmless(found)
}
