//! The life of a grant: due from the activation on, changed by one transaction, and gone from the index at the cutoff.

use jiff::SignedDuration;
use mooring_domain::connect::connection::State;
use mooring_domain::connect::ports::{AccountRenew as _, ConnectionRead as _, ConnectionState as _};
use mooring_domain::connect::token_life::PROBE_AFTER;
use mooring_domain::deletion::ledger::Reason;
use mooring_domain::deletion::ports::DeletionBegin as _;
use mooring_domain::sync::ports::DueRead as _;
use mooring_tests_contract::World;
use mooring_tests_contract::values::{change, sealed};

#[tokio::test]
async fn p3_a_live_connection_is_due_within_a_day_and_until_it_ends() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    let (store, tenant, id, now) = (&world.store, case.tenant(), case.id(), world.now());
    assert!(store.probes(now).await.unwrap().is_empty());
    let day = now + PROBE_AFTER + SignedDuration::from_mins(1);
    let due = store.probes(day).await.unwrap();
    assert_eq!(due.iter().map(|(tenant, id, _)| (tenant, id)).collect::<Vec<_>>(), [(tenant, id)]);
    let mut life = store.life(tenant, id).await.unwrap();
    life.due_at = day + SignedDuration::from_hours(1);
    assert!(
        store.record_life(tenant, id, &change(id, life, State::Active, State::NeedsReauth)).await.unwrap()
    );
    assert!(store.probes(day).await.unwrap().is_empty());
    let later = day + SignedDuration::from_hours(1);
    assert_eq!(store.probes(later).await.unwrap().len(), 1, "also while it waits for the person");
    let deletion = case.ending(&world, Reason::Disconnected).await.unwrap();
    store.begin(&deletion, None).await.unwrap();
    assert!(store.probes(later).await.unwrap().is_empty());
}

#[tokio::test]
async fn of_two_that_saw_the_same_one_writes_and_what_was_not_seen_is_never_overwritten() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    let (store, tenant, id) = (&world.store, case.tenant(), case.id());
    let mut seen = store.life(tenant, id).await.unwrap();
    seen.revoked_since = Some(world.now());
    seen.lost = vec![(case.account(0).account, world.now())];
    let first = change(id, seen.clone(), State::Active, State::Suspect);
    assert!(store.record_life(tenant, id, &first).await.unwrap());
    assert!(!store.record_life(tenant, id, &first).await.unwrap());
    let stored = store.life(tenant, id).await.unwrap();
    assert_eq!((stored.version, stored.revoked_since, &stored.lost), (2, seen.revoked_since, &seen.lost));
    // The state is a part of the condition.
    let stale = change(id, stored, State::Active, State::Active);
    assert!(!store.record_life(tenant, id, &stale).await.unwrap());
    assert_eq!(store.connection(tenant, id).await.unwrap().unwrap().state, State::Suspect);
}

#[tokio::test]
async fn an_account_is_renewed_while_it_lives() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    let (store, at) = (&world.store, case.account(0));
    let mut account = store.accounts(case.tenant(), case.id()).await.unwrap().remove(0);
    account.profile = sealed(9, 50);
    account.zone = "Asia/Tokyo".to_owned();
    store.renew_account(&at, &account, None).await.unwrap();
    assert_eq!(store.accounts(case.tenant(), case.id()).await.unwrap(), [account.clone()]);
    let deletion = case.ending(&world, Reason::Disconnected).await.unwrap();
    store.begin(&deletion, None).await.unwrap();
    let before = world.partition(mooring_domain::base::table::Table::Connections, case.home()).await.unwrap();
    account.zone = "Europe/Rome".to_owned();
    store.renew_account(&at, &account, None).await.unwrap();
    let after = world.partition(mooring_domain::base::table::Table::Connections, case.home()).await.unwrap();
    assert_eq!(format!("{before:?}").len(), format!("{after:?}").len());
    assert!(!format!("{after:?}").contains("Europe/Rome"));
}
