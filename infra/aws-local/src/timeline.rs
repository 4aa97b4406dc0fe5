//! Runs work in a time of its own, in which only the work's calls of the services pass time: the depth of the calls and
//! the time that the work waits for them come out the same on every machine.
//!
//! The clients of the work send their calls to the timeline ([`Timeline::client`]). The timeline holds each call until
//! the work has nothing to do but wait. Then it makes the call whose delay ends first, with all others that end at the
//! same instant, moves its time to that instant, and lets the work go on.

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::{AggregatedBytes, ByteStream};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::Delays;

type Outcome = Result<HttpResponse, ConnectorError>;

/// A call that the work made.
#[derive(Clone, Debug, PartialEq)]
pub struct TimedCall {
    /// The operation, such as `GetItem`; empty for a mail.
    pub operation: String,
    /// When the work sent the call, from the begin of the work.
    pub begin: Duration,
    /// When the answer came.
    pub end: Duration,
    /// The write units that the call consumed.
    pub written: f64,
    /// The read units that the call consumed.
    pub read: f64,
}

/// A time in which only calls pass time.
#[derive(Clone)]
pub struct Timeline {
    delays: Delays,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    now: Duration,
    held: Vec<Held>,
    calls: Vec<TimedCall>,
}

/// A call that was sent and not yet made.
struct Held {
    target: String,
    begin: Duration,
    end: Duration,
    request: HttpRequest,
    through: SharedHttpConnector,
    answer: oneshot::Sender<Outcome>,
}

impl fmt::Debug for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeline").field("delays", &self.delays).finish_non_exhaustive()
    }
}

impl Timeline {
    /// Makes a timeline with these delays. A call of a queue or of the mail service takes as long as one of a table.
    pub fn new(delays: Delays) -> Self {
        Self { delays, state: Arc::default() }
    }

    /// Returns the client through which the work has to make its calls.
    pub fn client(&self) -> SharedHttpClient {
        SharedHttpClient::new(Held::client(self.clone()))
    }

    /// Runs work from its begin to its end, and returns its result and its calls in the order in which they ended.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> (T, Vec<TimedCall>) {
        *self.state() = State::default();
        let (mut work, signal) = (pin!(work), Arc::new(Signal::default()));
        loop {
            if let Some(value) = until_quiet(&signal, work.as_mut()).await {
                return (value, std::mem::take(&mut self.state().calls));
            }
            if !self.advance().await {
                // The work waits for something else, such as a call of the platform.
                signal.woken().await;
            }
        }
    }

    /// Makes the calls that end next. Returns false when none is held.
    async fn advance(&self) -> bool {
        let due: Vec<Held> = {
            let mut state = self.state();
            let Some(end) = state.held.iter().map(|held| held.end).min() else { return false };
            state.now = end;
            state.held.extract_if(.., |held| held.end == end).collect()
        };
        for held in due {
            let (outcome, call, answer) = held.make().await;
            self.state().calls.push(call);
            // Work that no longer waits for the answer, such as an attempt that was given up, has dropped its end.
            let _heard = answer.send(outcome).is_ok();
        }
        true
    }

    fn delay(&self, target: &str) -> Duration {
        if target.starts_with("TrentService.") { self.delays.keys } else { self.delays.tables }
    }

    fn hold(&self, request: HttpRequest, through: SharedHttpConnector) -> oneshot::Receiver<Outcome> {
        let (answer, receiver) = oneshot::channel();
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let mut state = self.state();
        let begin = state.now;
        let end = begin + self.delay(&target);
        state.held.push(Held { target, begin, end, request, through, answer });
        receiver
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Polls work until it is done, or until nothing has woken it.
async fn until_quiet<T>(signal: &Arc<Signal>, mut work: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    let waker = Waker::from(Arc::clone(signal));
    loop {
        signal.woken.store(false, Ordering::SeqCst);
        if let Poll::Ready(value) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(value);
        }
        // Other tasks of the runtime may have something for the work.
        tokio::task::yield_now().await;
        if !signal.woken.load(Ordering::SeqCst) {
            return None;
        }
    }
}

/// The waker of the work.
#[derive(Default)]
struct Signal {
    woken: AtomicBool,
    outer: Mutex<Option<Waker>>,
}

impl Signal {
    async fn woken(&self) {
        std::future::poll_fn(|context| {
            *self.outer.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
            if self.woken.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        let outer = self.outer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(outer) = outer {
            outer.wake();
        }
    }
}

impl Held {
    fn client(timeline: Timeline) -> Client {
        Client { timeline, inner: Builder::new().build_http() }
    }

    /// Makes the call and counts its units.
    async fn make(mut self) -> (Outcome, TimedCall, oneshot::Sender<Outcome>) {
        let Self { target, begin, end, through, answer, .. } = self;
        let (service, operation) = target.split_once('.').unwrap_or_default();
        let is_table = service.starts_with("DynamoDB_");
        if is_table {
            ask_for_units(&mut self.request);
        }
        let mut outcome = through.call(self.request).await;
        let mut call = TimedCall { operation: operation.to_owned(), begin, end, written: 0.0, read: 0.0 };
        if is_table && let Ok(response) = &mut outcome {
            count_units(response, &mut call).await;
        }
        (outcome, call, answer)
    }
}

/// Asks for the consumed capacity in the answer.
fn ask_for_units(request: &mut HttpRequest) {
    let bytes = request.body().bytes().unwrap_or_default();
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(bytes) else { return };
    fields.insert("ReturnConsumedCapacity".to_owned(), json!("TOTAL"));
    let body = Value::Object(fields).to_string();
    request.headers_mut().insert("content-length", body.len().to_string());
    *request.body_mut() = SdkBody::from(body);
}

/// The operations of `DynamoDB` that read.
const READS: [&str; 3] = ["BatchGetItem", "GetItem", "Query"];

/// Reads the consumed capacity of an answer. The answer of a refused write does not say it: one unit stands for it.
async fn count_units(response: &mut HttpResponse, call: &mut TimedCall) {
    let succeeded = response.status().is_success();
    let body = ByteStream::new(response.take_body()).collect().await;
    let bytes = body.map(AggregatedBytes::into_bytes).unwrap_or_default();
    let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    *response.body_mut() = SdkBody::from(bytes);
    let units = answer.get("ConsumedCapacity").map_or(0.0, units);
    if READS.contains(&call.operation.as_str()) {
        call.read = units;
    } else {
        call.written = if succeeded { units } else { 1.0 };
    }
}

fn units(consumed: &Value) -> f64 {
    match consumed {
        Value::Array(all) => all.iter().map(units).sum(),
        one => one.get("CapacityUnits").and_then(Value::as_f64).unwrap_or_default(),
    }
}

#[derive(Debug, Clone)]
struct Client {
    timeline: Timeline,
    inner: SharedHttpClient,
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let through = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Connector { timeline: self.timeline.clone(), through })
    }
}

#[derive(Debug, Clone)]
struct Connector {
    timeline: Timeline,
    through: SharedHttpConnector,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let receiver = self.timeline.hold(request, self.through.clone());
        HttpConnectorFuture::new(async move {
            let dropped = |error: oneshot::error::RecvError| ConnectorError::user(error.into());
            receiver.await.map_err(dropped)?
        })
    }
}

/// Returns the depth of calls: how many follow one another in the longest chain in which each was sent after the one
/// before had been answered.
pub fn depth(calls: &[TimedCall]) -> usize {
    let mut by_end: Vec<&TimedCall> = calls.iter().collect();
    by_end.sort_by_key(|call| call.end);
    let mut last = Duration::ZERO;
    let mut depth = 0;
    for call in by_end {
        if depth == 0 || call.begin >= last {
            (depth, last) = (depth + 1, call.end);
        }
    }
    depth
}
