//! The demo product: static pages on another origin, and the server half that holds the API key.
//!
//! It stands for a customer's own web product, so it knows Mooring by its HTTP API alone. The page calls the API
//! from the browser with a frontend token; this half mints those tokens and activates connections. It stores
//! nothing: a visitor is whoever holds the cookie.

mod api;
mod assets;
mod serve;
mod visitor;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::api::Api;

/// Tells the page what time it is, so that its countdowns follow a clock that was sped up.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What the demo is started with. Origins have no slash at the end.
pub struct DemoConfig {
    /// Where the demo itself is served, such as `http://localhost:8789`.
    pub origin: String,
    /// Where the API is, such as `http://127.0.0.1:8787`.
    pub api_origin: String,
    /// The tenant's API key; it never leaves this half.
    pub api_key: SecretString,
    /// Where the sandbox of the platforms is.
    pub sandbox_origin: String,
    /// The page that shows the mail that was sent.
    pub mailbox_url: String,
}

impl fmt::Debug for DemoConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DemoConfig").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// What every request needs.
#[derive(Clone)]
pub(crate) struct Demo {
    pub(crate) api: Api,
    pub(crate) config: Arc<DemoConfig>,
    pub(crate) clock: Clock,
}

/// Builds the demo's routes; countdowns follow the machine's clock.
pub fn router(config: DemoConfig) -> anyhow::Result<Router> {
    router_at(config, Arc::new(Timestamp::now))
}

/// Builds the demo's routes with a clock of the caller's.
pub fn router_at(config: DemoConfig, clock: Clock) -> anyhow::Result<Router> {
    let api = Api::new(&config)?;
    let policy = assets::content_security_policy(&config.api_origin);
    let demo = Demo { api, config: Arc::new(config), clock };
    assets::secured(serve::routes(demo).merge(assets::routes()), &policy)
}
