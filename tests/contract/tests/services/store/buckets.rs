//! Buckets of rate limits: conditions decide, nothing waits, and of any number of calls a burst gets through.

use std::sync::Arc;
use std::time::Duration;

use mooring_aws_local::Fault;
use mooring_domain::Kind;
use mooring_domain::base::ids::CredentialId;
use mooring_domain::base::place::Subject;
use mooring_domain::base::table::Table;
use mooring_domain::deletion::ports::{DeletionBegin as _, Purge as _};
use mooring_domain::guard::limits::{Bucket, InUse, Limits, Rate, count};
use mooring_domain::guard::limits::{RateBuckets as _, TakeOutcome};
use mooring_store::{PATIENCE, Store};
use mooring_tests_contract::values::tenant_id;
use mooring_tests_contract::{World, expiry};
use uuid::Uuid;

const NOW: i64 = 1_800_000_000_000_000;

/// Makes the state of a bucket in use at an instant.
fn at(now: i64) -> InUse {
    InUse { after: now, until: now + 1_000 }
}

fn buckets() -> [Bucket; 2] {
    Bucket::of(&tenant_id(), &CredentialId::from_uuid(Uuid::now_v7()))
}

#[tokio::test]
async fn a_bucket_is_started_when_it_is_whole_and_added_to_up_to_its_limit() {
    let world = World::start().await.unwrap();
    let (store, buckets) = (&world.store, buckets());
    let [bucket, tenant] = &buckets;
    assert_eq!(store.peek(&buckets).await.unwrap(), [None, None]);
    assert_eq!(store.add(bucket, 10, NOW).await.unwrap(), TakeOutcome::Refused(None));
    assert_eq!(store.start(bucket, at(NOW), NOW + 10).await.unwrap(), TakeOutcome::Done(NOW + 10));
    assert_eq!(store.start(bucket, at(NOW), NOW + 20).await.unwrap(), TakeOutcome::Refused(Some(NOW + 10)));
    assert_eq!(store.add(bucket, 10, NOW + 10).await.unwrap(), TakeOutcome::Done(NOW + 20));
    assert_eq!(store.add(bucket, 10, NOW + 19).await.unwrap(), TakeOutcome::Refused(Some(NOW + 20)));
    assert_eq!(store.peek(&buckets).await.unwrap(), [Some(NOW + 20), None]);
    assert_eq!(store.start(tenant, at(NOW), NOW + 1).await.unwrap(), TakeOutcome::Done(NOW + 1));
    assert_eq!(store.peek(&buckets).await.unwrap(), [Some(NOW + 20), Some(NOW + 1)]);
    assert_eq!(store.start(bucket, at(NOW + 20), NOW + 30).await.unwrap(), TakeOutcome::Done(NOW + 30));
    assert_eq!(store.start(bucket, at(NOW - 970), NOW).await.unwrap(), TakeOutcome::Refused(Some(NOW + 30)));
    assert_eq!(
        store.start(bucket, at(NOW - 971), NOW).await.unwrap(),
        TakeOutcome::Done(NOW),
        "another clock's"
    );
}

#[tokio::test]
async fn a_call_is_given_back_unless_its_bucket_is_full_again() {
    let world = World::start().await.unwrap();
    let (store, buckets) = (&world.store, buckets());
    let bucket = &buckets[1];
    store.give_back(bucket, 10, NOW).await.unwrap();
    assert_eq!(store.peek(&buckets).await.unwrap(), [None, None], "nothing was taken");
    store.start(bucket, at(NOW), NOW + 10).await.unwrap();
    store.add(bucket, 10, NOW + 10).await.unwrap();
    store.give_back(bucket, 10, NOW).await.unwrap();
    assert_eq!(store.peek(&buckets).await.unwrap(), [None, Some(NOW + 10)]);
    store.give_back(bucket, 10, NOW + 10).await.unwrap();
    assert_eq!(store.peek(&buckets).await.unwrap(), [None, Some(NOW + 10)], "it is full by then");
}

#[tokio::test]
async fn of_many_calls_at_once_a_burst_gets_through() {
    let world = World::start().await.unwrap();
    let limits = Limits { key: Rate::per_minute(1, 10), tenant: Rate::per_minute(1, 25) };
    let tenant = tenant_id();
    // Few enough that a slow server still answers each within a limiter's patience.
    let turns = Arc::new(tokio::sync::Semaphore::new(4));
    let mut admitted = Vec::new();
    for _ in 0..3 {
        let credential = CredentialId::from_uuid(Uuid::now_v7());
        let buckets = Arc::new(Bucket::of(&tenant, &credential));
        let calls: Vec<_> = (0..32)
            .map(|_| {
                let (store, buckets, turns) = (world.store.clone(), Arc::clone(&buckets), Arc::clone(&turns));
                tokio::spawn(async move {
                    let _turn = turns.acquire_owned().await.unwrap();
                    call(&store, limits, &buckets).await
                })
            })
            .collect();
        let mut through = 0;
        for call in calls {
            through += usize::from(call.await.unwrap());
        }
        admitted.push(through);
    }
    // The third key meets the tenant's limit.
    assert_eq!(admitted, [10, 10, 5]);
}

async fn call(store: &Store, limits: Limits, buckets: &[Bucket; 2]) -> bool {
    let seen = store.peek(buckets).await.unwrap();
    let reading = count(store, limits, buckets, seen, NOW).await;
    assert!(reading.blind.is_empty(), "{:?}", reading.blind);
    reading.refusal().is_none()
}

#[tokio::test]
async fn a_limit_is_asked_once_and_not_for_long() {
    let world = World::start().await.unwrap();
    let (store, buckets) = (world.faulty(), buckets());
    for fault in [Fault::Throttle, Fault::ServerError, Fault::Conflict, Fault::Reset] {
        world.plan.reset();
        world.plan.inject(1, fault);
        let error = store.start(&buckets[0], at(NOW), NOW + 10).await.unwrap_err();
        assert_eq!((error.kind, world.plan.log().len()), (Kind::Unavailable, 1), "{fault:?}");
        world.plan.reset();
        if fault != Fault::Conflict {
            world.plan.inject(1, fault);
            assert!(store.peek(&buckets).await.is_err(), "{fault:?}");
            assert_eq!(world.plan.log().len(), 1, "{fault:?}");
        }
    }
    world.plan.reset();
    world.plan.inject(1, Fault::Delay(Duration::from_secs(20)));
    // A caller that waited would get an answer.
    let store = store.with_patience(PATIENCE);
    assert_eq!(store.add(&buckets[0], 10, NOW).await.unwrap_err().kind, Kind::Unavailable);
}

#[tokio::test]
async fn buckets_hold_a_number_and_go_by_themselves_or_with_their_tenant() {
    let world = World::start().await.unwrap();
    let [bucket, of_tenant] = buckets();
    let tenant = &bucket.tenant;
    world.store.start(&bucket, at(NOW), NOW + 10).await.unwrap();
    world.store.start(&of_tenant, at(NOW), NOW + 10).await.unwrap();
    let rows = world.partition(Table::Transient, format!("rate#{tenant}")).await.unwrap();
    assert_eq!(rows.len(), 2);
    for (sk, row) in &rows {
        let mut names: Vec<_> = row.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["expires_at", "pk", "sk", "whole_at"], "{sk}");
        assert_eq!(expiry(row), Some(NOW / 1_000_000 + 3_600));
    }
    for place in world.store.places(tenant, &Subject::Tenant, &[]).await.unwrap() {
        world.store.purge(&place).await.unwrap();
    }
    assert!(world.rows(Table::Transient).await.unwrap().is_empty());
}
