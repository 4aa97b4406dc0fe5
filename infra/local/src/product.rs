//! Plays the product's server: calls the API with its key, as an engineer's code would.

#![expect(clippy::indexing_slicing, reason = "a JSON value answers null for what is not there")]

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use url::Url;

use crate::person::{Page, Person};

/// The product's side of the API.
#[derive(Clone)]
pub struct Product {
    client: Client,
    origin: Url,
    credential: String,
    return_url: String,
}

/// An active connection as the product knows it.
#[derive(Debug, Clone)]
pub struct Connected {
    /// Its id.
    pub id: String,
    /// The ids of its accounts.
    pub accounts: Vec<String>,
}

impl Product {
    /// Makes a product with a credential of a tenant.
    pub fn new(origin: Url, credential: impl Into<String>, return_url: impl Into<String>) -> Result<Self> {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { client, origin, credential: credential.into(), return_url: return_url.into() })
    }

    /// Returns the same product with another credential.
    #[must_use]
    pub fn with_credential(&self, credential: impl Into<String>) -> Self {
        Self { credential: credential.into(), ..self.clone() }
    }

    /// Sends one call and returns the answer, whatever its status.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Response> {
        let mut request = self.client.request(method, self.origin.join(path)?).bearer_auth(&self.credential);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        request.send().await.with_context(|| path.split('?').next().unwrap_or_default().to_owned())
    }

    /// Asks for a representation, such as `text/csv`.
    pub async fn send_accepting(&self, path: &str, accept: &str) -> Result<Response> {
        let request =
            self.client.get(self.origin.join(path)?).bearer_auth(&self.credential).header("accept", accept);
        Ok(request.send().await?)
    }

    /// Sends one call and returns the JSON of its answer. Fails with the problem document on anything else.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let response = self.send(method.clone(), path, body).await?;
        let (status, text) = (response.status(), response.text().await?);
        if !status.is_success() {
            bail!("{method} {path} answered {status}: {text}");
        }
        serde_json::from_str(&text).with_context(|| format!("{method} {path} did not answer JSON"))
    }

    /// Sends a GET, as [`Self::call`] does.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None).await
    }

    /// Takes a person through the whole connect flow and activates the connection that comes back.
    pub async fn connect(
        &self,
        person: &mut Person,
        end_user: &str,
        mail: Option<&str>,
    ) -> Result<Connected> {
        let back = self.connect_until_return(person, end_user, mail).await?;
        self.activate(&back, end_user).await
    }

    /// Takes a person through the pages up to the product's own return URL.
    pub async fn connect_until_return(
        &self,
        person: &mut Person,
        end_user: &str,
        mail: Option<&str>,
    ) -> Result<Url> {
        let callback = self.connect_until_callback(person, end_user, mail).await?;
        let page = person.get(callback.follow()?).await?;
        let confirm = person.get(page.follow()?).await?;
        let form = confirm.form("checkbox")?;
        let done = person.submit(&form, |name, value| !is_cancel(name, value)).await?;
        Ok(done.follow()?.clone())
    }

    /// Takes a person to the platform and lets them agree; returns the platform's redirect to our callback.
    pub async fn connect_until_callback(
        &self,
        person: &mut Person,
        end_user: &str,
        mail: Option<&str>,
    ) -> Result<Page> {
        let mut body =
            json!({ "end_user": end_user, "platform": "tiktok_ads", "return_url": self.return_url });
        if let Some(mail) = mail {
            body["end_user_email"] = json!(mail);
        }
        let session = self.call(Method::POST, "/v1/connect-sessions", Some(&body)).await?;
        let url = Url::parse(session["url"].as_str().context("the session has no url")?)?;
        let page = person.get(&url).await?;
        let sent = person.submit(&page.form("<button")?, |name, value| !is_cancel(name, value)).await?;
        let consent = person.get(sent.follow()?).await?;
        person.submit(&consent.form("advertiser")?, |name, value| !is_cancel(name, value)).await
    }

    /// Redeems the code of the return URL.
    pub async fn activate(&self, back: &Url, end_user: &str) -> Result<Connected> {
        let find =
            |name: &str| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let id = find("connection_id").context("the return URL has no connection_id")?;
        let code = find("code").context("the return URL has no code")?;
        let path = format!("/v1/connections/{id}/activate");
        self.call(Method::POST, &path, Some(&json!({ "code": code, "end_user": end_user }))).await?;
        let connection = self.get(&format!("/v1/connections/{id}")).await?;
        let accounts = connection["accounts"].as_array().context("no accounts")?;
        let accounts =
            accounts.iter().filter_map(|account| account["id"].as_str().map(str::to_owned)).collect();
        Ok(Connected { id, accounts })
    }

    /// Waits until a deletion is done, or a time of the wall clock has passed.
    pub async fn wait_done(&self, deletion: &str, patience: Duration) -> Result<Value> {
        let started = std::time::Instant::now();
        loop {
            let view = self.get(&format!("/v1/deletions/{deletion}")).await?;
            if view["step"] == "done" {
                return Ok(view);
            }
            if started.elapsed() > patience {
                bail!("deletion {deletion} is still at step {}", view["step"]);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn is_cancel(name: &str, value: &str) -> bool {
    name == "decision" && matches!(value, "deny" | "cancel")
}
