//! Makes a webhook endpoint: its secret is shown this once, and its address never again.
//!
//! Address and secret are sealed under a data key made here, which nothing here can open. A repeated call gets the same
//! secret again, because the attempt's randomness is the same.

use crate::caller::{Caller, Scope};
use crate::error::{Error, Result};
use crate::idempotency::{Attempt, Standing};
use crate::ids::EndpointId;
use crate::keys::KeyContext;
use crate::ports::{Admission, Clock as _, EndpointRead, EndpointWrite, KeyMint};
use crate::random;
use crate::secret::Confidential;
use crate::webhook::target::Target;
use crate::webhook::{
    Endpoint, EndpointSecrets, EventType, MOST_ENDPOINTS, NewSecret, SealedSecret, SealedValue, URL_SLOT,
    secret_slot,
};

/// What the operation needs.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// Finds what an earlier attempt stored.
    pub endpoints: &'a dyn EndpointRead,
    /// Stores it.
    pub write: &'a dyn EndpointWrite,
    /// Makes its data key.
    pub keys: &'a dyn KeyMint,
    /// Time, the secret, and whether it was done before.
    pub attempt: &'a Attempt,
}

/// What the caller wants.
#[derive(Debug, Clone)]
pub struct Input {
    /// Where to.
    pub target: Target,
    /// Which types; empty for all.
    pub types: Vec<EventType>,
    /// What its owner calls it.
    pub description: String,
}

/// The endpoint with its secret.
#[derive(Debug, Clone)]
pub struct Output {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Its secret.
    pub secret: Confidential,
}

/// Makes the endpoint.
pub async fn run(ports: &Ports<'_>, caller: &Caller, input: Input) -> Result<Output> {
    caller.require(Scope::WebhooksWrite)?;
    let (now, entropy) = (ports.attempt.now(), ports.attempt.entropy());
    let endpoint = Endpoint {
        id: EndpointId::from_uuid(random::uuid(entropy, now)),
        tenant: caller.tenant.clone(),
        origin: input.target.origin(),
        types: input.types,
        description: input.description,
        off: None,
        failing_since: None,
        created_at: now,
    };
    let secret = NewSecret::make(entropy);
    let text = secret.text();
    if let Some(endpoint) = stored(ports, &endpoint).await? {
        return Ok(Output { endpoint, secret: text });
    }
    let secrets = seal(ports.keys, &endpoint, &input.target, &secret).await?;
    match ports.write.create(&endpoint, &secrets).await? {
        Admission::Stored | Admission::There => Ok(Output { endpoint, secret: text }),
        Admission::Full => {
            let message =
                format!("A tenant has at most {MOST_ENDPOINTS} webhook endpoints; delete one first.");
            Err(Error::conflict("too_many_endpoints", message))
        }
        Admission::Closed | Admission::Gone => {
            Err(Error::conflict("tenant_closed", "The tenant is being deleted."))
        }
    }
}

/// What an earlier attempt stored, as it is now.
async fn stored(ports: &Ports<'_>, endpoint: &Endpoint) -> Result<Option<Endpoint>> {
    if ports.attempt.standing == Standing::First {
        return Ok(None);
    }
    let stored = ports.endpoints.endpoint(&endpoint.tenant, &endpoint.id).await?;
    if stored.is_none() && ports.attempt.is_done() {
        return Err(Error::not_found("webhook endpoint"));
    }
    Ok(stored)
}

async fn seal(
    keys: &dyn KeyMint,
    endpoint: &Endpoint,
    target: &Target,
    secret: &NewSecret,
) -> Result<EndpointSecrets> {
    let (key, wrapped) = keys.mint(&KeyContext::endpoint(&endpoint.tenant, &endpoint.id)).await?;
    let value = |slot: &str, plain: &[u8]| {
        Ok::<_, Error>(SealedValue { key: wrapped.clone(), sealed: key.seal(slot, plain)? })
    };
    Ok(EndpointSecrets {
        url: value(URL_SLOT, target.as_str().as_bytes())?,
        secrets: vec![SealedSecret {
            name: secret.name.clone(),
            value: value(&secret_slot(&secret.name), secret.bytes.as_ref())?,
            until: None,
        }],
        version: 1,
    })
}
