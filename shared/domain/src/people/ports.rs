//! Ports of people: credentials, tenants, API keys, the access log.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::base::error::Result;
use crate::base::ids::{CredentialId, TenantId};
use crate::people::access_log::Access;
use crate::people::api_key::ApiKey;
use crate::people::caller::{Credential, Scope};
use crate::people::log_entry::{LogEntry, LogPosition, LogSpan};
use crate::people::tenant::Tenant;

/// Finds credentials and tenants.
#[async_trait]
pub trait CallerRead: Send + Sync {
    /// Reads the API key of a tenant, consistently: a revoked key stops at once.
    async fn api_key(&self, tenant: &TenantId, id: &CredentialId) -> Result<Option<Credential>>;
    /// Reads the frontend token of a tenant, consistently.
    async fn frontend_token(&self, tenant: &TenantId, id: &CredentialId) -> Result<Option<Credential>>;
    /// Reads the tenant.
    async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>>;
    /// Returns whether any tenant registered the browser origin: preflights carry no credential.
    async fn origin_known(&self, origin: &str) -> Result<bool>;
}

/// Stores frontend tokens. Each row carries its own expiry, and the table's TTL removes it.
#[async_trait]
pub trait FrontendTokenPut: Send + Sync {
    /// Stores a frontend token.
    async fn put_frontend_token(&self, credential: &Credential) -> Result<()>;
}

/// Writes the access log.
#[async_trait]
pub trait AccessLog: Send + Sync {
    /// Adds a call; the entry expires after [`crate::base::retention::ACTIVITY_DAYS`]. The write is tried once and has
    /// little time, because the caller waits.
    async fn add_access(&self, access: &Access) -> Result<()>;
}

/// Reads the log of a tenant.
#[async_trait]
pub trait LogRead: Send + Sync {
    /// Reads the entries from an instant on and before another, newest first, at most `limit`; with a position, those
    /// before it.
    async fn entries(
        &self,
        tenant: &TenantId,
        span: LogSpan,
        before: Option<&LogPosition>,
        limit: u32,
    ) -> Result<Vec<LogEntry>>;
}

/// Registers tenants; only the set-up command has this port.
#[async_trait]
pub trait DirectoryWrite: Send + Sync {
    /// Stores a tenant with its origins in place of the one that the caller read, or a new one. A tenant that changed
    /// meanwhile, or began to be deleted, stays as it is.
    async fn put_tenant(&self, tenant: &Tenant, before: Option<&Tenant>) -> Result<()>;
}

/// Lists tenants; only the operator's command has this port.
#[async_trait]
pub trait TenantList: Send + Sync {
    /// Reads every tenant in id order, those whose deletion is under way too. Reads the whole table.
    async fn tenants(&self) -> Result<Vec<Tenant>>;
}

/// The outcome of storing a thing whose number is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The thing is stored, and counted.
    Stored,
    /// The thing was there already.
    There,
    /// The tenant has as many things as it may have.
    Full,
    /// The tenant is unknown or closed.
    Closed,
    /// The thing to replace no longer exists.
    Gone,
}

/// Reads API keys.
#[async_trait]
pub trait KeyRead: Send + Sync {
    /// Reads one key of a tenant, consistently; an expired one too.
    async fn key(&self, tenant: &TenantId, id: &CredentialId) -> Result<Option<ApiKey>>;
    /// Reads all keys of a tenant in id order, consistently; expired ones too.
    async fn keys(&self, tenant: &TenantId) -> Result<Vec<ApiKey>>;
}

/// Writes API keys; only the operator's command has this port.
#[async_trait]
pub trait KeyWrite: Send + Sync {
    /// Stores a new key and counts it in one transaction, if the tenant is active and has room for it.
    async fn add_key(&self, key: &ApiKey) -> Result<Admission>;
    /// Does the same as [`KeyWrite::add_key`], and in the same transaction lets the key that it replaces end at an
    /// instant, unless that key ends earlier. The old key is given as it was found: a key that has other scopes by now
    /// is not replaced, or its successor could do what the old key may no longer do.
    async fn rotate_key(&self, old: &Credential, until: Timestamp, new: &ApiKey) -> Result<Admission>;
    /// Replaces a key's scopes if the stored ones are still those before; false when they are not.
    async fn narrow_key(
        &self,
        tenant: &TenantId,
        id: &CredentialId,
        before: &[Scope],
        after: &[Scope],
    ) -> Result<bool>;
    /// Deletes a key and counts it out in one transaction; false when there is none.
    async fn revoke_key(&self, tenant: &TenantId, id: &CredentialId) -> Result<bool>;
}
