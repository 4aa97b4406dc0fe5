//! G26: a tenant that uses the ids of another tenant finds nothing.

use jiff::civil::date;
use mooring_domain::base::ids::AccountRef;
use mooring_domain::base::place::Subject;
use mooring_domain::connect::connection::State;
use mooring_domain::connect::fence::Fence;
use mooring_domain::connect::ports::{ConnectionRead as _, FenceRead as _};
use mooring_domain::deletion::ledger::Reason;
use mooring_domain::deletion::ports::{DeletionBegin as _, LedgerRead as _};
use mooring_domain::platform::figures::Level;
use mooring_domain::sync::chunk::StoredChunk;
use mooring_domain::sync::completeness::{DayRecord, Days};
use mooring_domain::sync::completeness::{DayStatus, Marks};
use mooring_domain::sync::ports::{ChunkRead as _, CompletenessRead as _, SyncProgress as _};
use mooring_domain::sync::state::{Checkpoint, SyncChange, SyncState};
use mooring_domain::vault::keys::{KeyContext, Use};
use mooring_domain::vault::ports::VaultRead as _;
use mooring_tests_contract::World;
use mooring_tests_contract::values::{change_state, put_chunk, sealed};

#[tokio::test]
async fn g26_another_tenants_ids_lead_nowhere() {
    let world = World::start().await.unwrap();
    let (mine, theirs) = (world.active(1).await.unwrap(), world.active(1).await.unwrap());
    let (store, tenant, id, account) = (&world.store, mine.tenant(), theirs.id(), theirs.account(0));
    let day = date(2026, 11, 1);
    let record = DayRecord {
        status: DayStatus::Complete,
        marks: Marks::default(),
        version: None,
        hash: [0; 16],
        rows: 0,
    };
    store.put_days(&account, &Days::from([((Level::Ad, day), record)])).await.unwrap();
    let change = SyncChange { entities: Some(5), ..SyncChange::default() };
    store.change_sync_state(&account, &change).await.unwrap();
    let done = Checkpoint { done: true, ..Checkpoint::default() };
    store.put_checkpoint(&account, "job", &done, world.now()).await.unwrap();
    let chunk = StoredChunk {
        name: "ad/2026-11-01".to_owned(),
        version: world.now(),
        rows: 1,
        parts: vec![sealed(1, 9)],
    };
    let end = world.now() + jiff::SignedDuration::from_hours(1);
    assert!(put_chunk(store, &account, &chunk, end).await.unwrap());

    let foreign = AccountRef { tenant: tenant.clone(), ..account.clone() };
    assert_eq!(store.connection(tenant, id).await.unwrap(), None);
    assert!(store.connections(tenant, None, 99).await.unwrap().iter().all(|row| row.id == *mine.id()));
    assert!(store.accounts(tenant, id).await.unwrap().is_empty());
    assert!(store.candidates(tenant, id).await.unwrap().is_empty());
    let fence = store.fence(tenant, id, Some(&account.account)).await.unwrap();
    assert_eq!(fence, Fence { connection: None, account: None });
    assert_eq!(store.key(&KeyContext::connection(tenant, id, Use::Token)).await.unwrap(), None);
    assert_eq!(store.key(&KeyContext::account(tenant, id, &account.account)).await.unwrap(), None);
    assert_eq!(store.token(tenant, id, "access").await.unwrap(), None);
    assert!(store.days(&foreign, day, day).await.unwrap().is_empty());
    assert_eq!(store.sync_state(&foreign).await.unwrap(), SyncState::default());
    assert_eq!(store.checkpoint(&foreign, "job").await.unwrap(), Checkpoint::default());
    assert!(store.chunks(&foreign, "a", "z", None).await.unwrap().is_empty());
    assert!(store.change_sync_state(&foreign, &change).await.is_err());
    assert!(!change_state(store, tenant, id, &[State::Active], State::Suspect).await.unwrap());
    assert!(store.held_keys(tenant, &Subject::Connection(id.clone())).await.unwrap().is_empty());

    let deletion = theirs.ending(&world, Reason::Disconnected).await.unwrap();
    store.begin(&deletion, None).await.unwrap();
    assert_eq!(store.deletion(tenant, &deletion.id).await.unwrap(), None);
    assert!(store.deletions(tenant, None, 99).await.unwrap().is_empty());
}
