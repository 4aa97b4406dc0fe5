//! The edge's configuration.

use mooring_domain::caller::text::Mode;
use mooring_domain::limits::{Limits, Rate};

/// Says which variable is missing or wrong.
#[derive(Debug, thiserror::Error)]
#[error("the variable {0} must be set to {1}")]
pub struct ConfigError(&'static str, &'static str);

/// What the edge is told at start-up.
#[derive(Debug, Clone)]
pub struct Config {
    /// `API_ORIGIN`: the public origin of the API, such as `https://api.example.com`.
    pub api_origin: String,
    /// `RATE_LIMIT_KEY` and `RATE_LIMIT_TENANT`: calls a minute and calls at once, such as `600/120`.
    pub limits: Limits,
    /// Where the credentials work that are minted here: `live` on Lambda, `test` elsewhere.
    pub mode: Mode,
}

impl Config {
    /// Reads the configuration from the environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        let config = Self::new(&std::env::var("API_ORIGIN").unwrap_or_default())?;
        let Limits { key, tenant } = config.limits;
        let limits = Limits { key: rate("RATE_LIMIT_KEY", key)?, tenant: rate("RATE_LIMIT_TENANT", tenant)? };
        Ok(Self { limits, mode: Mode::Live, ..config })
    }

    /// Takes an origin: scheme, host and port, and nothing after them.
    pub fn new(api_origin: &str) -> Result<Self, ConfigError> {
        let url = url::Url::parse(api_origin).ok();
        let origin = url.map(|url| url.origin().ascii_serialization());
        match origin {
            Some(origin) if origin == api_origin => {
                Ok(Self { api_origin: origin, limits: Limits::default(), mode: Mode::Test })
            }
            _ => Err(ConfigError(
                "API_ORIGIN",
                "an origin such as https://api.example.com, without a path or a slash at its end",
            )),
        }
    }
}

/// Reads a rate from a variable, if it is set.
fn rate(variable: &'static str, default: Rate) -> Result<Rate, ConfigError> {
    let Ok(text) = std::env::var(variable) else { return Ok(default) };
    text.parse().map_err(|_| ConfigError(variable, "calls a minute and calls at once, such as 600/120"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_with_a_path_is_refused_at_the_start_and_says_why() {
        assert!(Config::new("https://api.example.com").is_ok());
        for wrong in ["https://api.example.com/", "https://api.example.com/prod", "api.example.com", ""] {
            let error = Config::new(wrong).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains("API_ORIGIN") && error.contains("without a path"), "{wrong}: {error}");
        }
    }
}
