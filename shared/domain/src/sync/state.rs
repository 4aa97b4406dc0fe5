//! The state of an account's syncs, and the progress of a job.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::platform::figures::Level;

/// The progress of a job: finished parts are not fetched again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checkpoint {
    /// True when names and statuses are stored.
    pub structure: bool,
    /// Levels whose days are stored up to and including this one, oldest first.
    pub levels: Vec<(Level, Date)>,
    /// True when the whole job is done.
    pub done: bool,
}

/// The state of an account's syncs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SyncState {
    /// When a job for any days last ended well: the platform accepted the token then.
    pub last_success: Option<Timestamp>,
    /// When a job for the newest days last ended well: this says how fresh the figures are.
    pub newest_at: Option<Timestamp>,
    /// When a daily job last asked for names, statuses and the whole restatement window.
    pub structure_at: Option<Timestamp>,
    /// True when names and statuses could not all be read then; each further job asks for them until all are stored.
    pub names_due: bool,
    /// How many campaigns, ad groups and ads the account has. Jobs split their windows by this number.
    pub entities: u64,
}

/// The changes of a job to an account's [`SyncState`]. A field without a value stays: jobs of one account run at the
/// same time, and none may undo what another one wrote since.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncChange {
    /// See [`SyncState::last_success`].
    pub last_success: Option<Timestamp>,
    /// See [`SyncState::newest_at`].
    pub newest_at: Option<Timestamp>,
    /// See [`SyncState::structure_at`].
    pub structure_at: Option<Timestamp>,
    /// See [`SyncState::names_due`].
    pub names_due: Option<bool>,
    /// See [`SyncState::entities`].
    pub entities: Option<u64>,
}
