//! The consent flow in the browser: show who asks, let the person choose, send them back with a code.
//!
//! There is no sign-in: whoever opens the page is the only person of the played world.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use serde::Deserialize;
use url::{Url, form_urlencoded};

use super::Platform;
use super::consent_page::{self, Choice, Page};
use super::grants::Consent;

/// The parameters with which an app sends the person.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Ask {
    #[serde(default)]
    pub(crate) app_id: String,
    #[serde(default)]
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) redirect_uri: String,
}

/// Answers GET: shows the consent page.
pub(crate) async fn show(State(platform): State<Arc<Platform>>, Query(ask): Query<Ask>) -> Response {
    match checked(&platform, &ask) {
        Ok(redirect) => page(&platform, &ask, &redirect, None),
        Err(reason) => refuse(reason),
    }
}

/// Answers POST: takes the person's decision.
pub(crate) async fn decide(State(platform): State<Arc<Platform>>, body: Bytes) -> Response {
    let form = Form::parse(&body);
    let ask = form.ask();
    let redirect = match checked(&platform, &ask) {
        Ok(redirect) => redirect,
        Err(reason) => return refuse(reason),
    };
    if form.first("decision") != "allow" {
        let denied = [("error", "access_denied"), ("error_description", "The user cancelled.")];
        return send_back(redirect, &denied, &ask.state);
    }
    let known = platform.world.advertiser_ids();
    let advertisers: Vec<_> = form.all("advertiser").into_iter().filter(|id| known.contains(id)).collect();
    if advertisers.is_empty() {
        return page(&platform, &ask, &redirect, Some("Choose at least one ad account."));
    }
    let scopes = form.all("scope").iter().filter_map(|scope| scope.parse().ok()).collect::<Vec<u64>>();
    let scopes = platform.config.scopes.iter().copied().filter(|scope| scopes.contains(scope)).collect();
    let code = platform.grants().issue_code(platform.now(), Consent { advertisers, scopes });
    // Live callbacks carry the code under both names.
    send_back(redirect, &[("auth_code", &code), ("code", &code)], &ask.state)
}

/// Checks app and redirect address; errors never travel to an address that is not registered.
fn checked(platform: &Platform, ask: &Ask) -> Result<Url, &'static str> {
    if ask.app_id != platform.config.app_id {
        return Err("No app with this app_id exists.");
    }
    if !platform.config.redirect_uris.contains(&ask.redirect_uri) {
        return Err("The redirect_uri is not registered for this app.");
    }
    Url::parse(&ask.redirect_uri).map_err(|_| "The redirect_uri is not an address.")
}

fn send_back(mut redirect: Url, answer: &[(&str, &str)], state: &str) -> Response {
    redirect.query_pairs_mut().extend_pairs(answer).append_pair("state", state);
    let headers = [(header::LOCATION, redirect.as_str()), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::SEE_OTHER, headers).into_response()
}

fn refuse(reason: &'static str) -> Response {
    let headers = security_headers("'none'");
    (StatusCode::BAD_REQUEST, headers, Html(consent_page::refusal(reason))).into_response()
}

fn page(platform: &Platform, ask: &Ask, redirect: &Url, complaint: Option<&str>) -> Response {
    let accounts = platform.world.advertisers.iter().map(|a| Choice {
        value: a.id.clone(),
        label: a.name.clone(),
        detail: format!("{} · {} · {}", a.id, a.market.currency, a.market.zone),
    });
    let scopes = platform.config.scopes.iter().map(|scope| Choice {
        value: scope.to_string(),
        label: scope_name(*scope).to_owned(),
        detail: format!("Permission {scope}"),
    });
    let page = Page {
        ask,
        person: platform.world.user_name(),
        returns_to: redirect.origin().ascii_serialization(),
        accounts: accounts.collect(),
        scopes: scopes.collect(),
        complaint,
    };
    // Browsers hold every redirect that follows a form against form-action. A person who cancels is led through the
    // callback to the return URL of a product, which no platform knows.
    let headers = security_headers("'self' http: https:");
    let status = if complaint.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    (status, headers, Html(consent_page::render(&page))).into_response()
}

fn security_headers(form_action: &str) -> [(&'static str, String); 4] {
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; form-action {form_action}; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    [
        ("content-security-policy", policy),
        ("referrer-policy", "no-referrer".to_owned()),
        ("cache-control", "no-store".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
    ]
}

fn scope_name(scope: u64) -> &'static str {
    match scope {
        1 => "Ad account management",
        2 => "Ads management",
        4 => "Reporting",
        44 => "Read consolidated reports",
        100 => "Read ad account information",
        200 => "Read campaigns",
        201 => "Create and change campaigns",
        210 => "Read ad groups",
        211 => "Create and change ad groups",
        220 => "Read ads",
        221 => "Create and change ads",
        _ => "Other permission",
    }
}

/// A posted form; a name may come more than once.
struct Form(HashMap<String, Vec<String>>);

impl Form {
    fn parse(body: &[u8]) -> Self {
        let mut fields: HashMap<String, Vec<String>> = HashMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            fields.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        Self(fields)
    }

    fn all(&self, name: &str) -> Vec<String> {
        self.0.get(name).cloned().unwrap_or_default()
    }

    fn first(&self, name: &str) -> &str {
        self.0.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }

    fn ask(&self) -> Ask {
        let text = |name| self.first(name).to_owned();
        Ask { app_id: text("app_id"), state: text("state"), redirect_uri: text("redirect_uri") }
    }
}
