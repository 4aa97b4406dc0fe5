//! Reads connections as their tenant sees them: rows, and the sealed names of accounts that may be read.
//!
//! From the cutoff on a connection is shown with its state and its deletion, and without accounts.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;

use crate::base::error::{Error, Kind, Result};
use crate::base::host::Clock;
use crate::base::ids::{AccountRef, ConnectionId, EndUser};
use crate::base::together::{Work, together};
use crate::base::walk::Walk;
use crate::connect::account::{Account, profile_slot};
use crate::connect::connection::{Connection, State};
use crate::connect::ports::ConnectionRead;
use crate::people::caller::{Caller, Scope};
use crate::platform::account::decode_accounts;
use crate::platform::profile::Profile;
use crate::sync::ports::SyncProgress;
use crate::sync::view::{Cadence, SyncView};
use crate::vault::keys::KeyContext;
use crate::vault::ports::{KeyOpen, VaultRead};

/// The number of names that are opened at the same time.
const AT_ONCE: usize = 16;

/// The number of accounts after which a page ends: the connection that reaches it is the page's last. An answer has a
/// largest size, and a call has a time limit.
const ACCOUNTS: usize = 500;

rows!(ConnectionRead, VaultRead, SyncProgress);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
    /// Opens data keys.
    pub keys: Arc<dyn KeyOpen>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The product, which says how often accounts sync.
    pub profile: Arc<Profile>,
}

/// An account as its tenant sees it.
#[derive(Debug, Clone)]
pub struct AccountView {
    /// The row.
    pub account: Account,
    /// The account's name; `None` while the account is being let go.
    pub name: Option<String>,
    /// When a sync last brought the newest days; a sync of older days does not count.
    pub last_synced_at: Option<Timestamp>,
    /// True when names and statuses could not be read; figures come without them.
    pub names_pending: bool,
    /// The state of the account's syncs.
    pub sync: SyncView,
}

/// A connection as its tenant sees it.
#[derive(Debug, Clone)]
pub struct View {
    /// The row.
    pub connection: Connection,
    /// The connection's accounts.
    pub accounts: Vec<AccountView>,
}

/// A page of connections.
#[derive(Debug, Clone)]
pub struct Listing {
    /// The connections, in id order.
    pub connections: Vec<View>,
    /// The connection after which the next page starts; `None` on the last page.
    pub next: Option<ConnectionId>,
}

/// Narrows a list of connections; without a part, the part takes all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The end user whose connections are wanted.
    pub end_user: Option<EndUser>,
    /// The state that they are in.
    pub state: Option<State>,
    /// The platform's word.
    pub platform: Option<String>,
}

impl Filter {
    fn takes(&self, row: &Connection) -> bool {
        self.end_user.as_ref().is_none_or(|end_user| *end_user == row.end_user)
            && self.state.is_none_or(|state| state == row.state)
            && self.platform.as_ref().is_none_or(|platform| *platform == row.platform)
    }
}

/// Reads one connection.
pub async fn get(ports: &Ports, caller: &Caller, id: &ConnectionId) -> Result<View> {
    caller.require(Scope::ConnectionsRead)?;
    let found = ports.rows.connection(&caller.tenant, id).await?;
    let found = found.filter(|row| caller.may_see(&row.end_user));
    view(ports, found.ok_or_else(|| Error::not_found("connection"))?).await
}

/// Lists connections after an id. A page may be short, or empty, and yet not be the last: `next` says so.
pub async fn list(
    ports: &Ports,
    caller: &Caller,
    filter: &Filter,
    after: Option<ConnectionId>,
    limit: u32,
) -> Result<Listing> {
    caller.require(Scope::ConnectionsRead)?;
    let is_narrow = caller.end_user().is_some() || *filter != Filter::default();
    let mut walk = Walk::new(after, limit, is_narrow);
    while let Some((after, most)) = walk.wants() {
        let found = ports.rows.connections(&caller.tenant, after, most).await?;
        walk.take(found, |row| &row.id, |row| caller.may_see(&row.end_user) && filter.takes(row));
    }
    let (rows, next) = walk.end();
    let (mut connections, mut accounts, total) = (Vec::with_capacity(rows.len()), 0, rows.len());
    for row in rows {
        let view = view(ports, row).await?;
        accounts += view.accounts.len();
        connections.push(view);
        if accounts >= ACCOUNTS && connections.len() < total {
            let last = connections.last().map(|view| view.connection.id.clone());
            return Ok(Listing { connections, next: last });
        }
    }
    Ok(Listing { connections, next })
}

async fn view(ports: &Ports, connection: Connection) -> Result<View> {
    if !connection.state.is_readable() {
        return Ok(View { connection, accounts: Vec::new() });
    }
    let rows = ports.rows.accounts(&connection.tenant, &connection.id).await?;
    let work = rows
        .into_iter()
        .map(|account| -> Work<'_, _> { Box::pin(account_view(ports, &connection, account)) });
    let accounts = together(work.collect(), AT_ONCE).await.into_iter().collect::<Result<Vec<_>>>()?;
    Ok(View { connection, accounts })
}

async fn account_view(ports: &Ports, connection: &Connection, account: Account) -> Result<AccountView> {
    if !account.state.is_readable() {
        let (last_synced_at, sync) = (None, SyncView::STOPPED);
        return Ok(AccountView { account, name: None, last_synced_at, names_pending: false, sync });
    }
    let place = AccountRef {
        tenant: connection.tenant.clone(),
        connection: connection.id.clone(),
        account: account.id.clone(),
    };
    let name = name(ports, &place, &account).await?;
    let state = ports.rows.sync_state(&place).await?;
    let (last_synced_at, names_pending) = (state.newest_at, state.names_due);
    let platform = ports.profile.platform(&connection.platform);
    let cadence = Cadence {
        connection: &connection.id,
        period_minutes: platform.map_or(60, |platform| platform.period_minutes),
        is_synced: connection.state.is_syncable() && account.state.is_syncable(),
    };
    let sync = SyncView::at(ports.clock.now(), &state, &cadence);
    Ok(AccountView { account, name, last_synced_at, names_pending, sync })
}

/// Opens a name; `None` when the key was destroyed after the row was read.
async fn name(ports: &Ports, place: &AccountRef, account: &Account) -> Result<Option<String>> {
    let context = KeyContext::account(&place.tenant, &place.connection, &place.account);
    let Some(wrapped) = ports.rows.key(&context).await? else { return Ok(None) };
    let key = ports.keys.open(&context, &wrapped).await?;
    let plain = key.open(&profile_slot(&account.id), &account.profile)?;
    let profile = decode_accounts(plain.bytes()).and_then(|mut accounts| accounts.pop());
    let broken =
        || Error::new(Kind::Internal, "profile", "An account's profile does not have its own shape.");
    profile.map(|profile| Some(profile.name)).ok_or_else(broken)
}
