//! Prints what a replay came to: the objects with their status, in the order read. Not for: playing.

use std::sync::Arc;

use kube::ResourceExt;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::super::ledger::utc;
use super::super::output::aligned;
use super::play::Play;
use super::world::{Object, Version, World, case_key};
use crate::api::SupportActivity;

const STATUS: &str = "status";

/// A `List` of the objects: the newest version that had come, with the status of that instant. Each is put together while it
/// is written: as values, all of them would take several times the memory of the input.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct List<'p> {
    api_version: &'static str,
    items: Vec<Item<'p>>,
    kind: &'static str,
}

/// An object of the list, with what is printed of it but its status.
struct Item<'p> {
    play: &'p Play<'p>,
    object: &'p Object,
    members: &'p Map<String, Value>,
}

pub(super) fn list<'p>(world: &'p World, play: &'p Play<'p>) -> List<'p> {
    let shown = |versions: &'p [Version]| {
        let come = versions.iter().rev().find(|version| version.value.is_some() && play.has_arrived(version.at));
        let version = come.or_else(|| versions.iter().find(|version| version.value.is_some()))?;
        Some(Item { play, object: &version.object, members: version.value.as_ref()?.as_object()? })
    };
    let items = world.objects.iter().filter_map(|(_, versions)| shown(versions)).collect();
    List { api_version: "v1", items, kind: "List" }
}

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let status = self.play.has_come(self.object).then(|| status(self.play, self.object)).flatten();
        let members = self.members.iter().map(|(name, value)| (name.as_str(), value));
        let members = members.filter(|(name, _)| *name != STATUS).chain(status.iter().map(|status| (STATUS, status)));
        let mut members: Vec<_> = members.collect();
        members.sort_unstable_by_key(|(name, _)| *name);
        serializer.collect_map(members)
    }
}

fn status(play: &Play<'_>, object: &Object) -> Option<Value> {
    fn value(status: Option<&impl Serialize>) -> Option<Value> {
        status.and_then(|status| serde_json::to_value(status).ok())
    }
    match object {
        Object::Contract(contract) => {
            let name = contract.name_any();
            value(play.contracts.iter().find(|contract| contract.name_any() == name)?.status.as_ref())
        }
        Object::Case(case) => {
            value(play.cases.get(&(case.namespace().unwrap_or_default(), case.name_any()))?.status.as_ref())
        }
        Object::Activity(activity) => value(played(play, activity)?.status.as_ref()),
    }
}

fn played<'p>(play: &'p Play<'_>, activity: &SupportActivity) -> Option<&'p Arc<SupportActivity>> {
    play.activities.get(&case_key(activity))?.iter().find(|played| played.metadata.uid == activity.metadata.uid)
}

/// The cases as `kubectl get supportcases -o wide` would list them, and the contracts above.
pub(super) fn table(world: &World, play: &Play<'_>) -> String {
    let mut contracts = vec![
        ["CONTRACT", "PLAN", "STATE", "EXPIRES", "OPEN CASES", "MET", "BREACHED", "PENDING"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let mut cases = vec![
        ["NAMESPACE", "CASE", "SEVERITY", "STATE", "RESPONSE", "DUE", "ESCALATION", "TRACKING"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for (key, versions) in &world.objects {
        match (key.0, versions.last().map(|version| &version.object)) {
            (0, Some(Object::Contract(contract))) => contracts.extend(contract_row(play, &contract.name_any())),
            (1, Some(Object::Case(case))) => {
                cases.extend(case_row(play, &(case.namespace().unwrap_or_default(), case.name_any())));
            }
            _ => {}
        }
    }
    let mut text = String::new();
    for rows in [contracts, cases] {
        if rows.len() > 1 {
            text += if text.is_empty() { "" } else { "\n" };
            text += &aligned(&rows);
        }
    }
    text
}

fn contract_row(play: &Play<'_>, name: &str) -> Option<Vec<String>> {
    let contract = play.contracts.iter().find(|contract| contract.name_any() == name)?;
    let status = contract.status.clone().unwrap_or_default();
    let responses = status.responses.unwrap_or_default();
    Some(vec![
        name.to_owned(),
        contract.spec.plan.as_str().to_owned(),
        status.state.map_or("-", crate::api::ContractState::as_str).to_owned(),
        status.expires_at.map_or_else(|| "-".to_owned(), utc),
        status.open_cases.unwrap_or_default().to_string(),
        responses.met.to_string(),
        responses.breached.to_string(),
        responses.pending.to_string(),
    ])
}

fn case_row(play: &Play<'_>, name: &(String, String)) -> Option<Vec<String>> {
    let case = play.cases.get(name)?;
    let status = case.status.clone().unwrap_or_default();
    let response = status.sla.and_then(|sla| sla.initial_response);
    let shown = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    Some(vec![
        name.0.clone(),
        name.1.clone(),
        shown(status.severity.and_then(|severity| severity.effective).map(|severity| severity.as_str().to_owned())),
        shown(status.state.map(|state| format!("{state:?}"))),
        shown(response.as_ref().map(|response| format!("{:?}", response.result))),
        shown(response.and_then(|response| response.due_at).map(utc)),
        shown(status.escalation.map(|escalation| format!("{:?}", escalation.level))),
        shown(status.tracking_number),
    ])
}
