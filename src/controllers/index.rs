//! Which activities belong to which case, so that a case finds them without looking at all of them.
//! Not for: the activities themselves; those are in the cache.

use std::collections::{BTreeSet, HashMap};
use std::sync::{PoisonError, RwLock};

use super::cache::Key;

/// The keys of the activities of each case, by the name that they give (`spec.caseRef.name`).
#[derive(Debug, Default)]
pub struct ActivityIndex {
    by_case: RwLock<HashMap<Key, BTreeSet<Key>>>,
}

impl ActivityIndex {
    /// Notes that `activity` names `case`.
    pub(super) fn insert(&self, case: Key, activity: Key) {
        self.by_case.write().unwrap_or_else(PoisonError::into_inner).entry(case).or_default().insert(activity);
    }

    /// Forgets that `activity` names `case`.
    pub(super) fn remove(&self, case: &Key, activity: &Key) {
        let mut by_case = self.by_case.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(activities) = by_case.get_mut(case) {
            activities.remove(activity);
            if activities.is_empty() {
                by_case.remove(case);
            }
        }
    }

    /// The activities that name `case`, by name.
    pub fn of(&self, case: &Key) -> Vec<Key> {
        let by_case = self.by_case.read().unwrap_or_else(PoisonError::into_inner);
        by_case.get(case).map(|activities| activities.iter().cloned().collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_finds_its_own_activities_only() {
        let index = ActivityIndex::default();
        let [case, other] = ["case", "other"].map(|name| Key::new(Some("shop"), name));
        let [first, second] = ["first", "second"].map(|name| Key::new(Some("shop"), name));
        index.insert(case.clone(), second.clone());
        index.insert(case.clone(), first.clone());
        assert_eq!(index.of(&case), vec![first.clone(), second.clone()]);
        assert!(index.of(&other).is_empty());
        index.remove(&case, &first);
        assert_eq!(index.of(&case), vec![second]);
    }
}
