//! `deadline`: when a promise of a plan would be due, and why, without any cluster. `--list-plans`: what each built-in plan
//! promises. Not for: cases that exist (`status`, `explain`, `replay`).

mod opened;
mod plans;

use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::admission::Schema;
use super::ledger::{LedgerSpan, days, length, local_time, table as ledger_table};
use super::manifests::{Faults, read};
use super::output::OutputArgs;
use super::{Error, feeds};
use crate::api::SupportContract;
use crate::convert::read_contract;
use crate::domain::contract::Contract;
use crate::domain::plan::{Plan, SeverityTerms};
use crate::domain::severity::Severity;
use crate::domain::sla::PromiseKind;
use crate::domain::time::{Calendar, Clock, Holidays, Measure, Pause, PauseReason, Target, Unit, ZoneData};
use opened::OpenedAt;
use plans::{built_in_plans, plans_table};

/// Closed days that the table lists; more are only counted.
const MOST_CLOSED_DAYS: usize = 20;

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
    /// When the case is opened: an instant such as 2026-11-20T23:30:00Z, or a wall time of the plan's zone such as
    /// "2026-11-20 16:30".
    #[arg(long, value_name = "TIME", required_unless_present = "list_plans")]
    opened_at: Option<OpenedAt>,
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
    /// The contract's term ends before the promise is due: the case is on hold from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    on_hold_from: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining_seconds: Option<i64>,
    time_zone: String,
    time_zone_data: String,
    calendar_revision: String,
    closed_days: Vec<ClosedDay>,
    ledger: Vec<LedgerSpan>,
    #[serde(skip)]
    no_holidays: bool,
}

/// A day from the opening to the deadline on which nothing opens.
#[derive(Debug, Serialize)]
struct ClosedDay {
    date: NaiveDate,
    reason: String,
}

#[derive(Debug, Serialize)]
struct TargetText {
    amount: i64,
    unit: &'static str,
}

/// What promises are counted by: a built-in plan, or a contract with its term.
struct Terms {
    name: String,
    plan: Arc<Plan>,
    calendar: Calendar,
    contract: Option<Box<Contract>>,
}

impl DeadlineArgs {
    pub(crate) fn run(&self, zones: ZoneData, out: &mut dyn Write) -> Result<(), Error> {
        if self.list_plans {
            let plans = built_in_plans();
            return self.output.output.write(out, &plans, || plans_table(&plans));
        }
        let (Some(severity), Some(opened_at)) = (self.severity, self.opened_at) else {
            return Err(Error::Input("--severity and --opened-at are needed".to_owned()));
        };
        let terms = self.terms(&zones)?;
        let opened_at = opened_at
            .instant(&terms.calendar)
            .ok_or_else(|| Error::Input("--opened-at: no calendar reaches as far".to_owned()))?;
        let answer = deadline(&terms, severity.into(), self.promise, opened_at)?;
        self.output.output.write(out, &answer, || table(&answer, &terms.calendar, self.explain))
    }

    fn terms(&self, zones: &ZoneData) -> Result<Terms, Error> {
        match (&self.plan, &self.contract) {
            (_, Some(path)) => of_contract(path, zones),
            (Some(name), None) => {
                let plan = Plan::built_in(name).ok_or_else(|| {
                    let names: Vec<_> = Plan::built_in_names().collect();
                    Error::Input(format!("--plan: there is no plan \"{name}\"; accepted are {}", names.join(", ")))
                })?;
                let calendar = plan.calendar(Holidays::none(), Vec::new(), zones).map_err(|errors| {
                    let errors: Vec<_> = errors.iter().map(|error| format!("{}: {error}", error.field())).collect();
                    Error::Input(errors.join("\n"))
                })?;
                Ok(Terms { name: name.clone(), plan, calendar, contract: None })
            }
            (None, None) => {
                Err(Error::Input("--plan or --contract is needed; --list-plans shows the built-in plans".to_owned()))
            }
        }
    }
}

/// The plan and the calendar of the one contract in a file.
fn of_contract(path: &std::path::Path, zones: &ZoneData) -> Result<Terms, Error> {
    let mut faults = Faults::default();
    let manifests = read(&[path.to_owned()], &mut faults);
    let feeds = feeds::of(&manifests, zones, &mut faults);
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
    let read = read_contract(&contract, &feeds).map_err(|faults| {
        let lines: Vec<_> = faults.iter().map(|fault| format!("{label}: {}: {}", fault.field, fault.message)).collect();
        Error::Input(lines.join("\n"))
    })?;
    Ok(Terms {
        name: read.plan_name.clone(),
        plan: Arc::clone(&read.plan),
        calendar: read.calendar.clone(),
        contract: Some(Box::new(read)),
    })
}

/// Why a case opened at an instant would be rejected: it is outside of the term.
fn outside_of_term(contract: &Contract, opened_at: DateTime<Utc>) -> Option<String> {
    let shown = |at| local_time(&contract.calendar, at);
    let why = match (contract.starts_at(), contract.lapses_at()) {
        (Some(starts), _) if opened_at < starts => format!("the contract starts only at {}", shown(starts)),
        (_, Some(lapses)) if lapses <= opened_at => format!("the contract has lapsed at {}", shown(lapses)),
        _ => return None,
    };
    Some(format!("--opened-at: {why}: a case opened at {} is rejected, and nothing is promised", shown(opened_at)))
}

fn deadline(terms: &Terms, severity: Severity, promise: Promise, opened_at: DateTime<Utc>) -> Result<Deadline, Error> {
    let (plan, calendar) = (&terms.plan, &terms.calendar);
    if let Some(why) = terms.contract.as_ref().and_then(|contract| outside_of_term(contract, opened_at)) {
        return Err(Error::Input(why));
    }
    let promised = plan.terms(severity);
    let committed = promised.and_then(|terms| Some((terms.clock, promise.target(terms)?)));
    let mut answer = Deadline {
        plan: terms.name.clone(),
        severity: severity.as_str(),
        promise,
        commitment: if committed.is_some() { "Committed" } else { "ReasonableEfforts" },
        clock: promised.map(|terms| clock_name(terms.clock)),
        target: None,
        opened_at,
        starts_at: starts_at(calendar, promised.map(|terms| terms.clock), opened_at),
        warn_at: None,
        due_at: None,
        on_hold_from: None,
        remaining_seconds: None,
        time_zone: calendar.zone_name().to_owned(),
        time_zone_data: calendar.zone_data().to_owned(),
        calendar_revision: calendar.revision(),
        closed_days: Vec::new(),
        ledger: Vec::new(),
        no_holidays: calendar.holidays().is_empty(),
    };
    if let Some((clock, target)) = committed {
        answer.count(terms, clock, target)?;
    }
    Ok(answer)
}

/// Ruling 2: when a clock starts to run.
fn starts_at(calendar: &Calendar, clock: Option<Clock>, opened_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match clock {
        Some(Clock::BusinessHours) => calendar.next_opening(opened_at),
        _ => Some(opened_at),
    }
}

impl Deadline {
    /// Fills in what a target comes to. Ruling 28: a case is on hold from the end of the term on.
    fn count(&mut self, terms: &Terms, clock: Clock, target: Target) -> Result<(), Error> {
        let calendar = &terms.calendar;
        let lapses = terms.contract.as_ref().and_then(|contract| contract.lapses_at());
        let hold: Vec<_> =
            lapses.map(|from| Pause { from, to: None, reason: PauseReason::OnHold }).into_iter().collect();
        let measure = Measure::new(calendar, clock, target, self.opened_at, &hold);
        self.clock = Some(clock_name(measure.clock()));
        self.target = Some(TargetText { amount: target.amount, unit: unit_name(target.unit) });
        self.starts_at = starts_at(calendar, Some(measure.clock()), self.opened_at);
        self.warn_at = measure.warn_at();
        self.due_at = measure.due_at();
        let shown_to = match (self.due_at, lapses) {
            (Some(due), _) => due,
            (None, Some(lapses)) => {
                self.on_hold_from = Some(lapses);
                self.remaining_seconds = Some(measure.remaining_at(lapses));
                lapses
            }
            (None, None) => {
                let opened = self.opened_at.to_rfc3339();
                return Err(Error::Input(format!("the deadline is more than ten years after {opened}")));
            }
        };
        self.ledger = measure.ledger(shown_to).iter().map(LedgerSpan::from).collect();
        if measure.clock() == Clock::BusinessHours {
            let closed = calendar.closed_days(self.opened_at, shown_to);
            let reason = |name: Option<&str>| name.unwrap_or("outside business hours").to_owned();
            self.closed_days = closed.map(|(date, name)| ClosedDay { date, reason: reason(name) }).collect();
        }
        Ok(())
    }
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

/// The closed days in one line, runs of one reason joined.
fn closed_days(days: &[ClosedDay]) -> Option<String> {
    let shown = days.iter().take(MOST_CLOSED_DAYS).collect::<Vec<_>>();
    let runs = shown.chunk_by(|one, next| one.reason == next.reason && one.date.succ_opt() == Some(next.date));
    let mut parts: Vec<String> = runs
        .filter_map(|run| {
            let [first, last] = [run.first()?, run.last()?].map(|day| day.date.format("%a %Y-%m-%d").to_string());
            let dates = if first == last { first } else { format!("{first} to {last}") };
            Some(format!("{dates} ({})", run.first()?.reason))
        })
        .collect();
    if days.len() > MOST_CLOSED_DAYS {
        parts.push(format!("and {} more days", days.len() - MOST_CLOSED_DAYS));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
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
    if let (Some(from), Some(left)) = (answer.on_hold_from, answer.remaining_seconds) {
        rows.push(("on hold", format!("{}  the term ends, with {} left", time(from), length(left))));
    }
    rows.extend(closed_days(&answer.closed_days).map(|days| ("closed", days)));
    rows.push(("time zone", format!("{} ({})", answer.time_zone, answer.time_zone_data)));
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

#[cfg(test)]
mod tests;
