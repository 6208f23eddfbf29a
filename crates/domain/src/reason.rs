//! The reasons of conditions and checks: an API of their own, UpperCamel, each documented. Not for: the messages beside them.

/// All opening checks passed; the case is being handled.
pub const ACCEPTED: &str = "Accepted";
/// Accepted with known workarounds and fixes only, no new code (ruling 23).
pub const ACCEPTED_LIMITED: &str = "AcceptedLimited";
/// The check passed.
pub const PASSED: &str = "Passed";
/// What the check needs is not known (yet); it does not hold the case up (ruling 23).
pub const UNKNOWN: &str = "Unknown";
/// The contract is not there (yet); the clock runs from the creation all the same (ruling 22).
pub const CONTRACT_NOT_FOUND: &str = "ContractNotFound";
/// The contract has errors; its own condition names the field.
pub const CONTRACT_INVALID: &str = "ContractInvalid";
/// A redaction rule of the contract cannot be used: nothing is collected under it until it is mended.
pub const INVALID_REDACTOR: &str = "InvalidRedactor";
/// The contract asks for encrypted bundles, which this version cannot make: nothing is collected under it.
pub const ENCRYPTION_UNAVAILABLE: &str = "EncryptionUnavailable";
/// Findings that found no room in the status, counted.
pub const MORE_FINDINGS: &str = "MoreFindings";
/// The contract's namespaceSelector does not take the case's namespace (ruling 27).
pub const NAMESPACE_NOT_ALLOWED: &str = "NamespaceNotAllowed";
/// The contract starts later.
pub const CONTRACT_NOT_STARTED: &str = "ContractNotStarted";
/// The contract's term is over (ruling 28).
pub const CONTRACT_LAPSED: &str = "ContractLapsed";
/// The trial's days are over (ruling 21).
pub const TRIAL_EXPIRED: &str = "TrialExpired";
/// The contract that the case is bound to is gone (ruling 28).
pub const CONTRACT_DELETED: &str = "ContractDeleted";
/// The contract names contacts, the case names none (ruling 25).
pub const CONTACT_REQUIRED: &str = "ContactRequired";
/// The case's contact is none of the contract's.
pub const CONTACT_NOT_AUTHORIZED: &str = "ContactNotAuthorized";
/// The case's contact is one beyond the plan's limit (ruling 25).
pub const CONTACT_OVER_LIMIT: &str = "ContactOverLimit";
/// The plan takes no cases on this channel.
pub const CHANNEL_NOT_OFFERED: &str = "ChannelNotOffered";
/// The plan does not walk through installations and upgrades.
pub const INSTALLATION_OUT_OF_SCOPE: &str = "InstallationOutOfScope";
/// The plan takes no enhancement requests, or none for this release.
pub const ENHANCEMENT_OUT_OF_SCOPE: &str = "EnhancementOutOfScope";
/// The contract has not counted the case yet; milliseconds.
pub const QUOTA_PENDING: &str = "QuotaPending";
/// The incidents of the contract year are used up (ruling 26).
pub const QUOTA_EXHAUSTED: &str = "QuotaExhausted";
/// The grant was given back: the case was rejected by itself before a response (ruling 26).
pub const QUOTA_RELEASED: &str = "QuotaReleased";
/// The release is past its end of life (ruling 23).
pub const VERSION_END_OF_LIFE: &str = "VersionEndOfLife";
/// The release is past its end of life, with continuing support bought.
pub const CONTINUING_SUPPORT: &str = "ContinuingSupport";
/// The release is neither current nor one of the prior ones in full support.
pub const LIMITED_SUPPORT: &str = "LimitedSupport";
/// The release is none for production, and the plan excludes those.
pub const NOT_A_PRODUCTION_RELEASE: &str = "NotAProductionRelease";
/// The cluster has more nodes than licensed; never a ground for rejection (ruling 23).
pub const NODES_OVER_LICENSE: &str = "NodesOverLicense";
/// The case is bound to its contract; the edit of contractRef does not count (ruling 24).
pub const CONTRACT_CHANGE_IGNORED: &str = "ContractChangeIgnored";

/// The operator's clock and the API server's differ by a minute or more: nothing that comes by the clock is settled (ruling 39).
pub const CLOCK_SKEWED: &str = "ClockSkewed";

/// A deadline moved, or broke, because the contract was edited (ruling 14).
pub const CONTRACT_EDITED: &str = "ContractEdited";
/// A deadline moved because the operator has newer time zone data; nobody edited the contract (rulings 5 and 14).
pub const ZONE_DATA_CHANGED: &str = "ZoneDataChanged";
/// The deadline follows a change of severity (ruling 15).
pub const SEVERITY_CHANGED: &str = "SeverityChanged";
/// The case was closed before any response (ruling 20).
pub const CLOSED_UNANSWERED: &str = "ClosedUnanswered";
/// The customer asked for the level.
pub const CUSTOMER_REQUEST: &str = "CustomerRequest";
/// The initial response was breached.
pub const RESPONSE_BREACHED: &str = "ResponseBreached";
/// A share of the initial response's target was used up without a response.
pub const TARGET_SHARE_USED: &str = "TargetShareUsed";
/// The level below did not acknowledge in time.
pub const UNACKNOWLEDGED: &str = "Unacknowledged";

/// The contract is usable.
pub const CONTRACT_VALID: &str = "ContractValid";
/// Hours, zone or holidays cannot be used; the message names the field (ruling 8).
pub const INVALID_CALENDAR: &str = "InvalidCalendar";
/// Another field of the contract cannot be used; the message names it.
pub const INVALID_SPEC: &str = "InvalidSpec";
/// Another, older contract is the default (ruling 27).
pub const NOT_THE_DEFAULT: &str = "NotTheDefault";
