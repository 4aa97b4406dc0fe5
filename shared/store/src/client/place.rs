//! The places of deletions as partitions and prefixes of sort keys. The families name their own places.

use mooring_domain::base::ids::{AccountId, TenantId};
use mooring_domain::base::place::{Locator, Place, Subject};
use mooring_domain::base::table::Table;

/// The subject whose places are asked for, and the ids that make up its keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// The tenant.
    pub(crate) tenant: &'a TenantId,
    /// The connection, account or tenant that is deleted.
    pub(crate) subject: &'a Subject,
    /// The accounts of a connection that is deleted.
    pub(crate) accounts: &'a [AccountId],
}

/// Makes a place; an empty prefix selects the whole partition.
pub(crate) fn place(class: Table, partition: impl Into<String>, prefix: impl Into<String>) -> Place {
    Place { class, locator: Locator::new(partition, prefix) }
}

/// Returns the rows of a place whose sort keys begin with a prefix; `None` where the place can have none.
pub(crate) fn narrowed(whole: &Place, to: &str) -> Option<Place> {
    let (partition, prefix) = whole.locator.texts();
    if prefix.starts_with(to) {
        return Some(whole.clone());
    }
    to.starts_with(prefix).then(|| place(whole.class, partition, to))
}
