//! Support plans: what a vendor promises. The built-in ones are data files, parsed from what is compiled in.
//! Not for: what a promise means for a case (`sla.rs`), nor who may use it (`entitlement.rs`).

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use chrono::NaiveDate;
use serde::Deserialize;

use super::severity::Severity;
use super::time::{Calendar, CalendarError, CalendarParts, Clock, Holidays, OpenHours, SpecialHours, Target, ZoneData};

/// The built-in plans by name, as the files under `plans/` hold them.
const BUILT_IN: [(&str, &str); 5] = [
    ("AspenMeshStandard", include_str!("../../../plans/aspen-mesh-standard.yaml")),
    ("AspenMeshTrial", include_str!("../../../plans/aspen-mesh-trial.yaml")),
    ("MesosphereSignature", include_str!("../../../plans/mesosphere-signature.yaml")),
    ("MesospherePremium", include_str!("../../../plans/mesosphere-premium.yaml")),
    ("MesosphereStandard", include_str!("../../../plans/mesosphere-standard.yaml")),
];

/// A way in which a case comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Channel {
    Web,
    Email,
    Phone,
    Kubernetes,
}

/// A level of escalation, in rising order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
pub enum Level {
    #[default]
    None,
    SupportEngineer,
    SupportManager,
    SupportDirector,
    ServiceDeliveryManager,
}

impl Level {
    /// The spelling in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::SupportEngineer => "SupportEngineer",
            Self::SupportManager => "SupportManager",
            Self::SupportDirector => "SupportDirector",
            Self::ServiceDeliveryManager => "ServiceDeliveryManager",
        }
    }

    /// The level of that spelling.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::None, Self::SupportEngineer, Self::SupportManager, Self::SupportDirector, Self::ServiceDeliveryManager]
            .into_iter()
            .find(|level| level.as_str() == name)
    }
}

/// Weekly opening hours, as a plan writes them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BusinessHours {
    pub days: Vec<Weekday>,
    pub opens: String,
    pub closes: String,
}

/// A day of the week by its full name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl From<Weekday> for chrono::Weekday {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Monday => Self::Mon,
            Weekday::Tuesday => Self::Tue,
            Weekday::Wednesday => Self::Wed,
            Weekday::Thursday => Self::Thu,
            Weekday::Friday => Self::Fri,
            Weekday::Saturday => Self::Sat,
            Weekday::Sunday => Self::Sun,
        }
    }
}

/// Opening hours of some dates instead of the weekly ones, as a plan or a contract writes them (ruling 7).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpecialHoursEntry {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// Only these weekdays; empty: all of them.
    #[serde(default)]
    pub days: Vec<Weekday>,
    pub name: String,
    /// None: closed.
    #[serde(default)]
    pub intervals: Vec<Interval>,
}

/// An opening and a closing time of one day.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Interval {
    pub opens: String,
    pub closes: String,
}

impl SpecialHoursEntry {
    /// The entry for a calendar; `place` is how errors name it.
    #[must_use]
    pub fn read(&self, place: String) -> SpecialHours {
        let times = |interval: &Interval| (interval.opens.clone(), interval.closes.clone());
        SpecialHours {
            from: self.from,
            to: self.to,
            days: self.days.iter().copied().map(Into::into).collect(),
            name: self.name.clone(),
            intervals: self.intervals.iter().map(times).collect(),
            place,
        }
    }
}

/// What is promised for one severity. An absent target is no promise (ruling 17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeverityTerms {
    pub severity: Severity,
    pub clock: Clock,
    pub initial_response: Option<Target>,
    pub next_update: Option<Target>,
    pub resolution: Option<Target>,
}

/// The severity of a case that names none; without a channel it is for every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DefaultSeverity {
    pub channel: Option<Channel>,
    pub severity: Severity,
}

/// Who changes a severity after the initial response (ruling 15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum ChangeBy {
    #[default]
    Agreement,
    Vendor,
}

/// Where the new target starts after a change of severity (ruling 15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum ChangeDeadline {
    #[default]
    FromChange,
    FromOpening,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeverityChange {
    pub by: ChangeBy,
    #[serde(default)]
    pub deadline: ChangeDeadline,
}

/// How many cases of some severities a contract year includes (ruling 26).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IncidentQuota {
    pub severities: Vec<Severity>,
    pub per_contract_year: usize,
}

/// How many named contacts, up to a node count; the last tier has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContactLimit {
    pub up_to_nodes: Option<i64>,
    pub contacts: usize,
}

/// When a silent customer's case is closed (ruling 29).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloseOnSilence {
    pub contact_attempts: u32,
    pub business_days: i64,
}

/// A step of the escalation chain with what raises a case to it (ruling 30).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EscalationStep {
    pub level: Level,
    #[serde(default)]
    pub on_request: bool,
    #[serde(default)]
    pub on_response_breach: bool,
    pub after_percent: Option<i64>,
    pub on_unacknowledged: Option<Target>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum EnhancementScope {
    None,
    CurrentReleaseOnly,
    All,
}

/// What the plan helps with. Absent: the document excludes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scope {
    pub installation_assistance: Option<bool>,
    pub enhancements: Option<EnhancementScope>,
    pub pre_releases: Option<bool>,
    pub third_party: Option<bool>,
}

/// What a vendor promises.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    pub display_name: String,
    pub vendor: String,
    pub time_zone: String,
    pub business_hours: Vec<BusinessHours>,
    #[serde(default)]
    pub special_hours: Vec<SpecialHoursEntry>,
    #[serde(default)]
    pub severities: Vec<SeverityTerms>,
    #[serde(default)]
    pub default_severity: Vec<DefaultSeverity>,
    #[serde(default)]
    pub severity_change: SeverityChange,
    #[serde(default)]
    pub channels: Vec<Channel>,
    #[serde(default)]
    pub incident_quotas: Vec<IncidentQuota>,
    #[serde(default)]
    pub contact_limits: Vec<ContactLimit>,
    #[serde(default)]
    pub emergency_patches: bool,
    pub full_support_releases: Option<usize>,
    pub trial_days: Option<i64>,
    pub close_on_silence: Option<CloseOnSilence>,
    #[serde(default)]
    pub escalation: Vec<EscalationStep>,
    #[serde(default)]
    pub scope: Scope,
}

/// The chain of a plan that gives none: the support manager, then the director.
const DEFAULT_CHAIN: [EscalationStep; 2] = [
    EscalationStep {
        level: Level::SupportManager,
        on_request: true,
        on_response_breach: true,
        after_percent: None,
        on_unacknowledged: None,
    },
    EscalationStep {
        level: Level::SupportDirector,
        on_request: true,
        on_response_breach: false,
        after_percent: None,
        on_unacknowledged: None,
    },
];

/// The rule of a plan that gives none: two attempts, five business days.
const DEFAULT_SILENCE: CloseOnSilence = CloseOnSilence { contact_attempts: 2, business_days: 5 };

impl Plan {
    /// The built-in plan of a name.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Arc<Self>> {
        static PLANS: LazyLock<BTreeMap<&'static str, Arc<Plan>>> = LazyLock::new(|| {
            // A file that does not parse is left out; the test of plans.md fails then.
            let parse =
                |(name, text): &(&'static str, &str)| Some((*name, Arc::new(serde_saphyr::from_str(text).ok()?)));
            BUILT_IN.iter().filter_map(parse).collect()
        });
        PLANS.get(name).cloned()
    }

    /// The names of the built-in plans, in the order of the documents.
    pub fn built_in_names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The plan's calendar with a contract's holidays and special hours, which count before the plan's; or everything that
    /// is wrong with it.
    pub fn calendar(
        &self,
        holidays: Holidays,
        special: Vec<SpecialHours>,
        zones: &ZoneData,
    ) -> Result<Calendar, Vec<CalendarError>> {
        let open = |hours: &BusinessHours| OpenHours {
            days: hours.days.iter().copied().map(Into::into).collect(),
            opens: hours.opens.clone(),
            closes: hours.closes.clone(),
        };
        let hours: Vec<_> = self.business_hours.iter().map(open).collect();
        let mut all = special;
        all.extend(
            self.special_hours.iter().enumerate().map(|(index, entry)| entry.read(format!("specialHours[{index}]"))),
        );
        let zones = zones.clone();
        Calendar::new(CalendarParts { zone: &self.time_zone, hours: &hours, special: &all, holidays, zones })
    }

    /// What is promised for a severity; `None` for one that the plan does not list.
    #[must_use]
    pub fn terms(&self, severity: Severity) -> Option<&SeverityTerms> {
        self.severities.iter().find(|terms| terms.severity == severity)
    }

    /// Ruling 16: the severity of a case that names none, by its channel.
    #[must_use]
    pub fn default_severity(&self, channel: Channel) -> Severity {
        let matches = |entry: &&DefaultSeverity| entry.channel.is_none_or(|of| of == channel);
        self.default_severity.iter().find(matches).map_or(Severity::Sev4, |entry| entry.severity)
    }

    /// Whether a case may come in on a channel. `Kubernetes` is ours and part of every plan.
    #[must_use]
    pub fn offers(&self, channel: Channel) -> bool {
        channel == Channel::Kubernetes || self.channels.is_empty() || self.channels.contains(&channel)
    }

    /// The quota that counts a severity.
    #[must_use]
    pub fn quota(&self, severity: Severity) -> Option<&IncidentQuota> {
        self.incident_quotas.iter().find(|quota| quota.severities.contains(&severity))
    }

    /// Ruling 25: how many contacts count at a node count; the largest tier where it is unknown. `None`: no limit.
    #[must_use]
    pub fn contact_limit(&self, nodes: Option<i64>) -> Option<usize> {
        let holds =
            |tier: &&ContactLimit| nodes.is_some_and(|nodes| tier.up_to_nodes.is_none_or(|up_to| nodes <= up_to));
        self.contact_limits.iter().find(holds).or(self.contact_limits.last()).map(|tier| tier.contacts)
    }

    #[must_use]
    pub fn silence(&self) -> CloseOnSilence {
        self.close_on_silence.unwrap_or(DEFAULT_SILENCE)
    }

    #[must_use]
    pub fn chain(&self) -> &[EscalationStep] {
        if self.escalation.is_empty() { &DEFAULT_CHAIN } else { &self.escalation }
    }
}

/// The chain where no plan is known yet.
pub(super) fn default_chain() -> &'static [EscalationStep] {
    &DEFAULT_CHAIN
}
