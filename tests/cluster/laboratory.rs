//! The laboratory itself: it is what it says, and leaves nothing behind. Not for: the product.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use meshcase_lab::{Identity, Lab, leftovers, wait_for};

use crate::mesh::injected_pod;

#[tokio::test]
async fn the_control_plane_answers_with_the_version_it_was_stamped_with() {
    let lab = Lab::shared().await.unwrap();
    let version = lab.admin().await.unwrap().apiserver_version().await.unwrap();
    assert_eq!(version.git_version, "v1.36.3");
}

#[tokio::test]
async fn applied_yaml_is_there_and_warnings_of_the_server_are_told() {
    let lab = Lab::shared().await.unwrap();
    let namespace = lab.namespace("apply").await.unwrap();
    let two = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: z}\n---\napiVersion: v1\nkind: Endpoints\nmetadata: {name: old}\n";
    let applied = lab.apply_in(&namespace, two).await.unwrap();
    assert_eq!(applied.objects.len(), 2, "{applied:?}");
    assert!(applied.warnings.iter().any(|warning| warning.contains("Endpoints is deprecated")), "{applied:?}");
    let found = Api::<ConfigMap>::namespaced(lab.admin().await.unwrap(), &namespace).get("a").await.unwrap();
    assert_eq!(found.data.unwrap()["x"], "z");
}

#[tokio::test]
async fn a_caller_has_the_rights_of_its_identity_and_no_other() {
    let lab = Lab::shared().await.unwrap();
    let namespace = lab.namespace("rights").await.unwrap();
    lab.apply_in(&namespace, &format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: view}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}\nsubjects:\n- {{kind: ServiceAccount, name: default, namespace: {namespace}}}\n- {{kind: Group, name: watchers, apiGroup: rbac.authorization.k8s.io}}\n"
    )).await.unwrap();
    let lists = async |client| Api::<ConfigMap>::namespaced(client, &namespace).list(&Default::default()).await;
    lists(lab.client_for_service_account(&namespace, "default").await.unwrap()).await.unwrap();
    lists(lab.client_for_user("ann", &["watchers"]).await.unwrap()).await.unwrap();
    let refused = lists(lab.client_for_user("bob", &[]).await.unwrap()).await.unwrap_err();
    assert!(refused.to_string().contains("\"bob\" cannot list"), "{refused}");
    let refused = lab.kubectl_as(&Identity::user("bob", &[]), &["get", "configmaps", "-n", &namespace]).await.unwrap();
    assert!(!refused.success && refused.stderr.contains("cannot list"), "{refused:?}");
    let events = lab.audit().unwrap();
    let denied =
        events.iter().find(|event| event.impersonated_user.as_ref().is_some_and(|user| user.username == "bob"));
    assert_eq!(denied.unwrap().response_status.as_ref().unwrap().code, 403);
}

/// Not a test of its own: the process that [`a_holder_killed_with_9_leaves_no_process_port_or_folder`] kills.
#[tokio::test]
#[ignore = "a child of another test"]
async fn holds_a_laboratory_until_it_is_killed() {
    let lab = Lab::start().await.unwrap();
    lab.bad_node().await.unwrap();
    lab.istio().await.unwrap();
    let (namespace, pod) = injected_pod(&lab, "held", "istio-injection=enabled").await;
    let _sidecar = lab.sidecar(&namespace, &pod.metadata.name.unwrap()).await.unwrap();
    println!("\nholding {} {:?}", lab.folder().display(), lab.ports());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_holder_killed_with_9_leaves_no_process_port_or_folder() {
    let mut holder = Command::new(std::env::current_exe().unwrap());
    holder.args(["--ignored", "--exact", "--nocapture", "laboratory::holds_a_laboratory_until_it_is_killed"]);
    let mut holder = holder.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(holder.stdout.take().unwrap()).lines().map_while(Result::ok);
    let line = lines.into_iter().find(|line| line.starts_with("holding ")).expect("the holder starts its laboratory");
    let mut words = line.split_whitespace().skip(1);
    let folder = PathBuf::from(words.next().unwrap());
    let ports: Vec<u16> = words.map(|word| word.trim_matches(['[', ']', ',']).parse().unwrap()).collect();
    let held = leftovers(&folder);
    for part in [
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kwok",
        "pilot-discovery",
        "pilot-agent",
        "envoy",
        "meshcase-lab-reaper",
        "folder",
    ] {
        assert!(held.iter().any(|one| one.contains(part)), "{part} of {held:?}");
    }
    // Three of the control plane, kwok's, the misbehaving node's, six of istiod's.
    assert_eq!(ports.len(), 11);

    holder.kill().unwrap();
    holder.wait().unwrap();

    let gone = wait_for("the killed holder's parts to go", Duration::from_secs(20), async || {
        let listening = ports.iter().any(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err());
        (leftovers(&folder).is_empty() && !listening).then_some(())
    });
    gone.await.unwrap_or_else(|error| panic!("{error}: {:?}", leftovers(&folder)));
}

#[tokio::test]
async fn a_laboratory_that_is_dropped_leaves_no_process_port_or_folder() {
    let lab = Lab::start().await.unwrap();
    lab.nodes(1).await.unwrap();
    lab.bad_node().await.unwrap();
    let (folder, ports) = (lab.folder().to_owned(), lab.ports());
    drop(lab);
    assert_eq!(leftovers(&folder), Vec::<String>::new());
    assert!(ports.iter().all(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()));
}
