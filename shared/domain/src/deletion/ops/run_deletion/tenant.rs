//! Ends a tenant: each of its connections ends by a deletion of its own, and the tenant's deletion is verified after
//! them.

use super::{Ports, enter, event};
use crate::base::error::{Kind, Result};
use crate::base::ids::{ConnectionId, DeletionId};
use crate::base::place::Subject;
use crate::connect::connection::State;
use crate::deletion::ledger::{Deletion, Reason, Step};
use crate::deletion::steps::begin_deletion::{cut, start};

/// The number of rows that one read returns.
const PAGE: u32 = 100;

/// Makes the cutoff of every connection and moves on.
pub(super) async fn cut_connections(ports: &Ports, mut deletion: Deletion) -> Result<Deletion> {
    cut_newcomers(ports, &deletion).await?;
    let now = ports.now();
    deletion.events.push(event(now, Step::CutConnections, Vec::new(), None));
    enter(&mut deletion, Step::ShredData, now);
    Ok(deletion)
}

/// Makes the cutoff of the tenant's connections that have none yet: a person may have come back from the platform
/// after the tenant was closed.
pub(super) async fn cut_newcomers(ports: &Ports, deletion: &Deletion) -> Result<()> {
    if deletion.subject != Subject::Tenant {
        return Ok(());
    }
    let mut after: Option<ConnectionId> = None;
    loop {
        let page = ports.rows.connections(&deletion.tenant, after.as_ref(), PAGE).await?;
        for row in page.iter().filter(|row| row.state != State::Purging) {
            cut_child(ports, deletion, &row.id).await?;
        }
        match page.last() {
            Some(last) => after = Some(last.id.clone()),
            None => return Ok(()),
        }
    }
}

/// Makes the cutoff of one connection. Its promise starts when the tenant's does.
async fn cut_child(ports: &Ports, parent: &Deletion, connection: &ConnectionId) -> Result<()> {
    let subject = Subject::Connection(connection.clone());
    match cut(&ports.plan(), &parent.tenant, &subject, Reason::TenantDeleted, parent.t0).await {
        // The connection was deleted between the list and the cutoff.
        Err(error) if error.kind == Kind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(child) => {
            start(ports.queue.as_ref(), child).await;
            Ok(())
        }
    }
}

/// Returns whether every other deletion of the tenant is done.
pub(super) async fn children_are_done(ports: &Ports, deletion: &Deletion) -> Result<bool> {
    if deletion.subject != Subject::Tenant {
        return Ok(true);
    }
    let mut after: Option<DeletionId> = None;
    loop {
        let page = ports.rows.deletions(&deletion.tenant, after.as_ref(), PAGE).await?;
        if page.iter().any(|other| other.id != deletion.id && other.step != Step::Done) {
            return Ok(false);
        }
        match page.last() {
            Some(last) => after = Some(last.id.clone()),
            None => return Ok(true),
        }
    }
}
