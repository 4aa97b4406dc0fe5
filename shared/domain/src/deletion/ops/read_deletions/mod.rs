//! Reads deletions: for callers with the scope, and by public code for everybody who has the code.

pub mod receipt;

use std::sync::Arc;

use crate::base::error::{Error, Kind, Result};
use crate::base::host::{Clock, Entropy};
use crate::base::ids::{ConnectionId, DeletionId};
use crate::base::together::both;
use crate::base::walk::Walk;
use crate::deletion::ledger::Deletion;
use crate::deletion::ports::{DeletionOwnerRead, LedgerRead};
use crate::people::caller::{Caller, CredentialKind, Scope};

rows!(LedgerRead, DeletionOwnerRead);

/// The ports of reading deletions.
#[derive(Clone)]
pub struct Ports {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
}

/// A page of deletions.
#[derive(Debug, Clone)]
pub struct Listing {
    /// The deletions, oldest first.
    pub deletions: Vec<Deletion>,
    /// The deletion after which the next page starts; `None` on the last page.
    pub next: Option<DeletionId>,
}

/// Lists deletions of the caller's tenant, oldest first: all, or those of a connection and of its accounts. A page may be
/// short, or empty, and yet not be the last.
///
/// A frontend token may not list: Mooring forgets a deletion's owner once everything must be gone, so that a list
/// could not be narrowed to one end user. A frontend token reads the deletions of its own end user by id.
pub async fn list(
    ports: &Ports,
    caller: &Caller,
    connection: Option<&ConnectionId>,
    after: Option<DeletionId>,
    limit: u32,
) -> Result<Listing> {
    caller.require(Scope::DeletionsRead)?;
    if matches!(caller.kind, CredentialKind::FrontendToken(_)) {
        let message = "A frontend token may read a deletion by its id; only an API key may list them.";
        return Err(Error::new(Kind::Forbidden, "not_for_browsers", message));
    }
    let mut walk = Walk::new(after, limit, connection.is_some());
    while let Some((after, most)) = walk.wants() {
        let found = ports.rows.deletions(&caller.tenant, after, most).await?;
        let takes = |row: &Deletion| connection.is_none_or(|id| row.subject.connection() == Some(id));
        walk.take(found, |row| &row.id, takes);
    }
    let (deletions, next) = walk.end();
    Ok(Listing { deletions, next })
}

/// Reads one deletion of the caller's tenant.
pub async fn get(ports: &Ports, caller: &Caller, id: &DeletionId) -> Result<Deletion> {
    find(ports, caller, id).await
}

/// Finds a deletion that the caller may see. A deletion of another end user, or one without a known end user, counts
/// as absent.
async fn find(ports: &Ports, caller: &Caller, id: &DeletionId) -> Result<Deletion> {
    caller.require(Scope::DeletionsRead)?;
    let (found, visible) = both(ports.rows.deletion(&caller.tenant, id), is_visible(ports, caller, id)).await;
    let (found, visible) = (found?, visible?);
    found.filter(|_| visible).ok_or_else(|| Error::not_found("deletion"))
}

/// Returns whether the caller may see a deletion, if there is one.
async fn is_visible(ports: &Ports, caller: &Caller, id: &DeletionId) -> Result<bool> {
    match caller.kind {
        CredentialKind::ApiKey => Ok(true),
        CredentialKind::FrontendToken(_) => {
            let owner = ports.rows.owner(&caller.tenant, id, ports.clock.now()).await?;
            Ok(owner.is_some_and(|owner| caller.may_see(&owner)))
        }
    }
}

/// Reads the deletion of a public code. The page has to show the status and nothing else.
pub async fn by_code(ledger: &dyn LedgerRead, entropy: &dyn Entropy, code: &str) -> Result<Deletion> {
    let found = ledger.by_code(&entropy.digest(code.as_bytes())).await?;
    found.ok_or_else(|| Error::not_found("deletion"))
}
