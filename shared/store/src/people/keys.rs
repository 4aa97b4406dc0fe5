//! Keys of tenants, API keys, origins, frontend tokens and the access log.

use jiff::Timestamp;
use mooring_domain::base::ids::{CredentialId, EventId, TenantId};
use mooring_domain::base::place::{Place, Subject};
use mooring_domain::base::table::Table;
use mooring_domain::people::log_entry::{LogPosition, LogSpan};

use crate::client::key::{Key, Sort, Span, instant};
use crate::client::place::{Scope, narrowed, place};

/// The beginning of the sort keys of API keys.
const API_KEYS: &str = "key#";

/// Names the partition of a tenant's rows in the Directory, which other families share.
///
/// The rows of a tenant's registered origins go with it ([`crate::deletion::purge`]): an origin names the tenant's
/// site, and the Ledger keeps these places for good.
pub(crate) fn places(scope: &Scope<'_>) -> Vec<Place> {
    match scope.subject {
        Subject::Tenant => vec![place(Table::Directory, scope.tenant.as_str(), "")],
        Subject::Connection(_) | Subject::Account(..) => Vec::new(),
    }
}

/// Lists the rows of a tenant's place that go first: the credentials. The tenant's row says that it is deleted.
pub(crate) fn all_but_own(place: &Place) -> Vec<Place> {
    narrowed(place, API_KEYS).into_iter().collect()
}

/// The sort key of a tenant's row.
pub(crate) const TENANT: &str = "tenant";

pub(crate) fn tenant(id: &TenantId) -> Key {
    Key::new(Table::Directory, id.as_str(), TENANT)
}

pub(crate) fn api_key(tenant: &TenantId, id: &CredentialId) -> Key {
    Key::new(Table::Directory, tenant.as_str(), format!("{API_KEYS}{id}"))
}

/// Selects a tenant's API keys.
pub(crate) fn api_keys(tenant: &TenantId) -> Span {
    let sort = Sort::Prefix(API_KEYS.to_owned());
    Span { table: Table::Directory, pk: tenant.as_str().to_owned(), sort }
}

/// Reads the id from a sort key that [`api_key`] made.
pub(crate) fn parse_api_key(sk: &str) -> Option<CredentialId> {
    sk.strip_prefix(API_KEYS)?.parse().ok()
}

/// Makes the key of the row with a tenant's counters.
pub(crate) fn count(tenant: &TenantId) -> Key {
    Key::new(Table::Directory, tenant.as_str(), "count")
}

/// Makes the key of the row with the version of the data.
pub(crate) fn data_version() -> Key {
    Key::new(Table::Directory, "data", "version")
}

pub(crate) fn origin(origin: &str, tenant: &TenantId) -> Key {
    Key::new(Table::Directory, format!("origin#{origin}"), tenant.as_str())
}

/// Selects the tenants that registered an origin.
pub(crate) fn tenants_of_origin(origin: &str) -> Span {
    Span::prefix(Table::Directory, format!("origin#{origin}"), "")
}

pub(crate) fn activity(tenant: &TenantId, at: Timestamp, event: &EventId) -> Key {
    Key::new(Table::Activity, tenant.as_str(), format!("{}#{event}", instant(at)))
}

/// Selects the entries of a tenant's log from an instant on and before another; with a position, those up to it.
pub(crate) fn activities(tenant: &TenantId, span: LogSpan, until: Option<&LogPosition>) -> Span {
    let (first, end) = (instant(span.from), instant(span.to));
    let last = until.map_or(end.as_str(), LogPosition::as_str).min(end.as_str()).to_owned();
    // DynamoDB refuses a range that ends before it begins.
    let last = if last < first { first.clone() } else { last };
    Span::between(Table::Activity, tenant.as_str(), first, last)
}

pub(crate) fn frontend_token(tenant: &TenantId, id: &CredentialId) -> Key {
    Key::new(Table::Transient, tenant.as_str(), format!("tok#{id}"))
}

/// Makes one key with each constructor.
#[cfg(test)]
pub(crate) fn samples(of: &crate::client::samples::Ids) -> Vec<crate::client::samples::Sample> {
    use crate::client::samples::Emptied;
    let ten = &of.account.tenant;
    vec![
        (tenant(ten), Emptied::WithTenant),
        (api_key(ten, &of.credential), Emptied::WithTenant),
        (count(ten), Emptied::WithTenant),
        (frontend_token(ten, &of.credential), Emptied::WithTenant),
        (data_version(), Emptied::Never("it is a fact of the whole deployment")),
        (
            origin("https://shop.example", ten),
            Emptied::Never(
                "the Ledger must not name a site: the purge reads the origins from the tenant's row",
            ),
        ),
        (
            activity(ten, of.at, &of.event),
            Emptied::Never("the log holds opaque ids and expires by itself, which the receipt says"),
        ),
    ]
}
