//! The ports of the connect flow: short-lived rows, and what is connected already.

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
use crate::people::caller::Credential;
use crate::sync::job::SyncJob;
use crate::vault::keys::SealedBox;
use crate::vault::rows::{KeyRow, TokenRow};

/// Finds connections by the fingerprint of their owner's mailbox.
#[async_trait]
pub trait MailIndexRead: Send + Sync {
    /// The connections that were made with the mailbox.
    async fn by_mail(&self, mail: &Fingerprint) -> Result<Vec<(TenantId, ConnectionId)>>;
}

/// Reads connections. Every read is consistent, because the state decides what may be shown.
#[async_trait]
pub trait ConnectionRead: Send + Sync {
    /// One connection of a tenant.
    async fn connection(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Option<Connection>>;
    /// Connections of a tenant after an id, at most `limit`, in id order.
    async fn connections(
        &self,
        tenant: &TenantId,
        after: Option<&ConnectionId>,
        limit: u32,
    ) -> Result<Vec<Connection>>;
    /// The chosen accounts of a connection.
    async fn accounts(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Vec<Account>>;
    /// The sealed parts of the list of accounts that the person may choose from, in order.
    async fn candidates(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Vec<SealedBox>>;
}

/// Reads fence items, consistently.
#[async_trait]
pub trait FenceRead: Send + Sync {
    /// The states of a connection and, if asked, of one account.
    async fn fence(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        account: Option<&AccountId>,
    ) -> Result<Fence>;
}

/// A connection that just came back from the platform: everything that is written in one transaction.
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// The row, state `pending`.
    pub connection: Connection,
    /// Its data keys: `token`, and `data` of the connection itself.
    pub keys: Vec<KeyRow>,
    /// Its tokens.
    pub tokens: Vec<TokenRow>,
    /// The sealed parts of the list of accounts to choose from; slot `cand#<n>`.
    pub candidates: Vec<SealedBox>,
    /// The deletion that runs by itself if nobody takes the connection up.
    pub abandoned: Deletion,
    /// When TTL removes the rows if even that does not run.
    pub expires_at: Timestamp,
}

/// A chosen account with its data key.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The row, state `pending`.
    pub account: Account,
    /// Its data key.
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
    /// In one transaction: the connection is still pending, the list of candidates goes, the code comes, and the ticket
    /// says that its choice was carried out.
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

/// Keeps what is known of grants, and the states that follow from it.
#[async_trait]
pub trait ConnectionState: Send + Sync {
    /// What is known of a connection's grant, read consistently.
    async fn life(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Life>;
    /// One transaction: what is known, the state that goes with it, and what is told of it. False when either was not as it
    /// was read; then nothing was written.
    async fn record_life(&self, tenant: &TenantId, id: &ConnectionId, change: &Change) -> Result<bool>;
}

/// Writes what an account is like now.
#[async_trait]
pub trait AccountRenew: Send + Sync {
    /// One transaction: currency, zone and sealed profile of an account that lives, and a job that reads it anew.
    async fn renew_account(&self, at: &AccountRef, account: &Account, again: Option<&SyncJob>) -> Result<()>;
}

/// Puts short-lived rows. Each carries its own expiry, and the table's TTL removes it.
#[async_trait]
pub trait TransientPut: Send + Sync {
    /// A connect session, and its way back.
    async fn put_session(&self, key: &Digest, session: &ConnectSession) -> Result<()>;
    /// A confirm ticket.
    async fn put_ticket(&self, key: &Digest, ticket: &ConfirmTicket) -> Result<()>;
    /// How far the flow of a transaction came.
    async fn put_way(&self, key: &Digest, way: &WayBack) -> Result<()>;
    /// A frontend token.
    async fn put_frontend_token(&self, credential: &Credential) -> Result<()>;
    /// A mailed deletion link.
    async fn put_link(&self, key: &Digest, link: &DeletionLink) -> Result<()>;
}

/// Looks at short-lived rows without using them up; expired ones are not there.
#[async_trait]
pub trait TransientRead: Send + Sync {
    /// A connect session.
    async fn session(&self, key: &Digest, now: Timestamp) -> Result<Option<ConnectSession>>;
    /// An OAuth transaction.
    async fn transaction(&self, key: &Digest, now: Timestamp) -> Result<Option<AuthTransaction>>;
    /// The way back of a connect session or of a transaction; known for a day longer than they.
    async fn way(&self, key: &Digest, now: Timestamp) -> Result<Option<WayBack>>;
    /// A confirm ticket; known for a day longer than it works, so that whoever comes late finds back.
    async fn ticket(&self, key: &Digest, now: Timestamp) -> Result<Option<ConfirmTicket>>;
    /// A mailed deletion link.
    async fn link(&self, key: &Digest, now: Timestamp) -> Result<Option<DeletionLink>>;
}

/// Takes short-lived rows: one conditional delete that answers the old row, so that of any number of takers one wins.
#[async_trait]
pub trait TransientTake: Send + Sync {
    /// Uses a connect session up for a transaction, in one transaction with the ways back of both. Answers whether the
    /// session was still there.
    async fn depart(&self, session: &Digest, to: (&Digest, &AuthTransaction)) -> Result<bool>;
    /// An OAuth transaction.
    async fn take_transaction(&self, key: &Digest, now: Timestamp) -> Result<Option<AuthTransaction>>;
    /// Decides with a ticket, which stays: of any number of choices the first counts, and it may be repeated. Answers
    /// whether this one counts; `done` says that nothing more has to be done for it.
    async fn decide(&self, key: &Digest, choice: &Digest, done: bool) -> Result<bool>;
    /// An activation code.
    async fn take_code(&self, key: &Digest, now: Timestamp) -> Result<Option<ActivationCode>>;
    /// A mailed deletion link.
    async fn take_link(&self, key: &Digest, now: Timestamp) -> Result<Option<DeletionLink>>;
}

/// How many connections that hold an account are looked at: a person who sees one knows enough, and a product that
/// connects an account more often has more to clean up than a list.
pub const MOST_HOLDERS: usize = 10;

/// The connections that hold an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holders {
    /// The account.
    pub account: Fingerprint,
    /// Live connections of the tenant that hold it, of the [`MOST_HOLDERS`] that were looked at.
    pub connections: Vec<Connection>,
    /// There are further ones, which were not looked at.
    pub more: bool,
}

/// Finds accounts that a tenant has connected already.
#[async_trait]
pub trait HeldAccounts: Send + Sync {
    /// Which live connections of the tenant hold any of these accounts, for each account that one holds. A connection
    /// that was taken up a moment ago may not be found yet.
    async fn held(&self, tenant: &TenantId, accounts: &[Fingerprint]) -> Result<Vec<Holders>>;
}
