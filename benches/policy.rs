//! How fast the policy engine is, in words for a person: one line for each measurement, on one core, and what the cost grows
//! with, as ratios within the same run. Run with `cargo bench --bench policy`. Not for: passing or failing.

use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, Days, TimeDelta, Utc, Weekday};
use meshcase::domain::case::{Act, Activity, Actor, Case, Category, Facts, Remembered};
use meshcase::domain::contract::Contract;
use meshcase::domain::entitlement::Agreement;
use meshcase::domain::plan::{Channel, Plan};
use meshcase::domain::severity::{Impact, Severity};
use meshcase::domain::time::{Calendar, CalendarParts, Clock, Holidays, Measure, OpenHours, Target, Unit};
use meshcase::domain::{Inputs, decide};

/// Each measurement runs for about this long.
const SPAN: Duration = Duration::from_millis(500);
/// Calls that are measured together.
const BATCH_SIZE: u32 = 200;
const BATCH: i64 = BATCH_SIZE as i64;
const CASES: usize = 10_000;
const ACTIVITIES_OF_EACH: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let first = DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default();
    let [few, many] = [office(first, 100)?, office(first, 2_000)?];
    let rate_of = |calendar: &Calendar, amount, unit| deadlines(calendar, first, Target { amount, unit });
    let (hours, days) = (rate_of(&few, 8, Unit::Hours), rate_of(&few, 10, Unit::BusinessDays));
    println!("deadlines per second, 9 to 17, 100 holidays, 8 hours: {hours:.0}");
    println!("deadlines per second, 9 to 17, 100 holidays, 10 business days: {days:.0}");
    println!(
        "  cost of 100 business days in those of 10 (days crossed: 10 times): {:.1}",
        days / rate_of(&few, 100, Unit::BusinessDays)
    );
    println!(
        "  cost of 480 minutes in that of 1 minute (minutes: 480 times): {:.1}",
        rate_of(&few, 1, Unit::Minutes) / rate_of(&few, 480, Unit::Minutes)
    );
    println!(
        "  cost with 2,000 holidays in that with 100 (holidays: 20 times): {:.1}",
        days / rate_of(&many, 10, Unit::BusinessDays)
    );
    decisions(first)?;
    replay()
}

/// Monday to Friday 9 to 17 in Denver, every eighteenth day a holiday.
fn office(first: DateTime<Utc>, holidays: u64) -> Result<Calendar, String> {
    let days = vec![Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
    let hours = [OpenHours { days, opens: "09:00".to_owned(), closes: "17:00".to_owned() }];
    let dates = (0..holidays).map(|number| (first.date_naive() + Days::new(number * 18), "holiday"));
    let holidays = Holidays::none().dates(dates);
    let parts = CalendarParts { zone: "America/Denver", hours: &hours, holidays, ..CalendarParts::default() };
    Calendar::new(parts).map_err(|errors| format!("{errors:?}"))
}

fn deadlines(calendar: &Calendar, first: DateTime<Utc>, target: Target) -> f64 {
    rate(|number| {
        let started = first + TimeDelta::seconds(number * 315_353);
        Measure::new(calendar, Clock::BusinessHours, target, started, &[]).due_at()
    })
}

/// Calls per second of a function of a number from 0 to `BATCH`: by the fastest batch, for others may use the machine too.
fn rate<T>(mut call: impl FnMut(i64) -> T) -> f64 {
    let (started, mut fastest) = (Instant::now(), Duration::MAX);
    while started.elapsed() < SPAN {
        let batch = Instant::now();
        for number in 0..BATCH {
            black_box(call(black_box(number)));
        }
        fastest = fastest.min(batch.elapsed());
    }
    f64::from(BATCH_SIZE) / fastest.as_secs_f64()
}

/// `decide` for one open case, new and with a life behind it.
fn decisions(first: DateTime<Utc>) -> Result<(), Box<dyn Error>> {
    let contract = contract(first)?;
    let case = Case {
        uid: "6f1d1c1e-6f0b-4d5c-9a55-0d9c3a7f4b11".to_owned(),
        opened_at: first + TimeDelta::hours(18),
        category: Category::Incident,
        channel: Channel::Kubernetes,
        severity: Some(Severity::Sev1),
        contact_email: None,
        resolved: false,
        escalation: None,
        contract_ref: None,
        stated_mesh_version: None,
        impact: Impact::default(),
    };
    for acts in [0, 20] {
        let activities: Vec<_> = (0..acts).map(|number| activity(case.opened_at, number)).collect();
        let inputs = Inputs {
            case: &case,
            agreement: Agreement::Valid { contract: &contract, namespace_allowed: true },
            facts: &Facts::default(),
            activities: &activities,
            remembered: &Remembered::default(),
        };
        let at = |number: i64| case.opened_at + TimeDelta::seconds(86_400 + number % 600);
        let first = rate(|number| decide(&inputs, at(number)));
        let remembered = decide(&inputs, at(0)).remembered();
        let known = Inputs { remembered: &remembered, ..inputs };
        let again = rate(|number| decide(&known, at(number)));
        println!(
            "decide, one open case with {acts} activities: {:.1} µs the first time, {:.1} µs again",
            1e6 / first,
            1e6 / again
        );
    }
    Ok(())
}

fn contract(first: DateTime<Utc>) -> Result<Contract, String> {
    let plan = Plan::built_in("AspenMeshStandard").ok_or("the plan is built in")?;
    Ok(Contract {
        name: "acme".to_owned(),
        uid: "c-1".to_owned(),
        created_at: first,
        plan_name: "AspenMeshStandard".to_owned(),
        plan,
        calendar: office(first, 100)?,
        starts_at: Some(first),
        ends_at: None,
        registered_at: None,
        continuing_until: None,
        licensed_nodes: None,
        contacts: Vec::new(),
        service_delivery_manager: false,
        releases: Vec::new(),
        ledgers: Vec::new(),
    })
}

fn activity(opened_at: DateTime<Utc>, number: i64) -> Activity {
    Activity {
        at: opened_at + TimeDelta::minutes(30 + number),
        name: format!("a{number:02}"),
        actor: Actor { role: "SupportEngineer", vendor: true, name: None },
        act: if number % 2 == 0 { Act::ContactAttempted } else { Act::Updated },
        message: None,
    }
}

/// The plugin's `replay` as a person runs it: reading, playing and printing; beside it, reading the same bytes alone.
fn replay() -> Result<(), Box<dyn Error>> {
    let file = tempfile::Builder::new().suffix(".json").tempfile()?;
    let text = world()?;
    std::fs::write(file.path(), &text)?;
    let started = Instant::now();
    black_box(serde_json::from_str::<serde_json::Value>(&text)?);
    let read = started.elapsed();
    let started = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_kubectl-meshcase"))
        .args(["replay", "-o", "json", "--at", "2026-06-01T00:00:00Z", "-f"])
        .arg(file.path())
        .stdout(Stdio::null())
        .status()?;
    let played = started.elapsed();
    let activities = CASES * ACTIVITIES_OF_EACH;
    println!("replay of {CASES} cases with {activities} activities: {:.2} s ({status})", played.as_secs_f64());
    println!("  in times of parsing its input as JSON: {:.1}", played.as_secs_f64() / read.as_secs_f64());
    Ok(())
}

fn world() -> Result<String, std::fmt::Error> {
    let mut text = String::from(
        r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"meshcase.io/v1alpha1","kind":"SupportContract",
        "metadata":{"name":"acme","creationTimestamp":"2026-01-01T00:00:00Z"},"spec":{"plan":"AspenMeshStandard","default":true,
        "term":{"startsAt":"2026-01-01T00:00:00Z"},"holidays":{"sets":["UnitedStatesFederal"]}}}"#,
    );
    let kinds = ["ContactAttempted", "Updated", "CustomerReplied", "WorkaroundProvided", "ResolutionProposed"];
    for number in 0..CASES {
        let (day, hour, minute) = (number % 28 + 1, number / 60 % 20, number % 60);
        write!(
            text,
            r#",{{"apiVersion":"meshcase.io/v1alpha1","kind":"SupportCase","metadata":{{"name":"c{number}","namespace":"shop",
            "creationTimestamp":"2026-03-{day:02}T{hour:02}:{minute:02}:00Z"}},"spec":{{"title":"Broken","severity":"Sev{}"}}}}"#,
            number % 4 + 1
        )?;
        for (index, kind) in kinds.iter().enumerate().take(ACTIVITIES_OF_EACH) {
            let role = if *kind == "CustomerReplied" { "Contact" } else { "SupportEngineer" };
            write!(
                text,
                r#",{{"apiVersion":"meshcase.io/v1alpha1","kind":"SupportActivity","metadata":{{"name":"c{number}-{index}",
                "namespace":"shop","creationTimestamp":"2026-03-{day:02}T{:02}:{minute:02}:00Z"}},"spec":{{"caseRef":{{"name":"c{number}"}},
                "type":"{kind}","actor":{{"role":"{role}"}}}}}}"#,
                (hour + index).min(23)
            )?;
        }
    }
    text.push_str("]}");
    Ok(text)
}
