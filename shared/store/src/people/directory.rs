//! Reads and writes tenants, credentials and browser origins in the Directory; stores and reads frontend
//! tokens in Transient.

use std::collections::BTreeSet;

use async_trait::async_trait;
use mooring_domain::base::ids::{CredentialId, TenantId};
use mooring_domain::base::table::Table;
use mooring_domain::people::caller::Credential;
use mooring_domain::people::ports::{CallerRead, DirectoryWrite, FrontendTokenPut, TenantList};
use mooring_domain::people::tenant::Tenant;
use mooring_domain::{Error, Kind, Result};

use crate::client::Store;
use crate::client::item::{Draft, Fields, PK, flag, text, texts};
use crate::client::key::Key;
use crate::client::{Check, TRANSACTION, Write};
use crate::people::items::{
    ACTIVE, NAME, ORIGINS, RETURN_URLS, read_credential, read_tenant, write_credential, write_tenant,
};
use crate::people::keys;

impl Store {
    async fn credential(&self, key: Key, tenant: &TenantId, id: &CredentialId) -> Result<Option<Credential>> {
        let item = self.get(&key).await?;
        item.map(|item| read_credential(tenant, id, &item)).transpose()
    }
}

#[async_trait]
impl CallerRead for Store {
    async fn api_key(&self, tenant: &TenantId, id: &CredentialId) -> Result<Option<Credential>> {
        self.credential(keys::api_key(tenant, id), tenant, id).await
    }

    async fn frontend_token(&self, tenant: &TenantId, id: &CredentialId) -> Result<Option<Credential>> {
        self.credential(keys::frontend_token(tenant, id), tenant, id).await
    }

    async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>> {
        let item = self.get(&keys::tenant(id)).await?;
        item.map(|item| read_tenant(id, &item)).transpose()
    }

    async fn origin_known(&self, origin: &str) -> Result<bool> {
        Ok(self.last(&keys::tenants_of_origin(origin)).await?.is_some())
    }
}

#[async_trait]
impl FrontendTokenPut for Store {
    async fn put_frontend_token(&self, credential: &Credential) -> Result<()> {
        let key = keys::frontend_token(&credential.tenant, &credential.id);
        self.put(&key, write_credential(credential)).await
    }
}

#[async_trait]
impl DirectoryWrite for Store {
    async fn put_tenant(&self, tenant: &Tenant, before: Option<&Tenant>) -> Result<()> {
        let row = Write::put(keys::tenant(&tenant.id), write_tenant(tenant));
        // Without these conditions the later of two calls at the same time would undo the earlier one: a cutoff too.
        let row = match before {
            None => row.only_if(Check::Absent),
            Some(known) => unchanged(known).into_iter().fold(row, Write::only_if),
        };
        let before = before.map(|known| known.origins.as_slice()).unwrap_or_default();
        let kept: BTreeSet<&String> = tenant.origins.iter().collect();
        let gone = before.iter().filter(|origin| !kept.contains(origin)).collect::<BTreeSet<_>>();
        let key = |origin: &String| keys::origin(origin, &tenant.id);
        let mut writes = vec![row];
        writes.extend(gone.into_iter().map(|origin| Write::delete(key(origin))));
        writes.extend(kept.into_iter().map(|origin| Write::put(key(origin), Draft::default())));
        if writes.len() > TRANSACTION {
            let message = "A tenant can have at most 99 origins, those that it just gave up included.";
            return Err(Error::new(Kind::TooLarge, "too_many_origins", message));
        }
        if self.transact(&writes).await?.is_empty() {
            return Ok(());
        }
        let message = "The tenant was changed at the same moment; try again.";
        Err(Error::conflict("changed_meanwhile", message))
    }
}

#[async_trait]
impl TenantList for Store {
    async fn tenants(&self) -> Result<Vec<Tenant>> {
        let rows = self.rows_below(Table::Directory, keys::TENANT).await?;
        let tenant = |row: &_| read_tenant(&Fields::of("tenant", row).parsed(PK)?, row);
        let mut tenants = rows.iter().map(tenant).collect::<Result<Vec<_>>>()?;
        tenants.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(tenants)
    }
}

/// The conditions that a tenant's row is still the one that was read.
fn unchanged(known: &Tenant) -> [Check; 4] {
    [
        Check::Is(NAME, text(known.name.as_str())),
        Check::Is(ACTIVE, flag(known.active)),
        Check::Is(RETURN_URLS, texts(known.return_urls.iter())),
        Check::Is(ORIGINS, texts(known.origins.iter())),
    ]
}
