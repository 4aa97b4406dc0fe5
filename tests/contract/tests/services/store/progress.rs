//! Progress and completeness: kept while the account may be synced, refused from then on.

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan as _};
use mooring_domain::Kind;
use mooring_domain::base::table::Table;
use mooring_domain::base::window::Window;
use mooring_domain::deletion::ledger::Reason;
use mooring_domain::deletion::ports::DeletionBegin as _;
use mooring_domain::platform::figures::{Level, Metric};
use mooring_domain::sync::completeness::{DayRecord, Days};
use mooring_domain::sync::completeness::{DayStatus, Marks, Reason as DayReason};
use mooring_domain::sync::ending::{SyncEnd, TryOutcome};
use mooring_domain::sync::job::JobKind;
use mooring_domain::sync::ports::{
    CompletenessRead as _, SyncAsk as _, SyncEndWrite as _, SyncProgress as _,
};
use mooring_domain::sync::state::{Backfill, Checkpoint, SyncChange, SyncState};
use mooring_domain::sync::trouble::Trouble;
use mooring_tests_contract::World;
use mooring_tests_contract::values::sync_change;
use proptest::collection::btree_map;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

#[tokio::test]
async fn state_and_checkpoints_are_read_as_they_were_put() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    let (account, store, now) = (case.account(0), &world.store, world.now());
    assert_eq!(store.sync_state(&account).await.unwrap(), SyncState::default());
    let all = Window { from: date(2026, 9, 1), to: date(2026, 11, 22) };
    let backfill = Some(Backfill::begin(now, all));
    let state = SyncState { names_due: true, entities: 12_345, backfill, ..SyncState::default() };
    let change = SyncChange {
        structure_at: None,
        names_due: Some(state.names_due),
        entities: Some(state.entities),
        backfill: state.backfill.clone(),
    };
    store.change_sync_state(&account, &change).await.unwrap();
    assert_eq!(store.sync_state(&account).await.unwrap(), state);
    let job = "first.1795309323.-";
    assert_eq!(store.checkpoint(&account, job).await.unwrap(), Checkpoint::default());
    let levels = vec![(Level::Account, date(2026, 11, 1)), (Level::Ad, date(2026, 11, 20))];
    let checkpoint = Checkpoint { structure: true, levels, done: false };
    store.put_checkpoint(&account, job, &checkpoint, now).await.unwrap();
    assert_eq!(store.checkpoint(&account, job).await.unwrap(), checkpoint);
    assert_eq!(store.checkpoint(&account, "first.1795309323.").await.unwrap(), Checkpoint::default());
    world.pass(std::time::Duration::from_hours(7 * 24 + 1));
    assert_eq!(store.checkpoint(&account, job).await.unwrap(), Checkpoint::default());
    assert_eq!(store.sync_state(&account).await.unwrap(), state);
}

/// Jobs of one account run at the same time: whichever writes last, both are remembered.
#[tokio::test]
async fn a_job_changes_what_it_decides_and_nothing_else() {
    let world = World::start().await.unwrap();
    let (store, now) = (&world.store, world.now());
    let names = SyncChange { structure_at: Some(now), names_due: Some(true), ..SyncChange::default() };
    let entities = SyncChange { entities: Some(9), ..sync_change() };
    let nothing = SyncChange::default();
    let expected = SyncState { structure_at: Some(now), entities: 9, ..SyncState::default() };
    for changes in [[&names, &entities, &nothing], [&names, &nothing, &entities]] {
        let account = world.active(1).await.unwrap().account(0);
        for change in changes {
            store.change_sync_state(&account, change).await.unwrap();
            store.sync_state(&account).await.unwrap();
        }
        assert_eq!(store.sync_state(&account).await.unwrap(), expected);
    }
}

/// Jobs of one account end at the same time: each end counts, in turn. News become events beside the state.
#[tokio::test]
async fn an_end_is_stored_when_no_other_came_in_between() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    let (account, store, now) = (case.account(0), &world.store, world.now());
    let window = Window { from: date(2026, 11, 16), to: date(2026, 11, 22) };
    let (kind, slot, at) = (JobKind::First, now, now);
    let end = |outcome| SyncEnd { kind, slot, window, has_newest: true, outcome, at };
    let failed = SyncState::default().after(&end(TryOutcome::PutBack(Trouble::RateLimited)));
    assert!(store.end_sync(&account, &failed, None).await.unwrap());
    assert_eq!(store.sync_state(&account).await.unwrap(), failed.state);
    let stale = SyncState::default().after(&end(TryOutcome::Done));
    assert!(!store.end_sync(&account, &stale, Some("j")).await.unwrap(), "another came in between");
    assert!(!store.checkpoint(&account, "j").await.unwrap().done);
    let done = failed.state.after(&end(TryOutcome::Done));
    let events = world.rows(Table::Activity).await.unwrap().len();
    assert!(store.end_sync(&account, &done, Some("j")).await.unwrap());
    assert_eq!(store.sync_state(&account).await.unwrap(), done.state, "a success takes the failure away");
    assert!(store.checkpoint(&account, "j").await.unwrap().done);
    assert_eq!(world.rows(Table::Activity).await.unwrap().len(), events + 1, "the first figures are news");
    let quiet = done.state.after(&end(TryOutcome::Done));
    assert!(store.end_sync(&account, &quiet, Some("k")).await.unwrap());
    assert!(store.checkpoint(&account, "k").await.unwrap().done);
    assert_eq!(world.rows(Table::Activity).await.unwrap().len(), events + 1);
}

/// A first job that begins to read older days keeps them from the end of a job that read the state before.
#[tokio::test]
async fn an_end_writes_nothing_over_a_backfill_that_began_meanwhile() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    let (account, store, at) = (case.account(0), &world.store, world.now());
    let window = Window { from: date(2026, 11, 16), to: date(2026, 11, 22) };
    let end =
        SyncEnd { kind: JobKind::Restate, slot: at, window, has_newest: true, outcome: TryOutcome::Done, at };
    let late = SyncState::default().after(&end);
    let begun = Backfill::begin(at, Window { from: date(2026, 9, 1), to: date(2026, 11, 22) });
    let change = SyncChange { backfill: Some(begun.clone()), ..SyncChange::default() };
    store.change_sync_state(&account, &change).await.unwrap();
    assert!(!store.end_sync(&account, &late, None).await.unwrap());
    let again = store.sync_state(&account).await.unwrap().after(&end);
    assert!(store.end_sync(&account, &again, None).await.unwrap());
    assert_eq!(store.sync_state(&account).await.unwrap().backfill, Some(begun));
}

/// Of two requests for a sync at the same time one is let through.
#[tokio::test]
async fn a_sync_is_asked_for_once_in_a_while() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    let (account, store) = (case.account(0), &world.store);
    let at = |second: i64| Timestamp::from_second(1_795_309_000 + second).unwrap();
    let (one, other) =
        tokio::join!(store.ask_sync(&account, at(0), at(-900)), store.ask_sync(&account, at(0), at(-900)));
    assert!(one.unwrap() != other.unwrap());
    assert!(!store.ask_sync(&account, at(899), at(-1)).await.unwrap());
    assert!(store.ask_sync(&account, at(900), at(0)).await.unwrap());
    assert_eq!(store.sync_state(&account).await.unwrap().asked_at, Some(at(900)));
}

#[tokio::test]
async fn nothing_is_stored_for_an_account_that_may_not_be_synced() {
    let world = World::start().await.unwrap();
    let (ended, pending) = (world.active(1).await.unwrap(), world.pending(1).await.unwrap());
    let deletion = ended.ending(&world, Reason::Disconnected).await.unwrap();
    world.store.begin(&deletion, None).await.unwrap();
    let rows = world.rows(Table::Connections).await.unwrap().len();
    let days = Days::from([((Level::Ad, date(2026, 11, 1)), record(1))]);
    for case in [ended, pending] {
        let (account, store) = (case.account(0), &world.store);
        let refused = [
            store.change_sync_state(&account, &sync_change()).await,
            store.put_checkpoint(&account, "j", &Checkpoint::default(), world.now()).await,
            store.put_days(&account, &days).await,
        ];
        assert!(refused.iter().all(|result| result.as_ref().is_err_and(|error| error.kind == Kind::Gone)));
    }
    assert_eq!(world.rows(Table::Connections).await.unwrap().len(), rows);
}

fn record(seed: u64) -> DayRecord {
    let status = match seed % 4 {
        0 => DayStatus::Complete,
        1 => DayStatus::Provisional,
        2 => DayStatus::Partial(DayReason::TotalsDiffer),
        _ => DayStatus::NotPermitted,
    };
    let version =
        (!seed.is_multiple_of(3)).then(|| Timestamp::from_millisecond(i64::try_from(seed).unwrap()).unwrap());
    let metrics = [Metric::Clicks].into_iter().filter(|_| seed.is_multiple_of(3)).collect();
    let marks = Marks { not_offered: metrics, unattributed: seed.is_multiple_of(2) };
    DayRecord { status, marks, version, hash: [seed.to_le_bytes()[0]; 16], rows: seed }
}

fn level() -> impl Strategy<Value = Level> {
    prop::sample::select(Level::ALL.to_vec())
}

fn day(offset: i64) -> Date {
    date(2025, 12, 1).saturating_add(offset.days())
}

#[test]
fn days_are_kept_one_by_one_over_weeks_and_read_in_any_span() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(World::start()).unwrap();
    let puts = prop::collection::vec(btree_map((level(), 0_i64..120), 0_u64..1_000_000, 1..20), 1..4);
    let input = (puts, 0_i64..120, 0_i64..60);
    TestRunner::new(Config::with_cases(40))
        .run(&input, |(puts, from, length)| {
            runtime.block_on(async {
                let case = world.active(2).await.unwrap();
                let account = case.account(0);
                let mut model = Days::new();
                for put in puts {
                    let known = |((level, offset), seed)| ((level, day(offset)), record(seed));
                    let days: Days = put.into_iter().map(known).collect();
                    world.store.put_days(&account, &days).await.unwrap();
                    model.extend(days);
                }
                let (from, to) = (day(from), day(from + length));
                let read = world.store.days(&account, from, to).await.unwrap();
                model.retain(|(_, day), _| (from..=to).contains(day));
                prop_assert_eq!(read, model);
                let other = world.store.days(&case.account(1), from, to).await.unwrap();
                prop_assert!(other.is_empty());
                Ok(())
            })
        })
        .unwrap();
}

#[tokio::test]
async fn a_span_that_ends_before_it_begins_has_no_days() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    assert!(world.store.days(&case.account(0), day(9), day(8)).await.unwrap().is_empty());
}
