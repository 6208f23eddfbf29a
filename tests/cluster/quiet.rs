//! The laboratory in which no operator works, for what the API server alone says. Not for: tests of the operator.

use meshcase_lab::{Lab, Result};
use tokio::sync::OnceCell;

use crate::admission::older;

static QUIET: OnceCell<Lab> = OnceCell::const_new();

/// Started by the first caller, with everything of the chart but the operator's process, and with objects that are older than
/// the chart's policies.
pub async fn quiet() -> &'static Lab {
    QUIET.get_or_try_init(start).await.unwrap()
}

async fn start() -> Result<Lab> {
    let lab = Lab::start().await?;
    older::store(&lab).await?;
    lab.install_meshcase().await?;
    Ok(lab)
}
