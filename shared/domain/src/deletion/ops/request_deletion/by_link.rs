//! Shows and performs the deletion that a mailed link stands for.
//!
//! Showing uses nothing up, because mail scanners open links. The cutoff comes before the link is used up: a crash in
//! between leaves a link that does the same again, never a used link that did nothing. A used link shows how far its
//! deletions are, for as long as the Ledger keeps their proof.

use std::sync::Arc;

use jiff::Timestamp;

use crate::base::error::{Error, Kind, Result};
use crate::base::host::{Clock, Entropy};
use crate::base::ids::{ConnectionId, TenantId};
use crate::base::queue::JobQueue;
use crate::base::secret::Digest;
use crate::base::together::{Work, both, together};
use crate::connect::connection::{Connection, State};
use crate::connect::ports::{TransientRead, TransientTake};
use crate::deletion::ledger::DeletionJob;
use crate::deletion::ledger::{Deletion, Reason};
use crate::deletion::link::{DeletionLink, LinkedDeletion};
use crate::deletion::ports::{LinkEnd, LinkedDeletions};
use crate::deletion::steps::begin_deletion::{self, cut_connection, start};

rows!(begin_deletion::Rows, TransientRead, TransientTake, LinkEnd, LinkedDeletions);

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

/// A deletion that the link began.
#[derive(Debug, Clone)]
pub struct Watched {
    /// The deletion as it stands now.
    pub deletion: Deletion,
    /// When the connection was made.
    pub since: Timestamp,
    /// How many accounts the connection had, where somebody counted them.
    pub accounts: Option<usize>,
}

/// What a link shows.
#[derive(Debug, Clone)]
pub enum Seen {
    /// The connections that it would delete.
    Held(Vec<Held>),
    /// How far the deletions are that it began; none, where everything was being deleted before.
    Begun(Vec<Watched>),
}

/// The deletions that a link started.
#[derive(Debug, Default)]
pub struct Output {
    /// The deletions, one for each connection of the mailbox. Empty when the link was used before.
    pub deletions: Vec<Deletion>,
    /// Why messages were not sent, for the log.
    pub unsent: Vec<Error>,
}

/// The number of connections that are read at the same time.
const AT_ONCE: usize = 8;

/// Returns the connections that the link would delete, or, once it was used, how far its deletions are.
pub async fn look(ports: &Ports, token: &str) -> Result<Seen> {
    let key = ports.entropy.digest(token.as_bytes());
    let found = find(ports, &key).await;
    if let Ok(link) = &found {
        let held = all_held(ports, link).await?;
        if !held.is_empty() {
            return Ok(Seen::Held(held));
        }
    }
    let begun = begun(ports, &key).await?;
    match found {
        Err(error) if begun.is_empty() || error.code != LINK_USED => Err(error),
        _ => Ok(Seen::Begun(begun)),
    }
}

async fn all_held(ports: &Ports, link: &DeletionLink) -> Result<Vec<Held>> {
    let look = |(tenant, id)| -> Work<'_, _> { Box::pin(held(ports, tenant, id)) };
    let work = link.connections.iter().map(|(tenant, id)| look((tenant, id))).collect();
    together(work, AT_ONCE).await.into_iter().filter_map(Result::transpose).collect()
}

async fn held(ports: &Ports, tenant: &TenantId, id: &ConnectionId) -> Result<Option<Held>> {
    let (row, accounts) = row_and_live(ports, tenant, id).await?;
    let row = row.filter(|row| row.state != State::Purging);
    Ok(row.map(|row| Held { platform: row.platform, since: row.created_at, accounts }))
}

/// Reads a connection's row, and counts its live accounts.
async fn row_and_live(
    ports: &Ports,
    tenant: &TenantId,
    id: &ConnectionId,
) -> Result<(Option<Connection>, usize)> {
    let (row, accounts) = both(ports.rows.connection(tenant, id), ports.rows.accounts(tenant, id)).await;
    let live = accounts?.iter().filter(|account| account.state != State::Purging).count();
    Ok((row?, live))
}

async fn begun(ports: &Ports, key: &Digest) -> Result<Vec<Watched>> {
    let mut begun = Vec::new();
    for LinkedDeletion { tenant, deletion, since, accounts } in ports.rows.linked(key).await? {
        let deletion = ports.rows.deletion(&tenant, &deletion).await?;
        begun.extend(deletion.map(|deletion| Watched { deletion, since, accounts }));
    }
    Ok(begun)
}

/// Makes the cutoff of every connection of the mailbox. Then uses the link up, and every other link that was mailed
/// there. A link that was used before begins nothing again.
pub async fn run(ports: &Ports, token: &str) -> Result<Output> {
    let key = ports.entropy.digest(token.as_bytes());
    let (found, linked) = both(find(ports, &key), ports.rows.linked(&key)).await;
    let mut linked = linked?;
    let link = match found {
        Ok(link) => link,
        Err(error) if linked.is_empty() || error.code != LINK_USED => return Err(error),
        Err(_) => return Ok(Output::default()),
    };
    let mut output = Output::default();
    for (tenant, id) in &link.connections {
        let (row, live) = row_and_live(ports, tenant, id).await?;
        // A connection without a row was deleted after the mail went out.
        if let Some(row) = row {
            let deletion = cut(ports, (&key, &mut linked), &row, live).await?;
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

/// Makes the cutoff of one connection, and adds it to what the link shows from now on.
async fn cut(
    ports: &Ports,
    (key, linked): (&Digest, &mut Vec<LinkedDeletion>),
    row: &Connection,
    live: usize,
) -> Result<Deletion> {
    // After the cutoff nobody can tell any more which accounts were live.
    let accounts = Some(live).filter(|_| row.state != State::Purging);
    let deletion = cut_connection(&ports.plan(), row, Reason::RequestedByMail, ports.clock.now()).await?;
    if !linked.iter().any(|known| known.deletion == deletion.id) {
        let (tenant, since) = (row.tenant.clone(), row.created_at);
        linked.push(LinkedDeletion { tenant, deletion: deletion.id.clone(), since, accounts });
        ports.rows.put_linked(key, linked).await?;
    }
    Ok(deletion)
}

async fn find(ports: &Ports, key: &Digest) -> Result<DeletionLink> {
    let link = ports.rows.link(key, ports.clock.now()).await?.ok_or_else(used)?;
    let ended = ports.rows.links_ended(&link.mail).await?;
    if ended.is_some_and(|at| at >= link.made_at) { Err(used()) } else { Ok(link) }
}

/// The code of a link that does nothing any more.
const LINK_USED: &str = "link_used";

fn used() -> Error {
    let message = "This link, or another one that was mailed to the same address, was used, or it is too old. Ask for a \
                   new one to go on.";
    Error::new(Kind::Gone, LINK_USED, message)
}
