//! Sends a webhook because somebody asks for it: a test, or a delivery once more.

use std::sync::Arc;

use crate::base::error::{Error, Result};
use crate::base::host::Clock as _;
use crate::base::ids::{DeliveryId, EndpointId, EventId};
use crate::base::queue::JobQueue;
use crate::base::random;
use crate::base::together::both;
use crate::guard::idempotency::{Attempt, Standing};
use crate::people::caller::{Caller, Scope};
use crate::webhook::delivery::{Delivery, DeliveryRef, DeliveryState, Job};
use crate::webhook::endpoint::Endpoint;
use crate::webhook::event::{About, Event, EventType};
use crate::webhook::ports::{DeliveryRead, DeliveryWrite, EndpointRead};

rows!(EndpointRead, DeliveryRead, DeliveryWrite);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
    /// Queues the delivery at once.
    pub queue: Arc<dyn JobQueue<Job>>,
}

/// A delivery that is due.
#[derive(Debug)]
pub struct Started {
    /// The delivery.
    pub delivery: Delivery,
    /// Why the delivery's message was not sent, for the log. No harm is done: the sweeper sends what is due.
    pub unsent: Option<Error>,
}

/// Sends a test event to one endpoint, whatever types it receives.
pub async fn test(ports: &Ports, attempt: &Attempt, caller: &Caller, id: &EndpointId) -> Result<Started> {
    let endpoint = find(ports, caller, id).await?;
    let (now, entropy) = (attempt.now(), attempt.entropy());
    let event = Event {
        id: EventId::from_uuid(random::uuid(entropy, now)),
        tenant: caller.tenant.clone(),
        kind: EventType::Test,
        at: now,
        about: About { endpoint: Some(id.clone()), ..About::default() },
        written_at: now,
        is_waiting: false,
    };
    let delivery = Delivery::of(entropy, &event, id, now);
    if attempt.is_done() {
        return Ok(Started { delivery: known(ports, &delivery.at()).await?, unsent: None });
    }
    endpoint.require_on()?;
    ports.rows.put_event(&event).await?;
    ports.rows.add(&delivery).await?;
    Ok(start(ports, delivery).await)
}

/// Sends a delivery once more, from the beginning of its schedule. Its event and so its `webhook-id` are the same.
pub async fn replay(
    ports: &Ports,
    attempt: &Attempt,
    caller: &Caller,
    id: &EndpointId,
    delivery: &DeliveryId,
) -> Result<Started> {
    let at = DeliveryRef { tenant: caller.tenant.clone(), endpoint: id.clone(), delivery: delivery.clone() };
    let (endpoint, found) = both(find(ports, caller, id), known(ports, &at)).await;
    let (endpoint, mut found) = (endpoint?, found?);
    let is_pending = found.state == DeliveryState::Pending;
    if attempt.is_done() || (is_pending && attempt.standing == Standing::Again) {
        return Ok(Started { delivery: found, unsent: None });
    }
    endpoint.require_on()?;
    if is_pending {
        let message = "The delivery is still being tried; replay it once it is delivered or failed.";
        return Err(Error::conflict("delivery_pending", message));
    }
    found.state = DeliveryState::Pending;
    found.next_try_at = Some(attempt.now());
    found.step = 0;
    found.version += 1;
    if !ports.rows.advance_delivery(&found).await? {
        return Err(Error::conflict("delivery_pending", "The delivery was replayed at the same moment."));
    }
    Ok(start(ports, found).await)
}

async fn start(ports: &Ports, delivery: Delivery) -> Started {
    let unsent = ports.queue.send(&[Job::Try(delivery.at())], 0).await.err();
    Started { delivery, unsent }
}

async fn find(ports: &Ports, caller: &Caller, id: &EndpointId) -> Result<Endpoint> {
    caller.require(Scope::WebhooksWrite)?;
    let found = ports.rows.endpoint(&caller.tenant, id).await?;
    found.ok_or_else(|| Error::not_found("webhook endpoint"))
}

async fn known(ports: &Ports, at: &DeliveryRef) -> Result<Delivery> {
    ports.rows.delivery(at).await?.ok_or_else(|| Error::not_found("delivery"))
}
