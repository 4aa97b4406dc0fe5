//! Chooses the language of a page: the product's word, or the browser's `Accept-Language` (RFC 9110, 12.5.4).

use lambda_http::Request;
use lambda_http::http::header::ACCEPT_LANGUAGE;
use mooring_domain::Result;
use mooring_domain::base::locale::Locale;
use mooring_texts::{Language, default_language, find, languages, of_locale};

use super::cookie::cookie;
use super::reply::{Reply, ReplyExt as _};
use super::site::Site;
use super::weight::thousandths;

/// The languages of a header that are read. Browsers send fewer.
const MOST: usize = 32;

/// The cookie that keeps the language of a flow, for its pages that know no session: those of errors, and those that wait.
const LANGUAGE_COOKIE: &str = "language";

/// How long the language of a flow is kept in the browser, in seconds: a flow is over by then.
const KEPT_SECONDS: i64 = 60 * 60;

/// Returns the language of the flow that this browser is in, or else the one that the browser asks for.
pub fn language(request: &Request) -> &'static Language {
    // Whoever plants the cookie chooses among languages, and nothing else.
    let kept = ["__Host-language", LANGUAGE_COOKIE]
        .into_iter()
        .find_map(|name| cookie(request, name))
        .and_then(find);
    kept.unwrap_or_else(|| asked(request))
}

/// Keeps the language of a flow in the browser; a flow whose session says nothing ends what an earlier one kept there.
pub fn keep_language(site: &Site, request: &Request, locale: Option<&Locale>, reply: Reply) -> Result<Reply> {
    let is_kept = site.cookie(request, LANGUAGE_COOKIE).is_some();
    match locale {
        Some(_) => {
            reply.cookie_value(&site.set_cookie(LANGUAGE_COOKIE, spoken(request, locale).tag, KEPT_SECONDS))
        }
        None if is_kept => reply.cookie_value(&site.set_cookie(LANGUAGE_COOKIE, "", 0)),
        None => Ok(reply),
    }
}

fn asked(request: &Request) -> &'static Language {
    let lines = request.headers().get_all(ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
    accepted(&lines.collect::<Vec<_>>().join(","))
}

/// Returns the language of a flow: the product's word counts before the browser's.
pub fn spoken(request: &Request, locale: Option<&Locale>) -> &'static Language {
    locale.map_or_else(|| asked(request), |locale| of_locale(Some(locale)))
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
    use lambda_http::Body;
    use lambda_http::http::header::{COOKIE, HeaderValue};

    use super::*;

    #[test]
    fn a_flow_keeps_its_language_where_no_session_is_known() {
        for (kept, tag) in [
            ("language=de", "de"),
            ("a=b; __Host-language=de", "de"),
            ("language=xx", "en"),
            ("language=\"><script>", "en"),
            ("language=de; language=en", "en"),
            ("", "en"),
        ] {
            let mut request = Request::new(Body::Empty);
            request.headers_mut().insert(ACCEPT_LANGUAGE, HeaderValue::from_static("en"));
            request.headers_mut().insert(COOKIE, HeaderValue::from_str(kept).unwrap());
            assert_eq!(language(&request).tag, tag, "{kept}");
            assert_eq!(
                spoken(&request, None).tag,
                "en",
                "a session without a locale speaks as the browser asks"
            );
        }
    }

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
