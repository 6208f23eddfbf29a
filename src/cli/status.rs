//! `status CASE`: one case as a person reads it in a terminal. What is shown is what the operator wrote into the case's
//! status; nothing is computed here but how far away an instant is.

mod paper;
mod render;
#[cfg(test)]
mod tests;

use std::io::Write;

use chrono::Utc;
use clap::Args;
use kube::Api;

use super::cluster::{Cluster, ask};
use super::output::{Output, OutputArgs};
use super::{Error, Global};
use crate::api::{SupportCase, SupportContract};
use crate::domain::plan::Plan;
use crate::domain::time::{Zone, ZoneData};
use render::render;

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// The case's name.
    case: String,
    #[command(flatten)]
    output: OutputArgs,
}

impl StatusArgs {
    pub(crate) async fn run(&self, global: &Global, out: &mut dyn Write) -> Result<(), Error> {
        let cluster = global.cluster.connect().await?;
        let cases: Api<SupportCase> = Api::namespaced(cluster.client.clone(), &cluster.namespace);
        let what = format!("supportcase {}/{}", cluster.namespace, self.case);
        let case = ask(&what, cases.get(&self.case)).await?;
        let zone = match self.output.output {
            Output::Table => plan_zone(&cluster, &global.zones()?, &case).await,
            Output::Json | Output::Yaml => None,
        };
        let table = || render(&case, zone.as_ref(), Utc::now(), global.colour());
        self.output.output.write(out, &case, table)
    }
}

/// The zone of the case's plan; `None` (times in UTC alone) where the plan is not known, or is a custom plan in a contract
/// that the user may not read.
async fn plan_zone(cluster: &Cluster, zones: &ZoneData, case: &SupportCase) -> Option<Zone> {
    let entitlement = case.status.as_ref()?.entitlement.as_ref()?;
    if let Some(plan) = Plan::built_in(entitlement.plan.as_deref()?) {
        return zones.zone(&plan.time_zone);
    }
    let contracts: Api<SupportContract> = Api::all(cluster.client.clone());
    let name = &entitlement.contract.as_ref()?.name;
    let contract = ask("contract", contracts.get(name)).await.ok()?;
    zones.zone(&contract.spec.custom_plan?.time_zone)
}
