//! Reads connections as their tenant sees them: rows, and the sealed names of accounts that may be read.
//!
//! From the cutoff on a connection is shown with its state and its deletion, and without accounts.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::base::error::{Error, Kind, Result};
use crate::base::host::Clock;
use crate::base::ids::{AccountId, AccountRef, ConnectionId, EndUser, TenantId};
use crate::base::together::{Work, both, together};
use crate::base::walk::Walk;
use crate::connect::account::{Account, profile_slot};
use crate::connect::connection::{Connection, State};
use crate::connect::ports::ConnectionRead;
use crate::people::caller::{Caller, Scope};
use crate::platform::account::decode_accounts;
use crate::platform::profile::Profile;
use crate::sync::ports::SyncProgress;
use crate::sync::view::{Cadence, SyncView};
use crate::vault::keys::{KeyContext, WrappedKey};
use crate::vault::ports::{KeyOpen, VaultRead};

/// The number of names that are opened at the same time.
const AT_ONCE: usize = 16;

/// The number of connections whose accounts are read at the same time.
const CONNECTIONS_AT_ONCE: usize = 8;

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
///
/// The rows of its accounts and their wrapped keys are read beside its own row: the row's key, which the caller named,
/// is all that the reads need, and none of them opens anything. What the caller may not see, or what is being deleted,
/// is dropped before a key is opened.
pub async fn get(ports: &Ports, caller: &Caller, id: &ConnectionId) -> Result<View> {
    caller.require(Scope::ConnectionsRead)?;
    let (found, parts) =
        both(ports.rows.connection(&caller.tenant, id), parts(ports, &caller.tenant, id)).await;
    let found = found?.filter(|row| caller.may_see(&row.end_user));
    let connection = found.ok_or_else(|| Error::not_found("connection"))?;
    view(ports, Sealed { connection, parts: parts? }).await
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
    for batch in rows.chunks(CONNECTIONS_AT_ONCE) {
        let mut kept = Vec::with_capacity(batch.len());
        for sealed in sealed(ports, batch).await? {
            accounts += sealed.parts.accounts.len();
            kept.push(sealed);
            if accounts >= ACCOUNTS {
                break;
            }
        }
        connections.extend(views(ports, kept).await?);
        if accounts >= ACCOUNTS && connections.len() < total {
            let last = connections.last().map(|view: &View| view.connection.id.clone());
            return Ok(Listing { connections, next: last });
        }
    }
    Ok(Listing { connections, next })
}

/// A connection before its accounts' names are opened.
struct Sealed {
    connection: Connection,
    parts: Parts,
}

/// The accounts of a connection, and their wrapped keys.
#[derive(Default)]
struct Parts {
    accounts: Vec<Account>,
    keys: HashMap<AccountId, WrappedKey>,
}

async fn parts(ports: &Ports, tenant: &TenantId, id: &ConnectionId) -> Result<Parts> {
    let (accounts, keys) = both(ports.rows.accounts(tenant, id), ports.rows.account_keys(tenant, id)).await;
    Ok(Parts { accounts: accounts?, keys: keys? })
}

/// Reads the accounts of some connections at the same time.
async fn sealed(ports: &Ports, rows: &[Connection]) -> Result<Vec<Sealed>> {
    let one = |row: &Connection| -> Work<'_, Result<Sealed>> {
        let connection = row.clone();
        Box::pin(async move {
            let parts = if connection.state.is_readable() {
                parts(ports, &connection.tenant, &connection.id).await?
            } else {
                Parts::default()
            };
            Ok(Sealed { connection, parts })
        })
    };
    together(rows.iter().map(one).collect(), CONNECTIONS_AT_ONCE).await.into_iter().collect()
}

async fn views(ports: &Ports, sealed: Vec<Sealed>) -> Result<Vec<View>> {
    let one = |sealed| -> Work<'_, _> { Box::pin(view(ports, sealed)) };
    together(sealed.into_iter().map(one).collect(), CONNECTIONS_AT_ONCE).await.into_iter().collect()
}

async fn view(ports: &Ports, Sealed { connection, parts }: Sealed) -> Result<View> {
    if !connection.state.is_readable() {
        return Ok(View { connection, accounts: Vec::new() });
    }
    let Parts { accounts, mut keys } = parts;
    let work = accounts.into_iter().map(|account| -> Work<'_, _> {
        let key = keys.remove(&account.id);
        Box::pin(account_view(ports, &connection, account, key))
    });
    let accounts = together(work.collect(), AT_ONCE).await.into_iter().collect::<Result<Vec<_>>>()?;
    Ok(View { connection, accounts })
}

async fn account_view(
    ports: &Ports,
    connection: &Connection,
    account: Account,
    key: Option<WrappedKey>,
) -> Result<AccountView> {
    if !account.state.is_readable() {
        let (last_synced_at, sync) = (None, SyncView::STOPPED);
        return Ok(AccountView { account, name: None, last_synced_at, names_pending: false, sync });
    }
    let place = AccountRef {
        tenant: connection.tenant.clone(),
        connection: connection.id.clone(),
        account: account.id.clone(),
    };
    let (name, state) = both(name(ports, &place, &account, key), ports.rows.sync_state(&place)).await;
    let (name, state) = (name?, state?);
    let (last_synced_at, names_pending) = (state.newest_at, state.names_due);
    let cadence = Cadence {
        connection: &connection.id,
        period_minutes: ports.profile.period_minutes(&connection.platform),
        is_synced: connection.state.is_syncable() && account.state.is_syncable(),
    };
    let sync = SyncView::at(ports.clock.now(), &state, &cadence);
    Ok(AccountView { account, name, last_synced_at, names_pending, sync })
}

/// Opens a name; `None` when the key is destroyed.
async fn name(
    ports: &Ports,
    place: &AccountRef,
    account: &Account,
    key: Option<WrappedKey>,
) -> Result<Option<String>> {
    let Some(wrapped) = key else { return Ok(None) };
    let context = KeyContext::account(&place.tenant, &place.connection, &place.account);
    let key = ports.keys.open(&context, &wrapped).await?;
    let plain = key.open(&profile_slot(&account.id), &account.profile)?;
    let profile = decode_accounts(plain.bytes()).and_then(|mut accounts| accounts.pop());
    let broken =
        || Error::new(Kind::Internal, "profile", "An account's profile does not have its own shape.");
    profile.map(|profile| Some(profile.name)).ok_or_else(broken)
}
