//! Answers that need no caller and no port: public documents, and a problem document or a page for a request that
//! matches no route, in place of API Gateway's own answer.

use lambda_http::Request;
use lambda_http::http::StatusCode;
use lambda_http::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL, HeaderValue, VARY};
use mooring_domain::{Error, Kind};
use mooring_telemetry::field;

use super::page;
use crate::http::media::wants_page;
use crate::http::reply::{Reply, typed};
use crate::http::{event, headers, problem, trace};
use crate::routes;

/// Answers a public document that anybody may read from anywhere, such as `/openapi.json`.
pub fn asset(request: &Request, media: &'static str, text: &str) -> Reply {
    let mut reply = served(request, media, text);
    if reply.status().is_success() {
        reply.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    }
    reply
}

/// Answers a public text that holds for this moment alone: no cache keeps it.
pub fn momentary(request: &Request, media: &'static str, text: &str) -> Reply {
    served(request, media, text)
}

fn served(request: &Request, media: &'static str, text: &str) -> Reply {
    let request_id = trace::given_id(request).unwrap_or_default();
    let span = mooring_telemetry::request_span(
        request_id,
        trace::invocation(request),
        &routes::pattern(request.method(), request.uri().path()),
    );
    if let Err(error) = event::require_fit(request) {
        let mut reply = problem::document(&error, request_id, "");
        span.in_scope(|| trace::log(&Err(error)));
        headers::stamp(&mut reply, headers::came_by_https(request), request_id);
        return reply;
    }
    let mut reply = typed(StatusCode::OK, media, text.to_owned()).unwrap_or_default();
    span.in_scope(|| tracing::info!({ field::STATUS } = reply.status().as_u16(), "answered"));
    headers::stamp(&mut reply, headers::came_by_https(request), request_id);
    reply
}

fn refusal(methods: &[&str]) -> Error {
    if methods.is_empty() {
        Error::new(Kind::NotFound, "no_route", "There is nothing here. `/openapi.json` lists what there is.")
    } else {
        Error::new(Kind::Method, "method_not_allowed", "This path has other methods; `Allow` lists them.")
    }
}

/// Answers a request that matches no route by its path or by its method, or whose route finds nothing under its path.
pub fn fallback(request: &Request) -> Reply {
    let request_id = trace::given_id(request).unwrap_or_default();
    let span = mooring_telemetry::request_span(
        request_id,
        trace::invocation(request),
        &routes::pattern(request.method(), request.uri().path()),
    );
    let _entered = span.enter();
    let methods = routes::methods(request.uri().path());
    // API Gateway matches the path as it was sent. A path that only matches a route after it has been
    // normalised has none.
    let has_own = methods.iter().any(|method| *method == request.method().as_str());
    let methods = if has_own { Vec::new() } else { methods };
    let misfit = event::require_fit(request).err().filter(|_| has_own);
    let error = misfit.unwrap_or_else(|| refusal(&methods));
    let mut reply = if wants_page(request) {
        page::missing(request, &error, request_id)
    } else {
        problem::document(&error, request_id, "")
    };
    reply.headers_mut().insert(VARY, HeaderValue::from_static("accept, accept-language"));
    if let Ok(value) = HeaderValue::from_str(&methods.join(", "))
        && !methods.is_empty()
    {
        reply.headers_mut().insert(ALLOW, value);
    }
    trace::log(&Err(error));
    headers::stamp(&mut reply, headers::came_by_https(request), request_id);
    reply
}
