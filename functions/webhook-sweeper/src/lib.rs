//! Schedule, every minute: sends due events and deliveries to the webhook worker.

use mooring_domain::Result;
pub use mooring_domain::webhook::ops::sweep_webhooks::Ports;
use mooring_domain::webhook::ops::sweep_webhooks::run;
use serde_json::Value;

/// What the function needs.
#[derive(Clone)]
pub struct App {
    /// What the operation needs.
    pub ports: Ports,
}

/// Sweeps once. The schedule's input says when it was meant to run; what counts is the clock.
pub async fn handle(app: &App, _: Value) -> Result<()> {
    let sent = run(&app.ports).await?;
    // The alarm on a silent sweeper counts this line.
    tracing::info!(event = "webhook-sweeper.tick", count = sent, "webhook jobs sent");
    Ok(())
}
