//! The rules: time, plans, promises, entitlement, the life of a case, escalation. Pure: no cluster, no clock, no I/O;
//! every function of time takes its instants. Not for: what people write and read (`api`), and the bridge to it.

pub mod time;
