//! A mailed deletion link.

use jiff::Timestamp;

use crate::base::ids::{ConnectionId, DeletionId, TenantId};
use crate::base::secret::Fingerprint;

/// How long a mailed deletion link works.
pub const LINK_MINUTES: i64 = 60;

/// A mailed deletion link: proof of the mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletionLink {
    /// The connections that were made with the mailbox.
    pub connections: Vec<(TenantId, ConnectionId)>,
    /// The fingerprint of the mailbox: using one of its links ends all of them.
    pub mail: Fingerprint,
    /// When the link was made.
    pub made_at: Timestamp,
    /// When the link stops working.
    pub expires_at: Timestamp,
}

/// A deletion that a mailed link began. The Ledger keeps it beside its proof, so that the link shows how far the deletion
/// is for as long as there is a proof: opaque ids, a count and a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedDeletion {
    /// The tenant of the connection.
    pub tenant: TenantId,
    /// The deletion.
    pub deletion: DeletionId,
    /// When the connection was made.
    pub since: Timestamp,
    /// How many accounts the connection had; `None` where nobody counted them before the cutoff.
    pub accounts: Option<usize>,
}
