//! What a job does when it cannot go on: put itself back, say of each day why it is not there, or end the connection.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::waiting::LONGEST_WAIT_SECONDS;
use super::window::halves;
use super::work::{Stop, Track, Work};
use super::{Outcome, log};
use crate::completeness::{DayStatus, Reason};
use crate::connection::State;
use crate::deletion::{Reason as EndReason, Subject};
use crate::deletion_plan::{PlanPorts, cut};
use crate::error::{Error, Kind, REVOKED, Result, Retry};
use crate::ports::{DayRecord, Days};
use crate::report::Level;
use crate::sync::{Checkpoint, SyncJob, SyncState};

/// How often a job puts itself back before it gives up.
pub(super) const MOST_DEFERRALS: u16 = 8;
/// The first wait doubles each time, up to the longest delay of the queue.
const FIRST_WAIT_SECONDS: u32 = 30;
/// A platform that asks for a longer pause than this is not believed.
const LONGEST_PAUSE_SECONDS: u32 = 24 * 60 * 60;
/// A revocation counts when the platform says it again at least this much later.
pub(super) const CONFIRM_REVOKED: SignedDuration = SignedDuration::from_mins(5);
/// Any other refusal makes the person come back when it lasts this long.
pub(super) const CONFIRM_REFUSED: SignedDuration = SignedDuration::from_hours(1);
/// When a job that saw a revocation looks again.
const LOOK_AGAIN_SECONDS: u32 = 360;

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
    work.ports.queue.send_sync(&jobs, seconds).await?;
    let done = Checkpoint { structure: true, levels: Vec::new(), done: true };
    for id in track.ids().iter().filter(|id| jobs.iter().all(|job| job.id() != **id)) {
        work.put_checkpoint(id, &done).await?;
    }
    Ok(Outcome::Deferred { seconds })
}

/// A full-jitter wait, and never less than the platform asks for.
fn wait(work: &Work<'_>, deferred: u16, retry: Retry) -> u32 {
    let mut random = [0; 4];
    work.ports.entropy.fill(&mut random);
    let most = FIRST_WAIT_SECONDS.saturating_mul(1 << deferred.min(5)).min(LONGEST_WAIT_SECONDS);
    let asked = match retry {
        Retry::After(Some(wait)) => u32::try_from(wait.as_secs()).unwrap_or(u32::MAX),
        _ => 1,
    };
    asked.max(u32::from_be_bytes(random) % most).min(LONGEST_PAUSE_SECONDS)
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
    let known = work.ports.completeness.days(&work.at, window.from, window.to).await?;
    let unread = |at: &(Level, Date)| {
        known.get(at).is_none_or(|record| !record.status.has_rows() && record.status != status)
    };
    let record = |at| {
        let before = known.get(&at).and_then(|record| record.version);
        (at, DayRecord { status, version: before, hash: [0; 16], rows: 0 })
    };
    let all = Level::ALL.into_iter().flat_map(|level| window.iter().map(move |day| (level, day)));
    let days: Days = all.filter(unread).map(record).collect();
    if days.is_empty() { Ok(()) } else { work.ports.progress.put_days(&work.at, &days).await }
}

/// The platform refused the token: once makes the connection suspect, and a second time settles it.
async fn refused(work: &Work<'_>, track: &Track, code: &'static str) -> Result<Outcome> {
    mark(work, track, DayStatus::Failed(Reason::Reauthorise)).await?;
    log(work, "sync.refused", Vec::new(), Some(code)).await?;
    let since = evidence(work).await?;
    let lasted = work.now().duration_since(since);
    let (tenant, connection) = (&work.at.tenant, &work.at.connection);
    if code == REVOKED && lasted >= CONFIRM_REVOKED {
        return end(work, since).await;
    }
    if code != REVOKED && lasted >= CONFIRM_REFUSED {
        work.ports.states.change_state(tenant, connection, &[State::Suspect], State::NeedsReauth).await?;
    }
    if code == REVOKED && track.job.deferred < MOST_DEFERRALS {
        return defer(work, track, LOOK_AGAIN_SECONDS).await;
    }
    Ok(Outcome::Failed(code))
}

/// Answers since when the platform refuses, and remembers a first refusal.
async fn evidence(work: &Work<'_>) -> Result<Timestamp> {
    let (tenant, connection) = (&work.at.tenant, &work.at.connection);
    let first = work.ports.states.change_state(tenant, connection, &[State::Active], State::Suspect).await?;
    let known = if first { None } else { earliest_refusal(&states(work).await?) };
    let since = known.unwrap_or_else(|| work.now());
    let own = work.ports.progress.sync_state(&work.at).await?;
    if own.suspect_since != Some(since) {
        let state = SyncState { suspect_since: Some(since), ..own };
        work.ports.progress.put_sync_state(&work.at, &state).await?;
    }
    Ok(since)
}

/// What is remembered of all accounts of the connection: they share the token.
async fn states(work: &Work<'_>) -> Result<Vec<SyncState>> {
    let accounts = work.ports.connections.accounts(&work.at.tenant, &work.at.connection).await?;
    let mut states = Vec::new();
    for account in accounts {
        let at = crate::ports::AccountRef { account: account.id, ..work.at.clone() };
        states.push(work.ports.progress.sync_state(&at).await?);
    }
    Ok(states)
}

/// The earliest refusal since any account last succeeded.
pub(super) fn earliest_refusal(states: &[SyncState]) -> Option<Timestamp> {
    let success = states.iter().filter_map(|state| state.last_success).max();
    states.iter().filter_map(|state| state.suspect_since).filter(|at| success.is_none_or(|s| *at > s)).min()
}

/// Makes the cut. The clock of the promise started with the first refusal, not with its confirmation.
async fn end(work: &Work<'_>, since: Timestamp) -> Result<Outcome> {
    let ports = work.ports;
    let plan = PlanPorts {
        connections: ports.connections,
        begin: ports.begin,
        ledger: ports.ledger,
        clock: ports.clock,
        entropy: ports.entropy,
    };
    let subject = Subject::Connection(work.at.connection.clone());
    let deletion = cut(&plan, &work.at.tenant, &subject, EndReason::RevokedAtPlatform, since).await?;
    Ok(Outcome::Ended(deletion.id))
}
