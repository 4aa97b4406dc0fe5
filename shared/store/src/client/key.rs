//! Builds and parses all keys. No other module of the program knows the layout.
//!
//! Keys hold only ids, digests and fingerprints.
//!
//! | table | pk | sk | row |
//! |---|---|---|---|
//! | Directory | `<ten>` | `tenant` | tenant |
//! | | `<ten>` | `key#<key>` | API key |
//! | | `<ten>` | `hook#<whe>` | webhook endpoint |
//! | | `<ten>` | `count` | numbers of API keys and webhook endpoints |
//! | | `origin#<origin>` | `<ten>` | registered browser origin |
//! | | `data` | `version` | version of the data, and the release that began it |
//! | Connections | `<ten>` | `<con>` | connection |
//! | | `<ten>#<con>` | `fence` | state of the connection |
//! | | | `cand#<n>` | sealed list of accounts to choose from |
//! | | | `mail` | place in the due index by the fingerprint of the owner's mailbox |
//! | | | `outbox#<job>#<acc>` | job that waits to be sent; in the due index |
//! | | | `life` | life of the grant; in the due index |
//! | | | `acc#<acc>` | account; in the due index |
//! | | | `acc#<acc>#fence` | state of the account |
//! | | | `acc#<acc>#held` | place in the due index by tenant and the account's fingerprint |
//! | | | `acc#<acc>#sync` | state of its syncs |
//! | | | `acc#<acc>#job#<job>` | checkpoint |
//! | | | `acc#<acc>#days#<monday>` | completeness of a week, all levels |
//! | Vault | `<ten>#<con>` | `key#token#-`, `key#data#-`, `key#data#<acc>` | wrapped data key |
//! | | | `tok#<name>#<version>` | sealed token |
//! | | `-#app_<name>` | `key#secret#-`, `sec#<name>` | the deployment's own key and secrets |
//! | | `<ten>#hooks` | `<whe>` | sealed address and secrets of a webhook endpoint, with their wrapped keys |
//! | Reports | `<ten>#<con>#<acc>` | `r#<name>` | newest version of a chunk, with its first part |
//! | | | `p#<name>@<version>#<part>` | further part |
//! | | | `h#<name>@<version>` | earlier version, copied unchanged |
//! | Activity | `<ten>` | `<time>#<evt>` | entry of the sync log or the access log |
//! | | `hook#<ten>` | `evt#<evt>` | event for webhooks; in the due index until its deliveries are made |
//! | | | `dlv#<whe>#<dlv>` | delivery of a webhook and its tries; in the due index until the last try |
//! | Transient | `<digest>` | `session`, `transaction`, `way`, `ticket`, `code`, `link` | short-lived row |
//! | | `<ten>` | `tok#<key>` | frontend token |
//! | | `<ten>` | `idem#<digest>` | idempotency record |
//! | | `<ten>` | `own#<del>` | end user whose deletion runs, until its `delete_by` |
//! | | `mail#<mai>` | `request` | request for a mail, its address sealed |
//! | | `mail#<fingerprint>` | `pace`, `ended` | number of mails to an address, end of its links |
//! | | | `from#<window>` | number of requests of a source |
//! | | `breaker#<platform>#<context>` | `breaker` | state of the breaker before a platform |
//! | | `rate#<ten>` | `tenant`, `<key>` | bucket of a rate limit |
//! | Ledger | `<ten>` | `<del>` | deletion; in the due index |
//! | | `<ten>` | `aud#<evt>` | audit event |
//! | | `code#<sha256>` | `code` | public code of a deletion |
//! | | | `link` | deletions that a mailed link began |

use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::base::ids::{AccountId, ConnectionId, TenantId};
use mooring_domain::base::place::Place;
use mooring_domain::base::table::Table;

use crate::client::item::{Fields, PK, SK};

/// The address of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) table: Table,
    pub(crate) pk: String,
    pub(crate) sk: String,
}

/// Selects sort keys of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sort {
    /// All sort keys.
    All,
    /// The sort keys with this prefix.
    Prefix(String),
    /// The sort keys in a range, both ends included.
    Between(String, String),
}

/// Some rows of one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) table: Table,
    pub(crate) pk: String,
    pub(crate) sort: Sort,
}

impl Key {
    pub(crate) fn new(table: Table, pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { table, pk: pk.into(), sk: sk.into() }
    }

    /// Reads the key of a stored row.
    pub(crate) fn read(table: Table, fields: Fields<'_>) -> Result<Self> {
        Ok(Self::new(table, fields.text(PK)?, fields.text(SK)?))
    }
}

impl Span {
    /// Makes the span of all rows of a partition whose sort key has a prefix.
    pub(crate) fn prefix(table: Table, pk: impl Into<String>, prefix: impl Into<String>) -> Self {
        let prefix = prefix.into();
        let sort = if prefix.is_empty() { Sort::All } else { Sort::Prefix(prefix) };
        Self { table, pk: pk.into(), sort }
    }

    pub(crate) fn between(table: Table, pk: impl Into<String>, first: String, last: String) -> Self {
        Self { table, pk: pk.into(), sort: Sort::Between(first, last) }
    }

    /// Makes the span of a deletion's place.
    pub(crate) fn place(place: &Place) -> Self {
        let (partition, prefix) = place.locator.texts();
        Self::prefix(place.class, partition, prefix)
    }
}

/// Returns the partition of a connection's own rows in Connections and in the Vault.
pub(crate) fn home(tenant: &TenantId, connection: &ConnectionId) -> String {
    format!("{tenant}#{connection}")
}

/// Reads tenant and connection from a partition that [`home`] made.
pub(crate) fn parse_home(text: &str) -> Option<(TenantId, ConnectionId)> {
    let (tenant, connection) = text.split_once('#')?;
    Some((tenant.parse().ok()?, connection.parse().ok()?))
}

/// Makes the key of a row in a connection's own partition.
pub(crate) fn of_home(tenant: &TenantId, connection: &ConnectionId, sk: impl Into<String>) -> Key {
    Key::new(Table::Connections, home(tenant, connection), sk)
}

/// Makes the span of the rows of a connection's partition whose sort key has a prefix.
pub(crate) fn rows_of(tenant: &TenantId, connection: &ConnectionId, prefix: &str) -> Span {
    Span::prefix(Table::Connections, home(tenant, connection), prefix)
}

/// Returns the sort key of an account's own row, with which the sort keys of the rows below the account begin.
pub(crate) fn account_row(id: &AccountId) -> String {
    format!("acc#{id}")
}

/// Reads the account from a sort key that [`account_row`] made; returns `None` for the rows below an account.
pub(crate) fn parse_account(sk: &str) -> Option<AccountId> {
    sk.strip_prefix("acc#")?.parse().ok()
}

/// Sorts before every instant that [`instant`] writes. DynamoDB refuses an empty text in keys.
pub(crate) const EARLIEST: &str = "0";

/// Writes an instant in milliseconds and with a fixed width, so that texts sort as instants do.
pub(crate) fn instant(at: Timestamp) -> String {
    format!("{at:.3}")
}
