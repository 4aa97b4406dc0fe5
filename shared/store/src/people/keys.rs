//! Keys of tenants, API keys, origins, frontend tokens and the access log.

use jiff::Timestamp;
use mooring_domain::base::ids::{CredentialId, EventId, TenantId};
use mooring_domain::base::table::Table;

use crate::client::key::{Key, Sort, Span, instant};

pub(crate) fn tenant(id: &TenantId) -> Key {
    Key::new(Table::Directory, id.as_str(), "tenant")
}

pub(crate) fn api_key(tenant: &TenantId, id: &CredentialId) -> Key {
    Key::new(Table::Directory, tenant.as_str(), format!("key#{id}"))
}

/// Selects a tenant's API keys.
pub(crate) fn api_keys(tenant: &TenantId) -> Span {
    let sort = Sort::Prefix("key#".to_owned());
    Span { table: Table::Directory, pk: tenant.as_str().to_owned(), sort }
}

/// Reads the id from a sort key that [`api_key`] made.
pub(crate) fn parse_api_key(sk: &str) -> Option<CredentialId> {
    sk.strip_prefix("key#")?.parse().ok()
}

/// Makes the key of the row with a tenant's counters.
pub(crate) fn count(tenant: &TenantId) -> Key {
    Key::new(Table::Directory, tenant.as_str(), "count")
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

pub(crate) fn frontend_token(tenant: &TenantId, id: &CredentialId) -> Key {
    Key::new(Table::Transient, tenant.as_str(), format!("tok#{id}"))
}
