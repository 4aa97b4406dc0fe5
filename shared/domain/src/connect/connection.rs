//! Connections: one consented grant of one platform identity to one tenant, and its states.

use jiff::Timestamp;

use crate::base::ids::{ConnectionId, DeletionId, EndUser, TenantId};
use crate::base::secret::Fingerprint;
use crate::platform::manifest::Tier;

/// The states of a connection and of each of its accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Granted by the person, not yet taken up by the product; syncs nothing and ends by itself.
    Pending,
    /// Working.
    Active,
    /// The platform refused the token once; waiting to be sure.
    Suspect,
    /// The person has to connect again.
    NeedsReauth,
    /// Let go: unreadable and unwritable, on its way out.
    Purging,
}

impl State {
    /// The state's word in keys and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Suspect => "suspect",
            Self::NeedsReauth => "needs_reauth",
            Self::Purging => "purging",
        }
    }

    /// Finds a state by its word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Active, Self::Suspect, Self::NeedsReauth, Self::Purging]
            .into_iter()
            .find(|state| state.as_str() == text)
    }

    /// Tells whether the customer's data may be read.
    pub const fn is_readable(self) -> bool {
        matches!(self, Self::Active | Self::Suspect | Self::NeedsReauth)
    }

    /// Tells whether jobs may call the platform and write.
    pub const fn is_syncable(self) -> bool {
        matches!(self, Self::Active | Self::Suspect)
    }
}

/// A connection's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its id, never reused.
    pub id: ConnectionId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The platform's word, such as `tiktok_ads`.
    pub platform: String,
    /// Which callback context it was made in.
    pub context: String,
    /// The product's reference to the person who connected.
    pub end_user: EndUser,
    /// Its state.
    pub state: State,
    /// How strongly its OAuth was bound.
    pub tier: Tier,
    /// What was granted, in the platform's words.
    pub scopes: Vec<String>,
    /// When the person came back from the platform.
    pub created_at: Timestamp,
    /// Recognises the platform identity at a re-authorisation.
    pub identity: Fingerprint,
    /// Finds the connection when its owner asks for deletion by e-mail.
    pub mail: Option<Fingerprint>,
    /// The deletion under way, from T0 on.
    pub deletion: Option<DeletionId>,
    /// When everything must be gone, from T0 on.
    pub delete_by: Option<Timestamp>,
}
