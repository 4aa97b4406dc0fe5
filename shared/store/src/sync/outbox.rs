//! Jobs that wait in a connection's own rows until the planner sends them.

use jiff::Timestamp;
use mooring_domain::sync::job::SyncJob;

use crate::client::Write;
use crate::client::item::{DUE_AT, DUE_SHARD};
use crate::client::key::instant;
use crate::sync::items::write_job;
use crate::sync::keys;
use crate::sync::keys::DUE_OUTBOX;

/// A job to send, kept until it is sent: the sweeper finds it in the due index if the sender dies.
pub(crate) fn outbox_row(job: &SyncJob, now: Timestamp) -> Write {
    let draft = write_job(job).text(DUE_SHARD, DUE_OUTBOX).text(DUE_AT, instant(now));
    Write::put(keys::outbox(&job.tenant, &job.connection, &job.id(), &job.account), draft)
}
