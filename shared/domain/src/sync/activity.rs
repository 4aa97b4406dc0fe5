//! An entry of the sync log.

use jiff::Timestamp;

use crate::base::ids::{AccountId, ConnectionId, TenantId};
use crate::people::log_entry::SyncEntry;

/// An event for the sync and access log; pseudonyms only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// The tenant that owns the connection.
    pub tenant: TenantId,
    /// The connection.
    pub connection: ConnectionId,
    /// The account, if the event was about one.
    pub account: Option<AccountId>,
    /// What happened.
    pub what: SyncEntry,
    /// The numbers that belong to the event, such as `rows`.
    pub numbers: Vec<(&'static str, u64)>,
    /// The code of the error, if the event is a failure.
    pub error: Option<&'static str>,
    /// When the event happened.
    pub at: Timestamp,
}
