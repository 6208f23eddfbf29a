//! The chart as both majors of Helm render it and as the API server takes it. Not for: what its roles and policies let
//! people do (`admission.rs`).

use std::process::Command;

use meshcase_lab::{Helm, SYSTEM_NAMESPACE};
use serde_json::Value;

use crate::quiet::quiet;

/// The default, and values that switch every part of a template the other way.
const VALUES: [&[&str]; 3] = [
    &[],
    &[
        "--set=replicaCount=2,podDisruptionBudget.enabled=true,priorityClassName=system-cluster-critical,log.level=debug",
        "--set=collector.namespaces={shop,istio-system},collector.portForward=false,collector.logs=false",
        "--set=rbac.aggregate=false,crds.keep=false,serviceAccount.annotations.a=b,podAnnotations.a=b,podLabels.a=b",
        "--set=image.registry=mirror:5000,image.digest=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "--set=evidence.store=s3://bundles/meshcase,extraEnv[0].name=A,extraEnv[0].value=b,imagePullSecrets[0].name=pull",
        "--set=extraEnvFrom[0].secretRef.name=store,tolerations[0].operator=Exists",
        "--set=zoneinfo.volume.hostPath.path=/usr/share/zoneinfo,evidence.bundles.emptyDir=null,evidence.bundles.persistentVolumeClaim.claimName=bundles",
    ],
    &["--set=crds.enabled=false,admission.enabled=false"],
];

async fn render(helm: Helm, values: &[&str]) -> String {
    quiet().await.render_chart(helm, values).await.unwrap()
}

/// The objects of a rendered chart, in Helm's order.
fn objects(rendered: &str) -> Vec<Value> {
    let documents = rendered.split("\n---");
    let objects =
        documents.map(|document| serde_saphyr::from_str::<Value>(document.trim_start_matches("---")).unwrap());
    objects.filter(|object| !object.is_null()).collect()
}

fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|object| object["kind"] == kind).collect()
}

async fn container(values: &[&str]) -> Value {
    let objects = objects(&render(Helm::Four, values).await);
    of_kind(&objects, "Deployment")[0]["spec"]["template"]["spec"]["containers"][0].clone()
}

#[tokio::test]
async fn both_majors_of_helm_render_the_same_objects() {
    for values in VALUES {
        let (three, four) = (objects(&render(Helm::Three, values).await), objects(&render(Helm::Four, values).await));
        assert!(four.len() >= 12);
        for (three, four) in three.iter().zip(&four) {
            assert_eq!(three, four, "{values:?}");
        }
        assert_eq!(three.len(), four.len(), "{values:?}");
    }
}

#[tokio::test]
async fn the_server_takes_every_object_without_a_warning() {
    let lab = quiet().await;
    for values in VALUES {
        let rendered = render(Helm::Four, values).await;
        let file = tempfile::NamedTempFile::with_suffix(".yaml").unwrap();
        std::fs::write(file.path(), &rendered).unwrap();
        let path = file.path().to_string_lossy();
        // Namespaces of others need not exist for what only its shape is asked of.
        let namespaces = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: istio-system}\n";
        lab.apply(namespaces).await.unwrap();
        let output = lab
            .kubectl(&[
                "apply",
                "--server-side",
                "--force-conflicts",
                "--dry-run=server",
                "--validate=strict",
                "--filename",
                &path,
            ])
            .await
            .unwrap();
        let output = output.successful().unwrap();
        assert_eq!(output.stderr, "", "{values:?}");
        assert_eq!(output.stdout.lines().count(), objects(&rendered).len(), "{}", output.stdout);
    }
}

#[tokio::test]
async fn the_pod_meets_the_restricted_standard() {
    let lab = quiet().await;
    let namespace = lab.namespace("restricted").await.unwrap();
    let warn = "pod-security.kubernetes.io/warn=restricted";
    lab.kubectl(&["label", "namespace", &namespace, warn]).await.unwrap().successful().unwrap();
    let rendered = render(Helm::Four, &[]).await;
    let deployment = of_kind(&objects(&rendered), "Deployment")[0].clone();
    let apply = async |mut deployment: Value| {
        deployment["metadata"]["namespace"] = namespace.clone().into();
        let text = serde_json::to_string_pretty(&deployment).unwrap();
        lab.apply_in(&namespace, &format!("{text}\n")).await.unwrap().warnings
    };
    assert_eq!(apply(deployment.clone()).await, Vec::<String>::new());
    // The same check sees a pod that does not.
    let mut lax = deployment;
    lax["metadata"]["name"] = "lax".into();
    lax["spec"]["template"]["spec"]["containers"][0]["securityContext"] = Value::Null;
    assert!(apply(lax).await.iter().any(|warning| warning.contains("violate PodSecurity")));
}

#[tokio::test]
async fn the_operator_understands_the_arguments_of_its_container() {
    for values in VALUES {
        let container = container(values).await;
        let arguments = container["args"].as_array().unwrap().iter().map(|argument| argument.as_str().unwrap());
        // The kubelet puts the variables in. Arguments before `--help` are read and checked.
        let arguments = arguments.map(|argument| argument.replace("$(POD_NAMESPACE)", SYSTEM_NAMESPACE));
        let output = Command::new(env!("CARGO_BIN_EXE_meshcase")).args(arguments).arg("--help").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[tokio::test]
async fn an_operator_elects_a_leader_unless_it_is_told_not_to_and_several_must() {
    let elects = |container: &Value, how: &str| {
        container["args"].as_array().unwrap().contains(&format!("--leader-elect={how}").into())
    };
    assert!(elects(&container(&[]).await, "true"));
    assert!(elects(&container(&["--set=replicaCount=2"]).await, "true"));
    assert!(elects(&container(&["--set=leaderElect=false"]).await, "false"));
}

#[tokio::test]
async fn the_definitions_of_the_chart_are_those_of_the_types() {
    let objects = objects(&render(Helm::Four, &[]).await);
    let mut rendered: Vec<Value> = of_kind(&objects, "CustomResourceDefinition").into_iter().cloned().collect();
    for crd in &mut rendered {
        let metadata = crd["metadata"].as_object_mut().unwrap();
        // Uninstalling the chart takes no case away.
        assert_eq!(metadata.remove("annotations").unwrap()["helm.sh/resource-policy"], "keep");
        assert!(metadata.remove("labels").is_some());
    }
    let mut types = meshcase::api::definitions().unwrap();
    for crds in [&mut rendered, &mut types] {
        crds.sort_by_key(|crd| crd["metadata"]["name"].to_string());
    }
    for (rendered, types) in rendered.iter().zip(&types) {
        assert_eq!(rendered, types);
    }
    assert_eq!(rendered.len(), types.len());
}

#[tokio::test]
async fn the_policies_believe_the_account_that_the_operator_runs_as() {
    let objects = objects(&render(Helm::Four, &["--set=serviceAccount.name=other"]).await);
    let pod = &of_kind(&objects, "Deployment")[0]["spec"]["template"]["spec"];
    assert_eq!(pod["serviceAccountName"], "other");
    let policies = of_kind(&objects, "ValidatingAdmissionPolicy");
    for name in ["meshcase-status", "meshcase-activity-record"] {
        let policy = policies.iter().find(|policy| policy["metadata"]["name"] == name).unwrap();
        let validations = policy["spec"]["validations"].as_array().unwrap().iter();
        let expressions: Vec<_> = validations.map(|one| one["expression"].as_str().unwrap()).collect();
        let account = format!("request.userInfo.username == 'system:serviceaccount:{SYSTEM_NAMESPACE}:other'");
        assert!(expressions.last().unwrap().ends_with(&account), "{expressions:?}");
    }
}

#[tokio::test]
async fn the_collector_can_be_held_to_namespaces_and_kept_from_logs_and_ports() {
    let grants = |objects: &[Value], resource: &str| {
        let roles = of_kind(objects, "ClusterRole");
        let role = roles.iter().find(|role| role["metadata"]["name"] == "meshcase-collector").unwrap();
        let rules = role["rules"].as_array().unwrap();
        rules.iter().any(|rule| rule["resources"].as_array().unwrap().contains(&resource.into()))
    };
    let bound = |objects: &[Value], kind: &str| -> Vec<String> {
        let bindings = of_kind(objects, kind).into_iter();
        let bindings = bindings.filter(|binding| binding["roleRef"]["name"] == "meshcase-collector");
        bindings.map(|binding| binding["metadata"]["namespace"].as_str().unwrap_or("everywhere").to_owned()).collect()
    };
    let wide = objects(&render(Helm::Four, &[]).await);
    assert!(grants(&wide, "pods/log") && grants(&wide, "pods/portforward"));
    assert_eq!(bound(&wide, "ClusterRoleBinding"), ["everywhere"]);
    let narrow = objects(&render(Helm::Four, VALUES[1]).await);
    assert!(!grants(&narrow, "pods/log") && !grants(&narrow, "pods/portforward"));
    assert_eq!(bound(&narrow, "ClusterRoleBinding"), [""; 0]);
    assert_eq!(bound(&narrow, "RoleBinding"), ["shop", "istio-system"]);
}

#[tokio::test]
async fn no_role_holds_a_wildcard_a_secret_or_a_way_to_more_rights() {
    for values in VALUES {
        let objects = objects(&render(Helm::Four, values).await);
        let roles = [of_kind(&objects, "ClusterRole"), of_kind(&objects, "Role")].concat();
        assert_eq!(roles.len(), 8);
        for rule in roles.iter().flat_map(|role| role["rules"].as_array().unwrap()) {
            let words =
                ["apiGroups", "resources", "verbs"].map(|part| rule[part].as_array().unwrap()).into_iter().flatten();
            for word in words.map(|word| word.as_str().unwrap()) {
                assert!(!["*", "secrets", "escalate", "bind", "pods/exec", "nodes/proxy"].contains(&word), "{rule}");
            }
        }
    }
}

#[tokio::test]
async fn a_value_with_a_typing_error_is_refused_by_its_name() {
    let lab = quiet().await;
    for (value, part) in [
        ("--set=replicaCout=2", "replicaCout"),
        ("--set=collector.log=false", "log"),
        ("--set=replicaCount=many", "replicaCount"),
        ("--set=evidence.store=/bundles", "store"),
    ] {
        for helm in [Helm::Three, Helm::Four] {
            let refused = lab.render_chart(helm, &[value]).await.unwrap_err().to_string();
            assert!(refused.contains(part) && refused.contains("schema"), "{value}: {refused}");
        }
    }
}
