//! Deletions of connections that nobody took up: they wait in the Ledger from the callback on, and make their cutoff
//! late.

use super::Ports;
use crate::base::error::Result;
use crate::base::ids::ConnectionId;
use crate::base::place::Subject;
use crate::connect::connection::State;
use crate::deletion::ledger::{Deletion, Reason};
use crate::deletion::ports::Cutoff;
use crate::deletion::steps::begin_deletion;

/// Makes the cutoff of an abandoned connection before its first step; every other deletion passes through.
///
/// Returns `None` when there is nothing to delete, because the connection was taken up.
pub(super) async fn cut_first(ports: &Ports, deletion: Deletion) -> Result<Option<Deletion>> {
    let waiting = deletion.reason == Reason::Abandoned && deletion.events.is_empty();
    let Subject::Connection(connection) = &deletion.subject else { return Ok(Some(deletion)) };
    if !waiting {
        return Ok(Some(deletion));
    }
    let row = ports.rows.connection(&deletion.tenant, connection).await?;
    match row.map(|row| row.state) {
        Some(State::Pending) => cut(ports, &deletion, connection.clone()).await,
        // The cutoff was made; or TTL was faster, and the rest is in the places that the deletion began with.
        Some(State::Purging) | None => Ok(Some(deletion)),
        Some(State::Active | State::Suspect | State::NeedsReauth) => Ok(None),
    }
}

/// Plans once more, because the person may have chosen accounts since, and makes the cutoff under the same id and
/// code.
async fn cut(ports: &Ports, waiting: &Deletion, connection: ConnectionId) -> Result<Option<Deletion>> {
    let Deletion { tenant, id, t0, .. } = waiting;
    let subject = Subject::Connection(connection);
    let (planned, owner) =
        begin_deletion::plan(&ports.plan(), tenant, &subject, Reason::Abandoned, *t0).await?;
    let (code, version) = (waiting.code.clone(), waiting.version + 1);
    let planned = Deletion { id: id.clone(), code, version, ..planned };
    match ports.rows.begin(&planned, owner.as_ref()).await? {
        Cutoff::Made => Ok(Some(planned)),
        // Somebody disconnected the connection meanwhile, and that disconnect took this deletion over.
        Cutoff::Before(_) => ports.rows.deletion(tenant, id).await,
        Cutoff::Nothing => Ok(None),
    }
}
