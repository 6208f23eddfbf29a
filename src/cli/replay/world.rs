//! The objects that a replay plays with: each in its successive versions, with the times at which they came. Not for: deciding.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::super::admission::Schema;
use super::super::feeds;
use super::super::manifests::{Faults, Manifest};
use super::outage::{Outage, outages};
use crate::api::{HistoryKind, SupportActivity, SupportCase, SupportCaseStatus, SupportContract};
use crate::convert::{Feeds, time};
use crate::domain::time::ZoneData;

/// The label that the API server gives every namespace.
pub(super) const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";
/// When a version of an object came, where that is not its creation.
const REPLAY_AT: &str = "meshcase.io/replay-at";

/// An object of one of our kinds, in one version.
#[derive(Debug, Clone)]
pub(super) enum Object {
    Contract(Arc<SupportContract>),
    Case(Arc<SupportCase>),
    Activity(Arc<SupportActivity>),
}

/// Which object: the kind's place in the order of application, namespace, name.
pub(super) type Key = (u8, String, String);

/// The place of cases in the order of application.
const CASE_RANK: u8 = 1;

/// A version of an object and the time at which it came.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) at: DateTime<Utc>,
    pub(super) object: Object,
    /// As it was read, for printing; absent for a version that was worked out from the history.
    pub(super) value: Option<Value>,
    /// The file and document that it was read from, for errors.
    pub(super) origin: String,
}

/// All that was read.
#[derive(Debug, Default)]
pub(super) struct World {
    /// Objects in the order read, each with its versions in the order of their times.
    pub(super) objects: Vec<(Key, Vec<Version>)>,
    pub(super) namespaces: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) feeds: Feeds,
    /// When cases were on hold or rejected, by their own history.
    outages: BTreeMap<Key, Vec<Outage>>,
}

impl Object {
    pub(super) fn metadata(&self) -> &ObjectMeta {
        match self {
            Self::Contract(contract) => &contract.metadata,
            Self::Case(case) => &case.metadata,
            Self::Activity(activity) => &activity.metadata,
        }
    }
}

/// The schemas of our kinds.
struct Schemas {
    contract: Schema,
    case: Schema,
    activity: Schema,
}

impl World {
    /// Sorts manifests into objects. What cannot be used is named in `faults`.
    pub(super) fn read(manifests: Vec<Manifest>, zones: &ZoneData, faults: &mut Faults) -> Self {
        let mut world = Self { feeds: feeds::of(&manifests, zones, faults), ..Self::default() };
        for namespace in manifests.iter().filter(|manifest| manifest.kind() == "Namespace") {
            let labels = namespace.value["metadata"]["labels"].as_object().into_iter().flatten();
            let labels = labels.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
            world.namespaces.insert(namespace.name().to_owned(), labels.collect());
        }
        let schemas = Schemas {
            contract: Schema::of::<SupportContract>(),
            case: Schema::of::<SupportCase>(),
            activity: Schema::of::<SupportActivity>(),
        };
        let mut places: BTreeMap<Key, usize> = BTreeMap::new();
        for manifest in manifests {
            let Some((key, version)) = version(manifest, &schemas, faults) else { continue };
            let place = *places.entry(key.clone()).or_insert_with(|| {
                world.objects.push((key, Vec::new()));
                world.objects.len() - 1
            });
            world.objects[place].1.push(version);
        }
        for (key, versions) in &mut world.objects {
            versions.sort_by_key(|version| version.at);
            refuse_edited_activity(versions, faults);
            let outages = told_outages(versions);
            before_edits(versions);
            number(versions);
            looks_again(versions, &outages);
            if !outages.is_empty() {
                world.outages.insert(key.clone(), outages);
            }
        }
        world
    }

    /// What a case's history says of an instant.
    pub(super) fn outage(&self, case: &(String, String), at: DateTime<Utc>) -> Option<&Outage> {
        if self.outages.is_empty() {
            return None;
        }
        let key = (CASE_RANK, case.0.clone(), case.1.clone());
        self.outages.get(&key)?.iter().find(|outage| outage.covers(at))
    }

    /// The labels of a namespace; its name is one on every namespace, given by the API server.
    pub(super) fn labels(&self, namespace: &str) -> BTreeMap<String, String> {
        let mut labels = self.namespaces.get(namespace).cloned().unwrap_or_default();
        labels.insert(NAMESPACE_NAME.to_owned(), namespace.to_owned());
        labels
    }
}

fn version(mut manifest: Manifest, schemas: &Schemas, faults: &mut Faults) -> Option<(Key, Version)> {
    let kind = ["SupportContract", "SupportCase", "SupportActivity"].into_iter().find(|kind| manifest.is_ours(kind));
    let Some(kind) = kind else {
        if !["Namespace", "ConfigMap"].contains(&manifest.kind()) {
            let accepted =
                "accepted are SupportContract, SupportCase and SupportActivity of meshcase.io, Namespace and ConfigMap";
            faults.add(format!("{}: kind: {accepted}", manifest.label()));
        }
        return None;
    };
    let at = arrival(&manifest, faults)?;
    complete(&mut manifest, kind);
    let object = match kind {
        "SupportContract" => {
            let mut contract: SupportContract = manifest.typed(&schemas.contract, faults)?;
            contract.status = None;
            Object::Contract(Arc::new(contract))
        }
        "SupportCase" => {
            let mut case: SupportCase = manifest.typed(&schemas.case, faults)?;
            case.status = case.status.map(remembered);
            Object::Case(Arc::new(case))
        }
        _ => {
            let mut activity: SupportActivity = manifest.typed(&schemas.activity, faults)?;
            activity.status = None;
            Object::Activity(Arc::new(activity))
        }
    };
    let rank = match object {
        Object::Contract(_) => 0,
        Object::Case(_) => CASE_RANK,
        Object::Activity(_) => 2,
    };
    let metadata = object.metadata();
    let key = (rank, metadata.namespace.clone().unwrap_or_default(), metadata.name.clone().unwrap_or_default());
    Some((key, Version { at, object, value: Some(manifest.value), origin: manifest.origin }))
}

/// An activity is written once: the API server would refuse another version of it.
fn refuse_edited_activity(versions: &[Version], faults: &mut Faults) {
    for pair in versions.windows(2) {
        if let (Object::Activity(before), Object::Activity(after)) = (&pair[0].object, &pair[1].object)
            && before.spec != after.spec
        {
            let name = after.name_any();
            faults.add(format!(
                "{}: SupportActivity {name}: spec: Invalid value: must not be changed: an activity is written once",
                pair[1].origin
            ));
        }
    }
}

/// When this version came: the annotation, else the creation.
fn arrival(manifest: &Manifest, faults: &mut Faults) -> Option<DateTime<Utc>> {
    let metadata = &manifest.value["metadata"];
    let mut time = |path: &str, value: &Value, missing: &str| match value.as_str().map(str::parse::<DateTime<Utc>>) {
        Some(Ok(at)) => Some(at.trunc_subsecs(0)),
        Some(Err(_)) => {
            faults.add(format!(
                "{}: {path}: {value} is no time; accepted is a time such as 2026-11-20T23:30:00Z",
                manifest.label()
            ));
            None
        }
        None => {
            faults.add(format!("{}: {path}: {missing}", manifest.label()));
            None
        }
    };
    if metadata["name"].as_str().is_none_or(str::is_empty) {
        faults.add(format!("{}: metadata.name: Required value", manifest.label()));
        return None;
    }
    let created = time(
        "metadata.creationTimestamp",
        &metadata["creationTimestamp"],
        "Required value: a replay takes it as the time at which the object came",
    );
    let annotated = &metadata["annotations"][REPLAY_AT];
    if annotated.is_null() {
        return created;
    }
    Some(created?.max(time(&format!("metadata.annotations[{REPLAY_AT}]"), annotated, "must be text")?))
}

/// Fills in what the API server would have: the namespace, and a UID that is always the same for the same name.
fn complete(manifest: &mut Manifest, kind: &str) {
    let namespace = (kind != "SupportContract").then(|| manifest.namespace().to_owned());
    let identity = format!("{kind}/{}/{}", namespace.as_deref().unwrap_or_default(), manifest.name());
    let Some(metadata) = manifest.value["metadata"].as_object_mut() else { return };
    if let Some(namespace) = namespace {
        metadata.insert("namespace".to_owned(), namespace.into());
    } else {
        metadata.remove("namespace");
    }
    if metadata.get("uid").and_then(Value::as_str).is_none_or(str::is_empty) {
        metadata.insert("uid".to_owned(), derived_uid(&identity).into());
    }
}

/// A UUID (RFC 9562, version 8) of a digest.
fn derived_uid(identity: &str) -> String {
    let mut bytes = Sha256::digest(identity.as_bytes());
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// What a replay keeps of a status: what was found in the cluster, and what happened.
fn remembered(status: SupportCaseStatus) -> SupportCaseStatus {
    SupportCaseStatus {
        cluster: status.cluster,
        meshes: status.meshes,
        findings: status.findings,
        evidence: status.evidence,
        history: status.history,
        ..SupportCaseStatus::default()
    }
}

/// Works the versions of a case before its first one out of the history: each edit says what stood there before. The edits then
/// happen again at their times, and are not remembered beforehand.
fn before_edits(versions: &mut Vec<Version>) {
    let Some(Version { at: first_at, object: Object::Case(first), .. }) = versions.first() else { return };
    let Some(status) = &first.status else { return };
    let edits: Vec<_> =
        status.history.iter().filter(|entry| is_edit(entry.kind) && entry.at > *first_at).cloned().collect();
    let opened_at = *first_at;
    let mut case = SupportCase::clone(first);
    if let Some(status) = &mut case.status {
        status.history.clear();
    }
    let mut worked_out = Vec::new();
    for edit in edits.iter().rev() {
        worked_out.push((edit.at, case.clone()));
        undo(&mut case, edit.kind, edit.from.as_deref());
    }
    if let Some(Version { object, .. }) = versions.first_mut() {
        *object = Object::Case(Arc::new(case));
    }
    for version in versions.iter_mut() {
        if let Object::Case(case) = &mut version.object
            && let Some(status) = Arc::make_mut(case).status.as_mut()
        {
            status.history.clear();
        }
    }
    let worked_out = worked_out.into_iter().map(|(at, case)| {
        let object = Object::Case(Arc::new(case));
        Version { at, object, value: None, origin: String::new() }
    });
    versions.extend(worked_out);
    versions.sort_by_key(|version| (version.at, version.at == opened_at && version.value.is_none()));
}

fn told_outages(versions: &[Version]) -> Vec<Outage> {
    match versions.first().map(|version| &version.object) {
        Some(Object::Case(case)) => case.status.as_ref().map(|status| outages(&status.history)).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// Lets a case be looked at when an outage begins and ends.
fn looks_again(versions: &mut Vec<Version>, outages: &[Outage]) {
    for at in outages.iter().flat_map(|outage| [outage.from, outage.to]) {
        let place = versions.partition_point(|version| version.at <= at);
        if let Some(Version { object, .. }) = place.checked_sub(1).and_then(|before| versions.get(before)) {
            let object = object.clone();
            versions.insert(place, Version { at, object, value: None, origin: String::new() });
        }
    }
}

fn is_edit(kind: HistoryKind) -> bool {
    matches!(
        kind,
        HistoryKind::SeverityChanged
            | HistoryKind::ResolvedChanged
            | HistoryKind::EscalationRequested
            | HistoryKind::EscalationWithdrawn
    )
}

fn undo(case: &mut SupportCase, kind: HistoryKind, from: Option<&str>) {
    let named = from.map(Value::from);
    match kind {
        HistoryKind::SeverityChanged => {
            case.spec.severity = named.and_then(|severity| serde_json::from_value(severity).ok());
        }
        HistoryKind::ResolvedChanged => case.spec.resolved = from == Some("true"),
        _ => {
            let level = named.and_then(|level| serde_json::from_value(level).ok());
            case.spec.escalation = level.map(|level| crate::api::EscalationRequest { level, reason: None });
        }
    }
}

/// Gives each version the generation that the API server would have counted, where none is given.
fn number(versions: &mut [Version]) {
    for (index, version) in versions.iter_mut().enumerate() {
        let generation = i64::try_from(index).ok().map(|index| index + 1);
        let metadata = match &mut version.object {
            Object::Contract(contract) => &mut Arc::make_mut(contract).metadata,
            Object::Case(case) => &mut Arc::make_mut(case).metadata,
            Object::Activity(activity) => &mut Arc::make_mut(activity).metadata,
        };
        metadata.generation = metadata.generation.or(generation);
    }
}

/// The creation of an object, UTC.
pub(super) fn created(metadata: &ObjectMeta) -> DateTime<Utc> {
    metadata.creation_timestamp.as_ref().map(time::from_kube).unwrap_or_default()
}

/// The name of the case that an activity is about, with its namespace.
pub(super) fn case_key(activity: &SupportActivity) -> (String, String) {
    (activity.namespace().unwrap_or_default(), activity.spec.case_ref.name.clone())
}
