//! The static files, compiled in, and the headers that keep the page to itself.

use axum::Router;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;

/// A file: where it is served, its media type, its text.
type Asset = (&'static str, &'static str, &'static str);

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

macro_rules! files {
    ($($file:literal as $media:expr),+ $(,)?) => {
        &[$((concat!("/", $file), $media, include_str!(concat!("../static/", $file)))),+]
    };
}

const INDEX: Asset = ("/", "text/html; charset=utf-8", include_str!("../static/index.html"));
const RETURNED: Asset = ("/returned", "text/html; charset=utf-8", include_str!("../static/returned.html"));
const FILES: &[Asset] = files![
    "accounts.js" as SCRIPT,
    "api.js" as SCRIPT,
    "app.js" as SCRIPT,
    "campaigns.js" as SCRIPT,
    "chart.css" as STYLE,
    "chart.js" as SCRIPT,
    "clock.js" as SCRIPT,
    "columns.js" as SCRIPT,
    "completeness.js" as SCRIPT,
    "days.js" as SCRIPT,
    "deletions.js" as SCRIPT,
    "dom.js" as SCRIPT,
    "mark.svg" as "image/svg+xml",
    "money.js" as SCRIPT,
    "panel.js" as SCRIPT,
    "receipt.js" as SCRIPT,
    "report.js" as SCRIPT,
    "returned.js" as SCRIPT,
    "scale.js" as SCRIPT,
    "store.js" as SCRIPT,
    "style.css" as STYLE,
];

/// Builds the routes of the files.
pub(crate) fn routes() -> Router {
    FILES.iter().chain([&INDEX, &RETURNED]).fold(Router::new(), |router, (path, media, text)| {
        router.route(path, get(move || async move { ([(header::CONTENT_TYPE, *media)], *text) }))
    })
}

/// Returns the policy that allows the page our own files and calls to the API: nothing from another origin, no inline
/// script, no markup from text.
pub(crate) fn content_security_policy(api_origin: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' {api_origin}; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types 'none'"
    )
}

/// Adds the headers to every answer of a router.
pub(crate) fn secured(router: Router, policy: &str) -> anyhow::Result<Router> {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::try_from(policy)?),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    Ok(router.layer(map_response(move |mut response: Response| {
        response.headers_mut().extend(headers.clone());
        async move { response }
    })))
}
