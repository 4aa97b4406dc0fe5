//! An entry of the sync log.

use jiff::Timestamp;

use crate::base::ids::{AccountId, ConnectionId, TenantId};

/// What happened, for the sync and access log; pseudonyms only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Whose it is.
    pub tenant: TenantId,
    /// The connection.
    pub connection: ConnectionId,
    /// The account, if it was about one.
    pub account: Option<AccountId>,
    /// A word such as `sync.done`.
    pub what: &'static str,
    /// The numbers that belong to it, such as `rows`.
    pub numbers: Vec<(&'static str, u64)>,
    /// The code of the error, if it failed.
    pub error: Option<&'static str>,
    /// When.
    pub at: Timestamp,
}
