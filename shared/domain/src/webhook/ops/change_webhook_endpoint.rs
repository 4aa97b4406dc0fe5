//! Changes a webhook endpoint, replaces its secret, or deletes it. Nothing here opens a sealed value.

use std::sync::Arc;

use jiff::Timestamp;

use crate::base::error::{Error, Result, Retry};
use crate::base::host::Clock;
use crate::base::ids::EndpointId;
use crate::base::secret::Confidential;
use crate::base::together::both;
use crate::guard::idempotency::{Attempt, Standing};
use crate::people::caller::{Caller, Scope};
use crate::vault::keys::KeyContext;
use crate::vault::ports::KeyGenerate;
use crate::webhook::endpoint::{
    DisableReason, Enablement, Endpoint, EndpointChange, EndpointSecrets, MOST_SECRETS, NewSecret,
    OLD_SECRET, SealedSecret, SealedValue, URL_SLOT, secret_slot,
};
use crate::webhook::event::EventType;
use crate::webhook::ports::{EndpointRead, EndpointSecretsRead, EndpointWrite};
use crate::webhook::target::Target;

rows!(EndpointRead, EndpointSecretsRead, EndpointWrite);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// Generates data keys for newly sealed values.
    pub new_keys: Arc<dyn KeyGenerate>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
}

/// The changes; a field that is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// The new address.
    pub target: Option<Target>,
    /// The types that the endpoint receives; empty for all.
    pub types: Option<Vec<EventType>>,
    /// The description that the owner gives.
    pub description: Option<String>,
    /// Whether the endpoint is to be switched on or off.
    pub enabled: Option<bool>,
}

/// Changes the endpoint and returns it.
pub async fn run(ports: &Ports, caller: &Caller, id: &EndpointId, input: Input) -> Result<Endpoint> {
    let (found, old) =
        both(find(ports, caller, id), sealed_if(ports, caller, id, input.target.is_some())).await;
    let (found, old) = (found?, old?);
    let change = EndpointChange {
        origin: input.target.as_ref().map(Target::origin),
        types: input.types,
        description: input.description,
        enablement: input.enabled.map_or(Enablement::Keep, |on| enablement(&found, on, ports.clock.now())),
    };
    let secrets = match &input.target {
        None => None,
        Some(target) => {
            let old = old.ok_or_else(unknown)?;
            let url = seal(ports, &found, URL_SLOT, target.as_str().as_bytes()).await?;
            Some(EndpointSecrets { url, version: old.version + 1, ..old })
        }
    };
    if change == EndpointChange::default() {
        return Ok(found);
    }
    if !ports.rows.change(&found.tenant, id, &change, secrets.as_ref()).await? {
        return Err(meanwhile());
    }
    find(ports, caller, id).await
}

/// Decides what switching means for an endpoint: one that failed is off for another reason than its owner's.
fn enablement(found: &Endpoint, on: bool, now: Timestamp) -> Enablement {
    match (on, found.off) {
        (true, Some(_)) => Enablement::Enable(now),
        (true, None) => Enablement::Recover,
        (false, None) => Enablement::Disable(DisableReason::Requested, now),
        (false, Some(_)) => Enablement::Keep,
    }
}

/// Replaces the secret. The secret before signs beside the new one for a day, so that no receiver has to change at
/// once.
pub async fn rotate(
    ports: &Ports,
    caller: &Caller,
    id: &EndpointId,
    attempt: &Attempt,
) -> Result<Confidential> {
    let (found, old) = both(find(ports, caller, id), sealed_if(ports, caller, id, !attempt.is_done())).await;
    let (found, old) = (found?, old?);
    let new = NewSecret::make(attempt.entropy());
    if attempt.is_done() {
        return Ok(new.text());
    }
    let old = old.ok_or_else(unknown)?;
    if attempt.standing == Standing::Again && old.secrets.iter().any(|secret| secret.name == new.name) {
        return Ok(new.text());
    }
    let now = ports.clock.now();
    let value = seal(ports, &found, &secret_slot(&new.name), new.bytes.as_ref()).await?;
    let mut secrets = vec![SealedSecret { name: new.name.clone(), value, until: None }];
    secrets.extend(old.valid(now).cloned().map(|secret| until(secret, now + OLD_SECRET)));
    if secrets.len() > MOST_SECRETS {
        let message = "Four secrets sign already; replace this one when the oldest has ended, within a day.";
        return Err(Error::conflict("too_many_secrets", message));
    }
    let changed = EndpointSecrets { secrets, version: old.version + 1, url: old.url };
    if ports.rows.change(&found.tenant, id, &EndpointChange::default(), Some(&changed)).await? {
        return Ok(new.text());
    }
    Err(meanwhile())
}

fn until(secret: SealedSecret, end: Timestamp) -> SealedSecret {
    let until = secret.until.map_or(end, |until| until.min(end));
    SealedSecret { until: Some(until), ..secret }
}

/// Deletes the endpoint with its secrets. Deliveries that are under way end at their next try.
pub async fn remove(ports: &Ports, caller: &Caller, id: &EndpointId) -> Result<()> {
    caller.require(Scope::WebhooksWrite)?;
    if ports.rows.remove(&caller.tenant, id).await? { Ok(()) } else { Err(unknown()) }
}

async fn find(ports: &Ports, caller: &Caller, id: &EndpointId) -> Result<Endpoint> {
    caller.require(Scope::WebhooksWrite)?;
    ports.rows.endpoint(&caller.tenant, id).await?.ok_or_else(unknown)
}

/// Reads the sealed values of an endpoint where they are of use. They are read beside the endpoint's row, which the
/// same id names, and nothing here opens them.
async fn sealed_if(
    ports: &Ports,
    caller: &Caller,
    id: &EndpointId,
    is_wanted: bool,
) -> Result<Option<EndpointSecrets>> {
    if is_wanted { ports.rows.endpoint_secrets(&caller.tenant, id).await } else { Ok(None) }
}

async fn seal(ports: &Ports, endpoint: &Endpoint, slot: &str, plain: &[u8]) -> Result<SealedValue> {
    let (key, wrapped) =
        ports.new_keys.generate(&KeyContext::endpoint(&endpoint.tenant, &endpoint.id)).await?;
    Ok(SealedValue { sealed: key.seal(slot, plain)?, key: wrapped })
}

fn unknown() -> Error {
    Error::not_found("webhook endpoint")
}

fn meanwhile() -> Error {
    let message = "The endpoint was changed at the same moment; send the call again.";
    Error::conflict("changed_meanwhile", message).retry(Retry::After(None))
}
