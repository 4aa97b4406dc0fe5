//! Handles the header `Idempotency-Key`: reads the key, binds it to its request, and marks the answer to a
//! repetition.

use lambda_http::Request;
use lambda_http::http::header::{HeaderName, HeaderValue};
use mooring_domain::base::secret::{Confidential, Digest};
use mooring_domain::guard::idempotency::{Attempt, Call, Ports, Record, admit, complete, withdraw};
use mooring_domain::people::caller::{Caller, Scope};
use mooring_domain::{Error, Result};

use super::authenticate;
use super::call::{CallRecord, Entered};
use super::edge::Edge;
use super::limits::Peeked;
use crate::http::query::Query;
use crate::http::reply::{Reply, Resource};
use crate::http::trace;
use crate::routes;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// The longest key that is accepted, in characters.
const LONGEST: usize = 255;

impl Edge {
    /// Runs an API route as [`Edge::api`] does, and at most once for an `Idempotency-Key`. The attempt says
    /// whether the operation may act or only has to answer again.
    pub async fn once(
        &self,
        request: &Request,
        scope: Scope,
        run: impl AsyncFnOnce(Caller, Attempt) -> Result<Reply>,
    ) -> Reply {
        self.call(request, async |record| {
            let Entered { caller, peeked, .. } = self.enter(request, Some(scope), record).await?;
            let Some(key) = self.asked_key(request, &peeked, record).await? else {
                self.count(&peeked, record).await?;
                return run(caller, Attempt::once(self.clock.now(), self.entropy.clone())).await;
            };
            let attempt = self.begin(request, &caller, &key, &peeked, record).await?;
            let is_done = attempt.is_done();
            let mut outcome = run(caller, attempt).await;
            if let Ok(reply) = &mut outcome
                && is_done
            {
                reply.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            }
            outcome
        })
        .await
    }

    /// Reads the key. A call whose key or query does not fit is counted like every other.
    async fn asked_key(
        &self,
        request: &Request,
        peeked: &Peeked,
        record: &mut CallRecord,
    ) -> Result<Option<Confidential>> {
        // None of these calls has a query parameter. An ignored parameter would look as if it had an effect.
        let read = Query::of(request).and_then(Query::finish).and_then(|()| key(request));
        if read.is_err() {
            self.count(peeked, record).await?;
        }
        read
    }

    /// Begins an attempt while the call is counted. Neither needs the other: the operation runs when both have let
    /// the call in, and a call that a limit refuses withdraws its attempt. A call whose limit was seen spent begins
    /// nothing.
    async fn begin(
        &self,
        request: &Request,
        caller: &Caller,
        key: &Confidential,
        peeked: &Peeked,
        record: &mut CallRecord,
    ) -> Result<Attempt> {
        let credential = Confidential::new(authenticate::presented(request).unwrap_or_default());
        let call = Call {
            tenant: &caller.tenant,
            credential: &credential,
            operation: routes::operation(request.method().as_str(), request.uri().path()),
            key,
            request: self.asked(request),
        };
        if self.is_spent(peeked) {
            self.count(peeked, record).await?;
            return admit(&self.memory(), &call).await.map(|begun| keep(begun, record));
        }
        let memory = self.memory();
        let (counted, begun) = tokio::join!(self.count(peeked, record), admit(&memory, &call));
        if let (Err(_), Ok((begun, attempt))) = (&counted, &begun)
            && let Err(error) = withdraw(&memory, begun.clone(), attempt).await
        {
            trace::log_suppressed(&error, "an attempt at a call that a limit refused was not withdrawn");
        }
        counted?;
        begun.map(|begun| keep(begun, record))
    }

    /// Completes the idempotency record with the outcome. If that fails, the caller still gets the outcome,
    /// and a repetition finds an attempt that has stopped.
    pub(super) async fn remember(&self, begun: Option<Record>, outcome: &Result<Reply>) {
        let Some(record) = begun else { return };
        let outcome = match outcome {
            Ok(reply) => Ok(reply.extensions().get::<Resource>().map(|resource| resource.0.clone())),
            Err(error) => Err(error.kind),
        };
        if let Err(error) = complete(&self.memory(), record, outcome).await {
            trace::log_suppressed(&error, "the outcome of a call with a key was not remembered");
        }
    }

    fn memory(&self) -> Ports<'_> {
        Ports { records: self.idempotency.as_ref(), clock: self.clock.as_ref(), entropy: &self.entropy }
    }

    /// Returns the SHA-256 of the request: method, path with query, body.
    fn asked(&self, request: &Request) -> Digest {
        let target = request.uri().path_and_query().map_or("", |target| target.as_str());
        let line = format!("{} {target}\n", request.method());
        self.entropy.digest(&[line.as_bytes(), request.body().as_ref()].concat())
    }
}

/// Keeps the record of an attempt that may act, to be completed with the outcome.
fn keep((begun, attempt): (Record, Attempt), record: &mut CallRecord) -> Attempt {
    record.begun = Some(begun).filter(|_| !attempt.is_done());
    attempt
}

/// Reads the key: 1 to 255 visible ASCII characters, given once. The draft of the header
/// (draft-ietf-httpapi-idempotency-key-header) makes the key a structured string, in quotes; most clients
/// send it bare. Both forms are the same key.
fn key(request: &Request) -> Result<Option<Confidential>> {
    let mut values = request.headers().get_all(KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().ok().and_then(|text| match text.trim().strip_prefix('"') {
        Some(quoted) => unquoted(quoted),
        None => Some(text.trim().to_owned()).filter(|text| !text.contains('"')),
    });
    let fits = |text: &String| {
        (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match (text.filter(fits), values.next()) {
        (Some(text), None) => Ok(Some(Confidential::new(text))),
        _ => Err(Error::invalid(
            "invalid_idempotency_key",
            "`Idempotency-Key` has to be 1 to 255 visible ASCII characters, in quotes or without, given once.",
        )),
    }
}

/// Reads the rest of a structured string (RFC 9651, 4.2.5) after its first quote. Parameters may follow; they
/// have no meaning.
fn unquoted(rest: &str) -> Option<String> {
    let (mut text, mut chars) = (String::new(), rest.chars());
    loop {
        match chars.next()? {
            '"' => break,
            '\\' => text.push(chars.next().filter(|c| matches!(c, '"' | '\\'))?),
            c => text.push(c),
        }
    }
    let after = chars.as_str();
    (after.is_empty() || after.starts_with(';')).then_some(text)
}
