//! Plans the jobs of a tick of the schedule: one job for each account whose slot came since the ticks before.
//!
//! Ticks overlap, so that the next tick makes up for a lost one. Jobs have deterministic ids, so that a job that was
//! sent twice is done once. The only write is the removal of outbox jobs that were sent.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::base::error::{Error, Kind, Result};
use crate::base::ids::AccountRef;
use crate::base::queue::JobQueue;
use crate::connect::token_life::RETRY;
use crate::platform::profile::Profile;
use crate::sync::job::{JobKind, ProbeJob, SHARDS, SyncJob, latest_slot};
use crate::sync::ports::DueRead;

/// How many minutes a tick covers: twice the five minutes between two ticks.
pub const COVERED_MINUTES: i64 = 10;

/// How old an outbox job has to be before the planner sends it in its maker's place.
pub const OUTBOX_AGE: SignedDuration = SignedDuration::from_mins(1);

rows!(DueRead);

/// The ports of planning.
#[derive(Clone)]
pub struct Ports {
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
    /// Queues sync jobs.
    pub queue: Arc<dyn JobQueue<SyncJob>>,
    /// Queues probes.
    pub probes: Arc<dyn JobQueue<ProbeJob>>,
}

/// One tick.
#[derive(Debug, Clone, Copy)]
pub struct Input {
    /// The time that the tick is for.
    pub tick: Timestamp,
    /// Minutes between two syncs of an account.
    pub period_minutes: u16,
}

/// The number of jobs that a tick sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Planned {
    /// Jobs of accounts that are due.
    pub due: usize,
    /// Probes of connections.
    pub probes: usize,
    /// Jobs that their maker stored and did not send.
    pub resent: usize,
}

/// Sends the jobs of a tick.
pub async fn run(ports: &Ports, input: Input) -> Result<Planned> {
    let mut planned = Planned::default();
    for shard in 0..SHARDS {
        for (first, last) in minutes(input) {
            let accounts = ports.rows.due(shard, first, last).await?;
            let jobs: Vec<_> = accounts.into_iter().map(|account| job(account, input)).collect();
            send(ports.queue.as_ref(), &jobs).await?;
            planned.due += jobs.len();
        }
    }
    planned.probes = probe(ports, input.tick).await?;
    planned.resent = resend(ports, input.tick).await?;
    Ok(planned)
}

/// Sends the probes that are due. A probe without a result stays due; it is sent again each hour, not at every tick.
async fn probe(ports: &Ports, tick: Timestamp) -> Result<usize> {
    let due = ports.rows.probes(tick).await?;
    let is_turn = |due_at: Timestamp| {
        let late = tick.duration_since(due_at).as_secs();
        (0..COVERED_MINUTES * 60).contains(&late.rem_euclid(RETRY.as_secs()))
    };
    let probes: Vec<_> = due
        .into_iter()
        .filter(|(_, _, due_at)| is_turn(*due_at))
        .map(|(tenant, connection, due_at)| ProbeJob { tenant, connection, due_at })
        .collect();
    if !probes.is_empty() {
        ports.probes.send(&probes, 0).await?;
    }
    Ok(probes.len())
}

/// Returns the one period of a profile: the due index does not hold an account's platform.
pub fn period(profile: &Profile) -> Result<u16> {
    let mut periods = profile.platforms.iter().map(|platform| platform.period_minutes);
    let period = periods.next().filter(|period| *period > 0 && periods.all(|other| other == *period));
    period.ok_or_else(|| {
        Error::new(Kind::Internal, "periods_differ", "All platforms of a profile need one sync period.")
    })
}

/// Returns the minutes of the period that the tick covers, as ranges with both ends included.
fn minutes(input: Input) -> Vec<(u16, u16)> {
    let period = i64::from(input.period_minutes.max(1));
    if COVERED_MINUTES >= period {
        return vec![(0, input.period_minutes.max(1) - 1)];
    }
    let last = minute_of(input.tick).rem_euclid(period);
    let first = last - COVERED_MINUTES + 1;
    let ranges = if first < 0 { vec![(first + period, period - 1), (0, last)] } else { vec![(first, last)] };
    ranges.into_iter().filter_map(|(from, to)| Some((from.try_into().ok()?, to.try_into().ok()?))).collect()
}

/// Makes the job of an account for its latest slot, at or before the tick.
fn job(account: AccountRef, input: Input) -> SyncJob {
    let slot = latest_slot(&account.connection, input.period_minutes, input.tick);
    SyncJob {
        tenant: account.tenant,
        connection: account.connection,
        account: account.account,
        kind: JobKind::Restate,
        window: None,
        slot,
        deferred: 0,
        not_before: None,
    }
}

fn minute_of(time: Timestamp) -> i64 {
    time.as_second().div_euclid(60)
}

/// Sends the jobs that an activation stored but did not send.
async fn resend(ports: &Ports, tick: Timestamp) -> Result<usize> {
    let waiting = ports.rows.outbox(tick - OUTBOX_AGE).await?;
    let jobs: Vec<_> = waiting.iter().map(|(_, job)| job.clone()).collect();
    send(ports.queue.as_ref(), &jobs).await?;
    for (id, job) in &waiting {
        ports.rows.outbox_done(job, id).await?;
    }
    Ok(waiting.len())
}

async fn send(queue: &dyn JobQueue<SyncJob>, jobs: &[SyncJob]) -> Result<()> {
    if jobs.is_empty() { Ok(()) } else { queue.send(jobs, 0).await }
}
