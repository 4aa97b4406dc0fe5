//! Negotiates `Accept` and parses `Content-Type`, as RFC 9110 says (12.5.1 and 8.3). The code parses media
//! types and never searches the text of a header.

use std::cmp::Reverse;

use lambda_http::Request;
use lambda_http::http::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use mooring_domain::{Error, Kind, Result};

use super::header::header;
use super::weight::thousandths;

/// The error code for a body in a content coding.
pub(crate) const CODED: &str = "content_encoding";
const JSON: &str = "application/json";
const CSV: &str = "text/csv";
const HTML: &str = "text/html";
const PROBLEM: &str = "application/problem+json";

/// Returns whether the client wants CSV rather than JSON; refuses a client that accepts neither.
pub fn wants_csv(request: &Request) -> Result<bool> {
    preferred(&accept(request), &[JSON, CSV]).map(|chosen| chosen == CSV).ok_or_else(|| {
        let message = "This answers with `application/json` or `text/csv`; name one of them in `Accept`.";
        Error::new(Kind::NotAcceptable, "not_acceptable", message)
    })
}

/// Returns whether the client wants JSON rather than a page. A client that accepts neither gets the page.
pub fn wants_json(request: &Request) -> bool {
    preferred(&accept(request), &[HTML, JSON, PROBLEM]).is_some_and(|chosen| chosen != HTML)
}

/// Returns whether the client is a browser that wants a page where programs get JSON. A client without a wish is a program.
pub(crate) fn wants_page(request: &Request) -> bool {
    preferred(&accept(request), &[JSON, PROBLEM, HTML]) == Some(HTML)
}

/// Returns whether the header `Content-Type` names JSON.
pub fn sends_json(request: &Request) -> bool {
    is(header(request, &CONTENT_TYPE), JSON)
}

/// Refuses a body of another media type, in another charset than UTF-8, or in a content coding.
pub(crate) fn check_body(request: &Request, media: &str) -> Result<()> {
    let coding = header(request, &HeaderName::from_static("content-encoding"));
    if !split(coding, ',').iter().all(|name| name.is_empty() || name.eq_ignore_ascii_case("identity")) {
        let message = "The body came in a `Content-Encoding`; send it as it is.";
        return Err(Error::new(Kind::MediaType, CODED, message));
    }
    let given = MediaType::parse(header(request, &CONTENT_TYPE));
    let readable = given.is_some_and(|given| given.is(media) && given.is_utf8());
    if readable {
        return Ok(());
    }
    Err(Error::new(Kind::MediaType, "content_type", format!("The body has to be {media}, in UTF-8.")))
}

/// Returns whether the value of a `Content-Type` names a media type.
pub(crate) fn is(value: &str, media: &str) -> bool {
    MediaType::parse(value).is_some_and(|given| given.is(media))
}

fn accept(request: &Request) -> String {
    let lines = request.headers().get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    lines.collect::<Vec<_>>().join(",")
}

/// A media type, or a range of them, with its parameters.
struct MediaType<'a> {
    kind: &'a str,
    subtype: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> MediaType<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = split(text, ';').into_iter();
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let parameter = |part: &'a str| {
            let (name, value) = part.split_once('=')?;
            Some((name.trim_end(), value.trim_start().trim_matches('"')))
        };
        let parameters = parts.filter_map(parameter).collect();
        (is_token(kind) && is_token(subtype)).then_some(Self { kind, subtype, parameters })
    }

    fn parameter(&self, name: &str) -> Option<&'a str> {
        let found = self.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }

    fn is(&self, media: &str) -> bool {
        self.fit(media) == Some(2)
    }

    fn is_utf8(&self) -> bool {
        let charset = self.parameter("charset");
        charset.is_none_or(|name| ["utf-8", "us-ascii"].iter().any(|known| name.eq_ignore_ascii_case(known)))
    }

    /// Returns how closely a range names a media type: 2 by its full name, 1 by its first half, 0 by the
    /// range of all types.
    fn fit(&self, media: &str) -> Option<u8> {
        let (kind, subtype) = media.split_once('/')?;
        match (self.kind, self.subtype) {
            ("*", "*") => Some(0),
            (mine, "*") if mine.eq_ignore_ascii_case(kind) => Some(1),
            (mine, sub) if mine.eq_ignore_ascii_case(kind) && sub.eq_ignore_ascii_case(subtype) => Some(2),
            _ => None,
        }
    }

    /// Returns the weight in thousandths; `None` when the parameter is not a valid weight.
    fn weight(&self) -> Option<u16> {
        self.parameter("q").map_or(Some(1_000), thousandths)
    }
}

/// Returns the offered media type that a client prefers; `None` when it accepts none of them.
///
/// The closest range decides the weight of each type. Of equal weights the more closely named type wins, then
/// the type that the client named first, then the type that is offered first. A header without any media type
/// is ignored.
fn preferred<'o>(accept: &str, offered: &[&'o str]) -> Option<&'o str> {
    let parts = split(accept, ',');
    let ranges: Vec<MediaType<'_>> = parts.into_iter().filter_map(MediaType::parse).collect();
    if ranges.is_empty() {
        return offered.first().copied();
    }
    let rank = |media: &'o str| {
        let fits = ranges.iter().enumerate().filter_map(|(at, range)| Some((range.fit(media)?, at, range)));
        let (fit, at, range) = fits.max_by_key(|(fit, at, _)| (*fit, Reverse(*at)))?;
        let weight = range.weight().filter(|weight| *weight > 0)?;
        Some((weight, fit, Reverse(at)))
    };
    let ranked = offered.iter().rev().filter_map(|media| Some((rank(media)?, *media)));
    ranked.max_by_key(|(rank, _)| *rank).map(|(_, media)| media)
}

/// Splits a header's value at a character, except inside quoted strings.
fn split(text: &str, at: char) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let separates = |c: char| {
        if escaped {
            escaped = false;
            return false;
        }
        match c {
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return c == at && !quoted,
        }
        false
    };
    text.split(separates).map(str::trim).collect()
}

/// Returns whether a text is a token of RFC 9110.
fn is_token(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_is_negotiated() {
        for (accept, chosen) in [
            ("", Some(JSON)),
            ("*/*", Some(JSON)),
            ("text/csv", Some(CSV)),
            ("TEXT/CSV", Some(CSV)),
            ("text/*", Some(CSV)),
            ("text/csv; charset=utf-8", Some(CSV)),
            ("application/json, text/csv;q=0", Some(JSON)),
            ("application/json, text/csv;q=0.1", Some(JSON)),
            ("application/json;q=0.1, text/csv;q=0.2", Some(CSV)),
            ("text/csv;q=1.000, application/json;Q=0.999", Some(CSV)),
            ("text/csv, */*", Some(CSV)),
            ("text/csv, application/json", Some(CSV)),
            ("application/json, text/csv", Some(JSON)),
            ("*/*, text/csv;q=0", Some(JSON)),
            ("*/*;q=0.5, application/json;q=0.1", Some(CSV)),
            ("text/plain;note=\",text/csv,\"", None),
            ("text/csvx", None),
            ("application/xml", None),
            ("text/csv;q=0", None),
            ("text/csv;q=2, application/json;q=0.0001", None),
            ("nonsense", Some(JSON)),
        ] {
            assert_eq!(preferred(accept, &[JSON, CSV]), chosen, "{accept}");
        }
    }

    #[test]
    fn a_content_type_is_its_media_type_and_not_its_text() {
        for (value, fits) in [
            ("application/json", true),
            ("Application/JSON ; charset=\"UTF-8\"", true),
            ("application/json-patch+json", false),
            ("application/jsonx", false),
            ("text/plain; x=\"application/json\"", false),
            ("", false),
        ] {
            assert_eq!(is(value, JSON), fits, "{value}");
        }
        let utf16 = MediaType::parse("application/json;charset=utf-16");
        assert!(utf16.is_some_and(|media| !media.is_utf8()));
    }
}
