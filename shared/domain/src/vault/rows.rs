//! Rows of the Vault: a wrapped data key and a sealed token, with their slots.

use crate::base::ids::{AccountId, DataKeyId};
use crate::vault::keys::{KeyContext, SealedBox, Use, WrappedKey};

/// A data key's row in the Vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// The context that the key opens in.
    pub context: KeyContext,
    /// The key, wrapped.
    pub wrapped: WrappedKey,
}

/// A sealed value's row in the Vault; the slot is the row's full sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// The token's word: `access` or `refresh`.
    pub name: &'static str,
    /// The token's version, from 1.
    pub version: u64,
    /// The data key that the token is sealed under.
    pub key: DataKeyId,
    /// The token, sealed.
    pub sealed: SealedBox,
}

/// Makes the sort key of a token's row, which is also the slot of the token's box.
pub fn token_slot(name: &str, version: u64) -> String {
    format!("tok#{name}#{version:08}")
}

/// Makes the sort key of a data key's row.
pub fn key_slot(purpose: Use, account: Option<&AccountId>) -> String {
    format!("key#{}#{}", purpose.as_str(), account.map_or("-", AccountId::as_str))
}
