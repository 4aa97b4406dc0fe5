//! Sends one request and reads one answer, within limits. The transport knows nothing of platforms, permission or
//! repetition.

use std::sync::Arc;
use std::time::Duration;

use http::header::{DATE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use jiff::fmt::rfc2822;
use mooring_domain::{Error, Kind, Result, Retry};
use reqwest::redirect::Policy;

use crate::timing::Timing;

/// The limits of an exchange: times and size.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The time to connect.
    pub connect: Duration,
    /// The time for the whole exchange.
    pub total: Duration,
    /// The largest answer in bytes.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), total: Duration::from_secs(30), body: 16 * 1024 * 1024 }
    }
}

/// The code of an exchange that took too long.
const TIMED_OUT: &str = "platform_timeout";

/// The one HTTP client of a process; clones share its connections.
#[derive(Clone)]
pub struct Transport {
    http: reqwest::Client,
    total: Duration,
    body: usize,
    timing: Arc<dyn Timing>,
}

/// The answer of a platform.
pub struct Answer {
    status: StatusCode,
    retry_after: Option<Duration>,
    /// Why the body is incomplete, if it is: the bytes that came may still name the platform's error.
    cut: Option<&'static str>,
    /// The bytes of the body; never shown.
    pub body: Vec<u8>,
}

impl Transport {
    /// Builds the client: TLS by rustls, no redirects, no cookies, no proxy from the environment.
    pub fn new(limits: Limits, timing: Arc<dyn Timing>) -> Result<Self> {
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(limits.connect)
            .user_agent(concat!("mooring/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| {
                Error::new(Kind::Internal, "no_http", "The HTTP client cannot start.").because(error)
            })?;
        Ok(Self { http, total: limits.total, body: limits.body, timing })
    }

    pub(crate) fn timing(&self) -> &dyn Timing {
        self.timing.as_ref()
    }

    /// Sends a request. An answer with any status is a success, and so is the beginning of an answer. The exchange may
    /// take `at_most`, and never longer than the limit of every exchange.
    pub(crate) async fn send(&self, request: http::Request<Vec<u8>>, at_most: Duration) -> Result<Answer> {
        let mut request = reqwest::Request::try_from(request).map_err(failed)?;
        *request.timeout_mut() = Some(at_most.min(self.total));
        let mut response = self.http.execute(request).await.map_err(failed)?;
        let retry_after = retry_after(response.headers());
        let mut answer = Answer { status: response.status(), retry_after, cut: None, body: Vec::new() };
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
        answer.body.reserve(announced.unwrap_or_default().min(self.body));
        loop {
            match response.chunk().await {
                Ok(Some(part)) if answer.body.len() + part.len() > self.body => {
                    let message = "The platform's answer is larger than we read.";
                    return Err(Error::new(Kind::UpstreamChanged, "answer_too_large", message));
                }
                Ok(Some(part)) => answer.body.extend_from_slice(&part),
                Ok(None) => return Ok(answer),
                Err(error) if answer.body.is_empty() => return Err(failed(error)),
                Err(error) => {
                    answer.cut = Some(failed(error).code);
                    return Ok(answer);
                }
            }
        }
    }
}

/// Reads how long the platform wants no further call: seconds, or a date. A date is compared with the answer's own
/// date, so that neither clock has to be right (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok();
    let wanted = text(RETRY_AFTER)?;
    if let Ok(seconds) = wanted.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = |text| rfc2822::parse(text).ok();
    let wait = at(wanted)?.timestamp().duration_since(at(text(DATE)?)?.timestamp());
    Some(Duration::try_from(wait).unwrap_or_default())
}

/// Drops the address, which may hold a secret, and sorts the error.
fn failed(error: reqwest::Error) -> Error {
    let error = error.without_url();
    let code = if error.is_timeout() { TIMED_OUT } else { "platform_unreachable" };
    let retry = if error.is_builder() { Retry::Never } else { Retry::After(None) };
    unanswered(code).retry(retry).because(error)
}

fn unanswered(code: &'static str) -> Error {
    let message = if code == TIMED_OUT {
        "The platform did not answer in time."
    } else {
        "The platform could not be reached."
    };
    Error::new(Kind::Upstream, code, message).retry(Retry::After(None))
}

impl Answer {
    /// Makes an answer, for the tests of connectors.
    pub fn new(status: StatusCode, body: impl Into<Vec<u8>>) -> Self {
        Self { status, retry_after: None, cut: None, body: body.into() }
    }

    /// Returns how long the platform's header asks for no further call.
    pub fn pause(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Passes a complete success, and turns any other answer into the domain's error by its HTTP status alone.
    pub fn accepted(&self) -> Result<()> {
        let status = self.status;
        if status.is_redirection() {
            return Err(Error::new(Kind::Upstream, "redirected", "The platform answered with a redirect."));
        }
        if status.is_success() {
            return self.cut.map_or(Ok(()), |code| Err(unanswered(code)));
        }
        let (kind, code, retry) = match status {
            StatusCode::TOO_MANY_REQUESTS => {
                (Kind::RateLimited, "platform_rate_limited", Retry::After(self.retry_after))
            }
            _ if status.is_server_error() => {
                (Kind::Upstream, "platform_failed", Retry::After(self.retry_after))
            }
            _ => (Kind::Upstream, "platform_refused", Retry::Never),
        };
        Err(Error::new(kind, code, format!("The platform answered with status {}.", status.as_u16()))
            .retry(retry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16) -> Error {
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, retry_after: Some(Duration::from_secs(3)), cut: None, body: vec![] }
            .accepted()
            .unwrap_err()
    }

    #[test]
    fn a_pause_is_seconds_or_a_date() {
        let pause = |wanted: &str| {
            let date = ("Wed, 21 Oct 2026 07:28:00 GMT", wanted);
            let headers =
                [(DATE, date.0), (RETRY_AFTER, date.1)].map(|(name, text)| (name, text.parse().unwrap()));
            retry_after(&HeaderMap::from_iter(headers)).map(|wait| wait.as_secs())
        };
        assert_eq!(pause("120"), Some(120));
        assert_eq!(pause("Wed, 21 Oct 2026 07:29:30 GMT"), Some(90));
        assert_eq!(pause("Wed, 21 Oct 2026 07:00:00 GMT"), Some(0));
        assert_eq!(pause("soon"), None);
    }

    #[test]
    fn a_status_says_whether_to_try_again() {
        let named = Retry::After(Some(Duration::from_secs(3)));
        let seen = [404, 405, 429, 502].map(|status| (judged(status).kind, judged(status).retry));
        assert_eq!(
            seen,
            [
                (Kind::Upstream, Retry::Never),
                (Kind::Upstream, Retry::Never),
                (Kind::RateLimited, named),
                (Kind::Upstream, named)
            ]
        );
        let whole = Answer { status: StatusCode::OK, retry_after: None, cut: None, body: vec![] };
        assert!(whole.accepted().is_ok());
        let cut = Answer { cut: Some("platform_unreachable"), ..whole }.accepted().unwrap_err();
        assert_eq!((cut.code, cut.retry), ("platform_unreachable", Retry::After(None)));
    }
}
