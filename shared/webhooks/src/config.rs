//! The configuration of the sender, read at the start.

use mooring_domain::{Error, Kind, Result};

/// The configuration of the sender.
#[derive(Debug, Clone)]
pub struct Config {
    /// `API_ORIGIN`: the public origin of the API, for the links in an event.
    pub api_origin: String,
}

impl Config {
    /// Reads the environment.
    pub fn from_env() -> Result<Self> {
        Self::new(&std::env::var("API_ORIGIN").unwrap_or_default())
    }

    /// Makes a configuration from an origin: scheme, host and port, and nothing after them, because links are
    /// made by adding paths to it.
    pub fn new(api_origin: &str) -> Result<Self> {
        let url = reqwest::Url::parse(api_origin).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        if url.is_some_and(|url| url.origin().ascii_serialization() == api_origin) {
            return Ok(Self { api_origin: api_origin.to_owned() });
        }
        let message =
            "The variable API_ORIGIN must be an origin such as https://api.example.com, without a path.";
        Err(Error::new(Kind::Internal, "not_configured", message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_with_a_path_is_refused_at_the_start() {
        assert!(Config::new("https://api.example.com").is_ok());
        for wrong in ["", "https://api.example.com/", "https://api.example.com/prod", "ftp://api.example.com"]
        {
            assert!(Config::new(wrong).is_err(), "{wrong}");
        }
    }
}
