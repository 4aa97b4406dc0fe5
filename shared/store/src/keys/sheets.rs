//! Keys of the Reports table.

use jiff::Timestamp;
use mooring_domain::deletion::Table;
use mooring_domain::ids::{AccountId, ConnectionId, TenantId};
use mooring_domain::ports::AccountRef;

use super::{Key, Span};

/// The partition of an account's sheets.
pub(crate) fn shelf(tenant: &TenantId, connection: &ConnectionId, account: &AccountId) -> String {
    format!("{tenant}#{connection}#{account}")
}

fn on_shelf(account: &AccountRef, sk: String) -> Key {
    Key::new(Table::Reports, shelf(&account.tenant, &account.connection, &account.account), sk)
}

pub(crate) fn head(account: &AccountRef, name: &str) -> Key {
    on_shelf(account, format!("r#{name}"))
}

/// The newest versions of the sheets in a range of names.
pub(crate) fn heads(account: &AccountRef, first: &str, last: &str) -> Span {
    let (first, last) = (head(account, first), head(account, last));
    Span::between(Table::Reports, first.pk, first.sk, last.sk)
}

/// The name in a key that [`head`] made.
pub(crate) fn parse_head(sk: &str) -> Option<&str> {
    sk.strip_prefix("r#")
}

pub(crate) fn past(account: &AccountRef, name: &str, version: Timestamp) -> Key {
    on_shelf(account, format!("h#{name}@{:015}", version.as_millisecond()))
}

/// The earlier versions of a sheet up to a time.
pub(crate) fn past_until(account: &AccountRef, name: &str, until: Timestamp) -> Span {
    let last = past(account, name, until);
    Span::between(Table::Reports, last.pk, format!("h#{name}@"), last.sk)
}

pub(crate) fn part(account: &AccountRef, name: &str, version: Timestamp, number: usize) -> Key {
    on_shelf(account, format!("p#{name}@{:015}#{number:04}", version.as_millisecond()))
}

/// All further parts of one version of a sheet.
pub(crate) fn parts(account: &AccountRef, name: &str, version: Timestamp) -> Span {
    let first = part(account, name, version, 0);
    let prefix = format!("p#{name}@{:015}#", version.as_millisecond());
    Span::prefix(Table::Reports, first.pk, prefix)
}
