//! Tests of the time rules.

mod rulings;
