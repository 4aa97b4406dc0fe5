//! Turns an event of API Gateway (an HTTP API, payload 2.0) into a request, and a reply into API Gateway's
//! answer.
//!
//! `lambda_http` 1.3 builds a request with `unwrap` and `expect`: a raw `"` in a query string, an invalid
//! `Host`, or a body that is not Base64 ends the process. Here each of them is refused, with a
//! problem document like every refusal.
//!
//! Through API Gateway a caller controls only the query. The API refuses a query that does not fit after it
//! has checked the front, and with the headers that let a browser read the refusal. Everything else here is a
//! fault of the set-up, or a thing that API Gateway does not send; it is refused before any handler, without
//! those headers.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use data_encoding::BASE64;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use lambda_http::http::{Request as HttpRequest, Uri};
use lambda_http::request::RequestContext;
use lambda_http::{Body, Context, Request, RequestExt as _};
use mooring_domain::{Error, Kind, Result};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::http::reply::Reply;
use crate::http::{headers, problem, trace};

/// The stage for which the routes are made: its name is not part of paths.
const STAGE: &str = "$default";

/// The future of a running handler.
pub type Handling<'a> = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// The answer in the form that API Gateway reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The status.
    pub status_code: u16,
    /// The headers, one value each.
    pub headers: BTreeMap<String, String>,
    /// The values of `Set-Cookie`.
    pub cookies: Vec<String>,
    /// The body; Base64 if it is not text.
    pub body: String,
    /// True when the body is Base64.
    pub is_base64_encoded: bool,
}

/// Marks a request whose query did not fit and was left out.
#[derive(Debug, Clone, Copy)]
struct Misfit;

/// Answers an event with a handler. An event that is no request of this API never reaches the handler.
pub async fn invoke<'a>(
    event: Value,
    context: Context,
    handle: impl FnOnce(Request) -> Handling<'a>,
) -> Answer {
    let given = event.pointer("/requestContext/requestId").and_then(Value::as_str);
    let given = given.filter(|id| trace::is_request_id(id)).map(str::to_owned);
    match read(event) {
        Ok(request) => answer(handle(request.with_lambda_context(context)).await),
        Err(error) => {
            let invocation = context.request_id;
            answer(refuse(error, given.as_deref().unwrap_or(&invocation), &invocation))
        }
    }
}

/// Answers an event that no handler gets.
fn refuse(error: Error, request_id: &str, invocation: &str) -> Reply {
    let span = mooring_telemetry::request_span(request_id, Some(invocation), "?");
    let mut reply = problem::document(&error, request_id, "");
    span.in_scope(|| trace::log(&Err(error)));
    headers::stamp(&mut reply, true, request_id);
    reply
}

/// Refuses a request whose query did not fit.
pub(crate) fn require_fit(request: &Request) -> Result<()> {
    if request.extensions().get::<Misfit>().is_none() {
        return Ok(());
    }
    let message = "The query string holds a character that has to be percent-encoded.";
    Err(Error::invalid("invalid_query", message))
}

/// Reads an event.
pub(crate) fn read(event: Value) -> Result<Request> {
    let event: ApiGatewayV2httpRequest = serde_json::from_value(event).map_err(|error| {
        let message = "The request could not be read: its method, or one of its headers, is not HTTP.";
        Error::invalid("invalid_request", message).because(error)
    })?;
    placed(&event)?;
    let path = path(event.raw_path.as_deref().unwrap_or_default())?;
    let uri = uri(&path, event.raw_query_string.as_deref().unwrap_or_default());
    let body = body(event.body, event.is_base64_encoded)?;
    let mut request = HttpRequest::new(body);
    *request.method_mut() = event.request_context.http.method.clone();
    if let Some(uri) = uri {
        *request.uri_mut() = uri;
    } else {
        *request.uri_mut() = path;
        request.extensions_mut().insert(Misfit);
    }
    *request.headers_mut() = with_cookies(event.headers, &event.cookies.unwrap_or_default());
    Ok(request
        .with_path_parameters(event.path_parameters)
        .with_request_context(RequestContext::ApiGatewayV2(event.request_context)))
}

/// Reads the path and leaves the host out: no handler reads the host, and the client chooses it.
fn path(raw: &str) -> Result<Uri> {
    let misfit = || Error::invalid("invalid_request", "The path of the request could not be read.");
    let mut url = Url::parse("http://localhost/").map_err(|error| misfit().because(error))?;
    url.set_path(raw);
    url.path().parse().map_err(|error| misfit().because(error))
}

/// Makes the URI of a path with a query; returns `None` if the query holds a character that has to be
/// encoded.
fn uri(path: &Uri, query: &str) -> Option<Uri> {
    if query.is_empty() {
        return Some(path.clone());
    }
    if !query.bytes().all(is_query_byte) {
        return None;
    }
    format!("{path}?{query}").parse().ok()
}

/// Returns whether a byte may stand raw in a query: RFC 3986 allows it, or browsers and tools leave it raw.
const fn is_query_byte(byte: u8) -> bool {
    byte > b' ' && byte != 0x7f && !matches!(byte, b'"' | b'#' | b'<' | b'>')
}

fn body(text: Option<String>, encoded: bool) -> Result<Body> {
    match text {
        None => Ok(Body::Empty),
        Some(text) if !encoded => Ok(Body::Text(text)),
        Some(text) => {
            let bytes = BASE64.decode(text.as_bytes());
            bytes.map(Body::Binary).map_err(|error| {
                Error::invalid("invalid_request", "The body of the request could not be read.").because(error)
            })
        }
    }
}

/// Adds each cookie as a header of its own, so that one with odd bytes does not hide the others.
fn with_cookies(mut headers: HeaderMap, cookies: &[String]) -> HeaderMap {
    for cookie in cookies {
        if let Ok(value) = HeaderValue::from_bytes(cookie.as_bytes()) {
            headers.append(COOKIE, value);
        }
    }
    headers
}

/// Refuses a request that comes by a named stage or below a path of a custom domain: all links, cookies and
/// redirect URIs would lead to other addresses.
fn placed(event: &ApiGatewayV2httpRequest) -> Result<()> {
    let context = &event.request_context;
    if context.stage.as_deref().is_some_and(|stage| stage != STAGE) {
        let message =
            "The API is deployed to a named stage. Deploy it to `$default` (infra/deploy/README.md).";
        return Err(Error::new(Kind::Internal, "named_stage", message));
    }
    let route = context.route_key.as_deref().and_then(|key| key.split_once(' '));
    let path = event.raw_path.as_deref().unwrap_or_default();
    if route.is_some_and(|(_, pattern)| is_below(pattern, path)) {
        let message =
            "The API is mapped below a path of its domain. Map the domain itself (infra/deploy/README.md).";
        return Err(Error::new(Kind::Internal, "path_mapping", message));
    }
    Ok(())
}

/// Returns whether a path that API Gateway matched with a pattern has segments before the pattern. Every
/// pattern begins with fixed text. API Gateway decodes parameters, so that only the text before them can be
/// compared.
fn is_below(pattern: &str, path: &str) -> bool {
    let segments = |text: &'_ str| -> Vec<String> {
        text.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let (pattern, path) = (segments(pattern), segments(path));
    let fixed = pattern.iter().take_while(|part| !part.starts_with('{')).count();
    let same = |(mine, given): (&String, &String)| mine == given || given.contains('%');
    let begins = path.len() >= fixed && pattern.iter().zip(&path).take(fixed).all(same);
    !begins || (fixed == pattern.len() && path.len() > fixed)
}

fn answer(reply: Reply) -> Answer {
    let (parts, body) = reply.into_parts();
    let mut headers = BTreeMap::<String, String>::new();
    let mut cookies = Vec::new();
    for (name, value) in &parts.headers {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        if *name == SET_COOKIE {
            cookies.push(text);
        } else {
            headers.entry(name.to_string()).and_modify(|all| *all = format!("{all}, {text}")).or_insert(text);
        }
    }
    let is_base64_encoded = matches!(body, Body::Binary(_));
    let body = match body {
        Body::Text(text) => text,
        Body::Binary(bytes) => BASE64.encode(&bytes),
        _ => String::new(),
    };
    Answer { status_code: parts.status.as_u16(), headers, cookies, body, is_base64_encoded }
}

#[cfg(test)]
mod tests;
