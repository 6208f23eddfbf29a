//! The named contacts of a contract: who is beyond the plan's limit, and the record of hand-overs. Not for: who may open a
//! case (the domain).

use chrono::{DateTime, Utc};

use super::condition::Condition;
use super::decide_contract::number;
use crate::api::{ContactChange, ContactsStatus};
use crate::domain::contract::Contract;
use crate::domain::reason;

/// So many addresses are named where there may be a hundred; the others are counted.
const NAMED: usize = 3;

/// The contacts at `now`, UTC; what changed since `before` is one more hand-over.
pub(super) fn status(
    contract: &Contract,
    nodes: Option<i64>,
    before: Option<&ContactsStatus>,
    now: DateTime<Utc>,
) -> ContactsStatus {
    let listed: Vec<String> = contract.contacts.iter().map(|email| email.to_lowercase()).collect();
    let known = before.map(known).unwrap_or_default();
    let mut changes = before.map(|before| before.changes.clone()).unwrap_or_default();
    changes.extend(hand_over(&known, &listed, now));
    ContactsStatus {
        registered: number(contract.contacts.len()),
        limit: contract.contact_limit(nodes).map(number),
        nodes: nodes.map(|nodes| i32::try_from(nodes).unwrap_or(i32::MAX)),
        over_limit: contract.contacts_within_limit(nodes).1.to_vec(),
        changes,
        observed: Some(listed),
    }
}

/// Whether all contacts may open cases.
pub(super) fn within_limit(contract: &Contract, nodes: Option<i64>) -> Condition {
    let (_, over) = contract.contacts_within_limit(nodes);
    let (status, reason, message) = match over {
        [] => ("True", "WithinLimit", "all named contacts may open cases".to_owned()),
        over => {
            let mut names = over.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            if let Some(more) = over.len().checked_sub(NAMED).filter(|more| *more > 0) {
                names.push_str(&format!(" and {more} more"));
            }
            let message = format!("beyond the plan's limit, so that they may not open cases: {names}");
            ("False", reason::CONTACT_OVER_LIMIT, message)
        }
    };
    Condition { type_: "ContactsWithinLimit", status, reason: reason.to_owned(), message }
}

fn hand_over(known: &[String], listed: &[String], now: DateTime<Utc>) -> Option<ContactChange> {
    let without = |all: &[String], others: &[String]| -> Vec<String> {
        all.iter().filter(|email| !others.contains(email)).cloned().collect()
    };
    let (added, removed) = (without(listed, known), without(known, listed));
    let total = |emails: &[String]| (emails.len() > NAMED).then(|| number(emails.len()));
    let named = |emails: &[String]| emails.iter().take(NAMED).cloned().collect();
    (!added.is_empty() || !removed.is_empty()).then(|| ContactChange {
        at: now,
        added: named(&added),
        added_total: total(&added),
        removed: named(&removed),
        removed_total: total(&removed),
    })
}

/// The contacts as they were. A status of an earlier version says so by its hand-overs, played from the first one.
fn known(before: &ContactsStatus) -> Vec<String> {
    before.observed.clone().unwrap_or_else(|| {
        before.changes.iter().fold(Vec::new(), |mut known, change| {
            known.retain(|email| !change.removed.contains(email));
            known.extend(change.added.iter().filter(|email| !known.contains(email)).cloned().collect::<Vec<_>>());
            known
        })
    })
}
