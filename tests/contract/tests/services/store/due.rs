//! The due index: accounts by shard and minute, jobs that wait to be sent; and the logs.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use mooring_domain::base::ids::CredentialId;
use mooring_domain::base::table::Table;
use mooring_domain::base::window::Window;
use mooring_domain::connect::ports::ConnectionActivate as _;
use mooring_domain::people::access_log::{Access, PseudonymKey};
use mooring_domain::people::log_entry::{LogContent, LogSpan, SyncEntry};
use mooring_domain::people::ports::{AccessLog as _, LogRead as _};
use mooring_domain::sync::activity::Activity;
use mooring_domain::sync::job::{JobKind, SyncJob};
use mooring_domain::sync::ports::{ActivityWrite as _, DueRead as _};
use mooring_system::SystemEntropy;
use mooring_tests_contract::values::tenant_id;
use mooring_tests_contract::{World, expiry};
use uuid::Uuid;

#[tokio::test]
async fn accounts_are_due_in_their_shard_and_minute_only() {
    let world = World::start().await.unwrap();
    let mut expected = Vec::new();
    for slot in [(0, 0), (0, 5), (0, 59), (15, 5)] {
        let case = world.pending(2).await.unwrap();
        world.store.activate(&case.connection, &case.accounts, slot, &case.abandoned.id, &[]).await.unwrap();
        expected.push([case.account(0), case.account(1)]);
    }
    let due = async |shard, first, last| {
        let mut due = world.store.due(shard, first, last).await.unwrap();
        due.sort_by(|a, b| a.account.cmp(&b.account));
        due
    };
    assert_eq!(due(0, 0, 0).await, expected[0]);
    assert_eq!(due(0, 1, 58).await, expected[1]);
    assert_eq!(due(0, 0, 59).await.len(), 6);
    assert_eq!(due(15, 0, 59).await, expected[3]);
    assert!(due(1, 0, 59).await.is_empty() && due(0, 9, 3).await.is_empty());
}

#[tokio::test]
async fn a_pending_account_is_not_due() {
    let world = World::start().await.unwrap();
    world.pending(2).await.unwrap();
    for shard in 0..16 {
        assert!(world.store.due(shard, 0, 1439).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_job_waits_in_the_outbox_until_it_was_sent() {
    let world = World::start().await.unwrap();
    let case = world.pending(1).await.unwrap();
    let days = |from: &str, to: &str| Window::new(from.parse().unwrap(), to.parse().unwrap());
    let first = case.jobs().remove(0);
    let backfill =
        SyncJob { kind: JobKind::Backfill, window: days("2026-10-01", "2026-10-31"), ..first.clone() };
    let mut jobs = vec![first, backfill];
    let slot = (3, 3);
    world.store.activate(&case.connection, &case.accounts, slot, &case.abandoned.id, &jobs).await.unwrap();
    let early = world.now() - SignedDuration::from_mins(1);
    assert!(world.store.outbox(early).await.unwrap().is_empty());
    let mut waiting = world.store.outbox(world.now()).await.unwrap();
    waiting.sort_by(|a, b| a.0.cmp(&b.0));
    jobs.sort_by_key(SyncJob::id);
    assert_eq!(waiting, jobs.iter().map(|job| (job.id(), job.clone())).collect::<Vec<_>>());
    world.store.outbox_done(&jobs[0], &waiting[0].0).await.unwrap();
    world.store.outbox_done(&jobs[0], &waiting[0].0).await.unwrap();
    assert_eq!(world.store.outbox(world.now()).await.unwrap(), waiting[1..]);
}

#[tokio::test]
async fn an_entry_of_the_log_is_kept_83_days_and_said_once() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    let entry = Activity {
        tenant: case.tenant().clone(),
        connection: case.id().clone(),
        account: Some(case.account(0).account),
        what: SyncEntry::Done,
        numbers: vec![("rows", 3)],
        error: None,
        at: world.now(),
    };
    world.store.record(&entry).await.unwrap();
    world.store.record(&entry).await.unwrap();
    world.store.record(&Activity { error: Some("rate_limited"), ..entry.clone() }).await.unwrap();
    let rows = world.partition(Table::Activity, case.tenant().as_str()).await.unwrap();
    assert_eq!(rows.len(), 2);
    let end = entry.at + SignedDuration::from_hours(83 * 24);
    assert!(rows.iter().all(|(_, row)| expiry(row) == Some(end.as_second())));
}

#[tokio::test]
async fn an_entry_of_the_access_log_is_kept_83_days_and_holds_nothing_else() {
    let world = World::start().await.unwrap();
    let tenant = tenant_id();
    let key = PseudonymKey::fresh(&SystemEntropy);
    let entry = Access {
        tenant: tenant.clone(),
        credential: CredentialId::from_uuid(Uuid::now_v7()),
        is_browser: true,
        person: Some(key.of(&SystemEntropy, &"anna".parse().unwrap())),
        action: "getConnection",
        targets: vec!["con_00000000000000000000000001".to_owned()],
        outcome: "2xx",
        request_id: "request-1".to_owned(),
        at: world.now(),
    };
    world.store.add_access(&entry).await.unwrap();
    world.store.add_access(&Access { request_id: "request-2".to_owned(), ..entry.clone() }).await.unwrap();
    let rows = world.partition(Table::Activity, tenant.as_str()).await.unwrap();
    assert_eq!(rows.len(), 2, "two requests at one instant are two entries");
    let span = LogSpan { from: entry.at, to: entry.at + SignedDuration::from_millis(1) };
    let read = world.store.entries(&tenant, span, None, 10).await.unwrap();
    let LogContent::Call(call) = &read[1].content else { panic!("{read:?}") };
    assert_eq!((call.person.as_ref(), call.is_browser), (entry.person.as_ref(), true));
    assert_eq!((call.operation.as_str(), &call.subjects), (entry.action, &entry.targets));
    let rest = world.store.entries(&tenant, span, Some(&read[0].position), 10).await.unwrap();
    assert_eq!(rest, read[1..], "newest first, and each once");
    let before = LogSpan { to: entry.at, from: entry.at - SignedDuration::from_secs(1) };
    assert_eq!(world.store.entries(&tenant, before, None, 10).await.unwrap(), []);
    let end = entry.at + SignedDuration::from_hours(83 * 24);
    for (_, row) in &rows {
        assert_eq!(expiry(row), Some(end.as_second()));
        let names: BTreeSet<&str> = row.keys().map(String::as_str).collect();
        let known = [
            "action",
            "at",
            "browser",
            "credential",
            "expires_at",
            "outcome",
            "person",
            "pk",
            "request",
            "sk",
        ];
        assert_eq!(names, known.into_iter().chain(["targets", "what"]).collect());
    }
}
