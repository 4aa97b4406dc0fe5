//! What holds a job up before it opens anything: a platform that asked for a pause, and one that is away.

use jiff::Timestamp;

use super::work::{Step, Stop};
use super::{Outcome, Ports};
use crate::breaker::{self, Admission, Circuit};
use crate::connection::Connection;
use crate::error::Result;
use crate::sync::{JobKind, SyncJob};

/// The longest delay of the queue: a job that has to wait longer puts itself back again.
pub(super) const LONGEST_WAIT_SECONDS: u32 = 900;

/// A job of a slot that is over is the job of the newest one: after an outage each account is read once.
pub(super) fn newest(ports: &Ports<'_>, connection: &Connection, job: &SyncJob) -> SyncJob {
    let period =
        ports.grant.profile.platform(&connection.platform).map_or(0, |platform| platform.period_minutes);
    let period = 60 * i64::from(period);
    let late = ports.grant.clock.now().duration_since(job.slot).as_secs();
    if job.kind != JobKind::Restate || job.window.is_some() || period == 0 || late < period {
        return job.clone();
    }
    let slot = Timestamp::from_second(job.slot.as_second() + late - late.rem_euclid(period));
    SyncJob { slot: slot.unwrap_or(job.slot), ..job.clone() }
}

/// Puts a job back that has to wait, as it is: waiting is no failure of its own.
pub(super) async fn put_off(ports: &Ports<'_>, job: &SyncJob, seconds: u32) -> Result<Outcome> {
    ports.queue.send_sync(std::slice::from_ref(job), seconds).await?;
    Ok(Outcome::Deferred { seconds })
}

/// How long a job still has to wait that was put off for longer than the queue can.
pub(super) fn rest(job: &SyncJob, now: Timestamp) -> Option<u32> {
    let left = now.duration_until(job.not_before?).as_secs();
    let seconds = u32::try_from(left).ok().filter(|left| *left > 0)?;
    Some(seconds.min(LONGEST_WAIT_SECONDS))
}

/// The breaker of a connection's app.
pub(super) fn circuit(connection: &Connection) -> Circuit {
    Circuit { platform: connection.platform.clone(), context: connection.context.clone() }
}

/// Asks the breaker.
pub(super) async fn admit(ports: &Ports<'_>, circuit: &Circuit) -> Result<Admission> {
    let mut random = [0; 4];
    ports.grant.entropy.fill(&mut random);
    breaker::admit(ports.grant.breakers, circuit, ports.grant.clock.now(), u32::from_be_bytes(random)).await
}

/// Whether the platform is away, as far as the end of a job tells; one that was stopped by something else says nothing.
pub(super) fn is_away(ended: &Step<()>) -> Option<bool> {
    match ended {
        Ok(()) => Some(false),
        Err(Stop::Platform(error)) => Some(breaker::is_outage(error)),
        Err(Stop::Closed | Stop::Late | Stop::Ours(_)) => None,
    }
}

/// Tells the breaker.
pub(super) async fn tell(
    ports: &Ports<'_>,
    circuit: &Circuit,
    admission: Admission,
    is_away: Option<bool>,
) -> Result<()> {
    let Some(is_away) = is_away else { return Ok(()) };
    breaker::tell(ports.grant.breakers, circuit, admission, ports.grant.clock.now(), is_away).await
}
