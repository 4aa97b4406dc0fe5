//! Where every row is: all building and parsing of keys. Nothing else knows the layout.
//!
//! Keys hold ids, digests and fingerprints only.
//!
//! | table | pk | sk | row |
//! |---|---|---|---|
//! | Directory | `<ten>` | `tenant` | tenant |
//! | | `<ten>` | `key#<key>` | API key |
//! | | `<ten>` | `hook#<whe>` | webhook endpoint |
//! | | `<ten>` | `count` | how many keys and endpoints there are |
//! | | `origin#<origin>` | `<ten>` | registered browser origin |
//! | Connections | `<ten>` | `<con>` | connection |
//! | | `<ten>#<con>` | `fence` | state of the connection |
//! | | | `cand#<n>` | sealed list of accounts to choose from |
//! | | | `mail` | whose mailbox it is; in the due index, by the mailbox's fingerprint |
//! | | | `outbox#<job>#<acc>` | job to send; in the due index |
//! | | | `life` | what is known of the grant; in the due index |
//! | | | `acc#<acc>` | account; in the due index |
//! | | | `acc#<acc>#fence` | state of the account |
//! | | | `acc#<acc>#held` | that it is connected; in the due index, by tenant and the account's fingerprint |
//! | | | `acc#<acc>#sync` | what is remembered of its syncs |
//! | | | `acc#<acc>#job#<job>` | checkpoint |
//! | | | `acc#<acc>#days#<monday>` | completeness of a week, all levels |
//! | Vault | `<ten>#<con>` | `key#token#-`, `key#data#-`, `key#data#<acc>` | wrapped data key |
//! | | | `tok#<name>#<version>` | sealed token |
//! | | `-#app_<name>` | `key#secret#-`, `sec#<name>` | the deployment's own key and secrets |
//! | | `<ten>#hooks` | `<whe>` | a webhook endpoint's address and secrets, sealed, with their wrapped keys |
//! | Reports | `<ten>#<con>#<acc>` | `r#<name>` | newest version of a chunk, with its first part |
//! | | | `p#<name>@<version>#<part>` | further part |
//! | | | `h#<name>@<version>` | earlier version, as it was |
//! | Activity | `<ten>` | `<time>#<evt>` | entry of the sync log or the access log |
//! | | `hook#<ten>` | `evt#<evt>` | event for webhooks; in the due index until its deliveries are made |
//! | | | `dlv#<whe>#<dlv>` | delivery of a webhook with its tries; in the due index while one is to come |
//! | Transient | `<digest>` | `session`, `transaction`, `way`, `ticket`, `code`, `link` | short-lived row |
//! | | `<ten>` | `tok#<key>` | frontend token |
//! | | `<ten>` | `idem#<digest>` | call that may be repeated |
//! | | `<ten>` | `own#<del>` | whose deletion it is, while it runs |
//! | | `mail#<mai>` | `request` | request for a mail, its address sealed |
//! | | `mail#<fingerprint>` | `pace`, `ended` | how often an address was written to, when its links ended |
//! | | | `from#<window>` | how often a source asked |
//! | | `breaker#<platform>#<context>` | `breaker` | what is known of a platform that is away |
//! | | `rate#<ten>` | `tenant`, `<key>` | bucket of a rate limit |
//! | Ledger | `<ten>` | `<del>` | deletion; in the due index |
//! | | `<ten>` | `aud#<evt>` | audit event |
//! | | `code#<sha256>` | `code` | public code of a deletion |

use jiff::Timestamp;
use mooring_domain::base::ids::{ConnectionId, TenantId};
use mooring_domain::base::table::Table;
use mooring_domain::deletion::places::Place;

/// The address of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) table: Table,
    pub(crate) pk: String,
    pub(crate) sk: String,
}

/// Which sort keys of a partition are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sort {
    /// All of them.
    All,
    /// Those that begin so.
    Prefix(String),
    /// Those in a range, both ends included.
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
}

impl Span {
    /// Everything of a partition whose sort key begins so.
    pub(crate) fn prefix(table: Table, pk: impl Into<String>, prefix: impl Into<String>) -> Self {
        let prefix = prefix.into();
        let sort = if prefix.is_empty() { Sort::All } else { Sort::Prefix(prefix) };
        Self { table, pk: pk.into(), sort }
    }

    pub(crate) fn between(table: Table, pk: impl Into<String>, first: String, last: String) -> Self {
        Self { table, pk: pk.into(), sort: Sort::Between(first, last) }
    }

    /// The span of a place.
    pub(crate) fn place(place: &Place) -> Self {
        Self::prefix(place.table, place.partition.as_str(), place.prefix.as_str())
    }
}

/// The partition of a connection's own rows, here and in the Vault.
pub(crate) fn home(tenant: &TenantId, connection: &ConnectionId) -> String {
    format!("{tenant}#{connection}")
}

/// Reads what [`home`] wrote.
pub(crate) fn parse_home(text: &str) -> Option<(TenantId, ConnectionId)> {
    let (tenant, connection) = text.split_once('#')?;
    Some((tenant.parse().ok()?, connection.parse().ok()?))
}

/// A row of a connection's own partition.
pub(crate) fn of_home(tenant: &TenantId, connection: &ConnectionId, sk: impl Into<String>) -> Key {
    Key::new(Table::Connections, home(tenant, connection), sk)
}

/// Rows of a connection's partition whose sort key begins so.
pub(crate) fn rows_of(tenant: &TenantId, connection: &ConnectionId, prefix: &str) -> Span {
    Span::prefix(Table::Connections, home(tenant, connection), prefix)
}

/// Sorts before every instant that [`instant`] writes: an empty text is refused in keys.
pub(crate) const EARLIEST: &str = "0";

/// An instant in milliseconds and fixed width, so that texts sort as times do.
pub(crate) fn instant(at: Timestamp) -> String {
    format!("{at:.3}")
}
