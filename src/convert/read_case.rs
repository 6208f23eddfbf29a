//! Reads a SupportCase and its activities into the rules' terms. Not for: writing a status.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use kube::ResourceExt;

use super::mirror::to_domain;
use super::product::product_of_case;
use super::time;
use crate::api::{self, SupportActivity, SupportCase, SupportContract};
use crate::domain::case::{Act, Activity, Actor, Case, Facts};
use crate::domain::plan::Level;
use crate::domain::recheck::{self, Edits, Read};
use crate::domain::severity::Impact;

/// What the customer wants, as it stands now.
pub fn case(case: &SupportCase) -> Case {
    let spec = &case.spec;
    Case {
        uid: case.uid().unwrap_or_default(),
        opened_at: case.metadata.creation_timestamp.as_ref().map(time::from_kube).unwrap_or_default(),
        category: to_domain(spec.category),
        channel: to_domain(spec.channel),
        severity: spec.severity.map(to_domain),
        contact_email: spec.contact.as_ref().map(|contact| contact.email.clone()),
        resolved: spec.resolved,
        escalation: spec.escalation.as_ref().map(|request| match request.level {
            api::ManagerLevel::SupportManager => Level::SupportManager,
            api::ManagerLevel::SupportDirector => Level::SupportDirector,
        }),
        contract_ref: spec.contract_ref.as_ref().map(|reference| reference.name.clone()),
        stated_mesh_version: spec.environment.as_ref().and_then(|environment| environment.mesh_version.clone()),
        impact: impact(spec),
    }
}

/// The activities that count for `case`, in the order of ruling 32: by creation, then by name. One that was there before
/// its case counts as of the case's creation; one that belongs to another case of the same name does not count.
pub fn activities(case: &SupportCase, activities: &[Arc<SupportActivity>]) -> Vec<Activity> {
    let opened_at = case.metadata.creation_timestamp.as_ref().map(time::from_kube).unwrap_or_default();
    let mut read: Vec<Activity> = activities
        .iter()
        .filter(|activity| belongs_to(activity, case))
        .filter_map(|activity| {
            let created = activity.metadata.creation_timestamp.as_ref().map(time::from_kube).unwrap_or_default();
            Some(Activity {
                at: created.max(opened_at),
                name: activity.name_any(),
                actor: Actor {
                    role: activity.spec.actor.role.as_str(),
                    vendor: activity.spec.actor.role.is_vendor(),
                    name: activity.spec.actor.name.clone(),
                },
                act: act(&activity.spec)?,
                message: activity.spec.message.clone(),
            })
        })
        .collect();
    read.sort_by(|one, other| (one.at, &one.name).cmp(&(other.at, &other.name)));
    read
}

/// Ruling 32: whether `activity` names `case` and is not owned by another one of that name.
pub fn belongs_to(activity: &SupportActivity, case: &SupportCase) -> bool {
    let owner = activity.owner_references().iter().find(|owner| owner.kind == "SupportCase");
    activity.metadata.namespace == case.metadata.namespace
        && Some(&activity.spec.case_ref.name) == case.metadata.name.as_ref()
        && owner.is_none_or(|owner| Some(&owner.uid) == case.metadata.uid.as_ref())
}

/// What was found in the cluster, as the case's own status remembers it; which of its meshes counts is for `contract` to say.
pub fn facts(case: &SupportCase, contract: Option<&SupportContract>) -> Facts {
    let Some(status) = &case.status else { return Facts::default() };
    Facts {
        mesh_version: product_of_case(contract, &status.meshes).and_then(|mesh| mesh.version.clone()),
        nodes: status.cluster.as_ref().and_then(|cluster| cluster.nodes.as_ref()).map(|nodes| nodes.total.into()),
    }
}

/// Ruling 24: when the facts are to be read again of a case that a late check rejected, `last` being when they were; see
/// [`recheck::due_at`].
pub fn facts_due_at(case: &SupportCase, contract: &SupportContract, last: Option<Read>) -> Option<DateTime<Utc>> {
    let entitlement = super::case_status::entitlement(case.status.as_ref()?.entitlement.as_ref()?);
    let opened_at = case.metadata.creation_timestamp.as_ref().map(time::from_kube).unwrap_or_default();
    recheck::due_at(&entitlement, opened_at, edits(case, contract), last)
}

/// What tells an edit of a case or its contract.
pub fn edits(case: &SupportCase, contract: &SupportContract) -> Edits {
    (case.metadata.generation.unwrap_or_default(), contract.metadata.generation.unwrap_or_default())
}

/// What was done; nothing where the role is not one of the type's, or a member that it needs is missing: admission refuses both.
fn act(spec: &api::SupportActivitySpec) -> Option<Act> {
    let reply = spec.type_ == api::ActivityType::CustomerReplied;
    (reply != spec.actor.role.is_vendor()).then_some(())?;
    Some(match spec.type_ {
        api::ActivityType::ContactAttempted => Act::ContactAttempted,
        api::ActivityType::InformationRequested => Act::InformationRequested,
        api::ActivityType::Updated => Act::Updated,
        api::ActivityType::SeverityAssessed => Act::SeverityAssessed(to_domain(spec.severity?)),
        api::ActivityType::WorkaroundProvided => Act::WorkaroundProvided,
        api::ActivityType::ActionPlanProposed => Act::ActionPlanProposed(spec.action_plan.clone()?),
        api::ActivityType::EscalationAcknowledged => Act::EscalationAcknowledged,
        api::ActivityType::BugRecorded => {
            let bug = spec.bug.clone()?;
            Act::BugRecorded { id: bug.id, url: bug.url }
        }
        api::ActivityType::BugDecided => Act::BugDecided(to_domain(spec.decision?)),
        api::ActivityType::EnhancementDecided => Act::EnhancementDecided(to_domain(spec.decision?)),
        api::ActivityType::ResolutionProposed => Act::ResolutionProposed,
        api::ActivityType::CustomerReplied => Act::CustomerReplied,
    })
}

fn impact(spec: &api::SupportCaseSpec) -> Impact {
    let answers = spec.business_impact.clone().unwrap_or_default();
    let kind = spec.environment.as_ref().and_then(|environment| environment.kind);
    let general =
        matches!(spec.category, api::Category::Question | api::Category::Enhancement | api::Category::Documentation);
    Impact {
        lab: kind == Some(api::EnvironmentKind::Lab),
        work_stopped: answers.work_stopped,
        workaround_exists: answers.workaround_exists,
        revenue_loss: answers.revenue_loss,
        blocks_lab: answers.blocks_lab.map(to_domain),
        general,
    }
}
