//! The sender of mails.

use mooring_domain::{Error, Kind, Result};

const FROM: &str = "MAIL_FROM";

/// The sender of all mails.
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    /// `MAIL_FROM`: the sender's address, whose identity is verified in SES.
    pub from: String,
}

impl Config {
    /// Reads the environment; the error names a missing variable.
    pub fn from_env() -> Result<Self> {
        Self::from_value(std::env::var(FROM).ok())
    }

    /// Makes the configuration. An empty value counts as missing: deployment templates write one for a
    /// parameter that was left out.
    fn from_value(from: Option<String>) -> Result<Self> {
        let from = from.filter(|from| from.contains('@'));
        from.map(|from| Self { from }).ok_or_else(|| {
            Error::new(
                Kind::Internal,
                "not_configured",
                format!("The variable {FROM} is not set to an address."),
            )
        })
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Config(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_missing_variable_is_named() {
        for value in [None, Some(String::new()), Some("nobody".to_owned())] {
            let error = Config::from_value(value).unwrap_err();
            assert!(error.message.contains("MAIL_FROM"));
        }
        assert_eq!(Config::from_value(Some("a@example.com".to_owned())).unwrap().from, "a@example.com");
    }
}
