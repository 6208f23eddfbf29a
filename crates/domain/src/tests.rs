//! Tests of whole decisions on plain values: a table for each ruling, each cell of the table of states, each fact of the
//! built-in plans, and properties. Not for: time alone (`time/tests.rs`), nor for objects as people write them (`convert`).

mod closing;
mod entitlement;
mod granting;
mod plans;
mod promises;
mod properties;
mod severities;
mod states;
mod story;
