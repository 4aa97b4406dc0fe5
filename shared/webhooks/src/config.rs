//! What the sender is told at start-up.

use mooring_domain::{Error, Kind, Result};

/// The configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// `API_ORIGIN`: the public origin of the API, for the links in an event.
    pub api_origin: String,
}

impl Config {
    /// Reads the environment.
    pub fn from_env() -> Result<Self> {
        let api_origin = std::env::var("API_ORIGIN").ok().filter(|origin| origin.starts_with("http"));
        let missing = || Error::new(Kind::Internal, "not_configured", "The variable API_ORIGIN is not set.");
        Ok(Self { api_origin: api_origin.ok_or_else(missing)? })
    }
}
