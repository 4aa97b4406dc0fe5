//! The language that somebody speaks, as products and browsers name it.

use std::str::FromStr;

/// The most characters of a locale. The tags of RFC 5646, 4.4.1, need 35.
const MOST: usize = 35;

/// A tag of BCP 47, such as `de` or `pt-BR`, in lower case. It may name a language that Mooring has no texts in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locale(String);

/// The reason why a text is no locale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a locale is a language tag, such as `de` or `pt-BR`")]
pub struct NoLocale;

impl Locale {
    /// Returns the tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Locale {
    type Err = NoLocale;

    /// Reads a tag: a language of two or three letters, and parts of up to eight letters and digits behind hyphens.
    fn from_str(text: &str) -> Result<Self, NoLocale> {
        let mut parts = text.split('-');
        let language = parts.next().unwrap_or_default();
        let is_language =
            (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic());
        let is_part =
            |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
        if text.len() <= MOST && is_language && parts.all(is_part) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(NoLocale)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_a_language_with_its_parts() {
        for text in ["de", "pt-BR", "zh-Hant-TW", "sr-Latn", "de-CH-1901", "gsw", "de-u-co-phonebk"] {
            assert_eq!(text.parse::<Locale>().unwrap().as_str(), text.to_lowercase());
        }
        for text in ["", "d", "german", "de_DE", "de-", "-de", "de--CH", "de CH", "d1", "de-äöü", "*"] {
            assert!(text.parse::<Locale>().is_err(), "{text}");
        }
        assert!(format!("de{}", "-abcdefgh".repeat(4)).parse::<Locale>().is_err());
    }
}
