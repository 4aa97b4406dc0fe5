//! Holds a job back before it opens anything: too little time, a pause that a platform asked for, or an outage.

use jiff::{SignedDuration, Timestamp};

use super::Ports;
use crate::base::error::Result;
use crate::base::random;
use crate::connect::connection::Connection;
use crate::sync::breaker::{self, Admission, Circuit};
use crate::sync::job::{JobKind, SyncJob};

/// The time that a job needs to begin.
const START: SignedDuration = SignedDuration::from_secs(20);

/// The longest delay of the queue: a job that has to wait longer puts itself back again.
pub(super) const LONGEST_WAIT_SECONDS: u32 = 900;

/// Moves a late job to the newest slot, so that after an outage each account is read once.
pub(super) fn newest(ports: &Ports, connection: &Connection, job: &SyncJob) -> SyncJob {
    let period = ports.profile.platform(&connection.platform).map_or(0, |platform| platform.period_minutes);
    let period = 60 * i64::from(period);
    let late = ports.clock.now().duration_since(job.slot).as_secs();
    if job.kind != JobKind::Restate || job.window.is_some() || period == 0 || late < period {
        return job.clone();
    }
    let slot = Timestamp::from_second(job.slot.as_second() + late - late.rem_euclid(period));
    SyncJob { slot: slot.unwrap_or(job.slot), ..job.clone() }
}

/// What a job finds before it opens anything.
pub(super) enum Entry {
    /// It may begin.
    Admitted(Pass),
    /// It was put back.
    PutBack {
        /// The delay in seconds.
        seconds: u32,
    },
}

/// The breaker of a connection's app, and how it admitted the job.
pub(super) struct Pass {
    circuit: Circuit,
    pub(super) admission: Admission,
}

/// Admits a job, or puts it back as it is: waiting is no failure of its own.
pub(super) async fn admit(
    ports: &Ports,
    connection: &Connection,
    job: &SyncJob,
    deadline: Timestamp,
) -> Result<Entry> {
    if ports.clock.now() + START > deadline {
        return put_off(ports, job, 0).await;
    }
    if let Some(seconds) = rest(job, ports.clock.now()) {
        return put_off(ports, job, seconds).await;
    }
    let circuit = Circuit { platform: connection.platform.clone(), context: connection.context.clone() };
    let random = random::number(ports.entropy.as_ref());
    match breaker::admit(ports.rows.as_ref(), &circuit, ports.clock.now(), random).await? {
        Admission::Wait(seconds) => put_off(ports, job, seconds).await,
        admission => Ok(Entry::Admitted(Pass { circuit, admission })),
    }
}

async fn put_off(ports: &Ports, job: &SyncJob, seconds: u32) -> Result<Entry> {
    ports.queue.send(std::slice::from_ref(job), seconds).await?;
    Ok(Entry::PutBack { seconds })
}

/// Returns the rest of a pause that is longer than one delay of the queue.
fn rest(job: &SyncJob, now: Timestamp) -> Option<u32> {
    let left = now.duration_until(job.not_before?).as_secs();
    let seconds = u32::try_from(left).ok().filter(|left| *left > 0)?;
    Some(seconds.min(LONGEST_WAIT_SECONDS))
}

/// Tells the breaker whether the platform is down, if the end of the job says so.
pub(super) async fn record_outcome(ports: &Ports, pass: Pass, is_outage: Option<bool>) -> Result<()> {
    let (Some(is_outage), Pass { circuit, admission }) = (is_outage, pass) else { return Ok(()) };
    let now = ports.clock.now();
    breaker::record_outcome(ports.rows.as_ref(), &circuit, admission, now, is_outage).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::Kind;
    use crate::sync::breaker::FAILURES;
    use crate::sync::job::JobKind;
    use crate::sync::ops::run_sync::Outcome;
    use crate::sync::ops::run_sync::failure::MOST_DEFERRALS;
    use crate::testing::World;

    #[test]
    fn an_outage_opens_the_breaker_and_jobs_wait_without_a_call_however_long_it_lasts() {
        let world = World::connected();
        *world.platform.refuse.lock().unwrap() = Some((Kind::Upstream, "upstream", true));
        let mut job = world.job(JobKind::First);
        for _ in 0..FAILURES {
            assert!(matches!(world.run(&job).unwrap(), Outcome::Deferred { .. }));
            (job, _) = world.sync.sent.lock().unwrap().pop().unwrap();
            world.advance(1);
        }
        assert_eq!(job.deferred, 5);
        let (mut probes, mut waits) = (0, 0);
        for _ in 0..8 * 60 {
            let before = world.opened();
            let Outcome::Deferred { seconds } = world.run(&job).unwrap() else { panic!("given up") };
            let (again, delay) = world.sync.sent.lock().unwrap().pop().unwrap();
            assert!((1..=900).contains(&seconds) && delay == seconds, "{seconds}");
            if world.opened() == before {
                assert_eq!(again, job, "waiting counts as nothing");
                waits += 1;
            } else {
                probes += 1;
            }
            world.pass(SignedDuration::from_secs(10));
        }
        assert!(probes <= 160 && waits >= 320, "{probes} probes, {waits} waits");
        *world.platform.refuse.lock().unwrap() = None;
        world.advance(1);
        assert!(matches!(world.run(&job).unwrap(), Outcome::Done { .. }), "nothing is lost");
        assert_eq!(
            world.sync.breaker.lock().unwrap().as_ref().unwrap().failures,
            0,
            "and the breaker is closed"
        );
    }

    #[test]
    fn a_healthy_platform_costs_the_breaker_no_write() {
        let world = World::connected();
        world.run(&world.job(JobKind::First)).unwrap();
        *world.platform.refuse.lock().unwrap() = Some((Kind::NotPermitted, "not_permitted", false));
        world.run(&world.job(JobKind::Backfill)).unwrap();
        assert_eq!(*world.sync.breaker.lock().unwrap(), None);
    }

    /// After an outage each account is read once, and not once for every slot that passed.
    #[test]
    fn a_job_of_a_slot_that_is_over_is_the_job_of_the_newest() {
        let world = World::connected();
        world.run(&world.job(JobKind::First)).unwrap();
        let old = world.job(JobKind::Restate);
        world.advance(3 * 60);
        let newest = world.job(JobKind::Restate);
        world.advance(7);
        assert!(matches!(world.run(&old).unwrap(), Outcome::Done { rows: 21, .. }));
        assert_eq!(world.run(&newest).unwrap(), Outcome::Already);
        assert_eq!(world.run(&old).unwrap(), Outcome::Already);
        let next = {
            let mut job = newest;
            job.slot += SignedDuration::from_hours(1);
            job
        };
        world.advance(60);
        assert!(
            matches!(world.run(&next).unwrap(), Outcome::Done { .. }),
            "the next slot has a job of its own"
        );
    }

    #[test]
    fn a_pause_that_is_longer_than_the_queue_can_wait_is_kept_to() {
        let world = World::connected();
        let mut job = world.job(JobKind::First);
        job.not_before = Some(world.now() + SignedDuration::from_secs(2_000));
        let mut waited = 0;
        let outcome = loop {
            match world.run(&job).unwrap() {
                Outcome::Deferred { seconds } => {
                    assert_eq!(world.opened(), 0, "after {waited} seconds");
                    assert_eq!(*world.sync.sent.lock().unwrap(), [(job.clone(), seconds)], "as it is");
                    world.sync.sent.lock().unwrap().clear();
                    waited += i64::from(seconds);
                    world.pass(SignedDuration::from_secs(seconds.into()));
                }
                outcome => break outcome,
            }
        };
        assert!(matches!(outcome, Outcome::Done { .. }) && waited == 2_000, "{waited}");
        assert!(world.sync.sent.lock().unwrap().iter().all(|(later, _)| later.not_before.is_none()));
    }

    #[test]
    fn a_platform_that_asks_for_an_hour_gets_it_and_one_that_asks_for_a_year_gets_a_day() {
        for (asked, kept) in [(60, 60), (900, 900), (3_600, 3_600), (31_536_000, 86_400)] {
            let world = World::connected();
            *world.platform.pause.lock().unwrap() = Some(std::time::Duration::from_secs(asked));
            *world.platform.refuse.lock().unwrap() = Some((Kind::RateLimited, "rate_limited", true));
            let job = world.job(JobKind::First);
            let Outcome::Deferred { seconds } = world.run(&job).unwrap() else { panic!("not deferred") };
            let (again, delay) = world.sync.sent.lock().unwrap().pop().unwrap();
            let now: Timestamp = world.now();
            let until =
                again.not_before.map_or_else(|| i64::from(delay), |at| now.duration_until(at).as_secs());
            assert_eq!((until, delay), (kept, seconds), "{asked}");
            assert!(delay <= 900 && again.deferred == 1 && again.deferred <= MOST_DEFERRALS);
        }
    }
}
