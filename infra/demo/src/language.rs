//! The languages of the page: one file of texts each, and the one that a visitor gets.

use std::collections::BTreeMap;

use anyhow::Context as _;
use axum::http::{HeaderMap, HeaderValue, header};
use serde_json::Value;

use crate::visitor::cookie;

/// The cookie that remembers the language that a visitor chose.
const COOKIE: &str = "statasphere_language";
const YEAR: u32 = 31_536_000;

macro_rules! languages {
    ($($code:literal),+ $(,)?) => {
        &[$(($code, include_str!(concat!("../static/texts/", $code, ".json")))),+]
    };
}

/// The languages by their ISO 639 codes. The first is for visitors who read none of them. To add one, add its file to
/// `static/texts` and its code here.
const FILES: &[(&str, &str)] = languages!["en", "de"];

/// A language with its texts.
#[derive(Debug)]
pub(crate) struct Language {
    pub(crate) code: &'static str,
    /// A text by its key; an object where the text depends on a number.
    pub(crate) texts: BTreeMap<String, Value>,
}

impl Language {
    /// Reads all languages.
    pub(crate) fn all() -> anyhow::Result<Vec<Self>> {
        FILES
            .iter()
            .map(|(code, text)| {
                let texts = serde_json::from_str(text).with_context(|| format!("the texts of {code}"))?;
                Ok(Self { code, texts })
            })
            .collect()
    }

    /// Returns a text that depends on no number.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.texts.get(key)?.as_str()
    }
}

/// Finds a language by its code.
pub(crate) fn known(code: &str) -> Option<&'static str> {
    FILES.iter().map(|(known, _)| *known).find(|known| *known == code)
}

/// Returns the code of the language for a request: the one that the visitor chose, or the one that the browser likes best.
pub(crate) fn wanted(headers: &HeaderMap) -> &'static str {
    let chosen = cookie(headers, COOKIE).and_then(known);
    let [(first, _), ..] = FILES else { return "en" };
    chosen.or_else(|| accepted(headers)).unwrap_or(*first)
}

/// Returns the known language with the highest weight in `Accept-Language`; among equals the first.
fn accepted(headers: &HeaderMap) -> Option<&'static str> {
    let header = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(&str, f32)> = None;
    for range in header.split(',') {
        let (tag, weight) = range.split_once(";q=").unwrap_or((range, "1"));
        let weight = weight.trim().parse::<f32>().unwrap_or(0.0);
        let Some(code) = known(&tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase()) else {
            continue;
        };
        if weight > best.map_or(0.0, |(_, weight)| weight) {
            best = Some((code, weight));
        }
    }
    best.map(|(code, _)| code)
}

/// Returns the cookie that remembers a choice.
pub(crate) fn remember(code: &'static str) -> anyhow::Result<HeaderValue> {
    Ok(HeaderValue::try_from(format!("{COOKIE}={code}; Path=/; Max-Age={YEAR}; HttpOnly; SameSite=Lax"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(accept: &str, cookie: &str) -> &'static str {
        let pairs = [(header::ACCEPT_LANGUAGE, accept), (header::COOKIE, cookie)];
        wanted(
            &pairs.into_iter().map(|(name, value)| (name, HeaderValue::from_str(value).unwrap())).collect(),
        )
    }

    #[test]
    fn the_choice_comes_before_the_browser_and_the_browser_before_the_first() {
        for (accept, cookie, code) in [
            ("", "", "en"),
            ("de", "", "de"),
            ("de-AT,en;q=0.8", "", "de"),
            ("en;q=0.4, de;q=0.9", "", "de"),
            ("fr-FR, DE;q=0.5", "", "de"),
            ("fr, it", "", "en"),
            ("de;q=0", "", "en"),
            ("de;q=much", "", "en"),
            ("en", "a=b; statasphere_language=de", "de"),
            ("de", "statasphere_language=xx", "de"),
        ] {
            assert_eq!(asks(accept, cookie), code, "{accept} {cookie}");
        }
    }

    /// A file that nobody lists would be a language that nobody gets.
    #[test]
    fn every_file_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/static/texts");
        let names =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names = names.collect::<Vec<_>>();
        names.sort();
        let mut listed = FILES.iter().map(|(code, _)| format!("{code}.json")).collect::<Vec<_>>();
        listed.sort();
        assert_eq!(names, listed);
    }
}
