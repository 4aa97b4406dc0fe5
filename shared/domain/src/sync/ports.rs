//! Ports of syncs and reports: due jobs, progress, chunks, completeness, the log.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::base::error::Result;
use crate::base::ids::{AccountRef, ConnectionId, TenantId};
use crate::sync::activity::Activity;
use crate::sync::chunk::{NewChunk, StoredChunk};
use crate::sync::completeness::Days;
use crate::sync::ending::Ended;
use crate::sync::job::SyncJob;
use crate::sync::state::{Checkpoint, SyncChange, SyncState};

/// Reads completeness.
#[async_trait]
pub trait CompletenessRead: Send + Sync {
    /// Reads the records of all levels for a range of days, both ends included.
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
    /// Reads the sync state of an account.
    async fn sync_state(&self, account: &AccountRef) -> Result<SyncState>;
    /// Stores a job's changes to the sync state, and nothing else of it.
    async fn change_sync_state(&self, account: &AccountRef, change: &SyncChange) -> Result<()>;
    /// Reads how far a job came.
    async fn checkpoint(&self, account: &AccountRef, job: &str) -> Result<Checkpoint>;
    /// Stores how far a job came; the row expires a week later.
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

/// Ends the tries of jobs.
#[async_trait]
pub trait SyncEndWrite: Send + Sync {
    /// Stores the state after the end of a try, and with it that the job with this id is done; false when another end
    /// came in between, and then nothing is stored. News become events in the transaction that makes them true; without
    /// news the writes follow each other, the state first.
    async fn end_sync(&self, account: &AccountRef, ended: &Ended, done: Option<&str>) -> Result<bool>;
}

/// Keeps when syncs were asked for.
#[async_trait]
pub trait SyncAsk: Send + Sync {
    /// Stores that a sync was asked for at an instant, unless one was asked for after `since`; false then. Instants are
    /// whole seconds.
    async fn ask_sync(&self, account: &AccountRef, at: Timestamp, since: Timestamp) -> Result<bool>;
}

/// Reads sealed chunks.
#[async_trait]
pub trait ChunkRead: Send + Sync {
    /// Reads the chunks whose names lie in a range, both ends included; with `as_of`, each as it was then.
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
    /// Stores new versions of chunks of different names and keeps the versions before. Returns for each chunk, in
    /// order, whether it was stored: false when a newer version is there already. After an error of the whole call,
    /// the outcome of each is unknown.
    async fn put_chunks(&self, account: &AccountRef, chunks: &[NewChunk]) -> Result<Vec<Result<bool>>>;
}

/// Reads the accounts, probes and outbox jobs that are due.
#[async_trait]
pub trait DueRead: Send + Sync {
    /// Reads the accounts of a shard whose slot (minute of the period) lies in a range, both ends included.
    async fn due(&self, shard: u16, first: u16, last: u16) -> Result<Vec<AccountRef>>;
    /// Reads the connections whose grants are due to be asked by then, each with its due time.
    async fn probes(&self, until: Timestamp) -> Result<Vec<(TenantId, ConnectionId, Timestamp)>>;
    /// Reads outbox jobs older than an instant.
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
