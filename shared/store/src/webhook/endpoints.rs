//! Reads and writes webhook endpoints: their rows in the Directory, with their state, and their sealed
//! addresses and secrets in the Vault.

use async_trait::async_trait;
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::base::ids::{EndpointId, TenantId};
use mooring_domain::people::ports::Admission;
use mooring_domain::webhook::endpoint::{
    DisableReason, Enablement, Endpoint, EndpointChange, EndpointSecrets, MOST_ENDPOINTS,
};
use mooring_domain::webhook::event::{About, EventType};
use mooring_domain::webhook::ports::{EndpointHealth, EndpointRead, EndpointSecretsRead, EndpointWrite};

use crate::client::Store;
use crate::client::item::{Fields, Item, SK, number, text, time};
use crate::client::{Check, Write};
use crate::people::counts::{ENDPOINTS, admission, admit, dismiss};
use crate::webhook::events::event_row;
use crate::webhook::items::{
    DESCRIPTION, FAILING, LISTENS, OFF, OFF_AT, ORIGIN, TYPES, VERSION, read_endpoint, read_secrets, types,
    write_endpoint, write_secrets,
};
use crate::webhook::keys;

#[async_trait]
impl EndpointRead for Store {
    async fn endpoint(&self, tenant: &TenantId, id: &EndpointId) -> Result<Option<Endpoint>> {
        let row = self.get(&keys::endpoint(tenant, id)).await?;
        row.map(|row| read_endpoint(tenant, &row)).transpose()
    }

    async fn endpoints(
        &self,
        tenant: &TenantId,
        after: Option<&EndpointId>,
        limit: u32,
    ) -> Result<Vec<Endpoint>> {
        let last = after.map(|id| keys::endpoint(tenant, id).sk);
        let shown = |row: &Item| Ok(Fields::of("webhook endpoint", row).maybe_text(SK)? != last.as_deref());
        let rows = self.first(&keys::endpoints_from(tenant, after), limit, shown).await?;
        rows.iter().map(|row| read_endpoint(tenant, row)).collect()
    }
}

#[async_trait]
impl EndpointSecretsRead for Store {
    async fn endpoint_secrets(&self, tenant: &TenantId, id: &EndpointId) -> Result<Option<EndpointSecrets>> {
        self.get(&keys::endpoint_secrets(tenant, id)).await?.as_ref().map(read_secrets).transpose()
    }
}

#[async_trait]
impl EndpointWrite for Store {
    async fn create(&self, endpoint: &Endpoint, secrets: &EndpointSecrets) -> Result<Admission> {
        let (tenant, id) = (&endpoint.tenant, &endpoint.id);
        let mut writes = admit(tenant, ENDPOINTS, MOST_ENDPOINTS);
        writes.extend([
            Write::put(keys::endpoint(tenant, id), write_endpoint(endpoint)).only_if(Check::Absent),
            Write::put(keys::endpoint_secrets(tenant, id), write_secrets(secrets)).only_if(Check::Absent),
        ]);
        Ok(admission(&self.transact(&writes).await?))
    }

    async fn change(
        &self,
        tenant: &TenantId,
        id: &EndpointId,
        change: &EndpointChange,
        secrets: Option<&EndpointSecrets>,
    ) -> Result<bool> {
        let key = keys::endpoint(tenant, id);
        let row = match change {
            change if *change == EndpointChange::default() => Write::check(key),
            change => changed(Write::update(key), change),
        };
        let mut writes = vec![row.only_if(Check::Exists)];
        writes.extend(secrets.map(|secrets| {
            let before = Check::Is(VERSION, number(secrets.version.saturating_sub(1)));
            Write::put(keys::endpoint_secrets(tenant, id), write_secrets(secrets)).only_if(before)
        }));
        Ok(self.transact(&writes).await?.is_empty())
    }

    async fn remove(&self, tenant: &TenantId, id: &EndpointId) -> Result<bool> {
        let writes = [
            Write::delete(keys::endpoint(tenant, id)).only_if(Check::Exists),
            Write::delete(keys::endpoint_secrets(tenant, id)),
            dismiss(tenant, ENDPOINTS),
        ];
        Ok(self.transact(&writes).await?.is_empty())
    }
}

fn changed(mut write: Write, change: &EndpointChange) -> Write {
    if let Some(origin) = &change.origin {
        write = write.set(ORIGIN, text(origin.as_str()));
    }
    if let Some(heard) = &change.types {
        write = write.set(TYPES, types(heard));
    }
    if let Some(description) = &change.description {
        write = write.set(DESCRIPTION, text(description.as_str()));
    }
    match change.enablement {
        Enablement::Disable(off, at) => write.set(OFF, text(off.as_str())).set(OFF_AT, time(at)),
        Enablement::Enable(at) => write.set(LISTENS, time(at)).without(&[OFF, OFF_AT, FAILING]),
        Enablement::Recover => write.without(&[FAILING]),
        // A new address begins without the failures of the old one.
        Enablement::Keep if change.origin.is_some() => write.without(&[FAILING]),
        Enablement::Keep => write,
    }
}

#[async_trait]
impl EndpointHealth for Store {
    async fn failing(&self, tenant: &TenantId, id: &EndpointId, since: Timestamp) -> Result<()> {
        let write = Write::update(keys::endpoint(tenant, id)).set(FAILING, time(since));
        let write = write.only_if(Check::Exists).only_if(Check::Lacks(FAILING));
        self.transact(&[write]).await.map(|_| ())
    }

    async fn recovered(&self, tenant: &TenantId, id: &EndpointId) -> Result<()> {
        let write = Write::update(keys::endpoint(tenant, id)).without(&[FAILING]).only_if(Check::Exists);
        self.transact(&[write]).await.map(|_| ())
    }

    async fn switch_off(
        &self,
        tenant: &TenantId,
        id: &EndpointId,
        off: DisableReason,
        failing_since: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<bool> {
        let about =
            About { endpoint: Some(id.clone()), reason: Some(off.as_str().to_owned()), ..About::default() };
        let mut change = Write::update(keys::endpoint(tenant, id))
            .set(OFF, text(off.as_str()))
            .set(OFF_AT, time(at))
            .only_if(Check::Exists)
            .only_if(Check::Lacks(OFF));
        if let Some(since) = failing_since {
            change = change.only_if(Check::Is(FAILING, time(since)));
        }
        let writes = [change, event_row(tenant, at, EventType::EndpointDisabled, about, self.clock.now())];
        Ok(self.transact(&writes).await?.is_empty())
    }
}
