//! An API key as its owner sees it.

use jiff::Timestamp;

use crate::base::ids::CredentialId;
use crate::people::caller::Credential;

/// How many API keys a tenant may have, including keys that have expired and were not revoked.
pub const MOST_KEYS: u32 = 20;

/// An API key as its owner sees it: everything but the key's secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The key.
    pub credential: Credential,
    /// The label that the key's owner gave.
    pub label: String,
    /// When the key was made.
    pub created_at: Timestamp,
    /// The key that replaces this one, after a rotation.
    pub successor: Option<CredentialId>,
}
