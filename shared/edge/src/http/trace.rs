//! Logs a request: its ids, and one line for its outcome.

use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt as _};
use mooring_domain::{Error, Result};
use mooring_telemetry::field;

use super::problem;
use super::reply::Reply;

/// Returns the id that API Gateway gave the request.
pub(crate) fn given_id(request: &Request) -> Option<&str> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.request_id.as_deref().filter(|id| is_request_id(id)),
        _ => None,
    }
}

/// Returns the id that Lambda gave the invocation; Lambda's own log lines carry it.
pub(crate) fn invocation(request: &Request) -> Option<&str> {
    request.lambda_context_ref().map(|context| context.request_id.as_str()).filter(|id| is_request_id(id))
}

/// Logs an outcome. No other place logs a failed request.
pub(crate) fn log(outcome: &Result<Reply>) {
    match outcome {
        Ok(reply) => tracing::info!({ field::STATUS } = reply.status().as_u16(), "answered"),
        Err(error) => log_error(error),
    }
}

/// Logs an error that did not fail the request, because the code makes up for it in another way.
pub fn log_suppressed(error: &Error, what: &'static str) {
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

/// Returns whether a text can be a request's id. The log would mask a longer one.
pub(crate) fn is_request_id(id: &str) -> bool {
    (1..40).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'='))
}
