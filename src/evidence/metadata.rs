//! An object's metadata without what may be large: managed fields, and annotations of more than 4 KiB, as `kubectl apply` keeps
//! one. They are skipped while an answer is decoded. Not for: what is collected as it stands.

use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference, Time};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

/// Injection's own annotations, the longest that is read, have less than a KiB.
const MOST_OF_AN_ANNOTATION: usize = 4 * 1024;
/// A pod may have thousands of short ones.
const MOST_ANNOTATIONS: usize = 64;

/// Reads `metadata`, for `#[serde(deserialize_with)]`.
///
/// # Errors
/// A member that is kept is not what it should be.
pub fn lean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectMeta, D::Error> {
    Kept::deserialize(deserializer).map(ObjectMeta::from)
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Kept {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    generation: Option<i64>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<Short>,
    owner_references: Option<Vec<OwnerReference>>,
    finalizers: Option<Vec<String>>,
}

impl From<Kept> for ObjectMeta {
    fn from(kept: Kept) -> Self {
        Self {
            name: kept.name,
            namespace: kept.namespace,
            uid: kept.uid,
            resource_version: kept.resource_version,
            generation: kept.generation,
            creation_timestamp: kept.creation_timestamp,
            deletion_timestamp: kept.deletion_timestamp,
            labels: kept.labels,
            annotations: kept.annotations.map(|short| short.0),
            owner_references: kept.owner_references,
            finalizers: kept.finalizers,
            ..Self::default()
        }
    }
}

/// The short ones of a map of annotations.
struct Short(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Short {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OnlyShort)
    }
}

struct OnlyShort;

impl<'de> Visitor<'de> for OnlyShort {
    type Value = Short;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("annotations")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Short, A::Error> {
        let mut short = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, String>()? {
            if value.len() <= MOST_OF_AN_ANNOTATION && short.len() < MOST_ANNOTATIONS {
                short.insert(key, value);
            }
        }
        Ok(Short(short))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn short_annotations_are_kept_and_long_ones_and_managed_fields_are_not() {
        let meta = lean(json!({
            "name": "a", "labels": {"app": "a"},
            "annotations": {"istio.io/rev": "canary", "long": "x".repeat(250 * 1024)},
            "managedFields": [{"manager": "kubectl"}],
        }));
        let meta = meta.unwrap();
        assert_eq!(meta.annotations, Some([("istio.io/rev".to_owned(), "canary".to_owned())].into()));
        assert_eq!((meta.name.as_deref(), meta.managed_fields), (Some("a"), None));
        assert_eq!(meta.labels.unwrap()["app"], "a");
    }
}
