//! Shows and performs the deletion that a mailed link stands for.
//!
//! Looking uses nothing up, because mail scanners open links. The cut comes before the link is used up: a crash in
//! between leaves a link that does the same again, never a used link that did nothing.

use jiff::Timestamp;

use crate::connect::DeletionLink;
use crate::connection::State;
use crate::deletion::{Deletion, Reason};
use crate::deletion_plan::{PlanPorts, cut_connection, start};
use crate::error::{Error, Kind, Result};
use crate::ports::{DeletionQueue, LinkEnd, TransientRead, TransientTake};
use crate::secret::Digest;

/// What looking needs.
#[derive(Clone, Copy)]
pub struct LookPorts<'a> {
    /// Plans cuts; here only its readers are used.
    pub plan: PlanPorts<'a>,
    /// Looks at links.
    pub links: &'a dyn TransientRead,
    /// Knows which links ended with another one of their address.
    pub ends: &'a dyn LinkEnd,
}

/// What performing needs.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// What looking needs.
    pub look: LookPorts<'a>,
    /// Uses links up.
    pub take: &'a dyn TransientTake,
    /// Starts the first steps at once.
    pub queue: &'a dyn DeletionQueue,
}

/// One connection that will be deleted, without any name in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The platform's word.
    pub platform: String,
    /// When it was made.
    pub since: Timestamp,
    /// How many accounts it reaches.
    pub accounts: usize,
}

/// The deletions that a link started.
#[derive(Debug)]
pub struct Output {
    /// One for each connection of the mailbox.
    pub deletions: Vec<Deletion>,
    /// Why messages were not sent, for the log.
    pub unsent: Vec<Error>,
}

/// Says what the link would delete.
pub async fn look(ports: &LookPorts<'_>, token: &str) -> Result<Vec<Held>> {
    let (_, link) = find(ports, token).await?;
    let mut held = Vec::new();
    for (tenant, id) in &link.connections {
        let connections = ports.plan.connections;
        let Some(row) = connections.connection(tenant, id).await?.filter(|row| row.state != State::Purging)
        else {
            continue;
        };
        let accounts = connections.accounts(tenant, id).await?;
        let live = accounts.iter().filter(|account| account.state != State::Purging).count();
        held.push(Held { platform: row.platform, since: row.created_at, accounts: live });
    }
    Ok(held)
}

/// Cuts every connection of the mailbox and uses the link up, and with it every other link that was mailed there.
pub async fn run(ports: &Ports<'_>, token: &str) -> Result<Output> {
    let (key, link) = find(&ports.look, token).await?;
    let mut output = Output { deletions: Vec::new(), unsent: Vec::new() };
    for (tenant, id) in &link.connections {
        // A row that is gone was deleted since the mail went out.
        if let Some(row) = ports.look.plan.connections.connection(tenant, id).await? {
            let deletion =
                cut_connection(&ports.look.plan, &row, Reason::RequestedByMail, ports.look.plan.clock.now())
                    .await?;
            let started = start(ports.queue, deletion).await;
            output.deletions.push(started.deletion);
            output.unsent.extend(started.unsent);
        }
    }
    let now = ports.look.plan.clock.now();
    ports.look.ends.end_links(&link.mail, now).await?;
    ports.take.take_link(&key, now).await?;
    Ok(output)
}

async fn find(ports: &LookPorts<'_>, token: &str) -> Result<(Digest, DeletionLink)> {
    let key = ports.plan.entropy.digest(token.as_bytes());
    let link = ports.links.link(&key, ports.plan.clock.now()).await?.ok_or_else(used)?;
    let ended = ports.ends.links_ended(&link.mail).await?;
    if ended.is_some_and(|at| at >= link.made_at) { Err(used()) } else { Ok((key, link)) }
}

fn used() -> Error {
    let message = "This link, or another one that was mailed to the same address, was used, or it is too old. Ask for a \
                   new one to go on.";
    Error::new(Kind::Gone, "link_used", message)
}
