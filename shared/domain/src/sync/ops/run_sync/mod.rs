//! Runs one sync job: reads the platform's pages, and writes sealed chunks and a record for each day.
//!
//! The job checks the fence before it opens anything, when a call leaves (unless the last check is a moment old,
//! docs/adr/0019), and before each put of chunks. So it reads and writes nothing for long after a disconnect. A row that
//! slips through is sealed under a destroyed key, and the second purge deletes it. A job that cannot end in time puts
//! itself back, and the next invocation goes on from its checkpoint.
//!
//! Steps share a `SyncContext` that none of them changes, and return values (docs/adr/0038). A row's way is `levels`,
//! which asks (`question`), holds against totals (`totals`) and stores (`days`, then `put`); `finish` or `failure` ends
//! the job.

mod context;
mod days;
mod ended;
mod failure;
mod finish;
mod gate;
mod levels;
mod open;
mod pages;
mod plan;
mod progress;
mod put;
mod question;
mod save;
mod structure;
#[cfg(test)]
mod tests;
mod totals;
mod waiting;
mod window;

use std::sync::Arc;

use jiff::Timestamp;

use self::context::{Stop, SyncContext};
use self::progress::{JobDays, JobEnd, JobProgress};
use self::waiting::Entry;
use crate::base::error::{Kind, Result};
use crate::base::host::{Clock, Entropy};
use crate::base::ids::{AccountRef, DeletionId};
use crate::base::queue::JobQueue;
use crate::base::window::Window;
use crate::connect::steps::grant;
use crate::people::log_entry::SyncEntry;
use crate::platform::capabilities::Connectors;
use crate::platform::profile::Profile;
use crate::sync::activity::Activity;
use crate::sync::breaker::Admission;
use crate::sync::job::SyncJob;
use crate::sync::ports::{
    ActivityWrite, ChunkRead, ChunkWrite, CompletenessRead, SyncEndWrite, SyncProgress,
};
use crate::sync::state::Checkpoint;
use crate::vault::ports::KeyOpen;

rows!(grant::Rows, SyncProgress, SyncEndWrite, CompletenessRead, ChunkRead, ChunkWrite, ActivityWrite);

/// The ports of a sync.
#[derive(Clone)]
pub struct Ports {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Jitter, and the ids of deletions.
    pub entropy: Arc<dyn Entropy>,
    /// The rows that a sync reads and writes.
    pub rows: Arc<dyn Rows>,
    /// Opens data keys.
    pub keys: Arc<dyn KeyOpen>,
    /// The platforms' connectors.
    pub connectors: Arc<dyn Connectors>,
    /// The profile: the calls that may leave, how long rows are kept, and how long a connection waits for a person.
    pub profile: Arc<Profile>,
    /// The queue of further jobs.
    pub queue: Arc<dyn JobQueue<SyncJob>>,
}

impl Ports {
    /// Returns the ports that the use of a grant needs.
    fn grant(&self) -> grant::Ports {
        let Self { clock, entropy, rows, keys, connectors, profile, .. } = self.clone();
        grant::Ports { clock, entropy, rows, keys, connectors, profile }
    }
}

/// One job and when its invocation ends.
#[derive(Debug, Clone)]
pub struct Input {
    /// The job.
    pub job: SyncJob,
    /// When Lambda ends the invocation.
    pub deadline: Timestamp,
}

/// How a job ended. The queue delivers none of these again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The job read everything.
    Done {
        /// How many rows the platform gave.
        rows: u64,
        /// How many days' chunks or records were written.
        days: u64,
    },
    /// The same job was done before.
    Already,
    /// The connection or account ended: the job opened nothing, or wrote nothing more.
    Dropped,
    /// The job put itself back.
    Deferred {
        /// The delay in seconds.
        seconds: u32,
    },
    /// The job cannot succeed; the days that were never read have the reason.
    Failed(&'static str),
    /// The platform confirmed that access was revoked; the connection is being deleted.
    Ended(DeletionId),
}

/// Runs a job. An error is Mooring's or the platform's, and says whether another delivery may succeed.
pub async fn run(ports: &Ports, input: &Input) -> Result<Outcome> {
    match attempt(ports, input).await {
        // The account ended between a fence check and a write, which the store refused: a disconnect is nobody's fault.
        Err(error) if error.kind == Kind::Gone => Ok(Outcome::Dropped),
        ended => ended,
    }
}

async fn attempt(ports: &Ports, input: &Input) -> Result<Outcome> {
    let SyncJob { tenant, connection, account, .. } = input.job.clone();
    let at = AccountRef { tenant, connection, account };
    let fence = ports.rows.fence(&at.tenant, &at.connection, Some(&at.account)).await?;
    if !fence.lets_write() {
        return Ok(Outcome::Dropped);
    }
    let Some(connection) = ports.rows.connection(&at.tenant, &at.connection).await? else {
        return Ok(Outcome::Dropped);
    };
    let job = waiting::newest(ports, &connection, &input.job);
    let checkpoint = ports.rows.checkpoint(&at, &job.id()).await?;
    if checkpoint.done {
        return Ok(Outcome::Already);
    }
    let pass = match waiting::admit(ports, &connection, &job, input.deadline).await? {
        Entry::PutBack { seconds } => return Ok(Outcome::Deferred { seconds }),
        Entry::Admitted(pass) => pass,
    };
    let Some(opened) = open::open(ports, &at, connection).await? else { return Ok(Outcome::Dropped) };
    let cx = SyncContext::new(ports, input.deadline, at, &opened)?;
    let is_calm = matches!(pass.admission, Admission::Clear);
    let JobEnd { days, progress, ended } = work_through(&cx, &job, &checkpoint, is_calm).await;
    let is_outage = ended.as_ref().map_or_else(Stop::is_outage, |()| Some(false));
    let outcome = match ended {
        Ok(()) => finish::succeed(&cx, &days, progress).await,
        Err(stop) => failure::stopped(&cx, &days, progress, stop).await,
    };
    // The progress is written before anything else can fail.
    waiting::record_outcome(ports, pass, is_outage).await?;
    outcome
}

/// Reads names if they are due, settles the days, and reads their levels.
async fn work_through(cx: &SyncContext<'_>, job: &SyncJob, checkpoint: &Checkpoint, is_calm: bool) -> JobEnd {
    let due = match plan::due(cx, job, checkpoint).await {
        Ok(due) => due,
        Err(stop) => {
            let today = Window { from: cx.today, to: cx.today };
            return early(job, job.window.unwrap_or(today), stop);
        }
    };
    let window = due.window;
    let names = match structure::names(cx, due.names, is_calm).await {
        Ok(names) => names,
        Err(stop) => return early(job, window, stop),
    };
    match plan::settle(cx, job, checkpoint, due, names).await {
        Ok(days) => levels::read(cx, days).await,
        Err(stop) => early(job, window, stop),
    }
}

/// Ends the work of a job whose days are not settled.
fn early(job: &SyncJob, window: Window, stop: Stop) -> JobEnd {
    let days = JobDays { original: job.clone(), job: job.clone(), window, has_newest: false };
    JobEnd { days, progress: JobProgress::default(), ended: Err(stop) }
}

/// Writes a line of the account's activity.
async fn log(
    cx: &SyncContext<'_>,
    what: SyncEntry,
    numbers: Vec<(&'static str, u64)>,
    error: Option<&'static str>,
) -> Result<()> {
    let AccountRef { tenant, connection, account } = cx.at.clone();
    let at = cx.ports.clock.now();
    let entry = Activity { tenant, connection, account: Some(account), what, numbers, error, at };
    cx.ports.rows.record(&entry).await
}
