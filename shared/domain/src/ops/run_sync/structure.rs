//! Names and statuses: read whole, written only where they changed.

use jiff::Timestamp;

use super::levels::{changed, next_page};
use super::work::{Draft, Step, Stop, Work};
use crate::connector::StructureRead;
use crate::error::Kind;
use crate::report::{Entity, LONGEST_ID, Level, shortened};
use crate::sheet::{StoredSheet, encode_entities, slot, structure_name};

/// Reads all levels and answers how many entities there are. A profile or grant without structure has none: its
/// reports have ids and no names.
pub(super) async fn read(work: &Work<'_>) -> Step<u64> {
    let Some(structure) = work.opened.connector.structure() else { return Ok(0) };
    let mut count = 0;
    for level in [Level::Campaign, Level::AdGroup, Level::Ad] {
        match read_level(work, structure, level).await {
            Err(Stop::Platform(error)) if matches!(error.kind, Kind::Refused | Kind::NotPermitted) => {}
            entities => count += entities?,
        }
    }
    Ok(count)
}

async fn read_level(work: &Work<'_>, structure: &dyn StructureRead, level: Level) -> Step<u64> {
    let asked = Timestamp::from_millisecond(work.now().as_millisecond()).unwrap_or_default();
    let mut entities = pages(work, structure, level).await?;
    entities.sort_by(|a, b| a.id.cmp(&b.id));
    // Pages of a list that changes while it is read overlap.
    entities.dedup_by(|a, b| a.id == b.id);
    let rows = u64::try_from(entities.len()).unwrap_or(u64::MAX);
    let parts = encode_entities(&mut entities)?;
    let name = structure_name(level);
    let stored = work.ports.stored.sheets(&work.at, &name, &name, None).await?;
    if !stored.iter().any(|sheet| is_same(work, sheet, &parts)) {
        let expires_at = work.kept_until(asked);
        let is_first = stored.is_empty();
        let draft = Draft { name: &name, version: asked, rows, parts: &parts, expires_at, is_first };
        for put in work.put(&[work.seal(draft)?]).await? {
            put?;
        }
    }
    Ok(rows)
}

async fn pages(work: &Work<'_>, structure: &dyn StructureRead, level: Level) -> Step<Vec<Entity>> {
    let account = work.opened.external.as_str();
    let mut entities = Vec::new();
    let mut cursor = None;
    loop {
        work.in_time()?;
        let cx = work.cx();
        let page = structure.page(&cx, account, level, cursor.as_ref()).await;
        let page = page.map_err(|error| work.stop(&cx, error))?;
        entities.extend(page.items.into_iter().map(bounded));
        cursor = next_page(cursor.as_ref(), page.next, entities.len())?;
        if cursor.is_none() {
            let believed =
                entities.iter().all(|entity| entity.id.len().max(entity.parent.len()) <= LONGEST_ID);
            return believed.then_some(entities).ok_or_else(|| Stop::Platform(changed("an id is too long")));
        }
    }
}

fn bounded(entity: Entity) -> Entity {
    Entity { name: shortened(entity.name), status: shortened(entity.status), ..entity }
}

/// Tells whether a stored sheet has the same content and is not about to expire.
fn is_same(work: &Work<'_>, sheet: &StoredSheet, parts: &[Vec<u8>]) -> bool {
    let age = work.now().duration_since(sheet.version);
    let fresh = work.retention().is_none_or(|kept| age < kept / 2);
    let same = |(part, (sealed, bytes)): (usize, (_, &Vec<u8>))| {
        let opened = work.opened.key.open(&slot(&sheet.name, sheet.version, part), sealed);
        opened.is_ok_and(|plain| plain.bytes() == bytes.as_slice())
    };
    fresh && sheet.parts.len() == parts.len() && sheet.parts.iter().zip(parts).enumerate().all(same)
}
