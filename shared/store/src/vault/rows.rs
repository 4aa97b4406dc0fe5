//! Reads and writes the Vault: wrapped keys, sealed tokens and secrets. All values here are opaque bytes.

use async_trait::async_trait;
use mooring_domain::Result;
use mooring_domain::base::ids::{ConnectionId, TenantId};
use mooring_domain::vault::keys::{KeyContext, SealedBox, WrappedKey};
use mooring_domain::vault::ports::{AppSecretWrite, VaultRead};
use mooring_domain::vault::rows::TokenRow;

use crate::client::Store;
use crate::client::{Check, busy};
use crate::vault::items::{read_key, read_sealed, read_token, write_key, write_sealed};
use crate::vault::keys;

#[async_trait]
impl VaultRead for Store {
    async fn key(&self, context: &KeyContext) -> Result<Option<WrappedKey>> {
        self.get(&keys::data_key(context)).await?.as_ref().map(read_key).transpose()
    }

    async fn token(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        name: &'static str,
    ) -> Result<Option<TokenRow>> {
        let newest = self.last(&keys::vault(tenant, connection, &format!("tok#{name}#"))).await?;
        newest.map(|item| read_token(name, &item)).transpose()
    }

    async fn app_secret(&self, app: &'static str, name: &str) -> Result<Option<SealedBox>> {
        self.get(&keys::app_secret(app, name)).await?.as_ref().map(read_sealed).transpose()
    }
}

#[async_trait]
impl AppSecretWrite for Store {
    async fn put_app_key(&self, app: &'static str, wrapped: &WrappedKey) -> Result<WrappedKey> {
        let context = KeyContext::app(app);
        let stored = self.put_if(&keys::data_key(&context), write_key(wrapped), &[Check::Absent]).await?;
        if stored {
            return Ok(wrapped.clone());
        }
        self.key(&context).await?.ok_or_else(|| busy("a key that came and went"))
    }

    async fn put_app_secret(&self, app: &'static str, name: &str, sealed: &SealedBox) -> Result<()> {
        self.put(&keys::app_secret(app, name), write_sealed(sealed)).await
    }
}
