//! Ports of syncs and reports: what is due, how far it came, sheets, completeness, the log.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::breaker::{Breaker, Circuit};
use crate::completeness::{DayStatus, Marks};
use crate::error::Result;
use crate::ids::{AccountId, ConnectionId, TenantId};
use crate::report::Level;
use crate::sheet::StoredSheet;
use crate::sync::{Checkpoint, ProbeJob, SyncChange, SyncJob, SyncState};

/// The address of an account's rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountRef {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its connection.
    pub connection: ConnectionId,
    /// The account.
    pub account: AccountId,
}

/// What is known of one day of one level, with the version and content hash of its stored sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRecord {
    /// What is known.
    pub status: DayStatus,
    /// What else is known of its rows.
    pub marks: Marks,
    /// The version of the stored sheet, if rows were stored.
    pub version: Option<Timestamp>,
    /// The keyed hash of its content.
    pub hash: [u8; 16],
    /// How many rows it has.
    pub rows: u64,
}

/// Completeness by level and day.
pub type Days = std::collections::BTreeMap<(Level, jiff::civil::Date), DayRecord>;

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

/// Reads sealed sheets.
#[async_trait]
pub trait SheetRead: Send + Sync {
    /// The sheets whose names lie in a range, both ends included; with `as_of`, each as it was then.
    async fn sheets(
        &self,
        account: &AccountRef,
        first: &str,
        last: &str,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<StoredSheet>>;
}

/// A sealed sheet that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSheet {
    /// The sheet.
    pub sheet: StoredSheet,
    /// Until when it is kept; `None`: as long as its account is connected.
    pub expires_at: Option<Timestamp>,
    /// No other version of it is known of. That may be wrong: it only says what to try first.
    pub is_first: bool,
}

/// Writes sealed sheets.
#[async_trait]
pub trait SheetWrite: Send + Sync {
    /// Stores new versions of sheets of different names and keeps the ones before them. Answers of each, in order,
    /// whether it was stored: false when a newer version is there already. After an error of the whole nothing is known.
    async fn put_sheets(&self, account: &AccountRef, sheets: &[NewSheet]) -> Result<Vec<Result<bool>>>;
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

/// Keeps what is known of platforms that are away.
#[async_trait]
pub trait Breakers: Send + Sync {
    /// The breaker of a circuit, read consistently.
    async fn breaker(&self, circuit: &Circuit) -> Result<Option<Breaker>>;
    /// Stores it if it is still as it was seen; false when it is not.
    async fn put_breaker(
        &self,
        circuit: &Circuit,
        seen: Option<&Breaker>,
        next: &Breaker,
        expires_at: Timestamp,
    ) -> Result<bool>;
}

/// Sends sync jobs.
#[async_trait]
pub trait SyncQueue: Send + Sync {
    /// Sends jobs, each after a delay of at most 15 minutes; the group is the tenant.
    async fn send_sync(&self, jobs: &[SyncJob], delay_seconds: u32) -> Result<()>;
    /// Sends probes of connections, now.
    async fn send_probes(&self, probes: &[ProbeJob]) -> Result<()>;
}

/// What happened, for the sync and access log; pseudonyms only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Whose it is.
    pub tenant: TenantId,
    /// The connection.
    pub connection: ConnectionId,
    /// The account, if it was about one.
    pub account: Option<AccountId>,
    /// A word such as `sync.done`.
    pub what: &'static str,
    /// The numbers that belong to it, such as `rows`.
    pub numbers: Vec<(&'static str, u64)>,
    /// The code of the error, if it failed.
    pub error: Option<&'static str>,
    /// When.
    pub at: Timestamp,
}

/// Writes the log.
#[async_trait]
pub trait ActivityWrite: Send + Sync {
    /// Adds an entry; it expires after [`crate::retention::ACTIVITY_DAYS`].
    async fn record(&self, entry: &Activity) -> Result<()>;
}
