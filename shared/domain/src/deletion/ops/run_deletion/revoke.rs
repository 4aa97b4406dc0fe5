//! The one platform call after the cutoff (promises S19 and S20, conflict K7): Mooring asks the platform to end the grant,
//! before the token is deleted.
//!
//! Mooring stores a try before it makes the call, so that no crash and no duplicate message adds a fourth. An error
//! that only the operator can mend fails the run as well, because an error raises an alarm and a failed try does not.

use std::time::Duration;

use super::{Ports, enter, event, is_due, save};
use crate::base::error::{EXPIRED, Error, Kind, REVOKED, Result};
use crate::base::ids::{ConnectionId, TenantId};
use crate::base::place::Subject;
use crate::connect::steps::grant;
use crate::deletion::ledger::{Deletion, REVOKE_PAUSE, REVOKE_TRIES, Step};
use crate::deletion::steps::begin_deletion::start;
use crate::platform::capabilities::{CallContext, Connector, RevokeOutcome, Unguarded};
use crate::platform::credentials::AppCredentials;
use crate::platform::profile::PlatformProfile;
use crate::platform::steps::app_secrets;

/// Makes one try, and moves on once the outcome is known or the tries are used up.
pub(super) async fn revoke(ports: &Ports, mut deletion: Deletion) -> Result<Option<Deletion>> {
    let Subject::Connection(connection) = deletion.subject.clone() else {
        enter(&mut deletion, Step::PurgeAgain, ports.now());
        return Ok(Some(deletion));
    };
    if deletion.revoke_tries >= REVOKE_TRIES {
        return Ok(Some(decided(ports, deletion, RevokeOutcome::Unreachable)));
    }
    deletion.revoke_tries += 1;
    deletion.next_step_at = Some(ports.now() + REVOKE_PAUSE);
    if !save(ports, &mut deletion).await? {
        return Ok(None);
    }
    Ok(Some(match ask(ports, &deletion, &connection).await {
        Asked::Answered(outcome) => decided(ports, deletion, outcome),
        Asked::NothingToAskWith if deletion.revoke_tries > 1 => {
            decided(ports, deletion, RevokeOutcome::Unreachable)
        }
        Asked::NothingToAskWith => decided(ports, deletion, RevokeOutcome::Impossible),
        Asked::Failed(Some(error)) if is_ours(&error) => {
            return alarm(ports, failed(ports, deletion), error).await;
        }
        Asked::Failed(_) => failed(ports, deletion),
    }))
}

/// The outcome of one try.
enum Asked {
    /// The platform or Mooring's own rules gave an outcome.
    Answered(RevokeOutcome),
    /// The token or its key is gone.
    NothingToAskWith,
    /// The next try may work; holds the error if there was one.
    Failed(Option<Error>),
}

fn decided(ports: &Ports, mut deletion: Deletion, outcome: RevokeOutcome) -> Deletion {
    let now = ports.now();
    deletion.events.push(event(now, Step::Revoke, Vec::new(), Some(outcome)));
    deletion.revoke = Some(outcome);
    enter(&mut deletion, Step::ShredToken, now);
    deletion
}

fn failed(ports: &Ports, mut deletion: Deletion) -> Deletion {
    if deletion.revoke_tries >= REVOKE_TRIES {
        return decided(ports, deletion, RevokeOutcome::Unreachable);
    }
    deletion.events.push(event(ports.now(), Step::Revoke, Vec::new(), Some(RevokeOutcome::Unreachable)));
    deletion
}

/// Returns whether only the operator can mend the error.
fn is_ours(error: &Error) -> bool {
    matches!(error.kind, Kind::Setup | Kind::Sealed | Kind::Internal)
}

/// Counts a failed try and ends the run with its error. The queue writes an error line about that error.
async fn alarm(ports: &Ports, mut deletion: Deletion, error: Error) -> Result<Option<Deletion>> {
    if !save(ports, &mut deletion).await? {
        return Ok(None);
    }
    if is_due(&deletion, ports.now()) {
        // A message that was not sent does no harm: the sweeper sends every due deletion.
        start(ports.queue.as_ref(), deletion).await;
    }
    Err(error)
}

async fn ask(ports: &Ports, deletion: &Deletion, connection: &ConnectionId) -> Asked {
    let connector = ports.connectors.find(&deletion.platform);
    let profile = ports.profile.platform(&deletion.platform);
    let (Some(connector), Some(profile)) = (connector, profile) else {
        return Asked::Answered(RevokeOutcome::Impossible);
    };
    match call(ports, connector, profile, (&deletion.tenant, connection)).await {
        Ok(None) => Asked::NothingToAskWith,
        Ok(Some(RevokeOutcome::Unreachable)) => Asked::Failed(None),
        Ok(Some(outcome)) => Asked::Answered(outcome),
        Err(error) => match error.kind {
            // The token is dead at the platform, as Mooring asked for.
            Kind::Reauthorise if [REVOKED, EXPIRED].contains(&error.code) => {
                Asked::Answered(RevokeOutcome::Killed)
            }
            // The profile does not allow the call.
            Kind::Refused => Asked::Answered(RevokeOutcome::Impossible),
            _ => Asked::Failed(Some(error)),
        },
    }
}

/// How long the one call may take; the worker has a quarter of an hour.
const PATIENCE: Duration = Duration::from_mins(1);

async fn call(
    ports: &Ports,
    connector: &dyn Connector,
    profile: &PlatformProfile,
    (tenant, connection): (&TenantId, &ConnectionId),
) -> Result<Option<RevokeOutcome>> {
    let token = grant::access_token(ports.rows.as_ref(), ports.keys.as_ref(), tenant, connection).await?;
    let Some(token) = token else { return Ok(None) };
    let platform = connector.manifest().platform;
    let app: AppCredentials =
        app_secrets::credentials(ports.rows.as_ref(), ports.keys.as_ref(), platform).await?;
    let cx = CallContext { token: &token, app: &app, profile, patience: PATIENCE, gate: &Unguarded };
    connector.oauth().revoke(&cx).await.map(Some)
}
