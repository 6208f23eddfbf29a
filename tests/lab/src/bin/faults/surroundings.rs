//! One operator, and faults of what it talks to. Not for: fail-overs.

use std::time::{Duration, Instant};

use meshcase_lab::{Front, Operator, Result, wait_for};

use crate::Outcome;
use crate::scene::{PATIENCE, Scene};

const RESTARTS: usize = 10;
const CUTS: usize = 100;
const RESTORED: usize = 3;
/// What the operator watches.
const WATCHED: [&str; 5] = ["supportcases", "supportcontracts", "supportactivities", "namespaces", "configmaps"];
/// Ahead of the API server's clock, in seconds.
const AHEAD: i64 = 3600;

/// The API server is killed and started again; counted from the moment at which it takes a case again.
pub async fn api_server_restarted() -> Result<Outcome> {
    let mut scene = Scene::new().await?;
    let mut operators = [scene.operator().await?];
    scene.recovered(Instant::now(), &mut operators).await?;
    let mut took = Vec::new();
    for _ in 0..RESTARTS {
        scene.lab.restart_api_server().await?;
        took.push(scene.recovered_once_taken(&mut operators).await?);
    }
    Outcome::of("API server started again", took, Duration::from_secs(10), Vec::new(), &scene).await
}

/// All watches are cut; recovered when each is open again and a new case is decided on.
pub async fn watches_cut() -> Result<Outcome> {
    let (mut scene, front) = behind_a_front().await?;
    let mut operators = [scene.operator().await?];
    until_open(&front).await?;
    let (mut took, mut wrong) = (Vec::new(), Vec::new());
    let mut cut = [0; WATCHED.len()];
    for _ in 0..CUTS {
        let began = Instant::now();
        for (kind, cut) in WATCHED.iter().zip(&mut cut) {
            *cut += front.cut(kind);
        }
        scene.recovered(began, &mut operators).await?;
        until_open(&front).await?;
        took.push(began.elapsed());
    }
    for (kind, cut) in WATCHED.iter().zip(cut) {
        if cut < CUTS {
            wrong.push(format!("{kind}: only {cut} watches were cut"));
        }
    }
    changes_of_each_kind_arrive(&mut scene, &mut operators).await?;
    Outcome::of("all watches cut", took, Duration::from_secs(5), wrong, &scene).await
}

/// Nothing comes on the open watches any more, not even an end.
pub async fn watches_silent() -> Result<Outcome> {
    let (mut scene, front) = behind_a_front().await?;
    let mut operators = [scene.operator().await?];
    until_open(&front).await?;
    front.silence(true);
    let began = Instant::now();
    let mut wrong = Vec::new();
    // Three minutes of silence, and some seconds of a slow machine.
    let cut = wait_for("the silent watches to be cut", Duration::from_secs(240), async || {
        WATCHED.iter().all(|kind| front.opened(kind) > 1).then_some(())
    });
    cut.await?;
    let cut_after = began.elapsed();
    if cut_after < Duration::from_secs(170) {
        wrong.push(format!("the watches were opened again after {} s already", cut_after.as_secs()));
    }
    if let Err(error) = operators[0].livez().await {
        wrong.push(format!("/livez: {error}"));
    }
    front.silence(false);
    let began = Instant::now();
    let took = vec![scene.recovered(began, &mut operators).await?];
    Outcome::of("watches silent until they are cut", took, Duration::from_secs(5), wrong, &scene).await
}

/// etcd goes back to a copy: versions are smaller than they were. Counted as after a restart.
pub async fn etcd_restored() -> Result<Outcome> {
    let (mut took, mut wrong) = (Vec::new(), Vec::new());
    let mut scene = Scene::new().await?;
    let mut operators = [scene.operator().await?];
    for _ in 0..RESTORED {
        let kept = scene.case("Sev2").await?;
        let open = |state: &'static str| move |case: &kube::core::DynamicObject| case.data["status"]["state"] == state;
        scene.until(&kept, "is decided on", open("AwaitingResponse"), &mut operators).await?;
        scene.lab.back_up_etcd().await?;
        for _ in 0..5 {
            scene.recovered(Instant::now(), &mut operators).await?;
        }
        answer(&scene, &kept).await?;
        scene.until(&kept, "is answered", |case| !case.data["status"]["respondedAt"].is_null(), &mut operators).await?;
        scene.lab.restore_etcd().await?;
        took.push(scene.recovered_once_taken(&mut operators).await?);
        // The answer went with the restore, and with it what followed from it; the next one counts.
        let case = scene.until(&kept, "is there", |_| true, &mut operators).await?;
        if !case.data["status"]["respondedAt"].is_null() {
            wrong.push(format!("{kept} is answered, though no answer is there"));
        }
        answer(&scene, &kept).await?;
        scene.until(&kept, "is answered", |case| !case.data["status"]["respondedAt"].is_null(), &mut operators).await?;
    }
    Outcome::of("etcd restored to an older state", took, Duration::from_secs(10), wrong, &scene).await
}

/// The operator's clock is ahead by an hour while a case comes due. Nothing is settled until the clocks agree.
pub async fn clocks_differ() -> Result<Outcome> {
    let (mut scene, front) = behind_a_front().await?;
    let mut operators = [scene.operator().await?];
    scene.recovered(Instant::now(), &mut operators).await?;
    front.shift_time(AHEAD);
    let mut wrong = Vec::new();
    let case = scene.case("Sev1").await?;
    let skewed = |case: &kube::core::DynamicObject| {
        let conditions = case.data["status"]["conditions"].as_array();
        conditions.is_some_and(|all| all.iter().any(|condition| condition["reason"] == "ClockSkewed"))
    };
    scene.until(&case, "says that the clocks differ", skewed, &mut operators).await?;
    // A minute until it is due, and as long as the operator waits between two looks at the clocks.
    tokio::time::sleep(Duration::from_secs(95)).await;
    let result = |case: &kube::core::DynamicObject| case.data["status"]["sla"]["initialResponse"]["result"].clone();
    let late = scene.until(&case, "is there", |_| true, &mut operators).await?;
    if result(&late) != "Pending" {
        wrong.push(format!("{} was settled while the clocks differed", result(&late)));
    }
    front.shift_time(0);
    let began = Instant::now();
    let breached = |case: &kube::core::DynamicObject| result(case) == "Breached" && !skewed(case);
    scene.until(&case, "is breached", breached, &mut operators).await?;
    let took = vec![began.elapsed()];
    Outcome::of("clocks that differed agree again", took, Duration::from_secs(35), wrong, &scene).await
}

async fn behind_a_front() -> Result<(Scene, Front)> {
    let mut scene = Scene::new().await?;
    let front = scene.lab.front()?;
    let kubeconfig = scene.lab.operator_kubeconfig_through(&front).await?;
    scene.through(kubeconfig);
    Ok((scene, front))
}

async fn until_open(front: &Front) -> Result<()> {
    wait_for("all watches to be open", PATIENCE, async || WATCHED.iter().all(|kind| front.open(kind) > 0).then_some(()))
        .await
}

/// A reply to a case is seen, and the label of a namespace, and a contract: their watches work.
async fn changes_of_each_kind_arrive(scene: &mut Scene, operators: &mut [Operator]) -> Result<()> {
    let case = scene.case("Sev2").await?;
    answer(scene, &case).await?;
    scene.until(&case, "is answered", |case| !case.data["status"]["respondedAt"].is_null(), operators).await.map(drop)
}

/// The vendor answers a case.
async fn answer(scene: &Scene, case: &str) -> Result<()> {
    let text = format!(
        "apiVersion: meshcase.io/v1alpha1\nkind: SupportActivity\nmetadata: {{name: answer-{case}}}\nspec:\n  \
         {{caseRef: {{name: {case}}}, actor: {{role: SupportEngineer}}, type: ContactAttempted}}\n"
    );
    scene.apply(&text).await
}
