//! The texts that contracts name: calendars and redaction rules, from the ConfigMaps of the operator's namespace. What is made of
//! one is remembered by the text's digest, so that no decision parses it again. Not for: parsing.

use std::collections::{BTreeMap, HashMap};
use std::sync::{LazyLock, Mutex, PoisonError};

use k8s_openapi::api::core::v1::ConfigMap;
use sha2::{Digest, Sha256};

use crate::domain::time::ZoneData;

/// What contracts refer to outside of themselves.
#[derive(Debug, Clone, Default)]
pub struct Feeds {
    /// By ConfigMap and key, or why one is missing.
    texts: BTreeMap<(String, String), Result<Feed, String>>,
    /// The time zone data in use.
    pub zones: ZoneData,
}

#[derive(Debug, Clone)]
struct Feed {
    text: String,
    digest: String,
}

impl Feeds {
    /// No texts yet.
    pub fn with_zones(zones: ZoneData) -> Self {
        Self { zones, ..Self::default() }
    }

    /// Adds the texts of a ConfigMap. What a client took for no text stands in `binaryData`.
    pub fn add(&mut self, map: &ConfigMap) {
        let name = map.metadata.name.clone().unwrap_or_default();
        let texts = map.data.iter().flatten().map(|(key, text)| (key, Ok(text.clone())));
        let binary = map.binary_data.iter().flatten().map(|(key, bytes)| (key, text_of(&bytes.0)));
        self.extend(texts.chain(binary).map(|(key, text)| ((name.clone(), key.clone()), text)));
    }

    /// Takes the texts of others, in the place of those under the same keys.
    pub fn take_texts(&mut self, others: Self) {
        self.texts.extend(others.texts);
    }

    /// The text under a key, or why there is none, in words.
    ///
    /// # Errors
    /// The ConfigMap or its key is missing, or could not be read.
    pub fn get(&self, name: &str, key: &str) -> Result<&str, String> {
        self.feed(name, key).map(|feed| feed.text.as_str())
    }

    /// What tells a text, or its absence, from any other.
    pub(super) fn digest(&self, name: &str, key: &str) -> String {
        self.feed(name, key).map_or_else(|why| why, |feed| feed.digest.clone())
    }

    fn feed(&self, name: &str, key: &str) -> Result<&Feed, String> {
        match self.texts.get(&(name.to_owned(), key.to_owned())) {
            Some(feed) => feed.as_ref().map_err(Clone::clone),
            None => Err("not found in the operator's namespace".to_owned()),
        }
    }
}

fn text_of(bytes: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(bytes).map(str::to_owned);
    text.map_err(|error| format!("is no text in UTF-8, from byte {} on", error.valid_up_to()))
}

type Named = ((String, String), Result<String, String>);

impl Extend<Named> for Feeds {
    fn extend<I: IntoIterator<Item = Named>>(&mut self, texts: I) {
        let digest = |text: &str| Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let feed = |text: String| Feed { digest: digest(&text), text };
        self.texts.extend(texts.into_iter().map(|(place, text)| (place, text.map(feed))));
    }
}

impl FromIterator<Named> for Feeds {
    fn from_iter<I: IntoIterator<Item = Named>>(texts: I) -> Self {
        let mut feeds = Self::default();
        feeds.extend(texts);
        feeds
    }
}

/// More contracts than any cluster has; beyond it a memory starts anew.
const MOST: usize = 256;

/// Answers by all that they were made from: equal input, equal answer.
pub(super) struct Memory<T>(LazyLock<Mutex<HashMap<String, T>>>);

impl<T: Clone> Memory<T> {
    pub(super) const fn new() -> Self {
        Self(LazyLock::new(Mutex::default))
    }

    /// The answer for `key`, made by `make` where it was not asked for before.
    pub(super) fn recall(&self, key: String, make: impl FnOnce() -> T) -> T {
        if let Some(answer) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return answer.clone();
        }
        // Not under the lock: a large feed takes its time, and other contracts need not wait for it.
        let answer = make();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, answer.clone());
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feeds(text: &str) -> Feeds {
        [(("holidays".to_owned(), "a".to_owned()), Ok(text.to_owned()))].into_iter().collect()
    }

    #[test]
    fn a_changed_text_has_another_digest_and_a_missing_one_its_own() {
        let [one, other] = ["one", "other"].map(|text| feeds(text).digest("holidays", "a"));
        assert_ne!(one, other);
        assert_eq!(one, feeds("one").digest("holidays", "a"));
        assert_eq!(feeds("one").digest("holidays", "b"), "not found in the operator's namespace");
    }

    #[test]
    fn what_was_made_once_is_not_made_again() {
        static NUMBERS: Memory<u32> = Memory::new();
        assert_eq!(NUMBERS.recall("one".to_owned(), || 1), 1);
        assert_eq!(NUMBERS.recall("one".to_owned(), || 2), 1);
        assert_eq!(NUMBERS.recall("two".to_owned(), || 2), 2);
    }
}
