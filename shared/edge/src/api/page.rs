//! Runs the parts that all pages share: request id, security headers, readable errors.

use askama::Template;
use lambda_http::Request;
use lambda_http::http::header::{HeaderValue, VARY};
use mooring_domain::{Error, Result};
use mooring_texts::Language;
use tracing::Instrument;

use super::edge::Edge;
use super::flow::Back;
use crate::http::language::language;
use crate::http::media::wants_json;
use crate::http::reply::Reply;
use crate::http::{headers, problem, shell, trace};
use crate::routes;

/// The links that close an error page.
#[derive(Template)]
#[template(path = "way_out.html")]
pub(super) struct WayOut<'a> {
    /// The language of the page.
    pub(super) language: &'static Language,
    /// The page of this deployment to go back to.
    pub(super) back: Option<&'a Back>,
    /// The product's site.
    pub(super) site: Option<String>,
    /// The product's name.
    pub(super) product: &'a str,
    /// The e-mail address for questions.
    pub(super) mail: &'a str,
    /// The same address as a link.
    pub(super) mailto: &'a str,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    language: &'static Language,
    detail: &'a str,
    /// A template: its output is HTML already and is not escaped again.
    way_out: Option<&'a WayOut<'a>>,
    request_id: &'a str,
}

#[derive(Template)]
#[template(path = "missing.html")]
struct MissingPage<'a> {
    language: &'static Language,
    detail: &'a str,
    request_id: &'a str,
}

/// Answers a person who came to an address that has no page, with the way to the first one.
pub(super) fn missing(request: &Request, error: &Error, request_id: &str) -> Reply {
    let language = language(request);
    let body = MissingPage { language, detail: problem::sentence(language, error), request_id };
    let page = shell::page(language, problem::title(language, error), &body);
    problem::refused_html(error, page.unwrap_or_default())
}

impl Edge {
    /// Runs a page: security headers, no caching, errors as a readable page, or as a problem document for
    /// programs.
    pub async fn page(&self, request: &Request, run: impl AsyncFnOnce() -> Result<Reply>) -> Reply {
        self.page_with(request, None, run).await
    }

    /// Runs a page as [`Self::page`] does, and closes its error pages with links.
    pub(super) async fn page_with(
        &self,
        request: &Request,
        way_out: Option<&WayOut<'_>>,
        run: impl AsyncFnOnce() -> Result<Reply>,
    ) -> Reply {
        let request_id = self.request_id(request);
        let span = mooring_telemetry::request_span(
            &request_id,
            trace::invocation(request),
            &routes::pattern(request.method(), request.uri().path()),
        );
        let work = async {
            let outcome = match self.admit(request) {
                Ok(()) => run().await,
                Err(error) => Err(error),
            };
            trace::log(&outcome);
            outcome
        };
        let outcome = work.instrument(span).await;
        let mut reply = outcome.unwrap_or_else(|error| self.failed(request, &error, &request_id, way_out));
        // No cache keeps a page; whoever keeps one all the same learns what it depends on.
        reply.headers_mut().insert(VARY, HeaderValue::from_static("accept, accept-language"));
        headers::stamp(&mut reply, self.site.is_https(), &request_id);
        reply
    }

    fn failed(
        &self,
        request: &Request,
        error: &Error,
        request_id: &str,
        way_out: Option<&WayOut<'_>>,
    ) -> Reply {
        if wants_json(request) {
            return problem::document(error, request_id, self.site.origin());
        }
        let language = language(request);
        let body = ErrorPage { language, detail: problem::sentence(language, error), way_out, request_id };
        let page = shell::page(language, problem::title(language, error), &body);
        problem::refused_html(error, page.unwrap_or_default())
    }
}
