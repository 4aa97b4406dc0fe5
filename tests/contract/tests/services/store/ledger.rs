//! Deletions: written and read whole, advanced by one worker at a time, found when due.

use jiff::{SignedDuration, Timestamp};
use mooring_domain::base::ids::{AccountId, ConnectionId, DataKeyId, DeletionId, TenantId};
use mooring_domain::base::place::{Locator, Place, Subject};
use mooring_domain::base::secret::Digest;
use mooring_domain::base::table::Table;
use mooring_domain::connect::ports::ConnectionCreate as _;
use mooring_domain::deletion::ledger::{Deletion, Reason, Step, StepEvent};
use mooring_domain::deletion::ports::{DeletionBegin as _, LedgerRead as _, LedgerWrite as _};
use mooring_domain::platform::capabilities::RevokeOutcome;
use mooring_tests_contract::World;
use mooring_tests_contract::values::{new_connection, tenant_id};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use uuid::Uuid;

fn time() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_000_000_000, 0_i32..1_000_000_000)
        .prop_map(|(second, nano)| Timestamp::new(second, nano).unwrap())
}

fn subject() -> impl Strategy<Value = Subject> {
    let connection = || any::<u128>().prop_map(|id| ConnectionId::from_uuid(Uuid::from_u128(id)));
    let account = any::<u128>().prop_map(|id| AccountId::from_uuid(Uuid::from_u128(id)));
    prop_oneof![
        connection().prop_map(Subject::Connection),
        (connection(), account).prop_map(|(connection, account)| Subject::Account(connection, account)),
        Just(Subject::Tenant),
    ]
}

fn table() -> impl Strategy<Value = Table> {
    prop::sample::select(Table::ALL.to_vec())
}

fn step() -> impl Strategy<Value = Step> {
    prop::sample::select(vec![
        Step::CutConnections,
        Step::ShredData,
        Step::Purge,
        Step::Revoke,
        Step::ShredToken,
        Step::PurgeAgain,
        Step::Verify,
        Step::Done,
    ])
}

fn outcome() -> impl Strategy<Value = RevokeOutcome> {
    use RevokeOutcome::{Impossible, Killed, Refused, Unreachable};
    prop::sample::select(vec![Killed, Refused, Impossible, Unreachable])
}

fn event() -> impl Strategy<Value = StepEvent> {
    let counts = vec((table(), any::<u64>()), 0..4);
    (time(), step(), counts, of(outcome())).prop_map(|(at, step, counts, outcome)| StepEvent {
        at,
        step,
        counts,
        outcome,
    })
}

fn place() -> impl Strategy<Value = Place> {
    (table(), "[a-z#_0-9]{1,40}", "[a-z#_0-9]{0,20}")
        .prop_map(|(class, partition, prefix)| Place { class, locator: Locator::new(partition, prefix) })
}

fn reason() -> impl Strategy<Value = Reason> {
    prop::sample::select(vec![
        Reason::Disconnected,
        Reason::Requested,
        Reason::RequestedByMail,
        Reason::RevokedAtPlatform,
        Reason::Abandoned,
        Reason::TenantDeleted,
    ])
}

fn deletion() -> impl Strategy<Value = Deletion> {
    let about = (any::<(u128, u128)>(), subject(), reason(), "[a-z_]{0,10}");
    let times = (time(), time(), step(), of(time()), of(time()));
    let lists = (vec(place(), 0..5), vec(any::<[u8; 16]>(), 0..5), vec(event(), 0..5));
    let rest = (any::<u8>(), of(outcome()), "[A-Za-z0-9]{1,43}", 1_u64..u64::MAX);
    (about, times, lists, rest).prop_map(|(about, times, lists, rest)| Deletion {
        id: DeletionId::from_uuid(Uuid::from_u128(about.0.0)),
        tenant: TenantId::from_uuid(Uuid::from_u128(about.0.1)),
        subject: about.1,
        reason: about.2,
        platform: about.3,
        t0: times.0,
        delete_by: times.1,
        step: times.2,
        next_step_at: times.3,
        verified_at: times.4,
        places: lists.0,
        keys: lists.1.into_iter().map(DataKeyId).collect(),
        events: lists.2,
        revoke_tries: rest.0,
        revoke: rest.1,
        code: rest.2,
        version: rest.3,
    })
}

#[test]
fn any_deletion_is_read_as_it_was_written() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(World::start()).unwrap();
    TestRunner::new(Config::with_cases(128))
        .run(&deletion(), |deletion| {
            // The shrinker tries a smaller case in the same world: it must not meet the rows of the larger one.
            let code = format!("{}{}", deletion.code, Uuid::now_v7());
            let deletion = Deletion { tenant: tenant_id(), code, ..deletion };
            runtime.block_on(async {
                let mut new = new_connection(&deletion.tenant, world.now());
                new.abandoned = deletion.clone();
                world.store.create(&new).await.unwrap();
                let read = world.store.deletion(&deletion.tenant, &deletion.id).await.unwrap();
                prop_assert_eq!(read, Some(deletion.clone()));
                let next =
                    Deletion { version: deletion.version.saturating_add(1), step: Step::Verify, ..deletion };
                prop_assert!(world.store.advance(&next).await.unwrap());
                prop_assert_eq!(world.store.deletion(&next.tenant, &next.id).await.unwrap(), Some(next));
                Ok(())
            })
        })
        .unwrap();
}

async fn begun(world: &World) -> Deletion {
    let case = world.active(1).await.unwrap();
    let deletion = case.ending(world, Reason::Disconnected).await.unwrap();
    world.store.begin(&deletion, None).await.unwrap();
    deletion
}

#[tokio::test]
async fn of_many_workers_one_advances_a_deletion() {
    let world = World::start().await.unwrap();
    let deletion = begun(&world).await;
    let runs: Vec<_> = (0_u8..16)
        .map(|tries| {
            let next = Deletion { version: 2, revoke_tries: tries, ..deletion.clone() };
            let store = world.store.clone();
            tokio::spawn(async move { store.advance(&next).await.unwrap() })
        })
        .collect();
    let mut winners = 0;
    for run in runs {
        winners += usize::from(run.await.unwrap());
    }
    assert_eq!(winners, 1);
    assert!(
        !world.store.advance(&Deletion { version: 2, revoke_tries: 99, ..deletion.clone() }).await.unwrap()
    );
    assert!(world.store.advance(&Deletion { version: 3, ..deletion.clone() }).await.unwrap());
    let unknown = Deletion { tenant: tenant_id(), version: 2, ..deletion };
    assert!(!world.store.advance(&unknown).await.unwrap());
}

#[tokio::test]
async fn due_deletions_come_oldest_first_and_leave_the_index_when_done() {
    let world = World::start().await.unwrap();
    let mut deletions = Vec::new();
    for minutes in [30, 10, 20] {
        let deletion = begun(&world).await;
        let at = deletion.t0 + SignedDuration::from_mins(minutes);
        let next = Deletion { next_step_at: Some(at), version: 2, ..deletion };
        assert!(world.store.advance(&next).await.unwrap());
        deletions.push(next);
    }
    let due = async |at: Timestamp, limit| {
        let due = world.store.due(at, limit).await.unwrap();
        due.into_iter().map(|deletion| deletion.id).collect::<Vec<_>>()
    };
    let at = |deletion: &Deletion| deletion.next_step_at.unwrap();
    assert!(due(world.now(), 10).await.is_empty());
    assert_eq!(due(at(&deletions[2]), 10).await, [deletions[1].id.clone(), deletions[2].id.clone()]);
    assert_eq!(due(at(&deletions[0]), 1).await, [deletions[1].id.clone()]);
    let done = Deletion { next_step_at: None, step: Step::Done, version: 3, ..deletions[1].clone() };
    assert!(world.store.advance(&done).await.unwrap());
    assert_eq!(due(at(&deletions[0]), 10).await, [deletions[2].id.clone(), deletions[0].id.clone()]);
}

#[tokio::test]
async fn lists_page_in_id_order_and_leave_out_the_hidden() {
    let world = World::start().await.unwrap();
    let tenant = tenant_id();
    let mut ids = Vec::new();
    for _ in 0..5 {
        let pending = world.pending_of(&tenant, 0).await.unwrap();
        let case = world.pending_of(&tenant, 1).await.unwrap();
        case.activate(&world.store).await.unwrap();
        let deletion = case.ending(&world, Reason::Requested).await.unwrap();
        world.store.begin(&deletion, None).await.unwrap();
        ids.push(deletion.id);
        assert!(world.store.deletion(&tenant, &pending.abandoned.id).await.unwrap().is_some());
    }
    ids.sort();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = world.store.deletions(&tenant, after.as_ref(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        seen.extend(page.into_iter().map(|deletion| deletion.id));
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn an_unknown_code_leads_nowhere() {
    let world = World::start().await.unwrap();
    begun(&world).await;
    assert_eq!(world.store.by_code(&Digest([0; 32])).await.unwrap(), None);
}
