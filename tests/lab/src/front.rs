//! A front before the API server that misbehaves as it is told: it cuts watches, by kind, and shows another time than the
//! server's. It runs on a thread of this process, so that it outlives the runtime of one test. Not for: connections that are
//! upgraded, such as port-forwards.

use std::collections::HashMap;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use bytes::Bytes;
use futures::{StreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, BodyStream, StreamBody};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper::header::{DATE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use k8s_openapi::jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, IpAddr, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio::net::TcpStream;
use tokio::sync::{Mutex as AsyncMutex, oneshot, watch};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::identity::Server;
use crate::{Context, Identity, Lab, LabError, Result};

type Body = UnsyncBoxBody<Bytes, LabError>;

/// A running front. Dropping it ends its thread.
#[derive(Debug)]
pub struct Front {
    server: Server,
    orders: Arc<Orders>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How it misbehaves.
#[derive(Debug, Default)]
struct Orders {
    /// By the plural of a kind: open watches end when the number changes.
    cuts: Mutex<HashMap<String, watch::Sender<u64>>>,
    /// How many watches of each kind were opened so far.
    opened: Mutex<HashMap<String, usize>>,
    /// Seconds that the server's time is shown late.
    shift: AtomicI64,
    /// Whether nothing comes on open watches.
    silence: watch::Sender<bool>,
}

impl Orders {
    fn watched(&self, plural: &str) -> watch::Receiver<u64> {
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner).entry(plural.to_owned()).or_default() += 1;
        self.cuts.lock().unwrap_or_else(PoisonError::into_inner).entry(plural.to_owned()).or_default().subscribe()
    }
}

/// What one connection goes through.
#[derive(Clone)]
struct Way {
    connector: TlsConnector,
    port: u16,
    orders: Arc<Orders>,
}

impl Lab {
    /// Starts a front before the API server, for callers that are told of it.
    ///
    /// # Errors
    /// When it cannot listen or make a certificate.
    pub fn front(&self) -> Result<Front> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("listening for the front")?;
        let port = listener.local_addr().context("reading the front's port")?.port();
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).context("making a certificate")?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let accepts =
            rustls::ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
        let accepts = accepts.context("choosing TLS versions")?.with_no_client_auth();
        let accepts = accepts.with_single_cert(vec![made.cert.der().clone()], key).context("using a certificate")?;
        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(self.control_plane.server.authority().as_bytes()) {
            let certificate = certificate.context("reading the API server's certificate")?;
            roots.add(certificate).context("trusting the API server's certificate")?;
        }
        let connects = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let connects = connects.context("choosing TLS versions")?.with_root_certificates(roots).with_no_client_auth();
        let orders = Arc::new(Orders::default());
        let way = Way {
            connector: TlsConnector::from(Arc::new(connects)),
            port: self.control_plane.server.port(),
            orders: orders.clone(),
        };
        let acceptor = TlsAcceptor::from(Arc::new(accepts));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("making the front's runtime")?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("front".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    () = serve(listener, acceptor, way) => {}
                }
            });
        });
        let thread = Some(thread.context("starting the front's thread")?);
        let server = self.control_plane.server.behind(port, &made.cert.pem())?;
        Ok(Front { server, orders, stop: Some(stop), thread })
    }
}

impl Front {
    /// A kubeconfig with which `identity` calls through the front.
    pub(crate) fn kubeconfig(&self, identity: &Identity) -> Result<String> {
        self.server.kubeconfig(identity)
    }

    /// Breaks off the open watches of a kind, and says how many those were.
    pub fn cut(&self, plural: &str) -> usize {
        let mut cuts = self.orders.cuts.lock().unwrap_or_else(PoisonError::into_inner);
        let cut = cuts.entry(plural.to_owned()).or_default();
        let open = cut.receiver_count();
        cut.send_modify(|number| *number += 1);
        open
    }

    /// How many watches of a kind are open.
    pub fn open(&self, plural: &str) -> usize {
        let cuts = self.orders.cuts.lock().unwrap_or_else(PoisonError::into_inner);
        cuts.get(plural).map_or(0, watch::Sender::receiver_count)
    }

    /// How many watches of a kind were opened so far.
    pub fn opened(&self, plural: &str) -> usize {
        self.orders.opened.lock().unwrap_or_else(PoisonError::into_inner).get(plural).copied().unwrap_or_default()
    }

    /// Lets nothing come on any watch, or everything again; the connections stay.
    pub fn silence(&self, silent: bool) {
        self.orders.silence.send_replace(silent);
    }

    /// Shows the server's time late by so many seconds, or early where it is negative, from now on.
    pub fn shift_time(&self, seconds: i64) {
        self.orders.shift.store(seconds, Ordering::SeqCst);
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, way: Way) {
    let listener = listener.set_nonblocking(true).and_then(|()| tokio::net::TcpListener::from_std(listener));
    let Ok(listener) = listener else { return };
    loop {
        let Ok((connection, _)) = listener.accept().await else { continue };
        let (acceptor, way) = (acceptor.clone(), way.clone());
        tokio::spawn(async move {
            // A server that is away is a connection that breaks off.
            let Ok(server) = connect(&way).await else { return };
            let Ok(connection) = acceptor.accept(connection).await else { return };
            let server = Arc::new(AsyncMutex::new(server));
            let service = service_fn(move |request| pass(request, server.clone(), way.orders.clone()));
            let _ =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(connection), service).await;
        });
    }
}

async fn connect(way: &Way) -> Result<SendRequest<Incoming>> {
    let connection = TcpStream::connect((Ipv4Addr::LOCALHOST, way.port)).await.context("connecting")?;
    let name = ServerName::IpAddress(IpAddr::from(std::net::IpAddr::from(Ipv4Addr::LOCALHOST)));
    let connection = way.connector.connect(name, connection).await.context("connecting by TLS")?;
    let (server, connection) = hyper::client::conn::http1::handshake(TokioIo::new(connection)).await.context("HTTP")?;
    tokio::spawn(connection);
    Ok(server)
}

async fn pass(
    request: Request<Incoming>,
    server: Arc<AsyncMutex<SendRequest<Incoming>>>,
    orders: Arc<Orders>,
) -> Result<Response<Body>> {
    let watch = request.uri().query().is_some_and(|query| query.split('&').any(|part| part == "watch=true"));
    let plural = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
    let cut = watch.then(|| orders.watched(&plural));
    let mut answer = server.lock().await.send_request(request).await.context("passing a request on")?;
    shift(&mut answer, orders.shift.load(Ordering::SeqCst));
    let (head, body) = answer.into_parts();
    let body = match cut {
        None => body.map_err(|error| LabError::new(error.to_string())).boxed_unsync(),
        Some(cut) => until_cut(body, cut, orders.silence.subscribe()),
    };
    Ok(Response::from_parts(head, body))
}

fn shift(answer: &mut Response<Incoming>, seconds: i64) {
    let shifted = || {
        let date = answer.headers().get(DATE)?.to_str().ok()?;
        let date: Timestamp = DateTimeParser::new().parse_timestamp(date).ok()?;
        let date = date.checked_sub(SignedDuration::from_secs(seconds)).ok()?;
        HeaderValue::from_str(&DateTimePrinter::new().timestamp_to_rfc9110_string(&date).ok()?).ok()
    };
    if let Some(date) = shifted() {
        answer.headers_mut().insert(DATE, date);
    }
}

/// The body, while nobody orders silence, until `cut` changes; then it breaks off in the middle.
fn until_cut(body: Incoming, cut: watch::Receiver<u64>, silence: watch::Receiver<bool>) -> Body {
    let frames = BodyStream::new(body).map(|frame| frame.map_err(|error| LabError::new(error.to_string())));
    let parts = stream::unfold(Some((Box::pin(frames), cut, silence)), |state| async {
        let (mut frames, mut cut, mut silence) = state?;
        let frame = async {
            let frame = frames.next().await;
            // What is under way when silence is ordered does not come either.
            let _ = silence.wait_for(|silent| !silent).await;
            frame
        };
        tokio::select! {
            changed = cut.changed() => {
                let why = if changed.is_ok() { "cut, as ordered" } else { "the front ends" };
                Some((Err(LabError::new(why)), None))
            }
            frame = frame => frame.map(|frame| (frame, Some((frames, cut, silence)))),
        }
    });
    BodyExt::boxed_unsync(StreamBody::new(parts))
}
