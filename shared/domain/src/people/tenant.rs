//! A tenant: one customer organisation of the product.

use crate::base::ids::TenantId;
use crate::people::access_log::PseudonymKey;

/// The facts of a tenant in the Directory that requests need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// The tenant's id.
    pub id: TenantId,
    /// The organisation's display name, shown on the connect page.
    pub name: String,
    /// False from the moment that the tenant's deletion was asked for.
    pub active: bool,
    /// The exact URLs that the connect flow may return to.
    pub return_urls: Vec<String>,
    /// The exact browser origins that may call the API.
    pub origins: Vec<String>,
    /// The key of the tenant's pseudonyms in the access log; without a key the log leaves end users out.
    pub pseudonyms: Option<PseudonymKey>,
}
