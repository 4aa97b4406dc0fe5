//! Webhooks: what a tenant's own servers hear of, the endpoints that hear it, and deliveries with their attempts.
//!
//! An event holds ids and states only. What leaves follows the Standard Webhooks specification; how it is signed and
//! sent is the business of the port [`crate::ports::WebhookPost`].

pub mod address;
pub mod event;
pub mod schedule;
pub mod target;

use jiff::{SignedDuration, Timestamp};
use uuid::Builder;

pub use self::event::{About, Event, EventType};
use crate::error::{Error, Result};
use crate::ids::{DeliveryId, EndpointId, EventId, TenantId};
use crate::keys::{SealedBox, WrappedKey};
use crate::ports::Entropy;
use crate::secret::Confidential;

/// How many endpoints a tenant may have.
pub const MOST_ENDPOINTS: u32 = 20;
/// How long a secret that was replaced signs beside the new one.
pub const OLD_SECRET: SignedDuration = SignedDuration::from_hours(24);
/// How many secrets may sign at the same time.
pub const MOST_SECRETS: usize = 4;
/// How many attempts a delivery remembers; the oldest go first.
pub const MOST_ATTEMPTS: usize = 40;
/// An endpoint that failed for so long without one success is switched off.
pub const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(5 * 24);
/// How long a try keeps others away: longer than it may take, so that a second worker does not send it too.
pub const LEASE: SignedDuration = SignedDuration::from_mins(2);

/// Why an endpoint hears nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Off {
    /// Its owner switched it off.
    Requested,
    /// It answered 410 Gone.
    Gone,
    /// It failed for five days without one success.
    Failing,
}

impl Off {
    /// The reason's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }

    /// Finds a reason by its word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Requested, Self::Gone, Self::Failing].into_iter().find(|reason| reason.as_str() == text)
    }
}

/// An endpoint: everything of it that may be shown. Its address and its secrets are in [`EndpointSecrets`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Scheme, host and port of its address; path and query may hold a token and are only kept sealed.
    pub origin: String,
    /// The types that it hears; empty for all there are and will be.
    pub types: Vec<EventType>,
    /// What its owner calls it.
    pub description: String,
    /// Why and since when it is switched off.
    pub off: Option<(Off, Timestamp)>,
    /// When it first failed since it last succeeded.
    pub failing_since: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Endpoint {
    /// Tells whether it is to hear of a type.
    pub fn hears(&self, kind: EventType) -> bool {
        self.off.is_none() && (self.types.is_empty() || self.types.contains(&kind))
    }

    /// Refuses an endpoint that is switched off.
    pub fn require_on(&self) -> Result<()> {
        if self.off.is_none() {
            return Ok(());
        }
        let message = "The endpoint is switched off; switch it on with `enabled: true` first.";
        Err(Error::conflict("endpoint_disabled", message))
    }
}

/// A value sealed under a data key of its own, which lies beside it: whoever writes it need not open anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedValue {
    /// The data key.
    pub key: WrappedKey,
    /// The value.
    pub sealed: SealedBox,
}

/// A signing secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// Tells it from others; part of its slot.
    pub name: String,
    /// The secret's bytes.
    pub value: SealedValue,
    /// When it stops signing; `None` for the current one.
    pub until: Option<Timestamp>,
}

/// What of an endpoint is only kept sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointSecrets {
    /// Its address, in the slot [`URL_SLOT`].
    pub url: SealedValue,
    /// Its secrets, the current one first.
    pub secrets: Vec<SealedSecret>,
    /// Counts the changes; each is conditional on it.
    pub version: u64,
}

/// The slot of an endpoint's address.
pub const URL_SLOT: &str = "hook#url";

/// The slot of an endpoint's secret.
pub fn secret_slot(name: &str) -> String {
    format!("hook#secret#{name}")
}

impl EndpointSecrets {
    /// The secrets that sign at an instant.
    pub fn valid(&self, now: Timestamp) -> impl Iterator<Item = &SealedSecret> {
        self.secrets.iter().filter(move |secret| secret.until.is_none_or(|until| now < until))
    }
}

/// A new signing secret: 256 bits.
pub struct NewSecret {
    /// The bytes that sign.
    pub bytes: zeroize::Zeroizing<[u8; 32]>,
    /// Its name.
    pub name: String,
}

impl NewSecret {
    /// Makes one; the same entropy makes the same secret.
    pub fn make(entropy: &dyn Entropy) -> Self {
        let mut bytes = zeroize::Zeroizing::new([0; 32]);
        entropy.fill(bytes.as_mut());
        let name = entropy.digest(bytes.as_ref()).to_hex().chars().take(16).collect();
        Self { bytes, name }
    }

    /// The text that its owner gets, as Standard Webhooks writes secrets.
    pub fn text(&self) -> Confidential {
        Confidential::new(format!("whsec_{}", data_encoding::BASE64.encode(self.bytes.as_ref())))
    }
}

/// How far a delivery came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// A try is to come.
    Pending,
    /// The endpoint took it.
    Delivered,
    /// No try is to come.
    Failed,
}

impl DeliveryState {
    /// The state's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// Finds a state by its word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Delivered, Self::Failed].into_iter().find(|state| state.as_str() == text)
    }
}

/// Why a try did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The answer's status is not 2xx.
    Status,
    /// The answer is a redirect, which is never followed.
    Redirect,
    /// There was no answer in time.
    Timeout,
    /// There was no connection, or it broke.
    Unreachable,
    /// The name leads to an address that is not public.
    Forbidden,
    /// The endpoint was switched off.
    Disabled,
    /// The endpoint was deleted.
    Deleted,
    /// What is sealed did not open.
    Unreadable,
}

impl Failure {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Status, "status"),
        (Self::Redirect, "redirect"),
        (Self::Timeout, "timeout"),
        (Self::Unreachable, "unreachable"),
        (Self::Forbidden, "forbidden_address"),
        (Self::Disabled, "endpoint_disabled"),
        (Self::Deleted, "endpoint_deleted"),
        (Self::Unreadable, "unreadable"),
    ];

    /// The failure's word.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(failure, _)| *failure == self).map_or("status", |(_, word)| word)
    }

    /// Finds a failure by its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, word)| *word == text).map(|(failure, _)| *failure)
    }
}

/// One try, as the log shows it; nothing of an answer's body is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its number among all tries of the delivery, from 1.
    pub number: u32,
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// The answer's status, if there was one.
    pub status: Option<u16>,
    /// Why it did not succeed.
    pub failure: Option<Failure>,
}

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id, which follows from event and endpoint.
    pub id: DeliveryId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Where it goes.
    pub endpoint: EndpointId,
    /// What it brings.
    pub event: EventId,
    /// The event's type.
    pub kind: EventType,
    /// How far it came.
    pub state: DeliveryState,
    /// When the next try is due; while one runs, when it counts as lost.
    pub next_try_at: Option<Timestamp>,
    /// How many tries of the schedule were begun.
    pub step: u8,
    /// How many tries were begun in all, replays included.
    pub number: u32,
    /// The last tries.
    pub attempts: Vec<Attempt>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts the changes; each is conditional on it.
    pub version: u64,
}

/// The address of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRef {
    /// Whose it is.
    pub tenant: TenantId,
    /// Where it goes.
    pub endpoint: EndpointId,
    /// Which one.
    pub delivery: DeliveryId,
}

impl Delivery {
    /// The delivery of an event to an endpoint, due at once.
    pub fn of(entropy: &dyn Entropy, event: &Event, endpoint: &EndpointId, now: Timestamp) -> Self {
        Self {
            id: delivery_id(entropy, event, endpoint),
            tenant: event.tenant.clone(),
            endpoint: endpoint.clone(),
            event: event.id.clone(),
            kind: event.kind,
            state: DeliveryState::Pending,
            next_try_at: Some(now),
            step: 0,
            number: 0,
            attempts: Vec::new(),
            created_at: now,
            version: 1,
        }
    }

    /// Its address.
    pub fn at(&self) -> DeliveryRef {
        DeliveryRef {
            tenant: self.tenant.clone(),
            endpoint: self.endpoint.clone(),
            delivery: self.id.clone(),
        }
    }

    /// Tells whether a try is due.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.state == DeliveryState::Pending && self.next_try_at.is_some_and(|at| at <= now)
    }

    /// Remembers a try.
    pub fn remember(&mut self, attempt: Attempt) {
        if self.attempts.len() >= MOST_ATTEMPTS {
            self.attempts.remove(0);
        }
        self.attempts.push(attempt);
    }

    /// Ends it.
    pub fn end(&mut self, state: DeliveryState) {
        self.state = state;
        self.next_try_at = None;
    }
}

/// An event that is fanned out twice makes the same deliveries; ids sort by the event's time.
fn delivery_id(entropy: &dyn Entropy, event: &Event, endpoint: &EndpointId) -> DeliveryId {
    let digest = entropy.digest(format!("{} {endpoint}", event.id).as_bytes()).0;
    let random = digest.first_chunk().copied().unwrap_or_default();
    let millis = u64::try_from(event.at.as_millisecond()).unwrap_or_default();
    DeliveryId::from_uuid(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

/// What the webhook worker is told to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Make the deliveries of an event.
    FanOut(TenantId, EventId),
    /// Make the next try of a delivery.
    Try(DeliveryRef),
}

/// What an endpoint's answer comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Posted {
    /// The answer's status.
    pub status: Option<u16>,
    /// Why it is no success.
    pub failure: Option<Failure>,
    /// The endpoint asks never to be called again (410).
    pub is_gone: bool,
    /// How long it asks to be left alone.
    pub retry_after: Option<std::time::Duration>,
}
