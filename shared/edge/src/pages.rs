//! What is the same for every page: request id, security headers, readable errors, the same-origin check of forms.

use lambda_http::Request;
use lambda_http::http::header::{HeaderName, ORIGIN};
use mooring_domain::{Error, Kind, Result};
use tracing::Instrument;

use crate::extract::header;
use crate::{Edge, Reply, api, escape, layout, problem, wants_json};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl Edge {
    /// Runs a page: security headers, no caching, errors as a readable page, or as a problem document for programs.
    pub async fn page(&self, request: &Request, run: impl AsyncFnOnce() -> Result<Reply>) -> Reply {
        self.page_with(request, "", run).await
    }

    /// As [`Self::page`], with HTML to close error pages with.
    pub(crate) async fn page_with(
        &self,
        request: &Request,
        way_out: &str,
        run: impl AsyncFnOnce() -> Result<Reply>,
    ) -> Reply {
        let request_id = self.request_id(request);
        let span =
            mooring_telemetry::request_span(&request_id, api::invocation(request), &api::route(request));
        let work = async {
            let outcome = match self.admit(request) {
                Ok(()) => run().await,
                Err(error) => Err(error),
            };
            api::log(&outcome);
            outcome
        };
        let outcome = work.instrument(span).await;
        let mut reply = outcome.unwrap_or_else(|error| self.failed(request, &error, (&request_id, way_out)));
        self.finish(&mut reply, &request_id);
        reply
    }

    /// Refuses a form that another site posts: `Sec-Fetch-Site` decides, `Origin` where a browser does not send it.
    pub fn same_origin(&self, request: &Request) -> Result<()> {
        let site = header(request, &FETCH_SITE);
        let (origin, has_origin) = (header(request, &ORIGIN), request.headers().contains_key(ORIGIN));
        let ours = origin == self.api_origin;
        let fits = match site {
            "same-origin" | "none" => !has_origin || ours,
            "" => ours,
            _ => false,
        };
        if fits {
            return Ok(());
        }
        Err(Error::new(Kind::Forbidden, "cross_site", "This form has to be sent from our own page."))
    }

    fn failed(&self, request: &Request, error: &Error, (request_id, way_out): (&str, &str)) -> Reply {
        if wants_json(request) {
            return problem::document(error, request_id, &self.api_origin);
        }
        let body = format!(
            "<p>{}</p>\n{way_out}\n<p class=\"soft\">Request id: <code>{}</code></p>",
            escape(problem::detail(error)),
            escape(request_id)
        );
        problem::page(error, layout(problem::title(error), &body))
    }
}
