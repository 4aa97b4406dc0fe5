//! Sends what is due in the Ledger, and finds what is late. The Ledger's `next_step_at` is the outbox.

use std::sync::Arc;

use crate::base::error::Result;
use crate::base::host::Clock;
use crate::base::queue::JobQueue;
use crate::deletion::ledger::DeletionJob;
use crate::deletion::ledger::{Deletion, Lateness};
use crate::deletion::ports::LedgerRead;

/// How many deletions one sweep sends; what is left is the oldest of the next one.
pub const SWEEP_LIMIT: u32 = 1_000;

rows!(LedgerRead);

/// What the operation needs.
#[derive(Clone)]
pub struct Ports {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Its rows.
    pub rows: Arc<dyn Rows>,
    /// Where it goes.
    pub queue: Arc<dyn JobQueue<DeletionJob>>,
}

/// What a sweep found.
#[derive(Debug, Default)]
pub struct Output {
    /// How many deletions were sent.
    pub sent: usize,
    /// Those that should have ended, each with how much it matters.
    pub late: Vec<(Deletion, Lateness)>,
}

/// Sends every due deletion. Sending one twice does no harm: each step is conditional on the one before.
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
