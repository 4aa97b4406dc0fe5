//! Which live connections of a tenant hold an account.
//!
//! A connection's row lists the fingerprints of the accounts that it was taken up with, so that one query over a tenant's
//! connections finds those that may hold an account; their own account rows say whether they still do.

use async_trait::async_trait;
use mooring_domain::Result;
use mooring_domain::connection::Connection;
use mooring_domain::ids::TenantId;
use mooring_domain::ports::{ConnectionRead as _, HeldAccounts};
use mooring_domain::secret::Fingerprint;

use crate::Store;
use crate::items::connection::read_connection;
use crate::items::{Fields, Item};
use crate::keys;

/// The fingerprints of the accounts that a connection was taken up with.
pub(crate) const REACHES: &str = "reaches";

#[async_trait]
impl HeldAccounts for Store {
    async fn held(
        &self,
        tenant: &TenantId,
        accounts: &[Fingerprint],
    ) -> Result<Vec<(Fingerprint, Connection)>> {
        let mut held = Vec::new();
        for row in self.query(&keys::connections_from(tenant, None)).await? {
            if !reaches(&row, accounts)? {
                continue;
            }
            let connection = read_connection(tenant, &row)?;
            if !connection.state.is_readable() {
                continue;
            }
            let rows = self.accounts(tenant, &connection.id).await?;
            let live = rows.into_iter().filter(|account| account.state.is_readable());
            let same = live.map(|account| account.fingerprint).filter(|one| accounts.contains(one));
            held.extend(same.map(|fingerprint| (fingerprint, connection.clone())));
        }
        Ok(held)
    }
}

fn reaches(row: &Item, accounts: &[Fingerprint]) -> Result<bool> {
    if !row.contains_key(REACHES) {
        return Ok(false);
    }
    let listed = Fields::of("connection", row).texts(REACHES)?;
    Ok(listed.iter().any(|one| accounts.iter().any(|account| account.0 == *one)))
}
