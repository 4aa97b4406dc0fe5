//! Schedule, every minute: sends due events and deliveries to the webhook worker.

use mooring_domain::Result;
pub use mooring_domain::webhook::ops::sweep_webhooks::Ports;
use mooring_domain::webhook::ops::sweep_webhooks::run;
use serde_json::Value;

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The ports of the operation.
    pub ports: Ports,
}

/// Sends the due events and deliveries of one sweep. The schedule's input holds the planned time, but the
/// clock decides.
pub async fn handle(app: &App, _: Value) -> Result<()> {
    let sent = run(&app.ports).await?;
    // The alarm on a silent sweeper counts this line.
    tracing::info!(event = "webhook-sweeper.tick", count = sent, "webhook jobs sent");
    Ok(())
}
