//! What is remembered of an account's syncs, and how far a job came.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::platform::figures::Level;

/// How far a job came: what was finished is not fetched again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checkpoint {
    /// Names and statuses are stored.
    pub structure: bool,
    /// Levels whose days are stored up to and including this one, oldest first.
    pub levels: Vec<(Level, Date)>,
    /// The whole job is done.
    pub done: bool,
}

/// What is remembered of an account's syncs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SyncState {
    /// When a job last ended well, of whatever days: the platform accepted the token then.
    pub last_success: Option<Timestamp>,
    /// When a job last ended well that brought the newest days: how fresh the figures are.
    pub newest_at: Option<Timestamp>,
    /// When a daily job last asked for names, statuses and the whole restatement window.
    pub structure_at: Option<Timestamp>,
    /// Names and statuses could not all be read then; each further job asks for them until they are here.
    pub names_due: bool,
    /// How many campaigns, ad groups and ads the account has, for cutting windows.
    pub entities: u64,
}

/// What a job decides of an account's [`SyncState`]. What it leaves out stays: jobs of one account run at the same time,
/// and none may undo what another one wrote since.
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
