//! Sets security headers: those of every reply, and the limits on what a page may load and where it may post.

use lambda_http::Request;
use lambda_http::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use mooring_domain::Result;

use super::media;
use super::reply::{Reply, ReplyExt as _};

const BASE: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];
const CLOSED: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// The only style sheet of the pages stands in the page; its digest lets this style sheet apply and no other.
const PAGE: &str = "default-src 'none'; style-src 'sha256-drwperiJpV+qyah0fghCD1RWB87dJjP3cjokrGhNRes='; \
    frame-ancestors 'none'; base-uri 'none'";

/// Lets a page post forms to the API, and lets the reply redirect from there to the given origins.
///
/// Browsers apply `form-action` also to the redirect after a form. `same-origin` keeps the `Origin` header of
/// the form's request, which [`Site::same_origin`](super::site::Site::same_origin) checks; `no-referrer`
/// would make it `null`.
pub fn form_targets(reply: Reply, origins: &[&str]) -> Result<Reply> {
    let policy = format!("{PAGE}; form-action 'self' {}", origins.join(" "));
    reply
        .header_value(header::CONTENT_SECURITY_POLICY, policy.trim_end())?
        .header_value(header::REFERRER_POLICY, "same-origin")
}

/// Lets a page post forms as [`form_targets`] does, and lets the one script apply that stands in the page and has the
/// digest (SHA-256, Base64). The script may load and send nothing.
pub fn scripted_form(reply: Reply, origins: &[&str], digest: &str) -> Result<Reply> {
    let policy = format!("{PAGE}; script-src 'sha256-{digest}'; form-action 'self' {}", origins.join(" "));
    form_targets(reply, origins)?.header_value(header::CONTENT_SECURITY_POLICY, policy.trim_end())
}

/// Returns whether API Gateway received the request by HTTPS, for functions that do not know the API's
/// origin.
pub(crate) fn came_by_https(request: &Request) -> bool {
    request.headers().get("x-forwarded-proto").is_some_and(|way| way == "https")
}

/// Adds the headers of every reply, with its request id.
pub(crate) fn stamp(reply: &mut Reply, https: bool, request_id: &str) {
    secure(reply, https);
    if let Ok(id) = HeaderValue::from_str(request_id)
        && !id.is_empty()
    {
        reply.headers_mut().insert(X_REQUEST_ID, id);
    }
}

/// The header with the request's id.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

fn secure(reply: &mut Reply, https: bool) {
    let headers = reply.headers_mut();
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_page = media.is_some_and(|media| media::is(media, "text/html"));
    for (name, value) in BASE {
        set_default(headers, name, value);
    }
    let policy = if is_page { format!("{PAGE}; form-action 'none'") } else { CLOSED.to_owned() };
    set_default(headers, header::CONTENT_SECURITY_POLICY, &policy);
    if https {
        set_default(headers, header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
    }
}

fn set_default(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.entry(name).or_insert(value);
    }
}
