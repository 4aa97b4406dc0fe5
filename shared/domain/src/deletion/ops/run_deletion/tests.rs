//! The rules of the steps: their order, what each leaves, what a crash may not lose.

use std::sync::Arc;

use jiff::SignedDuration;

use super::Ports;
use crate::base::error::{Error, Kind, PLATFORM_SETUP};
use crate::base::ids::{ConnectionId, DeletionId};
use crate::base::place::Subject;
use crate::base::table::Table;
use crate::connect::connection::State;
use crate::deletion::ledger::{Deletion, REVOKE_PAUSE, Reason, SECOND_PASS, Step, VERIFY, VERIFY_PAUSE};
use crate::deletion::ops::read_deletions::{self, receipt};
use crate::deletion::steps::begin_deletion::{self, Draft, draft};
use crate::platform::capabilities::RevokeOutcome;
use crate::testing::{PLATFORM, World, account_of, ports, ready, server, tenant};

fn ports(world: &Arc<World>) -> Ports {
    ports!(world, Ports { clock, entropy, rows, queue, keys, connectors, profile })
}

fn run(world: &Arc<World>, id: &DeletionId) -> Option<Deletion> {
    ready(super::run(&ports(world), &tenant(), id)).unwrap()
}

fn cut(world: &Arc<World>, subject: &Subject) -> DeletionId {
    let (ports, t0) = (world.plan(), world.now());
    ready(begin_deletion::cut(&ports, &tenant(), subject, Reason::Disconnected, t0)).unwrap().id
}

fn cut_connection(world: &Arc<World>, id: &ConnectionId) -> DeletionId {
    cut(world, &Subject::Connection(id.clone()))
}

/// Runs what is left of a deletion, as the sweeper would.
fn finish(world: &Arc<World>, id: &DeletionId) -> Deletion {
    for _ in 0..60 {
        world.pass(SignedDuration::from_mins(30));
        // A crash is one of the things that a later message mends.
        drop(ready(super::run(&ports(world), &tenant(), id)));
    }
    world.deletion(id)
}

fn counts(deletion: &Deletion, step: Step) -> Vec<(&'static str, u64)> {
    let events = deletion.events.iter().filter(|event| event.step == step);
    events.flat_map(|event| &event.counts).map(|(table, count)| (table.as_str(), *count)).collect()
}

#[test]
fn t42_s19_s20_k7_keys_go_first_then_rows_then_the_platform_is_asked_and_the_token_goes() {
    let world = World::of_deletions();
    let id = cut_connection(&world, &world.connect(1, &[11, 12]));
    let t0 = world.now();
    let waiting = run(&world, &id).unwrap();
    let order = world.done();
    let at = |what: &str| order.iter().position(|line| line == what).unwrap();
    assert!(at("cut") < at("purge vault key#data#"));
    assert!(at("purge vault key#data#") < at("purge reports "));
    assert!(at("purge reports ") < at("revoke"));
    assert!(at("revoke") < at("purge vault key#token#"));
    assert!(at("revoke") < at("purge vault tok#"));
    assert_eq!(order.iter().filter(|line| *line == "revoke").count(), 1, "the single call after T0");
    assert_eq!((waiting.step, waiting.next_step_at), (Step::PurgeAgain, Some(t0 + SECOND_PASS)));
    assert!(world.left(Table::Vault).is_empty());
    assert_eq!(world.left(Table::Connections).len(), 1, "only the row that says so is left");

    world.pass(SECOND_PASS);
    let waiting = run(&world, &id).unwrap();
    assert_eq!((waiting.step, waiting.next_step_at), (Step::Verify, Some(t0 + VERIFY)));
    assert!(world.deletion.rows.lock().unwrap().is_empty());
    world.pass(VERIFY - SECOND_PASS);
    let done = run(&world, &id).unwrap();
    assert_eq!((done.step, done.next_step_at, done.verified_at), (Step::Done, None, Some(t0 + VERIFY)));
    assert_eq!(counts(&done, Step::ShredData), [("vault", 3)]);
    assert_eq!(counts(&done, Step::Purge), [("connections", 8), ("reports", 6)]);
    assert_eq!(counts(&done, Step::ShredToken), [("vault", 3)]);
    let zeros = [("connections", 0), ("vault", 0), ("reports", 0)];
    assert_eq!(counts(&done, Step::Verify), zeros);
    assert!(run(&world, &id).unwrap().step == Step::Done, "a late message changes nothing");

    let ports = ports!(world, read_deletions::Ports { clock, rows });
    let proof = ready(receipt::get(&ports, world.as_ref(), &server(), &id)).unwrap();
    let held: Vec<_> = proof.held.iter().map(|(table, count)| (table.as_str(), *count)).collect();
    assert_eq!(held, [("connections", 9), ("vault", 6), ("reports", 6)]);
    assert_eq!((proof.settings_url, proof.counted.values().sum::<u64>()), (None, 7));
}

#[test]
fn s19_the_platform_is_asked_three_times_and_then_the_token_goes_all_the_same() {
    let world = World::of_deletions();
    let id = cut_connection(&world, &world.connect(1, &[11]));
    let away = || Err(Error::new(Kind::Upstream, "away", "502"));
    *world.platform.revocations.lock().unwrap() = vec![away(), Ok(RevokeOutcome::Unreachable), away()];
    let t0 = world.now();
    for tries in 1..3_u8 {
        let waiting = run(&world, &id).unwrap();
        assert_eq!((waiting.step, waiting.revoke_tries, waiting.revoke), (Step::Revoke, tries, None));
        assert!(!world.left(Table::Vault).is_empty());
        world.pass(REVOKE_PAUSE);
    }
    let after = run(&world, &id).unwrap();
    assert!(after.events.last().unwrap().at <= t0 + SignedDuration::from_hours(1));
    assert_eq!((after.revoke, after.revoke_tries), (Some(RevokeOutcome::Unreachable), 3));
    assert!(world.left(Table::Vault).is_empty());
    assert_eq!(finish(&world, &id).step, Step::Done);
    assert_eq!(world.done().iter().filter(|line| *line == "revoke").count(), 3);
}

#[test]
fn s19_a_crash_around_the_call_never_makes_a_fourth() {
    let world = World::of_deletions();
    let id = cut_connection(&world, &world.connect(1, &[11]));
    run_until_revoke(&world, &id);
    for _ in 0..6 {
        let before = world.done().len();
        crash_after_the_try_was_written(&world, &id);
        assert!(world.done().len() <= before + 1);
        world.pass(REVOKE_PAUSE);
    }
    assert_eq!(world.done().iter().filter(|line| *line == "revoke").count(), 3);
    assert_eq!(finish(&world, &id).revoke, Some(RevokeOutcome::Unreachable));
}

/// Stops right before the first try: the version is the one that the try's note is written on.
fn run_until_revoke(world: &World, id: &DeletionId) {
    *world.platform.revocations.lock().unwrap() = vec![Ok(RevokeOutcome::Unreachable)];
    let mut row = world.deletion(id);
    row.step = Step::Revoke;
    row.events.push(super::event(row.t0, Step::Purge, Vec::new(), None));
    world.deletion.deletions.lock().unwrap().insert(id.clone(), row);
}

/// The platform answers, and the process ends before the Ledger hears of it.
fn crash_after_the_try_was_written(world: &Arc<World>, id: &DeletionId) {
    let mut row = world.deletion(id);
    let ports = ports(world);
    if super::is_due(&row, world.now()) {
        row = ready(super::revoke::revoke(&ports, row)).unwrap().unwrap();
        drop(row);
    }
}

#[test]
fn s19_outcomes_are_told_as_they_are() {
    let refused = || Err(Error::new(Kind::Refused, "not_in_profile", "never left"));
    let dead = || Err(Error::new(Kind::Reauthorise, "revoked", "dead already"));
    let cases = [
        (Ok(RevokeOutcome::Refused), RevokeOutcome::Refused),
        (Ok(RevokeOutcome::Impossible), RevokeOutcome::Impossible),
        (refused(), RevokeOutcome::Impossible),
        (dead(), RevokeOutcome::Killed),
    ];
    for (answer, outcome) in cases {
        let world = World::of_deletions();
        let id = cut_connection(&world, &world.connect(1, &[11]));
        *world.platform.revocations.lock().unwrap() = vec![answer];
        assert_eq!(run(&world, &id).unwrap().revoke, Some(outcome));
        assert!(world.left(Table::Vault).is_empty());
    }
}

#[test]
fn a_fault_of_the_set_up_alarms_and_the_other_tries_go_on() {
    let world = World::of_deletions();
    let id = cut_connection(&world, &world.connect(1, &[11]));
    let setup = || Err(Error::new(Kind::Setup, PLATFORM_SETUP, "a wrong secret"));
    *world.platform.revocations.lock().unwrap() = vec![setup(), setup(), setup()];
    for tries in 1..=3_u8 {
        // The queue writes an error line about it, which alarms.
        assert_eq!(ready(super::run(&ports(&world), &tenant(), &id)).unwrap_err().kind, Kind::Setup);
        let after = world.deletion(&id);
        let told = after.events.last().unwrap();
        assert_eq!((after.revoke_tries, told.outcome), (tries, Some(RevokeOutcome::Unreachable)));
        assert!(!world.left(Table::Vault).is_empty(), "nothing is destroyed in that run");
        assert_eq!(after.revoke.is_some(), tries == 3);
        if tries < 3 {
            world.pass(REVOKE_PAUSE);
        }
    }
    assert_eq!(
        world.deletion.sent.lock().unwrap().as_slice(),
        std::slice::from_ref(&id),
        "what is due is not left to the sweeper"
    );
    assert_eq!(run(&world, &id).unwrap().revoke, Some(RevokeOutcome::Unreachable));
    assert!(world.left(Table::Vault).is_empty());
    assert_eq!(world.done().iter().filter(|line| *line == "revoke").count(), 3);
}

#[test]
fn a_set_up_that_is_mended_in_time_ends_the_grant() {
    let world = World::of_deletions();
    let id = cut_connection(&world, &world.connect(1, &[11]));
    *world.platform.revocations.lock().unwrap() =
        vec![Err(Error::new(Kind::Setup, PLATFORM_SETUP, "a wrong secret"))];
    ready(super::run(&ports(&world), &tenant(), &id)).unwrap_err();
    world.pass(REVOKE_PAUSE);
    assert_eq!(run(&world, &id).unwrap().revoke, Some(RevokeOutcome::Killed));
}

#[test]
fn a_token_that_ttl_took_first_is_not_called_revoked() {
    let world = World::of_deletions();
    let id = cut_connection(&world, &world.connect(1, &[11]));
    world.deletion.rows.lock().unwrap().retain(|row| row.0 != Table::Vault);
    assert_eq!(run(&world, &id).unwrap().revoke, Some(RevokeOutcome::Impossible));
    assert!(!world.done().contains(&"revoke".to_owned()));
}

#[test]
fn t50_an_account_goes_alone_without_touching_its_connection() {
    let world = World::of_deletions();
    let connection = world.connect(1, &[11, 12]);
    let id = cut(&world, &Subject::Account(connection.clone(), account_of(11)));
    let waiting = run(&world, &id).unwrap();
    assert_eq!(waiting.step, Step::PurgeAgain);
    assert!(world.left(Table::Connections).contains(&format!("acc#{}", account_of(11))), "it still says so");
    let done = finish(&world, &id);
    assert_eq!((done.step, done.revoke), (Step::Done, None));
    assert!(!world.done().contains(&"revoke".to_owned()));
    let keys = [format!("key#data#{}", account_of(12)), "key#data#-".to_owned(), "key#token#-".to_owned()];
    assert!(keys.iter().all(|key| world.left(Table::Vault).contains(key)));
    assert!(!world.left(Table::Connections).iter().any(|key| key.contains(account_of(11).as_str())));
    assert_eq!(world.left(Table::Reports).len(), 3);
    assert_eq!(world.state_of(&connection), State::Active);
}

#[test]
fn a_row_that_slipped_through_keeps_the_deletion_open_until_it_is_counted_at_zero() {
    let world = World::of_deletions();
    let connection = world.connect(1, &[11]);
    let id = cut_connection(&world, &connection);
    run(&world, &id);
    world.pass(SECOND_PASS);
    run(&world, &id);
    let late = (Table::Reports, format!("{}#{connection}#{}", tenant(), account_of(11)), "r#late".to_owned());
    world.deletion.rows.lock().unwrap().insert(late);
    world.pass(VERIFY);
    let waiting = run(&world, &id).unwrap();
    assert_eq!((waiting.step, waiting.verified_at), (Step::Verify, None));
    assert!(waiting.events.last().unwrap().counts.contains(&(Table::Reports, 1)));
    assert!(world.deletion.rows.lock().unwrap().is_empty());
    world.pass(VERIFY_PAUSE);
    assert_eq!(run(&world, &id).unwrap().step, Step::Done);
}

#[test]
fn a_crash_at_any_write_of_the_ledger_loses_neither_a_step_nor_a_count() {
    let calm = World::of_deletions();
    let id = cut_connection(&calm, &calm.connect(1, &[11, 12]));
    let expected = finish(&calm, &id);
    assert!(expected.version > 8);
    for crash in 2..=expected.version {
        let world = World::of_deletions();
        let id = cut_connection(&world, &world.connect(1, &[11, 12]));
        *world.deletion.crash_at.lock().unwrap() = Some(crash);
        let done = finish(&world, &id);
        assert_eq!(*world.deletion.crash_at.lock().unwrap(), None, "write {crash} was not crashed");
        assert_eq!(done.step, Step::Done, "after a crash at write {crash}");
        for step in [Step::ShredData, Step::Purge, Step::ShredToken, Step::PurgeAgain, Step::Verify] {
            assert_eq!(counts(&done, step), counts(&expected, step), "after a crash at write {crash}");
        }
    }
}

#[test]
fn the_slower_of_two_workers_stops() {
    let world = World::of_deletions();
    let id = cut_connection(&world, &world.connect(1, &[11]));
    *world.deletion.others_are_faster.lock().unwrap() = true;
    assert_eq!(run(&world, &id), None);
    assert!(!world.done().contains(&"revoke".to_owned()));
}

/// A pending connection with the deletion that waits for it.
fn pending(world: &Arc<World>) -> (ConnectionId, DeletionId) {
    let connection = world.connect(1, &[11]);
    let t0 = world.now() + SignedDuration::from_mins(15);
    let subject = Subject::Connection(connection.clone());
    let waiting = draft(
        world.entropy.as_ref(),
        t0,
        Draft {
            tenant: tenant(),
            subject,
            reason: Reason::Abandoned,
            platform: PLATFORM.to_owned(),
            t0,
            first_step_at: t0,
            places: Vec::new(),
            keys: Vec::new(),
        },
    );
    world.change(&connection, |row| {
        row.state = State::Pending;
        row.deletion = Some(waiting.id.clone());
    });
    world.deletion.deletions.lock().unwrap().insert(waiting.id.clone(), waiting.clone());
    (connection, waiting.id)
}

#[test]
fn an_abandoned_connection_is_cut_when_its_time_comes_and_not_before() {
    let world = World::of_deletions();
    let (connection, id) = pending(&world);
    let code = world.deletion(&id).code;
    assert_eq!(run(&world, &id).unwrap().step, Step::ShredData);
    assert!(world.done().is_empty());
    world.pass(SignedDuration::from_mins(15));
    let waiting = run(&world, &id).unwrap();
    assert_eq!((waiting.step, waiting.code), (Step::PurgeAgain, code));
    assert!(waiting.places.iter().any(|place| place.class == Table::Reports), "accounts were chosen since");
    assert_eq!(world.state_of(&connection), State::Purging);
    assert_eq!(finish(&world, &id).step, Step::Done);
}

#[test]
fn a_connection_that_was_taken_up_is_left_alone() {
    let world = World::of_deletions();
    let (connection, id) = pending(&world);
    world.change(&connection, |row| row.state = State::Active);
    world.pass(SignedDuration::from_mins(15));
    assert_eq!(run(&world, &id), None);
    assert!(world.done().is_empty());
}

#[test]
fn a_disconnect_takes_the_waiting_deletion_over() {
    let world = World::of_deletions();
    let (connection, waiting) = pending(&world);
    let id = cut_connection(&world, &connection);
    assert_eq!(id, waiting);
    assert_eq!(world.deletion(&id).reason, Reason::Disconnected);
    assert_eq!(run(&world, &id).unwrap().step, Step::PurgeAgain);
}

#[test]
fn t44_a_tenant_ends_when_each_of_its_connections_has_ended() {
    let world = World::of_deletions();
    for number in 1..=3 {
        world.connect(number, &[number * 10]);
    }
    let parent = cut(&world, &Subject::Tenant);
    let t0 = world.deletion(&parent).t0;
    world.pass(SignedDuration::from_mins(2));
    run(&world, &parent);
    let children: Vec<_> =
        world.deletion.deletions.lock().unwrap().keys().filter(|id| **id != parent).cloned().collect();
    assert_eq!(children.len(), 3);
    assert_eq!(world.deletion.sent.lock().unwrap().len(), 3);
    for child in &children {
        let child = world.deletion(child);
        assert_eq!((child.reason, child.t0), (Reason::TenantDeleted, t0));
    }
    world.pass(VERIFY);
    run(&world, &parent);
    world.pass(VERIFY);
    assert_eq!(run(&world, &parent).unwrap().step, Step::Verify, "its connections are still there");
    for child in &children {
        let child = finish(&world, child);
        assert_eq!(child.step, Step::Done);
        let (first, again) =
            (&child.events[0], child.events.iter().find(|event| event.step == Step::PurgeAgain));
        assert!(again.unwrap().at >= first.at + SECOND_PASS);
    }
    assert_eq!(finish(&world, &parent).step, Step::Done);
}

#[test]
fn a_connection_that_comes_back_after_its_tenant_was_closed_is_cut_too() {
    let world = World::of_deletions();
    let parent = cut(&world, &Subject::Tenant);
    run(&world, &parent);
    let late = world.connect(5, &[50]);
    world.pass(SECOND_PASS);
    run(&world, &parent);
    assert_eq!(world.state_of(&late), State::Purging);
}
