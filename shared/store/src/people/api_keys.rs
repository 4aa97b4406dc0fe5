//! Reads and writes API keys: counted rows of the Directory.

use async_trait::async_trait;
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::base::ids::{CredentialId, TenantId};
use mooring_domain::people::api_key::{ApiKey, MOST_KEYS};
use mooring_domain::people::caller::{Credential, Scope};
use mooring_domain::people::ports::{Admission, KeyRead, KeyWrite};

use crate::client::Store;
use crate::client::item::{number, seconds, text};
use crate::client::{Check, Write};
use crate::people::counts::{KEYS, admission, admit, dismiss};
use crate::people::items::{SCOPES, SUCCESSOR, UNTIL, read_key, scopes, write_key};
use crate::people::keys;

#[async_trait]
impl KeyRead for Store {
    async fn key(&self, tenant: &TenantId, id: &CredentialId) -> Result<Option<ApiKey>> {
        let row = self.get(&keys::api_key(tenant, id)).await?;
        row.as_ref().map(|row| read_key(tenant, row)).transpose()
    }

    async fn keys(&self, tenant: &TenantId) -> Result<Vec<ApiKey>> {
        let rows = self.query(&keys::api_keys(tenant)).await?;
        rows.iter().map(|row| read_key(tenant, row)).collect()
    }
}

#[async_trait]
impl KeyWrite for Store {
    async fn add_key(&self, key: &ApiKey) -> Result<Admission> {
        Ok(admission(&self.transact(&added(key)).await?))
    }

    async fn rotate_key(&self, old: &Credential, until: Timestamp, new: &ApiKey) -> Result<Admission> {
        let mut writes = added(new);
        let position = writes.len();
        // A key that ends before the overlap does keeps its own end.
        let before = number(until.as_second().saturating_sub(1));
        let later = vec![vec![Check::Lacks(UNTIL)], vec![Check::MoreThan(UNTIL, before)]];
        let ends = Write::update(keys::api_key(&new.credential.tenant, &old.id))
            .set(UNTIL, seconds(until))
            .set(SUCCESSOR, text(new.credential.id.as_str()))
            .only_if(Check::Is(SCOPES, scopes(&old.scopes)))
            .only_if(Check::Lacks(SUCCESSOR))
            .only_if(Check::Any(later));
        writes.push(ends);
        let refused = self.transact(&writes).await?;
        if refused.iter().any(|refusal| refusal.position == position) {
            return Ok(Admission::Gone);
        }
        Ok(admission(&refused))
    }

    async fn narrow_key(
        &self,
        tenant: &TenantId,
        id: &CredentialId,
        before: &[Scope],
        after: &[Scope],
    ) -> Result<bool> {
        let write = Write::update(keys::api_key(tenant, id))
            .set(SCOPES, scopes(after))
            .only_if(Check::Is(SCOPES, scopes(before)));
        Ok(self.transact(&[write]).await?.is_empty())
    }

    async fn revoke_key(&self, tenant: &TenantId, id: &CredentialId) -> Result<bool> {
        let gone = Write::delete(keys::api_key(tenant, id)).only_if(Check::Exists);
        Ok(self.transact(&[gone, dismiss(tenant, KEYS)]).await?.is_empty())
    }
}

fn added(key: &ApiKey) -> Vec<Write> {
    let (tenant, id) = (&key.credential.tenant, &key.credential.id);
    let mut writes = admit(tenant, KEYS, MOST_KEYS);
    writes.push(Write::put(keys::api_key(tenant, id), write_key(key)).only_if(Check::Absent));
    writes
}
