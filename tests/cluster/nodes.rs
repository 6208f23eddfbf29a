//! The laboratory's nodes do what nodes do, and the misbehaving one what no sane node does. Not for: what the product makes
//! of it.

use std::time::Duration;

use futures::AsyncReadExt;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::Api;
use kube::api::{AttachParams, ListParams, LogParams};
use meshcase_lab::{BEGINNING, CURRENT_LOG, Lab, LogBehaviour, MADE_LINE, PREVIOUS_LOG};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt};
use tokio::time::timeout;

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  replicas: 2
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers:
      - {name: app, image: example.com/app:1}
      - {name: other, image: example.com/other:1}
";

/// The pods of [`DEPLOYMENT`] in a namespace of their own, by name.
async fn running_pods(lab: &Lab, prefix: &str) -> (Api<Pod>, String, Vec<String>) {
    lab.nodes(2).await.unwrap();
    let namespace = lab.namespace(prefix).await.unwrap();
    lab.apply_in(&namespace, DEPLOYMENT).await.unwrap();
    lab.wait_for_deployment(&namespace, "app").await.unwrap();
    let pods = Api::<Pod>::namespaced(lab.admin().await.unwrap(), &namespace);
    let listed = pods.list(&ListParams::default()).await.unwrap().items;
    let names = listed.iter().map(|pod| {
        let node = pod.spec.as_ref().unwrap().node_name.as_ref().unwrap();
        assert!(node.starts_with("node-"), "{node}");
        pod.metadata.name.clone().unwrap()
    });
    let names = names.collect();
    (pods, namespace, names)
}

#[tokio::test]
async fn nodes_are_asked_for_by_number_and_run_the_version_of_the_server() {
    let lab = Lab::shared().await.unwrap();
    lab.nodes(1).await.unwrap();
    lab.nodes(3).await.unwrap();
    let nodes =
        Api::<Node>::all(lab.admin().await.unwrap()).list(&ListParams::default().labels("lab=kwok")).await.unwrap();
    assert!(nodes.items.len() >= 3);
    for node in nodes {
        assert_eq!(node.status.unwrap().node_info.unwrap().kubelet_version, "v1.36.3");
    }
}

#[tokio::test]
async fn the_pods_of_a_deployment_run_and_have_logs_previous_logs_and_exec() {
    let lab = Lab::shared().await.unwrap();
    let (pods, namespace, names) = running_pods(lab, "nodes").await;
    assert_eq!(names.len(), 2);
    let log = async |pod: &str, container: &str, previous: bool| {
        // An hour back, as a collector asks.
        let asked = LogParams {
            container: Some(container.to_owned()),
            previous,
            since_seconds: Some(3600),
            ..LogParams::default()
        };
        pods.logs(pod, &asked).await.unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(log(&names[0], "app", false).await, CURRENT_LOG);
    assert_eq!(log(&names[1], "other", true).await, PREVIOUS_LOG);

    lab.container_log(&namespace, &names[0], "app", &["mine"], &["mine before"]).await.unwrap();
    lab.container_log(&namespace, &names[0], "other", &["others"], &[]).await.unwrap();
    assert_eq!(log(&names[0], "other", false).await, ["others"]);
    assert_eq!(log(&names[0], "app", false).await, ["mine"]);
    assert_eq!(log(&names[0], "app", true).await, ["mine before"]);
    assert_eq!(log(&names[1], "app", false).await, CURRENT_LOG);

    let asked = AttachParams::default().container("app").stderr(false);
    let mut running = pods.exec(&names[0], ["sh", "-c", "echo $((6 * 7))"], &asked).await.unwrap();
    let mut said = String::new();
    let mut out = running.stdout().unwrap();
    timeout(Duration::from_secs(20), out.read_to_string(&mut said)).await.unwrap().unwrap();
    assert_eq!(said, "42\n");
}

#[tokio::test]
async fn a_forwarded_port_ends_at_a_port_of_this_machine_and_no_other_port_does() {
    let lab = Lab::shared().await.unwrap();
    let (pods, namespace, names) = running_pods(lab, "forward").await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        loop {
            let (mut caller, _) = listener.accept().await.unwrap();
            caller.write_all(b"hello").await.unwrap();
        }
    });
    lab.forward(&namespace, &names[0], &[(15014, port)]).await.unwrap();
    let read = async |pod: &str, port: u16| {
        let mut forwarder = pods.portforward(pod, &[port]).await.ok()?;
        let mut stream = forwarder.take_stream(port)?;
        let mut said = [0; 5];
        timeout(Duration::from_secs(5), stream.read_exact(&mut said)).await.ok()?.ok()?;
        Some(said)
    };
    let what = "kwok to forward";
    let said = meshcase_lab::wait_for(what, Duration::from_secs(20), async || read(&names[0], 15014).await);
    assert_eq!(&said.await.unwrap(), b"hello");
    assert_eq!(read(&names[0], 15015).await, None);
    assert_eq!(read(&names[1], 15014).await, None);
    server.abort();
}

/// What the API server gives of one log of the misbehaving node, read by read, until it ends, fails or pauses.
async fn reads(pods: &Api<Pod>, container: &str, asked: LogParams, pause: Duration) -> (Vec<Vec<u8>>, End) {
    let asked = LogParams { container: Some(container.to_owned()), ..asked };
    let stream = pods.log_stream("bad", &asked).await.unwrap();
    let mut stream = std::pin::pin!(stream);
    let (mut reads, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        match timeout(pause, stream.read(&mut buffer)).await {
            Ok(Ok(0)) => return (reads, End::Whole),
            Ok(Ok(count)) => reads.push(buffer[..count].to_vec()),
            Ok(Err(_)) => return (reads, End::Failed),
            Err(_) => return (reads, End::Paused),
        }
    }
}

#[derive(Debug, PartialEq)]
enum End {
    Whole,
    Failed,
    Paused,
}

const LONG: Duration = Duration::from_secs(60);
const SECRET: &str = "correct-horse-battery-staple-correct-horse-battery-staple";

async fn bad_pod(prefix: &str) -> Api<Pod> {
    let lab = Lab::shared().await.unwrap();
    let namespace = lab.namespace(prefix).await.unwrap();
    let containers = [
        ("text", LogBehaviour::Text("one\ntwo\nthree\n".to_owned())),
        ("made", LogBehaviour::Made { bytes: 1 << 30 }),
        ("stalls", LogBehaviour::Stalls),
        ("cut", LogBehaviour::Cut),
        ("binary", LogBehaviour::Binary),
        ("split", LogBehaviour::SplitSecret(SECRET.to_owned())),
        ("error", LogBehaviour::Error),
    ];
    lab.bad_pod(&namespace, "bad", &containers).await.unwrap();
    Api::namespaced(lab.admin().await.unwrap(), &namespace)
}

#[tokio::test]
async fn a_log_of_a_gibibyte_is_made_while_it_is_read_and_cut_as_asked() {
    let pods = bad_pod("made").await;
    let limit = 32 * 1024 * 1024;
    let asked = LogParams { limit_bytes: Some(limit), ..LogParams::default() };
    let (read, end) = reads(&pods, "made", asked, LONG).await;
    assert_eq!((read.iter().map(Vec::len).sum::<usize>(), end), (limit as usize, End::Whole));
    let asked = LogParams { tail_lines: Some(2), timestamps: true, ..LogParams::default() };
    let (read, _) = reads(&pods, "made", asked, LONG).await;
    let text = String::from_utf8(read.concat()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    let last = (1 << 30) / MADE_LINE - 1;
    assert!(lines[1].starts_with("20") && lines[1].contains(&format!("Z line {last:012} of")), "{text}");
}

#[tokio::test]
async fn a_stalled_log_begins_and_never_ends() {
    let pods = bad_pod("stalls").await;
    let (read, end) = reads(&pods, "stalls", LogParams::default(), Duration::from_secs(3)).await;
    let read: usize = read.iter().map(Vec::len).sum();
    // The rest of the beginning stays in the server's buffers.
    assert!(read > BEGINNING / 2 && read <= BEGINNING, "{read}");
    assert_eq!(end, End::Paused);
}

#[tokio::test]
async fn the_api_server_ends_a_cut_log_in_good_order_but_within_a_line() {
    let pods = bad_pod("cut").await;
    let (read, end) = reads(&pods, "cut", LogParams::default(), LONG).await;
    let read = read.concat();
    assert!(read.len() > BEGINNING / 2, "{}", read.len());
    assert_ne!(read.last(), Some(&b'\n'));
    assert_eq!(end, End::Whole);
}

#[tokio::test]
async fn nul_bytes_and_invalid_utf_8_arrive_as_they_are() {
    let pods = bad_pod("binary").await;
    let (read, end) = reads(&pods, "binary", LogParams::default(), LONG).await;
    let read = read.concat();
    assert_eq!(end, End::Whole);
    assert!(read.starts_with(b"before\n\0\0") && read.ends_with(b"\nafter\n"), "{read:?}");
    assert!(std::str::from_utf8(&read).is_err());
}

#[tokio::test]
async fn a_secret_arrives_in_two_reads() {
    let pods = bad_pod("split").await;
    let (read, _) = reads(&pods, "split", LogParams::default(), LONG).await;
    let line = format!("token: {SECRET}\n");
    let mut at = 0;
    let ends = read.iter().map(|one| {
        at += one.len();
        at % line.len()
    });
    let within = "token: ".len() + 1..line.len() - 1;
    assert!(ends.collect::<Vec<_>>().iter().any(|end| within.contains(end)), "no read ends within the secret");
    assert!(String::from_utf8(read.concat()).unwrap().starts_with(&line));
}

#[tokio::test]
async fn a_node_that_fails_is_a_500_and_an_instance_that_never_was_a_400() {
    let pods = bad_pod("fails").await;
    let code = async |container: &str, previous: bool| {
        let asked = LogParams { container: Some(container.to_owned()), previous, ..LogParams::default() };
        let Err(kube::Error::Api(status)) = pods.logs("bad", &asked).await else { panic!("{container} has a log") };
        status.code
    };
    assert_eq!(code("error", false).await, 500);
    assert_eq!(code("text", true).await, 400);
    let asked = LogParams { container: Some("text".to_owned()), tail_lines: Some(2), ..LogParams::default() };
    assert_eq!(pods.logs("bad", &asked).await.unwrap(), "two\nthree\n");
}
