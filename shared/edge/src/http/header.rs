//! Reads a header of a request.

use lambda_http::Request;
use lambda_http::http::header::HeaderName;

/// Reads a header's value as text; returns an empty text when the header is missing.
pub(crate) fn header<'a>(request: &'a Request, name: &HeaderName) -> &'a str {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
