//! Ports of deletions: the cutoff, the Ledger, purges, mailed links.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::base::error::Result;
use crate::base::ids::{AccountId, DeletionId, EndUser, TenantId};
use crate::base::place::{Part, Place, Subject};
use crate::base::secret::{Digest, Fingerprint};
use crate::deletion::ledger::Deletion;
use crate::deletion::link::LinkedDeletion;

/// The outcome of a cutoff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cutoff {
    /// This call made the cutoff.
    Made,
    /// The cutoff was made before, by this deletion.
    Before(DeletionId),
    /// There is nothing to delete, or the evidence behind the cutoff was taken back.
    Nothing,
}

/// Makes the cutoff.
#[async_trait]
pub trait DeletionBegin: Send + Sync {
    /// Lists every place of a subject. A place holds opaque ids only, because the Ledger keeps it for good.
    async fn places(
        &self,
        tenant: &TenantId,
        subject: &Subject,
        accounts: &[AccountId],
    ) -> Result<Vec<Place>>;
    /// Lists the ids of the data keys that a subject holds.
    async fn held_keys(
        &self,
        tenant: &TenantId,
        subject: &Subject,
    ) -> Result<Vec<crate::base::ids::DataKeyId>>;
    /// Makes the cutoff in one transaction: fence and state `purging`; `expires_at` on the Vault rows and the
    /// subject's own rows; the deletion in the Ledger (over the hidden one of a pending connection, which has the same
    /// id), its public code and an audit event; and the deletion's owner, kept for as long as the deletion runs. For
    /// [`crate::deletion::ledger::Reason::Abandoned`] only while the connection is still pending. A cutoff that rests
    /// on evidence is made only while the evidence stands: the connection is suspect or waits for the person, and for
    /// [`crate::deletion::ledger::Reason::AccountLost`] its life misses the account since T0.
    async fn begin(&self, deletion: &Deletion, owner: Option<&EndUser>) -> Result<Cutoff>;
}

/// Reads the owner of a deletion.
#[async_trait]
pub trait DeletionOwnerRead: Send + Sync {
    /// Reads the end user whose connection or account a deletion is about, until everything must be gone. The Ledger
    /// does not hold the end user, because the Ledger outlives the person's data.
    async fn owner(&self, tenant: &TenantId, id: &DeletionId, now: Timestamp) -> Result<Option<EndUser>>;
}

/// Reads deletions.
#[async_trait]
pub trait LedgerRead: Send + Sync {
    /// Reads one deletion of a tenant.
    async fn deletion(&self, tenant: &TenantId, id: &DeletionId) -> Result<Option<Deletion>>;
    /// Reads deletions of a tenant after an id, at most `limit`, in id order. Those of pending connections are left
    /// out.
    async fn deletions(
        &self,
        tenant: &TenantId,
        after: Option<&DeletionId>,
        limit: u32,
    ) -> Result<Vec<Deletion>>;
    /// Reads the deletion of a public code.
    async fn by_code(&self, code: &Digest) -> Result<Option<Deletion>>;
    /// Reads deletions whose next step is due, at most `limit`, oldest first.
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Deletion>>;
}

/// Lists deletions of every tenant; only the operator's command has this port.
#[async_trait]
pub trait LedgerList: Send + Sync {
    /// Reads every deletion that was asked for, in no order. Reads the whole table.
    async fn every_deletion(&self) -> Result<Vec<Deletion>>;
}

/// Advances deletions.
#[async_trait]
pub trait LedgerWrite: Send + Sync {
    /// Stores a deletion if its stored version is still the one before; false when another worker was faster.
    async fn advance(&self, deletion: &Deletion) -> Result<bool>;
}

/// Deletes and counts items of places.
#[async_trait]
pub trait Purge: Send + Sync {
    /// Lists the places that make up a part of a place.
    fn part(&self, place: &Place, part: Part) -> Vec<Place>;
    /// Deletes everything in a place and returns how many items there were.
    async fn purge(&self, place: &Place) -> Result<u64>;
    /// Counts the items in a place, consistently.
    async fn count(&self, place: &Place) -> Result<u64>;
}

/// Ends the links that were mailed to one address together.
#[async_trait]
pub trait LinkEnd: Send + Sync {
    /// Reads when the links of an address ended; links that were made later still work.
    async fn links_ended(&self, mail: &Fingerprint) -> Result<Option<Timestamp>>;
    /// Ends every link that was made until now.
    async fn end_links(&self, mail: &Fingerprint, now: Timestamp) -> Result<()>;
}

/// Keeps in the Ledger which deletions a mailed link began.
#[async_trait]
pub trait LinkedDeletions: Send + Sync {
    /// Reads the deletions that the link with this key began.
    async fn linked(&self, link: &Digest) -> Result<Vec<LinkedDeletion>>;
    /// Stores them all.
    async fn put_linked(&self, link: &Digest, deletions: &[LinkedDeletion]) -> Result<()>;
}
