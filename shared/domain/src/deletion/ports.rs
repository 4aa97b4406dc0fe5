//! Ports of deletions: the cutoff, the Ledger, purges, mailed links.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::base::error::Result;
use crate::base::ids::{AccountId, DeletionId, EndUser, TenantId};
use crate::base::secret::{Digest, Fingerprint};
use crate::deletion::ledger::Deletion;
use crate::deletion::places::{Place, Subject};

/// The outcome of a cutoff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cutoff {
    /// This call made it.
    Made,
    /// It was made before, by this deletion.
    Before(DeletionId),
    /// There is nothing to cut, or what the cutoff rests on was taken back.
    Nothing,
}

/// Makes the cutoff (T0).
#[async_trait]
pub trait DeletionBegin: Send + Sync {
    /// Lists every place of a subject. A place holds opaque ids only, because the Ledger keeps it for good.
    async fn places(
        &self,
        tenant: &TenantId,
        subject: &Subject,
        accounts: &[AccountId],
    ) -> Result<Vec<Place>>;
    /// The ids of the data keys that a subject holds.
    async fn held_keys(
        &self,
        tenant: &TenantId,
        subject: &Subject,
    ) -> Result<Vec<crate::base::ids::DataKeyId>>;
    /// One transaction: fence and state `purging`, `expires_at` on the Vault rows and the subject's own rows, the
    /// deletion in the Ledger (over the hidden one of a pending connection, which has the same id), its public code, an
    /// audit event, and for how long it runs whose it is. For [`crate::deletion::ledger::Reason::Abandoned`] only while the
    /// connection is still pending. What rests on evidence is cut only while that stands: the connection is suspect or
    /// waits for the person, and for [`crate::deletion::ledger::Reason::AccountLost`] its life misses the account since T0.
    async fn begin(&self, deletion: &Deletion, owner: Option<&EndUser>) -> Result<Cutoff>;
}

/// Tells whose a deletion is.
#[async_trait]
pub trait DeletionOwnerRead: Send + Sync {
    /// The end user whose connection or account a deletion is about, until everything must be gone. The Ledger does not
    /// know: it outlives the person's data.
    async fn owner(&self, tenant: &TenantId, id: &DeletionId, now: Timestamp) -> Result<Option<EndUser>>;
}

/// Reads deletions.
#[async_trait]
pub trait LedgerRead: Send + Sync {
    /// One deletion of a tenant.
    async fn deletion(&self, tenant: &TenantId, id: &DeletionId) -> Result<Option<Deletion>>;
    /// Deletions of a tenant after an id, at most `limit`, in id order. Those of pending connections are left out.
    async fn deletions(
        &self,
        tenant: &TenantId,
        after: Option<&DeletionId>,
        limit: u32,
    ) -> Result<Vec<Deletion>>;
    /// The deletion of a public code.
    async fn by_code(&self, code: &Digest) -> Result<Option<Deletion>>;
    /// Deletions whose next step is due, at most `limit`, oldest first.
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Deletion>>;
}

/// Advances deletions.
#[async_trait]
pub trait LedgerWrite: Send + Sync {
    /// Stores a deletion if its version is still the one before; false when another worker was faster.
    async fn advance(&self, deletion: &Deletion) -> Result<bool>;
}

/// Deletes and counts items of places.
#[async_trait]
pub trait Purge: Send + Sync {
    /// Deletes everything in a place and answers how many items there were.
    async fn purge(&self, place: &Place) -> Result<u64>;
    /// Counts what is in a place, consistently.
    async fn count(&self, place: &Place) -> Result<u64>;
}

/// Ends the links that were mailed to one address together.
#[async_trait]
pub trait LinkEnd: Send + Sync {
    /// When the links of an address ended; links that were made later still work.
    async fn links_ended(&self, mail: &Fingerprint) -> Result<Option<Timestamp>>;
    /// Ends every link that was made until now.
    async fn end_links(&self, mail: &Fingerprint, now: Timestamp) -> Result<()>;
}
