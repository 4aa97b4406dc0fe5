//! What a job does when it cannot go on: put itself back, say of each day why it is not there, or end the connection.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::Date;

use super::waiting::LONGEST_WAIT_SECONDS;
use super::window::halves;
use super::work::{Stop, Track, Work};
use super::{Outcome, log};
use crate::base::backoff::Backoff;
use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::random;
use crate::connect::steps::grant;
use crate::platform::figures::Level;
use crate::sync::completeness::{DayRecord, DayStatus, Days, Marks, Reason};
use crate::sync::job::SyncJob;
use crate::sync::state::Checkpoint;

/// How often a job puts itself back before it gives up.
pub(super) const MOST_DEFERRALS: u16 = 8;

/// The waits of a job that was put back: the first doubles each time, up to the longest delay of the queue.
const WAITS: Backoff =
    Backoff::new(Duration::from_secs(30), Duration::from_secs(1).saturating_mul(LONGEST_WAIT_SECONDS));

/// A platform that asks for a longer pause than this is not believed.
const LONGEST_PAUSE_SECONDS: u32 = 24 * 60 * 60;

/// Ends a job that was stopped.
pub(super) async fn stopped(work: &Work<'_>, track: &mut Track, stop: Stop) -> Result<Outcome> {
    if matches!(stop, Stop::Closed) {
        return Ok(Outcome::Dropped);
    }
    let saved = work.save(track).await;
    if let Stop::Ours(error) = stop {
        return Err(error);
    }
    saved?;
    match stop {
        Stop::Closed | Stop::Late => late(work, track).await,
        Stop::Ours(error) => Err(error),
        Stop::Platform(error) if error.kind == Kind::Reauthorise => refused(work, track, error.code).await,
        Stop::Platform(error) => platform(work, track, error).await,
    }
}

/// Waits for a platform that may answer later; until then, days that were never read say what is wrong with it.
async fn platform(work: &Work<'_>, track: &Track, error: Error) -> Result<Outcome> {
    // What the kit tried as often as one call may be tried can still work minutes later.
    if error.retry == Retry::Never || track.job.deferred >= MOST_DEFERRALS {
        return failed(work, track, error).await;
    }
    if error.kind != Kind::RateLimited {
        mark(work, track, status_of(error.kind)).await?;
    }
    defer(work, track, wait(work, track.job.deferred, error.retry)).await
}

/// Puts the job back as it is; one that cannot even store one day in an invocation is cut in two.
async fn late(work: &Work<'_>, track: &Track) -> Result<Outcome> {
    if track.progressed {
        return put_back(work, track, vec![track.job.clone()], 0).await;
    }
    if let (Some(window), [Some(older), Some(newer)]) = (track.job.window, halves(track.window))
        && window.days() > 1
    {
        let half = |window| SyncJob { window: Some(window), ..track.job.clone() };
        return put_back(work, track, vec![half(newer), half(older)], 0).await;
    }
    if track.job.deferred < MOST_DEFERRALS {
        return defer(work, track, 0).await;
    }
    let error = Error::new(Kind::Upstream, "too_slow", "The platform is too slow for one day's rows.");
    failed(work, track, error).await
}

async fn defer(work: &Work<'_>, track: &Track, seconds: u32) -> Result<Outcome> {
    let longer = (seconds > LONGEST_WAIT_SECONDS).then(|| SignedDuration::from_secs(seconds.into()));
    let not_before = longer.map(|wait| work.now() + wait);
    let job = SyncJob { deferred: track.job.deferred + 1, not_before, ..track.job.clone() };
    put_back(work, track, vec![job], seconds.min(LONGEST_WAIT_SECONDS)).await
}

/// Sends what takes the job's place. A job that got its days on the way has a new id: its old one is done.
async fn put_back(work: &Work<'_>, track: &Track, jobs: Vec<SyncJob>, seconds: u32) -> Result<Outcome> {
    work.ports.queue.send(&jobs, seconds).await?;
    let done = Checkpoint { structure: true, levels: Vec::new(), done: true };
    for id in track.ids().iter().filter(|id| jobs.iter().all(|job| job.id() != **id)) {
        work.put_checkpoint(id, &done).await?;
    }
    Ok(Outcome::Deferred { seconds })
}

/// A full-jitter wait, and never less than the platform asks for.
fn wait(work: &Work<'_>, deferred: u16, retry: Retry) -> u32 {
    let own = WAITS.wait(deferred.into(), random::number(work.ports.entropy.as_ref()));
    let asked = match retry {
        Retry::After(Some(wait)) => u32::try_from(wait.as_secs()).unwrap_or(u32::MAX),
        _ => 1,
    };
    asked.max(u32::try_from(own.as_secs()).unwrap_or(u32::MAX)).min(LONGEST_PAUSE_SECONDS)
}

/// Records a failure: nothing is gained by another delivery.
async fn failed(work: &Work<'_>, track: &Track, error: Error) -> Result<Outcome> {
    mark(work, track, status_of(error.kind)).await?;
    log(work, "sync.failed", Vec::new(), Some(error.code)).await?;
    // The queue writes an error line about it, which alarms: nobody but the operator can mend the set-up.
    if error.kind == Kind::Setup { Err(error) } else { Ok(Outcome::Failed(error.code)) }
}

fn status_of(kind: Kind) -> DayStatus {
    match kind {
        Kind::RateLimited => DayStatus::Failed(Reason::RateLimited),
        Kind::Reauthorise => DayStatus::Failed(Reason::Reauthorise),
        Kind::NotPermitted | Kind::Refused => DayStatus::NotPermitted,
        Kind::Setup => DayStatus::Failed(Reason::Setup),
        Kind::UpstreamChanged => DayStatus::Failed(Reason::UpstreamChanged),
        _ => DayStatus::Failed(Reason::Upstream),
    }
}

/// Gives the days of the window that were never read a reason; days with rows keep them.
async fn mark(work: &Work<'_>, track: &Track, status: DayStatus) -> Result<()> {
    let window = track.window;
    let known = work.ports.rows.days(&work.at, window.from, window.to).await?;
    let unread = |at: &(Level, Date)| {
        known.get(at).is_none_or(|record| {
            !record.status.has_rows() && record.status != DayStatus::NotOffered && record.status != status
        })
    };
    let record = |at| {
        let before = known.get(&at).and_then(|record| record.version);
        (at, DayRecord { status, marks: Marks::default(), version: before, hash: [0; 16], rows: 0 })
    };
    let all = Level::ALL.into_iter().flat_map(|level| window.iter().map(move |day| (level, day)));
    let days: Days = all.filter(unread).map(record).collect();
    if days.is_empty() { Ok(()) } else { work.ports.rows.put_days(&work.at, &days).await }
}

/// The platform refused the token. What follows is the same whoever met the refusal, a job or a probe.
async fn refused(work: &Work<'_>, track: &Track, code: &'static str) -> Result<Outcome> {
    mark(work, track, DayStatus::Failed(Reason::Reauthorise)).await?;
    log(work, "sync.refused", Vec::new(), Some(code)).await?;
    let ended = grant::refused(&work.ports.grant(), &work.opened.connection, code).await?;
    Ok(ended.map_or(Outcome::Failed(code), Outcome::Ended))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::completeness::Reason;
    use crate::sync::job::JobKind;
    use crate::testing::World;

    #[test]
    fn a_limited_job_waits_longer_each_time_and_then_says_so() {
        let world = World::connected();
        *world.platform.refuse.lock().unwrap() = Some((Kind::RateLimited, "rate_limited", true));
        let mut job = world.job(JobKind::First);
        for deferred in 0..MOST_DEFERRALS {
            let Outcome::Deferred { seconds } = world.run(&job).unwrap() else { panic!("not deferred") };
            assert!((1..=900).contains(&seconds) && seconds <= 30 << deferred.min(5));
            (job, _) = world.sync.sent.lock().unwrap().pop().unwrap();
            assert_eq!(job.deferred, deferred + 1);
            assert!(world.sync.days.lock().unwrap().is_empty());
        }
        assert_eq!(world.run(&job).unwrap(), Outcome::Failed("rate_limited"));
        let days = world.sync.days.lock().unwrap();
        assert_eq!(days.len(), 28);
        assert!(days.values().all(|record| record.status == DayStatus::Failed(Reason::RateLimited)));
    }
}
