//! The operator under load, on a real API server: how soon a decision stands in a status, what an idle operator writes, and
//! what it weighs. Each time stands beside a like task that needs no operator, in the same run, for machines differ.
//! Run with `make bench`. Not for: passing or failing.

use std::collections::HashMap;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{ObjectMeta, PostParams};
use kube::core::NamespaceResourceScope;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, Resource, ResourceExt};
use meshcase::api::{
    AffectedWorkload, CaseEvidence, LocalObjectRef, Severity, SupportCase, SupportCaseSpec, WorkloadKind,
};
use meshcase_lab::{Lab, LogBehaviour, OperatorOptions, wait_for};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const CONTRACT: &str = "apiVersion: meshcase.io/v1alpha1
kind: SupportContract
metadata: {name: bench}
spec:
  plan: MesospherePremium
  term: {startsAt: 2020-01-01T00:00:00Z, endsAt: 2090-01-01T00:00:00Z}
";
/// A log of a GiB, made while it is read.
const LONG_LOG: u64 = 1 << 30;
/// For that log, from the case to its bundle.
const PATIENCE: Duration = Duration::from_secs(600);
const ONE_BY_ONE: usize = 200;
const AT_ONCE: usize = 1_000;
const WRITERS: usize = 32;
const IDLE: Duration = Duration::from_secs(120);
/// Nothing is written for this long: what was under way is done.
const QUIET: Duration = Duration::from_secs(12);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let lab = Lab::start().await?;
    let client = lab.admin().await?;
    lab.install_meshcase().await?;
    lab.apply(CONTRACT).await?;
    long_log(&lab, &client).await?;
    load(&lab, &client).await
}

fn operator() -> OperatorOptions {
    OperatorOptions::new(env!("CARGO_BIN_EXE_meshcase"))
}

/// One long log through an operator of its own, whose peak of memory is then that of the log.
async fn long_log(lab: &Lab, client: &Client) -> Result<(), Failure> {
    let namespace = lab.namespace("long").await?;
    lab.bad_pod(&namespace, "chatty", &[("app", LogBehaviour::Made { bytes: LONG_LOG })]).await?;
    let operator = lab.operator(&operator()).await?;
    let idle = operator.rss_peak_kib()? / 1024;
    let mut case = case("long".to_owned());
    case.spec.evidence = None;
    case.spec.affected = vec![AffectedWorkload { kind: WorkloadKind::Pod, name: "chatty".to_owned() }];
    let cases = Api::<SupportCase>::namespaced(client.clone(), &namespace);
    cases.create(&PostParams::default(), &case).await?;
    let began = Instant::now();
    let evidence = wait_for("the bundle of the long log", PATIENCE, async || {
        let evidence = cases.get("long").await.ok()?.status?.evidence?;
        evidence.finished_at.is_some().then_some(evidence)
    })
    .await?;
    let bundle = evidence.bundle.map(|bundle| bundle.size_bytes).unwrap_or_default();
    println!(
        "a log of {} MiB collected, redacted and packed ({:?}, {bundle} bytes) in {:.1} s; memory of the operator: {idle} MiB before, {} MiB at its peak",
        LONG_LOG >> 20,
        evidence.state,
        began.elapsed().as_secs_f64(),
        operator.rss_peak_kib()? / 1024
    );
    operator.stop().await?;
    Ok(())
}

/// Many cases, then none.
async fn load(lab: &Lab, client: &Client) -> Result<(), Failure> {
    let namespace = lab.namespace("bench").await?;
    let operator = lab.operator(&operator()).await?;
    println!("resident memory of the operator at its start: {} MiB", operator.rss_peak_kib()? / 1024);

    let plain = one_by_one(client, &namespace, config_map, |_| true).await?;
    let decided = one_by_one(client, &namespace, case, is_decided).await?;
    compare("one after another, seen in a watch", ONE_BY_ONE, &plain, &decided);
    let plain = at_once(client, &namespace, config_map, |_| true).await?;
    let decided = at_once(client, &namespace, case, is_decided).await?;
    compare("at once, seen in a watch", AT_ONCE, &plain, &decided);
    println!(
        "resident memory of the operator at its peak, {} open cases: {} MiB",
        ONE_BY_ONE + AT_ONCE,
        operator.rss_peak_kib()? / 1024
    );

    let written = writes_while_idle(lab).await?;
    println!("writes of the operator in {} s with nothing due, leases apart: {written}", IDLE.as_secs());
    Ok(())
}

fn config_map(name: String) -> ConfigMap {
    ConfigMap { metadata: ObjectMeta { name: Some(name), ..ObjectMeta::default() }, ..ConfigMap::default() }
}

fn case(name: String) -> SupportCase {
    let spec = SupportCaseSpec {
        contract_ref: Some(LocalObjectRef { name: "bench".to_owned() }),
        title: "Checkout is slow".to_owned(),
        severity: Some(Severity::Sev2),
        evidence: Some(CaseEvidence { collect: false, ..CaseEvidence::default() }),
        ..SupportCaseSpec::default()
    };
    SupportCase::new(&name, spec)
}

fn is_decided(case: &SupportCase) -> bool {
    let sla = case.status.as_ref().and_then(|status| status.sla.as_ref());
    sla.and_then(|sla| sla.initial_response.as_ref()).is_some_and(|response| response.due_at.is_some())
}

trait Benched:
    Resource<Scope = NamespaceResourceScope, DynamicType = ()>
    + Clone
    + std::fmt::Debug
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
}

impl Benched for ConfigMap {}
impl Benched for SupportCase {}

/// From the request that creates an object until `done` of it is seen, each in turn.
async fn one_by_one<K: Benched>(
    client: &Client,
    namespace: &str,
    make: fn(String) -> K,
    done: fn(&K) -> bool,
) -> Result<Vec<Duration>, Failure> {
    let api = Api::<K>::namespaced(client.clone(), namespace);
    let mut seen = watch(api.clone(), done).await?;
    let mut spans = Vec::new();
    for number in 0..ONE_BY_ONE {
        let name = format!("turn-{number}");
        let began = Instant::now();
        api.create(&PostParams::default(), &make(name.clone())).await?;
        while let Some((other, at)) = seen.recv().await {
            if other == name {
                spans.push(at - began);
                break;
            }
        }
    }
    Ok(spans)
}

/// From the first request until `done` of each object is seen, all applied at once.
async fn at_once<K: Benched>(
    client: &Client,
    namespace: &str,
    make: fn(String) -> K,
    done: fn(&K) -> bool,
) -> Result<Vec<Duration>, Failure> {
    let api = Api::<K>::namespaced(client.clone(), namespace);
    let mut seen = watch(api.clone(), done).await?;
    let began = Instant::now();
    let params = PostParams::default();
    let create = |number| {
        let (api, params, object) = (&api, &params, make(format!("once-{number}")));
        async move { api.create(params, &object).await.map(drop) }
    };
    stream::iter(0..AT_ONCE).map(create).buffer_unordered(WRITERS).try_collect::<()>().await?;
    println!("{AT_ONCE} {}s created after {:.2} s", K::kind(&()), began.elapsed().as_secs_f64());
    let mut spans = HashMap::new();
    while spans.len() < AT_ONCE {
        let Some((name, at)) = seen.recv().await else { break };
        if name.starts_with("once-") {
            spans.entry(name).or_insert(at - began);
        }
    }
    Ok(spans.into_values().collect())
}

/// The names of objects of which `done` holds, and when it was seen.
async fn watch<K: Benched>(api: Api<K>, done: fn(&K) -> bool) -> Result<UnboundedReceiver<(String, Instant)>, Failure> {
    let (send, receive) = unbounded_channel();
    let (ready, listed) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let mut ready = Some(ready);
        let mut events = pin!(watcher(api, watcher::Config::default()).default_backoff());
        while let Some(Ok(event)) = events.next().await {
            match event {
                watcher::Event::Apply(object) if done(&object) => {
                    // The receiver is gone once all is measured; the task ends with the run.
                    let _ = send.send((object.name_any(), Instant::now()));
                }
                watcher::Event::InitDone => {
                    if let Some(ready) = ready.take() {
                        let _ = ready.send(());
                    }
                }
                _ => {}
            }
        }
    });
    listed.await?;
    Ok(receive)
}

fn compare(what: &str, count: usize, plain: &[Duration], decided: &[Duration]) {
    println!("{count} {what}:");
    let mut medians = Vec::new();
    for (name, spans) in [("ConfigMaps created", plain), ("cases decided", decided)] {
        let mut spans = spans.to_vec();
        spans.sort();
        let at = |percent: usize| {
            spans.get((spans.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default()
        };
        let ms = |span: Duration| span.as_secs_f64() * 1000.0;
        println!(
            "  {name:<20} median {:>8.1} ms   p99 {:>8.1} ms   last {:>8.1} ms",
            ms(at(50)),
            ms(at(99)),
            ms(at(100))
        );
        medians.push(ms(at(50)));
    }
    println!("  a decision takes {:.1} times as long as a plain create", medians[1] / medians[0].max(0.001));
}

/// What the operator wrote while nothing was due, by the API server's audit log.
async fn writes_while_idle(lab: &Lab) -> Result<usize, Failure> {
    let writes = || -> Result<usize, Failure> {
        let events = lab.audit()?;
        let own = events.iter().filter(|event| event.user.username.ends_with(":meshcase-system:meshcase"));
        Ok(own.filter(|event| event.is_write() && event.resource() != "leases").count())
    };
    let mut before = writes()?;
    let mut since = Instant::now();
    while since.elapsed() < QUIET {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = writes()?;
        if now != before {
            (before, since) = (now, Instant::now());
        }
    }
    tokio::time::sleep(IDLE).await;
    Ok(writes()? - before)
}
