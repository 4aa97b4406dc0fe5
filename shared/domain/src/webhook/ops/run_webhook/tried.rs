//! Acts on the outcome of a try: the delivery is delivered, tried again or given up, and the endpoint's health is
//! kept.

use super::{Outcome, Ports, save};
use crate::base::error::Result;
use crate::base::random;
use crate::webhook::delivery::{Delivery, DeliveryState, Failure, GIVE_UP_AFTER, Job, Posted};
use crate::webhook::endpoint::{DisableReason, Endpoint};
use crate::webhook::schedule::wait_after;

/// The longest delay of the queue in seconds. The sweeper finds the tries that are due later.
const QUEUE_SECONDS: u32 = 900;

/// Ends a delivery that cannot be tried.
pub(super) async fn ended(ports: &Ports, mut delivery: Delivery, failure: Failure) -> Result<Outcome> {
    delivery.remember(super::Attempt {
        number: delivery.number,
        at: ports.clock.now(),
        millis: 0,
        status: None,
        failure: Some(failure),
    });
    delivery.end(DeliveryState::Failed);
    if !save(ports, &mut delivery).await? {
        return Ok(Outcome::Nothing);
    }
    Ok(Outcome::Tried { delivery: Box::new(delivery), off: None, unsent: None })
}

/// Stores the outcome of a try.
pub(super) async fn record(
    ports: &Ports,
    mut delivery: Delivery,
    endpoint: &Endpoint,
    posted: Posted,
) -> Result<Outcome> {
    let off = judge(ports, endpoint, posted).await?;
    let wait = next(ports, &delivery, posted);
    match wait {
        _ if posted.failure.is_none() => delivery.end(DeliveryState::Delivered),
        Some(wait) if off.is_none() => delivery.next_try_at = Some(ports.clock.now() + wait),
        _ => delivery.end(DeliveryState::Failed),
    }
    if !save(ports, &mut delivery).await? {
        return Ok(Outcome::Nothing);
    }
    let seconds = wait.filter(|_| delivery.state == DeliveryState::Pending).map(seconds);
    let unsent = match seconds {
        Some(seconds) if seconds <= QUEUE_SECONDS => {
            ports.queue.send(&[Job::Try(delivery.at())], seconds).await.err()
        }
        _ => None,
    };
    Ok(Outcome::Tried { delivery: Box::new(delivery), off, unsent })
}

fn next(ports: &Ports, delivery: &Delivery, posted: Posted) -> Option<jiff::SignedDuration> {
    wait_after(delivery.step, posted.retry_after, random::number(ports.entropy.as_ref()))
}

/// Returns whole seconds, rounded up, so that the message does not arrive before its time.
fn seconds(wait: jiff::SignedDuration) -> u32 {
    let more = i64::from(wait.subsec_nanos() > 0);
    u32::try_from(wait.as_secs() + more).unwrap_or(u32::MAX)
}

/// Keeps the endpoint's health, and switches the endpoint off when it is gone or failed for too long.
async fn judge(ports: &Ports, endpoint: &Endpoint, posted: Posted) -> Result<Option<DisableReason>> {
    let (tenant, id, now) = (&endpoint.tenant, &endpoint.id, ports.clock.now());
    let lasted = endpoint.failing_since.map(|since| now.duration_since(since));
    let (off, since) = match (posted.failure, lasted) {
        _ if posted.is_gone => (DisableReason::Gone, None),
        (None, None) => return Ok(None),
        (None, Some(_)) => {
            ports.rows.recovered(tenant, id).await?;
            return Ok(None);
        }
        (Some(_), None) => {
            ports.rows.failing(tenant, id, now).await?;
            return Ok(None);
        }
        (Some(_), Some(lasted)) if lasted < GIVE_UP_AFTER => return Ok(None),
        // Another delivery may have succeeded while this one failed.
        (Some(_), Some(_)) => (DisableReason::Failing, endpoint.failing_since),
    };
    Ok(ports.rows.switch_off(tenant, id, off, since, now).await?.then_some(off))
}
