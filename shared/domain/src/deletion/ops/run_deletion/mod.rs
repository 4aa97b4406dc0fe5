//! Drives one deletion: every step that is due, one after the other, until it has to wait.
//!
//! A step does its work, and then moves the Ledger on if no other worker moved it. A crash anywhere leaves the step as
//! it was, and every step may be repeated. Nothing here opens a data key of what is deleted: deleted data is never
//! read.

mod abandoned;
mod passes;
mod purge;
mod revoke;
mod tenant;
#[cfg(test)]
mod tests;
mod verify;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::base::error::Result;
use crate::base::host::Clock;
use crate::base::host::Entropy;
use crate::base::ids::{DeletionId, TenantId};
use crate::base::queue::JobQueue;
use crate::base::table::Table;
use crate::deletion::ledger::DeletionJob;
use crate::deletion::ledger::{Deletion, SECOND_PASS, Step, StepEvent, VERIFY};
use crate::deletion::ports::{LedgerWrite, Purge};
use crate::deletion::steps::begin_deletion::{self, start};
use crate::platform::capabilities::{Connectors, RevokeOutcome};
use crate::platform::profile::Profile;
use crate::vault::ports::{KeyOpen, VaultRead};

/// How long one run goes on: well within the 15 minutes of a function, with room for the longest step.
const BUDGET: SignedDuration = SignedDuration::from_mins(8);

rows!(begin_deletion::Rows, LedgerWrite, Purge, VaultRead);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids and public codes.
    pub entropy: Arc<dyn Entropy>,
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
    /// Starts the deletions of a tenant's connections, and a deletion that had no time left, without waiting for the
    /// sweeper.
    pub queue: Arc<dyn JobQueue<DeletionJob>>,
    /// Opens data keys, to revoke.
    pub keys: Arc<dyn KeyOpen>,
    /// The platforms' connectors.
    pub connectors: Arc<dyn Connectors>,
    /// The profile, which says which calls may leave.
    pub profile: Arc<Profile>,
}

impl Ports {
    /// Returns the ports that a cutoff needs.
    fn plan(&self) -> begin_deletion::Ports {
        let Self { clock, entropy, rows, .. } = self.clone();
        begin_deletion::Ports { clock, entropy, rows }
    }
}

impl Ports {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Runs the due steps of a deletion, and returns the deletion as it is now. `None` when there is nothing left to do
/// here: the deletion was taken back, or another worker was faster.
pub async fn run(ports: &Ports, tenant: &TenantId, id: &DeletionId) -> Result<Option<Deletion>> {
    let until = ports.now() + BUDGET;
    let Some(found) = ports.rows.deletion(tenant, id).await? else { return Ok(None) };
    if !is_due(&found, ports.now()) {
        return Ok(Some(found));
    }
    let Some(mut deletion) = abandoned::cut_first(ports, found).await? else { return Ok(None) };
    while is_due(&deletion, ports.now()) && ports.now() < until {
        let Some(mut next) = step(ports, deletion).await? else { return Ok(None) };
        if !save(ports, &mut next).await? {
            return Ok(None);
        }
        deletion = next;
    }
    if is_due(&deletion, ports.now()) {
        // A message that was not sent does no harm: the sweeper sends every due deletion.
        deletion = start(ports.queue.as_ref(), deletion).await.deletion;
    }
    Ok(Some(deletion))
}

fn is_due(deletion: &Deletion, now: Timestamp) -> bool {
    deletion.next_step_at.is_some_and(|at| at <= now)
}

/// Does the work of one step and returns the deletion to store; `None` when another worker was faster.
async fn step(ports: &Ports, deletion: Deletion) -> Result<Option<Deletion>> {
    match deletion.step {
        Step::CutConnections => tenant::cut_connections(ports, deletion).await.map(Some),
        Step::ShredData => purge::pass(ports, deletion, Step::Purge).await.map(Some),
        Step::Purge => {
            // Only whole connections have a grant of their own.
            let next = if deletion.revokes() { Step::Revoke } else { Step::PurgeAgain };
            purge::pass(ports, deletion, next).await.map(Some)
        }
        Step::Revoke => revoke::revoke(ports, deletion).await,
        Step::ShredToken => purge::pass(ports, deletion, Step::PurgeAgain).await.map(Some),
        Step::PurgeAgain => {
            tenant::cut_newcomers(ports, &deletion).await?;
            purge::pass(ports, deletion, Step::Verify).await.map(Some)
        }
        Step::Verify => verify::verify(ports, deletion).await.map(Some),
        Step::Done => Ok(Some(Deletion { next_step_at: None, ..deletion })),
    }
}

/// Stores a deletion under its next version; false when another worker was faster.
async fn save(ports: &Ports, deletion: &mut Deletion) -> Result<bool> {
    deletion.version += 1;
    ports.rows.advance(deletion).await
}

/// Moves a deletion on to a step, and sets when the step is due.
fn enter(deletion: &mut Deletion, step: Step, now: Timestamp) {
    let not_before = match step {
        Step::PurgeAgain => second_pass(deletion, now),
        Step::Verify => deletion.t0 + VERIFY,
        _ => now,
    };
    deletion.step = step;
    deletion.next_step_at = Some(not_before.max(now));
}

/// Returns when every function that was alive at the cutoff has ended. The first event comes after the cutoff, which
/// may be later than T0: a revocation is noticed late, and a tenant's connections are closed one by one.
fn second_pass(deletion: &Deletion, now: Timestamp) -> Timestamp {
    deletion.events.first().map_or(now, |event| event.at) + SECOND_PASS
}

fn event(at: Timestamp, step: Step, counts: Vec<(Table, u64)>, outcome: Option<RevokeOutcome>) -> StepEvent {
    StepEvent { at, step, counts, outcome }
}
