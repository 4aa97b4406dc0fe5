//! What is the same for every API route: request id, preflight, caller, limits, origin, scope, problem documents, one
//! log line.

use data_encoding::HEXLOWER;
use lambda_http::http::Method;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use mooring_domain::caller::{Caller, Scope};
use mooring_domain::limits::Gauge;
use mooring_domain::{Error, Result};
use mooring_telemetry::field;
use tracing::Instrument;

use crate::access::Who;
use crate::authenticate::Authenticated;
use crate::{Edge, Reply, cors, event, limits, problem, routes};

/// What is learnt of a call before its answer is ready.
#[derive(Default)]
struct Met {
    gauges: Option<Vec<Gauge>>,
    who: Option<Who>,
}

impl Edge {
    /// Runs an API route: authentication, limits, scope, origin, CORS, errors as problem documents, logged once.
    pub async fn api(
        &self,
        request: &Request,
        scope: Scope,
        run: impl AsyncFnOnce(Caller) -> Result<Reply>,
    ) -> Reply {
        let request_id = self.request_id(request);
        let span = mooring_telemetry::request_span(&request_id, invocation(request), &route(request));
        let work = async {
            let mut met = Met::default();
            let outcome = self.answer(request, scope, &mut met, run).await;
            log(&outcome);
            let (origin, ()) = tokio::join!(
                self.reader(request, &outcome),
                self.log_access(request, met.who, &outcome, &request_id)
            );
            (self.reply_of(outcome, &request_id), origin, met.gauges)
        };
        let (mut reply, origin, gauges) = work.instrument(span).await;
        if let Some(gauges) = gauges {
            limits::show(&mut reply, self.limits, &gauges);
        }
        cors::grant(&mut reply, origin);
        self.finish(&mut reply, &request_id);
        reply
    }

    async fn answer(
        &self,
        request: &Request,
        scope: Scope,
        met: &mut Met,
        run: impl AsyncFnOnce(Caller) -> Result<Reply>,
    ) -> Result<Reply> {
        self.admit(request)?;
        if request.method() == Method::OPTIONS {
            return self.preflight(request).await;
        }
        let Authenticated { caller, tenant, seen } = self.authenticate(request).await?;
        tracing::info!(
            { field::TENANT } = caller.tenant.as_str(),
            { field::CREDENTIAL } = caller.credential.as_str(),
            "caller"
        );
        let reading = self.count(seen).await;
        let refusal = reading.refusal();
        met.gauges = Some(reading.gauges);
        if let Some(error) = refusal {
            return Err(error);
        }
        met.who = Some(self.who(&caller, &tenant));
        cors::check(request, &tenant)?;
        caller.require(scope)?;
        run(caller).await
    }

    /// Refuses what goes around the front, and then what cannot be read.
    pub(crate) fn admit(&self, request: &Request) -> Result<()> {
        self.require_front(request)?;
        event::require_fit(request)
    }

    /// The browser origin that may read the answer.
    async fn reader<'a>(&self, request: &'a Request, outcome: &Result<Reply>) -> Option<&'a str> {
        match outcome {
            Ok(_) => cors::origin(request),
            Err(error) => self.readable_by(request, error).await,
        }
    }

    fn reply_of(&self, outcome: Result<Reply>, request_id: &str) -> Reply {
        outcome.unwrap_or_else(|error| problem::document(&error, request_id, &self.api_origin))
    }

    /// The id that API Gateway gave the request, or one of ours.
    pub(crate) fn request_id(&self, request: &Request) -> String {
        given_id(request).map_or_else(
            || {
                let mut bytes = [0; 16];
                self.entropy.fill(&mut bytes);
                HEXLOWER.encode(&bytes)
            },
            str::to_owned,
        )
    }
}

/// The id that API Gateway gave the request.
pub(crate) fn given_id(request: &Request) -> Option<&str> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.request_id.as_deref().filter(|id| is_request_id(id)),
        _ => None,
    }
}

/// The id that Lambda gave the invocation, which its own log lines carry.
pub(crate) fn invocation(request: &Request) -> Option<&str> {
    request.lambda_context_ref().map(|context| context.request_id.as_str()).filter(|id| is_request_id(id))
}

/// Logs an outcome: the one place where a failed request is logged.
pub(crate) fn log(outcome: &Result<Reply>) {
    match outcome {
        Ok(reply) => tracing::info!({ field::STATUS } = reply.status().as_u16(), "answered"),
        Err(error) => log_error(error),
    }
}

/// Logs an error that did not fail the request, because something else makes up for it.
pub fn note(error: &Error, what: &'static str) {
    let chain = mooring_telemetry::chain(error);
    tracing::warn!({ field::ERROR_CODE } = error.code, { field::ERROR } = chain, "{what}");
}

/// Logs an error at the level of its kind.
pub(crate) fn log_error(error: &Error) {
    let (status, chain) = (problem::status_of(error.kind), mooring_telemetry::chain(error));
    if problem::is_ours(error) {
        tracing::error!(
            { field::STATUS } = status,
            { field::ERROR_CODE } = error.code,
            { field::ERROR } = chain,
            "failed"
        );
    } else {
        tracing::warn!(
            { field::STATUS } = status,
            { field::ERROR_CODE } = error.code,
            { field::ERROR } = chain,
            "refused"
        );
    }
}

/// Method and route pattern; a path itself may hold a token and is never logged.
pub(crate) fn route(request: &Request) -> String {
    let found = routes::find(request.method().as_str(), request.uri().path());
    format!("{} {}", request.method(), found.map_or("?", |found| found.route.path))
}

/// Tells whether a text can be a request's id. What is longer would be masked in the log.
pub(crate) fn is_request_id(id: &str) -> bool {
    (1..40).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'='))
}
