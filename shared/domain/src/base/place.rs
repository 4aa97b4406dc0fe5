//! The subjects of deletions, and the places that a deletion empties.
//!
//! Every family of the store names the places of its own rows, from the family of keys on, so that these types stand
//! below all families. Only the store reads a [`Locator`]; the domain passes it on.

use crate::base::ids::{AccountId, ConnectionId};
use crate::base::table::Table;

/// The subject of a deletion.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// One connection with all its accounts.
    Connection(ConnectionId),
    /// One account of a connection that lives on.
    Account(ConnectionId, AccountId),
    /// The whole tenant.
    Tenant,
}

impl Subject {
    /// Returns the connection that it is, or that its account belongs to.
    pub fn connection(&self) -> Option<&ConnectionId> {
        match self {
            Self::Connection(id) | Self::Account(id, _) => Some(id),
            Self::Tenant => None,
        }
    }
}

/// A place that a deletion empties and counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The place's class of retention.
    pub class: Table,
    /// Where the place is.
    pub locator: Locator,
}

/// The location of a place, in the two texts that the store chose: a partition, and how sort keys begin.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Locator {
    partition: String,
    prefix: String,
}

impl Locator {
    /// Makes the locator of the rows of a partition whose sort keys begin with `prefix`; an empty one selects all.
    pub fn new(partition: impl Into<String>, prefix: impl Into<String>) -> Self {
        Self { partition: partition.into(), prefix: prefix.into() }
    }

    /// Returns partition and prefix, for the store.
    pub fn texts(&self) -> (&str, &str) {
        (&self.partition, &self.prefix)
    }
}

/// The part of a place that one pass of a deletion empties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The wrapped data keys, which go first: from then on the data is noise.
    DataKeys,
    /// The token key and the tokens, which go after Mooring has asked the platform to end the grant.
    Tokens,
    /// Every row but the subject's own, which answers that a deletion is under way and goes last.
    AllButOwn,
}
