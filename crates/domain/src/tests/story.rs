//! A case in the small: what happens to it, told in wall times of one week, and the decisions that follow. Not for: rules.

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, SecondsFormat, Utc};

use crate::case::{Act, Activity, Actor, Case, Category, Facts, HistoryEntry, Remembered};
use crate::contract::Contract;
use crate::entitlement::{Agreement, Check, CheckResult, INCIDENT_QUOTA};
use crate::lifecycle::State;
use crate::plan::{Channel, Plan};
use crate::quota::{Claim, ClaimKind, QuotaStanding, grant};
use crate::severity::{Impact, Severity};
use crate::sla::Promise;
use crate::time::{Holidays, ZoneData};
use crate::{Decision, Inputs, decide};

/// Monday to Friday 9 to 17 in a zone without clock changes, so that a day's times can be added in one's head. Sev1 runs
/// around the clock, the others do not.
pub(super) const PLAN: &str = "
displayName: Test
vendor: Aspen Mesh
timeZone: Etc/UTC
businessHours:
- {days: [Monday, Tuesday, Wednesday, Thursday, Friday], opens: '09:00', closes: '17:00'}
severities:
- severity: Sev1
  clock: AroundTheClock
  initialResponse: {amount: 1, unit: Hours}
  nextUpdate: {amount: 2, unit: Hours}
  resolution: {amount: 10, unit: Hours}
- severity: Sev2
  clock: BusinessHours
  initialResponse: {amount: 4, unit: Hours}
  nextUpdate: {amount: 8, unit: Hours}
  resolution: {amount: 3, unit: BusinessDays}
- severity: Sev3
  clock: BusinessHours
  initialResponse: {amount: 1, unit: BusinessDays}
- {severity: Sev4, clock: BusinessHours}
defaultSeverity:
- severity: Sev4
severityChange: {by: Vendor}
";

/// `Mon 10:00` is the Monday of the week of 23 November 2026 at 10:00 UTC; `1 Mon 10:00` the one a week later. Seconds may be
/// given.
pub(super) fn at(text: &str) -> DateTime<Utc> {
    let words: Vec<_> = text.split(' ').collect();
    let (week, day, time) = match words[..] {
        [day, time] => (0, day, time),
        [week, day, time] => (week.parse().unwrap(), day, time),
        _ => panic!("{text} is no time"),
    };
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let day = u64::try_from(days.iter().position(|name| *name == day).unwrap()).unwrap();
    let date = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap() + Days::new(7 * week + day);
    let time = if time.len() == 5 { format!("{time}:00") } else { time.to_owned() };
    date.and_time(time.parse::<NaiveTime>().unwrap()).and_utc()
}

/// The other way round.
pub(super) fn told(instant: Option<DateTime<Utc>>) -> String {
    let Some(instant) = instant else { return "none".to_owned() };
    let since = instant - at("Mon 00:00");
    let week = since.num_days().div_euclid(7);
    let text = instant.format("%a %H:%M:%S").to_string();
    let text = text.strip_suffix(":00").map(str::to_owned).unwrap_or(text);
    match week {
        0 => text,
        1..=9 => format!("{week} {text}"),
        _ => instant.to_rfc3339_opts(SecondsFormat::Secs, true),
    }
}

/// A contract without an end, of a plan in YAML.
pub(super) fn contract(plan: &str) -> Contract {
    of_plan("Custom", Arc::new(serde_saphyr::from_str(plan).unwrap()))
}

/// A contract of a built-in plan, in its term since 2026 began.
pub(super) fn built_in(name: &str) -> Contract {
    of_plan(name, Plan::built_in(name).unwrap())
}

fn of_plan(name: &str, plan: Arc<Plan>) -> Contract {
    let starts_at = "2026-01-01T00:00:00Z".parse().unwrap();
    Contract {
        name: "acme".to_owned(),
        uid: "c-1".to_owned(),
        created_at: starts_at,
        plan_name: name.to_owned(),
        calendar: plan.calendar(Holidays::none(), Vec::new(), &ZoneData::default()).unwrap(),
        plan,
        starts_at: Some(starts_at),
        ends_at: None,
        registered_at: None,
        continuing_until: None,
        licensed_nodes: None,
        contacts: Vec::new(),
        service_delivery_manager: false,
        releases: Vec::new(),
        ledgers: Vec::new(),
    }
}

/// Something that changes a story.
pub(super) type Edit = fn(&mut Story);

/// A case, all that happens to it, and what was decided last.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) contract: Option<Contract>,
    pub(super) namespace_allowed: bool,
    pub(super) case: Case,
    pub(super) facts: Facts,
    pub(super) activities: Vec<Activity>,
    pub(super) remembered: Remembered,
    /// Whether the contract grants what is asked for, as its controller does.
    pub(super) grants: bool,
    now: DateTime<Utc>,
}

impl Story {
    /// A case of a severity under the plan of these tests.
    pub(super) fn new(severity: Severity, opened_at: &str) -> Self {
        Self::under(contract(PLAN), Some(severity), opened_at)
    }

    /// A case of a severity under the plan of these tests with another rule of `severityChange`.
    pub(super) fn changing(rule: &str, severity: Severity, opened_at: &str) -> Self {
        Self::under(contract(&PLAN.replace("{by: Vendor}", rule)), Some(severity), opened_at)
    }

    pub(super) fn under(contract: Contract, severity: Option<Severity>, opened_at: &str) -> Self {
        let opened_at = at(opened_at);
        let case = Case {
            uid: "u-1".to_owned(),
            opened_at,
            category: Category::Incident,
            channel: Channel::Kubernetes,
            severity,
            contact_email: None,
            resolved: false,
            escalation: None,
            contract_ref: None,
            stated_mesh_version: None,
            impact: Impact::default(),
        };
        Self {
            contract: Some(contract),
            namespace_allowed: true,
            case,
            facts: Facts::default(),
            activities: Vec::new(),
            remembered: Remembered::default(),
            grants: true,
            now: opened_at,
        }
    }

    /// Somebody does something; `CustomerReplied` is the customer's. It is seen at the next decision.
    pub(super) fn happens(&mut self, when: &str, act: Act) -> &mut Self {
        self.happens_at(at(when), act);
        self
    }

    pub(super) fn happens_at(&mut self, when: DateTime<Utc>, act: Act) {
        let vendor = act != Act::CustomerReplied;
        let actor = Actor { role: if vendor { "SupportEngineer" } else { "Contact" }, vendor, name: None };
        let name = format!("{:03}", self.activities.len());
        self.activities.push(Activity { at: when, name, actor, act, message: None });
        self.activities.sort_by(|one, other| (one.at, &one.name).cmp(&(other.at, &other.name)));
    }

    /// Somebody does something, and the operator sees it at once.
    pub(super) fn acts(&mut self, when: &str, act: Act) -> Decision {
        self.happens(when, act).decide(when)
    }

    /// The customer edits the case, or an administrator the contract; the operator sees it at once.
    pub(super) fn edits(&mut self, when: &str, edit: impl FnOnce(&mut Self)) -> Decision {
        self.decide(when);
        edit(self);
        self.decide(when)
    }

    /// Plays wake-up by wake-up to a time, as the operator does.
    pub(super) fn decide(&mut self, when: &str) -> Decision {
        self.decide_at(at(when))
    }

    pub(super) fn decide_at(&mut self, until: DateTime<Utc>) -> Decision {
        loop {
            let seen =
                self.activities.iter().map(|activity| activity.at).filter(|at| *at > self.now && *at < until).min();
            let decision = self.settle(self.now);
            if self.now >= until {
                return decision;
            }
            let next = [seen, decision.next_wake].into_iter().flatten().filter(|at| *at > self.now).min();
            self.now = next.unwrap_or(until).min(until);
        }
    }

    /// Decides at a time without having looked at any moment before: nobody ran.
    pub(super) fn wakes_up(&mut self, when: &str) -> Decision {
        self.wakes_up_at(at(when))
    }

    pub(super) fn wakes_up_at(&mut self, when: DateTime<Utc>) -> Decision {
        self.now = when;
        self.settle(when)
    }

    /// Moves the opening.
    pub(super) fn opens(&mut self, when: DateTime<Utc>) {
        (self.case.opened_at, self.now) = (when, when);
    }

    /// Decides at an instant; where the contract then grants something, again. Every decision is at rest.
    fn settle(&mut self, now: DateTime<Utc>) -> Decision {
        for _ in 0..8 {
            let decision = self.once(now);
            self.remembered = decision.remembered();
            assert_eq!(self.once(now), decision, "deciding again changes nothing");
            if !self.grants || !self.grant(&decision, now) {
                return decision;
            }
        }
        panic!("the contract grants at {now} without an end")
    }

    /// One decision on what is known by now.
    pub(super) fn once(&self, now: DateTime<Utc>) -> Decision {
        let activities: Vec<_> = self.activities.iter().filter(|activity| activity.at <= now).cloned().collect();
        let agreement = match &self.contract {
            Some(contract) => Agreement::Valid { contract, namespace_allowed: self.namespace_allowed },
            None => Agreement::Missing,
        };
        let inputs = Inputs {
            case: &self.case,
            agreement,
            facts: &self.facts,
            activities: &activities,
            remembered: &self.remembered,
        };
        decide(&inputs, now)
    }

    /// What the contract's controller does for this one case. Says whether the ledger changed.
    fn grant(&mut self, decision: &Decision, now: DateTime<Utc>) -> bool {
        let Some(contract) = &mut self.contract else { return false };
        let checks = &decision.entitlement.checks;
        let quota = checks.iter().find(|check| check.name == INCIDENT_QUOTA);
        let failed = |check: &Check| check.name != INCIDENT_QUOTA && check.result == CheckResult::Failed;
        let kind = ClaimKind::of(QuotaStanding {
            granted: decision.entitlement.quota_granted_at.is_some(),
            reason: quota.map_or("", |check| &check.reason),
            accepted: decision.entitlement.decision.is_accepted(),
            fails_elsewhere: checks.iter().any(failed),
            closed: decision.state == State::Closed,
        });
        let claim = decision.entitlement.counted.zip(kind).map(|(severity, kind)| Claim {
            namespace: "shop".to_owned(),
            name: "broken".to_owned(),
            uid: self.case.uid.clone(),
            opened_at: self.case.opened_at,
            severity,
            kind,
        });
        let ledgers = grant(contract, &claim.into_iter().collect(), now);
        let changed = ledgers != contract.ledgers;
        contract.ledgers = ledgers;
        changed
    }
}

/// The promises of a decision, which these tests always have.
pub(super) fn response(decision: &Decision) -> &Promise {
    decision.promises.initial_response.as_ref().unwrap()
}

pub(super) fn update(decision: &Decision) -> &Promise {
    decision.promises.next_update.as_ref().unwrap()
}

pub(super) fn resolution(decision: &Decision) -> &Promise {
    decision.promises.resolution.as_ref().unwrap()
}

/// A promise in one line: result, when it is due, or what is left of it.
pub(super) fn stands(promise: &Promise) -> String {
    let at = promise.met_at.or(promise.breached_at);
    match (promise.remaining_seconds, at) {
        (Some(left), _) => format!("{:?}, {left} s left", promise.result),
        (None, Some(at)) => format!("{:?} {}, due {}", promise.result, told(Some(at)), told(promise.due_at)),
        (None, None) => format!("{:?}, due {}", promise.result, told(promise.due_at)),
    }
}

/// The events of the timeline, each with its time.
pub(super) fn timeline(decision: &Decision) -> Vec<String> {
    decision.timeline.iter().map(|line| format!("{} {}", told(Some(line.at)), line.event)).collect()
}

pub(super) fn history(decision: &Decision) -> Vec<String> {
    let text = |entry: &HistoryEntry| {
        let change = [&entry.from, &entry.to].map(|value| value.as_deref().unwrap_or("-").to_owned()).join(" to ");
        format!("{} {:?} {change}", told(Some(entry.at)), entry.kind)
    };
    decision.history.iter().map(text).collect()
}
