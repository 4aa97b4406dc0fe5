//! Runs the parts that all pages share: request id, security headers, readable errors.

use askama::Template;
use lambda_http::Request;
use mooring_domain::{Error, Result};
use tracing::Instrument;

use super::edge::Edge;
use crate::http::media::wants_json;
use crate::http::reply::Reply;
use crate::http::{headers, problem, shell, trace};
use crate::routes;

/// The links that close an error page of the connect flow.
#[derive(Template)]
#[template(path = "way_out.html")]
pub(super) struct WayOut<'a> {
    /// The page of this deployment to go back to.
    pub(super) back: Option<&'a str>,
    /// The product's site.
    pub(super) site: Option<String>,
    /// The product's name.
    pub(super) product: &'a str,
    /// The e-mail address for questions.
    pub(super) mail: &'a str,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    detail: &'a str,
    /// A template: its output is HTML already and is not escaped again.
    way_out: Option<&'a WayOut<'a>>,
    request_id: &'a str,
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
        let body = ErrorPage { detail: problem::detail(error), way_out, request_id };
        problem::page(error, shell::page(problem::title(error), &body).unwrap_or_default())
    }
}
