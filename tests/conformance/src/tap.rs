//! A server between connector and sandbox: it records every request and answer, and can change the next answers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http_body_util::BodyExt as _;
use mooring_kit::Timing as _;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::timing::Skipping;

/// A request as it arrived, with the answer that went back.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) body: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) at: Duration,
    pub(crate) answer: String,
}

/// What to do to an answer.
#[derive(Clone)]
pub(crate) enum Act {
    /// Sends this status with this body instead.
    Answer(u16, String),
    /// Redirects the caller to another address.
    Redirect(String),
    /// Never answers.
    Hang,
    /// Changes the sandbox's own answer.
    Rewrite(fn(&mut Value)),
}

struct Script {
    path: &'static str,
    times: u32,
    act: Act,
}

struct Inner {
    sandbox: Router,
    seen: Mutex<Vec<Seen>>,
    scripts: Mutex<Vec<Script>>,
    timing: Arc<Skipping>,
}

/// The running tap.
pub(crate) struct Tap {
    pub(crate) origin: String,
    inner: Arc<Inner>,
}

impl Tap {
    pub(crate) async fn start(sandbox: Router, timing: Arc<Skipping>) -> Result<Self> {
        let inner = Arc::new(Inner { sandbox, seen: Mutex::default(), scripts: Mutex::default(), timing });
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let router = Router::new().fallback(serve).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { origin, inner })
    }

    /// Does something to the next `times` answers of paths that contain `path`.
    pub(crate) fn script(&self, path: &'static str, times: u32, act: Act) {
        locked(&self.inner.scripts).push(Script { path, times, act });
    }

    /// Lists the requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        locked(&self.inner.seen).clone()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let at = inner.timing.now();
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), lossy(value.as_bytes())));
    let seen = Seen {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        body: lossy(&body),
        headers: headers.collect(),
        at,
        answer: String::new(),
    };
    let act = inner.take(&seen.path);
    let index = inner.note(seen);
    let (status, answer) = match act {
        Some(Act::Hang) => std::future::pending().await,
        Some(Act::Redirect(to)) => return redirect(&to),
        Some(Act::Answer(status, text)) => (status, text),
        Some(Act::Rewrite(rewrite)) => {
            let (status, text) = inner.ask(Request::from_parts(parts, Body::from(body))).await;
            (status, rewritten(&text, rewrite))
        }
        None => inner.ask(Request::from_parts(parts, Body::from(body))).await,
    };
    if let Some(seen) = locked(&inner.seen).get_mut(index) {
        seen.answer.clone_from(&answer);
    }
    respond(status, answer)
}

impl Inner {
    fn take(&self, path: &str) -> Option<Act> {
        let mut scripts = locked(&self.scripts);
        let script = scripts.iter_mut().find(|script| script.times > 0 && path.contains(script.path))?;
        script.times -= 1;
        Some(script.act.clone())
    }

    fn note(&self, seen: Seen) -> usize {
        let mut all = locked(&self.seen);
        all.push(seen);
        all.len() - 1
    }

    async fn ask(&self, request: Request) -> (u16, String) {
        let response = match self.sandbox.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map(http_body_util::Collected::to_bytes);
        (status, lossy(&body.unwrap_or_else(|_| Bytes::new())))
    }
}

fn rewritten(text: &str, rewrite: fn(&mut Value)) -> String {
    let Ok(mut value) = serde_json::from_str(text) else { return text.to_owned() };
    rewrite(&mut value);
    value.to_string()
}

fn respond(status: u16, text: String) -> Response {
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Body::from(text)).unwrap_or_default()
}

fn redirect(to: &str) -> Response {
    let response = Response::builder().status(307).header("location", to);
    response.body(Body::empty()).unwrap_or_default()
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
