//! TTL is the dead man's switch, never the clock: a deletion ends without TTL, and without Mooring's functions TTL ends
//! the data.

use anyhow::{Context as _, Result, ensure};
use jiff::SignedDuration;
use mooring_domain::base::table::Table;
use mooring_tests_journeys::platform::living_tokens;
use mooring_tests_journeys::{Size, World, checks, say, tables};

/// T45: every row is deleted by the steps themselves.
#[tokio::test]
async fn a_deletion_ends_without_ttl() -> Result<()> {
    let world = World::start(Size::PAIR).await?;
    world.stack.aws().set_ttl_enabled(false);
    let connected = world.connect_and_sync("no-ttl").await?;
    let t0 = world.now();
    let deletion = world.disconnect(&connected.id).await?;
    let id = deletion["id"].as_str().context("no id")?;
    let done = world.finish(id, 6).await?;
    ensure!(done["step"] == "done", "{done}");
    ensure!(world.now().duration_since(t0) < SignedDuration::from_hours(25), "it took until {}", world.now());
    let left = checks::remains(&world.stack, &connected.id).await?;
    ensure!(left.is_empty(), "{left:?}");
    Ok(())
}

/// All functions die with the cutoff: an hour later TTL has removed the keys, and the remaining rows open no more.
#[tokio::test]
async fn ttl_alone_makes_everything_unreadable() -> Result<()> {
    let world = World::start(Size::PAIR).await?;
    world.stack.aws().set_ttl_enabled(false);
    let connected = world.connect_and_sync("dead").await?;
    let alive = world.connect_and_sync("alive").await?;
    let keys = wrapped(&world, &connected.id).await?;
    ensure!(keys.len() == 4, "token, data and two accounts' keys: {}", keys.len());
    world.disconnect(&connected.id).await?;
    world.stack.stop_background().await;
    world.stack.stop_gateway().await;
    let chunks = world.stack.items_naming(Table::Reports, &connected.id).await?.len();
    ensure!(chunks > 0, "nothing was synced");

    world.skip(SignedDuration::from_mins(58));
    world.stack.aws().ttl_sweep_once().await?;
    ensure!(!checks::openable(&world.stack, &connected.id).await?.is_empty(), "TTL is the clock");
    world.skip(SignedDuration::from_mins(3));
    world.stack.aws().ttl_sweep_once().await?;
    let left = checks::openable(&world.stack, &connected.id).await?;
    ensure!(left.is_empty(), "{left:?}");
    let rows = tables::sort_keys(&world.stack, Table::Connections, &connected.id).await?;
    ensure!(!rows.iter().any(|key| key.contains("fence")), "the connection's own rows are there: {rows:?}");
    // No copy of a wrapped key lies anywhere: the remaining chunks are noise.
    for table in Table::ALL {
        let bytes = tables::bytes(&world.stack, table).await?;
        let found = keys.iter().any(|key| bytes.windows(key.len()).any(|window| window == key.as_slice()));
        ensure!(!found, "a wrapped key lies in {}", table.as_str());
    }
    ensure!(!checks::openable(&world.stack, &alive.id).await?.is_empty(), "another connection went along");
    say(&format!("the dead man's switch: {} keys gone, {chunks} items are noise", keys.len()));

    // The functions come back: the deletion goes on where it was, and ends.
    for hours in [0, 1, 25, 2] {
        world.pass(SignedDuration::from_hours(hours) + SignedDuration::from_mins(1)).await?;
    }
    let left = checks::remains(&world.stack, &connected.id).await?;
    ensure!(left.is_empty(), "{left:?}");
    Ok(())
}

/// TTL also removes a pending connection that every function forgets.
#[tokio::test]
async fn ttl_alone_removes_pending_connections() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let mut person = mooring_local::Person::new()?;
    world.product.connect_until_return(&mut person, "pending", None).await?;
    ensure!(living_tokens(&world).await? == 1, "no grant");
    world.skip(SignedDuration::from_mins(61));
    world.stack.aws().ttl_sweep_once().await?;
    let left = checks::openable(&world.stack, "con_").await?;
    ensure!(left.is_empty(), "{left:?}");
    Ok(())
}

/// Reads the wrapped data keys of a connection, as KMS made them.
async fn wrapped(world: &World, connection: &str) -> Result<Vec<Vec<u8>>> {
    let items = world.stack.items_naming(Table::Vault, connection).await?;
    let longest = |item: &std::collections::HashMap<String, aws_sdk_dynamodb::types::AttributeValue>| {
        let blobs = item.values().filter_map(|value| value.as_b().ok());
        blobs.map(|blob| blob.as_ref().to_vec()).max_by_key(Vec::len)
    };
    let is_key = |key: Option<&aws_sdk_dynamodb::types::AttributeValue>| {
        key.and_then(|key| key.as_s().ok()).is_some_and(|key| key.starts_with("key#"))
    };
    Ok(items.iter().filter(|item| is_key(item.get("sk"))).filter_map(longest).collect())
}
