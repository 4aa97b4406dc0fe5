//! Lets callers repeat calls: one `Idempotency-Key` has one effect, and the same answer again.
//!
//! Nothing of a request or an answer is kept. A record holds values derived from the caller's own credential, which is
//! stored nowhere: the record says neither which key was sent nor what was asked. Secrets of an answer are derived
//! from that credential and the record's nonce, so that the same caller gets the same secret again, and the table
//! alone gives it to nobody. An operation learns from its [`Attempt`] whether it may act or only has to answer.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::host::{Clock, Entropy};
use crate::base::ids::TenantId;
use crate::base::secret::{Confidential, Digest};

/// The state that the begin of an attempt found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// No record: the attempt is the first.
    First,
    /// An attempt at the same request that broke off; this attempt takes over.
    Again,
    /// A record that counts: of a call that is done or running, or of another request.
    Before(Record),
}

/// Stores the records of calls that may be repeated.
#[async_trait]
pub trait IdempotencyStore: Send + Sync {
    /// Stores the record of an attempt that begins, in one conditional write: of any number of attempts one succeeds.
    async fn begin(&self, record: &Record, expires_at: Timestamp) -> Result<Begun>;
    /// Stores how far this attempt came, unless another attempt has taken over.
    async fn complete(&self, record: &Record, expires_at: Timestamp) -> Result<()>;
    /// Releases this attempt's record, unless another attempt has taken over.
    async fn release(&self, record: &Record) -> Result<()>;
}

/// How long an attempt may run: API Gateway gives up after that time, and no function behind it lives longer.
pub const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// How long a key is remembered.
pub const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// How long to wait for an attempt that runs; most end within it.
const SOON: Duration = Duration::from_secs(1);

/// A call that carries a key.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The tenant that calls.
    pub tenant: &'a TenantId,
    /// The text of the credential that the call came with.
    pub credential: &'a Confidential,
    /// The operation.
    pub operation: &'a str,
    /// The key.
    pub key: &'a Confidential,
    /// SHA-256 of the request: method, path and body.
    pub request: Digest,
}

/// The record of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The tenant that called.
    pub tenant: TenantId,
    /// Credential, operation and key, as one derived value.
    pub name: Digest,
    /// Credential and request, as one derived value.
    pub fingerprint: Digest,
    /// Random bytes of this attempt: they distinguish it from others, and its secrets derive from them.
    pub nonce: Digest,
    /// When the attempt began.
    pub at: Timestamp,
    /// How far the attempt came.
    pub progress: Progress,
}

/// How far an attempt came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The attempt runs, or broke off; from the instant on nobody works on it.
    Running(Timestamp),
    /// The call is done. The id is of the thing that the answer is about, where the path does not name it.
    Done(Option<String>),
}

/// The permission of an operation to act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// No earlier attempt, or none that is known: the operation acts.
    First,
    /// An earlier attempt broke off, perhaps after the effect: the operation acts where the work is not done yet.
    Again,
    /// The call is done: the operation answers the same, and changes nothing. The id is as in [`Progress::Done`].
    Done(Option<String>),
}

/// One attempt at a call, with the instant and the randomness that its answer is made of.
pub struct Attempt {
    /// The permission of the operation to act.
    pub standing: Standing,
    at: Timestamp,
    entropy: Arc<dyn Entropy>,
}

impl Attempt {
    /// Makes an attempt at a call without a key.
    pub fn once(at: Timestamp, entropy: Arc<dyn Entropy>) -> Self {
        Self { standing: Standing::First, at, entropy }
    }

    /// Returns whether the operation only has to answer.
    pub fn is_done(&self) -> bool {
        matches!(self.standing, Standing::Done(_))
    }

    /// Returns the randomness: with a key, the same for every repetition.
    pub fn entropy(&self) -> &dyn Entropy {
        self.entropy.as_ref()
    }
}

impl Clock for Attempt {
    /// Returns when the attempt that counts began.
    fn now(&self) -> Timestamp {
        self.at
    }
}

/// The ports of idempotency.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// The records.
    pub records: &'a dyn IdempotencyStore,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// Makes nonces and derivations.
    pub entropy: &'a Arc<dyn Entropy>,
}

/// Lets a call in, or refuses it with the reason: of any number of calls with one key, one runs at a time.
pub async fn admit(ports: &Ports<'_>, call: &Call<'_>) -> Result<(Record, Attempt)> {
    let record = begin(ports, call);
    let (record, standing) = match ports.records.begin(&record, record.at + KEPT).await? {
        Begun::First => (record, Standing::First),
        Begun::Again => (record, Standing::Again),
        Begun::Before(found) if found.fingerprint != record.fingerprint => return Err(reused()),
        Begun::Before(found) => match found.progress.clone() {
            Progress::Running(_) => return Err(running()),
            Progress::Done(resource) => (found, Standing::Done(resource)),
        },
    };
    let entropy = Arc::new(Derived::new(Arc::clone(ports.entropy), call, &record));
    Ok((record.clone(), Attempt { standing, at: record.at, entropy }))
}

/// Completes the record of an attempt: stores that the operation is done, with the id of the thing that it was about.
///
/// A refusal releases the record, because nothing was done: the caller may correct the call and send it again. After
/// any other error the effect may exist; the record stays, and the next attempt reads it.
pub async fn complete(
    ports: &Ports<'_>,
    record: Record,
    outcome: std::result::Result<Option<String>, Kind>,
) -> Result<()> {
    let progress = match outcome {
        Ok(resource) => Progress::Done(resource),
        Err(kind) if is_refusal(kind) => return ports.records.release(&record).await,
        Err(_) => Progress::Running(ports.clock.now()),
    };
    let expires_at = record.at + KEPT;
    ports.records.complete(&Record { progress, ..record }, expires_at).await
}

/// Withdraws an attempt that another guard refused before its operation ran: the record is as it was before.
///
/// A first attempt leaves no record. An attempt that took over from one that had broken off leaves the record of a
/// broken-off attempt, because the effect of the earlier one may exist.
pub async fn withdraw(ports: &Ports<'_>, record: Record, attempt: &Attempt) -> Result<()> {
    match attempt.standing {
        Standing::First => ports.records.release(&record).await,
        Standing::Again => {
            let (progress, expires_at) = (Progress::Running(ports.clock.now()), record.at + KEPT);
            ports.records.complete(&Record { progress, ..record }, expires_at).await
        }
        Standing::Done(_) => Ok(()),
    }
}

/// Returns whether an error means that nothing was done.
const fn is_refusal(kind: Kind) -> bool {
    match kind {
        Kind::Invalid
        | Kind::Unauthenticated
        | Kind::Forbidden
        | Kind::NotFound
        | Kind::Method
        | Kind::NotAcceptable
        | Kind::MediaType
        | Kind::Conflict
        | Kind::Mismatch
        | Kind::Gone
        | Kind::RateLimited
        | Kind::Reauthorise
        | Kind::NotPermitted
        | Kind::Refused
        | Kind::TooLarge => true,
        Kind::Setup
        | Kind::Upstream
        | Kind::UpstreamChanged
        | Kind::Unavailable
        | Kind::Sealed
        | Kind::Internal => false,
    }
}

fn begin(ports: &Ports<'_>, call: &Call<'_>) -> Record {
    let mut nonce = [0; 32];
    ports.entropy.fill(&mut nonce);
    let key = ports.entropy.digest(call.key.text().as_bytes()).to_hex();
    let at = ports.clock.now();
    Record {
        tenant: call.tenant.clone(),
        name: derived(ports.entropy.as_ref(), call, &format!("name {} {key}", call.operation)),
        fingerprint: derived(ports.entropy.as_ref(), call, &format!("request {}", call.request.to_hex())),
        nonce: Digest(nonce),
        at,
        progress: Progress::Running(at + LEASE),
    }
}

fn derived(entropy: &dyn Entropy, call: &Call<'_>, what: &str) -> Digest {
    Digest(entropy.derive(call.credential.text().as_bytes(), &format!("mooring idempotency {what}")))
}

fn reused() -> Error {
    let message = "This Idempotency-Key came with another request before. Use a new key for a new request.";
    Error::new(Kind::Mismatch, "idempotency_key_reused", message)
}

fn running() -> Error {
    let message = "A request with this Idempotency-Key is being worked on. Send it again in a moment.";
    Error::conflict("idempotency_in_progress", message).retry(Retry::After(Some(SOON)))
}

/// Randomness that is the same again for the same caller and record.
struct Derived {
    inner: Arc<dyn Entropy>,
    seed: Zeroizing<[u8; 32]>,
    blocks: AtomicU64,
}

impl Derived {
    fn new(inner: Arc<dyn Entropy>, call: &Call<'_>, record: &Record) -> Self {
        let what = format!("answer {} {}", record.name.to_hex(), record.nonce.to_hex());
        let seed = Zeroizing::new(derived(inner.as_ref(), call, &what).0);
        Self { inner, seed, blocks: AtomicU64::new(0) }
    }
}

impl Entropy for Derived {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let number = self.blocks.fetch_add(1, Ordering::Relaxed);
            let block = Zeroizing::new(self.inner.derive(self.seed.as_ref(), &format!("block {number}")));
            chunk.iter_mut().zip(block.iter()).for_each(|(to, from)| *to = *from);
        }
    }

    fn digest(&self, bytes: &[u8]) -> Digest {
        self.inner.digest(bytes)
    }

    fn same(&self, left: &[u8], right: &[u8]) -> bool {
        self.inner.same(left, right)
    }

    fn derive(&self, secret: &[u8], label: &str) -> [u8; 32] {
        self.inner.derive(secret, label)
    }
}
