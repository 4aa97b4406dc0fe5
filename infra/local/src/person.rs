//! Plays a person with a browser: follows redirects by hand, keeps cookies, fills in forms.
//!
//! The tour and the journeys use it to go through the pages exactly as a browser does, headers included.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, Method, StatusCode};
use url::Url;

/// The answer of a page.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its address.
    pub url: Url,
    /// The status.
    pub status: StatusCode,
    /// The address to which it sends the person, if it does.
    pub location: Option<Url>,
    /// Its text.
    pub body: String,
    /// Its headers.
    pub headers: reqwest::header::HeaderMap,
}

/// A form of a page.
#[derive(Debug, Clone)]
pub struct Form {
    /// The address that it goes to.
    pub action: Url,
    /// Its fields and buttons by name and value; boxes too, ticked or not.
    pub fields: Vec<(String, String)>,
}

/// A person with a browser.
#[derive(Debug, Clone)]
pub struct Person {
    client: Client,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

impl Person {
    /// Opens a browser without cookies.
    pub fn new() -> Result<Self> {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { client, cookies: BTreeMap::new() })
    }

    /// Opens an address.
    pub async fn get(&mut self, url: &Url) -> Result<Page> {
        self.send(Method::GET, url, None).await
    }

    /// Sends a form with the fields, boxes and the button that `choose` keeps.
    pub async fn submit(&mut self, form: &Form, choose: impl Fn(&str, &str) -> bool) -> Result<Page> {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in form.fields.iter().filter(|(name, value)| choose(name, value)) {
            body.append_pair(name, value);
        }
        self.send(Method::POST, &form.action, Some(body.finish())).await
    }

    /// Forgets every cookie whose name contains a text, to play a browser that never had it.
    pub fn forget_cookies(&mut self, containing: &str) {
        for jar in self.cookies.values_mut() {
            jar.retain(|name, _| !name.contains(containing));
        }
    }

    async fn send(&mut self, method: Method, url: &Url, form: Option<String>) -> Result<Page> {
        let mut request = self.client.request(method, url.clone());
        if let Some(body) = form {
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .header("sec-fetch-site", "same-origin")
                .header(ORIGIN, url.origin().ascii_serialization())
                .body(body);
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        let jar = self.cookies.entry(host).or_default();
        if !jar.is_empty() {
            let cookies: Vec<_> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, cookies.join("; "));
        }
        let response = request.send().await.with_context(|| format!("opening {}", url.path()))?;
        for cookie in response.headers().get_all(SET_COOKIE) {
            keep(jar, cookie.to_str().unwrap_or_default());
        }
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let location = location.map(|location| url.join(location)).transpose()?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Page { url: url.clone(), status, location, body: response.text().await?, headers })
    }
}

/// Keeps or removes one cookie.
fn keep(jar: &mut BTreeMap<String, String>, header: &str) {
    let mut parts = header.split(';');
    let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
    let ends = parts.any(|part| part.trim().eq_ignore_ascii_case("max-age=0"));
    if ends || value.is_empty() {
        jar.remove(name.trim());
    } else {
        jar.insert(name.trim().to_owned(), value.to_owned());
    }
}

impl Page {
    /// Returns the first form whose text contains a word.
    pub fn form(&self, containing: &str) -> Result<Form> {
        for part in self.body.split("<form").skip(1) {
            let text = part.split("</form>").next().unwrap_or_default();
            if text.contains(containing) {
                return self.read_form(text);
            }
        }
        bail!("the page at {} (status {}) has no form with `{containing}`", self.url.path(), self.status)
    }

    fn read_form(&self, text: &str) -> Result<Form> {
        let opening = text.split('>').next().unwrap_or_default();
        let action = attribute(opening, "action").filter(|action| !action.is_empty());
        let action = action.map_or_else(|| Ok(self.url.clone()), |action| self.url.join(&action))?;
        let tags = text.split('<').filter(|tag| tag.starts_with("input") || tag.starts_with("button"));
        let fields = tags.filter_map(|tag| {
            let tag = tag.split('>').next().unwrap_or_default();
            Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default()))
        });
        Ok(Form { action, fields: fields.collect() })
    }

    /// Returns the address to which the page sends the person. Fails with the page's answer if it sends nowhere.
    pub fn follow(&self) -> Result<&Url> {
        let said =
            self.body.split("<h1").nth(1).and_then(|text| text.split("</h1>").next()).unwrap_or_default();
        self.location.as_ref().with_context(|| {
            format!("{} answered {} and sends nobody on: {said}", self.url.path(), self.status)
        })
    }
}

/// The entities that pages write: by number from templates, by name from the sandbox. The ampersand comes last, because
/// the result of its replacement is text.
const ENTITIES: [(&str, &str); 9] = [
    ("&#34;", "\""),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&#60;", "<"),
    ("&lt;", "<"),
    ("&#62;", ">"),
    ("&gt;", ">"),
    ("&#38;", "&"),
    ("&amp;", "&"),
];

/// Returns the value of an attribute, with the usual entities decoded.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let value = tag.get(start..)?.split('"').next()?;
    Some(ENTITIES.iter().fold(value.to_owned(), |text, (entity, plain)| text.replace(entity, plain)))
}
