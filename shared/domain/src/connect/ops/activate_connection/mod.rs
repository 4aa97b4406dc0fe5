//! Lets the product take a connection up: the same tenant and the same end user as the person who connected.
//!
//! This closes cross-user session fixation: a link that an attacker started and a victim finished ends here.
//!
//! The code works once. A repeated call that carries the key of an earlier attempt reads the connection instead of
//! using the code.
//!
//! The answer also says where else the accounts are connected. This decides nothing: the operation reads it after the
//! connection is active, and answers without it when the read fails.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;

use crate::base::error::{Error, Kind, Result};
use crate::base::host::{Clock, Entropy};
use crate::base::ids::{ConnectionId, DeletionId, EndUser};
use crate::base::queue::JobQueue;
use crate::base::secret::Fingerprint;
use crate::base::together::both;
use crate::connect::account::Account;
use crate::connect::connection::{Connection, State};
use crate::connect::ports::{ConnectionActivate, ConnectionRead, HeldAccounts, Holders, TransientTake};
use crate::connect::session::ActivationCode;
use crate::guard::idempotency::{Attempt, Standing};
use crate::people::caller::{Caller, CredentialKind, Scope};
use crate::platform::profile::Profile;
use crate::sync::job::{JobKind, SyncJob, slot_of};

rows!(TransientTake, ConnectionRead, HeldAccounts, ConnectionActivate);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// Starts the first jobs at once.
    pub queue: Arc<dyn JobQueue<SyncJob>>,
    /// The product.
    pub profile: Arc<Profile>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Computes digests.
    pub entropy: Arc<dyn Entropy>,
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
}

/// The data that the product presents.
#[derive(Debug, Clone)]
pub struct Input {
    /// The connection.
    pub connection: ConnectionId,
    /// The one-time code.
    pub code: String,
    /// The end user who asked to connect.
    pub end_user: EndUser,
}

/// The active connection, with its accounts.
#[derive(Debug)]
pub struct Output {
    /// The connection.
    pub connection: Connection,
    /// The connection's accounts.
    pub accounts: Vec<Account>,
    /// The other live connections that hold one of the accounts, as far as the caller may see them.
    pub also: Vec<Also>,
    /// Why the other connections are unknown, for the log: the connection is active all the same.
    pub unseen: Option<Error>,
    /// Why the first jobs were not sent, for the log. No harm is done: the jobs are in the outbox, and the planner
    /// sends them.
    pub unsent: Option<Error>,
}

/// The other connections of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Also {
    /// The account.
    pub account: Fingerprint,
    /// Other live connections that hold the account.
    pub connections: Vec<ConnectionId>,
    /// True when more connections hold the account than were read.
    pub more: bool,
}

/// Makes the connection active and starts its first jobs.
pub async fn run(ports: &Ports, attempt: &Attempt, caller: &Caller, input: &Input) -> Result<Output> {
    caller.require(Scope::Connect)?;
    if let Some(output) = done_before(ports, attempt, caller, input).await? {
        return Ok(output);
    }
    // A mistyped connection does not cost the code. The accounts, which the person chose before there was a code, are
    // read beside the connection's row; they are of use only after the code was taken.
    let (connection, accounts) =
        both(find(ports, caller, input), ports.rows.accounts(&caller.tenant, &input.connection)).await;
    let (connection, accounts) = (connection?, accounts?);
    let abandoned = pending(&connection)?;
    let key = ports.entropy.digest(input.code.as_bytes());
    let code = ports.rows.take_code(&key, ports.clock.now()).await?;
    check(ports.clock.now(), caller, input, code)?;
    activate(ports, caller, connection, accounts, &abandoned).await
}

/// Finds the other connections of the accounts: their figures are there twice, and the product should know.
async fn also(
    ports: &Ports,
    caller: &Caller,
    connection: &Connection,
    accounts: &[Account],
) -> (Vec<Also>, Option<Error>) {
    let fingerprints: Vec<_> = accounts.iter().map(|account| account.fingerprint.clone()).collect();
    let (held, unseen) = match ports.rows.held(&connection.tenant, &fingerprints).await {
        Ok(held) => (held, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let is_other = |other: &Connection| other.id != connection.id && caller.may_see(&other.end_user);
    let also = |holders: Holders| Also {
        account: holders.account,
        connections: holders.connections.into_iter().filter(is_other).map(|other| other.id).collect(),
        // A browser may learn nothing of other people's connections, not even their number.
        more: holders.more && caller.kind == CredentialKind::ApiKey,
    };
    (held.into_iter().map(also).collect(), unseen)
}

async fn find(ports: &Ports, caller: &Caller, input: &Input) -> Result<Connection> {
    let found = ports.rows.connection(&caller.tenant, &input.connection).await?;
    let found = found.filter(|row| caller.may_see(&row.end_user));
    found.ok_or_else(|| Error::not_found("connection"))
}

/// Reads what an earlier attempt at this very call made, as it is now. An attempt that broke off may have finished the
/// work.
async fn done_before(
    ports: &Ports,
    attempt: &Attempt,
    caller: &Caller,
    input: &Input,
) -> Result<Option<Output>> {
    if attempt.standing == Standing::First {
        return Ok(None);
    }
    let connection = find(ports, caller, input).await?;
    if !connection.state.is_readable() {
        return if attempt.is_done() { Err(purging()) } else { Ok(None) };
    }
    let mut accounts = ports.rows.accounts(&connection.tenant, &connection.id).await?;
    accounts.retain(|account| account.state.is_readable());
    let (also, unseen) = also(ports, caller, &connection, &accounts).await;
    Ok(Some(Output { connection, accounts, also, unseen, unsent: None }))
}

fn purging() -> Error {
    Error::new(Kind::Gone, "purging", "The connection is being deleted.")
}

/// Checks that the code belongs to this tenant, this connection and this end user. The code is used up in either case.
fn check(now: Timestamp, caller: &Caller, input: &Input, code: Option<ActivationCode>) -> Result<()> {
    let fits = code.is_some_and(|code| {
        code.tenant == caller.tenant
            && code.connection == input.connection
            && code.end_user == input.end_user
            && now < code.expires_at
            && caller.may_see(&code.end_user)
    });
    if fits {
        return Ok(());
    }
    let message =
        "The code does not fit this connection and end user, or was used or is too old. Connect again.";
    Err(Error::invalid("invalid_code", message))
}

/// Returns the deletion that waits for a pending connection.
fn pending(connection: &Connection) -> Result<DeletionId> {
    match (&connection.deletion, connection.state) {
        (Some(abandoned), State::Pending) => Ok(abandoned.clone()),
        (_, State::Purging) => Err(purging()),
        _ => Err(Error::conflict("not_pending", "The connection is active already.")),
    }
}

async fn activate(
    ports: &Ports,
    caller: &Caller,
    connection: Connection,
    mut accounts: Vec<Account>,
    abandoned: &DeletionId,
) -> Result<Output> {
    accounts.retain(|account| account.state == State::Pending);
    if accounts.is_empty() {
        return Err(Error::conflict("no_accounts", "No account of the connection was chosen."));
    }
    for account in &mut accounts {
        account.state = State::Active;
    }
    let connection = Connection { state: State::Active, deletion: None, delete_by: None, ..connection };
    let jobs = first_jobs(ports, &connection, &accounts);
    let period = ports.profile.period_minutes(&connection.platform);
    let slot = slot_of(&connection.id, period);
    ports.rows.activate(&connection, &accounts, slot, abandoned, &jobs).await?;
    // The connection is active. Neither of the two decides anything more, and each may fail without harm.
    let (sent, (also, unseen)) =
        both(ports.queue.send(&jobs, 0), also(ports, caller, &connection, &accounts)).await;
    let unsent = sent.err();
    Ok(Output { connection, accounts, also, unseen, unsent })
}

/// Makes the first jobs, for the newest days: the worker knows the account's present day, and plans the older days.
fn first_jobs(ports: &Ports, connection: &Connection, accounts: &[Account]) -> Vec<SyncJob> {
    let slot = ports.clock.now();
    let job = |account: &Account| SyncJob {
        tenant: connection.tenant.clone(),
        connection: connection.id.clone(),
        account: account.id.clone(),
        kind: JobKind::First,
        window: None,
        slot,
        deferred: 0,
        not_before: None,
    };
    accounts.iter().map(job).collect()
}
