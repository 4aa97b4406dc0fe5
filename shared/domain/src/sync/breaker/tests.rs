//! The rules of the breaker, on one row in memory.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::testing::{World, ready};

fn circuit() -> Circuit {
    Circuit { platform: "play".to_owned(), context: "c".to_owned() }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn away() -> Error {
    Error::new(Kind::Upstream, "platform_failed", "away").retry(Retry::Exhausted)
}

fn asks(world: &World, second: i64) -> Admission {
    ready(admit(world, &circuit(), at(second), 7)).unwrap()
}

fn says(world: &World, second: i64, admission: Admission, failure: Option<&Error>) {
    ready(record_outcome(world, &circuit(), admission, at(second), failure.is_some_and(is_outage))).unwrap();
}

/// A breaker that opened at a second.
fn opened(second: i64) -> Arc<World> {
    let world = World::new();
    for _ in 0..FAILURES {
        says(&world, second, Admission::Clear, Some(&away()));
    }
    world
}

#[test]
fn it_opens_after_failures_in_a_row_and_an_answer_begins_the_row_anew() {
    let world = World::new();
    assert_eq!(asks(&world, 0), Admission::Clear);
    for second in 0..4 {
        says(&world, second, Admission::Clear, Some(&away()));
        assert_eq!(asks(&world, second), Admission::Watched);
    }
    says(&world, 4, Admission::Watched, None);
    assert_eq!(asks(&world, 4), Admission::Clear);
    for second in 5..10 {
        assert!(!matches!(asks(&world, second), Admission::Wait(_)), "{second}");
        says(&world, second, Admission::Clear, Some(&away()));
    }
    assert!(matches!(asks(&world, 10), Admission::Wait(1..=60)));
}

#[test]
fn failures_that_lie_apart_do_not_open_it() {
    let world = World::new();
    for number in 0..100 {
        says(&world, number * 151, Admission::Clear, Some(&away()));
        assert!(!matches!(asks(&world, number * 151), Admission::Wait(_)), "{number}");
    }
}

#[test]
fn a_refusal_and_a_limit_are_answers() {
    let world = World::new();
    let limited = Error::new(Kind::RateLimited, "x", "x").retry(Retry::Exhausted);
    let refused = Error::new(Kind::Upstream, "app_refused", "x");
    let gone = Error::new(Kind::Reauthorise, "revoked", "x");
    for error in [&limited, &refused, &gone].into_iter().cycle().take(30) {
        says(&world, 0, Admission::Clear, Some(error));
    }
    assert_eq!(*world.sync.breaker.lock().unwrap(), None, "and cost no write");
    let world = opened(0);
    assert_eq!(asks(&world, 31), Admission::Watched);
    says(&world, 31, Admission::Watched, Some(&gone));
    assert_eq!(asks(&world, 31), Admission::Clear, "a probe that is refused was answered");
}

#[test]
fn an_open_breaker_lets_one_probe_through_in_thirty_seconds() {
    let world = opened(0);
    let mut probes = Vec::new();
    for second in 0..3_600 {
        for _ in 0..3 {
            match asks(&world, second) {
                Admission::Watched => probes.push(second),
                Admission::Wait(wait) => assert!((1..=900).contains(&wait), "{wait}"),
                Admission::Clear => panic!("open at {second}"),
            }
        }
        says(&world, second, Admission::Watched, Some(&away()));
    }
    assert_eq!(probes.len(), 119, "{probes:?}");
    assert!(probes.windows(2).all(|pair| pair[1] - pair[0] >= 30), "{probes:?}");
    says(&world, 3_600, Admission::Watched, None);
    assert_eq!(asks(&world, 3_600), Admission::Clear);
}

#[test]
fn waits_grow_with_the_outage() {
    let wait = |age: i64, random: u32| {
        let breaker = Breaker { failures: 9, since: at(0), probe_at: Some(at(age + 30)), version: 1 };
        breaker.wait(at(age), random)
    };
    let longest = |age| (0..2_000).map(|random| wait(age, random)).max().unwrap();
    assert_eq!([longest(1), longest(120), longest(86_400)], [60, 150, 630]);
}

#[test]
fn a_probe_that_a_wrong_clock_planned_holds_nobody_up_for_long() {
    let planned = |ahead: i64| {
        let breaker = Breaker { failures: 9, since: at(0), probe_at: Some(at(ahead)), version: 1 };
        let world = World::new();
        *world.sync.breaker.lock().unwrap() = Some(breaker);
        world
    };
    assert!(matches!(asks(&planned(330), 0), Admission::Wait(1..=60)), "five minutes are waited for");
    assert_eq!(asks(&planned(86_400), 0), Admission::Watched, "a day is not");
}

proptest! {
    /// However many ask at once, one probes: every other one saw a row that is no more.
    #[test]
    fn of_those_who_read_the_same_row_one_probes(askers in 2_usize..40, late in 30_i64..300) {
        let world = opened(0);
        let seen = world.sync.breaker.lock().unwrap().clone().unwrap();
        let next = Breaker { probe_at: Some(at(late) + PROBE_EVERY), version: seen.version + 1, ..seen };
        let won = (0..askers)
            .filter(|_| ready(world.put_breaker(&circuit(), Some(&seen), &next, at(late + 1))).unwrap())
            .count();
        prop_assert_eq!(won, 1);
    }
}
