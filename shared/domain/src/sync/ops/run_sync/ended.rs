//! Records the end of a job's try in the state of the account's syncs.

use super::context::SyncContext;
use super::progress::JobDays;
use crate::base::error::{Error, Result};
use crate::sync::ending::{SyncEnd, TryOutcome};

/// How often an end is recorded anew because another job of the account ended at the same moment.
const TRIES: usize = 8;

/// Records how a try ended, and with success that the job is done.
pub(super) async fn record(cx: &SyncContext<'_>, days: &JobDays, outcome: TryOutcome) -> Result<()> {
    let rows = cx.ports.rows.as_ref();
    let end = SyncEnd {
        kind: days.original.kind,
        slot: days.original.slot,
        window: days.window,
        has_newest: days.has_newest,
        outcome,
        at: cx.ports.clock.now(),
    };
    let id = (outcome == TryOutcome::Done).then(|| days.original.id());
    for _ in 0..TRIES {
        let ended = rows.sync_state(&cx.at).await?.after(&end);
        if rows.end_sync(&cx.at, &ended, id.as_deref()).await? {
            return Ok(());
        }
    }
    Err(Error::unavailable("sync_state_busy", "Other jobs of the account kept changing its state."))
}
