//! The vault's configuration: which KMS key wraps data keys.

use mooring_domain::{Error, Kind, Result};

const KEY_ID: &str = "KMS_KEY_ID";

/// The vault's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The KMS key, as ARN, id or alias; `KMS_KEY_ID`.
    pub key_id: String,
}

impl Config {
    /// Reads the environment, and names a missing variable.
    pub fn from_env() -> Result<Self> {
        Self::from_value(std::env::var(KEY_ID).ok())
    }

    /// Reads a value. An empty value counts as missing: deployment templates write one for a parameter that was left
    /// out.
    pub(crate) fn from_value(key_id: Option<String>) -> Result<Self> {
        let key_id = key_id.filter(|id| !id.is_empty());
        key_id.map(|key_id| Self { key_id }).ok_or_else(|| {
            Error::new(Kind::Internal, "not_configured", format!("The variable {KEY_ID} is not set."))
        })
    }
}
