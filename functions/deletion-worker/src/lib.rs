//! SQS: runs the steps of deletions: revokes grants, shreds keys, purges and verifies.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use mooring_domain::Result;
use mooring_domain::deletion::ledger::DeletionJob;
pub use mooring_domain::deletion::ops::run_deletion::Ports;
use mooring_domain::deletion::ops::run_deletion::run;
use mooring_queue::run_batch;

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The ports of the operation.
    pub ports: Ports,
}

/// Runs the deletions of a batch.
pub async fn handle(app: &App, event: SqsEvent) -> SqsBatchResponse {
    run_batch(&event, 1, |job| drive(app, job)).await
}

async fn drive(app: &App, DeletionJob { tenant, deletion: id }: DeletionJob) -> Result<()> {
    let step =
        run(&app.ports, &tenant, &id).await?.map_or("left to others", |deletion| deletion.step.as_str());
    tracing::info!(
        tenant.id = tenant.as_str(),
        deletion.id = id.as_str(),
        deletion.step = step,
        "deletion ran"
    );
    Ok(())
}
