//! Opens the listeners of the runner and of the work-alikes, on this machine's own address alone.
//!
//! Refusals of the runner, the work-alikes and the proxies in front of them: names that are not this machine's, and
//! pages of other sites. A listener of the benchmarks and of the tests, which is gone after a run, need not refuse
//! them.
//!
//! A browser on this machine reaches every port of the machine. A page of any site can post to such a port, and a site
//! whose name was rebound to 127.0.0.1 can also read the answers, as its own. Two refusals close that: a request has to
//! name this machine and the listener's port ([`own_hosts`]), and it must not come from a browser's page of another
//! origin where such a page has no business ([`no_foreign_pages`]).

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::Ipv4Addr;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;

/// The names of this machine.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// A port on which no listener could begin. The text names the port and the cause.
#[derive(Debug)]
pub struct PortError {
    port: u16,
    error: io::Error,
}

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { port, error } = self;
        match error.kind() {
            ErrorKind::AddrInUse => write!(f, "port {port}: another program listens there"),
            ErrorKind::PermissionDenied => write!(f, "port {port}: this user may not listen there"),
            _ => write!(f, "port {port}: {error}"),
        }
    }
}

impl std::error::Error for PortError {}

/// Listens on this machine alone; port 0 takes a free one.
pub async fn listen(port: u16) -> Result<TcpListener, PortError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| PortError { port, error })
}

/// Answers only requests that name this machine and the port of the listener.
pub fn own_hosts<S: Clone + Send + Sync + 'static>(router: Router<S>, port: u16) -> Router<S> {
    router.layer(from_fn(move |request: Request, next: Next| async move {
        if names_this(&request, port) {
            return next.run(request).await;
        }
        (StatusCode::MISDIRECTED_REQUEST, own_names(port)).into_response()
    }))
}

/// Returns the sentence that names the hosts to which a listener answers.
pub fn own_names(port: u16) -> String {
    format!("This listener answers to localhost:{port}, 127.0.0.1:{port} and [::1]:{port} alone.\n")
}

/// Refuses requests that a page of another origin makes. A followed link to this listener is not such a request.
pub fn no_foreign_pages<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.layer(from_fn(|request: Request, next: Next| async move {
        if is_foreign(request.method(), request.headers()) {
            return foreign();
        }
        next.run(request).await
    }))
}

/// Refuses bodies whose media type is not one of those that a service takes: a page can send only a few without asking
/// first, and none of them is among these.
pub fn only_bodies<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    media: &'static [&'static str],
) -> Router<S> {
    router.layer(from_fn(move |request: Request, next: Next| async move {
        let reads = *request.method() == Method::GET || *request.method() == Method::HEAD;
        if reads || is_one_of(request.headers(), media) {
            return next.run(request).await;
        }
        let message = format!("The Content-Type of a body has to be {}.\n", media.join(" or "));
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, message).into_response()
    }))
}

fn foreign() -> Response {
    let message = "Pages of other origins have no business here.\n";
    (StatusCode::FORBIDDEN, message).into_response()
}

/// Returns whether a request names this machine and the port of the listener; for listeners without a [`Router`].
pub fn names_this<B>(request: &axum::http::Request<B>, port: u16) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let named = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok().and_then(|host| host.parse::<Authority>().ok()),
        (None, _) => request.uri().authority().cloned(),
        _ => None,
    };
    named.is_some_and(|named| {
        let known = NAMES.iter().any(|name| named.host().eq_ignore_ascii_case(name));
        known && named.port_u16().unwrap_or(80) == port && !named.as_str().contains('@')
    })
}

/// Returns whether a page of another origin made a request. A browser sends `Origin` where a page could do harm;
/// elsewhere it says in `Sec-Fetch-Site` who asked.
fn is_foreign(method: &Method, headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(origin) = text(&ORIGIN) {
        let own = text(&HOST).map(|host| format!("http://{host}"));
        return own.is_none_or(|own| !origin.eq_ignore_ascii_case(&own));
    }
    let elsewhere = text(&FETCH_SITE).is_some_and(|site| site != "same-origin" && site != "none");
    let follows_a_link = *method == Method::GET && text(&FETCH_MODE) == Some("navigate");
    elsewhere && !follows_a_link
}

fn is_one_of(headers: &HeaderMap, media: &[&str]) -> bool {
    let given = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = given.split(';').next().unwrap_or_default().trim();
    media.iter().any(|known| given.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::any;
    use tower::ServiceExt as _;

    use super::*;

    async fn status(method: &str, headers: &[(&str, &str)]) -> u16 {
        let router = Router::new().route("/", any(|| async { "here" }));
        let router = own_hosts(no_foreign_pages(only_bodies(router, &["application/json"])), 8787);
        let mut request = Request::builder().method(method).uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn a_taken_port_is_named() {
        let port = listen(0).await.unwrap();
        let port = port.local_addr().map(|address| (port, address.port())).unwrap();
        let refused = listen(port.1).await.unwrap_err().to_string();
        assert_eq!(refused, format!("port {}: another program listens there", port.1));
    }

    #[tokio::test]
    async fn only_names_of_this_machine_with_the_port_are_answered() {
        for (host, expected) in [
            ("localhost:8787", 200),
            ("LOCALHOST:8787", 200),
            ("127.0.0.1:8787", 200),
            ("[::1]:8787", 200),
            ("localhost", 421),
            ("localhost:8788", 421),
            ("evil.example:8787", 421),
            ("localhost.evil.example:8787", 421),
            ("127.0.0.1.nip.io:8787", 421),
            ("a@localhost:8787", 421),
            ("", 421),
        ] {
            assert_eq!(status("GET", &[("host", host)]).await, expected, "{host}");
        }
        assert_eq!(status("GET", &[]).await, 421);
        assert_eq!(status("GET", &[("host", "localhost:8787"), ("host", "evil.example")]).await, 421);
    }

    #[tokio::test]
    async fn pages_of_other_origins_are_refused_and_links_to_here_are_not() {
        let host = ("host", "localhost:8787");
        for (method, more, expected) in [
            ("GET", vec![], 200),
            ("GET", vec![("origin", "http://localhost:8787")], 200),
            ("GET", vec![("origin", "http://localhost:8789")], 403),
            ("GET", vec![("origin", "null")], 403),
            ("GET", vec![("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")], 403),
            ("GET", vec![("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], 200),
            ("GET", vec![("sec-fetch-site", "same-origin")], 200),
            ("POST", vec![("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], 403),
            ("OPTIONS", vec![("origin", "https://evil.example")], 403),
        ] {
            let headers: Vec<_> = [host].into_iter().chain(more).collect();
            assert_eq!(status(method, &headers).await, expected, "{method} {headers:?}");
        }
    }

    #[tokio::test]
    async fn a_body_has_the_media_type_of_its_service() {
        let host = ("host", "localhost:8787");
        for (media, expected) in
            [("application/json", 200), ("Application/JSON; charset=utf-8", 200), ("text/plain", 415)]
        {
            assert_eq!(status("POST", &[host, ("content-type", media)]).await, expected, "{media}");
        }
        assert_eq!(status("POST", &[host]).await, 415);
    }
}
