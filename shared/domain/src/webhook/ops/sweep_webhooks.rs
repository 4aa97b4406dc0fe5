//! Sends what is due: events whose deliveries were not made, deliveries whose next try has come. The due index is the
//! outbox; a queue that loses a message loses no delivery.

use std::sync::Arc;

use crate::base::error::Result;
use crate::base::host::Clock;
use crate::base::queue::JobQueue;
use crate::webhook::delivery::Job;
use crate::webhook::ports::WebhookDue;

/// How many events and how many deliveries one sweep sends; what is left is the oldest of the next one.
pub const SWEEP_LIMIT: u32 = 1_000;

rows!(WebhookDue);

/// What the operation needs.
#[derive(Clone)]
pub struct Ports {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Its rows.
    pub rows: Arc<dyn Rows>,
    /// Where it goes.
    pub queue: Arc<dyn JobQueue<Job>>,
}

/// Sends everything due and answers how much it was. Sending it twice does no harm: every try is claimed first.
pub async fn run(ports: &Ports) -> Result<usize> {
    let jobs = ports.rows.due_webhooks(ports.clock.now(), SWEEP_LIMIT).await?;
    if !jobs.is_empty() {
        ports.queue.send(&jobs, 0).await?;
    }
    Ok(jobs.len())
}
