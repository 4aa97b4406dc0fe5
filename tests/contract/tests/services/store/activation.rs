//! Activation: everything becomes active together, once, and a crash never leaves anything between.

use jiff::Timestamp;
use jiff::civil::date;
use mooring_aws_local::Fault;
use mooring_domain::Kind;
use mooring_domain::base::ids::{ConnectionId, DeletionId, TenantId};
use mooring_domain::base::place::Subject;
use mooring_domain::base::secret::Fingerprint;
use mooring_domain::base::table::Table;
use mooring_domain::connect::connection::State;
use mooring_domain::connect::ports::{
    ConnectionRead as _, FenceRead as _, HeldAccounts as _, Holders, MOST_HOLDERS,
};
use mooring_domain::deletion::ledger::{Deletion, Reason};
use mooring_domain::deletion::ports::{Cutoff, DeletionBegin as _, LedgerRead, Purge as _};
use mooring_domain::platform::figures::Level;
use mooring_domain::sync::completeness::{DayRecord, Days};
use mooring_domain::sync::completeness::{DayStatus, Marks};
use mooring_domain::sync::ports::{DueRead, SyncProgress as _};
use mooring_tests_contract::values::{Case, deletion};
use mooring_tests_contract::{World, expiry, text};

/// Enough for several transactions.
const MANY: usize = 80;

async fn assert_active(world: &World, case: &Case) {
    let (tenant, id) = (case.tenant(), case.id());
    let connection = world.store.connection(tenant, id).await.unwrap().unwrap();
    assert_eq!((connection.state, connection.deletion, connection.delete_by), (State::Active, None, None));
    for account in world.store.accounts(tenant, id).await.unwrap() {
        assert_eq!(account.state, State::Active);
        assert!(world.store.fence(tenant, id, Some(&account.id)).await.unwrap().lets_write());
    }
    assert_eq!(world.store.deletion(tenant, &case.abandoned.id).await.unwrap(), None);
    for row in world.partition(Table::Vault, case.home()).await.unwrap() {
        assert_eq!(expiry(&row.1), None, "{}", row.0);
    }
    for (sk, row) in world.partition(Table::Connections, case.home()).await.unwrap() {
        assert!(expiry(&row).is_none() || sk.starts_with("cand#"), "{sk}");
    }
    assert_eq!(DueRead::due(&world.store, 7, 42, 42).await.unwrap().len(), case.accounts.len());
    assert_eq!(world.store.outbox(world.now()).await.unwrap().len(), case.accounts.len());
}

/// An account is found where a live connection of the tenant holds it, and nowhere else.
#[tokio::test]
async fn an_account_is_found_where_it_is_held() {
    let world = World::start().await.unwrap();
    let case = world.pending(1).await.unwrap();
    let (tenant, accounts) = (case.tenant(), [case.accounts[0].fingerprint.clone()]);
    assert!(world.store.held(tenant, &accounts).await.unwrap().is_empty(), "a pending one holds nothing");
    case.activate(&world.store).await.unwrap();
    let held = world.store.held(tenant, &accounts).await.unwrap();
    let held: Vec<_> = held.iter().map(|held| (&held.account, ids(held), held.more)).collect();
    assert_eq!(held, [(&accounts[0], vec![case.id().clone()], false)]);
    let other = [Fingerprint("ef".repeat(16))];
    assert!(world.store.held(tenant, &other).await.unwrap().is_empty());
    let elsewhere = TenantId::from_uuid(uuid::Uuid::from_u128(77));
    assert!(world.store.held(&elsewhere, &accounts).await.unwrap().is_empty());
}

fn ids(holders: &Holders) -> Vec<ConnectionId> {
    holders.connections.iter().map(|connection| connection.id.clone()).collect()
}

/// An account that was disconnected is not found, and nothing of its connection, which goes on, names it any more.
#[tokio::test]
async fn p1_an_account_that_was_let_go_leaves_no_fingerprint() {
    let world = World::start().await.unwrap();
    let mut case = world.pending(2).await.unwrap();
    let gone = Fingerprint("9d".repeat(16));
    case.accounts[0].fingerprint = gone.clone();
    case.activate(&world.store).await.unwrap();
    let found = world.store.held(case.tenant(), std::slice::from_ref(&gone)).await.unwrap();
    assert_eq!(found.iter().flat_map(ids).collect::<Vec<_>>(), [case.id().clone()]);
    let subject = Subject::Account(case.id().clone(), case.accounts[0].id.clone());
    let places = world.store.places(case.tenant(), &subject, &[]).await.unwrap();
    let ended = Deletion { places, ..deletion(case.tenant(), subject, Reason::Disconnected, world.now()) };
    assert_eq!(world.store.begin(&ended, None).await.unwrap(), Cutoff::Made);
    let asked = [gone.clone(), case.accounts[1].fingerprint.clone()];
    let found = world.store.held(case.tenant(), &asked).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|holders| holders.account).collect();
    assert_eq!(found, [asked[1].clone()], "from the cut on, and of the one account alone");
    for place in &ended.places {
        world.store.purge(place).await.unwrap();
        assert_eq!(world.store.count(place).await.unwrap(), 0, "{place:?}");
    }
    for row in world.rows(Table::Connections).await.unwrap() {
        assert!(!format!("{row:?}").contains(&gone.0), "{}", text(&row, "sk"));
    }
}

/// More weeks than one transaction holds.
const WEEKS: i64 = 120;

/// The cutoff itself hides an account, however many rows it has and whatever happens right after.
#[tokio::test]
async fn an_account_with_a_long_past_is_hidden_by_the_cutoff_itself() {
    let world = World::start().await.unwrap();
    let mut first = 0;
    for is_probe in [true, false] {
        let case = world.active(2).await.unwrap();
        let week = |number| date(2020, 1, 6).saturating_add(jiff::Span::new().weeks(number));
        let record = DayRecord {
            status: DayStatus::Complete,
            marks: Marks::default(),
            version: None,
            rows: 0,
            hash: [0; 16],
        };
        let days: Days = (0..WEEKS).map(|number| ((Level::Account, week(number)), record)).collect();
        world.store.put_days(&case.account(0), &days).await.unwrap();
        let subject = Subject::Account(case.id().clone(), case.accounts[0].id.clone());
        let ended = deletion(case.tenant(), subject, Reason::Disconnected, world.now());
        world.plan.reset();
        let faulty = world.faulty();
        if is_probe {
            faulty.begin(&ended, None).await.unwrap();
            let log = world.plan.log();
            let writes: Vec<_> =
                (1..).zip(&log).filter(|(_, call)| call.operation == "TransactWriteItems").collect();
            assert!(writes.len() > 1, "one transaction was enough");
            first = writes[0].0;
            continue;
        }
        let asked = [case.accounts[0].fingerprint.clone()];
        assert_eq!(entries(&world, &case, &asked[0]).await, 2);
        world.plan.inject(first, Fault::CrashAfter);
        tokio::select! {
            done = faulty.begin(&ended, None) => panic!("no crash: {done:?}"),
            () = world.plan.crashed() => {}
        }
        assert_eq!(entries(&world, &case, &asked[0]).await, 1, "the other account's alone");
    }
}

/// Counts the rows of a connection that the index has of an account.
async fn entries(world: &World, case: &Case, account: &Fingerprint) -> usize {
    let shard = format!("held#{}#{}", case.tenant(), account.0);
    let rows = world.partition(Table::Connections, case.home()).await.unwrap();
    rows.iter().filter(|(_, row)| row.get("due_shard").is_some_and(|at| at.as_s() == Ok(&shard))).count()
}

/// Of the many connections that hold an account, the store reads some, and the answer says so.
#[tokio::test]
async fn of_very_many_holders_some_are_looked_at_and_the_answer_says_so() {
    let world = World::start().await.unwrap();
    let first = world.active(1).await.unwrap();
    let asked = [first.accounts[0].fingerprint.clone()];
    for more in [false, true] {
        let held = world.store.held(first.tenant(), &asked).await.unwrap();
        assert!(held.iter().all(|holders| !holders.more), "before {more}");
        let few = if more { 1 } else { MOST_HOLDERS - 1 };
        for _ in 0..few {
            world.pending_of(first.tenant(), 1).await.unwrap().activate(&world.store).await.unwrap();
        }
        let held = world.store.held(first.tenant(), &asked).await.unwrap();
        let found: Vec<_> = held.iter().map(|held| (held.connections.len(), held.more)).collect();
        assert_eq!(found, [(MOST_HOLDERS, more)]);
    }
}

#[tokio::test]
async fn a_connection_becomes_active_with_all_that_belongs_to_it() {
    let world = World::start().await.unwrap();
    let case = world.pending(2).await.unwrap();
    case.activate(&world.store).await.unwrap();
    assert_active(&world, &case).await;
    let ledger = world.partition(Table::Ledger, case.tenant().as_str()).await.unwrap();
    let whats: Vec<_> = ledger.iter().map(|(_, row)| text(row, "what")).collect();
    assert_eq!(whats, ["connection.activated"]);
    assert!(world.rows(Table::Directory).await.unwrap().iter().all(|row| expiry(row).is_none()));
    let code =
        world.rows(Table::Ledger).await.unwrap().iter().any(|row| text(row, "pk").starts_with("code#"));
    assert!(!code, "the public code of the abandoned deletion is gone");
}

#[tokio::test]
async fn a_connection_too_large_for_one_transaction_becomes_active() {
    let world = World::start().await.unwrap();
    let case = world.pending(MANY).await.unwrap();
    case.activate(&world.store).await.unwrap();
    assert_active(&world, &case).await;
}

#[tokio::test]
async fn activating_again_changes_nothing() {
    let world = World::start().await.unwrap();
    let case = world.active(2).await.unwrap();
    let before = world.rows(Table::Connections).await.unwrap().len();
    case.activate(&world.store).await.unwrap();
    assert_eq!(world.rows(Table::Connections).await.unwrap().len(), before);
    assert_active(&world, &case).await;
}

#[tokio::test]
async fn of_many_activations_at_once_all_succeed_and_one_is_made() {
    let world = World::start().await.unwrap();
    let case = world.pending(MANY).await.unwrap();
    let runs: Vec<_> = (0..8)
        .map(|_| {
            let (case, store) = (case.clone(), world.store.clone());
            tokio::spawn(async move { case.activate(&store).await })
        })
        .collect();
    for run in runs {
        run.await.unwrap().unwrap();
    }
    assert_active(&world, &case).await;
}

#[tokio::test]
async fn what_has_ended_is_not_activated() {
    let world = World::start().await.unwrap();
    let case = world.pending(2).await.unwrap();
    let ended = case.ending(&world, Reason::Disconnected).await.unwrap();
    assert_eq!(world.store.begin(&ended, None).await.unwrap(), Cutoff::Made);
    let stamped: Vec<_> = world.partition(Table::Vault, case.home()).await.unwrap();
    assert_eq!(case.activate(&world.store).await.unwrap_err().kind, Kind::Gone);
    assert_eq!(world.partition(Table::Vault, case.home()).await.unwrap(), stamped, "still stamped");
}

/// Crashes at each call, before and after the service did it: the connection is then either pending with the deletion
/// that ends it, or active; and a repetition always makes it active.
async fn dies_at_every_call(accounts: usize) {
    let world = World::start().await.unwrap();
    let faulty = world.faulty();
    let counted = world.pending(accounts).await.unwrap();
    counted.activate(&faulty).await.unwrap();
    let calls = u64::try_from(world.plan.log().len()).unwrap();
    assert!(calls >= 3, "{calls}");
    let (mut pending, mut active) = (0, 0);
    for call in 1..=calls {
        for fault in [Fault::CrashBefore, Fault::CrashAfter] {
            let world = World::start().await.unwrap();
            let (faulty, case) = (world.faulty(), world.pending(accounts).await.unwrap());
            world.plan.inject(call, fault);
            tokio::select! {
                done = case.activate(&faulty) => panic!("no crash at call {call}: {done:?}"),
                () = world.plan.crashed() => {}
            }
            let connection = world.store.connection(case.tenant(), case.id()).await.unwrap().unwrap();
            if connection.state == State::Pending {
                pending += 1;
                assert_eq!(connection.deletion.as_ref(), Some(&case.abandoned.id), "call {call} {fault:?}");
                let due = due_deletions(&world, case.abandoned.t0).await;
                assert_eq!(due, std::slice::from_ref(&case.abandoned.id), "call {call} {fault:?}");
            } else {
                active += 1;
                assert_active(&world, &case).await;
            }
            case.activate(&world.store).await.unwrap();
            assert_active(&world, &case).await;
        }
    }
    assert!(pending > 0 && active == 1, "{pending} pending, {active} active");
}

/// Both traits have a `due`.
async fn due_deletions(world: &World, at: Timestamp) -> Vec<DeletionId> {
    let due = LedgerRead::due(&world.store, at, 10).await.unwrap();
    due.into_iter().map(|deletion| deletion.id).collect()
}

#[tokio::test]
async fn a_crash_while_activating_leaves_nothing_between() {
    dies_at_every_call(2).await;
}

#[tokio::test]
async fn a_crash_while_activating_many_accounts_leaves_nothing_between() {
    dies_at_every_call(MANY).await;
}

#[tokio::test]
async fn a_half_activated_connection_is_still_ended_when_nobody_comes_back() {
    let world = World::start().await.unwrap();
    let case = world.pending(MANY).await.unwrap();
    let faulty = world.faulty();
    // The last call changes the state: just before it everything else is prepared.
    let probe = world.pending(MANY).await.unwrap();
    probe.activate(&faulty).await.unwrap();
    let flip = u64::try_from(world.plan.log().len()).unwrap();
    world.plan.reset();
    world.plan.inject(flip, Fault::CrashBefore);
    tokio::select! {
        done = case.activate(&faulty) => panic!("no crash: {done:?}"),
        () = world.plan.crashed() => {}
    }
    let mut ended = case.ending(&world, Reason::Abandoned).await.unwrap();
    (ended.id, ended.code, ended.version) = (case.abandoned.id.clone(), case.abandoned.code.clone(), 2);
    assert_eq!(world.store.begin(&ended, None).await.unwrap(), Cutoff::Made);
    assert!(
        world
            .partition(Table::Vault, case.home())
            .await
            .unwrap()
            .iter()
            .all(|(_, row)| expiry(row).is_some())
    );
    assert_eq!(case.activate(&world.store).await.unwrap_err().kind, Kind::Gone);
}
