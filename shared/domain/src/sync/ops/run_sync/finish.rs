//! Ends a job that read everything: stores that it is done, how fresh the figures are, and that the token works.

use super::context::SyncContext;
use super::progress::{JobDays, JobProgress};
use super::save::save_days;
use super::{Outcome, ended, log};
use crate::base::error::Result;
use crate::connect::connection::State;
use crate::connect::steps::grant;
use crate::people::log_entry::SyncEntry;
use crate::sync::ending::TryOutcome;

/// Stores that the job is done and that the platform accepted the token.
pub(super) async fn succeed(cx: &SyncContext<'_>, days: &JobDays, progress: JobProgress) -> Result<Outcome> {
    let (progress, saved) = save_days(cx, progress).await;
    saved?;
    ended::record(cx, days, TryOutcome::Done).await?;
    accept(cx).await?;
    let JobProgress { rows, days, odd, .. } = progress;
    log(cx, SyncEntry::Done, vec![("rows", rows), ("days", days), ("odd", odd)], None).await?;
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
