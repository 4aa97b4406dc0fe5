//! Schedule, every minute: sends due events and deliveries to the webhook worker.

use std::sync::Arc;

use mooring_domain::Result;
use mooring_domain::ops::sweep_webhooks::{Ports, run};
use mooring_domain::ports::{Clock, WebhookDue, WebhookQueue};
use serde_json::Value;

/// What the function needs.
#[derive(Clone)]
pub struct App {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// What is due.
    pub due: Arc<dyn WebhookDue>,
    /// Where it goes.
    pub queue: Arc<dyn WebhookQueue>,
}

/// Sweeps once. The schedule's input says when it was meant to run; what counts is the clock.
pub async fn handle(app: &App, _: Value) -> Result<()> {
    let ports = Ports { clock: app.clock.as_ref(), due: app.due.as_ref(), queue: app.queue.as_ref() };
    let sent = run(&ports).await?;
    // The alarm on a silent sweeper counts this line.
    tracing::info!(event = "webhook-sweeper.tick", count = sent, "webhook jobs sent");
    Ok(())
}
