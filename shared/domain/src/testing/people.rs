//! Fakes of tenants and their API keys.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{World, tenant};
use crate::base::error::Result;
use crate::base::ids::{CredentialId, TenantId};
use crate::people::api_key::ApiKey;
use crate::people::caller::{Credential, Scope};
use crate::people::ports::{Admission, CallerRead, KeyRead, KeyWrite};
use crate::people::tenant::Tenant;

pub(crate) struct PeopleRows {
    tenants: Mutex<BTreeMap<TenantId, Tenant>>,
    keys: Mutex<Vec<ApiKey>>,
    /// The frontend tokens.
    pub(crate) tokens: Mutex<Vec<Credential>>,
    /// The outcome of each attempt to store a key.
    pub(crate) admits: Mutex<Admission>,
}

impl PeopleRows {
    /// Makes one tenant, with room for keys.
    pub(super) fn new() -> Self {
        let admits = Mutex::new(Admission::Stored);
        let rows =
            Self { tenants: Mutex::default(), keys: Mutex::default(), tokens: Mutex::default(), admits };
        rows.add_tenant(tenant());
        rows
    }

    pub(crate) fn add_tenant(&self, id: TenantId) {
        let tenant = Tenant {
            id: id.clone(),
            name: "Shop".to_owned(),
            active: true,
            return_urls: Vec::new(),
            origins: Vec::new(),
            pseudonyms: None,
        };
        self.tenants.lock().unwrap().insert(id, tenant);
    }
}

#[async_trait]
impl CallerRead for World {
    async fn api_key(&self, _: &TenantId, _: &CredentialId) -> Result<Option<Credential>> {
        panic!("no operation looks for its caller")
    }

    async fn frontend_token(&self, _: &TenantId, id: &CredentialId) -> Result<Option<Credential>> {
        Ok(self.people.tokens.lock().unwrap().iter().find(|token| token.id == *id).cloned())
    }

    async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>> {
        Ok(self.people.tenants.lock().unwrap().get(id).cloned())
    }

    async fn origin_known(&self, _: &str) -> Result<bool> {
        panic!("no operation looks for its caller")
    }
}

#[async_trait]
impl KeyRead for World {
    async fn key(&self, _: &TenantId, id: &CredentialId) -> Result<Option<ApiKey>> {
        Ok(self.people.keys.lock().unwrap().iter().find(|key| key.credential.id == *id).cloned())
    }

    async fn keys(&self, _: &TenantId) -> Result<Vec<ApiKey>> {
        Ok(self.people.keys.lock().unwrap().clone())
    }
}

#[async_trait]
impl KeyWrite for World {
    async fn add_key(&self, key: &ApiKey) -> Result<Admission> {
        self.people.keys.lock().unwrap().push(key.clone());
        Ok(*self.people.admits.lock().unwrap())
    }

    async fn rotate_key(&self, old: &Credential, until: Timestamp, new: &ApiKey) -> Result<Admission> {
        let mut keys = self.people.keys.lock().unwrap();
        for key in keys.iter_mut().filter(|key| key.credential.id == old.id) {
            key.credential.expires_at = Some(until);
            key.successor = Some(new.credential.id.clone());
        }
        keys.push(new.clone());
        Ok(*self.people.admits.lock().unwrap())
    }

    async fn narrow_key(
        &self,
        _: &TenantId,
        id: &CredentialId,
        before: &[Scope],
        after: &[Scope],
    ) -> Result<bool> {
        let mut keys = self.people.keys.lock().unwrap();
        let found = keys.iter_mut().find(|key| key.credential.id == *id && key.credential.scopes == before);
        Ok(found.map(|key| key.credential.scopes = after.to_vec()).is_some())
    }

    async fn revoke_key(&self, _: &TenantId, id: &CredentialId) -> Result<bool> {
        let mut keys = self.people.keys.lock().unwrap();
        let before = keys.len();
        keys.retain(|key| key.credential.id != *id);
        Ok(keys.len() < before)
    }
}
