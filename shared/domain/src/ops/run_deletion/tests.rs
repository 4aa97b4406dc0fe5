//! The rules of the steps: their order, what each leaves, what a crash may not lose. Ports are a small world.

use jiff::SignedDuration;

use super::{Ports, run};
use crate::caller::CredentialKind;
use crate::connection::State;
use crate::connector::RevokeOutcome;
use crate::deletion::{
    Deletion, REVOKE_PAUSE, Reason, SECOND_PASS, Step, Subject, Table, VERIFY, VERIFY_PAUSE,
};
use crate::deletion_plan::tests::fakes::{World, account, caller, now, profile, tenant};
use crate::deletion_plan::{Draft, cut, draft};
use crate::error::{Error, Kind, PLATFORM_SETUP};
use crate::ids::{ConnectionId, DeletionId};
use crate::ops::read_deletions::{self, receipt};
use crate::profile::Profile;

struct Bench {
    world: World,
    profile: Profile,
}

impl Bench {
    fn new() -> Self {
        Self { world: World::new(), profile: profile() }
    }

    fn run(&self, id: &DeletionId) -> Option<Deletion> {
        now(run(&self.ports(), &tenant(), id)).unwrap()
    }

    fn ports(&self) -> Ports<'_> {
        let world = &self.world;
        Ports {
            plan: world.plan(),
            advance: world,
            queue: world,
            purge: world,
            vault: world,
            keys: world,
            connectors: world,
            profile: &self.profile,
        }
    }

    fn cut(&self, subject: &Subject) -> DeletionId {
        let t0 = self.world.memory().now;
        now(cut(&self.world.plan(), &tenant(), subject, Reason::Disconnected, t0)).unwrap().id
    }

    fn cut_connection(&self, id: &ConnectionId) -> DeletionId {
        self.cut(&Subject::Connection(id.clone()))
    }

    /// Runs what is left of a deletion, as the sweeper would.
    fn finish(&self, id: &DeletionId) -> Deletion {
        for _ in 0..60 {
            self.world.pass(SignedDuration::from_mins(30));
            // A crash is one of the things that a later message mends.
            drop(now(run(&self.ports(), &tenant(), id)));
        }
        self.world.deletion(id)
    }

    fn log(&self) -> Vec<String> {
        self.world.memory().log.clone()
    }
}

fn counts(deletion: &Deletion, step: Step) -> Vec<(&'static str, u64)> {
    let events = deletion.events.iter().filter(|event| event.step == step);
    events.flat_map(|event| &event.counts).map(|(table, count)| (table.as_str(), *count)).collect()
}

#[test]
fn t42_s19_s20_k7_keys_go_first_then_rows_then_the_platform_is_asked_and_the_token_goes() {
    let bench = Bench::new();
    let id = bench.cut_connection(&bench.world.connect(1, &[11, 12]));
    let t0 = bench.world.memory().now;
    let waiting = bench.run(&id).unwrap();
    let order = bench.log();
    let at = |what: &str| order.iter().position(|line| line == what).unwrap();
    assert!(at("cut") < at("purge vault key#data#"));
    assert!(at("purge vault key#data#") < at("purge reports "));
    assert!(at("purge reports ") < at("revoke"));
    assert!(at("revoke") < at("purge vault key#token#"));
    assert!(at("revoke") < at("purge vault tok#"));
    assert_eq!(order.iter().filter(|line| *line == "revoke").count(), 1, "the single call after T0");
    assert_eq!((waiting.step, waiting.next_step_at), (Step::PurgeAgain, Some(t0 + SECOND_PASS)));
    assert!(bench.world.left(Table::Vault).is_empty());
    assert_eq!(bench.world.left(Table::Connections).len(), 1, "only the row that says so is left");

    bench.world.pass(SECOND_PASS);
    let waiting = bench.run(&id).unwrap();
    assert_eq!((waiting.step, waiting.next_step_at), (Step::Verify, Some(t0 + VERIFY)));
    assert!(bench.world.memory().rows.is_empty());
    bench.world.pass(VERIFY - SECOND_PASS);
    let done = bench.run(&id).unwrap();
    assert_eq!((done.step, done.next_step_at, done.verified_at), (Step::Done, None, Some(t0 + VERIFY)));
    assert_eq!(counts(&done, Step::ShredData), [("vault", 3)]);
    assert_eq!(counts(&done, Step::Purge), [("connections", 8), ("reports", 6)]);
    assert_eq!(counts(&done, Step::ShredToken), [("vault", 3)]);
    let zeros = [("connections", 0), ("vault", 0), ("reports", 0)];
    assert_eq!(counts(&done, Step::Verify), zeros);
    assert!(bench.run(&id).unwrap().step == Step::Done, "a late message changes nothing");

    let ports = read_deletions::Ports { ledger: &bench.world, owners: &bench.world, clock: &bench.world };
    let caller = caller(CredentialKind::ApiKey);
    let proof = now(receipt::get(&ports, &bench.world, &caller, &id)).unwrap();
    let held: Vec<_> = proof.held.iter().map(|(table, count)| (table.as_str(), *count)).collect();
    assert_eq!(held, [("connections", 9), ("vault", 6), ("reports", 6)]);
    assert_eq!((proof.settings_url, proof.counted.values().sum::<u64>()), (None, 7));
}

#[test]
fn s19_the_platform_is_asked_three_times_and_then_the_token_goes_all_the_same() {
    let bench = Bench::new();
    let id = bench.cut_connection(&bench.world.connect(1, &[11]));
    let away = || Err(Error::new(Kind::Upstream, "away", "502"));
    bench.world.memory().answers = vec![away(), Ok(RevokeOutcome::Unreachable), away()];
    let t0 = bench.world.memory().now;
    for tries in 1..3_u8 {
        let waiting = bench.run(&id).unwrap();
        assert_eq!((waiting.step, waiting.revoke_tries, waiting.revoke), (Step::Revoke, tries, None));
        assert!(!bench.world.left(Table::Vault).is_empty());
        bench.world.pass(REVOKE_PAUSE);
    }
    let after = bench.run(&id).unwrap();
    assert!(after.events.last().unwrap().at <= t0 + SignedDuration::from_hours(1));
    assert_eq!((after.revoke, after.revoke_tries), (Some(RevokeOutcome::Unreachable), 3));
    assert!(bench.world.left(Table::Vault).is_empty());
    assert_eq!(bench.finish(&id).step, Step::Done);
    assert_eq!(bench.log().iter().filter(|line| *line == "revoke").count(), 3);
}

#[test]
fn s19_a_crash_around_the_call_never_makes_a_fourth() {
    let bench = Bench::new();
    let id = bench.cut_connection(&bench.world.connect(1, &[11]));
    bench.run_until_revoke(&id);
    for _ in 0..6 {
        let before = bench.log().len();
        bench.crash_after_the_try_was_written(&id);
        assert!(bench.log().len() <= before + 1);
        bench.world.pass(REVOKE_PAUSE);
    }
    assert_eq!(bench.log().iter().filter(|line| *line == "revoke").count(), 3);
    assert_eq!(bench.finish(&id).revoke, Some(RevokeOutcome::Unreachable));
}

impl Bench {
    /// Stops right before the first try: the version is the one that the try's note is written on.
    fn run_until_revoke(&self, id: &DeletionId) {
        self.world.memory().answers = vec![Ok(RevokeOutcome::Unreachable)];
        let mut row = self.world.deletion(id);
        row.step = Step::Revoke;
        row.events.push(super::event(row.t0, Step::Purge, Vec::new(), None));
        self.world.memory().deletions.insert(id.clone(), row);
    }

    /// The platform answers, and the process ends before the Ledger hears of it.
    fn crash_after_the_try_was_written(&self, id: &DeletionId) {
        let mut row = self.world.deletion(id);
        let ports = self.ports();
        if super::is_due(&row, self.world.memory().now) {
            row = now(super::revoke::revoke(&ports, row)).unwrap().unwrap();
            drop(row);
        }
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
        let bench = Bench::new();
        let id = bench.cut_connection(&bench.world.connect(1, &[11]));
        bench.world.memory().answers = vec![answer];
        assert_eq!(bench.run(&id).unwrap().revoke, Some(outcome));
        assert!(bench.world.left(Table::Vault).is_empty());
    }
}

#[test]
fn a_fault_of_the_set_up_alarms_and_the_other_tries_go_on() {
    let bench = Bench::new();
    let id = bench.cut_connection(&bench.world.connect(1, &[11]));
    let setup = || Err(Error::new(Kind::Setup, PLATFORM_SETUP, "a wrong secret"));
    bench.world.memory().answers = vec![setup(), setup(), setup()];
    for tries in 1..=3_u8 {
        // The queue writes an error line about it, which alarms.
        assert_eq!(now(run(&bench.ports(), &tenant(), &id)).unwrap_err().kind, Kind::Setup);
        let after = bench.world.deletion(&id);
        let told = after.events.last().unwrap();
        assert_eq!((after.revoke_tries, told.outcome), (tries, Some(RevokeOutcome::Unreachable)));
        assert!(!bench.world.left(Table::Vault).is_empty(), "nothing is destroyed in that run");
        assert_eq!(after.revoke.is_some(), tries == 3);
        if tries < 3 {
            bench.world.pass(REVOKE_PAUSE);
        }
    }
    assert_eq!(
        bench.world.memory().sent,
        std::slice::from_ref(&id),
        "what is due is not left to the sweeper"
    );
    assert_eq!(bench.run(&id).unwrap().revoke, Some(RevokeOutcome::Unreachable));
    assert!(bench.world.left(Table::Vault).is_empty());
    assert_eq!(bench.log().iter().filter(|line| *line == "revoke").count(), 3);
}

#[test]
fn a_set_up_that_is_mended_in_time_ends_the_grant() {
    let bench = Bench::new();
    let id = bench.cut_connection(&bench.world.connect(1, &[11]));
    bench.world.memory().answers = vec![Err(Error::new(Kind::Setup, PLATFORM_SETUP, "a wrong secret"))];
    now(run(&bench.ports(), &tenant(), &id)).unwrap_err();
    bench.world.pass(REVOKE_PAUSE);
    assert_eq!(bench.run(&id).unwrap().revoke, Some(RevokeOutcome::Killed));
}

#[test]
fn a_token_that_ttl_took_first_is_not_called_revoked() {
    let bench = Bench::new();
    let id = bench.cut_connection(&bench.world.connect(1, &[11]));
    bench.world.memory().rows.retain(|row| row.0 != Table::Vault);
    assert_eq!(bench.run(&id).unwrap().revoke, Some(RevokeOutcome::Impossible));
    assert!(!bench.log().contains(&"revoke".to_owned()));
}

#[test]
fn t50_an_account_goes_alone_without_touching_its_connection() {
    let bench = Bench::new();
    let connection = bench.world.connect(1, &[11, 12]);
    let id = bench.cut(&Subject::Account(connection.clone(), account(11)));
    let waiting = bench.run(&id).unwrap();
    assert_eq!(waiting.step, Step::PurgeAgain);
    assert!(
        bench.world.left(Table::Connections).contains(&format!("acc#{}", account(11))),
        "it still says so"
    );
    let done = bench.finish(&id);
    assert_eq!((done.step, done.revoke), (Step::Done, None));
    assert!(!bench.log().contains(&"revoke".to_owned()));
    let keys = [format!("key#data#{}", account(12)), "key#data#-".to_owned(), "key#token#-".to_owned()];
    assert!(keys.iter().all(|key| bench.world.left(Table::Vault).contains(key)));
    assert!(!bench.world.left(Table::Connections).iter().any(|key| key.contains(account(11).as_str())));
    assert_eq!(bench.world.left(Table::Reports).len(), 3);
    assert_eq!(bench.world.memory().connections[&connection].state, State::Active);
}

#[test]
fn a_row_that_slipped_through_keeps_the_deletion_open_until_it_is_counted_at_zero() {
    let bench = Bench::new();
    let connection = bench.world.connect(1, &[11]);
    let id = bench.cut_connection(&connection);
    bench.run(&id);
    bench.world.pass(SECOND_PASS);
    bench.run(&id);
    let late = (Table::Reports, format!("{}#{connection}#{}", tenant(), account(11)), "r#late".to_owned());
    bench.world.memory().rows.insert(late);
    bench.world.pass(VERIFY);
    let waiting = bench.run(&id).unwrap();
    assert_eq!((waiting.step, waiting.verified_at), (Step::Verify, None));
    assert!(waiting.events.last().unwrap().counts.contains(&(Table::Reports, 1)));
    assert!(bench.world.memory().rows.is_empty());
    bench.world.pass(VERIFY_PAUSE);
    assert_eq!(bench.run(&id).unwrap().step, Step::Done);
}

#[test]
fn a_crash_at_any_write_of_the_ledger_loses_neither_a_step_nor_a_count() {
    let calm = Bench::new();
    let id = calm.cut_connection(&calm.world.connect(1, &[11, 12]));
    let expected = calm.finish(&id);
    assert!(expected.version > 8);
    for crash in 2..=expected.version {
        let bench = Bench::new();
        let id = bench.cut_connection(&bench.world.connect(1, &[11, 12]));
        bench.world.memory().crash_at = Some(crash);
        let done = bench.finish(&id);
        assert_eq!(bench.world.memory().crash_at, None, "write {crash} was not crashed");
        assert_eq!(done.step, Step::Done, "after a crash at write {crash}");
        for step in [Step::ShredData, Step::Purge, Step::ShredToken, Step::PurgeAgain, Step::Verify] {
            assert_eq!(counts(&done, step), counts(&expected, step), "after a crash at write {crash}");
        }
    }
}

#[test]
fn the_slower_of_two_workers_stops() {
    let bench = Bench::new();
    let id = bench.cut_connection(&bench.world.connect(1, &[11]));
    bench.world.memory().others_are_faster = true;
    assert_eq!(bench.run(&id), None);
    assert!(!bench.log().contains(&"revoke".to_owned()));
}

impl Bench {
    /// A pending connection with the deletion that waits for it.
    fn pending(&self) -> (ConnectionId, DeletionId) {
        let connection = self.world.connect(1, &[11]);
        let t0 = self.world.memory().now + SignedDuration::from_mins(15);
        let subject = Subject::Connection(connection.clone());
        let waiting = draft(
            &self.world.entropy,
            t0,
            Draft {
                tenant: tenant(),
                subject,
                reason: Reason::Abandoned,
                platform: "tiktok_ads".to_owned(),
                t0,
                first_step_at: t0,
                places: Vec::new(),
                keys: Vec::new(),
            },
        );
        let mut memory = self.world.memory();
        let row = memory.connections.get_mut(&connection).unwrap();
        row.state = State::Pending;
        row.deletion = Some(waiting.id.clone());
        memory.deletions.insert(waiting.id.clone(), waiting.clone());
        (connection, waiting.id)
    }
}

#[test]
fn an_abandoned_connection_is_cut_when_its_time_comes_and_not_before() {
    let bench = Bench::new();
    let (connection, id) = bench.pending();
    let code = bench.world.deletion(&id).code;
    assert_eq!(bench.run(&id).unwrap().step, Step::ShredData);
    assert!(bench.log().is_empty());
    bench.world.pass(SignedDuration::from_mins(15));
    let waiting = bench.run(&id).unwrap();
    assert_eq!((waiting.step, waiting.code), (Step::PurgeAgain, code));
    assert!(waiting.places.iter().any(|place| place.table == Table::Reports), "accounts were chosen since");
    assert_eq!(bench.world.memory().connections[&connection].state, State::Purging);
    assert_eq!(bench.finish(&id).step, Step::Done);
}

#[test]
fn a_connection_that_was_taken_up_is_left_alone() {
    let bench = Bench::new();
    let (connection, id) = bench.pending();
    bench.world.memory().connections.get_mut(&connection).unwrap().state = State::Active;
    bench.world.pass(SignedDuration::from_mins(15));
    assert_eq!(bench.run(&id), None);
    assert!(bench.log().is_empty());
}

#[test]
fn a_disconnect_takes_the_waiting_deletion_over() {
    let bench = Bench::new();
    let (connection, waiting) = bench.pending();
    let id = bench.cut_connection(&connection);
    assert_eq!(id, waiting);
    assert_eq!(bench.world.deletion(&id).reason, Reason::Disconnected);
    assert_eq!(bench.run(&id).unwrap().step, Step::PurgeAgain);
}

#[test]
fn t44_a_tenant_ends_when_each_of_its_connections_has_ended() {
    let bench = Bench::new();
    for number in 1..=3 {
        bench.world.connect(number, &[number * 10]);
    }
    let parent = bench.cut(&Subject::Tenant);
    let t0 = bench.world.deletion(&parent).t0;
    bench.world.pass(SignedDuration::from_mins(2));
    bench.run(&parent);
    let children: Vec<_> =
        bench.world.memory().deletions.keys().filter(|id| **id != parent).cloned().collect();
    assert_eq!(children.len(), 3);
    assert_eq!(bench.world.memory().sent.len(), 3);
    for child in &children {
        let child = bench.world.deletion(child);
        assert_eq!((child.reason, child.t0), (Reason::TenantDeleted, t0));
    }
    bench.world.pass(VERIFY);
    bench.run(&parent);
    bench.world.pass(VERIFY);
    assert_eq!(bench.run(&parent).unwrap().step, Step::Verify, "its connections are still there");
    for child in &children {
        let child = bench.finish(child);
        assert_eq!(child.step, Step::Done);
        let (first, again) =
            (&child.events[0], child.events.iter().find(|event| event.step == Step::PurgeAgain));
        assert!(again.unwrap().at >= first.at + SECOND_PASS);
    }
    assert_eq!(bench.finish(&parent).step, Step::Done);
}

#[test]
fn a_connection_that_comes_back_after_its_tenant_was_closed_is_cut_too() {
    let bench = Bench::new();
    let parent = bench.cut(&Subject::Tenant);
    bench.run(&parent);
    let late = bench.world.connect(5, &[50]);
    bench.world.pass(SECOND_PASS);
    bench.run(&parent);
    assert_eq!(bench.world.memory().connections[&late].state, State::Purging);
}
