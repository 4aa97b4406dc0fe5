//! A mailed deletion link.

use jiff::Timestamp;

use crate::base::ids::{ConnectionId, TenantId};
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
