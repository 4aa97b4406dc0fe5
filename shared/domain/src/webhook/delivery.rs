//! A delivery of an event to an endpoint, with its attempts.

use jiff::{SignedDuration, Timestamp};
use uuid::Builder;

use crate::base::host::Entropy;
use crate::base::ids::{DeliveryId, EndpointId, EventId, TenantId};
use crate::webhook::event::{Event, EventType};

/// How many attempts a delivery keeps; the oldest are dropped first.
pub const MOST_ATTEMPTS: usize = 40;

/// How long an endpoint may fail without one success before it is switched off.
pub const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(5 * 24);

/// How long a try keeps other workers away: longer than the try may take, so that a second worker does not send the
/// delivery too.
pub const LEASE: SignedDuration = SignedDuration::from_mins(2);

/// The progress of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// A try is still to come.
    Pending,
    /// The endpoint accepted the delivery.
    Delivered,
    /// No further try is to come.
    Failed,
}

impl DeliveryState {
    /// All states, in the order of a delivery's life.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Failed];

    /// Returns the state's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// Finds a state by its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// The reason why a try did not succeed.
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
    /// The endpoint's name leads to an address that is not public.
    Forbidden,
    /// The endpoint was switched off.
    Disabled,
    /// The endpoint was deleted.
    Deleted,
    /// The sealed address or secret did not open.
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

    /// Returns every failure.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().map(|(failure, _)| failure)
    }

    /// Returns the failure's word.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(failure, _)| *failure == self).map_or("status", |(_, word)| word)
    }

    /// Finds a failure by its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, word)| *word == text).map(|(failure, _)| *failure)
    }
}

/// One try, as the log shows it; no part of an answer's body is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The try's number among all tries of the delivery, from 1.
    pub number: u32,
    /// When the try began.
    pub at: Timestamp,
    /// How long the try took, in milliseconds.
    pub millis: u64,
    /// The answer's status, if there was one.
    pub status: Option<u16>,
    /// Why the try did not succeed.
    pub failure: Option<Failure>,
}

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The delivery's id, which follows from event and endpoint.
    pub id: DeliveryId,
    /// The tenant that owns the endpoint.
    pub tenant: TenantId,
    /// The endpoint that the delivery goes to.
    pub endpoint: EndpointId,
    /// The event that the delivery brings.
    pub event: EventId,
    /// The event's type.
    pub kind: EventType,
    /// The progress of the delivery.
    pub state: DeliveryState,
    /// When the next try is due; while a try runs, when it counts as lost.
    pub next_try_at: Option<Timestamp>,
    /// How many tries of the schedule were begun.
    pub step: u8,
    /// How many tries were begun in all, replays included.
    pub number: u32,
    /// The last tries.
    pub attempts: Vec<Attempt>,
    /// When the delivery was made.
    pub created_at: Timestamp,
    /// The number of changes; each change is conditional on it.
    pub version: u64,
}

/// The address of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRef {
    /// The tenant that owns the endpoint.
    pub tenant: TenantId,
    /// The endpoint that the delivery goes to.
    pub endpoint: EndpointId,
    /// The delivery's id.
    pub delivery: DeliveryId,
}

impl Delivery {
    /// Makes the delivery of an event to an endpoint, due at once.
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

    /// Returns the delivery's address.
    pub fn at(&self) -> DeliveryRef {
        DeliveryRef {
            tenant: self.tenant.clone(),
            endpoint: self.endpoint.clone(),
            delivery: self.id.clone(),
        }
    }

    /// Returns whether a try is due.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.state == DeliveryState::Pending && self.next_try_at.is_some_and(|at| at <= now)
    }

    /// Adds a try to the kept attempts.
    pub fn remember(&mut self, attempt: Attempt) {
        if self.attempts.len() >= MOST_ATTEMPTS {
            self.attempts.remove(0);
        }
        self.attempts.push(attempt);
    }

    /// Ends the delivery in a state.
    pub fn end(&mut self, state: DeliveryState) {
        self.state = state;
        self.next_try_at = None;
    }
}

/// Derives the id of a delivery. An event that is fanned out twice makes the same deliveries; ids sort by the event's
/// time.
fn delivery_id(entropy: &dyn Entropy, event: &Event, endpoint: &EndpointId) -> DeliveryId {
    let digest = entropy.digest(format!("{} {endpoint}", event.id).as_bytes()).0;
    let random = digest.first_chunk().copied().unwrap_or_default();
    let millis = u64::try_from(event.at.as_millisecond()).unwrap_or_default();
    DeliveryId::from_uuid(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

/// A job of the webhook worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Make the deliveries of an event.
    FanOut(TenantId, EventId),
    /// Make the next try of a delivery.
    Try(DeliveryRef),
}

/// The result of a call to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Posted {
    /// The answer's status.
    pub status: Option<u16>,
    /// Why the call is no success.
    pub failure: Option<Failure>,
    /// True when the endpoint asks never to be called again (410).
    pub is_gone: bool,
    /// How long the endpoint asks for no further call.
    pub retry_after: Option<std::time::Duration>,
}
