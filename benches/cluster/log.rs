//! A log of a GiB on its way through redaction into a bundle. Not for: what redaction itself costs (`benches/redact.rs`).

use std::time::{Duration, Instant};

use kube::Api;
use kube::api::PostParams;
use meshcase::api::{AffectedWorkload, SupportCase, WorkloadKind};
use meshcase_lab::{LogBehaviour, wait_for};

use crate::load::case;
use crate::{Failure, lab, operator};

/// A log of a GiB, made while it is read.
const LONG_LOG: u64 = 1 << 30;
/// For that log, from the case to its bundle.
const PATIENCE: Duration = Duration::from_secs(600);

/// One long log through an operator of its own, whose peak of memory is then that of the log.
pub async fn run() -> Result<(), Failure> {
    let lab = lab().await?;
    let client = lab.admin().await?;
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
