//! What the log says of a request: its ids, and one line for its outcome.

use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt as _};
use mooring_domain::{Error, Result};
use mooring_telemetry::field;

use super::problem;
use super::reply::Reply;

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

/// Tells whether a text can be a request's id. What is longer would be masked in the log.
pub(crate) fn is_request_id(id: &str) -> bool {
    (1..40).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'='))
}
