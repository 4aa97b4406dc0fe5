//! Changes the lives of grants and the profiles of accounts. Each change of a life is one transaction,
//! conditional on the version that was read.

use async_trait::async_trait;
use mooring_domain::Result;
use mooring_domain::base::ids::{AccountRef, ConnectionId, TenantId};
use mooring_domain::connect::account::Account;
use mooring_domain::connect::connection::State;
use mooring_domain::connect::ports::{AccountRenew, ConnectionState};
use mooring_domain::connect::token_life::{Change, Life};
use mooring_domain::sync::job::SyncJob;

use crate::client::Store;
use crate::client::item::{STATE, bytes, number, text};
use crate::client::{Check, Write};
use crate::connect::items::account::{CURRENCY, PROFILE, ZONE};
use crate::connect::items::connection::state;
use crate::connect::items::token_life::{VERSION, read_life, write_life};
use crate::connect::keys;
use crate::sync::outbox::outbox_row;
use crate::webhook::events::event_row;

#[async_trait]
impl ConnectionState for Store {
    async fn life(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Life> {
        let row = self.get(&keys::life(tenant, id)).await?;
        row.as_ref().map_or_else(|| Ok(Life::default()), read_life)
    }

    async fn record_life(&self, tenant: &TenantId, id: &ConnectionId, change: &Change) -> Result<bool> {
        let Change { life, from, to, events } = change;
        let seen = match life.version {
            0 => Check::Absent,
            version => Check::Is(VERSION, number(version)),
        };
        let row = Write::put(keys::life(tenant, id), write_life(life, life.version + 1)).only_if(seen);
        let mut writes = vec![row];
        let (connection, fence) = (keys::connection(tenant, id), keys::fence(tenant, id));
        let was = |write: Write| write.only_if(Check::Is(STATE, state(*from)));
        if from == to {
            writes.push(was(Write::check(connection)));
        } else {
            let change = |key| was(Write::update(key).set(STATE, state(*to)));
            writes.extend([change(connection), change(fence)]);
        }
        let now = self.clock.now();
        writes
            .extend(events.iter().map(|(kind, at, about)| event_row(tenant, *at, *kind, about.clone(), now)));
        Ok(self.transact(&writes).await?.is_empty())
    }
}

#[async_trait]
impl AccountRenew for Store {
    async fn renew_account(&self, at: &AccountRef, account: &Account, again: Option<&SyncJob>) -> Result<()> {
        let live =
            Check::OneOf(STATE, [State::Active, State::Suspect, State::NeedsReauth].map(state).to_vec());
        let row = Write::update(keys::account(&at.tenant, &at.connection, &at.account))
            .set(PROFILE, bytes(&account.profile.0))
            .set(CURRENCY, text(account.currency.as_str()))
            .set(ZONE, text(account.zone.as_str()))
            .only_if(live);
        let mut writes = vec![row];
        writes.extend(again.map(|job| outbox_row(job, self.clock.now())));
        // An account whose connection has ended meanwhile needs no profile, so that a refusal is no error.
        self.transact(&writes).await.map(|_| ())
    }
}
