//! Functions behind IAM: every call of a function's own AWS clients passes the function's proxy, which admits the calls
//! that the statements of its role allow, and no others.
//!
//! The work-alikes do not enforce IAM. Here a function that lacks a right fails as it would on AWS, before it is
//! deployed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, Method, StatusCode};
use mooring_aws_local::Endpoints;
use mooring_local::{Adapters, Wiring};
use mooring_tests_tidy::decide::{Need, allowing, needs};
use mooring_tests_tidy::grants::{Grant, grants};
use mooring_tests_tidy::template::{Template, binary};
use tokio::net::TcpListener;

use crate::World;

/// A right: function, statement, action.
pub type Right = (String, String, String);

/// The proxies of all functions and the calls that they saw.
pub struct Guard {
    doors: BTreeMap<String, String>,
    seen: Arc<Mutex<Seen>>,
}

/// The calls that passed, and those that did not.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    /// How many calls came.
    pub calls: usize,
    /// Calls that no statement allows.
    pub denied: BTreeSet<String>,
    /// Rights that a call needed.
    pub used: BTreeSet<Right>,
}

/// The proxy of one function.
struct Door {
    function: String,
    grants: Vec<Grant>,
    upstream: Endpoints,
    client: reqwest::Client,
    seen: Arc<Mutex<Seen>>,
}

impl Guard {
    /// Starts a proxy for each function of a template, in front of a world's services.
    pub async fn before(template: &Template, upstream: &Endpoints) -> Result<Self> {
        let (seen, client) = (Arc::new(Mutex::new(Seen::default())), reqwest::Client::new());
        let all = grants(template);
        let mut doors = BTreeMap::new();
        for (_, function) in template.functions() {
            let name = binary(function).to_owned();
            let door = Door {
                grants: all.iter().filter(|grant| grant.function == name).cloned().collect(),
                function: name.clone(),
                upstream: upstream.clone(),
                client: client.clone(),
                seen: Arc::clone(&seen),
            };
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            doors.insert(name, format!("http://{}", listener.local_addr()?));
            let router = Router::new().fallback(judge).with_state(Arc::new(door));
            tokio::spawn(async move { axum::serve(listener, router).await });
        }
        Ok(Self { doors, seen })
    }

    /// Makes adapters whose AWS clients call through a function's proxy.
    pub fn adapters(&self, world: &Wiring, function: &str, over: &Adapters) -> Result<Adapters> {
        let door = self.doors.get(function).with_context(|| format!("{function} has no role"))?;
        let [dynamodb, kms, sqs, ses] = [(); 4].map(|()| door.clone());
        let wiring = Wiring { endpoints: Endpoints { dynamodb, kms, sqs, ses }, ..world.clone() };
        Adapters::with_clock(&wiring, Arc::clone(&over.clock), over.scale)
    }

    /// Returns what the proxies saw so far.
    pub fn seen(&self) -> Seen {
        lock(&self.seen).clone()
    }
}

impl World {
    /// Starts a world whose functions have the rights of a template and no others.
    pub async fn guarded(size: crate::Size, template: &Template) -> Result<(Self, Guard)> {
        let mut stack = mooring_local::Stack::start(Self::options(size)?).await?;
        let guard = Guard::before(template, &stack.wiring().endpoints).await?;
        let (wiring, over) = (stack.wiring().clone(), stack.adapters().clone());
        stack.mount_each(&|function| guard.adapters(&wiring, function, &over))?;
        Ok((Self::serving(stack).await?, guard))
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn judge(
    State(door): State<Arc<Door>>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let asked = needs(target, uri.path(), &serde_json::from_slice(&body).unwrap_or_default());
    if !door.allows(&asked) {
        return denied();
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let url = format!("{}{path}", door.upstream_of(target));
    door.forward(method, &url, headers.clone(), body).await.unwrap_or_else(|_| {
        let mut failed = Response::new(Body::empty());
        *failed.status_mut() = StatusCode::BAD_GATEWAY;
        failed
    })
}

impl Door {
    /// Notes whether a call is allowed and by which statement. A call without a known need is not allowed.
    fn allows(&self, asked: &[Need]) -> bool {
        let mut seen = lock(&self.seen);
        seen.calls += 1;
        let mut all = !asked.is_empty();
        for need in asked {
            if let Some(grant) = allowing(&self.grants, need) {
                seen.used.insert((self.function.clone(), grant.sid.clone(), need.action.clone()));
            } else {
                all = false;
                let what = format!("{} {} on {:?}", self.function, need.action, need.thing);
                seen.denied.insert(format!("{what} {:?} {}", need.keys, need.context));
            }
        }
        all
    }

    fn upstream_of(&self, target: &str) -> &str {
        match target.split_once('.') {
            Some(("DynamoDB_20120810", _)) => &self.upstream.dynamodb,
            Some(("TrentService", _)) => &self.upstream.kms,
            Some(("AmazonSQS", _)) => &self.upstream.sqs,
            _ => &self.upstream.ses,
        }
    }

    async fn forward(&self, method: Method, url: &str, headers: HeaderMap, body: Bytes) -> Result<Response> {
        let request = self.client.request(method, url).headers(end_to_end(headers)).body(body);
        let answered = request.send().await?;
        let (status, headers) = (answered.status(), end_to_end(answered.headers().clone()));
        let mut response = Response::new(Body::from(answered.bytes().await?));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// Drops the headers that belong to one connection.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in [CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers
}

/// Makes the answer of AWS services when IAM does not allow a call.
fn denied() -> Response {
    let body = r#"{"__type":"com.amazon.coral.service#AccessDeniedException","message":"not authorized"}"#;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
        .headers_mut()
        .insert("x-amzn-errortype", http::HeaderValue::from_static("AccessDeniedException"));
    response
}
