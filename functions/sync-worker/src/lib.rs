//! SQS: runs one sync job: platform pages in, sealed chunks out.

use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::connector::Connectors;
use mooring_domain::ops::run_sync::{Input, Ports, run};
use mooring_domain::ports::{
    ActivityWrite, Breakers, Clock, CompletenessRead, ConnectionRead, ConnectionState, DeletionBegin,
    Entropy, FenceRead, KeyOpen, LedgerRead, SheetRead, SheetWrite, SyncProgress, SyncQueue, VaultRead,
};
use mooring_domain::profile::Profile;
use mooring_domain::sync::{JobKind, SyncJob};
use mooring_queue::{decode_sync, run_batch};
use tokio::sync::Semaphore;

/// Everything that the function reads and writes in tables; its role says the same.
pub trait Tables:
    FenceRead
    + ConnectionRead
    + ConnectionState
    + VaultRead
    + SyncProgress
    + CompletenessRead
    + SheetRead
    + SheetWrite
    + ActivityWrite
    + Breakers
    + DeletionBegin
    + LedgerRead
{
}

impl<S> Tables for S where
    S: FenceRead
        + ConnectionRead
        + ConnectionState
        + VaultRead
        + SyncProgress
        + CompletenessRead
        + SheetRead
        + SheetWrite
        + ActivityWrite
        + Breakers
        + DeletionBegin
        + LedgerRead
{
}

/// What the function needs.
#[derive(Clone)]
pub struct App {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Jitter, and the ids of a deletion.
    pub entropy: Arc<dyn Entropy>,
    /// Its rows.
    pub tables: Arc<dyn Tables>,
    /// Opens keys.
    pub keys: Arc<dyn KeyOpen>,
    /// The platforms.
    pub connectors: Arc<dyn Connectors>,
    /// Where further jobs go.
    pub queue: Arc<dyn SyncQueue>,
    /// What the product may call, and how long it keeps rows.
    pub profile: Arc<Profile>,
}

/// How many jobs of a batch run at the same time: a job mostly waits for the platform.
const AT_ONCE: u32 = 10;
/// A job of more days runs alone, because the rows of its window are in memory. The first one of an account does, too;
/// a daily one does not know its days yet, and plans to read [`mooring_domain::sync::WINDOW_ROWS`] at once at most.
const SMALL_DAYS: u32 = 3;

/// Runs the jobs of a batch together, within the invocation's deadline.
pub async fn handle(app: &App, event: SqsEvent, deadline: Timestamp) -> SqsBatchResponse {
    let room = &Semaphore::new(usize::try_from(AT_ONCE).unwrap_or(1));
    run_batch(&event, decode_sync, room.available_permits(), |job| async move {
        let _room = room.acquire_many(share(&job)).await;
        drive(app, job, deadline).await
    })
    .await
}

/// How much of the worker's room a job takes.
fn share(job: &SyncJob) -> u32 {
    let is_small = match job.window {
        Some(window) => window.days() <= SMALL_DAYS,
        None => job.kind != JobKind::First,
    };
    if is_small { 1 } else { AT_ONCE }
}

async fn drive(app: &App, job: SyncJob, deadline: Timestamp) -> Result<()> {
    let input = Input { job, deadline };
    let outcome = run(&ports(app), &input).await?;
    tracing::info!(
        tenant.id = input.job.tenant.as_str(),
        connection.id = input.job.connection.as_str(),
        account.id = input.job.account.as_str(),
        job.kind = input.job.kind.as_str(),
        outcome = ?outcome,
        "sync job ended"
    );
    Ok(())
}

fn ports(app: &App) -> Ports<'_> {
    let tables = app.tables.as_ref();
    Ports {
        clock: app.clock.as_ref(),
        entropy: app.entropy.as_ref(),
        fences: tables,
        connections: tables,
        states: tables,
        vault: tables,
        keys: app.keys.as_ref(),
        connectors: app.connectors.as_ref(),
        progress: tables,
        completeness: tables,
        stored: tables,
        sheets: tables,
        queue: app.queue.as_ref(),
        activity: tables,
        breakers: tables,
        begin: tables,
        ledger: tables,
        profile: &app.profile,
    }
}
