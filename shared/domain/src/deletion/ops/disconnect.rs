//! Lets a connection or one of its accounts go: makes the cutoff, and sends the first message.

use std::sync::Arc;

use crate::base::error::Result;
use crate::base::host::Clock;
use crate::base::host::Entropy;
use crate::base::queue::JobQueue;
use crate::deletion::ledger::DeletionJob;
use crate::deletion::ledger::Reason;
use crate::deletion::steps::begin_deletion::{self, Started, Target, cut_for, start};
use crate::people::caller::{Caller, Scope};

rows!(begin_deletion::Rows);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids and public codes.
    pub entropy: Arc<dyn Entropy>,
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
    /// Starts the first step at once.
    pub queue: Arc<dyn JobQueue<DeletionJob>>,
}

impl Ports {
    /// Returns the ports that a cutoff needs.
    fn plan(&self) -> begin_deletion::Ports {
        let Self { clock, entropy, rows, .. } = self.clone();
        begin_deletion::Ports { clock, entropy, rows }
    }
}

/// Makes the cutoff. A repeated call returns the same deletion, as long as the rows that name the deletion exist.
pub async fn run(ports: &Ports, caller: &Caller, target: &Target) -> Result<Started> {
    caller.require(Scope::Disconnect)?;
    let deletion = cut_for(&ports.plan(), caller, target, Reason::Disconnected).await?;
    Ok(start(ports.queue.as_ref(), deletion).await)
}
