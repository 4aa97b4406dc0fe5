//! SQS: runs sync jobs (platform pages in, sealed chunks out) and probes of connections.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use jiff::Timestamp;
use mooring_domain::Result;
pub use mooring_domain::connect::ops::probe_connection;
use mooring_domain::sync::job::{JobKind, ProbeJob, SyncJob};
pub use mooring_domain::sync::ops::run_sync;
use mooring_queue::{Task, run_batch};
use tokio::sync::Semaphore;

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The ports of a sync.
    pub sync: run_sync::Ports,
    /// The ports of a probe.
    pub probe: probe_connection::Ports,
}

/// How many jobs of a batch run at the same time: a job mostly waits for the platform.
const AT_ONCE: u32 = 10;
/// The most days of a job that runs beside others. A longer job runs alone, because the rows of its window
/// are in memory, and so does the first job of an account. A daily job does not know its days yet; it plans
/// to read at most [`mooring_domain::sync::job::WINDOW_ROWS`] rows at once.
const SMALL_DAYS: u32 = 3;

/// Runs the jobs of a batch together, within the invocation's deadline.
pub async fn handle(app: &App, event: SqsEvent, deadline: Timestamp) -> SqsBatchResponse {
    let room = &Semaphore::new(usize::try_from(AT_ONCE).unwrap_or(1));
    run_batch(&event, room.available_permits(), |task| async move {
        match task {
            Task::Sync(job) => {
                let _room = room.acquire_many(share(&job)).await;
                sync(app, job, deadline).await
            }
            Task::Probe(probe) => {
                let _room = room.acquire().await;
                ask(app, probe, deadline).await
            }
        }
    })
    .await
}

/// Returns how much of the worker's capacity a job takes.
fn share(job: &SyncJob) -> u32 {
    let is_small = match job.window {
        Some(window) => window.days() <= SMALL_DAYS,
        None => job.kind != JobKind::First,
    };
    if is_small { 1 } else { AT_ONCE }
}

async fn sync(app: &App, job: SyncJob, deadline: Timestamp) -> Result<()> {
    let input = run_sync::Input { job, deadline };
    let outcome = run_sync::run(&app.sync, &input).await?;
    tracing::info!(
        tenant.id = input.job.tenant.as_str(),
        connection.id = input.job.connection.as_str(),
        account.id = input.job.account.as_str(),
        job.kind = input.job.kind.as_str(),
        outcome = ?outcome,
        "sync job ended"
    );
    if let run_sync::Outcome::Failed(code) = outcome {
        tracing::warn!(
            event = "sync.failed",
            job.kind = input.job.kind.as_str(),
            error.code = code,
            "a sync ended without its days"
        );
    }
    Ok(())
}

async fn ask(app: &App, probe: ProbeJob, deadline: Timestamp) -> Result<()> {
    let ProbeJob { tenant, connection, .. } = probe;
    let input = probe_connection::Input { tenant, connection, deadline };
    let outcome = probe_connection::run(&app.probe, &input).await?;
    tracing::info!(
        tenant.id = input.tenant.as_str(),
        connection.id = input.connection.as_str(),
        outcome = ?outcome,
        "probe ended"
    );
    Ok(())
}
