//! Tests the edge with a small directory: callers, origins, problems, bodies, queries, pages.

mod guards;
mod http;
mod source;
mod tokens;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use lambda_http::http::{Method, Request as HttpRequest};
use lambda_http::{Body, Request, RequestExt};
use mooring_domain::base::host::{Clock, Entropy};
use mooring_domain::base::ids::{CredentialId, TenantId};
use mooring_domain::people::access_log::PseudonymKey;
use mooring_domain::people::caller::{Caller, Credential, CredentialKind, Scope, text};
use mooring_domain::people::ports::CallerRead;
use mooring_domain::people::tenant::Tenant;
use mooring_domain::{Error, Kind, Result, Retry};
use mooring_system::SystemEntropy;
use uuid::Uuid;

use crate::{Edge, Reply, ReplyExt, json_body, ok, routes, status_of};

use guards::Guards;

const ORIGIN: &str = "https://shop.example";

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_000_000).unwrap()
    }
}

struct Directory {
    tenant: Tenant,
    key: Credential,
    token: Option<Credential>,
    guards: Guards,
    /// The barrier at which reads wait for each other.
    meeting: Option<tokio::sync::Barrier>,
}

impl Directory {
    async fn meet(&self) {
        if let Some(meeting) = &self.meeting {
            meeting.wait().await;
        }
    }
}

#[async_trait]
impl CallerRead for Directory {
    async fn api_key(&self, tenant: &TenantId, id: &CredentialId) -> Result<Option<Credential>> {
        self.meet().await;
        Ok(Some(self.key.clone()).filter(|key| key.tenant == *tenant && key.id == *id))
    }

    async fn frontend_token(&self, _: &TenantId, id: &CredentialId) -> Result<Option<Credential>> {
        self.meet().await;
        Ok(self.token.clone().filter(|token| token.id == *id))
    }

    async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>> {
        self.meet().await;
        Ok(Some(self.tenant.clone()).filter(|tenant| tenant.id == *id))
    }

    async fn origin_known(&self, origin: &str) -> Result<bool> {
        Ok(origin == ORIGIN || origin == "https://other-tenant.example")
    }
}

/// Makes an edge with one tenant and the text of its key; `change` edits the stored rows.
fn edge(change: impl FnOnce(&mut Directory)) -> (Edge, String) {
    let (mut directory, text) = directory();
    change(&mut directory);
    let config = crate::Config::new("https://api.example").unwrap();
    (Edge::new(Arc::new(directory), Arc::new(Fixed), Arc::new(SystemEntropy), config), text)
}

fn directory() -> (Directory, String) {
    let id = CredentialId::from_uuid(Uuid::from_u128(2));
    let tenant = TenantId::from_uuid(Uuid::from_u128(1));
    let text = text::mint(&SystemEntropy, &named(1, 2, None)).text().to_owned();
    let digest = SystemEntropy.digest(text.as_bytes());
    let scopes = vec![Scope::ConnectionsRead];
    let kind = CredentialKind::ApiKey;
    let directory = Directory {
        guards: Guards::default(),
        meeting: None,
        key: Credential {
            id,
            tenant: tenant.clone(),
            kind,
            digest,
            scopes,
            expires_at: None,
            minted_by: None,
        },
        token: None,
        tenant: Tenant {
            id: tenant,
            name: "Shop".to_owned(),
            active: true,
            return_urls: Vec::new(),
            origins: vec![ORIGIN.to_owned()],
            pseudonyms: Some(PseudonymKey::fresh(&SystemEntropy)),
        },
    };
    (directory, text)
}

/// Makes the ids that a credential's text names.
fn named(tenant: u128, id: u128, minted_by: Option<u128>) -> text::Presented {
    let credential = |number| CredentialId::from_uuid(Uuid::from_u128(number));
    text::Presented {
        mode: text::Mode::Test,
        tenant: TenantId::from_uuid(Uuid::from_u128(tenant)),
        id: credential(id),
        minted_by: minted_by.map(credential),
    }
}

fn request(method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let mut builder = HttpRequest::builder().method(method).uri(format!("https://api.example{path}"));
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(Body::from(body)).unwrap()
}

async fn call(edge: &Edge, request: &Request) -> Reply {
    edge.api(request, Scope::ConnectionsRead, async |caller: Caller| ok(&caller.tenant.as_str())).await
}

fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    reply.headers().get(name).and_then(|value| value.to_str().ok())
}

fn problem(reply: &Reply) -> serde_json::Value {
    assert_eq!(header(reply, "content-type"), Some("application/problem+json"));
    serde_json::from_slice(reply.body()).unwrap()
}

fn assert_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test]
async fn a_valid_key_reaches_the_handler_and_replies_are_never_cached() {
    let (edge, key) = edge(|_| ());
    let request = request(Method::GET, "/v1/connections", &[("authorization", &format!("Bearer {key}"))], "");
    let reply = assert_send(call(&edge, &request)).await;
    assert_eq!(reply.status(), 200);
    assert_eq!(header(&reply, "cache-control"), Some("no-store"));
    assert_eq!(header(&reply, "x-content-type-options"), Some("nosniff"));
    assert!(header(&reply, "strict-transport-security").is_some());
    assert_eq!(header(&reply, "x-request-id").unwrap().len(), 32);
}

#[tokio::test]
async fn every_bad_credential_gets_the_same_answer() {
    let good = edge(|_| ()).1;
    let mut other = good.clone();
    other.replace_range(12..13, if good.as_bytes()[12] == b'1' { "2" } else { "1" });
    let mut answers = Vec::new();
    let stranger = text::mint(&SystemEntropy, &named(9, 2, None));
    for value in
        ["", "Bearer", "Basic YTpi", &format!("Bearer {other}"), &format!("Bearer {}", stranger.text())]
    {
        let (edge, _) = edge(|_| ());
        answers.push(
            call(&edge, &request(Method::GET, "/v1/connections", &[("authorization", value)], "")).await,
        );
    }
    let changes: [fn(&mut Directory); 3] = [
        |directory| directory.key.expires_at = Timestamp::from_second(1_000_000).ok(),
        |directory| directory.tenant.active = false,
        |directory| directory.key.digest.0[0] ^= 1,
    ];
    for change in changes {
        let (edge, key) = edge(change);
        let headers = [("authorization", format!("Bearer {key}"))];
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        answers.push(call(&edge, &request(Method::GET, "/v1/connections", &headers, "")).await);
    }
    let details: Vec<_> = answers.iter().map(|reply| problem(reply)["detail"].clone()).collect();
    assert!(details.iter().all(|detail| *detail == details[0]), "{details:?}");
    assert!(answers.iter().all(|reply| reply.status() == 401 && header(reply, "www-authenticate").is_some()));
}

#[tokio::test]
async fn a_missing_scope_is_refused() {
    let (edge, key) = edge(|directory| directory.key.scopes = vec![Scope::Connect]);
    let request = request(Method::GET, "/v1/connections", &[("authorization", &format!("Bearer {key}"))], "");
    let reply = call(&edge, &request).await;
    assert_eq!(reply.status(), 403);
    assert_eq!(problem(&reply)["code"], "missing_scope");
}

#[tokio::test]
async fn only_the_tenants_own_origins_may_read() {
    let (edge, key) = edge(|_| ());
    let bearer = format!("Bearer {key}");
    for (origin, status) in
        [(ORIGIN, 200), ("https://other-tenant.example", 403), ("https://evil.example", 403), ("null", 403)]
    {
        let headers = [("authorization", bearer.as_str()), ("origin", origin)];
        let reply = call(&edge, &request(Method::GET, "/v1/connections", &headers, "")).await;
        assert_eq!(reply.status(), status, "{origin}");
        let allowed = header(&reply, "access-control-allow-origin");
        assert_eq!(allowed, (status == 200).then_some(origin));
        assert_eq!(header(&reply, "vary"), Some("Origin"));
        assert!(header(&reply, "access-control-allow-credentials").is_none());
    }
}

#[tokio::test]
async fn a_frontend_can_read_why_it_was_refused() {
    let (edge, _) = edge(|_| ());
    let reply = call(&edge, &request(Method::GET, "/v1/connections", &[("origin", ORIGIN)], "")).await;
    assert_eq!(reply.status(), 401);
    assert_eq!(header(&reply, "access-control-allow-origin"), Some(ORIGIN));
    let exposed = header(&reply, "access-control-expose-headers").unwrap();
    for name in ["Location", "Retry-After", "X-Request-Id", "RateLimit", "RateLimit-Policy"] {
        assert!(exposed.split(", ").any(|known| known == name), "{name}");
    }
}

#[tokio::test]
async fn preflights_are_answered_for_known_origins() {
    let (edge, _) = edge(|_| ());
    let path = "/v1/connections/con_00000000000000000000000007";
    let reply = edge.preflight(&request(Method::OPTIONS, path, &[("origin", ORIGIN)], "")).await;
    assert_eq!(reply.status(), 204);
    assert_eq!(header(&reply, "access-control-allow-origin"), Some(ORIGIN));
    assert_eq!(header(&reply, "access-control-allow-methods"), Some("GET, DELETE"));
    assert_eq!(header(&reply, "access-control-max-age"), Some("600"));
    let long = format!("https://{}.example", "a".repeat(3_000));
    for origin in ["https://evil.example", "null", "", &long] {
        let reply = edge.preflight(&request(Method::OPTIONS, path, &[("origin", origin)], "")).await;
        assert_eq!(reply.status(), 403);
        assert!(header(&reply, "access-control-allow-origin").is_none());
    }
}

#[tokio::test]
async fn a_preflight_of_what_is_no_route_is_answered_as_any_other_request_for_it() {
    let (edge, _) = edge(|_| ());
    let headers = [("origin", ORIGIN), ("x-forwarded-proto", "https")];
    for (path, code) in [
        ("/v1/nothing", "no_route"),
        ("/v1/connections/", "no_route"),
        ("/v1/./connections", "no_route"),
        // What `/v1/../connect/x` is for the function.
        ("/connect/x", "method_not_allowed"),
        ("/openapi.json", "method_not_allowed"),
    ] {
        let asked = request(Method::OPTIONS, path, &headers, "");
        let (reply, other) = (edge.preflight(&asked).await, crate::fallback(&asked));
        assert_eq!(
            (reply.status(), problem(&reply)["code"].as_str()),
            (other.status(), Some(code)),
            "{path}"
        );
        assert_eq!((reply.headers(), reply.body()), (other.headers(), other.body()), "{path}");
    }
}

#[tokio::test]
async fn errors_become_problem_documents_and_ours_say_nothing() {
    let (edge, key) = edge(|_| ());
    let bearer = format!("Bearer {key}");
    let request = request(Method::GET, "/v1/connections", &[("authorization", &bearer)], "");
    let failing = async |kind| {
        let wait = Retry::After(Some(Duration::from_secs(7)));
        let fail = async move |_: Caller| Err(Error::new(kind, "x", "inner text").retry(wait));
        edge.api(&request, Scope::ConnectionsRead, fail).await
    };
    let limited = failing(Kind::RateLimited).await;
    assert_eq!(header(&limited, "retry-after"), Some("7"));
    let document = problem(&limited);
    assert_eq!((document["status"].as_u64(), document["retryable"].as_bool()), (Some(429), Some(true)));
    assert_eq!(document["request_id"].as_str(), header(&limited, "x-request-id"));
    assert_eq!(document["detail"], "inner text");
    for kind in [Kind::Internal, Kind::Sealed] {
        let reply = failing(kind).await;
        assert_eq!(reply.status(), 500);
        assert!(!String::from_utf8_lossy(reply.body()).contains("inner text"));
    }
    assert_eq!(status_of(Kind::NotFound), 404);
}

#[tokio::test]
async fn a_page_fails_as_a_page_and_forms_come_from_ourselves() {
    let (edge, _) = edge(|_| ());
    let fail = async || Err(Error::invalid("x", "<b>no</b>"));
    let plain = request(Method::GET, "/connect/x", &[], "");
    let reply = assert_send(edge.page(&plain, fail)).await;
    assert_eq!(reply.status(), 400);
    let text = String::from_utf8_lossy(reply.body()).into_owned();
    assert!(text.contains("&#60;b&#62;no&#60;/b&#62;"));
    assert!(header(&reply, "content-security-policy").unwrap().contains("default-src 'none'"));
    let json = request(Method::GET, "/deletions/x", &[("accept", "application/json")], "");
    assert_eq!(problem(&edge.page(&json, fail).await)["code"], "x");
    let german = request(Method::GET, "/deletions/x", &[("accept-language", "de-AT,en;q=0.5")], "");
    let reply = edge.page(&german, fail).await;
    let text = String::from_utf8_lossy(reply.body()).into_owned();
    assert!(
        text.contains("<html lang=\"de\"") && text.contains("Vorgangsnummer") && !text.contains("&#60;b"),
        "{text}"
    );
    assert_eq!(header(&reply, "vary"), Some("accept, accept-language"));

    let ours = "https://api.example";
    for (headers, fits) in [
        (vec![("sec-fetch-site", "same-origin"), ("origin", ours)], true),
        (vec![("sec-fetch-site", "none")], true),
        (vec![("origin", ours)], true),
        (vec![], false),
        (vec![("origin", "null")], false),
        (vec![("origin", "https://api.example.evil")], false),
        (vec![("sec-fetch-site", "same-site"), ("origin", ours)], false),
        (vec![("sec-fetch-site", "cross-site")], false),
        (vec![("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")], false),
    ] {
        let posted = request(Method::POST, "/connect/x", &headers, "");
        assert_eq!(edge.site.same_origin(&posted).is_ok(), fits, "{headers:?}");
    }
}

#[test]
fn the_routes_find_their_functions() {
    let found = routes::find("GET", "/connect/confirm").unwrap();
    assert_eq!(found.route.function, "connection-confirm");
    let found = routes::find("DELETE", "/v1/connections/c/accounts/a").unwrap();
    assert_eq!(found.parameters, [("id", "c".to_owned()), ("account", "a".to_owned())]);
    assert!(routes::find("DELETE", "/v1/connections").is_none());
    assert!(routes::find("GET", "/v1/connections/").is_none());
    assert!(routes::find("OPTIONS", "/connect/x").is_none());
    for path in ["/v1/reports", "/v1/connections/c/accounts/a", "/v1/nothing"] {
        assert_eq!(routes::find("OPTIONS", path).unwrap().route, &routes::PREFLIGHT, "{path}");
    }
    assert!(routes::find("OPTIONS", "/v1").is_none() && routes::find("OPTIONS", "/v1/").is_none());
    assert!(routes::find("TRACE", "/v1/reports").is_none());
    let mut ids: Vec<_> = routes::ROUTES.iter().map(|route| route.operation_id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), routes::ROUTES.len());
    let below = routes::ROUTES.iter().map(|route| route.path).filter(|path| path.starts_with("/v1/"));
    let answered: Vec<_> = routes::preflights().iter().map(|route| route.path).collect();
    let distinct: BTreeSet<_> = answered.iter().copied().collect();
    assert_eq!(distinct, below.collect(), "each path below /v1");
    assert_eq!(answered.len(), distinct.len(), "once");
}
