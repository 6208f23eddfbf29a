//! The story of the demonstration, chapter by chapter, in the order in which a user would look. Not for: how it is shown.

use std::path::{Path, PathBuf};

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;
use meshcase_lab::{Context, OperatorOptions, Result};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::stage::{NAMESPACE, Stage, table, text};

const NODES: usize = 3;

/// Tells all of it.
pub async fn tell(stage: &mut Stage<'_>) -> Result<()> {
    let secret = set_the_scene(stage).await?;
    apply(stage).await?;
    let full = the_case_in_full(stage).await?;
    deadlines(stage, &full).await?;
    rejected(stage).await?;
    versions(stage, &full).await?;
    evidence(stage, &full, &secret).await?;
    answered_and_breached(stage).await
}

/// A cluster, a mesh, a workload whose log holds a secret, and the operator. Answers the secret.
async fn set_the_scene(stage: &mut Stage<'_>) -> Result<String> {
    stage.chapter("Meshcase in two minutes");
    stage.say(
        "Meshcase keeps support cases inside the cluster, next to the service mesh that they are about. You apply a case; it \
         comes back with a decision, its deadlines, the versions that really run, and one redacted bundle of evidence.",
    );
    stage.say(
        "For this, a real Kubernetes control plane now starts on this machine, with three nodes played by kwok, and a real \
         Istio on it. Nothing outside is touched.",
    );
    let lab = stage.lab;
    lab.nodes(NODES).await?;
    lab.istio().await?;
    lab.apply("examples/00-namespace.yaml").await?;
    lab.apply("examples/01-workload.yaml").await?;
    lab.wait_for_deployment(NAMESPACE, "checkout").await?;
    let secret = give_checkout_a_log(stage).await?;
    stage.show("kubectl get nodes").await?;
    stage.show("kubectl get pods -A").await?;
    stage.say("The proxies beside checkout (2/2) were put there by Istio's own webhook.");
    stage.say(
        "The operator starts: its real binary, with a token of its own service account and exactly the rights that the Helm \
         chart gives it. It may read no logs; a second account collects.",
    );
    lab.operator(&OperatorOptions::new(stage.binary("meshcase"))).await?;
    stage.show("kubectl meshcase version --client").await?;
    Ok(secret)
}

/// Gives the workload's pods a log in which somebody wrote a credential. The credential is made up, and put together here so
/// that no scanner finds it in the source.
async fn give_checkout_a_log(stage: &Stage<'_>) -> Result<String> {
    let secret = ["hunter", "2-but-longer"].concat();
    let pods = Api::<Pod>::namespaced(stage.lab.admin().await?, NAMESPACE);
    let pods = pods.list(&ListParams::default().labels("app=checkout")).await.context("listing the pods")?;
    let leak = format!("dialing https://billing:{secret}@payments.shop.example/v1");
    for pod in pods {
        let name = pod.metadata.name.unwrap_or_default();
        let log = ["listening on :8080", &leak, "upstream payments: connection reset (UC)", "GET /checkout 503"];
        stage.lab.container_log(NAMESPACE, &name, "checkout", &log, &["out of memory, exiting"]).await?;
    }
    Ok(secret)
}

async fn apply(stage: &mut Stage<'_>) -> Result<()> {
    stage.chapter("Contracts and cases are applied");
    stage.say(
        "Four contracts say what was bought: two built-in plans counted in business hours, one around the clock, and a plan of our own \
         with a target of one minute. Six cases of one team refer to them.",
    );
    stage.show("kubectl apply --server-side -f examples/").await?;
    for case in ["checkout-503", "payments-down", "retry-question", "from-a-stranger", "certificates-expire"] {
        stage.until(case, "is decided", |status| !matches!(text(status, "state").as_str(), "" | "Pending")).await?;
    }
    stage.say(
        "Within a second or two the operator has decided. All three kinds in one list, cases with their deadline:",
    );
    stage.show("kubectl get support -A").await?;
    Ok(())
}

async fn the_case_in_full(stage: &mut Stage<'_>) -> Result<Value> {
    stage.chapter("One case in full");
    let stored = |status: &Value| matches!(text(status, "evidence.state").as_str(), "Complete" | "Partial");
    let status = stage.until("checkout-503", "has its evidence", stored).await?;
    stage.expect("checkout-503 is accepted", text(&status, "entitlement.decision") == "Accepted");
    stage.say("This is what the vendor's engineer and the customer both look at:");
    stage.show("kubectl meshcase status checkout-503 -n shop").await?;
    Ok(status)
}

async fn deadlines(stage: &mut Stage<'_>, business: &Value) -> Result<()> {
    stage.chapter("Three deadlines");
    let any = |_: &Value| true;
    let clock = stage.until("payments-down", "is there", any).await?;
    let none = stage.until("retry-question", "is there", any).await?;
    let mut rows = vec![["CASE", "PLAN", "PROMISED", "COUNTED", "OPENED", "DUE"].map(str::to_owned).to_vec()];
    for (name, status) in [("checkout-503", business), ("payments-down", &clock), ("retry-question", &none)] {
        let promise = &status["sla"]["initialResponse"];
        let due = text(promise, "dueAt");
        let target = format!("{} {}", text(promise, "target.amount"), text(promise, "target.unit"));
        rows.push(vec![
            name.to_owned(),
            text(status, "entitlement.plan"),
            if due.is_empty() { text(promise, "result") } else { target },
            text(promise, "clock"),
            text(status, "openedAt"),
            if due.is_empty() { "no date is promised, so none is shown".to_owned() } else { due },
        ]);
    }
    table(&rows);
    stage.say(
        "The first runs only while the vendor's office is open, in its own zone and outside the holidays of the contract. The second \
         runs on at night and at weekends. For the third the vendor's document gives no time, and Meshcase invents none.",
    );
    let promise = |status: &Value, path: &str| text(status, &format!("sla.initialResponse.{path}"));
    stage.expect("checkout-503 has a deadline in business days", promise(business, "target.unit") == "BusinessDays");
    stage.expect("checkout-503 has a date", !promise(business, "dueAt").is_empty());
    stage.expect("payments-down runs around the clock", promise(&clock, "clock") == "AroundTheClock");
    stage.expect("payments-down has a date", !promise(&clock, "dueAt").is_empty());
    stage.expect("retry-question is promised nothing", promise(&none, "result") == "NotCommitted");
    stage.expect("retry-question has no date", promise(&none, "dueAt").is_empty());
    stage.say("Why is it due then? Every deadline can be taken apart, to the second:");
    stage.show("kubectl meshcase explain checkout-503 -n shop").await?;
    Ok(())
}

async fn rejected(stage: &mut Stage<'_>) -> Result<()> {
    stage.chapter("A case that is not accepted, and why");
    let status = stage.until("from-a-stranger", "is rejected", |status| text(status, "state") == "Rejected").await?;
    let checks = status["entitlement"]["checks"].as_array().cloned().unwrap_or_default();
    let mut rows = vec![["CHECK", "RESULT", "REASON", ""].map(str::to_owned).to_vec()];
    rows.extend(checks.iter().map(|check| ["name", "result", "reason", "message"].map(|of| text(check, of)).to_vec()));
    table(&rows);
    stage.say(
        "The first check that fails gives the reason; docs/runbook.md says for each what to do. Once the contract lists the person, \
         the case is decided anew by itself.",
    );
    let failed = checks.iter().find(|check| check["result"] == "Failed").map(|check| text(check, "reason"));
    stage.expect("from-a-stranger fails on its contact", failed.as_deref() == Some("ContactNotAuthorized"));
    Ok(())
}

async fn versions(stage: &mut Stage<'_>, status: &Value) -> Result<()> {
    stage.chapter("What really runs, and how that is known");
    let server = stage.lab.admin().await?.apiserver_version().await.context("asking the server's version")?.git_version;
    let mut rows = vec![["WHAT", "VERSION", "READ FROM"].map(str::to_owned).to_vec()];
    let kubernetes = text(status, "cluster.kubernetes.version");
    rows.push(vec!["Kubernetes".to_owned(), kubernetes.clone(), "the API server's /version".to_owned()]);
    for kubelets in status["cluster"]["nodes"]["kubeletVersions"].as_array().into_iter().flatten() {
        rows.push(vec![
            format!("{} kubelets", text(kubelets, "count")),
            text(kubelets, "version"),
            "the nodes".to_owned(),
        ]);
    }
    for mesh in status["meshes"].as_array().into_iter().flatten() {
        let name = format!("{} control plane in {}", text(mesh, "kind"), text(mesh, "namespace"));
        rows.push(vec![name, text(mesh, "version"), text(mesh, "versionSource")]);
        for other in mesh["conflicts"].as_array().into_iter().flatten() {
            rows.push(vec!["  another source disagrees".to_owned(), text(other, "version"), text(other, "source")]);
        }
        for proxies in mesh["dataPlane"].as_array().into_iter().flatten() {
            rows.push(vec![
                format!("  {} proxies", text(proxies, "count")),
                text(proxies, "version"),
                "their images".to_owned(),
            ]);
        }
    }
    table(&rows);
    stage.say(
        "The running process is believed first; where a label or a tag says something else, that is shown, not hidden.",
    );
    let mesh = &status["meshes"][0];
    stage.expect("the Kubernetes version is the server's", kubernetes == server);
    let istio = stage.lab.istio().await?.version();
    stage.expect(
        "the version of Istio is the running one",
        text(mesh, "kind") == "Istio" && text(mesh, "version") == istio,
    );
    stage.expect("its version was read from the running process", text(mesh, "versionSource") == "RunningEndpoint");
    Ok(())
}

async fn evidence(stage: &mut Stage<'_>, status: &Value, secret: &str) -> Result<()> {
    stage.chapter("One bundle of evidence");
    let uri = text(status, "evidence.bundle.uri");
    let bundle = PathBuf::from(uri.strip_prefix("file://").unwrap_or(&uri));
    if !bundle.is_file() {
        stage.expect("checkout-503 has a bundle that is stored", false);
        return Ok(());
    }
    let folder = stage.lab.folder().join("bundle");
    std::fs::create_dir_all(&folder).context("making a folder for the bundle")?;
    stage.say("Stored where the operator was told to, here a local folder. Its members:");
    stage.show(&format!("tar -tzf {}", bundle.display())).await?;
    stage.run(&format!("tar -xzf {} -C {}", bundle.display(), folder.display())).await?;
    manifest(stage, &folder)?;
    let digest = Sha256::digest(std::fs::read(&bundle).context("reading the bundle")?);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    stage
        .expect("the bundle is the one of the status, byte for byte", digest == text(status, "evidence.bundle.sha256"));
    stage.say("A pod had written a password into its log. In the bundle the same line reads:");
    let line = stage.run(&format!("grep -rh 'dialing' {} | head -1", folder.display())).await?;
    println!("  {}", line.trim());
    println!();
    stage.expect("the password's line is in the bundle, masked", line.contains("dialing") && line.contains('‹'));
    let leaked = stage.run(&format!("grep -rlF '{secret}' {} | wc -l", folder.display())).await?;
    stage.expect("the password is nowhere in the bundle", leaked.trim() == "0");
    Ok(())
}

/// The manifest as a table: every planned item, and what became of it.
fn manifest(stage: &mut Stage<'_>, folder: &Path) -> Result<()> {
    let manifest = std::fs::read_to_string(folder.join("manifest.json")).context("reading the manifest")?;
    let manifest: Value = serde_json::from_str(&manifest).context("reading the manifest")?;
    let items = manifest["items"].as_array().cloned().unwrap_or_default();
    stage.say(
        "Its manifest.json says for each thing that was planned what became of it, so that a reader knows what is missing and why:",
    );
    // The mesh's objects are many short lists; what is left shows every outcome.
    let is_list = |item: &&Value| text(item, "member").starts_with("objects/") && item["outcome"] == "Collected";
    let lists = items.iter().filter(is_list).count();
    let mut rows = vec![["OUTCOME", "BYTES", "ITEM"].map(str::to_owned).to_vec()];
    let told = items.iter().filter(|item| !is_list(item));
    rows.extend(told.map(|item| ["outcome", "bytes", "item"].map(|of| text(item, of)).to_vec()));
    rows.push(
        ["Collected", "", &format!("{lists} lists of objects: of the mesh, and the namespace's events")]
            .map(str::to_owned)
            .to_vec(),
    );
    table(&rows);
    stage.expect(
        "the manifest lists collected logs",
        items
            .iter()
            .any(|item| item["outcome"] == "Collected" && text(item, "item").starts_with("log of container checkout")),
    );
    Ok(())
}

async fn answered_and_breached(stage: &mut Stage<'_>) -> Result<()> {
    stage.chapter("Answered in time, and not answered");
    let answered = stage.until("certificates-expire", "is there", |_| true).await?;
    stage.say(
        "What people do is written down as activities, which never change. The first contact stopped the clock of certificates-expire:",
    );
    stage.show("kubectl get supportactivities -n shop").await?;
    stage.say("nobody-answers has a target of one minute, and nobody does. The story waits until the minute is over.");
    let raised = |status: &Value| !matches!(text(status, "escalation.level").as_str(), "" | "None");
    let breached = stage.until("nobody-answers", "is breached and escalated", raised).await?;
    stage.until_event("nobody-answers", "Escalated").await?;
    let mut rows = vec![["CASE", "DUE", "RESULT", "ESCALATION", "CAUSE"].map(str::to_owned).to_vec()];
    for (name, status) in [("certificates-expire", &answered), ("nobody-answers", &breached)] {
        let of = ["sla.initialResponse.dueAt", "sla.initialResponse.result", "escalation.level", "escalation.cause"];
        rows.push(std::iter::once(name.to_owned()).chain(of.map(|path| text(status, path))).collect());
    }
    table(&rows);
    stage.say(
        "The support manager has it now, without anybody's doing. The plan says that the director gets it when another minute passes \
         without an acknowledgement. Each change of state is an Event, once:",
    );
    stage
        .show("kubectl get events -n shop --field-selector involvedObject.name=nobody-answers --sort-by .metadata.creationTimestamp -o custom-columns=TYPE:.type,REASON:.reason,NOTE:.message")
        .await?;
    stage.expect("certificates-expire was answered in time", text(&answered, "sla.initialResponse.result") == "Met");
    stage.expect("nobody-answers is breached", text(&breached, "sla.initialResponse.result") == "Breached");
    let cause = text(&breached, "escalation.cause");
    stage.expect("nobody-answers was escalated", cause == "ResponseBreached" || cause == "Unacknowledged");
    Ok(())
}
