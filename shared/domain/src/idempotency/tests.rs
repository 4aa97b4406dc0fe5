use std::collections::HashMap;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use uuid::Uuid;

use super::*;
use crate::random;
use crate::random::tests::Counting;

/// Records in memory, with the store's conditions.
#[derive(Default)]
struct Shelf(Mutex<HashMap<Digest, (Record, Timestamp)>>);

#[async_trait]
impl Repeats for Shelf {
    async fn claim(&self, record: &Record, expires_at: Timestamp) -> Result<Claimed> {
        let mut shelf = self.0.lock().unwrap();
        let found =
            shelf.get(&record.name).filter(|(_, end)| *end > record.at).map(|(found, _)| found.clone());
        let claimed = match found {
            None => Claimed::First,
            Some(Record { progress: Progress::Running(until), fingerprint, .. })
                if until <= record.at && fingerprint == record.fingerprint =>
            {
                Claimed::Again
            }
            Some(found) => return Ok(Claimed::Before(found)),
        };
        shelf.insert(record.name, (record.clone(), expires_at));
        Ok(claimed)
    }

    async fn settle(&self, record: &Record, expires_at: Timestamp) -> Result<()> {
        let mut shelf = self.0.lock().unwrap();
        if shelf.get(&record.name).is_some_and(|(found, _)| found.nonce == record.nonce) {
            shelf.insert(record.name, (record.clone(), expires_at));
        }
        Ok(())
    }

    async fn forget(&self, record: &Record) -> Result<()> {
        self.0.lock().unwrap().retain(|_, (found, _)| found.nonce != record.nonce);
        Ok(())
    }
}

/// A service with a clock that tests move.
struct World {
    shelf: Shelf,
    now: Mutex<Timestamp>,
    entropy: Arc<dyn Entropy>,
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }
}

fn at_once<T>(work: impl Future<Output = T>) -> T {
    match Box::pin(work).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

impl World {
    fn new() -> Self {
        let entropy = Arc::new(Counting::default());
        Self { shelf: Shelf::default(), now: Mutex::new(Timestamp::from_second(1_000_000).unwrap()), entropy }
    }

    fn ports(&self) -> Ports<'_> {
        Ports { records: &self.shelf, clock: self, entropy: &self.entropy }
    }

    fn pass(&self, time: SignedDuration) {
        let mut now = self.now.lock().unwrap();
        *now += time;
    }

    /// Sends a call with a credential, a key and a body.
    fn send(&self, credential: &str, key: &str, body: &str) -> Result<(Record, Attempt)> {
        let call = Call {
            tenant: &TenantId::from_uuid(Uuid::from_u128(1)),
            credential: &Confidential::new(credential),
            operation: "createThing",
            key: &Confidential::new(key),
            request: self.entropy.digest(body.as_bytes()),
        };
        at_once(admit(&self.ports(), &call))
    }

    fn done(&self, record: Record) {
        at_once(settle(&self.ports(), record, Ok(Some("del_1".to_owned())))).unwrap();
    }

    fn fails(&self, record: Record, kind: Kind) {
        at_once(settle(&self.ports(), record, Err(kind))).unwrap();
    }
}

fn code(outcome: Result<(Record, Attempt)>) -> &'static str {
    outcome.map(|_| ()).unwrap_err().code
}

#[test]
fn one_key_is_one_effect_and_the_answer_comes_again() {
    let world = World::new();
    let (record, first) = world.send("moor_a", "k", "body").unwrap();
    assert_eq!(first.standing, Standing::First);
    let secret = random::secret_text(first.entropy());
    let running = world.send("moor_a", "k", "body").map(|_| ()).unwrap_err();
    assert_eq!((running.code, running.kind), ("idempotency_in_progress", Kind::Conflict));
    assert_eq!(running.retry, Retry::After(Some(SOON)));
    world.done(record);
    world.pass(SignedDuration::from_hours(23));
    let (_, again) = world.send("moor_a", "k", "body").unwrap();
    assert_eq!(again.standing, Standing::Done(Some("del_1".to_owned())));
    assert_eq!((again.now(), random::secret_text(again.entropy())), (first.now(), secret));
}

#[test]
fn a_key_belongs_to_its_request_and_its_credential() {
    let world = World::new();
    let (record, first) = world.send("moor_a", "k", "body").unwrap();
    assert_eq!(code(world.send("moor_a", "k", "other body")), "idempotency_key_reused");
    world.done(record);
    assert_eq!(code(world.send("moor_a", "k", "other body")), "idempotency_key_reused");
    let (_, other_key) = world.send("moor_a", "k2", "body").unwrap();
    let (_, stranger) = world.send("moor_b", "k", "body").unwrap();
    let secrets = [first, other_key, stranger].map(|attempt| {
        assert_eq!(attempt.standing, Standing::First);
        random::secret_text(attempt.entropy())
    });
    assert!(secrets[0] != secrets[1] && secrets[0] != secrets[2] && secrets[1] != secrets[2]);
}

#[test]
fn a_refusal_is_forgotten_and_a_fault_is_not() {
    let world = World::new();
    for kind in [Kind::Invalid, Kind::NotFound, Kind::Conflict, Kind::Forbidden] {
        let (record, attempt) = world.send("moor_a", "k", &format!("{kind:?}")).unwrap();
        assert_eq!(attempt.standing, Standing::First);
        world.fails(record, kind);
    }
    for kind in [Kind::Unavailable, Kind::Internal] {
        let body = format!("{kind:?}");
        let (record, _) = world.send("moor_a", &body, &body).unwrap();
        world.fails(record, kind);
        assert_eq!(code(world.send("moor_a", &body, "mended")), "idempotency_key_reused");
        assert_eq!(world.send("moor_a", &body, &body).unwrap().1.standing, Standing::Again);
    }
}

#[test]
fn an_attempt_that_died_is_taken_over_and_cannot_come_back() {
    let world = World::new();
    let (dead, _) = world.send("moor_a", "k", "body").unwrap();
    world.pass(LEASE - SignedDuration::from_secs(1));
    assert_eq!(code(world.send("moor_a", "k", "body")), "idempotency_in_progress");
    world.pass(SignedDuration::from_secs(1));
    let (record, again) = world.send("moor_a", "k", "body").unwrap();
    assert_eq!(again.standing, Standing::Again);
    world.fails(dead.clone(), Kind::Invalid);
    world.done(dead);
    assert_eq!(
        code(world.send("moor_a", "k", "body")),
        "idempotency_in_progress",
        "the dead one changed nothing"
    );
    world.done(record);
    assert!(world.send("moor_a", "k", "body").unwrap().1.is_done());
}

#[test]
fn a_key_is_free_again_after_a_day() {
    let world = World::new();
    let (record, first) = world.send("moor_a", "k", "body").unwrap();
    world.done(record);
    world.pass(KEPT);
    let (_, later) = world.send("moor_a", "k", "body").unwrap();
    assert_eq!(later.standing, Standing::First);
    assert_ne!(random::secret_text(first.entropy()), random::secret_text(later.entropy()));
}

/// What is stored is not the digest of anything that can be guessed, such as an e-mail address in a body.
#[test]
fn a_record_tells_nothing_without_the_credential() {
    let world = World::new();
    let (record, attempt) = world.send("moor_a", "anna@example.com", "body").unwrap();
    let guesses = ["anna@example.com", "body", "moor_a"].map(|text| world.entropy.digest(text.as_bytes()));
    let kept = [record.name, record.fingerprint, record.nonce];
    assert!(kept.iter().all(|kept| !guesses.contains(kept)));
    assert_eq!(format!("{record:?}").matches("Digest(…)").count(), 3, "digests are not printed");
    let mut derived = [0; 70];
    attempt.entropy().fill(&mut derived);
    assert!(derived.chunks(32).collect::<std::collections::HashSet<_>>().len() == 3, "blocks differ");
}
