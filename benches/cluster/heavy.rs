//! Large objects of other people: what the operator weighs beside them. Not for: many objects (`load.rs`).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ApiResource, DynamicObject, PostParams};
use kube::{Api, Client};
use meshcase::api::{EvidenceState, SupportActivity, SupportCase};
use meshcase_lab::{Lab, wait_for};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::load::case;
use crate::{Failure, lab, operator};

const ACTIVITIES: usize = 1_200;
const OBJECTS: usize = 50;
const PODS: usize = 250;
/// The API server takes 256 KiB of annotations, and about 1.5 MiB of an object.
const ANNOTATION: usize = 250 * 1024;
const OBJECT: usize = 1400 * 1024;
const WRITERS: usize = 8;
const PATIENCE: Duration = Duration::from_secs(300);

const KIND: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: virtualservices.networking.istio.io}
spec:
  group: networking.istio.io
  scope: Namespaced
  names: {kind: VirtualService, listKind: VirtualServiceList, plural: virtualservices, singular: virtualservice}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";

pub async fn run() -> Result<(), Failure> {
    let lab = lab().await?;
    let client = lab.admin().await?;
    let namespace = lab.namespace("heavy").await?;
    fill(&lab, &client, &namespace).await?;
    let began = Instant::now();
    let operator = lab.operator(&operator()).await?;
    println!("ready {:.1} s after its start beside large objects", began.elapsed().as_secs_f64());
    let cases = Api::<SupportCase>::namespaced(client, &namespace);
    let evidence = wait_for("the bundle beside large objects", PATIENCE, async || {
        let evidence = cases.get("heavy").await.ok()?.status?.evidence?;
        let done = [EvidenceState::Complete, EvidenceState::Partial, EvidenceState::Failed];
        done.contains(&evidence.state).then_some(evidence)
    })
    .await?;
    println!(
        "{ACTIVITIES} activities with {} KiB of annotations, {OBJECTS} mesh objects of {} KiB, {PODS} pods of {} KiB: the bundle is {:?}, {} items missing; memory of the operator at its peak {} MiB",
        ANNOTATION >> 10,
        OBJECT >> 10,
        ANNOTATION >> 10,
        evidence.state,
        evidence.missing_total.unwrap_or_default(),
        operator.rss_peak_kib()? / 1024
    );
    operator.stop().await?;
    Ok(())
}

async fn fill(lab: &Lab, client: &Client, namespace: &str) -> Result<(), Failure> {
    lab.apply(KIND).await?;
    lab.kubectl(&["wait", "--for=condition=Established", "crd/virtualservices.networking.istio.io"])
        .await?
        .successful()?;
    lab.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: mesh}\n").await?;
    let mut heavy = case("heavy".to_owned());
    heavy.spec.evidence = None;
    Api::<SupportCase>::namespaced(client.clone(), namespace).create(&PostParams::default(), &heavy).await?;
    let annotations = BTreeMap::from([("example.com/large", "x".repeat(ANNOTATION))]);
    let activities = Api::<SupportActivity>::namespaced(client.clone(), namespace);
    create(&activities, ACTIVITIES, |number| {
        json!({
            "apiVersion": "meshcase.io/v1alpha1", "kind": "SupportActivity",
            "metadata": {"name": format!("update-{number}"), "annotations": annotations},
            "spec": {"caseRef": {"name": "heavy"}, "actor": {"role": "SupportEngineer"}, "type": "Updated", "message": "looking"},
        })
    })
    .await?;
    let resource = ApiResource {
        group: "networking.istio.io".to_owned(),
        version: "v1".to_owned(),
        api_version: "networking.istio.io/v1".to_owned(),
        kind: "VirtualService".to_owned(),
        plural: "virtualservices".to_owned(),
    };
    let objects = Api::<DynamicObject>::namespaced_with(client.clone(), "mesh", &resource);
    let text = "x".repeat(OBJECT);
    create(&objects, OBJECTS, |number| {
        json!({
            "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
            "metadata": {"name": format!("routes-{number}")}, "spec": {"text": text},
        })
    })
    .await?;
    let pods = Api::<Pod>::namespaced(client.clone(), namespace);
    create(&pods, PODS, |number| {
        let container = json!({"name": "app", "image": "example.com/app:1", "env": [{"name": "LARGE", "value": "x".repeat(ANNOTATION)}]});
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("pod-{number}"), "annotations": annotations},
            "spec": {"containers": [container]},
        })
    })
    .await
}

/// Creates `count` objects, a few at once.
async fn create<K>(api: &Api<K>, count: usize, make: impl Fn(usize) -> Value) -> Result<(), Failure>
where
    K: Clone + std::fmt::Debug + Serialize + DeserializeOwned,
{
    let objects = (0..count).map(|number| serde_json::from_value::<K>(make(number)));
    let params = PostParams::default();
    stream::iter(objects)
        .map(|object| async {
            api.create(&params, &object?).await?;
            Ok::<_, Failure>(())
        })
        .buffer_unordered(WRITERS)
        .try_collect()
        .await
}
