//! The callers: API keys of a product's server, frontend tokens of the product's browsers.

pub mod text;

use jiff::Timestamp;

use crate::base::error::{Error, Kind, Result};
use crate::base::ids::{CredentialId, EndUser, TenantId};
use crate::base::secret::Digest;

/// How long a frontend token lives.
pub const FRONTEND_TOKEN_MINUTES: i64 = 60;

/// A right of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Start connect sessions and activate connections.
    Connect,
    /// Read connections and accounts.
    ConnectionsRead,
    /// Ask for syncs.
    Sync,
    /// Disconnect connections and accounts.
    Disconnect,
    /// Query reports.
    ReportsRead,
    /// Ask for deletions.
    DeletionsWrite,
    /// Read deletions and receipts.
    DeletionsRead,
    /// Mint frontend tokens.
    TokensMint,
    /// Read webhook endpoints and deliveries.
    WebhooksRead,
    /// Make, change and delete webhook endpoints; send tests and replays.
    WebhooksWrite,
    /// Read the log of all calls of the tenant.
    AccessLogRead,
    /// Read how much the tenant uses.
    UsageRead,
}

impl Scope {
    /// All scopes, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::Connect,
        Self::ConnectionsRead,
        Self::Sync,
        Self::Disconnect,
        Self::ReportsRead,
        Self::DeletionsWrite,
        Self::DeletionsRead,
        Self::TokensMint,
        Self::WebhooksRead,
        Self::WebhooksWrite,
        Self::AccessLogRead,
        Self::UsageRead,
    ];

    /// Returns the scope's name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::ConnectionsRead => "connections.read",
            Self::Sync => "connections.sync",
            Self::Disconnect => "connections.disconnect",
            Self::ReportsRead => "reports.read",
            Self::DeletionsWrite => "deletions.write",
            Self::DeletionsRead => "deletions.read",
            Self::TokensMint => "tokens.mint",
            Self::WebhooksRead => "webhooks.read",
            Self::WebhooksWrite => "webhooks.write",
            Self::AccessLogRead => "access_log.read",
            Self::UsageRead => "usage.read",
        }
    }

    /// Finds a scope by its name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }

    /// Returns whether a browser may ever hold this scope. Deleting a whole tenant, minting tokens, managing the
    /// tenant's own servers and reading about everybody's calls are not for browsers.
    pub const fn fits_a_browser(self) -> bool {
        !matches!(
            self,
            Self::TokensMint
                | Self::DeletionsWrite
                | Self::WebhooksRead
                | Self::WebhooksWrite
                | Self::AccessLogRead
                | Self::UsageRead
        )
    }
}

/// The kind of credential that was presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialKind {
    /// An API key: the product's server, the whole tenant.
    ApiKey,
    /// A frontend token: one browser, one end user.
    FrontendToken(EndUser),
}

/// A credential as it is stored: the digest of the secret, and never the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The credential's public id.
    pub id: CredentialId,
    /// The tenant that owns the credential.
    pub tenant: TenantId,
    /// The kind of the credential.
    pub kind: CredentialKind,
    /// SHA-256 of the whole credential text.
    pub digest: Digest,
    /// The scopes of the credential.
    pub scopes: Vec<Scope>,
    /// When the credential stops working; `None` for a key without end.
    pub expires_at: Option<Timestamp>,
    /// The API key that minted the credential, for a frontend token.
    pub minted_by: Option<CredentialId>,
}

impl Credential {
    /// Returns whether the credential works at an instant.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// Narrows a frontend token to its rights at this moment: those it was minted with, as far as its key still has
    /// them. `None` when the given key did not mint the token, or no longer works.
    #[must_use]
    pub fn within(mut self, key: Option<&Self>, now: Timestamp) -> Option<Self> {
        let key = key.filter(|key| self.minted_by.as_ref() == Some(&key.id) && key.is_live(now))?;
        self.scopes.retain(|scope| key.scopes.contains(scope));
        Some(self)
    }
}

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The tenant that every store call of this request is bound to.
    pub tenant: TenantId,
    /// The credential's id, for logs.
    pub credential: CredentialId,
    /// The kind of credential that called.
    pub kind: CredentialKind,
    /// The scopes of the caller.
    pub scopes: Vec<Scope>,
}

impl Caller {
    /// Refuses a caller without the scope.
    pub fn require(&self, scope: Scope) -> Result<()> {
        if self.scopes.contains(&scope) {
            return Ok(());
        }
        let message = format!("This credential does not have the scope `{}`.", scope.as_str());
        Err(Error::new(Kind::Forbidden, "missing_scope", message))
    }

    /// Returns the end user that this caller is bound to, if the caller is a browser.
    pub fn end_user(&self) -> Option<&EndUser> {
        match &self.kind {
            CredentialKind::FrontendToken(user) => Some(user),
            CredentialKind::ApiKey => None,
        }
    }

    /// Returns whether this caller may see the data of an end user.
    pub fn may_see(&self, owner: &EndUser) -> bool {
        self.end_user().is_none_or(|user| user == owner)
    }
}
