//! Keeps jobs in a connection's own rows until the planner sends them.

use jiff::Timestamp;
use mooring_domain::sync::job::SyncJob;

use crate::client::Write;
use crate::client::item::{DUE_AT, DUE_SHARD};
use crate::client::key::instant;
use crate::sync::items::write_job;
use crate::sync::keys::{self, DUE_OUTBOX};

/// Makes the write that keeps a job until it is sent. If the sender dies, the planner finds the job in the
/// due index.
pub(crate) fn outbox_row(job: &SyncJob, now: Timestamp) -> Write {
    let draft = write_job(job).text(DUE_SHARD, DUE_OUTBOX).text(DUE_AT, instant(now));
    Write::put(keys::outbox(&job.tenant, &job.connection, &job.id(), &job.account), draft)
}
