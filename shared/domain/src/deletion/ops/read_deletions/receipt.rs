//! Reads the receipt: what was held, what was done when, what was counted at zero, and what expires by when.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Ports, find};
use crate::base::error::{Error, Result, Retry};
use crate::base::ids::DeletionId;
use crate::base::table::Table;
use crate::deletion::ledger::{Deletion, Step};
use crate::people::caller::Caller;
use crate::platform::capabilities::{Connectors, RevokeOutcome};

/// A verified deletion, seen as its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The deletion.
    pub deletion: Deletion,
    /// The number of items that the subject had, by table.
    pub held: BTreeMap<Table, u64>,
    /// The number of places that were counted at zero, by table.
    pub counted: BTreeMap<Table, u64>,
    /// Where the person can end the grant at the platform; set when the grant may still exist there.
    pub settings_url: Option<&'static str>,
}

/// Reads the receipt of a deletion that is done.
pub async fn get(
    ports: &Ports,
    connectors: &dyn Connectors,
    caller: &Caller,
    id: &DeletionId,
) -> Result<Receipt> {
    let deletion = find(ports, caller, id).await?;
    if deletion.step == Step::Done {
        return Ok(of(connectors, deletion));
    }
    let due = deletion.next_step_at.unwrap_or(deletion.delete_by);
    let message = format!(
        "This deletion is not verified yet. Its next step is `{}`, due at {due:.3}.",
        deletion.step.as_str()
    );
    let wait = Duration::try_from(due.duration_since(ports.clock.now())).unwrap_or_default();
    let retry = Retry::After(Some(wait.max(Duration::from_secs(1))));
    Err(Error::conflict("not_verified_yet", message).retry(retry))
}

fn of(connectors: &dyn Connectors, deletion: Deletion) -> Receipt {
    let mut held = BTreeMap::new();
    let deleted = deletion.events.iter().filter(|event| event.step < Step::Verify);
    for (table, count) in deleted.flat_map(|event| &event.counts) {
        *held.entry(*table).or_default() += count;
    }
    let mut counted = BTreeMap::new();
    for place in &deletion.places {
        *counted.entry(place.class).or_default() += 1;
    }
    let settings_url = settings_url(connectors, &deletion);
    Receipt { deletion, held, counted, settings_url }
}

/// Returns where a person can end the grant at the platform, unless the platform said that the grant has ended.
pub fn settings_url(connectors: &dyn Connectors, deletion: &Deletion) -> Option<&'static str> {
    match deletion.revoke {
        None | Some(RevokeOutcome::Killed) => None,
        Some(RevokeOutcome::Refused | RevokeOutcome::Impossible | RevokeOutcome::Unreachable) => {
            connectors.find(&deletion.platform).map(|connector| connector.manifest().settings_url)
        }
    }
}
