//! SQS: runs sync jobs (platform pages in, sealed chunks out) and probes of connections.

use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::connector::Connectors;
use mooring_domain::grant;
use mooring_domain::ops::{probe_connection, run_sync};
use mooring_domain::ports::{
    AccountRenew, ActivityWrite, Breakers, Clock, CompletenessRead, ConnectionRead, ConnectionState,
    DeletionBegin, Entropy, FenceRead, KeyOpen, LedgerRead, SheetRead, SheetWrite, SyncProgress, SyncQueue,
    VaultRead,
};
use mooring_domain::profile::Profile;
use mooring_domain::sync::{JobKind, ProbeJob, SyncJob};
use mooring_queue::{Task, decode_task, run_batch};
use tokio::sync::Semaphore;

/// Everything that the function reads and writes in tables; its role says the same.
pub trait Tables:
    FenceRead
    + ConnectionRead
    + ConnectionState
    + AccountRenew
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
        + AccountRenew
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
    run_batch(&event, decode_task, room.available_permits(), |task| async move {
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

/// How much of the worker's room a job takes.
fn share(job: &SyncJob) -> u32 {
    let is_small = match job.window {
        Some(window) => window.days() <= SMALL_DAYS,
        None => job.kind != JobKind::First,
    };
    if is_small { 1 } else { AT_ONCE }
}

async fn sync(app: &App, job: SyncJob, deadline: Timestamp) -> Result<()> {
    let input = run_sync::Input { job, deadline };
    let outcome = run_sync::run(&ports(app), &input).await?;
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
    let outcome = probe_connection::run(&probe_ports(app), &input).await?;
    tracing::info!(
        tenant.id = input.tenant.as_str(),
        connection.id = input.connection.as_str(),
        outcome = ?outcome,
        "probe ended"
    );
    Ok(())
}

fn probe_ports(app: &App) -> probe_connection::Ports<'_> {
    probe_connection::Ports { grant: grant_ports(app), accounts: app.tables.as_ref() }
}

fn ports(app: &App) -> run_sync::Ports<'_> {
    let tables = app.tables.as_ref();
    run_sync::Ports {
        grant: grant_ports(app),
        progress: tables,
        completeness: tables,
        stored: tables,
        sheets: tables,
        queue: app.queue.as_ref(),
        activity: tables,
    }
}

fn grant_ports(app: &App) -> grant::Ports<'_> {
    let tables = app.tables.as_ref();
    grant::Ports {
        clock: app.clock.as_ref(),
        entropy: app.entropy.as_ref(),
        fences: tables,
        connections: tables,
        states: tables,
        vault: tables,
        keys: app.keys.as_ref(),
        connectors: app.connectors.as_ref(),
        breakers: tables,
        begin: tables,
        ledger: tables,
        profile: &app.profile,
    }
}
