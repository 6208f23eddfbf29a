//! Remembers the calendars that contracts came to: one decision on a case would else parse a feed and write out a century of
//! holidays again. A pure memo: equal input, equal calendar. Not for: what a calendar is made of (`read_contract.rs`).

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::Feeds;
use super::read_contract::Fault;
use crate::api::SupportContractSpec;
use crate::domain::time::Calendar;

/// More contracts than any cluster has; beyond it the memory starts anew.
const MOST: usize = 256;

type Answer = Result<Calendar, Vec<Fault>>;

/// The calendar of a contract, made by `make` where it was not asked for before.
pub(super) fn remembered(spec: &SupportContractSpec, feeds: &Feeds, make: impl FnOnce() -> Answer) -> Answer {
    static KNOWN: LazyLock<Mutex<HashMap<String, Answer>>> = LazyLock::new(Mutex::default);
    let Some(key) = key(spec, feeds) else { return make() };
    if let Some(answer) = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return answer.clone();
    }
    // Not under the lock: a large feed takes its time, and other contracts need not wait for it.
    let answer = make();
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= MOST {
        known.clear();
    }
    known.insert(key, answer.clone());
    answer
}

/// All that a calendar is made from: plan, holidays, special hours, the version of the zone data, and the texts of the feeds
/// by their digests.
fn key(spec: &SupportContractSpec, feeds: &Feeds) -> Option<String> {
    let mut key = serde_json::to_string(&(
        feeds.zones.version(),
        spec.plan,
        &spec.custom_plan,
        &spec.holidays,
        &spec.special_hours,
    ))
    .ok()?;
    for source in spec.holidays.iter().flat_map(|holidays| &holidays.i_calendar) {
        match feeds.get(&source.name, &source.key) {
            Ok(text) => key.extend(Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}"))),
            Err(why) => key += &why,
        }
    }
    Some(key)
}
