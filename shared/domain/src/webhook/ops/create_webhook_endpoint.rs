//! Makes a webhook endpoint. Its secret is shown this once, and its address never again.
//!
//! Address and secret are sealed under a data key that is generated here, and that nothing here can open later. A
//! repeated call gets the same secret again, because the attempt's randomness is the same.

use std::sync::Arc;

use crate::base::error::{Error, Result};
use crate::base::host::Clock as _;
use crate::base::ids::EndpointId;
use crate::base::random;
use crate::base::secret::Confidential;
use crate::guard::idempotency::{Attempt, Standing};
use crate::people::caller::{Caller, Scope};
use crate::people::ports::Admission;
use crate::vault::keys::KeyContext;
use crate::vault::ports::KeyGenerate;
use crate::webhook::endpoint::{
    Endpoint, EndpointSecrets, MOST_ENDPOINTS, NewSecret, SealedSecret, SealedValue, URL_SLOT, secret_slot,
};
use crate::webhook::event::EventType;
use crate::webhook::ports::{EndpointRead, EndpointWrite};
use crate::webhook::target::Target;

rows!(EndpointRead, EndpointWrite);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
    /// Generates the endpoint's data key.
    pub new_keys: Arc<dyn KeyGenerate>,
}

/// The endpoint that the caller wants.
#[derive(Debug, Clone)]
pub struct Input {
    /// The address.
    pub target: Target,
    /// The types that the endpoint receives; empty for all.
    pub types: Vec<EventType>,
    /// The description that the owner gives.
    pub description: String,
}

/// The endpoint with its secret.
#[derive(Debug, Clone)]
pub struct Output {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The endpoint's secret.
    pub secret: Confidential,
}

/// Makes the endpoint.
pub async fn run(ports: &Ports, attempt: &Attempt, caller: &Caller, input: Input) -> Result<Output> {
    caller.require(Scope::WebhooksWrite)?;
    let (now, entropy) = (attempt.now(), attempt.entropy());
    let endpoint = Endpoint {
        id: EndpointId::from_uuid(random::uuid(entropy, now)),
        tenant: caller.tenant.clone(),
        origin: input.target.origin(),
        types: input.types,
        description: input.description,
        off: None,
        failing_since: None,
        created_at: now,
        listens_from: now,
    };
    let secret = NewSecret::make(entropy);
    let text = secret.text();
    if let Some(endpoint) = stored(ports, attempt, &endpoint).await? {
        return Ok(Output { endpoint, secret: text });
    }
    let secrets = seal(ports.new_keys.as_ref(), &endpoint, &input.target, &secret).await?;
    match ports.rows.create(&endpoint, &secrets).await? {
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

/// Reads what an earlier attempt stored, as it is now.
async fn stored(ports: &Ports, attempt: &Attempt, endpoint: &Endpoint) -> Result<Option<Endpoint>> {
    if attempt.standing == Standing::First {
        return Ok(None);
    }
    let stored = ports.rows.endpoint(&endpoint.tenant, &endpoint.id).await?;
    if stored.is_none() && attempt.is_done() {
        return Err(Error::not_found("webhook endpoint"));
    }
    Ok(stored)
}

async fn seal(
    keys: &dyn KeyGenerate,
    endpoint: &Endpoint,
    target: &Target,
    secret: &NewSecret,
) -> Result<EndpointSecrets> {
    let (key, wrapped) = keys.generate(&KeyContext::endpoint(&endpoint.tenant, &endpoint.id)).await?;
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
