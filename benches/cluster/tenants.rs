//! How long one tenant waits for its facts while the bundles of another stall. Not for: what a bundle holds.

use std::time::{Duration, Instant};

use kube::Api;
use kube::api::PostParams;
use meshcase::api::{AffectedWorkload, EvidenceState, SupportCase, WorkloadKind};
use meshcase_lab::{LogBehaviour, wait_for};

use crate::load::case;
use crate::{Failure, lab, operator};

const STALLED: usize = 20;
const CONTAINERS: usize = 40;
const PATIENCE: Duration = Duration::from_secs(120);

pub async fn run() -> Result<(), Failure> {
    let lab = lab().await?;
    let client = lab.admin().await?;
    let (slow, quick) = (lab.namespace("slow").await?, lab.namespace("quick").await?);
    let names: Vec<String> = (0..CONTAINERS).map(|number| format!("container-{number}")).collect();
    let containers: Vec<(&str, LogBehaviour)> =
        names.iter().map(|name| (name.as_str(), LogBehaviour::Stalls)).collect();
    lab.bad_pod(&slow, "stuck", &containers).await?;
    let operator = lab.operator(&operator()).await?;
    let cases = Api::<SupportCase>::namespaced(client.clone(), &slow);
    for number in 0..STALLED {
        let mut stuck = case(format!("stuck-{number}"));
        stuck.spec.evidence = None;
        stuck.spec.affected = vec![AffectedWorkload { kind: WorkloadKind::Pod, name: "stuck".to_owned() }];
        cases.create(&PostParams::default(), &stuck).await?;
    }
    wait_for("the first bundle to stall", PATIENCE, async || {
        let all = cases.list(&Default::default()).await.ok()?.items;
        let state = |case: &SupportCase| Some(case.status.as_ref()?.evidence.as_ref()?.state);
        all.iter().any(|case| state(case) == Some(EvidenceState::Collecting)).then_some(())
    })
    .await?;
    let others = Api::<SupportCase>::namespaced(client, &quick);
    let began = Instant::now();
    others.create(&PostParams::default(), &case("down".to_owned())).await?;
    wait_for("the facts of another tenant", PATIENCE, async || {
        others.get("down").await.ok()?.status?.cluster.map(drop)
    })
    .await?;
    println!(
        "{STALLED} cases of one tenant with {CONTAINERS} stalled logs each: the facts of another's came after {:.2} s",
        began.elapsed().as_secs_f64()
    );
    operator.kill9()?;
    Ok(())
}
