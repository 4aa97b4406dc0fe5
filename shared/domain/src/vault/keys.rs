//! The uses of a data key, and the context that binds every sealed byte to its place.

use std::fmt;

use crate::base::error::Result;
use crate::base::ids::{AccountId, ConnectionId, DataKeyId, EndpointId, TenantId};
use crate::base::secret::Plain;

/// An opened data key, bound to its context. Dropping the key wipes it.
pub trait DataKey: Send + Sync {
    /// Seals bytes into a slot. Every box has a fresh salt.
    fn seal(&self, slot: &str, plain: &[u8]) -> Result<SealedBox>;
    /// Opens a box that was sealed into this slot.
    fn open(&self, slot: &str, sealed: &SealedBox) -> Result<Plain>;
    /// Computes a keyed 128-bit hash: it shows that two contents are equal, and reveals neither.
    fn fingerprint(&self, label: &str, bytes: &[u8]) -> [u8; 16];
    /// Returns the key's id.
    fn id(&self) -> crate::base::ids::DataKeyId;
}

/// The use of a data key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Use {
    /// The tokens of one connection.
    Token,
    /// Names, structure and report rows of one account; with no account, of the connection itself.
    Data,
    /// App credentials and other secrets of the deployment; address and signing secrets of a webhook endpoint.
    Secret,
}

impl Use {
    /// Returns the word in keys, KMS contexts and boxes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Data => "data",
            Self::Secret => "secret",
        }
    }
}

/// The owner of a key: the tenant and connection, a tenant's webhook endpoint, or the deployment's own app.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A tenant's connection.
    Connection(TenantId, ConnectionId),
    /// A tenant's webhook endpoint, which stands in the connection's place.
    Endpoint(TenantId, EndpointId),
    /// The pseudo-connection `app_<name>` of the deployment, such as `app_tiktok_ads`.
    App(&'static str),
}

/// The full context of a data key: exactly the KMS encryption context and the first four fields of a box's context.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyContext {
    /// The owner of the key.
    pub owner: Owner,
    /// The account, where the key belongs to one.
    pub account: Option<AccountId>,
    /// The use of the key.
    pub purpose: Use,
}

impl KeyContext {
    /// Makes the context of a connection's key.
    pub fn connection(tenant: &TenantId, connection: &ConnectionId, purpose: Use) -> Self {
        Self { owner: Owner::Connection(tenant.clone(), connection.clone()), account: None, purpose }
    }

    /// Makes the context of an account's data key.
    pub fn account(tenant: &TenantId, connection: &ConnectionId, account: &AccountId) -> Self {
        let owner = Owner::Connection(tenant.clone(), connection.clone());
        Self { owner, account: Some(account.clone()), purpose: Use::Data }
    }

    /// Makes the context of a webhook endpoint's address and signing secrets.
    pub fn endpoint(tenant: &TenantId, endpoint: &EndpointId) -> Self {
        let owner = Owner::Endpoint(tenant.clone(), endpoint.clone());
        Self { owner, account: None, purpose: Use::Secret }
    }

    /// Makes the context of the deployment's own secrets.
    pub fn app(name: &'static str) -> Self {
        Self { owner: Owner::App(name), account: None, purpose: Use::Secret }
    }

    /// Returns the tenant's id, or `-` for the deployment itself.
    pub fn tenant_text(&self) -> &str {
        match &self.owner {
            Owner::Connection(tenant, _) | Owner::Endpoint(tenant, _) => tenant.as_str(),
            Owner::App(_) => "-",
        }
    }

    /// Returns the connection's id, the endpoint's id, or the pseudo-connection.
    pub fn connection_text(&self) -> String {
        match &self.owner {
            Owner::Connection(_, connection) => connection.as_str().to_owned(),
            Owner::Endpoint(_, endpoint) => endpoint.as_str().to_owned(),
            Owner::App(name) => format!("app_{name}"),
        }
    }

    /// Returns the account's id, or the empty text.
    pub fn account_text(&self) -> &str {
        self.account.as_ref().map_or("", AccountId::as_str)
    }
}

/// A data key as KMS wrapped it; only KMS can open it, and only under the same context.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The id of the data key.
    pub id: DataKeyId,
    /// The KMS ciphertext.
    pub blob: Vec<u8>,
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedKey({:?})", self.id)
    }
}

/// A sealed box, version 1: bytes that only the data key of its context opens, and only in its own slot.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedBox(pub Vec<u8>);

impl fmt::Debug for SealedBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedBox({} bytes)", self.0.len())
    }
}
