//! Sends the deletions that are due in the Ledger, and finds those that are late. The Ledger's `next_step_at` is the
//! outbox.

use std::sync::Arc;

use crate::base::error::Result;
use crate::base::host::Clock;
use crate::base::queue::JobQueue;
use crate::deletion::ledger::DeletionJob;
use crate::deletion::ledger::{Deletion, Lateness};
use crate::deletion::ports::LedgerRead;

/// How many deletions one sweep sends; the rest are the oldest of the next sweep.
pub const SWEEP_LIMIT: u32 = 1_000;

rows!(LedgerRead);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
    /// Receives the due deletions.
    pub queue: Arc<dyn JobQueue<DeletionJob>>,
}

/// The result of a sweep.
#[derive(Debug, Default)]
pub struct Output {
    /// How many deletions were sent.
    pub sent: usize,
    /// The deletions that should have ended, each with how late it is.
    pub late: Vec<(Deletion, Lateness)>,
}

/// Sends every due deletion. Sending a deletion twice does no harm: each step is conditional on the one before.
pub async fn run(ports: &Ports) -> Result<Output> {
    let now = ports.clock.now();
    let due = ports.rows.due(now, SWEEP_LIMIT).await?;
    let messages: Vec<_> = due.iter().map(Deletion::job).collect();
    if !messages.is_empty() {
        ports.queue.send(&messages, 0).await?;
    }
    let late =
        due.into_iter().map(|one| (one.lateness(now), one)).filter(|(late, _)| *late != Lateness::InTime);
    Ok(Output { sent: messages.len(), late: late.map(|(late, one)| (one, late)).collect() })
}
