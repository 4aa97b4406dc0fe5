//! The worker's decisions, over tables in memory and an endpoint that answers as it is told.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use uuid::Uuid;

use super::*;
use crate::base::ids::EndpointId;
use crate::testing::{World, ports, ready, tenant};
use crate::webhook::delivery::{DeliveryState, MOST_ATTEMPTS, Posted};
use crate::webhook::event::{About, EventType};
use crate::webhook::schedule::WAITS;

fn endpoint(number: u128, types: &[EventType]) -> Endpoint {
    Endpoint {
        id: EndpointId::from_uuid(Uuid::from_u128(number)),
        tenant: tenant(),
        origin: "https://hooks.example.com".to_owned(),
        types: types.to_vec(),
        description: String::new(),
        off: None,
        failing_since: None,
        created_at: Timestamp::UNIX_EPOCH,
        listens_from: Timestamp::UNIX_EPOCH,
    }
}

fn event(kind: EventType) -> Event {
    Event {
        id: EventId::from_uuid(Uuid::from_u128(9)),
        tenant: tenant(),
        kind,
        at: Timestamp::UNIX_EPOCH,
        about: About::default(),
        written_at: Timestamp::UNIX_EPOCH,
        is_waiting: true,
    }
}

fn world_with(endpoints: Vec<Endpoint>) -> Arc<World> {
    let world = World::at(Timestamp::UNIX_EPOCH);
    *world.webhook.endpoints.lock().unwrap() = endpoints;
    world.webhook.events.lock().unwrap().push(event(EventType::ConnectionActivated));
    world
}

fn run(world: &Arc<World>, job: &Job) -> Outcome {
    let ports = ports!(world, Ports { clock, entropy, rows, keys, queue, post });
    ready(super::run(&ports, job)).unwrap()
}

fn fan_out(world: &Arc<World>) -> Job {
    let job = Job::FanOut(tenant(), event(EventType::Test).id);
    assert!(matches!(run(world, &job), Outcome::FannedOut(_)));
    world.webhook.sent.lock().unwrap().last().expect("nobody hears it").0.clone()
}

fn answers(world: &World, status: u16) {
    let failure = (!(200..300).contains(&status)).then_some(Failure::Status);
    *world.webhook.answer.lock().unwrap() =
        Posted { status: Some(status), failure, is_gone: status == 410, retry_after: None };
}

/// Makes the due try, and answers the delivery and what it did to the endpoint.
fn tried(world: &Arc<World>, job: &Job) -> (Delivery, Option<DisableReason>) {
    match run(world, job) {
        Outcome::Tried { delivery, off, .. } => (*delivery, off),
        other => panic!("not tried: {other:?}"),
    }
}

fn reach(world: &World, at: Option<Timestamp>) {
    world.set_now(at.expect("no next try"));
}

#[test]
fn an_event_goes_to_each_endpoint_that_hears_it_and_once() {
    let off = Endpoint { off: Some((DisableReason::Requested, Timestamp::UNIX_EPOCH)), ..endpoint(4, &[]) };
    let heard = [EventType::ConnectionActivated, EventType::DeletionCompleted];
    let world = world_with(vec![
        endpoint(1, &[]),
        endpoint(2, &heard),
        endpoint(3, &[EventType::ConnectionSuspect]),
        off,
    ]);
    let job = Job::FanOut(tenant(), event(EventType::Test).id);
    assert!(matches!(run(&world, &job), Outcome::FannedOut(2)));
    assert!(matches!(run(&world, &job), Outcome::Nothing), "fanned out twice");
    let made: Vec<_> = world.webhook.deliveries.lock().unwrap().iter().map(Delivery::at).collect();
    assert_eq!(
        made.iter().map(|at| at.endpoint.clone()).collect::<Vec<_>>(),
        [endpoint(1, &[]).id, endpoint(2, &[]).id]
    );
    // A crash before the event was marked leaves it waiting: the same deliveries come out of it.
    world.webhook.events.lock().unwrap()[0].is_waiting = true;
    assert!(matches!(run(&world, &job), Outcome::FannedOut(2)));
    assert_eq!(world.webhook.deliveries.lock().unwrap().len(), 2);
}

#[test]
fn a_failing_delivery_follows_the_schedule_and_then_ends() {
    let world = world_with(vec![endpoint(1, &[])]);
    let job = fan_out(&world);
    answers(&world, 500);
    for tries in 1..=WAITS.len() {
        let before = world.now();
        let (delivery, off) = tried(&world, &job);
        assert_eq!((delivery.number, off), (u32::try_from(tries).unwrap(), None));
        let Some(wait) = WAITS.get(tries) else {
            assert_eq!((delivery.state, delivery.next_try_at), (DeliveryState::Failed, None));
            break;
        };
        let waited = delivery.next_try_at.unwrap().duration_since(before).as_secs_f64() / f64::from(*wait);
        assert!((1.0..=1.1).contains(&waited), "{tries}: {waited}");
        let (sent, delay) = world.webhook.sent.lock().unwrap().last().cloned().unwrap();
        assert_eq!(sent, job);
        assert_eq!(delay > 0 && delay >= *wait, *wait <= 300, "{tries}: {delay}");
        assert!(matches!(run(&world, &job), Outcome::Nothing), "tried before its time");
        reach(&world, delivery.next_try_at);
        world.webhook.sent.lock().unwrap().push((job.clone(), 0));
    }
    assert_eq!(world.webhook.posts.lock().unwrap().len(), WAITS.len());
    world.pass(SignedDuration::from_hours(99));
    assert!(matches!(run(&world, &job), Outcome::Nothing));
}

#[test]
fn a_try_that_was_lost_is_made_again_and_no_sooner() {
    let world = world_with(vec![endpoint(1, &[])]);
    let job = fan_out(&world);
    answers(&world, 200);
    // The worker died after its claim.
    {
        let mut all = world.webhook.deliveries.lock().unwrap();
        all[0].next_try_at = Some(world.now() + LEASE);
        (all[0].number, all[0].step, all[0].version) = (1, 1, 2);
    }
    assert!(matches!(run(&world, &job), Outcome::Nothing), "two workers try at the same time");
    world.pass(LEASE);
    let (delivery, _) = tried(&world, &job);
    assert_eq!((delivery.state, delivery.number), (DeliveryState::Delivered, 2));
    assert_eq!(delivery.attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [2]);
}

#[test]
fn an_endpoint_is_switched_off_by_410_and_by_five_days_of_failures_alone() {
    let world = world_with(vec![endpoint(1, &[])]);
    let job = fan_out(&world);
    answers(&world, 410);
    let (delivery, off) = tried(&world, &job);
    assert_eq!((delivery.state, off), (DeliveryState::Failed, Some(DisableReason::Gone)));

    let world = world_with(vec![endpoint(1, &[])]);
    let job = fan_out(&world);
    answers(&world, 503);
    let (delivery, _) = tried(&world, &job);
    assert_eq!(world.webhook.endpoints.lock().unwrap()[0].failing_since, Some(Timestamp::UNIX_EPOCH));
    answers(&world, 204);
    reach(&world, delivery.next_try_at);
    tried(&world, &job);
    assert_eq!(world.webhook.endpoints.lock().unwrap()[0].failing_since, None, "it succeeded");

    let since = world.now() - SignedDuration::from_hours(5 * 24);
    for (since, expected) in
        [(since + SignedDuration::from_secs(1), None), (since, Some(DisableReason::Failing))]
    {
        world.webhook.endpoints.lock().unwrap()[0].failing_since = Some(since);
        let mut again = world.webhook.deliveries.lock().unwrap()[0].clone();
        (again.state, again.step, again.next_try_at) = (DeliveryState::Pending, 0, Some(world.now()));
        world.webhook.deliveries.lock().unwrap()[0] = again;
        answers(&world, 500);
        assert_eq!(tried(&world, &job).1, expected);
    }
}

#[test]
fn what_an_endpoint_asks_for_counts_and_a_missing_one_ends_its_deliveries() {
    let world = world_with(vec![endpoint(1, &[])]);
    let job = fan_out(&world);
    answers(&world, 429);
    world.webhook.answer.lock().unwrap().retry_after = Some(Duration::from_secs(7_000));
    let (delivery, _) = tried(&world, &job);
    assert_eq!(delivery.next_try_at, Some(world.now() + SignedDuration::from_secs(7_000)));
    reach(&world, delivery.next_try_at);
    world.webhook.endpoints.lock().unwrap().clear();
    let (delivery, _) = tried(&world, &job);
    assert_eq!(delivery.state, DeliveryState::Failed);
    assert_eq!(delivery.attempts.last().unwrap().failure, Some(Failure::Deleted));
    assert_eq!(world.webhook.posts.lock().unwrap().len(), 1, "nobody calls an endpoint that was deleted");
}

#[test]
fn every_valid_secret_signs_and_no_other() {
    for (until, signing) in [(None, 1), (Some(1), 2), (Some(0), 1)] {
        let world = world_with(vec![endpoint(1, &[])]);
        *world.webhook.old_secret_until.lock().unwrap() = until.map(|s| Timestamp::from_second(s).unwrap());
        answers(&world, 200);
        let job = fan_out(&world);
        tried(&world, &job);
        let (url, secrets) = world.webhook.posts.lock().unwrap()[0].clone();
        assert_eq!((url.as_str(), secrets.len()), (URL_SLOT, signing));
        assert_eq!(secrets[0], secret_slot("new"));
    }
}

#[test]
fn the_log_keeps_the_last_attempts() {
    let world = world_with(vec![endpoint(1, &[])]);
    let mut delivery =
        Delivery::of(world.entropy.as_ref(), &event(EventType::Test), &endpoint(1, &[]).id, world.now());
    for number in 1..=u32::try_from(MOST_ATTEMPTS).unwrap() + 3 {
        delivery.remember(Attempt { number, at: world.now(), millis: 1, status: None, failure: None });
    }
    assert_eq!((delivery.attempts.len(), delivery.attempts[0].number), (MOST_ATTEMPTS, 4));
}

/// Deliveries are made after their event: an endpoint that was made or switched on in between was not listening.
#[test]
fn an_endpoint_hears_nothing_from_before_it_listened() {
    let at = |millis: i64| Timestamp::from_microsecond(millis * 1_000 + 400).unwrap();
    let listening = |number, from| Endpoint { listens_from: from, ..endpoint(number, &[]) };
    let world = world_with(vec![listening(1, at(6)), listening(2, at(7)), listening(3, at(8))]);
    // The cutoff is written when its evidence is found, and names the time of the evidence.
    let mut cutoff = event(EventType::ConnectionDisconnected);
    cutoff.written_at = Timestamp::from_millisecond(7).unwrap();
    *world.webhook.events.lock().unwrap() = vec![cutoff.clone()];
    let outcome = run(&world, &Job::FanOut(tenant(), cutoff.id));
    assert!(matches!(outcome, Outcome::FannedOut(2)), "{outcome:?}");
}
