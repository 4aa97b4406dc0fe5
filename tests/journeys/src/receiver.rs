//! A customer's server that receives webhooks: remembers the calls, and answers with the given statuses.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use data_encoding::BASE64;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;

/// A call that came.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Path and query.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

/// The server; it ends with the test's runtime.
#[derive(Clone)]
pub struct Receiver {
    origin: String,
    told: Arc<Mutex<Told>>,
}

#[derive(Default)]
struct Told {
    heard: Vec<Heard>,
    /// The statuses of its answers, the next one first; then 204.
    answers: Vec<u16>,
}

impl Receiver {
    /// Starts a receiver on a free port.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let told = Arc::new(Mutex::new(Told::default()));
        let router = Router::new().fallback(hear).with_state(Arc::clone(&told));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { origin, told })
    }

    /// Returns its origin.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Sets the statuses of the answers to the next calls.
    pub fn answers(&self, statuses: &[u16]) {
        self.lock().answers = statuses.iter().rev().copied().collect();
    }

    /// Returns all calls that came.
    pub fn heard(&self) -> Vec<Heard> {
        self.lock().heard.clone()
    }

    /// Returns the calls that came with a type of event.
    pub fn of_type(&self, kind: &str) -> Vec<Heard> {
        let fits = |heard: &Heard| heard.json().get("type").and_then(Value::as_str) == Some(kind);
        self.heard().into_iter().filter(fits).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn hear(
    State(told): State<Arc<Mutex<Told>>>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    let body = String::from_utf8_lossy(&body).into_owned();
    told.heard.push(Heard { path: uri.to_string(), headers, body });
    told.answers.pop().and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::NO_CONTENT)
}

impl Heard {
    /// Returns a header, empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Returns the body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// Returns how many signatures there are. Fails unless one of them fits the secret.
    pub fn verified(&self, secret: &str) -> Result<usize> {
        let key = BASE64.decode(secret.strip_prefix("whsec_").context("not a secret")?.as_bytes())?;
        let at = self.header("webhook-timestamp").parse()?;
        let wanted = mooring_webhooks::signature([key.as_slice()], self.header("webhook-id"), at, &self.body);
        let all: Vec<_> = self.header("webhook-signature").split(' ').collect();
        ensure!(all.contains(&wanted.as_str()), "no signature fits");
        Ok(all.len())
    }
}
