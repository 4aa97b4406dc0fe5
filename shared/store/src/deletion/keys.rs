//! Keys of the Ledger, and of the row in Transient that names a deletion's end user.

use mooring_domain::base::ids::{DeletionId, EventId, TenantId};
use mooring_domain::base::secret::Digest;
use mooring_domain::base::table::Table;

use crate::client::key::{Key, Span};

/// Makes the key of the row that names a deletion's end user. Once the connection's own rows are gone, no
/// other row names them.
pub(crate) fn owner(tenant: &TenantId, id: &DeletionId) -> Key {
    Key::new(Table::Transient, tenant.as_str(), format!("own#{id}"))
}

pub(crate) fn deletion(tenant: &TenantId, id: &DeletionId) -> Key {
    Key::new(Table::Ledger, tenant.as_str(), id.as_str())
}

/// The beginning of the sort keys of deletions.
pub(crate) const DELETIONS: &str = "del_";

/// Selects a tenant's deletions from one on, that one included.
pub(crate) fn deletions_from(tenant: &TenantId, from: Option<&DeletionId>) -> Span {
    let first = from.map_or(DELETIONS, DeletionId::as_str).to_owned();
    Span::between(Table::Ledger, tenant.as_str(), first, "del_~".to_owned())
}

pub(crate) fn audit(tenant: &TenantId, event: &EventId) -> Key {
    Key::new(Table::Ledger, tenant.as_str(), format!("aud#{event}"))
}

pub(crate) fn code(digest: &Digest) -> Key {
    Key::new(Table::Ledger, format!("code#{}", digest.to_hex()), "code")
}

/// Makes the key of the deletions that a mailed link began.
pub(crate) fn linked(link: &Digest) -> Key {
    Key::new(Table::Ledger, format!("code#{}", link.to_hex()), "link")
}

/// The due index's hash key of deletions.
pub(crate) const DUE_DELETIONS: &str = "due";

/// Makes one key with each constructor.
#[cfg(test)]
pub(crate) fn samples(of: &crate::client::samples::Ids) -> Vec<crate::client::samples::Sample> {
    use crate::client::samples::Emptied;
    const PROOF: Emptied = Emptied::Never("the Ledger keeps the proof of deletions, with opaque ids alone");
    let tenant = &of.account.tenant;
    vec![
        (owner(tenant, &of.deletion), Emptied::WithTenant),
        (deletion(tenant, &of.deletion), PROOF),
        (audit(tenant, &of.event), PROOF),
        (code(&of.digest), PROOF),
        (linked(&of.digest), PROOF),
    ]
}
