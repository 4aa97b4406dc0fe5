//! Writes a job's progress: first the records of its days, then its checkpoint.

use super::context::SyncContext;
use super::progress::JobProgress;
use crate::base::error::Result;
use crate::sync::completeness::Days;

/// Writes the records of the days and then the checkpoint: never the other way round. Returns the progress without what
/// was written, and whether the writes succeeded.
pub(super) async fn save(cx: &SyncContext<'_>, id: &str, progress: JobProgress) -> (JobProgress, Result<()>) {
    match save_days(cx, progress).await {
        (progress, Ok(())) if progress.is_ahead => {
            let now = cx.ports.clock.now();
            let written = cx.ports.rows.put_checkpoint(&cx.at, id, &progress.checkpoint, now).await;
            (JobProgress { is_ahead: false, ..progress }, written)
        }
        saved => saved,
    }
}

/// Writes the records of the days that were stored.
pub(super) async fn save_days(cx: &SyncContext<'_>, progress: JobProgress) -> (JobProgress, Result<()>) {
    if !progress.records.is_empty()
        && let Err(error) = cx.ports.rows.put_days(&cx.at, &progress.records).await
    {
        return (progress, Err(error));
    }
    (JobProgress { records: Days::new(), unsaved: 0, ..progress }, Ok(()))
}
