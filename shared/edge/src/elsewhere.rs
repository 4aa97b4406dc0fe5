//! What is no route of ours: a problem document in place of API Gateway's own answer, with the headers of all others.

use lambda_http::Request;
use lambda_http::http::header::{ALLOW, HeaderValue};
use mooring_domain::{Error, Kind};

use crate::{Reply, api, headers, problem, routes};

/// Answers a request whose path, or whose method on this path, no route has.
pub fn elsewhere(request: &Request) -> Reply {
    let request_id = api::given_id(request).unwrap_or_default();
    let span = mooring_telemetry::request_span(request_id, api::invocation(request), &api::route(request));
    let _entered = span.enter();
    let methods = routes::methods(request.uri().path());
    // The gateway takes a path as it was sent; one that leads to a route only once it is tidied up is none.
    let has_own = methods.iter().any(|method| *method == request.method().as_str());
    let methods = if has_own { Vec::new() } else { methods };
    let error = if methods.is_empty() {
        Error::new(Kind::NotFound, "no_route", "There is nothing here. `/openapi.json` lists what there is.")
    } else {
        Error::new(Kind::Method, "method_not_allowed", "This path has other methods; `Allow` lists them.")
    };
    let mut reply = problem::document(&error, request_id, "");
    if let Ok(value) = HeaderValue::from_str(&methods.join(", "))
        && !methods.is_empty()
    {
        reply.headers_mut().insert(ALLOW, value);
    }
    api::log(&Err(error));
    headers::stamp(&mut reply, headers::came_by_https(request), request_id);
    reply
}
