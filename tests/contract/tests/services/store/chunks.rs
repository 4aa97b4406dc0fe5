//! Chunks: an older observation never replaces a newer one, nothing seen is lost, parts stay together.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use mooring_aws_local::Fault;
use mooring_domain::base::ids::AccountRef;
use mooring_domain::sync::chunk::NewChunk;
use mooring_domain::sync::chunk::StoredChunk;
use mooring_domain::sync::ports::{ChunkRead as _, ChunkWrite as _};
use mooring_domain::vault::keys::SealedBox;
use mooring_tests_contract::World;
use mooring_tests_contract::values::{account_id, connection_id, put_chunk, sealed, tenant_id};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

fn account() -> AccountRef {
    AccountRef { tenant: tenant_id(), connection: connection_id(), account: account_id() }
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
}

fn chunk(name: &str, minute: i64, parts: usize) -> StoredChunk {
    let fill = |part| SealedBox(format!("{name} {minute} {part}").into_bytes());
    StoredChunk {
        name: name.to_owned(),
        version: at(minute),
        rows: u64::try_from(parts).unwrap() * 10,
        parts: (0..parts).map(fill).collect(),
    }
}

async fn put(world: &World, account: &AccountRef, chunk: &StoredChunk) -> bool {
    let end = world.now() + SignedDuration::from_hours(48);
    put_chunk(&world.store, account, chunk, end).await.unwrap()
}

async fn read(
    world: &World,
    account: &AccountRef,
    name: &str,
    as_of: Option<Timestamp>,
) -> Option<StoredChunk> {
    let mut found = world.store.chunks(account, name, name, as_of).await.unwrap();
    assert!(found.len() <= 1);
    found.pop()
}

#[tokio::test]
async fn a_chunk_of_many_large_parts_is_read_whole_and_in_order() {
    let world = World::start().await.unwrap();
    let account = account();
    let parts = (0..40).map(|part| sealed(part, 60 * 1024)).collect();
    let large = StoredChunk { parts, ..chunk("structure/ad", 1, 0) };
    assert!(put(&world, &account, &large).await);
    let none = chunk("structure/campaign", 1, 0);
    assert!(put(&world, &account, &none).await);
    assert_eq!(read(&world, &account, "structure/ad", None).await, Some(large));
    assert_eq!(read(&world, &account, "structure/campaign", None).await, Some(none));
}

#[tokio::test]
async fn a_range_holds_its_ends_and_nothing_of_other_levels() {
    let world = World::start().await.unwrap();
    let account = account();
    for name in ["ad/2026-11-01", "ad/2026-11-02", "ad/2026-11-03", "ad_group/2026-11-02", "structure/ad"] {
        assert!(put(&world, &account, &chunk(name, 1, 2)).await);
    }
    let names = async |first: &str, last: &str| {
        let found = world.store.chunks(&account, first, last, None).await.unwrap();
        found.into_iter().map(|chunk| chunk.name).collect::<Vec<_>>()
    };
    assert_eq!(names("ad/2026-11-02", "ad/2026-11-03").await, ["ad/2026-11-02", "ad/2026-11-03"]);
    assert_eq!(names("ad/2026-10-01", "ad/2026-12-01").await.len(), 3);
    assert!(names("ad/2026-11-03", "ad/2026-11-02").await.is_empty());
}

#[tokio::test]
async fn the_same_version_is_stored_once() {
    let world = World::start().await.unwrap();
    let account = account();
    assert!(put(&world, &account, &chunk("ad/2026-11-01", 5, 2)).await);
    let other = StoredChunk { rows: 999, ..chunk("ad/2026-11-01", 5, 2) };
    assert!(!put(&world, &account, &other).await);
    assert_eq!(read(&world, &account, "ad/2026-11-01", None).await.unwrap().rows, 20);
}

/// Writes groups of versions in any order, with right and wrong beliefs about which is the first, then reads at any
/// time: the answers are those of a plain list of the accepted versions.
#[test]
fn an_older_observation_never_replaces_a_newer_and_every_accepted_one_can_be_asked_for() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(World::start()).unwrap();
    let names = ["structure/ad", "structure/ad_group", "structure/campaign"];
    let one = prop::option::of((0_i64..12, 0_usize..4, any::<bool>()));
    let groups = prop::collection::vec(prop::array::uniform3(one), 1..8);
    TestRunner::new(Config::with_cases(48))
        .run(&groups, |groups| {
            runtime.block_on(async {
                let account = account();
                let end = world.now() + SignedDuration::from_hours(48);
                let mut model: [BTreeMap<i64, StoredChunk>; 3] = Default::default();
                for group in groups {
                    let (mut chunks, mut expected) = (Vec::new(), Vec::new());
                    for (name, one) in group.into_iter().enumerate() {
                        let Some((minute, parts, is_first)) = one else { continue };
                        let chunk = chunk(names[name], minute, parts);
                        let newest = model[name].keys().next_back().copied();
                        // A writer that believes to be first and meets its own version has lost an answer.
                        let again = is_first && parts <= 1 && newest == Some(minute);
                        let newer = newest.is_none_or(|newest| minute > newest);
                        expected.push(newer || again);
                        if newer {
                            model[name].insert(minute, chunk.clone());
                        }
                        chunks.push(NewChunk { chunk, expires_at: Some(end), is_first });
                    }
                    let stored = world.store.put_chunks(&account, &chunks).await.unwrap();
                    let stored = stored.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
                    prop_assert_eq!(stored, expected);
                }
                for (name, versions) in names.iter().zip(&model) {
                    let newest = versions.values().next_back().cloned();
                    prop_assert_eq!(read(&world, &account, name, None).await, newest);
                    for minute in -1..13 {
                        let then = versions.range(..=minute).next_back().map(|(_, chunk)| chunk.clone());
                        prop_assert_eq!(read(&world, &account, name, Some(at(minute))).await, then);
                    }
                }
                Ok(())
            })
        })
        .unwrap();
}

/// Sixty unknown days are three calls, a lost answer changes nothing, and each day is read back.
#[tokio::test]
async fn first_chunks_are_inserted_many_in_a_call() {
    let world = World::start().await.unwrap();
    let end = world.now() + SignedDuration::from_hours(48);
    for fault in
        [None, Some(Fault::Duplicate), Some(Fault::Reset), Some(Fault::Conflict), Some(Fault::Throttle)]
    {
        let account = account();
        let new = |day: usize| NewChunk {
            chunk: chunk(&format!("ad/{day:04}"), 3, 1),
            expires_at: Some(end),
            is_first: true,
        };
        let chunks: Vec<_> = (0..60).map(new).collect();
        world.plan.reset();
        if let Some(fault) = fault {
            world.plan.inject(2, fault);
        }
        let stored = world.faulty().put_chunks(&account, &chunks).await.unwrap();
        assert!(stored.into_iter().all(|one| one.unwrap()), "{fault:?}");
        let calls = world.plan.log();
        let of = |operation: &str| calls.iter().filter(|call| call.operation == operation).count();
        let singles =
            if matches!(fault, Some(Fault::Duplicate | Fault::Reset | Fault::Conflict)) { 25 } else { 0 };
        assert_eq!(of("PutItem"), singles, "{fault:?}");
        assert!((3..=4).contains(&of("BatchExecuteStatement")), "{fault:?}");
        let read = world.store.chunks(&account, "ad/0000", "ad/9999", None).await.unwrap();
        assert!(read.iter().eq(chunks.iter().map(|new| &new.chunk)), "{fault:?}");
    }
}

#[tokio::test]
async fn writers_at_once_leave_the_newest_and_lose_none_that_was_accepted() {
    let world = World::start().await.unwrap();
    let account = account();
    let name = "ad/2026-11-01";
    let runs: Vec<_> = (0..12)
        .map(|minute| {
            let (store, account, chunk) = (world.store.clone(), account.clone(), chunk(name, minute, 3));
            let end = world.now() + SignedDuration::from_hours(1);
            tokio::spawn(async move { (minute, put_chunk(&store, &account, &chunk, end).await.unwrap()) })
        })
        .collect();
    let mut accepted = Vec::new();
    for run in runs {
        let (minute, stored) = run.await.unwrap();
        accepted.extend(stored.then_some(minute));
    }
    assert_eq!(read(&world, &account, name, None).await, Some(chunk(name, 11, 3)));
    for minute in accepted {
        assert_eq!(read(&world, &account, name, Some(at(minute))).await, Some(chunk(name, minute, 3)));
    }
}

#[tokio::test]
async fn an_expired_chunk_is_not_there_and_is_not_in_the_way() {
    let world = World::start().await.unwrap();
    let account = account();
    assert!(put(&world, &account, &chunk("ad/2026-11-01", 9, 3)).await);
    assert!(put(&world, &account, &chunk("ad/2026-11-01", 10, 3)).await);
    world.pass(std::time::Duration::from_hours(49));
    assert_eq!(read(&world, &account, "ad/2026-11-01", None).await, None);
    assert_eq!(read(&world, &account, "ad/2026-11-01", Some(at(9))).await, None);
    let later = chunk("ad/2026-11-01", 11, 1);
    assert!(put(&world, &account, &later).await);
    assert_eq!(read(&world, &account, "ad/2026-11-01", None).await, Some(later));
    assert_eq!(read(&world, &account, "ad/2026-11-01", Some(at(10))).await, None);
}
