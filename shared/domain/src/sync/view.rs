//! The syncs of an account as its tenant sees them, computed from the stored state and the present time.

use jiff::{SignedDuration, Timestamp};

use crate::base::ids::ConnectionId;
use crate::sync::job::next_slot;
use crate::sync::state::{Failure, SyncState};

/// How long a backfill counts as running. Each of its jobs ends sooner; a message that is lost for good never ends.
const BACKFILL_RUNS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// After how many periods without the end of a try an account's syncs count as late.
const LATE_PERIODS: i32 = 2;

/// The phase of an account's syncs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// No job has ended yet.
    Waiting,
    /// The newest days are here, and older ones are still being read.
    Backfilling,
    /// The last job ended well.
    Current,
    /// The last try failed, and its job tries again by itself.
    Retrying,
    /// A job gave up; the next one comes by itself.
    Failing,
    /// No try has ended for two periods, and none failed: the platform is down, or Mooring is behind.
    Late,
    /// No job runs: the person has to connect again, or the account is being deleted.
    Stopped,
}

impl Phase {
    /// All phases.
    pub const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Backfilling,
        Self::Current,
        Self::Retrying,
        Self::Failing,
        Self::Late,
        Self::Stopped,
    ];

    /// Returns the phase's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Backfilling => "backfilling",
            Self::Current => "current",
            Self::Retrying => "retrying",
            Self::Failing => "failing",
            Self::Late => "late",
            Self::Stopped => "stopped",
        }
    }
}

/// How far a backfill came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many days are done.
    pub days_done: u32,
    /// How many days were asked for.
    pub days_asked: u32,
}

/// The syncs of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncView {
    /// The phase.
    pub phase: Phase,
    /// The progress, while a backfill runs.
    pub progress: Option<Progress>,
    /// When a job last ended its try.
    pub last_attempt: Option<Timestamp>,
    /// When a job last ended well.
    pub last_success: Option<Timestamp>,
    /// Why the last try failed, if it did.
    pub failure: Option<Failure>,
    /// When the next sync is due; `None` when none is.
    pub next_at: Option<Timestamp>,
}

/// The cadence of an account's syncs.
#[derive(Debug, Clone, Copy)]
pub struct Cadence<'a> {
    /// The connection, which decides the minute of the period.
    pub connection: &'a ConnectionId,
    /// Minutes between two syncs.
    pub period_minutes: u16,
    /// Whether connection and account may be synced.
    pub is_synced: bool,
}

impl SyncView {
    /// Shows nothing, for an account that is being deleted.
    pub const STOPPED: Self = Self {
        phase: Phase::Stopped,
        progress: None,
        last_attempt: None,
        last_success: None,
        failure: None,
        next_at: None,
    };

    /// Computes the view at an instant.
    pub fn at(now: Timestamp, state: &SyncState, cadence: &Cadence<'_>) -> Self {
        let next = || next_slot(cadence.connection, cadence.period_minutes, now);
        Self {
            phase: phase(now, state, cadence),
            progress: progress(now, state),
            last_attempt: state.last_attempt.or(state.last_success),
            last_success: state.last_success,
            failure: state.failure,
            next_at: cadence.is_synced.then(next),
        }
    }
}

fn phase(now: Timestamp, state: &SyncState, cadence: &Cadence<'_>) -> Phase {
    let period = SignedDuration::from_mins(i64::from(cadence.period_minutes));
    // Accounts that were synced before tries were recorded have a last success alone.
    let last = state.last_attempt.max(state.last_success);
    match (state.failure, last) {
        _ if !cadence.is_synced => Phase::Stopped,
        (Some(failure), _) if failure.gave_up => Phase::Failing,
        (Some(_), _) => Phase::Retrying,
        (None, None) => Phase::Waiting,
        (None, Some(last)) if now.duration_since(last) > period * LATE_PERIODS => Phase::Late,
        _ if progress(now, state).is_some() => Phase::Backfilling,
        _ => Phase::Current,
    }
}

fn progress(now: Timestamp, state: &SyncState) -> Option<Progress> {
    let backfill = state.backfill.as_ref()?;
    let runs = !backfill.is_over() && now.duration_since(backfill.slot) < BACKFILL_RUNS;
    runs.then(|| Progress { days_done: backfill.days_done(), days_asked: backfill.all.days() })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::base::window::Window;
    use crate::sync::state::Backfill;
    use crate::sync::trouble::Trouble;
    use crate::testing::connection;

    const ALL: Window = Window { from: date(2026, 10, 1), to: date(2026, 11, 22) };

    fn now() -> Timestamp {
        "2026-11-22T12:07:00Z".parse().unwrap()
    }

    fn view(state: &SyncState, is_synced: bool) -> SyncView {
        let id = connection();
        SyncView::at(now(), state, &Cadence { connection: &id, period_minutes: 60, is_synced })
    }

    fn ago(minutes: i64) -> Timestamp {
        now() - SignedDuration::from_mins(minutes)
    }

    #[test]
    fn the_phase_says_what_a_person_has_to_know() {
        let well =
            SyncState { last_attempt: Some(ago(10)), last_success: Some(ago(10)), ..SyncState::default() };
        let failure = |gave_up| Some(Failure { trouble: Trouble::RateLimited, since: now(), gave_up });
        let backfill =
            |slot| Some(Backfill::begin(slot, ALL).with(Window { from: date(2026, 11, 1), ..ALL }));
        let cases = [
            (Phase::Waiting, SyncState::default()),
            (Phase::Current, well.clone()),
            (Phase::Current, SyncState { last_attempt: None, ..well.clone() }),
            (
                Phase::Late,
                SyncState { last_attempt: Some(ago(121)), last_success: Some(ago(121)), ..well.clone() },
            ),
            (Phase::Retrying, SyncState { failure: failure(false), ..well.clone() }),
            (Phase::Failing, SyncState { failure: failure(true), ..well.clone() }),
            (Phase::Backfilling, SyncState { backfill: backfill(now()), ..well.clone() }),
            (Phase::Current, SyncState { backfill: backfill(now() - BACKFILL_RUNS), ..well }),
        ];
        for (phase, state) in cases {
            assert_eq!(view(&state, true).phase, phase, "{state:?}");
            let stopped = view(&state, false);
            assert_eq!((stopped.phase, stopped.next_at), (Phase::Stopped, None));
        }
    }

    #[test]
    fn progress_counts_days_and_ends_with_the_last() {
        let begun = Backfill::begin(now(), ALL);
        let half = SyncState {
            backfill: Some(begun.with(Window { to: date(2026, 10, 31), ..ALL })),
            ..SyncState::default()
        };
        assert_eq!(view(&half, true).progress, Some(Progress { days_done: 31, days_asked: 53 }));
        let over = SyncState { backfill: Some(begun.with(ALL)), ..SyncState::default() };
        assert_eq!(view(&over, true).progress, None);
    }

    #[test]
    fn the_next_sync_is_within_a_period() {
        let next = view(&SyncState::default(), true).next_at.unwrap();
        let wait = next.duration_since(now());
        assert!(wait > SignedDuration::ZERO && wait <= SignedDuration::from_mins(60), "{wait}");
    }
}
