//! SQS: makes the deliveries of an event, signs and sends them.

use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use mooring_domain::Result;
use mooring_domain::ops::run_webhook::{Outcome, Ports, run};
use mooring_domain::ports::{
    Clock, DeliveryRead, DeliveryWrite, EndpointHealth, EndpointRead, EndpointSecretsRead, Entropy, KeyOpen,
    WebhookPost, WebhookQueue,
};
use mooring_domain::webhook::{Delivery, Failure, Job, Off};
use mooring_queue::{decode_webhook, run_batch};

/// What the function needs.
#[derive(Clone)]
pub struct App {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Jitter and digests.
    pub entropy: Arc<dyn Entropy>,
    /// Who hears what.
    pub endpoints: Arc<dyn EndpointRead>,
    /// How they are doing.
    pub health: Arc<dyn EndpointHealth>,
    /// Their addresses and secrets.
    pub secrets: Arc<dyn EndpointSecretsRead>,
    /// Opens them.
    pub keys: Arc<dyn KeyOpen>,
    /// Events and deliveries.
    pub deliveries: Arc<dyn DeliveryRead>,
    /// Moves deliveries on.
    pub write: Arc<dyn DeliveryWrite>,
    /// Sends the next jobs.
    pub queue: Arc<dyn WebhookQueue>,
    /// Calls endpoints.
    pub post: Arc<dyn WebhookPost>,
}

/// A whole batch at once: a slow receiver keeps nobody else's delivery waiting.
const AT_ONCE: usize = 10;

/// Runs the jobs of a batch.
pub async fn handle(app: &App, event: SqsEvent) -> SqsBatchResponse {
    run_batch(&event, decode_webhook, AT_ONCE, |job| work(app, job)).await
}

async fn work(app: &App, job: Job) -> Result<()> {
    match run(&ports(app), &job).await? {
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

/// `webhook.disabled` is an event of its own, so that a search finds who stopped to listen.
fn tried(delivery: &Delivery, off: Option<Off>) {
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

fn ports(app: &App) -> Ports<'_> {
    Ports {
        clock: app.clock.as_ref(),
        entropy: app.entropy.as_ref(),
        endpoints: app.endpoints.as_ref(),
        health: app.health.as_ref(),
        secrets: app.secrets.as_ref(),
        keys: app.keys.as_ref(),
        deliveries: app.deliveries.as_ref(),
        write: app.write.as_ref(),
        queue: app.queue.as_ref(),
        post: app.post.as_ref(),
    }
}
