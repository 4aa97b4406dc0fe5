//! Answers a report question: rows of one account and level, grouped and summed, with the status of each day.
//!
//! The operation reads the state consistently before it opens a key and again before the answer leaves: from the
//! moment of a disconnect nobody can read anything. Ratios come from sums; sums leave out only the values that the
//! platform never reported.

mod days;
mod groups;
mod names;
mod page;
mod query;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

pub use self::days::DayInfo;
use self::groups::Groups;
pub use self::page::{Position, ReportRow};
pub use self::query::{Column, GroupBy, Query, Sort, SortKey};
use crate::base::error::{Error, Result};
use crate::base::ids::{AccountId, AccountRef, ConnectionId};
use crate::base::money::Currency;
use crate::connect::account::Account;
use crate::connect::ports::{ConnectionRead, FenceRead};
use crate::people::caller::Caller;
use crate::platform::figures::Values;
use crate::sync::chunk::{StoredChunk, day_name, day_of, decode_rows, slot};
use crate::sync::ports::{ChunkRead, CompletenessRead};
use crate::vault::keys::{DataKey, KeyContext};
use crate::vault::ports::{KeyOpen, VaultRead};

rows!(FenceRead, ConnectionRead, CompletenessRead, ChunkRead, VaultRead);

/// The ports of a report.
#[derive(Clone)]
pub struct Ports {
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
    /// Opens data keys.
    pub keys: Arc<dyn KeyOpen>,
}

/// The answer to a report question.
#[derive(Debug, Clone)]
pub struct Report {
    /// The connection.
    pub connection: ConnectionId,
    /// The account.
    pub account: AccountId,
    /// The account's currency, in which all money is given.
    pub currency: Currency,
    /// The zone that the days belong to.
    pub zone: String,
    /// The rows of this page.
    pub rows: Vec<ReportRow>,
    /// The sums of all rows, not of this page.
    pub totals: Values,
    /// The status of each day.
    pub days: Vec<DayInfo>,
    /// Where the next page starts; `None` on the last page.
    pub next: Option<Position>,
}

/// Answers a question.
pub async fn run(ports: &Ports, caller: &Caller, query: &Query) -> Result<Report> {
    query.check()?;
    let offset = query.offset()?;
    let at = AccountRef {
        tenant: caller.tenant.clone(),
        connection: query.connection.clone(),
        account: query.account.clone(),
    };
    let account = readable(ports, caller, &at).await?;
    let key = open(ports, &at).await?;
    let (groups, seen) = read(ports, &at, key.as_ref(), query).await?;
    let known = ports.rows.days(&at, query.window.from, query.window.to).await?;
    let days = days::describe(query.level, query.window, &known, &seen);
    let newest = seen.iter().map(|(_, version)| *version).max();
    let totals = groups.totals()?;
    let mut page = page::cut(groups, query, offset, newest);
    names::fill(ports, &at, key.as_ref(), &account, query, &mut page.rows).await?;
    page.fit(query, offset, newest);
    require_open(ports, &at).await?;
    Ok(Report {
        connection: at.connection,
        account: at.account,
        currency: account.currency,
        zone: account.zone,
        rows: page.rows,
        totals,
        days,
        next: page.next,
    })
}

/// Finds the account if this caller may read it now. In every other case the account counts as absent.
async fn readable(ports: &Ports, caller: &Caller, at: &AccountRef) -> Result<Account> {
    require_open(ports, at).await?;
    let connection = ports.rows.connection(&at.tenant, &at.connection).await?;
    connection.filter(|row| caller.may_see(&row.end_user)).ok_or_else(missing)?;
    let accounts = ports.rows.accounts(&at.tenant, &at.connection).await?;
    accounts.into_iter().find(|account| account.id == at.account).ok_or_else(missing)
}

async fn require_open(ports: &Ports, at: &AccountRef) -> Result<()> {
    let fence = ports.rows.fence(&at.tenant, &at.connection, Some(&at.account)).await?;
    if fence.lets_read() { Ok(()) } else { Err(missing()) }
}

async fn open(ports: &Ports, at: &AccountRef) -> Result<Box<dyn DataKey>> {
    let context = KeyContext::account(&at.tenant, &at.connection, &at.account);
    let wrapped = ports.rows.key(&context).await?.ok_or_else(missing)?;
    ports.keys.open(&context, &wrapped).await
}

fn missing() -> Error {
    Error::not_found("account")
}

/// The chunks that were read, with their versions.
type Seen = Vec<(Date, Timestamp)>;

/// Reads and sums the chunks of the window, a few days at a time.
async fn read(ports: &Ports, at: &AccountRef, key: &dyn DataKey, query: &Query) -> Result<(Groups, Seen)> {
    let mut groups = Groups::new(query.group_by);
    let mut seen = Seen::new();
    for part in query.window.cut(query.days_at_once()) {
        let (first, last) = (day_name(query.level, part.from), day_name(query.level, part.to));
        for chunk in ports.rows.chunks(at, &first, &last, query.read_as_of()).await? {
            let Some(day) = day_of(&chunk.name) else { continue };
            add(key, &chunk, day, &mut groups)?;
            seen.push((day, chunk.version));
        }
    }
    Ok((groups, seen))
}

fn add(key: &dyn DataKey, chunk: &StoredChunk, day: Date, groups: &mut Groups) -> Result<()> {
    for (part, sealed) in chunk.parts.iter().enumerate() {
        let plain = key.open(&slot(&chunk.name, chunk.version, part), sealed)?;
        for row in decode_rows(plain.bytes(), day)? {
            groups.add(row)?;
        }
    }
    Ok(())
}
