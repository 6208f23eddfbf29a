//! How many lines of clean logs redaction changes: the logs of a laboratory's real parts, raised to a talkative level, with
//! what the audit and Envoy's access logs write. The aim is under one line in a thousand of 100 MB. Prints what was
//! changed, by program and by rule.
//! Run with `cargo bench --bench precision`. Not for: passing or failing, nor for speed.

mod traffic;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hyper::Request;
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt};
use meshcase_lab::{Lab, LabOptions, OperatorOptions, Sidecar};
use meshcase_redact::{BundleKey, Gathered, RedactOptions, Redactor, second_look};

use traffic::Traffic;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Bytes of logs that are wanted.
const WANTED: u64 = 100_000_000;
/// The machine may be too slow for so many.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// klog's level of headers and requests, without bodies.
const TALKATIVE: &str = "7";
const NAMESPACES: usize = 20;
const EXAMPLES: usize = 5;
/// What the laboratory's log files end with: those of plain parts, of istiod, and of agents with their Envoys.
const LOG_ENDS: [&str; 3] = ["log", "discovery", "istio-proxy"];

const WORKLOAD: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout}
spec:
  replicas: 3
  selector: {matchLabels: {app: checkout}}
  template:
    metadata: {labels: {app: checkout}}
    spec:
      containers:
      - name: app
        image: example.com/checkout@sha256:0e5574283393d2a7b1c5e3e4a1e6b1f0a2b1b0f6d2f8f6c9c1e3d9a1b2c3d4e5
        env: [{name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {level: debug, tokenExpirationSeconds: \"3600\"}
";

#[tokio::main]
async fn main() -> Result<(), Failure> {
    // etcd tells each request at this level, with its keys.
    let lab = Lab::start_with(&LabOptions { etcd_log_level: "debug", verbosity: 5 }).await?;
    let client = lab.admin().await?;
    let raise = Request::put("/debug/flags/v").body(TALKATIVE.as_bytes().to_vec())?;
    println!("kube-apiserver: {}", client.request_text(raise).await?.trim());
    lab.nodes(3).await?;
    let operator = lab.operator(&OperatorOptions::new(env!("CARGO_BIN_EXE_meshcase"))).await?;
    // Without its programs the mesh's logs are missing from the count, and the count says so.
    let sidecar = match mesh(&lab, &client).await {
        Ok(sidecar) => Some(sidecar),
        Err(error) => {
            println!("without a mesh: {error}");
            None
        }
    };
    let mut namespaces = Vec::new();
    for _ in 0..NAMESPACES {
        let namespace = lab.namespace("precision").await?;
        lab.apply_in(&namespace, WORKLOAD).await?;
        namespaces.push(namespace);
    }
    talk(&lab, &client, &namespaces).await?;
    drop((operator, sidecar));
    measure(lab.folder())
}

/// A control plane, and a pod with its agent and Envoy.
async fn mesh(lab: &Lab, client: &Client) -> Result<Sidecar, Failure> {
    println!("with istiod {}", lab.istio().await?.version());
    let namespace = lab.namespace("meshed").await?;
    lab.kubectl(&["label", "namespace", &namespace, "istio-injection=enabled"]).await?.successful()?;
    lab.apply_in(&namespace, WORKLOAD).await?;
    lab.wait_for_deployment(&namespace, "checkout").await?;
    let traffic = Traffic::new(lab, &namespace).await?;
    let pods = Api::<Pod>::namespaced(client.clone(), &namespace).list(&ListParams::default()).await?;
    let pod = pods.items.first().map(ResourceExt::name_any).ok_or("the deployment has no pod")?;
    let sidecar = lab.sidecar(&namespace, &pod).await?;
    for form in ["TEXT", "JSON"] {
        traffic.access_logs(client, &sidecar, form).await?;
    }
    traffic.talkative_envoy().await?;
    Ok(sidecar)
}

/// Reads and lists until the logs are long enough.
async fn talk(lab: &Lab, client: &Client, namespaces: &[String]) -> Result<(), Failure> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE && bytes(lab.folder()) < WANTED {
        for kind in ["pods", "secrets", "configmaps", "events", "serviceaccounts"] {
            let _ = client.request_text(Request::get(format!("/api/v1/{kind}?limit=500")).body(Vec::new())?).await;
            for namespace in namespaces {
                let path = format!("/api/v1/namespaces/{namespace}/{kind}");
                let _ = client.request_text(Request::get(path).body(Vec::new())?).await;
            }
        }
    }
    Ok(())
}

fn bytes(folder: &Path) -> u64 {
    logs(folder).iter().filter_map(|log| fs::metadata(log).ok()).map(|log| log.len()).sum()
}

fn logs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = Vec::new();
    for path in entries {
        if path.is_dir() {
            found.extend(logs(&path));
        } else if path.extension().is_some_and(|end| LOG_ENDS.iter().any(|known| end == *known)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// What one program wrote.
#[derive(Default)]
struct Count {
    bytes: usize,
    lines: usize,
    changed: usize,
}

impl Count {
    fn add(&mut self, bytes: usize, changed: bool) {
        self.bytes += bytes;
        self.lines += 1;
        self.changed += usize::from(changed);
    }
}

fn measure(folder: &Path) -> Result<(), Failure> {
    let redactor = Redactor::explaining(&BundleKey::from_bytes(b"precision"), &RedactOptions::default())?;
    let mut changes: BTreeMap<String, (usize, Vec<String>)> = BTreeMap::new();
    let mut programs: BTreeMap<String, Count> = BTreeMap::new();
    let mut all = Count::default();
    for log in logs(folder) {
        let text = fs::read(&log)?;
        let out = redactor.text(Gathered::from(text.clone()));
        let name = log.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for (before, after) in text.split(|byte| *byte == b'\n').zip(out.as_bytes().split(|byte| *byte == b'\n')) {
            let changed = before != after;
            programs.entry(program(&name, before)).or_default().add(before.len() + 1, changed);
            all.add(before.len() + 1, changed);
            if changed {
                note(&String::from_utf8_lossy(after), &mut changes);
            }
        }
        if let Err(finding) = second_look::check_member(&name, text.as_slice()) {
            println!("{name}: the second look finds {finding}");
        }
    }
    for (program, count) in &programs {
        println!("{program}: {} bytes, {} of {} lines changed", count.bytes, count.changed, count.lines);
    }
    for (rule, (count, examples)) in &changes {
        println!("{rule}: {count}");
        examples.iter().for_each(|example| println!("    {example}"));
    }
    #[expect(clippy::cast_precision_loss, reason = "a share for a person to read")]
    let share = 100.0 * all.changed as f64 / all.lines.max(1) as f64;
    println!("{} bytes, {} of {} lines changed: {share:.3} %", all.bytes, all.changed, all.lines);
    Ok(())
}

/// Who wrote a line: the file's program, but in a sidecar's file its access log stands among the lines of agent and Envoy.
fn program(file: &str, line: &[u8]) -> String {
    if !file.ends_with("istio-proxy") {
        return file.to_owned();
    }
    let text = line.splitn(4, |byte| *byte == b' ').nth(3).unwrap_or_default();
    match text.first() {
        Some(b'[') => "Envoy's access log, text",
        Some(b'{') => "Envoy's access log, JSON",
        _ => "istio-agent and Envoy",
    }
    .to_owned()
}

/// Remembers a changed line under the rule that changed it, with what stands around.
fn note(line: &str, changes: &mut BTreeMap<String, (usize, Vec<String>)>) {
    let rule =
        line.split_once('⟨').and_then(|(_, rest)| rest.split_once('⟩')).map_or("a marked imitation", |(rule, _)| rule);
    let (count, examples) = changes.entry(rule.to_owned()).or_default();
    *count += 1;
    if examples.len() < EXAMPLES {
        let token = line.find('‹').unwrap_or(0);
        let before: String = line[..token].chars().rev().take(80).collect::<Vec<_>>().into_iter().rev().collect();
        examples.push(before + &line[token..].chars().take(60).collect::<String>());
    }
}
