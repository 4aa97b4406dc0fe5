//! Ports of webhooks: endpoints, what of them is sealed, deliveries, what is due, and the call itself.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::base::error::Result;
use crate::base::ids::{DeliveryId, EndpointId, EventId, TenantId};
use crate::base::secret::Plain;
use crate::people::ports::Admission;
use crate::webhook::delivery::{Delivery, DeliveryRef, Job, Posted};
use crate::webhook::endpoint::{DisableReason, Endpoint, EndpointChange, EndpointSecrets};
use crate::webhook::event::Event;

/// Reads endpoints.
#[async_trait]
pub trait EndpointRead: Send + Sync {
    /// One endpoint of a tenant, read consistently.
    async fn endpoint(&self, tenant: &TenantId, id: &EndpointId) -> Result<Option<Endpoint>>;
    /// Endpoints of a tenant after an id, at most `limit`, in id order.
    async fn endpoints(
        &self,
        tenant: &TenantId,
        after: Option<&EndpointId>,
        limit: u32,
    ) -> Result<Vec<Endpoint>>;
}

/// Writes endpoints.
#[async_trait]
pub trait EndpointWrite: Send + Sync {
    /// Stores a new endpoint with what is sealed of it and counts it, in one transaction.
    async fn create(&self, endpoint: &Endpoint, secrets: &EndpointSecrets) -> Result<Admission>;
    /// Changes an endpoint and, if given, what is sealed of it, in one transaction; false when it is gone or what is
    /// sealed was changed meanwhile.
    async fn change(
        &self,
        tenant: &TenantId,
        id: &EndpointId,
        change: &EndpointChange,
        secrets: Option<&EndpointSecrets>,
    ) -> Result<bool>;
    /// Deletes it with what is sealed of it and counts it out, in one transaction; false when there was none.
    async fn remove(&self, tenant: &TenantId, id: &EndpointId) -> Result<bool>;
}

/// Reads what of an endpoint is sealed.
#[async_trait]
pub trait EndpointSecretsRead: Send + Sync {
    /// It, read consistently.
    async fn endpoint_secrets(&self, tenant: &TenantId, id: &EndpointId) -> Result<Option<EndpointSecrets>>;
}

/// Keeps how an endpoint is doing.
#[async_trait]
pub trait EndpointHealth: Send + Sync {
    /// Remembers since when it fails, unless it is known.
    async fn failing(&self, tenant: &TenantId, id: &EndpointId, since: Timestamp) -> Result<()>;
    /// Forgets it.
    async fn recovered(&self, tenant: &TenantId, id: &EndpointId) -> Result<()>;
    /// Switches it off and says so in an event, in one transaction; false when it was off or is gone, or no longer fails
    /// since the time that is given.
    async fn switch_off(
        &self,
        tenant: &TenantId,
        id: &EndpointId,
        off: DisableReason,
        failing_since: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<bool>;
}

/// Reads events and deliveries.
#[async_trait]
pub trait DeliveryRead: Send + Sync {
    /// An event.
    async fn event(&self, tenant: &TenantId, id: &EventId) -> Result<Option<Event>>;
    /// A delivery, read consistently.
    async fn delivery(&self, at: &DeliveryRef) -> Result<Option<Delivery>>;
    /// Deliveries of an endpoint before an id, at most `limit`, the newest event first.
    async fn deliveries(
        &self,
        tenant: &TenantId,
        endpoint: &EndpointId,
        before: Option<&DeliveryId>,
        limit: u32,
    ) -> Result<Vec<Delivery>>;
}

/// Writes events and deliveries.
#[async_trait]
pub trait DeliveryWrite: Send + Sync {
    /// Stores an event that is not to be fanned out.
    async fn put_event(&self, event: &Event) -> Result<()>;
    /// Stores a new delivery, unless it is there.
    async fn add(&self, delivery: &Delivery) -> Result<()>;
    /// All deliveries of an event were made.
    async fn fanned_out(&self, tenant: &TenantId, id: &EventId) -> Result<()>;
    /// Stores a delivery if its version is still the one before; false when another was faster.
    async fn advance_delivery(&self, delivery: &Delivery) -> Result<bool>;
}

/// Finds what is due.
#[async_trait]
pub trait WebhookDue: Send + Sync {
    /// Events to fan out and deliveries to try, at most `limit` of each, oldest first.
    async fn due_webhooks(&self, now: Timestamp, limit: u32) -> Result<Vec<Job>>;
}

/// Calls an endpoint, once. The one port through which a tenant's address is called.
#[async_trait]
pub trait WebhookPost: Send + Sync {
    /// Signs an event with every secret, sends it, and says what came of it. Whatever an endpoint does is an outcome.
    async fn post(&self, url: &Plain, event: &Event, secrets: &[Plain], at: Timestamp) -> Posted;
}
