//! The Lambda Runtime API: hands out events one at a time, takes the function's answers, and knows when the function
//! asked.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

const FUNCTION_TIMEOUT: Duration = Duration::from_mins(15);
const PATIENCE: Duration = Duration::from_mins(10);

type Answer = std::result::Result<Bytes, Bytes>;

struct Shared {
    events: tokio::sync::Mutex<mpsc::Receiver<(String, Bytes)>>,
    answers: mpsc::Sender<(String, Answer)>,
    first: watch::Sender<Option<Instant>>,
    number: Mutex<u64>,
}

/// One function's Runtime API.
pub(crate) struct Runtime {
    pub(crate) address: String,
    events: mpsc::Sender<(String, Bytes)>,
    answers: mpsc::Receiver<(String, Answer)>,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Runtime {
    /// Listens on a free port.
    pub(crate) async fn start() -> Result<Self> {
        let (events, waiting) = mpsc::channel(1);
        let (answered, answers) = mpsc::channel(1);
        let shared = Arc::new(Shared {
            events: tokio::sync::Mutex::new(waiting),
            answers: answered,
            first: watch::channel(None).0,
            number: Mutex::new(0),
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(Arc::clone(&shared));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?.to_string();
        let server = tokio::spawn(async move {
            let _ended = axum::serve(listener, router).await.is_ok();
        });
        Ok(Self { address, events, answers, shared, server })
    }

    /// Waits until the function asks for its first event, and returns when it asked.
    pub(crate) async fn first_poll(&self) -> Result<Instant> {
        let mut first = self.shared.first.subscribe();
        let seen = tokio::time::timeout(PATIENCE, first.wait_for(Option::is_some)).await;
        seen.context("the function never asked for an event")??.context("no instant")
    }

    /// Sends an event and waits for the answer.
    pub(crate) async fn invoke(&mut self, event: &Value) -> Result<Value> {
        let id = {
            let mut number = self.shared.number.lock().unwrap_or_else(PoisonError::into_inner);
            *number += 1;
            format!("00000000-0000-4000-8000-{number:012}")
        };
        self.events.send((id.clone(), event.to_string().into())).await?;
        let answer = tokio::time::timeout(PATIENCE, self.answers.recv()).await;
        let (of, answer) = answer.context("the function did not answer")?.context("no answer")?;
        anyhow::ensure!(of == id, "an answer to another event");
        match answer {
            Ok(body) => Ok(serde_json::from_slice(&body)?),
            Err(body) => bail!("the function failed: {}", String::from_utf8_lossy(&body)),
        }
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Result<axum::response::Response, StatusCode> {
    shared.first.send_if_modified(|first| first.is_none() && first.replace(Instant::now()).is_none());
    let event = shared.events.lock().await.recv().await;
    let (id, body) = event.ok_or(StatusCode::GONE)?;
    let deadline = SystemTime::now() + FUNCTION_TIMEOUT;
    let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    axum::response::Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", id)
        .header("lambda-runtime-deadline-ms", deadline.to_string())
        .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:000000000000:function:f")
        .header("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700")
        .body(body.into())
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

async fn response(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    keep(&shared, id, Ok(body)).await
}

async fn error(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    keep(&shared, id, Err(body)).await
}

async fn init_error(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    keep(&shared, String::new(), Err(body)).await
}

async fn keep(shared: &Shared, id: String, answer: Answer) -> StatusCode {
    match shared.answers.send((id, answer)).await {
        Ok(()) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::GONE,
    }
}
