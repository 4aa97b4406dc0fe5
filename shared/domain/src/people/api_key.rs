//! An API key as its owner sees it.

use jiff::Timestamp;

use crate::base::ids::CredentialId;
use crate::people::caller::Credential;

/// How many API keys a tenant may have, those included that have expired and were not revoked.
pub const MOST_KEYS: u32 = 20;

/// An API key as its owner sees it: everything but its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The key.
    pub credential: Credential,
    /// What its owner calls it.
    pub label: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// The key that replaces it, after a rotation.
    pub successor: Option<CredentialId>,
}
