//! Shows and begins the deletion of a whole tenant, which the operator of the deployment asks for.
//!
//! The cutoff is that of a request through the API: from it on nothing of the tenant is readable, and the seven days
//! count. Nothing sends the first step: the Ledger is the outbox, and the sweeper finds it within five minutes.

use std::sync::Arc;

use crate::base::error::{Error, Result};
use crate::base::host::{Clock, Entropy};
use crate::base::ids::TenantId;
use crate::base::place::Subject;
use crate::connect::connection::State;
use crate::deletion::ledger::{Deletion, Reason};
use crate::deletion::steps::begin_deletion::{self, cut};
use crate::people::ports::CallerRead;
use crate::people::tenant::Tenant;

rows!(begin_deletion::Rows, CallerRead);

/// How many connections are read at once.
const PAGE: u32 = 100;

/// The ports of showing and beginning.
#[derive(Clone)]
pub struct Ports {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids and public codes.
    pub entropy: Arc<dyn Entropy>,
    /// The rows of the tenant, its connections and deletions.
    pub rows: Arc<dyn Rows>,
}

/// A tenant that will be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The tenant.
    pub tenant: Tenant,
    /// How many connections it has that no deletion has begun to end.
    pub connections: usize,
}

/// Returns what the deletion would end. Writes nothing.
pub async fn look(ports: &Ports, tenant: &TenantId) -> Result<Held> {
    let known = ports.rows.tenant(tenant).await?.ok_or_else(|| Error::not_found("tenant"))?;
    let (mut connections, mut after) = (0, None);
    loop {
        let page = ports.rows.connections(tenant, after.as_ref(), PAGE).await?;
        connections += page.iter().filter(|row| row.state != State::Purging).count();
        after = page.last().map(|row| row.id.clone());
        if after.is_none() {
            return Ok(Held { tenant: known, connections });
        }
    }
}

/// Makes the cutoff of the whole tenant, or returns the deletion of an earlier cutoff.
pub async fn run(ports: &Ports, tenant: &TenantId) -> Result<Deletion> {
    let Ports { clock, entropy, rows } = ports.clone();
    let t0 = clock.now();
    let plan = begin_deletion::Ports { clock, entropy, rows };
    cut(&plan, tenant, &Subject::Tenant, Reason::Requested, t0).await
}
