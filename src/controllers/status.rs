//! Writing a status: by server-side apply, on change only, one field manager for each writer (invariant 3).
//! Not for: what stands in a status.

use kube::api::{Patch, PatchParams};
use kube::core::NamespaceResourceScope;
use kube::{Api, Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::errors::Error;

/// One writer of a status: its name as field manager, and the fields that are its own (or, negated, all but these).
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer {
    pub(super) manager: &'static str,
    pub(super) fields: Fields,
}

/// Which top-level fields of a status a writer owns.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fields {
    Only(&'static [&'static str]),
    AllBut(&'static [&'static str]),
}

impl Writer {
    /// The part of `status` that this writer owns, as JSON.
    pub(super) fn part(&self, status: &impl Serialize) -> Result<Map<String, Value>, Error> {
        let value = serde_json::to_value(status)
            .map_err(|source| Error::Serialize { doing: "writing the status as JSON", source })?;
        let Value::Object(mut fields) = value else { return Ok(Map::new()) };
        fields.retain(|name, value| {
            !value.is_null()
                && match self.fields {
                    Fields::Only(own) => own.contains(&name.as_str()),
                    Fields::AllBut(others) => !others.contains(&name.as_str()),
                }
        });
        Ok(fields)
    }

    /// The part of `new` to be written, or nothing if `old` says the same.
    pub(super) fn difference<S: Serialize>(
        &self,
        old: Option<&S>,
        new: &S,
    ) -> Result<Option<Map<String, Value>>, Error> {
        let new = self.part(new)?;
        let old = old.map(|old| self.part(old)).transpose()?;
        Ok((old.as_ref() != Some(&new)).then_some(new))
    }
}

/// What must still hold when the API server takes the write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precondition {
    /// The object was not deleted and created again.
    SameObject,
    /// Nobody wrote since it was read; else the answer is a conflict.
    SameVersion,
}

/// An API for the object's own namespace, or cluster-wide where it has none.
pub(super) fn api_of<K>(client: &Client, object: &K) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    Api::namespaced(client.clone(), &object.namespace().unwrap_or_default())
}

/// Applies `fields` as the status of `object` and returns the object as the API server now has it.
pub(super) async fn apply<K, R>(
    api: &Api<R>,
    object: &K,
    writer: Writer,
    fields: Map<String, Value>,
    precondition: Precondition,
) -> Result<R, Error>
where
    K: Resource<DynamicType = ()>,
    R: Clone + DeserializeOwned + std::fmt::Debug,
{
    let mut metadata = json!({"name": object.meta().name, "uid": object.meta().uid});
    if let Some(namespace) = &object.meta().namespace {
        metadata["namespace"] = json!(namespace);
    }
    if precondition == Precondition::SameVersion {
        metadata["resourceVersion"] = json!(object.meta().resource_version);
    }
    let body = json!({
        "apiVersion": K::api_version(&()),
        "kind": K::kind(&()),
        "metadata": metadata,
        "status": fields,
    });
    let name = object.meta().name.as_deref().unwrap_or_default();
    api.patch_status(name, &PatchParams::apply(writer.manager).force(), &Patch::Apply(body))
        .await
        .map_err(Error::api("writing the status"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Status {
        state: &'static str,
        meshes: Vec<&'static str>,
        closed: Option<i64>,
    }

    const WRITER: Writer = Writer { manager: "test", fields: Fields::AllBut(&["meshes"]) };

    #[test]
    fn a_difference_in_a_field_of_another_writer_is_none() {
        let old = Status { state: "Open", meshes: vec![], closed: None };
        let new = Status { state: "Open", meshes: vec!["Istio"], closed: None };
        assert!(WRITER.difference(Some(&old), &new).unwrap().is_none());
    }

    #[test]
    fn a_changed_field_brings_all_own_fields_and_no_null() {
        let old = Status { state: "Open", meshes: vec![], closed: None };
        let new = Status { state: "Closed", meshes: vec!["Istio"], closed: None };
        let fields = WRITER.difference(Some(&old), &new).unwrap().unwrap();
        assert_eq!(Value::Object(fields), json!({"state": "Closed"}));
    }

    #[test]
    fn a_status_that_was_never_written_is_a_difference() {
        let new = Status { state: "Open", meshes: vec![], closed: None };
        assert!(WRITER.difference(None, &new).unwrap().is_some());
    }
}
