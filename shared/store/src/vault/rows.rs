//! Reads and writes the Vault: wrapped keys, sealed tokens and secrets. All values here are opaque bytes.

use std::collections::HashMap;

use async_trait::async_trait;
use mooring_domain::base::ids::{AccountId, ConnectionId, TenantId};
use mooring_domain::vault::keys::{KeyContext, SealedBox, WrappedKey};
use mooring_domain::vault::ports::{AppSecretWrite, VaultRead};
use mooring_domain::vault::rows::TokenRow;
use mooring_domain::{Error, Result};

use crate::client::Store;
use crate::client::item::{Fields, Item, SK};
use crate::client::{Check, busy};
use crate::vault::items::{read_key, read_sealed, read_token, write_key, write_sealed};
use crate::vault::keys;

#[async_trait]
impl VaultRead for Store {
    async fn key(&self, context: &KeyContext) -> Result<Option<WrappedKey>> {
        self.get(&keys::data_key(context)).await?.as_ref().map(read_key).transpose()
    }

    async fn account_keys(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
    ) -> Result<HashMap<AccountId, WrappedKey>> {
        let rows = self.query(&keys::vault(tenant, connection, keys::DATA_KEYS)).await?;
        let account =
            |row: &Item| Ok(Fields::of("data key", row).maybe_text(SK)?.and_then(keys::parse_data_key));
        let read = |row: &Item| Ok(account(row)?.map(|account| Ok::<_, Error>((account, read_key(row)?))));
        rows.iter().filter_map(|row| read(row).and_then(Option::transpose).transpose()).collect()
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
