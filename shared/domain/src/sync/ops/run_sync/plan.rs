//! Settles the days of a job, and leaves the others to further jobs.

use jiff::SignedDuration;
use jiff::civil::Date;

use super::context::{Step, SyncContext};
use super::log;
use super::progress::JobDays;
use super::structure::Names;
use super::window::{Limits, Plan, day, ever, plan};
use crate::base::error::Result;
use crate::base::window::Window;
use crate::people::log_entry::SyncEntry;
use crate::sync::job::{JobKind, SyncJob};
use crate::sync::state::{Backfill, Checkpoint, SyncChange, SyncState};

/// How old names and statuses may be.
const STRUCTURE_AGE: SignedDuration = SignedDuration::from_hours(24);

/// What a job has to read.
pub(super) struct Due {
    state: SyncState,
    /// Whether the job reads the whole restatement window.
    is_daily: bool,
    /// The oldest day with figures, if the job has to read all days again.
    stored: Option<Date>,
    /// Whether the job reads names.
    pub(super) names: bool,
    /// The days, as far as they are known before the names are counted.
    pub(super) window: Window,
}

/// Finds out what a job has to read.
pub(super) async fn due(cx: &SyncContext<'_>, job: &SyncJob, checkpoint: &Checkpoint) -> Step<Due> {
    let state = cx.ports.rows.sync_state(&cx.at).await?;
    let is_daily = job.window.is_none() && is_daily(cx, job, &state);
    let stored = stored(cx, job).await?;
    let names = (is_daily || state.names_due) && !checkpoint.structure;
    let window = plan_with(cx, job, is_daily, stored, state.entities).now;
    Ok(Due { state, is_daily, stored, names, window })
}

/// Settles the days now that the names are counted, sends further jobs, and stores what the names gave.
pub(super) async fn settle(
    cx: &SyncContext<'_>,
    job: &SyncJob,
    checkpoint: &Checkpoint,
    due: Due,
    names: Names,
) -> Step<JobDays> {
    let is_whole = due.names && names.failed.is_none();
    // A list that could not be read may be as long as it was.
    let entities = if is_whole { names.entities } else { names.entities.max(due.state.entities) };
    let plan = plan_with(cx, job, due.is_daily, due.stored, entities);
    begin_backfill(cx, job, &due, &plan).await?;
    if !checkpoint.structure {
        send_rest(cx, job, plan.later, due.names, checkpoint).await?;
    }
    if due.names {
        // Only now: a job that comes again before its checkpoint still has to find them due, or it would read less.
        let change = SyncChange {
            structure_at: due.is_daily.then(|| cx.ports.clock.now()),
            names_due: Some(names.failed.is_some()),
            entities: (is_whole || entities > due.state.entities).then_some(entities),
            ..SyncChange::default()
        };
        cx.ports.rows.change_sync_state(&cx.at, &change).await?;
        log_names(cx, names).await?;
    }
    Ok(job_days(cx, job, plan.now))
}

/// Stores which days a first job and its further jobs read, before any of them can end.
async fn begin_backfill(cx: &SyncContext<'_>, job: &SyncJob, due: &Due, plan: &Plan) -> Result<()> {
    let is_known = due.state.backfill.as_ref().is_some_and(|backfill| backfill.slot == job.slot);
    if job.kind != JobKind::First || job.window.is_some() || is_known {
        return Ok(());
    }
    let from = plan.later.iter().map(|window| window.from).min().unwrap_or(plan.now.from);
    let all = Window { from: from.min(plan.now.from), to: plan.now.to };
    let backfill = Some(Backfill::begin(job.slot, all));
    cx.ports.rows.change_sync_state(&cx.at, &SyncChange { backfill, ..SyncChange::default() }).await
}

/// Gives a job its days: from now on it is another job, with an id of its own.
fn job_days(cx: &SyncContext<'_>, job: &SyncJob, window: Window) -> JobDays {
    let settled = SyncJob { window: Some(window), ..job.clone() };
    let has_newest = window.to >= day(&cx.zone, job.slot);
    JobDays { original: job.clone(), job: settled, window, has_newest }
}

/// Sends the jobs of the later windows, and stores that they are sent.
async fn send_rest(
    cx: &SyncContext<'_>,
    job: &SyncJob,
    later: Vec<Window>,
    names: bool,
    checkpoint: &Checkpoint,
) -> Result<()> {
    let jobs: Vec<_> = later.into_iter().map(|window| further(job, window)).collect();
    if !jobs.is_empty() {
        cx.ports.queue.send(&jobs, 0).await?;
    }
    // Without names and without further jobs there is nothing that another delivery could do twice.
    if names || !jobs.is_empty() {
        let reached = Checkpoint { structure: true, ..checkpoint.clone() };
        cx.ports.rows.put_checkpoint(&cx.at, &job.id(), &reached, cx.ports.clock.now()).await?;
    }
    Ok(())
}

/// Makes a further job of the same slot.
pub(super) fn further(job: &SyncJob, window: Window) -> SyncJob {
    let kind = match job.kind {
        JobKind::First => JobKind::Backfill,
        // Who asked hears of the newest days, once.
        JobKind::Requested => JobKind::Restate,
        other => other,
    };
    SyncJob { kind, window: Some(window), deferred: 0, not_before: None, ..job.clone() }
}

/// Logs which names are missing.
async fn log_names(cx: &SyncContext<'_>, names: Names) -> Result<()> {
    if names.failed.is_none() && names.odd == 0 {
        return Ok(());
    }
    log(cx, SyncEntry::NamesIncomplete, vec![("odd", names.odd)], names.failed).await
}

/// Returns whether the job reads names and the whole restatement window: the first one does, and one each day.
fn is_daily(cx: &SyncContext<'_>, job: &SyncJob, state: &SyncState) -> bool {
    let period = SignedDuration::from_mins(i64::from(cx.platform.period_minutes));
    let is_new_day = day(&cx.zone, job.slot) != day(&cx.zone, job.slot - period);
    let is_old = state.structure_at.is_none_or(|at| cx.ports.clock.now() > at + STRUCTURE_AGE);
    job.kind == JobKind::First || is_new_day || is_old
}

/// Reads the oldest day with figures, if the job has to read all days again: the account's currency or zone changed.
async fn stored(cx: &SyncContext<'_>, job: &SyncJob) -> Result<Option<Date>> {
    if job.kind != JobKind::First || job.window.is_some() {
        return Ok(None);
    }
    let Window { from, to } = ever(cx.today);
    let days = cx.ports.rows.days(&cx.at, from, to).await?;
    Ok(days.iter().filter(|(_, record)| record.version.is_some()).map(|((_, day), _)| *day).min())
}

fn plan_with(
    cx: &SyncContext<'_>,
    job: &SyncJob,
    is_daily: bool,
    stored: Option<Date>,
    entities: u64,
) -> Plan {
    let manifest = cx.opened.connector.manifest();
    let limits = Limits {
        window_days: manifest.window_days,
        restatement_days: u32::from(manifest.restatement_days),
        backfill_days: u32::from(cx.platform.backfill_days),
        retention_days: cx.ports.profile.retention_days.map_or(u32::MAX, u32::from),
        stored,
        entities,
    };
    plan(job.kind, job.window, cx.today, is_daily, &limits)
}
