//! Finds the live connections of a tenant that hold an account.
//!
//! Each connected account has a row of its own in the index, by the tenant and the account's fingerprint. The
//! row lies among the rows of that account and is deleted with them, so that no row of a connection names an
//! account that the connection no longer has.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use mooring_domain::Result;
use mooring_domain::base::ids::{ConnectionId, TenantId};
use mooring_domain::base::secret::Fingerprint;
use mooring_domain::base::table::Table;
use mooring_domain::base::together::{Work, together};
use mooring_domain::connect::account::Account;
use mooring_domain::connect::connection::Connection;
use mooring_domain::connect::ports::{ConnectionRead as _, HeldAccounts, Holders, MOST_HOLDERS};

use crate::client::Store;
use crate::client::Write;
use crate::client::item::{DUE_AT, DUE_SHARD, Draft};
use crate::client::key::{self, EARLIEST};
use crate::connect::keys::{self, due_held};

/// The most reads that run at the same time.
const AT_ONCE: usize = 32;

/// The connections that the index names for an account, and whether it names more than are read.
struct Named {
    account: Fingerprint,
    connections: Vec<ConnectionId>,
    more: bool,
}

#[async_trait]
impl HeldAccounts for Store {
    async fn held(&self, tenant: &TenantId, accounts: &[Fingerprint]) -> Result<Vec<Holders>> {
        let asked: HashSet<&Fingerprint> = accounts.iter().collect();
        let ask = |account| -> Work<'_, _> { Box::pin(self.named(tenant, account)) };
        let named = together(asked.into_iter().map(ask).collect(), AT_ONCE).await;
        let named = named.into_iter().collect::<Result<Vec<_>>>()?;
        let live = self.live_of(tenant, &named).await?;
        let holders = |named: Named| Holders {
            connections: named.connections.iter().filter_map(|id| live.get(id).cloned()).collect(),
            account: named.account,
            more: named.more,
        };
        let held = named.into_iter().map(holders);
        Ok(held.filter(|holders| holders.more || !holders.connections.is_empty()).collect())
    }
}

impl Store {
    async fn named(&self, tenant: &TenantId, account: &Fingerprint) -> Result<Named> {
        let (shard, range) = (due_held(tenant, account), (EARLIEST, EARLIEST));
        let most = MOST_HOLDERS.saturating_add(1);
        let mut keys = self.due_keys(Table::Connections, &shard, range, Some(most)).await?;
        let more = keys.len() > MOST_HOLDERS;
        keys.truncate(MOST_HOLDERS);
        let connections = keys.iter().filter_map(|key| key::parse_home(&key.pk)).map(|(_, id)| id).collect();
        Ok(Named { account: account.clone(), connections, more })
    }

    /// Reads the named connections, each once, and keeps those whose data may be read.
    async fn live_of(&self, tenant: &TenantId, named: &[Named]) -> Result<HashMap<ConnectionId, Connection>> {
        let ids: HashSet<&ConnectionId> = named.iter().flat_map(|named| &named.connections).collect();
        let read = |id| -> Work<'_, _> { Box::pin(self.connection(tenant, id)) };
        let rows = together(ids.into_iter().map(read).collect(), AT_ONCE).await;
        let rows = rows.into_iter().collect::<Result<Vec<_>>>()?;
        let live = rows.into_iter().flatten().filter(|row| row.state.is_readable());
        Ok(live.map(|row| (row.id.clone(), row)).collect())
    }
}

/// Makes an account's row in the index by its fingerprint. The row holds only its place in the index.
pub(crate) fn held_row(connection: &Connection, account: &Account) -> Write {
    let draft = Draft::default()
        .text(DUE_SHARD, due_held(&connection.tenant, &account.fingerprint))
        .text(DUE_AT, EARLIEST);
    Write::put(keys::held(&connection.tenant, &connection.id, &account.id), draft)
}
