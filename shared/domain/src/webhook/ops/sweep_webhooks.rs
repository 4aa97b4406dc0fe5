//! Sends the webhook jobs that are due: events whose deliveries were not made, deliveries whose next try has come. The
//! due index is the outbox; a queue that loses a message loses no delivery.

use std::sync::Arc;

use crate::base::error::Result;
use crate::base::host::Clock;
use crate::base::queue::JobQueue;
use crate::webhook::delivery::Job;
use crate::webhook::ports::WebhookDue;

/// How many events and how many deliveries one sweep sends; the rest are the oldest of the next sweep.
pub const SWEEP_LIMIT: u32 = 1_000;

rows!(WebhookDue);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
    /// Queues webhook jobs.
    pub queue: Arc<dyn JobQueue<Job>>,
}

/// Sends every due job and returns the number of jobs. Sending a job twice does no harm: every try is stored before it
/// is made.
pub async fn run(ports: &Ports) -> Result<usize> {
    let jobs = ports.rows.due_webhooks(ports.clock.now(), SWEEP_LIMIT).await?;
    if !jobs.is_empty() {
        ports.queue.send(&jobs, 0).await?;
    }
    Ok(jobs.len())
}
