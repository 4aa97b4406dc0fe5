//! Scorecard 5: a week after the cutoff nothing of a thousand connections is in any table but the Ledger, without TTL.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use jiff::SignedDuration;
use mooring_domain::base::place::Subject;
use mooring_domain::base::table::Table;
use mooring_domain::connect::ports::{
    ConnectionActivate as _, ConnectionConfirm as _, ConnectionCreate as _, ConnectionRead as _,
};
use mooring_domain::deletion::ledger::{DELETE_WITHIN, Deletion, Reason};
use mooring_domain::deletion::ports::{Cutoff, DeletionBegin as _};
use mooring_domain::sync::chunk::StoredChunk;
use mooring_domain::sync::ports::SyncProgress as _;
use mooring_store::Store;
use mooring_tests_contract::values::{deletion, new_account, new_connection, put_chunk, sealed, sync_change};
use mooring_tests_journeys::{Size, World, say};

/// Makes a connection of one account with a few rows everywhere, written through the store, and disconnects it.
async fn cut(world: &World, store: &Store) -> Result<String> {
    let (tenant, now) = (world.stack.seeded().tenant.clone(), world.now());
    let new = new_connection(&tenant, now);
    let id = &new.connection.id;
    store.create(&new).await?;
    store.add_accounts(&tenant, id, &[new_account(&tenant, id)], new.expires_at).await?;
    let accounts = store.accounts(&tenant, id).await?;
    store.activate(&new.connection, &accounts, (7, 42), &new.abandoned.id, &[]).await?;
    let at = mooring_domain::base::ids::AccountRef {
        tenant: tenant.clone(),
        connection: id.clone(),
        account: accounts[0].id.clone(),
    };
    store.change_sync_state(&at, &sync_change()).await?;
    let name = "ad/2026-11-21".to_owned();
    let chunk = StoredChunk { name, version: now, rows: 1, parts: vec![sealed(1, 400); 2] };
    put_chunk(store, &at, &chunk, now + SignedDuration::from_hours(9_600)).await?;
    let subject = Subject::Connection(id.clone());
    let ids = [accounts[0].id.clone()];
    let places = store.places(&tenant, &subject, &ids).await?;
    let keys = store.held_keys(&tenant, &subject).await?;
    let ended = Deletion { places, keys, ..deletion(&tenant, subject, Reason::Disconnected, now) };
    ensure!(store.begin(&ended, None).await? == Cutoff::Made, "not cut");
    Ok(id.to_string())
}

/// Lets a week of five-minute ticks go by; hours in which nothing is due are one step.
async fn a_week_later(many: usize) -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    world.stack.aws().set_ttl_enabled(false);
    let store = world.stack.adapters().store.clone();
    let (mut ids, t0) = (BTreeSet::new(), world.now());
    for _ in 0..many {
        ids.insert(cut(&world, &store).await?);
    }
    ensure!(ids.len() == many);
    let before = named(&world, &ids).await?;
    ensure!(before >= 8 * many, "{before} rows of {many} connections");
    // No key opens their tokens: the worker tries the revocation three times, and then deletes the tokens all the same.
    let steps = [5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 60, 22 * 60, 65, 5, 5, 6 * 24 * 60];
    for minutes in steps {
        world.pass(SignedDuration::from_mins(minutes)).await?;
    }
    ensure!(world.now() >= t0 + DELETE_WITHIN);
    let left = named(&world, &ids).await?;
    ensure!(left == 0, "{left} rows are left of {before}");
    let open = world.stack.items(Table::Ledger).await?;
    let open = open.iter().filter(|row| row.contains_key("due_at")).count();
    ensure!(open == 0, "{open} deletions are not done");
    say(&format!("{many} connections, {before} rows at the cut, {left} rows a week later; TTL never came"));
    Ok(())
}

/// Counts the rows that name one of the connections, in every table but the Ledger.
async fn named(world: &World, ids: &BTreeSet<String>) -> Result<usize> {
    let mut count = 0;
    for table in Table::ALL.into_iter().filter(|table| *table != Table::Ledger) {
        for item in world.stack.items(table).await? {
            let keys = ["pk", "sk"].into_iter().filter_map(|name| item.get(name)?.as_s().ok());
            let named = keys.flat_map(|key| key.split('#')).any(|part| ids.contains(part));
            count += usize::from(named);
        }
    }
    Ok(count)
}

#[tokio::test]
async fn forty_connections_are_gone_from_every_table_a_week_later() -> Result<()> {
    a_week_later(40).await
}

/// `cargo test --workspace --test it -- --ignored thousand`
#[tokio::test]
#[ignore = "several CPU minutes: the same with as many connections as the scorecard names"]
async fn a_thousand_connections_are_gone_from_every_table_a_week_later() -> Result<()> {
    a_week_later(1_000).await
}
