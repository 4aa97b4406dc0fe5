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
//! | Reports | `<ten>#<con>#<acc>` | `r#<name>` | newest version of a sheet, with its first part |
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

mod due;
mod guards;
mod hooks;
mod sheets;

use jiff::Timestamp;
use jiff::civil::Date;
use mooring_domain::connection::{key_slot, token_slot};
use mooring_domain::deletion::{Place, Table};
use mooring_domain::ids::{AccountId, ConnectionId, CredentialId, DeletionId, EventId, TenantId};
use mooring_domain::keys::KeyContext;
use mooring_domain::ports::AccountRef;
use mooring_domain::secret::Digest;

pub(crate) use due::{
    DUE_DELETIONS, DUE_EVENTS, DUE_OUTBOX, DUE_PROBES, DUE_TRIES, EARLIEST, due_held, due_mail, due_minute,
    due_shard, instant,
};
pub(crate) use guards::{
    breaker, bucket, buckets, links_ended, mail_pace, mail_request, mail_source, repeat,
};
pub(crate) use hooks::{
    deliveries_before, delivery, endpoint, endpoint_secrets, endpoints_from, hook_event, hook_vault,
    parse_endpoint, parse_job,
};
pub(crate) use sheets::{head, heads, parse_head, part, parts, past, past_until, shelf};

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
    /// The sort key.
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

impl Key {
    fn new(table: Table, pk: impl Into<String>, sk: impl Into<String>) -> Self {
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

    fn between(table: Table, pk: impl Into<String>, first: String, last: String) -> Self {
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

pub(crate) fn tenant(id: &TenantId) -> Key {
    Key::new(Table::Directory, id.as_str(), "tenant")
}

pub(crate) fn api_key(tenant: &TenantId, id: &CredentialId) -> Key {
    Key::new(Table::Directory, tenant.as_str(), format!("key#{id}"))
}

/// A tenant's API keys.
pub(crate) fn api_keys(tenant: &TenantId) -> Span {
    let sort = Sort::Prefix("key#".to_owned());
    Span { table: Table::Directory, pk: tenant.as_str().to_owned(), sort }
}

/// The key in a sort key that [`api_key`] made.
pub(crate) fn parse_api_key(sk: &str) -> Option<CredentialId> {
    sk.strip_prefix("key#")?.parse().ok()
}

/// The row with a tenant's counters.
pub(crate) fn count(tenant: &TenantId) -> Key {
    Key::new(Table::Directory, tenant.as_str(), "count")
}

pub(crate) fn origin(origin: &str, tenant: &TenantId) -> Key {
    Key::new(Table::Directory, format!("origin#{origin}"), tenant.as_str())
}

/// The tenants that registered an origin.
pub(crate) fn tenants_of_origin(origin: &str) -> Span {
    Span::prefix(Table::Directory, format!("origin#{origin}"), "")
}

/// The row by which a mailbox finds a connection. It lies among the connection's own rows, so that a deletion finds it
/// without knowing the mailbox.
pub(crate) fn mail(tenant: &TenantId, connection: &ConnectionId) -> Key {
    of_home(tenant, connection, "mail")
}

/// Tells whether a row of a connection is in the due index.
pub(crate) fn is_indexed(sk: &str) -> bool {
    sk == "mail" || is_life(sk) || is_held(sk) || parse_account(sk).is_some() || parse_outbox(sk).is_some()
}

pub(crate) fn connection(tenant: &TenantId, id: &ConnectionId) -> Key {
    Key::new(Table::Connections, tenant.as_str(), id.as_str())
}

/// A tenant's connections from one on, that one included; `~` sorts behind every character of an id.
pub(crate) fn connections_from(tenant: &TenantId, from: Option<&ConnectionId>) -> Span {
    let first = from.map_or("con_", ConnectionId::as_str).to_owned();
    Span::between(Table::Connections, tenant.as_str(), first, "con_~".to_owned())
}

fn of_home(tenant: &TenantId, connection: &ConnectionId, sk: impl Into<String>) -> Key {
    Key::new(Table::Connections, home(tenant, connection), sk)
}

pub(crate) fn fence(tenant: &TenantId, connection: &ConnectionId) -> Key {
    of_home(tenant, connection, "fence")
}

/// What is known of a connection's grant.
pub(crate) fn life(tenant: &TenantId, connection: &ConnectionId) -> Key {
    of_home(tenant, connection, LIFE)
}

/// Tells whether a key is one that [`life`] made.
pub(crate) fn is_life(sk: &str) -> bool {
    sk == LIFE
}

const LIFE: &str = "life";

pub(crate) fn candidate(tenant: &TenantId, connection: &ConnectionId, number: usize) -> Key {
    of_home(tenant, connection, format!("cand#{number}"))
}

/// The number in a key that [`candidate`] made.
pub(crate) fn parse_candidate(sk: &str) -> Option<usize> {
    sk.strip_prefix("cand#")?.parse().ok()
}

pub(crate) fn outbox(tenant: &TenantId, connection: &ConnectionId, job: &str, account: &AccountId) -> Key {
    of_home(tenant, connection, format!("outbox#{job}#{account}"))
}

/// Job and account in a key that [`outbox`] made.
pub(crate) fn parse_outbox(sk: &str) -> Option<(&str, AccountId)> {
    let (job, account) = sk.strip_prefix("outbox#")?.rsplit_once('#')?;
    Some((job, account.parse().ok()?))
}

pub(crate) fn account(tenant: &TenantId, connection: &ConnectionId, id: &AccountId) -> Key {
    of_home(tenant, connection, format!("acc#{id}"))
}

/// The account in a key that [`account`] made; the rows below an account are not meant.
pub(crate) fn parse_account(sk: &str) -> Option<AccountId> {
    sk.strip_prefix("acc#")?.parse().ok()
}

pub(crate) fn account_fence(tenant: &TenantId, connection: &ConnectionId, id: &AccountId) -> Key {
    of_home(tenant, connection, format!("acc#{id}#fence"))
}

/// Tells whether a key is of an account's fence.
pub(crate) fn is_account_fence(sk: &str) -> bool {
    sk.starts_with("acc#") && sk.ends_with("#fence")
}

/// The row by which an account's fingerprint finds it. It lies among the account's own rows, so that a deletion finds it
/// without knowing the fingerprint.
pub(crate) fn held(tenant: &TenantId, connection: &ConnectionId, id: &AccountId) -> Key {
    of_home(tenant, connection, format!("acc#{id}#held"))
}

/// Tells whether a key is one that [`held`] made.
fn is_held(sk: &str) -> bool {
    sk.starts_with("acc#") && sk.ends_with("#held")
}

/// Rows of a connection's partition whose sort key begins so.
pub(crate) fn rows_of(tenant: &TenantId, connection: &ConnectionId, prefix: &str) -> Span {
    Span::prefix(Table::Connections, home(tenant, connection), prefix)
}

pub(crate) fn sync_state(account: &AccountRef) -> Key {
    of_home(&account.tenant, &account.connection, format!("acc#{}#sync", account.account))
}

pub(crate) fn checkpoint(account: &AccountRef, job: &str) -> Key {
    of_home(&account.tenant, &account.connection, format!("acc#{}#job#{job}", account.account))
}

/// What is known of the week that a day lies in.
pub(crate) fn days(account: &AccountRef, day: Date) -> Key {
    let sk = format!("acc#{}#days#{}", account.account, monday(day));
    of_home(&account.tenant, &account.connection, sk)
}

/// The weeks that two days lie in, and those between them.
pub(crate) fn weeks(account: &AccountRef, from: Date, to: Date) -> Span {
    let (first, last) = (days(account, from), days(account, to));
    Span::between(Table::Connections, first.pk, first.sk, last.sk)
}

/// The Monday on or before a day.
pub(crate) fn monday(day: Date) -> Date {
    let since = i64::from(day.weekday().to_monday_zero_offset());
    day.checked_sub(jiff::Span::new().days(since)).unwrap_or(day)
}

/// The Monday in a key that [`days`] made.
pub(crate) fn parse_week(sk: &str) -> Option<Date> {
    sk.rsplit_once('#')?.1.parse().ok()
}

pub(crate) fn data_key(context: &KeyContext) -> Key {
    let pk = format!("{}#{}", context.tenant_text(), context.connection_text());
    Key::new(Table::Vault, pk, key_slot(context.purpose, context.account.as_ref()))
}

pub(crate) fn token(tenant: &TenantId, connection: &ConnectionId, name: &str, version: u64) -> Key {
    Key::new(Table::Vault, home(tenant, connection), token_slot(name, version))
}

/// The version in a key that [`token`] made.
pub(crate) fn parse_token_version(sk: &str) -> Option<u64> {
    sk.strip_prefix("tok#")?.rsplit_once('#')?.1.parse().ok()
}

/// Vault rows of a connection whose sort key begins so.
pub(crate) fn vault(tenant: &TenantId, connection: &ConnectionId, prefix: &str) -> Span {
    Span::prefix(Table::Vault, home(tenant, connection), prefix)
}

pub(crate) fn app_secret(app: &str, name: &str) -> Key {
    Key::new(Table::Vault, format!("-#app_{app}"), format!("sec#{name}"))
}

pub(crate) fn activity(tenant: &TenantId, at: Timestamp, event: &EventId) -> Key {
    Key::new(Table::Activity, tenant.as_str(), format!("{}#{event}", instant(at)))
}

pub(crate) fn short(digest: &Digest, kind: Short) -> Key {
    Key::new(Table::Transient, digest.to_hex(), kind.as_str())
}

pub(crate) fn frontend_token(tenant: &TenantId, id: &CredentialId) -> Key {
    Key::new(Table::Transient, tenant.as_str(), format!("tok#{id}"))
}

/// Whose deletion it is; with the connection's own rows gone, nothing else says so.
pub(crate) fn owner(tenant: &TenantId, id: &DeletionId) -> Key {
    Key::new(Table::Transient, tenant.as_str(), format!("own#{id}"))
}

pub(crate) fn deletion(tenant: &TenantId, id: &DeletionId) -> Key {
    Key::new(Table::Ledger, tenant.as_str(), id.as_str())
}

/// A tenant's deletions from one on, that one included.
pub(crate) fn deletions_from(tenant: &TenantId, from: Option<&DeletionId>) -> Span {
    let first = from.map_or("del_", DeletionId::as_str).to_owned();
    Span::between(Table::Ledger, tenant.as_str(), first, "del_~".to_owned())
}

pub(crate) fn audit(tenant: &TenantId, event: &EventId) -> Key {
    Key::new(Table::Ledger, tenant.as_str(), format!("aud#{event}"))
}

pub(crate) fn code(digest: &Digest) -> Key {
    Key::new(Table::Ledger, format!("code#{}", digest.to_hex()), "code")
}

#[cfg(test)]
mod tests;
