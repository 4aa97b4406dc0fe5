//! The values that the steps of a job return.

use jiff::civil::Date;

use super::context::Step;
use crate::base::window::Window;
use crate::sync::completeness::Days;
use crate::sync::job::SyncJob;
use crate::sync::state::Checkpoint;

/// A job and its days.
pub(super) struct JobDays {
    /// The job as the queue delivered it.
    pub(super) original: SyncJob,
    /// The job with its days, once they are settled: it has an id of its own.
    pub(super) job: SyncJob,
    /// The days that the job reads, or would have read when it stopped before they were settled.
    pub(super) window: Window,
    /// Whether the window reaches the day of the job's slot: only then are the newest days here at its end.
    pub(super) has_newest: bool,
}

/// The days that a step stored, and the reason why it stopped, if it did. What it stored before a stop stays stored.
pub(super) struct Stored {
    /// The records of the days, which are not written yet.
    pub(super) records: Days,
    /// Rows that the platform gave.
    pub(super) rows: u64,
    /// Rows that Mooring could not use.
    pub(super) odd: u64,
    /// The last day that needs nothing more.
    pub(super) last: Option<Date>,
    pub(super) ended: Step<()>,
}

/// How far a job has come in this invocation.
#[derive(Default)]
pub(super) struct JobProgress {
    /// Rows that the platform gave.
    pub(super) rows: u64,
    /// Days whose chunks or records changed.
    pub(super) days: u64,
    /// Rows that Mooring could not use.
    pub(super) odd: u64,
    /// Whether the job stored something that another delivery need not do again.
    pub(super) has_stored: bool,
    /// The records of stored days that are not written yet.
    pub(super) records: Days,
    /// The levels and days up to which every day is stored.
    pub(super) checkpoint: Checkpoint,
    /// Whether the checkpoint is ahead of the written one.
    pub(super) is_ahead: bool,
    /// Rows since the records were last written.
    pub(super) unsaved: u64,
}

/// How far a job came, and how its work ended.
pub(super) struct JobEnd {
    pub(super) days: JobDays,
    pub(super) progress: JobProgress,
    pub(super) ended: Step<()>,
}
