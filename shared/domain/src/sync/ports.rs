//! Ports of syncs and reports: what is due, how far it came, chunks, completeness, the log.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::base::error::Result;
use crate::base::ids::{AccountRef, ConnectionId, TenantId};
use crate::sync::activity::Activity;
use crate::sync::chunk::{NewChunk, StoredChunk};
use crate::sync::completeness::Days;
use crate::sync::job::SyncJob;
use crate::sync::state::{Checkpoint, SyncChange, SyncState};

/// Reads completeness.
#[async_trait]
pub trait CompletenessRead: Send + Sync {
    /// The records of all levels in a span of days, both ends included.
    async fn days(
        &self,
        account: &AccountRef,
        from: jiff::civil::Date,
        to: jiff::civil::Date,
    ) -> Result<Days>;
}

/// Keeps the progress of syncs. Every write reads the account's fence right before.
#[async_trait]
pub trait SyncProgress: Send + Sync {
    /// What is remembered of an account.
    async fn sync_state(&self, account: &AccountRef) -> Result<SyncState>;
    /// Stores what a job decides of it, and nothing else.
    async fn change_sync_state(&self, account: &AccountRef, change: &SyncChange) -> Result<()>;
    /// How far a job came.
    async fn checkpoint(&self, account: &AccountRef, job: &str) -> Result<Checkpoint>;
    /// Stores it; it expires a week later.
    async fn put_checkpoint(
        &self,
        account: &AccountRef,
        job: &str,
        checkpoint: &Checkpoint,
        now: Timestamp,
    ) -> Result<()>;
    /// Stores the records of days.
    async fn put_days(&self, account: &AccountRef, days: &Days) -> Result<()>;
}

/// Reads sealed chunks.
#[async_trait]
pub trait ChunkRead: Send + Sync {
    /// The chunks whose names lie in a range, both ends included; with `as_of`, each as it was then.
    async fn chunks(
        &self,
        account: &AccountRef,
        first: &str,
        last: &str,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<StoredChunk>>;
}

/// Writes sealed chunks.
#[async_trait]
pub trait ChunkWrite: Send + Sync {
    /// Stores new versions of chunks of different names and keeps the ones before them. Answers of each, in order,
    /// whether it was stored: false when a newer version is there already. After an error of the whole nothing is known.
    async fn put_chunks(&self, account: &AccountRef, chunks: &[NewChunk]) -> Result<Vec<Result<bool>>>;
}

/// Reads what is due.
#[async_trait]
pub trait DueRead: Send + Sync {
    /// The accounts of a shard whose slot (minute of the period) lies in a range, both ends included.
    async fn due(&self, shard: u16, first: u16, last: u16) -> Result<Vec<AccountRef>>;
    /// The connections whose grants are to be asked by then, each with when it was to be asked.
    async fn probes(&self, until: Timestamp) -> Result<Vec<(TenantId, ConnectionId, Timestamp)>>;
    /// Outbox jobs older than an instant.
    async fn outbox(&self, before: Timestamp) -> Result<Vec<(String, SyncJob)>>;
    /// Removes outbox jobs that were sent.
    async fn outbox_done(&self, job: &SyncJob, id: &str) -> Result<()>;
}

/// Writes the log.
#[async_trait]
pub trait ActivityWrite: Send + Sync {
    /// Adds an entry; it expires after [`crate::base::retention::ACTIVITY_DAYS`].
    async fn record(&self, entry: &Activity) -> Result<()>;
}
