//! Chooses the language of a page.

use lambda_http::Request;
use lambda_http::http::header::ACCEPT_LANGUAGE;
use mooring_domain::base::locale::Locale;
use mooring_texts::{Language, accepted, of_locale};

/// Returns the language that the browser of a request asks for.
pub fn language(request: &Request) -> &'static Language {
    let lines = request.headers().get_all(ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
    accepted(&lines.collect::<Vec<_>>().join(","))
}

/// Returns the language of a flow: the product's word counts before the browser's.
pub fn spoken(request: &Request, locale: Option<&Locale>) -> &'static Language {
    locale.map_or_else(|| language(request), |locale| of_locale(Some(locale)))
}
