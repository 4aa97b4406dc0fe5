//! A connection's grant, as every operation handles it: its token opened, its refusal or acceptance written down.

use secrecy::SecretString;

use crate::connection::{Connection, State, token_slot};
use crate::deletion_plan::{PlanPorts, cut_connection};
use crate::error::{Error, Kind, REVOKED, Result};
use crate::ids::{ConnectionId, DeletionId, TenantId};
use crate::keys::{KeyContext, Use};
use crate::life::{Change, Life, Verdict, told};
use crate::ports::{ConnectionState, KeyOpen, VaultRead};

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

/// What writing down a refusal or an acceptance needs.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// Reads connections and makes the cut.
    pub plan: PlanPorts<'a>,
    /// What is known of grants.
    pub states: &'a dyn ConnectionState,
    /// How many days the profile lets a connection wait for the person.
    pub wait_days: Option<u16>,
}

/// Writes down that the platform refused the token with this code. A refusal that settles it ends the connection; the
/// promise of its deletion counts from the first evidence.
pub async fn refused(ports: &Ports<'_>, row: &Connection, code: &str) -> Result<Option<DeletionId>> {
    let now = ports.plan.clock.now();
    let mut life = ports.states.life(&row.tenant, &row.id).await?;
    let to = match life.refuse(code == REVOKED, row.state, ports.wait_days, now) {
        Verdict::Ends(reason, t0) => {
            return cut_connection(&ports.plan, row, reason, t0).await.map(|deletion| Some(deletion.id));
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
    let now = ports.plan.clock.now();
    let became = if row.state == State::Active { None } else { told(&row.id, State::Active, &life) };
    let events = became.into_iter().map(|(kind, about)| (kind, now, about)).collect();
    let change = Change { life, from: row.state, to: State::Active, told: events };
    ports.states.record_life(&row.tenant, &row.id, &change).await
}
