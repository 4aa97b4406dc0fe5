//! Keys of the rows behind guards: idempotency records and buckets of rate limits.
//!
//! Buckets have partitions of their own, so that a role can get these rows and no others of the table.

use mooring_domain::base::ids::{CredentialId, TenantId};
use mooring_domain::base::place::{Place, Subject};
use mooring_domain::base::secret::Digest;
use mooring_domain::base::table::Table;
use mooring_domain::guard::limits::Bucket;

use crate::client::key::Key;
use crate::client::place::{Scope, place};

/// Names the partitions of a tenant's short-lived rows: its own, which other families share, and its buckets.
pub(crate) fn places(scope: &Scope<'_>) -> Vec<Place> {
    match scope.subject {
        Subject::Tenant => [scope.tenant.to_string(), buckets(scope.tenant)]
            .map(|partition| place(Table::Transient, partition, ""))
            .to_vec(),
        Subject::Connection(_) | Subject::Account(..) => Vec::new(),
    }
}

/// Makes the key of an idempotency record by its derived name.
pub(crate) fn repeat(tenant: &TenantId, name: &Digest) -> Key {
    Key::new(Table::Transient, tenant.as_str(), format!("idem#{}", name.to_hex()))
}

/// Returns the partition of a tenant's buckets.
pub(crate) fn buckets(tenant: &TenantId) -> String {
    format!("rate#{tenant}")
}

pub(crate) fn bucket(bucket: &Bucket) -> Key {
    let owner = bucket.credential.as_ref().map_or("tenant", CredentialId::as_str);
    Key::new(Table::Transient, buckets(&bucket.tenant), owner)
}

/// Makes one key with each constructor.
#[cfg(test)]
pub(crate) fn samples(of: &crate::client::samples::Ids) -> Vec<crate::client::samples::Sample> {
    use crate::client::samples::Emptied;
    let tenant = of.account.tenant.clone();
    vec![
        (repeat(&tenant, &of.digest), Emptied::WithTenant),
        (bucket(&Bucket { tenant, credential: Some(of.credential.clone()) }), Emptied::WithTenant),
    ]
}
