//! Builds replies. Only this file and the problem table know status numbers.

use lambda_http::http::StatusCode;
use lambda_http::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, SET_COOKIE};
use lambda_http::{Body, Response};
use mooring_domain::{Error, Kind, Result};
use serde::Serialize;

/// A reply to API Gateway.
pub type Reply = Response<Body>;

/// The id of the resource that a reply concerns. It is kept in the idempotency record where the path does not
/// name it.
#[derive(Clone)]
pub(crate) struct Resource(pub(crate) String);

/// Answers 200 with JSON.
pub fn ok<T: Serialize>(value: &T) -> Result<Reply> {
    json(StatusCode::OK, value)
}

/// Answers 201 with JSON, and with the location of the new resource if it can be read.
pub fn created<T: Serialize>(value: &T, location: Option<&str>) -> Result<Reply> {
    let reply = json(StatusCode::CREATED, value)?;
    match location {
        Some(location) => reply.header_value(LOCATION, location),
        None => Ok(reply),
    }
}

/// Answers 202 with JSON and the location of the resource to watch.
pub fn accepted<T: Serialize>(value: &T, location: &str) -> Result<Reply> {
    json(StatusCode::ACCEPTED, value)?.header_value(LOCATION, location)
}

/// Answers 202 with a page: the request was accepted, and there is no result yet.
pub fn accepted_html(page: String) -> Result<Reply> {
    typed(StatusCode::ACCEPTED, "text/html; charset=utf-8", page)
}

/// Answers 204.
pub fn no_content() -> Result<Reply> {
    Ok(plain(StatusCode::NO_CONTENT, Body::Empty))
}

/// Answers 303: the browser follows with a GET.
pub fn see_other(url: &str) -> Result<Reply> {
    plain(StatusCode::SEE_OTHER, Body::Empty).header_value(LOCATION, url)
}

/// Answers 200 with CSV.
pub fn csv(bytes: Vec<u8>) -> Result<Reply> {
    let text = String::from_utf8(bytes).map_err(|error| internal().because(error))?;
    typed(StatusCode::OK, "text/csv; charset=utf-8", text)
}

/// Answers 200 with a page.
pub fn html(page: String) -> Result<Reply> {
    typed(StatusCode::OK, "text/html; charset=utf-8", page)
}

/// Answers JSON with a status.
pub(crate) fn json<T: Serialize>(status: StatusCode, value: &T) -> Result<Reply> {
    let text = serde_json::to_string(value).map_err(|error| internal().because(error))?;
    typed(status, "application/json", text)
}

/// Answers text of a media type.
pub(crate) fn typed(status: StatusCode, media: &'static str, text: String) -> Result<Reply> {
    plain(status, Body::Text(text)).header_value(CONTENT_TYPE, media)
}

pub(crate) fn plain(status: StatusCode, body: Body) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    reply
}

fn internal() -> Error {
    Error::new(Kind::Internal, "reply", "The reply could not be written.")
}

/// Adds headers, cookies and the resource's id to replies.
pub trait ReplyExt: Sized {
    /// Sets a header.
    fn header_value(self, name: HeaderName, value: &str) -> Result<Self>;
    /// Adds a `Set-Cookie`.
    fn cookie_value(self, value: &str) -> Result<Self>;
    /// Names the resource that the reply concerns, so that a repetition of the call finds it.
    #[must_use]
    fn about(self, id: &str) -> Self;
}

impl ReplyExt for Reply {
    fn header_value(mut self, name: HeaderName, value: &str) -> Result<Self> {
        self.headers_mut().insert(name, header(value)?);
        Ok(self)
    }

    fn cookie_value(mut self, value: &str) -> Result<Self> {
        self.headers_mut().append(SET_COOKIE, header(value)?);
        Ok(self)
    }

    fn about(mut self, id: &str) -> Self {
        self.extensions_mut().insert(Resource(id.to_owned()));
        self
    }
}

fn header(value: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(value).map_err(|error| internal().because(error))
}
