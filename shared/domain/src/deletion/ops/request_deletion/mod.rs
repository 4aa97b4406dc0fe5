//! Takes deletion requests from the product's server: for a connection, an account, or the whole tenant.
//!
//! Requests from people without a credential are in [`by_mail`] and [`by_link`], those of the operator in [`by_operator`].

pub mod by_link;
pub mod by_mail;
pub mod by_operator;

use std::sync::Arc;

use crate::base::error::{Error, Kind, Result};
use crate::base::host::Clock;
use crate::base::host::Entropy;
use crate::base::place::Subject;
use crate::base::queue::JobQueue;
use crate::deletion::ledger::DeletionJob;
use crate::deletion::ledger::Reason;
use crate::deletion::steps::begin_deletion::{self, Started, Target, cut, cut_for, earlier, start};
use crate::guard::idempotency::{Attempt, Standing};
use crate::people::caller::{Caller, CredentialKind, Scope};

rows!(begin_deletion::Rows);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids and public codes.
    pub entropy: Arc<dyn Entropy>,
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
    /// Starts the first step at once.
    pub queue: Arc<dyn JobQueue<DeletionJob>>,
}

impl Ports {
    /// Returns the ports that a cutoff needs.
    fn plan(&self) -> begin_deletion::Ports {
        let Self { clock, entropy, rows, .. } = self.clone();
        begin_deletion::Ports { clock, entropy, rows }
    }
}

/// The subject to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A connection, or one of its accounts.
    Part(Target),
    /// Everything of the tenant, the tenant's credentials included.
    Tenant,
}

/// Makes the cutoff. A tenant is closed at once; the first step makes the cutoff of each of its connections.
pub async fn run(ports: &Ports, attempt: &Attempt, caller: &Caller, input: &Input) -> Result<Started> {
    caller.require(Scope::DeletionsWrite)?;
    if let Standing::Done(Some(id)) = &attempt.standing {
        let id = id.parse().map_err(|_| Error::not_found("deletion"))?;
        let deletion = earlier(&ports.plan(), &caller.tenant, &id).await?;
        return Ok(Started { deletion, unsent: None });
    }
    let deletion = match input {
        Input::Part(part) => cut_for(&ports.plan(), caller, part, Reason::Requested).await?,
        Input::Tenant => {
            refuse_browsers(caller)?;
            let t0 = ports.clock.now();
            cut(&ports.plan(), &caller.tenant, &Subject::Tenant, Reason::Requested, t0).await?
        }
    };
    Ok(start(ports.queue.as_ref(), deletion).await)
}

fn refuse_browsers(caller: &Caller) -> Result<()> {
    match caller.kind {
        CredentialKind::ApiKey => Ok(()),
        CredentialKind::FrontendToken(_) => {
            Err(Error::new(Kind::Forbidden, "not_for_browsers", "Only an API key may delete a tenant."))
        }
    }
}
