//! Names and statuses: read whole, written only where they changed.

use jiff::Timestamp;

use super::levels::next_page;
use super::work::{Draft, Step, Stop, Work};
use crate::base::error::Kind;
use crate::platform::capabilities::StructureRead;
use crate::platform::figures::{Entity, LONGEST_ID, Level, shortened};
use crate::sync::chunk::{StoredChunk, encode_entities, slot, structure_name};

/// The word for lists that take longer than they are given.
const TOO_SLOW: &str = "too_slow";

/// What came of reading names.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Names {
    /// How many campaigns, ad groups and ads there are, as far as they were read.
    pub(super) entities: u64,
    /// Entries that could not be read and have no name therefore.
    pub(super) odd: u64,
    /// Why some list could not be read. Figures do not wait for it: the next job asks again.
    pub(super) failed: Option<&'static str>,
}

/// The word for lists that were not asked for, because the platform was away.
const AWAY: &str = "platform_away";

impl Names {
    /// The names of a job that leaves them to a later one.
    pub(super) fn put_off() -> Self {
        Self { failed: Some(AWAY), ..Self::default() }
    }
}

/// Reads all levels. A profile or grant without structure has none: its reports have ids and no names. Names and
/// statuses are decoration: of all that can go wrong with them only the end of the grant stops a job.
pub(super) async fn read(work: &Work<'_>) -> Step<Names> {
    let mut names = Names::default();
    let Some(structure) = work.opened.connector.structure() else { return Ok(names) };
    for level in [Level::Campaign, Level::AdGroup, Level::Ad] {
        match read_level(work, structure, level).await {
            Ok((entities, odd)) => {
                (names.entities, names.odd) = (names.entities + entities, names.odd + odd);
            }
            Err(Stop::Platform(error)) if matches!(error.kind, Kind::Refused | Kind::NotPermitted) => {}
            Err(Stop::Platform(error)) if error.kind != Kind::Reauthorise => names.failed = Some(error.code),
            Err(Stop::Late) => names.failed = Some(TOO_SLOW),
            Err(stop) => return Err(stop),
        }
    }
    Ok(names)
}

/// Reads and stores one level; answers how many entries it has, and how many could not be read.
async fn read_level(work: &Work<'_>, structure: &dyn StructureRead, level: Level) -> Step<(u64, u64)> {
    let asked = Timestamp::from_millisecond(work.now().as_millisecond()).unwrap_or_default();
    let (mut entities, odd) = pages(work, structure, level).await?;
    entities.sort_by(|a, b| a.id.cmp(&b.id));
    // Pages of a list that changes while it is read overlap.
    entities.dedup_by(|a, b| a.id == b.id);
    let rows = u64::try_from(entities.len()).unwrap_or(u64::MAX);
    let parts = encode_entities(&mut entities)?;
    let name = structure_name(level);
    let stored = work.ports.rows.chunks(&work.at, &name, &name, None).await?;
    if !stored.iter().any(|chunk| is_same(work, chunk, &parts)) {
        let expires_at = work.kept_until(asked);
        let is_first = stored.is_empty();
        let draft = Draft { name: &name, version: asked, rows, parts: &parts, expires_at, is_first };
        for put in work.put(&[work.seal(draft)?]).await? {
            put?;
        }
    }
    Ok((rows, odd))
}

async fn pages(work: &Work<'_>, structure: &dyn StructureRead, level: Level) -> Step<(Vec<Entity>, u64)> {
    let account = work.opened.external.as_str();
    let (mut entities, mut odd) = (Vec::new(), 0);
    let (mut cursor, mut pages) = (None, 0);
    loop {
        let cx = work.cx_for_names().ok_or(Stop::Late)?;
        let page = structure.page(&cx, account, level, cursor.as_ref()).await;
        let page = page.map_err(|error| work.stop(&cx, error))?;
        odd += page.odd;
        for entity in page.items {
            if entity.id.len().max(entity.parent.len()) <= LONGEST_ID {
                entities.push(bounded(entity));
            } else {
                odd += 1;
            }
        }
        pages += 1;
        let items = entities.len().saturating_add(usize::try_from(odd).unwrap_or(usize::MAX));
        cursor = next_page(cursor.as_ref(), page.next, (pages, items))?;
        if cursor.is_none() {
            return Ok((entities, odd));
        }
    }
}

fn bounded(entity: Entity) -> Entity {
    Entity { name: shortened(entity.name), status: shortened(entity.status), ..entity }
}

/// Tells whether a stored chunk has the same content and is not about to expire.
fn is_same(work: &Work<'_>, chunk: &StoredChunk, parts: &[Vec<u8>]) -> bool {
    let age = work.now().duration_since(chunk.version);
    let fresh = work.retention().is_none_or(|kept| age < kept / 2);
    let same = |(part, (sealed, bytes)): (usize, (_, &Vec<u8>))| {
        let opened = work.opened.key.open(&slot(&chunk.name, chunk.version, part), sealed);
        opened.is_ok_and(|plain| plain.bytes() == bytes.as_slice())
    };
    fresh && chunk.parts.len() == parts.len() && chunk.parts.iter().zip(parts).enumerate().all(same)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::platform::figures::Row;
    use crate::sync::completeness::{DayStatus, Reason};
    use crate::sync::job::JobKind;
    use crate::sync::ops::run_sync::Outcome;
    use crate::testing::{World, values};

    #[test]
    fn names_that_cannot_be_read_never_stop_figures_and_are_asked_for_by_each_further_job() {
        for kind in [Kind::Upstream, Kind::UpstreamChanged, Kind::RateLimited, Kind::Invalid] {
            let world = World::connected();
            *world.platform.no_names.lock().unwrap() = Some((Level::Ad, kind));
            assert!(
                matches!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Done { .. }),
                "{kind:?}"
            );
            let days = world.sync.days.lock().unwrap().clone();
            assert!(days.len() == 28 && days.values().all(|record| record.status == DayStatus::Provisional));
            assert!(world.sync.chunks.lock().unwrap().contains_key("structure/campaign"));
            assert!(world.sync.state.lock().unwrap().names_due);

            world.advance(60);
            *world.platform.no_names.lock().unwrap() = None;
            assert_eq!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Done { rows: 21, days: 0 });
            assert!(world.sync.chunks.lock().unwrap().contains_key("structure/ad"));
            assert!(!world.sync.state.lock().unwrap().names_due);
        }
    }

    #[test]
    fn names_get_half_of_an_invocation_and_figures_the_rest() {
        let world = World::connected();
        *world.platform.page_takes.lock().unwrap() = SignedDuration::from_secs(16);
        world.run(&world.job(JobKind::First)).unwrap();
        assert!(world.sync.state.lock().unwrap().names_due);
        assert!(!world.platform.asked.lock().unwrap().is_empty(), "no figure was asked for");
    }

    /// What a platform sends has bounds: a name is cut, and an id that is none costs its day a reason.
    #[test]
    fn names_are_cut_and_ids_that_are_too_long_are_not_believed() {
        let world = World::connected();
        *world.platform.name.lock().unwrap() = "ü".repeat(100_000);
        world.run(&world.job(JobKind::First)).unwrap();
        let stored = world.sync.chunks.lock().unwrap()["structure/ad"].clone();
        let size: usize = stored.parts.iter().map(|part| part.0.len()).sum();
        assert!(stored.rows == 3 && size < 4_000, "{size} bytes");

        world.advance(60);
        let day = crate::sync::ops::run_sync::window::day(&jiff::tz::TimeZone::UTC, world.now());
        *world.platform.extra.lock().unwrap() =
            vec![Row { entity: "7".repeat(129).into(), day, values: values(0, 0) }];
        assert!(matches!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Done { .. }));
        let record = world.sync.days.lock().unwrap()[&(Level::Ad, day)];
        assert_eq!((record.status, record.rows), (DayStatus::Partial(Reason::OddRows), 2));
    }
}
