//! Reads deletions: for callers with the scope, and by public code for everybody who has it.

pub mod receipt;

use crate::caller::{Caller, CredentialKind, Scope};
use crate::deletion::Deletion;
use crate::error::{Error, Kind, Result};
use crate::ids::DeletionId;
use crate::ports::{Clock, DeletionOwnerRead, Entropy, LedgerRead};

/// What reading needs.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// The Ledger.
    pub ledger: &'a dyn LedgerRead,
    /// Whose deletions are.
    pub owners: &'a dyn DeletionOwnerRead,
    /// Time.
    pub clock: &'a dyn Clock,
}

/// Lists deletions of the caller's tenant, oldest first.
///
/// Frontend tokens may not: whose a deletion was is forgotten once everything must be gone, so that a list could not be
/// narrowed to one end user. They read those of their own end user by id.
pub async fn list(
    ports: &Ports<'_>,
    caller: &Caller,
    after: Option<&DeletionId>,
    limit: u32,
) -> Result<Vec<Deletion>> {
    caller.require(Scope::DeletionsRead)?;
    if matches!(caller.kind, CredentialKind::FrontendToken(_)) {
        let message = "A frontend token may read a deletion by its id; only an API key may list them.";
        return Err(Error::new(Kind::Forbidden, "not_for_browsers", message));
    }
    ports.ledger.deletions(&caller.tenant, after, limit).await
}

/// Reads one deletion of the caller's tenant.
pub async fn get(ports: &Ports<'_>, caller: &Caller, id: &DeletionId) -> Result<Deletion> {
    find(ports, caller, id).await
}

/// Finds a deletion that the caller may see: what is another end user's is not there, nor is what is known to be nobody's.
async fn find(ports: &Ports<'_>, caller: &Caller, id: &DeletionId) -> Result<Deletion> {
    caller.require(Scope::DeletionsRead)?;
    let found = ports.ledger.deletion(&caller.tenant, id).await?;
    let visible = match caller.kind {
        CredentialKind::ApiKey => true,
        CredentialKind::FrontendToken(_) => {
            let owner = ports.owners.owner(&caller.tenant, id, ports.clock.now()).await?;
            owner.is_some_and(|owner| caller.may_see(&owner))
        }
    };
    found.filter(|_| visible).ok_or_else(|| Error::not_found("deletion"))
}

/// Reads the deletion of a public code. What it shows is the status and nothing else; that is the page's duty.
pub async fn by_code(ledger: &dyn LedgerRead, entropy: &dyn Entropy, code: &str) -> Result<Deletion> {
    let found = ledger.by_code(&entropy.digest(code.as_bytes())).await?;
    found.ok_or_else(|| Error::not_found("deletion"))
}
