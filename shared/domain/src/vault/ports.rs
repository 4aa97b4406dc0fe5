//! Ports of the vault: data keys, sealed tokens and the deployment's own secrets.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::base::error::Result;
use crate::base::ids::{AccountId, ConnectionId, TenantId};
use crate::vault::keys::{DataKey, KeyContext, SealedBox, WrappedKey};
use crate::vault::rows::TokenRow;

/// Generates data keys. The function's role has `kms:GenerateDataKey`.
#[async_trait]
pub trait KeyGenerate: Send + Sync {
    /// Generates a data key, with its wrapped form.
    async fn generate(&self, context: &KeyContext) -> Result<(Box<dyn DataKey>, WrappedKey)>;
}

/// Opens data keys. The function's role has `kms:Decrypt` for the function's own uses.
#[async_trait]
pub trait KeyOpen: Send + Sync {
    /// Unwraps a data key under exactly its context.
    async fn open(&self, context: &KeyContext, wrapped: &WrappedKey) -> Result<Box<dyn DataKey>>;
}

/// Reads Vault rows.
#[async_trait]
pub trait VaultRead: Send + Sync {
    /// Reads the wrapped key of a context, consistently.
    async fn key(&self, context: &KeyContext) -> Result<Option<WrappedKey>>;
    /// Reads the wrapped data keys of all accounts of a connection, consistently, in one call.
    async fn account_keys(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
    ) -> Result<HashMap<AccountId, WrappedKey>>;
    /// Reads the newest version of a token, consistently.
    async fn token(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        name: &'static str,
    ) -> Result<Option<TokenRow>>;
    /// Reads a sealed secret of the deployment's app, such as the platform app's credentials.
    async fn app_secret(&self, app: &'static str, name: &str) -> Result<Option<SealedBox>>;
}

/// Writes the deployment's own secrets; only the set-up command has this port.
#[async_trait]
pub trait AppSecretWrite: Send + Sync {
    /// Stores the app's wrapped key, unless there is one already; returns the key that counts.
    async fn put_app_key(&self, app: &'static str, wrapped: &WrappedKey) -> Result<WrappedKey>;
    /// Stores a sealed secret.
    async fn put_app_secret(&self, app: &'static str, name: &str, sealed: &SealedBox) -> Result<()>;
}
