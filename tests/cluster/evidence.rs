//! The bundle of a case: what is in it, as whom it was read, and what a node that misbehaves or a right that lacks makes of
//! it. Not for: every rule of redaction; those have tables beside the code.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use chrono::TimeDelta;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, PostParams};
use meshcase::api::{EvidenceState, EvidenceStatus, SupportCaseStatus};
use meshcase::evidence::archive::manifest::{Manifest, Outcome};
use meshcase_lab::{
    AuditEvent, COLLECTOR_ACCOUNT, CURRENT_LOG, Lab, LogBehaviour, OPERATOR_ACCOUNT, OperatorOptions, PREVIOUS_LOG,
    SYSTEM_NAMESPACE,
};
use sha2::{Digest, Sha256};

use crate::story::{OPERATOR, Story, TERM};

/// An application with an init container and two others.
const CHECKOUT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout}
spec:
  selector: {matchLabels: {app: checkout}}
  template:
    metadata: {labels: {app: checkout}}
    spec:
      initContainers: [{name: migrate, image: example.com/migrate:1}]
      containers: [{name: app, image: example.com/checkout:7}, {name: metrics, image: example.com/metrics:2}]
";

pub fn is_collected(status: &SupportCaseStatus) -> bool {
    let state = status.evidence.as_ref().map(|evidence| evidence.state);
    !matches!(state, None | Some(EvidenceState::Pending | EvidenceState::Collecting))
}

/// A stored bundle, taken apart.
pub struct Bundle {
    pub members: BTreeMap<String, Vec<u8>>,
    pub manifest: Manifest,
}

impl Bundle {
    /// Reads the bundle that the status names, and holds the status to the file.
    pub fn of(evidence: &EvidenceStatus) -> Self {
        let bundle = evidence.bundle.as_ref().unwrap_or_else(|| panic!("no bundle: {evidence:?}"));
        let path = Path::new(bundle.uri.strip_prefix("file://").unwrap());
        let file = std::fs::read(path).unwrap();
        assert_eq!(i64::try_from(file.len()).unwrap(), bundle.size_bytes);
        assert_eq!(format!("{:x}", Sha256::digest(&file)), bundle.sha256);
        let mut members = BTreeMap::new();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file.as_slice()));
        let mut names = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            names.push(name.clone());
            members.insert(name, content);
        }
        assert!(names.is_sorted(), "{names:?}");
        let manifest: Manifest = serde_json::from_slice(&members["manifest.json"]).unwrap();
        Self { members, manifest }
    }

    /// The text of the member that holds this item.
    pub fn text(&self, item: &str) -> String {
        let entry = self.manifest.items.iter().find(|entry| entry.item.as_str() == item);
        let entry = entry.unwrap_or_else(|| panic!("no item {item:?} in {:#?}", self.manifest.items));
        let member = entry.member.as_ref().unwrap_or_else(|| panic!("{entry:?}"));
        let content = &self.members[member];
        assert_eq!(entry.bytes, content.len() as u64);
        assert_eq!(entry.sha256, Some(format!("{:x}", Sha256::digest(content))));
        String::from_utf8_lossy(content).into_owned()
    }

    /// The outcome of each item that is about `container`.
    pub fn outcome(&self, container: &str) -> Outcome {
        let about = format!("log of container {container} in");
        let entry = self.manifest.items.iter().find(|entry| entry.item.as_str().starts_with(&about));
        entry.unwrap_or_else(|| panic!("no {about} in {:#?}", self.manifest.items)).outcome
    }
}

#[tokio::test]
async fn the_bundle_holds_facts_events_and_logs_of_every_container_read_as_the_collector() {
    let story = Story::begin("bundle").await;
    story.lab.nodes(2).await.unwrap();
    story.lab.apply_in(&story.namespace, CHECKOUT).await.unwrap();
    story.lab.wait_for_deployment(&story.namespace, "checkout").await.unwrap();
    let pod = restarted(&story, "app").await;
    let contract = story.contract("premium", &format!("plan: MesospherePremium\n  {TERM}")).await;
    let affected = "affected: [{kind: Deployment, name: checkout}]";
    story
        .case("down", &format!("{{contractRef: {{name: {contract}}}, title: Down, severity: Sev1, {affected}}}"))
        .await;

    let status = story.until("down", "has its evidence", is_collected).await;
    let evidence = status.evidence.unwrap();
    assert_eq!(evidence.state, EvidenceState::Complete, "{evidence:?}");
    assert_eq!(evidence.missing, []);
    let cluster = status.cluster.unwrap();
    assert_eq!(cluster.kubernetes.unwrap().version, "v1.36.3");
    // Facts are shared for a minute: how many nodes there were then depends on the other tests.
    assert!(cluster.nodes.is_some());

    let bundle = Bundle::of(&evidence);
    let log = |which: &str, container: &str| {
        bundle.text(&format!("{which} of container {container} in pod {}/{pod}", story.namespace))
    };
    for container in ["migrate", "app", "metrics"] {
        let log = log("log", container);
        assert!(CURRENT_LOG.iter().all(|line| log.contains(line)), "{log}");
    }
    let previous = log("previous log", "app");
    assert!(PREVIOUS_LOG.iter().all(|line| previous.contains(line)), "{previous}");
    assert!(bundle.text(&format!("events in namespace {}", story.namespace)).contains("Scheduled"));
    assert!(bundle.text("facts of the cluster and its meshes").contains("v1.36.3"));
    assert!(bundle.members.contains_key("redactions.json"));

    let account = |name: &str| format!("system:serviceaccount:{SYSTEM_NAMESPACE}:{name}");
    let reads = log_reads(&story);
    let why = "three current logs and the previous one of the container that restarted, each read once";
    assert_eq!(reads.len(), 4, "{why}");
    for read in reads {
        assert_eq!(read.user.username, account(OPERATOR_ACCOUNT));
        assert_eq!(read.impersonated_user.map(|user| user.username), Some(account(COLLECTOR_ACCOUNT)));
    }
}

/// Says of the one pod of the namespace that this container of it was started again, and gives the pod's name.
async fn restarted(story: &Story<'_>, container: &str) -> String {
    let pods = story.api::<Pod>();
    let mut pod = pods.list(&ListParams::default()).await.unwrap().items.remove(0);
    let statuses = pod.status.as_mut().unwrap().container_statuses.as_mut().unwrap();
    statuses.iter_mut().find(|status| status.name == container).unwrap().restart_count = 1;
    let name = pod.metadata.name.clone().unwrap();
    pods.replace_status(&name, &PostParams::default(), &pod).await.unwrap();
    name
}

#[tokio::test]
async fn a_node_that_misbehaves_costs_its_own_items_only_and_a_split_secret_stays_inside() {
    let story = Story::begin("misbehaves").await;
    let secret = ["ghp", "_", "R4nd0mLetters0fOurOwnMaking012345678"].concat();
    let containers = [
        ("plain", LogBehaviour::Text("all is well\n".to_owned())),
        ("binary", LogBehaviour::Binary),
        ("split", LogBehaviour::SplitSecret(secret.clone())),
        ("stalls", LogBehaviour::Stalls),
        ("cut", LogBehaviour::Cut),
        ("error", LogBehaviour::Error),
    ];
    story.lab.bad_pod(&story.namespace, "odd", &containers).await.unwrap();
    let contract = story.contract("premium", &format!("plan: MesospherePremium\n  {TERM}")).await;
    let affected = "affected: [{kind: Pod, name: odd}]";
    story.case("odd", &format!("{{contractRef: {{name: {contract}}}, title: Odd, severity: Sev1, {affected}}}")).await;

    let evidence = story.until("odd", "has its evidence", is_collected).await.evidence.unwrap();
    assert_eq!(evidence.state, EvidenceState::Partial, "{evidence:?}");
    let bundle = Bundle::of(&evidence);
    let of = |container: &str| bundle.text(&format!("log of container {container} in pod {}/odd", story.namespace));
    assert!(of("plain").contains("all is well"));
    assert!(of("binary").contains('\0'), "NUL bytes come through");
    assert!(of("split").contains("token: "));
    for (name, content) in &bundle.members {
        let text = String::from_utf8_lossy(content);
        assert!(
            !text.contains(&secret[..16]) && !text.contains(&secret[secret.len() - 16..]),
            "the secret is in {name}"
        );
    }
    assert!(evidence.redactions.unwrap() > 0);
    let outcomes = ["plain", "binary", "split", "stalls", "cut", "error"].map(|container| bundle.outcome(container));
    use Outcome::{Collected, Failed, TimedOut, Truncated};
    assert_eq!(outcomes, [Collected, Collected, Collected, TimedOut, Truncated, Failed]);
    let missing: Vec<&str> = evidence.missing.iter().map(|missing| missing.item.as_str()).collect();
    for container in ["stalls", "cut", "error"] {
        assert!(missing.iter().any(|item| item.contains(&format!("container {container} "))), "{missing:?}");
    }
}

#[tokio::test]
async fn a_namespace_that_the_collector_may_not_read_makes_the_bundle_partial_and_never_fails_the_case() {
    let lab = Lab::start().await.unwrap();
    lab.operator(&OperatorOptions::new(OPERATOR)).await.unwrap();
    let story = Story::within(&lab, "narrowed").await;
    let mesh = lab.namespace("mesh").await.unwrap();
    lab.bad_pod(&story.namespace, "app", &[("app", LogBehaviour::Text("served\n".to_owned()))]).await.unwrap();
    // A platform team narrows the collector: it may read the case's namespace and no other.
    let narrow = format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: collector}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {COLLECTOR_ACCOUNT}}}\nsubjects: [{{kind: ServiceAccount, name: {COLLECTOR_ACCOUNT}, namespace: {SYSTEM_NAMESPACE}}}]\n"
    );
    lab.apply_in(&story.namespace, &narrow).await.unwrap();
    lab.kubectl(&["delete", "clusterrolebinding", COLLECTOR_ACCOUNT]).await.unwrap().successful().unwrap();

    let evidence = format!("evidence: {{meshNamespaces: [{mesh}]}}");
    let contract = story.contract("premium", &format!("plan: MesospherePremium\n  {TERM}\n  {evidence}")).await;
    let affected = "affected: [{kind: Pod, name: app}]";
    story
        .case("narrow", &format!("{{contractRef: {{name: {contract}}}, title: Help, severity: Sev1, {affected}}}"))
        .await;
    let status = story.until("narrow", "has its evidence", is_collected).await;
    let evidence = status.evidence.unwrap();
    assert_eq!(evidence.state, EvidenceState::Partial, "{evidence:?}");
    let bundle = Bundle::of(&evidence);
    assert_eq!(bundle.outcome("app"), Outcome::Collected);
    let control_plane = bundle.manifest.items.iter().find(|entry| entry.item.as_str().contains(&mesh)).unwrap();
    assert_eq!(control_plane.outcome, Outcome::Forbidden, "{control_plane:?}");
    assert!(evidence.missing.iter().any(|missing| missing.item.contains(&mesh)), "{:?}", evidence.missing);
    assert_eq!(crate::story::condition(&status.conditions, "Ready").unwrap().0, "True");
}

#[tokio::test]
async fn with_approval_required_no_log_is_read_before_the_case_says_yes_to_the_plan_in_its_status() {
    let story = Story::begin("approval").await;
    story.lab.bad_pod(&story.namespace, "app", &[("app", LogBehaviour::Text("served\n".to_owned()))]).await.unwrap();
    let evidence = "evidence: {approval: Required}";
    let contract = story.contract("premium", &format!("plan: MesospherePremium\n  {TERM}\n  {evidence}")).await;
    let asks = |evidence: &str| {
        let rest = format!("affected: [{{kind: Pod, name: app}}], evidence: {{{evidence}}}");
        format!("{{contractRef: {{name: {contract}}}, title: Help, severity: Sev1, {rest}}}")
    };
    story.case("ask", &asks("approved: false")).await;
    let state = |status: &SupportCaseStatus| status.evidence.as_ref().map(|evidence| evidence.state);
    let waits = story.until("ask", "waits", |status| state(status) == Some(EvidenceState::AwaitingApproval)).await;
    let log = format!("log of container app in pod {}/app", story.namespace);
    let plan = waits.evidence.unwrap().plan.unwrap();
    assert!(plan.items.contains(&log), "{plan:?}");
    assert!(log_reads(&story).is_empty());

    story.case("ask", &asks("approved: true")).await;
    let status = story.until("ask", "has its evidence", |status| {
        is_collected(status) && state(status) != Some(EvidenceState::AwaitingApproval)
    });
    let evidence = status.await.evidence.unwrap();
    assert_eq!(evidence.state, EvidenceState::Complete, "{evidence:?}");
    assert!(evidence.plan.as_ref().unwrap().items.contains(&log), "what was approved stays");
    assert!(Bundle::of(&evidence).text(&log).contains("served"));
    assert!(!log_reads(&story).is_empty());

    let first = evidence.started_at.unwrap();
    let again = (first + TimeDelta::seconds(1)).to_rfc3339();
    story.case("ask", &asks(&format!("approved: true, collectAgainAt: '{again}'"))).await;
    let status = story.until("ask", "has its second bundle", |status| {
        is_collected(status) && status.evidence.as_ref().and_then(|evidence| evidence.started_at) > Some(first)
    });
    let plan = status.await.evidence.unwrap().plan.unwrap();
    assert!(plan.items.is_empty(), "nobody was shown the plan of this bundle: {plan:?}");
}

#[tokio::test]
async fn ruling_37_the_facts_of_one_tenant_do_not_wait_for_the_stalled_bundles_of_another() {
    const SLOW: usize = 20;
    let slow = Story::begin("slow").await;
    // Read four at once, given up after 15 s of silence: each of these bundles takes that long.
    let containers = ["a", "b", "c", "d"].map(|name| (name, LogBehaviour::Stalls));
    slow.lab.bad_pod(&slow.namespace, "stuck", &containers).await.unwrap();
    let contract = slow.contract("premium", &format!("plan: MesospherePremium\n  {TERM}")).await;
    let spec = format!("{{contractRef: {{name: {contract}}}, title: Stuck, affected: [{{kind: Pod, name: stuck}}]}}");
    let case = |number| {
        format!(
            "apiVersion: meshcase.io/v1alpha1\nkind: SupportCase\nmetadata: {{name: stuck-{number}}}\nspec: {spec}\n"
        )
    };
    let cases: Vec<String> = (0..SLOW).map(case).collect();
    slow.lab.apply_in(&slow.namespace, &cases.join("---\n")).await.unwrap();
    for number in 0..SLOW {
        slow.until(&format!("stuck-{number}"), "has its facts", |status| status.cluster.is_some()).await;
    }

    let quick = Story::within(slow.lab, "quick").await;
    let contract = quick.contract("premium", &format!("plan: MesospherePremium\n  {TERM}")).await;
    quick.case("down", &format!("{{contractRef: {{name: {contract}}}, title: Down, severity: Sev1}}")).await;
    quick.until("down", "has its facts", |status| status.cluster.is_some()).await;
    let unfinished = async || {
        let cases = slow.cases().list(&ListParams::default()).await.unwrap().items;
        cases.iter().filter(|case| !case.status.as_ref().is_some_and(is_collected)).count()
    };
    assert!(unfinished().await >= SLOW - 4, "the facts came when most of the slow bundles were done");
    quick.until("down", "has its evidence", is_collected).await;
    assert!(unfinished().await >= SLOW - 4, "its bundle waited for its turn behind those of another namespace");
    slow.lab.kubectl(&["delete", "supcase", "--all", "-n", &slow.namespace]).await.unwrap().successful().unwrap();
}

/// The requests, by anybody, for logs of the story's namespace.
pub fn log_reads(story: &Story<'_>) -> Vec<AuditEvent> {
    let of = |event: &AuditEvent| {
        let object = event.object_ref.as_ref();
        object.is_some_and(|object| object.subresource == "log" && object.namespace == story.namespace)
    };
    story.lab.audit().unwrap().into_iter().filter(of).collect()
}
