//! The iCalendar feeds that stand in ConfigMaps beside the objects read. Not for: parsing them.

use crate::convert::Feeds;

use super::manifests::Manifest;

/// Every key of every ConfigMap. The operator reads its own namespace only; here a file stands for it, whatever its namespace.
pub(crate) fn of(manifests: &[Manifest]) -> Feeds {
    let mut feeds = Feeds::default();
    for manifest in manifests.iter().filter(|manifest| manifest.kind() == "ConfigMap") {
        for (key, text) in manifest.value["data"].as_object().into_iter().flatten() {
            if let Some(text) = text.as_str() {
                feeds.0.insert((manifest.name().to_owned(), key.clone()), Ok(text.to_owned()));
            }
        }
    }
    feeds
}
