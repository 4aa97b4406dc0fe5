//! The HTTP API in front of the functions: real API Gateway events (payload 2.0) in, real Lambda responses out.
//!
//! Each request becomes the JSON event that API Gateway would send, is parsed by `lambda_http` as in AWS, and the
//! response goes back through the same types. The gateway keeps the limits of HTTP APIs that a caller can meet: 10 MB
//! bodies, 10,240 bytes of request line and headers, 6 MB replies, 30 seconds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use data_encoding::BASE64;
use lambda_http::Context;
use mooring_edge::Answer;
use mooring_edge::routes::{FALLBACK, find};
use serde_json::{Value, json};

use crate::mount::{HttpFunction, HttpFunctions};

const BODY_LIMIT: usize = 10 * 1024 * 1024;
const HEADER_LIMIT: usize = 10_240;
const REPLY_LIMIT: usize = 6 * 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(30);

/// Builds the router of all routes of the table.
pub fn router(functions: Arc<HttpFunctions>) -> Router {
    Router::new().fallback(serve).with_state(functions)
}

/// The route of a request, with decoded parameters as API Gateway passes them on.
struct Match {
    function: &'static str,
    key: String,
    parameters: BTreeMap<&'static str, String>,
}

fn matching(method: &str, path: &str) -> Match {
    let Some(found) = find(method, path) else {
        return Match { function: FALLBACK, key: "$default".to_owned(), parameters: BTreeMap::new() };
    };
    let parameters = found.parameters.iter().map(|(name, value)| (*name, decode(value))).collect();
    Match { function: found.route.function, key: format!("{method} {}", found.route.path), parameters }
}

fn decode(segment: &str) -> String {
    // `form_urlencoded` reads `+` as a space and ends at `&`; in a path both stand for themselves.
    let pair = format!("x={}", segment.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

async fn serve(State(functions): State<Arc<HttpFunctions>>, request: Request<Body>) -> Response<Body> {
    let request_id = uuid_like();
    let mut response = invoke(&functions, request, &request_id).await;
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("apigw-requestid", id);
    }
    response
}

async fn invoke(functions: &HttpFunctions, request: Request<Body>, request_id: &str) -> Response<Body> {
    let found = matching(request.method().as_str(), request.uri().path());
    let Some(function) = functions.get(found.function).cloned() else {
        return message(StatusCode::NOT_FOUND, "Not Found");
    };
    let (parts, body) = request.into_parts();
    if header_bytes(&parts) > HEADER_LIMIT {
        return message(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "Request Header Fields Too Large");
    }
    let body = match tokio::time::timeout(TIMEOUT, to_bytes(body, BODY_LIMIT)).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) if is_too_large(&error) => {
            return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        }
        Ok(Err(_)) => return message(StatusCode::BAD_REQUEST, "Bad Request"),
        Err(_) => return message(StatusCode::REQUEST_TIMEOUT, "Request Timeout"),
    };
    let event = event(&found, &parts, &body, request_id);
    match tokio::time::timeout(TIMEOUT, respond(&function, event)).await {
        Ok(reply) => answer(&reply),
        Err(_) => message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
    }
}

/// Returns whether the body was larger than allowed; a body that breaks off is another error.
fn is_too_large(error: &axum::Error) -> bool {
    std::error::Error::source(error)
        .is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>)
}

/// Hands a function an event as Lambda does, whatever the event holds.
pub async fn respond(function: &HttpFunction, event: Value) -> Answer {
    let mut context = Context::default();
    context.request_id = uuid_like();
    mooring_edge::invoke(event, context, |request| Box::pin(function(request))).await
}

fn header_bytes(parts: &axum::http::request::Parts) -> usize {
    let headers: usize =
        parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    headers + parts.uri.to_string().len()
}

/// Returns the event of an HTTP API, payload format 2.0.
fn event(found: &Match, parts: &axum::http::request::Parts, body: &[u8], request_id: &str) -> Value {
    let header = |name: header::HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let mut headers = BTreeMap::<String, String>::new();
    for (name, value) in parts.headers.iter().filter(|(name, _)| **name != header::COOKIE) {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.entry(name.to_string()).and_modify(|all| *all = format!("{all},{text}")).or_insert(text);
    }
    let cookies: Vec<String> =
        header(header::COOKIE).map(|all| all.split("; ").map(str::to_owned).collect()).unwrap_or_default();
    let host = header(header::HOST).unwrap_or("127.0.0.1");
    let text = std::str::from_utf8(body).ok();
    json!({
        "version": "2.0",
        "routeKey": found.key,
        "rawPath": parts.uri.path(),
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "cookies": cookies,
        "headers": headers,
        "pathParameters": found.parameters,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": host,
            "domainPrefix": "local",
            "http": {
                "method": parts.method.as_str(),
                "path": parts.uri.path(),
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": header(header::USER_AGENT).unwrap_or_default(),
            },
            "requestId": request_id,
            "routeKey": found.key,
            "stage": "$default",
            "timeEpoch": 0,
        },
        "body": if body.is_empty() { Value::Null } else { Value::String(text.map_or_else(|| BASE64.encode(body), str::to_owned)) },
        "isBase64Encoded": text.is_none(),
    })
}

/// Makes a fresh request id. Ids of API Gateway have another form and are as opaque.
fn uuid_like() -> String {
    let mut bytes = [0; 12];
    mooring_domain::base::host::Entropy::fill(&mooring_system::SystemEntropy, &mut bytes);
    data_encoding::BASE64URL_NOPAD.encode(&bytes)
}

/// Turns the function's JSON response into HTTP.
fn answer(reply: &Answer) -> Response<Body> {
    let text = reply.body.as_bytes();
    let body = if reply.is_base64_encoded { BASE64.decode(text).unwrap_or_default() } else { text.to_vec() };
    if body.len() > REPLY_LIMIT {
        return message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
    }
    let mut response = Response::builder().status(reply.status_code);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    for cookie in &reply.cookies {
        response = response.header(header::SET_COOKIE, cookie);
    }
    response
        .body(Body::from(body))
        .unwrap_or_else(|_| message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"))
}

/// Makes an answer of the gateway itself.
fn message(status: StatusCode, text: &str) -> Response<Body> {
    let body = json!({ "message": text }).to_string();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_segments_win_and_parameters_are_decoded() {
        assert_eq!(matching("GET", "/connect/confirm").function, "connection-confirm");
        let found = matching("GET", "/connect/abc%2Fd+e");
        assert_eq!((found.function, found.parameters["token"].as_str()), ("connect-page", "abc/d+e"));
        for path in ["/v1/reports", "/v1/connections/x/accounts/y", "/v1/nothing/here"] {
            let found = matching("OPTIONS", path);
            assert_eq!((found.function, found.key.as_str()), ("preflight", "OPTIONS /v1/{proxy+}"), "{path}");
            assert_eq!(format!("/v1/{}", found.parameters["proxy"]), path);
        }
        for (method, path) in [
            ("PATCH", "/connect/abc"),
            ("GET", "/connect/"),
            ("OPTIONS", "/openapi.json"),
            ("OPTIONS", "/v1"),
            ("OPTIONS", "/v1/"),
            ("GET", "/v1/nothing/here"),
        ] {
            assert_eq!(matching(method, path).key, "$default");
        }
    }
}
