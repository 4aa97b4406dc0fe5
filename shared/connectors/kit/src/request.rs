//! A request as a connector describes it: one call of the manifest, with parameters.
//!
//! Method and path come from the call, so that no request goes to an address that the manifest does not name.

use std::fmt;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use mooring_domain::platform::manifest::Call;
use mooring_domain::{Error, Kind, Result};
use serde_json::{Map, Value};

use crate::Origin;

/// A request that has not left. The request's `Debug` shows the call alone, because parameters may hold secrets.
#[derive(Clone)]
pub struct Request {
    pub(crate) call: &'static Call,
    pub(crate) headers: HeaderMap,
    query: Vec<(&'static str, String)>,
    body: Map<String, Value>,
}

impl Request {
    /// Starts a request for a call.
    pub fn new(call: &'static Call) -> Self {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        Self { call, headers, query: Vec::new(), body: Map::new() }
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Adds a field of the JSON body.
    #[must_use]
    pub fn field(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.body.insert(name.to_owned(), value.into());
        self
    }

    /// Returns whether sending the request twice does no harm.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.call.method == Method::GET.as_str()
    }

    /// Builds the HTTP request for an origin.
    pub fn to_http(&self, origin: &Origin) -> Result<http::Request<Vec<u8>>> {
        let broken =
            |_| Error::new(Kind::Internal, "bad_request", "A request to the platform cannot be built.");
        let mut url = origin.join(self.call.path);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let builder = http::Request::builder().method(self.call.method).uri(url.as_str());
        let mut request = builder.body(Vec::new()).map_err(broken)?;
        *request.headers_mut() = self.headers.clone();
        if !self.body.is_empty() {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Value::Object(self.body.clone()).to_string().into_bytes();
        }
        Ok(request)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({})", self.call.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Call = Call { name: "thing.read", method: "GET", path: "/thing/", scope: "" };

    #[test]
    fn a_request_names_the_path_of_its_call_and_encodes_its_query() {
        let request = Request::new(&CALL).query("ids", r#"["1","ü&"]"#).field("a", 1);
        let http = request.to_http(&Origin::parse("https://api.example").unwrap()).unwrap();
        assert_eq!(http.uri(), "https://api.example/thing/?ids=%5B%221%22%2C%22%C3%BC%26%22%5D");
        assert_eq!(http.body(), br#"{"a":1}"#);
        assert_eq!(http.headers()[CONTENT_TYPE], "application/json");
    }

    #[test]
    fn secrets_show_in_no_debug_output() {
        let secret = secrecy::SecretString::from("s3cr3t");
        let request = Request::new(&CALL).secret_query("secret", &secret).secret_field("token", &secret);
        let request = request.token_header("access-token", &secret).unwrap();
        assert_eq!(format!("{request:?}"), "Request(thing.read)");
        assert!(!format!("{:?}", request.headers).contains("s3cr3t"));
    }
}
