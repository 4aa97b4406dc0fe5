//! Asks the platform once a day whether a grant still lives, which accounts it reaches, and what they are called.
//!
//! Each connection in a live state (`active`, `suspect`, `needs_reauth`) has one job. The cheapest call answers all
//! three questions: the list of accounts. An answer takes a connection back to `active`. A refusal is evidence of one
//! of the kinds in [`crate::connect::token_life`]. A platform in trouble is neither.

mod accounts;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use crate::base::error::{Error, Kind, Result};
use crate::base::host::Clock;
use crate::base::host::Entropy;
use crate::base::ids::{ConnectionId, DeletionId, TenantId};
use crate::connect::connection::Connection;
use crate::connect::ports::{AccountRenew, FenceRead};
use crate::connect::steps::grant;
use crate::connect::token_life::Life;
use crate::platform::account::AccountList;
use crate::platform::capabilities::Connectors;
use crate::platform::capabilities::{Allowance, CallContext, Connector, Gate};
use crate::platform::credentials::AppCredentials;
use crate::platform::profile::PlatformProfile;
use crate::platform::profile::Profile;
use crate::platform::steps::app_secrets;
use crate::sync::breaker::{self, Admission, Circuit};
use crate::vault::ports::KeyOpen;

/// The time that a call needs to be begun at all.
const ENOUGH: SignedDuration = SignedDuration::from_secs(10);

/// The time that an invocation keeps to let an account go and to store the results.
const TO_SAVE: SignedDuration = SignedDuration::from_secs(5);

rows!(grant::Rows, AccountRenew);

/// The ports of a probe.
#[derive(Clone)]
pub struct Ports {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Jitter, and the ids of deletions.
    pub entropy: Arc<dyn Entropy>,
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
    /// Opens data keys.
    pub keys: Arc<dyn KeyOpen>,
    /// The platforms' connectors.
    pub connectors: Arc<dyn Connectors>,
    /// The profile: the calls that may leave, how long rows are kept, and how long a connection waits for a person.
    pub profile: Arc<Profile>,
}

impl Ports {
    /// Returns the ports that the use of a grant needs.
    fn grant(&self) -> grant::Ports {
        let Self { clock, entropy, rows, keys, connectors, profile, .. } = self.clone();
        grant::Ports { clock, entropy, rows, keys, connectors, profile }
    }
}

/// One probe, with the end of its invocation.
#[derive(Debug, Clone)]
pub struct Input {
    /// The tenant that owns the connection.
    pub tenant: TenantId,
    /// The connection.
    pub connection: ConnectionId,
    /// When Lambda ends the invocation.
    pub deadline: Timestamp,
}

/// How a probe ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The platform accepted the token.
    Alive {
        /// Accounts that are missed for the first time, or for less than a day.
        missed: usize,
        /// Accounts that were let go.
        lost: usize,
        /// Accounts that have another name, currency or zone now.
        renewed: usize,
        /// Accounts whose description leaves open what their figures mean now; they stay as they are.
        odd: usize,
    },
    /// The platform refused the token with this code.
    Refused(&'static str),
    /// The refusal was confirmed; the connection is being deleted.
    Ended(DeletionId),
    /// The grant was asked already.
    Already,
    /// The connection was let go, or the product has not taken it up yet.
    Dropped,
    /// The platform does not answer or is in trouble, which says nothing of the grant. The planner sends the probe
    /// again.
    Later(&'static str),
}

/// The state of one connection's probe.
struct Probe<'a> {
    ports: &'a Ports,
    row: Connection,
    connector: &'a dyn Connector,
    platform: &'a PlatformProfile,
    token: SecretString,
    app: AppCredentials,
    gate: LiveGate<'a>,
    deadline: Timestamp,
}

/// Runs a probe. An error is a fault of Mooring: it says if another delivery is worthwhile, or tells the operator of a
/// set-up fault.
pub async fn run(ports: &Ports, input: &Input) -> Result<Outcome> {
    let (tenant, id) = (&input.tenant, &input.connection);
    let row = ports.rows.connection(tenant, id).await?.filter(|row| row.state.is_readable());
    let Some(row) = row else { return Ok(Outcome::Dropped) };
    let now = ports.clock.now();
    let life = ports.rows.life(tenant, id).await?;
    if !life.is_due(now) {
        return Ok(Outcome::Already);
    }
    if now + ENOUGH > input.deadline {
        return Ok(Outcome::Later("no_time"));
    }
    let circuit = Circuit { platform: row.platform.clone(), context: row.context.clone() };
    let admission = breaker::admit(ports.rows.as_ref(), &circuit, now, 0).await?;
    if matches!(admission, Admission::Wait(_)) {
        return Ok(Outcome::Later("platform_away"));
    }
    let Some(probe) = open(ports, row, input.deadline).await? else { return Ok(Outcome::Dropped) };
    let asked = probe.ask().await;
    let is_outage = asked.as_ref().is_err_and(breaker::is_outage);
    let outcome = probe.judge(life, asked).await;
    breaker::record_outcome(ports.rows.as_ref(), &circuit, admission, ports.clock.now(), is_outage).await?;
    outcome
}

async fn open(ports: &Ports, row: Connection, deadline: Timestamp) -> Result<Option<Probe<'_>>> {
    let off =
        || Error::new(Kind::Refused, "platform_off", "The product no longer connects to this platform.");
    let connector = ports.connectors.find(&row.platform).ok_or_else(off)?;
    let platform = ports.profile.platform(&row.platform).ok_or_else(off)?;
    let token = grant::access_token(ports.rows.as_ref(), ports.keys.as_ref(), &row.tenant, &row.id).await?;
    let Some(token) = token else { return Ok(None) };
    let app =
        app_secrets::credentials(ports.rows.as_ref(), ports.keys.as_ref(), connector.manifest().platform)
            .await?;
    let gate =
        LiveGate { fences: ports.rows.as_ref(), tenant: row.tenant.clone(), connection: row.id.clone() };
    Ok(Some(Probe { ports, row, connector, platform, token, app, gate, deadline }))
}

impl Probe<'_> {
    /// Returns whether less than this time is left of the invocation.
    fn has_less_than(&self, needed: SignedDuration) -> bool {
        self.ports.clock.now() + needed > self.deadline
    }

    /// Returns how long calls may still take.
    fn left(&self) -> Duration {
        let left = self.deadline.duration_since(self.ports.clock.now()) - TO_SAVE;
        Duration::try_from(left).unwrap_or_default()
    }

    fn cx(&self) -> CallContext<'_> {
        let Self { token, app, platform, gate, .. } = self;
        CallContext { token, app, profile: platform, patience: self.left(), gate }
    }

    /// Asks for the accounts, or, where the product may not, for the person who granted. `None`: the token works, and
    /// no more is known.
    ///
    /// The list may take half of the time that is left. If the grant reaches more accounts than the connector can read
    /// in that time, the connector returns those that it read, and the other half of the time compares them.
    async fn ask(&self) -> Result<Option<AccountList>> {
        let gate = ListGate { live: &self.gate, time: Allowance::of(self.left() / 2) };
        let listed = match self.connector.accounts() {
            Some(accounts) => accounts.list(&CallContext { gate: &gate, ..self.cx() }).await,
            None => Err(Error::new(Kind::Refused, "no_accounts", "The platform lists no accounts.")),
        };
        match listed {
            Ok(list) => Ok(Some(list)),
            // The gate held the call back because the time was over, and not because the connection has ended.
            Err(error) if error.kind == Kind::Gone && gate.left().is_zero() => {
                Err(Error::unavailable("no_time", "The list took longer than a probe has time for."))
            }
            Err(error) if error.kind == Kind::Refused => {
                self.connector.oauth().identity(&self.cx()).await.map(|_| None)
            }
            // The grant lives and does not cover the list. This says nothing of any account.
            Err(error) if error.kind == Kind::NotPermitted => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn judge(&self, life: Life, asked: Result<Option<AccountList>>) -> Result<Outcome> {
        match asked {
            Ok(list) => self.alive(life, list).await,
            Err(error) => match error.kind {
                Kind::Reauthorise => {
                    let ended = grant::refused(&self.ports.grant(), &self.row, error.code).await?;
                    Ok(ended.map_or(Outcome::Refused(error.code), Outcome::Ended))
                }
                Kind::Gone => Ok(Outcome::Dropped),
                // The queue writes an error line about the error, and the line raises an alarm.
                Kind::Setup => Err(error),
                _ => Ok(Outcome::Later(error.code)),
            },
        }
    }

    async fn alive(&self, mut life: Life, list: Option<AccountList>) -> Result<Outcome> {
        let mut seen = accounts::Seen::default();
        if let Some(list) = &list {
            seen = accounts::compare(self, &mut life, list).await?;
        }
        if let Some(ended) = seen.ended {
            return Ok(Outcome::Ended(ended));
        }
        let now = self.ports.clock.now();
        life.answered_at = Some(now);
        life.schedule_probe(now);
        if seen.is_unfinished {
            life.due_at = life.due_at.min(now + crate::connect::token_life::RETRY);
        }
        if grant::accepted(&self.ports.grant(), &self.row, life).await? {
            let accounts::Seen { missed, lost, renewed, odd, .. } = seen;
            Ok(Outcome::Alive { missed, lost, renewed, odd })
        } else {
            Ok(Outcome::Already)
        }
    }
}

/// The gate of a probe: no call leaves for a connection that was let go.
struct LiveGate<'a> {
    fences: &'a dyn FenceRead,
    tenant: TenantId,
    connection: ConnectionId,
}

impl std::fmt::Debug for LiveGate<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LiveGate({})", self.connection)
    }
}

/// The gate of the calls that make up a list: open while the connection lives and the time for all calls is not over.
#[derive(Debug)]
struct ListGate<'a> {
    live: &'a LiveGate<'a>,
    time: Allowance,
}

#[async_trait]
impl Gate for ListGate<'_> {
    async fn is_open(&self) -> bool {
        self.time.is_open().await && self.live.is_open().await
    }

    fn left(&self) -> Duration {
        self.time.left()
    }

    fn spent(&self, time: Duration) {
        self.time.spent(time);
    }
}

#[async_trait]
impl Gate for LiveGate<'_> {
    async fn is_open(&self) -> bool {
        let fence = self.fences.fence(&self.tenant, &self.connection, None).await;
        fence.is_ok_and(|fence| fence.connection.is_some_and(crate::connect::connection::State::is_readable))
    }
}
