//! A tenant: one customer organisation of the product.

use crate::base::ids::TenantId;
use crate::people::access_log::PseudonymKey;

/// What the Directory knows of a tenant that requests need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// The organisation's display name, shown on the connect page.
    pub name: String,
    /// False from the moment its deletion was asked for.
    pub active: bool,
    /// Where the connect flow may return to: exact URLs.
    pub return_urls: Vec<String>,
    /// Which browser origins may call the API: exact origins.
    pub origins: Vec<String>,
    /// The key of its pseudonyms in the access log; without one the log leaves end users out.
    pub pseudonyms: Option<PseudonymKey>,
}
