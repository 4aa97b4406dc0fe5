//! A connection's grant, as every operation handles it: its token opened, its refusal or acceptance written down.
//!
//! Syncs and probes use a grant the same way and need the same things for it: [`Ports`].

use secrecy::SecretString;

use crate::connection::{Connection, State, token_slot};
use crate::connector::Connectors;
use crate::deletion_plan::{PlanPorts, end_connection};
use crate::error::{Error, Kind, REVOKED, Result};
use crate::ids::{ConnectionId, DeletionId, TenantId};
use crate::keys::{KeyContext, Use};
use crate::life::{Change, Life, Verdict, told};
use crate::ports::{
    AccountRef, Breakers, Clock, ConnectionRead, ConnectionState, DataKey, DeletionBegin, Entropy, FenceRead,
    KeyOpen, LedgerRead, VaultRead,
};
use crate::profile::Profile;

/// Opens a connection's access token; `None` when it or its key is gone, which is how a deletion looks from here.
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

/// What an operation needs that asks a platform with a connection's grant, and writes down what the answer says of it.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// Time.
    pub clock: &'a dyn Clock,
    /// Jitter, and the ids of deletions.
    pub entropy: &'a dyn Entropy,
    /// The fence.
    pub fences: &'a dyn FenceRead,
    /// Connections and accounts.
    pub connections: &'a dyn ConnectionRead,
    /// What is known of grants.
    pub states: &'a dyn ConnectionState,
    /// Wrapped keys and sealed tokens.
    pub vault: &'a dyn VaultRead,
    /// Opens keys for their own uses.
    pub keys: &'a dyn KeyOpen,
    /// The platforms.
    pub connectors: &'a dyn Connectors,
    /// What is known of platforms that are away.
    pub breakers: &'a dyn Breakers,
    /// Makes the cut when the platform says that access was revoked.
    pub begin: &'a dyn DeletionBegin,
    /// Earlier deletions.
    pub ledger: &'a dyn LedgerRead,
    /// What the product may call, how long it keeps rows, and how long it waits for a person.
    pub profile: &'a Profile,
}

impl<'a> Ports<'a> {
    /// What a cut needs.
    pub(crate) fn plan(&self) -> PlanPorts<'a> {
        let Self { connections, begin, ledger, clock, entropy, .. } = *self;
        PlanPorts { connections, begin, ledger, clock, entropy }
    }

    /// Opens an account's data key; `None` when it is gone, which is how a deletion looks from here.
    pub(crate) async fn data_key(&self, at: &AccountRef) -> Result<Option<Box<dyn DataKey>>> {
        let context = KeyContext::account(&at.tenant, &at.connection, &at.account);
        match self.vault.key(&context).await? {
            Some(wrapped) => self.keys.open(&context, &wrapped).await.map(Some),
            None => Ok(None),
        }
    }
}

/// Writes down that the platform refused the token with this code. A refusal that settles it ends the connection; the
/// promise of its deletion counts from the first evidence.
pub async fn refused(ports: &Ports<'_>, row: &Connection, code: &str) -> Result<Option<DeletionId>> {
    let now = ports.clock.now();
    let mut life = ports.states.life(&row.tenant, &row.id).await?;
    let to = match life.refuse(code == REVOKED, row.state, ports.profile.needs_reauth_days, now) {
        Verdict::Ends(reason, t0) => {
            let ended = end_connection(&ports.plan(), row, reason, t0).await?;
            return Ok(ended.map(|deletion| deletion.id));
        }
        Verdict::Stays(to) => to,
    };
    let became = if to == row.state { None } else { told(&row.id, to, &life).map(|one| (one, now)) };
    let noticed =
        life.take_notice(now).and_then(|at| told(&row.id, State::NeedsReauth, &life).map(|one| (one, at)));
    let events = became.into_iter().chain(noticed).map(|((kind, about), at)| (kind, at, about)).collect();
    life.settle(now);
    // Who was faster has seen the same platform: what it wrote down counts.
    ports
        .states
        .record_life(&row.tenant, &row.id, &Change { life, from: row.state, to, told: events })
        .await?;
    Ok(None)
}

/// Writes down that the platform took the token, with what else is known; false when something else came in between.
pub async fn accepted(ports: &Ports<'_>, row: &Connection, mut life: Life) -> Result<bool> {
    life.take_back();
    let now = ports.clock.now();
    let became = if row.state == State::Active { None } else { told(&row.id, State::Active, &life) };
    let events = became.into_iter().map(|(kind, about)| (kind, now, about)).collect();
    let change = Change { life, from: row.state, to: State::Active, told: events };
    ports.states.record_life(&row.tenant, &row.id, &change).await
}
