//! Requests through the laboratory's real Envoy, inbound and outbound, so that its access logs tell of them, in both forms.
//! None holds a secret. Not for: what the logs are measured by.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::{Duration, Instant};

use axum::Router;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use meshcase_lab::{Lab, MESH_NAMESPACE, Sidecar, wait_for};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

use super::Failure;

/// Requests for each form of the access log; each passes Envoy twice, out of the pod and into it.
const REQUESTS: u64 = 12_000;
/// Envoy's admin port.
const ADMIN: u16 = 15000;
const WITHIN: Duration = Duration::from_secs(60);

/// Asks as browsers, programs and probes do; `{n}` becomes a number, `{u}` a UUID, `{h}` 32 hexadecimal digits.
const PATHS: &[&str] = &[
    "GET /",
    "GET /healthz/ready",
    "GET /api/v1/orders/{u}?expand=items,customer&page=2&per_page=50",
    "GET /api/v1/users/{n}/sessions/{u}",
    "POST /api/v1/carts/{u}/items?currency=EUR&quantity=3",
    "PUT /api/v2/customers/{n}/addresses/{n}",
    "DELETE /api/v1/carts/{u}",
    "GET /static/js/main.{h}.chunk.js",
    "GET /assets/fonts/inter-v13-latin-regular.woff2?v={n}",
    "GET /search?q=how+to+reset+a+password&sort=-created_at&lang=de",
    "GET /login?next=%2Fdashboard%3Ftab%3Dusage&utm_source=newsletter",
    "POST /oauth/token",
    "GET /oauth/authorize?response_type=code&client_id=storefront&scope=openid%20profile&redirect_uri=https%3A%2F%2Fshop.example.com%2Fcallback",
    "GET /.well-known/openid-configuration",
    "GET /api/v1/namespaces/shop/pods?limit=500&resourceVersion={n}&fieldSelector=spec.nodeName%3Dnode-3",
    "GET /graphql?operationName=ProductList&variables=%7B%22first%22%3A20%2C%22category%22%3A%22shoes%22%7D",
    "GET /v2/library/nginx/manifests/sha256:{h}{h}",
    "GET /metrics?match[]=http_requests_total&start={n}&end={n}",
    "OPTIONS /api/v1/tokens",
    "GET /images/products/{n}_{h}.webp?w=640&h=480&fit=crop",
];
const AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    "kube-probe/1.36",
    "curl/8.11.0",
    "Go-http-client/2.0",
    "python-requests/2.32.3",
    "okhttp/4.12.0",
    "grpc-go/1.68.0",
    "kubectl/v1.36.3 (linux/amd64) kubernetes/4bf92f3577b3",
];

/// A pod's Envoy that lets requests out by one port of this machine and takes them in by another.
pub(super) struct Traffic {
    namespace: String,
    outbound: u16,
}

impl Traffic {
    /// Opens both ways, before the pod's Envoy starts.
    pub(super) async fn new(lab: &Lab, namespace: &str) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (outbound, inbound, backend) = (free_port().await?, free_port().await?, listener.local_addr()?.port());
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(async || "ok\n")).await });
        let objects = format!(
            "apiVersion: v1
kind: Service
metadata: {{name: checkout}}
spec: {{selector: {{app: checkout}}, ports: [{{name: http, port: {outbound}, targetPort: {inbound}}}]}}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: traffic}}
spec:
  ingress:
  - {{port: {{number: {inbound}, protocol: HTTP, name: http}}, bind: 127.0.0.1, captureMode: NONE, defaultEndpoint: '127.0.0.1:{backend}'}}
  egress:
  - {{port: {{number: {outbound}, protocol: HTTP, name: http}}, bind: 127.0.0.1, captureMode: NONE, hosts: ['./*']}}
"
        );
        lab.apply_in(namespace, &objects).await?;
        Ok(Self { namespace: namespace.to_owned(), outbound })
    }

    /// Makes the mesh write access logs in one form, and sends requests once it does.
    pub(super) async fn access_logs(&self, client: &Client, sidecar: &Sidecar, form: &str) -> Result<(), Failure> {
        let maps = Api::<ConfigMap>::namespaced(client.clone(), MESH_NAMESPACE);
        let mesh = maps.get("istio").await?.data.and_then(|mut data| data.remove("mesh")).unwrap_or_default();
        let kept = mesh.lines().filter(|line| !line.starts_with("accessLog")).map(|line| format!("{line}\n"));
        let mesh = format!("{}accessLogFile: /dev/stdout\naccessLogEncoding: {form}\n", kept.collect::<String>());
        let patch = Patch::Merge(json!({"data": {"mesh": mesh}}));
        maps.patch("istio", &PatchParams::default(), &patch).await?;
        let mark = format!("/marked/{form}");
        // Envoy has the new form when it writes of this path in it.
        let wanted = if form == "JSON" { format!(":\"{mark}\"") } else { format!("\"GET {mark} HTTP/1.1\"") };
        wait_for(&format!("{form} access logs"), WITHIN, async || {
            self.one(&mut connect(self.outbound).await.ok()?, "GET", &mark, 0).await.ok()?;
            sidecar.process().log().contains(&wanted).then_some(())
        })
        .await?;
        let begun = Instant::now();
        self.send(REQUESTS).await?;
        println!("{REQUESTS} requests with {form} access logs in {:.1} s", begun.elapsed().as_secs_f64());
        Ok(())
    }

    /// Makes Envoy tell each step of a request, with its headers, and sends some.
    pub(super) async fn talkative_envoy(&self) -> Result<(), Failure> {
        let mut admin = connect(ADMIN).await?;
        for (level, requests) in [("debug", REQUESTS / 20), ("warning", 0)] {
            let request = Request::post(format!("/logging?level={level}")).header("host", "localhost");
            admin.ready().await?;
            let answer = admin.send_request(request.body(Empty::new())?).await?;
            println!("Envoy's level {level}: {}", answer.status());
            answer.into_body().collect().await?;
            self.send(requests).await?;
        }
        Ok(())
    }

    async fn send(&self, requests: u64) -> Result<(), Failure> {
        let mut connection = connect(self.outbound).await?;
        for number in 0..requests {
            let (method, path) =
                filled(number).split_once(' ').map(|(m, p)| (m.to_owned(), p.to_owned())).unwrap_or_default();
            if connection.is_closed() {
                connection = connect(self.outbound).await?;
            }
            self.one(&mut connection, &method, &path, number).await?;
        }
        Ok(())
    }

    async fn one(
        &self,
        connection: &mut SendRequest<Empty<Bytes>>,
        method: &str,
        path: &str,
        number: u64,
    ) -> Result<(), Failure> {
        let host = format!("checkout.{}.svc.cluster.local:{}", self.namespace, self.outbound);
        let agent = AGENTS[usize::try_from(number)? % AGENTS.len()];
        let mut request = Request::builder().method(method).uri(path).header("host", host).header("user-agent", agent);
        // Every second one brings an id of its own; the others get Envoy's.
        if number.is_multiple_of(2) {
            request = request.header("x-request-id", uuid(number));
        }
        let request = request.header("x-forwarded-for", format!("198.51.100.{}", number % 250)).body(Empty::new())?;
        connection.ready().await?;
        connection.send_request(request).await?.into_body().collect().await?;
        Ok(())
    }
}

async fn connect(port: u16) -> Result<SendRequest<Empty<Bytes>>, Failure> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port())
}

/// The request of this number, with its places filled.
fn filled(number: u64) -> String {
    let pattern = PATHS[usize::try_from(number).unwrap_or_default() % PATHS.len()];
    pattern
        .replace("{u}", &uuid(number))
        .replace("{h}", &format!("{:016x}{:016x}", hash(number, 1), hash(number, 2)))
        .replace("{n}", &(hash(number, 3) % 10_000_000).to_string())
}

fn uuid(number: u64) -> String {
    let (high, low) = (hash(number, 4), hash(number, 5));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0xfff,
        low & 0xffff_ffff_ffff
    )
}

fn hash(number: u64, salt: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (number, salt).hash(&mut hasher);
    hasher.finish()
}
