//! Ends a job that read everything: stores that it is done, how fresh the figures are, and that the token works.

use super::context::SyncContext;
use super::progress::{JobDays, JobProgress};
use super::save::save_days;
use super::{Outcome, log};
use crate::base::error::Result;
use crate::connect::connection::State;
use crate::connect::steps::grant;
use crate::sync::state::{Checkpoint, SyncChange};

/// Stores that the job is done and that the platform accepted the token.
pub(super) async fn succeed(cx: &SyncContext<'_>, days: &JobDays, progress: JobProgress) -> Result<Outcome> {
    let rows = cx.ports.rows.as_ref();
    let (progress, saved) = save_days(cx, progress).await;
    saved?;
    let done = Checkpoint { structure: true, levels: Vec::new(), done: true };
    rows.put_checkpoint(&cx.at, &days.original.id(), &done, cx.ports.clock.now()).await?;
    let change = SyncChange {
        last_success: Some(cx.ports.clock.now()),
        newest_at: days.has_newest.then(|| cx.ports.clock.now()),
        ..SyncChange::default()
    };
    rows.change_sync_state(&cx.at, &change).await?;
    accept(cx).await?;
    let JobProgress { rows, days, odd, .. } = progress;
    log(cx, "sync.done", vec![("rows", rows), ("days", days), ("odd", odd)], None).await?;
    Ok(Outcome::Done { rows, days })
}

/// Takes a doubt about the token back: the platform just accepted it.
async fn accept(cx: &SyncContext<'_>) -> Result<()> {
    let row = &cx.opened.connection;
    if row.state != State::Active {
        let life = cx.ports.rows.life(&row.tenant, &row.id).await?;
        grant::accepted(&cx.ports.grant(), row, life).await?;
    }
    Ok(())
}
