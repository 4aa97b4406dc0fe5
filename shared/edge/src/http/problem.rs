//! Turns errors into RFC 9457 problem documents and error pages; holds the table from kinds to HTTP statuses.

use lambda_http::Body;
use lambda_http::http::StatusCode;
use lambda_http::http::header::{ACCEPT_ENCODING, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use mooring_domain::guard::limits::{Exceeded, QUOTA_EXCEEDED};
use mooring_domain::{Error, Kind, Retry};
use mooring_texts::Language;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::media;
use super::reply::{Reply, plain, typed};

/// A problem document (RFC 9457).
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(example = example())]
pub struct Problem<'a> {
    /// Names the problem; not for fetching.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do.
    pub detail: &'a str,
    /// A stable word for programs.
    pub code: &'static str,
    /// The request's id, for support.
    pub request_id: &'a str,
    /// True when the same call can succeed later.
    pub retryable: bool,
    /// Where the code is explained.
    pub doc: String,
    /// The limits that were exceeded, by their names in `RateLimit-Policy`; only with `quota_exceeded`.
    #[serde(rename = "violated-policies", skip_serializing_if = "<[_]>::is_empty")]
    #[schemars(default)]
    pub violated_policies: &'a [&'static str],
}

fn example() -> Value {
    json!({
        "type": "tag:mooring,2026:unknown_level",
        "title": "The request does not fit",
        "status": 400,
        "detail": "A level is one of: account, campaign, ad_group, ad.",
        "code": "unknown_level",
        "request_id": "Kx3cTgBvFiAEMRg=",
        "retryable": false,
        "doc": "https://api.example.com/docs/api/errors#unknown_level",
    })
}

const OURS: &str = "Something went wrong on our side. The request id helps us to find it.";

/// Returns the status and the title of a kind of error: the only such table.
const fn status(kind: Kind) -> (StatusCode, &'static str) {
    match kind {
        Kind::Invalid => (StatusCode::BAD_REQUEST, "The request does not fit"),
        Kind::Unauthenticated => (StatusCode::UNAUTHORIZED, "No valid credential"),
        Kind::Forbidden | Kind::Refused => (StatusCode::FORBIDDEN, "Not allowed"),
        Kind::NotPermitted => (StatusCode::FORBIDDEN, "Not covered by the grant"),
        Kind::NotFound => (StatusCode::NOT_FOUND, "Not found"),
        Kind::Method => (StatusCode::METHOD_NOT_ALLOWED, "Not with this method"),
        Kind::Conflict => (StatusCode::CONFLICT, "Not possible in this state"),
        Kind::Mismatch => (StatusCode::UNPROCESSABLE_ENTITY, "Does not fit the earlier request"),
        Kind::Reauthorise => (StatusCode::CONFLICT, "The person has to connect again"),
        Kind::Gone => (StatusCode::GONE, "No longer there"),
        Kind::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, "Not in this form"),
        Kind::MediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "A body that cannot be read"),
        Kind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Too large"),
        Kind::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "Too many calls"),
        Kind::Upstream | Kind::UpstreamChanged => (StatusCode::BAD_GATEWAY, "The platform failed"),
        Kind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Not available just now"),
        Kind::Setup => (StatusCode::INTERNAL_SERVER_ERROR, "The product is not set up as it should be"),
        Kind::Sealed | Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "A fault of ours"),
    }
}

/// Returns the HTTP status number of a kind of error.
pub fn status_of(kind: Kind) -> u16 {
    status(kind).0.as_u16()
}

/// Returns the text that a caller may read. Only the log distinguishes internal faults.
pub(crate) fn detail(error: &Error) -> &str {
    if matches!(error.kind, Kind::Sealed | Kind::Internal) { OURS } else { &error.message }
}

/// Returns whether the fault lies in Mooring's code or set-up. Such a fault is logged as an error, so that an
/// operator looks into it.
pub(crate) fn is_ours(error: &Error) -> bool {
    matches!(error.kind, Kind::Sealed | Kind::Internal | Kind::Setup)
}

/// Writes an error as a problem document.
pub(crate) fn document(error: &Error, request_id: &str, api_origin: &str) -> Reply {
    let (status, title) = status(error.kind);
    let problem = Problem {
        kind: kind(error.code),
        title,
        status: status.as_u16(),
        detail: detail(error),
        code: error.code,
        request_id,
        retryable: error.is_retryable(),
        doc: format!("{api_origin}/docs/api/errors#{}", error.code),
        violated_policies: violated(error),
    };
    let text = serde_json::to_string(&problem).unwrap_or_default();
    with_hints(typed(status, "application/problem+json", text).unwrap_or_default(), error)
}

/// Returns the URI of a problem: the registered one if there is one.
fn kind(code: &str) -> String {
    match code {
        QUOTA_EXCEEDED => "https://iana.org/assignments/http-problem-types#quota-exceeded".to_owned(),
        _ => format!("tag:mooring,2026:{code}"),
    }
}

fn violated(error: &Error) -> &[&'static str] {
    let exceeded = error.source.as_deref().and_then(|source| source.downcast_ref::<Exceeded>());
    exceeded.map_or(&[], |exceeded| exceeded.0.as_slice())
}

/// Answers a page with an error's status, such as a form that comes back with what has to be put right.
pub fn refused_html(error: &Error, html: String) -> Reply {
    let (status, _) = status(error.kind);
    let reply = typed(status, "text/html; charset=utf-8", html);
    with_hints(reply.unwrap_or_else(|_| plain(status, Body::Empty)), error)
}

/// Returns the heading of an error's page.
pub(crate) fn title(language: &'static Language, error: &Error) -> &'static str {
    let word = match error.kind {
        Kind::Invalid | Kind::Mismatch => "invalid",
        Kind::Unauthenticated => "unauthenticated",
        Kind::Forbidden | Kind::Refused => "forbidden",
        Kind::NotPermitted => "not_permitted",
        Kind::NotFound => "not_found",
        Kind::Method => "method",
        Kind::Conflict | Kind::Reauthorise => "conflict",
        Kind::Gone => "gone",
        Kind::NotAcceptable | Kind::MediaType => "media",
        Kind::TooLarge => "too_large",
        Kind::RateLimited => "rate_limited",
        Kind::Upstream | Kind::UpstreamChanged | Kind::Unavailable => "unavailable",
        Kind::Setup | Kind::Sealed | Kind::Internal => "ours",
    };
    language.find(&format!("kind.{word}")).unwrap_or_else(|| status(error.kind).1)
}

/// Returns the sentence of an error for people: the text of its code. An error without one says its own message where
/// that has the page's language, English, and else the text of its kind.
pub(crate) fn sentence<'a>(language: &'static Language, error: &'a Error) -> &'a str {
    if let Some(text) = language.find(&format!("error.{}", error.code)) {
        return text;
    }
    if language.tag == mooring_texts::default_language().tag {
        return detail(error);
    }
    language.text(match error.kind {
        Kind::Setup | Kind::Sealed | Kind::Internal => "error.ours",
        Kind::Upstream | Kind::UpstreamChanged | Kind::Unavailable | Kind::RateLimited => "error.unavailable",
        _ => "error.other",
    })
}

fn with_hints(mut reply: Reply, error: &Error) -> Reply {
    if error.kind == Kind::Unauthenticated {
        reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"mooring\""));
    }
    if error.code == media::CODED {
        reply.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    if let Retry::After(Some(wait)) = error.retry {
        reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only the operator can mend a fault of the set-up: it is an error line, which raises an alarm, and a
    /// 5xx.
    #[test]
    fn a_fault_of_the_set_up_is_a_5xx_that_is_logged_as_an_error() {
        let error = Error::new(Kind::Setup, "platform_setup", "The app's secret is wrong.");
        assert_eq!(status_of(error.kind), 500);
        assert!(is_ours(&error));
        assert_eq!(detail(&error), "The app's secret is wrong.", "the operator is told which");
        for kind in [Kind::Upstream, Kind::Reauthorise, Kind::Invalid, Kind::RateLimited] {
            assert!(!is_ours(&Error::new(kind, "x", "x")), "{kind:?}");
        }
    }
}
