//! The edge's configuration.

/// Says which variable is missing or wrong.
#[derive(Debug, thiserror::Error)]
#[error("the variable {0} must be set to {1}")]
pub struct ConfigError(&'static str, &'static str);

/// What the edge is told at start-up.
#[derive(Debug, Clone)]
pub struct Config {
    /// `API_ORIGIN`: the public origin of the API, such as `https://api.example.com`.
    pub api_origin: String,
}

impl Config {
    /// Reads the configuration from the environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::new(&std::env::var("API_ORIGIN").unwrap_or_default())
    }

    /// Takes an origin: scheme, host and port, and nothing after them.
    pub fn new(api_origin: &str) -> Result<Self, ConfigError> {
        let url = url::Url::parse(api_origin).ok();
        let origin = url.map(|url| url.origin().ascii_serialization());
        match origin {
            Some(origin) if origin == api_origin => Ok(Self { api_origin: origin }),
            _ => Err(ConfigError("API_ORIGIN", "an origin such as https://api.example.com")),
        }
    }
}
