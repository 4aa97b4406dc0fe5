//! Shows how the syncs of an account go.

use mooring_domain::sync::state::Failure;
use mooring_domain::sync::view::{Progress, SyncView};
use mooring_edge::openapi::words;
use mooring_edge::views::time::Time;
use schemars::JsonSchema;
use serde::Serialize;

/// How the syncs of an account go.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Sync")]
pub(crate) struct SyncResponse {
    /// The state of the syncs.
    #[schemars(with = "words::SyncState")]
    state: &'static str,
    /// How far the first read of older days came; `null` when it is over.
    progress: Option<SyncProgress>,
    /// When a sync last ended its try, well or not.
    last_attempt: Option<Time>,
    /// When a sync of any days last ended well.
    last_success: Option<Time>,
    /// Why the last try failed; `null` when it ended well.
    last_error: Option<SyncFailure>,
    /// When the next sync comes by itself; `null` while none comes.
    next_at: Option<Time>,
}

/// How far the first read of older days came.
#[derive(Debug, Serialize, JsonSchema)]
struct SyncProgress {
    /// How many days were read, or given up: their completeness says which.
    days_done: u32,
    /// How many days were asked for.
    days_asked: u32,
}

/// Why syncs of an account fail.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SyncError")]
struct SyncFailure {
    /// The reason of the last try.
    #[schemars(with = "words::SyncErrorCode")]
    code: &'static str,
    /// When the first try failed after the last success.
    since: Time,
}

impl SyncResponse {
    pub(crate) fn of(view: &SyncView) -> Self {
        Self {
            state: view.phase.as_str(),
            progress: view
                .progress
                .map(|Progress { days_done, days_asked }| SyncProgress { days_done, days_asked }),
            last_attempt: view.last_attempt.map(Time::from),
            last_success: view.last_success.map(Time::from),
            last_error: view.failure.map(SyncFailure::of),
            next_at: view.next_at.map(Time::from),
        }
    }
}

impl SyncFailure {
    fn of(failure: Failure) -> Self {
        Self { code: failure.trouble.as_str(), since: failure.since.into() }
    }
}
