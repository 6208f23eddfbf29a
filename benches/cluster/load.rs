//! Many cases: one after another, a thousand and ten thousand at once, a start beside ten thousand, and then none. Each time
//! stands beside a like task that needs no operator, in the same run, for machines differ. Not for: large objects.

use std::collections::HashMap;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{ObjectMeta, PostParams};
use kube::core::NamespaceResourceScope;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, Resource, ResourceExt};
use meshcase::api::{CaseEvidence, LocalObjectRef, Severity, SupportCase, SupportCaseSpec};
use meshcase_lab::Lab;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::{Failure, lab, operator};

const ONE_BY_ONE: usize = 200;
const FEW: usize = 1_000;
const MANY: usize = 10_000;
const WRITERS: usize = 32;
const IDLE: Duration = Duration::from_secs(120);
/// Nothing is written for this long: what was under way is done.
const QUIET: Duration = Duration::from_secs(12);

pub async fn run() -> Result<(), Failure> {
    let few = crowd(FEW).await?;
    let many = crowd(MANY).await?;
    println!("cost per case, {MANY} at once in those of {FEW} at once:");
    println!(
        "  time until the last decision {:.2} times, processor time of the operator {:.2} times",
        many.0 / few.0,
        many.1 / few.1
    );
    Ok(())
}

/// `count` cases at once under an operator of their own; answers seconds until the last decision, and seconds of the operator's
/// processor time, for each case.
async fn crowd(count: usize) -> Result<(f64, f64), Failure> {
    let lab = lab().await?;
    let client = lab.admin().await?;
    let namespace = lab.namespace("bench").await?;
    let operator = lab.operator(&operator()).await?;
    println!("resident memory of the operator at its start: {} MiB", operator.rss_peak_kib()? / 1024);
    if count == FEW {
        let plain = one_by_one(&client, &namespace, config_map, |_| true).await?;
        let decided = one_by_one(&client, &namespace, case, is_decided).await?;
        compare("one after another, seen in a watch", ONE_BY_ONE, &plain, &decided);
    }
    let (_, plain) = at_once(&client, &namespace, count, config_map, |_| true).await?;
    let before = operator.cpu_time()?;
    let (created, decided) = at_once(&client, &namespace, count, case, is_decided).await?;
    compare("at once, seen in a watch", count, &plain, &decided);
    let last = decided.iter().max().copied().unwrap_or_default();
    println!(
        "  the last decision came {:.2} times as late as the last creation",
        last.as_secs_f64() / created.as_secs_f64()
    );
    quiet(&lab).await?;
    let cpu = operator.cpu_time()? - before;
    println!("  processor time of the operator until all was quiet: {:.2} ms for each case", per(cpu, count) * 1000.0);
    println!(
        "resident memory of the operator at its peak, {count} cases at once: {} MiB",
        operator.rss_peak_kib()? / 1024
    );
    if count == FEW {
        idle(&lab).await?;
    } else {
        operator.stop().await?;
        let began = Instant::now();
        let again = lab.restart(&operator).await?;
        println!("ready {:.1} s after its start beside {count} cases", began.elapsed().as_secs_f64());
        quiet(&lab).await?;
        println!("  resident memory at its peak: {} MiB", again.rss_peak_kib()? / 1024);
        again.stop().await?;
    }
    Ok((per(last, count), per(cpu, count)))
}

fn per(span: Duration, count: usize) -> f64 {
    span.as_secs_f64() / count.max(1) as f64
}

fn config_map(name: String) -> ConfigMap {
    ConfigMap { metadata: ObjectMeta { name: Some(name), ..ObjectMeta::default() }, ..ConfigMap::default() }
}

pub fn case(name: String) -> SupportCase {
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

/// From the first request until all objects are created, and until `done` of each is seen.
async fn at_once<K: Benched>(
    client: &Client,
    namespace: &str,
    count: usize,
    make: fn(String) -> K,
    done: fn(&K) -> bool,
) -> Result<(Duration, Vec<Duration>), Failure> {
    let api = Api::<K>::namespaced(client.clone(), namespace);
    let mut seen = watch(api.clone(), done).await?;
    let began = Instant::now();
    let params = PostParams::default();
    let create = |number| {
        let (api, params, object) = (&api, &params, make(format!("once-{number}")));
        async move { api.create(params, &object).await.map(drop) }
    };
    stream::iter(0..count).map(create).buffer_unordered(WRITERS).try_collect::<()>().await?;
    let created = began.elapsed();
    println!("{count} {}s created after {:.2} s", K::kind(&()), created.as_secs_f64());
    let mut spans = HashMap::new();
    while spans.len() < count {
        let Some((name, at)) = seen.recv().await else { break };
        if name.starts_with("once-") {
            spans.entry(name).or_insert(at - began);
        }
    }
    Ok((created, spans.into_values().collect()))
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

/// Waits until the operator has written nothing for a while.
async fn quiet(lab: &Lab) -> Result<(), Failure> {
    let mut before = requests(lab)?.0;
    let mut since = Instant::now();
    while since.elapsed() < QUIET {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = requests(lab)?.0;
        if now != before {
            (before, since) = (now, Instant::now());
        }
    }
    Ok(())
}

/// What the operator asks of the API server while nothing is due, by the server's audit log.
async fn idle(lab: &Lab) -> Result<(), Failure> {
    let before = requests(lab)?;
    tokio::time::sleep(IDLE).await;
    let after = requests(lab)?;
    let seconds = IDLE.as_secs();
    println!("writes of the operator in {seconds} s with nothing due, leases apart: {}", after.0 - before.0);
    let rate = (after.1 - before.1) as f64 / IDLE.as_secs_f64();
    println!("  other requests, leases apart: {}, {rate:.2} each second", after.1 - before.1);
    Ok(())
}

/// How many writes and how many other requests the operator has made, leases apart.
fn requests(lab: &Lab) -> Result<(usize, usize), Failure> {
    let events = lab.audit()?;
    let own = events.iter().filter(|event| event.user.username.ends_with(":meshcase-system:meshcase"));
    let (writes, reads): (Vec<_>, Vec<_>) =
        own.filter(|event| event.resource() != "leases").partition(|event| event.is_write());
    Ok((writes.len(), reads.len()))
}
