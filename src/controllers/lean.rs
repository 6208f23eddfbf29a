//! Objects as the operator keeps them: without annotations and managed fields, which it never reads and which anybody may fill
//! with 250 KiB. They are skipped while an answer is decoded. Not for: what is collected as evidence.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::core::error_boundary::InvalidObject;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::evidence::metadata;

/// An object of `K`, or why it is none: one that cannot be read must not break off the list in which it stands (invariant 9).
#[derive(Debug, Clone)]
pub(super) struct Lean<K>(pub(super) Result<K, InvalidObject>);

/// Everything of an object, its metadata apart from the rest.
#[derive(Deserialize)]
struct Parts {
    #[serde(default, deserialize_with = "metadata::lean")]
    metadata: ObjectMeta,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl<'de, K: DeserializeOwned> Deserialize<'de> for Lean<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Parts { mut metadata, mut rest } = Parts::deserialize(deserializer)?;
        metadata.annotations = None;
        rest.insert("metadata".to_owned(), serde_json::to_value(&metadata).map_err(D::Error::custom)?);
        let object = K::deserialize(Value::Object(rest));
        Ok(Self(object.map_err(|error| InvalidObject { error: error.to_string(), metadata })))
    }
}

impl<K: Resource> Resource for Lean<K> {
    type DynamicType = K::DynamicType;
    type Scope = K::Scope;

    fn kind(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::kind(dt)
    }

    fn group(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::group(dt)
    }

    fn version(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::version(dt)
    }

    fn plural(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::plural(dt)
    }

    fn metadata_api() -> bool {
        K::metadata_api()
    }

    fn meta(&self) -> &ObjectMeta {
        self.0.as_ref().map_or_else(|invalid| &invalid.metadata, K::meta)
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        self.0.as_mut().map_or_else(|invalid| &mut invalid.metadata, K::meta_mut)
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod};
    use kube::ResourceExt;
    use kube::core::PartialObjectMeta;
    use serde_json::json;

    use super::*;

    fn metadata() -> Value {
        json!({
            "name": "a", "namespace": "shop", "uid": "u", "resourceVersion": "7", "generation": 2,
            "creationTimestamp": "2026-11-25T10:00:00Z", "deletionTimestamp": "2026-11-25T11:00:00Z",
            "labels": {"app": "a"}, "finalizers": ["meshcase.io/a"],
            "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "o"}],
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "x".repeat(250 * 1024)},
            "managedFields": [{"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:data": {}}}],
            "selfLink": "/api",
        })
    }

    #[test]
    fn all_but_annotations_and_managed_fields_is_kept() {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(), "data": {"k": "v"}});
        let Lean(read) = serde_json::from_value::<Lean<ConfigMap>>(object).unwrap();
        let read = read.unwrap();
        assert_eq!(read.data.as_ref().unwrap()["k"], "v");
        let mut kept = metadata();
        for left_out in ["annotations", "managedFields", "selfLink"] {
            kept.as_object_mut().unwrap().remove(left_out);
        }
        assert_eq!(serde_json::to_value(&read.metadata).unwrap(), kept);
    }

    #[test]
    fn an_object_that_cannot_be_read_keeps_its_name() {
        let object = json!({"metadata": metadata(), "spec": {"containers": "no list"}});
        let read = serde_json::from_value::<Lean<Pod>>(object).unwrap();
        assert_eq!((read.name_any(), read.annotations().len()), ("a".to_owned(), 0));
        assert!(read.0.unwrap_err().error.contains("expected a sequence"));
    }

    #[test]
    fn metadata_alone_is_asked_for_as_such() {
        assert!(Lean::<PartialObjectMeta<Namespace>>::metadata_api());
        assert!(!Lean::<ConfigMap>::metadata_api());
    }
}
