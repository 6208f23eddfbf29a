//! A node that misbehaves: it serves container logs over HTTPS and nothing else, and does it as badly as it is told. It runs
//! on a thread of this process. Not for: what an ordinary node does (`nodes.rs`).

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use kube::api::{Patch, PatchParams};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::bad_log::{LogBehaviour, LogRequest};
use crate::identity::client_of;
use crate::nodes::node_info;
use crate::{Context, Identity, Lab, Result, wait_for};

/// Its name.
pub const BAD_NODE: &str = "bad-node";

/// A node that has not been heard of for 50 s is taken for dead.
const HEARTBEAT: Duration = Duration::from_secs(10);

type Body = UnsyncBoxBody<Bytes, std::io::Error>;
/// By namespace, pod and container.
type Behaviours = Arc<Mutex<HashMap<(String, String, String), LogBehaviour>>>;

/// The running server. Dropping it ends its thread.
#[derive(Debug)]
pub(crate) struct BadNode {
    behaviours: Behaviours,
    pub(crate) port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for BadNode {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Lab {
    /// Sees to the misbehaving node, called [`BAD_NODE`]. Only pods of [`Lab::bad_pod`] run there. Once per laboratory;
    /// later callers find it done.
    ///
    /// # Errors
    /// When its server cannot be started or the API server refuses the node.
    pub async fn bad_node(&self) -> Result<()> {
        self.bad_node.get_or_try_init(|| self.start_bad_node()).await.map(drop)
    }

    /// A running pod on the misbehaving node, with these containers, each with its log's behaviour.
    ///
    /// # Errors
    /// As [`Lab::bad_node`], and when the API server refuses the pod.
    pub async fn bad_pod(&self, namespace: &str, name: &str, containers: &[(&str, LogBehaviour)]) -> Result<()> {
        let node = self.bad_node.get_or_try_init(|| self.start_bad_node()).await?;
        {
            let mut behaviours = node.behaviours.lock().unwrap_or_else(PoisonError::into_inner);
            for (container, behaviour) in containers {
                let key = (namespace.to_owned(), name.to_owned(), (*container).to_owned());
                behaviours.insert(key, behaviour.clone());
            }
        }
        let names: Vec<&str> = containers.iter().map(|(container, _)| *container).collect();
        let pods = Api::<Pod>::namespaced(self.admin().await?, namespace);
        let pod: Pod = serde_json::from_value(pod(name, &names)).context("describing a pod")?;
        pods.create(&Default::default(), &pod).await.context(format!("creating the pod {namespace}/{name}"))?;
        let status = Patch::Merge(json!({"status": pod_status(&names)}));
        let patched = pods.patch_status(name, &PatchParams::default(), &status).await;
        patched.context(format!("saying that the pod {namespace}/{name} runs")).map(drop)
    }

    async fn start_bad_node(&self) -> Result<BadNode> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("listening for the misbehaving node")?;
        let port = listener.local_addr().context("reading the misbehaving node's port")?.port();
        let acceptor = acceptor()?;
        let kubeconfig = self.control_plane.server.kubeconfig(&Identity::Admin)?;
        let behaviours = Behaviours::default();
        let (stop, stopped) = oneshot::channel();
        let served = behaviours.clone();
        // Clients of tests belong to the runtime of one test; this server must outlive each.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("making the misbehaving node's runtime")?;
        let thread = std::thread::Builder::new().name(BAD_NODE.to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    () = serve(listener, acceptor, served) => {}
                    () = beat(&kubeconfig) => {}
                }
            });
        });
        let thread = Some(thread.context("starting the misbehaving node's thread")?);
        let node = BadNode { behaviours, port, stop: Some(stop), thread };
        self.register_bad_node(port).await?;
        Ok(node)
    }

    async fn register_bad_node(&self, port: u16) -> Result<()> {
        let client = self.admin().await?;
        let version = client.apiserver_version().await.context("reading the server's version")?.git_version;
        let nodes = Api::<Node>::all(client);
        let node: Node = serde_json::from_value(node(port, &version)).context("describing the misbehaving node")?;
        nodes.create(&Default::default(), &node).await.context("creating the misbehaving node")?;
        wait_for("the misbehaving node to be taken for ready", Duration::from_secs(60), async || {
            let node = nodes.get(BAD_NODE).await.ok()?;
            let taints = node.spec?.taints?;
            taints.iter().all(|taint| taint.key == "lab").then_some(())
        })
        .await
    }
}

/// Renews the node's lease, as its kubelet would.
async fn beat(kubeconfig: &str) {
    let client = client_of(kubeconfig).await;
    loop {
        if let Ok(client) = &client {
            let leases = Api::<Lease>::namespaced(client.clone(), "kube-node-lease");
            let spec = json!({"holderIdentity": BAD_NODE, "leaseDurationSeconds": 40, "renewTime": format!("{:.6}", Timestamp::now())});
            let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": BAD_NODE}, "spec": spec});
            // One that fails is made good by the next; the server may be ending with the laboratory.
            let _ = leases.patch(BAD_NODE, &PatchParams::apply(BAD_NODE).force(), &Patch::Apply(lease)).await;
        }
        tokio::time::sleep(HEARTBEAT).await;
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, behaviours: Behaviours) {
    let listener = listener.set_nonblocking(true).and_then(|()| tokio::net::TcpListener::from_std(listener));
    let Ok(listener) = listener else { return };
    loop {
        let Ok((connection, _)) = listener.accept().await else { continue };
        tokio::spawn(serve_connection(connection, acceptor.clone(), behaviours.clone()));
    }
}

async fn serve_connection(connection: TcpStream, acceptor: TlsAcceptor, behaviours: Behaviours) {
    let Ok(connection) = acceptor.accept(connection).await else { return };
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer(&request, &behaviours);
        async move { Ok::<_, Infallible>(answer) }
    });
    // An error is what a cut log is, and what a caller that goes away leaves.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(connection), service).await;
}

fn answer(request: &Request<Incoming>, behaviours: &Behaviours) -> Response<Body> {
    let parts: Vec<&str> = request.uri().path().trim_matches('/').split('/').collect();
    let ["containerLogs", namespace, pod, container] = parts[..] else {
        return plain(StatusCode::NOT_FOUND, "this node serves container logs only");
    };
    let key = (namespace.to_owned(), pod.to_owned(), container.to_owned());
    let behaviour = behaviours.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    let Some(behaviour) = behaviour else { return plain(StatusCode::NOT_FOUND, "no such container on this node") };
    let asked = LogRequest::of_query(request.uri().query().unwrap_or_default());
    if asked.previous {
        let message = format!("previous terminated container \"{container}\" in pod \"{pod}\" not found");
        return plain(StatusCode::BAD_REQUEST, &message);
    }
    match behaviour.answer(asked) {
        Some(chunks) => Response::new(BodyExt::boxed_unsync(StreamBody::new(chunks.map_ok(Frame::data)))),
        None => plain(StatusCode::INTERNAL_SERVER_ERROR, "the disk of this node is on fire"),
    }
}

fn plain(status: StatusCode, text: &str) -> Response<Body> {
    let body = Full::new(Bytes::copy_from_slice(text.as_bytes())).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    response
}

fn acceptor() -> Result<TlsAcceptor> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).context("making a certificate")?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.context("choosing TLS versions")?.with_no_client_auth();
    let config = config.with_single_cert(vec![made.cert.der().clone()], key).context("using a certificate")?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn node(port: u16, version: &str) -> Value {
    let capacity = json!({"cpu": "32", "memory": "256Gi", "pods": "1000"});
    let now = Timestamp::now().to_string();
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": BAD_NODE, "labels": {"lab": "bad", "kubernetes.io/hostname": BAD_NODE, "kubernetes.io/os": "linux"}},
        // The scheduler places nothing here: nobody would run it.
        "spec": {"taints": [{"key": "lab", "value": "bad", "effect": "NoSchedule"}]},
        "status": {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
            "capacity": capacity, "allocatable": capacity,
            "conditions": [{
                "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "serves logs, badly",
                "lastHeartbeatTime": now, "lastTransitionTime": now,
            }],
            "nodeInfo": node_info(version),
        },
    })
}

fn pod(name: &str, containers: &[&str]) -> Value {
    let containers: Vec<Value> =
        containers.iter().map(|container| json!({"name": container, "image": "example.com/app:1"})).collect();
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"nodeName": BAD_NODE, "containers": containers},
    })
}

fn pod_status(containers: &[&str]) -> Value {
    let now = Timestamp::now().to_string();
    let running = |container: &&str| {
        json!({
            "name": container, "image": "example.com/app:1", "imageID": "", "ready": true, "started": true,
            "restartCount": 0, "state": {"running": {"startedAt": now}},
        })
    };
    let statuses: Vec<Value> = containers.iter().map(running).collect();
    json!({
        "phase": "Running", "startTime": now, "podIP": "127.0.0.1", "hostIP": "127.0.0.1", "containerStatuses": statuses,
        "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": now}],
    })
}
