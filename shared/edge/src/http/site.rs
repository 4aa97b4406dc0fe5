//! The public origin of the API: makes its URLs, and checks the forms that its own pages send.

use lambda_http::Request;
use lambda_http::http::header::{HeaderName, ORIGIN};
use mooring_domain::{Error, Kind, Result};

use super::header::header;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The public origin of the API, such as `https://api.example.com`, without a slash at the end.
#[derive(Debug, Clone)]
pub struct Site(String);

impl Site {
    /// Makes a site from an origin that the configuration has checked.
    pub(crate) const fn new(origin: String) -> Self {
        Self(origin)
    }

    /// Returns the origin as text.
    pub fn origin(&self) -> &str {
        &self.0
    }

    /// Makes an absolute URL from a path of the API.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Refuses a form that another site posts. `Sec-Fetch-Site` decides; where a browser does not send it,
    /// `Origin` decides.
    pub fn same_origin(&self, request: &Request) -> Result<()> {
        let site = header(request, &FETCH_SITE);
        let (origin, has_origin) = (header(request, &ORIGIN), request.headers().contains_key(ORIGIN));
        let ours = origin == self.0;
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

    /// Returns whether the API is reached by HTTPS. It is everywhere except on a developer's machine.
    pub(crate) fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}
