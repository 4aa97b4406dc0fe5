//! The calls that need the API key: minting a frontend token, activating a connection, and the first list of connections.

use std::time::Duration;

use anyhow::Context as _;
use axum::http::{HeaderValue, StatusCode, header};
use reqwest::redirect;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tracing::warn;

use crate::DemoConfig;

const TIMEOUT: Duration = Duration::from_secs(20);
/// The scopes of the page: what it may do for its visitor, and nothing else.
const SCOPES: [&str; 5] =
    ["connect", "connections.read", "connections.disconnect", "reports.read", "deletions.read"];

/// The API, called with the key.
#[derive(Clone)]
pub(crate) struct Api {
    client: reqwest::Client,
    origin: String,
    bearer: HeaderValue,
}

/// A frontend token as the API minted it.
#[derive(Deserialize, Serialize)]
pub(crate) struct FrontendToken {
    token: String,
    expires_at: String,
    scopes: Vec<String>,
}

/// What a page's first sight needs of the API.
#[derive(Serialize)]
pub(crate) struct First {
    token: FrontendToken,
    /// The list of the visitor's connections, as the API answers it.
    connections: serde_json::Value,
}

/// The reason why a call failed, in a word that the page may show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) String);

#[derive(Deserialize)]
struct Problem {
    code: String,
}

#[derive(Serialize)]
struct Mint<'a> {
    end_user: &'a str,
    scopes: [&'static str; 5],
}

#[derive(Serialize)]
struct Activate<'a> {
    code: &'a str,
    end_user: &'a str,
}

impl Api {
    pub(crate) fn new(config: &DemoConfig) -> anyhow::Result<Self> {
        let client =
            reqwest::Client::builder().redirect(redirect::Policy::none()).timeout(TIMEOUT).no_proxy();
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", config.api_key.expose_secret()))
            .context("the API key has characters that no header may have")?;
        bearer.set_sensitive(true);
        Ok(Self { client: client.build()?, origin: config.api_origin.clone(), bearer })
    }

    /// Mints a frontend token for one end user.
    pub(crate) async fn mint(&self, end_user: &str) -> Result<FrontendToken, Refused> {
        self.post("/v1/frontend-tokens", &Mint { end_user, scopes: SCOPES }).await
    }

    /// Asks, at the same time, for what the page needs before it can ask anything else itself; `None` if one of the two
    /// failed, since the page then asks and learns why.
    pub(crate) async fn first(&self, end_user: &str) -> Option<First> {
        let path = format!("/v1/connections?end_user={end_user}");
        let list = self
            .client
            .get(format!("{}{path}", self.origin))
            .header(header::AUTHORIZATION, self.bearer.clone());
        let (token, connections) = tokio::join!(self.mint(end_user), self.send(list));
        Some(First { token: token.ok()?, connections: connections.ok()? })
    }

    /// Activates the connection that this end user, and nobody else, has just made.
    pub(crate) async fn activate(&self, connection: &str, code: &str, end_user: &str) -> Result<(), Refused> {
        let path = format!("/v1/connections/{connection}/activate");
        let _connection: serde_json::Value = self.post(&path, &Activate { code, end_user }).await?;
        Ok(())
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Refused> {
        let body = serde_json::to_vec(body).map_err(|_| Refused::internal())?;
        let request = self
            .client
            .post(format!("{}{path}", self.origin))
            .header(header::AUTHORIZATION, self.bearer.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .body(body);
        self.send(request).await
    }

    async fn send<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, Refused> {
        let response = request.send().await.map_err(|_| Refused::unreachable())?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|_| Refused::unreachable())?;
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(|_| Refused::internal());
        }
        Err(Refused::answered(status, &bytes))
    }
}

impl Refused {
    fn internal() -> Self {
        Self("unexpected_answer".to_owned())
    }

    fn unreachable() -> Self {
        warn!(event = "demo.api_unreachable", "the API could not be reached");
        Self("api_unreachable".to_owned())
    }

    /// Takes the API's own word, if the text is a word.
    fn answered(status: StatusCode, body: &[u8]) -> Self {
        let code = serde_json::from_slice::<Problem>(body).map(|problem| problem.code).unwrap_or_default();
        warn!(event = "demo.api_refused", status = status.as_u16(), "the API refused a call of the demo");
        if is_word(&code) { Self(code) } else { Self::internal() }
    }
}

/// Returns whether a text is a problem's code: safe in a URL and on a page.
fn is_word(text: &str) -> bool {
    (1..=48).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}
