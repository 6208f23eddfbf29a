//! The built-in plans hold exactly what the two policy documents promise: one row for each fact.

use super::story::{at, built_in};
use crate::plan::{ChangeBy, ChangeDeadline, Channel, EnhancementScope, Level, Plan};
use crate::severity::Severity;
use crate::time::{Clock, Holidays, Target, Unit, ZoneData};

const PLANS: [&str; 5] =
    ["AspenMeshStandard", "AspenMeshTrial", "MesosphereSignature", "MesospherePremium", "MesosphereStandard"];

/// A fact of each plan as text, in the order of [`PLANS`].
fn row(expected: [&str; 5], fact: impl Fn(&Plan) -> String) {
    assert_eq!(PLANS.map(|name| fact(&Plan::built_in(name).unwrap())), expected.map(str::to_owned));
}

fn promise(plan: &Plan, severity: Severity) -> String {
    let terms = plan.terms(severity).unwrap();
    assert_eq!((terms.next_update, terms.resolution), (None, None), "neither document gives times for those");
    let Some(Target { amount, unit }) = terms.initial_response else { return "-".to_owned() };
    let clock = match (unit, terms.clock) {
        (Unit::BusinessDays, _) => "",
        (_, Clock::BusinessHours) => " business",
        (_, Clock::AroundTheClock) => " around the clock",
    };
    format!("{amount} {unit:?}{clock}")
}

#[test]
fn the_built_in_plans_are_those_of_the_documents() {
    assert_eq!(Plan::built_in_names().collect::<Vec<_>>(), PLANS);
    row(["Aspen Mesh", "Aspen Mesh", "Mesosphere", "Mesosphere", "Mesosphere"], |plan| plan.vendor.clone());
    assert!(Plan::built_in("Custom").is_none());
}

#[test]
fn zones_and_hours_are_those_of_the_documents() {
    let (denver, pacific) = ("America/Denver", "America/Los_Angeles");
    row([denver, denver, pacific, pacific, pacific], |plan| plan.time_zone.clone());
    row(["Monday to Friday 09:00-17:00"; 5], |plan| {
        let [hours] = &plan.business_hours[..] else { panic!("one interval") };
        assert_eq!(hours.days.len(), 5);
        format!("{:?} to {:?} {}-{}", hours.days[0], hours.days[4], hours.opens, hours.closes)
    });
    // The documents date no holidays, so that a built-in plan holds none.
    row(["true"; 5], |plan| {
        plan.calendar(Holidays::none(), Vec::new(), &ZoneData::default()).unwrap().holidays().is_empty().to_string()
    });
}

#[test]
fn response_targets_are_those_of_the_documents() {
    let aspen = "1 Hours business";
    row([aspen, aspen, "15 Minutes around the clock", "1 Hours around the clock", "1 BusinessDays"], |plan| {
        promise(plan, Severity::Sev1)
    });
    row(["-", "-", "1 Hours around the clock", "4 Hours around the clock", "2 BusinessDays"], |plan| {
        promise(plan, Severity::Sev2)
    });
    row(["-", "-", "2 Hours around the clock", "1 BusinessDays", "-"], |plan| promise(plan, Severity::Sev3));
    row(["-", "-", "2 Hours around the clock", "-", "-"], |plan| promise(plan, Severity::Sev4));
}

#[test]
fn quotas_and_contacts_are_those_of_the_documents() {
    row(["", "", "", "", "Sev1 Sev2: 10"], |plan| {
        let quotas = plan.incident_quotas.iter().map(|quota| {
            let severities: Vec<_> = quota.severities.iter().map(|severity| severity.as_str()).collect();
            format!("{}: {}", severities.join(" "), quota.per_contract_year)
        });
        quotas.collect::<Vec<_>>().join(", ")
    });
    for severity in [Severity::Sev3, Severity::Sev4] {
        row(["true"; 5], |plan| plan.quota(severity).is_none().to_string());
    }
    for (nodes, premium) in [
        (Some(1), "4"),
        (Some(100), "4"),
        (Some(101), "8"),
        (Some(500), "8"),
        (Some(501), "12"),
        (Some(9_999), "12"),
        (None, "12"),
    ] {
        row(["-", "-", "-", premium, "2"], |plan| {
            plan.contact_limit(nodes).map_or_else(|| "-".to_owned(), |limit| limit.to_string())
        });
    }
    row(["false", "false", "true", "true", "false"], |plan| plan.emergency_patches.to_string());
}

#[test]
fn defaults_and_changes_of_severity_are_those_of_the_documents() {
    for (channel, mesosphere) in
        [(Channel::Email, "Sev4"), (Channel::Web, "Sev3"), (Channel::Phone, "Sev4"), (Channel::Kubernetes, "Sev4")]
    {
        row(["Sev4", "Sev4", mesosphere, mesosphere, mesosphere], |plan| {
            plan.default_severity(channel).as_str().to_owned()
        });
    }
    let (agreement, vendor) = ("Agreement", "Vendor");
    row([agreement, agreement, vendor, vendor, vendor], |plan| match plan.severity_change.by {
        ChangeBy::Agreement => agreement.to_owned(),
        ChangeBy::Vendor => vendor.to_owned(),
    });
    row(["true"; 5], |plan| (plan.severity_change.deadline == ChangeDeadline::FromChange).to_string());
}

#[test]
fn silence_channels_and_the_chain_are_those_of_the_documents_or_the_default() {
    row(["2 in 5"; 5], |plan| format!("{} in {}", plan.silence().contact_attempts, plan.silence().business_days));
    for (channel, aspen, mesosphere) in [
        (Channel::Kubernetes, "true", "true"),
        (Channel::Web, "true", "true"),
        (Channel::Email, "true", "true"),
        (Channel::Phone, "true", "false"),
    ] {
        row([aspen, aspen, mesosphere, mesosphere, mesosphere], |plan| plan.offers(channel).to_string());
    }
    row(["true"; 5], |plan| {
        let [manager, director] = plan.chain() else { panic!("two steps") };
        let levels = (manager.level, director.level) == (Level::SupportManager, Level::SupportDirector);
        let raised =
            manager.on_request && manager.on_response_breach && director.on_request && !director.on_response_breach;
        // Neither document gives times for unacknowledged escalations.
        let no_times = plan.chain().iter().all(|step| (step.after_percent, step.on_unacknowledged) == (None, None));
        (levels && raised && no_times).to_string()
    });
}

#[test]
fn scope_and_lifecycle_are_those_of_the_documents() {
    row(["Some(false)", "Some(false)", "None", "None", "None"], |plan| {
        format!("{:?}", plan.scope.installation_assistance)
    });
    row(["true", "true", "false", "false", "false"], |plan| {
        (plan.scope.enhancements == Some(EnhancementScope::CurrentReleaseOnly)).to_string()
    });
    row(["None", "None", "Some(false)", "Some(false)", "Some(false)"], |plan| format!("{:?}", plan.scope.pre_releases));
    row(["None", "None", "Some(false)", "Some(false)", "Some(false)"], |plan| format!("{:?}", plan.scope.third_party));
    row(["Some(2)", "Some(2)", "None", "None", "None"], |plan| format!("{:?}", plan.full_support_releases));
    row(["None", "Some(30)", "None", "None", "None"], |plan| format!("{:?}", plan.trial_days));
}

#[test]
fn ruling_5_mountain_and_pacific_time_follow_the_clock_changes() {
    // 9 o'clock in July and in December, by UTC.
    for (plan, summer, winter) in [("AspenMeshStandard", "15:00", "16:00"), ("MesosphereStandard", "16:00", "17:00")] {
        let calendar = built_in(plan).calendar;
        for (day, time) in [("2026-07-01", summer), ("2026-12-02", winter)] {
            let midnight = format!("{day}T08:00:00Z").parse().unwrap();
            let opening = calendar.next_opening(midnight).unwrap().format("%H:%M").to_string();
            assert_eq!(opening, time, "{plan} {day}");
        }
    }
    assert!(built_in("AspenMeshStandard").is_active(at("Mon 10:00")));
}
