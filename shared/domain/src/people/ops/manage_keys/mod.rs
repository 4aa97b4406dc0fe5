//! Adds, narrows, rotates, revokes and lists a tenant's API keys, for the operator of a deployment.
//!
//! Each change counts from the next call on: every call reads its key, and a frontend token has no more rights than
//! the token's key has at that moment.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::base::error::{Error, Result};
use crate::base::host::{Clock, Entropy};
use crate::base::ids::{CredentialId, TenantId};
use crate::base::random;
use crate::base::secret::Confidential;
use crate::people::api_key::{ApiKey, MOST_KEYS};
use crate::people::caller::text::{Mode, Presented};
use crate::people::caller::{Credential, CredentialKind, Scope, text};
use crate::people::ports::{Admission, KeyRead, KeyWrite};

/// How long a rotated key works beside the new one, if the operator gives no other time.
pub const OVERLAP: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The number of characters of the longest label.
pub const LONGEST_LABEL: usize = 100;

rows!(KeyRead, KeyWrite);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes the key's secret.
    pub entropy: Arc<dyn Entropy>,
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
    /// Where the keys work.
    pub mode: Mode,
}

/// The properties of a new key.
#[derive(Debug, Clone)]
pub struct Input {
    /// The label that the key's owner gives.
    pub label: String,
    /// The scopes of the key.
    pub scopes: Vec<Scope>,
    /// When the key stops working; `None` for never.
    pub expires_at: Option<Timestamp>,
}

/// A key with its text, which is shown this once.
#[derive(Debug, Clone)]
pub struct Output {
    /// The key.
    pub key: ApiKey,
    /// The whole text of the key.
    pub text: Confidential,
}

/// Adds a key.
pub async fn add(ports: &Ports, tenant: &TenantId, input: Input) -> Result<Output> {
    let made = make(ports, tenant, input)?;
    admitted(ports.rows.add_key(&made.key).await?)?;
    Ok(made)
}

/// Lists the keys.
pub async fn list(ports: &Ports, tenant: &TenantId) -> Result<Vec<ApiKey>> {
    ports.rows.keys(tenant).await
}

/// Takes scopes away from a key: the key keeps those that are given. The key's frontend tokens lose the others too.
pub async fn narrow(ports: &Ports, tenant: &TenantId, id: &CredentialId, keep: &[Scope]) -> Result<ApiKey> {
    let found = find(ports, tenant, id).await?;
    let before = &found.credential.scopes;
    let keep = ordered(keep)?;
    if let Some(more) = keep.iter().find(|scope| !before.contains(scope)) {
        let message = format!("The key does not have the scope `{}`; add another key.", more.as_str());
        return Err(Error::invalid("scope_not_held", message));
    }
    if !ports.rows.narrow_key(tenant, id, before, &keep).await? {
        return Err(Error::conflict(
            "changed_meanwhile",
            "The key was changed at the same moment; try again.",
        ));
    }
    Ok(ApiKey { credential: Credential { scopes: keep, ..found.credential.clone() }, ..found })
}

/// Replaces a key by a new one with the same scopes. The old key goes on for a while beside the new one, and never
/// longer than it was to live. A key with a limited life gets a successor that lives as long.
pub async fn rotate(
    ports: &Ports,
    tenant: &TenantId,
    id: &CredentialId,
    overlap: SignedDuration,
) -> Result<Output> {
    let found = find(ports, tenant, id).await?;
    let now = ports.clock.now();
    if !found.credential.is_live(now) || found.successor.is_some() {
        let message = "The key has expired or was rotated before; rotate its successor, or add a key.";
        return Err(Error::conflict("key_ended", message));
    }
    let end = found.credential.expires_at.unwrap_or(Timestamp::MAX);
    let until = now.checked_add(overlap).map_or(end, |until| until.min(end));
    let life = found.credential.expires_at.map(|end| end.duration_since(found.created_at));
    let expires_at = life.map(|life| now.checked_add(life).unwrap_or(Timestamp::MAX));
    let input = Input { label: found.label, scopes: found.credential.scopes.clone(), expires_at };
    let made = make(ports, tenant, input)?;
    admitted(ports.rows.rotate_key(&found.credential, until, &made.key).await?)?;
    Ok(made)
}

/// Ends a key at once, and the key's frontend tokens with it.
pub async fn revoke(ports: &Ports, tenant: &TenantId, id: &CredentialId) -> Result<()> {
    if ports.rows.revoke_key(tenant, id).await? { Ok(()) } else { Err(unknown()) }
}

fn make(ports: &Ports, tenant: &TenantId, input: Input) -> Result<Output> {
    let now = ports.clock.now();
    if input.expires_at.is_some_and(|end| end <= now) {
        return Err(Error::invalid("already_over", "The key would have expired before its first call."));
    }
    let length = input.label.chars().count();
    if input.label.trim().is_empty() || length > LONGEST_LABEL || input.label.chars().any(char::is_control) {
        let message = format!(
            "A key needs a label that tells what it is for: one line of at most {LONGEST_LABEL} characters."
        );
        return Err(Error::invalid("unusable_label", message));
    }
    let id = CredentialId::from_uuid(random::uuid(ports.entropy.as_ref(), now));
    let named = Presented { mode: ports.mode, tenant: tenant.clone(), id: id.clone(), minted_by: None };
    let text = text::mint(ports.entropy.as_ref(), &named);
    let credential = Credential {
        id,
        tenant: tenant.clone(),
        kind: CredentialKind::ApiKey,
        digest: ports.entropy.digest(text.text().as_bytes()),
        scopes: ordered(&input.scopes)?,
        expires_at: input.expires_at,
        minted_by: None,
    };
    Ok(Output { key: ApiKey { credential, label: input.label, created_at: now, successor: None }, text })
}

fn ordered(scopes: &[Scope]) -> Result<Vec<Scope>> {
    let scopes: Vec<Scope> = Scope::ALL.into_iter().filter(|scope| scopes.contains(scope)).collect();
    if scopes.is_empty() {
        return Err(Error::invalid(
            "no_scopes",
            "A key needs at least one scope; revoke one that needs none.",
        ));
    }
    Ok(scopes)
}

async fn find(ports: &Ports, tenant: &TenantId, id: &CredentialId) -> Result<ApiKey> {
    let keys = ports.rows.keys(tenant).await?;
    keys.into_iter().find(|key| key.credential.id == *id).ok_or_else(unknown)
}

fn admitted(admission: Admission) -> Result<()> {
    match admission {
        Admission::Stored => Ok(()),
        Admission::Full => {
            let message = format!("A tenant has at most {MOST_KEYS} API keys; revoke one that nobody uses.");
            Err(Error::conflict("too_many_keys", message))
        }
        Admission::Closed => {
            Err(Error::conflict("tenant_closed", "The tenant is unknown or is being deleted."))
        }
        Admission::There | Admission::Gone => {
            Err(Error::conflict("changed_meanwhile", "The key was changed at the same moment; try again."))
        }
    }
}

fn unknown() -> Error {
    Error::not_found("API key")
}
