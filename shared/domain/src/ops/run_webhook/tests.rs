//! The worker's decisions, over tables in memory and an endpoint that answers as it is told.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use uuid::Uuid;

use super::*;
use crate::deletion_plan::tests::fakes::now as ready;
use crate::ids::{DataKeyId, DeliveryId, EndpointId};
use crate::keys::{SealedBox, WrappedKey};
use crate::random::tests::Counting;
use crate::webhook::schedule::WAITS;
use crate::webhook::{About, DeliveryState, EventType, MOST_ATTEMPTS, Posted, SealedSecret};

/// Everything that a worker reaches.
#[derive(Default)]
struct World {
    now: Mutex<Timestamp>,
    entropy: Counting,
    endpoints: Mutex<Vec<Endpoint>>,
    deliveries: Mutex<Vec<Delivery>>,
    events: Mutex<Vec<Event>>,
    sent: Mutex<Vec<(Job, u32)>>,
    answer: Mutex<Posted>,
    posts: Mutex<Vec<(String, Vec<String>)>>,
    old_secret_until: Mutex<Option<Timestamp>>,
}

fn tenant() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(1))
}

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
    }
}

fn event(kind: EventType) -> Event {
    Event {
        id: EventId::from_uuid(Uuid::from_u128(9)),
        tenant: tenant(),
        kind,
        at: Timestamp::UNIX_EPOCH,
        about: About::default(),
        is_waiting: true,
    }
}

impl World {
    fn with(endpoints: Vec<Endpoint>) -> Self {
        let world = Self::default();
        *world.endpoints.lock().unwrap() = endpoints;
        world.events.lock().unwrap().push(event(EventType::ConnectionActivated));
        world
    }

    fn ports(&self) -> Ports<'_> {
        Ports {
            clock: self,
            entropy: &self.entropy,
            endpoints: self,
            health: self,
            secrets: self,
            keys: self,
            deliveries: self,
            write: self,
            queue: self,
            post: self,
        }
    }

    fn run(&self, job: &Job) -> Outcome {
        ready(run(&self.ports(), job)).unwrap()
    }

    fn fan_out(&self) -> Job {
        let job = Job::FanOut(tenant(), event(EventType::Test).id);
        assert!(matches!(self.run(&job), Outcome::FannedOut(_)));
        self.sent.lock().unwrap().last().expect("nobody hears it").0.clone()
    }

    fn answers(&self, status: u16) {
        let failure = (!(200..300).contains(&status)).then_some(Failure::Status);
        *self.answer.lock().unwrap() =
            Posted { status: Some(status), failure, is_gone: status == 410, retry_after: None };
    }

    /// Makes the due try, and answers the delivery and what it did to the endpoint.
    fn tried(&self, job: &Job) -> (Delivery, Option<Off>) {
        match self.run(job) {
            Outcome::Tried { delivery, off, .. } => (*delivery, off),
            other => panic!("not tried: {other:?}"),
        }
    }

    fn pass(&self, by: SignedDuration) {
        let mut now = self.now.lock().unwrap();
        *now += by;
    }

    fn reach(&self, at: Option<Timestamp>) {
        *self.now.lock().unwrap() = at.expect("no next try");
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }
}

/// A key whose boxes hold their text in clear.
struct Clear(DataKeyId);

impl DataKey for Clear {
    fn seal(&self, _: &str, plain: &[u8]) -> Result<SealedBox> {
        Ok(SealedBox(plain.to_vec()))
    }

    fn open(&self, slot: &str, sealed: &SealedBox) -> Result<Plain> {
        let text = String::from_utf8(sealed.0.clone()).unwrap();
        assert!(text.starts_with(slot), "{text} in {slot}");
        Ok(Plain::new(sealed.0.clone()))
    }

    fn fingerprint(&self, _: &str, _: &[u8]) -> [u8; 16] {
        [0; 16]
    }

    fn id(&self) -> DataKeyId {
        self.0
    }
}

#[async_trait]
impl KeyOpen for World {
    async fn open(&self, _: &KeyContext, wrapped: &WrappedKey) -> Result<Box<dyn DataKey>> {
        Ok(Box::new(Clear(wrapped.id)))
    }
}

#[async_trait]
impl EndpointRead for World {
    async fn endpoint(&self, _: &TenantId, id: &EndpointId) -> Result<Option<Endpoint>> {
        Ok(self.endpoints.lock().unwrap().iter().find(|endpoint| endpoint.id == *id).cloned())
    }

    async fn endpoints(&self, _: &TenantId, after: Option<&EndpointId>, _: u32) -> Result<Vec<Endpoint>> {
        let all = self.endpoints.lock().unwrap().clone();
        Ok(all.into_iter().filter(|endpoint| after.is_none_or(|after| endpoint.id > *after)).collect())
    }
}

#[async_trait]
impl EndpointSecretsRead for World {
    async fn endpoint_secrets(&self, _: &TenantId, _: &EndpointId) -> Result<Option<EndpointSecrets>> {
        let value = |key: u8, text: &str| SealedValue {
            key: WrappedKey { id: DataKeyId([key; 16]), blob: Vec::new() },
            sealed: SealedBox(text.as_bytes().to_vec()),
        };
        let secret = |key, name: &str, until| SealedSecret {
            name: name.to_owned(),
            value: value(key, &secret_slot(name)),
            until,
        };
        let mut secrets = vec![secret(2, "new", None)];
        secrets.extend(self.old_secret_until.lock().unwrap().map(|until| secret(1, "old", Some(until))));
        Ok(Some(EndpointSecrets { url: value(1, URL_SLOT), secrets, version: 1 }))
    }
}

#[async_trait]
impl EndpointHealth for World {
    async fn failing(&self, _: &TenantId, id: &EndpointId, since: Timestamp) -> Result<()> {
        let mut all = self.endpoints.lock().unwrap();
        for endpoint in all.iter_mut().filter(|endpoint| endpoint.id == *id) {
            endpoint.failing_since.get_or_insert(since);
        }
        Ok(())
    }

    async fn recovered(&self, _: &TenantId, id: &EndpointId) -> Result<()> {
        let mut all = self.endpoints.lock().unwrap();
        all.iter_mut().filter(|endpoint| endpoint.id == *id).for_each(|e| e.failing_since = None);
        Ok(())
    }

    async fn switch_off(
        &self,
        _: &TenantId,
        id: &EndpointId,
        off: Off,
        _: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<bool> {
        let mut all = self.endpoints.lock().unwrap();
        all.iter_mut().filter(|endpoint| endpoint.id == *id).for_each(|e| e.off = Some((off, at)));
        Ok(true)
    }
}

#[async_trait]
impl DeliveryRead for World {
    async fn event(&self, _: &TenantId, id: &EventId) -> Result<Option<Event>> {
        Ok(self.events.lock().unwrap().iter().find(|event| event.id == *id).cloned())
    }

    async fn delivery(&self, at: &DeliveryRef) -> Result<Option<Delivery>> {
        Ok(self.deliveries.lock().unwrap().iter().find(|found| found.at() == *at).cloned())
    }

    async fn deliveries(
        &self,
        _: &TenantId,
        _: &EndpointId,
        _: Option<&DeliveryId>,
        _: u32,
    ) -> Result<Vec<Delivery>> {
        Ok(self.deliveries.lock().unwrap().clone())
    }
}

#[async_trait]
impl DeliveryWrite for World {
    async fn put_event(&self, event: &Event) -> Result<()> {
        self.events.lock().unwrap().push(event.clone());
        Ok(())
    }

    async fn add(&self, delivery: &Delivery) -> Result<()> {
        let mut all = self.deliveries.lock().unwrap();
        if !all.iter().any(|known| known.at() == delivery.at()) {
            all.push(delivery.clone());
        }
        Ok(())
    }

    async fn fanned_out(&self, _: &TenantId, id: &EventId) -> Result<()> {
        let mut all = self.events.lock().unwrap();
        all.iter_mut().filter(|event| event.id == *id).for_each(|event| event.is_waiting = false);
        Ok(())
    }

    async fn advance_delivery(&self, delivery: &Delivery) -> Result<bool> {
        let mut all = self.deliveries.lock().unwrap();
        let found =
            all.iter_mut().find(|known| known.at() == delivery.at() && known.version + 1 == delivery.version);
        Ok(found.map(|known| known.clone_from(delivery)).is_some())
    }
}

#[async_trait]
impl WebhookQueue for World {
    async fn send_webhooks(&self, jobs: &[Job], delay_seconds: u32) -> Result<()> {
        self.sent.lock().unwrap().extend(jobs.iter().map(|job| (job.clone(), delay_seconds)));
        Ok(())
    }
}

#[async_trait]
impl WebhookPost for World {
    async fn post(&self, url: &Plain, _: &Event, secrets: &[Plain], _: Timestamp) -> Posted {
        let text = |plain: &Plain| plain.text().unwrap().to_owned();
        self.posts.lock().unwrap().push((text(url), secrets.iter().map(text).collect()));
        *self.answer.lock().unwrap()
    }
}

#[test]
fn an_event_goes_to_each_endpoint_that_hears_it_and_once() {
    let off = Endpoint { off: Some((Off::Requested, Timestamp::UNIX_EPOCH)), ..endpoint(4, &[]) };
    let heard = [EventType::ConnectionActivated, EventType::DeletionCompleted];
    let world = World::with(vec![
        endpoint(1, &[]),
        endpoint(2, &heard),
        endpoint(3, &[EventType::ConnectionSuspect]),
        off,
    ]);
    let job = Job::FanOut(tenant(), event(EventType::Test).id);
    assert!(matches!(world.run(&job), Outcome::FannedOut(2)));
    assert!(matches!(world.run(&job), Outcome::Nothing), "fanned out twice");
    let made: Vec<_> = world.deliveries.lock().unwrap().iter().map(Delivery::at).collect();
    assert_eq!(
        made.iter().map(|at| at.endpoint.clone()).collect::<Vec<_>>(),
        [endpoint(1, &[]).id, endpoint(2, &[]).id]
    );
    // A crash before the event was marked leaves it waiting: the same deliveries come out of it.
    world.events.lock().unwrap()[0].is_waiting = true;
    assert!(matches!(world.run(&job), Outcome::FannedOut(2)));
    assert_eq!(world.deliveries.lock().unwrap().len(), 2);
}

#[test]
fn a_failing_delivery_follows_the_schedule_and_then_ends() {
    let world = World::with(vec![endpoint(1, &[])]);
    let job = world.fan_out();
    world.answers(500);
    for tries in 1..=WAITS.len() {
        let before = world.now();
        let (delivery, off) = world.tried(&job);
        assert_eq!((delivery.number, off), (u32::try_from(tries).unwrap(), None));
        let Some(wait) = WAITS.get(tries) else {
            assert_eq!((delivery.state, delivery.next_try_at), (DeliveryState::Failed, None));
            break;
        };
        let waited = delivery.next_try_at.unwrap().duration_since(before).as_secs_f64() / f64::from(*wait);
        assert!((1.0..=1.1).contains(&waited), "{tries}: {waited}");
        let (sent, delay) = world.sent.lock().unwrap().last().cloned().unwrap();
        assert_eq!(sent, job);
        assert_eq!(delay > 0 && delay >= *wait, *wait <= 300, "{tries}: {delay}");
        assert!(matches!(world.run(&job), Outcome::Nothing), "tried before its time");
        world.reach(delivery.next_try_at);
        world.sent.lock().unwrap().push((job.clone(), 0));
    }
    assert_eq!(world.posts.lock().unwrap().len(), WAITS.len());
    world.pass(SignedDuration::from_hours(99));
    assert!(matches!(world.run(&job), Outcome::Nothing));
}

#[test]
fn a_try_that_was_lost_is_made_again_and_no_sooner() {
    let world = World::with(vec![endpoint(1, &[])]);
    let job = world.fan_out();
    world.answers(200);
    // The worker died after its claim.
    {
        let mut all = world.deliveries.lock().unwrap();
        all[0].next_try_at = Some(world.now() + LEASE);
        (all[0].number, all[0].step, all[0].version) = (1, 1, 2);
    }
    assert!(matches!(world.run(&job), Outcome::Nothing), "two workers try at the same time");
    world.pass(LEASE);
    let (delivery, _) = world.tried(&job);
    assert_eq!((delivery.state, delivery.number), (DeliveryState::Delivered, 2));
    assert_eq!(delivery.attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [2]);
}

#[test]
fn an_endpoint_is_switched_off_by_410_and_by_five_days_of_failures_alone() {
    let world = World::with(vec![endpoint(1, &[])]);
    let job = world.fan_out();
    world.answers(410);
    let (delivery, off) = world.tried(&job);
    assert_eq!((delivery.state, off), (DeliveryState::Failed, Some(Off::Gone)));

    let world = World::with(vec![endpoint(1, &[])]);
    let job = world.fan_out();
    world.answers(503);
    let (delivery, _) = world.tried(&job);
    assert_eq!(world.endpoints.lock().unwrap()[0].failing_since, Some(Timestamp::UNIX_EPOCH));
    world.answers(204);
    world.reach(delivery.next_try_at);
    world.tried(&job);
    assert_eq!(world.endpoints.lock().unwrap()[0].failing_since, None, "it succeeded");

    let since = world.now() - SignedDuration::from_hours(5 * 24);
    for (since, expected) in [(since + SignedDuration::from_secs(1), None), (since, Some(Off::Failing))] {
        world.endpoints.lock().unwrap()[0].failing_since = Some(since);
        let mut again = world.deliveries.lock().unwrap()[0].clone();
        (again.state, again.step, again.next_try_at) = (DeliveryState::Pending, 0, Some(world.now()));
        world.deliveries.lock().unwrap()[0] = again;
        world.answers(500);
        assert_eq!(world.tried(&job).1, expected);
    }
}

#[test]
fn what_an_endpoint_asks_for_counts_and_a_missing_one_ends_its_deliveries() {
    let world = World::with(vec![endpoint(1, &[])]);
    let job = world.fan_out();
    world.answers(429);
    world.answer.lock().unwrap().retry_after = Some(Duration::from_secs(7_000));
    let (delivery, _) = world.tried(&job);
    assert_eq!(delivery.next_try_at, Some(world.now() + SignedDuration::from_secs(7_000)));
    world.reach(delivery.next_try_at);
    world.endpoints.lock().unwrap().clear();
    let (delivery, _) = world.tried(&job);
    assert_eq!(delivery.state, DeliveryState::Failed);
    assert_eq!(delivery.attempts.last().unwrap().failure, Some(Failure::Deleted));
    assert_eq!(world.posts.lock().unwrap().len(), 1, "nobody calls an endpoint that was deleted");
}

#[test]
fn every_valid_secret_signs_and_no_other() {
    for (until, signing) in [(None, 1), (Some(1), 2), (Some(0), 1)] {
        let world = World::with(vec![endpoint(1, &[])]);
        *world.old_secret_until.lock().unwrap() = until.map(|s| Timestamp::from_second(s).unwrap());
        world.answers(200);
        let job = world.fan_out();
        world.tried(&job);
        let (url, secrets) = world.posts.lock().unwrap()[0].clone();
        assert_eq!((url.as_str(), secrets.len()), (URL_SLOT, signing));
        assert_eq!(secrets[0], secret_slot("new"));
    }
}

#[test]
fn the_log_keeps_the_last_attempts() {
    let world = World::with(vec![endpoint(1, &[])]);
    let mut delivery =
        Delivery::of(&world.entropy, &event(EventType::Test), &endpoint(1, &[]).id, world.now());
    for number in 1..=u32::try_from(MOST_ATTEMPTS).unwrap() + 3 {
        delivery.remember(Attempt { number, at: world.now(), millis: 1, status: None, failure: None });
    }
    assert_eq!((delivery.attempts.len(), delivery.attempts[0].number), (MOST_ATTEMPTS, 4));
}
