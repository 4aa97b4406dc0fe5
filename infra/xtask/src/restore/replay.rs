//! Does every deletion since a point in time to a copy of a table.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use jiff::Timestamp;
use mooring_domain::base::ids::DeletionId;
use mooring_domain::base::place::Place;
use mooring_domain::base::table::Table;
use mooring_domain::deletion::ledger::Deletion;
use mooring_domain::deletion::ports::{LedgerList, Purge};

/// What a replay did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// How many deletions were replayed.
    pub(super) deletions: usize,
    /// How many rows of the copy they deleted.
    pub(super) rows: u64,
}

/// Keeps the deletions that the state at a point may not show in full: those that were not verified before it.
pub(super) fn since(mut deletions: Vec<Deletion>, at: Timestamp) -> Vec<Deletion> {
    deletions.retain(|deletion| deletion.verified_at.is_none_or(|verified| verified >= at));
    deletions
}

/// Deletes from a copy of a table what the Ledger deleted since a point, and counts each place at zero. Goes over the
/// Ledger again until no deletion came meanwhile.
pub(super) async fn replay(
    ledger: &impl LedgerList,
    copy: &impl Purge,
    table: Table,
    at: Timestamp,
) -> Result<Done> {
    let (mut done, mut seen) = (Done::default(), BTreeMap::<DeletionId, usize>::new());
    loop {
        let open = since(ledger.every_deletion().await?, at);
        // A deletion of a tenant names its places at the cutoff, and never other ones later.
        let new: Vec<&Deletion> =
            open.iter().filter(|one| seen.get(&one.id) != Some(&one.places.len())).collect();
        if new.is_empty() {
            return Ok(Done { deletions: seen.len(), ..done });
        }
        for deletion in new {
            for place in deletion.places.iter().filter(|place| place.class == table) {
                done.rows += emptied(copy, place, deletion).await?;
            }
            seen.insert(deletion.id.clone(), deletion.places.len());
        }
    }
}

/// Empties one place of the copy and counts it; returns how many rows there were.
async fn emptied(copy: &impl Purge, place: &Place, deletion: &Deletion) -> Result<u64> {
    let rows = copy.purge(place).await?;
    let left = copy.count(place).await?;
    ensure!(
        left == 0,
        "{}: {left} rows are left in the copy; the copy stays apart, say it again",
        deletion.id
    );
    Ok(rows)
}
