//! Keys of sync states, checkpoints, jobs, weeks, chunks and breakers.

use jiff::Timestamp;
use jiff::civil::Date;
use mooring_domain::base::ids::{AccountId, AccountRef, ConnectionId, TenantId};
use mooring_domain::base::place::{Place, Subject};
use mooring_domain::base::table::Table;
use mooring_domain::sync::breaker::Circuit;

use crate::client::key::{Key, Span, account_row, of_home};
use crate::client::place::{Scope, place};

/// Names the partitions of the accounts' chunks. The other rows of syncs lie among those of connections and accounts.
pub(crate) fn places(scope: &Scope<'_>) -> Vec<Place> {
    let reports =
        |connection, account| place(Table::Reports, partition(scope.tenant, connection, account), "");
    match scope.subject {
        Subject::Connection(id) => scope.accounts.iter().map(|account| reports(id, account)).collect(),
        Subject::Account(id, account) => vec![reports(id, account)],
        Subject::Tenant => Vec::new(),
    }
}

pub(crate) fn outbox(tenant: &TenantId, connection: &ConnectionId, job: &str, account: &AccountId) -> Key {
    of_home(tenant, connection, format!("outbox#{job}#{account}"))
}

/// Reads job and account from a key that [`outbox`] made.
pub(crate) fn parse_outbox(sk: &str) -> Option<(&str, AccountId)> {
    let (job, account) = sk.strip_prefix("outbox#")?.rsplit_once('#')?;
    Some((job, account.parse().ok()?))
}

pub(crate) fn sync_state(account: &AccountRef) -> Key {
    of_home(&account.tenant, &account.connection, format!("{}#sync", account_row(&account.account)))
}

pub(crate) fn checkpoint(account: &AccountRef, job: &str) -> Key {
    of_home(&account.tenant, &account.connection, format!("{}#job#{job}", account_row(&account.account)))
}

/// Makes the key of the completeness of the week in which a day lies.
pub(crate) fn days(account: &AccountRef, day: Date) -> Key {
    let sk = format!("{}#days#{}", account_row(&account.account), monday(day));
    of_home(&account.tenant, &account.connection, sk)
}

/// Selects the weeks in which two days lie, and those between them.
pub(crate) fn weeks(account: &AccountRef, from: Date, to: Date) -> Span {
    let (first, last) = (days(account, from), days(account, to));
    Span::between(Table::Connections, first.pk, first.sk, last.sk)
}

/// Returns the Monday on or before a day.
pub(crate) fn monday(day: Date) -> Date {
    let since = i64::from(day.weekday().to_monday_zero_offset());
    day.checked_sub(jiff::Span::new().days(since)).unwrap_or(day)
}

/// Reads the Monday from a key that [`days`] made.
pub(crate) fn parse_week(sk: &str) -> Option<Date> {
    sk.rsplit_once('#')?.1.parse().ok()
}

/// Makes the key of the breaker of a platform and app. The row belongs to no tenant. Breakers have partitions
/// of their own, so that a role can get these rows and no others of the table.
pub(crate) fn breaker(circuit: &Circuit) -> Key {
    let Circuit { platform, context } = circuit;
    Key::new(Table::Transient, format!("breaker#{platform}#{context}"), "breaker")
}

/// Returns the partition of an account's chunks.
pub(crate) fn partition(tenant: &TenantId, connection: &ConnectionId, account: &AccountId) -> String {
    format!("{tenant}#{connection}#{account}")
}

fn in_partition(account: &AccountRef, sk: String) -> Key {
    Key::new(Table::Reports, partition(&account.tenant, &account.connection, &account.account), sk)
}

pub(crate) fn current(account: &AccountRef, name: &str) -> Key {
    in_partition(account, format!("r#{name}"))
}

/// Selects the newest versions of the chunks in a range of names.
pub(crate) fn currents(account: &AccountRef, first: &str, last: &str) -> Span {
    let (first, last) = (current(account, first), current(account, last));
    Span::between(Table::Reports, first.pk, first.sk, last.sk)
}

/// Reads the name from a key that [`current`] made.
pub(crate) fn parse_current(sk: &str) -> Option<&str> {
    sk.strip_prefix("r#")
}

pub(crate) fn past(account: &AccountRef, name: &str, version: Timestamp) -> Key {
    in_partition(account, format!("h#{name}@{:015}", version.as_millisecond()))
}

/// Selects the earlier versions of a chunk up to an instant.
pub(crate) fn past_until(account: &AccountRef, name: &str, until: Timestamp) -> Span {
    let last = past(account, name, until);
    Span::between(Table::Reports, last.pk, format!("h#{name}@"), last.sk)
}

pub(crate) fn part(account: &AccountRef, name: &str, version: Timestamp, number: usize) -> Key {
    in_partition(account, format!("p#{name}@{:015}#{number:04}", version.as_millisecond()))
}

/// Selects all further parts of one version of a chunk.
pub(crate) fn parts(account: &AccountRef, name: &str, version: Timestamp) -> Span {
    let first = part(account, name, version, 0);
    let prefix = format!("p#{name}@{:015}#", version.as_millisecond());
    Span::prefix(Table::Reports, first.pk, prefix)
}

/// The due index's hash key of jobs to send.
pub(crate) const DUE_OUTBOX: &str = "outbox";

/// The due index's hash key of the grants that are checked at their platform.
pub(crate) const DUE_PROBES: &str = "probes";

/// Returns the due index's hash key of the accounts of a shard.
pub(crate) fn due_shard(shard: u16) -> String {
    format!("s{shard:02}")
}

/// Returns the due index's range key of accounts: a minute of the period.
pub(crate) fn due_minute(minute: u16) -> String {
    format!("{minute:04}")
}

/// Makes one key with each constructor.
#[cfg(test)]
pub(crate) fn samples(of: &crate::client::samples::Ids) -> Vec<crate::client::samples::Sample> {
    use crate::client::samples::Emptied;
    let account = &of.account;
    let circuit = Circuit { platform: "tiktok_ads".to_owned(), context: "one".to_owned() };
    vec![
        (outbox(&account.tenant, &account.connection, "job", &account.account), Emptied::WithConnection),
        (sync_state(account), Emptied::WithAccount),
        (checkpoint(account, "job"), Emptied::WithAccount),
        (days(account, of.day), Emptied::WithAccount),
        (current(account, "ad/1"), Emptied::WithAccount),
        (past(account, "ad/1", of.at), Emptied::WithAccount),
        (part(account, "ad/1", of.at, 1), Emptied::WithAccount),
        (breaker(&circuit), Emptied::Never("the row is about a platform and belongs to no tenant")),
    ]
}
