//! The passes that delete. Each pass first counts and stores the counts, and only then deletes: after a crash in
//! between, the receipt would otherwise lose the items that were deleted before it.

use std::collections::BTreeMap;

use super::{Ports, enter, event, passes};
use crate::base::error::Result;
use crate::base::place::Place;
use crate::base::table::Table;
use crate::deletion::ledger::{Deletion, Step};

/// Does half of a pass: counts its places, or, if they were counted, deletes them and moves on.
pub(super) async fn pass(ports: &Ports, mut deletion: Deletion, next: Step) -> Result<Deletion> {
    let places = passes::of(ports.rows.as_ref(), &deletion);
    let is_noted = deletion.events.last().is_some_and(|last| last.step == deletion.step);
    if !is_noted && !places.is_empty() {
        let counts = count(ports, &places).await?;
        deletion.events.push(event(ports.now(), deletion.step, counts, None));
        return Ok(deletion);
    }
    let purged = purge(ports, &places).await?;
    let now = ports.now();
    if !is_noted {
        deletion.events.push(event(now, deletion.step, Vec::new(), None));
    }
    if let Some(note) = deletion.events.last_mut() {
        note.at = now;
        note.counts = larger(&note.counts, &purged);
    }
    enter(&mut deletion, next, now);
    Ok(deletion)
}

/// Counts the items of places, by table. A table whose places are empty has a zero.
pub(super) async fn count(ports: &Ports, places: &[Place]) -> Result<Vec<(Table, u64)>> {
    let mut counts = BTreeMap::new();
    for place in places {
        *counts.entry(place.class).or_default() += ports.rows.count(place).await?;
    }
    Ok(counts.into_iter().collect())
}

/// Empties places and returns how many items they had, by table.
pub(super) async fn purge(ports: &Ports, places: &[Place]) -> Result<Vec<(Table, u64)>> {
    let mut counts = BTreeMap::new();
    for place in places {
        *counts.entry(place.class).or_default() += ports.rows.purge(place).await?;
    }
    Ok(counts.into_iter().collect())
}

/// Returns the larger count of each table: a pass that began twice deleted less the second time, and a pass that met a
/// late writer deleted more than it had counted.
fn larger(counted: &[(Table, u64)], purged: &[(Table, u64)]) -> Vec<(Table, u64)> {
    let mut counts: BTreeMap<Table, u64> = counted.iter().copied().collect();
    for (table, count) in purged {
        let entry = counts.entry(*table).or_default();
        *entry = (*entry).max(*count);
    }
    counts.into_iter().collect()
}
