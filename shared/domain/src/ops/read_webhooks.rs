//! Reads webhook endpoints and their log of deliveries. Nothing that is sealed is read.

use crate::caller::{Caller, Scope};
use crate::error::{Error, Result};
use crate::ids::{DeliveryId, EndpointId};
use crate::ports::{DeliveryRead, EndpointRead};
use crate::webhook::{Delivery, DeliveryRef, Endpoint};

/// Reads one endpoint.
pub async fn endpoint(endpoints: &dyn EndpointRead, caller: &Caller, id: &EndpointId) -> Result<Endpoint> {
    caller.require(Scope::WebhooksRead)?;
    let found = endpoints.endpoint(&caller.tenant, id).await?;
    found.ok_or_else(|| Error::not_found("webhook endpoint"))
}

/// Lists endpoints after an id, in id order.
pub async fn endpoints(
    endpoints: &dyn EndpointRead,
    caller: &Caller,
    after: Option<&EndpointId>,
    limit: u32,
) -> Result<Vec<Endpoint>> {
    caller.require(Scope::WebhooksRead)?;
    endpoints.endpoints(&caller.tenant, after, limit).await
}

/// What reading deliveries needs.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// Whose they are.
    pub endpoints: &'a dyn EndpointRead,
    /// The log.
    pub deliveries: &'a dyn DeliveryRead,
}

/// Lists deliveries of an endpoint before an id, the newest event first.
pub async fn deliveries(
    ports: &Ports<'_>,
    caller: &Caller,
    id: &EndpointId,
    before: Option<&DeliveryId>,
    limit: u32,
) -> Result<Vec<Delivery>> {
    endpoint(ports.endpoints, caller, id).await?;
    ports.deliveries.deliveries(&caller.tenant, id, before, limit).await
}

/// Reads one delivery.
pub async fn delivery(
    ports: &Ports<'_>,
    caller: &Caller,
    id: &EndpointId,
    delivery: &DeliveryId,
) -> Result<Delivery> {
    endpoint(ports.endpoints, caller, id).await?;
    let at = DeliveryRef { tenant: caller.tenant.clone(), endpoint: id.clone(), delivery: delivery.clone() };
    ports.deliveries.delivery(&at).await?.ok_or_else(|| Error::not_found("delivery"))
}
