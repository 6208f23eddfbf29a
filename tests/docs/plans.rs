//! `docs/plans.md`: what each built-in plan promises, from the files in `plans/`. Not for: the vendors' documents.

use std::fmt::Write;

use meshcase::api::{
    BusinessHours, Channel, Clock, CloseOnSilence, ContactLimit, EnhancementScope, EscalationStep, IncidentQuota, Plan,
    Scope, Severity, SeverityChange, SeverityChangeBy, SeverityTerms, Target, TargetUnit,
};

use crate::{hold, path, read, run};

const BEGIN: &str = "<!-- From here on generated from plans/ by `make generate`. -->\n";

fn count(number: i64, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

fn target(clock: Clock, target: Target) -> String {
    match (target.unit, clock) {
        (TargetUnit::BusinessDays, _) => count(target.amount, "business day"),
        (TargetUnit::Hours, Clock::BusinessHours) => count(target.amount, "business hour"),
        (TargetUnit::Minutes, Clock::BusinessHours) => count(target.amount, "business minute"),
        (TargetUnit::Hours, Clock::AroundTheClock) => format!("{}, around the clock", count(target.amount, "hour")),
        (TargetUnit::Minutes, Clock::AroundTheClock) => format!("{}, around the clock", count(target.amount, "minute")),
    }
}

fn hours(hours: &[BusinessHours]) -> String {
    let span = |hours: &BusinessHours| {
        let days: Vec<String> = hours.days.iter().map(|day| format!("{day:?}")).collect();
        format!("{}, {} to {}", days.join(", "), hours.opens, hours.closes)
    };
    hours.iter().map(span).collect::<Vec<_>>().join("; ")
}

fn response(plan: &Plan, severity: Severity) -> String {
    let terms = plan.severities.iter().find(|terms| terms.severity == severity);
    let SeverityTerms { clock, initial_response, next_update, resolution, .. } = match terms {
        Some(terms) => terms.clone(),
        None => return "reasonable efforts, no promise".to_owned(),
    };
    let mut promised: Vec<String> = initial_response.map(|promised| target(clock, promised)).into_iter().collect();
    promised.extend(next_update.map(|promised| format!("an update every {}", target(clock, promised))));
    promised.extend(resolution.map(|promised| format!("a resolution within {}", target(clock, promised))));
    if promised.is_empty() { "reasonable efforts, no promise".to_owned() } else { promised.join("; ") }
}

fn default_severity(plan: &Plan) -> String {
    let by = |channel: Option<Channel>| channel.map_or("else".to_owned(), |channel| format!("{channel:?}"));
    let rows = plan.default_severity.iter().map(|row| format!("{} {}", by(row.channel), row.severity.as_str()));
    match plan.default_severity.as_slice() {
        [] => "Sev4".to_owned(),
        [only] if only.channel.is_none() => only.severity.as_str().to_owned(),
        _ => rows.collect::<Vec<_>>().join(", "),
    }
}

fn severity_change(change: Option<SeverityChange>) -> String {
    match change.map(|change| change.by) {
        None => "not said".to_owned(),
        Some(SeverityChangeBy::Agreement) => "when customer and vendor agree".to_owned(),
        Some(SeverityChangeBy::Vendor) => "by the vendor's assessment".to_owned(),
    }
}

fn incidents(quotas: &[IncidentQuota]) -> String {
    let quota = |quota: &IncidentQuota| {
        let severities: Vec<_> = quota.severities.iter().map(|severity| severity.as_str()).collect();
        format!("{} of {} together, the others unlimited", quota.per_contract_year, severities.join(" and "))
    };
    if quotas.is_empty() { "unlimited".to_owned() } else { quotas.iter().map(quota).collect::<Vec<_>>().join("; ") }
}

fn contacts(limits: &[ContactLimit]) -> String {
    let tier = |limit: &ContactLimit| match limit.up_to_nodes {
        Some(nodes) => format!("{} up to {nodes} nodes", limit.contacts),
        None if limits.len() == 1 => limit.contacts.to_string(),
        None => format!("{} above", limit.contacts),
    };
    if limits.is_empty() { "no limit".to_owned() } else { limits.iter().map(tier).collect::<Vec<_>>().join(", ") }
}

fn silence(silence: Option<CloseOnSilence>) -> String {
    match silence {
        Some(CloseOnSilence { contact_attempts, business_days }) => format!(
            "closed after {} in a row without a reply and {}",
            count(contact_attempts.into(), "contact attempt"),
            count(business_days.into(), "business day")
        ),
        None => "the document says nothing; counted as 2 contact attempts and 5 business days".to_owned(),
    }
}

fn escalation(steps: &[EscalationStep]) -> String {
    let step = |step: &EscalationStep| {
        let mut raised: Vec<String> = Vec::new();
        raised.extend(step.on_request.then(|| "on request".to_owned()));
        raised.extend(step.on_response_breach.then(|| "when the response is breached".to_owned()));
        raised.extend(step.after_percent.map(|percent| format!("after {percent} % of the target")));
        raised.extend(step.on_unacknowledged.map(|time| format!("unacknowledged for {} {:?}", time.amount, time.unit)));
        format!("{:?} {}", step.level, raised.join(" and "))
    };
    if steps.is_empty() {
        return "the document says nothing; SupportManager on request and when the response is breached, SupportDirector on request"
            .to_owned();
    }
    steps.iter().map(step).collect::<Vec<_>>().join("; ")
}

fn scope(scope: &Scope) -> String {
    let mut out = Vec::new();
    let excluded = |allowed: Option<bool>| allowed == Some(false);
    out.extend(excluded(scope.installation_assistance).then_some("no walk-throughs of installations and upgrades"));
    out.extend(match scope.enhancements {
        Some(EnhancementScope::None) => Some("no enhancement requests"),
        Some(EnhancementScope::CurrentReleaseOnly) => Some("enhancement requests for the current release only"),
        Some(EnhancementScope::All) | None => None,
    });
    out.extend(excluded(scope.pre_releases).then_some("production releases only"));
    out.extend(excluded(scope.third_party).then_some("no software of third parties"));
    if out.is_empty() { "not limited".to_owned() } else { out.join("; ") }
}

/// One plan as a section. Destructured, so that a new promise cannot be forgotten here.
fn section(name: &str, plan: &Plan) -> String {
    let Plan {
        display_name,
        vendor,
        time_zone,
        business_hours,
        special_hours,
        severities: _,
        default_severity: _,
        severity_change: change,
        channels,
        incident_quotas,
        contact_limits,
        emergency_patches,
        full_support_releases,
        trial_days,
        close_on_silence,
        escalation: chain,
        scope: limits,
    } = plan;
    let mut rows =
        vec![("vendor", vendor.clone()), ("business hours", format!("{}, {time_zone}", hours(business_hours)))];
    rows.extend(
        special_hours
            .iter()
            .map(|special| ("special hours", format!("{} to {}: {}", special.from, special.to, special.name))),
    );
    let severities = Severity::ALL.map(|severity| (severity.as_str(), response(plan, severity)));
    rows.extend(severities);
    rows.extend([
        ("severity if none is named", default_severity(plan)),
        ("severity changes", severity_change(*change)),
        ("channels", channels.iter().map(|channel| format!("{channel:?}")).collect::<Vec<_>>().join(", ")),
        ("incidents in a contract year", incidents(incident_quotas)),
        ("named contacts", contacts(contact_limits)),
        ("emergency patches", if *emergency_patches { "yes" } else { "no" }.to_owned()),
        (
            "releases in full support",
            full_support_releases.map_or("not said".to_owned(), |releases| format!("the newest {releases}")),
        ),
        ("silence", silence(*close_on_silence)),
        ("escalation", escalation(chain)),
        ("scope", scope(limits.as_ref().unwrap_or(&Scope::default()))),
    ]);
    rows.extend(trial_days.map(|days| ("trial", format!("{days} days of 24 hours from the registration"))));
    let mut text = format!("## {name}\n\n{display_name}. To the first response:\n\n| | |\n|---|---|\n");
    for (what, promised) in rows {
        writeln!(text, "| {what} | {promised} |").unwrap();
    }
    text
}

#[test]
fn the_plans_page_says_what_the_plans_files_say() {
    let mut files: Vec<_> = std::fs::read_dir(path("plans")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let names = run("kubectl-meshcase", &["deadline", "--list-plans", "-o", "json"]).unwrap();
    let names: serde_json::Value = serde_json::from_str(&names).unwrap();
    let sections: Vec<String> = files
        .iter()
        .map(|file| {
            let plan: Plan = serde_saphyr::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
            let named =
                names.as_array().unwrap().iter().find(|named| named["displayName"] == plan.display_name.as_str());
            section(named.unwrap()["name"].as_str().unwrap(), &plan)
        })
        .collect();
    assert_eq!(sections.len(), names.as_array().unwrap().len(), "plans/ and `deadline --list-plans` differ");
    let page = read("docs/plans.md");
    let (written, _) = page.split_once(BEGIN).expect("the line from which on the page is generated");
    hold("docs/plans.md", &format!("{written}{BEGIN}\n{}", sections.join("\n")));
}
