//! Keys of connections, accounts, fences, and of the short-lived rows of the connect flow.

use mooring_domain::base::ids::{AccountId, ConnectionId, TenantId};
use mooring_domain::base::place::{Place, Subject};
use mooring_domain::base::secret::{Digest, Fingerprint};
use mooring_domain::base::table::Table;

use crate::client::key::{Key, Span, account_row, home, of_home, parse_account, parse_home};
use crate::client::place::{Scope, narrowed, place};
use crate::sync::keys::parse_outbox;

/// Names the places of connections and accounts, with everything in a connection's own partition.
pub(crate) fn places(scope: &Scope<'_>) -> Vec<Place> {
    let Scope { tenant, subject, .. } = scope;
    let rows = |partition: &str, prefix: &str| place(Table::Connections, partition, prefix);
    match subject {
        Subject::Connection(id) => {
            vec![rows(tenant.as_str(), id.as_str()), rows(&home(tenant, id), "")]
        }
        Subject::Account(id, account) => vec![rows(&home(tenant, id), &account_row(account))],
        Subject::Tenant => vec![rows(tenant.as_str(), "")],
    }
}

/// Lists a place without the row of its connection or account itself.
pub(crate) fn all_but_own(place: &Place) -> Vec<Place> {
    let (partition, prefix) = place.locator.texts();
    if parse_home(partition).is_none() {
        return Vec::new();
    }
    let below = parse_account(prefix).map(|_| format!("{prefix}#"));
    narrowed(place, below.as_deref().unwrap_or(prefix)).into_iter().collect()
}

/// A kind of short-lived row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Short {
    Session,
    Transaction,
    Ticket,
    Code,
    Link,
    Way,
}

impl Short {
    /// Returns the sort key.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Transaction => "transaction",
            Self::Ticket => "ticket",
            Self::Code => "code",
            Self::Link => "link",
            Self::Way => "way",
        }
    }
}

/// Makes the key of the row by which a mailbox finds a connection. The row lies among the connection's own
/// rows, so that a deletion finds it without knowing the mailbox.
pub(crate) fn mail(tenant: &TenantId, connection: &ConnectionId) -> Key {
    of_home(tenant, connection, "mail")
}

/// Returns whether a row of a connection is in the due index.
pub(crate) fn is_indexed(sk: &str) -> bool {
    sk == "mail" || is_life(sk) || is_held(sk) || parse_account(sk).is_some() || parse_outbox(sk).is_some()
}

pub(crate) fn connection(tenant: &TenantId, id: &ConnectionId) -> Key {
    Key::new(Table::Connections, tenant.as_str(), id.as_str())
}

/// Selects a tenant's connections from one on, that one included; `~` sorts after every character of an id.
pub(crate) fn connections_from(tenant: &TenantId, from: Option<&ConnectionId>) -> Span {
    let first = from.map_or("con_", ConnectionId::as_str).to_owned();
    Span::between(Table::Connections, tenant.as_str(), first, "con_~".to_owned())
}

pub(crate) fn fence(tenant: &TenantId, connection: &ConnectionId) -> Key {
    of_home(tenant, connection, "fence")
}

/// Makes the key of the life of a connection's grant.
pub(crate) fn life(tenant: &TenantId, connection: &ConnectionId) -> Key {
    of_home(tenant, connection, LIFE)
}

/// Returns whether [`life`] made the key.
pub(crate) fn is_life(sk: &str) -> bool {
    sk == LIFE
}

const LIFE: &str = "life";

pub(crate) fn candidate(tenant: &TenantId, connection: &ConnectionId, number: usize) -> Key {
    of_home(tenant, connection, format!("cand#{number}"))
}

/// Reads the number from a key that [`candidate`] made.
pub(crate) fn parse_candidate(sk: &str) -> Option<usize> {
    sk.strip_prefix("cand#")?.parse().ok()
}

pub(crate) fn account(tenant: &TenantId, connection: &ConnectionId, id: &AccountId) -> Key {
    of_home(tenant, connection, account_row(id))
}

pub(crate) fn account_fence(tenant: &TenantId, connection: &ConnectionId, id: &AccountId) -> Key {
    of_home(tenant, connection, format!("{}#fence", account_row(id)))
}

/// Returns whether a key belongs to an account's fence.
pub(crate) fn is_account_fence(sk: &str) -> bool {
    sk.starts_with("acc#") && sk.ends_with("#fence")
}

/// Makes the key of the row by which an account's fingerprint finds it. The row lies among the account's own
/// rows, so that a deletion finds it without knowing the fingerprint.
pub(crate) fn held(tenant: &TenantId, connection: &ConnectionId, id: &AccountId) -> Key {
    of_home(tenant, connection, format!("{}#held", account_row(id)))
}

/// Returns whether [`held`] made the key.
fn is_held(sk: &str) -> bool {
    sk.starts_with("acc#") && sk.ends_with("#held")
}

pub(crate) fn short(digest: &Digest, kind: Short) -> Key {
    Key::new(Table::Transient, digest.to_hex(), kind.as_str())
}

/// Returns the due index's hash key of a mailbox's connections; their range key is [`crate::client::key::EARLIEST`].
pub(crate) fn due_mail(mail: &Fingerprint) -> String {
    format!("mail#{}", mail.0)
}

/// Returns the due index's hash key of the connections of a tenant that hold an account; their range key is
/// [`crate::client::key::EARLIEST`].
pub(crate) fn due_held(tenant: &TenantId, account: &Fingerprint) -> String {
    format!("held#{tenant}#{}", account.0)
}

/// Makes one key with each constructor.
#[cfg(test)]
pub(crate) fn samples(of: &crate::client::samples::Ids) -> Vec<crate::client::samples::Sample> {
    use crate::client::samples::Emptied;
    let (ten, con, acc) = (&of.account.tenant, &of.account.connection, &of.account.account);
    vec![
        (connection(ten, con), Emptied::WithConnection),
        (connection(ten, con), Emptied::WithTenant),
        (mail(ten, con), Emptied::WithConnection),
        (fence(ten, con), Emptied::WithConnection),
        (life(ten, con), Emptied::WithConnection),
        (candidate(ten, con, 1), Emptied::WithConnection),
        (account(ten, con, acc), Emptied::WithAccount),
        (account_fence(ten, con, acc), Emptied::WithAccount),
        (held(ten, con, acc), Emptied::WithAccount),
        (
            short(&of.digest, Short::Session),
            Emptied::Never("the row lies under the hash of a secret, and expires within days"),
        ),
    ]
}
