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
use crate::base::together::{Work, both, together};
use crate::base::window::Window;
use crate::connect::account::Account;
use crate::connect::ports::{ConnectionRead, FenceRead};
use crate::people::caller::Caller;
use crate::platform::figures::Values;
use crate::sync::chunk::{StoredChunk, day_name, day_of, decode_rows, slot};
use crate::sync::completeness::Days;
use crate::sync::ports::{ChunkRead, CompletenessRead};
use crate::vault::keys::{DataKey, KeyContext, WrappedKey};
use crate::vault::ports::{KeyOpen, VaultRead};

/// The number of windows whose sealed chunks are read at the same time: five weeks of ads.
const WINDOWS_AT_ONCE: usize = 5;

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
    let Readable { account, key } = readable(ports, caller, &at).await?;
    let Collected { key, groups, seen, structure, known } = collect(ports, &at, &key, query).await?;
    let days = days::describe(query.level, query.window, &known, &seen);
    let newest = seen.iter().map(|(_, version)| *version).max();
    let totals = groups.totals()?;
    let mut page = page::cut(groups, query, offset, newest);
    names::fill(key.as_ref(), &account, query, &structure, &mut page.rows)?;
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

/// The account that a caller may read, with its wrapped key.
struct Readable {
    account: Account,
    key: WrappedKey,
}

/// Finds the account if this caller may read it now. In every other case the account counts as absent.
///
/// The rows are read at the same time, each consistently: the caller's question names the key of each. No row of the
/// account is opened, and none of its chunks is read, before all of them let the caller in.
async fn readable(ports: &Ports, caller: &Caller, at: &AccountRef) -> Result<Readable> {
    let context = KeyContext::account(&at.tenant, &at.connection, &at.account);
    let ((open, connection), (account, key)) = both(
        both(require_open(ports, at), ports.rows.connection(&at.tenant, &at.connection)),
        both(ports.rows.account(at), ports.rows.key(&context)),
    )
    .await;
    open?;
    connection?.filter(|row| caller.may_see(&row.end_user)).ok_or_else(missing)?;
    Ok(Readable { account: account?.ok_or_else(missing)?, key: key?.ok_or_else(missing)? })
}

async fn require_open(ports: &Ports, at: &AccountRef) -> Result<()> {
    let fence = ports.rows.fence(&at.tenant, &at.connection, Some(&at.account)).await?;
    if fence.lets_read() { Ok(()) } else { Err(missing()) }
}

fn missing() -> Error {
    Error::not_found("account")
}

/// The chunks that were read, with their versions.
type Seen = Vec<(Date, Timestamp)>;

/// Everything that an answer is made of.
struct Collected {
    key: Box<dyn DataKey>,
    groups: Groups,
    seen: Seen,
    structure: Vec<StoredChunk>,
    known: Days,
}

/// Reads and sums the chunks of the window, some days at a time, and reads what is known of its days.
///
/// The first chunks, and the structure that names the entities, are read while KMS opens the account's key: they are
/// sealed until it has. The completeness of the days is read after the last chunk and never beside one: a sync stores
/// rows first and their status afterwards, so that a status that is read earlier could speak of other rows.
async fn collect(ports: &Ports, at: &AccountRef, key: &WrappedKey, query: &Query) -> Result<Collected> {
    let context = KeyContext::account(&at.tenant, &at.connection, &at.account);
    let windows = query.window.cut(query.days_at_once());
    let (first, rest) = windows.split_at(windows.len().min(WINDOWS_AT_ONCE));
    let beside =
        both(first_chunks(ports, at, query, first, rest.is_empty()), names::structure(ports, at, query));
    let (key, (first, structure)) = both(ports.keys.open(&context, key), beside).await;
    let (key, (chunks, known)) = (key?, first?);
    let (mut groups, mut seen) = (Groups::new(query.group_by), Seen::new());
    sum(key.as_ref(), chunks, &mut groups, &mut seen)?;
    for windows in rest.chunks(WINDOWS_AT_ONCE) {
        sum(key.as_ref(), chunks_of(ports, at, query, windows).await?, &mut groups, &mut seen)?;
    }
    let known = match known {
        Some(known) => known,
        None => days_of(ports, at, query).await?,
    };
    Ok(Collected { key, groups, seen, structure: structure?, known })
}

/// Reads the first chunks and, when no other follow, what is known of the days.
async fn first_chunks(
    ports: &Ports,
    at: &AccountRef,
    query: &Query,
    windows: &[Window],
    are_all: bool,
) -> Result<(Vec<StoredChunk>, Option<Days>)> {
    let chunks = chunks_of(ports, at, query, windows).await?;
    let known = if are_all { Some(days_of(ports, at, query).await?) } else { None };
    Ok((chunks, known))
}

async fn days_of(ports: &Ports, at: &AccountRef, query: &Query) -> Result<Days> {
    ports.rows.days(at, query.window.from, query.window.to).await
}

/// Reads the chunks of some windows at the same time.
async fn chunks_of(
    ports: &Ports,
    at: &AccountRef,
    query: &Query,
    windows: &[Window],
) -> Result<Vec<StoredChunk>> {
    let read = |part: &Window| -> Work<'_, _> {
        let (first, last) = (day_name(query.level, part.from), day_name(query.level, part.to));
        Box::pin(async move { ports.rows.chunks(at, &first, &last, query.read_as_of()).await })
    };
    let read = together(windows.iter().map(read).collect(), WINDOWS_AT_ONCE).await;
    Ok(read.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

fn sum(key: &dyn DataKey, chunks: Vec<StoredChunk>, groups: &mut Groups, seen: &mut Seen) -> Result<()> {
    for chunk in chunks {
        let Some(day) = day_of(&chunk.name) else { continue };
        add(key, &chunk, day, groups)?;
        seen.push((day, chunk.version));
    }
    Ok(())
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
