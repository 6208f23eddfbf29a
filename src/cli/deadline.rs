//! `deadline`: when a promise of a plan would be due, and why, without any cluster. `--list-plans`: what each built-in plan
//! promises. Not for: cases that exist (`status`, `explain`, `replay`).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::admission::Schema;
use super::ledger::{LedgerSpan, days, local_time, table as ledger_table};
use super::manifests::{Faults, read};
use super::output::{OutputArgs, aligned};
use super::{Error, feeds};
use crate::api::SupportContract;
use crate::convert::read_contract;
use crate::domain::plan::{Plan, SeverityTerms};
use crate::domain::severity::Severity;
use crate::domain::sla::PromiseKind;
use crate::domain::time::{Calendar, Clock, Holidays, Measure, Target, Unit};

#[derive(Debug, Args)]
pub(crate) struct DeadlineArgs {
    /// A built-in plan by name; `--list-plans` shows them.
    #[arg(long, conflicts_with = "contract", value_name = "PLAN")]
    plan: Option<String>,
    /// A file with a SupportContract, for its plan and its holidays; ConfigMaps beside it serve its iCalendar feeds.
    #[arg(long, value_name = "FILE")]
    contract: Option<PathBuf>,
    /// Sev1, Sev2, Sev3 or Sev4.
    #[arg(long, value_enum, ignore_case = true, required_unless_present = "list_plans")]
    severity: Option<SeverityArg>,
    /// When the case is opened, such as 2026-11-20T23:30:00Z.
    #[arg(long, value_name = "TIME", required_unless_present = "list_plans")]
    opened_at: Option<DateTime<Utc>>,
    /// Which promise. NextUpdate is counted as if the vendor's last word fell on the opening.
    #[arg(long, value_enum, ignore_case = true, default_value_t)]
    promise: Promise,
    /// Show every stretch of time from the opening to the deadline, with its reason.
    #[arg(long)]
    explain: bool,
    /// Print what each built-in plan promises.
    #[arg(long)]
    list_plans: bool,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SeverityArg {
    #[value(name = "Sev1")]
    Sev1,
    #[value(name = "Sev2")]
    Sev2,
    #[value(name = "Sev3")]
    Sev3,
    #[value(name = "Sev4")]
    Sev4,
}

/// The promises of a plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize)]
pub(super) enum Promise {
    #[default]
    #[value(name = "InitialResponse")]
    InitialResponse,
    #[value(name = "NextUpdate")]
    NextUpdate,
    #[value(name = "Resolution")]
    Resolution,
}

/// The answer, in the form of `-o json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Deadline {
    plan: String,
    severity: &'static str,
    promise: Promise,
    commitment: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<TargetText>,
    opened_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    starts_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warn_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<DateTime<Utc>>,
    time_zone: String,
    calendar_revision: String,
    ledger: Vec<LedgerSpan>,
    #[serde(skip)]
    no_holidays: bool,
}

#[derive(Debug, Serialize)]
struct TargetText {
    amount: i64,
    unit: &'static str,
}

impl DeadlineArgs {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Error> {
        if self.list_plans {
            let plans = built_in_plans();
            return self.output.output.write(out, &plans, || plans_table(&plans));
        }
        let (Some(severity), Some(opened_at)) = (self.severity, self.opened_at) else {
            return Err(Error::Input("--severity and --opened-at are needed".to_owned()));
        };
        let (name, plan, calendar) = self.plan_and_calendar()?;
        let answer = deadline(name, &plan, &calendar, severity.into(), self.promise, opened_at.trunc_subsecs(0))?;
        self.output.output.write(out, &answer, || table(&answer, &calendar, self.explain))
    }

    fn plan_and_calendar(&self) -> Result<(String, Arc<Plan>, Calendar), Error> {
        match (&self.plan, &self.contract) {
            (_, Some(path)) => of_contract(path),
            (Some(name), None) => {
                let plan = Plan::built_in(name).ok_or_else(|| {
                    let names: Vec<_> = Plan::built_in_names().collect();
                    Error::Input(format!("--plan: there is no plan \"{name}\"; accepted are {}", names.join(", ")))
                })?;
                let calendar = plan.calendar(Holidays::none()).map_err(|errors| {
                    let errors: Vec<_> = errors.iter().map(|error| format!("{}: {error}", error.field())).collect();
                    Error::Input(errors.join("\n"))
                })?;
                Ok((name.clone(), plan, calendar))
            }
            (None, None) => {
                Err(Error::Input("--plan or --contract is needed; --list-plans shows the built-in plans".to_owned()))
            }
        }
    }
}

/// The plan and the calendar of the one contract in a file.
fn of_contract(path: &std::path::Path) -> Result<(String, Arc<Plan>, Calendar), Error> {
    let mut faults = Faults::default();
    let manifests = read(&[path.to_owned()], &mut faults);
    let schema = Schema::of::<SupportContract>();
    let found: Vec<_> = manifests.iter().filter(|manifest| manifest.is_ours("SupportContract")).collect();
    let contract = match found.as_slice() {
        [one] => one.typed::<SupportContract>(&schema, &mut faults).map(|contract| (one.label(), contract)),
        _ => {
            faults.add(format!(
                "{}: {} objects of kind SupportContract; exactly one is needed",
                path.display(),
                found.len()
            ));
            None
        }
    };
    faults.into_result()?;
    let Some((label, contract)) = contract else {
        return Err(Error::Input(format!("{}: nothing read", path.display())));
    };
    let read = read_contract(&contract, &feeds::of(&manifests)).map_err(|faults| {
        let lines: Vec<_> = faults.iter().map(|fault| format!("{label}: {}: {}", fault.field, fault.message)).collect();
        Error::Input(lines.join("\n"))
    })?;
    Ok((read.plan_name, read.plan, read.calendar))
}

fn deadline(
    plan_name: String,
    plan: &Plan,
    calendar: &Calendar,
    severity: Severity,
    promise: Promise,
    opened_at: DateTime<Utc>,
) -> Result<Deadline, Error> {
    let terms = plan.terms(severity);
    let committed = terms.and_then(|terms| Some((terms.clock, promise.target(terms)?)));
    let mut answer = Deadline {
        plan: plan_name,
        severity: severity.as_str(),
        promise,
        commitment: if committed.is_some() { "Committed" } else { "ReasonableEfforts" },
        clock: terms.map(|terms| clock_name(terms.clock)),
        target: None,
        opened_at,
        starts_at: match terms.map(|terms| terms.clock) {
            Some(Clock::BusinessHours) => calendar.next_opening(opened_at),
            _ => Some(opened_at),
        },
        warn_at: None,
        due_at: None,
        time_zone: calendar.zone_name().to_owned(),
        calendar_revision: calendar.revision(),
        ledger: Vec::new(),
        no_holidays: calendar.holidays().is_empty(),
    };
    if let Some((clock, target)) = committed {
        let measure = Measure::new(calendar, clock, target, opened_at, &[]);
        let due = measure.due_at().ok_or_else(|| {
            Error::Input(format!("the deadline is more than ten years after {}", opened_at.to_rfc3339()))
        })?;
        answer.clock = Some(clock_name(measure.clock()));
        answer.target = Some(TargetText { amount: target.amount, unit: unit_name(target.unit) });
        answer.starts_at = match measure.clock() {
            Clock::BusinessHours => calendar.next_opening(opened_at),
            Clock::AroundTheClock => Some(opened_at),
        };
        answer.warn_at = measure.warn_at();
        answer.due_at = Some(due);
        answer.ledger = measure.ledger(due).iter().map(LedgerSpan::from).collect();
    }
    Ok(answer)
}

impl Promise {
    pub(super) fn kind(self) -> PromiseKind {
        match self {
            Self::InitialResponse => PromiseKind::InitialResponse,
            Self::NextUpdate => PromiseKind::NextUpdate,
            Self::Resolution => PromiseKind::Resolution,
        }
    }

    fn target(self, terms: &SeverityTerms) -> Option<Target> {
        match self {
            Self::InitialResponse => terms.initial_response,
            Self::NextUpdate => terms.next_update,
            Self::Resolution => terms.resolution,
        }
    }
}

impl From<SeverityArg> for Severity {
    fn from(severity: SeverityArg) -> Self {
        match severity {
            SeverityArg::Sev1 => Self::Sev1,
            SeverityArg::Sev2 => Self::Sev2,
            SeverityArg::Sev3 => Self::Sev3,
            SeverityArg::Sev4 => Self::Sev4,
        }
    }
}

fn clock_name(clock: Clock) -> &'static str {
    match clock {
        Clock::BusinessHours => "BusinessHours",
        Clock::AroundTheClock => "AroundTheClock",
    }
}

fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Minutes => "Minutes",
        Unit::Hours => "Hours",
        Unit::BusinessDays => "BusinessDays",
    }
}

/// A target as people say it: `4 business hours`, `15 minutes, around the clock`.
fn words(clock: Clock, target: Target) -> String {
    let (one, many) = match (target.unit, clock) {
        (Unit::BusinessDays, _) => ("business day", "business days"),
        (Unit::Hours, Clock::BusinessHours) => ("business hour", "business hours"),
        (Unit::Minutes, Clock::BusinessHours) => ("business minute", "business minutes"),
        (Unit::Hours, Clock::AroundTheClock) => ("hour, around the clock", "hours, around the clock"),
        (Unit::Minutes, Clock::AroundTheClock) => ("minute, around the clock", "minutes, around the clock"),
    };
    format!("{} {}", target.amount, if target.amount == 1 { one } else { many })
}

fn table(answer: &Deadline, calendar: &Calendar, explain: bool) -> String {
    let time = |instant: DateTime<Utc>| {
        format!("{}  {}", local_time(calendar, instant), instant.to_rfc3339_opts(chrono::SecondsFormat::Secs, true,))
    };
    let mut rows = vec![
        ("plan", answer.plan.clone()),
        ("severity", answer.severity.to_owned()),
        ("promise", format!("{:?}", answer.promise)),
        ("commitment", answer.commitment.to_owned()),
    ];
    if let Some(target) = &answer.target {
        rows.push(("target", format!("{} {}", target.amount, target.unit)));
    }
    rows.extend(answer.clock.map(|clock| ("clock", clock.to_owned())));
    rows.push(("opened at", time(answer.opened_at)));
    rows.extend(answer.starts_at.map(|instant| ("starts at", time(instant))));
    rows.extend(answer.warn_at.map(|instant| ("warning at", time(instant))));
    rows.extend(answer.due_at.map(|instant| ("due at", time(instant))));
    rows.push(("time zone", answer.time_zone.clone()));
    rows.push(("calendar", answer.calendar_revision.clone()));
    if answer.no_holidays {
        rows.push(("holidays", "no holidays configured".to_owned()));
    }
    let mut text = String::new();
    for (name, value) in rows {
        let _infallible = writeln!(text, "{name:<12}{value}");
    }
    if explain && !answer.ledger.is_empty() {
        text += "\n";
        text += &ledger_table(&answer.ledger, calendar);
        text += "\n";
        text += &days(&answer.ledger, calendar);
    }
    text
}

/// What a built-in plan promises, in the form of `-o json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanSummary {
    name: &'static str,
    display_name: String,
    time_zone: String,
    initial_response: BTreeMap<&'static str, String>,
    incidents_per_contract_year: String,
    contacts: String,
}

fn built_in_plans() -> Vec<PlanSummary> {
    Plan::built_in_names().filter_map(|name| Some(summary(name, Plan::built_in(name)?.as_ref()))).collect()
}

fn summary(name: &'static str, plan: &Plan) -> PlanSummary {
    let response = |severity: &Severity| {
        let terms = plan.terms(*severity);
        let target = terms.and_then(|terms| Some(words(terms.clock, terms.initial_response?)));
        (severity.as_str(), target.unwrap_or_else(|| "reasonable efforts".to_owned()))
    };
    let quotas = plan.incident_quotas.iter().map(|quota| {
        let severities: Vec<_> = quota.severities.iter().map(|severity| severity.as_str()).collect();
        format!("{} of {}", quota.per_contract_year, severities.join(" and "))
    });
    let contacts = plan.contact_limits.iter().map(|tier| match tier.up_to_nodes {
        Some(nodes) => format!("{} to {nodes} nodes", tier.contacts),
        None if plan.contact_limits.len() == 1 => tier.contacts.to_string(),
        None => format!("{} above", tier.contacts),
    });
    let or = |list: Vec<String>, none: &str| if list.is_empty() { none.to_owned() } else { list.join(", ") };
    PlanSummary {
        name,
        display_name: plan.display_name.clone(),
        time_zone: plan.time_zone.clone(),
        initial_response: Severity::ALL.iter().map(response).collect(),
        incidents_per_contract_year: or(quotas.collect(), "unlimited"),
        contacts: or(contacts.collect(), "no limit"),
    }
}

fn plans_table(plans: &[PlanSummary]) -> String {
    let mut rows = vec![
        ["PLAN", "TIME ZONE", "SEV1", "SEV2", "SEV3", "SEV4", "INCIDENTS A YEAR", "CONTACTS"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for plan in plans {
        let responses = plan.initial_response.values().cloned();
        let mut row = vec![plan.name.to_owned(), plan.time_zone.clone()];
        row.extend(responses);
        row.extend([plan.incidents_per_contract_year.clone(), plan.contacts.clone()]);
        rows.push(row);
    }
    aligned(&rows)
}

#[cfg(test)]
mod tests;
