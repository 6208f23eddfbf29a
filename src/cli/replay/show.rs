//! Prints what a replay came to: the objects with their status, in the order read. Not for: playing.

use std::fmt::Write as _;
use std::sync::Arc;

use kube::ResourceExt;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::super::ledger::{length, utc};
use super::super::output::aligned;
use super::play::Play;
use super::world::{Object, Version, World, case_key};
use crate::api::{Condition, PromiseStatus, SupportActivity, SupportCase, SupportContract};

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

/// Contracts and cases as `kubectl get` would list them, with all three promises; below, why what is not ready is not.
pub(super) fn table(world: &World, play: &Play<'_>) -> String {
    let header = |names: &[&str]| vec![names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()];
    let mut contracts =
        header(&["CONTRACT", "PLAN", "STATE", "REASON", "EXPIRES", "OPEN CASES", "MET", "BREACHED", "PENDING"]);
    let mut cases = header(&[
        "NAMESPACE",
        "CASE",
        "SEVERITY",
        "STATE",
        "REASON",
        "RESPONSE",
        "NEXT UPDATE",
        "RESOLUTION",
        "ESCALATION",
        "TRACKING",
    ]);
    let mut messages = String::new();
    for (key, versions) in &world.objects {
        let (kind, conditions) = match (key.0, versions.last().map(|version| &version.object)) {
            (0, Some(Object::Contract(contract))) => {
                let name = contract.name_any();
                let Some(played) = play.contracts.iter().find(|played| played.name_any() == name) else { continue };
                contracts.push(contract_row(played));
                ("supportcontract", played.status.as_ref().map(|status| &status.conditions))
            }
            (1, Some(Object::Case(case))) => {
                let name = (case.namespace().unwrap_or_default(), case.name_any());
                let Some(played) = play.cases.get(&name) else { continue };
                cases.push(case_row(&name, played));
                ("supportcase", played.status.as_ref().map(|status| &status.conditions))
            }
            _ => continue,
        };
        let ready = conditions.into_iter().flatten().find(|condition| condition.type_ == "Ready");
        if let Some(ready) = ready.filter(|ready| ready.status != "True") {
            let _infallible = writeln!(messages, "{kind}/{}: {}: {}", key.2, ready.reason, ready.message);
        }
    }
    let tables = [contracts, cases].into_iter().filter(|rows| rows.len() > 1).map(|rows| aligned(&rows));
    let messages = (!messages.is_empty()).then_some(messages);
    let zones = format!("time zone data {}\n", world.feeds.zones.version());
    tables.chain(messages).chain([zones]).collect::<Vec<_>>().join("\n")
}

/// The reason of the condition Ready.
fn reason(conditions: &[Condition]) -> String {
    let ready = conditions.iter().find(|condition| condition.type_ == "Ready");
    ready.map_or_else(|| "-".to_owned(), |ready| ready.reason.clone())
}

fn contract_row(contract: &SupportContract) -> Vec<String> {
    let status = contract.status.clone().unwrap_or_default();
    let responses = status.responses.unwrap_or_default();
    vec![
        contract.name_any(),
        contract.spec.plan.as_str().to_owned(),
        status.state.map_or("-", crate::api::ContractState::as_str).to_owned(),
        reason(&status.conditions),
        status.expires_at.map_or_else(|| "-".to_owned(), utc),
        status.open_cases.unwrap_or_default().to_string(),
        responses.met.to_string(),
        responses.breached.to_string(),
        responses.pending.to_string(),
    ]
}

fn case_row(name: &(String, String), case: &SupportCase) -> Vec<String> {
    let status = case.status.clone().unwrap_or_default();
    let sla = status.sla.unwrap_or_default();
    let shown = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    vec![
        name.0.clone(),
        name.1.clone(),
        shown(status.severity.and_then(|severity| severity.effective).map(|severity| severity.as_str().to_owned())),
        shown(status.state.map(|state| format!("{state:?}"))),
        reason(&status.conditions),
        shown(sla.initial_response.as_ref().map(promise)),
        shown(sla.next_update.as_ref().map(promise)),
        shown(sla.resolution.as_ref().map(promise)),
        shown(status.escalation.map(|escalation| format!("{:?}", escalation.level))),
        shown(status.tracking_number),
    ]
}

/// A promise in a cell: its result, its instant, and what moved or broke it.
fn promise(promise: &PromiseStatus) -> String {
    let when = match (promise.due_at, promise.remaining_seconds) {
        (Some(due), _) => format!(" {}", utc(due)),
        (None, Some(left)) => format!(" {} left", length(left)),
        (None, None) => String::new(),
    };
    let why = promise.cause.as_ref().map_or_else(String::new, |cause| format!(" ({cause})"));
    format!("{:?}{when}{why}", promise.result)
}
