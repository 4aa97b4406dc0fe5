//! Reads deletions: for callers with the scope, and by public code for everybody who has it.

pub mod receipt;

use crate::caller::{Caller, CredentialKind, Scope};
use crate::deletion::Deletion;
use crate::error::{Error, Kind, Result};
use crate::ids::DeletionId;
use crate::ports::{Entropy, LedgerRead};

/// What reading needs.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// The Ledger.
    pub ledger: &'a dyn LedgerRead,
    /// Digests of public codes.
    pub entropy: &'a dyn Entropy,
}

/// Lists deletions of the caller's tenant, oldest first.
///
/// Frontend tokens may not: a deletion outlives the connection that says whose it was, so that a list could not be
/// narrowed to one end user. They read the one whose id they were given.
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
    find(ports.ledger, caller, id).await
}

async fn find(ledger: &dyn LedgerRead, caller: &Caller, id: &DeletionId) -> Result<Deletion> {
    caller.require(Scope::DeletionsRead)?;
    ledger.deletion(&caller.tenant, id).await?.ok_or_else(|| Error::not_found("deletion"))
}

/// Reads the deletion of a public code. What it shows is the status and nothing else; that is the page's duty.
pub async fn by_code(ports: &Ports<'_>, code: &str) -> Result<Deletion> {
    let found = ports.ledger.by_code(&ports.entropy.digest(code.as_bytes())).await?;
    found.ok_or_else(|| Error::not_found("deletion"))
}
