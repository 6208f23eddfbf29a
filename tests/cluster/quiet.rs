//! The laboratory in which no operator works, for what the API server alone says. Not for: tests of the operator.

use meshcase_lab::Lab;
use tokio::sync::OnceCell;

static QUIET: OnceCell<Lab> = OnceCell::const_new();

/// Started by the first caller, with everything of the chart but the operator's process.
pub async fn quiet() -> &'static Lab {
    let lab = QUIET.get_or_try_init(Lab::start).await.unwrap();
    lab.install_meshcase().await.unwrap();
    lab
}
