//! Shows how the syncs of an account go.

use mooring_domain::sync::state::Failure;
use mooring_domain::sync::view::{Phase, Progress, SyncView};
use mooring_edge::openapi::words;
use mooring_edge::views::time::Time;
use schemars::JsonSchema;
use serde::Serialize;

/// How the syncs of an account go.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Sync")]
pub(crate) struct SyncResponse {
    /// The state of the syncs.
    state: SyncPhase,
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

/// The state of an account's syncs. `waiting`: the first is on its way. `backfilling`: the newest days are here, and
/// older ones are still being read. `current`: the last sync ended well. `retrying`: the last try failed, and Mooring tries
/// again within minutes. `failing`: a sync gave up; the next one comes by itself. `late`: no sync has ended for two
/// periods. `stopped`: no sync comes, because the person has to connect again or the account is being deleted.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SyncState")]
enum SyncPhase {
    Waiting,
    Backfilling,
    Current,
    Retrying,
    Failing,
    Late,
    Stopped,
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
            state: SyncPhase::of(view.phase),
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

impl SyncPhase {
    const fn of(phase: Phase) -> Self {
        match phase {
            Phase::Waiting => Self::Waiting,
            Phase::Backfilling => Self::Backfilling,
            Phase::Current => Self::Current,
            Phase::Retrying => Self::Retrying,
            Phase::Failing => Self::Failing,
            Phase::Late => Self::Late,
            Phase::Stopped => Self::Stopped,
        }
    }
}

impl SyncFailure {
    fn of(failure: Failure) -> Self {
        Self { code: failure.trouble.as_str(), since: failure.since.into() }
    }
}
