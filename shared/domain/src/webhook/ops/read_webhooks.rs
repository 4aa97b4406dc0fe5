//! Reads webhook endpoints and their log of deliveries. Nothing here reads a sealed value.

use std::sync::Arc;

use crate::base::error::{Error, Result};
use crate::base::ids::{DeliveryId, EndpointId};
use crate::base::together::both;
use crate::people::caller::{Caller, Scope};
use crate::webhook::delivery::{Delivery, DeliveryRef};
use crate::webhook::endpoint::Endpoint;
use crate::webhook::ports::{DeliveryRead, EndpointRead};

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

rows!(EndpointRead, DeliveryRead);

/// The ports of reading deliveries.
#[derive(Clone)]
pub struct Ports {
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
}

/// Lists deliveries of an endpoint before an id, the newest event first.
pub async fn deliveries(
    ports: &Ports,
    caller: &Caller,
    id: &EndpointId,
    before: Option<&DeliveryId>,
    limit: u32,
) -> Result<Vec<Delivery>> {
    // Without the endpoint the deliveries are not shown.
    let (endpoint, found) = both(
        endpoint(ports.rows.as_ref(), caller, id),
        ports.rows.deliveries(&caller.tenant, id, before, limit),
    )
    .await;
    endpoint.and(found)
}

/// Reads one delivery.
pub async fn delivery(
    ports: &Ports,
    caller: &Caller,
    id: &EndpointId,
    delivery: &DeliveryId,
) -> Result<Delivery> {
    let at = DeliveryRef { tenant: caller.tenant.clone(), endpoint: id.clone(), delivery: delivery.clone() };
    let (endpoint, found) = both(endpoint(ports.rows.as_ref(), caller, id), ports.rows.delivery(&at)).await;
    endpoint.and(found)?.ok_or_else(|| Error::not_found("delivery"))
}
