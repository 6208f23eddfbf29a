//! The names of condition types, as they are spelled in `status.conditions`. Not for: when they are true (the domain).

/// Accepted and being handled; for a contract: usable.
pub const READY: &str = "Ready";
/// kstatus: the operator is still at work or waits for something.
pub const RECONCILING: &str = "Reconciling";
/// kstatus: nothing goes on without somebody's doing.
pub const STALLED: &str = "Stalled";

/// Case: the contract covers it.
pub const ENTITLED: &str = "Entitled";
/// Case: the initial response came in time.
pub const RESPONSE_TARGET_MET: &str = "ResponseTargetMet";
/// Case: a manager has it.
pub const ESCALATED: &str = "Escalated";
/// Case: the bundle is stored.
pub const EVIDENCE_COLLECTED: &str = "EvidenceCollected";
/// Case: resolved or closed.
pub const RESOLVED: &str = "Resolved";

/// Contract: started and not lapsed.
pub const ACTIVE: &str = "Active";
/// Contract: no more contacts than the plan allows.
pub const CONTACTS_WITHIN_LIMIT: &str = "ContactsWithinLimit";
/// Contract: no more nodes than licensed.
pub const NODES_WITHIN_LICENSE: &str = "NodesWithinLicense";

/// Activity: it counts.
pub const RECORDED: &str = "Recorded";
