//! Sends what is due: events whose deliveries were not made, deliveries whose next try has come. The due index is the
//! outbox; a queue that loses a message loses no delivery.

use crate::error::Result;
use crate::ports::{Clock, WebhookDue, WebhookQueue};

/// How many events and how many deliveries one sweep sends; what is left is the oldest of the next one.
pub const SWEEP_LIMIT: u32 = 1_000;

/// What the operation needs.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// Time.
    pub clock: &'a dyn Clock,
    /// What is due.
    pub due: &'a dyn WebhookDue,
    /// Where it goes.
    pub queue: &'a dyn WebhookQueue,
}

/// Sends everything due and answers how much it was. Sending it twice does no harm: every try is claimed first.
pub async fn run(ports: &Ports<'_>) -> Result<usize> {
    let jobs = ports.due.due_webhooks(ports.clock.now(), SWEEP_LIMIT).await?;
    if !jobs.is_empty() {
        ports.queue.send_webhooks(&jobs, 0).await?;
    }
    Ok(jobs.len())
}
