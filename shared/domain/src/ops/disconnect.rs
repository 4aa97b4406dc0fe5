//! Lets a connection or one of its accounts go: the cut, and its first message.

use crate::caller::{Caller, Scope};
use crate::deletion::Reason;
use crate::deletion_plan::{PlanPorts, Started, Target, cut_for, start};
use crate::error::Result;
use crate::ports::DeletionQueue;

/// What the operation needs.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// Plans and makes the cut.
    pub plan: PlanPorts<'a>,
    /// Starts the first step at once.
    pub queue: &'a dyn DeletionQueue,
}

/// Makes the cut. Doing it again answers the same deletion, as long as the rows that say so are there.
pub async fn run(ports: &Ports<'_>, caller: &Caller, target: &Target) -> Result<Started> {
    caller.require(Scope::Disconnect)?;
    let deletion = cut_for(&ports.plan, caller, target, Reason::Disconnected).await?;
    Ok(start(ports.queue, deletion).await)
}
