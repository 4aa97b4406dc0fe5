//! The cutoff: one transaction from which on nothing is readable or writable, and everything has an end.

use mooring_aws_local::Fault;
use mooring_domain::base::ids::AccountId;
use mooring_domain::base::place::Subject;
use mooring_domain::base::table::Table;
use mooring_domain::connect::connection::State;
use mooring_domain::connect::ports::{ConnectionRead as _, ConnectionState as _, FenceRead as _};
use mooring_domain::connect::token_life::Life;
use mooring_domain::deletion::ledger::{DEAD_MAN, Deletion, Reason};
use mooring_domain::deletion::ports::{Cutoff, DeletionBegin as _, LedgerRead as _, Purge as _};
use mooring_domain::people::ports::{CallerRead as _, DirectoryWrite as _};
use mooring_domain::sync::ports::{DueRead, SyncProgress as _};
use mooring_domain::vault::keys::{KeyContext, Use};
use mooring_domain::vault::ports::VaultRead as _;
use mooring_tests_contract::values::{Case, change, deletion, sync_change, tenant_id};
use mooring_tests_contract::{Item, World, expiry, text};

/// More than one transaction holds.
const MANY: usize = 70;

async fn assert_cut(world: &World, case: &Case, by: &Deletion) {
    let (tenant, id) = (case.tenant(), case.id());
    let end = Some((by.t0 + DEAD_MAN).as_second());
    let row = world.row(Table::Connections, tenant.as_str(), id.as_str()).await.unwrap().unwrap();
    assert_eq!(
        (text(&row, "state"), text(&row, "deletion"), expiry(&row)),
        ("purging".to_owned(), by.id.to_string(), end)
    );
    let read = world.store.connection(tenant, id).await.unwrap().unwrap();
    assert_eq!(read.delete_by, Some(by.delete_by));
    for account in case.account_ids() {
        let fence = world.store.fence(tenant, id, Some(&account)).await.unwrap();
        assert!(!fence.lets_read() && !fence.lets_write());
    }
    for table in [Table::Vault, Table::Connections] {
        for (sk, row) in world.partition(table, case.home()).await.unwrap() {
            assert_eq!(expiry(&row), end, "{sk}");
            assert!(!row.contains_key("due_shard") && !row.contains_key("due_at"), "{sk}");
        }
    }
    assert_eq!(world.store.deletion(tenant, &by.id).await.unwrap().as_ref(), Some(by));
    let audit = world.partition(Table::Ledger, tenant.as_str()).await.unwrap();
    assert!(audit.iter().any(|(sk, row)| sk.starts_with("aud#") && text(row, "deletion") == by.id.as_str()));
}

/// Stores that the first account is lost; returns the stored life.
async fn lost(world: &World, case: &Case, since: jiff::Timestamp) -> Life {
    let (store, tenant, id) = (&world.store, case.tenant(), case.id());
    let mut life = store.life(tenant, id).await.unwrap();
    life.lost = vec![(case.account(0).account, since)];
    assert!(store.record_life(tenant, id, &change(id, life, State::Active, State::Active)).await.unwrap());
    store.life(tenant, id).await.unwrap()
}

async fn life_row(world: &World, case: &Case) -> Item {
    world.row(Table::Connections, case.home(), "life").await.unwrap().unwrap()
}

/// A cutoff on evidence happens only while the evidence stands: a person who authorises again takes the evidence back.
#[tokio::test]
async fn a_cutoff_on_evidence_that_was_taken_back_is_refused() {
    for reason in [Reason::RevokedAtPlatform, Reason::NotReauthorised] {
        for (state, cut) in [
            (State::Active, Cutoff::Nothing),
            (State::Suspect, Cutoff::Made),
            (State::NeedsReauth, Cutoff::Made),
        ] {
            let world = World::start().await.unwrap();
            let case = world.active(1).await.unwrap();
            let (store, tenant, id) = (&world.store, case.tenant(), case.id());
            let life = store.life(tenant, id).await.unwrap();
            store.record_life(tenant, id, &change(id, life, State::Active, state)).await.unwrap();
            let ended = case.ending(&world, reason).await.unwrap();
            assert_eq!(store.begin(&ended, None).await.unwrap(), cut, "{reason:?} {state:?}");
            assert_eq!(store.deletion(tenant, &ended.id).await.unwrap().is_some(), cut == Cutoff::Made);
        }
    }
}

/// An account ends only while its loss stands, alone or with its connection, and only by a writer that saw the last
/// change.
#[tokio::test]
async fn a_loss_that_was_taken_back_is_no_loss() {
    let world = World::start().await.unwrap();
    let since = world.now() - jiff::SignedDuration::from_hours(24);
    for is_last in [false, true] {
        let case = world.active(2).await.unwrap();
        let (store, tenant, id) = (&world.store, case.tenant(), case.id());
        let whole = Subject::Connection(id.clone());
        let alone = |number| Subject::Account(id.clone(), case.account(number).account);
        let ended =
            |subject, t0| Deletion { t0, ..deletion(tenant, subject, Reason::AccountLost, world.now()) };
        let subject = if is_last { whole } else { alone(0) };
        let none = ended(subject.clone(), since);
        assert_eq!(store.begin(&none, None).await.unwrap(), Cutoff::Nothing, "nothing was seen");
        let life = lost(&world, &case, since).await;
        let other = ended(subject.clone(), world.now());
        assert_eq!(store.begin(&other, None).await.unwrap(), Cutoff::Nothing, "other evidence");
        let fresh = Life { lost: Vec::new(), ..life };
        store.record_life(tenant, id, &change(id, fresh, State::Active, State::Active)).await.unwrap();
        assert_eq!(store.begin(&none, None).await.unwrap(), Cutoff::Nothing, "taken back");
        lost(&world, &case, since).await;
        assert_eq!(store.begin(&ended(alone(1), since), None).await.unwrap(), Cutoff::Nothing, "another's");
        let before = store.life(tenant, id).await.unwrap();
        assert_eq!(store.begin(&none, None).await.unwrap(), Cutoff::Made);
        let again = ended(subject, since);
        assert_eq!(store.begin(&again, None).await.unwrap(), Cutoff::Before(none.id));
        assert_eq!(
            store.life(tenant, id).await.unwrap(),
            before,
            "the next loss is held against the same row"
        );
    }
}

/// A cutoff on evidence of yesterday: the closed rows can still be read to revoke the grant, and expire an hour later.
#[tokio::test]
async fn t43_what_is_cut_on_old_evidence_does_not_expire_before_the_cutoff() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    let cut = world.now();
    let yesterday = cut - jiff::SignedDuration::from_hours(24);
    lost(&world, &case, yesterday).await;
    let ended = case.ending(&world, Reason::AccountLost).await.unwrap();
    let ended = Deletion { t0: yesterday, next_step_at: Some(cut), ..ended };
    assert_eq!(world.store.begin(&ended, None).await.unwrap(), Cutoff::Made);
    assert!(expiry(&life_row(&world, &case).await).is_some_and(|end| end > cut.as_second()));
    assert!(world.store.token(case.tenant(), case.id(), "access").await.unwrap().is_some());
    let row = world.store.connection(case.tenant(), case.id()).await.unwrap().unwrap();
    assert_eq!(row.state, State::Purging);
}

#[tokio::test]
async fn t42_from_the_cutoff_on_nothing_is_readable_and_everything_ends() {
    let world = World::start().await.unwrap();
    let case = world.active(3).await.unwrap();
    world.store.change_sync_state(&case.account(0), &sync_change()).await.unwrap();
    let ended = case.ending(&world, Reason::Disconnected).await.unwrap();
    assert_eq!(world.store.begin(&ended, None).await.unwrap(), Cutoff::Made);
    assert_cut(&world, &case, &ended).await;
    assert!(world.store.change_sync_state(&case.account(0), &sync_change()).await.is_err());
    assert!(DueRead::due(&world.store, 7, 0, 59).await.unwrap().is_empty());
    assert!(world.store.outbox(world.now()).await.unwrap().is_empty());
    let code = mooring_domain::base::secret::Digest(sha256(&ended.code));
    assert_eq!(world.store.by_code(&code).await.unwrap(), Some(ended));
}

fn sha256(text: &str) -> [u8; 32] {
    use mooring_domain::base::host::Entropy as _;
    mooring_system::SystemEntropy.digest(text.as_bytes()).0
}

#[tokio::test]
async fn when_every_function_is_dead_ttl_alone_ends_it_within_the_hour() {
    let world = World::start().await.unwrap();
    let case = world.active(2).await.unwrap();
    let ended = case.ending(&world, Reason::Disconnected).await.unwrap();
    world.store.begin(&ended, None).await.unwrap();
    world.pass(std::time::Duration::from_mins(61));
    // Late TTL changes nothing for readers.
    let context = KeyContext::connection(case.tenant(), case.id(), Use::Token);
    assert_eq!(world.store.key(&context).await.unwrap(), None);
    assert_eq!(world.store.token(case.tenant(), case.id(), "access").await.unwrap(), None);
    if world.services.expire().await.unwrap() {
        assert!(world.rows(Table::Vault).await.unwrap().is_empty());
        assert!(world.rows(Table::Connections).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_second_cutoff_is_told_of_the_first() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    let first = case.ending(&world, Reason::Disconnected).await.unwrap();
    let second = case.ending(&world, Reason::Requested).await.unwrap();
    assert_eq!(world.store.begin(&first, None).await.unwrap(), Cutoff::Made);
    assert_eq!(world.store.begin(&second, None).await.unwrap(), Cutoff::Before(first.id.clone()));
    assert_eq!(world.store.deletion(case.tenant(), &second.id).await.unwrap(), None, "nothing was written");
    assert_cut(&world, &case, &first).await;
    let account = Subject::Account(case.id().clone(), case.account(0).account);
    let third = deletion(case.tenant(), account, Reason::Disconnected, world.now());
    assert_eq!(world.store.begin(&third, None).await.unwrap(), Cutoff::Before(first.id));
}

#[tokio::test]
async fn of_many_cutoffs_at_once_one_is_made_and_the_others_name_it() {
    let world = World::start().await.unwrap();
    let case = world.active(2).await.unwrap();
    let mut runs = Vec::new();
    for _ in 0..12 {
        let ended = case.ending(&world, Reason::Disconnected).await.unwrap();
        let store = world.store.clone();
        runs.push(tokio::spawn(async move { (ended.id.clone(), store.begin(&ended, None).await.unwrap()) }));
    }
    let mut outcomes = Vec::new();
    for run in runs {
        outcomes.push(run.await.unwrap());
    }
    let made: Vec<_> =
        outcomes.iter().filter(|(_, cut)| *cut == Cutoff::Made).map(|(id, _)| id.clone()).collect();
    assert_eq!(made.len(), 1);
    assert!(outcomes.iter().all(|(_, cut)| *cut == Cutoff::Made || *cut == Cutoff::Before(made[0].clone())));
}

#[tokio::test]
async fn there_is_nothing_to_cut_of_what_never_was_or_is_anothers() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    let mut foreign = case.ending(&world, Reason::Disconnected).await.unwrap();
    foreign.tenant = tenant_id();
    foreign.places.clear();
    assert_eq!(world.store.begin(&foreign, None).await.unwrap(), Cutoff::Nothing);
    assert_eq!(world.store.deletion(&foreign.tenant, &foreign.id).await.unwrap(), None);
    let nobody: AccountId = mooring_tests_contract::values::account_id();
    let subject = Subject::Account(case.id().clone(), nobody);
    let ended = deletion(case.tenant(), subject, Reason::Disconnected, world.now());
    assert_eq!(world.store.begin(&ended, None).await.unwrap(), Cutoff::Nothing);
    let subject = Subject::Tenant;
    let ended = deletion(&tenant_id(), subject, Reason::TenantDeleted, world.now());
    assert_eq!(world.store.begin(&ended, None).await.unwrap(), Cutoff::Nothing);
    assert!(
        world
            .store
            .fence(case.tenant(), case.id(), Some(&case.account(0).account))
            .await
            .unwrap()
            .lets_write()
    );
}

#[tokio::test]
async fn an_abandoned_connection_is_cut_only_while_it_is_pending() {
    let world = World::start().await.unwrap();
    let store = &world.store;
    let taken_up = world.active(1).await.unwrap();
    let ended = case_abandoned(&world, &taken_up).await;
    assert_eq!(store.begin(&ended, None).await.unwrap(), Cutoff::Nothing);
    assert_eq!(
        store.connection(taken_up.tenant(), taken_up.id()).await.unwrap().unwrap().state,
        State::Active
    );
    let left = world.pending(1).await.unwrap();
    assert!(store.deletions(left.tenant(), None, 10).await.unwrap().is_empty(), "hidden until its T0");
    let ended = case_abandoned(&world, &left).await;
    assert_eq!(store.begin(&ended, None).await.unwrap(), Cutoff::Made);
    assert_eq!(store.deletions(left.tenant(), None, 10).await.unwrap(), std::slice::from_ref(&ended));
    assert_eq!(store.begin(&ended, None).await.unwrap(), Cutoff::Before(ended.id));
}

async fn case_abandoned(world: &World, case: &Case) -> Deletion {
    let fresh = case.ending(world, Reason::Abandoned).await.unwrap();
    Deletion { id: case.abandoned.id.clone(), code: case.abandoned.code.clone(), version: 2, ..fresh }
}

#[tokio::test]
async fn one_account_is_cut_alone() {
    let world = World::start().await.unwrap();
    let case = world.active(2).await.unwrap();
    let (gone, stays) = (case.account(0), case.account(1));
    world.store.change_sync_state(&gone, &sync_change()).await.unwrap();
    let subject = Subject::Account(case.id().clone(), gone.account.clone());
    let places = world.store.places(case.tenant(), &subject, &[]).await.unwrap();
    let ended =
        Deletion { places, ..deletion(case.tenant(), subject.clone(), Reason::Disconnected, world.now()) };
    assert_eq!(world.store.begin(&ended, None).await.unwrap(), Cutoff::Made);
    let again = deletion(case.tenant(), subject, Reason::Requested, world.now());
    assert_eq!(world.store.begin(&again, None).await.unwrap(), Cutoff::Before(ended.id.clone()));
    let store = &world.store;
    assert!(!store.fence(case.tenant(), case.id(), Some(&gone.account)).await.unwrap().lets_read());
    assert!(store.fence(case.tenant(), case.id(), Some(&stays.account)).await.unwrap().lets_write());
    let end = Some((ended.t0 + DEAD_MAN).as_second());
    for table in [Table::Vault, Table::Connections] {
        for (sk, row) in world.partition(table, case.home()).await.unwrap() {
            let expected = if sk.contains(gone.account.as_str()) { end } else { None };
            assert!(sk.starts_with("cand#") || expiry(&row) == expected, "{sk}");
        }
    }
    let due: Vec<_> =
        DueRead::due(store, 7, 0, 59).await.unwrap().into_iter().map(|row| row.account).collect();
    assert_eq!(due, std::slice::from_ref(&stays.account));
    let jobs: Vec<_> =
        store.outbox(world.now()).await.unwrap().into_iter().map(|(_, job)| job.account).collect();
    assert_eq!(jobs, [stays.account]);
}

#[tokio::test]
async fn a_tenant_stops_at_once() {
    let world = World::start().await.unwrap();
    let tenant = mooring_domain::people::tenant::Tenant {
        id: tenant_id(),
        name: "T".to_owned(),
        active: true,
        return_urls: Vec::new(),
        origins: vec!["https://t.example".to_owned()],
        pseudonyms: None,
    };
    world.store.put_tenant(&tenant, None).await.unwrap();
    let places = world.store.places(&tenant.id, &Subject::Tenant, &[]).await.unwrap();
    let ended =
        Deletion { places, ..deletion(&tenant.id, Subject::Tenant, Reason::TenantDeleted, world.now()) };
    assert_eq!(world.store.begin(&ended, None).await.unwrap(), Cutoff::Made);
    assert!(!world.store.tenant(&tenant.id).await.unwrap().unwrap().active);
    let again = deletion(&tenant.id, Subject::Tenant, Reason::TenantDeleted, world.now());
    assert_eq!(world.store.begin(&again, None).await.unwrap(), Cutoff::Before(ended.id.clone()));
    for place in &ended.places {
        world.store.purge(place).await.unwrap();
    }
    assert!(world.rows(Table::Directory).await.unwrap().is_empty(), "origins too");
}

#[tokio::test]
async fn a_connection_too_large_for_one_transaction_is_cut_whole() {
    let world = World::start().await.unwrap();
    let case = world.active(MANY).await.unwrap();
    let ended = case.ending(&world, Reason::Disconnected).await.unwrap();
    let faulty = world.faulty();
    assert_eq!(faulty.begin(&ended, None).await.unwrap(), Cutoff::Made);
    assert_cut(&world, &case, &ended).await;
    let transactions = world.plan.log().iter().filter(|call| call.operation == "TransactWriteItems").count();
    assert!(transactions > 1);
}

/// A crash at any call leaves the connection either untouched, or unreadable with its deletion in the Ledger.
#[tokio::test]
async fn a_crash_at_the_cutoff_leaves_all_or_nothing() {
    for accounts in [2, MANY] {
        let world = World::start().await.unwrap();
        let probe = world.active(accounts).await.unwrap();
        let ended = probe.ending(&world, Reason::Disconnected).await.unwrap();
        world.faulty().begin(&ended, None).await.unwrap();
        let calls = u64::try_from(world.plan.log().len()).unwrap();
        let mut seen = [0, 0];
        for call in 1..=calls {
            for fault in [Fault::CrashBefore, Fault::CrashAfter] {
                world.plan.reset();
                let case = world.active(accounts).await.unwrap();
                let ended = case.ending(&world, Reason::Disconnected).await.unwrap();
                let faulty = world.faulty();
                world.plan.inject(call, fault);
                tokio::select! {
                    done = faulty.begin(&ended, None) => panic!("no crash at call {call}: {done:?}"),
                    () = world.plan.crashed() => {}
                }
                let account = case.account(accounts - 1).account;
                let fence = world.store.fence(case.tenant(), case.id(), Some(&account)).await.unwrap();
                let known = world.store.deletion(case.tenant(), &ended.id).await.unwrap();
                assert_eq!(fence.lets_read(), known.is_none(), "call {call} {fault:?}");
                assert_eq!(fence.lets_write(), known.is_none(), "call {call} {fault:?}");
                let token = format!("tok#access#{:08}", 1);
                let token = world.row(Table::Vault, case.home(), token).await.unwrap().unwrap();
                assert_eq!(expiry(&token).is_none(), known.is_none(), "call {call} {fault:?}");
                seen[usize::from(known.is_some())] += 1;
            }
        }
        assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
    }
}

#[tokio::test]
async fn held_keys_are_those_of_the_subject() {
    let world = World::start().await.unwrap();
    let case = world.active(2).await.unwrap();
    let whole = Subject::Connection(case.id().clone());
    assert_eq!(world.store.held_keys(case.tenant(), &whole).await.unwrap().len(), 4);
    let account = case.account(0).account;
    let context = KeyContext::account(case.tenant(), case.id(), &account);
    let key = world.store.key(&context).await.unwrap().unwrap();
    let one = Subject::Account(case.id().clone(), account);
    assert_eq!(world.store.held_keys(case.tenant(), &one).await.unwrap(), [key.id]);
    assert!(world.store.held_keys(case.tenant(), &Subject::Tenant).await.unwrap().is_empty());
}
