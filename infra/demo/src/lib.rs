//! The demo product: static pages on another origin, and the server half that holds the API key.
//!
//! The demo stands for a customer's own web product, so it knows Mooring by its HTTP API alone. The page calls the API
//! from the browser with a frontend token; the server half mints those tokens and activates connections. It stores
//! nothing: a visitor is whoever holds the cookie.

mod api;
mod assets;
mod join;
mod language;
mod page;
mod serve;
mod visitor;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::api::Api;

/// Returns the time for the page, so that its countdowns follow a clock that was sped up.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Moves the time of a stack whose clock can be moved.
pub type Skip = Arc<dyn Fn(Duration) + Send + Sync>;

/// The time of the stack behind the demo.
#[derive(Clone)]
pub struct Time {
    /// Reads the clock.
    pub clock: Clock,
    /// Moves the clock; `None` where time only passes.
    pub skip: Option<Skip>,
}

/// The settings of the demo. Origins have no slash at the end.
pub struct DemoConfig {
    /// The origin of the demo itself, such as `http://localhost:8789`.
    pub origin: String,
    /// The origin of the API, such as `http://127.0.0.1:8787`.
    pub api_origin: String,
    /// The tenant's API key; it never leaves this half.
    pub api_key: SecretString,
    /// The origin of the sandbox of the platforms.
    pub sandbox_origin: String,
    /// The address of the page that shows the sent mails.
    pub mailbox_url: String,
}

impl fmt::Debug for DemoConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DemoConfig").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// The state that every request needs.
#[derive(Clone)]
pub(crate) struct Demo {
    pub(crate) api: Api,
    pub(crate) config: Arc<DemoConfig>,
    pub(crate) time: Time,
}

/// Builds the demo's routes; countdowns follow the machine's clock.
pub fn router(config: DemoConfig) -> anyhow::Result<Router> {
    router_at(config, Time { clock: Arc::new(Timestamp::now), skip: None })
}

/// Builds the demo's routes with the caller's time.
pub fn router_at(config: DemoConfig, time: Time) -> anyhow::Result<Router> {
    let api = Api::new(&config)?;
    let policy = assets::content_security_policy(&config.api_origin);
    let files = assets::routes(&config)?;
    let demo = Demo { api, config: Arc::new(config), time };
    assets::secured(serve::routes(demo).merge(files), &policy)
}
