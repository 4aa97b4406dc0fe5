//! Jobs that wait before they open anything: for a platform that is away, or that asked for a pause.

use jiff::{SignedDuration, Timestamp};

use super::super::failure::MOST_DEFERRALS;
use super::super::*;
use super::world::{Step, World};
use crate::breaker::FAILURES;
use crate::completeness::{DayStatus, Reason};
use crate::error::Kind;
use crate::report::{Level, Row};

fn opened(world: &World) -> usize {
    world.count(|step| matches!(step, Step::Opened | Step::Page))
}

#[test]
fn an_outage_opens_the_breaker_and_jobs_wait_without_a_call_however_long_it_lasts() {
    let world = World::new();
    *world.refuse.lock().unwrap() = Some((Kind::Upstream, "upstream", true));
    let mut job = world.job(JobKind::First);
    for _ in 0..FAILURES {
        assert!(matches!(world.run(&job).unwrap(), Outcome::Deferred { .. }));
        (job, _) = world.sent.lock().unwrap().pop().unwrap();
        world.advance(1);
    }
    assert_eq!(job.deferred, 5);
    let (mut probes, mut waits) = (0, 0);
    for _ in 0..8 * 60 {
        let before = opened(&world);
        let Outcome::Deferred { seconds } = world.run(&job).unwrap() else { panic!("given up") };
        let (again, delay) = world.sent.lock().unwrap().pop().unwrap();
        assert!((1..=900).contains(&seconds) && delay == seconds, "{seconds}");
        if opened(&world) == before {
            assert_eq!(again, job, "waiting counts as nothing");
            waits += 1;
        } else {
            probes += 1;
        }
        *world.now.lock().unwrap() += SignedDuration::from_secs(10);
    }
    assert!(probes <= 160 && waits >= 320, "{probes} probes, {waits} waits");
    *world.refuse.lock().unwrap() = None;
    world.advance(1);
    assert!(matches!(world.run(&job).unwrap(), Outcome::Done { .. }), "nothing is lost");
    assert_eq!(world.breaker.lock().unwrap().as_ref().unwrap().failures, 0, "and the breaker is closed");
}

#[test]
fn a_healthy_platform_costs_the_breaker_no_write() {
    let world = World::new();
    world.run(&world.job(JobKind::First)).unwrap();
    *world.refuse.lock().unwrap() = Some((Kind::NotPermitted, "not_permitted", false));
    world.run(&world.job(JobKind::Backfill)).unwrap();
    assert_eq!(*world.breaker.lock().unwrap(), None);
}

/// After an outage each account is read once, and not once for every slot that passed.
#[test]
fn a_job_of_a_slot_that_is_over_is_the_job_of_the_newest() {
    let world = World::new();
    world.run(&world.job(JobKind::First)).unwrap();
    let old = world.job(JobKind::Restate);
    world.advance(3 * 60);
    let newest = world.job(JobKind::Restate);
    world.advance(7);
    assert!(matches!(world.run(&old).unwrap(), Outcome::Done { rows: 21, .. }));
    assert_eq!(world.run(&newest).unwrap(), Outcome::Already);
    assert_eq!(world.run(&old).unwrap(), Outcome::Already);
    let next = {
        let mut job = newest;
        job.slot += SignedDuration::from_hours(1);
        job
    };
    world.advance(60);
    assert!(matches!(world.run(&next).unwrap(), Outcome::Done { .. }), "the next slot has a job of its own");
}

#[test]
fn a_pause_that_is_longer_than_the_queue_can_wait_is_kept_to() {
    let world = World::new();
    let mut job = world.job(JobKind::First);
    job.not_before = Some(*world.now.lock().unwrap() + SignedDuration::from_secs(2_000));
    let mut waited = 0;
    let outcome = loop {
        match world.run(&job).unwrap() {
            Outcome::Deferred { seconds } => {
                assert_eq!(opened(&world), 0, "after {waited} seconds");
                assert_eq!(*world.sent.lock().unwrap(), [(job.clone(), seconds)], "as it is");
                world.sent.lock().unwrap().clear();
                waited += i64::from(seconds);
                *world.now.lock().unwrap() += SignedDuration::from_secs(seconds.into());
            }
            outcome => break outcome,
        }
    };
    assert!(matches!(outcome, Outcome::Done { .. }) && waited == 2_000, "{waited}");
    assert!(world.sent.lock().unwrap().iter().all(|(later, _)| later.not_before.is_none()));
}

#[test]
fn a_platform_that_asks_for_an_hour_gets_it_and_one_that_asks_for_a_year_gets_a_day() {
    for (asked, kept) in [(60, 60), (900, 900), (3_600, 3_600), (31_536_000, 86_400)] {
        let world = World::new();
        *world.pause.lock().unwrap() = Some(std::time::Duration::from_secs(asked));
        *world.refuse.lock().unwrap() = Some((Kind::RateLimited, "rate_limited", true));
        let job = world.job(JobKind::First);
        let Outcome::Deferred { seconds } = world.run(&job).unwrap() else { panic!("not deferred") };
        let (again, delay) = world.sent.lock().unwrap().pop().unwrap();
        let now: Timestamp = *world.now.lock().unwrap();
        let until = again.not_before.map_or_else(|| i64::from(delay), |at| now.duration_until(at).as_secs());
        assert_eq!((until, delay), (kept, seconds), "{asked}");
        assert!(delay <= 900 && again.deferred == 1 && again.deferred <= MOST_DEFERRALS);
    }
}

/// What a platform sends has bounds: a name is cut, and an id that is none costs its day a reason.
#[test]
fn names_are_cut_and_ids_that_are_too_long_are_not_believed() {
    let world = World::new();
    *world.name.lock().unwrap() = "ü".repeat(100_000);
    world.run(&world.job(JobKind::First)).unwrap();
    let stored = world.sheets.lock().unwrap()["structure/ad"].clone();
    let size: usize = stored.parts.iter().map(|part| part.0.len()).sum();
    assert!(stored.rows == 3 && size < 4_000, "{size} bytes");

    world.advance(60);
    let day = crate::ops::run_sync::window::day(&jiff::tz::TimeZone::UTC, *world.now.lock().unwrap());
    *world.extra.lock().unwrap() =
        vec![Row { entity: "7".repeat(129).into(), day, values: super::world::values(0, 0) }];
    assert!(matches!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Done { .. }));
    let record = world.days.lock().unwrap()[&(Level::Ad, day)];
    assert_eq!((record.status, record.rows), (DayStatus::Partial(Reason::OddRows), 2));
}
