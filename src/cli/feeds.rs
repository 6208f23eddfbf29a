//! The iCalendar feeds that stand in ConfigMaps beside the objects read. Not for: parsing them.

use k8s_openapi::api::core::v1::ConfigMap;

use crate::convert::Feeds;
use crate::domain::time::ZoneData;

use super::manifests::{Faults, Manifest};

/// Every key of every ConfigMap. The operator reads its own namespace only; here a file stands for it, whatever its namespace.
pub(crate) fn of(manifests: &[Manifest], zones: &ZoneData, faults: &mut Faults) -> Feeds {
    let mut feeds = Feeds::with_zones(zones.clone());
    for manifest in manifests.iter().filter(|manifest| manifest.kind() == "ConfigMap") {
        match serde_json::from_value::<ConfigMap>(manifest.value.clone()) {
            Ok(map) => feeds.add(&map),
            Err(error) => faults.add(format!("{}: {error}", manifest.label())),
        }
    }
    feeds
}
