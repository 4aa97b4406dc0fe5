//! The way in for every API call: find the endpoint, count, apply faults, throttle, authenticate, answer.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::call::Call;
use super::envelope::{self, ApiError, ApiResult};
use super::faults::{Ailment, Kind};
use super::grants::Grant;
use super::{Platform, accounts, locked, not_found, oauth, reports, structure, throttle};

/// The credential that a call must present before its handler runs.
#[derive(Clone, Copy)]
enum Auth {
    Nothing,
    Token,
    Scope(u64),
}

struct Endpoint {
    method: Method,
    path: &'static str,
    auth: Auth,
    run: fn(&Call<'_>) -> ApiResult,
}

/// The played part of the API; scope numbers from the `TikTok` portal's permission list.
const ENDPOINTS: [Endpoint; 9] = [
    Endpoint {
        method: Method::POST,
        path: "oauth2/access_token/",
        auth: Auth::Nothing,
        run: oauth::exchange,
    },
    Endpoint { method: Method::POST, path: "oauth2/revoke_token/", auth: Auth::Nothing, run: oauth::revoke },
    Endpoint {
        method: Method::GET,
        path: "oauth2/advertiser/get/",
        auth: Auth::Scope(100),
        run: oauth::advertisers,
    },
    Endpoint { method: Method::GET, path: "user/info/", auth: Auth::Token, run: accounts::user },
    Endpoint {
        method: Method::GET,
        path: "advertiser/info/",
        auth: Auth::Scope(100),
        run: accounts::advertisers,
    },
    Endpoint {
        method: Method::GET,
        path: "campaign/get/",
        auth: Auth::Scope(200),
        run: structure::campaigns,
    },
    Endpoint { method: Method::GET, path: "adgroup/get/", auth: Auth::Scope(210), run: structure::adgroups },
    Endpoint { method: Method::GET, path: "ad/get/", auth: Auth::Scope(220), run: structure::ads },
    Endpoint {
        method: Method::GET,
        path: "report/integrated/get/",
        auth: Auth::Scope(44),
        run: reports::get,
    },
];

/// Answers one API call.
pub(crate) async fn serve(
    State(platform): State<Arc<Platform>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().strip_prefix("/open_api/v1.3/").unwrap_or_default();
    let Some(endpoint) = ENDPOINTS.iter().find(|endpoint| endpoint.path == path) else {
        return not_found();
    };
    if endpoint.method != method {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let token = headers.get("access-token").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let ailment = platform.receive(endpoint.path, token);
    tokio::time::sleep(Duration::from_millis(ailment.slow_ms)).await;
    answer(&platform, endpoint, &ailment, Incoming { query: uri.query(), token, body: &body })
}

#[derive(Clone, Copy)]
struct Incoming<'a> {
    query: Option<&'a str>,
    token: &'a str,
    body: &'a [u8],
}

fn answer(platform: &Platform, endpoint: &Endpoint, ailment: &Ailment, incoming: Incoming<'_>) -> Response {
    let request_id = envelope::request_id(platform.now());
    if ailment.kind == Some(Kind::Status) {
        return (StatusCode::BAD_GATEWAY, "<html><body>502 Bad Gateway</body></html>").into_response();
    }
    if ailment.kind == Some(Kind::WrongJson) {
        return envelope::respond(json!({"status": "done", "items": [1, 2]}).to_string(), request_id);
    }
    let result = run(platform, endpoint, ailment, incoming);
    locked(&platform.meter).answered(result.as_ref().map_or_else(|error| error.code, |_| 0));
    let mut body = envelope::wrap(result, &request_id);
    if ailment.kind == Some(Kind::Truncate) {
        body = body.chars().take(body.chars().count() / 2).collect();
    }
    envelope::respond(body, request_id)
}

fn run(platform: &Platform, endpoint: &Endpoint, ailment: &Ailment, incoming: Incoming<'_>) -> ApiResult {
    let query: HashMap<_, _> = form_urlencoded::parse(incoming.query.unwrap_or_default().as_bytes())
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let body = parse_body(&endpoint.method, incoming.body)?;
    match ailment.kind {
        Some(Kind::Throttle) => return Err(throttle::too_many()),
        Some(Kind::DeadToken(code)) => return Err(dead_token(code)),
        _ => {}
    }
    let advertiser = query.get("advertiser_id").map(String::as_str);
    locked(&platform.throttle).admit(advertiser, Instant::now())?;
    let grant = platform.authenticate(endpoint.auth, incoming.token)?;
    let call = Call { platform, query, body, grant };
    if let Some(limit) = ailment.max_days {
        reports::refuse_longer(&call, limit)?;
    }
    (endpoint.run)(&call)
}

fn parse_body(method: &Method, body: &[u8]) -> Result<Value, ApiError> {
    if method == Method::GET {
        return Ok(Value::Null);
    }
    serde_json::from_slice(body).map_err(|_| ApiError::invalid("Request body is not valid JSON."))
}

fn dead_token(code: u32) -> ApiError {
    if code == 40105 { ApiError::token_revoked() } else { ApiError::new(code, "Access token is expired.") }
}

impl Platform {
    fn receive(&self, endpoint: &str, token: &str) -> Ailment {
        let revoked = self.grants().is_revoked(token);
        let mut meter = locked(&self.meter);
        meter.count(endpoint);
        meter.counters.after_revocation += u64::from(revoked);
        locked(&self.faults).take(endpoint, !token.is_empty())
    }

    fn authenticate(&self, auth: Auth, token: &str) -> Result<Option<Grant>, ApiError> {
        let scope = match auth {
            Auth::Nothing => return Ok(None),
            Auth::Token => None,
            Auth::Scope(scope) => Some(scope),
        };
        if token.is_empty() {
            return Err(ApiError::token_empty());
        }
        let grant = self.grants().living(token).ok_or_else(ApiError::token_revoked)?;
        match scope {
            Some(scope) if !grant.allows(scope) => {
                Err(ApiError::no_permission(&format!("this API: scope {scope} is not granted")))
            }
            _ => Ok(Some(grant)),
        }
    }
}
