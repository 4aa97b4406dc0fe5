//! Shows and performs the deletion that a mailed link stands for.
//!
//! Showing uses nothing up, because mail scanners open links. The cutoff comes before the link is used up: a crash in
//! between leaves a link that does the same again, never a used link that did nothing.

use std::sync::Arc;

use jiff::Timestamp;

use crate::base::error::{Error, Kind, Result};
use crate::base::host::{Clock, Entropy};
use crate::base::queue::JobQueue;
use crate::base::secret::Digest;
use crate::connect::connection::State;
use crate::connect::ports::{TransientRead, TransientTake};
use crate::deletion::ledger::DeletionJob;
use crate::deletion::ledger::{Deletion, Reason};
use crate::deletion::link::DeletionLink;
use crate::deletion::ports::LinkEnd;
use crate::deletion::steps::begin_deletion::{self, cut_connection, start};

rows!(begin_deletion::Rows, TransientRead, TransientTake, LinkEnd);

/// The ports of showing and performing.
#[derive(Clone)]
pub struct Ports {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids and public codes.
    pub entropy: Arc<dyn Entropy>,
    /// The rows of connections, deletions and the link.
    pub rows: Arc<dyn Rows>,
    /// Starts the first steps at once.
    pub queue: Arc<dyn JobQueue<DeletionJob>>,
}

impl Ports {
    /// Returns the ports that a cutoff needs.
    fn plan(&self) -> begin_deletion::Ports {
        let Self { clock, entropy, rows, .. } = self.clone();
        begin_deletion::Ports { clock, entropy, rows }
    }
}

/// One connection that will be deleted, without any name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The platform's word.
    pub platform: String,
    /// When the connection was made.
    pub since: Timestamp,
    /// How many accounts the connection reaches.
    pub accounts: usize,
}

/// The deletions that a link started.
#[derive(Debug)]
pub struct Output {
    /// The deletions, one for each connection of the mailbox.
    pub deletions: Vec<Deletion>,
    /// Why messages were not sent, for the log.
    pub unsent: Vec<Error>,
}

/// Returns the connections that the link would delete.
pub async fn look(ports: &Ports, token: &str) -> Result<Vec<Held>> {
    let (_, link) = find(ports, token).await?;
    let mut held = Vec::new();
    for (tenant, id) in &link.connections {
        let Some(row) = ports.rows.connection(tenant, id).await?.filter(|row| row.state != State::Purging)
        else {
            continue;
        };
        let accounts = ports.rows.accounts(tenant, id).await?;
        let live = accounts.iter().filter(|account| account.state != State::Purging).count();
        held.push(Held { platform: row.platform, since: row.created_at, accounts: live });
    }
    Ok(held)
}

/// Makes the cutoff of every connection of the mailbox. Then uses the link up, and every other link that was mailed
/// there.
pub async fn run(ports: &Ports, token: &str) -> Result<Output> {
    let (key, link) = find(ports, token).await?;
    let mut output = Output { deletions: Vec::new(), unsent: Vec::new() };
    for (tenant, id) in &link.connections {
        // A connection without a row was deleted after the mail went out.
        if let Some(row) = ports.rows.connection(tenant, id).await? {
            let deletion =
                cut_connection(&ports.plan(), &row, Reason::RequestedByMail, ports.clock.now()).await?;
            let started = start(ports.queue.as_ref(), deletion).await;
            output.deletions.push(started.deletion);
            output.unsent.extend(started.unsent);
        }
    }
    let now = ports.clock.now();
    ports.rows.end_links(&link.mail, now).await?;
    ports.rows.take_link(&key, now).await?;
    Ok(output)
}

async fn find(ports: &Ports, token: &str) -> Result<(Digest, DeletionLink)> {
    let key = ports.entropy.digest(token.as_bytes());
    let link = ports.rows.link(&key, ports.clock.now()).await?.ok_or_else(used)?;
    let ended = ports.rows.links_ended(&link.mail).await?;
    if ended.is_some_and(|at| at >= link.made_at) { Err(used()) } else { Ok((key, link)) }
}

fn used() -> Error {
    let message = "This link, or another one that was mailed to the same address, was used, or it is too old. Ask for a \
                   new one to go on.";
    Error::new(Kind::Gone, "link_used", message)
}
