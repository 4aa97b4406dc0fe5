//! Requests exactly as a test wants them, and answers as they came.

use anyhow::{Context as _, Result};
use http::{HeaderMap, Method, StatusCode};
use reqwest::Client;
use serde_json::Value;
use url::Url;

/// The answer to a request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Answer {
    /// Returns a header's value, empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Returns the body as JSON; null when it is something else.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// Returns whether this is a problem document whose status fits.
    pub fn is_problem(&self) -> bool {
        let body = self.json();
        self.header("content-type").starts_with("application/problem+json")
            && body["status"].as_u64() == Some(u64::from(self.status.as_u16()))
            && ["code", "title", "detail", "request_id", "type", "doc"]
                .iter()
                .all(|name| body[*name].is_string())
            && body["retryable"].is_boolean()
    }

    /// Returns whether this is a page.
    pub fn is_page(&self) -> bool {
        self.header("content-type").starts_with("text/html") && self.body.contains("</html>")
    }
}

/// A client that sends requests exactly as given.
#[derive(Clone)]
pub struct Wire {
    client: Client,
    origin: Url,
}

impl Wire {
    /// Makes a client of an origin; it follows no redirects.
    pub fn to(origin: &str) -> Result<Self> {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { client, origin: Url::parse(origin)? })
    }

    /// Sends a request.
    pub async fn send(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer> {
        let mut request = self.client.request(method.clone(), self.origin.join(path)?);
        for (name, value) in headers {
            request = request.header(*name, value.as_bytes());
        }
        if let Some(body) = body {
            request = request.body(body.to_vec());
        }
        let response = request.send().await.with_context(|| format!("{method} {}", shown(path)))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = String::from_utf8_lossy(&response.bytes().await?).into_owned();
        Ok(Answer { status, headers, body })
    }
}

fn shown(path: &str) -> String {
    path.chars().take(200).collect()
}
