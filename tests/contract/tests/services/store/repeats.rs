//! Calls that may be repeated: one attempt at a time gets in, and only its own outcome is kept.

use std::time::Duration;

use jiff::SignedDuration;
use mooring_aws_local::Fault;
use mooring_domain::base::ids::TenantId;
use mooring_domain::base::place::Subject;
use mooring_domain::base::secret::Digest;
use mooring_domain::base::table::Table;
use mooring_domain::deletion::ports::{DeletionBegin as _, Purge as _};
use mooring_domain::guard::idempotency::{Begun, IdempotencyStore};
use mooring_domain::guard::idempotency::{KEPT, LEASE, Progress, Record};
use mooring_tests_contract::values::tenant_id;
use mooring_tests_contract::{World, expiry, text};

fn record(world: &World, tenant: &TenantId, nonce: u8) -> Record {
    let at = world.now();
    Record {
        tenant: tenant.clone(),
        name: Digest([1; 32]),
        fingerprint: Digest([2; 32]),
        nonce: Digest([nonce; 32]),
        at,
        progress: Progress::Running(at + LEASE),
    }
}

async fn begin(world: &World, record: &Record) -> Begun {
    IdempotencyStore::begin(&world.store, record, record.at + KEPT).await.unwrap()
}

async fn settle(world: &World, record: &Record, progress: Progress) -> Record {
    let settled = Record { progress, ..record.clone() };
    world.store.complete(&settled, record.at + KEPT).await.unwrap();
    settled
}

fn done() -> Progress {
    Progress::Done(Some("del_1".to_owned()))
}

fn same(found: &Begun, record: &Record) -> bool {
    // A lease is kept to the microsecond.
    let Begun::Before(found) = found else { return false };
    (&found.name, found.fingerprint, found.nonce, found.at)
        == (&record.name, record.fingerprint, record.nonce, record.at)
}

/// Scorecard 31.
#[tokio::test]
async fn of_64_attempts_at_once_exactly_one_gets_in() {
    let world = World::start().await.unwrap();
    for round in 0..8_u8 {
        let tenant = tenant_id();
        let attempts: Vec<_> = (0..64_u8)
            .map(|nonce| {
                let (store, record) = (world.store.clone(), record(&world, &tenant, nonce));
                tokio::spawn(async move {
                    IdempotencyStore::begin(&store, &record, record.at + KEPT).await.unwrap()
                })
            })
            .collect();
        let mut admitted = 0;
        for attempt in attempts {
            match attempt.await.unwrap() {
                Begun::First => admitted += 1,
                Begun::Again => panic!("round {round}: nobody was broken off"),
                Begun::Before(found) => assert!(matches!(found.progress, Progress::Running(_))),
            }
        }
        assert_eq!(admitted, 1, "round {round}");
    }
}

#[tokio::test]
async fn what_was_done_is_found_until_its_day_is_over_also_when_ttl_is_late() {
    let world = World::start().await.unwrap();
    let tenant = tenant_id();
    let first = record(&world, &tenant, 1);
    assert_eq!(begin(&world, &first).await, Begun::First);
    let found = begin(&world, &record(&world, &tenant, 2)).await;
    assert!(same(&found, &first), "{found:?}");
    let settled = settle(&world, &first, done()).await;
    world.pass(Duration::from_hours(23));
    assert_eq!(begin(&world, &record(&world, &tenant, 2)).await, Begun::Before(settled));
    world.pass(Duration::from_hours(1));
    assert_eq!(begin(&world, &record(&world, &tenant, 2)).await, Begun::First);
}

#[tokio::test]
async fn an_attempt_that_was_broken_off_is_taken_over_for_the_same_request_only() {
    let world = World::start().await.unwrap();
    let tenant = tenant_id();
    let dead = record(&world, &tenant, 1);
    begin(&world, &dead).await;
    world.pass(Duration::from_secs(29));
    assert!(same(&begin(&world, &record(&world, &tenant, 2)).await, &dead));
    world.pass(Duration::from_secs(2));
    let other = Record { fingerprint: Digest([3; 32]), ..record(&world, &tenant, 2) };
    assert!(same(&begin(&world, &other).await, &dead));
    let heir = record(&world, &tenant, 3);
    assert_eq!(begin(&world, &heir).await, Begun::Again);
    settle(&world, &dead, done()).await;
    world.store.release(&dead).await.unwrap();
    assert!(same(&begin(&world, &record(&world, &tenant, 4)).await, &heir), "the dead one has no say");
    settle(&world, &heir, Progress::Running(world.now())).await;
    let next = record(&world, &tenant, 5);
    assert_eq!(begin(&world, &next).await, Begun::Again, "it may be tried again at once");
    world.store.release(&next).await.unwrap();
    assert_eq!(begin(&world, &record(&world, &tenant, 6)).await, Begun::First);
}

#[tokio::test]
async fn a_lost_answer_does_not_lock_an_attempt_out_of_its_own_key() {
    let world = World::start().await.unwrap();
    for fault in [Fault::Duplicate, Fault::Reset] {
        let first = record(&world, &tenant_id(), 1);
        world.plan.reset();
        world.plan.inject(1, fault);
        let claimed = IdempotencyStore::begin(&world.faulty(), &first, first.at + KEPT).await.unwrap();
        assert_eq!(claimed, Begun::Again, "{fault:?}");
        world.plan.reset();
        world.plan.inject(1, fault);
        let settled = Record { progress: done(), ..first.clone() };
        world.faulty().complete(&settled, first.at + KEPT).await.unwrap();
        assert_eq!(
            begin(&world, &record(&world, &first.tenant, 2)).await,
            Begun::Before(settled),
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn records_are_the_tenants_expire_and_go_with_it() {
    let world = World::start().await.unwrap();
    let (tenant, other) = (tenant_id(), tenant_id());
    let first = record(&world, &tenant, 1);
    begin(&world, &first).await;
    assert_eq!(
        begin(&world, &record(&world, &other, 2)).await,
        Begun::First,
        "the name is only the tenant's"
    );
    let rows = world.partition(Table::Transient, tenant.as_str()).await.unwrap();
    let [(sk, row)] = rows.as_slice() else { panic!("{} rows", rows.len()) };
    assert_eq!(sk, &format!("idem#{}", Digest([1; 32]).to_hex()));
    assert_eq!(expiry(row), Some((first.at + SignedDuration::from_hours(24)).as_second()));
    let mut names: Vec<_> = row.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["at", "expires_at", "fingerprint", "nonce", "pk", "sk", "until"]);
    assert_eq!(text(row, "nonce").len(), 64);
    for place in world.store.places(&tenant, &Subject::Tenant, &[]).await.unwrap() {
        world.store.purge(&place).await.unwrap();
    }
    assert!(world.partition(Table::Transient, tenant.as_str()).await.unwrap().is_empty());
    assert_eq!(world.partition(Table::Transient, other.as_str()).await.unwrap().len(), 1);
}
