//! The operator while what it talks to misbehaves: its watches are cut, the API server starts again, the clocks differ. In a
//! laboratory of its own. Each of them many times, and what takes minutes, is what `make faults` is for. Not for: fail-overs
//! (`failover.rs`).

use meshcase::api::CaseState;
use meshcase_lab::{Lab, OperatorOptions, wait_for};

use crate::story::{OPERATOR, SOON, Story, TERM, condition};

/// What the operator watches.
const WATCHED: [&str; 5] = ["supportcases", "supportcontracts", "supportactivities", "namespaces", "configmaps"];
const AN_HOUR: i64 = 3600;

#[tokio::test]
async fn cut_watches_a_restarted_api_server_and_clocks_that_differ_lose_nothing_and_settle_nothing_ruling_39() {
    let lab = Lab::start().await.unwrap();
    let front = lab.front().unwrap();
    let options = OperatorOptions::new(OPERATOR).kubeconfig(lab.operator_kubeconfig_through(&front).await.unwrap());
    let mut operator = lab.operator(&options).await.unwrap();
    let story = Story::within(&lab, "surroundings").await;
    let contract = story.contract("premium", &format!("plan: MesospherePremium\n  {TERM}")).await;
    let spec = |severity: &str| {
        format!(
            "{{contractRef: {{name: {contract}}}, title: Help, severity: {severity}, evidence: {{collect: false}}}}"
        )
    };
    let decided = async |name: &str| {
        story.case(name, &spec("Sev2")).await;
        story.until(name, "is decided", |status| status.state == Some(CaseState::AwaitingResponse)).await
    };
    let open = async || {
        let all = || WATCHED.iter().all(|kind| front.open(kind) == 1).then_some(());
        wait_for("each watch to be open", SOON, async || all()).await.unwrap();
    };
    decided("before").await;

    open().await;
    for kind in WATCHED {
        assert_eq!(front.cut(kind), 1, "{kind}");
    }
    decided("cut").await;
    open().await;
    assert_eq!(operator.livez().await.unwrap(), "ok\n");

    lab.restart_api_server().await.unwrap();
    let text = format!(
        "apiVersion: meshcase.io/v1alpha1\nkind: SupportCase\nmetadata: {{name: restarted}}\nspec: {}\n",
        spec("Sev2")
    );
    // It does not know at once what its admission policies refer to.
    let taken = wait_for("the case to be taken", SOON, async || lab.apply_in(&story.namespace, &text).await.ok());
    taken.await.unwrap();
    wait_for("the case after the restart to be decided", SOON, async || {
        // A server that is away for longer costs the lease, and with it the process; its node starts it again.
        if operator.ended().is_some() {
            operator = lab.restart(&operator).await.ok()?;
        }
        let status = story.cases().get("restarted").await.ok()?.status?;
        status.state.filter(|state| *state == CaseState::AwaitingResponse)
    })
    .await
    .unwrap();

    let skew = async |wanted: fn(f64) -> bool| {
        let shown = wait_for("the metric of the clocks", SOON, async || {
            let metrics = operator.metrics().await.ok()?;
            let line = metrics.lines().find_map(|line| line.strip_prefix("meshcase_clock_skew_seconds "))?;
            line.parse().ok().filter(|skew| wanted(*skew))
        });
        shown.await.unwrap()
    };
    front.shift_time(AN_HOUR);
    skew(|skew| skew > 60.0).await;
    let status = decided("skewed").await;
    assert_eq!(condition(&status.conditions, "Reconciling"), Some(("True", "ClockSkewed")));
    assert_eq!(condition(&status.conditions, "Ready"), Some(("True", "Accepted")));
    front.shift_time(0);
    skew(|skew| skew.abs() < 60.0).await;
    // The operator looks again by itself within half a minute; an edit is sooner.
    story.case("skewed", &spec("Sev1")).await;
    story.until("skewed", "is believed", |status| condition(&status.conditions, "Reconciling").is_none()).await;
    assert!(operator.stop().await.unwrap().success());
}
