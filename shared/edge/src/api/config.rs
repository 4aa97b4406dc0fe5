//! The edge's configuration.

use mooring_domain::base::secret::Digest;
use mooring_domain::guard::limits::{Limits, Rate};
use mooring_domain::people::caller::text::Mode;

/// Names the variable that is missing or wrong.
#[derive(Debug, thiserror::Error)]
#[error("the variable {0} must be set to {1}")]
pub struct ConfigError(&'static str, &'static str);

/// The edge's configuration, read at the start.
#[derive(Debug, Clone)]
pub struct Config {
    /// `API_ORIGIN`: the public origin of the API, such as `https://api.example.com`.
    pub api_origin: String,
    /// `RATE_LIMIT_KEY` and `RATE_LIMIT_TENANT`: calls a minute and calls at once, such as `600/120`.
    pub limits: Limits,
    /// The mode of the credentials that this deployment mints: `live` on Lambda, `test` elsewhere.
    pub mode: Mode,
    /// `EDGE_SECRET_SHA256`: the digests of the front's secrets, of which the front sends one. There are two
    /// while one secret replaces another, and none when there is no front. A digest of 256 random bits reveals
    /// nothing, so it may be in the environment.
    pub edge_digests: Vec<Digest>,
}

impl Config {
    /// Reads the configuration from the environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        let config = Self::new(&std::env::var("API_ORIGIN").unwrap_or_default())?;
        let Limits { key, tenant } = config.limits;
        let limits = Limits { key: rate("RATE_LIMIT_KEY", key)?, tenant: rate("RATE_LIMIT_TENANT", tenant)? };
        let edge_digests = digests(&std::env::var("EDGE_SECRET_SHA256").unwrap_or_default())?;
        Ok(Self { limits, edge_digests, mode: Mode::Live, ..config })
    }

    /// Makes a configuration with an origin: scheme, host and port, and nothing after them.
    pub fn new(api_origin: &str) -> Result<Self, ConfigError> {
        let url = url::Url::parse(api_origin).ok();
        let origin = url.map(|url| url.origin().ascii_serialization());
        match origin {
            Some(origin) if origin == api_origin => Ok(Self {
                api_origin: origin,
                limits: Limits::default(),
                edge_digests: Vec::new(),
                mode: Mode::Test,
            }),
            _ => Err(ConfigError(
                "API_ORIGIN",
                "an origin such as https://api.example.com, without a path or a slash at its end",
            )),
        }
    }
}

/// Reads digests with commas between them. A text that is no digest stops the function: a front that is
/// demanded by mistake refuses everybody, and a front that is missing by mistake protects nothing.
fn digests(text: &str) -> Result<Vec<Digest>, ConfigError> {
    let wrong =
        ConfigError("EDGE_SECRET_SHA256", "up to two SHA-256 digests in hex, with a comma between them");
    let parts = text.split(',').filter(|_| !text.is_empty());
    parts.map(Digest::from_hex).collect::<Option<_>>().ok_or(wrong)
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

    #[test]
    fn digests_are_read_or_refused() {
        let one = "ab".repeat(32);
        assert_eq!(digests("").unwrap().len(), 0);
        assert_eq!(digests(&one).unwrap(), [Digest([0xab; 32])]);
        assert_eq!(digests(&format!("{one},{one}")).unwrap().len(), 2);
        for wrong in ["secret", "ab", &format!("{one},"), &format!("{one} {one}")] {
            assert!(digests(wrong).is_err(), "{wrong}");
        }
    }
}
