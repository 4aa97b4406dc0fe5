//! SQS: runs one sync job: platform pages in, sealed chunks out.

use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::connector::Connectors;
use mooring_domain::ops::run_sync::{Input, Ports, run};
use mooring_domain::ports::{
    ActivityWrite, Clock, CompletenessRead, ConnectionRead, ConnectionState, DeletionBegin, Entropy, FenceRead,
    KeyOpen, LedgerRead, SheetRead, SheetWrite, SyncProgress, SyncQueue, VaultRead,
};
use mooring_domain::profile::Profile;
use mooring_domain::sync::SyncJob;
use mooring_queue::{decode_sync, run_batch};
use tracing::info;

/// What the function needs: the widest role, and still no right to delete.
#[derive(Clone)]
pub struct App {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Jitter and ids.
    pub entropy: Arc<dyn Entropy>,
    /// The fence.
    pub fences: Arc<dyn FenceRead>,
    /// Connections and accounts.
    pub connections: Arc<dyn ConnectionRead>,
    /// Suspect, active again, or the person has to come back.
    pub states: Arc<dyn ConnectionState>,
    /// Wrapped keys and sealed tokens.
    pub vault: Arc<dyn VaultRead>,
    /// Opens keys for their own uses.
    pub keys: Arc<dyn KeyOpen>,
    /// The platforms.
    pub connectors: Arc<dyn Connectors>,
    /// Checkpoints, sync state, completeness.
    pub progress: Arc<dyn SyncProgress>,
    /// What is known of days.
    pub completeness: Arc<dyn CompletenessRead>,
    /// What is stored.
    pub stored: Arc<dyn SheetRead>,
    /// Where sheets go.
    pub sheets: Arc<dyn SheetWrite>,
    /// Where further jobs go.
    pub queue: Arc<dyn SyncQueue>,
    /// The log.
    pub activity: Arc<dyn ActivityWrite>,
    /// Makes the cut when the platform says that access was revoked.
    pub begin: Arc<dyn DeletionBegin>,
    /// Earlier deletions.
    pub ledger: Arc<dyn LedgerRead>,
    /// What the product may call.
    pub profile: Arc<Profile>,
}

/// Runs the jobs of a batch until the deadline of the invocation.
pub async fn handle(app: &App, event: SqsEvent, deadline: Timestamp) -> SqsBatchResponse {
    run_batch(&event, decode_sync, |job| run_one(app, job, deadline)).await
}

async fn run_one(app: &App, job: SyncJob, deadline: Timestamp) -> Result<()> {
    let (connection, account, id) = (job.connection.clone(), job.account.clone(), job.id());
    let outcome = run(&app.ports(), &Input { job, deadline }).await?;
    info!(event = "sync.job", %connection, %account, job = id, ?outcome, "a sync job ended");
    Ok(())
}

impl App {
    fn ports(&self) -> Ports<'_> {
        Ports {
            clock: self.clock.as_ref(),
            entropy: self.entropy.as_ref(),
            fences: self.fences.as_ref(),
            connections: self.connections.as_ref(),
            states: self.states.as_ref(),
            vault: self.vault.as_ref(),
            keys: self.keys.as_ref(),
            connectors: self.connectors.as_ref(),
            progress: self.progress.as_ref(),
            completeness: self.completeness.as_ref(),
            stored: self.stored.as_ref(),
            sheets: self.sheets.as_ref(),
            queue: self.queue.as_ref(),
            activity: self.activity.as_ref(),
            begin: self.begin.as_ref(),
            ledger: self.ledger.as_ref(),
            profile: &self.profile,
        }
    }
}

/// The instant of an invocation's deadline, which the runtime gives in milliseconds of the epoch.
pub fn deadline(milliseconds: u64) -> Timestamp {
    let milliseconds = i64::try_from(milliseconds).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX)
}
