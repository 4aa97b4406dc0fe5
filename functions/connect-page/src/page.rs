//! Writes the connect page: who asks, which data is read, for which purpose, and how to end it.

use askama::Template;
use mooring_domain::Result;
use mooring_domain::base::retention::DELETE_DAYS;
use mooring_domain::connect::ops::start_authorization::ConnectPage;
use mooring_domain::platform::profile::ScopePurpose;
use mooring_edge::{Language, page};

/// A scope in the words of the page's language.
struct Words<'a> {
    what: &'a str,
    purpose: &'a str,
    required: bool,
    /// True when the profile has no words in the page's language: the page says so to who reads it aloud.
    foreign: bool,
}

/// A purpose, with everything that is done for it.
struct Purpose<'a> {
    name: &'a str,
    whats: Vec<&'a str>,
    foreign: bool,
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationPage<'a> {
    language: &'static Language,
    asked: &'a ConnectPage,
    scopes: Vec<Words<'a>>,
    left_out: Vec<Words<'a>>,
    purposes: Vec<Purpose<'a>>,
    days: &'a str,
    kept_days: Option<&'a str>,
    settings: &'a str,
}

/// Writes the page.
pub(crate) fn invitation(language: &'static Language, asked: &ConnectPage) -> Result<String> {
    let fill = |key| language.fill(key).name("platform", &asked.platform).name("product", &asked.product);
    let is_left_out = |scope: &&ScopePurpose| asked.left_out.contains(&scope.scope);
    let kept_days = asked.retention_days.map(|days| language.number(days.into()));
    let body = InvitationPage {
        language,
        asked,
        scopes: asked.scopes.iter().map(|scope| words(language, scope)).collect(),
        left_out: asked.scopes.iter().filter(is_left_out).map(|scope| words(language, scope)).collect(),
        purposes: purposes(language, &asked.scopes),
        days: &DELETE_DAYS.to_string(),
        kept_days: kept_days.as_deref(),
        settings: &fill("connect.settings_link").plain(),
    };
    page(language, &fill("connect.title").plain(), &body)
}

/// Takes a scope's words in a language, or the profile's own.
fn words<'a>(language: &Language, scope: &'a ScopePurpose) -> Words<'a> {
    let own = (scope.what.as_str(), scope.purpose.as_str());
    let found = scope.translations.get(language.tag);
    let (what, purpose) = found.map_or(own, |words| (words.what.as_str(), words.purpose.as_str()));
    Words { what, purpose, required: scope.required, foreign: found.is_none() && language.tag != "en" }
}

/// Groups the scopes by their purposes, in the order of the profile.
fn purposes<'a>(language: &Language, scopes: &'a [ScopePurpose]) -> Vec<Purpose<'a>> {
    let mut purposes: Vec<Purpose<'a>> = Vec::new();
    for Words { what, purpose, foreign, .. } in scopes.iter().map(|scope| words(language, scope)) {
        match purposes.iter_mut().find(|known| known.name == purpose) {
            Some(known) => known.whats.push(what),
            None => purposes.push(Purpose { name: purpose, whats: vec![what], foreign }),
        }
    }
    purposes
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use mooring_domain::platform::profile::ScopeWords;
    use mooring_edge::{find_language, languages};

    use super::*;

    fn asked() -> ConnectPage {
        let german = ScopeWords { what: "Liest Zahlen.".to_owned(), purpose: "Berichte.".to_owned() };
        let entry = ScopePurpose {
            scope: "44".to_owned(),
            what: "<i>what</i>".to_owned(),
            purpose: "<i>why</i>".to_owned(),
            translations: BTreeMap::from([("de".to_owned(), german)]),
            required: true,
        };
        ConnectPage {
            tenant: "<script>alert(1)</script>\u{202E}".to_owned(),
            product: "P&P".to_owned(),
            privacy_url: "https://p.example/\"><i>".to_owned(),
            contact: "a@p.example".to_owned(),
            platform: "T<i>".to_owned(),
            settings_url: "https://t.example/\"><i>".to_owned(),
            scopes: vec![entry],
            retention_days: Some(1730),
            again: true,
            locale: None,
            left_out: Vec::new(),
            cancel_url: "https://r.example/back?error=cancelled".to_owned(),
            authorize_origin: "https://t.example".to_owned(),
            return_origin: "https://r.example".to_owned(),
        }
    }

    #[test]
    fn what_a_tenant_wrote_is_text() {
        for language in languages() {
            let page = invitation(language, &asked()).unwrap();
            assert!(!page.contains("<script>") && !page.contains("<i>"), "{page}");
            assert!(!page.contains('\u{202E}'), "a name turns nothing but itself");
            assert!(page.contains("href=\"https://r.example/back?error=cancelled\""), "{page}");
        }
        let page = invitation(find_language("en").unwrap(), &asked()).unwrap();
        assert!(page.contains("&#60;i&#62;why") && page.contains("1,730 days"), "{page}");
    }

    #[test]
    fn a_page_has_one_language_and_says_where_the_profile_has_another() {
        let page = invitation(find_language("de").unwrap(), &asked()).unwrap();
        assert!(page.contains("<html lang=\"de\"") && page.contains("1.730 Tage"), "{page}");
        assert!(page.contains("Liest Zahlen.") && !page.contains("lang=\"en\""), "{page}");
        let mut english = asked();
        english.scopes[0].translations.clear();
        let page = invitation(find_language("de").unwrap(), &english).unwrap();
        assert!(page.contains("<li lang=\"en\">"), "{page}");
    }

    #[test]
    fn a_permission_that_was_left_out_is_named() {
        let again = ConnectPage { left_out: vec!["44".to_owned()], ..asked() };
        let page = invitation(find_language("en").unwrap(), &again).unwrap();
        let fault = page.split("role=\"alert\"").nth(1).unwrap().split("</div>").next().unwrap();
        assert!(fault.contains("&#60;i&#62;what"), "{fault}");
        assert!(!invitation(find_language("en").unwrap(), &asked()).unwrap().contains("role=\"alert\""));
    }

    /// The products that are shipped speak every language of the pages.
    #[test]
    fn every_profile_has_words_in_every_language() {
        for name in mooring_profiles::names() {
            let profile = mooring_profiles::load(name).unwrap();
            let scopes = profile.platforms.iter().flat_map(|platform| &platform.scopes);
            for (scope, language) in scopes.flat_map(|scope| languages().iter().map(move |one| (scope, one)))
            {
                assert!(!words(language, scope).foreign, "{name}: {} in {}", scope.scope, language.tag);
            }
        }
    }
}
