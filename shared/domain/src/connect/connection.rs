//! Connections: one consented grant of one platform identity to one tenant, and its states.

use jiff::Timestamp;

use crate::base::ids::{ConnectionId, DeletionId, EndUser, TenantId};
use crate::base::secret::Fingerprint;
use crate::platform::manifest::Tier;

/// The states of a connection and of its accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// The person granted, and the product has not taken the connection up yet: it syncs nothing and ends by itself.
    Pending,
    /// The connection works.
    Active,
    /// The platform refused the token once, and Mooring waits to be sure.
    Suspect,
    /// The person has to connect again.
    NeedsReauth,
    /// The connection was let go: nobody can read or write it, and its deletion is under way.
    Purging,
}

impl State {
    /// All states, in the order of a connection's life.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Active, Self::Suspect, Self::NeedsReauth, Self::Purging];

    /// Returns the state's word in keys and answers.
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
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Returns whether the customer's data may be read.
    pub const fn is_readable(self) -> bool {
        matches!(self, Self::Active | Self::Suspect | Self::NeedsReauth)
    }

    /// Returns whether jobs may call the platform and write.
    pub const fn is_syncable(self) -> bool {
        matches!(self, Self::Active | Self::Suspect)
    }
}

/// A connection's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The connection's id, never reused.
    pub id: ConnectionId,
    /// The tenant that owns the connection.
    pub tenant: TenantId,
    /// The platform's word, such as `tiktok_ads`.
    pub platform: String,
    /// The callback context that the connection was made in.
    pub context: String,
    /// The product's reference to the person who connected.
    pub end_user: EndUser,
    /// The connection's state.
    pub state: State,
    /// How strongly the connection's OAuth was bound.
    pub tier: Tier,
    /// The granted scopes, in the platform's words.
    pub scopes: Vec<String>,
    /// When the person came back from the platform.
    pub created_at: Timestamp,
    /// The fingerprint that recognises the platform identity at a re-authorisation.
    pub identity: Fingerprint,
    /// The fingerprint that finds the connection when its owner asks for deletion by e-mail.
    pub mail: Option<Fingerprint>,
    /// The deletion under way. A pending connection already names the one that waits for it.
    pub deletion: Option<DeletionId>,
    /// When everything must be gone; set from the cutoff on.
    pub delete_by: Option<Timestamp>,
}
