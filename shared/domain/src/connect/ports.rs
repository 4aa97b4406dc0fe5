//! The ports of the connect flow: short-lived rows, and the connections that exist already.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::base::error::Result;
use crate::base::ids::{AccountId, AccountRef, ConnectionId, DeletionId, TenantId};
use crate::base::secret::{Digest, Fingerprint};
use crate::connect::account::Account;
use crate::connect::connection::Connection;
use crate::connect::fence::Fence;
use crate::connect::session::{ActivationCode, AuthTransaction, ConfirmTicket, ConnectSession};
use crate::connect::token_life::{Change, Life};
use crate::connect::way::WayBack;
use crate::deletion::ledger::Deletion;
use crate::deletion::link::DeletionLink;
use crate::sync::job::SyncJob;
use crate::vault::keys::SealedBox;
use crate::vault::rows::{KeyRow, TokenRow};

/// Finds connections by the fingerprint of their owner's mailbox.
#[async_trait]
pub trait MailIndexRead: Send + Sync {
    /// Reads the connections that were made with the mailbox.
    async fn by_mail(&self, mail: &Fingerprint) -> Result<Vec<(TenantId, ConnectionId)>>;
}

/// Reads connections. Every read is consistent, because the state decides what may be shown.
#[async_trait]
pub trait ConnectionRead: Send + Sync {
    /// Reads one connection of a tenant.
    async fn connection(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Option<Connection>>;
    /// Reads connections of a tenant after an id, at most `limit`, in id order.
    async fn connections(
        &self,
        tenant: &TenantId,
        after: Option<&ConnectionId>,
        limit: u32,
    ) -> Result<Vec<Connection>>;
    /// Reads the chosen accounts of a connection.
    async fn accounts(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Vec<Account>>;
    /// Reads one chosen account.
    async fn account(&self, at: &AccountRef) -> Result<Option<Account>>;
    /// Reads the sealed parts of the list of accounts that the person may choose from, in order.
    async fn candidates(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Vec<SealedBox>>;
}

/// Reads fence items, consistently.
#[async_trait]
pub trait FenceRead: Send + Sync {
    /// Reads the states of a connection and, if asked, of one account.
    async fn fence(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        account: Option<&AccountId>,
    ) -> Result<Fence>;
}

/// A connection whose person just came back from the platform: everything that one transaction writes.
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// The connection's row, state `pending`.
    pub connection: Connection,
    /// The data keys: `token`, and `data` of the connection itself.
    pub keys: Vec<KeyRow>,
    /// The sealed tokens.
    pub tokens: Vec<TokenRow>,
    /// The sealed parts of the list of accounts to choose from; slot `cand#<n>`.
    pub candidates: Vec<SealedBox>,
    /// The deletion that runs by itself if the product does not take the connection up.
    pub abandoned: Deletion,
    /// When TTL removes the rows, if even that deletion does not run.
    pub expires_at: Timestamp,
}

/// A chosen account with its data key.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The account's row, state `pending`.
    pub account: Account,
    /// The account's data key.
    pub key: KeyRow,
}

/// Creates connections.
#[async_trait]
pub trait ConnectionCreate: Send + Sync {
    /// Writes a pending connection in one transaction.
    async fn create(&self, new: &NewConnection) -> Result<()>;
    /// Replaces the token key and tokens of a live connection in one transaction, and makes it active again.
    async fn reauthorise(&self, connection: &Connection, key: &KeyRow, tokens: &[TokenRow]) -> Result<()>;
}

/// Confirms the choice of accounts.
#[async_trait]
pub trait ConnectionConfirm: Send + Sync {
    /// Writes chosen accounts of a pending connection, a batch at a time.
    async fn add_accounts(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        accounts: &[NewAccount],
        expires_at: Timestamp,
    ) -> Result<()>;
    /// Confirms the choice in one transaction: the connection is still pending, the list of candidates is deleted, the
    /// code is stored, and the ticket is marked as carried out.
    async fn confirm(
        &self,
        ticket: &Digest,
        candidates: usize,
        code: (&Digest, &ActivationCode),
    ) -> Result<()>;
}

/// Activates pending connections.
#[async_trait]
pub trait ConnectionActivate: Send + Sync {
    /// Makes a pending connection active: rows lose their expiry, fences open, the accounts enter the due index,
    /// first jobs go to the outbox and the deletion of abandoned connections is taken back. The flip is one transaction.
    /// The slot is the connection's shard and minute of the period ([`crate::sync::job::slot_of`]).
    async fn activate(
        &self,
        connection: &Connection,
        accounts: &[Account],
        slot: (u16, u16),
        abandoned: &DeletionId,
        jobs: &[SyncJob],
    ) -> Result<()>;
}

/// Keeps the facts that are known of grants, and the states that follow from them.
#[async_trait]
pub trait ConnectionState: Send + Sync {
    /// Reads the facts that are known of a connection's grant, consistently.
    async fn life(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Life>;
    /// Stores the facts, the state and the events of a change in one transaction. Returns false, with nothing written,
    /// when the facts or the state were not as they had been read.
    async fn record_life(&self, tenant: &TenantId, id: &ConnectionId, change: &Change) -> Result<bool>;
}

/// Writes an account's present currency, zone and profile.
#[async_trait]
pub trait AccountRenew: Send + Sync {
    /// Stores currency, zone and sealed profile of a live account, and a job that reads the account anew, in one
    /// transaction.
    async fn renew_account(&self, at: &AccountRef, account: &Account, again: Option<&SyncJob>) -> Result<()>;
}

/// Puts short-lived rows. Each row carries its own expiry, and the table's TTL removes it.
#[async_trait]
pub trait TransientPut: Send + Sync {
    /// Puts a connect session, and the way back of its flow.
    async fn put_session(&self, key: &Digest, session: &ConnectSession) -> Result<()>;
    /// Puts a confirm ticket.
    async fn put_ticket(&self, key: &Digest, ticket: &ConfirmTicket) -> Result<()>;
    /// Puts how far the flow of a transaction came.
    async fn put_way(&self, key: &Digest, way: &WayBack) -> Result<()>;
    /// Puts a mailed deletion link.
    async fn put_link(&self, key: &Digest, link: &DeletionLink) -> Result<()>;
}

/// Reads short-lived rows without using them up. An expired row counts as absent.
#[async_trait]
pub trait TransientRead: Send + Sync {
    /// Reads a connect session.
    async fn session(&self, key: &Digest, now: Timestamp) -> Result<Option<ConnectSession>>;
    /// Reads an OAuth transaction.
    async fn transaction(&self, key: &Digest, now: Timestamp) -> Result<Option<AuthTransaction>>;
    /// Reads the way back of a connect session or of a transaction. The way is kept for a day longer than they.
    async fn way(&self, key: &Digest, now: Timestamp) -> Result<Option<WayBack>>;
    /// Reads a confirm ticket. The ticket is kept for a day longer than it works, so that a person who comes late
    /// finds the way back.
    async fn ticket(&self, key: &Digest, now: Timestamp) -> Result<Option<ConfirmTicket>>;
    /// Reads a mailed deletion link.
    async fn link(&self, key: &Digest, now: Timestamp) -> Result<Option<DeletionLink>>;
}

/// Takes short-lived rows: one conditional delete that returns the old row, so that of any number of takers one wins.
#[async_trait]
pub trait TransientTake: Send + Sync {
    /// Uses a connect session up for an OAuth transaction, in one database transaction with the ways back of both.
    /// Returns whether the session was still there.
    async fn depart(&self, session: &Digest, to: (&Digest, &AuthTransaction)) -> Result<bool>;
    /// Takes an OAuth transaction.
    async fn take_transaction(&self, key: &Digest, now: Timestamp) -> Result<Option<AuthTransaction>>;
    /// Stores the choice in a ticket, which stays: of any number of choices the first counts, and the same choice may
    /// be sent again. Returns whether this choice counts; `done` marks the choice as carried out.
    async fn decide(&self, key: &Digest, choice: &Digest, done: bool) -> Result<bool>;
    /// Takes an activation code.
    async fn take_code(&self, key: &Digest, now: Timestamp) -> Result<Option<ActivationCode>>;
    /// Takes a mailed deletion link.
    async fn take_link(&self, key: &Digest, now: Timestamp) -> Result<Option<DeletionLink>>;
}

/// The number of connections that hold an account and that a query reads at most. A person who sees one knows enough,
/// and a product that connects an account more often has more to clean up than a list.
pub const MOST_HOLDERS: usize = 10;

/// The connections that hold an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holders {
    /// The account.
    pub account: Fingerprint,
    /// Live connections of the tenant that hold the account, among the [`MOST_HOLDERS`] that were read.
    pub connections: Vec<Connection>,
    /// True when further connections hold the account, which were not read.
    pub more: bool,
}

/// Finds accounts that a tenant has connected already.
#[async_trait]
pub trait HeldAccounts: Send + Sync {
    /// Finds the tenant's live connections that hold any of these accounts, for each account that one holds. A
    /// connection that was taken up a moment ago may not be found yet.
    async fn held(&self, tenant: &TenantId, accounts: &[Fingerprint]) -> Result<Vec<Holders>>;
}
