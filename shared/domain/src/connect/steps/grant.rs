//! Uses a connection's grant for several operations: opens its token, and stores its refusal or acceptance.
//!
//! Syncs and probes use a grant the same way, with the same [`Ports`].

use std::sync::Arc;

use secrecy::SecretString;

use crate::base::error::{Error, Kind, REVOKED, Result};
use crate::base::host::{Clock, Entropy};
use crate::base::ids::{AccountRef, ConnectionId, DeletionId, TenantId};
use crate::connect::connection::{Connection, State};
use crate::connect::ports::{ConnectionState, FenceRead};
use crate::connect::token_life::{Change, Life, Verdict, change_event};
use crate::deletion::steps::begin_deletion::{self, end_connection};
use crate::platform::capabilities::Connectors;
use crate::platform::profile::Profile;
use crate::sync::breaker::Breakers;
use crate::vault::keys::{DataKey, KeyContext, Use};
use crate::vault::ports::{KeyOpen, VaultRead};
use crate::vault::rows::token_slot;

/// Opens a connection's access token; `None` when the token or its key is gone, as after a deletion.
pub async fn access_token(
    vault: &dyn VaultRead,
    keys: &dyn KeyOpen,
    tenant: &TenantId,
    connection: &ConnectionId,
) -> Result<Option<SecretString>> {
    let context = KeyContext::connection(tenant, connection, Use::Token);
    let Some(wrapped) = vault.key(&context).await? else { return Ok(None) };
    let Some(row) = vault.token(tenant, connection, "access").await? else { return Ok(None) };
    let key = keys.open(&context, &wrapped).await?;
    let plain = key.open(&token_slot(row.name, row.version), &row.sealed)?;
    let text = plain.text().ok_or_else(|| {
        Error::new(Kind::Sealed, "broken_value", "A sealed value opens to something else than it should be.")
    })?;
    Ok(Some(SecretString::from(text)))
}

rows!(begin_deletion::Rows, FenceRead, ConnectionState, VaultRead, Breakers);

/// The ports of an operation that asks a platform with a connection's grant, and stores what the answer says of the
/// grant.
#[derive(Clone)]
pub struct Ports {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Jitter, and the ids of deletions.
    pub entropy: Arc<dyn Entropy>,
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
    /// Opens data keys; the role limits their uses.
    pub keys: Arc<dyn KeyOpen>,
    /// The platforms' connectors.
    pub connectors: Arc<dyn Connectors>,
    /// The profile: the calls that may leave, how long rows are kept, and how long a connection waits for a person.
    pub profile: Arc<Profile>,
}

impl Ports {
    /// Returns the ports that a cutoff needs.
    pub(crate) fn plan(&self) -> begin_deletion::Ports {
        let Self { clock, entropy, rows, .. } = self.clone();
        begin_deletion::Ports { clock, entropy, rows }
    }

    /// Opens an account's data key; `None` when the key is gone, as after a deletion.
    pub(crate) async fn data_key(&self, at: &AccountRef) -> Result<Option<Box<dyn DataKey>>> {
        let context = KeyContext::account(&at.tenant, &at.connection, &at.account);
        match self.rows.key(&context).await? {
            Some(wrapped) => self.keys.open(&context, &wrapped).await.map(Some),
            None => Ok(None),
        }
    }
}

/// Stores that the platform refused the token with this code. A refusal that confirms the evidence ends the
/// connection; the promise of its deletion counts from the first evidence.
pub async fn refused(ports: &Ports, row: &Connection, code: &str) -> Result<Option<DeletionId>> {
    let now = ports.clock.now();
    let mut life = ports.rows.life(&row.tenant, &row.id).await?;
    let to = match life.refuse(code == REVOKED, row.state, ports.profile.needs_reauth_days, now) {
        Verdict::Ends(reason, t0) => {
            let ended = end_connection(&ports.plan(), row, reason, t0).await?;
            return Ok(ended.map(|deletion| deletion.id));
        }
        Verdict::Stays(to) => to,
    };
    let became = if to == row.state { None } else { change_event(&row.id, to, &life).map(|one| (one, now)) };
    let noticed = life
        .take_notice(now)
        .and_then(|at| change_event(&row.id, State::NeedsReauth, &life).map(|one| (one, at)));
    let events = became.into_iter().chain(noticed).map(|((kind, about), at)| (kind, at, about)).collect();
    life.schedule_probe(now);
    // Another worker that was faster has seen the same platform: what that worker stored counts.
    ports.rows.record_life(&row.tenant, &row.id, &Change { life, from: row.state, to, events }).await?;
    Ok(None)
}

/// Stores that the platform accepted the token, with what else is known. Returns false when another write came in
/// between.
pub async fn accepted(ports: &Ports, row: &Connection, mut life: Life) -> Result<bool> {
    life.take_back();
    let now = ports.clock.now();
    let became = if row.state == State::Active { None } else { change_event(&row.id, State::Active, &life) };
    let events = became.into_iter().map(|(kind, about)| (kind, now, about)).collect();
    let change = Change { life, from: row.state, to: State::Active, events };
    ports.rows.record_life(&row.tenant, &row.id, &change).await
}
