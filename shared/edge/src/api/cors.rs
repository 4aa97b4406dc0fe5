//! Controls cross-origin access: tenants register exact origins, and no cookie is used.

use lambda_http::Request;
use lambda_http::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderValue, ORIGIN, VARY,
};
use mooring_domain::people::tenant::Tenant;
use mooring_domain::{Error, Kind, Result};
use tracing::Instrument as _;

use super::edge::Edge;
use super::public::fallback;
use crate::http::reply::{Reply, ReplyExt as _, no_content};
use crate::http::{headers, trace};
use crate::routes;

/// The code of the refusal of a browser origin.
pub(super) const REFUSED: &str = "origin_not_allowed";
const ALLOW_HEADERS: &str = "authorization, content-type, accept, idempotency-key";
const EXPOSE_HEADERS: &str = "Idempotent-Replayed, Link, Location, Mooring-Completeness, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id";
/// The longest origin in bytes: scheme, a host of 253 characters and a port.
const LONGEST_ORIGIN: usize = 300;
/// How many seconds a browser may remember the answer to a preflight.
const MAX_AGE: &str = "600";

impl Edge {
    /// Answers the preflight of any path below `/v1`. A path without a route gets the answer of every unknown
    /// path.
    pub async fn preflight(&self, request: &Request) -> Reply {
        let path = request.uri().path();
        let methods = routes::methods(path);
        // API Gateway matches the path as it was sent: with dots in it, a path below `/v1` is one of a page once it has
        // been normalised.
        if methods.is_empty() || !path.starts_with(routes::BELOW) {
            return fallback(request);
        }
        let request_id = self.request_id(request);
        let pattern = routes::pattern(request.method(), path);
        let span = mooring_telemetry::request_span(&request_id, trace::invocation(request), &pattern);
        let work = async {
            let outcome = self.allow(request, &methods).await;
            trace::log(&outcome);
            let origin = self.reader(request, &outcome).await;
            (self.reply_of(outcome, &request_id), origin)
        };
        let (mut reply, origin) = work.instrument(span).await;
        grant(&mut reply, origin);
        headers::stamp(&mut reply, self.site.is_https(), &request_id);
        reply
    }

    /// Allows methods to an origin. A preflight carries no credential, so that any tenant's origin is
    /// accepted; the call itself is checked against the origins of the caller's own tenant.
    async fn allow(&self, request: &Request, methods: &[&str]) -> Result<Reply> {
        self.admit(request)?;
        let origin = origin(request).unwrap_or_default();
        if origin.is_empty() || !self.callers.origin_known(origin).await? {
            return Err(refused());
        }
        let reply = no_content()?
            .header_value(ACCESS_CONTROL_ALLOW_METHODS, &methods.join(", "))?
            .header_value(ACCESS_CONTROL_ALLOW_HEADERS, ALLOW_HEADERS)?;
        reply.header_value(ACCESS_CONTROL_MAX_AGE, MAX_AGE)
    }

    /// Returns the origin that may read the answer to a failed call.
    pub(super) async fn readable_by<'a>(&self, request: &'a Request, error: &Error) -> Option<&'a str> {
        let origin = origin(request).filter(|_| error.code != REFUSED)?;
        self.callers.origin_known(origin).await.unwrap_or(false).then_some(origin)
    }
}

/// Returns the browser origin of a call, if a browser made it. What no tenant can register is `null`, the origin that
/// browsers keep to themselves: the table refuses a key of more than 2,048 bytes, and a caller chooses this header.
pub(super) fn origin(request: &Request) -> Option<&str> {
    let value = request.headers().get(ORIGIN)?;
    Some(value.to_str().ok().filter(|text| text.len() <= LONGEST_ORIGIN).unwrap_or("null"))
}

/// Refuses a browser origin that the caller's tenant did not register.
pub(super) fn check(request: &Request, tenant: &Tenant) -> Result<()> {
    match origin(request) {
        Some(origin) if !tenant.origins.iter().any(|known| known == origin) => Err(refused()),
        _ => Ok(()),
    }
}

/// Lets an origin read a reply.
pub(super) fn grant(reply: &mut Reply, origin: Option<&str>) {
    let headers = reply.headers_mut();
    headers.append(VARY, HeaderValue::from_static("Origin"));
    let Some(Ok(value)) = origin.map(HeaderValue::from_str) else { return };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, value);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSE_HEADERS));
}

fn refused() -> Error {
    Error::new(Kind::Forbidden, REFUSED, "This browser origin is not registered for the tenant.")
}
