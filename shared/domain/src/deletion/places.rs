//! What a deletion is about, and the places that it empties.

use crate::base::ids::{AccountId, ConnectionId};
use crate::base::table::Table;

/// What a deletion is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// One connection with all its accounts.
    Connection(ConnectionId),
    /// One account of a connection that lives on.
    Account(ConnectionId, AccountId),
    /// The whole tenant.
    Tenant,
}

/// A place to purge and to count: a partition of a table, narrowed by the beginning of the sort key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The table.
    pub table: Table,
    /// The partition key.
    pub partition: String,
    /// How sort keys begin; empty for the whole partition.
    pub prefix: String,
}
