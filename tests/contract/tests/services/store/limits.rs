//! DynamoDB's sizes (docs/limits.md): 400 KB an item, 25 writes a batch, 100 a transaction, 1 MB a page of a query.

use mooring_domain::base::place::{Locator, Place};
use mooring_domain::base::table::Table;
use mooring_domain::connect::ports::{ConnectionCreate as _, ConnectionRead as _};
use mooring_domain::deletion::ledger::Reason;
use mooring_domain::deletion::ports::{Cutoff, DeletionBegin as _, LedgerRead as _, Purge as _};
use mooring_domain::sync::chunk::StoredChunk;
use mooring_domain::sync::ports::ChunkRead as _;
use mooring_tests_contract::values::{new_connection, put_chunk, sealed, tenant_id};
use mooring_tests_contract::{Item, World};

const ITEM: usize = 400 * 1024;
/// The most accounts that can be chosen at once.
const CHOSEN: usize = 500;

/// Returns the size of an item by DynamoDB's own rule, roughly: names and values.
fn size(item: &Item) -> usize {
    use aws_sdk_dynamodb::types::AttributeValue as Value;
    fn of(value: &Value) -> usize {
        match value {
            Value::S(text) | Value::N(text) => text.len(),
            Value::B(bytes) => bytes.as_ref().len(),
            Value::L(values) => 3 + values.iter().map(|value| 1 + of(value)).sum::<usize>(),
            Value::M(map) => 3 + map.iter().map(|(name, value)| 1 + name.len() + of(value)).sum::<usize>(),
            _ => 1,
        }
    }
    item.iter().map(|(name, value)| name.len() + of(value)).sum()
}

async fn largest(world: &World, table: Table) -> usize {
    world.rows(table).await.unwrap().iter().map(size).max().unwrap_or_default()
}

/// The largest list of accounts to choose from is 50 parts of 48 KiB, and one transaction.
#[tokio::test]
async fn the_longest_list_of_accounts_fits_its_transaction() {
    let world = World::start().await.unwrap();
    let mut new = new_connection(&tenant_id(), world.now());
    new.candidates = (0..50).map(|part| sealed(part, 48 * 1024 + 104)).collect();
    world.store.create(&new).await.unwrap();
    let read = world.store.candidates(&new.connection.tenant, &new.connection.id).await.unwrap();
    assert_eq!(read, new.candidates, "2.4 MB come back in pages of 1 MB");
}

/// The deletion of the largest connection names every partition and key in one item.
#[tokio::test]
async fn the_largest_connection_is_cut_in_one_transaction_and_purged() {
    let world = World::start().await.unwrap();
    let case = world.pending(CHOSEN).await.unwrap();
    case.activate(&world.store).await.unwrap();
    let mut ended = case.ending(&world, Reason::Disconnected).await.unwrap();
    ended.keys = world
        .store
        .held_keys(case.tenant(), &mooring_domain::base::place::Subject::Connection(case.id().clone()))
        .await
        .unwrap();
    assert_eq!(ended.keys.len(), CHOSEN + 2);
    assert_eq!(world.store.begin(&ended, None).await.unwrap(), Cutoff::Made);
    assert_eq!(world.store.deletion(case.tenant(), &ended.id).await.unwrap(), Some(ended.clone()));
    let ledger = largest(&world, Table::Ledger).await;
    assert!(ledger < ITEM / 2, "{ledger} bytes");
    println!("the deletion of {CHOSEN} accounts takes {ledger} bytes");
    for place in &ended.places {
        world.store.purge(place).await.unwrap();
        assert_eq!(world.store.count(place).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn parts_of_the_largest_size_are_written_in_batches_and_read_in_pages() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    let parts = (0..52).map(|part| sealed(part, 64 * 1024)).collect();
    let name = "structure/ad".to_owned();
    let version = jiff::Timestamp::from_millisecond(world.now().as_millisecond()).unwrap();
    let chunk = StoredChunk { name: name.clone(), version, rows: 1, parts };
    let end = world.now() + jiff::SignedDuration::from_hours(48);
    let store = world.faulty();
    assert!(put_chunk(&store, &case.account(0), &chunk, end).await.unwrap());
    let batches = world.plan.log().iter().filter(|call| call.operation == "BatchWriteItem").count();
    assert_eq!(batches, 51_usize.div_ceil(25), "25 writes a batch");
    let item = largest(&world, Table::Reports).await;
    assert!(item < ITEM / 4, "{item} bytes");
    world.plan.reset();
    assert_eq!(store.chunks(&case.account(0), &name, &name, None).await.unwrap(), [chunk]);
    assert!(
        world.plan.log().iter().filter(|call| call.operation == "Query").count() >= 4,
        "3.3 MB in pages of 1 MB"
    );
    let partition = format!("{}#{}", case.home(), case.account(0).account);
    let place = Place { class: Table::Reports, locator: Locator::new(partition, "") };
    assert_eq!(store.count(&place).await.unwrap(), 52);
    assert_eq!(store.purge(&place).await.unwrap(), 52);
    assert_eq!(store.count(&place).await.unwrap(), 0);
}
