//! SQS: revoke, shred, purge, verify.

use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use mooring_domain::Result;
use mooring_domain::connector::Connectors;
use mooring_domain::deletion_plan::PlanPorts;
use mooring_domain::ids::{DeletionId, TenantId};
use mooring_domain::ops::run_deletion::{Ports, run};
use mooring_domain::ports::{
    Clock, ConnectionRead, DeletionBegin, DeletionQueue, Entropy, KeyOpen, LedgerRead, LedgerWrite, Purge,
    VaultRead,
};
use mooring_domain::profile::Profile;
use mooring_queue::{decode_deletion, run_batch};

/// What the function needs.
#[derive(Clone)]
pub struct App {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids and codes of a tenant's children.
    pub entropy: Arc<dyn Entropy>,
    /// Connections of a tenant, and those that nobody took up.
    pub connections: Arc<dyn ConnectionRead>,
    /// Makes their cuts.
    pub begin: Arc<dyn DeletionBegin>,
    /// The deletion.
    pub ledger: Arc<dyn LedgerRead>,
    /// Moves it on.
    pub advance: Arc<dyn LedgerWrite>,
    /// Starts a tenant's children.
    pub queue: Arc<dyn DeletionQueue>,
    /// Deletes and counts.
    pub purge: Arc<dyn Purge>,
    /// The token, for the one call that ends the grant.
    pub vault: Arc<dyn VaultRead>,
    /// Opens its key.
    pub keys: Arc<dyn KeyOpen>,
    /// The platforms.
    pub connectors: Arc<dyn Connectors>,
    /// Which calls may leave.
    pub profile: Arc<Profile>,
}

/// Runs the deletions of a batch.
pub async fn handle(app: &App, event: SqsEvent) -> SqsBatchResponse {
    run_batch(&event, decode_deletion, 1, |(tenant, id)| drive(app, tenant, id)).await
}

async fn drive(app: &App, tenant: TenantId, id: DeletionId) -> Result<()> {
    let step =
        run(&ports(app), &tenant, &id).await?.map_or("left to others", |deletion| deletion.step.as_str());
    tracing::info!(
        tenant.id = tenant.as_str(),
        deletion.id = id.as_str(),
        deletion.step = step,
        "deletion ran"
    );
    Ok(())
}

fn ports(app: &App) -> Ports<'_> {
    let plan = PlanPorts {
        connections: app.connections.as_ref(),
        begin: app.begin.as_ref(),
        ledger: app.ledger.as_ref(),
        clock: app.clock.as_ref(),
        entropy: app.entropy.as_ref(),
    };
    Ports {
        plan,
        advance: app.advance.as_ref(),
        queue: app.queue.as_ref(),
        purge: app.purge.as_ref(),
        vault: app.vault.as_ref(),
        keys: app.keys.as_ref(),
        connectors: app.connectors.as_ref(),
        profile: &app.profile,
    }
}
