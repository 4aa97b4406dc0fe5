//! Runs a job of the webhook worker: makes an event's deliveries, or makes the next try of one delivery.
//!
//! The worker stores a try before it makes the call, with an instant from which on the try counts as lost, and stores
//! the outcome afterwards. So a crash anywhere leaves a delivery that comes again. An endpoint may then receive an
//! event twice, and recognises the event by its id.

#[cfg(test)]
mod tests;
mod tried;

use std::sync::Arc;

use jiff::Timestamp;

use crate::base::error::{Error, Result};
use crate::base::host::{Clock, Entropy};
use crate::base::ids::{EventId, TenantId};
use crate::base::queue::JobQueue;
use crate::base::secret::Plain;
use crate::vault::keys::{DataKey, KeyContext};
use crate::vault::ports::KeyOpen;
use crate::webhook::delivery::{Attempt, Delivery, DeliveryRef, Failure, Job, LEASE};
use crate::webhook::endpoint::{
    DisableReason, Endpoint, EndpointSecrets, SealedValue, URL_SLOT, secret_slot,
};
use crate::webhook::event::Event;
use crate::webhook::ports::{
    DeliveryRead, DeliveryWrite, EndpointHealth, EndpointRead, EndpointSecretsRead, WebhookPost,
};

/// The number of endpoints that one read returns.
const PAGE: u32 = 100;

rows!(EndpointRead, EndpointHealth, EndpointSecretsRead, DeliveryRead, DeliveryWrite);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes jitter and digests.
    pub entropy: Arc<dyn Entropy>,
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
    /// Opens data keys.
    pub keys: Arc<dyn KeyOpen>,
    /// Sends the next jobs.
    pub queue: Arc<dyn JobQueue<Job>>,
    /// Calls endpoints.
    pub post: Arc<dyn WebhookPost>,
}

/// The outcome of a job.
#[derive(Debug)]
pub enum Outcome {
    /// There was nothing to do: the job was done before, is not due, or another worker has it.
    Nothing,
    /// Deliveries were made; holds their number.
    FannedOut(usize),
    /// A try was made, or the delivery ended without one.
    Tried {
        /// The delivery as it is now.
        delivery: Box<Delivery>,
        /// Set when the try switched the endpoint off.
        off: Option<DisableReason>,
        /// Why the next job was not sent, for the log. No harm is done: the sweeper sends what is due.
        unsent: Option<Error>,
    },
}

/// Runs a job. Running a job twice does no harm.
pub async fn run(ports: &Ports, job: &Job) -> Result<Outcome> {
    match job {
        Job::FanOut(tenant, event) => fan_out(ports, tenant, event).await,
        Job::Try(at) => attempt(ports, at).await,
    }
}

async fn fan_out(ports: &Ports, tenant: &TenantId, id: &EventId) -> Result<Outcome> {
    let found = ports.rows.event(tenant, id).await?.filter(|event| event.is_waiting);
    let Some(event) = found else { return Ok(Outcome::Nothing) };
    let (mut jobs, mut after, now) = (Vec::new(), None, ports.clock.now());
    loop {
        let page = ports.rows.endpoints(tenant, after.as_ref(), PAGE).await?;
        for endpoint in page.iter().filter(|endpoint| endpoint.hears(&event)) {
            let delivery = Delivery::of(ports.entropy.as_ref(), &event, &endpoint.id, now);
            ports.rows.add(&delivery).await?;
            jobs.push(Job::Try(delivery.at()));
        }
        match page.last() {
            Some(last) => after = Some(last.id.clone()),
            None => break,
        }
    }
    ports.rows.fanned_out(tenant, id).await?;
    if !jobs.is_empty() {
        ports.queue.send(&jobs, 0).await?;
    }
    Ok(Outcome::FannedOut(jobs.len()))
}

async fn attempt(ports: &Ports, at: &DeliveryRef) -> Result<Outcome> {
    let found = ports.rows.delivery(at).await?.filter(|found| found.is_due(ports.clock.now()));
    let Some(delivery) = found else { return Ok(Outcome::Nothing) };
    let endpoint = ports.rows.endpoint(&at.tenant, &at.endpoint).await?;
    let sealed = ports.rows.endpoint_secrets(&at.tenant, &at.endpoint).await?;
    let event = ports.rows.event(&at.tenant, &delivery.event).await?;
    let (Some(endpoint), Some(sealed), Some(event)) = (endpoint, sealed, event) else {
        return tried::ended(ports, delivery, Failure::Deleted).await;
    };
    if endpoint.off.is_some() {
        return tried::ended(ports, delivery, Failure::Disabled).await;
    }
    match open(ports, &endpoint, &sealed).await {
        Ok(opened) => call(ports, delivery, &endpoint, &event, &opened).await,
        Err(error) if error.is_retryable() => Err(error),
        Err(_) => tried::ended(ports, delivery, Failure::Unreadable).await,
    }
}

/// Stores the try, makes it, and stores the outcome.
async fn call(
    ports: &Ports,
    mut delivery: Delivery,
    endpoint: &Endpoint,
    event: &Event,
    opened: &Opened,
) -> Result<Outcome> {
    let at = ports.clock.now();
    delivery.step += 1;
    delivery.number += 1;
    delivery.next_try_at = Some(at + LEASE);
    if !save(ports, &mut delivery).await? {
        return Ok(Outcome::Nothing);
    }
    let posted = ports.post.post(&opened.url, event, &opened.secrets, at).await;
    let took = ports.clock.now().duration_since(at).as_millis();
    delivery.remember(Attempt {
        number: delivery.number,
        at,
        millis: u64::try_from(took).unwrap_or_default(),
        status: posted.status,
        failure: posted.failure,
    });
    tried::record(ports, delivery, endpoint, posted).await
}

/// Stores a delivery under its next version; false when another worker was faster.
async fn save(ports: &Ports, delivery: &mut Delivery) -> Result<bool> {
    delivery.version += 1;
    ports.rows.advance_delivery(delivery).await
}

/// An address and the secrets that sign now, opened.
struct Opened {
    url: Plain,
    secrets: Vec<Plain>,
}

/// Opens the sealed values; each data key once.
async fn open(ports: &Ports, endpoint: &Endpoint, sealed: &EndpointSecrets) -> Result<Opened> {
    let context = KeyContext::endpoint(&endpoint.tenant, &endpoint.id);
    let mut keys: Vec<Box<dyn DataKey>> = Vec::new();
    let mut opened = Vec::new();
    for (slot, value) in slots(sealed, ports.clock.now()) {
        if !keys.iter().any(|key| key.id() == value.key.id) {
            keys.push(ports.keys.open(&context, &value.key).await?);
        }
        for key in keys.iter().filter(|key| key.id() == value.key.id) {
            opened.push(key.open(&slot, &value.sealed)?);
        }
    }
    let secrets = opened.split_off(1.min(opened.len()));
    let url = opened.pop().unwrap_or_else(|| Plain::new(Vec::new()));
    Ok(Opened { url, secrets })
}

/// Lists the slots of the address and then of the secrets.
fn slots(sealed: &EndpointSecrets, now: Timestamp) -> Vec<(String, &SealedValue)> {
    let secrets = sealed.valid(now).map(|secret| (secret_slot(&secret.name), &secret.value));
    std::iter::once((URL_SLOT.to_owned(), &sealed.url)).chain(secrets).collect()
}
