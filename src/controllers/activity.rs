//! The activity's controller: says on the activity whether it counts, and ties it to its case, so that deleting the case
//! deletes it. Not for: what an activity means to its case; the case's decision reads it.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::{Patch, PatchParams};
use kube::core::PartialObjectMeta;
use kube::runtime::controller::Action;
use kube::{Api, Resource, ResourceExt};
use serde_json::json;

use super::cache::{Key, Stored};
use super::context::Context;
use super::errors::Error;
use super::status::{Precondition, api_of, apply};
use super::unreadable;
use crate::api::{SupportActivity, SupportCase};
use crate::convert;
use crate::convert::writer::ACTIVITY;

/// Records the activity under `key`.
pub(super) async fn reconcile(context: Arc<Context>, key: Key) -> Result<Action, Error> {
    let activity = match context.known.activities.get(&key) {
        None => return Ok(Action::await_change()),
        Some(Stored::Unreadable(invalid)) => {
            let api = Api::namespaced(context.client.clone(), &key.namespace);
            unreadable::report::<SupportActivity>(&api, &invalid, convert::time::to_kube(context.now())).await?;
            return Ok(Action::await_change());
        }
        Some(Stored::Readable(activity)) => activity,
    };
    let case = context.known.cases.get(&case_of(&activity));
    let case = case.as_ref().and_then(Stored::readable);
    if let Some(case) = case
        && !activity.owner_references().iter().any(|owner| owner.kind == SupportCase::kind(&()))
    {
        own(&context, &activity, &case.name_any()).await?;
    }
    let status = convert::decide_activity(&activity, case.map(AsRef::as_ref), context.now());
    if let Some(part) = ACTIVITY.difference(activity.status.as_ref(), &status)? {
        let api = api_of::<SupportActivity>(&context.client, activity.as_ref());
        let written: SupportActivity = apply(&api, activity.as_ref(), ACTIVITY, part, Precondition::SameObject).await?;
        // A case reads an activity's spec and owner, never its status: nobody else must know.
        let _ = context.known.activities.written(written);
    }
    Ok(Action::await_change())
}

/// The key of the case that `activity` names.
pub(super) fn case_of(activity: &SupportActivity) -> Key {
    Key::new(activity.namespace().as_deref(), &activity.spec.case_ref.name)
}

/// Makes the case named `name` the owner of `activity`, which has none yet. The API server is asked for it: with the UID of a
/// case that is gone meanwhile the activity would be deleted as an orphan.
async fn own(context: &Context, activity: &SupportActivity, name: &str) -> Result<(), Error> {
    let cases = Api::<PartialObjectMeta<SupportCase>>::namespaced(
        context.client.clone(),
        &activity.namespace().unwrap_or_default(),
    );
    let case = cases.get_opt(name).await.map_err(Error::api("reading the case of an activity"))?;
    let Some(case) = case.filter(|case| case.metadata.deletion_timestamp.is_none()) else { return Ok(()) };
    let owner = OwnerReference {
        api_version: SupportCase::api_version(&()).into_owned(),
        kind: SupportCase::kind(&()).into_owned(),
        name: case.name_any(),
        uid: case.uid().unwrap_or_default(),
        controller: None,
        block_owner_deletion: None,
    };
    let body = json!({
        "apiVersion": SupportActivity::api_version(&()),
        "kind": SupportActivity::kind(&()),
        "metadata": {"name": activity.name_any(), "uid": activity.uid(), "ownerReferences": [owner]},
    });
    let api = api_of::<SupportActivity>(&context.client, activity);
    api.patch(&activity.name_any(), &PatchParams::apply("meshcase-owner").force(), &Patch::Apply(body))
        .await
        .map(|_| ())
        .map_err(Error::api("tying an activity to its case"))
}
