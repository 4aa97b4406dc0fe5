//! A proxy in front of one service: counts calls and their units, and keeps the requests.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::counts::Counts;

const LARGEST: usize = 32 * 1024 * 1024;

/// One call as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) target: String,
    pub(crate) body: Value,
    /// When it came, and when it was answered, since the first call of all proxies.
    pub(crate) begin: Duration,
    pub(crate) end: Duration,
}

/// The instant from which the times of calls count.
static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);

#[derive(Default)]
struct Kept {
    counts: Counts,
    sent: Vec<Sent>,
}

struct Shared {
    upstream: String,
    client: Client<HttpConnector, Full<Bytes>>,
    kept: Mutex<Kept>,
}

/// A running proxy; it serves as long as the process lives.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

impl Proxy {
    /// Starts a proxy in front of a service.
    pub(crate) async fn before(upstream: &str) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        let shared = Arc::new(Shared { upstream: upstream.to_owned(), client, kept: Mutex::default() });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&shared));
        tokio::spawn(async move {
            let _ended = axum::serve(listener, router).await.is_ok();
        });
        Ok(Self { url, shared })
    }

    /// Takes what was counted and asked since the last take.
    pub(crate) fn take(&self) -> (Counts, Vec<Sent>) {
        let kept = std::mem::take(&mut *self.shared.kept.lock().unwrap_or_else(PoisonError::into_inner));
        (kept.counts, kept.sent)
    }
}

async fn pass(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response {
    forward(&shared, request).await.unwrap_or_else(|_| {
        let mut failed = Response::new(Body::empty());
        *failed.status_mut() = StatusCode::BAD_GATEWAY;
        failed
    })
}

async fn forward(shared: &Shared, request: Request<Body>) -> Result<Response> {
    let begin = FIRST.elapsed();
    let (parts, body) = request.into_parts();
    let target = target(&parts.headers);
    let mut asked: Value = serde_json::from_slice(&to_bytes(body, LARGEST).await?).unwrap_or_default();
    let kept_body = asked.clone();
    if target.starts_with("DynamoDB_")
        && let Value::Object(fields) = &mut asked
    {
        fields.insert("ReturnConsumedCapacity".to_owned(), json!("TOTAL"));
    }
    let body = Bytes::from(asked.to_string());
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut forward = Request::builder().method(parts.method).uri(format!("{}{path}", shared.upstream));
    for (name, value) in &parts.headers {
        if !matches!(name.as_str(), "host" | "content-length") {
            forward = forward.header(name, value);
        }
    }
    let answer = shared.client.request(forward.body(Full::new(body))?).await?;
    let (parts, body) = answer.into_parts();
    let body = body.collect().await?.to_bytes();
    let mut kept = shared.kept.lock().unwrap_or_else(PoisonError::into_inner);
    kept.counts.note(&target, parts.status.is_success(), &serde_json::from_slice(&body).unwrap_or_default());
    kept.sent.push(Sent { target, body: kept_body, begin, end: FIRST.elapsed() });
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = parts.status;
    for name in ["content-type", "x-amzn-requestid"] {
        if let Some(value) = parts.headers.get(name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    Ok(response)
}

fn target(headers: &HeaderMap) -> String {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    target.unwrap_or_default().to_owned()
}
