//! The operator under load, on a real API server: how soon a decision stands in a status, what an idle operator writes, what
//! it weighs, and how long one tenant waits for another. Run with `make bench`, or one part of it with
//! `cargo bench --bench cluster -- PART`. Not for: passing or failing.

mod heavy;
mod load;
mod log;
mod tenants;

use meshcase_lab::{Lab, OperatorOptions};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const PARTS: [&str; 4] = ["log", "load", "heavy", "tenants"];

const CONTRACT: &str = "apiVersion: meshcase.io/v1alpha1
kind: SupportContract
metadata: {name: bench}
spec:
  plan: MesospherePremium
  term: {startsAt: 2020-01-01T00:00:00Z, endsAt: 2090-01-01T00:00:00Z}
  evidence: {meshNamespaces: [mesh]}
";

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    for part in PARTS.into_iter().filter(|part| named.is_empty() || named.iter().any(|name| name == part)) {
        match part {
            "log" => log::run().await?,
            "load" => load::run().await?,
            "heavy" => heavy::run().await?,
            _ => tenants::run().await?,
        }
    }
    Ok(())
}

/// A laboratory with the chart and a contract, in which no operator runs yet.
async fn lab() -> Result<Lab, Failure> {
    let lab = Lab::start().await?;
    lab.install_meshcase().await?;
    lab.apply(CONTRACT).await?;
    Ok(lab)
}

fn operator() -> OperatorOptions {
    OperatorOptions::new(env!("CARGO_BIN_EXE_meshcase"))
}
