//! The ports of the connect flow: short-lived rows, and what is connected already.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::caller::Credential;
use crate::connect::way::WayBack;
use crate::connect::{ActivationCode, AuthTransaction, ConfirmTicket, ConnectSession, DeletionLink};
use crate::connection::Connection;
use crate::error::Result;
use crate::ids::TenantId;
use crate::secret::{Digest, Fingerprint};

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
