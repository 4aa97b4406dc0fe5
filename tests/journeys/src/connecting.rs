//! The connect flow, stopped where a test intervenes.

use anyhow::{Context as _, Result};
use http::header::SET_COOKIE;
use mooring_local::{Page, Person, Product};
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::World;

/// A browser that the platform has just sent back, before it followed.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// The browser with its cookies.
    pub person: Person,
    /// Our callback with all parameters of the platform.
    pub callback: Url,
    /// The name and value of the cookie that binds the flow to the browser.
    pub cookie: (String, String),
}

impl Arrived {
    /// Returns the callback with its parameters changed by a function; leaves out those for which it returns `None`.
    pub fn changed(&self, change: impl Fn(&str, &str) -> Option<String>) -> Url {
        let mut url = self.callback.clone();
        let pairs: Vec<_> = self
            .callback
            .query_pairs()
            .filter_map(|(name, value)| Some((name.to_string(), change(&name, &value)?)))
            .collect();
        url.query_pairs_mut().clear().extend_pairs(pairs);
        url
    }
}

/// Returns the body with which a product opens a connect session.
pub fn request(world: &World, end_user: &str) -> Value {
    json!({ "end_user": end_user, "platform": "tiktok_ads", "return_url": return_url(world) })
}

/// Takes a new browser to the platform and back, up to our callback.
pub async fn arrive(world: &World, product: &Product, end_user: &str) -> Result<Arrived> {
    through_consent(product, &request(world, end_user)).await
}

/// Opens a connect session that authorises a live connection again, and takes a new browser up to the callback.
pub async fn arrive_again(world: &World, end_user: &str, connection: &str) -> Result<Arrived> {
    let mut body = request(world, end_user);
    body["connection_id"] = json!(connection);
    through_consent(&world.product, &body).await
}

/// Takes a browser that may have other flows under way to the platform and back, up to our callback.
pub async fn arrive_in(person: Person, world: &World, product: &Product, end_user: &str) -> Result<Arrived> {
    consent_in(person, product, &request(world, end_user)).await
}

async fn through_consent(product: &Product, body: &Value) -> Result<Arrived> {
    consent_in(Person::new()?, product, body).await
}

async fn consent_in(mut person: Person, product: &Product, body: &Value) -> Result<Arrived> {
    let page = person.get(&session(product, body).await?).await?;
    let sent = person.submit(&page.form("<button")?, |_, value| value != "cancel").await?;
    let cookie = set_cookie(&sent)?;
    let consent = person.get(sent.follow()?).await?;
    let back = person.submit(&consent.form("advertiser")?, |_, value| value != "cancel").await?;
    Ok(Arrived { callback: back.follow()?.clone(), person, cookie })
}

/// Returns the only cookie that a page sets.
pub fn set_cookie(page: &Page) -> Result<(String, String)> {
    let header = page.headers.get(SET_COOKIE).context("no cookie was set")?.to_str()?;
    let (name, value) =
        header.split(';').next().and_then(|pair| pair.split_once('=')).context("not a cookie")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Follows the callback and returns the confirm page.
pub async fn land(arrived: &mut Arrived) -> Result<Page> {
    let landed = arrived.person.get(&arrived.callback).await?;
    arrived.person.get(landed.follow()?).await
}

/// Returns the registered return URL of the stack's tenants.
pub fn return_url(world: &World) -> String {
    format!("{}/connected", world.stack.demo_origin())
}

/// Opens a connect session and returns the address of its page.
pub async fn session(product: &Product, body: &Value) -> Result<Url> {
    let session = product.call(Method::POST, "/v1/connect-sessions", Some(body)).await?;
    Ok(Url::parse(session["url"].as_str().context("a session without url")?)?)
}

/// Returns a query parameter of a URL.
pub fn parameter(url: &Url, name: &str) -> Result<String> {
    let found = url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    found.with_context(|| format!("{} has no {name}", url.path()))
}
