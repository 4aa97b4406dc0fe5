//! The files of the page, compiled in and put together at the start, and the headers that keep the page to itself.

use std::sync::Arc;

use aws_lc_rs::digest;
use axum::Router;
use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::http::HeaderMap;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use data_encoding::HEXLOWER;

use crate::DemoConfig;
use crate::join::{Module, join};
use crate::language::{Language, wanted};
use crate::page::{PLATFORM, Value, render};

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const PICTURE: &str = "image/svg+xml";

macro_rules! files {
    ($($file:literal),+ $(,)?) => {
        &[$(($file, include_str!(concat!("../static/", $file)))),+]
    };
}

const INDEX: &str = include_str!("../static/index.html");
const CONNECTED: &str = include_str!("../static/connected.html");
const RETURNED: &str = include_str!("../static/returned.html");
const MARK: &str = include_str!("../static/mark.svg");
const STYLES: [&str; 2] = [include_str!("../static/style.css"), include_str!("../static/chart.css")];
/// The modules, of which [`join`] makes one script a page. The connect script comes after them.
const MODULES: &[Module] = files![
    "accounts.js",
    "api.js",
    "app.js",
    "campaigns.js",
    "chart.js",
    "clock.js",
    "columns.js",
    "completeness.js",
    "connected.js",
    "connecting.js",
    "days.js",
    "deletions.js",
    "dom.js",
    "load.js",
    "money.js",
    "names.js",
    "panel.js",
    "receipt.js",
    "report.js",
    "returned.js",
    "scale.js",
    "scrolling.js",
    "server.js",
    "store.js",
    "sync.js",
    "tell.js",
    "texts.js",
];

/// The script that every product may take: the demo uses the file of the package.
const CONNECT: Module = ("connect.js", include_str!("../../../clients/connect/connect.js"));

/// A file as it is sent: where, its media type, its bytes.
type Asset = (&'static str, &'static str, Bytes);

/// Builds the routes of the pages and of their files.
pub(crate) fn routes(config: &DemoConfig) -> anyhow::Result<Router> {
    let modules = [MODULES, &[CONNECT]].concat();
    let files: [Asset; 5] = [
        ("/app.js", SCRIPT, join("app.js", &modules)?.into()),
        ("/connected.js", SCRIPT, join("connected.js", &modules)?.into()),
        ("/returned.js", SCRIPT, join("returned.js", &modules)?.into()),
        ("/style.css", STYLE, STYLES.join("\n").into()),
        ("/mark.svg", PICTURE, Bytes::from_static(MARK.as_bytes())),
    ];
    let version = version(&files);
    let languages = Language::all()?;
    let values = [
        ("version", version.as_str()),
        ("platform", PLATFORM.1),
        ("api_origin", config.api_origin.as_str()),
        ("mailbox", config.mailbox_url.as_str()),
    ];
    let router = Router::new()
        .route("/", page(INDEX, &languages, &values)?)
        .route("/connected", page(CONNECTED, &languages, &values)?)
        .route("/returned", page(RETURNED, &languages, &values)?);
    Ok(files.into_iter().fold(router, |router, file| serve(router, file, version.clone())))
}

/// Names the files' content, so that a browser may keep them for as long as they stay as they are.
fn version(files: &[Asset]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for (_, _, bytes) in files {
        context.update(bytes);
    }
    HEXLOWER.encode(context.finish().as_ref().get(..8).unwrap_or_default())
}

/// Serves a page in the language that the visitor reads.
fn page(html: &str, languages: &[Language], values: &[Value<'_>]) -> anyhow::Result<MethodRouter> {
    let rendered =
        languages.iter().map(|own| Ok((own.code, Bytes::from(render(html, own, languages, values)?))));
    let pages = Arc::new(rendered.collect::<anyhow::Result<Vec<_>>>()?);
    Ok(get(move |headers: HeaderMap| async move {
        let code = wanted(&headers);
        let page =
            pages.iter().find(|(known, _)| *known == code).map(|(_, page)| page.clone()).unwrap_or_default();
        let language = HeaderValue::from_static(code);
        ([(header::CONTENT_TYPE, HeaderValue::from_static(HTML)), (header::CONTENT_LANGUAGE, language)], page)
    }))
}

/// Serves a file. Under the address that a page names, its content never changes; under every other it may.
fn serve(router: Router, (path, media, bytes): Asset, version: String) -> Router {
    router.route(
        path,
        get(move |RawQuery(query): RawQuery| async move {
            let mut response = ([(header::CONTENT_TYPE, media)], bytes).into_response();
            if query.is_some_and(|query| query == version) {
                let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
                response.headers_mut().insert(header::CACHE_CONTROL, forever);
            }
            response
        }),
    )
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
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    Ok(router.layer(map_response(move |mut response: Response| {
        let kept = HeaderValue::from_static("no-store");
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(kept);
        response.headers_mut().extend(headers.clone());
        async move { response }
    })))
}
