//! `--instead`: which promises an edit of a contract would move, from when to when, and which it would breach. Not for: rules.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kube::ResourceExt;
use serde::Serialize;

use super::super::admission::Schema;
use super::super::ledger::utc;
use super::super::manifests::{Faults, Manifest};
use super::super::output::aligned;
use super::super::{Error, feeds};
use super::play::Play;
use crate::api::{PromiseResult, PromiseStatus, SupportContract};
use crate::convert::{Feeds, read_contract};

/// Contracts to be applied instead of those of the same names, with the feeds beside them.
#[derive(Debug)]
pub(super) struct Edits {
    contracts: Vec<SupportContract>,
    feeds: Feeds,
}

impl Edits {
    /// Reads the edits of a file; its ConfigMaps count before those of the other files. A contract that the operator could not
    /// use is a fault, as it would be there.
    pub(super) fn read(manifests: &[Manifest], known: &Feeds, faults: &mut Faults) -> Self {
        let mut feeds = known.clone();
        feeds.take_texts(feeds::of(manifests, &known.zones, faults));
        let schema = Schema::of::<SupportContract>();
        let ours: Vec<_> = manifests.iter().filter(|manifest| manifest.is_ours("SupportContract")).collect();
        if ours.is_empty() {
            faults.add("--instead: no SupportContract is in the file; at least one is needed".to_owned());
        }
        let mut contracts = Vec::new();
        for manifest in ours {
            let Some(contract) = manifest.typed::<SupportContract>(&schema, faults) else { continue };
            if let Err(found) = read_contract(&contract, &feeds) {
                found.iter().for_each(|fault| faults.add(format!("--instead: {}: {fault}", manifest.label())));
            }
            contracts.push(contract);
        }
        Self { contracts, feeds }
    }
}

/// What an edit would do, in the form of `-o json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Moves {
    at: DateTime<Utc>,
    contracts: Vec<String>,
    moved: Vec<Move>,
}

/// One promise that would stand otherwise.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Move {
    namespace: String,
    case: String,
    promise: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Standing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Standing>,
    newly_breached: bool,
}

/// How a promise stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Standing {
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining_seconds: Option<i64>,
    result: PromiseResult,
}

type Promises = BTreeMap<(String, String, &'static str), Standing>;

impl Moves {
    /// Applies the edited contracts at an instant and compares all promises before and after.
    ///
    /// # Errors
    /// [`Error::Input`] for a contract that is not among those played.
    pub(super) fn of(play: &mut Play<'_>, edits: Edits, at: DateTime<Utc>) -> Result<Self, Error> {
        let before = promises(play);
        let mut contracts = Vec::new();
        play.feeds = edits.feeds;
        for mut edited in edits.contracts {
            let name = edited.name_any();
            let Some(known) = play.contracts.iter().find(|contract| contract.name_any() == name) else {
                let names: Vec<_> = play.contracts.iter().map(|contract| contract.name_any()).collect();
                return Err(Error::Input(format!(
                    "--instead: SupportContract {name}: there is none of that name at {}; there are: {}",
                    utc(at),
                    names.join(", ")
                )));
            };
            edited.metadata = known.metadata.clone();
            edited.metadata.generation = known.metadata.generation.map(|generation| generation + 1);
            edited.status = None;
            contracts.push(name);
            play.edit(edited, at);
        }
        let after = promises(play);
        let keys: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
        let moved = keys.into_iter().filter(|key| before.get(*key) != after.get(*key)).map(|key| {
            let (from, to) = (before.get(key).cloned(), after.get(key).cloned());
            let breached = |standing: &Option<Standing>| {
                standing.as_ref().is_some_and(|standing| standing.result == PromiseResult::Breached)
            };
            Move {
                namespace: key.0.clone(),
                case: key.1.clone(),
                promise: key.2,
                newly_breached: breached(&to) && !breached(&from),
                from,
                to,
            }
        });
        Ok(Self { at, contracts, moved: moved.collect() })
    }

    pub(super) fn table(&self) -> String {
        if self.moved.is_empty() {
            return format!("No promise would move (contract {}).\n", self.contracts.join(", "));
        }
        let mut rows = vec![
            ["NAMESPACE", "CASE", "PROMISE", "DUE", "WOULD BE DUE", "RESULT", "WOULD BE"].map(str::to_owned).to_vec(),
        ];
        for moved in &self.moved {
            let due = |standing: &Option<Standing>| match standing {
                Some(Standing { due_at: Some(due), .. }) => utc(*due),
                Some(Standing { remaining_seconds: Some(seconds), .. }) => format!("paused, {seconds} s left"),
                _ => "-".to_owned(),
            };
            let result = |standing: &Option<Standing>| {
                standing.as_ref().map_or_else(|| "-".to_owned(), |standing| format!("{:?}", standing.result))
            };
            let marked = if moved.newly_breached { " (new)" } else { "" };
            rows.push(vec![
                moved.namespace.clone(),
                moved.case.clone(),
                moved.promise.to_owned(),
                due(&moved.from),
                due(&moved.to),
                result(&moved.from),
                result(&moved.to) + marked,
            ]);
        }
        aligned(&rows)
    }
}

fn promises(play: &Play<'_>) -> Promises {
    let mut promises = Promises::new();
    for ((namespace, name), case) in &play.cases {
        let Some(sla) = case.status.as_ref().and_then(|status| status.sla.as_ref()) else { continue };
        let all: [(&str, &Option<PromiseStatus>); 3] = [
            ("InitialResponse", &sla.initial_response),
            ("NextUpdate", &sla.next_update),
            ("Resolution", &sla.resolution),
        ];
        for (kind, promise) in all {
            if let Some(promise) = promise {
                let standing = Standing {
                    due_at: promise.due_at,
                    remaining_seconds: promise.remaining_seconds,
                    result: promise.result,
                };
                promises.insert((namespace.clone(), name.clone(), kind), standing);
            }
        }
    }
    promises
}
