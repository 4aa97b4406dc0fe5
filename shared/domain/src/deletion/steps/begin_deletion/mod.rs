//! Makes the cutoff: plans the scope of a deletion, and asks the store for the one transaction that starts it.
//!
//! Everything that ends a connection, an account or a tenant is planned by [`plan`] and begun by
//! [`DeletionBegin::begin`]. A tenant comes through [`cut`]; a disconnect or a part through [`cut_for`]; a mailed link
//! through [`cut_connection`]; a revocation or a wait that ended through [`end_connection`]; a lost account through
//! [`end_account`]. An abandoned connection has its deletion already, which plans again when it is due. The promise
//! counts from T0: the cutoff, or the first evidence if that was earlier. The work afterwards is
//! [`crate::deletion::ops::run_deletion`].

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;

use crate::base::error::{Error, Kind, Result};
use crate::base::host::{Clock, Entropy};
use crate::base::ids::{AccountId, ConnectionId, DataKeyId, DeletionId, EndUser, TenantId};
use crate::base::place::{Place, Subject};
use crate::base::queue::JobQueue;
use crate::base::random;
use crate::base::together::both;
use crate::connect::account::Account;
use crate::connect::connection::{Connection, State};
use crate::connect::ports::ConnectionRead;
use crate::deletion::ledger::DeletionJob;
use crate::deletion::ledger::{DELETE_WITHIN, Deletion, Reason, Step};
use crate::deletion::ports::{Cutoff, DeletionBegin, LedgerRead};
use crate::people::caller::Caller;

rows!(ConnectionRead, DeletionBegin, LedgerRead);

/// The ports of planning and of the cutoff.
#[derive(Clone)]
pub struct Ports {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids and public codes.
    pub entropy: Arc<dyn Entropy>,
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
}

/// The contents of a deletion before it has an id.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The tenant whose data is deleted.
    pub tenant: TenantId,
    /// The connection, account or tenant that is deleted.
    pub subject: Subject,
    /// The reason for the deletion.
    pub reason: Reason,
    /// The platform; empty for tenants.
    pub platform: String,
    /// When the promise starts.
    pub t0: Timestamp,
    /// When the first step happens.
    pub first_step_at: Timestamp,
    /// Every place to purge and to count.
    pub places: Vec<Place>,
    /// The data keys that the subject holds.
    pub keys: Vec<DataKeyId>,
}

/// Makes a deletion from a draft: a new id, a new public code, version 1.
pub fn draft(entropy: &dyn Entropy, now: Timestamp, draft: Draft) -> Deletion {
    let step = if draft.subject == Subject::Tenant { Step::CutConnections } else { Step::ShredData };
    Deletion {
        id: DeletionId::from_uuid(random::uuid(entropy, now)),
        tenant: draft.tenant,
        subject: draft.subject,
        reason: draft.reason,
        platform: draft.platform,
        t0: draft.t0,
        delete_by: draft.t0 + DELETE_WITHIN,
        step,
        next_step_at: Some(draft.first_step_at),
        places: draft.places,
        keys: draft.keys,
        revoke_tries: 0,
        revoke: None,
        events: Vec::new(),
        verified_at: None,
        code: random::secret_text(entropy),
        version: 1,
    }
}

/// Plans a deletion: its places, keys and deadline, and its owner. Nothing is written.
pub async fn plan(
    ports: &Ports,
    tenant: &TenantId,
    subject: &Subject,
    reason: Reason,
    t0: Timestamp,
) -> Result<(Deletion, Option<EndUser>)> {
    let now = ports.clock.now();
    // All three reads are named by the subject, and the transaction of the cutoff has conditions of its own.
    let (rows, held) = both(rows(ports, tenant, subject), ports.rows.held_keys(tenant, subject)).await;
    let ((row, accounts), keys) = (rows?, held?);
    let whole = row.as_ref().filter(|_| matches!(subject, Subject::Connection(_)));
    let mut deletion = draft(
        ports.entropy.as_ref(),
        now,
        Draft {
            tenant: tenant.clone(),
            subject: subject.clone(),
            reason,
            platform: row.as_ref().map(|row| row.platform.clone()).unwrap_or_default(),
            t0,
            first_step_at: now,
            places: ports.rows.places(tenant, subject, &accounts).await?,
            keys,
        },
    );
    if let Some(waiting) = whole.and_then(abandoned) {
        // The deletion that waited for the pending connection becomes this one: a connection never has two deletions.
        deletion.id = waiting;
        deletion.version = 2;
    }
    Ok((deletion, row.map(|row| row.end_user)))
}

/// Makes the cutoff. Returns the deletion that counts: an earlier one if there is one.
pub async fn cut(
    ports: &Ports,
    tenant: &TenantId,
    subject: &Subject,
    reason: Reason,
    t0: Timestamp,
) -> Result<Deletion> {
    attempt(ports, tenant, subject, reason, t0).await?.ok_or_else(|| unknown(subject))
}

/// Makes the cutoff, as [`cut`] does; `None` when there is nothing to delete, or when the evidence was taken back
/// meanwhile.
async fn attempt(
    ports: &Ports,
    tenant: &TenantId,
    subject: &Subject,
    reason: Reason,
    t0: Timestamp,
) -> Result<Option<Deletion>> {
    let (deletion, owner) = plan(ports, tenant, subject, reason, t0).await?;
    match ports.rows.begin(&deletion, owner.as_ref()).await? {
        Cutoff::Made => Ok(Some(deletion)),
        Cutoff::Before(id) => earlier(ports, tenant, &id).await.map(Some),
        Cutoff::Nothing => Ok(None),
    }
}

/// The connection or account that a caller lets go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The connection.
    pub connection: ConnectionId,
    /// The only account to let go; `None` for the whole connection.
    pub account: Option<AccountId>,
}

/// A deletion whose first message was sent, or not.
#[derive(Debug)]
pub struct Started {
    /// The deletion that counts: this call's, or an earlier one.
    pub deletion: Deletion,
    /// Why the deletion's message was not sent, for the log. No harm is done: the Ledger is the outbox, and the
    /// sweeper sends it.
    pub unsent: Option<Error>,
}

/// Makes the cutoff of the connection or account that a caller names, if it is the caller's; another's counts as
/// absent.
pub async fn cut_for(ports: &Ports, caller: &Caller, target: &Target, reason: Reason) -> Result<Deletion> {
    let row = find(ports.rows.as_ref(), &caller.tenant, &target.connection).await?;
    if !caller.may_see(&row.end_user) {
        return Err(Error::not_found("connection"));
    }
    match &target.account {
        Some(account) => cut_account(ports, &row, account, reason, ports.clock.now()).await,
        None => cut_connection(ports, &row, reason, ports.clock.now()).await,
    }
}

/// Sends a deletion's first step, so that it need not wait for the sweeper.
pub async fn start(queue: &dyn JobQueue<DeletionJob>, deletion: Deletion) -> Started {
    if deletion.step == Step::Done {
        return Started { deletion, unsent: None };
    }
    let message = [deletion.job()];
    let unsent = queue.send(&message, 0).await.err();
    Started { deletion, unsent }
}

/// Makes the cutoff of a connection, or returns the deletion of an earlier cutoff, as long as its row exists. The
/// promise counts from `t0`: the earliest evidence.
pub async fn cut_connection(
    ports: &Ports,
    row: &Connection,
    reason: Reason,
    t0: Timestamp,
) -> Result<Deletion> {
    end_connection(ports, row, reason, t0).await?.ok_or_else(|| Error::not_found("connection"))
}

/// Makes the cutoff of a connection for a reason that rests on evidence, as [`cut_connection`] does. `None` when the
/// person came back before the cutoff: the evidence says nothing of the new grant.
pub async fn end_connection(
    ports: &Ports,
    row: &Connection,
    reason: Reason,
    t0: Timestamp,
) -> Result<Option<Deletion>> {
    if let Some(deletion) = cut_before(ports, row).await? {
        return Ok(Some(deletion));
    }
    attempt(ports, &row.tenant, &Subject::Connection(row.id.clone()), reason, t0).await
}

/// Makes the cutoff of one account. With the last live account the whole connection ends: a grant that reaches none of
/// the accounts that the customer chose must not be kept.
pub async fn cut_account(
    ports: &Ports,
    row: &Connection,
    account: &AccountId,
    reason: Reason,
    t0: Timestamp,
) -> Result<Deletion> {
    end_account(ports, row, account, reason, t0).await?.ok_or_else(|| Error::not_found("account"))
}

/// Makes the cutoff of one account for a reason that rests on evidence, as [`cut_account`] does; `None` as in
/// [`end_connection`].
pub async fn end_account(
    ports: &Ports,
    row: &Connection,
    account: &AccountId,
    reason: Reason,
    t0: Timestamp,
) -> Result<Option<Deletion>> {
    if let Some(deletion) = cut_before(ports, row).await? {
        return Ok(Some(deletion));
    }
    let accounts = ports.rows.accounts(&row.tenant, &row.id).await?;
    let this =
        accounts.iter().find(|other| other.id == *account).ok_or_else(|| Error::not_found("account"))?;
    if is_live(this) && accounts.iter().filter(|other| is_live(other)).count() == 1 {
        return end_connection(ports, row, reason, t0).await;
    }
    let subject = Subject::Account(row.id.clone(), account.clone());
    let deletion = attempt(ports, &row.tenant, &subject, reason, t0).await?;
    // Two calls that let the last two accounts go at the same moment both saw the other account alive.
    let left = ports.rows.accounts(&row.tenant, &row.id).await?;
    if deletion.is_none() || left.iter().any(is_live) {
        return Ok(deletion);
    }
    end_connection(ports, row, reason, t0).await
}

fn is_live(account: &Account) -> bool {
    account.state != State::Purging
}

/// Reads the deletion that closed a connection, by the connection's own row.
async fn cut_before(ports: &Ports, row: &Connection) -> Result<Option<Deletion>> {
    match &row.deletion {
        Some(id) if row.state == State::Purging => earlier(ports, &row.tenant, id).await.map(Some),
        _ => Ok(None),
    }
}

/// Reads a deletion that began before.
pub(crate) async fn earlier(ports: &Ports, tenant: &TenantId, id: &DeletionId) -> Result<Deletion> {
    let found = ports.rows.deletion(tenant, id).await?;
    found.ok_or_else(|| {
        Error::new(Kind::Internal, "deletion_missing", "The deletion has no row in the Ledger.")
    })
}

/// Returns the deletion that waits for a pending connection.
fn abandoned(row: &Connection) -> Option<DeletionId> {
    row.deletion.clone().filter(|_| row.state == State::Pending)
}

async fn rows(
    ports: &Ports,
    tenant: &TenantId,
    subject: &Subject,
) -> Result<(Option<Connection>, Vec<AccountId>)> {
    let (connection, one) = match subject {
        Subject::Tenant => return Ok((None, Vec::new())),
        Subject::Connection(connection) => (connection, None),
        Subject::Account(connection, account) => (connection, Some(account)),
    };
    let (row, accounts) =
        both(find(ports.rows.as_ref(), tenant, connection), ports.rows.accounts(tenant, connection)).await;
    let (row, accounts) = (row?, accounts?);
    let mut accounts: Vec<_> = accounts.into_iter().map(|account| account.id).collect();
    accounts.retain(|account| one.is_none_or(|one| one == account));
    if one.is_some() && accounts.is_empty() {
        return Err(unknown(subject));
    }
    Ok((Some(row), accounts))
}

/// Finds a connection, or refuses because there is none.
async fn find(connections: &dyn ConnectionRead, tenant: &TenantId, id: &ConnectionId) -> Result<Connection> {
    connections.connection(tenant, id).await?.ok_or_else(|| Error::not_found("connection"))
}

fn unknown(subject: &Subject) -> Error {
    Error::not_found(match subject {
        Subject::Connection(_) => "connection",
        Subject::Account(..) => "account",
        Subject::Tenant => "tenant",
    })
}
