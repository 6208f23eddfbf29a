//! Plays the objects forward in time through the operator's own decisions, wake-up by wake-up: what came is applied, what it
//! touches is decided until nothing changes, then time moves to the next arrival or wake-up. Not for: rules.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use kube::ResourceExt;

use super::world::{Key, Object, World, case_key, created};
use crate::api::{SupportActivity, SupportCase, SupportCaseStatus, SupportContract};
use crate::convert::{
    CaseInputs, ContractInputs, Feeds, Outcome, contract_of, decide_activity, decide_case, decide_contract, writer,
};
use crate::domain::entitlement::INCIDENT_QUOTA;

/// Decisions at one instant come to rest after a few rounds; more would be two decisions that undo each other.
const MOST_ROUNDS: usize = 16;

type Name = (String, String);

/// The state of a replay at an instant.
pub(super) struct Play<'w> {
    world: &'w World,
    pub(super) feeds: Feeds,
    at: DateTime<Utc>,
    pub(super) contracts: Vec<Arc<SupportContract>>,
    pub(super) cases: BTreeMap<Name, Arc<SupportCase>>,
    /// By the case that they are about, in the order of their arrival.
    pub(super) activities: BTreeMap<Name, Vec<Arc<SupportActivity>>>,
    /// By the contract that they are bound to, or fall to while they are not.
    cases_of: BTreeMap<String, BTreeSet<Name>>,
    wakes: BinaryHeap<Reverse<(DateTime<Utc>, Subject)>>,
    /// The wake-up that counts; an older one of the same object is passed over.
    next_wake: BTreeMap<Subject, DateTime<Utc>>,
    dirty: BTreeSet<Subject>,
}

/// What is decided on. Contracts come before cases.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Contract(String),
    Case(Name),
}

impl<'w> Play<'w> {
    pub(super) fn new(world: &'w World, at: DateTime<Utc>) -> Self {
        Self {
            world,
            feeds: world.feeds.clone(),
            at,
            contracts: Vec::new(),
            cases: BTreeMap::new(),
            activities: BTreeMap::new(),
            cases_of: BTreeMap::new(),
            wakes: BinaryHeap::new(),
            next_wake: BTreeMap::new(),
            dirty: BTreeSet::new(),
        }
    }

    /// Plays everything up to the end, which is included.
    pub(super) fn run(&mut self) {
        let mut arrivals: Vec<(DateTime<Utc>, &Key, &Object)> = self
            .world
            .objects
            .iter()
            .flat_map(|(key, versions)| versions.iter().map(move |version| (version.at, key, &version.object)))
            .filter(|(at, ..)| *at <= self.at)
            .collect();
        // At the same instant contracts come first, then cases, then activities, each by name: the order in which the objects
        // were read plays no part.
        arrivals.sort_by(|(at, key, _), (other_at, other_key, _)| (at, key).cmp(&(other_at, other_key)));
        let mut arrivals = arrivals.into_iter().peekable();
        while let Some(now) = self.next_instant(arrivals.peek().map(|(at, ..)| *at)) {
            while let Some((_, _, object)) = arrivals.next_if(|(at, ..)| *at <= now) {
                self.arrive(object, now);
            }
            self.wake(now);
            self.settle(now);
        }
        // Counts of open cases and responses are the one thing of a contract that follows every case.
        self.dirty.extend(self.contracts.iter().map(|contract| Subject::Contract(contract.name_any())));
        self.settle(self.at);
    }

    /// Replaces a contract by an edited one at an instant, and lets everything settle.
    pub(super) fn edit(&mut self, edited: SupportContract, now: DateTime<Utc>) {
        self.arrive(&Object::Contract(Arc::new(edited)), now);
        // Feeds may have come with it, which others name, too.
        self.dirty.extend(self.contracts.iter().map(|contract| Subject::Contract(contract.name_any())));
        self.settle(now);
    }

    fn next_instant(&mut self, arrival: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        while let Some(Reverse((at, subject))) = self.wakes.peek() {
            if self.next_wake.get(subject) == Some(at) {
                break;
            }
            self.wakes.pop();
        }
        let wake = self.wakes.peek().map(|Reverse((at, _))| *at).filter(|at| *at <= self.at);
        [arrival, wake].into_iter().flatten().min()
    }

    fn wake(&mut self, now: DateTime<Utc>) {
        while let Some(Reverse((at, _))) = self.wakes.peek() {
            if *at > now {
                break;
            }
            let Some(Reverse((at, subject))) = self.wakes.pop() else { break };
            if self.next_wake.get(&subject) == Some(&at) {
                self.next_wake.remove(&subject);
                self.dirty.insert(subject);
            }
        }
    }

    fn plan_wake(&mut self, subject: Subject, wake: Option<DateTime<Utc>>, now: DateTime<Utc>) {
        match wake {
            Some(wake) => {
                // A wake-up that is not ahead would stop time.
                let wake = wake.max(now + TimeDelta::seconds(1));
                self.wakes.push(Reverse((wake, subject.clone())));
                self.next_wake.insert(subject, wake);
            }
            None => {
                self.next_wake.remove(&subject);
            }
        }
    }

    fn arrive(&mut self, object: &Object, now: DateTime<Utc>) {
        match object {
            Object::Contract(contract) => self.contract_arrives(contract),
            Object::Case(case) => self.case_arrives(case, now),
            Object::Activity(activity) => self.activity_arrives(activity, now),
        }
    }

    fn contract_arrives(&mut self, contract: &Arc<SupportContract>) {
        let name = contract.name_any();
        let mut arrived = SupportContract::clone(contract);
        match self.contracts.iter_mut().find(|known| known.name_any() == name) {
            Some(known) => {
                arrived.status.clone_from(&known.status);
                *known = Arc::new(arrived);
            }
            None => self.contracts.push(Arc::new(arrived)),
        }
        self.dirty.insert(Subject::Contract(name));
        // A contract may become the default, or stop being it.
        self.dirty.extend(self.cases.keys().cloned().map(Subject::Case));
    }

    fn case_arrives(&mut self, case: &Arc<SupportCase>, now: DateTime<Utc>) {
        let name = (case.namespace().unwrap_or_default(), case.name_any());
        let mut arrived = SupportCase::clone(case);
        if let Some(known) = self.cases.get(&name) {
            let found = arrived.status.take();
            arrived.status.clone_from(&known.status);
            if let (Some(status), Some(found)) = (&mut arrived.status, found) {
                refresh(status, found);
            }
        }
        // Ruling 32: what came before its case counts from now on.
        for activity in self.activities.get_mut(&name).into_iter().flatten() {
            let status = decide_activity(activity, Some(&arrived), now);
            Arc::make_mut(activity).status = Some(status);
        }
        self.cases.insert(name.clone(), Arc::new(arrived));
        self.dirty.insert(Subject::Case(name));
    }

    fn activity_arrives(&mut self, activity: &Arc<SupportActivity>, now: DateTime<Utc>) {
        let name = case_key(activity);
        let mut arrived = SupportActivity::clone(activity);
        // Judged against the case as it stood when the activity came: the one that closes a case counts.
        arrived.status = Some(decide_activity(&arrived, self.cases.get(&name).map(Arc::as_ref), now));
        self.activities.entry(name.clone()).or_default().push(Arc::new(arrived));
        if self.cases.contains_key(&name) {
            self.dirty.insert(Subject::Case(name));
        }
    }

    /// Decides until nothing changes any more.
    fn settle(&mut self, now: DateTime<Utc>) {
        for _ in 0..MOST_ROUNDS {
            let dirty = std::mem::take(&mut self.dirty);
            if dirty.is_empty() {
                return;
            }
            for subject in dirty {
                match subject {
                    Subject::Contract(name) => self.decide_contract(&name, now),
                    Subject::Case(name) => self.decide_case(name, now),
                }
            }
        }
    }

    fn decide_contract(&mut self, name: &str, now: DateTime<Utc>) {
        let Some(place) = self.contracts.iter().position(|contract| contract.name_any() == name) else { return };
        let cases: Vec<_> =
            self.cases_of.get(name).into_iter().flatten().filter_map(|name| self.cases.get(name).cloned()).collect();
        let found = cases.iter().rev().filter_map(|case| case.status.as_ref());
        let node_count =
            found.clone().find_map(|status| Some(i64::from(status.cluster.as_ref()?.nodes.as_ref()?.total)));
        let meshes = found.clone().map(|status| status.meshes.as_slice()).find(|meshes| !meshes.is_empty());
        let inputs = ContractInputs {
            contract: &self.contracts[place],
            contracts: &self.contracts,
            cases: &cases.iter().map(AsRef::as_ref).collect(),
            feeds: &self.feeds,
            node_count,
            meshes: meshes.unwrap_or_default(),
        };
        let outcome = decide_contract(&inputs, now);
        drop(cases);
        self.plan_wake(Subject::Contract(name.to_owned()), outcome.next_wake, now);
        let status = writer::CONTRACT.written(outcome.status);
        if self.contracts[place].status.as_ref() != Some(&status) {
            // Counts alone concern no case.
            let concerns = |status: &Option<crate::api::SupportContractStatus>| {
                status.as_ref().map(|status| (status.incidents.clone(), status.state, status.calendar_revision.clone()))
            };
            let before = concerns(&self.contracts[place].status);
            let contract = Arc::make_mut(&mut self.contracts[place]);
            contract.status = Some(status);
            if before != concerns(&contract.status) {
                let cases = self.cases_of.get(name).into_iter().flatten().cloned();
                self.dirty.extend(cases.map(Subject::Case));
            }
        }
    }

    fn decide_case(&mut self, name: Name, now: DateTime<Utc>) {
        let Some(case) = self.cases.get(&name) else { return };
        let labels = self.world.labels(&name.0);
        let inputs = CaseInputs {
            case,
            namespace_labels: &labels,
            contracts: &self.contracts,
            feeds: &self.feeds,
            activities: self.activities.get(&name).map_or(&[], Vec::as_slice),
        };
        let mut outcome = decide_case(&inputs, now);
        let outage = self.world.outage(&name, now).filter(|outage| !outage.shows_in(&outcome.status));
        if let Some(outage) = outage {
            let contracts = outage.contracts(&self.contracts);
            outcome = decide_case(&CaseInputs { contracts: &contracts, ..inputs }, now);
            outage.tell(&mut outcome.status);
        }
        let Outcome { status, next_wake, .. } = outcome;
        let status = writer::CASE.written(status);
        let changed = case.status.as_ref() != Some(&status);
        self.plan_wake(Subject::Case(name.clone()), next_wake, now);
        if changed {
            if outage.is_some() {
                // What it tells was not decided on yet.
                self.dirty.insert(Subject::Case(name.clone()));
            }
            self.case_decided(name, status);
        }
    }

    fn case_decided(&mut self, name: Name, status: SupportCaseStatus) {
        let Some(case) = self.cases.get_mut(&name) else { return };
        let case = Arc::make_mut(case);
        let claimed = claim(case);
        case.status = Some(status);
        let after = claim(case);
        // A case that is counted by no quota asks its contract for nothing; its counts follow at the end.
        let claims = claimed != after && (claimed.is_some() || after.is_some());
        let found = case.status.as_ref().is_some_and(|status| status.cluster.is_some() || !status.meshes.is_empty());
        let contract = falls_to(case, &self.contracts);
        if let Some(contract) = contract {
            let joined = self.cases_of.entry(contract.clone()).or_default().insert(name);
            if joined && found || claims {
                self.dirty.insert(Subject::Contract(contract));
            }
        }
    }

    /// Whether a version had come by the end.
    pub(super) fn has_arrived(&self, at: DateTime<Utc>) -> bool {
        at <= self.at
    }

    /// Whether an object is there yet at the end.
    pub(super) fn has_come(&self, object: &Object) -> bool {
        created(object.metadata()) <= self.at
    }
}

/// What a contract grants by, of a case that a quota counts: a change of it asks the contract to look again.
fn claim(case: &SupportCase) -> Option<impl PartialEq + use<>> {
    let entitlement = case.status.as_ref()?.entitlement.as_ref()?;
    let severity = entitlement.counted_severity?;
    let check = entitlement.checks.iter().find(|check| check.name == INCIDENT_QUOTA).cloned();
    Some((severity, entitlement.decision, entitlement.quota_granted_at, check))
}

/// The contract that a case is bound to, or else the one that it would use.
fn falls_to(case: &SupportCase, contracts: &[Arc<SupportContract>]) -> Option<String> {
    let bound = case.status.as_ref().and_then(|status| status.entitlement.as_ref()?.contract.as_ref());
    match bound {
        Some(bound) => Some(bound.name.clone()),
        None => contract_of(case, contracts).map(|contract| contract.name_any()),
    }
}

/// Takes what a newer version of the input says was found in the cluster.
fn refresh(status: &mut SupportCaseStatus, found: SupportCaseStatus) {
    if found.cluster.is_some() {
        status.cluster = found.cluster;
    }
    if !found.meshes.is_empty() {
        status.meshes = found.meshes;
    }
    if !found.findings.is_empty() {
        status.findings = found.findings;
    }
    if found.evidence.is_some() {
        status.evidence = found.evidence;
    }
}
