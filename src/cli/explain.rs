//! `explain CASE`: why the deadlines of a live case are what they are: every stretch of time with its reason, and the days
//! crossed. The same decision that the operator takes, taken once more here. Not for: cases in files (`replay`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clap::Args;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::{Api, ListParams};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cluster::{Cluster, ask};
use super::deadline::Promise;
use super::ledger::{LedgerSpan, days, length, local_time, table as ledger_table, utc};
use super::output::OutputArgs;
use super::version::operator_namespace;
use super::{Error, Global};
use crate::api::{EntitlementDecision, PromiseStatus, SupportActivity, SupportCase, SupportContract};
use crate::convert::{CaseInputs, ExplainedPromise, Explanation, Feeds, contract_of, explain_case};
use crate::domain::sla::PromiseKind;
use crate::domain::time::Calendar;

/// Objects of one answer of the API server.
const PAGE: u32 = 500;

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The case's name.
    case: String,
    /// InitialResponse, NextUpdate or Resolution; by default all that the case has.
    #[arg(long, value_enum, ignore_case = true, value_name = "PROMISE")]
    promise: Option<Promise>,
    /// The operator's namespace, where the ConfigMaps of iCalendar holidays are; by default it is looked for.
    #[arg(long, value_name = "NAMESPACE")]
    operator_namespace: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

impl ExplainArgs {
    pub(crate) async fn run(&self, global: &Global, out: &mut dyn Write) -> Result<(), Error> {
        let cluster = global.cluster.connect().await?;
        let what = format!("supportcase {}/{}", cluster.namespace, self.case);
        let cases: Api<SupportCase> = Api::namespaced(cluster.client.clone(), &cluster.namespace);
        let case = ask(&what, cases.get(&self.case)).await?;
        let contracts = contracts(&cluster, &case).await?;
        let activities: Api<SupportActivity> = Api::namespaced(cluster.client.clone(), &cluster.namespace);
        let activities = list("supportactivities", &activities).await?;
        let activities: Vec<_> = activities.into_iter().filter(|one| one.spec.case_ref.name == self.case).collect();
        let inputs = CaseInputs {
            case: &case,
            namespace_labels: &namespace_labels(&cluster, &case).await?,
            feeds: &self.feeds(global, &cluster, contract_of(&case, &contracts)).await?,
            contracts: &contracts,
            activities: &activities,
        };
        let now = Utc::now();
        let page = Page::of(&inputs, self.promise, now).map_err(|why| Error::Failed(format!("{what}: {why}")))?;
        self.output.output.write(out, &page, || page.table())
    }

    /// The iCalendar texts that the contract names.
    async fn feeds(
        &self,
        global: &Global,
        cluster: &Cluster,
        contract: Option<&Arc<SupportContract>>,
    ) -> Result<Feeds, Error> {
        let holidays = contract.and_then(|contract| contract.spec.holidays.as_ref());
        let sources: Vec<_> = holidays.into_iter().flat_map(|holidays| &holidays.i_calendar).collect();
        let mut feeds = Feeds::with_zones(global.zones()?);
        if sources.is_empty() {
            return Ok(feeds);
        }
        let namespace = match &self.operator_namespace {
            Some(namespace) => namespace.clone(),
            None => operator_namespace(global).await?.ok_or_else(|| {
                Error::Failed(
                    "no operator found, whose namespace holds the holidays: give --operator-namespace".to_owned(),
                )
            })?,
        };
        let maps: Api<ConfigMap> = Api::namespaced(cluster.client.clone(), &namespace);
        for name in sources.iter().map(|source| &source.name).collect::<BTreeSet<_>>() {
            let map = ask(&format!("configmap {namespace}/{name}"), maps.get(name)).await?;
            feeds.add(&map);
        }
        Ok(feeds)
    }
}

fn is_accepted(case: &SupportCase) -> bool {
    let decision = case.status.as_ref().and_then(|status| status.entitlement.as_ref()).map(|found| found.decision);
    matches!(decision, Some(EntitlementDecision::Accepted | EntitlementDecision::AcceptedLimited))
}

/// The contract that the case is bound to or names; without either all of them, of which one is the default.
async fn contracts(cluster: &Cluster, case: &SupportCase) -> Result<Vec<Arc<SupportContract>>, Error> {
    let api: Api<SupportContract> = Api::all(cluster.client.clone());
    let entitlement = case.status.as_ref().and_then(|status| status.entitlement.as_ref());
    let bound = entitlement.and_then(|found| found.contract.as_ref()).filter(|_| is_accepted(case));
    let named = bound.map(|bound| &bound.name).or(case.spec.contract_ref.as_ref().map(|named| &named.name));
    match named {
        Some(name) => {
            let found = ask(&format!("supportcontract {name}"), api.get_opt(name)).await?;
            Ok(found.into_iter().map(Arc::new).collect())
        }
        None => list("supportcontracts", &api).await,
    }
}

/// What a contract selects the namespace by; an accepted case is not judged by it again.
async fn namespace_labels(cluster: &Cluster, case: &SupportCase) -> Result<BTreeMap<String, String>, Error> {
    if is_accepted(case) {
        return Ok(BTreeMap::new());
    }
    let namespaces: Api<Namespace> = Api::all(cluster.client.clone());
    let found = ask(&format!("namespace {}", cluster.namespace), namespaces.get(&cluster.namespace)).await?;
    Ok(found.metadata.labels.unwrap_or_default())
}

/// All objects of a kind, page by page.
async fn list<K>(what: &str, api: &Api<K>) -> Result<Vec<Arc<K>>, Error>
where
    K: Clone + std::fmt::Debug + DeserializeOwned,
{
    let mut found = Vec::new();
    let mut next = ListParams::default().limit(PAGE);
    loop {
        let page = ask(what, api.list(&next)).await?;
        found.extend(page.items.into_iter().map(Arc::new));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => next = ListParams::default().limit(PAGE).continue_token(&token),
            None => return Ok(found),
        }
    }
}

/// What is printed, in the form of `-o json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    namespace: String,
    case: String,
    tracking_number: Option<String>,
    state: Option<crate::api::CaseState>,
    plan: String,
    at: DateTime<Utc>,
    opened_at: Option<DateTime<Utc>>,
    time_zone: String,
    calendar_revision: String,
    time_zone_data: String,
    promises: Vec<Explained>,
    #[serde(skip)]
    calendar: Calendar,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Explained {
    promise: &'static str,
    #[serde(flatten)]
    standing: PromiseStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    counts_from: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_seconds: Option<i64>,
    ledger: Vec<LedgerSpan>,
}

impl Page {
    fn of(inputs: &CaseInputs<'_>, wanted: Option<Promise>, now: DateTime<Utc>) -> Result<Self, String> {
        let Explanation { plan, calendar, status, promises } = explain_case(inputs, now)?;
        let wanted = wanted.map(Promise::kind);
        let promises: Vec<_> = promises
            .into_iter()
            .filter(|one| wanted.is_none_or(|wanted| wanted == one.kind))
            .map(Explained::of)
            .collect();
        if promises.is_empty() {
            return Err("the case has no such promise: its plan gives no time for it, or it has not begun".to_owned());
        }
        let metadata = &inputs.case.metadata;
        Ok(Self {
            namespace: metadata.namespace.clone().unwrap_or_default(),
            case: metadata.name.clone().unwrap_or_default(),
            tracking_number: status.tracking_number,
            state: status.state,
            plan,
            at: DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now),
            opened_at: status.opened_at,
            time_zone: calendar.zone_name().to_owned(),
            calendar_revision: calendar.revision(),
            time_zone_data: calendar.zone_data().to_owned(),
            promises,
            calendar,
        })
    }

    fn table(&self) -> String {
        let tracking = self.tracking_number.as_deref().unwrap_or("-");
        let state = self.state.map_or_else(|| "-".to_owned(), |state| format!("{state:?}"));
        let mut text = format!("supportcase/{} in {}  {tracking}  {state}\n", self.case, self.namespace);
        let _infallible = writeln!(
            text,
            "plan {}, times of {} (zone data {}), calendar {}",
            self.plan, self.time_zone, self.time_zone_data, self.calendar_revision
        );
        for promise in &self.promises {
            text += "\n";
            text += &promise.table(&self.calendar, &self.calendar_revision);
        }
        text
    }
}

impl Explained {
    fn of(explained: ExplainedPromise) -> Self {
        Self {
            promise: match explained.kind {
                PromiseKind::InitialResponse => "InitialResponse",
                PromiseKind::NextUpdate => "NextUpdate",
                PromiseKind::Resolution => "Resolution",
            },
            standing: explained.promise,
            counts_from: explained.counts_from,
            target_seconds: explained.target_seconds,
            ledger: explained.ledger.iter().map(LedgerSpan::from).collect(),
        }
    }

    fn table(&self, calendar: &Calendar, revision: &str) -> String {
        let standing = &self.standing;
        let mut text = format!("{}: {:?}", self.promise, standing.result);
        text += &standing.cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
        text += "\n";
        let instants = [
            ("counts from", self.counts_from),
            ("warning at", standing.warn_at),
            ("due at", standing.due_at),
            ("met at", standing.met_at),
            ("breached at", standing.breached_at),
        ];
        for (name, instant) in instants {
            if let Some(instant) = instant {
                let _infallible = writeln!(text, "{name:<13}{}  {}", local_time(calendar, instant), utc(instant));
            }
        }
        let Some(target) = self.target_seconds else {
            return text + "nothing is promised for this severity: reasonable efforts\n";
        };
        let counted: i64 = self.ledger.iter().filter(|span| span.kind == "Counted").map(|span| span.seconds).sum();
        let left = standing.remaining_seconds.map(|left| format!(", {} left", length(left))).unwrap_or_default();
        let _infallible = writeln!(text, "{:<13}{} of {}{left}", "counted", length(counted), length(target));
        if standing.calendar_revision.as_deref().is_some_and(|then| then != revision) {
            text += "the calendar was edited since this promise was settled; the ledger shows the hours and holidays of now\n";
        }
        text += "\n";
        text += &ledger_table(&self.ledger, calendar);
        text += "\n";
        text + &days(&self.ledger, calendar)
    }
}

#[cfg(test)]
mod tests;
