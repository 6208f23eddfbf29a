//! Two operators, of which the one that leads is killed, ended or held up. Not for: faults of the API server.

use std::time::{Duration, Instant};

use meshcase_lab::{Operator, Result, wait_for};

use crate::Outcome;
use crate::scene::{PATIENCE, Scene, credentials};

/// Together twenty.
const KILLED: usize = 8;
const STOPPED: usize = 9;
const PAUSED: usize = 3;
/// How long a leader is held up.
const PAUSE: Duration = Duration::from_secs(30);

/// Two operators, the first of which leads.
async fn pair(scene: &mut Scene) -> Result<(Operator, Operator)> {
    let leader = scene.operator().await?;
    scene.recovered(Instant::now(), &mut []).await?;
    Ok((leader, scene.operator().await?))
}

/// A leader is killed, and the other replica decides.
pub async fn killed() -> Result<Outcome> {
    let mut scene = Scene::new().await?;
    let (mut leader, mut other) = pair(&mut scene).await?;
    let mut took = Vec::new();
    for _ in 0..KILLED {
        leader.kill9()?;
        took.push(scene.recovered(Instant::now(), &mut []).await?);
        (leader, other) = (other, scene.operator().await?);
    }
    drop(other);
    Outcome::of("leader killed", took, Duration::from_secs(15), Vec::new(), &scene).await
}

/// A leader is ended by SIGTERM, and the other replica decides.
pub async fn stopped() -> Result<Outcome> {
    let mut scene = Scene::new().await?;
    let (mut leader, mut other) = pair(&mut scene).await?;
    let (mut took, mut wrong) = (Vec::new(), Vec::new());
    for _ in 0..STOPPED {
        let began = Instant::now();
        let (ended, recovered) = tokio::join!(leader.stop(), scene.recovered(began, &mut []));
        took.push(recovered?);
        let ended = ended?;
        if !ended.success() {
            wrong.push(format!("ended with {ended}"));
        }
        (leader, other) = (other, scene.operator().await?);
    }
    drop(other);
    Outcome::of("leader ended by SIGTERM", took, Duration::from_secs(2), wrong, &scene).await
}

/// A leader is held up, the other replica decides, and the first writes nothing when it wakes.
pub async fn paused() -> Result<Outcome> {
    let mut scene = Scene::new().await?;
    let (mut leader, mut other) = pair(&mut scene).await?;
    let (mut took, mut wrong) = (Vec::new(), Vec::new());
    for _ in 0..PAUSED {
        let skipped = scene.requests()?;
        scene.recovered(Instant::now(), &mut []).await?;
        let held_up = credentials(&scene.writes(skipped)?);
        let began = Instant::now();
        leader.pause()?;
        took.push(scene.recovered(began, &mut []).await?);
        tokio::time::sleep_until((began + PAUSE).into()).await;
        let skipped = scene.requests()?;
        leader.resume()?;
        wait_for("the operator that was held up to end", PATIENCE, async || leader.ended()).await?;
        scene.recovered(Instant::now(), &mut []).await?;
        let written = credentials(&scene.writes(skipped)?);
        if held_up.len() != 1 || written.is_empty() || !written.is_disjoint(&held_up) {
            wrong.push(format!("writes by {written:?} after the wake-up of {held_up:?}"));
        }
        (leader, other) = (other, scene.operator().await?);
    }
    drop(other);
    Outcome::of("leader held up for 30 s", took, Duration::from_secs(15), wrong, &scene).await
}
