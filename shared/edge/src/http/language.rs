//! Chooses the language of a page: the product's word, or the browser's `Accept-Language` (RFC 9110, 12.5.4).

use lambda_http::Request;
use lambda_http::http::header::ACCEPT_LANGUAGE;
use mooring_domain::base::locale::Locale;
use mooring_texts::{Language, default_language, find, languages, of_locale};

use super::weight::thousandths;

/// The languages of a header that are read. Browsers send fewer.
const MOST: usize = 32;

/// Returns the language that the browser of a request asks for.
pub fn language(request: &Request) -> &'static Language {
    let lines = request.headers().get_all(ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
    accepted(&lines.collect::<Vec<_>>().join(","))
}

/// Returns the language of a flow: the product's word counts before the browser's.
pub fn spoken(request: &Request, locale: Option<&Locale>) -> &'static Language {
    locale.map_or_else(|| language(request), |locale| of_locale(Some(locale)))
}

/// Returns the language that a header prefers among those that there are; the default language when it names none of them.
/// Of equal weights the first counts, and a language with the weight zero is never chosen.
fn accepted(header: &str) -> &'static Language {
    let mut ranges: Vec<(u16, &str)> = header.split(',').take(MOST).filter_map(range).collect();
    ranges.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    let refused = |language: &Language| {
        ranges.iter().any(|(weight, tag)| *weight == 0 && tag.eq_ignore_ascii_case(language.tag))
    };
    let wanted = ranges.iter().filter(|(weight, _)| *weight > 0);
    let mut found = wanted.filter_map(|(_, tag)| match *tag {
        "*" => languages().iter().find(|language| !refused(language)),
        tag => find(tag).filter(|language| !refused(language)),
    });
    found.next().unwrap_or_else(default_language)
}

/// Reads one range with its weight in thousandths. A range whose weight is none is left out.
fn range(text: &str) -> Option<(u16, &str)> {
    let (tag, parameter) = text.split_once(';').unwrap_or((text, ""));
    let weight = match parameter.trim() {
        "" => 1_000,
        parameter => thousandths(parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="))?)?,
    };
    Some((weight, tag.trim())).filter(|(_, tag)| !tag.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browsers_languages_are_weighed() {
        for (header, tag) in [
            ("", "en"),
            ("de", "de"),
            ("de-AT,de;q=0.9,en;q=0.8", "de"),
            ("DE-ch", "de"),
            ("fr-FR,fr;q=0.9", "en"),
            ("fr, de;q=0.5", "de"),
            ("en;q=0.1, de;q=0.2", "de"),
            ("en, de", "en"),
            ("de;q=0, *", "en"),
            ("*;q=0.1", "en"),
            ("en;q=0, *", "de"),
            ("de;q=0", "en"),
            ("deu", "en"),
            ("de;q=2, en;q=0.1", "en"),
            (";;,,q=1, de", "de"),
        ] {
            assert_eq!(accepted(header).tag, tag, "{header}");
        }
    }
}
