//! Reads names and statuses, all of them, and writes them where they changed.

use jiff::Timestamp;

use super::context::{Step, Stop, SyncContext};
use super::gate;
use super::pages::{Given, next_page};
use super::put::{Draft, put};
use crate::base::error::Kind;
use crate::platform::capabilities::StructureRead;
use crate::platform::figures::{Entity, LONGEST_ID, Level, shortened};
use crate::sync::chunk::{StoredChunk, encode_entities, slot, structure_name};

/// The code of lists that take longer than they are given.
const TOO_SLOW: &str = "too_slow";

/// The code of lists that the job did not ask for, because the platform was down.
const AWAY: &str = "platform_away";

/// What a job read of the names.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Names {
    /// How many campaigns, ad groups and ads there are, as far as the job read them.
    pub(super) entities: u64,
    /// Entries that could not be read; they have no name therefore.
    pub(super) odd: u64,
    /// Why some list could not be read. Figures do not wait for it: the next job asks again.
    pub(super) failed: Option<&'static str>,
}

/// Reads the names if they are due. A job that finds out whether a platform is up again asks for figures alone, and
/// leaves names to a later job: they would be further calls to a platform that is probably still down.
pub(super) async fn names(cx: &SyncContext<'_>, is_due: bool, is_calm: bool) -> Step<Names> {
    match (is_due, is_calm) {
        (true, true) => read(cx).await,
        (true, false) => Ok(Names { failed: Some(AWAY), ..Names::default() }),
        (false, _) => Ok(Names::default()),
    }
}

/// Reads all levels. A profile or grant without structure has no names: its reports have ids alone. Names and statuses
/// are decoration: among their failures only the end of the grant stops a job.
async fn read(cx: &SyncContext<'_>) -> Step<Names> {
    let mut names = Names::default();
    let Some(structure) = cx.opened.connector.structure() else { return Ok(names) };
    for level in [Level::Campaign, Level::AdGroup, Level::Ad] {
        match read_level(cx, structure, level).await {
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

/// Reads and stores one level. Returns how many entries it has, and how many could not be read.
async fn read_level(cx: &SyncContext<'_>, structure: &dyn StructureRead, level: Level) -> Step<(u64, u64)> {
    let asked = Timestamp::from_millisecond(cx.ports.clock.now().as_millisecond()).unwrap_or_default();
    let (mut entities, odd) = pages(cx, structure, level).await?;
    entities.sort_by(|a, b| a.id.cmp(&b.id));
    // Pages of a list overlap when it changes meanwhile.
    entities.dedup_by(|a, b| a.id == b.id);
    let rows = u64::try_from(entities.len()).unwrap_or(u64::MAX);
    let parts = encode_entities(&mut entities)?;
    store(cx, structure_name(level), asked, (rows, parts)).await?;
    Ok((rows, odd))
}

/// Puts a level's chunk, unless the stored one is the same.
async fn store(
    cx: &SyncContext<'_>,
    name: String,
    version: Timestamp,
    (rows, parts): (u64, Vec<Vec<u8>>),
) -> Step<()> {
    let stored = cx.ports.rows.chunks(&cx.at, &name, &name, None).await?;
    if stored.iter().any(|chunk| is_same(cx, chunk, &parts)) {
        return Ok(());
    }
    let expires_at = cx.retention.map(|kept| version + kept);
    let draft = Draft { name, version, rows, parts, expires_at, is_first: stored.is_empty() };
    for result in put(cx, vec![draft]).await? {
        result?;
    }
    Ok(())
}

async fn pages(
    cx: &SyncContext<'_>,
    structure: &dyn StructureRead,
    level: Level,
) -> Step<(Vec<Entity>, u64)> {
    let account = cx.opened.external.as_str();
    let (mut entities, mut odd) = (Vec::new(), 0);
    let (mut cursor, mut pages) = (None, 0);
    loop {
        let call = gate::call_for_names(cx)?;
        let page = structure.page(&call, account, level, cursor.as_ref()).await;
        let page = page.map_err(|error| gate::stop(cx, &call, error))?;
        odd += page.odd;
        for entity in page.items {
            if entity.id.len().max(entity.parent.len()) <= LONGEST_ID {
                entities.push(bounded(entity));
            } else {
                odd += 1;
            }
        }
        pages += 1;
        let given = Given { pages, usable: entities.len(), odd };
        cursor = next_page(cursor.as_ref(), page.next, given)?;
        if cursor.is_none() {
            return Ok((entities, odd));
        }
    }
}

fn bounded(entity: Entity) -> Entity {
    Entity { name: shortened(entity.name), status: shortened(entity.status), ..entity }
}

/// Returns whether a stored chunk has the same content and does not expire soon.
fn is_same(cx: &SyncContext<'_>, chunk: &StoredChunk, parts: &[Vec<u8>]) -> bool {
    let age = cx.ports.clock.now().duration_since(chunk.version);
    let fresh = cx.retention.is_none_or(|kept| age < kept / 2);
    let same = |(part, (sealed, bytes)): (usize, (_, &Vec<u8>))| {
        let opened = cx.opened.key.open(&slot(&chunk.name, chunk.version, part), sealed);
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

    /// Names and ids of a platform are bounded: a long name is cut, and a row with a long id marks its day.
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
