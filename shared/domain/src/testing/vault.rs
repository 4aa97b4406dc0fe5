//! Fakes of data keys and tokens. A key or token exists as long as its row is among [`super::deletion::DeletionRows`].

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;

use async_trait::async_trait;

use super::{Step, World};
use crate::base::error::{Error, Kind, Result};
use crate::base::ids::{AccountId, ConnectionId, DataKeyId, TenantId};
use crate::base::secret::Plain;
use crate::base::table::Table;
use crate::platform::credentials::{CREDENTIALS, encode_credentials, secret_slot};
use crate::vault::keys::{DataKey, KeyContext, Owner, SealedBox, Use, WrappedKey};
use crate::vault::ports::{KeyGenerate, KeyOpen, VaultRead};
use crate::vault::rows::{TokenRow, key_slot, token_slot};

#[derive(Default)]
pub(crate) struct VaultRows {
    /// Whether a read of a data key fails the test.
    pub(crate) data_keys_stay_shut: Mutex<bool>,
}

/// A key that binds to itself and to a slot by writing both in front.
pub(crate) struct Key {
    name: String,
    id: DataKeyId,
}

impl Key {
    pub(crate) fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), id: DataKeyId([1; 16]) }
    }
}

/// Returns the key of a context, as the world seals with it.
pub(crate) fn key(context: &KeyContext) -> Key {
    Key::named(format!("{context:?}"))
}

impl DataKey for Key {
    fn seal(&self, slot: &str, plain: &[u8]) -> Result<SealedBox> {
        Ok(SealedBox([format!("{}|{slot}|", self.name).as_bytes(), plain].concat()))
    }

    fn open(&self, slot: &str, sealed: &SealedBox) -> Result<Plain> {
        let plain = sealed.0.strip_prefix(format!("{}|{slot}|", self.name).as_bytes());
        Ok(Plain::new(plain.ok_or_else(|| Error::new(Kind::Sealed, "sealed", "no"))?.to_vec()))
    }

    fn fingerprint(&self, label: &str, bytes: &[u8]) -> [u8; 16] {
        let hash = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            (&self.name, label, bytes, salt).hash(&mut hasher);
            hasher.finish().to_be_bytes()
        };
        [hash(0), hash(1)].concat().try_into().unwrap()
    }

    fn id(&self) -> DataKeyId {
        self.id
    }
}

/// Names the partition of a connection.
fn part(tenant: &TenantId, connection: &ConnectionId) -> String {
    format!("{tenant}#{connection}")
}

#[async_trait]
impl VaultRead for World {
    async fn key(&self, context: &KeyContext) -> Result<Option<WrappedKey>> {
        let shut = *self.vault.data_keys_stay_shut.lock().unwrap() && context.purpose == Use::Data;
        assert!(!shut, "no deletion opens a data key");
        let is_there = match &context.owner {
            Owner::App(_) | Owner::Endpoint(..) => true,
            Owner::Connection(tenant, connection) => {
                let slot = key_slot(context.purpose, context.account.as_ref());
                let row = (Table::Vault, part(tenant, connection), slot);
                self.deletion.rows.lock().unwrap().contains(&row)
            }
        };
        Ok(is_there.then(|| WrappedKey { id: DataKeyId([1; 16]), blob: Vec::new() }))
    }

    async fn account_keys(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
    ) -> Result<HashMap<AccountId, WrappedKey>> {
        assert!(!*self.vault.data_keys_stay_shut.lock().unwrap(), "no deletion opens a data key");
        let (part, rows) = (part(tenant, connection), self.deletion.rows.lock().unwrap());
        let here = rows.iter().filter(|(table, other, _)| *table == Table::Vault && *other == part);
        let account = |slot: &str| slot.strip_prefix("key#data#").and_then(|id| id.parse().ok());
        let accounts = here.filter_map(|(_, _, slot)| account(slot));
        Ok(accounts.map(|id| (id, WrappedKey { id: DataKeyId([1; 16]), blob: Vec::new() })).collect())
    }

    async fn token(
        &self,
        tenant: &TenantId,
        id: &ConnectionId,
        name: &'static str,
    ) -> Result<Option<TokenRow>> {
        let rows = self.deletion.rows.lock().unwrap();
        let own = rows.iter().filter(|row| row.0 == Table::Vault && row.1 == part(tenant, id));
        let versions = own.filter_map(|row| row.2.strip_prefix(&format!("tok#{name}#"))?.parse().ok());
        let Some(version) = versions.max() else { return Ok(None) };
        let key = super::key(&KeyContext::connection(tenant, id, Use::Token));
        let sealed = key.seal(&token_slot(name, version), b"the-token")?;
        Ok(Some(TokenRow { name, version, key: key.id(), sealed }))
    }

    async fn app_secret(&self, app: &'static str, _: &str) -> Result<Option<SealedBox>> {
        let key = super::key(&KeyContext::app(app));
        key.seal(&secret_slot(CREDENTIALS), &encode_credentials("app", "the-secret")).map(Some)
    }
}

#[async_trait]
impl KeyOpen for World {
    async fn open(&self, context: &KeyContext, wrapped: &WrappedKey) -> Result<Box<dyn DataKey>> {
        self.step(Step::Opened);
        Ok(Box::new(Key { id: wrapped.id, ..key(context) }))
    }
}

#[async_trait]
impl KeyGenerate for World {
    async fn generate(&self, context: &KeyContext) -> Result<(Box<dyn DataKey>, WrappedKey)> {
        let key = key(context);
        let wrapped = WrappedKey { id: key.id(), blob: Vec::new() };
        Ok((Box::new(key), wrapped))
    }
}
