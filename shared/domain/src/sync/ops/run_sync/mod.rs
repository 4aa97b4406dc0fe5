//! Runs one sync job: the platform's pages in, sealed chunks out, and what is known of each day.
//!
//! The fence is read consistently before anything is opened, when a call leaves (unless it was read a moment ago, ADR
//! 19), and before chunks are put, so that nothing is read or written for long after a disconnect; what slips through is
//! sealed under a destroyed key and purged by the second pass. A job that cannot end in time puts itself back, and goes
//! on where it was.

mod days;
mod failure;
mod gate;
mod levels;
mod open;
mod structure;
#[cfg(test)]
mod tests;
mod totals;
mod waiting;
mod window;
mod work;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use self::structure::Names;
use self::work::{Step, Track, Work};
use crate::base::error::{Kind, Result};
use crate::base::host::Clock;
use crate::base::host::Entropy;
use crate::base::ids::{AccountRef, DeletionId};
use crate::base::queue::JobQueue;
use crate::connect::connection::State;
use crate::connect::steps::grant;
use crate::platform::capabilities::Connectors;
use crate::platform::profile::Profile;
use crate::sync::activity::Activity;
use crate::sync::breaker::Admission;
use crate::sync::job::{JobKind, SyncJob};
use crate::sync::ports::{ActivityWrite, ChunkRead, ChunkWrite, CompletenessRead, SyncProgress};
use crate::sync::state::{Checkpoint, SyncChange, SyncState};
use crate::vault::ports::KeyOpen;

/// How much time a job needs to be started at all, and to go on.
const START: SignedDuration = SignedDuration::from_secs(20);

const GO_ON: SignedDuration = SignedDuration::from_secs(10);

/// How old names and statuses may be.
const STRUCTURE_AGE: SignedDuration = SignedDuration::from_hours(24);

rows!(grant::Rows, SyncProgress, CompletenessRead, ChunkRead, ChunkWrite, ActivityWrite);

/// What a sync needs.
#[derive(Clone)]
pub struct Ports {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Jitter, and the ids of deletions.
    pub entropy: Arc<dyn Entropy>,
    /// Its rows.
    pub rows: Arc<dyn Rows>,
    /// Opens data keys.
    pub keys: Arc<dyn KeyOpen>,
    /// The platforms.
    pub connectors: Arc<dyn Connectors>,
    /// What the product may call, how long it keeps rows, and how long it waits for a person.
    pub profile: Arc<Profile>,
    /// Where further jobs go.
    pub queue: Arc<dyn JobQueue<SyncJob>>,
}

impl Ports {
    /// What the use of a grant needs.
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
    /// When the invocation is ended from outside.
    pub deadline: Timestamp,
}

/// How a job ended. None of these is tried again by the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was read; so many rows came, so many days changed.
    Done {
        /// Rows that the platform gave.
        rows: u64,
        /// Days whose chunks or records were written.
        days: u64,
    },
    /// The same job was done before.
    Already,
    /// The connection or account was let go; nothing was opened or nothing more was written.
    Dropped,
    /// The job put itself back.
    Deferred {
        /// After so many seconds.
        seconds: u32,
    },
    /// It cannot succeed; the days that were never read say why.
    Failed(&'static str),
    /// The platform confirmed that access was revoked; the connection is being deleted.
    Ended(DeletionId),
}

/// Runs a job. An error is ours or the platform's and worth another delivery if it says so.
pub async fn run(ports: &Ports, input: &Input) -> Result<Outcome> {
    match attempt(ports, input).await {
        // The account was let go between a look and a write, which the store refused: a disconnect is nobody's fault.
        Err(error) if error.kind == Kind::Gone => Ok(Outcome::Dropped),
        ended => ended,
    }
}

async fn attempt(ports: &Ports, input: &Input) -> Result<Outcome> {
    let job = &input.job;
    let at = AccountRef {
        tenant: job.tenant.clone(),
        connection: job.connection.clone(),
        account: job.account.clone(),
    };
    let fence = ports.rows.fence(&at.tenant, &at.connection, Some(&at.account)).await?;
    if !fence.lets_write() {
        return Ok(Outcome::Dropped);
    }
    let Some(connection) = ports.rows.connection(&at.tenant, &at.connection).await? else {
        return Ok(Outcome::Dropped);
    };
    let job = &waiting::newest(ports, &connection, job);
    let checkpoint = ports.rows.checkpoint(&at, &job.id()).await?;
    if checkpoint.done {
        return Ok(Outcome::Already);
    }
    if ports.clock.now() + START > input.deadline {
        return waiting::put_off(ports, job, 0).await;
    }
    if let Some(seconds) = waiting::rest(job, ports.clock.now()) {
        return waiting::put_off(ports, job, seconds).await;
    }
    let circuit = waiting::circuit(&connection);
    let admission = waiting::admit(ports, &circuit).await?;
    if let Admission::Wait(seconds) = admission {
        return waiting::put_off(ports, job, seconds).await;
    }
    let Some(opened) = open::open(ports, &at, connection).await? else { return Ok(Outcome::Dropped) };
    let work = Work::new(ports, input, at, &opened)?;
    let mut track = Track::new(job, work.today);
    let calm = matches!(admission, Admission::Clear);
    let ended = work_through(&work, &mut track, &checkpoint, calm).await;
    let is_outage = waiting::is_outage(&ended);
    let outcome = match ended {
        Ok(()) => succeed(&work, &mut track).await,
        Err(stop) => failure::stopped(&work, &mut track, stop).await,
    };
    // What was read is written down before anything else can fail.
    waiting::record_outcome(ports, &circuit, admission, is_outage).await?;
    outcome
}

/// Reads names if they are due, settles the window, and reads its levels. A job that finds out whether a platform is back
/// asks for figures alone: names would be further calls to a platform that is probably still away.
async fn work_through(work: &Work<'_>, track: &mut Track, checkpoint: &Checkpoint, calm: bool) -> Step<()> {
    let progress = work.ports.rows.as_ref();
    let state = progress.sync_state(&work.at).await?;
    let daily = track.job.window.is_none() && is_daily(work, &track.job, &state);
    let stored = work.stored(&track.job).await?;
    track.window = work.plan(&track.job, daily, (stored, state.entities)).now;
    let names_are_due = (daily || state.names_due) && !checkpoint.structure;
    let names = match (names_are_due, calm) {
        (true, true) => structure::read(work).await?,
        (true, false) => Names::put_off(),
        (false, _) => Names::default(),
    };
    // A list that could not be read may be as long as it was.
    let is_whole = names_are_due && names.failed.is_none();
    let entities = if is_whole { names.entities } else { names.entities.max(state.entities) };
    let plan = work.plan(&track.job, daily, (stored, entities));
    track.settle(plan.now);
    if !checkpoint.structure {
        let later: Vec<_> = plan.later.into_iter().map(|part| track.later(part)).collect();
        work.send(&later).await?;
        // Without names and without further jobs there is nothing that another delivery could do twice.
        if names_are_due || !later.is_empty() {
            let reached = Checkpoint { structure: true, ..checkpoint.clone() };
            work.put_checkpoint(&track.original.id(), &reached).await?;
        }
    }
    if names_are_due {
        // Only now: a job that comes again before its checkpoint still has to find them due, or it would read less.
        let change = SyncChange {
            structure_at: daily.then(|| work.now()),
            names_due: Some(names.failed.is_some()),
            entities: (is_whole || entities > state.entities).then_some(entities),
            ..SyncChange::default()
        };
        progress.change_sync_state(&work.at, &change).await?;
        tell_of(work, &names).await?;
    }
    levels::read(work, track).await
}

/// Writes down what names lack.
async fn tell_of(work: &Work<'_>, names: &Names) -> Result<()> {
    if names.failed.is_none() && names.odd == 0 {
        return Ok(());
    }
    log(work, "sync.names_incomplete", vec![("odd", names.odd)], names.failed).await
}

/// Tells whether the job reads names and the whole restatement window: the first one, and one each day.
fn is_daily(work: &Work<'_>, job: &SyncJob, state: &SyncState) -> bool {
    let period = SignedDuration::from_mins(i64::from(work.platform.period_minutes));
    let new_day = window::day(&work.zone, job.slot) != window::day(&work.zone, job.slot - period);
    let old = state.structure_at.is_none_or(|at| work.now() > at + STRUCTURE_AGE);
    job.kind == JobKind::First || new_day || old
}

/// Remembers that the job is done and that the token works.
async fn succeed(work: &Work<'_>, track: &mut Track) -> Result<Outcome> {
    work.save_days(track).await?;
    let done = Checkpoint { structure: true, levels: Vec::new(), done: true };
    work.put_checkpoint(&track.original.id(), &done).await?;
    let change = SyncChange {
        last_success: Some(work.now()),
        newest_at: is_newest(work, track).then(|| work.now()),
        ..SyncChange::default()
    };
    work.ports.rows.change_sync_state(&work.at, &change).await?;
    let row = &work.opened.connection;
    if row.state != State::Active {
        let life = work.ports.rows.life(&row.tenant, &row.id).await?;
        grant::accepted(&work.ports.grant(), row, life).await?;
    }
    log(work, "sync.done", vec![("rows", track.rows), ("days", track.days), ("odd", track.odd)], None)
        .await?;
    Ok(Outcome::Done { rows: track.rows, days: track.days })
}

/// Tells whether the job's window reaches the day on which it was due: only then are the newest days here.
fn is_newest(work: &Work<'_>, track: &Track) -> bool {
    track.window.to >= window::day(&work.zone, track.job.slot)
}

async fn log(
    work: &Work<'_>,
    what: &'static str,
    numbers: Vec<(&'static str, u64)>,
    error: Option<&'static str>,
) -> Result<()> {
    let AccountRef { tenant, connection, account } = work.at.clone();
    let entry = Activity { tenant, connection, account: Some(account), what, numbers, error, at: work.now() };
    work.ports.rows.record(&entry).await
}
