//! What the operator remembers of the objects it watches: the newest version of each, and what just changed.
//! Not for: deciding anything, nor for kinds that are not watched.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use kube::Resource;
use kube::core::error_boundary::InvalidObject;
use kube::runtime::watcher;
use tokio::sync::watch;

/// Namespace (empty for a cluster-scoped object) and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub namespace: String,
    pub name: String,
}

impl Key {
    /// The key of `object`.
    pub fn of(object: &impl Resource) -> Self {
        let meta = object.meta();
        Self { namespace: meta.namespace.clone().unwrap_or_default(), name: meta.name.clone().unwrap_or_default() }
    }

    /// A key from its parts; `namespace` is `None` for a cluster-scoped object.
    pub fn new(namespace: Option<&str>, name: &str) -> Self {
        Self { namespace: namespace.unwrap_or_default().to_owned(), name: name.to_owned() }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() { f.write_str(&self.name) } else { write!(f, "{}/{}", self.namespace, self.name) }
    }
}

/// One object as the API server stores it: readable, or with the reason why it is not (invariant 9).
#[derive(Debug)]
pub enum Stored<K> {
    Readable(Arc<K>),
    Unreadable(Arc<InvalidObject>),
}

impl<K> Clone for Stored<K> {
    fn clone(&self) -> Self {
        match self {
            Self::Readable(object) => Self::Readable(object.clone()),
            Self::Unreadable(invalid) => Self::Unreadable(invalid.clone()),
        }
    }
}

impl<K: Resource> Stored<K> {
    /// The object, if it could be parsed.
    pub fn readable(&self) -> Option<&Arc<K>> {
        match self {
            Self::Readable(object) => Some(object),
            Self::Unreadable(_) => None,
        }
    }

    fn meta(&self) -> &k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta {
        match self {
            Self::Readable(object) => object.meta(),
            Self::Unreadable(invalid) => &invalid.metadata,
        }
    }

    fn key(&self) -> Key {
        Key::new(self.meta().namespace.as_deref(), self.meta().name.as_deref().unwrap_or_default())
    }

    fn version(&self) -> u64 {
        version(self.meta().resource_version.as_deref())
    }
}

/// One change of one object; at least one side is there.
#[derive(Debug)]
pub struct Change<K> {
    pub key: Key,
    pub old: Option<Stored<K>>,
    pub new: Option<Stored<K>>,
}

/// The newest known version of each object of one kind. Reads never wait for the API server.
#[derive(Debug)]
pub struct Cache<K> {
    objects: RwLock<HashMap<Key, Stored<K>>>,
    /// What the operator itself wrote since the list that is under way began, while one is: the list may be older.
    written: Mutex<Option<HashSet<Key>>>,
    listed: watch::Sender<bool>,
}

impl<K: Resource> Default for Cache<K> {
    fn default() -> Self {
        Self { objects: RwLock::default(), written: Mutex::default(), listed: watch::Sender::new(false) }
    }
}

impl<K: Resource> Cache<K> {
    /// The object under `key`, if it exists.
    pub fn get(&self, key: &Key) -> Option<Stored<K>> {
        self.objects.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// All readable objects for which `wanted` holds, in no particular order.
    pub fn list(&self, wanted: impl Fn(&K) -> bool) -> Vec<Arc<K>> {
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        objects.values().filter_map(Stored::readable).filter(|object| wanted(object)).cloned().collect()
    }

    /// All keys, those of unreadable objects too.
    pub fn keys(&self) -> Vec<Key> {
        self.objects.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// Whether the first list is complete.
    pub fn is_listed(&self) -> bool {
        *self.listed.borrow()
    }

    /// Waits until the first list is complete.
    pub async fn until_listed(&self) {
        // The sender lives as long as `self`: the wait cannot fail.
        let _ = self.listed.subscribe().wait_for(|listed| *listed).await;
    }

    /// Takes the answer to an own write, so that the next decision does not stand on what was before it. Its echo in the
    /// watch will be no change: who else must know is told of the answered one.
    pub fn written(&self, object: K) -> Option<Change<K>> {
        if let Some(written) = self.written.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            written.insert(Key::of(&object));
        }
        self.put(Stored::Readable(Arc::new(object)), false)
    }

    fn list_begins(&self) {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = Some(HashSet::new());
    }

    fn list_ends(&self) {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.listed.send_replace(true);
    }

    /// Takes an object of a list. A list is no older than what was known when it began, except by a version that etcd, restored
    /// from a backup, no longer knows: then the list counts.
    fn take_listed(&self, object: Stored<K>) -> Option<Change<K>> {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = !written.as_ref().is_some_and(|written| written.contains(&object.key()));
        drop(written);
        self.put(object, counts)
    }

    /// Takes `new` if it is newer than what is known; with `older_too` also if it is older.
    fn put(&self, new: Stored<K>, older_too: bool) -> Option<Change<K>> {
        let key = new.key();
        let mut objects = self.objects.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = objects.get(&key)
            && known.meta().uid == new.meta().uid
            && (known.version() == new.version() || known.version() > new.version() && !older_too)
        {
            return None;
        }
        let old = objects.insert(key.clone(), new.clone());
        Some(Change { key, old, new: Some(new) })
    }

    fn remove(&self, key: Key) -> Option<Change<K>> {
        let old = self.objects.write().unwrap_or_else(PoisonError::into_inner).remove(&key)?;
        Some(Change { key, old: Some(old), new: None })
    }

    /// Keeps only `kept` of the objects, after a complete list.
    fn retain(&self, kept: &HashMap<Key, ()>) -> Vec<Change<K>> {
        self.keys().into_iter().filter(|key| !kept.contains_key(key)).filter_map(|key| self.remove(key)).collect()
    }
}

/// Folds the events of one watch into a [`Cache`]; a list that is cut short removes nothing.
pub(super) struct Folder<K> {
    cache: Arc<Cache<K>>,
    listing: HashMap<Key, ()>,
}

impl<K: Resource> Folder<K> {
    pub(super) fn new(cache: Arc<Cache<K>>) -> Self {
        Self { cache, listing: HashMap::new() }
    }

    /// The changes that one event brings; an echo of an own write brings none.
    pub(super) fn fold(&mut self, event: watcher::Event<Stored<K>>) -> Vec<Change<K>> {
        match event {
            watcher::Event::Apply(object) => self.cache.put(object, false).into_iter().collect(),
            watcher::Event::Delete(object) => self.cache.remove(object.key()).into_iter().collect(),
            watcher::Event::Init => {
                self.listing.clear();
                self.cache.list_begins();
                Vec::new()
            }
            watcher::Event::InitApply(object) => {
                self.listing.insert(object.key(), ());
                self.cache.take_listed(object).into_iter().collect()
            }
            watcher::Event::InitDone => {
                let gone = self.cache.retain(&std::mem::take(&mut self.listing));
                self.cache.list_ends();
                gone
            }
        }
    }
}

/// Resource versions are comparable integers (KEP-5504); one that is none counts as the oldest.
pub(super) fn version(resource_version: Option<&str>) -> u64 {
    resource_version.and_then(|version| version.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::ConfigMap;
    use serde_json::json;

    fn object(name: &str, uid: &str, version: &str) -> ConfigMap {
        serde_json::from_value(
            json!({"metadata": {"name": name, "namespace": "shop", "uid": uid, "resourceVersion": version}}),
        )
        .unwrap()
    }

    fn stored(name: &str, uid: &str, version: &str) -> Stored<ConfigMap> {
        Stored::Readable(Arc::new(object(name, uid, version)))
    }

    fn folder() -> Folder<ConfigMap> {
        Folder::new(Arc::new(Cache::default()))
    }

    #[test]
    fn the_echo_of_an_own_write_is_no_change() {
        let mut folder = folder();
        folder.fold(watcher::Event::Apply(stored("a", "1", "10")));
        folder.cache.written(object("a", "1", "11"));
        assert!(folder.fold(watcher::Event::Apply(stored("a", "1", "11"))).is_empty());
        assert_eq!(folder.fold(watcher::Event::Apply(stored("a", "1", "12"))).len(), 1);
    }

    #[test]
    fn an_older_event_does_not_replace_a_newer_object() {
        let mut folder = folder();
        folder.fold(watcher::Event::Apply(stored("a", "1", "10")));
        folder.fold(watcher::Event::Apply(stored("a", "1", "9")));
        let kept = folder.cache.get(&Key::new(Some("shop"), "a")).unwrap();
        assert_eq!(kept.version(), 10);
    }

    #[test]
    fn a_list_after_etcd_was_restored_replaces_what_is_newer_and_is_a_change() {
        let mut folder = folder();
        folder.fold(watcher::Event::Apply(stored("a", "1", "10")));
        folder.cache.written(object("a", "1", "11"));
        folder.fold(watcher::Event::Init);
        assert_eq!(folder.fold(watcher::Event::InitApply(stored("a", "1", "7"))).len(), 1);
        folder.fold(watcher::Event::InitDone);
        assert_eq!(folder.cache.get(&Key::new(Some("shop"), "a")).unwrap().version(), 7);
    }

    #[test]
    fn a_list_that_began_before_an_own_write_does_not_replace_it() {
        let mut folder = folder();
        folder.fold(watcher::Event::Apply(stored("a", "1", "10")));
        folder.fold(watcher::Event::Init);
        folder.cache.written(object("a", "1", "11"));
        assert!(folder.fold(watcher::Event::InitApply(stored("a", "1", "10"))).is_empty());
        folder.fold(watcher::Event::InitDone);
        assert!(folder.fold(watcher::Event::Apply(stored("a", "1", "11"))).is_empty());
        assert_eq!(folder.cache.get(&Key::new(Some("shop"), "a")).unwrap().version(), 11);
    }

    #[test]
    fn an_object_created_again_replaces_the_one_before_it() {
        let mut folder = folder();
        folder.fold(watcher::Event::Apply(stored("a", "1", "10")));
        let changes = folder.fold(watcher::Event::Apply(stored("a", "2", "3")));
        assert_eq!(changes.len(), 1);
    }

    #[test]
    fn a_complete_list_removes_what_it_does_not_name_and_a_cut_one_nothing() {
        let mut folder = folder();
        folder.fold(watcher::Event::Apply(stored("a", "1", "10")));
        folder.fold(watcher::Event::Init);
        folder.fold(watcher::Event::InitApply(stored("b", "2", "11")));
        assert!(folder.cache.get(&Key::new(Some("shop"), "a")).is_some());
        folder.fold(watcher::Event::Init);
        folder.fold(watcher::Event::InitApply(stored("b", "2", "11")));
        let changes = folder.fold(watcher::Event::InitDone);
        assert_eq!(changes.len(), 1);
        assert!(changes[0].new.is_none());
        assert!(folder.cache.get(&Key::new(Some("shop"), "a")).is_none());
    }
}
