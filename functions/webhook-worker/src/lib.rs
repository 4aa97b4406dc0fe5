//! SQS: creates the deliveries of an event, signs and sends them.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use mooring_domain::Result;
use mooring_domain::webhook::delivery::{Delivery, Failure, Job};
use mooring_domain::webhook::endpoint::DisableReason;
pub use mooring_domain::webhook::ops::run_webhook::Ports;
use mooring_domain::webhook::ops::run_webhook::{Outcome, run};
use mooring_queue::run_batch;

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The ports of the operation.
    pub ports: Ports,
}

/// How many jobs run at the same time: a whole batch, so that a slow receiver delays no other delivery.
const AT_ONCE: usize = 10;

/// Runs the jobs of a batch.
pub async fn handle(app: &App, event: SqsEvent) -> SqsBatchResponse {
    run_batch(&event, AT_ONCE, |job| work(app, job)).await
}

async fn work(app: &App, job: Job) -> Result<()> {
    match run(&app.ports, &job).await? {
        Outcome::Nothing => {}
        Outcome::FannedOut(count) => tracing::info!(count, "deliveries made"),
        Outcome::Tried { delivery, off, unsent } => {
            tried(&delivery, off);
            if let Some(error) = unsent {
                tracing::warn!(error.code = error.code, "left to the sweeper: {error}");
            }
        }
    }
    Ok(())
}

/// Logs a try. `webhook.disabled` is an event of its own, so that a search finds the endpoints that were
/// switched off.
fn tried(delivery: &Delivery, off: Option<DisableReason>) {
    let (tenant, endpoint) = (delivery.tenant.as_str(), delivery.endpoint.as_str());
    let last = delivery.attempts.last();
    tracing::info!(
        tenant.id = tenant,
        webhook.endpoint = endpoint,
        webhook.delivery = delivery.id.as_str(),
        webhook.state = delivery.state.as_str(),
        webhook.attempt = delivery.number,
        webhook.status = last.and_then(|last| last.status),
        webhook.failure = last.and_then(|last| last.failure).map(Failure::as_str),
        "webhook tried"
    );
    if let Some(off) = off {
        tracing::warn!(
            event = "webhook.disabled",
            tenant.id = tenant,
            webhook.endpoint = endpoint,
            webhook.reason = off.as_str(),
            "an endpoint was switched off"
        );
    }
}
