//! Purging and counting: whole partitions, narrowed ones, large ones, and rows that have expired already.

use jiff::SignedDuration;
use mooring_domain::base::place::{Locator, Place};
use mooring_domain::base::table::Table;
use mooring_domain::deletion::ledger::Reason;
use mooring_domain::deletion::ports::{DeletionBegin as _, Purge as _};
use mooring_domain::sync::chunk::StoredChunk;
use mooring_tests_contract::World;
use mooring_tests_contract::values::{Case, put_chunk, sealed};

async fn fill(world: &World, case: &Case, chunks: usize, bytes: usize) {
    for number in 0..chunks {
        let chunk = StoredChunk {
            name: format!("ad/{number:04}"),
            version: case.connection.created_at,
            rows: 1,
            parts: vec![sealed(1, bytes)],
        };
        let end = world.now() + SignedDuration::from_hours(1);
        assert!(put_chunk(&world.store, &case.account(0), &chunk, end).await.unwrap());
    }
}

#[tokio::test]
async fn t45_after_the_purge_every_place_is_empty_and_nothing_else_is_touched() {
    let world = World::start().await.unwrap();
    let (case, other) = (world.active(2).await.unwrap(), world.active(2).await.unwrap());
    fill(&world, &case, 30, 100).await;
    fill(&world, &other, 3, 100).await;
    let before = world.rows(Table::Connections).await.unwrap().len();
    let ended = case.ending(&world, Reason::Disconnected).await.unwrap();
    world.store.begin(&ended, None).await.unwrap();
    let mut purged = 0;
    for place in &ended.places {
        let count = world.store.count(place).await.unwrap();
        assert_eq!(world.store.purge(place).await.unwrap(), count, "{place:?}");
        assert_eq!(world.store.count(place).await.unwrap(), 0, "{place:?}");
        assert_eq!(world.store.purge(place).await.unwrap(), 0, "{place:?}");
        purged += count;
    }
    assert!(purged > 40, "{purged}");
    for table in [Table::Connections, Table::Vault, Table::Reports, Table::Directory] {
        for row in world.rows(table).await.unwrap() {
            let key = format!("{:?} {:?}", row["pk"], row["sk"]);
            assert!(!key.contains(case.id().as_str()), "{table:?} {key}");
        }
    }
    assert_eq!(world.rows(Table::Connections).await.unwrap().len(), before / 2);
}

#[tokio::test]
async fn more_than_one_page_of_a_megabyte_is_counted_and_purged() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    fill(&world, &case, 60, 60 * 1024).await;
    let partition = format!("{}#{}", case.home(), case.account(0).account);
    let place = Place { class: Table::Reports, locator: Locator::new(partition, "") };
    assert_eq!(world.store.count(&place).await.unwrap(), 60);
    let (store, plan) = (world.faulty(), &world.plan);
    assert_eq!(store.purge(&place).await.unwrap(), 60);
    let queries = plan.log().iter().filter(|call| call.operation == "Query").count();
    let batches = plan.log().iter().filter(|call| call.operation == "BatchWriteItem").count();
    assert!(queries > 3 && batches >= 3, "{queries} {batches}");
    assert_eq!(world.store.count(&place).await.unwrap(), 0);
}

#[tokio::test]
async fn a_prefix_narrows_a_place() {
    let world = World::start().await.unwrap();
    let case = world.active(2).await.unwrap();
    let place = |prefix: &str| Place { class: Table::Vault, locator: Locator::new(case.home(), prefix) };
    assert_eq!(world.store.purge(&place("key#data#")).await.unwrap(), 3);
    assert_eq!(world.store.count(&place("")).await.unwrap(), 3);
    assert_eq!(world.store.count(&place("tok#")).await.unwrap(), 2);
    assert_eq!(world.store.purge(&place("")).await.unwrap(), 3);
}

#[tokio::test]
async fn what_has_expired_and_is_still_there_is_counted_and_purged() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    fill(&world, &case, 5, 10).await;
    world.pass(std::time::Duration::from_hours(2));
    let partition = format!("{}#{}", case.home(), case.account(0).account);
    let place = Place { class: Table::Reports, locator: Locator::new(partition, "") };
    assert_eq!(world.store.count(&place).await.unwrap(), 5);
    assert_eq!(world.store.purge(&place).await.unwrap(), 5);
}
