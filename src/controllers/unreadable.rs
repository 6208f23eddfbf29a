//! A stored object that no longer parses (a value of a newer version, say): it gets a condition that says so, and stops
//! nobody else (invariant 9). Not for: faults that a readable object has.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::core::PartialObjectMeta;
use kube::core::error_boundary::InvalidObject;
use kube::{Api, Resource};
use serde_json::json;

use super::errors::Error;
use super::lean::Lean;
use super::status::{Precondition, apply};
use crate::convert::writer::{Part, UNREADABLE};
use meshcase_redact::shown;

/// The reason of the conditions of an object that cannot be read.
pub const INVALID_SPEC: &str = "InvalidSpec";

/// Says on the object under `invalid` itself that it cannot be read, and why. Writing it again changes nothing.
pub(super) async fn report<K>(
    api: &Api<Lean<PartialObjectMeta<K>>>,
    invalid: &InvalidObject,
    at: Time,
) -> Result<(), Error>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug,
{
    let object =
        PartialObjectMeta::<K> { types: None, metadata: invalid.metadata.clone(), _phantom: std::marker::PhantomData };
    let conditions: Vec<Condition> = [("Ready", "False"), ("Stalled", "True")]
        .map(|(type_, status)| Condition {
            type_: type_.to_owned(),
            status: status.to_owned(),
            reason: INVALID_SPEC.to_owned(),
            message: format!("this version of the operator cannot read the object: {}", shown(&invalid.error, 512)),
            last_transition_time: at.clone(),
            observed_generation: invalid.metadata.generation,
        })
        .to_vec();
    let part = UNREADABLE.part(&json!({ "conditions": conditions }))?;
    apply::<_, PartialObjectMeta<K>>(api, &object, UNREADABLE, part, Precondition::SameObject).await.map(|_| ())
}

/// Takes the conditions of [`report`] back, once `object` can be read again.
pub(super) async fn withdraw<K>(
    api: &Api<Lean<PartialObjectMeta<K>>>,
    object: &K,
    conditions: &[Condition],
) -> Result<(), Error>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug,
{
    if !conditions.iter().any(|condition| condition.reason == INVALID_SPEC) {
        return Ok(());
    }
    apply::<_, PartialObjectMeta<K>>(api, object, UNREADABLE, Part::default(), Precondition::SameObject)
        .await
        .map(|_| ())
}
