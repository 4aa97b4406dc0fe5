//! Lets a connection or one of its accounts go: the cutoff, and its first message.

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

/// What the operation needs.
#[derive(Clone)]
pub struct Ports {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids and public codes.
    pub entropy: Arc<dyn Entropy>,
    /// Its rows.
    pub rows: Arc<dyn Rows>,
    /// Starts the first step at once.
    pub queue: Arc<dyn JobQueue<DeletionJob>>,
}

impl Ports {
    /// What a cutoff needs.
    fn plan(&self) -> begin_deletion::Ports {
        let Self { clock, entropy, rows, .. } = self.clone();
        begin_deletion::Ports { clock, entropy, rows }
    }
}

/// Makes the cutoff. Doing it again answers the same deletion, as long as the rows that say so are there.
pub async fn run(ports: &Ports, caller: &Caller, target: &Target) -> Result<Started> {
    caller.require(Scope::Disconnect)?;
    let deletion = cut_for(&ports.plan(), caller, target, Reason::Disconnected).await?;
    Ok(start(ports.queue.as_ref(), deletion).await)
}
