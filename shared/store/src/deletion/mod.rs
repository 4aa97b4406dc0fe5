//! The transaction that begins a deletion, the Ledger, and the purges.

pub(crate) mod audit_items;
pub(crate) mod begin_deletion;
pub(crate) mod items;
pub(crate) mod keys;
pub(crate) mod ledger;
pub(crate) mod places;
pub(crate) mod purge;
