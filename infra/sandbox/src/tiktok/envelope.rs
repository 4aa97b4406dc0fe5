//! The platform's answer envelope and its numeric errors (`TikTok` portal, return codes page).
//!
//! Every API-level answer is HTTP 200; only `code` distinguishes success from failure.

use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::random;

/// A failed call: the platform's code and its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) code: u32,
    pub(crate) message: String,
}

impl ApiError {
    pub(crate) fn new(code: u32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// Makes the error for a wrong parameter; only the message says which one.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(40002, message)
    }

    pub(crate) fn missing(name: &str) -> Self {
        Self::invalid(format!("{name}: Missing data for required field."))
    }

    pub(crate) fn no_permission(what: &str) -> Self {
        Self::new(40001, format!("No permission to operate {what}."))
    }

    pub(crate) fn token_empty() -> Self {
        Self::new(40104, "Access token is empty. Set it in the request header Access-Token.")
    }

    pub(crate) fn token_revoked() -> Self {
        Self::new(40105, "Access token is incorrect or has been revoked.")
    }
}

/// What a handler of the played API returns.
pub(crate) type ApiResult = Result<Value, ApiError>;

/// Makes a request id: 14 digits of UTC time and 20 upper-case hexadecimal digits.
pub(crate) fn request_id(now: Timestamp) -> String {
    format!("{}{}", now.strftime("%Y%m%d%H%M%S"), random::hex_upper(20))
}

/// Wraps a result as the platform does.
pub(crate) fn wrap(result: ApiResult, request_id: &str) -> String {
    let (code, message, data) = match result {
        Ok(data) => (0, "OK".to_owned(), data),
        Err(error) => (error.code, error.message, json!({})),
    };
    json!({"code": code, "message": message, "request_id": request_id, "data": data}).to_string()
}

/// Sends a body as JSON with the platform's trace header.
pub(crate) fn respond(body: String, request_id: String) -> Response {
    let headers =
        [(header::CONTENT_TYPE.as_str(), "application/json".to_owned()), ("x-tt-logid", request_id)];
    (headers, body).into_response()
}
