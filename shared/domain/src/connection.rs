//! Connections: one consented grant of one platform identity to one tenant, and its states.

use jiff::Timestamp;

use crate::ids::{AccountId, ConnectionId, DataKeyId, DeletionId, EndUser, TenantId};
use crate::keys::{KeyContext, SealedBox, Use, WrappedKey};
use crate::secret::Fingerprint;

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

/// How strongly the platform's OAuth binds the code to this browser (security design, tiers A and B).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// PKCE, state and browser binding.
    A,
    /// State, browser binding, redirect URI per context, and the confirm step.
    B,
}

impl Tier {
    /// The tier's letter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
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

/// What a fence item says, read consistently right before each write: the state of the connection and of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fence {
    /// The connection's state; `None` when the item is gone.
    pub connection: Option<State>,
    /// The account's state; `None` when the item is gone or no account was asked for.
    pub account: Option<State>,
}

impl Fence {
    /// Tells whether a job for the account may call and write.
    pub fn lets_write(&self) -> bool {
        self.connection.is_some_and(State::is_syncable) && self.account.is_some_and(State::is_syncable)
    }

    /// Tells whether the account's data may be read.
    pub fn lets_read(&self) -> bool {
        self.connection.is_some_and(State::is_readable) && self.account.is_some_and(State::is_readable)
    }
}

/// A data key's row in the Vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// The context it opens in.
    pub context: KeyContext,
    /// The key, wrapped.
    pub wrapped: WrappedKey,
}

/// A sealed value's row in the Vault; the slot is the row's full sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Which token: `access` or `refresh`.
    pub name: &'static str,
    /// Its version, from 1.
    pub version: u64,
    /// The data key it is sealed under.
    pub key: DataKeyId,
    /// The token, sealed.
    pub sealed: SealedBox,
}

/// The sort key of a token's row, which is also the slot of its box.
pub fn token_slot(name: &str, version: u64) -> String {
    format!("tok#{name}#{version:08}")
}

/// The sort key of a data key's row.
pub fn key_slot(purpose: Use, account: Option<&AccountId>) -> String {
    format!("key#{}#{}", purpose.as_str(), account.map_or("-", AccountId::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S2: a job calls only for a connection and an account that a person connected and the product took up.
    #[test]
    fn s2_a_job_calls_for_nothing_that_is_not_connected() {
        let states = [
            None,
            Some(State::Pending),
            Some(State::Active),
            Some(State::Suspect),
            Some(State::NeedsReauth),
            Some(State::Purging),
        ];
        let live = [Some(State::Active), Some(State::Suspect)];
        for connection in states {
            for account in states {
                let fence = Fence { connection, account };
                let both = live.contains(&connection) && live.contains(&account);
                assert_eq!(fence.lets_write(), both, "{fence:?}");
            }
        }
    }
}
