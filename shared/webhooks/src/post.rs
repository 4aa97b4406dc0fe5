//! Makes one call to one endpoint. Every reaction of the endpoint is an outcome; the body of its answer is
//! never kept.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use mooring_domain::base::secret::Plain;
use mooring_domain::webhook::delivery::{Failure, Posted};
use mooring_domain::webhook::event::Event;
use mooring_domain::webhook::ports::WebhookPost;
use mooring_domain::webhook::target::{Reach, Target};
use mooring_domain::{Error, Kind, Result};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode};

use crate::guard::{ForbiddenAddress, Guard, Lookup, SystemLookup};
use crate::{Config, body, signature};

/// How long a whole call may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long the body of an answer may take, and how many bytes of it are read. Reading a part avoids that the
/// endpoint's answer is cut off in the middle.
const BODY_PATIENCE: Duration = Duration::from_secs(2);
const BODY_LIMIT: usize = 16 * 1024;

/// Calls endpoints. Clones share the client; no connection is kept for the next call.
#[derive(Clone)]
pub struct Sender {
    http: reqwest::Client,
    reach: Reach,
    api_origin: String,
}

impl Sender {
    /// Makes the sender of a deployment, which reaches the public Internet.
    pub fn new(config: Config) -> Result<Self> {
        Self::reaching(config, Reach::Public, Arc::new(SystemLookup))
    }

    /// Makes a sender that reaches the addresses of `reach`, found by `lookup`.
    pub fn reaching(config: Config, reach: Reach, lookup: Arc<dyn Lookup>) -> Result<Self> {
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .https_only(reach == Reach::Public)
            .dns_resolver(Arc::new(Guard { lookup, reach }))
            .pool_max_idle_per_host(0)
            .timeout(PATIENCE)
            .user_agent(concat!("mooring-webhooks/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| {
                Error::new(Kind::Internal, "no_http", "The HTTP client cannot start.").because(error)
            })?;
        Ok(Self { http, reach, api_origin: config.api_origin })
    }

    async fn call(&self, url: &Plain, event: &Event, secrets: &[Plain], at: Timestamp) -> Posted {
        // The address was checked when it was stored. It is checked again because the rules may have become
        // stricter.
        let target = url.text().and_then(|text| Target::parse(text, self.reach).ok());
        let Some(target) = target else { return failed(Failure::Forbidden) };
        let body = body(event, &self.api_origin);
        let timestamp = at.as_second();
        let secrets = secrets.iter().map(Plain::bytes);
        let request = self
            .http
            .post(target.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", event.id.as_str())
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature(secrets, event.id.as_str(), timestamp, &body))
            .body(body);
        match request.send().await {
            Ok(response) => {
                let posted = judge(response.status(), retry_after(response.headers(), at));
                drain(response).await;
                posted
            }
            Err(error) => failed(reason(&error)),
        }
    }
}

#[async_trait]
impl WebhookPost for Sender {
    async fn post(&self, url: &Plain, event: &Event, secrets: &[Plain], at: Timestamp) -> Posted {
        self.call(url, event, secrets, at).await
    }
}

/// Judges an answer by its status.
fn judge(status: StatusCode, retry_after: Option<Duration>) -> Posted {
    let failure = match status {
        _ if status.is_success() => None,
        _ if status.is_redirection() => Some(Failure::Redirect),
        _ => Some(Failure::Status),
    };
    let status = Some(status.as_u16());
    Posted { status, failure, is_gone: status == Some(StatusCode::GONE.as_u16()), retry_after }
}

fn failed(failure: Failure) -> Posted {
    Posted { failure: Some(failure), ..Posted::default() }
}

/// Returns why there was no answer. The error itself is dropped, because it names the address.
fn reason(error: &reqwest::Error) -> Failure {
    if error.is_timeout() {
        return Failure::Timeout;
    }
    let mut cause: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(inner) = cause {
        if inner.is::<ForbiddenAddress>() {
            return Failure::Forbidden;
        }
        cause = inner.source();
    }
    Failure::Unreachable
}

/// Reads a part of the answer's body and throws it away.
async fn drain(mut response: Response) {
    let mut read = 0;
    let work = async {
        while let Ok(Some(part)) = response.chunk().await {
            read += part.len();
            if read > BODY_LIMIT {
                break;
            }
        }
    };
    // It does not matter whether the body was read to its end.
    drop(tokio::time::timeout(BODY_PATIENCE, work).await);
}

/// Reads how long an endpoint asks to be left alone, given in seconds or as an instant.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Duration::try_from(at.duration_since(now)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_asked_for_in_seconds_or_as_an_instant() {
        let now: Timestamp = "2026-11-26T10:00:00Z".parse().unwrap();
        let asked = |text: &str| {
            retry_after(&HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]), now)
                .map(|wait| wait.as_secs())
        };
        assert_eq!(asked("120"), Some(120));
        assert_eq!(asked("Thu, 26 Nov 2026 10:05:00 GMT"), Some(300));
        for none in ["Thu, 26 Nov 2026 09:00:00 GMT", "-1", "soon", ""] {
            assert_eq!(asked(none), None, "{none}");
        }
    }

    #[test]
    fn only_2xx_is_a_success_and_only_410_is_gone() {
        for status in 100..600 {
            let posted = judge(StatusCode::from_u16(status).unwrap(), None);
            assert_eq!(posted.failure.is_none(), (200..300).contains(&status), "{status}");
            assert_eq!(posted.failure == Some(Failure::Redirect), (300..400).contains(&status), "{status}");
            assert_eq!(posted.is_gone, status == 410, "{status}");
        }
    }
}
