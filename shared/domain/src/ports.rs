//! What operations need from the world, split by verb: the type of a handler's ports and its IAM role say the same.
//!
//! Every method that touches a tenant's rows takes the typed tenant. Adapters answer with the family error.

mod connect;
mod mail;
mod sync;
mod webhooks;

use async_trait::async_trait;
use jiff::Timestamp;

pub use self::connect::{HeldAccounts, Holders, MOST_HOLDERS, TransientPut, TransientRead, TransientTake};
pub use self::mail::{LinkEnd, MailPaces, MailQueue, MailRequestPut, MailRequestTake, Mailer};
pub use self::sync::{
    AccountRef, Activity, ActivityWrite, Breakers, CompletenessRead, DayRecord, Days, DueRead, NewSheet,
    SheetRead, SheetWrite, SyncProgress, SyncQueue,
};
pub use self::webhooks::{
    DeliveryRead, DeliveryWrite, EndpointChange, EndpointHealth, EndpointRead, EndpointSecretsRead,
    EndpointWrite, Switch, WebhookDue, WebhookPost, WebhookQueue,
};
use crate::access::Access;
use crate::account::Account;
use crate::caller::{ApiKey, Credential, Scope, Tenant};
use crate::connect::ActivationCode;
use crate::connection::{Connection, Fence, KeyRow, TokenRow};
use crate::deletion::{Deletion, Place, Subject};
use crate::error::Result;
use crate::idempotency::Record;
use crate::ids::{AccountId, ConnectionId, CredentialId, DeletionId, EndUser, TenantId};
use crate::keys::{KeyContext, SealedBox, WrappedKey};
use crate::life::{Change, Life};
use crate::limits::{Bucket, InUse};
use crate::secret::{Digest, Fingerprint, Plain};
use crate::sync::SyncJob;

/// The one source of time. Instants are UTC.
pub trait Clock: Send + Sync {
    /// The current instant.
    fn now(&self) -> Timestamp;
}

/// The one source of randomness, and the digests that go with it.
pub trait Entropy: Send + Sync {
    /// Fills the buffer with random bytes.
    fn fill(&self, buffer: &mut [u8]);
    /// SHA-256.
    fn digest(&self, bytes: &[u8]) -> Digest;
    /// Compares in constant time.
    fn same(&self, left: &[u8], right: &[u8]) -> bool;
    /// HKDF-SHA-256 of a secret with a label, 32 bytes: the PKCE verifier comes from the browser's cookie.
    fn derive(&self, secret: &[u8], label: &str) -> [u8; 32];
}

/// An opened data key, bound to its context. Dropping it wipes it.
pub trait DataKey: Send + Sync {
    /// Seals bytes into a slot. Every seal has a fresh salt.
    fn seal(&self, slot: &str, plain: &[u8]) -> Result<SealedBox>;
    /// Opens a box that was sealed into this slot.
    fn open(&self, slot: &str, sealed: &SealedBox) -> Result<Plain>;
    /// A keyed 128-bit hash: equality of content without revealing it.
    fn fingerprint(&self, label: &str, bytes: &[u8]) -> [u8; 16];
    /// The key's id.
    fn id(&self) -> crate::ids::DataKeyId;
}

/// Makes data keys. Its role has `kms:GenerateDataKey`.
#[async_trait]
pub trait KeyMint: Send + Sync {
    /// Makes a data key and its wrapped form.
    async fn mint(&self, context: &KeyContext) -> Result<(Box<dyn DataKey>, WrappedKey)>;
}

/// Opens data keys. Its role has `kms:Decrypt` for its own uses.
#[async_trait]
pub trait KeyOpen: Send + Sync {
    /// Unwraps a data key under exactly its context.
    async fn open(&self, context: &KeyContext, wrapped: &WrappedKey) -> Result<Box<dyn DataKey>>;
}

/// Reads Vault rows.
#[async_trait]
pub trait VaultRead: Send + Sync {
    /// The wrapped key of a context, read consistently.
    async fn key(&self, context: &KeyContext) -> Result<Option<WrappedKey>>;
    /// The newest version of a token, read consistently.
    async fn token(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        name: &'static str,
    ) -> Result<Option<TokenRow>>;
    /// A sealed secret of the deployment's app, such as the platform app's credentials.
    async fn app_secret(&self, app: &'static str, name: &str) -> Result<Option<SealedBox>>;
}

/// Writes the deployment's own secrets; only the set-up command has it.
#[async_trait]
pub trait AppSecretWrite: Send + Sync {
    /// Stores the app's wrapped key, unless there is one already; answers the one that counts.
    async fn put_app_key(&self, app: &'static str, wrapped: &WrappedKey) -> Result<WrappedKey>;
    /// Stores a sealed secret.
    async fn put_app_secret(&self, app: &'static str, name: &str, sealed: &SealedBox) -> Result<()>;
}

/// Finds credentials and tenants.
#[async_trait]
pub trait CallerRead: Send + Sync {
    /// The API key of a tenant, read consistently: a revoked key stops at once.
    async fn api_key(&self, tenant: &TenantId, id: &CredentialId) -> Result<Option<Credential>>;
    /// The frontend token of a tenant, read consistently.
    async fn frontend_token(&self, tenant: &TenantId, id: &CredentialId) -> Result<Option<Credential>>;
    /// The tenant.
    async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>>;
    /// Tells whether any tenant registered the browser origin: preflights carry no credential.
    async fn origin_known(&self, origin: &str) -> Result<bool>;
}

/// Writes the access log.
#[async_trait]
pub trait AccessLog: Send + Sync {
    /// Adds a call; the entry expires after [`crate::retention::ACTIVITY_DAYS`]. Tried once and given little time, because the caller waits.
    async fn add_access(&self, access: &Access) -> Result<()>;
}

/// Registers tenants; only the set-up command has it.
#[async_trait]
pub trait DirectoryWrite: Send + Sync {
    /// Stores a tenant with its origins, unless another call changed its origins meanwhile.
    async fn put_tenant(&self, tenant: &Tenant) -> Result<()>;
}

/// What came of storing a thing whose number is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is stored, and counted.
    Stored,
    /// It was there already.
    There,
    /// The tenant has as many as it may have.
    Full,
    /// The tenant is unknown or closed.
    Closed,
    /// What it replaces is not there any more.
    Gone,
}

/// Reads API keys.
#[async_trait]
pub trait KeyRead: Send + Sync {
    /// All keys of a tenant in id order, read consistently; expired ones too.
    async fn keys(&self, tenant: &TenantId) -> Result<Vec<ApiKey>>;
}

/// Writes API keys; only the operator's command has it.
#[async_trait]
pub trait KeyWrite: Send + Sync {
    /// Stores a new key and counts it in one transaction, if the tenant is active and has room for it.
    async fn add_key(&self, key: &ApiKey) -> Result<Admission>;
    /// As [`KeyWrite::add_key`], and in the same transaction lets the key that it replaces end at an instant, unless
    /// that key ends earlier. The old key is given as it was found: with other scopes by now it is not replaced, or its
    /// successor could do what the old key may no longer.
    async fn rotate_key(&self, old: &Credential, until: Timestamp, new: &ApiKey) -> Result<Admission>;
    /// Replaces a key's scopes if they are still the ones before; false when they are not.
    async fn narrow_key(
        &self,
        tenant: &TenantId,
        id: &CredentialId,
        before: &[Scope],
        after: &[Scope],
    ) -> Result<bool>;
    /// Deletes a key and counts it out in one transaction; false when there is none.
    async fn revoke_key(&self, tenant: &TenantId, id: &CredentialId) -> Result<bool>;
}

/// Finds connections by the fingerprint of their owner's mailbox.
#[async_trait]
pub trait MailIndexRead: Send + Sync {
    /// The connections that were made with the mailbox.
    async fn by_mail(&self, mail: &Fingerprint) -> Result<Vec<(TenantId, ConnectionId)>>;
}

/// What the claim of an attempt met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// Nothing: the attempt is the first.
    First,
    /// An attempt at the same request that was broken off; this one takes over.
    Again,
    /// A record that counts: done, running, or of another request.
    Before(Record),
}

/// Remembers calls that may be repeated.
#[async_trait]
pub trait Repeats: Send + Sync {
    /// Stores the record of an attempt that begins, in one conditional write: of any number of attempts one gets in.
    async fn claim(&self, record: &Record, expires_at: Timestamp) -> Result<Claimed>;
    /// Stores how far this attempt came, unless another has taken over.
    async fn settle(&self, record: &Record, expires_at: Timestamp) -> Result<()>;
    /// Forgets this attempt, unless another has taken over.
    async fn forget(&self, record: &Record) -> Result<()>;
}

/// The outcome of a draw from a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawn {
    /// It was drawn; the bucket is whole again then.
    Done(i64),
    /// The condition did not hold; when the bucket that was found is whole again.
    Refused(Option<i64>),
}

/// Keeps the buckets of rate limits. Instants are microseconds; a call is tried once and given little time, because a
/// limit that makes everybody wait is worse than none.
#[async_trait]
pub trait RateBuckets: Send + Sync {
    /// When buckets are whole again, as of a moment ago; `None` where nothing is known.
    async fn look(&self, buckets: &[Bucket; 2]) -> Result<[Option<i64>; 2]>;
    /// Sets when a bucket is whole again, if it is not in use.
    async fn start(&self, bucket: &Bucket, in_use: InUse, whole_at: i64) -> Result<Drawn>;
    /// Adds to when a bucket is whole again, if that is at latest `latest`.
    async fn add(&self, bucket: &Bucket, cost: i64, latest: i64) -> Result<Drawn>;
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
    /// The slot is the connection's shard and minute of the period ([`crate::sync::slot_of`]).
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

/// The outcome of a cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cut {
    /// This call made it.
    Made,
    /// It was made before, by this deletion.
    Before(DeletionId),
    /// There is nothing to cut, or what the cut rests on was taken back.
    Nothing,
}

/// Makes the cut (T0).
#[async_trait]
pub trait DeletionBegin: Send + Sync {
    /// Lists every place of a subject. A place holds opaque ids only, because the Ledger keeps it for good.
    async fn places(
        &self,
        tenant: &TenantId,
        subject: &Subject,
        accounts: &[AccountId],
    ) -> Result<Vec<Place>>;
    /// The ids of the data keys that a subject holds.
    async fn held_keys(&self, tenant: &TenantId, subject: &Subject) -> Result<Vec<crate::ids::DataKeyId>>;
    /// One transaction: fence and state `purging`, `expires_at` on the Vault rows and the subject's own rows, the
    /// deletion in the Ledger (over the hidden one of a pending connection, which has the same id), its public code, an
    /// audit event, and for how long it runs whose it is. For [`crate::deletion::Reason::Abandoned`] only while the
    /// connection is still pending. What rests on evidence is cut only while that stands: the connection is suspect or
    /// waits for the person, and for [`crate::deletion::Reason::AccountLost`] its life misses the account since T0.
    async fn begin(&self, deletion: &Deletion, owner: Option<&EndUser>) -> Result<Cut>;
}

/// Tells whose a deletion is.
#[async_trait]
pub trait DeletionOwnerRead: Send + Sync {
    /// The end user whose connection or account a deletion is about, until everything must be gone. The Ledger does not
    /// know: it outlives the person's data.
    async fn owner(&self, tenant: &TenantId, id: &DeletionId, now: Timestamp) -> Result<Option<EndUser>>;
}

/// Reads deletions.
#[async_trait]
pub trait LedgerRead: Send + Sync {
    /// One deletion of a tenant.
    async fn deletion(&self, tenant: &TenantId, id: &DeletionId) -> Result<Option<Deletion>>;
    /// Deletions of a tenant after an id, at most `limit`, in id order. Those of pending connections are left out.
    async fn deletions(
        &self,
        tenant: &TenantId,
        after: Option<&DeletionId>,
        limit: u32,
    ) -> Result<Vec<Deletion>>;
    /// The deletion of a public code.
    async fn by_code(&self, code: &Digest) -> Result<Option<Deletion>>;
    /// Deletions whose next step is due, at most `limit`, oldest first.
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Deletion>>;
}

/// Advances deletions.
#[async_trait]
pub trait LedgerWrite: Send + Sync {
    /// Stores a deletion if its version is still the one before; false when another worker was faster.
    async fn advance(&self, deletion: &Deletion) -> Result<bool>;
}

/// Deletes and counts items of places.
#[async_trait]
pub trait Purge: Send + Sync {
    /// Deletes everything in a place and answers how many items there were.
    async fn purge(&self, place: &Place) -> Result<u64>;
    /// Counts what is in a place, consistently.
    async fn count(&self, place: &Place) -> Result<u64>;
}

/// Sends deletion steps.
#[async_trait]
pub trait DeletionQueue: Send + Sync {
    /// Sends deletions whose next step is due.
    async fn send_deletions(&self, deletions: &[(TenantId, DeletionId)]) -> Result<()>;
}
