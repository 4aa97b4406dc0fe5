//! Reads answers. An error names the path where the shape differs, and never shows the value there.

use mooring_domain::{Error, Kind, Result, Retry};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::lenient;

const MAX_PATH: usize = 120;

/// Reads a whole body as JSON. Unknown fields are ignored, and the parser limits the depth of the fields that are
/// kept.
///
/// Most answers have the agreed shape. Only an answer that does not is read a second time, to replace bytes that are
/// not UTF-8 and to find the path where the shape differs.
pub fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    match std::str::from_utf8(body).map(serde_json::from_str) {
        Ok(Ok(value)) => Ok(value),
        _ => with_path(lenient::body(body).as_bytes()),
    }
}

fn with_path<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| unexpected(&error.path().to_string(), error.inner()))?;
    reader.end().map_err(|error| unexpected(".", &error))?;
    Ok(value)
}

/// Makes the error of an answer whose shape differs at `path`.
pub fn changed(path: &str) -> Error {
    let message = format!("The platform's answer does not have the agreed shape at `{}`.", printable(path));
    Error::new(Kind::UpstreamChanged, "answer_changed", message)
}

/// Tells a different shape, which will not change, from a broken text, which the next try may mend.
fn unexpected(path: &str, error: &serde_json::Error) -> Error {
    if error.classify() == Category::Data {
        return changed(&missing_field(path, error));
    }
    let at = printable(path);
    let message = format!("The platform's answer is not valid JSON at `{at}`, line {}.", error.line());
    Error::new(Kind::UpstreamChanged, "answer_malformed", message).retry(Retry::After(None))
}

/// Adds the name of a missing field. The name comes from Mooring's own types and is therefore safe to show.
fn missing_field(path: &str, error: &serde_json::Error) -> String {
    let text = error.to_string();
    let field = text.strip_prefix("missing field `").and_then(|rest| rest.split_once('`'));
    match field {
        Some((field, _)) if path == "." => field.to_owned(),
        Some((field, _)) => format!("{path}.{field}"),
        None => path.to_owned(),
    }
}

/// Keeps only the characters of field names and indices: a hostile key must not reach a log.
fn printable(path: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || "_.[]?".contains(*c);
    path.chars().filter(plain).take(MAX_PATH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Outer {
        #[serde(rename = "list")]
        _list: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        #[serde(rename = "count")]
        _count: u32,
    }

    fn refused(body: &str) -> Error {
        json::<Outer>(body.as_bytes()).unwrap_err()
    }

    #[test]
    fn an_error_names_the_path_and_never_the_value() {
        let error = refused(r#"{"list":[{"count":1},{"count":"anna@example.com"}]}"#);
        assert_eq!((error.kind, error.retry), (Kind::UpstreamChanged, Retry::Never));
        assert!(error.message.contains("`list[1].count`"), "{}", error.message);
        assert!(error.source.is_none() && !error.message.contains("anna"));
        assert!(refused(r#"{"list":[{}]}"#).message.contains("`list[0].count`"));
        assert!(refused(r#"{"items":[]}"#).message.contains("`list`"));
    }

    #[test]
    fn a_text_that_is_no_json_may_be_tried_again() {
        for body in ["", "<html>", r#"{"list":["#, r#"{"list":[]} trailing"#] {
            let error = refused(body);
            assert_eq!((error.code, error.retry), ("answer_malformed", Retry::After(None)), "{body}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_do_not_break_what_is_around_them() {
        let body = b"\xef\xbb\xbf{\"name\":\"caf\xe9\",\"list\":[{\"count\":1}]}";
        assert!(json::<Outer>(body).is_ok());
    }

    #[test]
    fn depth_does_no_harm() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(json::<Outer>(format!(r#"{{"list":[],"unknown":{deep}}}"#).as_bytes()).is_ok());
        assert!(json::<serde_json::Value>(deep.as_bytes()).is_err());
    }
}
