//! What a probe makes of each answer.

use super::*;
use crate::base::error::{ACCOUNT_LOST, EXPIRED, PLATFORM_SETUP, REVOKED};
use crate::base::ids::AccountId;
use crate::base::place::Subject;
use crate::connect::connection::State;
use crate::deletion::ledger::Reason;
use crate::platform::account::{PlatformAccount, Unusable, UnusableAccount};
use crate::sync::job::JobKind;
use crate::testing::{NOW, World, account, account_of, connection, described};
use crate::webhook::event::EventType;

fn hours(world: &World, hours: i64) {
    world.advance(60 * hours);
}

fn other() -> AccountId {
    account_of(4)
}

/// Two accounts, of which the platform lists the first alone.
fn one_is_missing() -> Arc<World> {
    let world = World::connected();
    world.put_account(&connection(), other(), "78");
    world
}

const ALIVE: Outcome = Outcome::Alive { missed: 0, lost: 0, renewed: 0, odd: 0 };

#[test]
fn an_answer_is_asked_for_once_a_day_and_a_second_probe_costs_nothing() {
    let world = World::connected();
    assert_eq!(world.probe().unwrap(), ALIVE);
    assert_eq!(world.pages(), 1, "the cheapest call, once");
    assert_eq!(world.probe().unwrap(), Outcome::Already);
    hours(&world, 22);
    assert_eq!(world.probe().unwrap(), Outcome::Already);
    assert_eq!(world.pages(), 1);
    hours(&world, 1);
    assert_eq!(world.probe().unwrap(), ALIVE);
}

/// P3: also a connection that waits for the person is asked, and an answer takes it back.
#[test]
fn an_answer_takes_back_whatever_state_the_connection_is_in() {
    for state in [State::Active, State::Suspect, State::NeedsReauth] {
        let world = World::connected();
        world.set_state(state);
        world.connect.life.lock().unwrap().expired_since = NOW.parse().ok();
        assert_eq!(world.probe().unwrap(), ALIVE);
        assert_eq!(world.state(), State::Active);
        assert_eq!(world.connect.life.lock().unwrap().expired_since, None);
        let events: Vec<_> = world.connect.events.lock().unwrap().iter().map(|(kind, ..)| *kind).collect();
        let recovered = (state != State::Active).then_some(EventType::ConnectionRecovered);
        assert_eq!(events, recovered.into_iter().collect::<Vec<_>>());
    }
}

/// P3, T43: a revocation that is said again a day later ends the connection, in every live state.
#[test]
fn a_revocation_is_confirmed_by_the_probe_in_every_live_state() {
    for state in [State::Active, State::Suspect, State::NeedsReauth] {
        let world = World::connected();
        world.set_state(state);
        *world.platform.refuse.lock().unwrap() = Some((Kind::Reauthorise, REVOKED, false));
        let first: Timestamp = NOW.parse().unwrap();
        assert_eq!(world.probe().unwrap(), Outcome::Refused(REVOKED));
        hours(&world, 23);
        assert_eq!(world.probe().unwrap(), Outcome::Refused(REVOKED), "not yet a day");
        assert!(world.begun().is_empty());
        hours(&world, 1);
        assert!(matches!(world.probe().unwrap(), Outcome::Ended(_)), "{state:?}");
        let begun = world.begun();
        assert_eq!((begun[0].t0, begun[0].reason), (first, Reason::RevokedAtPlatform));
        assert_eq!(begun[0].delete_by, first + SignedDuration::from_hours(7 * 24));
        assert_eq!(world.probe().unwrap(), Outcome::Dropped);
    }
}

/// A person who authorises again while a probe asks with the old grant keeps what the new one reaches.
#[test]
fn who_comes_back_between_the_check_and_the_cutoff_loses_nothing() {
    let revoked = World::connected();
    *revoked.platform.refuse.lock().unwrap() = Some((Kind::Reauthorise, REVOKED, false));
    let lost = one_is_missing();
    lost.platform.refused.lock().unwrap().push("78");
    let last = World::connected();
    last.platform.listed.lock().unwrap().clear();
    last.platform.refused.lock().unwrap().push("77");
    for (world, confirmed) in
        [(revoked, Outcome::Refused(REVOKED)), (lost, Outcome::Already), (last, Outcome::Already)]
    {
        world.probe().unwrap();
        hours(&world, 24);
        *world.deletion.comes_back.lock().unwrap() = true;
        assert_eq!(world.probe().unwrap(), confirmed);
        let fresh = Life::begin(world.now());
        let life = world.connect.life.lock().unwrap();
        assert_eq!((&life.lost, life.revoked_since, life.due_at), (&fresh.lost, None, fresh.due_at));
        assert_eq!(world.state(), State::Active);
        assert!(world.begun().is_empty());
    }
}

/// P3: an expired login deletes nothing, however long it lasts.
#[test]
fn an_expired_login_waits_for_years_and_is_asked_each_day() {
    let world = World::connected();
    *world.platform.refuse.lock().unwrap() = Some((Kind::Reauthorise, EXPIRED, false));
    for _ in 0..3 * 365 {
        assert_eq!(world.probe().unwrap(), Outcome::Refused(EXPIRED));
        hours(&world, 23);
    }
    assert_eq!(world.state(), State::NeedsReauth);
    assert!(world.begun().is_empty());
    assert_eq!(world.connect.events.lock().unwrap().len(), 2, "suspect, then needs_reauth, and no date");
}

/// P3: where the profile says so, it ends at a date that a webhook announces when it is set, then 14 and 3 days before.
#[test]
fn a_profile_ends_what_waits_after_telling_the_date_three_times() {
    let world = World::connected();
    world.profile.lock().unwrap().needs_reauth_days = Some(30);
    *world.platform.refuse.lock().unwrap() = Some((Kind::Reauthorise, EXPIRED, false));
    let mut ended = None;
    while ended.is_none() {
        if let Outcome::Ended(id) = world.probe().unwrap() {
            ended = Some(id);
        }
        hours(&world, 1);
    }
    let begun = world.begun();
    let date = begun[0].t0;
    assert_eq!(begun[0].reason, Reason::NotReauthorised);
    let events = world.connect.events.lock().unwrap();
    let days = |days: i64| date - SignedDuration::from_hours(24 * days);
    let of = |at| (EventType::ConnectionNeedsReauth, at, Some(date));
    assert_eq!(events[1..], [of(days(30)), of(days(14)), of(days(3))]);
}

/// P3: a platform in trouble, a limit and a fault of our set-up are no evidence, and the question stays open.
#[test]
fn trouble_is_no_evidence() {
    let cases = [(Kind::Upstream, "platform_failed", true), (Kind::RateLimited, "limited", true)];
    for (kind, code, again) in cases {
        let world = World::connected();
        for _ in 0..10 {
            *world.platform.refuse.lock().unwrap() = Some((kind, code, again));
            assert!(matches!(world.probe().unwrap(), Outcome::Later(_)));
            hours(&world, 24);
        }
        assert_eq!((world.state(), world.connect.life.lock().unwrap().version), (State::Active, 0));
    }
    let world = World::connected();
    *world.platform.refuse.lock().unwrap() = Some((Kind::Setup, PLATFORM_SETUP, false));
    assert_eq!(world.probe().unwrap_err().kind, Kind::Setup);
    assert_eq!(world.connect.life.lock().unwrap().version, 0);
}

/// P4: an account that is missed for a day is let go, the others stay; the promise counts from the first evidence.
#[test]
fn an_account_that_the_platform_took_away_is_let_go_once_that_is_confirmed() {
    let world = one_is_missing();
    world.platform.refused.lock().unwrap().push("78");
    let first: Timestamp = NOW.parse().unwrap();
    let missed = Outcome::Alive { missed: 1, lost: 0, renewed: 0, odd: 0 };
    assert_eq!(world.probe().unwrap(), missed);
    hours(&world, 23);
    assert_eq!(world.probe().unwrap(), missed);
    hours(&world, 1);
    assert_eq!(world.probe().unwrap(), Outcome::Alive { missed: 0, lost: 1, renewed: 0, odd: 0 });
    let begun = world.begun();
    assert_eq!(begun[0].subject, Subject::Account(connection(), other()));
    assert_eq!((begun[0].t0, begun[0].reason), (first, Reason::AccountLost));
    assert_eq!(world.state(), State::Active);
    assert!(world.connect.life.lock().unwrap().lost.is_empty());
}

/// P4: a list that is empty or lacks a batch is no loss while the platform answers for the account itself.
#[test]
fn a_list_that_is_empty_or_cut_short_takes_nothing_away() {
    for listed in [vec![], vec![described("77")]] {
        let world = one_is_missing();
        *world.platform.listed.lock().unwrap() = listed;
        for _ in 0..5 {
            assert_eq!(world.probe().unwrap(), ALIVE);
            hours(&world, 24);
        }
        assert!(world.begun().is_empty());
    }
}

/// P4: a loss that passes leaves no trace.
#[test]
fn an_account_that_comes_back_in_between_starts_anew() {
    let world = one_is_missing();
    world.platform.refused.lock().unwrap().push("78");
    world.probe().unwrap();
    hours(&world, 23);
    world.platform.refused.lock().unwrap().clear();
    let missed = Outcome::Alive { missed: 1, lost: 0, renewed: 0, odd: 0 };
    let asked = world.pages();
    assert_eq!(world.probe().unwrap(), missed);
    assert_eq!(world.pages(), asked + 1, "the list alone: nothing can be confirmed yet");
    hours(&world, 1);
    assert_eq!(world.probe().unwrap(), ALIVE);
    world.platform.refused.lock().unwrap().push("78");
    hours(&world, 23);
    assert_eq!(world.probe().unwrap(), Outcome::Alive { missed: 1, lost: 0, renewed: 0, odd: 0 });
    assert!(world.begun().is_empty());
}

/// The only account of a connection, which the platform names and does not describe.
fn named(reason: Unusable) -> Arc<World> {
    let world = World::connected();
    world.platform.listed.lock().unwrap().clear();
    let account = UnusableAccount { external_id: "77".to_owned(), name: "N".to_owned(), reason };
    world.platform.unusable.lock().unwrap().push(account);
    world.platform.refused.lock().unwrap().push("77");
    world
}

/// P4: with the last account the connection goes, if the platform names it no more or says that it is lost.
#[test]
fn with_the_last_account_the_connection_goes() {
    let absent = World::connected();
    absent.platform.listed.lock().unwrap().clear();
    absent.platform.refused.lock().unwrap().push("77");
    let lost = [Unusable::Refused, Unusable::NotDescribed].map(|reason| {
        let world = named(reason);
        *world.platform.refusal.lock().unwrap() = ACCOUNT_LOST;
        world
    });
    for world in lost.into_iter().chain([absent]) {
        world.probe().unwrap();
        hours(&world, 24);
        assert!(matches!(world.probe().unwrap(), Outcome::Ended(_)));
        let begun = world.begun();
        assert_eq!(
            (&begun[0].subject, begun[0].reason),
            (&Subject::Connection(connection()), Reason::AccountLost)
        );
    }
}

/// P4: an app that may not read reports for some days is refused for each account that it names, and loses none.
#[test]
fn a_missing_right_takes_no_account_away_that_the_platform_still_names() {
    for reason in [Unusable::Refused, Unusable::NotDescribed, Unusable::NotRead] {
        let world = named(reason);
        for _ in 0..4 {
            assert_eq!(world.probe().unwrap(), ALIVE);
            hours(&world, 24);
        }
        assert_eq!((world.begun().len(), world.pages()), (0, 8), "{reason:?}");
        assert!(world.connect.life.lock().unwrap().lost.is_empty());
    }
}

/// P4: the grant reaches an account whose currency or zone is odd; what was read of it stays.
#[test]
fn an_account_that_is_described_oddly_is_not_missing() {
    for reason in [Unusable::NoCurrency, Unusable::UnknownCurrency, Unusable::NoZone, Unusable::UnknownZone] {
        let world = named(reason);
        *world.platform.refusal.lock().unwrap() = ACCOUNT_LOST;
        world.connect.life.lock().unwrap().lost.push((account(), NOW.parse().unwrap()));
        for _ in 0..4 {
            let odd = Outcome::Alive { missed: 0, lost: 0, renewed: 0, odd: 1 };
            assert_eq!(world.probe().unwrap(), odd);
            hours(&world, 24);
        }
        assert_eq!((world.begun().len(), world.pages()), (0, 4), "{reason:?}");
        assert!(world.connect.renewed.lock().unwrap().is_empty());
    }
}

/// A connection of which the platform took some accounts away and left one.
fn many_are_missing(count: u128) -> Arc<World> {
    let world = World::connected();
    for number in 0..count {
        let name: &'static str = Box::leak((1_000 + number).to_string().into_boxed_str());
        world.put_account(&connection(), account_of(1_000 + number), name);
        world.platform.refused.lock().unwrap().push(name);
    }
    world
}

/// P4: an invocation has time for a few questions only; each account gets its turn before its evidence is too old.
#[test]
fn of_many_lost_accounts_each_is_let_go() {
    let world = many_are_missing(300);
    *world.platform.page_takes.lock().unwrap() = SignedDuration::from_secs(10);
    for _ in 0..24 * 7 {
        world.probe().unwrap();
        hours(&world, 1);
    }
    assert_eq!(world.begun().len(), 300);
    let accounts = &world.connect.accounts.lock().unwrap()[&connection()];
    assert_eq!(accounts.iter().filter(|row| row.state == State::Active).count(), 1);
}

/// P4: accounts that the list lacks and that answer for themselves do not keep the others from being asked.
#[test]
fn accounts_that_answer_take_no_turn_from_those_that_are_lost() {
    let world = many_are_missing(60);
    let lost = world.platform.refused.lock().unwrap().split_off(59);
    *world.platform.refused.lock().unwrap() = lost;
    *world.platform.page_takes.lock().unwrap() = SignedDuration::from_secs(10);
    for _ in 0..24 * 7 {
        world.probe().unwrap();
        hours(&world, 1);
    }
    assert_eq!(world.begun().len(), 1);
}

/// What an invocation has no time to cut is cut by the next one.
#[test]
fn accounts_are_let_go_until_the_time_is_over_and_then_by_the_next_probe() {
    let world = many_are_missing(5);
    assert_eq!(world.probe().unwrap(), Outcome::Alive { missed: 5, lost: 0, renewed: 0, odd: 0 });
    hours(&world, 24);
    *world.deletion.cut_takes.lock().unwrap() = SignedDuration::from_secs(20);
    assert_eq!(world.probe().unwrap(), Outcome::Alive { missed: 0, lost: 3, renewed: 0, odd: 0 });
    hours(&world, 1);
    assert_eq!(world.probe().unwrap(), Outcome::Alive { missed: 0, lost: 2, renewed: 0, odd: 0 });
    assert_eq!(world.begun().len(), 5);
}

/// A grant with more accounts than one run can describe still has each of them compared.
#[test]
fn the_list_takes_half_of_the_time_at_most_and_somebody_waits_for_it() {
    let world = World::connected();
    world.probe().unwrap();
    let (list, call) = world.platform.list_may_take.lock().unwrap().unwrap();
    assert_eq!(list, call / 2);
    assert!(!list.is_zero());
}

#[test]
fn a_renamed_account_is_stored_under_its_new_name() {
    let world = World::connected();
    world.platform.listed.lock().unwrap()[0].name = String::new();
    assert_eq!(world.probe().unwrap(), ALIVE, "a name that is left out is none");
    hours(&world, 24);
    world.platform.listed.lock().unwrap()[0].name = "New name".to_owned();
    assert_eq!(world.probe().unwrap(), Outcome::Alive { missed: 0, lost: 0, renewed: 1, odd: 0 });
    let renewed = world.connect.renewed.lock().unwrap();
    assert_eq!((renewed[0].0.name.as_str(), renewed[0].1.is_none()), ("New name", true));
}

#[test]
fn an_account_of_another_currency_or_zone_is_read_again_from_the_beginning() {
    let changes: [fn(&mut PlatformAccount); 2] = [
        |account| account.currency = "USD".parse().unwrap(),
        |account| account.zone = "Asia/Tokyo".to_owned(),
    ];
    for change in changes {
        let world = World::connected();
        change(&mut world.platform.listed.lock().unwrap()[0]);
        world.probe().unwrap();
        let renewed = world.connect.renewed.lock().unwrap();
        let job = renewed[0].1.as_ref().unwrap();
        assert_eq!((job.kind, &job.account, job.window), (JobKind::First, &account(), None));
    }
}

#[test]
fn no_call_leaves_for_a_connection_that_was_let_go() {
    let world = World::connected();
    *world.connect.fence_reads.lock().unwrap() = Some(0);
    assert_eq!(world.probe().unwrap(), Outcome::Dropped);
    assert_eq!(world.pages(), 0);
    let world = World::connected();
    world.set_state(State::Purging);
    assert_eq!(world.probe().unwrap(), Outcome::Dropped);
}
