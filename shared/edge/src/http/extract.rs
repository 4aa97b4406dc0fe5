//! Reads path parameters and bodies of requests. Errors name the place in the input, never its value.

use std::str::FromStr;

use lambda_http::{Request, RequestExt};
use mooring_domain::{Error, Kind, Result};
use serde::de::DeserializeOwned;

use super::media;
use super::query::Query;

/// The largest body that is read, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// Reads a path parameter. A value that does not fit gets the error of a thing that does not exist.
pub fn path<T: FromStr>(request: &Request, name: &str) -> Result<T> {
    let parameters = request.path_parameters_ref();
    let text = parameters.and_then(|map| map.first(name)).unwrap_or_default();
    text.parse().map_err(|_| Error::not_found("resource"))
}

/// Reads the path parameter that names one thing of a list; a request for one thing takes no query. Returns
/// `None` when the list is requested.
pub fn one<T: FromStr>(request: &Request, name: &str) -> Result<Option<T>> {
    let is_named = request.path_parameters_ref().is_some_and(|parameters| parameters.first(name).is_some());
    if !is_named {
        return Ok(None);
    }
    Query::of(request)?.finish()?;
    path(request, name).map(Some)
}

/// Reads a text field of a body. The error names the expected form and does not repeat the text.
pub fn field<T: FromStr>(text: &str, name: &str, expected: &str) -> Result<T> {
    let misfit = |_| {
        Error::invalid("invalid_body", format!("The body does not fit at `{name}`: expected {expected}."))
    };
    text.parse().map_err(misfit)
}

/// Reads a JSON body.
pub fn json_body<T: DeserializeOwned>(request: &Request) -> Result<T> {
    let bytes = body(request, "application/json")?;
    // The deserialiser would read a list as the fields of an object in their order, which no description
    // promises.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(Error::invalid("invalid_body", "The body does not fit: expected a JSON object."));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| misfit(&error))?;
    reader.end().map_err(|_| Error::invalid("invalid_json", "There is something after the JSON value."))?;
    Ok(value)
}

/// Reads the fields of a form. A name may come more than once.
pub fn form_body(request: &Request) -> Result<Vec<(String, String)>> {
    let bytes = body(request, "application/x-www-form-urlencoded")?;
    Ok(url::form_urlencoded::parse(bytes).into_owned().collect())
}

fn body<'a>(request: &'a Request, media: &str) -> Result<&'a [u8]> {
    media::check_body(request, media)?;
    let bytes = request.body().as_ref();
    if bytes.len() > BODY_LIMIT {
        return Err(Error::new(Kind::TooLarge, "body_too_large", "The body is larger than 64 KiB."));
    }
    Ok(bytes)
}

/// Makes the error that names the place where the body does not fit and the expected form, without repeating
/// the input.
fn misfit(error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let inner = error.inner();
    if !inner.is_data() {
        let place = format!("The body is not valid JSON (line {}, column {}).", inner.line(), inner.column());
        return Error::invalid("invalid_json", place);
    }
    let text = inner.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    if let Some((_, expected)) =
        text.strip_prefix("unknown field").and_then(|text| text.rsplit_once(", expected "))
    {
        return Error::invalid(
            "unknown_field",
            format!("The body has a field that is not known; expected {expected}."),
        );
    }
    let path = error.path().to_string();
    Error::invalid(
        "invalid_body",
        format!("The body does not fit at `{}`: {}.", safe_path(&path), expectation(text)),
    )
}

/// Keeps a path that can consist of this API's field names. A sender's own field names are not repeated.
fn safe_path(path: &str) -> &str {
    let ours = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '[' | ']');
    if path.len() <= 64 && path.chars().all(ours) { path } else { "?" }
}

/// Takes the part of a deserialiser's message that comes from this API's types.
fn expectation(text: &str) -> String {
    if text.starts_with("missing field") {
        return text.to_owned();
    }
    if text.starts_with("duplicate field") {
        return "a field comes twice".to_owned();
    }
    let expected = text.rsplit_once("expected ").map(|(_, expected)| format!("expected {expected}"));
    expected.unwrap_or_else(|| "the value does not fit".to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use lambda_http::Body;
    use lambda_http::http::Request as HttpRequest;

    use super::*;

    #[test]
    fn one_thing_is_named_in_the_path_and_takes_no_query() {
        let asked = |query: &str, id: Option<&str>| {
            let request = HttpRequest::get(format!("/x{query}")).body(Body::Empty).unwrap();
            let named = id.map(|id| ("id".to_owned(), id.to_owned()));
            one::<u32>(&request.with_path_parameters(named.into_iter().collect::<HashMap<_, _>>()), "id")
        };
        assert_eq!(asked("", Some("7")).unwrap(), Some(7));
        assert_eq!(asked("?limit=2", None).unwrap(), None, "the list reads its own query");
        assert_eq!(asked("?limit=2", Some("7")).unwrap_err().code, "unknown_parameter");
        assert_eq!(asked("", Some("seven")).unwrap_err().kind, Kind::NotFound);
    }
}
