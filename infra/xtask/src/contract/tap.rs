//! A layer in front of the sandbox that records requests and answers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use mooring_loopback::own_hosts;
use serde_json::Value;

use super::operation::TOKEN;

/// A request with its answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exchange {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) carries_token: bool,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
    pub(crate) status: u16,
    pub(crate) answer_type: String,
    pub(crate) answer: Value,
}

#[derive(Default)]
struct Inner {
    seen: Mutex<Vec<Exchange>>,
    /// The code that answers get in place of their own, and how many answers got it.
    planted: Mutex<Option<(u32, u32)>>,
}

/// The sandbox behind its recorder, on a free port.
pub(crate) struct Tap {
    pub(crate) origin: String,
    inner: Arc<Inner>,
}

impl Tap {
    pub(crate) async fn start(sandbox: Router) -> Result<Self> {
        let inner = Arc::new(Inner::default());
        let router = sandbox.layer(from_fn_with_state(Arc::clone(&inner), record));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (origin, router) = (format!("http://{address}"), own_hosts(router, address.port()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { origin, inner })
    }

    /// Returns the exchanges recorded so far, without those whose code was planted.
    pub(crate) fn seen(&self) -> Vec<Exchange> {
        locked(&self.inner.seen).clone()
    }

    /// Gives every answer this code from now on.
    pub(crate) fn plant(&self, code: u32) {
        *locked(&self.inner.planted) = Some((code, 0));
    }

    /// Stops the planting, and returns how many answers got the code.
    pub(crate) fn unplant(&self) -> u32 {
        locked(&self.inner.planted).take().map_or(0, |(_, times)| times)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn record(State(inner): State<Arc<Inner>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = whole(body).await;
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let mut exchange = Exchange {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: url::form_urlencoded::parse(query).into_owned().collect(),
        carries_token: parts.headers.contains_key(TOKEN),
        content_type: media_type(&parts.headers),
        body: body.to_vec(),
        ..Exchange::default()
    };
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (mut head, body) = response.into_parts();
    let body = whole(body).await;
    head.headers.remove(CONTENT_LENGTH);
    if let Some(changed) = inner.changed(&body) {
        return Response::from_parts(head, Body::from(changed));
    }
    exchange.status = head.status.as_u16();
    exchange.answer_type = media_type(&head.headers);
    exchange.answer = serde_json::from_slice(&body).unwrap_or_default();
    locked(&inner.seen).push(exchange);
    Response::from_parts(head, Body::from(body))
}

impl Inner {
    fn changed(&self, body: &[u8]) -> Option<String> {
        let mut planted = locked(&self.planted);
        let (code, times) = planted.as_mut()?;
        *times += 1;
        let mut answer: Value = serde_json::from_slice(body).ok()?;
        answer.as_object_mut()?.insert("code".to_owned(), (*code).into());
        Some(answer.to_string())
    }
}

async fn whole(body: Body) -> Bytes {
    to_bytes(body, usize::MAX).await.unwrap_or_default()
}

/// Returns a body's type without its parameters.
fn media_type(headers: &HeaderMap) -> String {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_owned()
}
