//! Answers a report question: rows of one account and level, grouped and summed, with what is known of each day.
//!
//! The state is read consistently before a key is opened and again before the answer leaves: from the moment of a
//! disconnect nothing can be read. Ratios come from sums; sums leave out nothing but what the platform never said.

mod days;
mod groups;
mod names;
mod page;
mod query;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::civil::Date;

pub use self::days::DayInfo;
use self::groups::Groups;
pub use self::page::{Position, ReportRow};
pub use self::query::{Column, GroupBy, Query, Sort, SortKey};
use crate::account::Account;
use crate::caller::Caller;
use crate::error::{Error, Result};
use crate::ids::{AccountId, ConnectionId};
use crate::keys::KeyContext;
use crate::money::Currency;
use crate::ports::{
    AccountRef, CompletenessRead, ConnectionRead, DataKey, FenceRead, KeyOpen, SheetRead, VaultRead,
};
use crate::report::Values;
use crate::sheet::{StoredSheet, day_name, day_of, decode_rows, slot};

/// What a report needs.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// The fence.
    pub fences: &'a dyn FenceRead,
    /// Connections and accounts.
    pub connections: &'a dyn ConnectionRead,
    /// What is known of days.
    pub completeness: &'a dyn CompletenessRead,
    /// Sealed sheets.
    pub sheets: &'a dyn SheetRead,
    /// Wrapped keys.
    pub vault: &'a dyn VaultRead,
    /// Opens data keys.
    pub keys: &'a dyn KeyOpen,
}

/// The answer.
#[derive(Debug, Clone)]
pub struct Report {
    /// The connection.
    pub connection: ConnectionId,
    /// The account.
    pub account: AccountId,
    /// The account's currency, which all money is in.
    pub currency: Currency,
    /// The zone that the days are of.
    pub zone: String,
    /// The rows of this page.
    pub rows: Vec<ReportRow>,
    /// The sums of all rows, not of this page.
    pub totals: Values,
    /// What is known of each day.
    pub days: Vec<DayInfo>,
    /// Where the next page starts; `None` on the last.
    pub next: Option<Position>,
}

/// Answers a question.
pub async fn run(ports: &Ports<'_>, caller: &Caller, query: &Query) -> Result<Report> {
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
    let known = ports.completeness.days(&at, query.window.from, query.window.to).await?;
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

/// Finds the account if this caller may read it now. Whatever else is the case looks as if it were not there.
async fn readable(ports: &Ports<'_>, caller: &Caller, at: &AccountRef) -> Result<Account> {
    require_open(ports, at).await?;
    let connection = ports.connections.connection(&at.tenant, &at.connection).await?;
    connection.filter(|row| caller.may_see(&row.end_user)).ok_or_else(missing)?;
    let accounts = ports.connections.accounts(&at.tenant, &at.connection).await?;
    accounts.into_iter().find(|account| account.id == at.account).ok_or_else(missing)
}

async fn require_open(ports: &Ports<'_>, at: &AccountRef) -> Result<()> {
    let fence = ports.fences.fence(&at.tenant, &at.connection, Some(&at.account)).await?;
    if fence.lets_read() { Ok(()) } else { Err(missing()) }
}

async fn open(ports: &Ports<'_>, at: &AccountRef) -> Result<Box<dyn DataKey>> {
    let context = KeyContext::account(&at.tenant, &at.connection, &at.account);
    let wrapped = ports.vault.key(&context).await?.ok_or_else(missing)?;
    ports.keys.open(&context, &wrapped).await
}

fn missing() -> Error {
    Error::not_found("account")
}

/// Which sheets were read, and their versions.
type Seen = Vec<(Date, Timestamp)>;

/// Reads and sums the sheets of the window, a few days at a time.
async fn read(
    ports: &Ports<'_>,
    at: &AccountRef,
    key: &dyn DataKey,
    query: &Query,
) -> Result<(Groups, Seen)> {
    let mut groups = Groups::new(query.group_by);
    let mut seen = Seen::new();
    for part in query.window.cut(query.days_at_once()) {
        let (first, last) = (day_name(query.level, part.from), day_name(query.level, part.to));
        for sheet in ports.sheets.sheets(at, &first, &last, query.read_as_of()).await? {
            let Some(day) = day_of(&sheet.name) else { continue };
            add(key, &sheet, day, &mut groups)?;
            seen.push((day, sheet.version));
        }
    }
    Ok((groups, seen))
}

fn add(key: &dyn DataKey, sheet: &StoredSheet, day: Date, groups: &mut Groups) -> Result<()> {
    for (part, sealed) in sheet.parts.iter().enumerate() {
        let plain = key.open(&slot(&sheet.name, sheet.version, part), sealed)?;
        for row in decode_rows(plain.bytes(), day)? {
            groups.add(row)?;
        }
    }
    Ok(())
}
