//! Who writes a status: under which name, which of its fields, and in how many bytes. What is compared, written and replayed
//! is what [`Writer::part`] gives. Not for: the write itself (the controllers).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::bounds::{Bounds, size};
use crate::api;

/// Room for [`UNREADABLE`], beside whatever stands in a status already.
const UNREADABLE_BYTES: usize = 1024;
/// A case's status stays under 32 KiB.
const CASE_BYTES: usize = 32 * 1024 - UNREADABLE_BYTES;
/// A contract's status stays under 160 KiB.
const CONTRACT_BYTES: usize = 160 * 1024 - UNREADABLE_BYTES;

/// The parts of a case's status, each with the bytes that are kept for it. It may have more where the others leave them.
const DECIDED: (Fields, usize) = (Fields::AllBut(&["cluster", "meshes", "findings", "evidence"]), 21 * 1024);
const FOUND: (Fields, usize) = (Fields::Only(&["cluster", "meshes", "findings"]), 4 * 1024);
const GATHERED: (Fields, usize) = (Fields::Only(&["evidence"]), 5 * 1024);

/// What is decided on a case: all but what follows.
pub const CASE: Writer = Writer {
    manager: "meshcase-case",
    kind: "SupportCase",
    fields: DECIDED.0,
    bytes: CASE_BYTES,
    others: &[FOUND, GATHERED],
};
/// What is found in the cluster for a case.
pub const FACTS: Writer = Writer {
    manager: "meshcase-facts",
    kind: "SupportCase",
    fields: FOUND.0,
    bytes: CASE_BYTES,
    others: &[DECIDED, GATHERED],
};
/// Says with the facts that no bundle is wanted: one write instead of two, for every case that wants none.
pub const FACTS_OF_SKIPPED: Writer =
    Writer { fields: Fields::Only(&["cluster", "meshes", "findings", "evidence"]), others: &[DECIDED], ..FACTS };
/// What is gathered for a case.
pub const EVIDENCE: Writer = Writer {
    manager: "meshcase-evidence",
    kind: "SupportCase",
    fields: GATHERED.0,
    bytes: CASE_BYTES,
    others: &[DECIDED, FOUND],
};
pub const CONTRACT: Writer = Writer {
    manager: "meshcase-contract",
    kind: "SupportContract",
    fields: Fields::AllBut(&[]),
    bytes: CONTRACT_BYTES,
    others: &[],
};
pub const ACTIVITY: Writer = Writer {
    manager: "meshcase-activity",
    kind: "SupportActivity",
    fields: Fields::AllBut(&[]),
    bytes: 4 * 1024,
    others: &[],
};
/// The conditions of an object, of any kind, that cannot be read.
pub const UNREADABLE: Writer = Writer {
    manager: "meshcase-guard",
    kind: "SupportCase",
    fields: Fields::Only(&["conditions"]),
    bytes: UNREADABLE_BYTES,
    others: &[],
};

/// One writer of a status.
#[derive(Clone, Copy, Debug)]
pub struct Writer {
    /// Its name as field manager.
    pub manager: &'static str,
    kind: &'static str,
    fields: Fields,
    /// The bytes of JSON that the whole status may have.
    bytes: usize,
    /// The other parts of the status, with the bytes that are kept for each.
    others: &'static [(Fields, usize)],
}

/// Which top-level fields of a status a writer owns.
#[derive(Clone, Copy, Debug)]
enum Fields {
    Only(&'static [&'static str]),
    AllBut(&'static [&'static str]),
}

impl Fields {
    fn owns(self, name: &str) -> bool {
        match self {
            Self::Only(own) => own.contains(&name),
            Self::AllBut(others) => !others.contains(&name),
        }
    }
}

/// Fields of a status by their names.
type Members = Map<String, Value>;

/// A writer's part of a status, within the bounds of the schema: nothing else can be written.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Part(Members);

impl Part {
    /// Whether `other` says the same but for these fields.
    pub fn same_but_for(&self, other: &Self, fields: &[&str]) -> bool {
        let rest = |part: &Self| {
            let mut rest = part.0.clone();
            rest.retain(|name, _| !fields.contains(&name.as_str()));
            rest
        };
        rest(self) == rest(other)
    }
}

impl Writer {
    /// The part of `status` that this writer owns, shortened to the schema's bounds and to the room that the other writers'
    /// parts leave.
    ///
    /// # Errors
    /// The status cannot be written as JSON.
    pub fn part(&self, status: &impl Serialize) -> Result<Part, serde_json::Error> {
        self.split(status).map(|(own, others)| self.bounded(own, &others))
    }

    /// The part of `new` to be written, or nothing if `old`, the status as it stands, says the same.
    ///
    /// # Errors
    /// A status cannot be written as JSON.
    pub fn difference<S: Serialize>(&self, old: Option<&S>, new: &S) -> Result<Option<Part>, serde_json::Error> {
        let new = self.part(new)?;
        // As it stands: what another writer wrote since may leave it less room.
        let old = old.map(|old| self.split(old)).transpose()?.map(|(own, _)| Part(own));
        Ok((old.as_ref() != Some(&new)).then_some(new))
    }

    /// `status` as it stands when this writer has written its part.
    pub fn written<S: Serialize + DeserializeOwned>(&self, status: S) -> S {
        let whole = self.split(&status).map(|(own, mut others)| {
            let Part(own) = self.bounded(own, &others);
            others.extend(own);
            Value::Object(others)
        });
        whole.and_then(serde_json::from_value).unwrap_or(status)
    }

    fn bounded(&self, mut own: Members, others: &Members) -> Part {
        if let Some(bounds) = BOUNDS.get(self.kind) {
            let taken = |(fields, least): &(Fields, usize)| {
                let part: BTreeMap<_, _> = others.iter().filter(|(name, _)| fields.owns(name)).collect();
                size(&part).max(*least)
            };
            bounds.shorten(&mut own, self.bytes.saturating_sub(self.others.iter().map(taken).sum()));
        }
        Part(own)
    }

    /// The own fields, and those of others.
    fn split(&self, status: &impl Serialize) -> Result<(Members, Members), serde_json::Error> {
        let Value::Object(fields) = serde_json::to_value(status)? else { return Ok(Default::default()) };
        Ok(fields.into_iter().filter(|(_, value)| !value.is_null()).partition(|(name, _)| self.fields.owns(name)))
    }
}

/// The bounds of every kind's status, from the definitions as they are applied.
static BOUNDS: LazyLock<BTreeMap<String, Bounds>> = LazyLock::new(|| {
    let definitions = api::definitions().unwrap_or_default();
    let bounds = definitions.iter().map(|definition| {
        let kind = definition["spec"]["names"]["kind"].as_str().unwrap_or_default().to_owned();
        let root = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        (kind, Bounds::of(&root["properties"]["status"]))
    });
    bounds.collect()
});

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_difference_in_a_field_of_another_writer_is_none() {
        let old = json!({"state": "AwaitingResponse"});
        let new = json!({"state": "AwaitingResponse", "meshes": [{"kind": "Istio"}]});
        assert_eq!(CASE.difference(Some(&old), &new).unwrap(), None);
    }

    #[test]
    fn a_changed_field_brings_all_own_fields_and_no_null() {
        let old = json!({"state": "AwaitingResponse", "trackingNumber": "MC-1"});
        let new = json!({"state": "Closed", "trackingNumber": "MC-1", "meshes": [], "closedAt": null});
        let part = CASE.difference(Some(&old), &new).unwrap().unwrap();
        assert_eq!(serde_json::to_value(part).unwrap(), json!({"state": "Closed", "trackingNumber": "MC-1"}));
    }

    #[test]
    fn a_status_that_was_never_written_is_a_difference() {
        assert!(CASE.difference(None, &json!({"state": "Pending"})).unwrap().is_some());
    }

    #[test]
    fn a_status_that_was_written_shortened_is_none() {
        let new = json!({"evidence": {"state": "Failed", "message": "m".repeat(5000)}});
        let old = serde_json::to_value(EVIDENCE.part(&new).unwrap()).unwrap();
        assert_eq!(EVIDENCE.difference(Some(&old), &new).unwrap(), None);
    }
}
