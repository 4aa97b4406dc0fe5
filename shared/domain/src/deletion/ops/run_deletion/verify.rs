//! The verification: every place is counted, and only zeros end the deletion.

use super::{Ports, event, passes, purge, tenant};
use crate::base::error::Result;
use crate::deletion::ledger::{Deletion, Step, VERIFY_PAUSE};

/// Counts every place. Items that are still there are deleted, their number is stored, and they are counted again an
/// hour later.
pub(super) async fn verify(ports: &Ports, mut deletion: Deletion) -> Result<Deletion> {
    tenant::cut_newcomers(ports, &deletion).await?;
    let places = passes::of(ports.rows.as_ref(), &deletion);
    let children_are_done = tenant::children_are_done(ports, &deletion).await?;
    let counts = purge::count(ports, &places).await?;
    let is_empty = counts.iter().all(|(_, count)| *count == 0);
    if !is_empty && children_are_done {
        purge::purge(ports, &places).await?;
    }
    let now = ports.now();
    deletion.events.push(event(now, Step::Verify, counts, None));
    if is_empty && children_are_done {
        deletion.step = Step::Done;
        deletion.verified_at = Some(now);
        deletion.next_step_at = None;
    } else {
        deletion.next_step_at = Some(now + VERIFY_PAUSE);
    }
    Ok(deletion)
}
