//! A reverse proxy on loopback that asks the plan about every call. HTTP/1.1, bodies whole, connections kept alive.
//!
//! The proxy drops the host name that a caller gave, so that the service behind it cannot refuse a foreign name: the
//! proxy refuses it.

use std::future::pending;
use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use mooring_loopback::{names_this, own_names};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

use super::{Fault, FaultPlan, answer};

/// A proxy in front of one service; it stops when dropped.
#[derive(Debug)]
pub struct FaultProxy {
    url: String,
    accepting: AbortHandle,
}

impl FaultProxy {
    /// Starts a proxy in front of `upstream`, an `http` URL without a path, under a label of its own.
    pub async fn start(upstream: &str, label: &str, plan: Arc<FaultPlan>) -> Result<Self> {
        let uri: Uri = upstream.parse().with_context(|| format!("not a URL: {upstream}"))?;
        let authority = uri.authority().with_context(|| format!("no host in {upstream}"))?.clone();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let url = format!("http://{address}");
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let hop = Arc::new(Hop { authority, port: address.port(), label: label.to_owned(), plan, client });
        let accepting = tokio::spawn(accept(listener, hop)).abort_handle();
        Ok(Self { url, accepting })
    }

    /// Returns the URL to call in place of the upstream's.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Everything that a connection needs.
struct Hop {
    authority: Authority,
    port: u16,
    label: String,
    plan: Arc<FaultPlan>,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// Accepts connections and keeps them in a set, so that they end with the proxy.
async fn accept(listener: TcpListener, hop: Arc<Hop>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => { connections.spawn(serve(stream, Arc::clone(&hop))); }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, hop: Arc<Hop>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let service = service_fn(move |request| {
        let hop = Arc::clone(&hop);
        async move { hop.handle(request).await }
    });
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a proxied connection ended");
    }
}

impl Hop {
    /// Handles one request. An error closes the connection without an answer.
    async fn handle(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>> {
        if !names_this(&request, self.port) {
            let mut refusal = Response::new(Full::from(own_names(self.port)));
            *refusal.status_mut() = StatusCode::MISDIRECTED_REQUEST;
            return Ok(refusal);
        }
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        match self.plan.take(&self.label, &answer::operation(&parts), &body) {
            None => self.forward(&parts, &body).await,
            Some(fault) => self.play(fault, &parts, &body).await,
        }
    }

    async fn play(&self, fault: Fault, parts: &Parts, body: &Bytes) -> Result<Response<Full<Bytes>>> {
        match fault {
            Fault::CrashBefore => self.crash().await,
            Fault::CrashAfter => {
                self.forward(parts, body).await?;
                self.crash().await
            }
            Fault::Throttle => Ok(answer::throttled(parts)),
            Fault::Conflict => match answer::conflicted(parts, body) {
                Some(conflict) => Ok(conflict),
                None => self.forward(parts, body).await,
            },
            Fault::ServerError => Ok(answer::failed(parts)),
            Fault::Delay(by) => {
                tokio::time::sleep(by).await;
                self.forward(parts, body).await
            }
            Fault::Duplicate => {
                self.forward(parts, body).await?;
                self.forward(parts, body).await
            }
            Fault::Reset => {
                self.forward(parts, body).await?;
                bail!("reset as planned")
            }
        }
    }

    /// Signals the crash and never answers.
    async fn crash(&self) -> Result<Response<Full<Bytes>>> {
        self.plan.crash();
        pending().await
    }

    async fn forward(&self, parts: &Parts, body: &Bytes) -> Result<Response<Full<Bytes>>> {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let uri =
            Uri::builder().scheme("http").authority(self.authority.clone()).path_and_query(path).build()?;
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = end_to_end(parts.headers.clone());
        let (answered, body) = self.client.request(request).await?.into_parts();
        let mut response = Response::new(Full::new(body.collect().await?.to_bytes()));
        *response.status_mut() = answered.status;
        *response.headers_mut() = end_to_end(answered.headers);
        Ok(response)
    }
}

/// Drops the headers that belong to one connection, and the name of this listener, which is not the next one's.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    headers.remove(HOST);
    headers.remove(CONNECTION);
    headers.remove(TRANSFER_ENCODING);
    headers
}
