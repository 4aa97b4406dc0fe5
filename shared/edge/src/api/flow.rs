//! Runs the pages of the connect flow: only a visit uses anything up, and no page is a dead end.

use askama::Template;
use lambda_http::Request;
use lambda_http::http::Method;
use lambda_http::http::header::{HeaderName, HeaderValue};
use mooring_domain::connect::binding::ticket_cookie;
use mooring_domain::connect::session::PENDING_MINUTES;
use mooring_domain::connect::way::Onward;
use mooring_domain::platform::profile::Profile;
use mooring_domain::{Error, Kind, Result};
use mooring_texts::Language;
use url::Url;

use super::edge::Edge;
use super::page::WayOut;
use crate::http::header::header;
use crate::http::language::language;
use crate::http::reply::{Reply, ReplyExt as _, html, see_other};
use crate::http::shell::page;
use crate::http::site::Site;
use crate::http::trace;

const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const REFRESH: HeaderName = HeaderName::from_static("refresh");
/// The headers by which browsers announce that they fetch in advance: the standard one, its forerunner, and
/// that of old browsers.
const IN_ADVANCE: [HeaderName; 3] = [
    HeaderName::from_static("sec-purpose"),
    HeaderName::from_static("purpose"),
    HeaderName::from_static("x-moz"),
];
/// How many seconds a browser waits before it loads the page again.
const WAIT: HeaderValue = HeaderValue::from_static("2");

/// The links on an error page, for a person whom the flow leads no further.
#[derive(Debug, Clone)]
pub struct Exit<'a> {
    /// The product.
    pub profile: &'a Profile,
    /// The page of this deployment to go back to, if there is one.
    pub back: Option<Back>,
}

/// A page of this deployment that an error page links to.
#[derive(Debug, Clone)]
pub struct Back {
    /// The path.
    pub path: String,
    /// The key of the link's text.
    pub says: &'static str,
}

#[derive(Template)]
#[template(path = "one_moment.html")]
struct OneMoment {
    language: &'static Language,
}

/// Runs a page for people as [`Edge::page`] does. Every error page links to the product.
pub async fn run(
    edge: &Edge,
    request: &Request,
    exit: &Exit<'_>,
    handle: impl AsyncFnOnce() -> Result<Reply>,
) -> Reply {
    let mailto = format!("mailto:{}", exit.profile.contact_email);
    edge.page_with(request, Some(&way_out(exit, language(request), &mailto)), handle).await
}

/// Refuses a request that is not a person's own visit: pages fetched in advance, in the background or inside
/// another page. A browser that sends none of these headers counts as a person.
pub fn visit(request: &Request) -> Result<()> {
    let fits = |name: &HeaderName, wanted| ["", wanted].contains(&header(request, name));
    let is_visit = *request.method() != Method::HEAD
        && fits(&FETCH_MODE, "navigate")
        && fits(&FETCH_DEST, "document")
        && !IN_ADVANCE.iter().any(|name| in_advance(header(request, name)));
    if is_visit {
        return Ok(());
    }
    let message = "This page was asked for in advance or in the background, so nothing was done. Open it as a \
                   page of its own.";
    Err(Error::new(Kind::Forbidden, "not_a_visit", message))
}

/// Sends a browser to the next step of the flow.
pub fn onward(site: &Site, language: &'static Language, onward: &Onward) -> Result<Reply> {
    match onward {
        Onward::Back(url) => see_other(url.as_str()),
        Onward::Ask { token } => see_other(&site.url(&format!("/connect/{}", token.text()))),
        Onward::Choose { ticket, handle } => {
            let cookie = site.set_cookie(&ticket_cookie(handle), ticket.text(), PENDING_MINUTES * 60);
            see_other(&site.url(&format!("/connect/confirm?ticket={handle}")))?.cookie_value(&cookie)
        }
        Onward::Wait => {
            let mut reply = html(page(language, language.text("wait.title"), &OneMoment { language })?)?;
            reply.headers_mut().insert(REFRESH, WAIT);
            Ok(reply)
        }
    }
}

/// Sends a browser back to the product at the end of a flow, and logs the error: the person gets a word, the
/// operator the cause.
pub fn ended(url: &Url, error: &Error) -> Result<Reply> {
    trace::log_error(error);
    see_other(url.as_str())
}

/// Sends a browser to the connect page that asks again, and logs why.
pub fn ask_again(site: &Site, token: &str, error: &Error) -> Result<Reply> {
    trace::log_error(error);
    see_other(&site.url(&format!("/connect/{token}")))
}

/// Returns whether the purpose of a request is to fetch in advance. `Sec-Purpose` is a list such as
/// `prefetch;prerender`.
fn in_advance(purpose: &str) -> bool {
    let words = purpose.split([',', ';']).map(str::trim);
    let mut first = words.map(|word| word.trim_matches('"'));
    first
        .any(|word| ["prefetch", "prerender", "preview"].iter().any(|other| word.eq_ignore_ascii_case(other)))
}

/// Makes the links of an error page.
fn way_out<'a>(exit: &'a Exit<'_>, language: &'static Language, mailto: &'a str) -> WayOut<'a> {
    let Exit { profile, back } = exit;
    let site = Url::parse(&profile.privacy_url).map(|url| url.origin().ascii_serialization()).ok();
    let (product, mail) = (profile.product.as_str(), profile.contact_email.as_str());
    WayOut { language, back: back.as_ref(), site, product, mail, mailto }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_are_read_as_lists_of_words() {
        for purpose in
            ["prefetch", "prefetch;prerender", "Prefetch", "prefetch;anonymous-client-ip", "preview"]
        {
            assert!(in_advance(purpose), "{purpose}");
        }
        for purpose in ["", "navigate", "prefetched", "x-prefetch"] {
            assert!(!in_advance(purpose), "{purpose}");
        }
    }

    #[test]
    fn nobody_is_left_without_a_link() {
        let profile = Profile {
            name: "p".to_owned(),
            product: "P&P".to_owned(),
            privacy_url: "https://p.example/privacy".to_owned(),
            contact_email: "a@p.example".to_owned(),
            retention_days: None,
            needs_reauth_days: None,
            platforms: vec![],
        };
        let back = Back { path: "/connect/confirm?ticket=a".to_owned(), says: "common.back_to_list" };
        let exit = Exit { profile: &profile, back: Some(back) };
        let out = way_out(&exit, mooring_texts::default_language(), "mailto:a@p.example").render().unwrap();
        assert!(out.contains("href=\"/connect/confirm?ticket=a\">Back to the list"), "{out}");
        assert!(out.contains("<a href=\"https://p.example\">Back to <bdi>P&#38;P</bdi></a>"), "{out}");
        assert!(out.contains("mailto:a@p.example"), "{out}");
    }
}
