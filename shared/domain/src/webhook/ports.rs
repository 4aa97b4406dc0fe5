//! Ports of webhooks: endpoints and their sealed values, deliveries, due jobs, and the call itself.

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
    /// Reads one endpoint of a tenant, consistently.
    async fn endpoint(&self, tenant: &TenantId, id: &EndpointId) -> Result<Option<Endpoint>>;
    /// Reads endpoints of a tenant after an id, at most `limit`, in id order.
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
    /// Stores a new endpoint with its sealed values and counts it, in one transaction.
    async fn create(&self, endpoint: &Endpoint, secrets: &EndpointSecrets) -> Result<Admission>;
    /// Changes an endpoint and, if given, its sealed values, in one transaction. Returns false when the endpoint is
    /// gone or its sealed values were changed meanwhile.
    async fn change(
        &self,
        tenant: &TenantId,
        id: &EndpointId,
        change: &EndpointChange,
        secrets: Option<&EndpointSecrets>,
    ) -> Result<bool>;
    /// Deletes an endpoint with its sealed values and counts it out, in one transaction; false when there was none.
    async fn remove(&self, tenant: &TenantId, id: &EndpointId) -> Result<bool>;
}

/// Reads the sealed values of an endpoint.
#[async_trait]
pub trait EndpointSecretsRead: Send + Sync {
    /// Reads the sealed values, consistently.
    async fn endpoint_secrets(&self, tenant: &TenantId, id: &EndpointId) -> Result<Option<EndpointSecrets>>;
}

/// Keeps an endpoint's health.
#[async_trait]
pub trait EndpointHealth: Send + Sync {
    /// Stores since when the endpoint fails, unless that is stored already.
    async fn failing(&self, tenant: &TenantId, id: &EndpointId, since: Timestamp) -> Result<()>;
    /// Deletes since when the endpoint fails.
    async fn recovered(&self, tenant: &TenantId, id: &EndpointId) -> Result<()>;
    /// Switches the endpoint off and stores an event about it, in one transaction. Returns false when the endpoint was
    /// off or is gone, or no longer fails since the given time.
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
    /// Reads an event.
    async fn event(&self, tenant: &TenantId, id: &EventId) -> Result<Option<Event>>;
    /// Reads a delivery, consistently.
    async fn delivery(&self, at: &DeliveryRef) -> Result<Option<Delivery>>;
    /// Reads deliveries of an endpoint before an id, at most `limit`, the newest event first.
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
    /// Stores a new delivery, unless it exists.
    async fn add(&self, delivery: &Delivery) -> Result<()>;
    /// Marks an event as fanned out, because all its deliveries were made.
    async fn fanned_out(&self, tenant: &TenantId, id: &EventId) -> Result<()>;
    /// Stores a delivery if its stored version is still the one before; false when another worker was faster.
    async fn advance_delivery(&self, delivery: &Delivery) -> Result<bool>;
}

/// Finds the jobs that are due.
#[async_trait]
pub trait WebhookDue: Send + Sync {
    /// Reads events to fan out and deliveries to try, at most `limit` of each, oldest first.
    async fn due_webhooks(&self, now: Timestamp, limit: u32) -> Result<Vec<Job>>;
}

/// Calls an endpoint, once. The one port through which a tenant's address is called.
#[async_trait]
pub trait WebhookPost: Send + Sync {
    /// Signs an event with every secret, sends it, and returns the outcome. Whatever an endpoint does is an outcome.
    async fn post(&self, url: &Plain, event: &Event, secrets: &[Plain], at: Timestamp) -> Posted;
}
