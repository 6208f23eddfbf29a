//! The page of `status CASE`, section by section. A pure function of the case, the plan's zone, the clock and the colour.
//! Not for: reading the case.

use chrono::{DateTime, TimeDelta, Utc};

use super::paper::{Paper, Tone, span, spelled};
use crate::api::{
    CaseState, CheckResult, Clock, DataPlaneVersion, EntitlementDecision, EscalationLevel, EvidenceState,
    EvidenceStatus, Finding, FindingLevel, MeshStatus, PromiseResult, PromiseStatus, SupportCase, SupportCaseStatus,
    Target, TargetUnit,
};
use crate::domain::time::Zone;

/// The whole page: summary, promises, entitlement, cluster and mesh, evidence, timeline. Instants stand in `zone` and in
/// UTC; `now` (UTC) says how far away they are.
pub(super) fn render(case: &SupportCase, zone: Option<&Zone>, now: DateTime<Utc>, colour: bool) -> String {
    let mut paper = Paper::new(zone.cloned(), now, colour);
    let name = case.metadata.name.as_deref().unwrap_or_default();
    let namespace = case.metadata.namespace.as_deref().unwrap_or_default();
    paper.line(&format!("supportcase/{name}  in namespace {namespace}"));
    let Some(status) = &case.status else {
        paper.row("Title", Tone::Plain, &case.spec.title);
        paper.row("State", Tone::Warning, "no status yet: the operator has not seen the case");
        return paper.finish();
    };
    summary(&mut paper, case, status);
    promises(&mut paper, status, zone);
    entitlement(&mut paper, status);
    cluster(&mut paper, status);
    evidence(&mut paper, status.evidence.as_ref());
    timeline(&mut paper, status);
    paper.finish()
}

fn summary(paper: &mut Paper, case: &SupportCase, status: &SupportCaseStatus) {
    paper.heading("SUMMARY", "");
    paper.row("Title", Tone::Plain, &case.spec.title);
    paper.row_if("Tracking number", status.tracking_number.as_deref());
    let state = status.state.unwrap_or_default();
    let closed = status.close_reason.map(|reason| format!(", {}", spelled(&reason))).unwrap_or_default();
    paper.row("State", state_tone(state), &format!("{}{closed}", spelled(&state)));
    if let Some(ready) = status.conditions.iter().find(|condition| condition.type_ == "Ready") {
        let tone = if ready.status == "False" { Tone::Bad } else { Tone::Plain };
        paper.row("Ready", tone, &format!("{}, {}: {}", ready.status, ready.reason, ready.message));
    }
    behind(paper, case, status);
    paper.row_if("Severity", severity(status).as_deref());
    for (label, at) in [("Opened", status.opened_at), ("Responded", status.responded_at), ("Closed", status.closed_at)]
    {
        if let Some(at) = at {
            paper.row(label, Tone::Plain, &format!("{}, {}", paper.both(at), paper.distance(at)));
        }
    }
    paper.row_if("Contact", case.spec.contact.as_ref().map(|contact| contact.email.as_str()));
    escalation(paper, status);
    waiting(paper, status);
}

/// A status of an older generation than the case's describes an older spec.
fn behind(paper: &mut Paper, case: &SupportCase, status: &SupportCaseStatus) {
    if let (Some(written), Some(observed)) = (case.metadata.generation, status.observed_generation)
        && observed < written
    {
        paper.row("Note", Tone::Warning, "the case was edited since; the operator has not answered the edit yet");
    }
}

fn severity(status: &SupportCaseStatus) -> Option<String> {
    let severity = status.severity.as_ref()?;
    let mut said = vec![spelled(&severity.effective?)];
    for (word, value) in
        [("requested", severity.requested), ("assessed", severity.assessed), ("suggested", severity.suggested)]
    {
        said.extend(value.map(|value| format!("{word} {}", spelled(&value))));
    }
    Some(said.join(", "))
}

fn escalation(paper: &mut Paper, status: &SupportCaseStatus) {
    let Some(escalation) = status.escalation.as_ref().filter(|found| found.level != EscalationLevel::None) else {
        return;
    };
    let mut text = spelled(&escalation.level);
    if let Some(cause) = &escalation.cause {
        text += &format!(", {cause}");
    }
    if let Some(at) = escalation.raised_at {
        text += &format!(", raised {} ({})", paper.local(at), paper.distance(at));
    }
    match escalation.acknowledged_at {
        Some(at) => text += &format!(", acknowledged {}", paper.local(at)),
        None => text += ", not acknowledged",
    }
    paper.row("Escalation", Tone::Warning, &text);
    paper.row_if("Action plan", escalation.action_plan.as_deref());
}

/// What the case waits for beside the clock: a reply, a decision on a bug or an enhancement.
fn waiting(paper: &mut Paper, status: &SupportCaseStatus) {
    if let Some(attempts) = status.contact_attempts.as_ref().filter(|attempts| attempts.consecutive > 0) {
        let closes = attempts
            .closes_at
            .map(|at| format!("; closes without a reply {}, {}", paper.both(at), paper.distance(at)))
            .unwrap_or_default();
        paper.row(
            "Waiting",
            Tone::Plain,
            &format!("contact attempts without a reply: {}{closes}", attempts.consecutive),
        );
    }
    if let Some(defect) = &status.defect {
        let said = [defect.bug_id.clone(), defect.url.clone(), defect.decision.map(|decision| spelled(&decision))];
        paper.row_if("Defect", Some(&said.into_iter().flatten().collect::<Vec<_>>().join(", ")));
    }
    if let Some(decision) = status.enhancement.as_ref().and_then(|enhancement| enhancement.decision) {
        paper.row("Enhancement", Tone::Plain, &spelled(&decision));
    }
}

fn promises(paper: &mut Paper, status: &SupportCaseStatus, zone: Option<&Zone>) {
    let zone = zone.map_or_else(|| "times in UTC".to_owned(), |zone| format!("times in {} and in UTC", zone.name()));
    let beside = paper.paint(Tone::Faint, &zone);
    paper.heading("PROMISES", &beside);
    let Some(sla) = &status.sla else {
        let rejected = status.state == Some(CaseState::Rejected);
        paper.row("", Tone::Faint, if rejected { "none: the case is rejected" } else { "not decided yet" });
        return;
    };
    for (label, promise) in [
        ("Initial response", &sla.initial_response),
        ("Next update", &sla.next_update),
        ("Resolution", &sla.resolution),
    ] {
        if let Some(promise) = promise {
            self::promise(paper, label, promise);
        }
    }
}

fn promise(paper: &mut Paper, label: &str, promise: &PromiseStatus) {
    let mut text = spelled(&promise.result);
    let due = promise.due_at;
    match promise.result {
        PromiseResult::Pending | PromiseResult::AtRisk => {
            text += &due.map(|due| format!(", due {}", paper.distance(due))).unwrap_or_default();
        }
        PromiseResult::Paused => {
            let left = promise
                .remaining_seconds
                .map(|left| format!(", {} left of the target", span(TimeDelta::seconds(left))));
            text += &left.unwrap_or_default();
        }
        PromiseResult::NotCommitted => text += ": reasonable efforts, no deadline promised",
        PromiseResult::Withdrawn => text += ": closed by the customer before any response",
        PromiseResult::Met | PromiseResult::Breached => {}
    }
    if let Some(missed) = promise.missed.filter(|missed| *missed > 0) {
        text += &format!("; {missed} missed so far");
    }
    paper.row(label, promise_tone(promise.result), &text);
    let open = matches!(promise.result, PromiseResult::Pending | PromiseResult::AtRisk);
    for (word, at) in [
        ("due", due),
        ("warning", promise.warn_at.filter(|_| open)),
        ("met", promise.met_at),
        ("breached", promise.breached_at.filter(|_| promise.result == PromiseResult::Breached)),
    ] {
        if let Some(at) = at {
            paper.row("", Tone::Plain, &format!("{word:<9}{}", paper.both(at)));
        }
    }
    if let (Some(target), Some(clock)) = (promise.target, promise.clock) {
        let cause = promise.cause.as_ref().map(|cause| format!("; {cause}")).unwrap_or_default();
        paper.row("", Tone::Faint, &format!("target   {}{cause}", target_words(target, clock)));
    }
}

/// A target as people say it: `1 hour around the clock`, `2 business days`, `30 minutes of business time`.
fn target_words(target: Target, clock: Clock) -> String {
    let plural = if target.amount == 1 { "" } else { "s" };
    let counted = match clock {
        Clock::AroundTheClock => "around the clock",
        Clock::BusinessHours => "of business time",
    };
    match target.unit {
        TargetUnit::Minutes => format!("{} minute{plural} {counted}", target.amount),
        TargetUnit::Hours => format!("{} hour{plural} {counted}", target.amount),
        // Counted on the business calendar, whatever the clock.
        TargetUnit::BusinessDays => format!("{} business day{plural}", target.amount),
    }
}

fn entitlement(paper: &mut Paper, status: &SupportCaseStatus) {
    let Some(entitlement) = &status.entitlement else { return };
    let tone = match entitlement.decision {
        EntitlementDecision::Accepted => Tone::Good,
        EntitlementDecision::AcceptedLimited | EntitlementDecision::Pending => Tone::Warning,
        EntitlementDecision::Rejected => Tone::Bad,
    };
    let beside = paper.paint(tone, &spelled(&entitlement.decision));
    paper.heading("ENTITLEMENT", &beside);
    if let Some(contract) = &entitlement.contract {
        let plan = entitlement.plan.as_ref().map(|plan| format!(", plan {plan}")).unwrap_or_default();
        paper.row("Contract", Tone::Plain, &format!("{}{plan}", contract.name));
    }
    for check in &entitlement.checks {
        let (mark, tone) = match check.result {
            CheckResult::Passed => ("passed ", Tone::Good),
            CheckResult::Failed => ("FAILED ", Tone::Bad),
            CheckResult::Unknown => ("unknown", Tone::Faint),
        };
        let reason = if check.result == CheckResult::Passed { "" } else { &check.reason };
        let said: Vec<&str> =
            [Some(reason), check.message.as_deref()].into_iter().flatten().filter(|s| !s.is_empty()).collect();
        paper.row(&check.name, tone, &format!("{mark} {}", said.join(": ")));
    }
}

fn cluster(paper: &mut Paper, status: &SupportCaseStatus) {
    paper.heading("CLUSTER AND MESH", "");
    if status.cluster.is_none() && status.meshes.is_empty() {
        paper.row("", Tone::Faint, "not read yet");
        return;
    }
    if let Some(cluster) = &status.cluster {
        if let Some(kubernetes) = &cluster.kubernetes {
            let unsupported = (kubernetes.supported == Some(false)).then(|| "no longer maintained upstream".to_owned());
            let said = [Some(kubernetes.version.clone()), kubernetes.distribution.clone(), unsupported];
            paper.row_if("Kubernetes", Some(&said.into_iter().flatten().collect::<Vec<_>>().join(", ")));
        }
        if let Some(nodes) = &cluster.nodes {
            let kubelets: Vec<String> =
                nodes.kubelet_versions.iter().map(|found| format!("{} x {}", found.count, found.version)).collect();
            paper.row(
                "Nodes",
                Tone::Plain,
                &format!("{} of {} ready; kubelet {}", nodes.ready, nodes.total, kubelets.join(", ")),
            );
        }
        let place = [cluster.provider.clone(), cluster.platform.clone()];
        paper.row_if("Platform", Some(&place.into_iter().flatten().collect::<Vec<_>>().join(", ")));
        for missing in &cluster.not_checked {
            paper.row("Not read", Tone::Warning, missing);
        }
    }
    if let Some(product) = &status.product {
        let version = product.version.as_deref().unwrap_or("version unknown");
        paper.row("Product", Tone::Plain, &format!("{version}, {}", spelled(&product.phase)));
    }
    for mesh in &status.meshes {
        self::mesh(paper, mesh);
    }
    findings(paper, &status.findings);
}

fn mesh(paper: &mut Paper, mesh: &MeshStatus) {
    let kind = spelled(&mesh.kind);
    let version = mesh.version.as_deref().unwrap_or("version unknown");
    let mut text = match &mesh.version_source {
        Some(source) => format!("{version} (read from {source})"),
        None => version.to_owned(),
    };
    let revision = mesh.revision.as_ref().map(|revision| format!("revision {revision}"));
    let namespace = mesh.namespace.as_ref().map(|namespace| format!("namespace {namespace}"));
    let build = mesh.distribution.clone().filter(|build| *build != kind);
    let phase = mesh.phase.map(|phase| spelled(&phase));
    let ready = mesh.ready_replicas.zip(mesh.replicas).map(|(ready, wanted)| format!("{ready} of {wanted} ready"));
    for part in [build, namespace, revision, Some(spelled(&mesh.presence)), ready, phase].into_iter().flatten() {
        text += &format!(", {part}");
    }
    paper.row(&kind, Tone::Plain, &text);
    for conflict in &mesh.conflicts {
        paper.row("", Tone::Warning, &format!("{} says {}", conflict.source, conflict.version));
    }
    if !mesh.data_plane.is_empty() {
        let proxies: Vec<String> = mesh.data_plane.iter().map(proxy).collect();
        paper.row("  data plane", Tone::Plain, &proxies.join(", "));
    }
}

fn proxy(found: &DataPlaneVersion) -> String {
    let revision = found.revision.as_ref().map(|revision| format!(" (revision {revision})")).unwrap_or_default();
    format!("{} x {}{revision}", found.count, found.version)
}

fn evidence(paper: &mut Paper, evidence: Option<&EvidenceStatus>) {
    let Some(evidence) = evidence else { return };
    let tone = match evidence.state {
        EvidenceState::Complete => Tone::Good,
        EvidenceState::Failed => Tone::Bad,
        EvidenceState::Partial | EvidenceState::AwaitingApproval | EvidenceState::Expired => Tone::Warning,
        EvidenceState::Pending | EvidenceState::Collecting | EvidenceState::Skipped => Tone::Plain,
    };
    let beside = paper.paint(tone, &spelled(&evidence.state));
    paper.heading("EVIDENCE", &beside);
    paper.row_if("Message", evidence.message.as_deref());
    if let Some(window) = evidence.window {
        paper.row("Logs", Tone::Plain, &format!("from {} to {}", paper.local(window.from), paper.local(window.to)));
    }
    if evidence.state == EvidenceState::AwaitingApproval {
        asked(paper, evidence);
    }
    if let Some(bundle) = &evidence.bundle {
        let encrypted = if bundle.encrypted { ", encrypted" } else { "" };
        paper.row("Bundle", Tone::Plain, &bundle.uri);
        paper.row("", Tone::Plain, &format!("{}{encrypted}", size(bundle.size_bytes)));
        paper.row("", Tone::Faint, &format!("sha256 {}", bundle.sha256));
        if let Some(at) = bundle.expires_at {
            paper.row("", Tone::Plain, &format!("deleted {}, {}", paper.local(at), paper.distance(at)));
        }
    }
    let counted = [
        evidence.collected.map(|count| format!("{count} items collected")),
        evidence.missing_total.map(|count| format!("{count} missing")),
        evidence.redactions.map(|count| format!("{count} values redacted")),
    ];
    paper.row_if("Contents", Some(&counted.into_iter().flatten().collect::<Vec<_>>().join(", ")));
    for missing in &evidence.missing {
        paper.row("Missing", Tone::Warning, &format!("{}: {}", missing.item, missing.reason));
    }
    findings(paper, &evidence.findings);
}

fn findings(paper: &mut Paper, findings: &[Finding]) {
    for finding in findings {
        let tone = match finding.level {
            FindingLevel::Info => Tone::Plain,
            FindingLevel::Warning => Tone::Warning,
            FindingLevel::Error => Tone::Bad,
        };
        paper.row("Finding", tone, &format!("{}: {}", finding.id, finding.message));
    }
}

/// What the customer is asked to approve.
fn asked(paper: &mut Paper, evidence: &EvidenceStatus) {
    let Some(plan) = &evidence.plan else { return };
    let estimate = plan.estimated_mebibytes.map(|size| format!(", about {size} MiB")).unwrap_or_default();
    paper.row(
        "To approve",
        Tone::Plain,
        &format!("{} items{estimate}; set spec.evidence.approved to true", plan.total),
    );
    for item in &plan.items {
        paper.row("", Tone::Plain, item);
    }
}

fn size(bytes: i64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KiB", bytes / 1_024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}

fn timeline(paper: &mut Paper, status: &SupportCaseStatus) {
    if status.timeline.is_empty() {
        return;
    }
    paper.heading("TIMELINE", "");
    for entry in &status.timeline {
        let late = entry.noticed_at.map(|at| format!(" (noticed {})", paper.local(at))).unwrap_or_default();
        let message = entry.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
        let at = paper.local(entry.at);
        paper.entry(&at, &format!("{}, {}{message}{late}", entry.event, entry.actor));
    }
}

fn state_tone(state: CaseState) -> Tone {
    match state {
        CaseState::Rejected => Tone::Bad,
        CaseState::OnHold | CaseState::AwaitingCustomer | CaseState::Pending => Tone::Warning,
        CaseState::Resolved | CaseState::Closed => Tone::Good,
        CaseState::AwaitingResponse | CaseState::InProgress | CaseState::AwaitingDecision => Tone::Plain,
    }
}

fn promise_tone(result: PromiseResult) -> Tone {
    match result {
        PromiseResult::Met => Tone::Good,
        PromiseResult::AtRisk | PromiseResult::Paused => Tone::Warning,
        PromiseResult::Breached => Tone::Bad,
        PromiseResult::Pending | PromiseResult::NotCommitted | PromiseResult::Withdrawn => Tone::Plain,
    }
}
