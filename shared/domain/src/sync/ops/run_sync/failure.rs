//! Ends a job that cannot go on: puts it back, records for each day why it is missing, or ends the connection.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::Date;

use super::context::{Stop, SyncContext};
use super::plan::further;
use super::progress::{JobDays, JobProgress};
use super::save::save;
use super::waiting::LONGEST_WAIT_SECONDS;
use super::window::halves;
use super::{Outcome, ended, log};
use crate::base::backoff::Backoff;
use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::random;
use crate::connect::steps::grant;
use crate::people::log_entry::SyncEntry;
use crate::platform::figures::Level;
use crate::sync::completeness::{DayRecord, DayStatus, Days, Marks, Reason};
use crate::sync::ending::TryOutcome;
use crate::sync::job::SyncJob;
use crate::sync::state::Checkpoint;
use crate::sync::trouble::Trouble;

/// How often a job puts itself back before it gives up.
pub(super) const MOST_DEFERRALS: u16 = 8;

/// The waits of a job that was put back: the first doubles each time, up to the longest delay of the queue.
const WAITS: Backoff =
    Backoff::new(Duration::from_secs(30), Duration::from_secs(1).saturating_mul(LONGEST_WAIT_SECONDS));

/// The longest pause that a platform gets, however long a pause it asks for.
const LONGEST_PAUSE_SECONDS: u32 = 24 * 60 * 60;

/// Ends a job that was stopped, after its progress is written.
pub(super) async fn stopped(
    cx: &SyncContext<'_>,
    days: &JobDays,
    progress: JobProgress,
    stop: Stop,
) -> Result<Outcome> {
    if matches!(stop, Stop::Closed) {
        return Ok(Outcome::Dropped);
    }
    let has_stored = progress.has_stored;
    let (_, saved) = save(cx, &days.job.id(), progress).await;
    if let Stop::Ours(error) = stop {
        return Err(error);
    }
    saved?;
    match stop {
        Stop::Closed | Stop::Late => late(cx, days, has_stored).await,
        Stop::Ours(error) => Err(error),
        Stop::Platform(error) if error.kind == Kind::Reauthorise => refused(cx, days, error.code).await,
        Stop::Platform(error) => platform(cx, days, error).await,
    }
}

/// Waits for a platform that may answer later; until then, the days that were never read have its fault as their reason.
async fn platform(cx: &SyncContext<'_>, days: &JobDays, error: Error) -> Result<Outcome> {
    // What the kit tried as often as one call may be tried can still work minutes later.
    if error.retry == Retry::Never || days.job.deferred >= MOST_DEFERRALS {
        return failed(cx, days, error).await;
    }
    if error.kind != Kind::RateLimited {
        mark(cx, days, status_of(error.kind)).await?;
    }
    ended::record(cx, days, TryOutcome::PutBack(Trouble::of(error.kind))).await?;
    defer(cx, days, wait(cx, days.job.deferred, error.retry)).await
}

/// Puts the job back as it is, or halves a job that cannot even store one day in an invocation.
async fn late(cx: &SyncContext<'_>, days: &JobDays, has_stored: bool) -> Result<Outcome> {
    if has_stored {
        return put_back(cx, days, vec![days.job.clone()], 0).await;
    }
    if let (Some(window), [Some(older), Some(newer)]) = (days.job.window, halves(days.window))
        && window.days() > 1
    {
        let newer = SyncJob { window: Some(newer), ..days.job.clone() };
        let older = SyncJob { deferred: days.job.deferred, ..further(&days.job, older) };
        return put_back(cx, days, vec![newer, older], 0).await;
    }
    if days.job.deferred < MOST_DEFERRALS {
        return defer(cx, days, 0).await;
    }
    let error = Error::new(Kind::Upstream, "too_slow", "The platform is too slow for one day's rows.");
    failed(cx, days, error).await
}

async fn defer(cx: &SyncContext<'_>, days: &JobDays, seconds: u32) -> Result<Outcome> {
    let longer = (seconds > LONGEST_WAIT_SECONDS).then(|| SignedDuration::from_secs(seconds.into()));
    let not_before = longer.map(|wait| cx.ports.clock.now() + wait);
    let job = SyncJob { deferred: days.job.deferred + 1, not_before, ..days.job.clone() };
    put_back(cx, days, vec![job], seconds.min(LONGEST_WAIT_SECONDS)).await
}

/// Sends the jobs that take the job's place. A job that got its days meanwhile has a new id: its old one is done.
async fn put_back(cx: &SyncContext<'_>, days: &JobDays, jobs: Vec<SyncJob>, seconds: u32) -> Result<Outcome> {
    cx.ports.queue.send(&jobs, seconds).await?;
    let done = Checkpoint { structure: true, levels: Vec::new(), done: true };
    let mut ids = vec![days.original.id(), days.job.id()];
    ids.dedup();
    for id in ids.iter().filter(|id| jobs.iter().all(|job| job.id() != **id)) {
        cx.ports.rows.put_checkpoint(&cx.at, id, &done, cx.ports.clock.now()).await?;
    }
    Ok(Outcome::Deferred { seconds })
}

/// Draws a full-jitter wait, never shorter than the platform asks for.
fn wait(cx: &SyncContext<'_>, deferred: u16, retry: Retry) -> u32 {
    let own = WAITS.wait(deferred.into(), random::number(cx.ports.entropy.as_ref()));
    let asked = match retry {
        Retry::After(Some(wait)) => u32::try_from(wait.as_secs()).unwrap_or(u32::MAX),
        _ => 1,
    };
    asked.max(u32::try_from(own.as_secs()).unwrap_or(u32::MAX)).min(LONGEST_PAUSE_SECONDS)
}

/// Records a failure that another delivery would not mend.
async fn failed(cx: &SyncContext<'_>, days: &JobDays, error: Error) -> Result<Outcome> {
    mark(cx, days, status_of(error.kind)).await?;
    ended::record(cx, days, TryOutcome::GaveUp(Trouble::of(error.kind))).await?;
    log(cx, SyncEntry::Failed, Vec::new(), Some(error.code)).await?;
    // The worker logs this error, which alarms: nobody but the operator can mend the set-up.
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

/// Records a reason for the days of the window that were never read; days with rows keep them.
async fn mark(cx: &SyncContext<'_>, days: &JobDays, status: DayStatus) -> Result<()> {
    let window = days.window;
    let known = cx.ports.rows.days(&cx.at, window.from, window.to).await?;
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
    let unread: Days = all.filter(unread).map(record).collect();
    if unread.is_empty() { Ok(()) } else { cx.ports.rows.put_days(&cx.at, &unread).await }
}

/// Records that the platform refused the token. A job and a probe do the same about it.
async fn refused(cx: &SyncContext<'_>, days: &JobDays, code: &'static str) -> Result<Outcome> {
    mark(cx, days, DayStatus::Failed(Reason::Reauthorise)).await?;
    ended::record(cx, days, TryOutcome::GaveUp(Trouble::NeedsReauth)).await?;
    log(cx, SyncEntry::Refused, Vec::new(), Some(code)).await?;
    let ended = grant::refused(&cx.ports.grant(), &cx.opened.connection, code).await?;
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
