//! Takes deletion requests of the product's server: a connection, an account, or the whole tenant.
//!
//! Requests of people without a credential are in [`by_mail`] and [`by_link`].

pub mod by_link;
pub mod by_mail;

use crate::caller::{Caller, CredentialKind, Scope};
use crate::deletion::{Reason, Subject};
use crate::deletion_plan::{PlanPorts, Started, Target, cut, cut_for, earlier, start};
use crate::error::{Error, Kind, Result};
use crate::idempotency::{Attempt, Standing};
use crate::ports::DeletionQueue;

/// What the operation needs.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// Plans and makes the cut.
    pub plan: PlanPorts<'a>,
    /// Starts the first step at once.
    pub queue: &'a dyn DeletionQueue,
    /// Whether it was done before.
    pub attempt: &'a Attempt,
}

/// What to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A connection or one account of it.
    Part(Target),
    /// Everything of the tenant, its credentials included.
    Tenant,
}

/// Makes the cut. A tenant is closed at once; its connections are cut by the first step.
pub async fn run(ports: &Ports<'_>, caller: &Caller, input: &Input) -> Result<Started> {
    caller.require(Scope::DeletionsWrite)?;
    if let Standing::Done(Some(id)) = &ports.attempt.standing {
        let id = id.parse().map_err(|_| Error::not_found("deletion"))?;
        let deletion = earlier(&ports.plan, &caller.tenant, &id).await?;
        return Ok(Started { deletion, unsent: None });
    }
    let deletion = match input {
        Input::Part(part) => cut_for(&ports.plan, caller, part, Reason::Requested).await?,
        Input::Tenant => {
            refuse_browsers(caller)?;
            let t0 = ports.plan.clock.now();
            cut(&ports.plan, &caller.tenant, &Subject::Tenant, Reason::Requested, t0).await?
        }
    };
    Ok(start(ports.queue, deletion).await)
}

fn refuse_browsers(caller: &Caller) -> Result<()> {
    match caller.kind {
        CredentialKind::ApiKey => Ok(()),
        CredentialKind::FrontendToken(_) => {
            Err(Error::new(Kind::Forbidden, "not_for_browsers", "Only an API key may delete a tenant."))
        }
    }
}
