//! The passes that delete. Each counts first and writes that down, and only then deletes: a crash in between would
//! otherwise lose from the receipt what was deleted before it.

use std::collections::BTreeMap;

use super::{Ports, enter, event, passes};
use crate::base::error::Result;
use crate::base::table::Table;
use crate::deletion::ledger::{Deletion, Step};
use crate::deletion::places::Place;

/// Does half of a pass: counts its places, or deletes them if they were counted, and moves on.
pub(super) async fn pass(ports: &Ports, mut deletion: Deletion, next: Step) -> Result<Deletion> {
    let places = passes::of(&deletion);
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

/// Counts places, by table; a table whose places are empty is there with a zero.
pub(super) async fn count(ports: &Ports, places: &[Place]) -> Result<Vec<(Table, u64)>> {
    let mut counts = BTreeMap::new();
    for place in places {
        *counts.entry(place.table).or_default() += ports.rows.count(place).await?;
    }
    Ok(counts.into_iter().collect())
}

/// Empties places and says how many items there were, by table.
pub(super) async fn purge(ports: &Ports, places: &[Place]) -> Result<Vec<(Table, u64)>> {
    let mut counts = BTreeMap::new();
    for place in places {
        *counts.entry(place.table).or_default() += ports.rows.purge(place).await?;
    }
    Ok(counts.into_iter().collect())
}

/// The larger count of each table: a pass that was begun twice deleted less the second time, and one that met a late
/// writer deleted more than was counted.
fn larger(counted: &[(Table, u64)], purged: &[(Table, u64)]) -> Vec<(Table, u64)> {
    let mut counts: BTreeMap<Table, u64> = counted.iter().copied().collect();
    for (table, count) in purged {
        let entry = counts.entry(*table).or_default();
        *entry = (*entry).max(*count);
    }
    counts.into_iter().collect()
}
