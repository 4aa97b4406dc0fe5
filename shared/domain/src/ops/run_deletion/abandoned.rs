//! Deletions of connections that nobody took up: they wait in the Ledger from the callback on, and make their cut late.

use crate::connection::State;
use crate::deletion::{Deletion, Reason, Subject};
use crate::deletion_plan;
use crate::error::Result;
use crate::ids::ConnectionId;
use crate::ops::run_deletion::Ports;
use crate::ports::Cut;

/// Makes the cut of an abandoned connection before its first step; every other deletion passes through.
///
/// `None` when there is nothing to delete: the connection was taken up.
pub(super) async fn cut_first(ports: &Ports<'_>, deletion: Deletion) -> Result<Option<Deletion>> {
    let waiting = deletion.reason == Reason::Abandoned && deletion.events.is_empty();
    let Subject::Connection(connection) = &deletion.subject else { return Ok(Some(deletion)) };
    if !waiting {
        return Ok(Some(deletion));
    }
    let row = ports.plan.connections.connection(&deletion.tenant, connection).await?;
    match row.map(|row| row.state) {
        Some(State::Pending) => cut(ports, &deletion, connection.clone()).await,
        // The cut was made; or TTL was faster, and what is left is in the places that the deletion began with.
        Some(State::Purging) | None => Ok(Some(deletion)),
        Some(State::Active | State::Suspect | State::NeedsReauth) => Ok(None),
    }
}

/// Plans once more, because accounts were chosen since, and cuts under the same id and code.
async fn cut(ports: &Ports<'_>, waiting: &Deletion, connection: ConnectionId) -> Result<Option<Deletion>> {
    let Deletion { tenant, id, t0, .. } = waiting;
    let subject = Subject::Connection(connection);
    let (planned, owner) = deletion_plan::plan(&ports.plan, tenant, &subject, Reason::Abandoned, *t0).await?;
    let (code, version) = (waiting.code.clone(), waiting.version + 1);
    let planned = Deletion { id: id.clone(), code, version, ..planned };
    match ports.plan.begin.begin(&planned, owner.as_ref()).await? {
        Cut::Made => Ok(Some(planned)),
        // Somebody disconnected it meanwhile, which took this deletion over.
        Cut::Before(_) => ports.plan.ledger.deletion(tenant, id).await,
        Cut::Nothing => Ok(None),
    }
}
