//! Writing a status: by server-side apply, on change only, one field manager for each writer (invariant 3).
//! Not for: what stands in a status, nor its bounds (`convert::writer`).

use kube::api::{Patch, PatchParams};
use kube::core::NamespaceResourceScope;
use kube::{Api, Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::errors::Error;
use super::lean::Lean;
use crate::convert::writer::{Part, Writer};

/// What must still hold when the API server takes the write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precondition {
    /// The object was not deleted and created again.
    SameObject,
    /// Nobody wrote since it was read; else the answer is a conflict.
    SameVersion,
}

/// An API for the object's own namespace, or cluster-wide where it has none.
pub(super) fn api_of<K>(client: &Client, object: &K) -> Api<Lean<K>>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    Api::namespaced(client.clone(), &object.namespace().unwrap_or_default())
}

/// Applies `part`, the writer's own, as the status of `object` and returns the object as the API server now has it.
pub(super) async fn apply<K, R>(
    api: &Api<Lean<R>>,
    object: &K,
    writer: Writer,
    part: Part,
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
        "status": part,
    });
    let name = object.meta().name.as_deref().unwrap_or_default();
    let doing = "writing the status";
    let written = api.patch_status(name, &PatchParams::apply(writer.manager).force(), &Patch::Apply(body)).await;
    let Lean(written) = written.map_err(Error::api(doing))?;
    written.map_err(|invalid| Error::Unreadable { doing, why: invalid.error })
}
